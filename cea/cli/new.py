"""`cea new`: a small commented model to start from."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from cea.errors import UsageError


def create(target: Path, force: bool = False) -> list[Path]:
    """Copies the template to `target` and returns the files written.

    A new folder appears whole or not at all. With `force` a folder may hold other files: those of the template's names
    are replaced one by one, the rest stays. Raises UsageError for a folder that is not empty or cannot be written.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target.as_posix()} is a file; name a folder for the new model")
    filled = target.is_dir() and any(target.iterdir())
    if filled and not force:
        raise UsageError(f"{target.as_posix()} is not empty; name another folder, or add --force to write into it")
    try:
        return _write(target, filled)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot write to {target.as_posix()}: {reason}; name another folder") from error


def _write(target: Path, filled: bool) -> list[Path]:
    parent = target.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".cea-new-") as folder:
        staged = Path(folder) / "model"
        with resources.as_file(resources.files("cea.loading") / "template") as template:
            shutil.copytree(template, staged, ignore=shutil.ignore_patterns("__pycache__"))
        names = sorted(path.relative_to(staged) for path in staged.rglob("*") if path.is_file())
        if filled:
            for name in names:
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(staged / name, target / name)
        else:
            if target.is_dir():
                target.rmdir()
            staged.rename(target)
    return [target / name for name in names]

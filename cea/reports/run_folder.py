"""Run folders: everything a run produced, with a manifest, written in full or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from cea.errors import CeaError, UsageError

_PACKAGES = ("numpy", "scipy", "pandas", "numba", "matplotlib")
_RISKY = ("=", "+", "-", "@", "\t")


def now() -> str:
    """The time in UTC, as manifests write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def versions() -> dict[str, str]:
    """Versions of Python, this package and the libraries that numbers depend on."""
    found = {"python": platform.python_version()}
    for name in ("cea-model", *_PACKAGES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@dataclass
class Manifest:
    """What was run, on which inputs, with which versions. `headline` is what was found, in a line."""

    command: list[str]
    verb: str
    inputs: str
    layers: list[str]
    values: dict[str, float]
    perspective: str
    model_title: str
    input_hashes: dict[str, str]
    started: str = field(default_factory=now)
    seed: int | None = None
    n: int | None = None
    versions: dict[str, str] = field(default_factory=versions)
    commit: str | None = None
    seconds: float | None = None
    headline: str = ""
    results_hash: str | None = None
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def input_hash(self) -> str:
        """A short hash of inputs, layers, edits and perspective."""
        text = json.dumps([self.input_hashes, self.layers, self.values, self.perspective], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def folder_name(self) -> str:
        """The name of the run folder where the user gives none: time, verb and inputs."""
        return f"{re.sub('[-:]', '', self.started)}-{self.verb}-{self.input_hash}"

    def as_dict(self) -> dict[str, Any]:
        """The manifest as it is written."""
        return {
            "command": self.command,
            "verb": self.verb,
            "model": self.model_title,
            "inputs": self.inputs,
            "layers": self.layers,
            "set": self.values,
            "perspective": self.perspective,
            "seed": self.seed,
            "n": self.n,
            "headline": self.headline,
            "results_sha256": self.results_hash,
            "started": self.started,
            "seconds": self.seconds,
            "input_hash": self.input_hash,
            "versions": self.versions,
            "commit": self.commit,
            "input_files": self.input_hashes,
            "output_files": self.outputs,
        }


def commit_of(folder: Path) -> str | None:
    """The git commit of a folder, with `-dirty` where files differ from it; None outside a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        answer = subprocess.run(
            [git, "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def hash_inputs(folder: Path) -> dict[str, str]:
    """sha256 of every YAML and CSV file of a model folder, by relative path."""
    files = sorted(item for item in folder.rglob("*") if item.suffix in (".yaml", ".csv") and item.is_file())
    return {item.relative_to(folder).as_posix(): hash_file(item) for item in files}


def hash_file(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """A table as a CSV file, as `write_csv` has it."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        write_csv(frame, handle)


def write_csv(frame: pd.DataFrame, handle: TextIO) -> None:
    """A table as CSV with full precision, and text that no spreadsheet takes for a formula."""
    safe = frame.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = [_plain(value) if isinstance(value, str) else value for value in safe[column]]
    safe.to_csv(handle, index=False, lineterminator="\n")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and only Parquet files need it
    from pyarrow import parquet  # noqa: PLC0415

    table = pa.Table.from_pandas(frame, preserve_index=False)
    kept = {str(key): str(value) for key, value in frame.attrs.items()}
    parquet.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **kept}), path)


def _plain(text: str) -> str:
    """Text on one line, so that no part of it begins a cell, with an apostrophe before what would begin a formula."""
    line = " ".join(text.splitlines())
    return f"'{line}" if line.lstrip(" ").startswith(_RISKY) else line


def check_writable(parent: Path) -> None:
    """Raises UsageError when the folder for outputs cannot be made or written to: before any work, not after it.

    Nothing is made yet, so that a run that fails leaves no empty folder.
    """
    try:
        there = next(folder for folder in (parent, *parent.absolute().parents) if folder.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to {parent}: {error.strerror}; choose another folder with --out") from None


def write_run(
    manifest: Manifest,
    parent: Path,
    tables: Mapping[str, pd.DataFrame],
    figures: Callable[[Path], Sequence[Path]] | None = None,
    target: Path | None = None,
    *,
    force: bool = False,
    csv_rows: int | None = None,
) -> Path:
    """Writes a run folder and returns it: `parent/<utc>-<verb>-<hash>`, or `target` where given.

    Tables of more than `csv_rows` rows are written as Parquet, with their `attrs` as metadata.

    Everything is written beside its place first and moved there at the end, so that a folder is whole or absent, and
    an existing `target` is replaced only with `force`. Raises UsageError, or CeaError when writing fails.
    """
    final = target or parent / manifest.folder_name
    if target is not None:
        check_target(final, force=force)
    check_writable(final.parent)
    made = not final.parent.exists()
    final.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    try:
        for name, frame in tables.items():
            if csv_rows is not None and len(frame) > csv_rows:
                _write_parquet(frame, staging / f"{name}.parquet")
            else:
                write_table(frame, staging / f"{name}.csv")
        if figures is not None:
            figures(staging)
        manifest.outputs = {
            item.relative_to(staging).as_posix(): hash_file(item)
            for item in sorted(staging.rglob("*"))
            if item.is_file()
        }
        text = json.dumps(manifest.as_dict(), indent=2, ensure_ascii=False) + "\n"
        (staging / "manifest.json").write_text(text, encoding="utf-8")
        staging.chmod(0o755)
        return _move(staging, final, named=target is not None)
    except OSError as error:
        raise CeaError(f"could not write {final}: {error.strerror}; nothing was left behind") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if made:
            with suppress(OSError):  # it holds the run
                final.parent.rmdir()


def check_target(target: Path, *, force: bool) -> None:
    """Raises UsageError when `target` exists and may not, or must not, be replaced."""
    if not target.exists():
        return
    if not force:
        raise UsageError(f"{target} exists already; add --force to replace it")
    if not target.is_dir() or (any(target.iterdir()) and not (target / "manifest.json").is_file()):
        raise UsageError(f"{target} is not a run folder, so --force does not replace it")


def _move(staging: Path, final: Path, *, named: bool) -> Path:
    """Moves the finished folder to its place; a replaced folder is removed only once the new one is there."""
    if not named:
        candidate, number = final, 2
        while candidate.exists():
            candidate, number = final.with_name(f"{final.name}-{number}"), number + 1
        staging.rename(candidate)
        return candidate
    old = None
    if final.exists():
        old = final.with_name(f".{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        final.rename(old)
    staging.rename(final)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
    return final

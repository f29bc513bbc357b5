"""A probabilistic analysis on disk while it runs: finished segments are kept, so that it can be taken up again."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from cea.engine.batch import Totals
from cea.errors import CeaError, InputError, UsageError

UNFINISHED = ".unfinished"
_REQUEST = "request.json"
_FORMAT = 1


class PsaStore:
    """The folder `<run>.unfinished` with the request and a file for each finished segment.

    A segment is written beside its place and renamed, so that a file is whole or absent whenever the process dies.
    """

    def __init__(self, folder: Path, request: Mapping[str, Any], *, made_parent: bool = False) -> None:
        self.folder = folder
        self.request = dict(request)
        self._made_parent = made_parent

    @classmethod
    def create(cls, run: Path, request: Mapping[str, Any], *, named: bool = True, force: bool = False) -> PsaStore:
        """A new store beside the future run folder.

        Where that is taken, another name is found unless the user `named` it; `force` then starts a named run anew.
        Raises UsageError when the store cannot be written, or is that of an unfinished run.
        """
        folder, number = run.with_name(run.name + UNFINISHED), 1
        if named and force and (folder / _REQUEST).is_file():
            shutil.rmtree(folder)
        while not named and (folder.exists() or _run_of(folder).exists()):
            number += 1
            folder = run.with_name(f"{run.name}-{number}{UNFINISHED}")
        made_parent = not folder.parent.exists()
        try:
            folder.mkdir(parents=True)
            _write(folder / _REQUEST, json.dumps({"format": _FORMAT, **request}, indent=2).encode())
        except FileExistsError:
            raise UsageError(
                f"{folder} holds an unfinished run: take it up with --resume {folder}, or add --force to start anew"
            ) from None
        except OSError as error:
            raise UsageError(f"cannot write to {folder}: {error.strerror}; choose another folder with --out") from None
        return cls(folder, request, made_parent=made_parent)

    @classmethod
    def open(cls, run: Path) -> PsaStore:
        """The store of an unfinished run, named with or without its suffix. Raises UsageError or InputError."""
        candidates = (run, run.with_name(run.name + UNFINISHED))
        folder = next((path for path in candidates if (path / _REQUEST).is_file()), None)
        if folder is None:
            if any((path / "manifest.json").is_file() for path in (run, _run_of(run))):
                raise UsageError(f"{run} is finished, there is nothing to resume")
            raise UsageError(f"{run} is not an unfinished run; the name of its folder would end in {UNFINISHED}")
        try:
            request = json.loads((folder / _REQUEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InputError(f"{folder / _REQUEST} cannot be read: start the run anew") from None
        if not isinstance(request, dict) or request.pop("format", None) != _FORMAT:
            raise InputError(f"{folder / _REQUEST} is of another version: start the run anew")
        return cls(folder, request)

    @property
    def run(self) -> Path:
        """The folder that the finished run will have."""
        return _run_of(self.folder)

    def _segment(self, index: int) -> Path:
        return self.folder / f"segment-{index:06d}.npz"

    def finished(self, count: int) -> set[int]:
        """Numbers of the segments that are there."""
        return {index for index in range(count) if self._segment(index).is_file()}

    def save(self, index: int, totals: Totals) -> None:
        """Keeps a segment. Raises CeaError when it cannot be written."""
        path = self._segment(index)
        staging = path.with_suffix(".tmp")
        try:
            with staging.open("wb") as handle:
                np.savez(handle, **{item.name: getattr(totals, item.name) for item in fields(Totals)})
            os.replace(staging, path)
        except OSError as error:
            raise CeaError(f"could not write {path}: {error.strerror}") from None

    def load(self, index: int) -> Totals:
        """A kept segment. Raises InputError when its file is damaged."""
        path = self._segment(index)
        try:
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as parts:
                return Totals(**{item.name: np.array(parts[item.name]) for item in fields(Totals)})
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            raise InputError(f"{path} is damaged: delete it and resume again") from None

    def segments(self, count: int) -> Iterator[Totals]:
        """All segments in order."""
        return (self.load(index) for index in range(count))

    def left(self, count: int) -> str:
        """What to say when the work stops: how it is taken up. A store without a segment goes."""
        if not self.finished(count):
            self.discard()
            return ""
        return f"; what is done is kept: cea psa --resume {self.folder.as_posix()}"

    def discard(self) -> None:
        """Removes the store, and the folder that was made for it where that is empty then."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._made_parent:
            with suppress(OSError):  # it holds a run
                self.folder.parent.rmdir()


class MemoryStore:
    """Finished segments in memory, for a run that writes no folder."""

    def __init__(self) -> None:
        self._kept: dict[int, Totals] = {}

    def finished(self, count: int) -> set[int]:
        """Numbers of the segments that are there."""
        return {index for index in self._kept if index < count}

    def save(self, index: int, totals: Totals) -> None:
        """Keeps a segment."""
        self._kept[index] = totals

    def segments(self, count: int) -> Iterator[Totals]:
        """All segments in order, each forgotten once it is given."""
        return (self._kept.pop(index) for index in range(count))

    def left(self, count: int) -> str:
        """Nothing: what is in memory is lost with the process."""
        return ""

    def discard(self) -> None:
        """Forgets everything."""
        self._kept.clear()


def check_space(parent: Path, needed: int) -> None:
    """Raises UsageError when the disk has no room for `needed` bytes: before the work, not after it."""
    existing = next(path for path in (parent, *parent.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise UsageError(
            f"the results need about {needed / 1e6:,.0f} MB in {parent}, {free / 1e6:,.0f} MB are free: "
            "make room, lower -n, or choose another folder with --out"
        )


def _run_of(folder: Path) -> Path:
    return folder.with_name(folder.name.removesuffix(UNFINISHED))


def _write(path: Path, data: bytes) -> None:
    staging = path.with_suffix(".tmp")
    staging.write_bytes(data)
    os.replace(staging, path)

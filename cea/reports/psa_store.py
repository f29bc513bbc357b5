"""A probabilistic analysis on disk while it runs: finished segments are kept, so that it can be taken up again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from cea.engine.batch import Totals
from cea.errors import InputError, UsageError

UNFINISHED = ".unfinished"
_REQUEST = "request.json"
_FORMAT = 1
_BYTES_PER_VALUE = 8


class PsaStore:
    """The folder `<run>.unfinished` with the request and a file for each finished segment.

    A segment is written beside its place and renamed, so that a file is whole or absent whenever the process dies.
    """

    def __init__(self, folder: Path, request: Mapping[str, Any]) -> None:
        self.folder = folder
        self.request = dict(request)

    @classmethod
    def create(cls, run: Path, request: Mapping[str, Any]) -> PsaStore:
        """A new store beside the future run folder. Raises UsageError when it cannot be written."""
        folder = run.with_name(run.name + UNFINISHED)
        try:
            folder.mkdir(parents=True, exist_ok=False)
            _write(folder / _REQUEST, json.dumps({"format": _FORMAT, **request}, indent=2).encode())
        except OSError as error:
            raise UsageError(f"cannot write to {folder}: {error.strerror}; choose another folder with --out") from None
        return cls(folder, request)

    @classmethod
    def open(cls, run: Path) -> PsaStore:
        """The store of an unfinished run, named with or without its suffix. Raises UsageError or InputError."""
        candidates = (run, run.with_name(run.name + UNFINISHED))
        folder = next((path for path in candidates if (path / _REQUEST).is_file()), None)
        if folder is None:
            if any(
                (path / "manifest.json").is_file() for path in (run, run.with_name(run.name.removesuffix(UNFINISHED)))
            ):
                raise UsageError(f"{run} is finished, there is nothing to resume")
            raise UsageError(f"{run} is not an unfinished run; its folder would end in {UNFINISHED}")
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
        return self.folder.with_name(self.folder.name.removesuffix(UNFINISHED))

    def _segment(self, index: int) -> Path:
        return self.folder / f"segment-{index:06d}.npz"

    def finished(self, count: int) -> set[int]:
        """Numbers of the segments that are there."""
        return {index for index in range(count) if self._segment(index).is_file()}

    def save(self, index: int, totals: Totals) -> None:
        """Keeps a segment."""
        path = self._segment(index)
        staging = path.with_suffix(".tmp")
        with staging.open("wb") as handle:
            np.savez(handle, **{item.name: getattr(totals, item.name) for item in fields(Totals)})
        os.replace(staging, path)

    def load(self, index: int) -> Totals:
        """A kept segment. Raises InputError when its file is damaged."""
        path = self._segment(index)
        try:
            with np.load(path, allow_pickle=False) as parts:
                return Totals(**{item.name: np.array(parts[item.name]) for item in fields(Totals)})
        except (OSError, ValueError, KeyError):
            raise InputError(f"{path} is damaged: delete it and resume again") from None

    def segments(self, count: int) -> Iterator[Totals]:
        """All segments in order."""
        return (self.load(index) for index in range(count))

    def discard(self) -> None:
        """Removes the store once the run folder is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


class MemoryStore:
    """Finished segments in memory, for a run that writes no folder."""

    folder = None

    def __init__(self) -> None:
        self._kept: dict[int, Totals] = {}

    def finished(self, count: int) -> set[int]:
        """Numbers of the segments that are there."""
        return {index for index in self._kept if index < count}

    def save(self, index: int, totals: Totals) -> None:
        """Keeps a segment."""
        self._kept[index] = totals

    def segments(self, count: int) -> Iterator[Totals]:
        """All segments in order."""
        return (self._kept[index] for index in range(count))

    def discard(self) -> None:
        """Forgets everything."""
        self._kept.clear()


def check_space(parent: Path, rows: int, values_per_row: int) -> None:
    """Raises UsageError when the disk has no room for the results: before the work, not after it."""
    needed = 2 * rows * values_per_row * _BYTES_PER_VALUE + 20_000_000
    existing = next(path for path in (parent, *parent.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise UsageError(
            f"the results need about {needed / 1e6:,.0f} MB in {parent}, {free / 1e6:,.0f} MB are free: "
            "make room, lower -n, or choose another folder with --out"
        )


def outcome_hash(segments: Iterator[Totals]) -> str:
    """sha256 of the little-endian float64 array (sample, strategy, [cost, effect]), segment after segment."""
    digest = hashlib.sha256()
    for totals in segments:
        digest.update(np.stack([totals.cost, totals.effect], axis=-1).astype("<f8").tobytes())
    return digest.hexdigest()


def _write(path: Path, data: bytes) -> None:
    staging = path.with_suffix(".tmp")
    staging.write_bytes(data)
    os.replace(staging, path)

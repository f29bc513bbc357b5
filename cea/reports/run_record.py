"""Run folders read back: what the manifest of each says, and whether its files are still those that it lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cea.errors import InputError, UsageError
from cea.reports.run_folder import hash_file

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class RunRecord:
    """A run folder and its manifest. The text in it comes from outside: it is shown, never run as it stands."""

    folder: Path
    command: tuple[str, ...]
    verb: str
    model: str
    inputs: str
    layers: tuple[str, ...]
    values: Mapping[str, float]
    perspective: str
    started: str
    seconds: float
    headline: str
    versions: Mapping[str, str]
    commit: str
    results_hash: str
    input_files: Mapping[str, str]
    output_files: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """The record of a run folder. Raises UsageError for another folder, InputError for a spoilt manifest."""
        path = folder / MANIFEST
        if not path.is_file():
            raise UsageError(f"{folder.as_posix()} is not a run folder: it has no {MANIFEST}")
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                folder=folder, command=_words(told["command"]), verb=_text(told["verb"]), model=_text(told["model"]),
                inputs=_text(told["inputs"]), layers=_words(told["layers"]),
                values={name: float(value) for name, value in _table(told["set"]).items()},
                perspective=_text(told["perspective"]), started=_text(told["started"]),
                seconds=float(told["seconds"] or 0.0), headline=_text(told.get("headline", "")),
                versions=_table(told["versions"]), commit=_text(told["commit"] or ""),
                results_hash=_text(told["results_sha256"] or ""), input_files=_table(told["input_files"]),
                output_files=_table(told["output_files"]),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise InputError(f"{path.as_posix()} cannot be read as the manifest of a run") from None

    def changed_files(self) -> list[str]:
        """Names of the run's files that are gone or no longer what the run wrote."""
        return [
            name
            for name, digest in self.output_files.items()
            if not (self.folder / name).is_file() or hash_file(self.folder / name) != digest
        ]

    @property
    def settings(self) -> list[str]:
        """Layers, edits and perspective, as a reader would list them."""
        edits = (f"{name} = {value:g}" for name, value in self.values.items())
        return [*self.layers, *edits, self.perspective]


def records(parent: Path) -> tuple[list[RunRecord], list[str], list[str]]:
    """The runs in a folder, oldest first; problems of those that cannot be read; names of unfinished runs.

    Raises UsageError where there is no such folder.
    """
    if not parent.is_dir():
        raise UsageError(f"there is no folder {parent.as_posix()}: no run was written there yet")
    found: list[RunRecord] = []
    problems: list[str] = []
    visible = sorted(item for item in parent.iterdir() if item.is_dir() and not item.name.startswith("."))
    for folder in visible:
        if (folder / MANIFEST).is_file():
            try:
                found.append(RunRecord.read(folder))
            except InputError as error:
                problems.append(str(error))
    unfinished = [folder.name for folder in visible if folder.name.endswith(".unfinished")]
    return sorted(found, key=lambda item: (item.started, item.folder.name)), problems, unfinished


def _words(told: Any) -> tuple[str, ...]:
    if not isinstance(told, list):
        raise TypeError("a list of texts")
    return tuple(map(_text, told))


def _table(told: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in told.items()}


def _text(told: Any) -> str:
    """Text of a manifest without signs that steer a terminal."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in str(told))

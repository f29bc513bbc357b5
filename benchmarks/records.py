"""What is measured, and what was found: one record a measurement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Case:
    """Something to measure: `engine` does `name` on the model in folder `model`, for `n` draws (1 where none are)."""

    name: str
    engine: str
    model: str
    n: int


@dataclass(frozen=True)
class Record(Case):
    """A case with its median wall time in seconds, the peak memory of its process and the size of its file in MB."""

    seconds: float
    peak_mb: float
    file_mb: float | None = None

    @property
    def per_draw(self) -> float:
        """Seconds per draw."""
        return self.seconds / self.n

    @classmethod
    def of(cls, case: Case, seconds: float, peak_mb: float) -> Record:
        """The record of a case."""
        return cls(case.name, case.engine, case.model, case.n, seconds, peak_mb)


@dataclass(frozen=True)
class Absent(Case):
    """A case whose engine is not installed."""


Row = Record | Absent


def find(rows: Iterable[Row], name: str, engine: str, model: str, n: int | None = None) -> Record | None:
    """The record of a case, for any number of draws where `n` is None; None where it was not measured."""
    for row in rows:
        same = (row.name, row.engine, row.model) == (name, engine, model) and n in (None, row.n)
        if same and isinstance(row, Record):
            return row
    return None


def write(rows: Iterable[Row], machine: dict[str, object], folder: Path = RESULTS) -> None:
    """Writes the records to latest.json, and what they were measured on to machine.json."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [asdict(row) for row in rows if isinstance(row, Record)]
    records = [{key: value for key, value in row.items() if value is not None} for row in found]
    for name, content in (("latest", records), ("machine", machine)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

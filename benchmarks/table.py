"""The measurements and the targets as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.records import Absent, Row
from benchmarks.targets import Target
from cea.reports.terminal import Table


def measurements(rows: Sequence[Row]) -> Table:
    """One row a measurement, with the ratio of its time per draw to that of the first of this name and model."""
    columns = [("Measurement", False), ("Engine", False), ("Model", False)]
    made = Table("Measurements", [*columns, *((heading, True) for heading in ("n", "Seconds", "Ratio", "Peak MB"))])
    first: dict[tuple[str, str], float] = {}
    for row in rows:
        cells = [row.name, row.engine, Path(row.model).name, f"{row.n:,}"]
        if isinstance(row, Absent):
            made.add([*cells, "not installed", "", ""])
            continue
        base = first.setdefault((row.name, row.model), row.per_draw)
        made.add([*cells, f"{row.seconds:.4f}", f"{row.per_draw / base:.2f}", f"{row.peak_mb:.0f}"])
    made.notes.append("Seconds: medians. Ratio: of the time per draw, to the first row of the same name and model.")
    made.notes.append("Peak: of the process, with what the benchmark itself has loaded, or of its largest child.")
    return made


def goals(found: Sequence[Target]) -> Table:
    """One row a target."""
    made = Table("Targets", [("Target", False), ("Measured", True), ("Limit", True), ("", False)])
    for goal in found:
        limit = f"{'at least' if goal.least else 'at most'} {_figure(goal.limit, goal.unit)}"
        made.add([goal.name, "" if goal.figure is None else _figure(goal.figure, goal.unit), limit, goal.verdict])
    return made


def _figure(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"

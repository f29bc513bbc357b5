"""What the figures should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.cases import CEA, DRAWS, FUSED, HEORMODEL, MANY, MILLION, SCALE, SHIPPED, SICK_SICKER
from benchmarks.commands import COLD, IMPORTS, RECALCULATION, RUN, WARM, WORKBOOK
from benchmarks.records import Record, Row, find


@dataclass(frozen=True)
class Target:
    """A figure with its limit, which it should stay below or (`least`) reach; None where it was not measured."""

    name: str
    figure: float | None
    limit: float
    unit: str
    least: bool = False

    @property
    def verdict(self) -> str:
        """met, MISSED or not measured."""
        if self.figure is None:
            return "not measured"
        return "met" if (self.figure >= self.limit if self.least else self.figure <= self.limit) else "MISSED"


def targets(rows: Sequence[Row]) -> list[Target]:
    """All targets, with what was measured of them."""
    return [*_starts(rows), *_draws(rows), *_peers(rows), *_analyses(rows), *_workbooks(rows), *_long_runs(rows)]


def _starts(rows: Sequence[Row]) -> Iterator[Target]:
    imports, run, warm, cold = (
        find(rows, case.name, case.engine, case.model) for case in (IMPORTS, RUN, WARM, COLD)
    )  # fmt: skip
    evaluation = _seconds(find(rows, "evaluation", "cea", SHIPPED))
    yield Target("cea run in 2 x imports + 0.5 s", _seconds(run), 2 * imports.seconds + 0.5 if imports else 0.0, "s")
    yield Target("cea run, peak memory", _peak(run), 400, "MB")
    yield Target("evaluation, shipped model", None if evaluation is None else 1e3 * evaluation, 20, "ms")
    yield Target("second process / one that compiles", _ratio(warm, cold), 0.5, "x")


def _draws(rows: Sequence[Row]) -> Iterator[Target]:
    ours, fused = (find(rows, "draws", engine, SHIPPED) for engine in (CEA, FUSED))
    yield Target("general engine / hand-fused kernel", _ratio(ours, fused), 3, "x")
    yield Target("10,000 draws of the shipped model", _seconds(find(rows, "psa", CEA, SHIPPED, DRAWS)), 1, "s")


def _peers(rows: Sequence[Row]) -> Iterator[Target]:
    for model, label in ((SCALE, "scale"), (SICK_SICKER, "Sick-Sicker")):
        ours = find(rows, "draws", CEA, model)
        for engine, least in (("batched numpy", 5), (HEORMODEL, 100)):
            peer = find(rows, "draws", engine, model)
            yield Target(f"{engine} / cea, {label}", _ratio(peer, ours), least, "x", least=True)


def _analyses(rows: Sequence[Row]) -> Iterator[Target]:
    for name, label, limit in (
        ("one-way", "one-way of all inputs", 2),
        ("Sobol", "Sobol, first and total order", 30),
        ("Sobol, second order", "Sobol, second order", 30),
        ("EVPPI", "EVPPI of every parameter", 20),
    ):
        yield Target(label, _seconds(find(rows, name, "cea", SHIPPED)), limit, "s")


def _workbooks(rows: Sequence[Row]) -> Iterator[Target]:
    written, again = (find(rows, case.name, case.engine, case.model) for case in (WORKBOOK, RECALCULATION))
    yield Target("workbook of 1,000 draws, written", _seconds(written), 30, "s")
    yield Target("workbook of 1,000 draws, size", written.file_mb if written else None, 15, "MB")
    yield Target("workbook of 1,000 draws, recalculated", _seconds(again), 30, "s")


def _long_runs(rows: Sequence[Row]) -> Iterator[Target]:
    many, million = (find(rows, "psa", CEA, SHIPPED, n) for n in (MANY, MILLION))
    command = find(rows, "cea psa", "cea", SHIPPED, MILLION)
    yield Target("per draw, of 1,000,000 / of 100,000", _ratio(million, many), 1.15, "x")
    yield Target("cea psa of 1,000,000, peak memory", _peak(command), 1500, "MB")


def _seconds(record: Record | None) -> float | None:
    return record.seconds if record else None


def _peak(record: Record | None) -> float | None:
    return record.peak_mb if record else None


def _ratio(one: Record | None, other: Record | None) -> float | None:
    """How many times as long a draw takes."""
    return one.per_draw / other.per_draw if one and other else None

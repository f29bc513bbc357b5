"""Costs and effects for many draws at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cea.engine.axes import Floats
from cea.engine.cohort import simulate
from cea.engine.payoffs import lines
from cea.engine.program import Program
from cea.engine.results import Results
from cea.errors import InputError

TOO_LARGE = 1e280
"""A total beyond this is left to the reference, which refuses payoffs that are too large to be added up."""


@dataclass(frozen=True, eq=False)
class Totals:
    """Discounted totals per person under the perspective of the program, by draw and strategy.

    cost, effect, life_years: shape (sample, strategy), life-years discounted like effects. alive: share alive at the
    asked years, shape (sample, strategy, year). cost_by_category: shape (sample, strategy, category).
    """

    cost: Floats
    effect: Floats
    life_years: Floats
    alive: Floats
    cost_by_category: Floats

    @classmethod
    def empty(cls, program: Program, samples: int) -> Totals:
        """Totals of `samples` draws, to be filled."""
        shape = (samples, len(program.strategies))
        return cls(
            cost=np.empty(shape),
            effect=np.empty(shape),
            life_years=np.empty(shape),
            alive=np.empty((*shape, len(program.alive_at))),
            cost_by_category=np.empty((*shape, len(program.categories))),
        )

    def rows(self, part: slice | int) -> Totals:
        """Views of a part of the draws, or of one draw without the first axis."""
        return Totals(**{name: array[part] for name, array in vars(self).items()})


def evaluate(
    program: Program,
    values: Mapping[str, npt.ArrayLike] | Floats,
    *,
    chunk: int = 512,
    threads: int = 1,
    first: int = 0,
) -> Totals:
    """Totals for draws.

    values: a mapping from every drawn parameter to an array (sample,), or an array (sample, drawn parameter).
    chunk: draws that a thread takes at a time. first: the number of the first draw, for messages.

    The totals of a draw do not depend on chunk, threads or the other draws; they are those of `results.run` to 1e-12.
    Memory: the totals, and a few megabytes for each thread.

    Raises InputError as `results.run` does, for the earliest chunk with a draw that is not possible, and ValueError for
    arrays that do not fit. What has no part in the totals is not looked at: a cost that the perspective leaves out, or
    what is multiplied by a zero that is the same in all draws.
    """
    columns = _columns(program, values)
    samples = len(columns[0]) if columns else 1
    if chunk < 1 or threads < 1:
        raise ValueError("chunk and threads must be at least 1")
    totals = Totals.empty(program, samples)

    def run(start: int) -> None:
        part = slice(start, min(samples, start + chunk))
        drawn = np.array([column[part] for column in columns]).reshape(len(columns), part.stop - start)
        _fill(program, drawn, first + start, totals.rows(part))

    if threads == 1:
        for start in range(0, samples, chunk):
            run(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, range(0, samples, chunk)))
    return totals


def _columns(program: Program, values: Mapping[str, npt.ArrayLike] | Floats) -> Sequence[Floats]:
    """The values of each drawn parameter, shape (sample,)."""
    if not isinstance(values, Mapping):
        matrix = np.asarray(values, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != len(program.drawn):
            raise ValueError(f"values must have shape (sample, {len(program.drawn)}), not {matrix.shape}")
        return list(matrix.T)
    missing = [name for name in program.drawn if name not in values]
    if missing:
        raise ValueError(f"no values of {', '.join(missing)}")
    columns = [np.asarray(values[name], dtype=np.float64) for name in program.drawn]
    if any(column.ndim != 1 or column.shape != columns[0].shape for column in columns):
        raise ValueError("the values of all drawn parameters must be vectors of one length")
    return columns


def _fill(program: Program, drawn: Floats, first: int, totals: Totals) -> None:
    """Fills the totals of a chunk of draws, shape (drawn parameter, sample); the first has the number `first`."""
    doubtful = np.arange(drawn.shape[1])
    if program.code is not None:
        results = program.code.run(drawn, 1.0 / program.model.settings.cycles_per_year)
        lowest, found = results[0], results[1:]
        found = found.reshape(len(program.strategies), -1, drawn.shape[1]).transpose(2, 0, 1)
        effect, life_years, costs, alive = np.split(found, np.cumsum([1, 1, len(program.categories)]), axis=2)
        totals.effect[:], totals.life_years[:] = effect[:, :, 0], life_years[:, :, 0]
        totals.cost_by_category[:], totals.alive[:] = costs, alive
        totals.cost[:] = 0.0
        for category in range(len(program.categories)):
            totals.cost[:] += costs[:, :, category]
        doubtful = np.flatnonzero(~((lowest >= 0.0) & (np.abs(found) < TOO_LARGE).all(axis=(1, 2))))
    for sample in doubtful.tolist():
        _refer(program, drawn[:, sample], first + sample, totals.rows(sample))


def _refer(program: Program, drawn: Floats, number: int, totals: Totals) -> None:
    """Fills the totals of one draw by the reference, which raises InputError where something is wrong with it."""
    values = {**program.values, **dict(zip(program.drawn, drawn.tolist(), strict=True))}
    try:
        cohort = simulate(program.model, values)
        results = Results(cohort, *lines(cohort), program.values, program.perspective)
    except InputError as error:
        raise InputError(replace(item, what=f"{item.what}, draw {number}") for item in error.problems) from error
    totals.cost[:], totals.effect[:] = results.outcomes.cost[0], results.outcomes.effect[0]
    totals.life_years[:] = results.life_years.discounted[0]
    totals.alive[:] = cohort.alive[0][:, list(program.alive_boundaries)]
    totals.cost_by_category[:] = 0.0
    for line in results.lines.values():
        if line.outcome.kind == "cost" and results.counted(line):
            totals.cost_by_category[:, program.categories.index(line.outcome.category)] += line.discounted[0]

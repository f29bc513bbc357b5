"""Costs and effects for many draws at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cea.engine.axes import Floats
from cea.engine.cohort import simulate
from cea.engine.payoffs import lines
from cea.engine.program import Program
from cea.engine.registers import Code
from cea.engine.results import Results
from cea.engine.vector import TILE, execute
from cea.errors import InputError
from cea.formula.functions import FLOOR_LIMIT, HIGHEST_PROBABILITY, TOLERANCE

Values = Mapping[str, npt.ArrayLike] | Floats


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


def evaluate(program: Program, values: Values, *, chunk: int = 512, threads: int = 1) -> Totals:
    """Totals for draws: a mapping from every drawn parameter to an array (sample,), or an array (sample, drawn parameter).

    The result of a draw does not depend on chunk, threads or the other draws. Memory: the totals and, for each thread,
    some megabytes. Raises InputError as `results.run` does, naming the draw, and ValueError for arrays that do not fit.
    """
    drawn = _matrix(program, values)
    samples = drawn.shape[1]
    if chunk < 1 or threads < 1:
        raise ValueError("chunk and threads must be at least 1")
    strategies, years, categories = len(program.strategies), len(program.alive_at), len(program.categories)
    totals = Totals(
        *(np.empty((samples, strategies)) for _ in range(3)),
        np.empty((samples, strategies, years)),
        np.empty((samples, strategies, categories)),
    )

    def run(first: int) -> None:
        _fill(program, drawn[:, first : first + chunk], first, totals)

    if threads == 1:
        for first in range(0, samples, chunk):
            run(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, range(0, samples, chunk)))
    return totals


def _matrix(program: Program, values: Values) -> Floats:
    """A view or array of shape (drawn parameter, sample)."""
    if isinstance(values, Mapping):
        missing = [name for name in program.drawn if name not in values]
        if missing:
            raise ValueError(f"no values of {', '.join(missing)}")
        columns = [np.asarray(values[name], dtype=np.float64) for name in program.drawn]
        if len({column.shape for column in columns}) > 1 or any(column.ndim != 1 for column in columns):
            raise ValueError("the values of all drawn parameters must be vectors of one length")
        return np.array(columns) if columns else np.empty((0, 1))
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != len(program.drawn):
        raise ValueError(f"values must have shape (sample, {len(program.drawn)}), not {matrix.shape}")
    return matrix.T


def _fill(program: Program, drawn: Floats, first: int, totals: Totals) -> None:
    """Fills the totals of the draws from `first` on."""
    part = slice(first, first + drawn.shape[1])
    if program.code is None:
        doubtful = np.arange(drawn.shape[1])
    else:
        lowest, found = _execute(program.code, drawn, program.model.settings.cycles_per_year)
        found = found.reshape(len(program.strategies), -1, drawn.shape[1]).transpose(2, 0, 1)
        categories = 2 + len(program.categories)
        totals.effect[part], totals.life_years[part] = found[:, :, 0], found[:, :, 1]
        totals.cost_by_category[part], totals.alive[part] = found[:, :, 2:categories], found[:, :, categories:]
        cost = np.zeros(found.shape[:2])
        for category in range(2, categories):
            cost += found[:, :, category]
        totals.cost[part] = cost
        doubtful = np.flatnonzero(~((lowest >= 0.0) & np.isfinite(found).all(axis=(1, 2))))
    for sample in doubtful:
        _reference(program, drawn[:, sample], first + int(sample), totals)


def _execute(code: Code, drawn: Floats, cycles_per_year: int) -> tuple[Floats, Floats]:
    """The lowest of what must not be below zero, shape (sample,), and the results, shape (result, sample)."""
    samples = drawn.shape[1]
    padded = np.pad(drawn, ((0, 0), (0, -samples % TILE)), mode="edge")
    outputs = np.empty((len(code.results), padded.shape[1]))
    execute(
        code.instructions, code.starts, code.schedule, code.constants, code.series, padded, code.rows, code.keys,
        code.until, code.columns, np.array([TOLERANCE, FLOOR_LIMIT, HIGHEST_PROBABILITY, 1.0 / cycles_per_year]),
        code.results, np.empty((code.registers, TILE)), outputs,
    )  # fmt: skip
    return outputs[0, :samples], outputs[1:, :samples]


def _reference(program: Program, drawn: Floats, sample: int, totals: Totals) -> None:
    """Fills the totals of one draw by the reference, which raises InputError where something is wrong with it."""
    values = {**program.values, **dict(zip(program.drawn, drawn.tolist(), strict=True))}
    try:
        cohort = simulate(program.model, values)
        found, life_years = lines(cohort)
    except InputError as error:
        raise InputError(replace(item, what=f"{item.what}, draw {sample}") for item in error.problems) from error
    results = Results(cohort, found, life_years, program.values, program.perspective)
    totals.cost[sample] = results.outcomes.cost[0]
    totals.effect[sample] = results.outcomes.effect[0]
    totals.life_years[sample] = life_years.discounted[0]
    for position, year in enumerate(program.alive_at):
        totals.alive[sample, :, position] = cohort.alive[0, :, round(year * program.model.settings.cycles_per_year)]
    for position, category in enumerate(program.categories):
        totals.cost_by_category[sample, :, position] = sum(
            line.discounted[0] for line in found.values()
            if line.outcome.kind == "cost" and line.outcome.category == category and results.counted(line)
        )  # fmt: skip

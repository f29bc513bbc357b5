"""A probabilistic analysis in segments: the same draws and the same results in any order, on any number of workers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cea.engine.batch import Totals, evaluate
from cea.engine.cube import BLOCK
from cea.engine.draws import Draws
from cea.engine.draws_currency import refuse_other_currency
from cea.engine.markov import Floats
from cea.engine.outcomes import Outcomes
from cea.engine.program import Program
from cea.engine.resolving import Resolved
from cea.engine.results import choose_perspective
from cea.engine.sampling import Sampler
from cea.engine.scope import Scope
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Model

Source = Sampler | Resolved | Draws
"""Where draws come from: made block by block, or all there."""

SEGMENT = 8 * BLOCK
"""Samples of a segment, the unit that is kept, resumed and sent to workers."""

MAX_SAMPLES = 10_000_000
"""Most draws of one analysis: the outcomes of all of them are held in memory at its end."""


def refuse_too_many(n: int) -> None:
    """Raises UsageError for more draws than one analysis holds."""
    if n > MAX_SAMPLES:
        raise UsageError(f"n = {n:,} is more than {MAX_SAMPLES:,} draws, the most that one analysis holds")


@dataclass(frozen=True)
class HazardTarget:
    """A hazard ratio that a parameter was solved for: the draws imply a distribution of it."""

    parameter: str
    strategy: str
    comparator: str
    years: float
    target: float
    target_text: str


def hazard_targets(model: Model, solved: Mapping[str, float]) -> list[HazardTarget]:
    """The hazard ratios that solved parameters meet, for strategies that the model has selected."""
    scope = Scope(model, solved, tuple(model.strategies), cycles=1)
    found = []
    for parameter in model.parameters.values():
        solve = parameter.solve
        if solve is None or solve.measure != "hazard_ratio" or solve.years is None:
            continue
        if all(name in model.strategies for name in solve.strategies):
            years, target = scope.number(solve.years, "years"), scope.number(solve.target, "target")
            found.append(HazardTarget(parameter.name, *solve.strategies, years, target, solve.target.text))
    return found


def alive_years(model: Model, solved: Mapping[str, float]) -> list[float]:
    """The times of the hazard targets, in order."""
    return sorted({target.years for target in hazard_targets(model, solved)})


class Segmented(Protocol):
    """What can be run segment by segment: a job, or a mixture of jobs."""

    @property
    def program(self) -> Program:
        """What the totals are of: strategies, categories, years of survival."""

    @property
    def source(self) -> Source:
        """Where the draws come from, those of the first job in a mixture."""

    @property
    def n(self) -> int:
        """Number of draws."""

    @property
    def segments(self) -> int:
        """Number of segments."""

    def rows(self, index: int) -> int:
        """Number of draws of a segment."""

    def draws(self, index: int, threads: int = 1) -> Mapping[str, Floats]:
        """Parameter values of a segment, each of shape (sample,)."""

    def run(self, index: int, *, threads: int = 1, chunk: int | None = None) -> Totals:
        """Totals of a segment."""


@dataclass(frozen=True, eq=False)
class Job:
    """A probabilistic analysis: the compiled model and where its draws come from. Can be sent to another process."""

    program: Program
    source: Source

    @classmethod
    def of(
        cls, model: Model, source: Source, perspective: str | None = None, alive_at: Sequence[float] | None = None
    ) -> Job:
        """The job of a model. alive_at: years at which survival is kept, by default those of its hazard targets.

        Raises UsageError for too many draws, draws in another currency and a perspective that is not possible.
        """
        refuse_other_currency(source.currency, model)
        refuse_too_many(source.n)
        chosen = choose_perspective(model, perspective)
        solved = solved_values(model)
        years = alive_years(model, solved) if alive_at is None else alive_at
        return cls(Program.of(model, chosen, source.names, solved, years), source)

    @property
    def n(self) -> int:
        """Number of draws."""
        return self.source.n

    @property
    def segments(self) -> int:
        """Number of segments, the last one shorter."""
        return -(-self.n // SEGMENT)

    def rows(self, index: int) -> int:
        """Number of draws of a segment."""
        return min(SEGMENT, self.n - index * SEGMENT)

    def draws(self, index: int, threads: int = 1) -> Mapping[str, Floats]:
        """Parameter values of a segment, each of shape (sample,)."""
        first = index * SEGMENT
        last = first + self.rows(index)
        if isinstance(self.source, Draws):
            return self.source.mapping(slice(first, last))
        numbers = range(first // BLOCK, -(-last // BLOCK))
        with ThreadPoolExecutor(threads) as pool:
            blocks = list(pool.map(self.source.block, numbers))
        values = np.concatenate([block.values for block in blocks])
        return {name: np.ascontiguousarray(values[:, position]) for position, name in enumerate(self.source.names)}

    def run(self, index: int, *, threads: int = 1, chunk: int | None = None) -> Totals:
        """Totals of a segment. Raises InputError where a draw is not possible."""
        options = {} if chunk is None else {"chunk": chunk}
        return evaluate(self.program, self.draws(index, threads), threads=threads, first=index * SEGMENT, **options)


@dataclass(frozen=True, eq=False)
class DrawResults:
    """What a probabilistic analysis found: costs, effects, life-years and survival of each draw.

    `alive`, the share alive, has shape (sample, strategy, year) for the years in `alive_years`.
    """

    model: Model
    outcomes: Outcomes
    alive: Floats
    alive_years: tuple[float, ...]
    source: Source

    @property
    def sha256(self) -> str:
        """Hash of the little-endian float64 array (sample, strategy, [cost, effect])."""
        digest = hashlib.sha256()
        for first in range(0, len(self.outcomes.cost), SEGMENT):
            rows = slice(first, first + SEGMENT)
            pair = np.stack([self.outcomes.cost[rows], self.outcomes.effect[rows]], axis=-1)
            digest.update(pair.astype("<f8").tobytes())
        return digest.hexdigest()

    def hazard_ratio(self, strategy: str, comparator: str, years: float) -> Floats:
        """Ratio of the cumulative hazards of death at `years` in each draw, shape (sample,); not finite where nobody
        has died yet or nobody is left."""
        at = self.alive_years.index(years)
        first, second = (self.outcomes.strategies.index(name) for name in (strategy, comparator))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Floats = np.log(self.alive[:, first, at]) / np.log(self.alive[:, second, at])
        return ratio


def collect(model: Model, job: Segmented, perspective: str, segments: Iterable[Totals]) -> DrawResults:
    """Segments in order as one result; each is let go once it is copied."""
    strategies = len(model.strategies)
    cost, effect, years = (np.empty((job.n, strategies)) for _ in range(3))
    alive = np.empty((job.n, strategies, len(job.program.alive_at)))
    row = 0
    for part in segments:
        rows = slice(row, row + len(part.cost))
        cost[rows], effect[rows], years[rows], alive[rows] = part.cost, part.effect, part.life_years, part.alive
        row = rows.stop
    settings = model.settings
    outcomes = Outcomes(
        strategies=tuple(model.strategies),
        labels=tuple(item.label for item in model.strategies.values()),
        cost=cost,
        effect=effect,
        currency=settings.currency,
        effect_unit=settings.effect_unit,
        thresholds=model.thresholds,
        threshold=model.threshold,
        price_year=settings.price_year,
        perspective=perspective,
        life_years=years,
    )
    return DrawResults(model, outcomes, alive, job.program.alive_at, job.source)


def run_draws(model: Model, draws: Source, perspective: str | None = None, *, threads: int = 2) -> DrawResults:
    """Runs a model on draws, in memory. Raises InputError where a draw is not possible, UsageError as Job does."""
    chosen = choose_perspective(model, perspective)
    job = Job.of(model, draws, chosen)
    return collect(model, job, chosen, (job.run(index, threads=threads) for index in range(job.segments)))

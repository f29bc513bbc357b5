"""The value of a study of limited size (EVSI): what it is worth to choose after seeing its estimates.

Each draw gets the estimates that a study would find if the draw were true, and the benefit is regressed on them as for
EVPPI (Strong, Oakley, Brennan and Breeze, Med Decis Making 2015;35(5):570-583). The variance of a log hazard ratio,
4 / deaths for two equal arms, is that of Schoenfeld (Biometrika 1981;68(1):316-319).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cea.analysis.information import population_evpi
from cea.analysis.partial_information import Decision, Learned, Progress, benefit, value_of_knowing
from cea.engine.draws import Draws, varies
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of
from cea.engine.program import Program
from cea.engine.psa import DrawResults, Job, collect
from cea.engine.results import choose_perspective
from cea.engine.scope import Scope
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Model, Source, Term
from cea.model.distributions import Distribution
from cea.model.document import did_you_mean, shortened

Kind = Literal["normal", "binomial", "log_hazard_ratio"]
SIZES = (50, 100, 200, 400, 700, 1000, 1500, 2000)
"""Numbers of patients between which the best one is looked for."""


@dataclass(frozen=True)
class Statistic:
    """An estimate that a study gives, and what of the model it is an estimate of.

    `normal` is a mean and `binomial` a share, of what the formula `informs` is at the start in `strategy` (or in all);
    they are seen in the share `share` of the patients, and the mean has standard deviation `sd` between patients.
    `log_hazard_ratio` is that of death, `strategy` against `comparator`, over `follow_up` years in two equal arms.
    """

    name: str
    label: str
    kind: Kind
    informs: Term | None = None
    strategy: str | None = None
    comparator: str | None = None
    share: float = 1.0
    sd: float = 0.0
    follow_up: float = 0.0


@dataclass(frozen=True)
class Design:
    """A study of `n` patients that gives some estimates; they are there after the longest follow-up."""

    name: str
    label: str
    n: int
    statistics: tuple[Statistic, ...]
    source: Source

    @property
    def years(self) -> float:
        """Years until the last estimate."""
        return max(item.follow_up for item in self.statistics)


@dataclass(frozen=True)
class Prior:
    """Another distribution of a parameter: a mixture of weights and distributions, a float being a single point."""

    name: str
    label: str
    parameter: str
    mixture: tuple[tuple[float, Distribution | float], ...]
    source: Source

    def draws(self, model: Model, draws: Draws, seed: int = 1) -> Draws:
        """The draws with the parameter drawn from the mixture. Raises UsageError where it cannot be drawn by itself."""
        parameter = model.parameters[self.parameter]
        joint = any(self.parameter in item.parameters for item in model.joint.values())
        if not varies(parameter) or self.parameter not in draws.names or joint or parameter.share_draw is not None:
            raise UsageError(f"prior {self.name}: {self.parameter} is not drawn by itself, so it has no other prior")
        u = _stream(seed, 0).random((2, draws.n))
        edges = np.cumsum([weight for weight, _ in self.mixture])
        # The last edge is 1 up to rounding.
        component = np.minimum(np.searchsorted(edges, u[0], side="right"), len(edges) - 1)
        column = np.empty(draws.n)
        for position, (_, item) in enumerate(self.mixture):
            rows = component == position
            column[rows] = item if isinstance(item, float) else item.ppf(u[1, rows])
        low, high = parameter.bounds
        values = np.array(draws.values)
        values[:, draws.names.index(self.parameter)] = (
            np.clip(column, low, high) if (low, high) != (None, None) else column
        )
        return replace(draws, values=values)


@dataclass(frozen=True, eq=False)
class Measured:
    """A statistic with what is true of it in each draw: `truth`, shape (sample,).

    `deaths` is the expected number per patient, shape (sample,), for a log hazard ratio.
    """

    statistic: Statistic
    truth: Floats
    deaths: Floats | None = None

    def estimates(self, n: int, stream: np.random.Generator) -> Floats:
        """What a study of n patients finds in each draw, shape (sample,)."""
        item = self.statistic
        patients = max(round(n * item.share), 1)
        if item.kind == "binomial":
            return np.asarray(stream.binomial(patients, np.clip(self.truth, 0, 1)) / patients)
        if item.kind == "normal":
            error: Floats | float = item.sd / math.sqrt(patients)
        else:
            assert self.deaths is not None, "a hazard ratio comes with deaths"
            # A study that expects less than one death cannot estimate the ratio; the error then is that of one death.
            error = 2 / np.sqrt(np.maximum(n * self.deaths, 1.0))
        return np.asarray(self.truth + error * stream.standard_normal(len(self.truth)))


@dataclass(frozen=True)
class SampleInformation:
    """The value per person of a study of `n` patients: `value` is held below `ceiling`.

    `ceiling` is the value of knowing exactly what the study estimates, an EVPPI.
    """

    n: int
    decision: tuple[str, ...]
    threshold: float
    value: float
    learned: Learned
    ceiling: Learned

    @property
    def note(self) -> str:
        """What was done to the raw value; empty where nothing was."""
        if self.learned.raw > self.value:
            return "held at the value of knowing exactly what the study estimates (Monte Carlo error)"
        return "held at zero (Monte Carlo error)" if self.learned.raw < 0 else ""


@dataclass(frozen=True)
class Population:
    """Whom a decision concerns: people a year, for how many whole years, and the annual discount rate."""

    incidence: float
    years: int
    discount_rate: float

    def people(self, wait: float = 0.0) -> float:
        """Discounted number of people after `wait` years (rounded up). Raises UsageError as population_evpi."""
        first = math.ceil(wait)
        every = population_evpi(1.0, self.incidence, self.years, self.discount_rate)
        if first >= self.years:
            return 0.0
        return every - (population_evpi(1.0, self.incidence, first, self.discount_rate) if first else 0.0)


@dataclass(frozen=True)
class TrialCost:
    """What a study costs, in currency."""

    fixed: float
    per_patient: float

    def total(self, n: int) -> float:
        """Cost of a study of n patients."""
        return self.fixed + self.per_patient * n


def run_for(
    model: Model, draws: Draws, statistics: Iterable[Statistic], perspective: str | None = None, *, threads: int = 2
) -> DrawResults:
    """A run with survival at the follow-ups of the statistics. Raises InputError and UsageError as `cea.run` does."""
    chosen = choose_perspective(model, perspective)
    solved = solved_values(model)
    years = sorted({item.follow_up for item in statistics if item.kind == "log_hazard_ratio"})
    job = Job(Program.of(model, chosen, draws.names, solved, years), draws)
    return collect(model, job, chosen, (job.run(index, threads=threads) for index in range(job.segments)))


def measured(results: DrawResults, draws: Draws, statistics: Sequence[Statistic]) -> tuple[Measured, ...]:
    """What is true of each statistic in each draw. Raises InputError for a formula without a value or a wrong share."""
    model = results.model
    scope = Scope(model, {**solved_values(model), **draws.mapping()}, tuple(model.strategies), cycles=1)
    return tuple(_measured(item, results, scope, draws.n) for item in statistics)


def _measured(item: Statistic, results: DrawResults, scope: Scope, samples: int) -> Measured:
    names = results.outcomes.strategies
    for name in filter(None, (item.strategy, item.comparator)):
        if name not in names:
            raise UsageError(f"statistic {item.name} needs the strategy {name}, which is not among {', '.join(names)}")
    if item.kind == "log_hazard_ratio":
        assert item.strategy is not None and item.comparator is not None, "checked where designs are read"
        at = results.alive_years.index(item.follow_up)
        pair = [names.index(name) for name in (item.strategy, item.comparator)]
        ratio = results.hazard_ratio(item.strategy, item.comparator, item.follow_up)
        return Measured(item, np.log(ratio), 1 - results.alive[:, pair, at].mean(axis=1))
    assert item.informs is not None, "checked where designs are read"
    value = np.asarray(scope.value(item.informs, f"statistic {item.name}"))
    if value.ndim == 3:
        position = names.index(item.strategy) if item.strategy is not None and value.shape[1] > 1 else 0
        value = value[:, position, 0]
    truth = np.broadcast_to(value, (samples,)).astype(np.float64)
    if item.kind == "binomial" and not ((truth >= 0) & (truth <= 1)).all():
        raise UsageError(f"statistic {item.name}: '{item.informs.text}' is not between 0 and 1 in every draw")
    return Measured(item, truth)


def evsi(
    run: Outcomes | HasOutcomes,
    seen: Sequence[Measured],
    sizes: Iterable[int] = SIZES,
    *,
    threshold: float | None = None,
    decisions: Sequence[Decision] | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[SampleInformation, ...]:
    """Expected value of sample information per person by decision and number of patients, in the order given.

    seen: what a study estimates. threshold and decisions: as in `evppi`. Studies of different sizes share their random
    numbers, so that they can be compared. Raises UsageError for sizes below 2, without statistics, and as `evppi` does.
    """
    outcomes = outcomes_of(run)
    at = outcomes.threshold if threshold is None else threshold
    choices = tuple(tuple(item) for item in (decisions if decisions is not None else [outcomes.strategies]))
    benefits = [benefit(outcomes, choice, at) for choice in choices]
    numbers = tuple(dict.fromkeys(sizes))
    if not seen or any(n < 2 or n != int(n) for n in numbers):
        raise UsageError("a study needs an estimate that it gives, and at least two patients")
    ceilings = value_of_knowing(benefits, np.column_stack([item.truth for item in seen]))
    found = []
    for done, n in enumerate(numbers):
        estimates = [item.estimates(n, _stream(seed, 1 + position)) for position, item in enumerate(seen)]
        learned = value_of_knowing(benefits, np.column_stack(estimates))
        for choice, one, most in zip(choices, learned, ceilings, strict=True):
            found.append(SampleInformation(n, choice, at, min(one.value, most.value), one, most))
        if progress is not None:
            progress(done + 1, len(numbers))
    return tuple(sorted(found, key=lambda item: choices.index(item.decision)))


def _stream(seed: int, position: int) -> np.random.Generator:
    """A random stream of its own for each statistic; none is a stream of the draws."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(2**31, position))))


def net_benefit(item: SampleInformation, people: float, cost: TrialCost) -> float:
    """Expected net benefit of sampling: the study's value to `people` less its cost, in currency."""
    return item.value * people - cost.total(item.n)


def optimal(found: Iterable[SampleInformation], people: float, cost: TrialCost) -> tuple[SampleInformation, float]:
    """The size of the highest net benefit, with this; where it is not above zero, no size is worth its cost."""
    return max(((item, net_benefit(item, people, cost)) for item in found), key=lambda pair: pair[1])


def find_designs(designs: Sequence[Design], names: Sequence[str]) -> tuple[Design, ...]:
    """The designs of these names, all where there are none. Raises UsageError for an unknown one."""
    known = {item.name: item for item in designs}
    for name in names:
        if name not in known:
            raise UsageError(f"unknown design '{shortened(name)}': {did_you_mean(name, known)}")
    return tuple(known[name] for name in names) if names else tuple(designs)

"""The value of information as work for the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cea.analysis.information import PerfectInformation, evpi
from cea.analysis.partial_information import PartialInformation, evppi
from cea.analysis.sample_information import (
    SIZES,
    Design,
    Population,
    SampleInformation,
    Statistic,
    evsi,
    measured,
    run_for,
)
from cea.dashboard.computing import Answer
from cea.dashboard.jobs import Progress
from cea.engine.draws import Draws
from cea.engine.outcomes import Outcomes
from cea.engine.psa import DrawResults
from cea.engine.sampling import sample
from cea.loading.designs_file import read_designs
from cea.model.definition import Headline, Model

SEED = 1


@dataclass(frozen=True, eq=False)
class Study:
    """What a kind of study is worth at each size: what it `measures`, and the `years` until its last estimate."""

    label: str
    years: float
    found: tuple[SampleInformation, ...]
    measures: tuple[str, ...]

    def curve(self, headline: Headline) -> list[SampleInformation]:
        """Its values for one comparison by size."""
        pair = (headline.strategy, headline.comparator)
        return sorted((item for item in self.found if item.decision == pair), key=lambda item: item.n)


@dataclass(frozen=True, eq=False)
class Learned:
    """The value of information for each headline: of everything, of each input, and of the model's studies."""

    model: Model
    headlines: tuple[Headline, ...]
    perfect: Mapping[str, PerfectInformation]
    partial: tuple[PartialInformation, ...]
    studies: tuple[Study, ...]
    discount_rate: float

    @property
    def money_unit(self) -> str:
        """Price year and currency, for titles."""
        return f"{self.model.settings.price_year} {self.model.currency}".strip()

    def against(self, headline: Headline) -> str:
        """The two strategies of a comparison."""
        labels = [self.model.strategies[name].label for name in (headline.strategy, headline.comparator)]
        return f"{labels[0]} against {labels[1]}"


def analyse(answer: Answer, folder: str, n: int, progress: Progress) -> Learned:
    """What `cea voi -n N` works out under the model's own prior.

    Raises InputError and UsageError as it does, and what `progress` raises.
    """
    model = answer.model
    chosen = tuple(item.headline for item in answer.headlines)
    pairs = [(item.strategy, item.comparator) for item in chosen]
    designs = [design for design in read_designs(Path(folder), model)[0] if _possible(design, model)]
    draws = sample(model, n, SEED)
    results = run_for(
        model, draws, [item for design in designs for item in design.statistics], answer.results.perspective
    )
    perfect = {
        item.name: evpi(among(results.outcomes, pair), model.thresholds)
        for item, pair in zip(chosen, pairs, strict=True)
    }
    groups = _groups(model, draws)
    partial = evppi(results, draws, None, groups, decisions=pairs, progress=progress)
    studies = _studies(designs, results, draws, pairs, progress)
    rate = answer.results.cohort.scope.number(model.settings.discount_costs, "discount rate of costs")
    return Learned(model, chosen, perfect, partial, studies, rate)


def people(population: tuple[float, int], rate: float, years: float) -> float:
    """How many people a study helps: those of each year, for some years, discounted, after its `years`."""
    return Population(*population, rate).people(years)


def among(outcomes: Outcomes, names: Sequence[str]) -> Outcomes:
    """The outcomes of some strategies alone."""
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    return Outcomes.from_frame(
        outcomes.frame(),
        currency=outcomes.currency,
        thresholds=outcomes.thresholds,
        threshold=outcomes.threshold,
        effect_unit=outcomes.effect_unit,
        labels={name: labels[name] for name in names},
        price_year=outcomes.price_year,
        perspective=outcomes.perspective,
    )


def _possible(design: Design, model: Model) -> bool:
    """Whether the model selects the strategies that a study observes."""
    return all(
        name in model.strategies for item in design.statistics for name in (item.strategy, item.comparator) if name
    )


def _groups(model: Model, draws: Draws) -> dict[str, tuple[str, ...]]:
    """Themes and joint groups of more than one parameter that is drawn."""
    named = {**model.groups, **{name: item.parameters for name, item in model.joint.items()}}
    drawn = {name: tuple(one for one in members if one in draws.names) for name, members in named.items()}
    return {name: members for name, members in drawn.items() if len(members) > 1}


def _studies(
    designs: Sequence[Design], results: DrawResults, draws: Draws, pairs: Sequence[tuple[str, str]], progress: Progress
) -> tuple[Study, ...]:
    """A curve over sizes for each set of estimates; designs that differ in size only are one."""
    kinds: dict[tuple[Statistic, ...], Design] = {}
    for design in designs:
        kinds.setdefault(design.statistics, design)
    found = []
    for done, (statistics, design) in enumerate(kinds.items()):
        progress(done, len(kinds))
        values = evsi(results, measured(results, draws, statistics), SIZES, decisions=pairs, seed=SEED)
        more = len(statistics) - 1
        measures = statistics[0].label + (f", and {more} more" if more else "")
        found.append(Study(measures, design.years, values, tuple(item.label for item in statistics)))
    return tuple(found)

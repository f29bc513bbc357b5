"""`cea voi`: what it would be worth to know more before choosing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from cea.analysis.deterministic import Progress, comparisons
from cea.analysis.information import PerfectInformation, evpi
from cea.analysis.partial_information import PartialInformation, evppi, evppi_frame
from cea.analysis.sample_information import (
    SIZES,
    Design,
    Population,
    Prior,
    SampleInformation,
    Statistic,
    TrialCost,
    evsi,
    find_designs,
    measured,
    net_benefit,
    run_for,
)
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import explain_names, parse_pair, progress
from cea.cli.voi_report import as_json, show
from cea.engine.cube import Cube
from cea.engine.draws import Draws
from cea.engine.outcomes import Outcomes
from cea.engine.psa import DrawResults
from cea.engine.results import choose_perspective
from cea.engine.sampling import sample
from cea.engine.scope import Scope
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.loading.designs_file import read_designs
from cea.model.definition import Headline, Model
from cea.reports.wording import listing, money, setting

OWN = "model"
"""The prior that the draws of the model are."""


@dataclass(frozen=True)
class Choices:
    """What the options of `cea voi` say beyond those that all commands share; None: not given."""

    n: int
    seed: int
    inputs: tuple[str, ...]
    designs: tuple[str, ...]
    pair: tuple[str, str] | None
    incidence: float | None
    years: int | None
    discount_rate: float | None
    fixed_cost: float | None
    cost_per_patient: float | None

    def missing(self) -> tuple[str, ...]:
        """The options that a net benefit still needs."""
        given = {
            "--incidence": self.incidence,
            "--years": self.years,
            "--trial-fixed-cost": self.fixed_cost,
            "--trial-cost-per-patient": self.cost_per_patient,
        }
        return tuple(name for name, value in given.items() if value is None)

    def population(self, model: Model) -> Population | None:
        """Whom the decision concerns, at the model's discount rate of costs where no other is given."""
        if self.incidence is None or self.years is None:
            return None
        rate = self.discount_rate
        if rate is None:
            scope = Scope(model, solved_values(model), tuple(model.strategies), cycles=1)
            rate = scope.number(model.settings.discount_costs, "discount rate of costs")
        made = Population(self.incidence, self.years, rate)
        made.people()
        return made

    def cost(self) -> TrialCost | None:
        """What a trial costs."""
        if self.fixed_cost is None or self.cost_per_patient is None:
            return None
        return TrialCost(self.fixed_cost, self.cost_per_patient)


def choices(
    n: int,
    seed: int,
    inputs: Sequence[str] | None,
    designs: Sequence[str] | None,
    pair: str | None,
    *,
    incidence: float | None,
    years: int | None,
    discount_rate: float | None,
    fixed_cost: float | None,
    cost_per_patient: float | None,
) -> Choices:
    """The options, checked. Raises UsageError."""
    for option, cost in (("--trial-fixed-cost", fixed_cost), ("--trial-cost-per-patient", cost_per_patient)):
        if cost is not None and not (math.isfinite(cost) and cost >= 0):
            raise UsageError(f"{option} {cost}: give an amount that is not below zero")
    if (incidence is None) != (years is None):
        raise UsageError("--incidence and --years belong together: people a year, and for how many years")
    return Choices(
        n, seed, tuple(inputs or ()), tuple(designs or ()), parse_pair(pair), incidence, years, discount_rate,
        fixed_cost, cost_per_patient,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Study:
    """A design with what it is worth, by headline, under one prior; `sizes` are those of its curve."""

    design: Design
    prior: str
    label: str
    found: tuple[SampleInformation, ...]


@dataclass(frozen=True, eq=False)
class Found:
    """What was worked out; `perfect` by prior and headline."""

    model: Model
    headlines: tuple[Headline, ...]
    perfect: Mapping[str, Mapping[str, PerfectInformation]]
    partial: tuple[PartialInformation, ...]
    studies: tuple[Study, ...]
    population: Population | None
    cost: TrialCost | None
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    def headline(self, decision: tuple[str, ...]) -> Headline:
        """The comparison that a decision is."""
        return next(item for item in self.headlines if (item.strategy, item.comparator) == decision)

    def people(self, study: Study) -> float | None:
        """Discounted number of people who are treated after the study's results."""
        return None if self.population is None else self.population.people(study.design.years)

    def net_benefit(self, study: Study, item: SampleInformation) -> float | None:
        """Expected net benefit of sampling; None where population or cost are not given."""
        people = self.people(study)
        return None if people is None or self.cost is None else net_benefit(item, people, self.cost)

    def curve(self, study: Study, headline: Headline) -> list[SampleInformation]:
        """The study at every size, for a headline."""
        pair = (headline.strategy, headline.comparator)
        return sorted((item for item in study.found if item.decision == pair), key=lambda item: item.n)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the run folder by name."""
        tables = {"evppi": self._named(evppi_frame(self.partial))}
        perfect = [
            item.frame().assign(headline=name, prior=prior)
            for prior, by_headline in self.perfect.items()
            for name, item in by_headline.items()
        ]
        tables["evpi"] = pd.concat(perfect, ignore_index=True)
        rows = [
            {
                "headline": self.headline(item.decision).name, "prior": study.prior, "design": study.design.name,
                "n": item.n, "value": item.value, "error": item.learned.error, "raw": item.learned.raw,
                "plug_in": item.learned.plug_in, "ceiling": item.ceiling.value, "r2": item.learned.r2,
                "pattern": item.learned.pattern, "people": self.people(study),
                "net_benefit": self.net_benefit(study, item), "note": item.note,
            }
            for study in self.studies
            for item in study.found
        ]  # fmt: skip
        if rows:
            tables["evsi"] = pd.DataFrame(rows)
        return tables

    def _named(self, frame: pd.DataFrame) -> pd.DataFrame:
        names = [self.headline(item.decision).name for item in self.partial]
        return frame.drop(columns="decision").assign(headline=names)

    def draw(self, folder: Path, perspective: str) -> list[Path]:
        """Draws the figures into a folder and returns their files."""
        from cea.reports import information_figures, style  # noqa: PLC0415 - matplotlib is slow to import

        drawn = {}
        for headline in self.headlines:
            pair = (headline.strategy, headline.comparator)
            perfect = self.perfect[OWN][headline.name]
            items = [item for item in self.partial if item.decision == pair]
            labels = {name: parameter.label for name, parameter in self.model.parameters.items()}
            drawn[f"evppi_{headline.name}"] = information_figures.ranking(items, perfect, labels, headline.label)
            curves = {(study.design.name, study.label): self.curve(study, headline) for study in self.studies}
            if not curves:
                continue
            names = {study.design.name: study.design.label for study in self.studies}
            drawn[f"evsi_{headline.name}"] = information_figures.by_size(
                curves, names, perfect.outcomes, headline.label
            )
            if self.population is not None and self.cost is not None:
                net = {
                    (study.design.name, study.label): [
                        (item.n, self.net_benefit(study, item) or 0.0) for item in self.curve(study, headline)
                    ]
                    for study in self.studies
                }
                drawn[f"net_benefit_{headline.name}"] = information_figures.net_benefits(
                    net, names, perfect.outcomes, headline.label
                )
        where = setting(self.model, perspective)
        return [path for name, figure in drawn.items() for path in style.save(figure, folder / name, where)]

    @property
    def line(self) -> str:
        """The value of knowing everything, per person, in a line."""
        model = self.model
        parts = []
        for item in self.headlines:
            found = self.perfect[OWN][item.name]
            pairs = zip(found.per_person.tolist(), found.thresholds.tolist(), strict=True)
            amounts = listing(f"{money(value, model.currency)} at {money(at, model.currency)}" for value, at in pairs)
            parts.append(f"{item.label}: EVPI per person {amounts}")
        return "; ".join(parts)


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, asked: Choices, *, with_figures: bool
) -> None:
    """Runs the analyses, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    found = analyse(request, model, perspective, err, asked)

    def draw(folder: Path) -> list[Path]:
        return found.draw(folder, perspective)

    manifest = output.write(
        model, perspective, found.tables(), draw if with_figures else None, n=asked.n, seed=asked.seed,
        headline=found.line,
    )  # fmt: skip
    if request.as_json:
        out.out(as_json(found, perspective, manifest))
    else:
        show(out, found)


def analyse(request: Request, model: Model, perspective: str, err: Console, asked: Choices) -> Found:
    """Everything that `cea voi` works out."""
    headlines = comparisons(model, asked.pair)
    decisions = [(item.strategy, item.comparator) for item in headlines]
    designs, priors = read_designs(request.inputs, model)
    designs, notes = _possible(find_designs(designs, asked.designs), model, asked)
    draws = sample(model, asked.n, asked.seed)
    groups = _groups(model, draws)
    explain_names(model, asked.inputs, {*draws.names, *groups, *model.groups})
    statistics = [item for design in designs for item in design.statistics]
    results = run_for(model, draws, statistics, perspective)
    with progress(request, err, "EVPPI") as told:
        partial = evppi(results, draws, asked.inputs or None, groups, decisions=decisions, progress=told)
    perfect = {OWN: _perfect(results, headlines)}
    with progress(request, err, "EVSI") as told:
        studies = _studies(designs, results, draws, decisions, asked.seed, None, told)
    for prior in priors if designs else ():
        other = prior.draws(model, draws, asked.seed)
        again = run_for(model, other, statistics, perspective)
        perfect[prior.name] = _perfect(again, headlines)
        with progress(request, err, f"EVSI, {prior.name}") as told:
            studies += _studies(designs, again, other, decisions, asked.seed, prior, told)
    population = asked.population(model)
    notes += _moving_together(model, asked.inputs)
    return Found(
        model, headlines, perfect, partial, tuple(studies), population, asked.cost(),
        asked.missing(), notes,
    )  # fmt: skip


def _possible(designs: Sequence[Design], model: Model, asked: Choices) -> tuple[tuple[Design, ...], tuple[str, ...]]:
    """The designs whose strategies the model selects; notes on the others. Raises UsageError where one is asked for."""
    kept, notes = [], []
    for design in designs:
        needed = {name for item in design.statistics for name in (item.strategy, item.comparator) if name}
        lacking = sorted(needed - set(model.strategies))
        if not lacking:
            kept.append(design)
            continue
        what = f"the design {design.name} observes {', '.join(lacking)}, which the layers leave out"
        if asked.designs:
            raise UsageError(f"{what}: choose other layers, or another design")
        notes.append(what)
    return tuple(kept), tuple(notes)


def _groups(model: Model, draws: Draws) -> dict[str, tuple[str, ...]]:
    """Themes and joint groups, the parameters that are drawn; those of one parameter are that parameter."""
    groups: dict[str, tuple[str, ...]] = {}
    named = {**model.groups, **{name: item.parameters for name, item in model.joint.items()}}
    for name, members in named.items():
        drawn = tuple(member for member in members if member in draws.names)
        if len(drawn) > 1:
            groups[name] = drawn
    return groups


def _moving_together(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    """What to know of parameters that are asked for alone but drawn with others."""
    groups = {
        parameter: item.group for item in Cube(model).dimensions if item.group is not None
        for parameter in item.parameters
    }  # fmt: skip
    return tuple(
        f"{name} is drawn together with the group {groups[name]}: to learn it tells of the others too, "
        f"which is counted here; ask for {groups[name]} to learn all of them"
        for name in names
        if name in groups
    )


def _perfect(results: DrawResults, headlines: Sequence[Headline]) -> dict[str, PerfectInformation]:
    """EVPI of each headline's choice, at the model's thresholds."""
    return {
        item.name: evpi(_among(results.outcomes, (item.strategy, item.comparator)), results.outcomes.thresholds)
        for item in headlines
    }


def _among(outcomes: Outcomes, names: Sequence[str]) -> Outcomes:
    frame = outcomes.frame()
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    return Outcomes.from_frame(
        frame, currency=outcomes.currency, thresholds=outcomes.thresholds, threshold=outcomes.threshold,
        effect_unit=outcomes.effect_unit, labels={name: labels[name] for name in names},
        price_year=outcomes.price_year, perspective=outcomes.perspective,
    )  # fmt: skip


def _studies(
    designs: Sequence[Design], results: DrawResults, draws: Draws, decisions: Sequence[tuple[str, str]], seed: int,
    prior: Prior | None, told: Progress,
) -> list[Study]:  # fmt: skip
    """Every design at its own size and along sizes; designs that estimate the same are the same curve."""
    curves: dict[tuple[Statistic, ...], tuple[SampleInformation, ...]] = {}
    kinds = {design.statistics: design for design in designs}
    for done, statistics in enumerate(kinds):
        own = {design.n for design in designs if design.statistics == statistics}
        seen = measured(results, draws, statistics)
        curves[statistics] = evsi(results, seen, sorted({*SIZES, *own}), decisions=decisions, seed=seed)
        told(done + 1, len(kinds))
    name, label = (OWN, "The model's own prior") if prior is None else (prior.name, prior.label)
    return [Study(design, name, label, curves[design.statistics]) for design in designs]

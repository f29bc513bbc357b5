"""Published evaluations beside the model's own results, taken apart into the steps that lead from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from cea.analysis.headline import pairwise
from cea.analysis.incremental import Pair
from cea.engine.results import run
from cea.model.definition import Model, Source, Term

ModelFor = Callable[[tuple[str, ...]], Model]


@dataclass(frozen=True)
class Step:
    """One change to the model on the way to a published evaluation.

    `layers`, `values` and the horizon in `years` hold together with those of all steps before; a `start` (shares by
    state) replaces the model's.
    """

    label: str
    layers: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    years: Term | None = None
    start: Mapping[str, Term | None] | None = None


@dataclass(frozen=True)
class Published:
    """A published evaluation: what it found, the model's closest comparison, and why the two differ.

    Without a comparator it is one strategy's cost and effect; without a strategy the model has nothing to set beside.
    """

    label: str
    found: str
    strategy: str | None
    comparator: str | None
    layers: tuple[str, ...]
    distance: str
    source: Source
    steps: tuple[Step, ...] = (Step("This model"),)


@dataclass(frozen=True)
class Outcome:
    """Discounted cost and effect of a strategy."""

    label: str
    cost: float
    effect: float


@dataclass(frozen=True)
class AtStep:
    """The model's result after a step: each strategy, and the pair where there is a comparator."""

    label: str
    strategy: Outcome
    comparator: Outcome | None
    pair: Pair | None

    @property
    def ratio(self) -> float | None:
        """Cost per unit of effect: incremental where that has a meaning, else the average of the one strategy."""
        if self.pair is not None:
            return self.pair.icer if self.pair.quadrant == "NE" else None
        return self.strategy.cost / self.strategy.effect if self.strategy.effect > 0 else None


@dataclass(frozen=True)
class Beside:
    """A published evaluation beside the model's own results; no steps where it was not run."""

    published: Published
    steps: tuple[AtStep, ...]
    currency: str
    effect_unit: str


def compare_published(items: Iterable[Published], model_for: ModelFor) -> list[Beside]:
    """The model's own results for each published evaluation, step by step.

    `model_for` gives the model under a tuple of layer names. Raises InputError where a step cannot be run.
    """
    return [_beside(item, model_for) for item in items]


def _beside(item: Published, model_for: ModelFor) -> Beside:
    settings = model_for(item.layers).settings
    if item.strategy is None:
        return Beside(item, (), settings.currency, settings.effect_unit)
    layers, values, years, start = item.layers, dict[str, float](), None, None
    steps = []
    for step in item.steps:
        layers += step.layers
        values |= step.values
        years, start = step.years or years, step.start or start
        model = model_for(layers).with_values(values, where="validation.yaml")
        if years is not None:
            model = replace(model, settings=replace(model.settings, years=years, until_age=None))
        if start is not None:
            model = replace(model, start=start)
        steps.append(_at(step.label, model, item.strategy, item.comparator))
    return Beside(item, tuple(steps), settings.currency, settings.effect_unit)


def _at(label: str, model: Model, strategy: str, comparator: str | None) -> AtStep:
    results = run(model)
    outcomes = results.outcomes

    def of(name: str) -> Outcome:
        at = results.strategies.index(name)
        return Outcome(model.strategies[name].label, float(outcomes.cost[0, at]), float(outcomes.effect[0, at]))

    if comparator is None:
        return AtStep(label, of(strategy), None, None)
    return AtStep(label, of(strategy), of(comparator), pairwise(results, strategy, comparator))


def published_frame(items: Iterable[Beside]) -> pd.DataFrame:
    """One row a step of a published evaluation; an evaluation that was not run has one row without numbers.

    Columns: evaluation, found, step, currency, cost, effect, comparator_cost, comparator_effect, incremental_cost,
    incremental_effect, ratio, distance, grade, ref, where.
    """
    rows: list[dict[str, object]] = []
    for item in items:
        told = item.published
        source: dict[str, object] = {
            "evaluation": told.label, "found": told.found,
            "distance": told.distance, "grade": told.source.grade, "ref": told.source.ref, "where": told.source.where,
        }  # fmt: skip
        for step in item.steps:
            other, pair = step.comparator, step.pair
            rows.append(
                {
                    **source,
                    "step": step.label,
                    "currency": item.currency,
                    "cost": step.strategy.cost,
                    "effect": step.strategy.effect,
                    "comparator_cost": other.cost if other else None,
                    "comparator_effect": other.effect if other else None,
                    "incremental_cost": pair.cost if pair else None,
                    "incremental_effect": pair.effect if pair else None,
                    "ratio": step.ratio,
                }
            )
        if not item.steps:
            rows.append(source)
    columns = [
        "evaluation", "found", "step", "currency", "cost", "effect", "comparator_cost", "comparator_effect",
        "incremental_cost", "incremental_effect", "ratio", "distance", "grade", "ref", "where",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)

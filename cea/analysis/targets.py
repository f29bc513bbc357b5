"""Figures that a model must reproduce, or is compared with: what `cea validate` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from cea.analysis.headline import pairwise
from cea.analysis.incremental import Pair
from cea.engine.cohort import Cohort, simulate
from cea.engine.results import run
from cea.engine.solve import solved_values
from cea.model.definition import Model, Source

Role = Literal["must_reproduce", "held_out", "context"]
Measure = Literal["survival", "occupancy", "event", "hazard_ratio", "parameter"]


@dataclass(frozen=True)
class Target:
    """One figure: what is measured, under which layers and start, and what was observed or published.

    `survival` is the share alive at `year`, `occupancy` the share in `states`, `event` the expected number of `event`
    by then, `hazard_ratio` the ratio of cumulative hazards of death against `comparator`, `parameter` the value of a
    (solved) parameter.
    """

    name: str
    label: str
    role: Role
    measure: Measure
    expected: float | None
    source: Source
    strategy: str | None = None
    comparator: str | None = None
    parameter: str | None = None
    year: float | None = None
    states: tuple[str, ...] = ()
    event: str | None = None
    tolerance: float | None = None
    layers: tuple[str, ...] = ()
    start: Mapping[str, float] | None = None
    values: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Published:
    """A published evaluation: what it found, the model's closest comparison, and why the two differ."""

    label: str
    found: str
    strategy: str
    comparator: str
    layers: tuple[str, ...]
    distance: str


@dataclass(frozen=True)
class Beside:
    """A published evaluation beside the model's own result."""

    published: Published
    pair: Pair
    currency: str
    effect_unit: str


@dataclass(frozen=True)
class Comparison:
    """A target beside the model's figure, by competing risks and by the matrix exponential."""

    target: Target
    value: float
    exponential: float | None

    @property
    def difference(self) -> float | None:
        """Model minus target."""
        return None if self.target.expected is None else self.value - self.target.expected

    @property
    def met(self) -> bool | None:
        """Whether the figure is within the tolerance; None where there is nothing to meet."""
        if self.difference is None or self.target.tolerance is None:
            return None
        return abs(self.difference) <= self.target.tolerance + 1e-12


def compare(targets: Iterable[Target], model_for: Callable[[tuple[str, ...]], Model]) -> list[Comparison]:
    """Runs the model for each target; `model_for` gives the model under a tuple of layer names."""
    found = []
    for target in targets:
        model = model_for(target.layers)
        value = _measure(target, _cohort(target, model))
        exponential = None
        if target.role == "must_reproduce" and target.measure in ("survival", "hazard_ratio"):
            exact = replace(model, settings=replace(model.settings, transition_method="matrix_exponential"))
            exponential = _measure(target, _cohort(target, exact, solved_values(model)))
        found.append(Comparison(target, value, exponential))
    return found


def compare_published(items: Iterable[Published], model_for: Callable[[tuple[str, ...]], Model]) -> list[Beside]:
    """The model's own result for each published evaluation."""
    found = []
    for item in items:
        results = run(model_for(item.layers))
        settings = results.model.settings
        pair = pairwise(results, item.strategy, item.comparator)
        found.append(Beside(item, pair, settings.currency, settings.effect_unit))
    return found


def _cohort(target: Target, model: Model, solved: Mapping[str, float] | None = None) -> Cohort:
    """The cohort that a target is about: its strategies, until its year."""
    values = {**(solved_values(model) if solved is None else solved), **(target.values or {})}
    named = [name for name in (target.strategy, target.comparator) if name is not None]
    strategies = tuple(dict.fromkeys(named)) or tuple(model.strategies)
    cycles = None if target.year is None else max(1, round(target.year * model.settings.cycles_per_year))
    return simulate(model, values, strategies, cycles, target.start or None)


def _measure(target: Target, cohort: Cohort) -> float:
    if target.measure == "parameter":
        return float(np.asarray(cohort.scope.names[target.parameter or ""]).ravel()[0])
    at = round((target.year or 0.0) * cohort.model.settings.cycles_per_year)
    strategy = cohort.strategies.index(target.strategy or cohort.strategies[0])
    if target.measure == "survival":
        return float(cohort.alive[0, strategy, at])
    if target.measure == "occupancy":
        return float(sum(cohort.state(state)[0, strategy, at] for state in target.states))
    if target.measure == "event":
        return float(cohort.event_flow(target.event or "")[0, strategy, :at].sum())
    survival = cohort.alive[0, :, at]
    return float(np.log(survival[strategy]) / np.log(survival[cohort.strategies.index(target.comparator or "")]))


def comparisons_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row a target.

    Columns: name, label, role, expected, model, difference, tolerance, met, matrix_exponential, grade, ref, where,
    note.
    """
    return pd.DataFrame(
        [
            {
                "name": item.target.name,
                "label": item.target.label,
                "role": item.target.role,
                "expected": item.target.expected,
                "model": item.value,
                "difference": item.difference,
                "tolerance": item.target.tolerance,
                "met": item.met,
                "matrix_exponential": item.exponential,
                "grade": item.target.source.grade,
                "ref": item.target.source.ref,
                "where": item.target.source.where,
                "note": item.target.source.note,
            }
            for item in comparisons
        ]
    )

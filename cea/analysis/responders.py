"""Who responds to a treatment: the effect in responders that keeps the average effect of the model.

Some respond, others do not. The effect in responders is solved so that the mixture of treated responders and treated
others, who have no effect, has the hazard ratio of death that the model has when everybody has the average effect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cea.analysis.deterministic import point_value
from cea.engine.cohort import simulate
from cea.engine.results import run
from cea.engine.solve import root, solved_values
from cea.errors import UsageError
from cea.model.definition import Model, Source
from cea.model.structure import whole_cycles

_LARGEST = 1e4
"""Times the model's own value, beyond which no effect in responders is looked for."""


@dataclass(frozen=True)
class Marker:
    """A test for response to a treatment, with what is assumed of those who respond.

    sensitivity, specificity: of the test. costs: per person tested, by currency. prevalence: share who respond;
    `prevalences` are looked at beside it. parameter: the multiplier of the effect, which is `without_effect` in those
    who do not respond. strategies, years: the comparison and the time whose hazard ratio of death is preserved.
    """

    label: str
    sensitivity: float
    specificity: float
    costs: Mapping[str, float]
    prevalence: float
    prevalences: tuple[float, ...]
    parameter: str
    without_effect: float
    strategies: tuple[str, str]
    years: float
    source: Source


@dataclass(frozen=True)
class Responders:
    """The effect in responders at a prevalence; None where no effect is large enough to keep the average.

    average: the hazard ratio of death of the model, which the mixture of responders and others has as well. own: that
    of responders alone.
    """

    prevalence: float
    multiplier: float | None
    average: float
    own: float | None


def responders(model: Model, marker: Marker, prevalence: float) -> Responders:
    """The effect in responders that keeps the average hazard ratio of death of the model, with all its layers.

    It is solved at point values. Raises UsageError for a parameter that varies, or on which the untreated depend.
    """
    solved = solved_values(model)
    cycles = whole_cycles(marker.years, model.settings.cycles_per_year)
    if not cycles:
        raise UsageError(f"{marker.years:g} years is no whole number of cycles of the model")

    def alive(value: float) -> tuple[float, float]:
        cohort = simulate(model, {**solved, marker.parameter: value}, marker.strategies, cycles)
        treated, untreated = cohort.alive[0, :, -1].tolist()
        return treated, untreated

    own = _own_value(model, marker)
    average, untreated = alive(own)
    others, again = alive(marker.without_effect)
    if again != untreated:
        raise UsageError(f"{marker.strategies[1]} depends on {marker.parameter}: name the strategy without treatment")
    target = math.log(average) / math.log(untreated)

    def found(value: float) -> Responders:
        return Responders(prevalence, value, target, math.log(alive(value)[0]) / math.log(untreated))

    def miss(value: float) -> float:
        mixture = prevalence * alive(value)[0] + (1.0 - prevalence) * others
        return math.log(mixture) / math.log(untreated) - target

    low = own, miss(own)
    if prevalence == 1.0 or low[1] == 0.0:
        return found(own)
    factor = 2.0
    while factor <= _LARGEST:
        high = factor * own, miss(factor * own)
        if low[1] * high[1] <= 0.0:
            return found(root(miss, low, high))
        low, factor = high, 2.0 * factor
    return Responders(prevalence, None, target, None)


def _own_value(model: Model, marker: Marker) -> float:
    """The multiplier in the model as it is. Raises UsageError where it is not one number other than no effect."""
    own = point_value(run(model), marker.parameter)
    if math.isnan(own) or own in (0.0, marker.without_effect):
        raise UsageError(f"{marker.parameter} is {own:g}: test and treat needs an effect that can be larger or absent")
    return own

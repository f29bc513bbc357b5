"""Two readings of a comparison that committees ask for: equal value for added life, and no disease costs in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cea.engine.markov import Floats
from cea.engine.payoffs import payoff, weights
from cea.engine.results import Results


@dataclass(frozen=True)
class AddedLife:
    """A strategy against its comparator, means over samples, per person, discounted.

    `equal_value_life_years`: increments in which life-years gained (or lost) count at the general population's utility
    and quality of life counts only in the years that both have; None where the model names no such utility.
    `cost_without_added_care`: incremental cost less the direct costs per year of living states in the life-years that
    the comparator does not have; indirect costs, such as productivity, are not care and stay.
    """

    equal_value_life_years: float | None
    cost_without_added_care: float
    incremental_effect: float


def added_life(results: Results, strategy: str, comparator: str) -> AddedLife:
    """Both readings for a pair.

    Equal-value life-years follow the idea of the measure that ICER (US) reports beside QALYs, with the model's
    age-specific norm instead of a fixed utility.
    """
    first, second = results.strategies.index(strategy), results.strategies.index(comparator)
    years = results.life_years.series
    gained = years[:, first] - years[:, second]
    effect = results.model.settings.effect
    quality = _quality(results, effect)
    care = _care(results)
    share_added = np.clip(1.0 - _ratio(years[:, second], years[:, first]), 0.0, None)
    saved = (care[:, first] * share_added).sum(axis=-1)
    increment = results.outcomes.cost[:, first] - results.outcomes.cost[:, second]
    gain = results.outcomes.effect[:, first] - results.outcomes.effect[:, second]
    return AddedLife(
        equal_value_life_years=_equal_value(results, quality, years, gained, (first, second)),
        cost_without_added_care=float((increment - saved).mean()),
        incremental_effect=float(gain.mean()),
    )


def _equal_value(
    results: Results, quality: Floats, years: Floats, gained: Floats, pair: tuple[int, int]
) -> float | None:
    name = results.model.equal_value
    if name is None:
        return None
    scope = results.cohort.scope
    norm = np.broadcast_to(scope.grid(scope.names[name], slice(None)), years.shape)[:, 0]
    first, second = pair
    shared = np.minimum(years[:, first], years[:, second])
    per_year = _ratio(quality[:, first], years[:, first]) - _ratio(quality[:, second], years[:, second])
    one_off = sum(
        (line.discounted[:, first] - line.discounted[:, second])
        for line in results.lines.values()
        if line.outcome.total == results.model.settings.effect
        and line.outcome.timing != "per_year"
        and results.counted(line)
    )
    return float(((shared * per_year + gained * norm).sum(axis=-1) + one_off).mean())


def _quality(results: Results, total: str) -> Floats:
    """State payoffs of an effect per cycle boundary, discounted and weighted."""
    chosen = [
        line.series
        for line in results.lines.values()
        if line.outcome.kind == "effect"
        and line.outcome.timing == "per_year"
        and line.outcome.total == total
        and results.counted(line)
    ]
    zero = np.zeros(results.life_years.series.shape)
    return sum(chosen, zero)


def _care(results: Results) -> Floats:
    """Direct costs per year of living states per cycle boundary, discounted and weighted."""
    cohort, model = results.cohort, results.model
    paid = np.zeros(results.life_years.series.shape)
    for outcome in model.outcomes.values():
        if outcome.kind == "cost" and outcome.timing == "per_year" and not outcome.indirect:
            by_state = payoff(cohort, outcome)[1]
            paid += sum(amount for state, amount in by_state.items() if not model.states[state].dead)
    rate = cohort.scope.value(model.settings.discount_costs, "discount_costs")
    return paid * weights(cohort, rate).state


def _ratio(above: Floats, below: Floats) -> Floats:
    """above / below, zero where nobody is left."""
    result: Floats = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return result

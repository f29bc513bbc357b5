"""Costs, effects and counts of a simulated cohort, discounted and not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cea.engine.cohort import Cohort
from cea.engine.correction import discounted_weights
from cea.engine.markov import Floats
from cea.engine.scope import TOLERANCE, Scope, Value
from cea.errors import InputError, Problem
from cea.model.definition import Outcome, Term


@dataclass(frozen=True, eq=False)
class Line:
    """One outcome of a run.

    `discounted` and `undiscounted` are totals per person, shape (sample, strategy). `by_state` splits the discounted
    total of a state payoff. `series` is what is paid at each cycle boundary, discounted and weighted, shape (sample,
    strategy, boundary); it sums to `discounted`.
    """

    outcome: Outcome
    discounted: Floats
    undiscounted: Floats
    series: Floats
    by_state: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Weights:
    """Factors on a payoff at each cycle boundary, shape (sample or 1, 1, boundary).

    `point` discounts what is paid at once, `state` also carries the cycle length and the correction within the cycle.
    """

    point: Floats
    state: Floats


def weights(cohort: Cohort, rate: Floats | float) -> Weights:
    """Weights for an annual discount rate, scalar or shape (sample, 1, 1): `(1 + rate) ** -years`."""
    years = cohort.scope.years.reshape(1, 1, -1)
    point = (1.0 + np.atleast_3d(np.asarray(rate, dtype=np.float64))) ** -years
    step = cohort.structure.step_years
    return Weights(point, discounted_weights(cohort.model.settings.correction, point * step))


def _rate(cohort: Cohort, term: Term, name: str) -> Value:
    """A discount rate. Raises InputError at or below -1, where (1 + rate) ** -years has no value."""
    rate = cohort.scope.value(term, name)
    if np.min(rate) <= -1.0:
        what = f"{name} is {np.min(rate):g} a year, at or below -1"
        raise InputError([Problem(what, term.place, "choose a rate such as 0.03")])
    return rate


def lines(cohort: Cohort) -> tuple[dict[str, Line], Line]:
    """All outcomes of a cohort by name, and its life-years.

    State payoffs are evaluated and discounted at their own time and corrected within the cycle; one-off and transition
    payoffs are not corrected; a flow during cycle t is valued and discounted at t + 1.
    """
    settings = cohort.model.settings
    check_windows(cohort.scope)
    undiscounted = weights(cohort, 0.0)
    costs = weights(cohort, _rate(cohort, settings.discount_costs, "discount_costs"))
    effects = weights(cohort, _rate(cohort, settings.discount_effects, "discount_effects"))
    by_kind = {"cost": costs, "effect": effects, "count": undiscounted}
    found = {
        name: _line(cohort, outcome, by_kind[outcome.kind], undiscounted)
        for name, outcome in cohort.model.outcomes.items()
    }
    return found, life_years(cohort, effects, undiscounted)


def _line(cohort: Cohort, outcome: Outcome, discounted: Weights, undiscounted: Weights) -> Line:
    paid, by_state = payoff(cohort, outcome)
    state_payoff = outcome.timing == "per_year"
    factor = discounted.state if state_payoff else discounted.point
    plain = undiscounted.state if state_payoff else undiscounted.point
    _refuse_too_large(outcome, paid)
    series = paid * factor
    split = {state: (amount * factor).sum(axis=-1) for state, amount in by_state.items()} if state_payoff else {}
    return Line(outcome, series.sum(axis=-1), (paid * plain).sum(axis=-1), series, split)


def payoff(cohort: Cohort, outcome: Outcome) -> tuple[Floats, dict[str, Floats]]:
    """What an outcome pays at each cycle boundary before weights, in all and by state.

    Shapes are (sample, strategy, boundary). State payoffs are per year; the others are amounts.
    """
    scope = cohort.scope
    shape = cohort.trace.occupancy.shape[:3]
    total = np.zeros(shape)
    if outcome.timing == "on":
        if outcome.value is None:
            raise AssertionError("a checked outcome on an event has a value")
        ends = slice(1, None)
        value = scope.grid(scope.value(outcome.value, outcome.name, outcome.when, ends), ends)
        for event in outcome.events:
            total[..., 1:] += cohort.event_flow(event) * value
        return total, {}
    open_at = _open_at(cohort, outcome) if outcome.timing == "at_years" else 1.0
    known: dict[str, Floats] = {}
    by_state = {}
    for state, term in outcome.by_state.items():
        if term.text not in known:
            known[term.text] = (
                scope.grid(scope.value(term, f"{outcome.name}, {state}", outcome.when), slice(None)) * open_at
            )
        by_state[state] = cohort.state(state) * known[term.text]
        total += by_state[state]
    return total, by_state


def _open_at(cohort: Cohort, outcome: Outcome) -> Floats:
    """How often a payoff at given times falls on each cycle boundary (0 or 1)."""
    name = f"since_{outcome.per}" if outcome.per else "year"
    clock = cohort.scope.grid(cohort.scope.names[name], slice(None))
    count: Floats = (
        sum((np.abs(clock - years) <= TOLERANCE).astype(np.float64) for years in outcome.at_years) + 0.0 * clock
    )
    return count


def check_windows(scope: Scope) -> None:
    """Raises InputError where payments at times counted from each opening of a window would be lost.

    Openings must fall on a cycle, and each after the last payment of the one before; their number must be whole.
    """
    model = scope.model
    for window in model.windows.values():
        times = [max(outcome.at_years) for outcome in model.outcomes.values() if outcome.per == window.name]
        every, courses = (np.atleast_1d(scope.value(term, window.name)) for term in (window.every, window.courses))
        for years, count in np.broadcast(every, courses) if times else ():
            cycles = years * model.settings.cycles_per_year
            if abs(count - round(count)) > TOLERANCE or count < 1:
                what, remedy = f"{window.name}: {count:g} is not a number of courses", "choose 1, 2, 3, ..."
                raise InputError([Problem(what, window.courses.place, remedy)])
            if count > 1 and abs(cycles - round(cycles)) > TOLERANCE:
                what = f"{window.name}: every {years:g} years is every {cycles:g} cycles, between which nothing is paid"
                raise InputError([Problem(what, window.every.place, "choose a whole number of cycles")])
            if count > 1 and years <= max(times) + TOLERANCE:
                what = (
                    f"{window.name}: the next one begins after {years:g} years, with a payment at {max(times):g} "
                    "to come"
                )
                raise InputError([Problem(what, window.every.place, "choose a longer time between them")])


# Beyond this the sum of a model's payoffs could exceed what a number can hold.
TOO_LARGE = 1e290


def _refuse_too_large(outcome: Outcome, paid: Floats) -> None:
    if np.abs(paid).max() > TOO_LARGE:
        what = f"{outcome.name} pays {np.abs(paid).max():.3g} at once, too much to be added up"
        raise InputError([Problem(what, outcome.place, "correct the values in it")])


def life_years(cohort: Cohort, discounted: Weights, undiscounted: Weights) -> Line:
    """One per year in every state that is not dead, discounted like effects."""
    alive = cohort.alive
    series = alive * discounted.state
    by_state = {
        state.name: (cohort.state(state.name) * discounted.state).sum(axis=-1)
        for state in cohort.model.states.values()
        if not state.dead
    }
    return Line(LIFE_YEARS, series.sum(axis=-1), (alive * undiscounted.state).sum(axis=-1), series, by_state)


LIFE_YEARS = Outcome(
    name="life_years",
    kind="effect",
    timing="per_year",
    label="Life-years",
    category="Life-years",
    total="life_years",
    indirect=False,
    by_state={},
    value=None,
    when=None,
    at_years=(),
    per=None,
    events=(),
    unit="year",
    place=None,
)

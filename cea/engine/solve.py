"""Solved parameters: the value at which the model meets a target, by root finding at point values."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import pairwise
from threading import Lock

import numpy as np

from cea.engine.cohort import simulate
from cea.engine.scope import TOLERANCE, Scope, Value
from cea.errors import InputError, Problem
from cea.model.definition import Model, Parameter, Solve

# Solutions of recent models: the headlines under several layers share one held model.
_KEEP = 64
_solutions: OrderedDict[tuple[object, ...], tuple[Model, float]] = OrderedDict()
_lock = Lock()  # sessions of the dashboard solve at the same time


def solved_values(model: Model) -> dict[str, float]:
    """Values of all solved parameters, in the order in which they are defined; later ones see the earlier.

    Raises InputError where no value meets a target.
    """
    found: dict[str, float] = {}
    for parameter in model.parameters.values():
        if parameter.solve is not None:
            found[parameter.name] = _solved(model, parameter, parameter.solve, found)
    return found


def _solved(model: Model, parameter: Parameter, solve: Solve, earlier: dict[str, float]) -> float:
    layers = model.held_layers(solve.target.names) if solve.held else model.layers
    key = (id(model.document), tuple(layer.identity for layer in layers), parameter.name)
    with _lock:
        known = _solutions.get(key)
    if known is not None and known[0].document is model.document:
        return known[1]
    seen = model.with_only(layers)
    inner = seen.parameters[parameter.name]
    if inner.solve is None:
        what = f"{parameter.name} is solved only under a layer that does not hold"
        raise InputError([Problem(what, parameter.place, "say `held: false`, or `structural: true` in the layer")])
    value = _root(seen, inner, inner.solve, earlier)
    with _lock:
        _solutions[key] = (seen, value)
        while len(_solutions) > _KEEP:
            _solutions.popitem(last=False)
    return value


def _root(model: Model, parameter: Parameter, solve: Solve, earlier: dict[str, float]) -> float:
    middle = math.sqrt(solve.between[0] * solve.between[1])
    scope = Scope(model, {**earlier, **_unsolved(model, earlier, middle)}, tuple(model.strategies))
    target = scope.number(solve.target, f"target of {parameter.name}")
    years = _years(parameter, solve, scope)

    def miss(log_value: float) -> float:
        values = {**_unsolved(model, earlier, middle), **earlier, parameter.name: math.exp(log_value)}
        return measure(model, solve, values, years) - target

    low, high = (math.log(limit) for limit in solve.between)
    at_low, at_high = miss(low), miss(high)
    if at_low == 0.0:
        return solve.between[0]
    if not at_low * at_high < 0:
        what = (
            f"no value of {parameter.name} from {solve.between[0]:g} to {solve.between[1]:g} meets the target "
            f"{target:g}: the {solve.measure.replace('_', ' ')} goes from {at_low + target:.4g} to "
            f"{at_high + target:.4g}"
        )
        raise InputError([Problem(what, solve.place, "widen `between`, or set the parameter to a number")])
    return math.exp(root(miss, (low, at_low), (high, at_high)))


def _years(parameter: Parameter, solve: Solve, scope: Scope) -> float | None:
    """The time at which the target is measured: a whole number of cycles within the horizon."""
    if solve.years is None:
        return None
    years = scope.number(solve.years, f"years of {parameter.name}")
    cycles = years * scope.model.settings.cycles_per_year
    if abs(cycles - round(cycles)) > TOLERANCE or not 1 <= round(cycles) <= scope.cycles:
        what = f"{parameter.name} is solved at {years:g} years, which is {cycles:g} cycles"
        remedy = f"choose a whole number of cycles within the horizon of {scope.years[-1]:g} years"
        raise InputError([Problem(what, solve.years.place, remedy)])
    return years


def root(function: Callable[[float], float], low: tuple[float, float], high: tuple[float, float]) -> float:
    """Where a continuous function crosses zero between two points (x, value) with values of opposite signs.

    Ridders' method (IEEE Trans Circuits Syst 1979;26:979-980), until the bracket or the value is down to rounding. Not
    scipy's, because importing scipy.optimize would take a fifth of the time of `cea run`.
    """
    rounding = 1e-15 * max(abs(low[1]), abs(high[1]))
    for _ in range(100):
        middle = (low[0] + high[0]) / 2
        at_middle = function(middle)
        slope = math.sqrt(at_middle**2 - low[1] * high[1])
        if slope == 0.0:
            return middle
        guess = middle + (middle - low[0]) * math.copysign(1.0, low[1]) * at_middle / slope
        value = function(guess)
        points = sorted([low, (middle, at_middle), (guess, value), high])
        for left, right in pairwise(points):
            if left[1] == 0.0:
                return left[0]
            if left[1] * right[1] <= 0.0:
                low, high = left, right
                break
        if abs(value) <= rounding or high[0] - low[0] <= 1e-15 * max(1.0, abs(middle)):
            return guess
    return guess


def _unsolved(model: Model, earlier: dict[str, float], middle: float) -> dict[str, Value]:
    """A stand-in for parameters that are solved later, so that the scope is complete."""
    return {name: middle for name, item in model.parameters.items() if item.solve is not None and name not in earlier}


def measure(model: Model, solve: Solve, values: Mapping[str, Value], years: float | None) -> float:
    """The measure that a solve targets, for two strategies at point values.

    `hazard_ratio` is the ratio of the cumulative hazards of death, ln S_1 / ln S_2, at `years`; `event_ratio` the ratio
    of the expected numbers of an event by `years` or over the whole horizon.
    """
    cycles = round(years * model.settings.cycles_per_year) if years is not None else None
    cohort = simulate(model, values, solve.strategies, cycles)
    if solve.measure == "hazard_ratio":
        survival = cohort.alive[0, :, -1]
        first, second = np.log(survival)
    else:
        first, second = cohort.event_flow(solve.event or "").sum(axis=-1)[0]
    return float(first / second)

"""Solved parameters: the value at which the model meets a target, by root finding at point values."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np

from cea.engine.cohort import simulate
from cea.engine.scope import Scope, Value
from cea.errors import InputError, Problem
from cea.model.definition import Model, Parameter, Solve

# Solutions of recent models: the headlines under several layers share one held model.
_KEEP = 64
_solutions: OrderedDict[tuple[object, ...], tuple[Model, float]] = OrderedDict()


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
    if key in _solutions and _solutions[key][0].document is model.document:
        return _solutions[key][1]
    seen = model.with_only(layers)
    inner = seen.parameters[parameter.name]
    if inner.solve is None:
        what = f"{parameter.name} is solved only under a layer that does not hold"
        raise InputError([Problem(what, parameter.place, "say `held: false`, or `structural: true` in the layer")])
    value = _root(seen, inner, inner.solve, earlier)
    _solutions[key] = (seen, value)
    while len(_solutions) > _KEEP:
        _solutions.popitem(last=False)
    return value


def _root(model: Model, parameter: Parameter, solve: Solve, earlier: dict[str, float]) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415 - slow to import, and only models with solved parameters need it

    middle = math.sqrt(solve.between[0] * solve.between[1])
    scope = Scope(model, {**earlier, **_unsolved(model, earlier, middle)}, tuple(model.strategies))
    target = scope.number(solve.target, f"target of {parameter.name}")
    years = scope.number(solve.years, f"years of {parameter.name}") if solve.years is not None else None

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
    return math.exp(float(brentq(miss, low, high, xtol=1e-14, rtol=1e-14)))


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

"""What deterministic sensitivity analyses share: comparisons, how far parameters go, and many cases at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cea.analysis.incremental import TOLERANCE
from cea.engine.outcomes import Floats, Outcomes
from cea.engine.results import Results, run
from cea.engine.scope import Value
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Headline, Model, Parameter
from cea.model.distributions import Distribution, Empirical
from cea.model.document import did_you_mean, shortened

Case = Mapping[str, float]
"""Values of some parameters; the others keep their point values. The empty case is the base case."""
Progress = Callable[[int, int], None]
"""Told how many cases are done, and of how many."""

ROUNDING = 1e-9
"""Differences of increments below this share of their size are rounding."""
_CHUNK = 16
"""Cases that are run together: few enough to stay in cache."""


@dataclass(frozen=True)
class Span:
    """How far a parameter goes, in its unit; `origin` is where that is from: range, 95 % interval, bounds or given."""

    low: float
    high: float
    origin: str


def comparisons(model: Model, pair: tuple[str, str] | None = None) -> tuple[Headline, ...]:
    """The headlines whose strategies the model selects, or one comparison for a pair (strategy, comparator).

    Raises UsageError for an unknown strategy, a strategy against itself, or a model that has no headlines to go by.
    """
    if pair is not None:
        for name in pair:
            if name not in model.strategies:
                raise UsageError(f"unknown strategy '{shortened(name)}': {did_you_mean(name, model.strategies)}")
        if pair[0] == pair[1]:
            raise UsageError(f"the pair compares {pair[0]} with itself; name two strategies")
        known = (item for item in model.headlines.values() if (item.strategy, item.comparator) == pair)
        first, second = (model.strategies[name].label for name in pair)
        return (next(known, Headline(f"{pair[0]}_{pair[1]}", f"{first} against {second}", *pair, None)),)
    found = tuple(
        item
        for item in model.headlines.values()
        if item.strategy in model.strategies and item.comparator in model.strategies
    )
    if not found:
        what = "no headline of the model compares strategies that are selected"
        raise UsageError(f"{what}: name a pair, as in strategy:comparator")
    return found


def labels_of(model: Model, item: Headline) -> tuple[str, str]:
    """Labels of the strategy and the comparator of a comparison."""
    return model.strategies[item.strategy].label, model.strategies[item.comparator].label


def point_value(results: Results, name: str) -> float:
    """A parameter's value in a deterministic run; NaN where it varies over time or strategies."""
    values = np.unique(results.cohort.scope.names[name])
    return float(values[0]) if len(values) == 1 else np.nan


def known_parameter(model: Model, name: str) -> Parameter:
    """A parameter that the results depend on. Raises UsageError for another name."""
    if name not in model.parameters:
        raise UsageError(f"unknown parameter '{shortened(name)}': {did_you_mean(name, model.parameters)}")
    if name not in model.used:
        raise UsageError(f"no result depends on {name}: no formula in use has it")
    return model.parameters[name]


def marginal(model: Model, parameter: Parameter) -> Distribution | None:
    """The distribution of a parameter by itself, from its joint draws where it has no other; None where it is fixed."""
    if parameter.uncertain:
        return parameter.distribution
    for group in model.joint.values():
        if parameter.name in group.parameters and group.correlation is None and group.draws is not None:
            return Empirical(group.draws[:, group.parameters.index(parameter.name)])
    return None


def evidence_span(model: Model, parameter: Parameter) -> Span | None:
    """The parameter's range, else the 95 % interval of its distribution within its bounds; None without either."""
    if parameter.range is not None:
        return Span(*parameter.range, "range")
    distribution = marginal(model, parameter)
    if distribution is None:
        return None
    low, high = (within_bounds(parameter, value) for value in distribution.interval())
    return Span(low, high, "95 % interval")


def asked_span(model: Model, name: str, given: tuple[float, float] | None = None) -> Span:
    """How far to move one parameter: as given, else by the evidence, else between its bounds.

    Raises UsageError for an unknown or unused parameter, an empty range, one beyond the bounds, or none at all.
    """
    parameter = known_parameter(model, name)
    span = Span(*given, "given") if given is not None else evidence_span(model, parameter)
    if span is None and None not in parameter.bounds:
        span = Span(within_bounds(parameter, -np.inf), within_bounds(parameter, np.inf), "bounds")
    if span is None:
        raise UsageError(f"{name} has no range in the evidence: give one, as in {name}=0.1:0.5")
    if not span.low < span.high:
        raise UsageError(f"the range of {name}, {span.low:g} to {span.high:g}, is empty: give the lower end first")
    for value in (span.low, span.high):
        if not np.isfinite(value) or value != within_bounds(parameter, value):
            raise UsageError(f"{name} = {value:g} is outside its bounds: {_bounds(parameter)}")
    return span


def within_bounds(parameter: Parameter, value: float) -> float:
    """The value, or the hard bound that it lies beyond."""
    low, high = parameter.bounds
    value = value if low is None else max(low, value)
    return float(value if high is None else min(high, value))


def _bounds(parameter: Parameter) -> str:
    low, high = parameter.bounds
    return f"{'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}"


def evaluate(
    model: Model, cases: Sequence[Case], perspective: str | None = None, progress: Progress | None = None
) -> Outcomes:
    """Outcomes with one row a case, in their order.

    Solved parameters keep their values, except that one whose target names a parameter of the case is solved again.
    Cases are run in chunks; those with another horizon, or that override a formula, with their like. Raises InputError
    where a case has no result, ValueError without cases.
    """
    if not cases:
        raise ValueError("there are no cases to evaluate")
    solved = solved_values(model)
    complete = _with_solutions(model, cases)
    horizon, computed = horizon_names(model), _computed(model)
    alike: dict[object, list[int]] = {}
    for position, case in enumerate(complete):
        times = tuple(sorted((name, value) for name, value in case.items() if name in horizon))
        alike.setdefault((times, computed.intersection(case)), []).append(position)
    rows: dict[int, tuple[Floats, Floats]] = {}
    outcomes = None
    for positions in alike.values():
        for start in range(0, len(positions), _CHUNK):
            chunk = positions[start : start + _CHUNK]
            outcomes = run(model, perspective, _columns(model, [complete[at] for at in chunk], solved)).outcomes
            shape = (len(chunk), len(outcomes.strategies))
            both = np.broadcast_to(outcomes.cost, shape), np.broadcast_to(outcomes.effect, shape)
            rows |= {at: (cost, effect) for at, cost, effect in zip(chunk, *both, strict=True)}
            if progress is not None:
                progress(len(rows), len(cases))
    assert outcomes is not None, "there is a chunk, as there is a case"
    cost, effect = (np.array([rows[at][side] for at in range(len(cases))]) for side in (0, 1))
    return replace(outcomes, cost=cost, effect=effect, life_years=None)


def worth_it(effect: Floats, cost: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """Whether increments have a net monetary benefit that is not below zero, any shape."""
    gain = threshold * effect
    return np.asarray(gain - cost >= -ROUNDING * np.maximum(np.abs(gain), np.abs(cost)))


def best_of_all(outcomes: Outcomes, threshold: float) -> npt.NDArray[np.intp]:
    """Position of the strategy with the highest net monetary benefit in each row; of equal ones the first by name."""
    by_name = sorted(range(len(outcomes.strategies)), key=lambda at: outcomes.strategies[at])
    benefit = outcomes.net_monetary_benefit(threshold)[:, by_name]
    slack = TOLERANCE * np.maximum(np.abs(threshold * outcomes.effect), np.abs(outcomes.cost)).max(axis=1)
    first = (benefit >= benefit.max(axis=1, keepdims=True) - slack[:, np.newaxis]).argmax(axis=1)
    best: npt.NDArray[np.intp] = np.array(by_name)[first]
    return best


def _columns(model: Model, cases: Sequence[Case], solved: Mapping[str, float]) -> dict[str, Value]:
    """The parameters that any of the cases sets: one number where all cases agree, else an array over cases."""
    columns: dict[str, Value] = {}
    for name in dict.fromkeys(name for case in cases for name in case):
        own = solved.get(name, model.parameters[name].value)
        column = np.array([case.get(name, own) for case in cases], dtype=np.float64)
        columns[name] = float(column[0]) if (column == column[0]).all() else column
    return columns


def _with_solutions(model: Model, cases: Sequence[Case]) -> list[Case]:
    """The cases with the new values of solved parameters whose target they move."""
    targets = {name: item.solve.target.names for name, item in model.parameters.items() if item.solve is not None}
    known: dict[tuple[tuple[str, float], ...], dict[str, float]] = {}
    complete: list[Case] = []
    for case in cases:
        moved = {name: case[name] for names in targets.values() for name in sorted(names) if name in case}
        again = [name for name, names in targets.items() if names.intersection(moved) and name not in case]
        key = tuple(moved.items())
        if again and key not in known:
            known[key] = solved_values(model.with_values(moved))
        complete.append({**case, **{name: known[key][name] for name in again}})
    return complete


def _computed(model: Model) -> frozenset[str]:
    """Parameters without a number of their own, which other parameters may move."""
    return frozenset(name for name, item in model.parameters.items() if item.term or item.same_as)


def horizon_names(model: Model) -> frozenset[str]:
    """The names that the number of cycles depends on."""
    settings = model.settings
    ends = [settings.years] if settings.years is not None else [settings.until_age, settings.start_age]
    return depends_on(model, (name for term in ends if term is not None for name in term.names))


def depends_on(model: Model, names: Iterable[str]) -> frozenset[str]:
    """The names, and every name that they are computed from."""
    found: set[str] = set()
    pending = set(names)
    while pending:
        name = pending.pop()
        found.add(name)
        parameter, formula = model.parameters.get(name), model.formulas.get(name)
        term = formula.term if formula else parameter.term if parameter else None
        needed = set(term.names) if term else set()
        if parameter is not None and parameter.same_as is not None:
            needed.add(parameter.same_as)
        pending |= needed - found
    return frozenset(found)

"""Structural uncertainty: the decision under each way to build the model, and what the solved parameters become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import pandas as pd

from cea.analysis.deterministic import Progress
from cea.analysis.headline import HeadlineResult
from cea.analysis.scenario_grid import Choice, clash
from cea.analysis.scenarios import Scenario, base_scenario, in_order, scenario_of, scenarios_frame
from cea.engine.results import run
from cea.engine.scope import Scope
from cea.engine.solve import measure, solved_values
from cea.errors import CeaError, InputError, UsageError
from cea.model.definition import Model, Solve, Source
from cea.model.document import did_you_mean, shortened


@dataclass(frozen=True)
class Dimension:
    """A structural question with its choices, the base case first, and how much each weighs (they sum to 1)."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    weights: tuple[float, ...]
    source: Source | None = None

    def choice(self, name: str) -> Choice:
        """The choice of a name. Raises UsageError."""
        for item in self.choices:
            if item.name == name:
                return item
        raise UsageError(f"{self.name} has no choice '{shortened(name)}': {did_you_mean(name, self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the choices."""
        return tuple(item.name for item in self.choices)


@dataclass(frozen=True)
class Structures:
    """The structural questions of a model; the solved parameters are shown over every combination of `solved_over`."""

    dimensions: tuple[Dimension, ...]
    solved_over: tuple[str, ...] = ()

    def dimension(self, name: str) -> Dimension:
        """The dimension of a name. Raises UsageError."""
        for item in self.dimensions:
            if item.name == name:
                return item
        known = [item.name for item in self.dimensions]
        raise UsageError(f"there is no structural question '{shortened(name)}': {did_you_mean(name, known)}")

    def weighted(self, weights: Mapping[tuple[str, str], float]) -> Structures:
        """With other weights by (dimension, choice): those of a named dimension are replaced as a whole.

        Raises UsageError for unknown names and for weights below zero or that do not sum to 1.
        """
        given: dict[str, dict[str, float]] = {}
        for (dimension, choice), weight in weights.items():
            self.dimension(dimension).choice(choice)
            given.setdefault(dimension, {})[choice] = weight
        for name, own in given.items():
            total = sum(own.values())
            if min(own.values()) < 0 or abs(total - 1) > 1e-9:
                what = ", ".join(f"{choice} {weight:g}" for choice, weight in own.items())
                raise UsageError(f"the weights of {name} ({what}) sum to {total:g}: let them sum to 1, none below zero")
        changed = tuple(
            replace(item, weights=tuple(given[item.name].get(name, 0.0) for name in item.names), source=None)
            if item.name in given
            else item
            for item in self.dimensions
        )
        return replace(self, dimensions=changed)


@dataclass(frozen=True)
class Alternative:
    """One choice of one dimension, all others being those of the base case."""

    dimension: Dimension
    choice: Choice
    scenario: Scenario
    solutions: tuple[Solution, ...] = ()


@dataclass(frozen=True)
class Solution:
    """A solved parameter under a structure: what it is solved for, its value, and what that gives.

    `target` is None where the structure sets the parameter to a number instead. `reached` is the measure (such as the
    hazard ratio) at `value`, and `held` the measure that the base case's value would give here.
    """

    parameter: str
    solve: Solve
    target: float | None
    value: float
    reached: float
    held: float


@dataclass(frozen=True)
class Combination:
    """Choices of several dimensions at once, in the order of the dimensions, or the reason why they exclude each other.

    `weight` is the product of theirs.
    """

    choices: tuple[Choice, ...]
    weight: float
    solutions: tuple[Solution, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        """The names of the choices."""
        return " + ".join(item.name for item in self.choices)

    @property
    def label(self) -> str:
        """The labels of the choices."""
        return "; ".join(item.label for item in self.choices)


def run_structures(
    model: Model, structures: Structures, perspective: str | None = None, progress: Progress | None = None
) -> tuple[Alternative, ...]:
    """The headlines under every choice of every dimension. Raises InputError and CeaError as the layers and runs do.

    A choice that is made for another currency, or that is not possible, is kept with its reason.
    """
    base = base_scenario(run(model, perspective))
    references = {base.perspective: base.headlines}
    pairs = [(dimension, choice) for dimension in structures.dimensions for choice in dimension.choices]
    point = solved_values(model)
    found = []
    for done, (dimension, choice) in enumerate(pairs):
        if choice.layers:
            scenario = scenario_of(model, choice.name, choice.label, choice.layers, references, perspective)
        else:
            scenario = replace(base, name=choice.name, label=choice.label)
        ran = scenario.results is not None
        solutions = tuple(_solutions(model, scenario.results.model, point)) if ran and scenario.results else ()
        found.append(Alternative(dimension, choice, scenario, solutions))
        if progress is not None:
            progress(done + 1, len(pairs))
    return tuple(found)


def combine(model: Model, dimensions: Sequence[Dimension], *, weighted: bool = False) -> tuple[Combination, ...]:
    """Every combination of the choices of some dimensions, the base case first; only those with a weight if `weighted`.

    Raises UsageError where dimensions are none.
    """
    if not dimensions:
        raise UsageError("the model has no structural questions to combine")
    found = []
    for picked in product(*(zip(item.choices, item.weights, strict=True) for item in dimensions)):
        weight = 1.0
        for _, own in picked:
            weight *= own
        if weight > 0 or not weighted:
            choices = tuple(choice for choice, _ in picked)
            found.append(Combination(choices, weight, reason=_clash(model, choices)))
    return tuple(found)


def _clash(model: Model, choices: Iterable[Choice]) -> str:
    for one, other in combinations((item for item in choices if item.layers), 2):
        if reason := clash(model, one.layers, other.layers):
            return reason
    return ""


def with_choices(model: Model, choices: Iterable[Choice]) -> Model:
    """The model under the layers of some choices. Raises InputError and CeaError as the layers do."""
    layers = {layer.name: layer for item in choices for layer in item.layers}
    for layer in layers.values():
        if layer.requires_currency not in (None, model.currency):
            raise UsageError(f"{layer.label} is made for models in {layer.requires_currency}")
    return model.with_only(in_order(model, list(layers.values())))


def solve_over(
    model: Model, structures: Structures, progress: Progress | None = None
) -> tuple[Combination, ...]:
    """The solved parameters under every combination of the dimensions in `solved_over`.

    A combination that is not possible, or in which a target cannot be met, has its reason. Nothing where the model
    solves for nothing or `solved_over` is empty.
    """
    point = solved_values(model)
    if not point or not structures.solved_over:
        return ()
    wanted = combine(model, [structures.dimension(name) for name in structures.solved_over])
    found = []
    for done, item in enumerate(wanted):
        solved = item
        if not item.reason:
            try:
                solved = replace(item, solutions=tuple(_solutions(model, with_choices(model, item.choices), point)))
            except CeaError as error:
                said = error.problems[0].what if isinstance(error, InputError) else str(error)
                solved = replace(item, reason=said)
        found.append(solved)
        if progress is not None:
            progress(done + 1, len(wanted))
    return tuple(found)


def _solutions(model: Model, under: Model, point: Mapping[str, float]) -> Iterator[Solution]:
    """The parameters that `model` solves for, under a structure; `point` are its own solved values."""
    values = solved_values(under)
    for name, base in point.items():
        solve = model.parameters[name].solve
        if solve is None or name not in under.parameters:
            continue
        own = under.parameters[name].solve
        value = values.get(name, under.parameters[name].value)
        if value is None:
            continue  # a formula there: nothing to compare with a number
        scope = Scope(under, {**values, name: value}, tuple(under.strategies), cycles=1)
        years = None if solve.years is None else scope.number(solve.years, f"years of {name}")
        reached, held = (measure(under, solve, {**values, name: each}, years) for each in (value, base))
        target = None if own is None else scope.number(own.target, f"target of {name}")
        yield Solution(name, own or solve, target, value, reached, held)


def alternatives_frame(alternatives: Iterable[Alternative], threshold: float) -> pd.DataFrame:
    """Tidy table: a row for each choice and headline.

    Columns: dimension, dimension_label, choice, weight, those of `scenarios_frame` (without scenario), worth_it, and
    for each solved parameter its value and, as `_reached`, the measure that it gives.
    """
    rows = []
    for item in alternatives:
        weight = item.dimension.weights[item.dimension.choices.index(item.choice)]
        known = {
            "dimension": item.dimension.name, "dimension_label": item.dimension.label, "choice": item.choice.name,
            "weight": weight,
        }  # fmt: skip
        solved: dict[str, object] = {}
        for one in item.solutions:
            solved |= {one.parameter: one.value, f"{one.parameter}_reached": one.reached}
        for own in scenarios_frame([item.scenario], threshold).to_dict("records"):
            record = {str(key): value for key, value in own.items() if key != "scenario"}
            worth = record["nmb"] >= 0 if "nmb" in record else None
            rows.append({**known, **record, "worth_it": worth, **solved})
    return pd.DataFrame(rows)


def solutions_frame(combinations: Iterable[Combination], structures: Structures) -> pd.DataFrame:
    """Tidy table: a row for each combination and solved parameter.

    Columns: one for each dimension of `solved_over`, label, parameter, measure, target, value, reached, held, reason.
    """
    rows: list[dict[str, object]] = []
    for item in combinations:
        names = (choice.name for choice in item.choices)
        known: dict[str, object] = dict(zip(structures.solved_over, names, strict=True))
        known["label"] = item.label
        if not item.solutions:
            rows.append({**known, "reason": item.reason})
        for one in item.solutions:
            rows.append(
                {
                    **known, "parameter": one.parameter, "measure": one.solve.measure, "target": one.target,
                    "value": one.value, "reached": one.reached, "held": one.held, "reason": "",
                }
            )
    return pd.DataFrame(rows)


def turned(alternatives: Sequence[Alternative], threshold: float) -> list[tuple[Alternative, HeadlineResult]]:
    """The choices under which a headline's decision at a threshold is not that of the base case."""
    found = []
    for item in alternatives:
        for own in item.scenario.headlines:
            base = next((one for one in item.scenario.reference if one.headline.name == own.headline.name), None)
            if base is not None and (own.net_benefit(threshold) >= 0) != (base.net_benefit(threshold) >= 0):
                found.append((item, own))
    return found

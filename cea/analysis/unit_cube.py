"""A model, or any other vectorised function, as outcomes on the unit cube: what global sensitivity analyses look at.

An input is a column of the cube, or several that belong together: a joint group and a Dirichlet group are one input,
because their columns do not act on one parameter each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

import numpy as np

from cea.analysis.deterministic import Progress, comparisons, worth_it
from cea.engine.batch import evaluate
from cea.engine.cube import BLOCK, Cube
from cea.engine.outcomes import Floats
from cea.engine.program import Program
from cea.engine.results import choose_perspective
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Headline, Model
from cea.model.document import did_you_mean, shortened

OTHERS = "(all others)"
"""Name of the input that stands for all that were not asked for."""
MEASURES = {
    "nmb": "Incremental net monetary benefit",
    "cost": "Incremental cost",
    "effect": "Incremental effect",
    "decision": "Decision (worth its cost or not)",
}
"""What is looked at in each comparison, with its label."""
MAX_BYTES = 2**30
"""Most memory that the points of one analysis may take."""
_SEGMENT = 2 * BLOCK


@dataclass(frozen=True)
class CubeInput:
    """Columns of the cube that move together, and the parameters that they draw."""

    name: str
    label: str
    columns: tuple[int, ...]
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class CubeOutcome:
    """One of the numbers that the function gives: `measure` (a key of MEASURES) of the comparison `headline`.

    Both are empty for a function that is no model.
    """

    name: str
    label: str
    measure: str = ""
    headline: Headline | None = None


@dataclass(frozen=True)
class OnCube:
    """A function on the unit cube: points of shape (sample, column) give values of shape (sample, outcome).

    The inputs share out the columns, in the order of their first ones. Raises ValueError where they do not, UsageError
    where there are fewer than two, because all variance is then that of the one. `notes` say what a reader should know.
    """

    function: Callable[[Floats], Floats]
    inputs: tuple[CubeInput, ...]
    outcomes: tuple[CubeOutcome, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.inputs) < 2:
            raise UsageError("a global analysis needs two uncertain inputs at least; with one, all variance is its own")
        taken = [column for item in self.inputs for column in item.columns]
        first = [min(item.columns) for item in self.inputs]
        if sorted(taken) != list(range(len(taken))) or first != sorted(first):
            raise ValueError("the inputs must share out all columns, and stand in the order of their first ones")

    @property
    def columns(self) -> int:
        """Number of columns of the cube."""
        return sum(len(item.columns) for item in self.inputs)

    def values(self, points: Floats, threads: int = 2, progress: Progress | None = None) -> Floats:
        """Values of shape (sample, outcome), the same for any number of threads; points in segments, to save memory."""
        values = np.empty((len(points), len(self.outcomes)))

        def fill(start: int) -> int:
            part = points[start : start + _SEGMENT]
            values[start : start + len(part)] = self.function(part)
            return len(part)

        done = 0
        with ThreadPoolExecutor(threads) as pool:
            for segment in as_completed([pool.submit(fill, start) for start in range(0, len(points), _SEGMENT)]):
                done += segment.result()
                if progress is not None:
                    progress(done, len(points))
        if not np.isfinite(values).all():
            raise ValueError("the function must give finite values")
        return values

    def only(self, names: Sequence[str]) -> OnCube:
        """The same function with the inputs `names`; all others vary as one more input, so that no variance is lost.

        Raises UsageError for an unknown input, and for one member of a group, which has no share of its own.
        """
        asked = {self._known(name) for name in names}
        chosen = [item for item in self.inputs if item.name in asked]
        rest = [item for item in self.inputs if item.name not in asked]
        if len(rest) > 1:
            columns = tuple(sorted(column for item in rest for column in item.columns))
            parameters = tuple(name for item in rest for name in item.parameters)
            rest = [CubeInput(OTHERS, "All other inputs together", columns, parameters)]
        chosen += rest
        return replace(self, inputs=tuple(sorted(chosen, key=lambda item: min(item.columns))))

    def _known(self, name: str) -> str:
        inputs = {item.name: item for item in self.inputs}
        if name in inputs:
            return name
        for item in self.inputs:
            if name in item.parameters and item.name != OTHERS:
                others = [other for other in item.parameters if other != name]
                raise UsageError(
                    f"{name} is drawn together with {', '.join(others)}: dependent inputs have no index each, "
                    f"because their shares of the variance overlap; ask for {item.name}, which is all of them"
                )
        raise UsageError(f"unknown uncertain input '{shortened(name)}': {did_you_mean(name, inputs)}")


def model_on_cube(
    model: Model,
    pair: tuple[str, str] | None = None,
    *,
    perspective: str | None = None,
    joint: str = "correlation",
) -> OnCube:
    """What a model's uncertain inputs do to each headline, or to one pair (strategy, comparator).

    The outcomes of a comparison are its incremental net monetary benefit at the model's threshold, its incremental
    cost, its incremental effect, and the decision: 1 where the strategy is worth its cost, else 0. Solved parameters
    keep their base values. Raises UsageError for an unknown strategy or perspective, or too few uncertain inputs.
    """
    asked = comparisons(model, pair)
    cube = Cube(model, joint)
    program = Program.of(model, choose_perspective(model, perspective), cube.names, solved_values(model))
    order = list(program.strategies)
    sides = [(order.index(item.strategy), order.index(item.comparator)) for item in asked]
    threshold = model.threshold

    def function(points: Floats) -> Floats:
        totals = evaluate(program, cube.parameters(points).values)
        columns = []
        for first, second in sides:
            cost = totals.cost[:, first] - totals.cost[:, second]
            effect = totals.effect[:, first] - totals.effect[:, second]
            columns += [threshold * effect - cost, cost, effect, worth_it(effect, cost, threshold).astype(np.float64)]
        return np.column_stack(columns)

    outcomes = tuple(
        CubeOutcome(f"{measure}_{item.name}", label, measure, item)
        for item in asked
        for measure, label in MEASURES.items()
    )
    return OnCube(function, cube_inputs(model, cube), outcomes, cube.warnings)


def cube_inputs(model: Model, cube: Cube) -> tuple[CubeInput, ...]:
    """The columns of a model's cube as inputs: those of a group as one."""
    columns: dict[str, list[int]] = {}
    for column, item in enumerate(cube.dimensions):
        # A group with one column, such as a shared draw, has that column's name.
        columns.setdefault(item.group or item.name, []).append(column)
    inputs = []
    for name, own in columns.items():
        parameters = tuple(member for column in own for member in cube.dimensions[column].parameters)
        labels = [model.parameters[member].label for member in parameters]
        if len(parameters) == 1:
            inputs.append(CubeInput(parameters[0], labels[0], tuple(own), parameters))
        else:
            text = name.replace("_", " ")
            label = f"{text[:1].upper()}{text[1:]} ({len(parameters)} parameters)"
            inputs.append(CubeInput(name, label, tuple(own), parameters))
    return tuple(inputs)

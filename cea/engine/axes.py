"""Nodes of a program: values with their axes, each distinct one once.

What a value varies by decides how often it is computed. A *constant* is a number. A *series* varies by cycle alone: it
is computed once for all draws, with NumPy. A *sample* node varies by draw alone: once a draw. A *mixed* node varies by
both: again at every cycle boundary at which something in it changes, and at no other.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Node:
    """A value over cycle boundaries and draws.

    operation: `constant`, `series`, `drawn` or what is done with `arguments`. value: the number of a constant, the
    values of a series, shape (boundary,), the name of a drawn parameter, the table and column of a lookup.
    changes: boundaries at which the value may differ from the one before, shape (boundary,); True at the first.
    low, high: bounds of the value in all draws and cycles, for what has one.
    """

    __slots__ = ("arguments", "changes", "high", "index", "low", "operation", "value")

    def __init__(
        self, index: int, operation: str, arguments: tuple[Node, ...], value: object, changes: Flags,
        bounds: tuple[float, float],
    ) -> None:  # fmt: skip
        self.index = index
        self.operation = operation
        self.arguments = arguments
        self.value = value
        self.changes = changes
        self.low, self.high = bounds

    @property
    def known(self) -> bool:
        """Constant or series: the same in all draws."""
        return self.operation in ("constant", "series")

    @property
    def varies(self) -> bool:
        """Differs between cycles."""
        return int(np.count_nonzero(self.changes)) > 1

    @property
    def number(self) -> float | None:
        """The number of a constant."""
        return float(self.value) if self.operation == "constant" else None  # type: ignore[arg-type]

    @property
    def values(self) -> Floats | np.float64:
        """The values of a known node: a number, or an array of shape (boundary,)."""
        if not self.known:
            raise TypeError(f"{self.operation} has values in draws only")
        return self.value  # type: ignore[return-value]


class Graph:
    """All nodes of a program. What says the same is the same node: strategies share what they have in common."""

    def __init__(self, boundaries: int) -> None:
        self.boundaries = boundaries
        self.nodes: list[Node] = []
        self._known: dict[Hashable, Node] = {}

    def constant(self, number: float) -> Node:
        """A number."""
        value = np.float64(number)
        return self._node(("constant", value.tobytes()), "constant", (), value, self._once(), (number, number))

    def series(self, values: npt.ArrayLike) -> Node:
        """Values by cycle boundary; a constant if they are all the same."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim == 0 or array.tobytes() == np.full_like(array, array[0]).tobytes():
            return self.constant(float(array if array.ndim == 0 else array[0]))
        array = array.copy()
        array.flags.writeable = False
        changes = self._once()
        changes[1:] = ~((array[1:] == array[:-1]) | (np.isnan(array[1:]) & np.isnan(array[:-1])))
        return self._node(("series", array.tobytes()), "series", (), array, changes, (array.min(), array.max()))

    def drawn(self, name: str) -> Node:
        """A parameter that differs between draws."""
        return self._node(("drawn", name), "drawn", (), name, self._once(), (-math.inf, math.inf))

    def node(self, operation: str, *arguments: Node, value: Hashable = None) -> Node:
        """What an operation makes of other nodes."""
        key = (operation, value, *(argument.index for argument in arguments))
        return self._node(
            key, operation, arguments, value, self._changes(operation, arguments), _bounds(operation, arguments)
        )

    def _node(
        self, key: Hashable, operation: str, arguments: tuple[Node, ...], value: object, changes: Flags,
        bounds: tuple[float, float],
    ) -> Node:  # fmt: skip
        if key not in self._known:
            self._known[key] = Node(len(self.nodes), operation, arguments, value, changes, bounds)
            self.nodes.append(self._known[key])
        return self._known[key]

    def _once(self) -> Flags:
        changes = np.zeros(self.boundaries, dtype=bool)
        changes[0] = True
        return changes

    def _changes(self, operation: str, arguments: tuple[Node, ...]) -> Flags:
        if operation == "if" and arguments[0].operation == "series":
            # only the branch that is taken matters
            condition, yes, no = arguments
            return condition.changes | np.where(np.equal(condition.values, 0.0), no.changes, yes.changes)
        changes = self._once()
        for argument in arguments:
            changes |= argument.changes
        return changes


def demanded(node: Node, runs: Flags) -> list[Flags]:
    """When each argument of a node must be there, shape (boundary,), for a node that is computed at `runs`."""
    if node.operation == "if" and node.arguments[0].operation == "series":
        taken = np.not_equal(node.arguments[0].values, 0.0)
        return [runs, runs & taken, runs & ~taken]
    return [runs] * len(node.arguments)


def _bounds(operation: str, arguments: tuple[Node, ...]) -> tuple[float, float]:
    """Bounds by interval arithmetic (Moore, Interval Analysis, 1966), for the operations that need few lines."""
    lows = [argument.low for argument in arguments]
    highs = [argument.high for argument in arguments]
    corners: list[float] = []
    match operation:
        case "+":
            corners = [lows[0] + lows[1], highs[0] + highs[1]]
        case "-":
            corners = [lows[0] - highs[1], highs[0] - lows[1]]
        case "*":
            corners = [_product(one, other) for one in (lows[0], highs[0]) for other in (lows[1], highs[1])]
        case "min":
            return min(lows), min(highs)
        case "max":
            return max(lows), max(highs)
        case "if":
            return min(lows[1:]), max(highs[1:])
        case "rate_to_prob" | "below" | "truth" | "stay":
            return 0.0, 1.0
        case "exp" | "sqrt" | "abs" | "prob_to_rate":
            return 0.0, math.inf
    if not corners or any(math.isnan(corner) for corner in corners):
        return -math.inf, math.inf
    return min(corners), max(corners)


def _product(one: float, other: float) -> float:
    return 0.0 if one == 0.0 or other == 0.0 else one * other

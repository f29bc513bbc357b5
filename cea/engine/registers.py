"""From nodes and steps to the arrays that the vector machine runs: registers, instructions, and when each one runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cea.engine.axes import Flags, Floats, Graph, Node, demanded
from cea.engine.vector import TILE, WORDS, Operation, execute
from cea.formula import NumericTable
from cea.formula.functions import FLOOR_LIMIT, HIGHEST_PROBABILITY, TOLERANCE

Integers = npt.NDArray[np.int64]

OPERATIONS: dict[str, Operation] = {
    "+": Operation.ADD,
    "-": Operation.SUBTRACT,
    "*": Operation.MULTIPLY,
    "/": Operation.DIVIDE,
    "^": Operation.POWER,
    "if": Operation.SELECT,
    **{
        name: Operation[name.upper()]
        for name in (
            "min", "max", "exp", "ln", "sqrt", "abs", "floor", "below", "truth", "lookup", "rate_to_prob",
            "prob_to_rate", "stay", "leave",
        )
    },
}  # fmt: skip
"""The instruction for every operation of a node that has operands."""


class Register(int):
    """The number of a register, as an operand of a step; a plain number is an operand as it stands."""


@dataclass(frozen=True, eq=False)
class Step:
    """An instruction whose operands may still be nodes, and the boundaries at which it runs, shape (boundary,)."""

    operation: Operation
    target: Register
    operands: tuple[Node | int, ...]
    runs: Flags


@dataclass(frozen=True, eq=False)
class Code:
    """The arrays that `vector.execute` takes, and how many registers it needs."""

    instructions: Integers
    starts: Integers
    schedule: Integers
    constants: Floats
    series: Floats
    rows: Integers
    keys: Floats
    until: Floats
    columns: Floats
    results: Integers
    registers: int

    def run(self, drawn: Floats, step_years: float) -> Floats:
        """The results, shape (result, sample), for draws, shape (drawn parameter, sample). step_years: a cycle."""
        samples = drawn.shape[1]
        padded = np.pad(drawn, ((0, 0), (0, -samples % TILE)), mode="edge")
        outputs = np.empty((len(self.results), padded.shape[1]))
        limits = np.array([TOLERANCE, FLOOR_LIMIT, HIGHEST_PROBABILITY, step_years])
        execute(
            self.instructions, self.starts, self.schedule, self.constants, self.series, padded, self.rows, self.keys,
            self.until, self.columns, limits, self.results, np.empty((self.registers, TILE)), outputs,
        )  # fmt: skip
        return outputs[:, :samples]


class Assembly:
    """Collects the steps of a program in the order in which they run within a boundary; nodes come before all steps."""

    def __init__(self, graph: Graph, drawn: Sequence[str], tables: Mapping[str, NumericTable]) -> None:
        self.graph = graph
        self.boundaries = graph.boundaries
        self._drawn = {name: position for position, name in enumerate(drawn)}
        self._tables = tables
        self._steps: list[Step] = []
        self._size = 0
        self._rows: dict[Node, int] = {}
        self._constants: dict[Node, int] = {}
        self._lookups: dict[tuple[str, str], int] = {}

    def register(self, count: int = 1) -> Register:
        """The first of `count` new registers in a row."""
        self._size += count
        return Register(self._size - count)

    def step(self, operation: Operation, target: Register, *operands: Node | int, runs: Flags) -> None:
        """Adds an instruction; nothing when it never runs."""
        if runs.any():
            self._steps.append(Step(operation, target, operands, runs))

    def row(self, node: Node) -> int:
        """The number of a known node among the series, for operands that are weights."""
        return self._rows.setdefault(node, len(self._rows))

    def code(self, results: Sequence[Register]) -> Code:
        """The arrays of all steps and of the nodes that they need. results: the registers wanted at the end."""
        runs = self._runs()
        registers: dict[Node, Register] = {node: self.register() for node in runs}
        rows = [
            *(self._words(node, registers) for node in runs),
            *(self._resolved(step, registers) for step in self._steps),
        ]
        when = np.array([*runs.values(), *(step.runs for step in self._steps)], dtype=bool).reshape(-1, self.boundaries)
        instructions = np.zeros((len(rows), WORDS), dtype=np.int64)
        for row, words in zip(instructions, rows, strict=True):
            row[: len(words)] = words
        boundary, schedule = np.nonzero(when.T)
        tables = [(self._tables[table], column) for table, column in self._lookups]
        lengths = [len(table.keys) for table, _ in tables]
        return Code(
            instructions=instructions,
            starts=np.searchsorted(boundary, np.arange(self.boundaries + 1)).astype(np.int64),
            schedule=schedule.astype(np.int64),
            constants=np.array([node.values for node in self._constants], dtype=np.float64),
            series=self._series(),
            rows=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            keys=_joined([table.keys for table, _ in tables]),
            until=np.array([table.until for table, _ in tables], dtype=np.float64),
            columns=_joined([table.columns[column] for table, column in tables]),
            results=np.array(results, dtype=np.int64),
            registers=self._size,
        )

    def _runs(self) -> dict[Node, Flags]:
        """The boundaries at which each node is computed: where it is needed and has changed since it last was."""
        needed: dict[Node, Flags] = {}

        def need(node: Node, when: Flags) -> None:
            needed[node] = needed[node] | when if node in needed else when

        for step in self._steps:
            for operand in step.operands:
                if isinstance(operand, Node):
                    need(operand, step.runs)
        runs: dict[Node, Flags] = {}
        for node in reversed(self.graph.nodes):  # a node comes after its arguments
            if node in needed and needed[node].any():
                runs[node] = _changed(node.changes, needed[node])
                for argument, when in zip(node.arguments, demanded(node, runs[node]), strict=True):
                    need(argument, when)
        return dict(reversed(runs.items()))

    def _words(self, node: Node, registers: Mapping[Node, Register]) -> list[int]:
        """The instruction that computes a node."""
        target = registers[node]
        if node.operation == "constant":
            return [Operation.CONSTANT, target, self._constants.setdefault(node, len(self._constants))]
        if node.operation == "series":
            return [Operation.SERIES, target, self.row(node)]
        if node.operation == "drawn":
            return [Operation.DRAWN, target, self._drawn[str(node.value)]]
        words = [OPERATIONS[node.operation], target, *(registers.get(argument, 0) for argument in node.arguments)]
        if isinstance(node.value, tuple):
            words.append(self._lookups.setdefault(node.value, len(self._lookups)))
        return words

    def _resolved(self, step: Step, registers: Mapping[Node, Register]) -> list[int]:
        operands = [registers[operand] if isinstance(operand, Node) else operand for operand in step.operands]
        return [step.operation, step.target, *operands]

    def _series(self) -> Floats:
        series = np.zeros((len(self._rows), self.boundaries))
        for node, row in self._rows.items():
            series[row] = node.values
        return series


def _changed(changes: Flags, needed: Flags) -> Flags:
    """Where a value is needed and is not that of the boundary at which it was needed before."""
    at = np.flatnonzero(needed)
    version = np.cumsum(changes)[at]
    runs = np.zeros_like(needed)
    runs[at[np.diff(version, prepend=-1) != 0]] = True
    return runs


def _joined(arrays: Sequence[Floats]) -> Floats:
    return np.concatenate(arrays) if arrays else np.zeros(0)

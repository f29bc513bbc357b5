"""How the cohort of one strategy moves, as steps of a program: only states and flows that somebody asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cea.engine.axes import Node
from cea.engine.folding import Algebra, condition, fold
from cea.engine.markov import ROW_SUM_TOLERANCE
from cea.engine.registers import Assembly, Register
from cea.engine.scope import TOLERANCE
from cea.engine.vector import DOTS, MOVES, Operation
from cea.model.definition import Model

Pair = tuple[Node, Register]


@dataclass(frozen=True)
class Arrow:
    """A way between states that is not closed to this strategy for good; `value` is its rate or probability."""

    source: str
    target: str
    event: str | None
    value: Node


class Checks:
    """What must not be below zero: the lowest of it, over cycles and strategies, ends in one register."""

    def __init__(self, algebra: Algebra, assembly: Assembly) -> None:
        self.lowest = assembly.register()
        self._graph = algebra.graph
        self._assembly = assembly
        self._seen: set[Node] = set()
        assembly.step(Operation.ZERO, self.lowest, runs=algebra.zero.changes)

    def require(self, node: Node) -> None:
        """Checks a node wherever it changes, or only that part of a product whose sign is not known."""
        while node.operation in ("*", "/") and max(argument.low for argument in node.arguments) >= 0.0:
            left, right = node.arguments
            node = right if left.low >= 0.0 else left
        if node.low < 0.0 and node not in self._seen:
            self._seen.add(node)
            runs = node.changes.copy()
            runs[-1] = False  # no cycle begins at the last boundary
            self._assembly.step(Operation.LOWEST, self.lowest, node, runs=runs)


class Movement:
    """States and flows of one strategy. Ask for all that is wanted with `occupancy` and `flow`, then `open` and `move`.

    names: the node of every name under the strategy.
    """

    def __init__(
        self, model: Model, names: Mapping[str, Node], algebra: Algebra, assembly: Assembly, checks: Checks
    ) -> None:  # fmt: skip
        self._model = model
        self._algebra = algebra
        self._assembly = assembly
        self._checks = checks
        self._step_years = 1.0 / model.settings.cycles_per_year
        self._cycles = np.arange(assembly.boundaries) < assembly.boundaries - 1
        self._start = self._start_shares(names)
        self._arrows = self._open_arrows(names)
        self._reached = self._reachable()
        self._occupancies: dict[str, Register] = {}
        self._flows: dict[str, Register] = {}
        self._rings: dict[str, Register] = {}

    def occupancy(self, state: str) -> Register | None:
        """The share in a state at the boundary; None where nobody ever is."""
        if state not in self._reached:
            return None
        if state not in self._occupancies:
            self._occupancies[state] = self._assembly.register()
            for arrow in self._arrows:
                if arrow.target == state:
                    self.occupancy(arrow.source)
            for tunnel in self._model.states.values():
                if tunnel.then == state:
                    self.occupancy(tunnel.name)
        return self._occupancies[state]

    def flow(self, event: str) -> Register | None:
        """How often an event happened during the cycle that ends at the boundary; None where it never does."""
        sources = {arrow.source for arrow in self._arrows if arrow.event == event} & self._reached
        if not sources:
            return None
        for source in sources:
            self.occupancy(source)
        if event not in self._flows:
            self._flows[event] = self._assembly.register()
        return self._flows[event]

    def open(self) -> None:
        """Adds the steps that put everybody where they start."""
        first = self._algebra.zero.changes
        for state, occupancy in self._occupancies.items():
            share = self._start.get(state, self._algebra.zero)
            self._assembly.step(Operation.DOT_1, occupancy, share, self._algebra.one, runs=first)
            if self._model.states[state].then is not None:
                steps = self._model.states[state].steps
                self._rings[state] = self._assembly.register(steps)
                self._assembly.step(Operation.OPEN_TUNNEL, self._rings[state], share, steps, runs=first)

    def move(self) -> None:
        """Adds the steps of a cycle: who leaves, how often events happen, where everybody is then."""
        stay, leave = self._exits()
        leaving = {state: self._leaving(state, leave[state]) for state in self._occupancies}
        expired = self._expired(stay)
        sums: dict[tuple[Pair, ...], Register] = {}
        for event, register in self._flows.items():
            pairs = self._pairs((arrow for arrow in self._arrows if arrow.event == event), leaving)
            self._dot(register, pairs)
            sums[tuple(pairs)] = register
        entering: dict[str, list[Pair]] = {}
        for state in self._occupancies:
            pairs = self._pairs((arrow for arrow in self._arrows if arrow.target == state), leaving)
            known = sums.get(tuple(pairs))
            entering[state] = pairs if known is None else [(self._algebra.one, known)]
            entering[state] += [(self._algebra.one, expired[name]) for name in expired
                                if self._model.states[name].then == state]  # fmt: skip
        for state, occupancy in self._occupancies.items():
            if state in self._rings:
                self._pass(state, occupancy, stay[state], entering[state])
            else:
                self._move(occupancy, stay[state], entering[state])

    def _start_shares(self, names: Mapping[str, Node]) -> dict[str, Node]:
        algebra, graph = self._algebra, self._algebra.graph
        shares: dict[str, Node] = {}
        total, rest = algebra.zero, None
        for name in self._model.states:
            if name not in self._model.start:
                continue
            term = self._model.start[name]
            if term is None:
                rest = name
                continue
            shares[name] = fold(term.expression, names, algebra)
            total = algebra.add(total, shares[name])
            self._checks.require(algebra.add(shares[name], graph.constant(TOLERANCE)))
        self._checks.require(algebra.subtract(graph.constant(1.0 + TOLERANCE), total))
        if rest is None:
            self._checks.require(algebra.subtract(total, graph.constant(1.0 - TOLERANCE)))
        else:
            shares[rest] = algebra.subtract(algebra.one, total)
        return {name: share for name, share in shares.items() if share is not algebra.zero}

    def _open_arrows(self, names: Mapping[str, Node]) -> list[Arrow]:
        algebra = self._algebra
        arrows = []
        for move in self._model.transitions:
            value = fold(move.term.expression, names, algebra)
            if move.when is not None:
                value = algebra.choose(condition(move.when.expression, names, algebra), value, algebra.zero)
            self._checks.require(value)
            if value is not algebra.zero:
                arrows.append(Arrow(move.source, move.target, move.event, value))
        return arrows

    def _reachable(self) -> set[str]:
        reached = set(self._start)
        waiting = list(reached)
        while waiting:
            state = waiting.pop()
            onward = {arrow.target for arrow in self._arrows if arrow.source == state}
            onward |= {then for then in [self._model.states[state].then] if then is not None}
            waiting += onward - reached
            reached |= onward
        return reached

    def _exits(self) -> tuple[dict[str, Node], dict[str, Node]]:
        """By state the share that stays, and the factor on a rate or probability that gives the share that leaves."""
        by_rate = {move.source for move in self._model.transitions if move.kind == "rate"}
        stay, leave = {}, {}
        for state in self._occupancies:
            total = self._total(arrow.value for arrow in self._arrows if arrow.source == state)
            if state in by_rate:
                stay[state], leave[state] = self._competing_risks(total)
            else:
                stay[state], leave[state] = self._algebra.subtract(self._algebra.one, total), self._algebra.one
                ceiling = self._algebra.graph.constant(1.0 + ROW_SUM_TOLERANCE)
                self._checks.require(self._algebra.subtract(ceiling, total))
        return stay, leave

    def _competing_risks(self, total: Node) -> tuple[Node, Node]:
        """exp(-R dt) and (1 - exp(-R dt)) / R."""
        graph = self._algebra.graph
        if not total.known:
            stay = graph.node("stay", total)
            return stay, graph.node("leave", total, stay)
        rate = np.asarray(total.values)
        staying = np.exp(-rate * self._step_years)
        leaving = np.where(rate == 0.0, 0.0, (1.0 - staying) / np.where(rate == 0.0, 1.0, rate))
        return graph.series(staying), graph.series(leaving)

    def _total(self, nodes: Iterable[Node]) -> Node:
        total = self._algebra.zero
        for node in nodes:
            total = self._algebra.add(total, node)
        return total

    def _leaving(self, state: str, leave: Node) -> Register | None:
        """A register with the share that a rate or probability of leaving the state acts on; None where not needed."""
        wanted = any(
            arrow.source == state and (arrow.target in self._occupancies or arrow.event in self._flows)
            for arrow in self._arrows
        )
        if not wanted:
            return None
        register = self._assembly.register()
        self._assembly.step(Operation.DOT_1, register, self._occupancies[state], leave, runs=self._cycles)
        return register

    def _expired(self, stay: Mapping[str, Node]) -> dict[str, Register]:
        """By tunnel a register with those who end its last step, where the state that follows is needed."""
        expired = {}
        for state, ring in self._rings.items():
            if self._model.states[state].then in self._occupancies:
                expired[state] = self._assembly.register()
                steps = self._model.states[state].steps
                self._assembly.step(
                    Operation.EXPIRE, expired[state], ring, steps, stay[state], runs=self._cycles
                )  # fmt: skip
        return expired

    def _pairs(self, arrows: Iterable[Arrow], leaving: Mapping[str, Register | None]) -> list[Pair]:
        """Rates (parallel ones added up) with the registers that they act on."""
        by_source: dict[str, list[Node]] = {}
        for arrow in arrows:
            if arrow.source in self._occupancies:
                by_source.setdefault(arrow.source, []).append(arrow.value)
        found = [(self._total(values), leaving[source]) for source, values in by_source.items()]
        return [(rate, register) for rate, register in found if register is not None]

    def _dot(self, target: Register, pairs: Sequence[Pair]) -> None:
        """target = the sum of the products of all pairs."""
        first, others = pairs[: len(DOTS)], pairs[len(DOTS) :]
        if not first:
            self._assembly.step(Operation.ZERO, target, runs=self._algebra.zero.changes)
            return
        self._assembly.step(DOTS[len(first) - 1], target, *_flat(first), runs=self._cycles)
        if others:
            self._move(target, self._algebra.one, others)

    def _move(self, target: Register, stay: Node, pairs: Sequence[Pair]) -> None:
        """target = target * stay + the sum of the products of all pairs."""
        most = len(MOVES) - 1
        for position in range(0, max(1, len(pairs)), most):
            some = pairs[position : position + most]
            self._assembly.step(MOVES[len(some)], target, stay, *_flat(some), runs=self._cycles)
            stay = self._algebra.one

    def _pass(self, state: str, occupancy: Register, stay: Node, entering: Sequence[Pair]) -> None:
        if len(entering) == 1 and entering[0][0] is self._algebra.one:
            register = entering[0][1]
        else:
            register = self._assembly.register()
            self._dot(register, entering)
        steps = self._model.states[state].steps
        self._assembly.step(
            Operation.PASS, occupancy, self._rings[state], steps, stay, register, runs=self._cycles
        )  # fmt: skip


def _flat(pairs: Sequence[Pair]) -> list[Node | Register]:
    return [operand for pair in pairs for operand in pair]

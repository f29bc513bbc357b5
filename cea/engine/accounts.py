"""What is paid, as steps of a program: shares and flows are added up by weight, and valued as rarely as values change.

A payoff is a share (of the cohort in a state, or of it that an event happened to) times a weight times a value, summed
over cycle boundaries. The weight carries discounting, correction and whatever else of the payoff is a series. As long
as the value does not change, weighted shares are only added up in an account, which all payoffs with the same share and
weight have in common; it is valued and emptied when one of their values is about to change, and at the end. A value
that changes often is applied at every boundary instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cea.engine.axes import Flags, Node
from cea.engine.correction import discounted_weights, weights
from cea.engine.folding import Algebra
from cea.engine.registers import Assembly, Register
from cea.engine.vector import Operation

OFTEN = 4
"""A value that changes at more than one in so many boundaries is applied at every boundary."""


@dataclass(frozen=True)
class Discounting:
    """Weights of payoffs as nodes: `point` of what is paid at once, `state` of what is paid per year."""

    point: Node
    state: Node


def discounting(algebra: Algebra, rate: Node, correction: str, step_years: float) -> Discounting:
    """Weights for an annual discount rate, which may be drawn: (1 + rate) ^ -years, as `payoffs.weights` has them."""
    graph = algebra.graph
    boundary = np.arange(graph.boundaries)
    base = algebra.add(algebra.one, rate)
    point = algebra.power(base, graph.series(-boundary * step_years))
    if point.known:
        factors = np.broadcast_to(point.values, boundary.shape) * step_years
        return Discounting(point, graph.series(discounted_weights(correction, factors)))
    if correction != "life_table":
        return Discounting(point, algebra.multiply(graph.series(weights(correction, boundary[-1]) * step_years), point))
    after = algebra.power(base, graph.series(-(boundary + 1) * step_years))
    now = algebra.multiply(graph.series(0.5 * step_years * (boundary > 0)), point)
    soon = algebra.multiply(graph.series(0.5 * step_years * (boundary < boundary[-1])), after)
    return Discounting(point, algebra.add(now, soon))


class Accounts:
    """The payoffs of one strategy. Each total is a register."""

    def __init__(self, algebra: Algebra, assembly: Assembly) -> None:
        self._algebra = algebra
        self._assembly = assembly
        self._entries: dict[tuple[Register, Node, bool], list[tuple[Register, Node]]] = {}

    def total(self) -> Register:
        """A new total, empty at the start."""
        register = self._assembly.register()
        self._assembly.step(Operation.ZERO, register, runs=self._algebra.zero.changes)
        return register

    def enter(self, total: Register, share: Register | None, weight: Node, value: Node, *, flow: bool = False) -> None:
        """Adds share * weight * value, over all boundaries (of a flow all but the first), to a total."""
        algebra = self._algebra
        if share is None or value is algebra.zero:
            return
        parts = algebra.factors(value)
        value = parts.sample or algebra.one
        weight = algebra.multiply(weight, parts.series or algebra.one)
        for factor in parts.mixed:
            if weight.known:
                value = algebra.multiply(value, factor)
            else:
                weight = algebra.multiply(weight, factor)
        self._entries.setdefault((share, weight, flow), []).append((total, value))

    def book(self) -> None:
        """Adds the steps of all entries."""
        for (share, weight, flow), entries in self._entries.items():
            runs = np.ones(self._assembly.boundaries, dtype=bool)
            runs[0] = not flow
            if weight.known:
                runs &= np.not_equal(weight.values, 0.0)
            rare = [entry for entry in entries if not self._often(entry[1], runs)]
            for total, value in entries:
                if (total, value) not in rare:
                    self._assembly.step(
                        Operation.BOOK_VALUE, total, self._assembly.row(weight), share, value, runs=runs
                    )
            if rare and runs.any():
                self._account(share, weight, rare, runs)

    def _often(self, value: Node, runs: Flags) -> bool:
        return bool(OFTEN * np.count_nonzero(value.changes & runs) > np.count_nonzero(runs)) and value.varies

    def _account(self, share: Register, weight: Node, entries: list[tuple[Register, Node]], runs: Flags) -> None:
        account = self.total()
        if weight.known:
            self._assembly.step(Operation.BOOK, account, self._assembly.row(weight), share, runs=runs)
        else:
            self._assembly.step(Operation.BOOK_PRODUCT, account, weight, share, runs=runs)
        valued = np.zeros_like(runs)
        for _, value in entries:
            valued[:-1] |= value.changes[1:]
        valued[-1] = True
        for total, value in entries:
            self._assembly.step(Operation.BOOK_PRODUCT, total, account, value, runs=valued)
        valued = valued.copy()
        valued[-1] = False
        self._assembly.step(Operation.ZERO, account, runs=valued)

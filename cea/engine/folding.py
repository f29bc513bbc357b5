"""Formulas to nodes: what is known is computed at once, and products and sums are ordered by how often they change.

The algebra keeps a product as (constant and sample factors) * (series factors) * (mixed factors), and a sum likewise,
so that whatever does not vary by cycle, or not by draw, is computed outside the loop in which it does not vary. A
factor 0 makes a product 0, a base 1 a power 1, and a condition that is known selects its branch: the part that has no
effect is left out, and a value that is missing in it alone is no fault here.

Regrouping changes the last digits. Against the formula as written (`cea.formula.numeric`) that is 1e-15 or so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cea.engine.axes import Floats, Graph, Node
from cea.formula import NumericTable, evaluate
from cea.formula.functions import ARITHMETIC, COMPARISONS, FUNCTIONS, truth
from cea.formula.tree import (
    Binary,
    Call,
    Compare,
    Expression,
    Logic,
    Lookup,
    Name,
    Negate,
    Not,
    Number,
    left_chain,
)


@dataclass(frozen=True)
class Parts:
    """Factors or terms by axes: constant and sample, series, mixed; None where there are none."""

    sample: Node | None
    series: Node | None
    mixed: tuple[Node, ...]


class Algebra:
    """What the operations of the language make of nodes."""

    def __init__(self, graph: Graph, tables: Mapping[str, NumericTable]) -> None:
        self.graph = graph
        self.tables = tables
        self.zero = graph.constant(0.0)
        self.one = graph.constant(1.0)
        self._sums: dict[Node, Parts] = {}
        self._products: dict[Node, Parts] = {}

    def factors(self, node: Node) -> Parts:
        """The factors of a node by axes."""
        return self._products.get(node) or _single(node)

    def add(self, left: Node, right: Node) -> Node:
        """The sum, with equal terms joined by their axes."""
        if left.known and right.known:
            return self._compute(ARITHMETIC["+"], left, right)
        return self._sum(self._joined("+", self._terms(left), self._terms(right)))

    def subtract(self, left: Node, right: Node) -> Node:
        """The sum with the negative."""
        if left.known and right.known:
            return self._compute(ARITHMETIC["-"], left, right)
        return self.add(left, self.negate(right))

    def negate(self, node: Node) -> Node:
        """The product with -1."""
        return self.multiply(self.graph.constant(-1.0), node)

    def multiply(self, left: Node, right: Node) -> Node:
        """The product, with its factors joined by their axes."""
        if left.known and right.known:
            return self._compute(ARITHMETIC["*"], left, right)
        if self.zero in (left, right):
            return self.zero
        return self._product(self._joined("*", self.factors(left), self.factors(right)))

    def divide(self, left: Node, right: Node) -> Node:
        """The product with the reciprocal, where that does not vary by cycle; else a division."""
        if left.known and right.known:
            return self._compute(ARITHMETIC["/"], left, right)
        if left is self.zero:
            return self.zero
        if right.known:
            return self.multiply(left, self._compute(ARITHMETIC["/"], self.one, right))
        if right.varies:
            return self.graph.node("/", left, right)
        return self.multiply(left, self.graph.node("/", self.one, right))

    def power(self, base: Node, exponent: Node) -> Node:
        """base ^ exponent; an exponential of a product where the base is known to be positive or constant over cycles.

        A drawn base at or below zero then has no logarithm and no value, even where the power has one; such a draw is
        found by its missing value and left to the reference.
        """
        if base.known and exponent.known:
            return self._compute(ARITHMETIC["^"], base, exponent)
        if base is self.one or exponent is self.zero:
            return self.one
        if exponent is self.one:
            return base
        if exponent.number == 2.0:
            return self.multiply(base, base)
        if base.known and base.low > 0.0:
            return self.call("exp", self.multiply(self._compute(np.log, base), exponent))
        if not base.known and not base.varies and exponent.varies:
            return self.call("exp", self.multiply(self.call("ln", base), exponent))
        return self.graph.node("^", base, exponent)

    def compare(self, operator: str, left: Node, right: Node) -> Node:
        """1 where the comparison holds, else 0. All six come from `x < 0` and `x != 0`, both with the tolerance."""
        if left.known and right.known:
            return self._compute(lambda one, other: COMPARISONS[operator](ARITHMETIC["-"](one, other)), left, right)
        gap = self.subtract(left, right)
        if operator in ("==", "!="):
            found, opposite = self.graph.node("truth", gap), operator == "=="
        else:
            below = gap if operator in ("<", ">=") else self.negate(gap)
            found, opposite = self.graph.node("below", below), operator in ("<=", ">=")
        return self.subtract(self.one, found) if opposite else found

    def condition(self, node: Node) -> Node:
        """1 where a value is not zero, else 0."""
        return self._compute(truth, node) if node.known else self.graph.node("truth", node)

    def both(self, left: Node, right: Node) -> Node:
        """`and` of two conditions."""
        return self._joint(left, right, "min", np.minimum, decides=self.zero, leaves=self.one)

    def either(self, left: Node, right: Node) -> Node:
        """`or` of two conditions."""
        return self._joint(left, right, "max", np.maximum, decides=self.one, leaves=self.zero)

    def choose(self, condition: Node, yes: Node, no: Node) -> Node:
        """`yes` where the condition (1 or 0) holds, else `no`."""
        if condition.known and yes.known and no.known:
            return self._compute(FUNCTIONS["if"].numpy, condition, yes, no)
        if condition.number is not None:
            # a condition without a value is neither, and then nothing has one
            return yes if condition.number == 1.0 else no if condition.number == 0.0 else condition
        if yes is no:
            return yes
        if condition.known and no is self.zero and not yes.varies:
            return self.multiply(yes, condition)
        if condition.known and yes is self.zero and not no.varies:
            return self.multiply(no, self.subtract(self.one, condition))
        return self.graph.node("if", condition, yes, no)

    def call(self, function: str, *arguments: Node) -> Node:
        """A function of the language except `if` and `lookup`."""
        if all(argument.known for argument in arguments):
            return self._compute(FUNCTIONS[function].numpy, *arguments)
        if function in ("min", "max"):
            first, *rest = arguments
            for argument in rest:
                first = first if first is argument else self.graph.node(function, first, argument)
            return first
        return self.graph.node(function, *arguments)

    def lookup(self, table: str, column: str, key: Node) -> Node:
        """A value of a table: at once where the key is known, else later."""
        if not key.known:
            return self.graph.node("lookup", key, value=(table, column))
        tree = Lookup(table, column, Name("key"))
        return self._compute(lambda values: evaluate(tree, {"key": values}, self.tables), key)

    def _compute(self, function: Callable[..., Any], *arguments: Node) -> Node:
        with np.errstate(all="ignore"):
            return self.graph.series(function(*(argument.values for argument in arguments)))

    def _joint(
        self, left: Node, right: Node, name: str, numpy: Callable[..., Floats], decides: Node, leaves: Node
    ) -> Node:  # fmt: skip
        if left.known and right.known:
            return self._compute(numpy, left, right)
        if decides in (left, right):
            return decides
        if leaves in (left, right):
            return right if left is leaves else left
        return self.graph.node(name, left, right)

    def _terms(self, node: Node) -> Parts:
        return self._sums.get(node) or _single(node)

    def _joined(self, operation: str, left: Parts, right: Parts) -> Parts:
        """The parts of two sums or products together; a constant goes with the series if it has no sample part."""
        neutral = self.zero if operation == "+" else self.one
        sample = self._pair(operation, left.sample or neutral, right.sample or neutral, neutral)
        series = self._pair(operation, left.series or neutral, right.series or neutral, neutral)
        if sample.known and series is not neutral:
            sample, series = neutral, self._compute(ARITHMETIC[operation], sample, series)
        if series.number is not None:
            sample, series = self._pair(operation, sample, series, neutral), neutral
        # the rarest change first: what is put together from the front then changes as rarely as it can
        mixed = sorted((*left.mixed, *right.mixed), key=lambda node: (int(np.count_nonzero(node.changes)), node.index))
        return Parts(sample, series, tuple(mixed))

    def _pair(self, operation: str, left: Node, right: Node, neutral: Node) -> Node:
        if neutral in (left, right):
            return right if left is neutral else left
        if left.known and right.known:
            return self._compute(ARITHMETIC[operation], left, right)
        return self.graph.node(operation, left, right)

    def _sum(self, parts: Parts) -> Node:
        total = self._pair("+", parts.sample or self.zero, parts.series or self.zero, self.zero)
        for term in parts.mixed:
            minus = term.operation == "*" and term.arguments[0].number == -1.0
            if minus and total is not self.zero:
                total = self.graph.node("-", total, term.arguments[1])
            else:
                total = self._pair("+", total, term, self.zero)
        return self._kept(self._sums, total, parts, self.zero)

    def _product(self, parts: Parts) -> Node:
        if self.zero in (parts.sample, parts.series):
            return self.zero
        total = self._pair("*", parts.sample or self.one, parts.series or self.one, self.one)
        for factor in parts.mixed:
            total = self._pair("*", total, factor, self.one)
        return self._kept(self._products, total, parts, self.one)

    def _kept(self, known: dict[Node, Parts], total: Node, parts: Parts, neutral: Node) -> Node:
        """Remembers of what a node consists, for the next sum or product that it goes into."""
        if not total.known and total.varies:
            sample = None if parts.sample is neutral else parts.sample
            series = None if parts.series is neutral else parts.series
            known.setdefault(total, Parts(sample, series, parts.mixed))
        return total


def _single(node: Node) -> Parts:
    if not node.varies:
        return Parts(node, None, ())
    return Parts(None, node, ()) if node.known else Parts(None, None, (node,))


def fold(expression: Expression, names: Mapping[str, Node], algebra: Algebra) -> Node:
    """The node of a formula. names: the node of every name in it."""
    match expression:
        case Number(value=value):
            return algebra.graph.constant(value)
        case Name(name=name):
            return names[name]
        case Negate(operand=operand):
            return algebra.negate(fold(operand, names, algebra))
        case Binary():
            first, chain = left_chain(expression)
            node = fold(first, names, algebra)
            for step in chain:
                node = _arithmetic(algebra)[step.op](node, fold(step.right, names, algebra))
            return node
        case Compare(op=operator, left=left, right=right):
            return algebra.compare(operator, fold(left, names, algebra), fold(right, names, algebra))
        case Logic(op=operator, operands=operands):
            join = algebra.both if operator == "and" else algebra.either
            node = condition(operands[0], names, algebra)
            for operand in operands[1:]:
                node = join(node, condition(operand, names, algebra))
            return node
        case Not(operand=operand):
            return algebra.subtract(algebra.one, condition(operand, names, algebra))
        case Call(function="if", arguments=(test, yes, no)):
            chosen = condition(test, names, algebra)
            return algebra.choose(chosen, fold(yes, names, algebra), fold(no, names, algebra))
        case Call(function=function, arguments=arguments):
            return algebra.call(function, *(fold(argument, names, algebra) for argument in arguments))
        case Lookup(table=table, column=column, key=key):
            return algebra.lookup(table, column, fold(key, names, algebra))
    raise TypeError(f"not a formula: {type(expression).__name__}")


def condition(expression: Expression, names: Mapping[str, Node], algebra: Algebra) -> Node:
    """The node of a condition: 1 where it is true, else 0."""
    node = fold(expression, names, algebra)
    return node if isinstance(expression, Compare | Logic | Not) else algebra.condition(node)


def _arithmetic(algebra: Algebra) -> Mapping[str, Callable[[Node, Node], Node]]:
    return {"+": algebra.add, "-": algebra.subtract, "*": algebra.multiply, "/": algebra.divide, "^": algebra.power}

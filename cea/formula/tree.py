"""The tree of a formula: immutable nodes, each with its span in the text.

A chain such as `a + b + c + ...` leans to the left and can be a thousand nodes deep; everything that visits a tree
therefore follows the left side of `Binary` by a loop (`left_chain`) and only real nesting by recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

Span = tuple[int, int]
"""Start and end (exclusive) in the text of the formula, counted from 0."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Expression:
    """A formula or a part of one. Two are equal when they say the same; spans do not matter."""

    span: Span = field(default=(0, 0), kw_only=True)

    @property
    def children(self) -> tuple[Expression, ...]:
        """The parts, from left to right."""
        return ()

    @property
    def head(self) -> tuple[object, ...]:
        """What the node says apart from its children."""
        return ()

    def _flat(self) -> tuple[object, ...]:
        return tuple((type(node), node.head, len(node.children)) for node in walk(self))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expression) and self._flat() == other._flat())

    def __hash__(self) -> int:
        return hash(self._flat())

    def __reduce__(self) -> tuple[object, ...]:
        # flat, since pickle and deepcopy would follow a long chain by recursion
        rows = [(type(node), node.head, len(node.children), node.span) for node in walk(self)]
        return _rebuild, (rows,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{to_text(self)}>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Number(Expression):
    """A number that is not negative; a minus is a `Negate`."""

    value: float

    @property
    def head(self) -> tuple[object, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Name(Expression):
    """A parameter, a formula, a switch or a time name."""

    name: str

    @property
    def head(self) -> tuple[object, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Negate(Expression):
    """`-operand`; binds less than `^`, so `-2 ^ 2` is `-(2 ^ 2)`."""

    operand: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Binary(Expression):
    """Arithmetic; `op` is one of `+ - * / ^`."""

    op: str
    left: Expression
    right: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.left, self.right)

    @property
    def head(self) -> tuple[object, ...]:
        return (self.op,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Compare(Expression):
    """1 where the comparison holds, else 0; `op` is one of `< <= > >= == !=`."""

    op: str
    left: Expression
    right: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.left, self.right)

    @property
    def head(self) -> tuple[object, ...]:
        return (self.op,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Logic(Expression):
    """`and` or `or` of two or more conditions."""

    op: str
    operands: tuple[Expression, ...]

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.operands

    @property
    def head(self) -> tuple[object, ...]:
        return (self.op,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not(Expression):
    """1 where the condition does not hold, else 0."""

    operand: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call(Expression):
    """A function of the table in `functions` and its arguments."""

    function: str
    arguments: tuple[Expression, ...]

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.arguments

    @property
    def head(self) -> tuple[object, ...]:
        return (self.function,)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Lookup(Expression):
    """The value of `column` in the last row of `table` whose key is at or below `key`."""

    table: str
    column: str
    key: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.key,)

    @property
    def head(self) -> tuple[object, ...]:
        return (self.table, self.column)


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node, parents before children, from left to right."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _rebuild(rows: list[tuple[type[Expression], tuple[object, ...], int, Span]]) -> Expression:
    """The tree whose nodes, parents before children, are `rows`."""
    built: list[Expression] = []
    for kind, head, count, span in reversed(rows):
        children = tuple(built.pop() for _ in range(count))
        parts = (children,) if kind in (Logic, Call) else children
        built.append(kind(*head, *parts, span=span))
    return built[0]


def names(expression: Expression) -> frozenset[str]:
    """The names that the formula reads, without tables and columns."""
    return frozenset(node.name for node in walk(expression) if isinstance(node, Name))


def lookups(expression: Expression) -> frozenset[tuple[str, str]]:
    """The pairs of table and column that the formula reads."""
    return frozenset((node.table, node.column) for node in walk(expression) if isinstance(node, Lookup))


def left_chain(expression: Expression) -> tuple[Expression, list[Binary]]:
    """The node at the left end of a chain of arithmetic, and the operations on it in the order of evaluation."""
    chain: list[Binary] = []
    while isinstance(expression, Binary):
        chain.append(expression)
        expression = expression.left
    chain.reverse()
    return expression, chain


def depth(expression: Expression) -> tuple[int, Span]:
    """The deepest nesting, and where it is. The left side of a chain of arithmetic is not nested."""
    deepest, place = 0, expression.span
    waiting = [(expression, 1)]
    while waiting:
        node, level = waiting.pop()
        if level > deepest:
            deepest, place = level, node.span
        for child in node.children:
            in_chain = isinstance(node, Binary) and child is node.left and isinstance(child, Binary)
            waiting.append((child, level if in_chain else level + 1))
    return deepest, place


OR, AND, NOT, COMPARE, SUM, PRODUCT, NEGATE, POWER, ATOM = range(9)
LEVELS = {"or": OR, "and": AND, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}
"""How strongly an operator binds, in the formula language."""


def to_text(expression: Expression) -> str:
    """The formula as text with no more brackets than it needs; `parse` gives an equal tree back."""
    return _text(expression)[0]


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if value.is_integer() and value < 1e15 else repr(float(value))


def _at(expression: Expression, level: int) -> str:
    """The text, in brackets when it binds less than `level`."""
    text, own = _text(expression)
    return text if own >= level else f"({text})"


def _text(expression: Expression) -> tuple[str, int]:
    match expression:
        case Number(value=value):
            return number_text(value), ATOM
        case Name(name=name):
            return name, ATOM
        case Negate(operand=operand):
            return f"-{_at(operand, NEGATE)}", NEGATE
        case Binary():
            return _chain_text(expression)
        case Compare(op=op, left=left, right=right):
            return f"{_at(left, SUM)} {op} {_at(right, SUM)}", COMPARE
        case Logic(op=op, operands=operands):
            return f" {op} ".join(_at(operand, LEVELS[op] + 1) for operand in operands), LEVELS[op]
        case Not(operand=operand):
            return f"not {_at(operand, NOT)}", NOT
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(to_text(argument) for argument in arguments)})", ATOM
        case Lookup(table=table, column=column, key=key):
            return f"lookup({table}, {column}, {to_text(key)})", ATOM
    raise TypeError(f"not a formula: {type(expression).__name__}")


def _chain_text(expression: Binary) -> tuple[str, int]:
    first, chain = left_chain(expression)
    text, own = _text(first)
    for node in chain:
        level = LEVELS[node.op]
        # a power takes brackets on both sides: `a ^ b ^ c` is not in the language
        left = text if own >= level and (own > level or node.op != "^") else f"({text})"
        text, own = f"{left} {node.op} {_at(node.right, level + 1)}", level
    return text, own

"""Values of formulas with NumPy.

Shapes broadcast and nothing else: an axis that no name in the formula has is not in the result, so that what does not
vary by cycle or sample is computed once. A value outside the domain of an operation is NaN and propagates, except out
of a branch of `if` that is not taken. `first_failure` finds where a NaN came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cea.formula.functions import ARITHMETIC, COMPARISONS, FUNCTIONS, TOLERANCE, truth
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
    Span,
    left_chain,
    names,
)

Scope = Mapping[str, "float | NDArray[np.float64]"]


@dataclass(frozen=True, slots=True, eq=False)
class NumericTable:
    """A table for `lookup`: keys ascending, shape (rows,); columns by name, same shape; keys end below `until`."""

    keys: NDArray[np.float64]
    columns: Mapping[str, NDArray[np.float64]]
    until: float


NO_TABLES: Mapping[str, NumericTable] = MappingProxyType({})


def evaluate(expression: Expression, scope: Scope, tables: Mapping[str, NumericTable] = NO_TABLES) -> Any:
    """The value of a formula: a float64 array, or a float64 scalar when no name in it is an array.

    scope: the value of every name in the formula; the shapes must broadcast together. A formula that is one name gives
    the array of the scope itself, not a copy. The values of names should be finite, or NaN where there is none. No
    warnings; a value outside a domain is NaN. Raises KeyError for a name, table or column that is not there.
    """
    with np.errstate(all="ignore"):
        return _value(expression, scope, tables)[()]


def _value(expression: Expression, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    return _MEANING[type(expression)](expression, scope, tables)


def _number(node: Number, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    return np.float64(node.value)


def _name(node: Name, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    value = scope[node.name]
    return np.asarray(value, dtype=np.float64) if isinstance(value, np.ndarray) else np.float64(value)


def _negate(node: Negate, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    return np.negative(_value(node.operand, scope, tables))


def _binary(node: Binary, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    first, chain = left_chain(node)
    value = _value(first, scope, tables)
    for step in chain:
        value = ARITHMETIC[step.op](value, _value(step.right, scope, tables))
    return value


def _compare(node: Compare, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    return COMPARISONS[node.op](ARITHMETIC["-"](_value(node.left, scope, tables), _value(node.right, scope, tables)))


def _condition(node: Expression, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    value = _value(node, scope, tables)
    return value if isinstance(node, Compare | Logic | Not) else truth(value)


def _logic(node: Logic, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    # both keep a NaN of any operand, as AND and OR of a spreadsheet keep an error
    join = np.minimum if node.op == "and" else np.maximum
    value = _condition(node.operands[0], scope, tables)
    for operand in node.operands[1:]:
        value = join(value, _condition(operand, scope, tables))
    return value


def _not(node: Not, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    return 1.0 - _condition(node.operand, scope, tables)


def _call(node: Call, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    function = FUNCTIONS[node.function]
    meanings = [_condition] * function.conditions + [_value] * (len(node.arguments) - function.conditions)
    return function.numpy(*[of(part, scope, tables) for of, part in zip(meanings, node.arguments, strict=True)])


def _lookup(node: Lookup, scope: Scope, tables: Mapping[str, NumericTable]) -> Any:
    table = tables[node.table]
    key = _value(node.key, scope, tables) + TOLERANCE
    row = np.searchsorted(table.keys, key, side="right") - 1
    inside = (row >= 0) & (key < table.until)
    return np.where(inside, table.columns[node.column][row], np.nan)


_MEANING: dict[type[Expression], Callable[[Any, Scope, Mapping[str, NumericTable]], Any]] = {
    Number: _number,
    Name: _name,
    Negate: _negate,
    Binary: _binary,
    Compare: _compare,
    Logic: _logic,
    Not: _not,
    Call: _call,
    Lookup: _lookup,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a formula has no value: the part of its text, why in words, and the index of the first such element."""

    span: Span
    reason: str
    index: tuple[int, ...]


def first_failure(
    expression: Expression, scope: Scope, tables: Mapping[str, NumericTable] = NO_TABLES
) -> Failure | None:
    """The smallest part that has no value while its operands have one, at the first element with no value.

    A branch of `if` counts only where it is taken. None when every value is finite.
    """
    bad = ~np.isfinite(evaluate(expression, scope, tables))
    if not bad.any():
        return None
    index = np.unravel_index(int(np.argmax(bad)), bad.shape) if bad.ndim else ()
    here = {
        name: float(np.broadcast_to(np.asarray(scope[name], dtype=np.float64), bad.shape)[index])
        for name in names(expression)
    }
    node, operands = _culprit(expression, here, tables)
    return Failure(node.span, _reason(node, operands, tables), tuple(int(position) for position in index))


def _culprit(
    node: Expression, scope: Scope, tables: Mapping[str, NumericTable]
) -> tuple[Expression, tuple[float, ...]]:
    """Go down into the first operand without a value, until all operands have one; also gives their values."""
    while True:
        parts = node.children
        if isinstance(node, Call) and node.function == "if":
            condition = truth(evaluate(parts[0], scope, tables))
            parts = parts[:1] if np.isnan(condition) else parts[1:2] if condition else parts[2:]
        values = tuple(float(evaluate(part, scope, tables)) for part in parts)
        failed = [part for part, value in zip(parts, values, strict=True) if not np.isfinite(value)]
        if not failed:
            return node, values
        node = failed[0]


def _reason(node: Expression, operands: tuple[float, ...], tables: Mapping[str, NumericTable]) -> str:
    shown = [f"{value:.6g}" for value in operands]
    match node:
        case Name(name=name):
            return f"`{name}` has no value"
        case Binary(op="/") if operands[1] == 0:
            return f"{shown[0]} / 0 is a division by zero"
        case Binary(op="^") if operands[0] == 0:
            return f"0 ^ {_signed(shown[1])} has no value; 0 needs an exponent above 0"
        case Binary(op="^") if operands[0] < 0 and not operands[1].is_integer():
            return f"({shown[0]}) ^ {_signed(shown[1])} has no value; a base below 0 needs a whole exponent"
        case Binary(op=op) | Compare(op=op):
            return f"{_signed(shown[0])} {op} {_signed(shown[1])} is too large"
        case Lookup(table=name, column=column):
            table = tables[name]
            row = np.searchsorted(table.keys, operands[0] + TOLERANCE, side="right") - 1
            if row >= 0 and operands[0] + TOLERANCE < table.until:
                return f"column `{column}` of table `{name}` has no value at key {shown[0]}"
            return (
                f"key {shown[0]} is outside table `{name}`, whose keys go from {table.keys[0]:.6g} "
                f"to below {table.until:.6g}"
            )
        case Call(function=function):
            return f"{function}({', '.join(shown)}) has no value; it needs {FUNCTIONS[function].domain}"
    return "the value is not finite"


def _signed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number

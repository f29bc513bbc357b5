"""Formulas as cell text, with functions of Excel 2007 and older only.

Spreadsheets read `-2^2` as 4 and `2^3^2` as 64, so every negation and every operand of `^` stands in brackets.
LibreOffice also takes odd roots of negative numbers and says that 0^0 is 1; where the text alone does not exclude
that, the domain of a power is tested in the cell. And it calls a power too small to be held an error, where Excel and
NumPy say 0: a number written out to the power of something (`0.5 ^ (years / half_life)`) is kept above that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from cea.formula.functions import FUNCTIONS, Piece
from cea.formula.syntax import FormulaError
from cea.formula.tree import (
    ATOM,
    LEVELS,
    POWER,
    SUM,
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
    number_text,
)

LONGEST_CELL = 8_192
"""Characters that a formula in a cell may have, the leading `=` included."""
DEEPEST_CALLS = 64
"""Functions within functions that a cell may have."""


def to_excel(
    expression: Expression,
    reference: Callable[[str], str],
    table_reference: Callable[[str, str | None], str],
    until: Callable[[str], str],
) -> str:
    """The text of a cell, without the leading `=`, that has the same value as `evaluate`.

    reference: name to a cell, a defined name or a number at or above 0; table_reference: (table, column) to the range
    of a column, (table, None) to that of the keys; until: table to the cell or number where its keys end.
    Where the formula has no value the cell shows an error.
    Raises FormulaError when a cell cannot hold the text.
    """
    text = _Cell(reference, table_reference, until).value(expression).text
    nesting = deepest = 0
    for bracket in re.findall("[()]", re.sub("'[^']*'", "", text)):
        # counting the brackets that are no calls keeps the test simple and on the safe side
        nesting += 1 if bracket == "(" else -1
        deepest = max(deepest, nesting)
    if deepest > DEEPEST_CALLS:
        raise FormulaError(
            f"As a cell the formula is nested more than {DEEPEST_CALLS} deep, more than a spreadsheet can hold.",
            expression.span,
            "Split it into several named formulas.",
        )
    return text


@dataclass(frozen=True, slots=True)
class _Cell:
    reference: Callable[[str], str]
    table_reference: Callable[[str, str | None], str]
    until: Callable[[str], str]

    def value(self, node: Expression) -> Piece:
        """The part as a number."""
        piece = self._value(node)
        if len(piece.text) >= LONGEST_CELL:
            raise FormulaError(
                f"As a cell the formula has more than {LONGEST_CELL} characters, more than a spreadsheet can hold.",
                node.span,
                "Split it into several named formulas.",
            )
        return piece

    def _value(self, node: Expression) -> Piece:
        match node:
            case Number(value=value):
                return Piece(number_text(value).upper())
            case Name(name=name):
                return Piece(self.reference(name))
            case Negate(operand=operand):
                return Piece(f"(-{self.value(operand).at(ATOM)})")
            case Binary():
                return self._chain(node)
            case Compare() | Logic() | Not():
                return Piece(f"IF({self.condition(node).text},1,0)")
            case Call(function=name, arguments=arguments):
                function = FUNCTIONS[name]
                first = function.conditions
                pieces = [self.condition(argument) for argument in arguments[:first]]
                pieces += [self.value(argument) for argument in arguments[first:]]
                return Piece(function.excel(*pieces))
            case Lookup(table=table, column=column, key=key):
                shifted = f"{self.value(key).at(SUM)}+1E-9"
                row = f"MATCH({shifted},{self.table_reference(table, None)},1)"
                found = f"INDEX({self.table_reference(table, column)},{row})"
                return Piece(f"IF({shifted}<{self.until(table)},{found},NA())")
        raise TypeError(f"not a formula: {type(node).__name__}")

    def condition(self, node: Expression) -> Piece:
        """The part as a truth value of the spreadsheet; not in brackets."""
        match node:
            case Compare(op=op, left=left, right=right):
                gap = f"{self.value(left).at(SUM)}-{self.value(right).at(SUM + 1)}"
                return Piece(_COMPARISONS[op].format(gap=gap))
            case Logic(op=op, operands=operands):
                return Piece(f"{op.upper()}({','.join(self.condition(operand).text for operand in operands)})")
            case Not(operand=operand):
                return Piece(f"NOT({self.condition(operand).text})")
        return Piece(f"ABS({self.value(node).text})>1E-9")

    def _chain(self, node: Binary) -> Piece:
        first, chain = left_chain(node)
        left, base = self.value(first), first
        for step in chain:
            right = self.value(step.right)
            if step.op == "^":
                left = _power(left, right, base, step.right)
            else:
                level = LEVELS[step.op]
                left = Piece(f"{left.at(level)}{step.op}{right.at(level + 1)}", level)
            base = step
        return left


_COMPARISONS = {
    "<": "{gap}<-1E-9",
    "<=": "{gap}<=1E-9",
    ">": "{gap}>1E-9",
    ">=": "{gap}>=-1E-9",
    "==": "ABS({gap})<=1E-9",
    "!=": "ABS({gap})>1E-9",
}


LOWEST_LOGARITHM = -708.0
"""A power with this natural logarithm, 3e-308, can just be held."""


def _power(base: Piece, exponent: Piece, base_node: Expression, exponent_node: Expression) -> Piece:
    written = exponent_node.operand if isinstance(exponent_node, Negate) else exponent_node
    power = Piece(f"{base.at(ATOM)}^{exponent.at(ATOM)}", POWER)
    if isinstance(base_node, Number) and base_node.value > 0:
        if isinstance(written, Number) or base_node.value == 1:
            return power
        limit = LOWEST_LOGARITHM / math.log(base_node.value)
        return Piece(f"{base.text}^{'MIN' if limit > 0 else 'MAX'}({exponent.text},{f'{limit:.6g}'.upper()})", POWER)
    if isinstance(written, Number) and written.value > 0:
        if written.value.is_integer():
            return power
        return Piece(f"IF({base.text}>=0,{power.text},NA())")
    valid = f"OR({base.text}>0,IF({base.text}=0,{exponent.text}>0,{exponent.text}=INT({exponent.text})))"
    return Piece(f"IF({valid},{power.text},NA())")

"""Formulas as LaTeX mathematics, for documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cea.formula.functions import FUNCTIONS, Piece
from cea.formula.tree import (
    ATOM,
    COMPARE,
    LEVELS,
    NEGATE,
    NOT,
    POWER,
    PRODUCT,
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


def to_latex(expression: Expression, symbol: Callable[[str], str] | None = None) -> str:
    """The formula as text for math mode.

    symbol: name to its LaTeX; without one a name is set in italics as it is written. A condition that is used as a
    number is an indicator, 1 with square brackets.
    """
    return _Math(symbol or italic).value(expression).text


def italic(name: str) -> str:
    """A name as LaTeX, its underscores escaped."""
    escaped = name.replace("_", r"\_")
    return rf"\mathit{{{escaped}}}"


@dataclass(frozen=True, slots=True)
class _Math:
    symbol: Callable[[str], str]

    def value(self, node: Expression) -> Piece:
        match node:
            case Number(value=value):
                return _number(value)
            case Name(name=name):
                return Piece(self.symbol(name))
            case Negate(operand=operand):
                return Piece(f"-{_beside(self.value(operand))}", NEGATE)
            case Binary():
                return self._chain(node)
            case Compare() | Logic() | Not():
                return Piece(rf"\mathbb{{1}}\left[{self.condition(node).text}\right]")
            case Call(function=name, arguments=arguments):
                function = FUNCTIONS[name]
                first = function.conditions
                pieces = [self.condition(argument) for argument in arguments[:first]]
                pieces += [self.value(argument) for argument in arguments[first:]]
                return function.latex(*pieces)
            case Lookup(table=table, column=column, key=key):
                return Piece(rf"{italic(table)}_{{{italic(column)}}}\left({self.value(key).text}\right)")
        raise TypeError(f"not a formula: {type(node).__name__}")

    def condition(self, node: Expression) -> Piece:
        match node:
            case Compare(op=op, left=left, right=right):
                sides = self.value(left).math(SUM), self.value(right).math(SUM)
                return Piece(f"{sides[0]} {_COMPARISONS[op]} {sides[1]}", COMPARE)
            case Logic(op=op, operands=operands):
                level = LEVELS[op]
                parts = [self.condition(operand).math(level + 1) for operand in operands]
                return Piece(rf" \text{{ {op} }} ".join(parts), level)
            case Not(operand=operand):
                return Piece(rf"\text{{not }} {self.condition(operand).math(ATOM)}", NOT)
        return Piece(rf"{self.value(node).math(SUM)} \neq 0", COMPARE)

    def _chain(self, node: Binary) -> Piece:
        first, chain = left_chain(node)
        left = self.value(first)
        for step in chain:
            right = self.value(step.right)
            if step.op == "^":
                left = Piece(f"{{{left.math(ATOM)}}}^{{{right.text}}}", POWER)
            elif step.op == "/":
                left = Piece(rf"\frac{{{left.text}}}{{{right.text}}}", PRODUCT)
            else:
                level = LEVELS[step.op]
                sign = r"\cdot" if step.op == "*" else step.op
                left = Piece(f"{left.math(level)} {sign} {_beside(right)}", level)
        return left


_COMPARISONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\neq"}


def _beside(piece: Piece) -> str:
    """The text to the right of a sign: a minus never stands right behind another."""
    return piece.math(ATOM if piece.level == NEGATE else PRODUCT)


def _number(value: float) -> Piece:
    mantissa, _, exponent = number_text(value).partition("e")
    if not exponent:
        return Piece(mantissa)
    power = f"10^{{{int(exponent)}}}"
    return Piece(power if mantissa == "1" else rf"{mantissa} \times {power}", PRODUCT)

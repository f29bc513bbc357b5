"""The functions and operators of the language: one row each, with its meaning in every back-end.

A new function is a new row of `FUNCTIONS`; the conformance test then runs it in NumPy and in a spreadsheet.

What makes a spreadsheet and IEEE arithmetic differ is settled here, the same for all back-ends:

- comparisons, conditions and `floor` carry `TOLERANCE`, an absolute one;
- outside its stated domain a function has no value: NaN in NumPy, an error in the cell;
- an infinity made by an operation (overflow, division by zero) is no value either, since a spreadsheet has none, and
  `1 / infinity` must not quietly become 0.

A spreadsheet takes a difference smaller than 4e-15 of its operands for zero. So a result that is a small difference of
large numbers, `1 - exp(-x)` among them, is the same in all back-ends to about 1e-15 of the operands, not of the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cea.formula import units
from cea.formula.tree import ATOM, PRODUCT, SUM
from cea.formula.units import Dimension

TOLERANCE = 1e-9
"""Absolute tolerance of comparisons, conditions, `floor` and the keys of `lookup`."""
FLOOR_LIMIT = 1e6
"""From here on a spreadsheet's INT, which sees 15 digits, would snap by more than `TOLERANCE`."""
HIGHEST_PROBABILITY = 1 - 1e-14
"""`1 - p` is zero to a spreadsheet when p is closer to 1 than 4e-15."""
MOST_ARGUMENTS = 255
"""Arguments that a spreadsheet function can have (Excel 2007)."""
LARGEST_NUMBER = 9.99999999999999e307
SMALLEST_NUMBER = 2.3e-308
"""The limits of the numbers that can be typed into a cell."""


class Piece(NamedTuple):
    """Text of a part of a formula, and how strongly its outermost operator binds (levels of `tree`)."""

    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """Cell text, in brackets when it binds less than `level`."""
        return self.text if self.level >= level else f"({self.text})"

    def math(self, level: int) -> str:
        """LaTeX, in brackets when it binds less than `level`."""
        return self.text if self.level >= level else rf"\left({self.text}\right)"


@dataclass(frozen=True, slots=True)
class Function:
    """One row of the table.

    arguments: how the call is written; domain: in words, for messages and documents; numpy: values to a value, NaN
    outside the domain; excel: pieces of cell text to a function call; latex: pieces to a piece; dimension: the
    dimensions of the arguments to that of the result, raising `units.Misfit`; conditions: how many leading arguments
    are conditions, which NumPy gets as 1, 0 or NaN.
    """

    arguments: str
    arity: tuple[int, int]
    domain: str
    numpy: Callable[..., Any]
    excel: Callable[..., str]
    latex: Callable[..., Piece]
    dimension: Callable[..., Dimension]
    conditions: int = 0


def sealed(value: Any) -> Any:
    """The value with infinities made NaN, so that they propagate through everything."""
    # one sum is cheaper than testing every element, and an infinity or NaN never leaves it finite
    total = np.add.reduce(value, axis=None) if value.ndim else value
    return value if math.isfinite(total) else value + (value - value)


def _power(base: Any, exponent: Any) -> Any:
    # NumPy gives 1 for 1 ^ NaN and NaN ^ 0; what has no value must keep having none
    value = np.power(base, exponent) + 0.0 * base * exponent
    if _has_zero(base) and _has_zero(exponent):
        # NumPy says 0 ^ 0 is 1; spreadsheets disagree with one another
        value = np.where((base == 0) & (exponent == 0), np.nan, value)
    return sealed(value)


def _has_zero(value: Any) -> bool:
    return bool(np.count_nonzero(value) < value.size)


def truth(value: Any) -> Any:
    """1 where the condition is true, 0 where it is false, NaN where it is NaN."""
    return np.heaviside(np.abs(value) - TOLERANCE, 0.0)


def _choose(condition: Any, yes: Any, no: Any) -> Any:
    # 0 * condition is 0, or NaN where the condition has no value; the branch not taken leaves no trace
    return np.where(condition, yes, no) + 0.0 * condition


def _fold(operation: np.ufunc) -> Callable[..., Any]:
    def fold(first: Any, *rest: Any) -> Any:
        for value in rest:
            first = operation(first, value)
        return first

    return fold


def _floor(value: Any) -> Any:
    whole = np.floor(value + TOLERANCE)
    return np.where(np.abs(value) < FLOOR_LIMIT, whole, np.nan)


def _rate_to_prob(rate: Any, years: Any) -> Any:
    # not expm1: a spreadsheet has none, and the definition is one
    return np.where((rate >= 0) & (years >= 0), 1.0 - np.exp(-sealed(rate * years)), np.nan)


def _prob_to_rate(probability: Any, years: Any) -> Any:
    inside = (probability >= 0) & (probability <= HIGHEST_PROBABILITY) & (years > 0)
    return np.where(inside, sealed(-np.log(1.0 - probability) / years), np.nan)


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: sealed(left + right),
    "-": lambda left, right: sealed(left - right),
    "*": lambda left, right: sealed(left * right),
    "/": lambda left, right: sealed(left / right),
    "^": _power,
}
"""The operators on two values; `^` needs a base above 0, or 0 with an exponent above 0, or a whole exponent."""

COMPARISONS: dict[str, Callable[[Any], Any]] = {
    "<": lambda gap: np.heaviside(-TOLERANCE - gap, 0.0),
    "<=": lambda gap: np.heaviside(TOLERANCE - gap, 1.0),
    ">": lambda gap: np.heaviside(gap - TOLERANCE, 0.0),
    ">=": lambda gap: np.heaviside(gap + TOLERANCE, 1.0),
    "==": lambda gap: np.heaviside(TOLERANCE - np.abs(gap), 1.0),
    "!=": lambda gap: np.heaviside(np.abs(gap) - TOLERANCE, 0.0),
}
"""The comparisons, as functions of left minus right: 1 or 0, NaN for NaN."""


def _listed(name: str) -> tuple[Callable[..., str], Callable[..., Piece]]:
    """Excel and LaTeX meanings of a function that is written the same way with any number of arguments."""

    def excel(*pieces: Piece) -> str:
        return f"{name.upper()}({','.join(piece.text for piece in pieces)})"

    def latex(*pieces: Piece) -> Piece:
        return Piece(rf"\{name}\left({', '.join(piece.text for piece in pieces)}\right)")

    return excel, latex


def _latex_cases(condition: Piece, yes: Piece, no: Piece) -> Piece:
    return Piece(
        rf"\begin{{cases}} {yes.text} & \text{{if }} {condition.text} \\ {no.text} & \text{{otherwise}} \end{{cases}}",
        SUM - 1,  # brackets wherever something stands beside it
    )


def _latex_around(opening: str, closing: str) -> Callable[[Piece], Piece]:
    return lambda piece: Piece(f"{opening}{piece.text}{closing}")


_MIN, _MAX, _EXP, _LN = (_listed(name) for name in ("min", "max", "exp", "ln"))

FUNCTIONS: dict[str, Function] = {
    "if": Function(
        "condition, a, b", (3, 3), "any condition; the branch that is not taken may have no value",
        _choose, lambda condition, yes, no: f"IF({condition.text},{yes.text},{no.text})", _latex_cases,
        units.choice, conditions=1),
    "min": Function(
        "a, b, ...", (2, MOST_ARGUMENTS), "any values", _fold(np.minimum), *_MIN, units.equal),
    "max": Function(
        "a, b, ...", (2, MOST_ARGUMENTS), "any values", _fold(np.maximum), *_MAX, units.equal),
    "exp": Function(
        "x", (1, 1), "x below 709.78", lambda x: sealed(np.exp(x)), *_EXP, units.plain),
    "ln": Function(
        "x", (1, 1), "x above 0", lambda x: sealed(np.log(x)), *_LN, units.plain),
    "sqrt": Function(
        "x", (1, 1), "x at or above 0", np.sqrt, lambda x: f"SQRT({x.text})", _latex_around(r"\sqrt{", "}"),
        units.root),
    "abs": Function(
        "x", (1, 1), "any value", np.abs, lambda x: f"ABS({x.text})", _latex_around(r"\left|", r"\right|"),
        units.kept),
    "floor": Function(
        "x", (1, 1), "x between -1,000,000 and 1,000,000", _floor,
        lambda x: f"IF(ABS({x.text})<{FLOOR_LIMIT:.0f},INT({x.at(SUM)}+1E-9),NA())",
        _latex_around(r"\left\lfloor ", r" \right\rfloor"), units.plain),
    "rate_to_prob": Function(
        "rate, years", (2, 2), "rate and years at or above 0", _rate_to_prob,
        lambda rate, years:
            f"IF(AND({rate.text}>=0,{years.text}>=0),1-EXP(-({rate.at(PRODUCT)}*{years.at(PRODUCT + 1)})),NA())",
        lambda rate, years: Piece(rf"1 - e^{{-{rate.math(PRODUCT)} \cdot {years.math(PRODUCT)}}}", SUM),
        units.rate_to_prob),
    "prob_to_rate": Function(
        "probability, years", (2, 2), "probability from 0 to below 1 (at most 1 - 1e-14), years above 0", _prob_to_rate,
        lambda probability, years:
            f"IF(AND({probability.text}>=0,{probability.text}<={HIGHEST_PROBABILITY!r},{years.text}>0),"
            f"(-LN(1-{probability.at(SUM + 1)}))/{years.at(PRODUCT + 1)},NA())",
        lambda probability, years: Piece(
            rf"\frac{{-\ln\left(1 - {probability.math(SUM + 1)}\right)}}{{{years.text}}}", PRODUCT),
        units.prob_to_rate),
}  # fmt: skip
"""Every function of the language but `lookup`, whose first two arguments are not values."""

"""From text to tree: the grammar of formulas."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from lark import Lark, Token, UnexpectedInput
from lark.visitors import Transformer, v_args

from cea.formula.functions import FUNCTIONS, LARGEST_NUMBER, MOST_ARGUMENTS, SMALLEST_NUMBER
from cea.formula.mistakes import (
    DEEPEST_NESTING,
    FormulaError,
    check_name,
    counted,
    end_of,
    explain,
    refuse_deep_brackets,
    refuse_foreign,
    shortened,
    span_of,
    start_of,
    too_deep,
    unknown_function,
    usage,
)
from cea.formula.tree import Binary, Call, Compare, Expression, Logic, Lookup, Name, Negate, Not, Number, Span, depth

__all__ = ["DEEPEST_NESTING", "LONGEST_FORMULA", "FormulaError", "parse"]

LONGEST_FORMULA = 2_000
"""Characters that a formula may have."""

GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction ("or" conjunction)*
?conjunction: inversion ("and" inversion)*
?inversion: comparison
    | NOT inversion
?comparison: sum (COMPARE sum)*
?sum: product
    | sum (PLUS | MINUS) product -> binary
?product: negation
    | product (TIMES | OVER) negation -> binary
?negation: power
    | MINUS negation -> negate
?power: atom (CARET exponent)*
?exponent: atom
    | MINUS exponent -> negate
?atom: NUMBER -> number
    | NAME -> name
    | NAME LPAR (disjunction ("," disjunction)*)? RPAR -> call
    | LPAR disjunction RPAR -> bracket

NOT: "not"
COMPARE: /<=|>=|==|!=|<|>/
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
CARET: "^"
LPAR: "("
RPAR: ")"
NUMBER: /([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
%ignore /[ \t\r\n]+/
"""


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The tree of a formula.

    Raises FormulaError when the text is not a formula, is longer than 2,000 characters or nested deeper than 50.
    """
    if len(text) > LONGEST_FORMULA:
        raise FormulaError(
            f"The formula has {len(text)} characters; at most {LONGEST_FORMULA} are allowed.",
            (0, 1),
            "Split it into several named formulas.",
            text[:80],
        )
    try:
        refuse_foreign(text)
        refuse_deep_brackets(text)
        expression = _parsed(text)
        level, span = depth(expression)
        if level > DEEPEST_NESTING:
            raise too_deep(span)
    except FormulaError as error:
        error.text = text
        raise
    return expression


def _parsed(text: str) -> Expression:
    try:
        return _parser().parse(text)  # type: ignore[return-value]
    except UnexpectedInput as unexpected:
        mistake = explain(text, unexpected)
    # raised out here, so that the error does not drag the parser along to another process
    raise mistake


@lru_cache(maxsize=1)
def _parser() -> Lark:
    # the nodes are built as the parser reduces, so that no tree is walked recursively
    return Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder(), maybe_placeholders=False)


@v_args(inline=True)
class _Builder(Transformer[Token, Expression]):
    """Makes nodes from what the parser has read."""

    def disjunction(self, *operands: Expression) -> Expression:
        return _logic("or", operands)

    def conjunction(self, *operands: Expression) -> Expression:
        return _logic("and", operands)

    def inversion(self, sign: Token, operand: Expression) -> Expression:
        return Not(operand, span=(start_of(sign), operand.span[1]))

    def comparison(self, left: Expression, op: Token, right: Expression, *more: Expression) -> Expression:
        if more:
            raise FormulaError(
                "A chain of comparisons has no single meaning.",
                (left.span[0], more[-1].span[1]),
                "Write a < b and b < c, or put brackets around one comparison.",
            )
        return Compare(str(op), left, right, span=(left.span[0], right.span[1]))

    def binary(self, left: Expression, op: Token, right: Expression) -> Expression:
        return Binary(str(op), left, right, span=(left.span[0], right.span[1]))

    def negate(self, sign: Token, operand: Expression) -> Expression:
        return Negate(operand, span=(start_of(sign), operand.span[1]))

    def power(self, base: Expression, op: Token, exponent: Expression, *more: Expression) -> Expression:
        if more:
            raise FormulaError(
                "A chain of powers is read differently by different programs.",
                (base.span[0], more[-1].span[1]),
                "Write the brackets: (a ^ b) ^ c or a ^ (b ^ c).",
            )
        return self.binary(base, op, exponent)

    def number(self, token: Token) -> Expression:
        value = float(token)
        written_as_zero = not re.search("[1-9]", re.split("[eE]", token)[0])
        if not (SMALLEST_NUMBER <= value <= LARGEST_NUMBER) and not (value == 0 and written_as_zero):
            size = "large" if math.isinf(value) or value > 1 else "small"
            raise FormulaError(
                f"The number {shortened(token)} is too {size} to be held.",
                span_of(token),
                f"A number is 0 or between {SMALLEST_NUMBER:g} and {LARGEST_NUMBER:g}.",
            )
        return Number(value, span=span_of(token))

    def name(self, token: Token) -> Expression:
        check_name(token)
        if token in FUNCTIONS or token == "lookup":
            raise FormulaError(f"`{token}` is a function.", span_of(token), f"Write {usage(token)}.")
        return Name(str(token), span=span_of(token))

    def call(self, token: Token, left: Token, *rest: Expression | Token) -> Expression:
        *arguments, right = rest
        span = (start_of(token), end_of(right))  # type: ignore[arg-type]
        if token == "lookup":
            return _lookup(arguments, span)  # type: ignore[arg-type]
        function = FUNCTIONS.get(token)
        if function is None:
            raise unknown_function(token)
        least, most = function.arity
        if not least <= len(arguments) <= most:
            raise FormulaError(
                f"`{token}` has {counted(len(arguments), 'argument')} here; it takes "
                + (f"{least}." if least == most else f"{least} to {most}."),
                span,
                f"Write {usage(token)}.",
            )
        return Call(str(token), tuple(arguments), span=span)  # type: ignore[arg-type]

    def bracket(self, left: Token, inner: Expression, right: Token) -> Expression:
        # the span of a part in brackets includes the brackets
        fields = {slot: getattr(inner, slot) for slot in inner.__slots__}
        return type(inner)(**fields, span=(start_of(left), end_of(right)))


def _logic(op: str, operands: tuple[Expression, ...]) -> Expression:
    span = (operands[0].span[0], operands[-1].span[1])
    if len(operands) > MOST_ARGUMENTS:
        raise FormulaError(
            f"`{op}` joins {len(operands)} conditions; at most {MOST_ARGUMENTS} are allowed.",
            span,
            "Split it into several named formulas.",
        )
    return Logic(op, operands, span=span)


def _lookup(arguments: list[Expression], span: Span) -> Expression:
    if len(arguments) != 3:
        raise FormulaError(
            f"`lookup` has {counted(len(arguments), 'argument')} here; it takes 3.", span, f"Write {usage('lookup')}."
        )
    table, column, key = arguments
    for part, role in ((table, "table"), (column, "column")):
        if not isinstance(part, Name):
            raise FormulaError(f"The {role} of a lookup is not a name.", part.span, f"Write {usage('lookup')}.")
    assert isinstance(table, Name) and isinstance(column, Name)
    return Lookup(table.name, column.name, key, span=span)

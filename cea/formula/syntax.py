"""From text to tree: the grammar of formulas, and what is said about text that is not in it."""

from __future__ import annotations

import difflib
import math
import re
from functools import lru_cache

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.visitors import Transformer, v_args

from cea.formula.functions import FUNCTIONS, LARGEST_NUMBER, MOST_ARGUMENTS, SMALLEST_NUMBER
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
    depth,
    lookups,
    names,
    to_text,
    walk,
)

__all__ = [
    "LONGEST_FORMULA", "DEEPEST_NESTING", "Binary", "Call", "Compare", "Expression", "FormulaError", "Logic",
    "Lookup", "Name", "Negate", "Not", "Number", "Span", "lookups", "names", "parse", "to_text", "walk",
]  # fmt: skip

LONGEST_FORMULA = 2_000
"""Characters that a formula may have."""
DEEPEST_NESTING = 50
"""Levels of brackets, and of parts within parts, that a formula may have."""

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


class FormulaError(Exception):
    """A formula that is wrong: what is wrong, where in its text, and what would be right.

    `text` is the text of the formula where it is known, else empty; the caller may fill it in.
    """

    def __init__(self, what: str, span: Span, remedy: str = "", text: str = "") -> None:
        super().__init__(what, span, remedy, text)
        self.what = what
        self.span = span
        self.remedy = remedy
        self.text = text

    def caret(self) -> str:
        """Two lines: the line of the formula that is wrong, and `^` below the wrong part. Empty without a text."""
        if not self.text:
            return ""
        start, end = self.span
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", start)
        line = self.text[first : last if last >= 0 else len(self.text)]
        width = max(1, min(end, first + len(line)) - start)
        # tabs would shift the caret, control characters could upset a terminal
        return "".join(character if character.isprintable() else " " for character in line) + "\n" + " " * (start - first) + "^" * width

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.remedy, self.caret()) if part)


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
        _refuse_foreign(text)
        _refuse_deep_brackets(text)
        try:
            expression: Expression = _parser().parse(text)  # type: ignore[assignment]
        except UnexpectedInput as unexpected:
            raise _explain(text, unexpected) from None
        level, span = depth(expression)
        if level > DEEPEST_NESTING:
            raise _too_deep(span)
    except FormulaError as error:
        error.text = text
        raise
    return expression


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
        return Not(operand, span=(_start(sign), operand.span[1]))

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
        return Negate(operand, span=(_start(sign), operand.span[1]))

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
                f"The number {_short(token)} is too {size} to be held.",
                _span(token),
                f"A number is 0 or between {SMALLEST_NUMBER:g} and {LARGEST_NUMBER:g}.",
            )
        return Number(value, span=_span(token))

    def name(self, token: Token) -> Expression:
        _check_name(token)
        if token in FUNCTIONS or token == "lookup":
            raise FormulaError(f"`{token}` is a function.", _span(token), f"Write {_usage(token)}.")
        return Name(str(token), span=_span(token))

    def call(self, token: Token, left: Token, *rest: Expression | Token) -> Expression:
        *arguments, right = rest
        span = (_start(token), _end(right))  # type: ignore[arg-type]
        if token == "lookup":
            return _lookup(arguments, span)  # type: ignore[arg-type]
        function = FUNCTIONS.get(token)
        if function is None:
            raise _unknown_function(token)
        least, most = function.arity
        if not least <= len(arguments) <= most:
            raise FormulaError(
                f"`{token}` has {_count(len(arguments), 'argument')} here; it takes "
                + (f"{least}." if least == most else f"{least} to {most}."),
                span,
                f"Write {_usage(token)}.",
            )
        return Call(str(token), tuple(arguments), span=span)  # type: ignore[arg-type]

    def bracket(self, left: Token, inner: Expression, right: Token) -> Expression:
        # the span of a part in brackets includes the brackets
        fields = {slot: getattr(inner, slot) for slot in inner.__slots__}
        return type(inner)(**fields, span=(_start(left), _end(right)))


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
            f"`lookup` has {_count(len(arguments), 'argument')} here; it takes 3.", span, f"Write {_usage('lookup')}."
        )
    table, column, key = arguments
    for part, role in ((table, "table"), (column, "column")):
        if not isinstance(part, Name):
            raise FormulaError(f"The {role} of a lookup is not a name.", part.span, f"Write {_usage('lookup')}.")
    assert isinstance(table, Name) and isinstance(column, Name)
    return Lookup(table.name, column.name, key, span=span)


def _usage(function: str) -> str:
    return "lookup(table, column, key)" if function == "lookup" else f"{function}({FUNCTIONS[function].arguments})"


_NO_NAMES = {
    "nan": "Every value must be a number; leave out what is not known.",
    "inf": "Write a large number, or leave the limit out.",
    "infinity": "Write a large number, or leave the limit out.",
    "true": "Write 1; a condition is true when it is not 0.",
    "false": "Write 0; a condition is true when it is not 0.",
}


def _check_name(token: Token) -> None:
    lower = token.lower()
    if lower in _NO_NAMES:
        raise FormulaError(f"`{_short(token)}` is not a value in a formula.", _span(token), _NO_NAMES[lower])
    if token != lower or token.startswith("_"):
        raise FormulaError(
            f"`{_short(token)}` cannot be a name.",
            _span(token),
            "Names have small letters, digits and underscores and start with a letter.",
        )


def _unknown_function(token: Token) -> FormulaError:
    known = [*FUNCTIONS, "lookup"]
    foreign = {"log": "ln", "pow": "^", "power": "^", "int": "floor", "round": "floor", "mean": "+", "sum": "+"}
    lower = token.lower()
    close = difflib.get_close_matches(lower, known, n=1)
    if lower in known:
        remedy = f"Write it in small letters: {_usage(lower)}."
    elif lower in foreign:
        other = foreign[lower]
        remedy = f"Did you mean {_usage(other)}?" if other in FUNCTIONS else f"Write it with `{other}`."
    elif close:
        remedy = f"Did you mean {_usage(close[0])}?"
    else:
        remedy = f"The functions are {', '.join(known)}."
    return FormulaError(f"There is no function `{_short(token)}`.", _span(token), remedy)


# Spellings of other languages. None of these characters can stand in a formula, so a match is always wrong.
_FOREIGN = [
    (re.compile(pattern), what, remedy)
    for pattern, what, remedy in (
        (r"&&", "`&&` is not an operator.", "Write `and`."),
        (r"\|\|", "`||` is not an operator.", "Write `or`."),
        (r"\*\*", "`**` is not an operator.", "Write `^` for a power."),
        (r"%", "`%` is not an operator.", "Write a percentage as a fraction, such as 0.05."),
        (r"//", "`//` is not an operator.", "Write floor(a / b)."),
        (r"<>", "`<>` is not a comparison.", "Write `!=`."),
        (r"=<|=>", "`=<` and `=>` are not comparisons.", "Write `<=` or `>=`."),
        (r"^\s*=", "A formula does not start with `=`.", "Leave the `=` out."),
        (r":=|[-+*/^]=", "A formula cannot assign a value.", "Give every formula a name of its own in the model file."),
        (r"(?<![=<>!])=(?!=)", "`=` is not a comparison.", "Write `==` to compare; a formula cannot assign a value."),
        (r"!(?!=)", "`!` is not an operator.", "Write `not`."),
        (r"[\"'`]", "There is no text in formulas.", "Write names without quotation marks."),
        (r"(?<=[A-Za-z0-9_)])\s*\.\s*(?=[A-Za-z_])", "A name has no parts.", "Write one name, with underscores."),
        (r"\bif\b(?!\s*\()", "`if` is a function.", "Write if(condition, a, b)."),
        (r"\b(AND|OR|NOT)\b", "`and`, `or` and `not` are written in small letters.", "Write a and b, a or b, not a."),
        (r"\b[0-9]+(_[0-9]+)+\b", "A number has no underscores.", "Write the digits alone."),
        (r"&", "`&` is not an operator.", "Write `and`."),
        (r"\|", "`|` is not an operator.", "Write `or`."),
        (r"[\[\]{}]", "Only round brackets can be used.", "Write ( and )."),
        (r";", "`;` cannot be used.", "Separate arguments with commas."),
        (r"\$", "`$` cannot be used.", "Write the number alone; the unit belongs to the parameter."),
    )
]

_LOOKALIKES = {
    "\u2212": "-", "\u2013": "-", "\u2014": "-", "\u00d7": "*", "\u00b7": "*", "\u22c5": "*", "\u00f7": "/",
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u00b2": "^ 2", "\u00b3": "^ 3", "\u00a0": "a plain space",
    "\u221a": "sqrt(x)", "\u00ac": "not", "\uff08": "(", "\uff09": ")",
}  # fmt: skip


def _refuse_foreign(text: str) -> None:
    """Refuse what people bring along from other languages, with the word for it in this one."""
    if not text.strip():
        raise FormulaError("The formula is empty.", (0, 1), "Write a number, a name or a calculation.")
    for place, character in enumerate(text):
        if not (" " <= character <= "~" or character in "\t\r\n"):
            plain = _LOOKALIKES.get(character)
            shown = f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
            raise FormulaError(
                f"The character {shown} cannot stand in a formula.",
                (place, place + 1),
                f"Write {plain if plain and ' ' in plain and 'plain' in plain else f'`{plain}`'}."
                if plain
                else "Use unaccented letters, digits and the signs of the formula language.",
            )
    found = [(match.start(), match, what, remedy) for pattern, what, remedy in _FOREIGN if (match := pattern.search(text))]
    if found:
        _, match, what, remedy = min(found, key=lambda entry: entry[0])
        raise FormulaError(what, match.span(), remedy)


def _refuse_deep_brackets(text: str) -> None:
    open_brackets = 0
    for place, character in enumerate(text):
        open_brackets += (character == "(") - (character == ")")
        if open_brackets > DEEPEST_NESTING:
            raise _too_deep((place, place + 1))


def _too_deep(span: Span) -> FormulaError:
    return FormulaError(
        f"The formula is nested more than {DEEPEST_NESTING} deep.", span, "Split it into several named formulas."
    )


def _explain(text: str, unexpected: UnexpectedInput) -> FormulaError:
    """What a reader needs to know about the place where the parser gave up."""
    if isinstance(unexpected, UnexpectedCharacters):
        place = unexpected.pos_in_stream
        return FormulaError(
            f"The character `{text[place]}` cannot stand here.", (place, place + 1), "See the formula language in docs/format.md."
        )
    assert isinstance(unexpected, UnexpectedToken)
    token = unexpected.token
    if token.type == "$END":
        unclosed = _unclosed_bracket(text)
        if unclosed is not None:
            return FormulaError("This bracket is not closed.", (unclosed, unclosed + 1), "Write the missing `)`.")
        end = len(text.rstrip())
        return FormulaError("The formula ends where a value is missing.", (end - 1, end), "Write the missing value.")
    span, shown = _span(token), f"`{_short(token)}`"
    if "NUMBER" in unexpected.expected:
        if token.type == "NOT":
            return FormulaError("`not` binds less than what stands before it.", span, "Put brackets around it: (not a).")
        return FormulaError(f"A value is missing before {shown}.", span, "Write a number, a name or brackets.")
    if token.type == "RPAR":
        return FormulaError("This bracket closes nothing.", span, "Leave it out, or write the missing `(`.")
    if token.type == "COMMA":
        decimal = re.search(r"[0-9]$", text[: span[0]]) and re.match(r",[0-9]", text[span[0] :])
        remedy = "Write 0.5, with a point." if decimal else "Leave it out, or write the name of the function."
        return FormulaError("A comma can only stand between the arguments of a function.", span, remedy)
    return FormulaError(f"An operator is missing before {shown}.", span, "Write `*` between factors, for instance 2 * x.")


def _unclosed_bracket(text: str) -> int | None:
    opened: list[int] = []
    for place, character in enumerate(text):
        if character == "(":
            opened.append(place)
        elif character == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _span(token: Token) -> Span:
    return _start(token), _end(token)


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0


def _short(token: str) -> str:
    return token if len(token) <= 40 else f"{token[:37]}..."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

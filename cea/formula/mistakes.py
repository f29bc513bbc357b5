"""What is said about text that is not a formula: what is wrong, where, and what would be right."""

from __future__ import annotations

import difflib
import re

from lark import Token, UnexpectedInput, UnexpectedToken

from cea.formula.functions import FUNCTIONS
from cea.formula.tree import Span

DEEPEST_NESTING = 50
"""Levels of brackets, and of parts within parts, that a formula may have."""


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
        shown = "".join(character if character.isprintable() else " " for character in line)
        return f"{shown}\n{' ' * (start - first)}{'^' * width}"

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.remedy, self.caret()) if part)


def usage(function: str) -> str:
    """How a call of the function is written."""
    return "lookup(table, column, key)" if function == "lookup" else f"{function}({FUNCTIONS[function].arguments})"


_NO_NAMES = {
    "nan": "Every value must be a number; leave out what is not known.",
    "inf": "Write a large number, or leave the limit out.",
    "infinity": "Write a large number, or leave the limit out.",
    "true": "Write 1; a condition is true when it is not 0.",
    "false": "Write 0; a condition is true when it is not 0.",
}


def check_name(token: Token) -> None:
    """Refuse a word that cannot be a name, for its letters or for what it means elsewhere."""
    lower = token.lower()
    if lower in _NO_NAMES:
        raise FormulaError(f"`{shortened(token)}` is not a value in a formula.", span_of(token), _NO_NAMES[lower])
    if token != lower or token.startswith("_"):
        raise FormulaError(
            f"`{shortened(token)}` cannot be a name.",
            span_of(token),
            "Names have small letters, digits and underscores and start with a letter.",
        )


def unknown_function(token: Token) -> FormulaError:
    """The error for a call of something that is no function, with the nearest one that is."""
    known = [*FUNCTIONS, "lookup"]
    foreign = {"log": "ln", "pow": "^", "power": "^", "int": "floor", "round": "floor", "mean": "+", "sum": "+"}
    lower = token.lower()
    close = difflib.get_close_matches(lower, known, n=1)
    if lower in known:
        remedy = f"Write it in small letters: {usage(lower)}."
    elif lower in foreign:
        other = foreign[lower]
        remedy = f"Did you mean {usage(other)}?" if other in FUNCTIONS else f"Write it with `{other}`."
    elif close:
        remedy = f"Did you mean {usage(close[0])}?"
    else:
        remedy = f"The functions are {', '.join(known)}."
    return FormulaError(f"There is no function `{shortened(token)}`.", span_of(token), remedy)


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
    "\u2212": "`-`", "\u2013": "`-`", "\u2014": "`-`", "\u00d7": "`*`", "\u00b7": "`*`", "\u22c5": "`*`",
    "\u00f7": "`/`", "\u2264": "`<=`", "\u2265": "`>=`", "\u2260": "`!=`", "\u00b2": "`^ 2`", "\u00b3": "`^ 3`",
    "\u00a0": "a plain space", "\u221a": "`sqrt(x)`", "\u00ac": "`not`", "\uff08": "`(`", "\uff09": "`)`",
}  # fmt: skip


def refuse_foreign(text: str) -> None:
    """Refuse what people bring along from other languages, with the word for it in this one."""
    if not text.strip():
        raise FormulaError("The formula is empty.", (0, 1), "Write a number, a name or a calculation.")
    for place, character in enumerate(text):
        if not (" " <= character <= "~" or character in "\t\r\n"):
            shown = f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
            raise FormulaError(
                f"The character {shown} cannot stand in a formula.",
                (place, place + 1),
                f"Write {_LOOKALIKES.get(character, 'unaccented letters, digits and the signs of formulas')}.",
            )
    matches = [(pattern.search(text), what, remedy) for pattern, what, remedy in _FOREIGN]
    found = [(match.span(), what, remedy) for match, what, remedy in matches if match]
    if found:
        span, what, remedy = min(found, key=lambda mistake: mistake[0][0])
        raise FormulaError(what, span, remedy)


def refuse_deep_brackets(text: str) -> None:
    """Refuse brackets nested too deep before the parser sees them."""
    open_brackets = 0
    for place, character in enumerate(text):
        open_brackets += (character == "(") - (character == ")")
        if open_brackets > DEEPEST_NESTING:
            raise too_deep((place, place + 1))


def too_deep(span: Span) -> FormulaError:
    """The error for nesting beyond the limit."""
    return FormulaError(
        f"The formula is nested more than {DEEPEST_NESTING} deep.", span, "Split it into several named formulas."
    )


def explain(text: str, unexpected: UnexpectedInput) -> FormulaError:
    """What a reader needs to know about the place where the parser gave up."""
    if not isinstance(unexpected, UnexpectedToken):
        place = unexpected.pos_in_stream or 0
        return FormulaError(
            f"The character `{text[place]}` cannot stand here.",
            (place, place + 1),
            "A formula has numbers, names, + - * / ^, comparisons, and, or, not, functions and round brackets.",
        )
    token = unexpected.token
    if token.type == "$END":
        unclosed = _unclosed_bracket(text)
        if unclosed is not None:
            return FormulaError("This bracket is not closed.", (unclosed, unclosed + 1), "Write the missing `)`.")
        end = len(text.rstrip())
        return FormulaError("The formula ends where a value is missing.", (end - 1, end), "Write what is missing.")
    span, shown = span_of(token), f"`{shortened(token)}`"
    if "NUMBER" in unexpected.expected:
        if token.type == "NOT":
            return FormulaError(
                "`not` binds less than what stands before it.", span, "Put brackets around it: (not a)."
            )
        return FormulaError(f"A value is missing before {shown}.", span, "Write a number, a name or brackets.")
    if token.type == "RPAR":
        return FormulaError("This bracket closes nothing.", span, "Leave it out, or write the missing `(`.")
    if token.type == "COMMA":
        decimal = re.search(r"[0-9]$", text[: span[0]]) and re.match(r",[0-9]", text[span[0] :])
        remedy = "Write 0.5, with a point." if decimal else "Leave it out, or write the name of the function."
        return FormulaError("A comma can only stand between the arguments of a function.", span, remedy)
    return FormulaError(
        f"An operator is missing before {shown}.", span, "Write `*` between factors, for instance 2 * x."
    )


def _unclosed_bracket(text: str) -> int | None:
    opened: list[int] = []
    for place, character in enumerate(text):
        if character == "(":
            opened.append(place)
        elif character == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def span_of(token: Token) -> Span:
    """Where a word or sign stands in the text."""
    return start_of(token), end_of(token)


def start_of(token: Token) -> int:
    """Where it starts."""
    return token.start_pos or 0


def end_of(token: Token) -> int:
    """Where it ends, exclusive."""
    return token.end_pos or 0


def shortened(token: str) -> str:
    """At most 40 characters of it, for messages."""
    return token if len(token) <= 40 else f"{token[:37]}..."


def counted(number: int, noun: str) -> str:
    """A number and its noun, such as `1 argument` or `3 arguments`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

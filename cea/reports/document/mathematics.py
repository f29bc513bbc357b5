"""Formulas as a tree of signs, read from the LaTeX that `formula.latex` and `reports.equations` write.

The tree is what writers of documents need: MathML for HTML, Office Math for Word. Only the commands that those modules
use are known.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "number", "sign", "words"]


@dataclass(frozen=True)
class Symbol:
    """A name, a number, a sign, or words between signs."""

    text: str
    kind: Kind


@dataclass(frozen=True)
class Row:
    """Parts beside each other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Fraction:
    """One row over another."""

    above: Row
    below: Row


@dataclass(frozen=True)
class Root:
    """A square root."""

    body: Row


@dataclass(frozen=True)
class Script:
    """A part with an index, an exponent, or both."""

    base: Part
    index: Row | None = None
    exponent: Row | None = None


@dataclass(frozen=True)
class Fence:
    """A row between brackets that grow with it; the right one may be empty."""

    left: str
    body: Row
    right: str


@dataclass(frozen=True)
class Cases:
    """Rows of cells behind a brace: a value and when it holds."""

    rows: tuple[tuple[Row, ...], ...]


Part = Symbol | Row | Fraction | Root | Script | Fence | Cases

_TOKEN = re.compile(
    r"\\(?:mathit|mathbb|text)\{(?:[^{}\\]|\\.)*\}|\\(?:begin|end)\{cases\}|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.",
    re.DOTALL,
)
_LITERAL = re.compile(r"\\(mathit|mathbb|text)\{(.*)\}", re.DOTALL)
_LITERALS: dict[str, Kind] = {"mathit": "name", "mathbb": "number", "text": "words"}
_SIGNS = {
    r"\cdot": "\N{DOT OPERATOR}", r"\times": "\N{MULTIPLICATION SIGN}", r"\le": "\N{LESS-THAN OR EQUAL TO}",
    r"\ge": "\N{GREATER-THAN OR EQUAL TO}", r"\neq": "\N{NOT EQUAL TO}", r"\to": "\N{RIGHTWARDS ARROW}",
    r"\in": "\N{ELEMENT OF}", "-": "\N{MINUS SIGN}",
}  # fmt: skip
_WORDS = {r"\ln": "ln", r"\exp": "exp", r"\min": "min", r"\max": "max", r"\quad": "\N{EM SPACE}"}
_BRACKETS = {
    r"\{": "{", r"\}": "}", r"\lfloor": "\N{LEFT FLOOR}", r"\rfloor": "\N{RIGHT FLOOR}",
    "(": "(", ")": ")", "[": "[", "]": "]", "|": "|",
}  # fmt: skip


def read(latex: str) -> Row:
    """The tree of a formula. Raises ValueError at a command that is not one of ours."""
    tokens = deque(token for token in _TOKEN.findall(latex) if not token.isspace())
    row = _row(tokens, ())
    if tokens:
        raise ValueError(f"'{tokens[0]}' closes nothing in {latex}")
    return row


def _row(tokens: deque[str], ends: tuple[str, ...]) -> Row:
    """Parts up to one of the ends, which stays."""
    parts: list[Part] = []
    while tokens and tokens[0] not in ends and tokens[0] != "}":
        token = tokens.popleft()
        if token in ("_", "^"):
            parts.append(_script(parts.pop(), token, _group(tokens)))
        else:
            parts.append(_part(token, tokens))
    return Row(tuple(parts))


def _script(base: Part, token: str, row: Row) -> Script:
    known = base if isinstance(base, Script) and base.exponent is None else Script(base)
    return Script(known.base, row, None) if token == "_" else Script(known.base, known.index, row)


def _group(tokens: deque[str]) -> Row:
    """What stands in braces."""
    if not tokens or tokens.popleft() != "{":
        raise ValueError("a group begins with a brace")
    row = _row(tokens, ("}",))
    _expect(tokens, "}")
    return row


def _part(token: str, tokens: deque[str]) -> Part:
    if literal := _LITERAL.fullmatch(token):
        return Symbol(re.sub(r"\\(.)", r"\1", literal[2]), _LITERALS[literal[1]])
    if token in _WORDS or token in _SIGNS:
        return Symbol(_WORDS[token], "words") if token in _WORDS else Symbol(_SIGNS[token], "sign")
    if token == "{":
        row = _row(tokens, ("}",))
        _expect(tokens, "}")
        return row.parts[0] if len(row.parts) == 1 else row
    if token == r"\frac":
        return Fraction(_group(tokens), _group(tokens))
    if token == r"\sqrt":
        return Root(_group(tokens))
    if token == r"\left":
        return _fence(tokens)
    if token == r"\begin{cases}":
        return _cases(tokens)
    if token.startswith("\\"):
        raise ValueError(f"unknown command {token}")
    return Symbol(token, "number" if token[0].isdigit() else "name" if token.isalpha() else "sign")


def _fence(tokens: deque[str]) -> Fence:
    left = _BRACKETS[tokens.popleft()]
    body = _row(tokens, (r"\right",))
    _expect(tokens, r"\right")
    return Fence(left, body, _BRACKETS[tokens.popleft()])


def _cases(tokens: deque[str]) -> Cases:
    rows: list[tuple[Row, ...]] = []
    cells: list[Row] = []
    while True:
        cells.append(_row(tokens, ("&", r"\\", r"\end{cases}")))
        end = tokens.popleft() if tokens else ""
        if end == "&":
            continue
        rows.append(tuple(cells))
        cells = []
        if end == r"\end{cases}":
            return Cases(tuple(rows))
        if end != r"\\":
            raise ValueError(r"\begin{cases} is not closed")


def _expect(tokens: deque[str], token: str) -> None:
    if not tokens or tokens.popleft() != token:
        raise ValueError(f"{token} is missing")

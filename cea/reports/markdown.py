"""Markdown text. What comes from the inputs is escaped: it never becomes markup, HTML or a link of another kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

_SPECIAL = re.compile(r"([\\`*_\[\]|$~])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(text: object) -> str:
    """Plain text on one line."""
    words = " ".join(str(text).split())
    for sign, entity in _HTML.items():
        words = words.replace(sign, entity)
    return _SPECIAL.sub(r"\\\1", words)


def code(text: str) -> str:
    """Text in a typewriter face; escaped text where it cannot be."""
    words = " ".join(text.split())
    return escape(text) if not words or "`" in words or "|" in words else f"`{words}`"


def link(text: str, url: str | None) -> str:
    """Markdown text as a link where there is a web address, else with whatever the address says beside it."""
    if not url:
        return text
    if not re.match(r"https?://\S+$", url):
        return f"{text} ({escape(url)})"
    return f"[{text}]({quote(url, safe=':/?#@!$&+,;=%~.-_')})"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown already."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def math(equations: Sequence[str]) -> str:
    """A block of equations, each with one `=` at which they are aligned.

    It is fenced: between `$$` GitHub's renderer takes the backslash from `\\_`.
    """
    if len(equations) == 1:
        return f"```math\n{equations[0]}\n```"
    lines = " \\\\\n".join(equation.replace(" = ", " &= ", 1) for equation in equations)
    return f"```math\n\\begin{{aligned}}\n{lines}\n\\end{{aligned}}\n```"

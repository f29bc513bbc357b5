"""What a report consists of: sections with paragraphs, lists, tables and figures; writers turn the tree into files.

All text is plain: nothing in it is read as markup by any writer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cea.reports import terminal

_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:)]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Paragraph:
    """Running text; a strong one says what matters most."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Equation:
    """A formula: LaTeX that `mathematics` reads, and the same as text."""

    latex: str
    text: str

    def __str__(self) -> str:
        return self.text


Cell = str | Equation


@dataclass(frozen=True)
class Table:
    """Rows under headings; `columns` are (heading, is a number), `notes` stand below."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, made: terminal.Table) -> Table:
        """A table as the command line prints it."""
        return cls(made.title, tuple(made.columns), tuple(made.rows), tuple(made.notes))


@dataclass(frozen=True)
class Figure:
    """A picture: its caption, what it shows in words for those who do not see it, and its PNG file."""

    title: str
    alternative: str
    png: bytes


@dataclass(frozen=True)
class Section:
    """A section; `key` names it within the document, for references. A broad one wants pages on their side."""

    key: str
    title: str
    parts: tuple[Part, ...]
    broad: bool = False


Block = Paragraph | Bullets | Table | Figure
Part = Block | Section


@dataclass(frozen=True)
class Document:
    """A report: its title, lines below it that say what it is about, its sections, and what it was made with."""

    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    stamp: str


def numbered(sections: tuple[Section, ...]) -> Mapping[str, str]:
    """The heading of every section by key, with its number: `2.3 Population`."""
    return dict(_numbered(sections, ""))


def _numbered(parts: tuple[Part, ...], above: str) -> Iterator[tuple[str, str]]:
    members = [part for part in parts if isinstance(part, Section)]
    for position, section in enumerate(members, 1):
        number = f"{above}{position}"
        yield section.key, f"{number} {section.title}"
        yield from _numbered(section.parts, f"{number}.")


class Captions:
    """Titles of tables and figures with their numbers, in the order in which a writer asks for them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def of(self, part: Table | Figure) -> tuple[str, int, str]:
        """The word, the number and the title: `Table`, 3, `States`."""
        word = "Table" if isinstance(part, Table) else "Figure"
        self._counts[word] += 1
        return word, self._counts[word], part.title


def listed(sections: tuple[Section, ...], deepest: int = 2) -> Iterator[tuple[int, Section]]:
    """Sections down to a depth with their level, for a table of contents."""
    for section in sections:
        yield 1, section
        inner = tuple(part for part in section.parts if isinstance(part, Section))
        if deepest > 1:
            yield from ((level + 1, part) for level, part in listed(inner, deepest - 1))


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text cut into addresses of the web (true) and what stands between them (false)."""
    at = 0
    for found in _ADDRESS.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], False
        yield found[0], True
        at = found.end()
    if at < len(text):
        yield text[at:], False


def printable(text: str) -> str:
    """The text without characters that no document may hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)

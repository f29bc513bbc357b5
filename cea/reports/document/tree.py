"""What a report consists of: sections with paragraphs, lists, tables and figures; writers turn the tree into files.

All text is plain: nothing in it is read as markup by any writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cea.reports import terminal

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
class Table:
    """Rows under headings; `columns` are (heading, is a number), `notes` stand below."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
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
    """A section; `key` names it within the document, for references."""

    key: str
    title: str
    parts: tuple[Part, ...]


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


def printable(text: str) -> str:
    """The text without characters that no document may hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)

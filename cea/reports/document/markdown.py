"""A document as Markdown, without its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cea.reports.document.tree import Bullets, Document, Figure, Paragraph, Section, Table, numbered, printable
from cea.reports.markdown import escape, table


def write(document: Document) -> str:
    """The file's text."""
    headings = numbered(document.sections)
    parts = [f"# {_text(document.title)}", *map(_text, document.about)]
    for section in document.sections:
        parts += _section(section, headings, "##")
    return "\n\n".join([*parts, _text(document.stamp)]) + "\n"


def _section(section: Section, headings: Mapping[str, str], level: str) -> Iterator[str]:
    yield f"{level} {_text(headings[section.key])}"
    for part in section.parts:
        match part:
            case Section():
                yield from _section(part, headings, f"{level}#")
            case Paragraph(text, strong):
                yield f"**{_text(text)}**" if strong else _text(text)
            case Bullets(items):
                yield "\n".join(f"- {_text(item)}" for item in items)
            case Table(title, columns, rows, notes):
                yield f"**{_text(title)}**"
                yield table([_text(heading) for heading, _ in columns], [[_text(cell) for cell in row] for row in rows])
                yield from map(_text, notes)
            case Figure(title, alternative, _):
                yield f"{_text(title)}: {_text(alternative)}"


def _text(text: str) -> str:
    return escape(printable(text))

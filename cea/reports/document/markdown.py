"""A document as Markdown, without its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cea.reports.document.tree import (
    Bullets,
    Captions,
    Document,
    Figure,
    Paragraph,
    Section,
    Table,
    numbered,
    printable,
)
from cea.reports.markdown import escape, table


def write(document: Document) -> str:
    """The file's text."""
    headings, captions = numbered(document.sections), Captions()
    parts = [f"# {_text(document.title)}", *map(_text, document.about)]
    for section in document.sections:
        parts += _section(section, headings, captions, "##")
    return "\n\n".join([*parts, _text(document.stamp)]) + "\n"


def _section(section: Section, headings: Mapping[str, str], captions: Captions, level: str) -> Iterator[str]:
    yield f"{level} {_text(headings[section.key])}"
    for part in section.parts:
        match part:
            case Section():
                yield from _section(part, headings, captions, f"{level}#")
            case Paragraph(text, strong):
                yield f"**{_text(text)}**" if strong else _text(text)
            case Bullets(items):
                yield "\n".join(f"- {_text(item)}" for item in items)
            case Table(_, columns, rows, notes):
                yield f"**{_caption(captions, part)}**"
                cells = [[_text(str(cell)) for cell in row] for row in rows]
                yield table([_text(heading) for heading, _ in columns], cells)
                yield from map(_text, notes)
            case Figure(_, alternative, _):
                yield f"{_caption(captions, part)}: {_text(alternative)}"


def _caption(captions: Captions, part: Table | Figure) -> str:
    word, number, title = captions.of(part)
    return f"{word} {number}. {_text(title)}"


def _text(text: str) -> str:
    return escape(printable(text))

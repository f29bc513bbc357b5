"""A document as one HTML file: figures inside it, no script, nothing loaded from elsewhere; all text is escaped."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping

from cea.reports.document.mathml import mathml
from cea.reports.document.tree import (
    Bullets,
    Captions,
    Cell,
    Document,
    Equation,
    Figure,
    Paragraph,
    Part,
    Section,
    Table,
    listed,
    numbered,
    pieces,
    printable,
)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ddd; }
.about, .note, footer { color: #595959; } .note, footer { font-size: .875em; } .about p, .note { margin: .25rem 0; }
nav { margin: 1.5rem 0; } nav p { font-weight: 600; margin: 0; } .level-2 { margin-left: 1.5rem; font-size: .875rem; }
.wide { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; font-size: .875em; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid #ddd; }
th { border-bottom: 2px solid #767676; vertical-align: bottom; }
td { overflow-wrap: break-word; max-width: 22rem; } td:has(a) { overflow-wrap: anywhere; min-width: 12rem; }
td.equation { max-width: none; } mtd { text-align: left; padding: .1em .6em .1em .1em; } mi { font-style: italic; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th.number { white-space: normal; }
figure { margin: 1.5rem 0; } img { max-width: 100%; height: auto; } figcaption { font-weight: 600; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 11px; } .wide { overflow: visible; }
  figure, tr { break-inside: avoid; } h2, h3, caption, thead { break-after: avoid; } img { max-height: 20cm; }
  .broad { page: broad; font-size: 10.5px; } .broad td { max-width: 34rem; }
}
"""
_PAGES = """
@page { size: A4; margin: 2cm 2cm 2.2cm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; }
  @bottom-left { content: "STAMP"; font: 7pt sans-serif; color: #595959; width: 15cm; } }
@page broad { size: A4 landscape; }
"""


def write(document: Document) -> str:
    """The file's text: HTML that is well-formed XML too."""
    return "\n".join(_page(document, numbered(document.sections), Captions())) + "\n"


def _page(document: Document, headings: Mapping[str, str], captions: Captions) -> Iterator[str]:
    title = _text(document.title)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    style = _STYLE + _PAGES.replace("STAMP", _in_style(document.stamp))
    yield '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8"/>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
    yield f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    yield '<div class="about">' + "".join(f"<p>{_text(line)}</p>" for line in document.about) + "</div>"
    links = (_link(level, section, headings) for level, section in listed(document.sections))
    yield "<nav><p>Contents</p>" + "".join(links) + "</nav>\n<main>"
    for section in document.sections:
        yield from _section(section, headings, captions, 2)
    yield f"</main>\n<footer><p>{_text(document.stamp)}</p></footer>\n</body>\n</html>"


def _in_style(text: str) -> str:
    """Text for a string of a style sheet: all but letters, digits and spaces as escapes, so that nothing ends it."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign == " ") else f"\\{ord(sign):06x}"
                   for sign in printable(text) if sign != "\n")  # fmt: skip


def _link(level: int, section: Section, headings: Mapping[str, str]) -> str:
    link = f'<a href="#{_text(section.key)}">{_text(headings[section.key])}</a>'
    return f'<div class="level-{level}">{link}</div>'


def _section(section: Section, headings: Mapping[str, str], captions: Captions, level: int) -> Iterator[str]:
    kind = ' class="broad"' if section.broad else ""
    yield f'<section id="{_text(section.key)}"{kind}>\n<h{level}>{_text(headings[section.key])}</h{level}>'
    for part in section.parts:
        if isinstance(part, Section):
            yield from _section(part, headings, captions, min(level + 1, 6))
        else:
            yield _block(part, captions)
    yield "</section>"


def _block(part: Part, captions: Captions) -> str:
    match part:
        case Paragraph(text, strong):
            return f"<p><strong>{_text(text)}</strong></p>" if strong else f"<p>{_text(text)}</p>"
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"
        case Table():
            return _table(part, _caption(captions, part))
        case Figure(_, alternative, png):
            data = base64.b64encode(png).decode("ascii")
            picture = f'<img alt="{_text(alternative)}" src="data:image/png;base64,{data}"/>'
            return f"<figure>{picture}<figcaption>{_caption(captions, part)}</figcaption></figure>"
        case _:
            raise AssertionError("a section is no block")


def _caption(captions: Captions, part: Table | Figure) -> str:
    word, number, title = captions.of(part)
    return f"{word} {number}. {_text(title)}"


def _table(part: Table, caption: str) -> str:
    kinds = [' class="number"' if number else "" for _, number in part.columns]
    heads = (f'<th scope="col"{kind}>{_text(head)}</th>' for kind, (head, _) in zip(kinds, part.columns, strict=True))
    body = "\n".join(
        "<tr>" + "".join(_cell(cell, kind) for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in part.rows
    )
    head = f"<caption>{caption}</caption>\n<thead><tr>{''.join(heads)}</tr></thead>"
    made = f"{head}\n<tbody>\n{body}\n</tbody>"
    notes = "".join(f'<p class="note">{_text(note)}</p>' for note in part.notes)
    return f'<div class="wide"><table>{made}</table>{notes}</div>'


def _cell(cell: Cell, kind: str) -> str:
    if isinstance(cell, Equation):
        return f'<td class="equation">{mathml(cell.latex, printable(cell.text))}</td>'
    return f"<td{kind}>{_linked(cell)}</td>"


def _linked(text: str) -> str:
    """Text whose addresses can be followed."""
    links = ((_text(piece), address) for piece, address in pieces(printable(text)))
    return "".join(f'<a href="{piece}" rel="noreferrer">{piece}</a>' if address else piece for piece, address in links)


def _text(text: str) -> str:
    return html.escape(printable(text), quote=True)

"""A document as one HTML file: figures inside it, no script, nothing loaded from elsewhere; all text is escaped."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping

from cea.reports.document.tree import Bullets, Document, Figure, Paragraph, Part, Section, Table, numbered, printable

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ddd; }
.about, .note, footer { color: #595959; } .note, footer { font-size: .875rem; } .about p, .note { margin: .25rem 0; }
.wide { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; font-size: .875em; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid #ddd; }
th { border-bottom: 2px solid #767676; vertical-align: bottom; }
td { overflow-wrap: break-word; max-width: 22rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5rem 0; } img { max-width: 100%; height: auto; } figcaption { font-weight: 600; }
@media print { body { max-width: none; margin: 0; font-size: 11px; } figure, tr { break-inside: avoid; } }
"""


def write(document: Document) -> str:
    """The file's text: HTML that is well-formed XML too."""
    headings = numbered(document.sections)
    return "\n".join(_page(document, headings)) + "\n"


def _page(document: Document, headings: Mapping[str, str]) -> Iterator[str]:
    title = _text(document.title)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    yield '<div class="about">' + "".join(f"<p>{_text(line)}</p>" for line in document.about) + "</div>"
    yield "<nav>" + "".join(_link(section, headings) for section in document.sections) + "</nav>\n<main>"
    for section in document.sections:
        yield from _section(section, headings, 2)
    yield f"</main>\n<footer><p>{_text(document.stamp)}</p></footer>\n</body>\n</html>"


def _link(section: Section, headings: Mapping[str, str]) -> str:
    return f'<div><a href="#{_text(section.key)}">{_text(headings[section.key])}</a></div>'


def _section(section: Section, headings: Mapping[str, str], level: int) -> Iterator[str]:
    yield f'<section id="{_text(section.key)}">\n<h{level}>{_text(headings[section.key])}</h{level}>'
    for part in section.parts:
        if isinstance(part, Section):
            yield from _section(part, headings, min(level + 1, 6))
        else:
            yield _block(part)
    yield "</section>"


def _block(part: Part) -> str:
    match part:
        case Paragraph(text, strong):
            return f"<p><strong>{_text(text)}</strong></p>" if strong else f"<p>{_text(text)}</p>"
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"
        case Table():
            return _table(part)
        case Figure(title, alternative, png):
            data = base64.b64encode(png).decode("ascii")
            picture = f'<img alt="{_text(alternative)}" src="data:image/png;base64,{data}"/>'
            return f"<figure>{picture}<figcaption>{_text(title)}</figcaption></figure>"
        case _:
            raise AssertionError("a section is no block")


def _table(part: Table) -> str:
    kinds = [' class="number"' if number else "" for _, number in part.columns]
    heads = (f'<th scope="col"{kind}>{_text(head)}</th>' for kind, (head, _) in zip(kinds, part.columns, strict=True))
    body = "\n".join(
        "<tr>" + "".join(f"<td{kind}>{_text(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in part.rows
    )
    head = f"<caption>{_text(part.title)}</caption>\n<thead><tr>{''.join(heads)}</tr></thead>"
    made = f"{head}\n<tbody>\n{body}\n</tbody>"
    notes = "".join(f'<p class="note">{_text(note)}</p>' for note in part.notes)
    return f'<div class="wide"><table>{made}</table>{notes}</div>'


def _text(text: str) -> str:
    return html.escape(printable(text), quote=True)

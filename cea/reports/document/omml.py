"""Formulas as Office Math, for Word (ECMA-376 part 1, chapter 22.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cea.reports.document.mathematics import Cases, Fence, Fraction, Part, Root, Row, Script, Symbol, read

_SPACES = (
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
)
_FONT = "Cambria Math"
_UPRIGHT, _PLAIN = '<m:rPr><m:sty m:val="p"/></m:rPr>', "<m:rPr><m:nor/></m:rPr>"
"""Signs and numbers as mathematics; names and words as text, or LibreOffice takes what follows `_` for an index."""
_LEFT = '<m:mcs><m:mc><m:mcPr><m:count m:val="{}"/><m:mcJc m:val="left"/></m:mcPr></m:mc></m:mcs>'


def omml(latex: str, half_points: int) -> Any:
    """An `m:oMath` element to append to a paragraph, with letters of that size."""
    from docx.oxml import parse_xml  # noqa: PLC0415 - slow to import, and only reports need it

    return parse_xml(f"<m:oMath {_SPACES}>{_inside(read(latex), half_points)}</m:oMath>")


def _inside(row: Row, size: int) -> str:
    return "".join(_element(part, size) for part in row.parts)


def _element(part: Part, size: int) -> str:
    match part:
        case Symbol(text, kind):
            slanted = "<w:i/>" if kind == "name" else ""
            fonts = f'<w:rFonts w:ascii="{_FONT}" w:hAnsi="{_FONT}"/>'
            font = f'<w:rPr>{fonts}{slanted}<w:sz w:val="{size}"/></w:rPr>'
            style = _PLAIN if kind in ("name", "words") else _UPRIGHT
            return f'<m:r>{style}{font}<m:t xml:space="preserve">{escape(text)}</m:t></m:r>'
        case Row():
            return _inside(part, size)
        case Fraction(above, below):
            return f"<m:f><m:num>{_inside(above, size)}</m:num><m:den>{_inside(below, size)}</m:den></m:f>"
        case Root(body):
            return f'<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>{_inside(body, size)}</m:e></m:rad>'
        case Script():
            return _script(part, size)
        case Fence(left, body, right):
            return _fence(left, _inside(body, size), right)
        case Cases(rows):
            lines = "".join(f"<m:mr>{''.join(_cells(row, size))}</m:mr>" for row in rows)
            return _fence("{", f"<m:m><m:mPr>{_LEFT.format(len(rows[0]))}</m:mPr>{lines}</m:m>", "")


def _script(part: Script, size: int) -> str:
    base = f"<m:e>{_element(part.base, size)}</m:e>"
    below = "" if part.index is None else f"<m:sub>{_inside(part.index, size)}</m:sub>"
    above = "" if part.exponent is None else f"<m:sup>{_inside(part.exponent, size)}</m:sup>"
    tag = f"m:s{'Sub' if below else ''}{'Sup' if above else ''}"
    return f"<{tag}>{base}{below}{above}</{tag}>"


def _fence(left: str, inside: str, right: str) -> str:
    ends = f"<m:begChr m:val={quoteattr(left)}/><m:endChr m:val={quoteattr(right)}/>"
    return f"<m:d><m:dPr>{ends}</m:dPr><m:e>{inside}</m:e></m:d>"


def _cells(row: tuple[Row, ...], size: int) -> Iterator[str]:
    for cell in row:
        yield f"<m:e>{_inside(cell, size)}</m:e>"

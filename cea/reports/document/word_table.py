"""Tables of a Word file: widths from what stands in them, rows kept whole, headings on each page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cea.reports.document import word_fields as fields
from cea.reports.document.omml import omml
from cea.reports.document.tree import Cell, Equation, Table, pieces, printable

if TYPE_CHECKING:
    from docx.document import Document as Word

_PADDING_CM = 0.42
_FEW = 6
"""Tables of more columns have smaller letters."""
_LONGEST = 60
"""Characters of a text column up to which it asks for room."""
_LONGEST_WORD = 22
"""Longer words, such as addresses, may be broken."""
_EQUATION, _SHORTEST_EQUATION, _LONGEST_EQUATION = 0.9, 36, 110
"""Room of an equation for each character of it as text, and the fewest and most that it is given room for."""
_FULL_SIZE, _SMALLEST = 90, 0.7
"""Equations of more characters are set smaller, down to this share: those with cases are not broken into lines."""
_PORTRAIT_CM = 17.0
_TOGETHER = 16
"""Tables of at most so many rows stay on one page."""


def add_table(word: Word, part: Table, width_cm: float) -> None:
    """The table and its notes, at the end of the file."""
    from docx.shared import Cm, Pt  # noqa: PLC0415 - slow to import, and only reports need it

    table = word.add_table(rows=0, cols=len(part.columns), style="Table Grid")
    table.autofit = False
    _rule(table)
    size = Pt(8.5 if len(part.columns) <= _FEW else 7.5)
    widths = [Cm(each) for each in widths_cm(part, width_cm)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    heads = tuple(heading for heading, _ in part.columns)
    rows: list[tuple[Cell, ...]] = [heads, *part.rows]
    for at, cells in enumerate(rows):
        row = table.add_row()
        _keep_whole(row, head=at == 0)
        last = at == len(rows) - 1
        together = at == 0 or (len(rows) <= _TOGETHER and not last) or (last and bool(part.notes))
        for place, cell, width, (_, number) in zip(row.cells, cells, widths, part.columns, strict=True):
            place.width = width
            _fill(place, cell, size, number=number, head=at == 0, together=together)
    for note in part.notes:
        _small(word.add_paragraph(printable(note)))
    gap = word.add_paragraph().paragraph_format
    gap.space_after, gap.line_spacing = Pt(0), Pt(8)


def widths_cm(part: Table, room: float) -> list[float]:
    """Widths of the columns in cm: no number and no word is broken where there is room, the rest goes to long texts."""
    letter = 0.175 if len(part.columns) <= _FEW else 0.155
    needed, wanted = [], []
    for at, (heading, number) in enumerate(part.columns):
        cells = [str(row[at]) for row in part.rows]
        longest = max([len(heading) / 2, *map(len, cells)])
        if any(isinstance(row[at], Equation) for row in part.rows):
            least = min(max(_EQUATION * longest, _SHORTEST_EQUATION), _LONGEST_EQUATION)
        else:
            words = [len(word) * 1.3 for word in heading.split()]
            words += map(len, cells) if number else (len(word) for cell in cells for word in cell.split())
            least = min(max(words, default=1), _LONGEST_WORD)
        needed.append(letter * least + _PADDING_CM)
        wanted.append(max(needed[-1], letter * min(longest, _LONGEST * room / _PORTRAIT_CM) + _PADDING_CM))
    if sum(needed) >= room:
        return [room * width / sum(needed) for width in needed]
    missing = sum(wanted) - sum(needed)
    share = min((room - sum(needed)) / missing, 1.0) if missing > 0 else 1.0
    return [least + share * (more - least) for least, more in zip(needed, wanted, strict=True)]


def _rule(table: Any) -> None:
    """Thin grey lines between rows, none between columns."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        shown = side in ("top", "bottom", "insideH")
        for key, value in (("val", "single" if shown else "nil"), ("sz", "4"), ("color", "BFBFBF")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    properties = table._tbl.tblPr
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")


def _fill(place: Any, cell: Cell, size: Any, *, number: bool, head: bool, together: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    paragraph = place.paragraphs[0]
    layout = paragraph.paragraph_format
    layout.space_after = layout.space_before = Pt(1.5)
    layout.keep_with_next = together or None
    if isinstance(cell, Equation):
        shrunk = min(1.0, max(_SMALLEST, _FULL_SIZE / max(len(cell.text), 1)))
        paragraph._p.append(omml(printable(cell.latex), round(2 * size.pt * shrunk)))
        return
    if number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for text, address in pieces(printable(cell)):
        run = fields.address(paragraph, text) if address else paragraph.add_run(text)
        run.font.size, run.bold = size, head or None


def _keep_whole(row: Any, *, head: bool) -> None:
    """No row is broken across pages, and the headings stand on each page."""
    from docx.oxml import OxmlElement  # noqa: PLC0415

    properties = row._tr.get_or_add_trPr()
    for name in ("w:cantSplit", *["w:tblHeader"] * head):
        properties.append(OxmlElement(name))


def _small(paragraph: Any) -> None:
    """A note below a table."""
    from docx.shared import Pt  # noqa: PLC0415

    layout = paragraph.paragraph_format
    layout.space_before = layout.space_after = Pt(2)
    for run in paragraph.runs:
        run.font.size = Pt(8.5)

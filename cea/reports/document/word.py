"""A document as a Word file (OOXML, by python-docx): headings and captions with Word's own styles, A4 pages.

The same document gives the same bytes: the file holds no dates.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cea.reports.document.tree import Bullets, Document, Figure, Paragraph, Section, Table, numbered, printable

if TYPE_CHECKING:
    from docx.document import Document as Word

_WIDTH_CM = 17.0
_MARGIN_CM = 2.0
_PADDING_CM = 0.42
_FEW = 6
"""Tables of more columns have smaller letters."""
_LONGEST = 60
"""Characters of a text column up to which it asks for room."""
_LONGEST_WORD = 22
"""Longer words, such as addresses, may be broken."""


def write(document: Document, path: Path) -> Path:
    """Writes the file and returns its path."""
    import docx  # noqa: PLC0415 - slow to import, and only reports need it

    word = docx.Document()
    _prepare(word, document.title)
    word.add_heading(printable(document.title), level=0)
    for line in document.about:
        word.add_paragraph(printable(line), style="Subtitle")
    headings = numbered(document.sections)
    for section in document.sections:
        _section(word, section, headings, 1)
    _small(word.add_paragraph(printable(document.stamp)))
    made = io.BytesIO()
    word.save(made)
    path.write_bytes(_undated(made.getvalue()))
    return path


def _prepare(word: Word, title: str) -> None:
    """A4, margins, small plain styles, and properties without the template's author and dates."""
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415

    page = word.sections[0]
    page.page_width, page.page_height = Cm(_WIDTH_CM + 2 * _MARGIN_CM), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(_MARGIN_CM)
    sizes = {
        "Normal": 10.5, "Title": 20.0, "Subtitle": 11.0, "Heading 1": 15.0, "Heading 2": 12.5, "Heading 3": 11.0,
        "Caption": 9.5,
    }  # fmt: skip
    for name, size in sizes.items():
        font: Any = word.styles[name].font
        font.size, font.name, font.color.rgb, font.italic = Pt(size), "Arial", RGBColor(0x22, 0x22, 0x22), False
        fonts = font.element.rPr.rFonts  # headings of the template take theirs from its theme
        for key in [key for key in fonts.attrib if key.endswith("Theme")]:
            del fonts.attrib[key]
    properties = word.core_properties
    properties.title, properties.author, properties.comments = printable(title)[:255], "", ""
    element = properties._element
    for child in [child for child in element if child.tag.rpartition("}")[2] in ("created", "modified")]:
        element.remove(child)


def _section(word: Word, section: Section, headings: Mapping[str, str], level: int) -> None:
    word.add_heading(printable(headings[section.key]), level=min(level, 9))
    for part in section.parts:
        match part:
            case Section():
                _section(word, part, headings, level + 1)
            case Paragraph(text, strong):
                word.add_paragraph().add_run(printable(text)).bold = strong or None
            case Bullets(items):
                for item in items:
                    word.add_paragraph(printable(item), style="List Bullet")
            case Table():
                _table(word, part)
            case Figure():
                _figure(word, part)


def _figure(word: Word, part: Figure) -> None:
    from docx.shared import Cm  # noqa: PLC0415

    paragraph = word.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(part.png), width=Cm(_WIDTH_CM))
    tallest = Cm(20)
    if shape.height > tallest:
        shape.width, shape.height = round(shape.width * tallest / shape.height), tallest
    shape._inline.docPr.set("descr", printable(part.alternative))
    word.add_paragraph(printable(part.title), style="Caption")


def _table(word: Word, part: Table) -> None:
    from docx.shared import Cm, Pt  # noqa: PLC0415

    caption = word.add_paragraph(printable(part.title), style="Caption")
    caption.paragraph_format.keep_with_next = True
    table = word.add_table(rows=0, cols=len(part.columns), style="Table Grid")
    table.autofit = False
    _rule(table)
    size = Pt(8.5 if len(part.columns) <= _FEW else 7.5)
    widths = [Cm(width) for width in _widths(part)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    heads = [heading for heading, _ in part.columns]
    for at, texts in enumerate((heads, *part.rows)):
        row = table.add_row()
        _keep_whole(row, head=at == 0)
        for cell, text, width, (_, number) in zip(row.cells, texts, widths, part.columns, strict=True):
            cell.width = width
            _fill(cell, text, size, number=number, head=at == 0)
    for note in part.notes:
        _small(word.add_paragraph(printable(note)))
    word.add_paragraph().paragraph_format.space_after = Pt(2)


def _widths(part: Table) -> list[float]:
    """Widths of the columns in cm: no number and no word is broken where there is room, the rest goes to long texts."""
    letter = (0.175 if len(part.columns) <= _FEW else 0.155) * _WIDTH_CM / 17.0
    needed, wanted = [], []
    for at, (heading, number) in enumerate(part.columns):
        cells = [row[at] for row in part.rows]
        words = [len(word) * 1.3 for word in heading.split()]
        words += [len(cell) for cell in cells] if number else [len(word) for cell in cells for word in cell.split()]
        longest = max((len(cell) for cell in cells), default=0)
        needed.append(letter * min(max(words, default=1), _LONGEST_WORD) + _PADDING_CM)
        wanted.append(max(needed[-1], letter * min(longest, _LONGEST) + _PADDING_CM))
    if sum(needed) >= _WIDTH_CM:
        return [_WIDTH_CM * width / sum(needed) for width in needed]
    missing = sum(wanted) - sum(needed)
    share = min((_WIDTH_CM - sum(needed)) / missing, 1.0) if missing > 0 else 1.0
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


def _fill(cell: Any, text: str, size: int, *, number: bool, head: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = Pt(1.5)
    if number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(printable(text))
    run.font.size, run.bold = size, head or None


def _keep_whole(row: Any, *, head: bool) -> None:
    """No row is broken across pages, and the headings stand on each page."""
    from docx.oxml import OxmlElement  # noqa: PLC0415

    properties = row._tr.get_or_add_trPr()
    for name in ("w:cantSplit", *["w:tblHeader"] * head):
        properties.append(OxmlElement(name))


def _small(paragraph: Any) -> None:
    from docx.shared import Pt  # noqa: PLC0415

    for run in paragraph.runs:
        run.font.size = Pt(8.5)


def _undated(data: bytes) -> bytes:
    """The package with the same date on all its parts, so that equal documents are equal files."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in _ordered(source.namelist()):
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _ordered(names: Sequence[str]) -> list[str]:
    """The list of content types comes first, as the format has it."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))

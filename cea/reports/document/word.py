"""A document as a Word file (OOXML, by python-docx): Word's own styles, captions and contents; A4 pages.

Broad sections lie on their side. Every page names the document, what made it, and its number. The same document gives
the same bytes: the file holds no dates.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cea.reports.document import word_fields as fields
from cea.reports.document.tree import (
    Bullets,
    Captions,
    Document,
    Figure,
    Paragraph,
    Section,
    Table,
    listed,
    numbered,
    printable,
)
from cea.reports.document.word_table import add_table

if TYPE_CHECKING:
    from docx.document import Document as Word

_SHORT_CM, _LONG_CM, _MARGIN_CM = 21.0, 29.7, 2.0
_SIZES = {
    "Normal": 10.5, "Title": 20.0, "Subtitle": 11.0, "Heading 1": 15.0, "Heading 2": 12.5, "Heading 3": 11.0,
    "Caption": 9.5, "Header": 8.0, "Footer": 7.0, "List Bullet": 10.5,
}  # fmt: skip
_TALLEST_CM = 20.0


def write(document: Document, path: Path) -> Path:
    """Writes the file and returns its path."""
    import docx  # noqa: PLC0415 - slow to import, and only reports need it

    word = docx.Document()
    _prepare(word, document)
    word.add_heading(printable(document.title), level=0)
    for line in document.about:
        word.add_paragraph(printable(line), style="Subtitle")
    headings = numbered(document.sections)
    _contents(word, document, headings)
    body = _Body(word, headings, Captions())
    for section in document.sections:
        body.turn(broad=section.broad)
        body.section(section, 1)
    made = io.BytesIO()
    word.save(made)
    path.write_bytes(_undated(made.getvalue()))
    return path


def _prepare(word: Word, document: Document) -> None:
    """A4, margins, small plain styles, header and footer, and properties without the template's author and dates."""
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415

    page = word.sections[0]
    page.page_width, page.page_height = Cm(_SHORT_CM), Cm(_LONG_CM)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(_MARGIN_CM)
    page.header_distance = page.footer_distance = Cm(_MARGIN_CM / 2)
    for name, size in _SIZES.items():
        font: Any = word.styles[name].font
        font.size, font.name, font.color.rgb, font.italic = Pt(size), "Arial", RGBColor(0x22, 0x22, 0x22), False
        fonts = font.element.rPr.rFonts  # headings of the template take theirs from its theme
        for key in [key for key in fonts.attrib if key.endswith("Theme")]:
            del fonts.attrib[key]
    normal: Any = word.styles["Normal"]
    normal.paragraph_format.space_after = Pt(6)
    fields.language(word, "en-GB")
    page.header.paragraphs[0].text = printable(document.title)
    footer = page.footer.paragraphs[0]
    footer.text = f"{printable(document.stamp)} Page "
    fields.field(footer, "PAGE", "1")
    footer.add_run(" of ")
    fields.field(footer, "NUMPAGES", "1")
    properties = word.core_properties
    properties.title, properties.author, properties.comments = printable(document.title)[:255], "", ""
    element = properties._element
    for child in [child for child in element if child.tag.rpartition("}")[2] in ("created", "modified")]:
        element.remove(child)


def _contents(word: Word, document: Document, headings: Mapping[str, str]) -> None:
    """The headings with their pages, which Word counts; then a new page."""
    from docx.enum.text import WD_BREAK  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    word.add_paragraph().add_run("Contents").bold = True
    for level, section in listed(document.sections):
        line = word.add_paragraph()
        line.paragraph_format.left_indent = Cm(0.6 * (level - 1))
        line.paragraph_format.space_after = Pt(3 if level == 1 else 1)
        fields.page_reference(line, printable(headings[section.key]), section.key, Cm(_SHORT_CM - 2 * _MARGIN_CM))
    fields.counted_when_opened(word)
    word.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


class _Body:
    """The sections of a document as they are written one after the other."""

    def __init__(self, word: Word, headings: Mapping[str, str], captions: Captions) -> None:
        self._word, self._headings, self._captions = word, headings, captions
        self._broad = False

    @property
    def _width(self) -> float:
        """Room between the margins in cm."""
        return (_LONG_CM if self._broad else _SHORT_CM) - 2 * _MARGIN_CM

    def turn(self, *, broad: bool) -> None:
        """Lays the pages from here on their side, or back."""
        from docx.enum.section import WD_ORIENT  # noqa: PLC0415
        from docx.shared import Cm  # noqa: PLC0415

        if broad == self._broad:
            return
        self._broad = broad
        page = self._word.add_section()
        page.orientation = WD_ORIENT.LANDSCAPE if broad else WD_ORIENT.PORTRAIT
        wide, high = (_LONG_CM, _SHORT_CM) if broad else (_SHORT_CM, _LONG_CM)
        page.page_width, page.page_height = Cm(wide), Cm(high)

    def section(self, section: Section, level: int) -> None:
        """A section and all in it."""
        word = self._word
        heading = word.add_heading(printable(self._headings[section.key]), level=min(level, 9))
        fields.bookmark(heading, section.key)
        for part in section.parts:
            match part:
                case Section():
                    self.section(part, level + 1)
                case Paragraph(text, strong):
                    word.add_paragraph().add_run(printable(text)).bold = strong or None
                case Bullets(items):
                    for item in items:
                        word.add_paragraph(printable(item), style="List Bullet")
                case Table():
                    self._caption(part).paragraph_format.keep_with_next = True
                    add_table(word, part, self._width)
                case Figure():
                    self._figure(part)

    def _caption(self, part: Table | Figure) -> Any:
        kind, number, title = self._captions.of(part)
        paragraph = self._word.add_paragraph(style="Caption")
        paragraph.add_run(f"{kind} ")
        fields.field(paragraph, f"SEQ {kind} \\* ARABIC", str(number))
        paragraph.add_run(f". {printable(title)}")
        return paragraph

    def _figure(self, part: Figure) -> None:
        from docx.shared import Cm  # noqa: PLC0415

        paragraph = self._word.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        shape = paragraph.add_run().add_picture(io.BytesIO(part.png), width=Cm(min(self._width, 17.0)))
        tallest = Cm(min(_TALLEST_CM, (_SHORT_CM if self._broad else _LONG_CM) - 3 * _MARGIN_CM))
        if shape.height > tallest:
            shape.width, shape.height = round(shape.width * tallest / shape.height), tallest
        shape._inline.docPr.set("descr", printable(part.alternative))
        self._caption(part)


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

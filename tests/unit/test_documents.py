"""One content tree, three writers: the same text everywhere, and never more than text."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest
from matplotlib.figure import Figure as Drawing

from cea.reports.document import html, markdown, word
from cea.reports.document.tree import Bullets, Document, Figure, Paragraph, Section, Table, numbered, printable
from cea.reports.document.word_table import widths_cm

EVIL = "<script>alert(1)</script> & \"quoted\" 'text' \x00 =1+1 [a](http://b) |"


def png() -> bytes:
    made = io.BytesIO()
    Drawing(figsize=(1, 3)).savefig(made)
    return made.getvalue()


@pytest.fixture(scope="module")
def document() -> Document:
    table = Table(EVIL, ((EVIL, False), ("Number", True)), ((EVIL, "-$1,234"), ("b", "12")), (EVIL,))
    inner = Section("inner", EVIL, (table, Bullets((EVIL, "second"))))
    parts = (Paragraph(EVIL, strong=True), inner, Figure(EVIL, EVIL, png()))
    return Document(EVIL, (EVIL,), (Section("one", "First", parts), Section("two", "Second", ())), EVIL)


def test_sections_are_numbered_by_their_place(document: Document):
    assert dict(numbered(document.sections)) == {"one": "1 First", "inner": f"1.1 {EVIL}", "two": "2 Second"}


def test_html_is_well_formed_and_text_stays_text(document: Document):
    text = html.write(document)
    root = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    assert not list(root.iter("script"))
    assert root.findtext("body/h1") == printable(EVIL)
    assert ["".join(cell.itertext()) for cell in root.iter("td")] == [printable(EVIL), "-$1,234", "b", "12"]
    pictures = [item.get("src") or "" for item in root.iter("img")]
    assert len(pictures) == 1 and pictures[0].startswith("data:image/png;base64,")
    assert not re.search(r'src="(?!data:image/png)', text) and not re.search(r'href="(?!#|https?://)', text)
    assert [item.get("href") for item in root.iter("a") if item.get("rel")] == ["http://b"]  # where the text has it


def test_word_has_the_same_text_and_a_picture_with_words_for_it(document: Document, tmp_path: Path):
    made = docx.Document(str(word.write(document, tmp_path / "a.docx")))
    texts = [paragraph.text for paragraph in made.paragraphs]
    assert texts[0] == printable(EVIL) and "1 First" in texts and f"1.1 {printable(EVIL)}" in texts
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows][1] == [printable(EVIL), "-$1,234"]
    shape = made.inline_shapes[0]
    assert shape._inline.docPr.get("descr") == printable(EVIL)
    assert shape.height <= 20 * 360_000 and shape.height == pytest.approx(3 * shape.width, rel=0.01)
    assert made.core_properties.author == ""


def test_the_same_document_is_the_same_word_file(document: Document, tmp_path: Path):
    first, second = (word.write(document, tmp_path / name).read_bytes() for name in ("a.docx", "b.docx"))
    assert first == second


def test_columns_fill_the_page_at_most_and_long_text_gets_the_room():
    rows = (("a" * 3, "word " * 40, "$123,456"),)
    widths = widths_cm(Table("", (("A", False), ("Text", False), ("N", True)), rows), 17.0)
    assert sum(widths) <= 17.0 + 1e-9
    assert widths[1] == max(widths)
    many = Table("", tuple((f"heading{at}", True) for at in range(30)), ())
    assert sum(widths_cm(many, 17.0)) == pytest.approx(17.0)


def test_markdown_escapes_text(document: Document):
    text = markdown.write(document)
    assert "<script>" not in text and "&lt;script&gt;" in text
    assert r"\[a\](http://b)" in text

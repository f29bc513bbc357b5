"""What Word computes itself: page numbers, numbers of captions, references, and the marks that they point to."""

from __future__ import annotations

from typing import Any

_INSTRUCTION = "begin", "separate", "end"


def field(paragraph: Any, instruction: str, shown: str) -> None:
    """A field at the end of a paragraph, with what it shows until Word computes it."""
    from docx.oxml import OxmlElement  # noqa: PLC0415 - slow to import, and only reports need it
    from docx.oxml.ns import qn  # noqa: PLC0415

    begin, separate, end = _INSTRUCTION
    for step in (begin, separate, end):
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), step)
        paragraph.add_run()._r.append(mark)
        if step == begin:
            text = OxmlElement("w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = f" {instruction} "
            paragraph.add_run()._r.append(text)
        if step == separate:
            paragraph.add_run(shown)


def bookmark(paragraph: Any, key: str) -> None:
    """Marks a paragraph, so that references by that key find it."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    body = paragraph._p.getparent()
    number = str(sum(1 for _ in body.iter(qn("w:bookmarkStart"))))
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for element in (start, end):
        element.set(qn("w:id"), number)
    start.set(qn("w:name"), _name(key))
    paragraph._p.insert(1 if paragraph._p.pPr is not None else 0, start)
    paragraph._p.append(end)


def page_reference(paragraph: Any, text: str, key: str, width: Any) -> None:
    """A line of a table of contents: the text, which can be followed, dots, and the page of the mark."""
    from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    paragraph.paragraph_format.tab_stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), _name(key))
    link.append(paragraph.add_run(text)._r)
    paragraph._p.append(link)
    paragraph.add_run("\t")
    field(paragraph, f"PAGEREF {_name(key)} \\h", "")


def _name(key: str) -> str:
    """The name of a mark: letters, digits and underscores, 40 at most."""
    return f"_{''.join(sign if sign.isalnum() else '_' for sign in key)}"[:40]


def counted_when_opened(word: Any) -> None:
    """Lets Word count pages when it opens the file."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    update = OxmlElement("w:updateFields")
    update.set(qn("w:val"), "true")
    later = ("w:hdrShapeDefaults", "w:footnotePr", "w:endnotePr", "w:compat", "w:docVars", "w:rsids", "m:mathPr")
    word.settings.element.insert_element_before(update, *later)


def language(word: Any, code: str) -> None:
    """The language of all text, for spelling and for programs that read a page aloud."""
    from docx.oxml.ns import qn  # noqa: PLC0415

    for element in word.styles.element.iter(qn("w:lang")):
        element.set(qn("w:val"), code)


def address(paragraph: Any, url: str) -> Any:
    """An address of the web at the end of a paragraph, which can be followed; returns its run."""
    from docx.opc.constants import RELATIONSHIP_TYPE  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run(url)
    link.append(run._r)
    paragraph._p.append(link)
    return run

"""Formulas for documents: the LaTeX that the package writes, read into a tree, as MathML and as Office Math."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from cea.formula import parse, to_latex
from cea.reports.document.mathematics import Cases, Fence, Fraction, Row, Script, Symbol, read
from cea.reports.document.mathml import mathml
from cea.reports.document.omml import omml
from cea.reports.equations import equations
from cea.reports.values import evaluated
from tests.models import JURISDICTIONS, shipped

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
WRITTEN = ("a_b / (1 - c)", "min(a, 2) ^ b", "if(a > 0 and b <= 1, abs(c), floor(d / 2))", "-ln(sqrt(a)) * 1e-5",
           "lookup(life, male, age) + rate_to_prob(a, b)", "not a + (b != c)", "-a ^ 2 * exp(b)")  # fmt: skip


def symbols(latex: str) -> str:
    """All names, numbers and words of a formula, from left to right."""
    return "".join(item.text or "" for item in ElementTree.fromstring(mathml(latex, "")).iter() if item.tag != "mo")


def test_parts_are_what_they_are_in_print():
    row = read(to_latex(parse("a_b / (1 - c)")))
    assert row == Row((Fraction(Row((Symbol("a_b", "name"),)), row.parts[0].below),))  # type: ignore[union-attr]
    power = read(to_latex(parse("a ^ (b + 1)"))).parts[0]
    assert isinstance(power, Script) and power.base == Symbol("a", "name") and power.index is None
    cases = read(to_latex(parse("if(a > 0, 1, 2)"))).parts[0]
    assert isinstance(cases, Cases) and len(cases.rows) == 2 and len(cases.rows[0]) == 2
    assert Symbol("otherwise", "words") in cases.rows[1][1].parts
    fence = read(to_latex(parse("abs(a)"))).parts[0]
    assert fence == Fence("|", Row((Symbol("a", "name"),)), "|")


@pytest.mark.parametrize("text", WRITTEN)
def test_both_writers_say_the_same(text: str):
    latex = to_latex(parse(text))
    word = omml(latex, 17)
    theirs = "".join(item.text for item in word.iter(f"{MATH}t"))
    page = ElementTree.fromstring(mathml(latex, text))
    mine = "".join(page.itertext())
    brackets = str.maketrans("", "", "()[]{}|\u230a\u230b")
    assert theirs.translate(brackets) == mine.translate(brackets)
    assert page.get("alttext") == text
    assert mine.count("(") + mine.count("[") + mine.count("|") // 2 + mine.count("{") + mine.count("\u230a") == len(
        list(word.iter(f"{MATH}d"))
    )


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_every_equation_of_the_shipped_model_can_be_written(jurisdiction: str):
    model = shipped(jurisdiction)
    rows = equations(model, evaluated(model)).to_dict("records")
    for row in rows:
        assert row["name"] in symbols(row["latex"]).replace(" ", "") or row["kind"] in ("transition", "start")
        assert not [sign for sign in symbols(row["latex"]) if sign in "\\{}^"]
        omml(row["latex"], 17)
    assert len(rows) > 50


def test_a_name_cannot_end_the_element():
    assert "&lt;b&gt;" in mathml(r"\text{<b>}", '"><script>')
    assert "<script>" not in mathml(r"\text{<b>}", '"><script>')


@pytest.mark.parametrize("latex", [r"\frac{a}", r"\begin{cases} a & b", r"\sum a", "a}", r"\left(a", "a^b"])
def test_what_is_not_ours_is_refused(latex: str):
    with pytest.raises(ValueError, match=r"."):
        read(latex)

"""The report: its numbers are the run's, its 28 items are answered, and its labels stay text."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pandas as pd
import pytest
from docx.enum.section import WD_ORIENT

from cea.cli import main
from cea.errors import InputError
from cea.loading.report_file import FILE, read_statements
from cea.model.statements import TOPICS, Statements
from cea.reports.cheers.checklist import ITEMS, answers
from cea.reports.wording import effect, money, rounded_money, share
from tests.models import CIRRHOSIS

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
LABEL = "Palliative <script>alert(1)</script> care"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of the shipped model, one label of which looks like markup; with few draws."""
    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(CIRRHOSIS, folder / "model")
    file = folder / "model" / "model.yaml"
    text = file.read_text(encoding="utf-8")
    assert "label: Palliative care," in text
    file.write_text(text.replace("label: Palliative care,", f'label: "{LABEL}",'), encoding="utf-8")
    out = folder / "out"
    assert main(["report", "--inputs", str(folder / "model"), "-n", "64", "--out", str(out), "-q"]) == 0
    return out


@pytest.fixture(scope="module")
def page(made: Path) -> ElementTree.Element:
    text = (made / "report.html").read_text(encoding="utf-8")
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def words(item: ElementTree.Element | None) -> str:
    assert item is not None
    return " ".join("".join(part.itertext()) for part in item.iter() if part.tag in ("p", "li", "td"))


def test_a_label_like_markup_stays_text(page: ElementTree.Element):
    assert not list(page.iter("script"))
    assert LABEL in words(page)


def test_the_summary_says_the_numbers_of_the_run(made: Path, page: ElementTree.Element):
    said = words(page.find(".//section[@id='summary']"))
    totals = pd.read_csv(made / "totals.csv").set_index("strategy")
    heads = pd.read_csv(made / "headlines.csv").drop_duplicates("headline")
    draws = pd.read_csv(made / "psa_increments.csv").set_index("strategy")
    for _, row in heads[heads["setting"] == "base case"].iterrows():
        years = totals["life_years_undiscounted"]
        gap = 100 * (years[row["strategy"]] - years[row["comparator"]])
        gained = effect(100 * row["incremental_effect"], 1)
        assert f"{effect(gap, 1)} years of life more and {gained} QALYs more" in said
        assert f"it would cost {rounded_money(100 * row['incremental_cost'], 'USD')} more" in said
        assert f"costs {rounded_money(row['icer'], 'USD')} more per QALY gained" in said
    for name in totals.index:
        assert rounded_money(100 * totals.at[name, "cost"], "USD") in said
        assert effect(100 * totals.at[name, "effect"], 1) in said
    assert f"{share(draws.at['msc', 'probability_cost_effective_100000'])} at $100,000 per QALY" in said
    assert "varied together 64 times" in said


def test_word_and_html_hold_the_same_tables(made: Path, page: ElementTree.Element):
    word = docx.Document(str(made / "report.docx"))
    rows = table_rows(page)
    assert word_rows(word) == rows and len(word.tables) > 20
    assert sum("=" in row[1] for row in rows if len(row) == 3) > 50, "the equations are among them"
    assert len(word.inline_shapes) == len(list(page.iter("img"))) > 5


def signs(text: str, *, equation: bool) -> str:
    """The text of a cell; of an equation without brackets, for these are attributes in Word."""
    return re.sub(r"[()|{}\[\]\u230a\u230b]", "", text) if equation else text


def table_rows(item: ElementTree.Element) -> list[list[str]]:
    """All rows of the tables of a page or a section, apart from those inside equations."""
    return [
        [signs("".join(cell.itertext()), equation=cell.get("class") == "equation") for cell in row]
        for row in item.iter("tr")
    ]


def word_rows(word: Any) -> list[list[str]]:
    """The same of a Word file."""
    cells = (row.cells for table in word.tables for row in table.rows)
    return [
        [signs(written(cell._tc), equation=cell._tc.find(f".//{M}oMath") is not None) for cell in row] for row in cells
    ]


def written(element: Any) -> str:
    """What is written in a part of a Word file, in equations too."""
    return "".join(item.text or "" for item in element.iter(f"{W}t", f"{M}t"))


def captions(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if re.match(r"(Table|Figure) \d+\. ", text)]


def test_tables_and_figures_have_the_same_numbers_in_both_files(made: Path, page: ElementTree.Element):
    word = docx.Document(str(made / "report.docx"))
    mine = captions("".join(item.itertext()) for item in page.iter() if item.tag in ("caption", "figcaption"))
    captioned = [item._p for item in word.paragraphs if item.style is not None and item.style.name == "Caption"]
    theirs = captions(written(item) for item in captioned)
    assert sorted(mine) == sorted(theirs) and len(mine) == len(list(page.iter("table"))) + len(list(page.iter("img")))
    numbers = [int(re.findall(r"\d+", text)[0]) for text in mine if text.startswith("Table")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_word_has_contents_page_numbers_and_pages_on_their_side(made: Path):
    word = docx.Document(str(made / "report.docx"))
    fields = [item.text.split()[0] for item in word.element.iter(f"{W}instrText")]
    assert fields.count("PAGEREF") > 20 and fields.count("SEQ") > 30
    marks = {item.get(f"{W}name") for item in word.element.iter(f"{W}bookmarkStart")}
    assert {item.text.split()[1] for item in word.element.iter(f"{W}instrText") if "PAGEREF" in item.text} <= marks
    footer = "".join(word.sections[0].footer._element.itertext())
    assert "input hash" in footer and "PAGE" in footer and "NUMPAGES" in footer
    assert {section.orientation for section in word.sections} == {WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE}
    assert word.element.findall(f".//{M}oMath") and word.element.findall(f".//{M}f")


def test_both_files_show_the_headlines_of_the_run_record(made: Path, page: ElementTree.Element):
    """Every headline number of headlines.csv, by setting and comparison, in both files; and the draws' summary."""
    word = docx.Document(str(made / "report.docx"))
    mine, theirs = table_rows(page), word_rows(word)
    heads = pd.read_csv(made / "headlines.csv")
    heads = heads.drop_duplicates(["headline", "setting"])
    labels = {"msc": "MSC therapy", "palliative": LABEL, "transplant": "Transplant listing",
              "msc_bridge": "MSC bridge to transplant"}  # fmt: skip
    for _, row in heads.iterrows():
        against = f"{labels[row['strategy']]} against {labels[row['comparator']]}"
        amounts = money(row["incremental_cost"], "USD"), effect(row["incremental_effect"]), money(row["icer"], "USD")
        assert row["icer"] > 0
        for rows in (mine, theirs):
            assert [against, row["setting"], *amounts] in rows
            assert sum(cells[:4] == [row["setting"], *amounts] for cells in rows) == 1
    for _, row in pd.read_csv(made / "psa_summary.csv").iterrows():
        cost = money(row["cost"], "USD")
        assert all(any(cells[:2] == [labels[row["strategy"]], cost] for cells in rows) for rows in (mine, theirs))


def test_the_evidence_is_shown_with_its_forest_plot_and_calibration(made: Path, page: ElementTree.Element):
    section = page.find(".//section[@id='evidence']")
    assert section is not None
    rows = table_rows(section)
    assert any(row[0] == "Adjusted for bias by design" and row[2] == "0.86 (0.55 to 1.36)" for row in rows)
    assert ["Li 2023", "0.76 (0.43 to 1.32)", "0.31", "0.95 (0.55 to 1.67)", "0.24"] in rows
    assert len([item for item in section.iter("img") if "row a study" in (item.get("alt") or "")]) == 1
    target = next(row for row in rows if row[0].startswith("Survival from Child-Pugh B at 5 years"))
    assert target[1:3] == ["0.463", "0.06"]
    assert float(target[3]) == pytest.approx(0.463 + 0.06 * float(target[4]), abs=0.004)
    assert (made / "forest.png").is_file()


def test_an_address_stands_with_each_input_that_has_one(page: ElementTree.Element):
    section = page.find(".//section[@id='inputs']")
    assert section is not None
    links = [item.get("href") or "" for item in section.iter("a")]
    assert len(links) > 40 and all(link.startswith("https://") or link.startswith("http://") for link in links)


def test_the_manifest_covers_the_report(made: Path):
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    assert {"report.html", "report.docx", "totals.csv", "psa_summary.csv"} <= set(manifest["output_files"])
    assert (manifest["verb"], manifest["n"], manifest["seed"]) == ("report", 64, 1)


def test_every_item_of_the_checklist_is_answered(page: ElementTree.Element):
    rows = [list(row) for row in page.findall(".//section[@id='checklist']//tbody/tr")]
    assert [row[0].text for row in rows] == [str(number) for number in range(1, 29)]
    headings = {item.text for level in ("h2", "h3") for item in page.iter(level)}
    for row in rows:
        status, where = row[3].text, row[4].text or ""
        assert where.strip()
        if status in ("Reported", "In part") and where != "Title page":
            named = where.removeprefix("Section ").partition("; report.yaml")[0].split("; ")
            assert set(named) <= headings
        else:
            assert status in ("Reported", "Not reported", "Not applicable")


def test_items_follow_the_sections_and_statements_that_are_there():
    sections = {item.section: f"1 {item.section}" for item in ITEMS if item.section} | {"declarations": "8 Said"}
    del sections["subgroups"]
    given = Statements({"funding": "Nobody paid.", "setting": "x"}, {"engagement": "Nobody is treated yet."})
    found = {answer.item.number: answer for answer in answers(sections, given)}
    assert found[18].status == "Not applicable" and "no subgroups" in found[18].where
    assert (found[27].status, found[27].where) == ("Reported", "Section 8 Said")
    assert (found[21].status, found[21].where) == ("Not applicable", "Nobody is treated yet.")
    assert found[28].status == "Not reported" and "conflicts" in found[28].where
    assert found[6].status == "Reported" and found[7].status == "In part"


def test_every_topic_of_an_item_can_be_stated():
    assert {item.statement for item in ITEMS} - {None} == set(TOPICS)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("statements:\n  fundign: us\n", 2, "funding"),
        ("statements:\n  funding: ' '\n", 2, "says nothing"),
        ("statements:\n  funding: us\nnot_applicable:\n  funding: none\n", 4, "stated and said not to apply"),
        ("statements: {}\nlimitations:\n  - ok\n  - ''\n", 4, "limitation"),
        ("statement:\n  funding: us\n", 1, "statement"),
    ],
)
def test_mistakes_in_statements_are_placed(tmp_path: Path, text: str, line: int, word: str):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=word) as error:
        read_statements(tmp_path)
    place = error.value.problems[0].place
    assert place is not None and place.line == line


def test_a_folder_without_statements_has_none(tmp_path: Path):
    assert read_statements(tmp_path) == Statements()
    assert read_statements(CIRRHOSIS).limitations


def test_a_single_draw_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["report", "-n", "1"]) == 2
    assert "no spread" in capsys.readouterr().err

"""What a payer may rely on in every workbook: plain, open, a value in every cell, and text that stays text.

These tests need no spreadsheet program.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import cea
from cea.reports.workbook import write_workbook
from tests import small_model, two_states
from tests.conformance.recalculation import Workbook
from tests.conformance.workbooks import short, write
from tests.linear_model import STRUCTURE, linear_model
from tests.models import JURISDICTIONS, layer, model_of, shipped

# Excel 2007 and older; RAND is allowed in run mode 3 alone.
ALLOWED = {
    "ABS", "AND", "AVERAGE", "BETAINV", "COUNT", "COUNTIF", "EXP", "GAMMAINV", "IF", "INDEX", "INT", "ISERROR",
    "ISNUMBER", "LN", "MATCH", "MAX", "MIN", "MOD", "NA", "NORMSDIST", "NORMSINV", "NOT", "OR", "PERCENTILE", "RAND",
    "ROUND", "SQRT", "STDEV", "SUM", "SUMIF", "SUMPRODUCT",
}  # fmt: skip
UNIFORM = "IF(control.run_mode=3,MAX(RAND(),1E-15),0.5)"
SHEETS_BY_ROW = ("Palliative care", "MSC therapy", "Transplant listing", "MSC bridge to transplant")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = short(shipped("us"), 5)
    psa = cea.run(model, cea.sample(model, 4))
    return write(tmp_path_factory.mktemp("rules"), "us", model, psa=psa)


@pytest.fixture(scope="module")
def book(path: Path) -> Workbook:
    return Workbook(path)


def formulas(book: Workbook) -> list[tuple[str, str, str]]:
    """Sheet, address and text of every formula."""
    return [(name, key, cell.formula or "") for name in book.sheets for key, cell in book.formulas(name).items()]


def without_text(formula: str) -> str:
    """A formula without what stands in quotes, in texts and in names of sheets."""
    return re.sub(r'"[^"]*"|\'[^\']*\'', "", formula)


def test_only_functions_of_excel_2007_are_used(book: Workbook) -> None:
    used = {word for _, _, text in formulas(book) for word in re.findall(r"([A-Z.]+)\(", without_text(text))}
    assert used <= ALLOWED, used - ALLOWED
    assert {"IF", "EXP", "SUMPRODUCT", "GAMMAINV", "NORMSINV"} <= used


def test_nothing_is_volatile_outside_run_mode_3(book: Workbook) -> None:
    volatile = re.compile(r"\b(RAND|RANDBETWEEN|NOW|TODAY|OFFSET|INDIRECT|CELL|INFO)\(")
    assert {text for _, _, text in formulas(book) if volatile.search(text)} == {UNIFORM}


def test_every_formula_has_a_value(book: Workbook) -> None:
    for name in book.sheets:
        cells = book.formulas(name)
        assert not [address for address, cell in cells.items() if str(cell.value).startswith("#")], name
        # an empty text is stored as nothing: marks of changes, increments that do not exist, banners
        empty = [address for address, cell in cells.items() if cell.value is None]
        assert not empty or name in ("Parameters", "Incremental", "Results") or len(empty) == 1, name


def test_nothing_is_hidden_locked_linked_or_a_macro(path: Path, book: Workbook) -> None:
    assert set(book.states.values()) == {None}
    with zipfile.ZipFile(path) as archive:
        texts = {part: archive.read(part).decode() for part in archive.namelist() if part.endswith((".xml", ".rels"))}
    assert not [part for part in texts if re.search("vba|externalLink|macro|activeX", part)]
    for part, text in texts.items():
        assert not re.search(r"sheetProtection|workbookProtection|hidden=\"1\"|t=\"array\"|dataTable", text), part
        assert 'TargetMode="External"' not in text, part


def test_each_column_over_time_has_one_formula(book: Workbook) -> None:
    for sheet in SHEETS_BY_ROW:
        columns: dict[str, set[str]] = defaultdict(set)
        for address, cell in book.formulas(sheet).items():
            column, row = re.fullmatch(r"([A-Z]+)(\d+)", address).groups()  # type: ignore[union-attr]
            if int(row) >= 10:
                columns[column].add(relative(cell.formula or "", int(row)))
        assert len(columns) > 100
        assert {column: texts for column, texts in columns.items() if len(texts) > 1} == {}


def relative(formula: str, row: int) -> str:
    """A formula with its rows counted from its own, but for fixed ones."""
    return re.sub(r"(?<![A-Za-z.$])([A-Z]{1,3})(\d+)", lambda found: f"{found[1]}[{int(found[2]) - row}]", formula)


def test_defined_names_lead_to_cells_that_are_there(book: Workbook) -> None:
    model = short(shipped("us"), 5)
    names = {name for name in book.names if not name.rpartition("!")[2].startswith("_xlnm")}
    for name in names:
        own = name.rpartition("!")[2]
        assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", own), own
        assert not re.fullmatch(r"[a-z]{1,3}[0-9]+|[rc]", own), own
        sheet, address = book.place(name)
        assert address.split(":")[0] in book.cells[sheet], name
    editable = [name for name, item in model.parameters.items() if item.same_as is None and item.term is None]
    assert {f"base.{name}" for name in editable} <= names
    for name, item in model.parameters.items():
        if item.value is not None:
            assert book.value(name) == book.value(f"base.{name}") == book.value(f"original.{name}") == item.value
    assert book.value("control.checks_failed") == 0 and book.value("control.inputs_changed") == 0


def test_names_in_formulas_are_defined(book: Workbook) -> None:
    for sheet, address, text in formulas(book):
        for word in re.findall(r"(?<![A-Za-z0-9_.$!])[a-z][a-z0-9_.]*", without_text(text)):
            assert word in book.names or f"{sheet}!{word}" in book.names, f"{sheet}!{address}: {word} in {text}"


def test_every_editable_cell_says_what_it_takes(path: Path, book: Workbook) -> None:
    loaded = openpyxl.load_workbook(path)
    choices = [f"control.{name}" for name in ("run_mode", "psa_row", "threshold", "comparator", "perspective")]
    for name in [*choices, *(name for name in book.names if name.startswith("base."))]:
        sheet, address = book.place(name)
        rules = [rule for rule in loaded[sheet].data_validations.dataValidation if address in rule.sqref]
        assert len(rules) == 1, name
        assert rules[0].showErrorMessage and rules[0].promptTitle and rules[0].error, name
    bounds = next(rule for rule in loaded["Parameters"].data_validations.dataValidation
                  if book.place("base.msc_fever_probability")[1] in rule.sqref)  # fmt: skip
    assert (float(bounds.formula1), float(bounds.formula2)) == (0, 1)


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_the_results_are_those_of_the_analyses(jurisdiction: str, tmp_path: Path) -> None:
    model = short(shipped(jurisdiction), 2)
    results = cea.run(model)
    cells = Workbook(write(tmp_path, "results", model)).cells["Results"]
    rows = {str(cell.value): int(key[1:]) for key, cell in cells.items() if key[0] == "A" and cell.value}
    found = cea.incremental(results)
    words = {"reference": "Reference", "frontier": "On the frontier", "dominated": "Dominated",
             "extendedly_dominated": "Extendedly dominated"}  # fmt: skip
    ordered = sorted(found.rows, key=lambda row: row.cost)
    for row, item in enumerate(ordered, rows["Strategy, by rising cost"] + 1):
        shown = [cells[f"{letter}{row}"].value for letter in "ABCFG"]
        assert shown == [item.label, item.cost, item.effect, item.icer, words[item.status]]
    benefits = rows["Net monetary benefit by threshold (threshold x effect - cost)"] + 1
    for column, threshold in zip("BCD", found.thresholds, strict=True):
        assert cells[f"{column}{benefits}"].value == threshold
        best = model.strategies[found.best(threshold)].label
        assert cells[f"{column}{benefits + len(found.rows) + 1}"].value == best
    prices = rows["Highest price at which the strategy is worth it against its comparator"] + 2
    for row, headline in enumerate(cea.headlines(results), prices):
        assert headline.limits
        for column, limit in zip("BCD", headline.limits, strict=True):
            cell = cells[f"{column}{row}"]
            assert cell.formula is not None and cells[f"{column}{prices - 1}"].value == limit.threshold
            assert cell.value == ("at no price" if limit.price is None else pytest.approx(limit.price, rel=1e-9))


def test_a_price_that_stands_in_other_formulas_has_its_limit_as_a_value(tmp_path: Path) -> None:
    text = STRUCTURE.replace("value: price, when: drug}", "value: 2 * price, when: drug}")
    model = linear_model(structure=text)
    cells = Workbook(write(tmp_path, "price", model)).cells["Results"]
    rows = {str(cell.value): int(key[1:]) for key, cell in cells.items() if key[0] == "A" and cell.value}
    row = rows["Highest price at which the strategy is worth it against its comparator"] + 2
    (headline,) = cea.headlines(cea.run(model))
    shown = [cells[f"{column}{row}"] for column in "BCD"]
    assert all(cell.formula is None for cell in shown)
    assert [cell.value for cell in shown] == pytest.approx([limit.price for limit in headline.limits])


def test_text_never_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    attacks = ["=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "{=1+1}", "https://example.org", '"); x']
    text = two_states.MODEL
    for label, attack in zip(("Well", "Healing", "Dead", "Usual care", "Drug", "Payer"), attacks, strict=False):
        quoted = json.dumps(attack)
        text = text.replace(f"label: {label}}}", f"label: {quoted}}}").replace(f"label: {label},", f"label: {quoted},")
    model = model_of(text.replace("title: Two states", f"title: {json.dumps(attacks[0])}"))
    assert any(item.label in attacks for item in model.strategies.values())
    book = Workbook(write(tmp_path, "attack", model))
    shown = {cell.value for cells in book.cells.values() for cell in cells.values() if cell.formula is None}
    assert {item.label for item in model.states.values()} <= shown and attacks[0] in shown
    for _, _, formula in formulas(book):
        assert not re.search(r"cmd\||HYPERLINK|SUM\(A1\)", without_text(formula)), formula
    with zipfile.ZipFile(tmp_path / "attack.xlsx") as archive:
        assert not any(b"example.org" in archive.read(part) for part in archive.namelist() if part.endswith(".rels"))


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    model = short(shipped("england"), 0.25)
    one, other = write(tmp_path, "one", model), write(tmp_path, "other", model)
    assert one.read_bytes() == other.read_bytes()


def test_the_file_is_whole_or_not_there(tmp_path: Path) -> None:
    model = model_of(two_states.MODEL)
    target = tmp_path / "model.xlsx"

    def fail(book: Any, context: Any) -> None:
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_workbook(model, target, sheets=[fail])
    assert list(tmp_path.iterdir()) == []
    target.write_bytes(b"what was there")
    with pytest.raises(RuntimeError):
        write_workbook(model, target, sheets=[fail])
    assert target.read_bytes() == b"what was there" and list(tmp_path.iterdir()) == [target]
    write_workbook(model, target)
    assert zipfile.is_zipfile(target) and list(tmp_path.iterdir()) == [target]
    with pytest.raises(cea.UsageError, match="cannot write"):
        write_workbook(model, tmp_path / "nowhere" / "model.xlsx")


def test_labels_that_a_sheet_cannot_have_and_labels_given_twice(tmp_path: Path) -> None:
    text = two_states.MODEL.replace("{label: Usual care}", "{label: 'Results'}")
    text = text.replace("{label: Drug, set: {treated: 1}}", "{label: 'Results', set: {treated: 1}}")
    book = Workbook(write(tmp_path, "names", model_of(text)))
    assert {"Results", "Results (usual)", "Results (drug)"} <= set(book.sheets)
    long = "A/B [x]: what? it's *long*, far longer than 31 characters"
    text = two_states.MODEL.replace("{label: Drug,", f'{{label: "{long}",')
    book = Workbook(write(tmp_path, "signs", model_of(text)))
    assert any(name.startswith("A B x what") and len(name) <= 31 for name in book.sheets)


def test_a_solved_parameter_says_when_it_is_stale(book: Workbook, tmp_path: Path) -> None:
    sheet, address = book.place("base.msc_residual_death_hr")
    status = book.cells[sheet][re.sub("[A-Z]+", "I", address)]
    assert status.value == "solved, a fixed number here" and "STALE" in (status.formula or "")
    _, target = book.place("base.msc_target_hr")
    assert f'{re.sub("[A-Z]+", "H", target)}="changed"' in (status.formula or "")
    # a value that is held follows the numbers of its target only
    assert (status.formula or "").count('="changed"') == 1
    small_model.write_model(tmp_path / "small")
    small = Workbook(write(tmp_path, "stale", cea.load(tmp_path / "small")))
    sheet, address = small.place("base.residual")
    formula = small.cells[sheet][re.sub("[A-Z]+", "I", address)].formula or ""
    inputs = ("target_ratio", "fall_ill", "death_ill", "first_age")
    watched = {small.place(f"base.{name}")[1].replace("E", "H") for name in inputs}
    assert all(f'{cell}="changed"' in formula for cell in watched)
    assert f'{small.place("base.cost_ill")[1].replace("E", "H")}="changed"' not in formula


def test_models_that_do_not_fit_on_a_sheet_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cea.reports.workbook.strategy_sheet.MOST_COLUMNS", 20)
    with pytest.raises(cea.UsageError, match="columns"):
        write_workbook(model_of(two_states.MODEL), tmp_path / "large.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_unknown_perspectives_and_comparators_are_refused(tmp_path: Path) -> None:
    model = model_of(two_states.MODEL)
    with pytest.raises(cea.UsageError, match="perspective"):
        write_workbook(model, tmp_path / "a.xlsx", perspective="employer")
    with pytest.raises(cea.UsageError, match="strategy"):
        write_workbook(model, tmp_path / "a.xlsx", comparator="nobody")
    assert list(tmp_path.iterdir()) == []


def test_draws_of_something_else_are_refused(tmp_path: Path) -> None:
    model = short(shipped("us"), 5)
    psa = cea.run(model, cea.sample(model, 2))
    with pytest.raises(cea.UsageError, match="another perspective"):
        write_workbook(model, tmp_path / "a.xlsx", psa, perspective="societal")
    with pytest.raises(cea.UsageError, match="another currency"):
        write_workbook(short(shipped("england"), 5), tmp_path / "a.xlsx", psa)
    with pytest.raises(cea.UsageError, match="strategies"):
        write_workbook(model.with_layer(layer("strategies: [palliative, msc]")), tmp_path / "a.xlsx", psa)
    assert list(tmp_path.iterdir()) == []

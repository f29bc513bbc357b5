"""The sheets of analyses recalculated by LibreOffice: they show what the package finds, and follow Control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import cea
from cea.analysis.uncertainty import increments, summary
from cea.cli import main
from cea.engine.psa import DrawResults, run_draws
from cea.reports.workbook import acceptability_sheet, draws_sheet, plane_sheet
from cea.reports.workbook.book import cell
from tests.conformance.recalculation import (
    Value,
    Workbook,
    changed_copy,
    compare,
    difference,
    program,
    recalculate,
)
from tests.small_model import write_model

LIVE = {"PSA inputs": 20, "PSA results": 500, "PSA benefit": 5000, "CEAC": 450, "CE plane": 900}
"""The sheets with formulas over the draws, and how many of them at least."""
STATIC = ("One-way", "Scenarios", "Value of information")
DRAWS, SEED = 150, 4
THRESHOLD = 1200.0
TWIN = [
    ("model.yaml", "  new_drug: {label: New drug, set: {drug: 1}}\n",
     "  new_drug: {label: New drug, set: {drug: 1}}\n  twin: {label: 'Usual care, the twin', set: {drug: 0}}\n"),
    ("model.yaml", "values: [50000]\n  default: 50000", "values: [500, 2000]\n  default: 500"),
]  # fmt: skip
"""A strategy that ties with another in every draw, and thresholds at which the choice is uncertain."""

WRONG_DRAW: dict[str | tuple[str, str], float | str] = {
    ("PSA results", cell(draws_sheet.RESULTS_HEADER_ROW + 5, 1)): 1e6
}
"""Another cost of the first strategy in draw 5."""


@dataclass(frozen=True)
class Case:
    """An exported workbook, its recalculation, and recalculated copies in which something was changed."""

    folder: Path
    psa: DrawResults
    stored: Workbook
    copies: Mapping[str, Workbook]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    program()
    work = tmp_path_factory.mktemp("analyses")
    folder, file = work / "model", work / "export.xlsx"
    write_model(folder, TWIN)
    sizes = ["--psa-rows", str(DRAWS), "--seed", str(SEED)]
    assert main(["excel", "--inputs", str(folder), "--out", str(file), *sizes, "-q"]) == 0
    edits: dict[str, dict[str | tuple[str, str], float | str]] = {
        "control": {"control.threshold": THRESHOLD, "control.comparator": "New drug"},
        "edited": {"base.cost_drug": 450.0, "base.death_ill": 0.35, "base.discount": 0.01},
        "replay": {"control.run_mode": 2.0, "control.psa_row": 17.0},
        "wrong_draw": WRONG_DRAW,
        "wrong_replay": {**WRONG_DRAW, "control.run_mode": 2.0, "control.psa_row": 5.0},
    }
    files = [file]
    for name, changes in edits.items():
        files.append(work / f"{name}.xlsx")
        changed_copy(file, files[-1], changes)
    done = recalculate(files, work)
    model = cea.load(folder)
    psa = run_draws(model, cea.sample(model, DRAWS, SEED))
    return Case(folder, psa, Workbook(file), {path.stem: Workbook(copy) for path, copy in done.items()})


def at(book: Workbook, sheet: str, row: int, column: int) -> Value:
    """The value of a cell by its row and column, from 0."""
    return book.cells[sheet][cell(row, column)].value


def column(book: Workbook, sheet: str, first: int, last: int, number: int) -> list[Value]:
    return [at(book, sheet, row, number) for row in range(first, last + 1)]


def agree(found: list[Value], expected: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    return all(difference(one, float(other)) <= 1e-12 for one, other in zip(found, expected, strict=True))


def test_every_formula_has_the_value_that_came_with_it(case: Case) -> None:
    found = compare(case.stored, case.copies["export"])
    assert [words for agreement in found.values() for words in agreement.wrong] == []
    for sheet, least in LIVE.items():
        assert found[sheet].count >= least, sheet


def test_a_changed_draw_is_found(case: Case) -> None:
    found = compare(case.stored, case.copies["wrong_draw"], ["PSA results", "CEAC", "CE plane"])
    assert all(agreement.wrong for agreement in found.values())


def test_the_curves_are_those_of_the_package(case: Case) -> None:
    outcomes = case.psa.outcomes
    curve = cea.acceptability(outcomes, acceptability_sheet.grid(outcomes))
    book = case.copies["export"]
    top, count = acceptability_sheet._TOP + 1, len(curve.thresholds)
    strategies = len(outcomes.strategies)

    def shown(number: int) -> list[Value]:
        return column(book, "CEAC", top, top + count - 1, number)

    assert agree(shown(1), curve.thresholds)
    for i in range(strategies):
        assert agree(shown(2 + i), curve.probability[:, i])
        assert agree(shown(4 + strategies + i), curve.expected_nmb[:, i])
        assert agree(shown(4 + 2 * strategies + i), curve.expected_loss[:, i])
    assert agree(shown(4 + 3 * strategies), curve.evpi)
    assert agree(shown(2 + strategies), curve.frontier)
    assert 0 < curve.frontier.min() < 1, "the choice is uncertain, or the curves show nothing"
    twins = [outcomes.strategies.index(name) for name in ("usual", "twin")]
    assert np.array_equal(*(curve.probability[:, i] for i in twins)) and curve.probability[:, twins].max() > 0.05


def test_summaries_follow_the_threshold_on_control(case: Case) -> None:
    outcomes = case.psa.outcomes
    cells = draws_sheet.draw_cells(outcomes)
    expected = cea.acceptability(outcomes, [THRESHOLD])
    benefit = outcomes.net_monetary_benefit(THRESHOLD)
    for i in range(cells.strategies):
        number = cells.benefit_column(i)
        book = case.copies["control"]
        assert agree(column(book, "PSA results", cells.first, cells.last, number), benefit[:, i])
        share = at(book, "PSA results", cells.best_probability_row, number)
        assert difference(share, float(expected.probability[0, i])) < 1e-12
        assert share != at(case.stored, "PSA results", cells.best_probability_row, number)


def test_increments_follow_the_comparator_on_control(case: Case) -> None:
    outcomes, book = case.psa.outcomes, case.copies["control"]
    found = summary(outcomes, "new_drug")
    first = plane_sheet._TOP + 1
    assert "against New drug" in str(at(book, "CE plane", plane_sheet._TITLE_ROW, 0))
    for contrast in found.contrasts:
        i = outcomes.strategies.index(contrast.strategy)
        effect, cost = increments(outcomes, contrast.strategy, "new_drug")
        assert agree(column(book, "CE plane", first, first + DRAWS - 1, 1 + 2 * i), effect)
        assert agree(column(book, "CE plane", first, first + DRAWS - 1, 2 + 2 * i), cost)
        shown = column(book, "CE plane", plane_sheet._SUMMARY_ROW + 1, plane_sheet._SUMMARY_ROW + 12, 1 + i)
        quadrants = contrast.quadrants
        expected = [
            contrast.cost.mean, contrast.cost.low, contrast.cost.high, contrast.effect.mean, contrast.effect.low,
            contrast.effect.high, contrast.icer, quadrants.ne, quadrants.se, quadrants.sw, quadrants.nw,
            THRESHOLD * contrast.effect.mean - contrast.cost.mean,
        ]  # fmt: skip
        for one, other in zip(shown, expected, strict=True):
            assert isinstance(one, str) if other is None else difference(one, float(other)) < 1e-12


def test_sheets_of_values_say_when_the_inputs_have_changed(case: Case) -> None:
    for sheet in (*LIVE, *STATIC):
        assert not case.copies["export"].cells[sheet]["A3"].value
        assert not case.copies["control"].cells[sheet]["A3"].value
        assert "have changed since the export" in str(case.copies["edited"].cells[sheet]["A3"].value)


def test_a_replayed_draw_passes_its_check(case: Case) -> None:
    book = case.copies["replay"]
    assert book.value("control.checks_failed") == 0
    for i, strategy in enumerate(case.psa.outcomes.strategies):
        assert difference(book.value(f"result.cost.{strategy}"), float(case.psa.outcomes.cost[16, i])) < 1e-12
    assert case.copies["wrong_draw"].value("control.checks_failed") == 0, "the check is about replays only"
    assert case.copies["wrong_replay"].value("control.checks_failed") == 1


def test_edits_come_back_as_the_workbook_computed_them(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("edited", "control"):
        copy = case.folder.parent / "recalculated" / f"{name}.xlsx"
        assert main(["import", str(copy), "--inputs", str(case.folder)]) == 0
        assert "results agree" in capsys.readouterr().err
        results = cea.run(cea.load(case.folder, layers=[f"scenarios/{name}.yaml"]))
        for i, strategy in enumerate(results.strategies):
            shown = case.copies[name]
            assert difference(shown.value(f"result.cost.{strategy}"), float(results.outcomes.cost[0, i])) < 1e-12
            assert difference(shown.value(f"result.effect.{strategy}"), float(results.outcomes.effect[0, i])) < 1e-12
    assert case.copies["edited"].value("result.cost.new_drug") != case.stored.value("result.cost.new_drug")
    assert cea.load(case.folder, layers=["scenarios/control.yaml"]).threshold == THRESHOLD

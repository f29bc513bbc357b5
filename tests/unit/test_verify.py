"""`cea verify`: every kind of check says what it found, and one that fails ends with exit code 4."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from cea.analysis import kernel_agreement
from cea.analysis.kernel_agreement import Agreement, agreement
from cea.cli import main, recalculation
from cea.cli.recalculation import _compared, _gap
from cea.engine.psa import run_draws
from cea.engine.results import run
from cea.engine.sampling import sample
from cea.errors import InputError
from cea.loading.published_file import FILE, Printed, read_printed
from cea.reports.verification_figure import Dot, differences
from tests.conformance.workbooks import short
from tests.models import ROOT, shipped
from tests.validation.test_published import HIV, SICK_SICKER, STRATEGIES

VALIDATION = ROOT / "tests" / "validation"
QUICK = ["verify", "-n", "4", "--no-workbook", "-q"]


def test_all_checks_of_the_shipped_model_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out"
    assert main([*QUICK, "--published", str(VALIDATION), "--out", str(out), "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    kinds = {check["kind"]: [one["passed"] for one in checks if one["kind"] == check["kind"]] for check in checks}
    assert {name: set(passed) for name, passed in kinds.items()} == {
        "Black-box tests after TECH-VER": {True}, "Published models": {True},
        "Two engines on the same draws": {True}, "The workbook, recalculated by another program": {None},
    }  # fmt: skip
    assert len(kinds["Published models"]) == 36
    page = (out / "verification.html").read_text(encoding="utf-8")
    assert page.count("<td>passed</td>") == sum(check["passed"] is True for check in checks)
    assert "cea-model" in page and "input hash" in page and "Commit: " in page
    assert page.count("<img ") == 2 and (out / "differences.png").is_file() and (out / "published.svg").is_file()
    for check in checks:
        if check["gap"] is not None and check["passed"] is not None:
            assert check["passed"] == (check["gap"] <= check["allowed"]), check["name"]
    assert sum(check["gap"] is not None for check in checks) > 50
    assert "| Trace |" in (out / "verification.md").read_text(encoding="utf-8")


def test_a_figure_that_is_missed_fails_and_the_page_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "hiv").symlink_to(VALIDATION / "hiv")
    rows = "hiv,,monotherapy,cost,44663.4545\nhiv,,monotherapy,effect,7.99\nhiv,,nobody,cost,1\n"
    (folder / FILE).write_text(f"model,layer,strategy,quantity,printed\n{rows}", encoding="utf-8")
    out = tmp_path / "out"
    assert main([*QUICK, "--published", str(folder), "--out", str(out)]) == 4
    printed = capsys.readouterr()
    assert "2 checks failed: hiv monotherapy cost; hiv nobody cost" in printed.err
    assert "FAILED" in (out / "verification.html").read_text(encoding="utf-8")


def test_without_the_folder_published_models_are_not_available(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([*QUICK, "--published", str(tmp_path / "none"), "--json"]) == 0
    found = [check for check in json.loads(capsys.readouterr().out)["checks"] if check["kind"] == "Published models"]
    assert [check["passed"] for check in found] == [None] and "not available" in found[0]["found"]


def test_the_table_of_printed_results_is_that_of_the_validation_tests():
    with (VALIDATION / FILE).open(encoding="utf-8", newline="") as handle:
        rows = {tuple(row[:4]): row[4] for row in list(csv.reader(handle))[1:]}
    expected = {
        ("sick_sicker", "" if name == "published" else f"scenarios/{name}", strategy, quantity): text
        for name, values in SICK_SICKER.items()
        for strategy, pair in zip(STRATEGIES, values, strict=True)
        for quantity, text in zip(("cost", "effect"), pair, strict=True)
    }
    for strategy, (cost, years, _, _) in HIV.items():
        expected |= {("hiv", "", strategy, "cost"): cost, ("hiv", "", strategy, "effect"): years}
    assert rows == expected


def test_half_a_unit_of_the_last_printed_digit_is_allowed():
    assert Printed("m", "", "s", "cost", "12.30").half_a_digit == pytest.approx(0.005)
    assert Printed("m", "", "s", "cost", "1200").half_a_digit == pytest.approx(0.5)


@pytest.mark.parametrize("row", ["../x,,s,cost,1", "m,,s,costs,1", "m,,s,cost,1e", "m,,s,cost,inf", "m,,,cost,1", "m"])
def test_mistakes_in_printed_results_are_placed(tmp_path: Path, row: str):
    (tmp_path / FILE).write_text(f"model,layer,strategy,quantity,printed\nm,,s,cost,1\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_printed(tmp_path)
    place = error.value.problems[0].place
    assert place is not None and place.line == 3


def test_both_engines_agree_and_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch):
    found = agreement(shipped(), n=4)
    assert found.passed and found.cost < 1e-12
    plain = kernel_agreement.run
    monkeypatch.setattr(
        kernel_agreement, "run",
        lambda model, perspective, values: plain(model, perspective, {**values, "cost_a": 1.001 * values["cost_a"]}),
    )  # fmt: skip
    assert not agreement(shipped(), n=4).passed
    assert not Agreement(4, 0.0, 1e-6).passed


def test_cells_are_compared_by_their_values(tmp_path: Path):
    assert _gap(1e6, 1e6 * (1 + 1e-6)) == pytest.approx(1e-6, rel=1e-3)
    assert _gap("#N/A", "#DIV/0!") == 0.0 and _gap("", None) == 0.0
    assert np.isinf(_gap("a", "b")) and np.isinf(_gap(1.0, None))
    files = [tmp_path / "a.xlsx", tmp_path / "b.xlsx"]
    for file in files:
        book = Workbook()
        book.active["A1"] = "=1+1"  # type: ignore[index]
        book.active["B1"] = 3.0 if file == files[0] else 4.0  # type: ignore[index]
        book.save(file)
    found = _compared(*files)
    assert (found.cells, found.wrong) == (1, ())


def test_without_libreoffice_the_workbook_is_not_recalculated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(recalculation.shutil, "which", lambda name: None)
    arguments = [item for item in QUICK if item != "--no-workbook"]
    assert main([*arguments, "--published", str(tmp_path / "none"), "--json"]) == 0
    for last in json.loads(capsys.readouterr().out)["checks"][-2:]:
        assert last["passed"] is None and "not installed" in last["found"]


def test_a_replayed_draw_gives_our_numbers_and_another_draw_does_not(
    program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
):
    office = program("soffice")
    results = run(short(shipped("england"), 5))
    assert recalculation.replayed(results, office, 1) < recalculation.TOLERANCE
    other = run_draws(results.model, sample(results.model, 2, 2), results.perspective)
    plain = recalculation.run_draws
    monkeypatch.setattr(
        recalculation, "run_draws",
        lambda *args: replace(plain(*args), outcomes=replace(plain(*args).outcomes, cost=other.outcomes.cost)),
    )  # fmt: skip
    assert recalculation.replayed(results, office, 1) > 1e-3


def test_the_figure_puts_failures_right_of_the_tolerance_and_marks_them():
    drawn = differences("Differences", [Dot("none", 0.0, True), Dot("near", 0.5, True), Dot("far", 1e9, False)])
    (axes,) = drawn.axes
    marks = [(line.get_marker(), float(line.get_xdata()[0])) for line in axes.lines if line.get_marker() != "None"]
    assert [marker for marker, _ in marks] == ["o", "o", "X"]
    spots = [spot for _, spot in marks]
    assert spots[0] == 1e-8 and spots[1] == 0.5 and 1 < spots[2] <= axes.get_xlim()[1]

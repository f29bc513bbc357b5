"""`cea excel`: which sheets it writes, and what it refuses before any work."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cea.cli import excel, main
from tests.small_model import write_model

HEADLINES = "headlines:\n  main: {label: The question, strategy: new_drug, comparator: usual, price: cost_drug}\n"
ANALYSES = [
    "PSA inputs", "PSA results", "CEAC", "PSA benefit", "CE plane", "One-way", "Scenarios", "Value of information"
]  # fmt: skip
FEW = ["--psa-rows", "100", "-q"]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small model, beside an empty working folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_model(tmp_path / "model")
    return tmp_path / "model"


def written(model: Path, *arguments: str, file: str = "out.xlsx") -> list[str]:
    """The sheets of analyses in the workbook that the command writes."""
    assert main(["excel", "--inputs", str(model), "--out", file, *arguments]) == 0
    return [name for name in sheets(Path(file)) if name in ANALYSES]


def sheets(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    return [str(item.get("name")) for item in book.iter() if item.tag.endswith("}sheet")]


def test_all_analyses_stand_between_results_and_checks(model):
    assert written(model, *FEW) == ANALYSES
    names = sheets(Path("out.xlsx"))
    assert names.index("Results") < names.index("PSA inputs")
    assert names.index("Value of information") < names.index("Checks")


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ([*FEW, "--quick"], ANALYSES[:6]),
        (["--no-psa", "-q"], ANALYSES[5:7]),
        (["--psa-rows", "0", "--quick", "-q"], ["One-way"]),
        (["--psa-rows", "20", "-q"], ANALYSES[:7]),
    ],
)
def test_what_is_not_asked_for_or_not_possible_is_left_out(model, arguments: Sequence[str], left: Sequence[str]):
    assert written(model, *arguments) == left


def test_a_model_without_headlines_compares_all_with_the_comparator(tmp_path, model):
    write_model(tmp_path / "plain", [("model.yaml", HEADLINES, "")])
    assert written(tmp_path / "plain", "--no-psa", "--quick", "-q", "--comparator", "new_drug") == ["One-way"]
    with zipfile.ZipFile("out.xlsx") as archive:
        texts = archive.read("xl/sharedStrings.xml").decode()
    assert "Usual care against New drug" in texts and "New drug against Usual care:" not in texts


def test_a_single_strategy_has_draws_and_nothing_to_compare(tmp_path, model):
    Path(tmp_path / "model" / "scenarios" / "alone.yaml").write_text("label: Alone\nstrategies: [usual]\n")
    assert written(model, *FEW, "--layer", "alone") == ["PSA inputs", "PSA results"]


def test_a_model_without_uncertainty_has_no_draws_and_says_so(tmp_path, model, capsys):
    (tmp_path / "model" / "scenarios" / "certain.yaml").write_text(
        "label: Certain\nparameters:\n"
        + "".join(f"  {name}: {{distribution: null}}\n" for name in UNCERTAIN)
        + "joint: {rates: null}\n"
    )
    assert written(model, "--psa-rows", "100", "--layer", "certain", "--quick") == ["One-way"]
    assert "no uncertain parameters" in capsys.readouterr().err


UNCERTAIN = ("fall_ill", "death_ill", "hazard_ratio", "cost_ill", "utility_ill")


def test_the_same_command_writes_the_same_bytes(model):
    written(model, *FEW, file="one.xlsx")
    written(model, *FEW, file="two.xlsx")
    assert Path("one.xlsx").read_bytes() == Path("two.xlsx").read_bytes()
    written(model, *FEW, "--seed", "2", file="other.xlsx")
    assert Path("other.xlsx").read_bytes() != Path("one.xlsx").read_bytes()


def test_json_tells_what_was_written(model, capsys):
    capsys.readouterr()
    assert main(["excel", "--inputs", str(model), "--out", "out.xlsx", "--psa-rows", "20", "--quick", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["file"] == "out.xlsx" and found["bytes"] == Path("out.xlsx").stat().st_size
    assert found["psa_rows"] == found["manifest"]["n"] == 20 and found["manifest"]["seed"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "out.xls"], "ends in .xlsx"),
        (["--out", "out"], "ends in .xlsx"),
        (["--out", "there.xlsx"], "exists already; add --force"),
        (["--out", "folder.xlsx"], "is a folder"),
        (["--out", "there.xlsx/out.xlsx"], "cannot write"),
        (["--out", "out.xlsx", "--psa-rows", "1"], "choose 0 for none, or 2 to"),
        (["--out", "out.xlsx", "--psa-rows", "-3"], "choose 0 for none, or 2 to"),
        (["--out", "out.xlsx", "--psa-rows", str(excel.MOST_ROWS + 1)], "`cea psa` runs more"),
        (["--out", "out.xlsx", "--comparator", "usua"], "did you mean 'usual'"),
        (["--out", "out.xlsx", "--layer", "nowhere"], "unknown layer"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(model, monkeypatch, capsys, arguments, words):
    monkeypatch.setattr(excel, "run_draws", lambda *_: pytest.fail("there was work"))
    Path("there.xlsx").write_text("mine")
    Path("folder.xlsx").mkdir()
    assert main(["excel", "--inputs", str(model), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert Path("there.xlsx").read_text() == "mine" and not Path("out.xlsx").exists()


def test_force_replaces_and_a_failure_leaves_the_old_file(model, monkeypatch):
    Path("out.xlsx").write_text("mine")
    monkeypatch.setattr("cea.reports.workbook.one_way_sheet.add", lambda *_, **__: 1 / 0)
    assert main(["excel", "--inputs", str(model), "--out", "out.xlsx", "--force", "--no-psa", "--quick"]) == 1
    assert Path("out.xlsx").read_text() == "mine"
    assert [item.name for item in Path().iterdir()] == ["out.xlsx"]
    monkeypatch.undo()

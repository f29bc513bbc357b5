"""`cea subgroups`: its JSON, tables and figures, and bad input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cea.cli import main
from tests.contract_model import STRUCTURE
from tests.models import CIRRHOSIS

GROUPS = """
subgroups:
  well: {label: Well at the start, by: State, parameters: {share_well: 1}, differs: all start well}
  cause: {label: Another cause, by: Cause, missing: nobody has looked}
"""
TEST = """
test:
  label: A test
  sensitivity: 0.9
  specificity: 0.9
  costs: {USD: 50}
  prevalence: 0.5
  prevalences: [0.01, 0.5, 1]
  parameter: strength
  without_effect: 0
  preserve: {strategies: [drug, usual], years: 2}
  source: {grade: assumption, note: illustrative}
"""


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(list(arguments)) == code
    return capsys.readouterr()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small model with subgroups and a test; `strength` is what responders have more of."""
    made = tmp_path / "model"
    made.mkdir()
    text = STRUCTURE.replace("shield ^ treated", "shield ^ (treated * strength)")
    strength = 'strength: {label: Strength, value: 1, unit: "1", source: {grade: assumption, note: a test}}'
    text = text.replace("parameters:\n", f"parameters:\n  {strength}\n", 1)
    (made / "model.yaml").write_text(text, encoding="utf-8")
    (made / "subgroups.yaml").write_text(GROUPS + TEST, encoding="utf-8")
    return made


def test_json_has_subgroups_missing_ones_and_the_test(capsys, folder: Path):
    report = json.loads(said(capsys, "subgroups", "--inputs", str(folder), "-n", "80", "--json")[0])
    assert [item["subgroup"] for item in report["subgroups"]] == ["everybody", "well"]
    for item in report["subgroups"]:
        assert [row["threshold"] for row in item["by_threshold"]] == [1000, 5000]
        for row in item["by_threshold"]:
            assert row["nmb_low"] <= row["nmb_mean"] <= row["nmb_high"]
    assert report["missing"] == [
        {"subgroup": "cause", "label": "Another cause", "by": "Cause", "reason": "nobody has looked"}
    ]
    (test,) = report["test"]
    assert [(row["choice"], row["threshold"]) for row in test["choices"]][:3] == [
        ("none", 1000), ("all", 1000), ("test", 1000),
    ]  # fmt: skip
    assert test["hazard_ratio_responders"] < test["hazard_ratio_average"] < 1
    assert test["by_prevalence"][0]["multiplier"] is None
    assert {row["threshold"] for row in test["test_value"]} == {1000, 5000}
    assert set(test["treatment_price"]) == {"all", "test"}
    assert (report["draws"], report["manifest"]["n"], report["test_note"]) == (80, 80, "")


def test_run_folder_has_tables_and_figures(capsys, folder: Path, tmp_path: Path):
    out = tmp_path / "run"
    text, _ = said(capsys, "subgroups", "--inputs", str(folder), "-n", "40", "--out", str(out))
    tables = {f"{name}.csv" for name in ("subgroups", "test_and_treat", "test_accuracy", "test_prevalence")}
    figures = {f"{name}_main.{kind}" for name in ("subgroups", "test_value") for kind in ("png", "svg")}
    assert {item.name for item in out.iterdir()} == {"manifest.json", *tables, *figures}
    plain = " ".join(text.split())
    for words in ("Well at the start", "no evidence", "nobody has looked", "Treat by the test"):
        assert words in plain
    assert "assumption. illustrative" in plain


def test_the_shipped_file_runs_in_england_without_draws(capsys, tmp_path: Path):
    base = ["subgroups", "--inputs", str(CIRRHOSIS), "--layer", "england", "-n", "0"]
    report = json.loads(said(capsys, *base, "--json")[0])
    rows = {(item["subgroup"], item["headline"]): item for item in report["subgroups"]}
    assert len(rows) == 2 * 9 and len(report["missing"]) == 2 and len(report["test"]) == 2
    assert rows["child_pugh_c", "ineligible"]["severity_weight"] == 1.2
    text, _ = said(capsys, *base, "--no-figures", "--out", str(tmp_path / "run"))
    assert "Severity" in text and "97.5 %" not in text


def test_a_model_without_a_test_and_one_where_it_means_nothing(capsys, folder: Path, tmp_path: Path):
    (folder / "subgroups.yaml").write_text(GROUPS + TEST.replace("USD: 50", "EUR: 50"), encoding="utf-8")
    base = ["subgroups", "--inputs", str(folder), "-n", "0"]
    text, _ = said(capsys, *base, "--no-figures", "--out", str(tmp_path / "run"))
    assert "No test and treat: the test has no cost in USD." in text
    (folder / "subgroups.yaml").write_text(GROUPS, encoding="utf-8")
    assert json.loads(said(capsys, *base, "--json")[0])["test"] == []


def test_an_edit_of_what_a_subgroup_sets_leaves_it_out(capsys, folder: Path):
    base = ["subgroups", "--inputs", str(folder), "-n", "0", "--json", "--set", "share_well=0.5"]
    report = json.loads(said(capsys, *base)[0])
    assert [item["subgroup"] for item in report["subgroups"]] == ["everybody"]
    assert report["missing"][0]["reason"] == "share_well: set for everybody"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--pair", "drug"], 2, "strategy:comparator"),
        (["--pair", "drug:usul"], 2, "did you mean 'usual'"),
        (["-n", "-1"], 2, "-n"),
        (["--layer", "nowhere"], 2, "unknown layer"),
        (["--set", "boot=5"], 3, "did you mean 'boost'"),
    ],
)
def test_bad_options_are_explained(capsys, folder: Path, options: list[str], code: int, words: str):
    answer = said(capsys, "subgroups", "--inputs", str(folder), "-n", "0", "--json", *options, code=code)
    assert words in " ".join(answer[1].split())


def test_a_missing_and_a_broken_file_are_explained(capsys, folder: Path):
    (folder / "subgroups.yaml").write_text(GROUPS.replace("share_well", "share_wel"), encoding="utf-8")
    assert "subgroups.yaml:3:" in said(capsys, "subgroups", "--inputs", str(folder), code=3)[1]
    (folder / "subgroups.yaml").unlink()
    assert "has no subgroups.yaml" in said(capsys, "subgroups", "--inputs", str(folder), code=2)[1]
    shutil.rmtree(folder)
    assert "there is no folder" in said(capsys, "subgroups", "--inputs", str(folder), code=2)[1]

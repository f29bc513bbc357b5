"""`cea contracts`: its JSON, tables and figures, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cea.cli import main
from tests.contract_model import CONTRACTS, STRUCTURE
from tests.models import CIRRHOSIS

FAST = ["contracts", "--inputs", str(CIRRHOSIS), "-n", "60"]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(list(arguments)) == code
    return capsys.readouterr()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small model with contracts."""
    made = tmp_path / "model"
    made.mkdir()
    (made / "model.yaml").write_text(STRUCTURE, encoding="utf-8")
    (made / "contracts.yaml").write_text(CONTRACTS, encoding="utf-8")
    return made


def test_json_has_every_contract_of_both_headlines(capsys):
    report = json.loads(said(capsys, *FAST, "--json")[0])
    names = [item["contract"] for item in report["contracts"] if item["headline"] == "ineligible"]
    assert names[0] == "full_price" and len(names) == 9
    assert [item["contract"] for item in report["contracts"] if item["headline"] == "eligible"] == names
    assert {item["grade"] for item in report["contracts"]} == {"assumption"}
    for item in report["contracts"]:
        assert [row["threshold"] for row in item["by_threshold"]] == [50_000, 100_000, 150_000]
        for row in item["by_threshold"]:
            assert row["nmb_low"] <= row["nmb_mean"] <= row["nmb_high"]
            assert 0 <= row["probability_loss"] <= 1
            assert row["any"] is False or row["highest_price"] is None
        assert item["net_price"] <= report["price_now"][item["headline"]] + 1e-9
    by_name = {item["contract"]: item for item in report["contracts"] if item["headline"] == "ineligible"}
    assert by_name["cap_amount"]["by_threshold"][2]["any"] is True
    full = report["price_now"]["ineligible"] * report["units"]["ineligible"]
    assert by_name["full_price"]["payment"] == pytest.approx(full)
    better = {(row["headline"], row["state"], row["strategy"]): row["better"] for row in report["response"]}
    assert better["ineligible", "child_pugh_c", "msc"] > better["ineligible", "child_pugh_c", "palliative"] > 0.1
    assert (report["draws"], report["manifest"]["n"], report["manifest"]["seed"]) == (60, 60, 1)
    assert report["skipped"] == []


def test_run_folder_has_tables_and_figures(capsys, folder: Path, tmp_path: Path):
    out = tmp_path / "run"
    text, notes = said(capsys, "contracts", "--inputs", str(folder), "-n", "50", "--out", str(out))
    figures = {f"{name}_main.{kind}" for name in ("contracts", "loss_by_price", "response") for kind in ("png", "svg")}
    assert {item.name for item in out.iterdir()} == {"manifest.json", "contracts.csv", "response.csv", *figures}
    assert "Results:" in notes
    for words in ("Full price upfront", "Half back", "would be better untreated as well", "natural improvement"):
        assert words in " ".join(text.split())


def test_without_draws_there_is_no_risk(capsys, folder: Path, tmp_path: Path):
    out = tmp_path / "run"
    text, _ = said(capsys, "contracts", "--inputs", str(folder), "-n", "0", "--out", str(out), "--no-figures")
    assert {item.name for item in out.iterdir()} == {"manifest.json", "contracts.csv", "response.csv"}
    assert "Payer loses" not in text
    report = json.loads(said(capsys, "contracts", "--inputs", str(folder), "-n", "0", "--json")[0])
    assert report["manifest"]["n"] is None and report["manifest"]["seed"] is None
    assert "probability_loss" not in report["contracts"][0]["by_threshold"][0]


def test_contracts_without_a_response_have_no_table_of_it(capsys, folder: Path, tmp_path: Path):
    text = "contracts: {off: {label: Off, kind: discount, share: 0.2, source: {grade: assumption, note: x}}}"
    (folder / "contracts.yaml").write_text(text, encoding="utf-8")
    out = tmp_path / "run"
    said(capsys, "contracts", "--inputs", str(folder), "-n", "20", "--out", str(out))
    assert not [item for item in out.iterdir() if item.name.startswith("response")]


def test_the_same_seed_gives_the_same_answer(capsys, folder: Path):
    def report(*options: str) -> list[dict]:
        return json.loads(said(capsys, "contracts", "--inputs", str(folder), "--json", *options)[0])["contracts"]

    assert report("-n", "80", "--seed", "5") == report("-n", "80", "--seed", "5") != report("-n", "80", "--seed", "6")
    dearer = report("-n", "80", "--set", "price=2000", "--wtp", "1000")
    assert dearer[0]["by_threshold"][0]["nmb"] < report("-n", "80")[0]["by_threshold"][0]["nmb"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--pair", "drug"], 2, "strategy:comparator"),
        (["--pair", "drug:drug"], 2, "itself"),
        (["--pair", "drug:usal"], 2, "did you mean 'usual'"),
        (["--pair", "usual:drug"], 2, "drug pays price as well"),
        (["-n", "-5"], 2, "-n"),
        (["--seed", "-1"], 2, "seed"),
        (["--perspective", "nobody"], 2, "unknown perspective"),
        (["--set", "pric=5"], 3, "did you mean 'price'"),
    ],
)
def test_bad_options_are_explained(capsys, folder: Path, options: list[str], code: int, words: str):
    answer = said(capsys, "contracts", "--inputs", str(folder), "-n", "20", "--json", *options, code=code)
    assert words in " ".join(answer[1].split())


def test_a_model_without_contracts_and_a_broken_file_are_explained(capsys, folder: Path):
    broken = "contracts: {a: {label: A, kind: cap, source: {grade: x}}}"
    (folder / "contracts.yaml").write_text(broken, encoding="utf-8")
    assert "contracts.yaml:1:" in said(capsys, "contracts", "--inputs", str(folder), code=3)[1]
    (folder / "contracts.yaml").unlink()
    assert "has no contracts.yaml" in said(capsys, "contracts", "--inputs", str(folder), code=2)[1]

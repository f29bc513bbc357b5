"""`cea dsa` and `cea price`: tables, JSON, run folders, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cea.cli import main
from tests.linear_model import write_linear_model

Output = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The linear model in a folder of its own, where outputs go as well."""
    monkeypatch.chdir(tmp_path)
    return write_linear_model(tmp_path / "linear")


def run(folder: Path, *arguments: str) -> int:
    """The exit code of a command on the model."""
    return main([*arguments, "--inputs", str(folder)])


def as_json(folder: Path, capsys: Output, *arguments: str) -> dict[str, Any]:
    """What a command says with --json; no value in it is NaN or infinite."""
    assert run(folder, *arguments, "--json", "-q") == 0

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    found = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert isinstance(found, dict)
    return found


def test_the_tornado_table_names_inputs_values_and_turns(folder: Path, capsys: Output):
    assert run(folder, "dsa", "--no-figures", "--top", "2") == 0
    captured = capsys.readouterr()
    assert "Drug against Usual care" in captured.out and "€1,000 per QALY" in captured.out
    row = next(line.rstrip() for line in captured.out.splitlines() if line.startswith("Price (EUR)"))
    assert row.split()[2:7] == ["0", "1,000", "€300", "-€700", "€1,000"] and row.endswith("decision and best of all")
    assert "2 more inputs, with swings up to €235 (--top 4 shows all)" in captured.out
    assert "6 more inputs do not matter" in captured.out
    assert "no range in the evidence: extra, wave, dose, none, care_a, care_b" in captured.out
    assert "conditional median" in captured.out
    assert "Results: outputs/" in captured.err


def test_the_run_folder_holds_tables_and_figures(folder: Path, capsys: Output):
    assert run(folder, "dsa", "--two-way", "price", "lasting=0.5:1.5", "--steps", "4", "--out", "kept") == 0
    files = {path.name for path in Path("kept").iterdir()}
    assert {"one_way_main.csv", "not_moved.csv", "two_way_main.csv", "two_way_zero_main.csv", "manifest.json"} <= files
    assert {"tornado_main.png", "tornado_main.svg", "two_way_main.png", "two_way_main.svg"} <= files
    table = pd.read_csv("kept/one_way_main.csv")
    assert table["input"].iloc[0] == "price" and table["swing"].iloc[0] == pytest.approx(1000)
    grid = pd.read_csv("kept/two_way_main.csv")
    assert len(grid) == 16 and grid["lasting"].max() == 1.5
    assert "worth its cost in" in capsys.readouterr().out


def test_json_of_the_one_way_analysis(folder: Path, capsys: Output):
    found = as_json(
        folder, capsys, "dsa", "--outcome", "cost", "--alone", "--two-way", "price", "lasting", "--steps", "3"
    )
    analysis = found["one_way"][0]
    assert (analysis["strategy"], analysis["comparator"], analysis["headline"]) == ("drug_only", "usual", "main")
    assert analysis["base"] == pytest.approx({"cost": 240, "effect": 0.3, "nmb": 60})
    price = analysis["inputs"][0]
    assert price["input"] == "price" and price["swing"] == pytest.approx(1000) and price["flips_decision"] is True
    assert price["low"] == {"price": 0.0} and price["cost_high"] == pytest.approx(1000)
    gain = next(item for item in analysis["inputs"] if item["input"] == "gain_x")
    assert set(gain["low"]) == {"gain_x"} and found["together"] is False
    assert {item["input"] for item in found["not_moved"]} >= {"extra", "dose"}
    assert found["two_way"][0]["nmb"][0][0] == pytest.approx(150)
    assert not Path("outputs").exists()


def test_a_pair_may_be_chosen(folder: Path, capsys: Output):
    found = as_json(folder, capsys, "dsa", "--pair", "surgery_only:usual", "--wtp", "2000")
    assert [(item["strategy"], item["comparator"]) for item in found["one_way"]] == [("surgery_only", "usual")]
    assert found["one_way"][0]["base"]["nmb"] == pytest.approx(2000 * 0.3 - 500)


def test_json_of_the_price(folder: Path, capsys: Output):
    found = as_json(folder, capsys, "price", "-n", "200", "--seed", "5")
    assert (found["manifest"]["n"], found["manifest"]["seed"]) == (200, 5)
    assert found["manifest"]["headline"] == "Drug against Usual care: highest price €300 at €1,000 per QALY"
    prices = {(item["comparator"], item["threshold"]): item for item in found["highest_price"]}
    assert prices["usual", 1000]["value"] == pytest.approx(300)
    assert prices["frontier", 2000]["value"] is None and prices["frontier", 2000]["any"] is False
    assert found["price_now"] == {"main": 240}
    drawn = next(item for item in found["distribution"] if (item["comparator"], item["threshold"]) == ("usual", 1000))
    median = next(item["value"] for item in drawn["quantiles"] if item["level"] == 0.5)
    # Gains of mean 0.3 and standard deviation sqrt(0.02^2 + 0.05^2 + 2 * 0.5 * 0.02 * 0.05).
    spread = 1000 * math.sqrt(0.0039)
    assert median == pytest.approx(300, abs=4 * 1.25 * spread / math.sqrt(200))
    assert 0.7 < drawn["probability_now"] < 0.95 and drawn["draws"] == 200


def test_threshold_value_and_durability_in_words_and_json(folder: Path, capsys: Output):
    arguments = ("price", "-n", "0", "--for", "lasting", "--against", "lasting", "--at", "150", "--at", "700")
    assert run(folder, *arguments, "--out", "kept") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "threshold value at €1,000 per QALY: 0.8. Worth its cost: 0.8 to 2" in text
    files = {path.name for path in Path("kept").iterdir()}
    assert {"highest_prices.csv", "threshold_values.csv", "threshold_curve.csv", "durability_minimum.csv"} <= files
    assert {"price_by_threshold.png", "durability.svg"} <= files and "price_probability.png" not in files
    found = as_json(folder, capsys, *arguments)
    assert found["threshold_value"][0]["values"] == pytest.approx([0.8])
    least = {(item["threshold"], item["price"]): item["minimum"] for item in found["durability"][0]["minimum"]}
    assert (
        least[1000, 150] == pytest.approx(0.5) and least[1000, 700] is None and least[2000, 700] == pytest.approx(7 / 6)
    )
    assert found["distribution"] == []


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("hazard", "does not matter; the net benefit at €1,000 per QALY is €60 at every value"),
        (
            "price=400:900",
            "no threshold value; not worth its cost at €1,000 per QALY at any value from 400 to 900 EUR",
        ),
        ("price=0:100", "no threshold value; worth its cost at €1,000 per QALY at every value from 0 to 100 EUR"),
    ],
)
def test_a_threshold_that_is_never_reached_is_said(folder: Path, capsys: Output, parameter: str, words: str):
    assert run(folder, "price", "-n", "0", "-q", "--no-figures", "--for", parameter) == 0
    assert words in " ".join(capsys.readouterr().out.split())


def test_a_threshold_value_needs_no_price(folder: Path, capsys: Output):
    model = (folder / "model.yaml").read_text(encoding="utf-8")
    (folder / "model.yaml").write_text(model.replace(", price: price}", "}"), encoding="utf-8")
    assert run(folder, "price", "--for", "lasting", "--no-figures") == 0
    captured = capsys.readouterr()
    assert "threshold value" in captured.out and "no highest price: no headline" in captured.err
    assert run(folder, "price") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dsa", "--pair", "drug_only"), "write strategy:comparator"),
        (("dsa", "--pair", "drug_only:usuall"), "did you mean 'usual'"),
        (("dsa", "--outcome", "qaly"), "unknown outcome"),
        (("dsa", "--top", "0"), "show one input at least"),
        (("dsa", "--two-way", "price", "lastin"), "did you mean 'lasting'"),
        (("dsa", "--two-way", "price", "extra"), "no range in the evidence"),
        (("dsa", "--two-way", "price=3:1", "lasting"), "is empty"),
        (("dsa", "--two-way", "price=3-1", "lasting"), "write name, or name=low:high"),
        (("dsa", "--two-way", "price", "lasting", "--steps", "1"), "choose from 2 to 200"),
        (("price", "--for", "prise"), "did you mean 'price'"),
        (("price", "--for", "lasting=2:2"), "is empty"),
        (("price", "--for", "lasting=0:11"), "outside its bounds"),
        (("price", "--at", "3"), "add --against NAME"),
        (("price", "--against", "lasting", "--at", "-3"), "not below zero"),
        (("price", "--against", "price"), "the price itself"),
        (("price", "-n", "-1"), "-n"),
        (("price", "-n", "1"), "a single draw has no spread"),
        (("price", "--for", "Other"), "Other is a group of inputs: name one of gain_x, gain_y"),
        (("price", "--against", "gain"), "gain is a formula, not an input: name one of dose, gain_x"),
        (("dsa", "--two-way", "gain", "price"), "gain is a formula, not an input"),
    ],
)
def test_what_is_not_possible_is_refused_with_exit_code_2(
    folder: Path, capsys: Output, arguments: tuple[str, ...], words: str
):
    assert run(folder, *arguments) == 2
    captured = capsys.readouterr()
    assert words in " ".join(captured.err.split()) and "Traceback" not in captured.err
    assert captured.out == "" and not list(Path("outputs").glob("*"))

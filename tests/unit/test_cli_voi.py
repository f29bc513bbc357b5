"""`cea voi`: its JSON, tables and figures, what it says is missing, and bad input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cea.cli import main
from tests.models import CIRRHOSIS
from tests.small_model import write_model

FAST = ["voi", "--inputs", str(CIRRHOSIS), "-n", "600", "--for", "efficacy", "--for", "MSC effect"]
DESIGN = ["--design", "survival_400"]
PAIR = ["--pair", "msc:palliative"]
MONEY = ["--incidence", "1000", "--years", "10", "--trial-fixed-cost", "1e6", "--trial-cost-per-patient", "2e4"]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(list(arguments)) == code
    return capsys.readouterr()


def test_json_has_every_value_in_order(capsys):
    report = json.loads(said(capsys, *FAST, *DESIGN, "--json")[0])
    headlines = ["ineligible", "eligible"]
    assert [(item["headline"], item["threshold"]) for item in report["evpi"] if item["prior"] == "model"] == [
        (name, threshold) for name in headlines for threshold in (50_000, 100_000, 150_000)
    ]
    assert {item["prior"] for item in report["evsi"]} == {"model", "sceptical"}
    for name in headlines:
        (perfect,) = (
            item["value"]
            for item in report["evpi"]
            if (item["headline"], item["threshold"], item["prior"]) == (name, 100_000, "model")
        )
        partial = {item["input"]: item for item in report["evppi"] if item["headline"] == name}
        assert perfect >= partial["efficacy"]["value"] > 5 * partial["efficacy"]["se"] > 0
        (study,) = (x for x in report["evsi"] if (x["headline"], x["prior"]) == (name, "model"))
        assert (study["design"], study["n"], study["net_benefit"]) == ("survival_400", 400, None)
        assert perfect >= study["ceiling"] >= study["value"] > 0
    assert report["missing"] == ["--incidence", "--years", "--trial-fixed-cost", "--trial-cost-per-patient"]
    assert report["optimal"] == []
    assert (report["manifest"]["n"], report["manifest"]["seed"], report["price_year"]) == (600, 1, "2025")
    perfect = next(x["value"] for x in report["evpi"] if (x["headline"], x["threshold"]) == ("eligible", 100_000))
    assert "(bridge): EVPI per person" in report["manifest"]["headline"]
    assert f"${perfect:,.0f} at $100,000" in report["manifest"]["headline"]


def test_net_benefit_is_the_value_to_those_after_the_results_less_the_cost(capsys):
    report = json.loads(said(capsys, *FAST, *DESIGN, *PAIR, *MONEY, "--discount", "0", "--json")[0])
    assert report["missing"] == []
    for item in report["curve"]:
        # Two years of follow-up leave eight of ten years.
        assert item["net_benefit"] == pytest.approx(8_000 * item["value"] - 1e6 - 2e4 * item["n"])
    for best in report["optimal"]:
        curve = [item for item in report["curve"] if item["prior"] == best["prior"]]
        assert best["net_benefit"] == max(item["net_benefit"] for item in curve)
        assert best["worth_it"] == (best["net_benefit"] > 0)


def test_run_folder_has_tables_and_figures(capsys, tmp_path: Path):
    out = tmp_path / "run"
    text, notes = said(capsys, *FAST, *DESIGN, *PAIR, *MONEY, "--out", str(out))
    files = {item.name for item in out.iterdir()}
    figures = {f"{name}_ineligible.{kind}" for name in ("evppi", "evsi", "net_benefit") for kind in ("png", "svg")}
    assert files == {"manifest.json", "evpi.csv", "evppi.csv", "evsi.csv", *figures}
    assert "Results:" in notes
    for words in ("EVPI", "Efficacy multiplier", "Trial of 400, deaths alone", "discounted at 3 % a year"):
        assert words in text
    assert "also needs" not in text


def test_without_population_and_costs_it_says_what_is_missing(capsys):
    report = json.loads(said(capsys, *FAST, *DESIGN, *PAIR, "--incidence", "10", "--years", "5", "--json")[0])
    assert report["missing"] == ["--trial-fixed-cost", "--trial-cost-per-patient"]
    assert all(item["net_benefit"] is None for item in report["evsi"])


def test_a_member_of_a_joint_group_alone_is_explained(capsys):
    arguments = ["voi", "--inputs", str(CIRRHOSIS), "-n", "300", "--for", "excess_death_c", *DESIGN, *PAIR, "--json"]
    (note,) = json.loads(said(capsys, *arguments)[0])["notes"]
    assert "excess_death_c is drawn together with the group natural_history" in note


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--for", "eficacy"], "did you mean 'efficacy'"),
        (["--for", "MSC efect"], "did you mean 'MSC effect'"),
        (["--for", "msc_acquisition_per_infusion"], "does not vary in draws: it is a decision, such as a price"),
        (["--for", "start_age"], "does not vary in draws: it describes the cohort"),
        (["--for", "cost_c"], "cost_c is a formula, not an input: name one of cost_b, cost_ratio_c_b"),
        (["--design", "survival_40"], "did you mean 'survival_400'"),
        (["--incidence", "10"], "--incidence and --years belong together"),
        (["--incidence", "-1", "--years", "5"], "not below zero"),
        (["--incidence", "1", "--years", "0"], "at least one"),
        (["--trial-fixed-cost", "-5"], "--trial-fixed-cost"),
        (["--pair", "msc:msc"], "itself"),
        (["-n", "20"], "too few"),
    ],
)
def test_bad_options_are_explained(capsys, options, words):
    base = ["voi", "--inputs", str(CIRRHOSIS), "-n", "150", *DESIGN, *PAIR, "--json"]
    assert words in " ".join(said(capsys, *base, *options, code=2)[1].split())


def test_designs_of_strategies_that_layers_leave_out(capsys, tmp_path: Path):
    folder = tmp_path / "model"
    shutil.copytree(CIRRHOSIS, folder)
    layer = "label: Listed\nstrategies: [transplant, msc_bridge]\nsource: {grade: assumption, note: a test}\n"
    (folder / "populations/listed.yaml").write_text(layer, encoding="utf-8")
    base = ["voi", "--inputs", str(folder), "-n", "300", "--for", "efficacy", "--layer", "listed", "--json"]
    report = json.loads(said(capsys, *base)[0])
    assert report["evsi"] == []
    assert report["notes"] and all("leave out" in note for note in report["notes"])
    assert "leave out" in said(capsys, *base, *DESIGN, code=2)[1]


def test_a_model_without_studies_has_evpi_and_evppi(capsys, tmp_path: Path):
    write_model(tmp_path)
    report = json.loads(said(capsys, "voi", "--inputs", str(tmp_path), "-n", "300", "--json")[0])
    names = {item["input"] for item in report["evppi"]}
    assert {"rates", "hazard_ratio", "fall_ill", "utility_ill"} <= names
    assert report["evsi"] == []

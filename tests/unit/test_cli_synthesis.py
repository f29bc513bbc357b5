"""`cea synthesis`: what it prints, its JSON, run folder and layer, and bad requests."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import cea
from cea.cli import main
from tests.evidence_model import write_evidence
from tests.models import CIRRHOSIS
from tests.small_model import write_model

SHIPPED = ["synthesis", "--inputs", str(CIRRHOSIS)]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(list(arguments)) == code
    return capsys.readouterr()


def test_tables_show_both_pooled_ratios_and_the_cross_check(capsys, tmp_path: Path):
    out = tmp_path / "run"
    text, notes = said(capsys, *SHIPPED, "--no-figures", "--out", str(out))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for words in (
        "As published 6 0.68 (0.43 to 1.08) 0.28 to 1.69 0.30 49 % 9.88 (0.08)",
        "Adjusted for bias by design 6 0.86 (0.55 to 1.36) 0.41 to 1.84 0.23 23 % 6.47 (0.26)",
        "As published 0.68 (0.50 to 0.93) 0.37 to 1.24 0.26",
        "Adjusted for bias by design 0.86 (0.62 to 1.19) 0.52 to 1.42 0.19",
        "Wang MF 2018 0.60 (0.43 to 0.84) 0.10 0.75 (0.49 to 1.14) 0.00",
        "Small controlled 0.747 0.15 assumption",
    ):
        assert words in lines, words
    assert any(line.startswith("Not pooled, no effect is given (23): Shi 2021,") for line in lines)
    assert "efficacy 0.9016 (-1.91 to 3.72)" in text
    assert "Results:" in notes
    assert {item.name for item in out.iterdir()} == {"manifest.json", "studies.csv", "pooled.csv", "leave_one_out.csv"}
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["verb"] == "synthesis"
    assert {"synthesis.yaml", "tables/msc_trials.csv"} <= set(manifest["input_files"])


def test_figures_are_drawn(capsys, tmp_path: Path):
    write_evidence(tmp_path / "model")
    out = tmp_path / "run"
    said(capsys, "synthesis", "--inputs", str(tmp_path / "model"), "--out", str(out))
    assert {f"{name}.{kind}" for name in ("forest", "robustness") for kind in ("png", "svg")} <= {
        item.name for item in out.iterdir()
    }


def test_json_has_everything(capsys):
    report = json.loads(said(capsys, *SHIPPED, "--json")[0])
    assert (report["measure"], len(report["studies"]), len(report["left_out"])) == ("hazard_ratio", 8, 23)
    pooled = {(row["analysis"], row["estimator"]): row for row in report["pooled"]}
    assert {name for name, _ in pooled} == {item["name"] for item in report["analyses"]}
    assert pooled["adjusted", "dl"]["ratio"] == pytest.approx(0.8597, abs=5e-5)
    assert pooled["msc_only", "reml"]["prediction_low"] is None
    assert len(report["leave_one_out"]) == 24
    informs = report["informs"]
    assert (informs["analysis"], informs["estimator"], informs["interval"]) == ("adjusted", "reml", "hartung_knapp")
    (efficacy,) = informs["parameters"]
    row = pooled["adjusted", "reml"]
    assert efficacy["value"] == pytest.approx(math.log(row["ratio"]) / math.log(0.85))
    ends = sorted(math.log(row[f"hartung_knapp_{end}"]) / math.log(0.85) for end in ("low", "high"))
    assert efficacy["range"] == pytest.approx(ends)
    assert report["manifest"]["verb"] == "synthesis"


def test_the_layer_is_a_layer(capsys, tmp_path: Path):
    file = tmp_path / "pooled.yaml"
    _, notes = said(capsys, *SHIPPED, "--json", "--write", str(file))
    assert f"Layer: {file.as_posix()}" in " ".join(notes.split())
    model = cea.load(CIRRHOSIS, layers=[str(file)])
    base, found = cea.load(CIRRHOSIS).parameters["efficacy"], model.parameters["efficacy"]
    assert (base.value, found.value) == (1, 0.901609)
    assert found.distribution is not None and found.distribution.mean == pytest.approx(0.901609)
    assert (found.source.grade, found.source.ref) == ("derived", "msc_evidence")
    assert found.source.where == "synthesis.yaml, analysis adjusted"
    assert found.source.note is not None and "0.86 (0.55 to 1.36)" in found.source.note
    others = {name: item.value for name, item in model.parameters.items() if name != "efficacy"}
    assert others == {name: cea.load(CIRRHOSIS).parameters[name].value for name in others}


def test_another_analysis_can_inform(capsys, tmp_path: Path):
    file = tmp_path / "pooled.yaml"
    report = json.loads(said(capsys, *SHIPPED, "--json", "--analysis", "unadjusted", "--write", str(file))[0])
    assert report["informs"]["analysis"] == "unadjusted"
    assert cea.load(CIRRHOSIS, layers=[str(file)]).parameters["efficacy"].value == pytest.approx(2.33, abs=0.005)


def test_ratio_and_multiplier_reach_a_small_model(capsys, tmp_path: Path):
    folder, file = tmp_path / "model", tmp_path / "pooled.yaml"
    write_evidence(folder)
    report = json.loads(said(capsys, "synthesis", "--inputs", str(folder), "--json", "--write", str(file))[0])
    (row,) = (row for row in report["pooled"] if (row["analysis"], row["estimator"]) == ("adjusted", "reml"))
    model = cea.load(folder, layers=[str(file)])
    ratio = model.parameters["hazard_ratio"]
    assert ratio.value == pytest.approx(row["ratio"], rel=1e-5)
    assert ratio.distribution is not None and ratio.distribution.family == "lognormal"
    assert ratio.range == pytest.approx((row["normal_low"], row["normal_high"]), rel=1e-5)
    assert model.parameters["target_ratio"].value == pytest.approx(math.log(row["ratio"]) / math.log(0.7), rel=1e-5)


def test_a_layer_is_replaced_only_by_force_but_may_stay_the_same(capsys, tmp_path: Path):
    file = tmp_path / "pooled.yaml"
    command = [*SHIPPED, "--json", "--write", str(file)]
    said(capsys, *command)
    said(capsys, *command)
    before = file.read_bytes()
    assert "add --force" in said(capsys, *command, "--analysis", "unadjusted", code=2)[1]
    assert file.read_bytes() == before
    said(capsys, *command, "--analysis", "unadjusted", "--force")
    assert file.read_bytes() != before


def test_a_layer_that_does_not_fit_is_not_written(capsys, tmp_path: Path):
    folder, file = tmp_path / "model", tmp_path / "pooled.yaml"
    informed = "    share_well: {as: multiplier, reference: hazard_ratio}"
    write_evidence(folder, [("synthesis.yaml", "    hazard_ratio: {as: ratio}", informed)])
    rates = folder / "parameters/rates.yaml"
    text = rates.read_text(encoding="utf-8")
    rates.write_text(text.replace("share_well: {", "share_well: {bounds: [0.75, 0.85], "), encoding="utf-8")
    errors = said(capsys, "synthesis", "--inputs", str(folder), "--json", "--write", str(file), code=3)[1]
    assert "share_well" in errors
    assert not file.exists()


def test_models_without_evidence_or_without_what_it_informs(capsys, tmp_path: Path):
    write_model(tmp_path / "bare")
    assert "no synthesis.yaml" in said(capsys, "synthesis", "--inputs", str(tmp_path / "bare"), "--json", code=2)[1]
    folder = tmp_path / "model"
    write_evidence(folder)
    file = folder / "synthesis.yaml"
    file.write_text(file.read_text(encoding="utf-8").partition("informs:")[0], encoding="utf-8")
    base = ["synthesis", "--inputs", str(folder), "--json"]
    assert json.loads(said(capsys, *base)[0])["informs"] is None
    assert "no layer to write" in said(capsys, *base, "--write", str(tmp_path / "x.yaml"), code=2)[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--analysis", "adjustd"], "did you mean 'adjusted'"),
        (["--analysis", "msc_only", "--write", "{folder}/x.txt"], "ends in .yaml"),
        (["--write", "{folder}/none/x.yaml"], "a folder that exists"),
        (["--write", "{folder}"], "ends in .yaml"),
    ],
)
def test_bad_options_are_explained(capsys, tmp_path: Path, options, words):
    filled = [option.replace("{folder}", str(tmp_path)) for option in options]
    assert words in " ".join(said(capsys, *SHIPPED, "--json", *filled, code=2)[1].split())

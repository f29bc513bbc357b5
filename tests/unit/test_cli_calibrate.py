"""`cea calibrate`: its JSON, tables, run folder, figures and layers, and what it refuses."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import cea
from cea.analysis.calibration import calibrate
from cea.analysis.calibration_tables import parameters_frame
from cea.cli import calibrate as command
from cea.cli import main
from cea.loading.calibration_file import read_calibrations
from cea.reports import calibration_figures
from tests.shares_model import write_shares

FEW = ["-n", "600", "--chains", "2", "--starts", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_shares(tmp_path_factory.mktemp("calibrate") / "model")


def said(capsys: pytest.CaptureFixture[str], folder, *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(["calibrate", "--inputs", str(folder), *arguments]) == code
    return capsys.readouterr()


def test_json_is_that_of_the_analysis(capsys, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = json.loads(said(capsys, folder, *FEW, "--seed", "5", "--json")[0])
    model = cea.load(folder)
    both = read_calibrations(folder, model)[0]
    keys = [(item["calibration"], item["method"]) for item in report["calibrations"]]
    assert keys == [("both", "yearly"), ("both", "quarterly"), ("hazard_only", "yearly")]
    found = calibrate(model, both, n=600, chains=2, seed=5, starts=3)
    for row, expected in zip(
        report["calibrations"][0]["parameters"], parameters_frame(found).to_dict("records"), strict=True
    ):
        assert row["parameter"] == expected["parameter"]
        assert row["median"] == pytest.approx(expected["median"], rel=1e-12)
        assert row["r_hat"] == pytest.approx(expected["r_hat"], rel=1e-12)
    first = report["calibrations"][0]
    assert first["parameters"][0]["sdlog"] is None
    assert {item["quantity"] for item in first["agreement"]} == {"median", "sd", "sdlog", "correlation"}
    assert report["calibrations"][2]["agreement"] == []
    assert first["diagnostics"]["draws"] == 600 and first["diagnostics"]["chains"] == 2
    assert len(report["optima"]) == 2 + 2 + 1
    assert (report["manifest"]["n"], report["manifest"]["seed"]) == (600, 5)
    assert "both: R-hat 1.0" in report["manifest"]["headline"]
    assert not list(tmp_path.iterdir())


def test_tables_and_run_folder(capsys, folder, tmp_path):
    out, err = said(capsys, folder, *FEW, "--out", str(tmp_path / "run"))
    for text in ("Share and hazard: yearly cycles", "agreement with other draws", "Diagnostics", "Monte Carlo"):
        assert text in " ".join(out.split())
    assert "Results:" in err
    names = {path.name for path in (tmp_path / "run").iterdir()}
    figures = {f"{kind}_{name}.{ending}" for kind in ("trace", "posterior", "fit") for name in ("both", "hazard_only")
               for ending in ("png", "svg")}  # fmt: skip
    draws = {f"{kind}_{name}.csv" for kind in ("draws", "correlation")
             for name in ("both_yearly", "both_quarterly", "hazard_only_yearly")}  # fmt: skip
    tables = {"optima.csv", "diagnostics.csv", "parameters.csv", "targets.csv", "agreement.csv"}
    assert names == {"manifest.json"} | figures | draws | tables
    kept = pd.read_csv(tmp_path / "run" / "draws_both_yearly.csv")
    assert list(kept) == ["chain", "draw", "share_one", "hazard"]
    assert kept.groupby("chain").size().to_dict() == {1: 300, 2: 300}
    table = pd.read_csv(tmp_path / "run" / "parameters.csv").set_index(["calibration", "method", "parameter"])
    assert kept["hazard"].median() == pytest.approx(table.loc[("both", "yearly", "hazard"), "median"])


def test_point_is_quick_and_has_no_draws(capsys, folder, tmp_path):
    out, _ = said(capsys, folder, "both", "--method", "yearly", "--point", "--starts", "4", "--out", f"{tmp_path}/p")
    assert "most probable values" in out and "4 of 4 starts ended in 1 optimum" in out
    assert {path.name for path in (tmp_path / "p").iterdir()} == {"manifest.json", "optima.csv", "targets.csv"}


def test_layers_are_written_once_and_can_be_used(capsys, tmp_path):
    own = write_shares(tmp_path / "model")
    arguments = ["both", "--method", "yearly", "-n", "2000", "--no-figures", "--json", "--write", str(own)]
    _, err = said(capsys, own, *arguments)
    assert err.count("Written:") == 3 and "calibrated_both.yaml" in err.replace("\n", "")
    value = cea.load(own, ["calibrated_both"]).parameters["hazard"].value
    assert value is not None and value != cea.load(own).parameters["hazard"].value
    _, err = said(capsys, own, *arguments, code=2)
    assert "exist already" in err
    said(capsys, own, *arguments, "--force")


def test_draws_that_cannot_be_trusted_are_not_written(capsys, tmp_path):
    own = write_shares(tmp_path / "model")
    arguments = ["both", "--method", "yearly", "-n", "100", "--chains", "1", "--no-figures", "--json"]
    _, err = said(capsys, own, *arguments, "--write", str(own), code=4)
    assert "nothing was written" in err and "one chain alone" in err
    assert not (own / "scenarios").exists()
    report = json.loads(said(capsys, own, *arguments)[0])
    assert any("one chain alone" in text for text in report["warnings"])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [(["bothe"], "unknown calibration 'bothe'"), (["--method", "daily"], "unknown method 'daily'"),
     (["--point", "--write", "x"], "no draws to write"), (["-n", "50"], "choose from 100 draws a chain"),
     (["--chains", "0"], "0 chains"), (["--seed", "-3"], "the seed is -3")],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(capsys, folder, arguments, text):
    assert text in " ".join(said(capsys, folder, *arguments, code=2)[1].split())


def test_a_model_without_the_file_says_so(capsys, tmp_path):
    own = write_shares(tmp_path / "model")
    (own / "calibration.yaml").unlink()
    assert "has no calibration.yaml" in " ".join(said(capsys, own, code=2)[1].split())


def test_an_interrupted_run_leaves_nothing(capsys, folder, tmp_path, monkeypatch):
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "calibrate", stop)
    said(capsys, folder, "--out", str(tmp_path / "run"), code=130)
    assert not list(tmp_path.iterdir())


def test_figures_show_what_was_found(folder):
    model = cea.load(folder)
    both = read_calibrations(folder, model)[0]
    found = [calibrate(model, both, method.name, n=400, chains=2) for method in both.methods]
    trace = calibration_figures.trace(found[0], "Chains")
    panels = [axes for axes in trace.axes if axes.get_visible()]
    assert [len(axes.lines) for axes in panels] == [2, 2]
    assert [axes.get_yscale() for axes in panels] == ["linear", "log"]
    assert (panels[0].lines[0].get_ydata() == found[0].values[0, :, 0]).all()
    densities = calibration_figures.posterior_panels(found, "Densities")
    panels = [axes for axes in densities.axes if axes.get_visible()]
    assert [len(axes.lines) for axes in panels] == [4, 4]
    for line in panels[0].lines:  # on a linear axis each density has an area of one
        x, y = line.get_data()
        assert ((y[1:] + y[:-1]) / 2 * (x[1:] - x[:-1])).sum() == pytest.approx(1, abs=0.06)
    fit = calibration_figures.fit(found, "Fit")
    observed = fit.axes[0].containers[0]
    assert list(observed[0].get_xdata()) == [0.6, 0.8]
    assert len(fit.axes[0].containers) == 3 and len(fit.axes[0].get_yticklabels()) == 2

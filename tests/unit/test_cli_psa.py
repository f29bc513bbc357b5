"""`cea psa` from its options to its files: one answer however it is reached, and plain words when it is not."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

import cea
from cea.cli import main
from cea.cli.progress import draws_bar
from cea.engine import cluster
from cea.engine.psa import SEGMENT, Job
from cea.reports.psa_store import PsaStore
from tests.models import CIRRHOSIS, ROOT

SICK_SICKER = ROOT / "tests" / "validation" / "sick_sicker"
N = 2 * SEGMENT + 50


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """Every command runs in an empty folder, as one not connected to a terminal."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("COLUMNS", "FORCE_COLOR", "CEA_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return folder


def asked(*options: object, inputs: Path = SICK_SICKER) -> list[str]:
    return ["psa", "--inputs", str(inputs), "--no-figures", *map(str, options)]


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def found(capsys, *arguments: str) -> Any:
    """The JSON of a command that works."""
    assert main(list(arguments)) == 0
    return json.loads(capsys.readouterr().out, parse_constant=refuse)


def failed(capsys, code: int, *arguments: str) -> str:
    """What a command that fails says, on one line."""
    assert main(list(arguments)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def manifest(run: Path) -> Any:
    return json.loads((run / "manifest.json").read_text())


@pytest.fixture(scope="module")
def unbroken() -> str:
    """Hash of N draws of the Sick-Sicker model in one go."""
    model = cea.load(SICK_SICKER)
    return cea.run(model, cea.sample(model, n=N, seed=4)).sha256


KILLED = """
import os, signal, sys
from cea.cli import main
from cea.reports.psa_store import PsaStore

save = PsaStore.save

def save_and_die(store, index, totals):
    save(store, index, totals)
    if index == 1:
        os.kill(os.getpid(), signal.SIGKILL)

PsaStore.save = save_and_die
main(sys.argv[1:])
"""


def test_a_killed_run_is_taken_up_from_elsewhere_and_ends_with_the_same_bytes(
    here, capsys, unbroken, monkeypatch, tmp_path
):
    shutil.copytree(SICK_SICKER, here / "model")
    given = asked("-n", N, "--seed", 4, "--out", here / "run", inputs=Path("model"))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *given], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert sorted(path.name for path in here.iterdir()) == ["model", "run.unfinished"]
    assert len(list((here / "run.unfinished").glob("segment-*.npz"))) == 2
    monkeypatch.chdir(tmp_path)
    again = found(
        capsys, "psa", "--resume", str(here / "run"), "--threads", "1", "--chunk", "99", "--no-figures", "--json"
    )
    assert again["sha256"] == unbroken
    assert manifest(here / "run")["results_sha256"] == unbroken
    assert (again["n"], again["seed"], again["manifest"]["command"]) == (N, 4, ["cea", *given])
    assert sorted(path.name for path in here.iterdir()) == ["model", "run"]
    assert "finished, there is nothing to resume" in failed(capsys, 2, "psa", "--resume", str(here / "run"))


@pytest.fixture
def stopped(here, capsys, monkeypatch) -> Path:
    """A run that Ctrl-C stopped after its first segment."""
    save = PsaStore.save

    def save_and_press(store, index, totals):
        save(store, index, totals)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(PsaStore, "save", save_and_press)
    shutil.copytree(SICK_SICKER, here / "model")
    handler = signal.getsignal(signal.SIGINT)
    said = failed(capsys, 130, *asked("-n", N, "--seed", 4, "--out", "run", inputs=Path("model")))
    assert signal.getsignal(signal.SIGINT) is handler
    assert said == "error: stopped; what is done is kept: cea psa --resume run.unfinished\n"
    monkeypatch.undo()
    monkeypatch.chdir(here)
    return here / "run.unfinished"


def test_ctrl_c_keeps_what_is_done(stopped, here, capsys, unbroken):
    assert [path.name for path in sorted(stopped.iterdir())] == ["request.json", "segment-000000.npz"]
    assert main(["psa", "--resume", "run.unfinished", "--no-figures"]) == 0
    assert f"sha256 of the results: {unbroken}" in capsys.readouterr().out
    told = manifest(here / "run")
    assert told["command"] == ["cea", *asked("-n", N, "--seed", 4, "--out", "run", inputs=Path("model"))]
    assert (told["inputs"], told["seed"], told["n"]) == ("model", 4, N)
    assert not stopped.exists()


def test_a_run_whose_inputs_changed_is_not_taken_up(stopped, here, capsys):
    parameters = here / "model" / "parameters.yaml"
    parameters.write_text(parameters.read_text() + "\n# another\n")
    said = failed(capsys, 2, "psa", "--resume", "run")
    assert "parameters.yaml changed since run.unfinished was started" in said
    assert (stopped / "segment-000000.npz").is_file()


def test_a_run_of_other_versions_is_not_taken_up(stopped, capsys):
    request = json.loads((stopped / "request.json").read_text())
    request["versions"]["numpy"] = "0.9"
    (stopped / "request.json").write_text(json.dumps(request))
    assert re.search(r"numpy \S+ \(was 0\.9\) changed since", failed(capsys, 2, "psa", "--resume", "run"))
    del request["request"]
    (stopped / "request.json").write_text(json.dumps(request))
    assert "cannot be read: start the run anew" in failed(capsys, 3, "psa", "--resume", "run")


def test_a_damaged_segment_is_named_and_made_again_once_it_is_gone(stopped, here, capsys, unbroken):
    path = stopped / "segment-000000.npz"
    path.write_bytes(path.read_bytes()[:5000])
    said = failed(capsys, 3, "psa", "--resume", "run", "--no-figures", "-q")
    assert said == "error: run.unfinished/segment-000000.npz is damaged: delete it and resume again\n"
    assert len(list(stopped.glob("segment-*.npz"))) == 3
    path.unlink()
    assert found(capsys, "psa", "--resume", "run", "--no-figures", "--json")["sha256"] == unbroken


def test_a_run_is_not_started_over_an_unfinished_one(stopped, capsys):
    said = failed(capsys, 2, *asked("--out", "run"))
    assert "run.unfinished holds an unfinished run: take it up with --resume run.unfinished, or add --force" in said


def test_resume_takes_no_other_wishes(stopped, capsys):
    said = failed(capsys, 2, "psa", "--resume", "run", "-n", "5", "--seed", "1", "--set", "x=1", "--threads", "1")
    assert "--resume takes up a run as it was asked for: leave out --seed, --set, -n" in said
    assert "leave out --seed" in failed(capsys, 2, *asked("--draws", "x.csv", "--seed", 1))


@pytest.mark.parametrize(("n", "suffix"), [(700, "csv"), (5_100, "parquet")])
def test_draws_that_were_written_give_the_same_bytes_when_they_are_run(n, suffix, here, capsys):
    first = found(capsys, *asked("-n", n, "--sampler", "lhs", "--json", "--out", "run"))
    again = found(capsys, *asked("--draws", f"run/draws.{suffix}", "--json"))
    assert again["sha256"] == first["sha256"]
    assert (again["seed"], again["sampler"], again["n"]) == (None, "file", n)
    assert f"run/draws.{suffix}" in again["manifest"]["input_files"]
    assert [path.name for path in here.iterdir()] == ["run"]


def test_samplers_and_seeds_give_draws_of_their_own(capsys):
    options = [("--sampler", name) for name in ("random", "lhs", "sobol")] + [("--seed", "2")]
    hashes = [found(capsys, *asked("-n", 64, "--json", *option))["sha256"] for option in options]
    assert len(set(hashes)) == 4


def test_json_alone_writes_no_folder_and_a_run_writes_all(here, capsys):
    found(capsys, *asked("-n", 20, "--json"))
    assert list(here.iterdir()) == []
    assert main(asked("-n", 20)) == 0
    captured = capsys.readouterr()
    (run,) = (here / "outputs").iterdir()
    assert captured.err.startswith(f"Results: outputs/{run.name}\nwarning: utility_healthy = 1 is neither the mean")
    names = {path.name for path in run.iterdir()}
    assert names >= {"manifest.json", "summary.csv", "increments.csv", "outcomes.csv", "draws.csv", "draw_moments.csv"}
    assert set(manifest(run)["output_files"]) == names - {"manifest.json"}
    assert len(pd.read_csv(run / "outcomes.csv")) == 20 * manifest_strategies(run)


def manifest_strategies(run: Path) -> int:
    return len(pd.read_csv(run / "summary.csv"))


def test_outcomes_of_many_draws_go_to_parquet_in_order(here, capsys):
    assert main(asked("-n", SEGMENT + 10, "--out", "run", "--quiet")) == 0
    assert capsys.readouterr().err == ""
    table = pd.read_parquet("run/outcomes.parquet")
    strategies = manifest_strategies(here / "run")
    assert table["sample"].tolist() == [row for row in range(SEGMENT + 10) for _ in range(strategies)]
    categories = [name for name in table.columns if name.startswith("cost: ")]
    pd.testing.assert_series_equal(table[categories].sum(axis=1), table["cost"], check_names=False)
    summary = pd.read_csv("run/summary.csv").set_index("strategy")
    means = table.groupby("strategy")[["cost", "effect"]].mean()
    pd.testing.assert_frame_equal(means, summary[["cost", "effect"]], check_like=True)


def test_the_analyses_are_those_of_twenty_lines_of_plain_python(capsys):
    """CEAC, CEAF, expected loss and EVPI of the shipped model against loops over its 500 draws."""
    told = found(capsys, *asked("-n", 500, "--seed", 9, "--json", "--out", "run", inputs=CIRRHOSIS))
    rows = pd.read_csv("run/outcomes.csv").to_dict("records")
    names = [row["strategy"] for row in told["means"]]
    for position, entry in enumerate(told["ceac"]):
        threshold = entry["threshold"]
        wins, loss, benefit = (dict.fromkeys(names, 0.0) for _ in range(3))
        for start in range(0, len(rows), len(names)):
            nmb = {row["strategy"]: threshold * row["effect"] - row["cost"] for row in rows[start : start + len(names)]}
            best = max(nmb.values())
            for name in names:
                wins[name] += (nmb[name] == best) / 500
                loss[name] += (best - nmb[name]) / 500
                benefit[name] += nmb[name] / 500
        chosen = max(benefit, key=benefit.__getitem__)
        assert entry["probability"] == pytest.approx(wins, abs=1e-12)
        assert sum(entry["probability"].values()) == pytest.approx(1, abs=1e-12)
        frontier = told["ceaf"][position]
        assert (frontier["strategy"], frontier["probability"]) == (chosen, pytest.approx(wins[chosen], abs=1e-12))
        assert told["expected_loss"][position]["loss"] == pytest.approx(loss, rel=1e-9, abs=1e-6)
        assert told["evpi"][position] == {"threshold": threshold, "value": pytest.approx(min(loss.values()), rel=1e-9)}


def test_the_json_says_what_is_promised(capsys):
    told = found(capsys, *asked("-n", 30, "--json", inputs=CIRRHOSIS))
    assert [row["strategy"] for row in told["means"]] == ["palliative", "msc", "transplant", "msc_bridge"]
    for row in told["means"]:
        assert set(row) == {"strategy", "cost", "cost_interval", "effect", "effect_interval"}
        assert row["cost_interval"][0] < row["cost"] < row["cost_interval"][1]
    assert re.fullmatch(r"[0-9a-f]{64}", told["sha256"])
    assert [row["headline"] for row in told["headlines"]] == ["ineligible", "eligible"]
    for row in told["headlines"]:
        assert sum(row["quadrants"].values()) == pytest.approx(1)
        assert [item["threshold"] for item in row["probability_cost_effective"]] == told["thresholds"]
        assert row["icer"] is None or row["icer"] == pytest.approx(row["incremental_cost"] / row["incremental_effect"])
    assert (told["population_evpi"], told["n"], told["seed"], told["sampler"]) == (None, 30, 1, "random")


def test_the_population_is_the_assumption_of_the_user(capsys):
    told = found(capsys, *asked("-n", 30, "--json", "--incidence", 1000, "--years", 3, inputs=CIRRHOSIS))
    people = 1000 * (1 / 1.03 + 1 / 1.03**2 + 1 / 1.03**3)
    assumed = told["population_evpi"]
    assert (assumed["incidence"], assumed["years"], assumed["discount_rate"]) == (1000, 3, 0.03)
    for one, all_of_them in zip(told["evpi"], assumed["by_threshold"], strict=True):
        assert all_of_them["value"] == pytest.approx(people * one["value"])
    assert main([*asked("-n", 30, "--incidence", 1000, "--years", 3, "--out", "run", inputs=CIRRHOSIS)]) == 0
    assert "your assumption of 1,000 people a year for 3 years, discounted at 3 % a year" in capsys.readouterr().out
    table = pd.read_csv("run/evpi.csv")
    assert table["population_evpi"].to_list() == pytest.approx((people * table["evpi"]).to_list())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-n", 0], "n must be a whole number from 1, not 0"),
        (["-n", -1], "n must be a whole number from 1, not -1"),
        (["-n", 1], "a single draw has no spread"),
        (["-n", 10**12], "n = 1,000,000,000,000 is more than 10,000,000 draws"),
        (["-n", 10**12, "--sampler", "sobol"], "more than 10,000,000 draws"),
        (["-n", "many"], "Invalid value for '-n'"),
        (["--seed", "text"], "Invalid value for '--seed'"),
        (["--seed", -3], "the seed must be a whole number from 0, not -3"),
        (["--sampler", "sobl"], "unknown sampler 'sobl': did you mean 'sobol'?"),
        (["--joint", "copula"], "known here: correlation, draws"),
        (["--threads", 0], "Invalid value for '--threads'"),
        (["--chunk", 0], "Invalid value for '--chunk'"),
        (["--comparator", "nobody"], "unknown strategy 'nobody'"),
        (["--draws", "missing.csv"], "cannot read missing.csv"),
        (["--draws", "draws.txt"], "neither a .csv nor a .parquet file"),
        (["--resume", "nowhere"], "nowhere is not an unfinished run"),
        (["--incidence", -5], "give a number that is not below zero"),
        (["--incidence", 5, "--years", 0], "give a whole number of at least one"),
        (["--out", "file/run"], "choose another folder with --out"),
        (["--out", "there"], "there exists already; add --force to replace it"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_said_before_the_work(options, said, here, capsys, monkeypatch):
    def work(*args: object, **kwargs: object) -> None:
        raise AssertionError("this must not be run")

    monkeypatch.setattr(Job, "run", work)
    (here / "file").write_text("")
    (here / "there").mkdir()
    base = ["psa"] if "--resume" in options else asked()
    assert said in " ".join(failed(capsys, 2, *base, *map(str, options)).split())
    assert sorted(path.name for path in here.iterdir() if path.name != "outputs") == ["file", "there"]
    assert not (here / "outputs").exists() or not any((here / "outputs").iterdir())


def test_a_full_disk_is_said_before_the_work(here, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: namedtuple("Usage", "free")(10_000_000))
    said = failed(capsys, 2, *asked("-n", 100_000, "--out", "run"))
    assert re.search(r"need about \d\d+ MB in \., 10 MB are free: make room, lower -n", said)
    assert list(here.iterdir()) == []


def test_a_scheduler_that_cannot_be_reached_leaves_nothing(here, capsys, monkeypatch):
    pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
    monkeypatch.setattr(cluster, "TIMEOUT", "0.2s")
    said = failed(capsys, 2, *asked("-n", 50, "--out", "run", "--scheduler", "tcp://127.0.0.1:9"))
    assert "no scheduler answers at tcp://127.0.0.1:9" in said
    assert list(here.iterdir()) == []


def test_a_draw_that_stops_the_engine_ends_the_run_for_good(here, capsys, monkeypatch):
    run = Job.run

    def refuse_second(job, index, **options):
        if index == 1:
            raise cea.InputError("probabilities are above 1, draw 8200")
        return run(job, index, **options)

    monkeypatch.setattr(Job, "run", refuse_second)
    assert failed(capsys, 3, *asked("-n", N, "--out", "run")) == "error: probabilities are above 1, draw 8200\n"
    assert list(here.iterdir()) == []


def test_an_imported_draw_that_is_not_possible_is_named(here, capsys):
    assert main(asked("-n", 20, "--out", "run")) == 0
    table = pd.read_csv("run/draws.csv")
    utility = next(name for name in table.columns if name.startswith("hr_"))
    table.loc[7, utility] = -4.0
    table.to_csv("bad.csv", index=False)
    capsys.readouterr()
    said = failed(capsys, 3, *asked("--draws", "bad.csv", "--out", "again"))
    assert "row 8" in said
    assert utility in said
    assert sorted(path.name for path in here.iterdir()) == ["bad.csv", "run"]


def test_a_bar_with_rate_and_time_left_is_on_a_terminal_only():
    def drawn(quiet: bool, terminal: bool) -> str:
        text = io.StringIO()
        console = Console(file=text, force_terminal=terminal, width=100, color_system=None)
        with draws_bar(console, 1_000, 4_000, quiet=quiet) as advance:
            advance(1_000)
            advance(500)
        return text.getvalue()

    shown = drawn(quiet=False, terminal=True)
    assert "2500/4000" in shown
    assert re.search(r"[\d,]+/s", shown)
    assert re.search(r"\d:\d\d:\d\d", shown)
    assert drawn(quiet=True, terminal=True) == drawn(quiet=False, terminal=False).strip() == ""

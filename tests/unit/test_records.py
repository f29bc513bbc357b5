"""`cea runs` and `cea reproduce`: what was run, and whether it comes out the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cea
from cea.cli import main
from cea.cli.again import run_again
from cea.reports.run_record import RunRecord
from tests.linear_model import write_linear_model

Output = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the linear model in `linear`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return write_linear_model(tmp_path / "linear").parent


def made(*arguments: str) -> None:
    assert main([*arguments, "--inputs", "linear", "-q"]) == 0


def said(capsys: Output, *arguments: str, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert main(list(arguments)) == code
    printed = capsys.readouterr()
    return printed.out, printed.err


def altered(run: Path, **changes: Any) -> None:
    """Changes what the manifest of a run says."""
    path = run / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(told | changes), encoding="utf-8")


# cea runs


def test_runs_are_listed_with_what_they_found(here: Path, capsys: Output):
    made("run", "--no-figures")
    made("price", "--no-figures", "--set", "surgery=600", "-n", "0")
    out, _ = said(capsys, "runs")
    for text in ("A linear model", "payer", "surgery = 600", "€800"):
        assert text in out
    assert all(folder.name in out for folder in Path("outputs").iterdir())
    found = json.loads(said(capsys, "runs", "--json")[0])
    runs = {item["verb"]: item for item in found["runs"]}  # both may have started in one second
    assert set(runs) == {"run", "price"}
    assert runs["price"]["set"] == {"surgery": 600}
    assert runs["price"]["headline"] == "Drug against Usual care: highest price €300 at €1,000 per QALY"
    only = json.loads(said(capsys, "runs", "--json", "--verb", "price")[0])["runs"]
    assert [item["verb"] for item in only] == ["price"]


def test_only_the_newest_are_shown(here: Path, capsys: Output):
    for number, day in enumerate(("2026-01-03", "2026-01-01", "2026-01-02"), 1):
        made("run", "--no-figures", "--out", f"all/run{number}")
        altered(Path(f"all/run{number}"), started=f"{day}T00:00:00Z")
    out, _ = said(capsys, "runs", "all", "--last", "2")
    assert "run2" not in out and out.index("run3") < out.index("run1")
    assert "1 older ones are not shown: --last 3 shows all" in out


def test_unfinished_and_spoilt_runs_are_told(here: Path, capsys: Output):
    made("run", "--no-figures", "--out", "all/good")
    for name in ("spoilt", "empty", "one.unfinished"):
        Path("all", name).mkdir()
    Path("all/spoilt/manifest.json").write_text('{"command": 1}')
    out, _ = said(capsys, "runs", "all")
    assert "cea psa --resume all/one.unfinished" in out and "all/spoilt/manifest.json cannot be read" in out
    found = json.loads(said(capsys, "runs", "all", "--json")[0])
    assert (len(found["runs"]), found["unfinished"], len(found["problems"])) == (1, ["one.unfinished"], 1)


def test_without_runs_there_is_nothing_to_list(here: Path, capsys: Output):
    assert "there is no folder outputs" in said(capsys, "runs", code=2)[1]
    Path("outputs").mkdir()
    assert "No run in outputs" in said(capsys, "runs")[0]


def test_a_manifest_cannot_steer_the_terminal(here: Path, capsys: Output):
    made("run", "--no-figures", "--out", "all/one")
    altered(Path("all/one"), headline="\x1b[31mred\x07", model="\x1b]0;title\x07")
    out, _ = said(capsys, "runs", "all")
    assert "\x1b" not in out and "\x07" not in out and "red" in out


# cea reproduce


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["dsa", "--two-way", "price", "lasting", "--steps", "4", "--no-figures"],
        ["price", "-n", "64", "--seed", "3"],
        ["psa", "-n", "100", "--seed", "2", "--no-figures"],
    ],
)
def test_a_run_comes_out_the_same(here: Path, capsys: Output, command: list[str]):
    made(*command, "--out", "one")
    before = RunRecord.read(Path("one"))
    out, err = said(capsys, "reproduce", "one", "--json", "--out", "two")
    found = json.loads(out)
    assert found["same"] is True and found["versions"] == []
    assert {item["file"] for item in found["files"] if item["same"]} == set(before.output_files)
    assert "Running again: cea" in err
    assert RunRecord.read(Path("two")).output_files == before.output_files
    assert RunRecord.read(Path("one")) == before


def test_a_difference_is_measured_and_fails_the_check(here: Path, capsys: Output):
    made("run", "--no-figures", "--out", "one", "--set", "price=300")
    told = json.loads(Path("one/manifest.json").read_text(encoding="utf-8"))
    altered(Path("one"), command=[word.replace("price=300", "price=330") for word in told["command"]])
    out, err = said(capsys, "reproduce", "one", code=4)
    assert "came out differently" in err
    row = next(line for line in out.splitlines() if line.startswith("totals.csv"))
    totals = pd.read_csv("one/totals.csv").set_index("strategy")["cost"]
    most = 30 / (totals["drug_only"] + 30)
    assert f"numbers by up to {most:.1g}" in row
    assert next(line for line in out.splitlines() if line.startswith("survival.csv")).split()[1:] == ["same"]
    found = json.loads(said(capsys, "reproduce", "one", "--json", "--out", "kept", code=4)[0])
    assert found["same"] is False and found["kept"] == "kept"
    assert pd.read_csv("kept/totals.csv").set_index("strategy")["cost"]["drug_only"] == totals["drug_only"] + 30


def test_other_results_with_the_same_files_are_different(here: Path, capsys: Output):
    made("psa", "-n", "64", "--no-figures", "--out", "one")
    altered(Path("one"), results_sha256="0" * 64)
    assert "the results of one came out differently" in said(capsys, "reproduce", "one", code=4)[1]


def test_edited_files_and_changed_inputs_are_told_before_the_work(
    here: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
):
    made("run", "--no-figures", "--out", "one")
    monkeypatch.setattr("cea.cli.reproduce.run_again", lambda *_: pytest.fail("it was run again"))
    shutil.copytree("one", "edited")
    Path("edited/totals.csv").write_text("strategy\n")
    assert "edited was changed after the run: totals.csv" in said(capsys, "reproduce", "edited", code=4)[1]
    shutil.copytree("linear", "before")
    path = Path("linear/model.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    _, err = said(capsys, "reproduce", "one", code=4)
    assert "the inputs in linear are not those of the run: model.yaml" in " ".join(err.split())
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert "are the same" in said(capsys, "reproduce", "one", "--inputs", "before")[0]


def test_other_versions_are_noted(here: Path, capsys: Output):
    made("run", "--no-figures", "--out", "one")
    told = json.loads(Path("one/manifest.json").read_text(encoding="utf-8"))
    altered(Path("one"), versions=told["versions"] | {"numpy": "0.1"})
    out, err = said(capsys, "reproduce", "one")
    assert "note: numpy was 0.1, is " in err and "are the same" in out


@pytest.mark.parametrize("command", [["cea", "new", "x"], ["cea"], [], ["rm", "run"], ["cea", "docs", "--to", "x"]])
def test_only_commands_that_write_run_folders_are_run(here: Path, capsys: Output, command: list[str]):
    made("run", "--no-figures", "--out", "one")
    altered(Path("one"), command=command)
    assert "no command of cea that writes a run folder" in said(capsys, "reproduce", "one", code=2)[1]
    assert not Path("x").exists()


def test_a_command_cannot_choose_where_it_writes(here: Path, capsys: Output):
    Path("precious").mkdir()
    made("run", "--no-figures", "--out", "one")
    told = json.loads(Path("one/manifest.json").read_text(encoding="utf-8"))
    altered(Path("one"), command=[*told["command"], "--out", "precious", "--force"])
    said(capsys, "reproduce", "one")
    assert not list(Path("precious").iterdir())


def test_a_folder_that_is_none_or_taken_is_refused(here: Path, capsys: Output):
    made("run", "--no-figures", "--out", "one")
    assert "is not a run folder" in said(capsys, "reproduce", "linear", code=2)[1]
    assert "one exists already" in said(capsys, "reproduce", "one", "--out", "one", code=2)[1]
    Path("one/manifest.json").write_text("{")
    assert "cannot be read as the manifest of a run" in said(capsys, "reproduce", "one", code=3)[1]


def test_a_command_runs_again_with_other_options(here: Path, capsys: Output):
    line = ["cea", "run", "--inputs", "linear", "--set", "price=1", "--no-figures"]
    found = json.loads(run_again(line, {"json": True, "out": None, "unknown": 1}))
    assert found["manifest"]["command"] == line
    assert capsys.readouterr().out == ""
    with pytest.raises(cea.UsageError, match="no command of cea"):
        run_again(["cea", "show", "price"], {})

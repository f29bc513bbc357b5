"""The command line in process: exit codes, what is printed where, and what is written. `cea run` and what all share."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cea
from cea.cli import main
from tests.models import CIRRHOSIS, ROOT, base, of

RUN = ["run", "--inputs", str(CIRRHOSIS), "--no-figures"]
ESCAPE = "\x1b"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every command runs in an empty folder, as one not connected to a terminal."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("COLUMNS", "FORCE_COLOR", "CEA_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the shipped model that a test may spoil."""
    return Path(shutil.copytree(CIRRHOSIS, tmp_path / "copy"))


def strict_json(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def printed_json(capsys, *arguments: str) -> Any:
    assert main([*RUN, "--json", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == "" or captured.err.startswith("warning: ")
    return strict_json(captured.out)


def outputs(folder: Path) -> list[Path]:
    return sorted((folder / "outputs").iterdir()) if (folder / "outputs").is_dir() else []


# What `cea run` prints and writes


def test_run_prints_the_answer_and_writes_a_folder(elsewhere, capsys):
    assert main(RUN) == 0
    printed = capsys.readouterr()
    model = base().model
    for text in (
        model.title,
        *(item.label for item in model.strategies.values()),
        *(item.label for item in model.headlines.values()),
        "Net benefit",
        "Solved: msc_residual_death_hr = 0.8416",
    ):
        assert text in printed.out
    assert printed.out.index(model.headlines["ineligible"].label) < printed.out.index("All strategies")
    assert ESCAPE not in printed.out + printed.err
    folder = outputs(elsewhere)[0]
    assert folder.relative_to(elsewhere).as_posix() in printed.err
    assert re.fullmatch(r"\d{8}T\d{6}Z-run-[0-9a-f]{12}", folder.name)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"] == ["cea", *RUN]
    files = {item.name for item in folder.iterdir()} - {"manifest.json"}
    assert {"incremental.csv", "headlines.csv", "trace.csv", "costs_by_category.csv"} <= files
    assert set(manifest["output_files"]) == files
    for name, digest in manifest["output_files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    for name, digest in manifest["input_files"].items():
        assert hashlib.sha256((CIRRHOSIS / name).read_bytes()).hexdigest() == digest
    assert {"model.yaml", "jurisdictions/england.yaml", "tables/life_table_us_2019.csv"} <= set(manifest["input_files"])


def test_the_manifest_says_what_was_asked(capsys):
    found = printed_json(capsys, "--layer", "b_only", "--layer", "england", "--set", "cost_b=9000", "--wtp", "20000")
    manifest = found["manifest"]
    assert manifest["layers"] == ["jurisdictions/england", "populations/b_only"]
    assert manifest["set"] == {"cost_b": 9000.0}
    assert (manifest["verb"], manifest["perspective"]) == ("run", "health_sector")
    assert (found["currency"], found["threshold"]) == ("GBP", 20000)


def test_figures_are_part_of_the_folder(elsewhere, capsys):
    assert main([*RUN, "--figures", "--out", "mine"]) == 0
    drawn = {item.stem: item.suffix for item in (elsewhere / "mine").iterdir() if item.suffix == ".svg"}
    assert set(drawn) == {"trace", "survival", "costs_by_category", "frontier"}
    for stem in drawn:
        assert (elsewhere / "mine" / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
    manifest = json.loads((elsewhere / "mine" / "manifest.json").read_text(encoding="utf-8"))
    assert {"trace.svg", "frontier.png"} <= set(manifest["output_files"])


def documented_keys() -> set[str]:
    """The keys of `cea run --json` that docs/results.md explains."""
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    section = text[text.index("## `cea run --json`") :]
    table = section[: section.index("An entry of `results`")]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_json_has_exactly_the_documented_keys_and_nothing_is_written(elsewhere, capsys):
    found = printed_json(capsys)
    assert set(found) == documented_keys()
    assert outputs(elsewhere) == [] and list(elsewhere.iterdir()) == []
    keys = {
        "strategy",
        "cost",
        "effect",
        "life_years",
        "incremental_cost",
        "incremental_effect",
        "icer",
        "status",
        "nmb",
    }
    for row in found["results"]:
        assert set(row) == keys
        assert (row["cost"], row["effect"], row["life_years"]) == of(base(), row["strategy"])
        assert [item["threshold"] for item in row["nmb"]] == found["thresholds"] == [50000, 100000, 150000]
        assert all(set(item) == {"threshold", "value"} for item in row["nmb"])
        assert row["status"] in ("reference", "frontier", "dominated", "extendedly_dominated")
        assert (row["icer"] is None) == (row["status"] != "frontier")
    assert [row["strategy"] for row in found["results"]] == ["palliative", "msc", "transplant", "msc_bridge"]
    assert found["solved"] == {"msc_residual_death_hr": pytest.approx(0.8416, abs=5e-5)}


def test_json_and_a_named_folder_go_together(elsewhere, capsys):
    found = printed_json(capsys, "--out", "mine", "--quiet")
    written = json.loads((elsewhere / "mine" / "manifest.json").read_text(encoding="utf-8"))
    assert found["manifest"] == written


def test_a_threshold_joins_and_a_comparator_replaces_the_cheapest(capsys):
    found = printed_json(capsys, "--wtp", "75000", "--comparator", "transplant")
    assert found["thresholds"] == [50000, 75000, 100000, 150000] and found["threshold"] == 75000
    assert found["comparator"] == "transplant"
    bridge = next(row for row in found["pairwise"] if row["strategy"] == "msc_bridge")
    assert bridge["incremental_cost"] == of(base(), "msc_bridge")[0] - of(base(), "transplant")[0]
    prices = [item["threshold"] for item in found["headlines"][0]["highest_price"]]
    assert prices == found["thresholds"]


def test_the_societal_perspective_adds_indirect_costs(capsys):
    societal = printed_json(capsys, "--perspective", "societal")
    assert societal["perspective"] == "societal"
    added = {row["category"] for row in societal["costs_by_category"]} - set(base().categories_frame()["category"])
    assert added == {"Productivity", "Informal care"}
    expected = cea.run(base().model, perspective="societal")
    for row in societal["results"]:
        assert row["cost"] == of(expected, row["strategy"])[0] > of(base(), row["strategy"])[0]


def test_quiet_says_nothing_beside_the_data(capsys):
    assert main([*RUN, "--quiet", "--set", "cost_b=1000"]) == 0
    assert capsys.readouterr().err == ""


# Folders that exist, cannot be written to, or would be left half done


def test_a_folder_that_exists_is_replaced_only_with_force(elsewhere, capsys):
    assert main([*RUN, "--out", "mine"]) == 0
    first = (elsewhere / "mine" / "manifest.json").read_text(encoding="utf-8")
    capsys.readouterr()
    assert main([*RUN, "--out", "mine"]) == 2
    printed = capsys.readouterr()
    assert "exists already; add --force" in printed.err and printed.out == ""
    assert (elsewhere / "mine" / "manifest.json").read_text(encoding="utf-8") == first
    assert main([*RUN, "--out", "mine", "--force", "--set", "cost_b=1000"]) == 0
    assert json.loads((elsewhere / "mine" / "manifest.json").read_text())["set"] == {"cost_b": 1000}
    assert [item.name for item in elsewhere.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_written_is_said_before_any_work(elsewhere, capsys, monkeypatch):
    (elsewhere / "file").write_text("x")
    monkeypatch.setattr("cea.cli.options.load", lambda *_: pytest.fail("the model was loaded first"))
    assert main([*RUN, "--out", "file/mine"]) == 2
    printed = capsys.readouterr()
    assert "cannot write to" in printed.err and printed.out == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "nothing was left behind"),
        (RuntimeError("a bug"), "internal error (RuntimeError): a bug"),
    ],
)
def test_a_failure_while_figures_are_drawn_leaves_nothing_behind(elsewhere, capsys, monkeypatch, error, said):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("cea.reports.figures.frontier", fail)
    assert main([*RUN, "--figures"]) == 1
    assert said in capsys.readouterr().err
    assert list(elsewhere.iterdir()) == []
    assert main([*RUN, "--figures", "--out", "mine"]) == 1
    assert list(elsewhere.iterdir()) == []


# What is refused


def refused(capsys, arguments: list[str], code: int) -> str:
    assert main(arguments) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err and ESCAPE not in printed.err
    return printed.err


def test_england_has_no_societal_perspective_and_says_why(elsewhere, capsys):
    said = refused(capsys, [*RUN, "--layer", "england", "--perspective", "societal"], 2)
    assert "'societal' is not possible for England: " in said
    assert base("england").model.perspectives["societal"].refused in said
    assert outputs(elsewhere) == []


@pytest.mark.parametrize(
    ("option", "code", "said"),
    [
        ("--set=cost_b", 2, "--set cost_b: write name=number"),
        ("--set=cost_b=much", 2, "--set cost_b=much: write name=number"),
        ("--set=cost_b=nan", 2, "--set cost_b=nan: write name=number"),
        ("--set=cost_b=inf", 2, "--set cost_b=inf: write name=number"),
        ("--set=cost_bb=1", 3, "unknown parameter 'cost_bb'"),
        ("--set=cost_b=-1", 3, "cost_b = -1 is outside its bounds (0 to any)"),
        ("--set=cost_c=1", 3, "unknown parameter 'cost_c'"),
        ("--layer=englnd", 2, "unknown layer 'englnd': did you mean 'england'"),
        ("--layer=price_low_england", 3, "is meant for models in GBP, this one is in USD"),
        ("--perspective=society", 2, "unknown perspective 'society': did you mean 'societal'"),
        ("--comparator=paliative", 2, "palliative"),
        ("--wtp=0", 2, "--wtp 0: give an amount above zero"),
        ("--wtp=nan", 2, "give an amount above zero"),
        ("--wtp=much", 2, "Invalid value for '--wtp'"),
        ("--inputs=nowhere", 2, "there is no folder nowhere"),
        ("--no-such-option", 2, "No such option"),
    ],
)
def test_a_request_that_is_off_is_refused(elsewhere, capsys, option, code, said):
    assert said.lower() in refused(capsys, [*RUN, option], code).lower()
    assert list(elsewhere.iterdir()) == []


def test_the_nearest_name_is_suggested(capsys):
    assert "did you mean 'cost_b'" in refused(capsys, [*RUN, "--set", "cost_bb=1"], 3)


def test_every_wrong_setting_is_named(capsys):
    said = refused(capsys, [*RUN, "--set", "cost_b", "--set", "cost_a=x"], 2)
    assert "--set cost_b:" in said and "--set cost_a=x:" in said


def test_a_layer_name_that_two_folders_have_is_ambiguous(copy, capsys):
    shutil.copy(copy / "scenarios/discount_0.yaml", copy / "populations/discount_0.yaml")
    arguments = ["run", "--inputs", str(copy), "--no-figures", "--json", "--layer"]
    said = refused(capsys, [*arguments, "discount_0"], 2)
    assert "the layer 'discount_0' is ambiguous: populations/discount_0, scenarios/discount_0" in said
    assert main([*arguments, "scenarios/discount_0"]) == 0


def test_invalid_inputs_say_where_and_nothing_is_written(elsewhere, copy, capsys):
    path = copy / "parameters/costs.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("value: 33400", "value: -5"), encoding="utf-8")
    said = refused(capsys, ["run", "--inputs", str(copy)], 3)
    line = path.read_text(encoding="utf-8").splitlines().index("  value: -5") + 1
    assert f"costs.yaml:{line}:10: cost_a = -5 is outside its bounds" in said.replace("\n", "")
    assert outputs(elsewhere) == []


def test_a_value_outside_its_range_warns_and_goes_on(capsys):
    assert main([*RUN, "--json", "--set", "cost_b=1000"]) == 0
    printed = capsys.readouterr()
    assert "warning: cost_b = 1000 is outside its range 32000 to 80000" in printed.err
    assert any("outside its range" in text for text in json.loads(printed.out)["warnings"])


# Nothing gets out that a user cannot read


def test_an_internal_error_is_one_line(elsewhere, capsys, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("cea.cli.options.load", fail)
    said = refused(capsys, RUN, 1)
    assert said.startswith("error: internal error (RuntimeError): a bug; set CEA_DEBUG=1")
    assert outputs(elsewhere) == []
    monkeypatch.setenv("CEA_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(RUN)


def test_control_c_stops_with_130(elsewhere, capsys, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cea.cli.options.load", interrupt)
    refused(capsys, RUN, 130)
    assert outputs(elsewhere) == []


def test_help_explains_and_an_unknown_verb_is_a_usage_error(capsys):
    assert main(["--help"]) == 0
    assert "scenarios" in capsys.readouterr().out
    assert main(["run", "--help"]) == 0
    assert "--comparator" in capsys.readouterr().out
    assert "rn" in refused(capsys, ["rn"], 2)


def test_the_module_is_the_command():
    command = [sys.executable, "-m", "cea", *RUN, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert strict_json(done.stdout)["results"][0]["cost"] == of(base(), "palliative")[0]
    assert ESCAPE not in done.stdout + done.stderr


# Requests that say too much or too little


def test_an_empty_perspective_and_an_edit_given_twice_are_refused(capsys):
    assert main([*RUN, "--perspective", ""]) == 2
    assert "unknown perspective ''" in capsys.readouterr().err
    assert main([*RUN, "--set", "cost_b=1", "--set", " cost_b =2"]) == 2
    assert "cost_b is given twice" in capsys.readouterr().err


def test_a_model_has_one_jurisdiction(capsys):
    assert main([*RUN, "--layer", "jurisdictions/england", "--layer", "us"]) == 2
    assert "one layer of jurisdictions/ at a time" in " ".join(capsys.readouterr().err.split())
    assert main([*RUN, "--layer", "england", "--layer", "jurisdictions/england"]) == 0


@pytest.mark.parametrize("verb", ["run", "scenarios", "validate"])
def test_a_closed_pipe_ends_quietly_with_the_run_folder_written(verb, elsewhere, copy):
    for item in (copy / "scenarios").glob("*.yaml"):
        if item.stem not in ("natural_history_r1", "symptoms_only", "discount_0"):
            item.unlink()
    if verb == "validate":
        text = (CIRRHOSIS / "validation.yaml").read_text(encoding="utf-8")
        (copy / "validation.yaml").write_text(text, encoding="utf-8")
        shutil.copytree(CIRRHOSIS / "scenarios", copy / "scenarios", dirs_exist_ok=True)
    command = [sys.executable, "-m", "cea", verb, "--inputs", str(copy), "--out", "kept", "--no-figures"]
    script = 'set -o pipefail; "$@" | head -c 0; exit "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "rror" not in done.stderr and done.stdout == ""
    assert (elsewhere / "kept" / "manifest.json").is_file()


def test_a_broken_scenario_ends_with_its_problems(copy, capsys):
    for item in (copy / "scenarios").glob("*.yaml"):
        if item.stem not in ("natural_history_r1", "symptoms_only", "discount_0"):
            item.unlink()
    for name in ("one", "two"):
        (copy / "scenarios" / f"{name}.yaml").write_text(f"label: L\nparameters: {{not_there_{name}: 1}}\n")
    assert main(["scenarios", "--inputs", str(copy)]) == 3
    said = capsys.readouterr().err
    assert "not_there_one" in said and "not_there_two" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": {"cost_b": "x"}}, "values must be finite numbers by parameter, not 'cost_b': 'x'"),
        ({"values": [1]}, "values must be numbers by parameter"),
        ({"layers": [3]}, "layers must be names"),
        ({"layers": 3}, "layers must be names"),
        ({"path": None}, "None is not the path of a model folder"),
    ],
)
def test_arguments_of_another_kind_are_refused(arguments, message):
    with pytest.raises(cea.UsageError, match=re.escape(message)):
        cea.load(**{"path": CIRRHOSIS, **arguments})


def test_a_text_is_one_layer():
    assert cea.load(CIRRHOSIS, layers="england").currency == "GBP"


def test_a_perspective_is_a_name_and_not_draws():
    with pytest.raises(cea.UsageError, match="a perspective is a name such as 'health_sector', not 3"):
        cea.run(cea.load(CIRRHOSIS), perspective=3)
    with pytest.raises(cea.UsageError, match="write perspective='societal'"):
        cea.run(cea.load(CIRRHOSIS), "societal")
    with pytest.raises(cea.UsageError, match="not as list"):
        cea.run(cea.load(CIRRHOSIS), [1.0])

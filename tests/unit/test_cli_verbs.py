"""`cea check`, `scenarios`, `diff` and `validate` in process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import cea
from cea.cli import main
from cea.loading.folder import Folder
from tests.models import CIRRHOSIS, base, of, shipped

SHIPPED = ["--inputs", str(CIRRHOSIS)]
FEW = (
    "discount_0",
    "horizon_10_years",
    "natural_history_r1",
    "price_china",
    "price_low_england",
    "symptoms_only",
    "waning_early_loss",
)
TARGETS = """
targets:
  - {name: a_1, label: Alive after a year, role: must_reproduce, strategy: palliative, start: {child_pugh_a: 1},
     measure: survival, year: 1, expected: 0.956, tolerance: 0.01, source: {grade: assumption, note: an aim}}
  - {name: c_5, label: Alive after five years, role: must_reproduce, strategy: palliative, start: {child_pugh_c: 1},
     measure: survival, year: 5, expected: 0.21, tolerance: 0.01, source: {grade: assumption, note: an aim}}
  - {name: seen, label: Seen elsewhere, role: held_out, strategy: palliative, start: {child_pugh_c: 1},
     measure: survival, year: 1, expected: 0.9, source: {grade: unverified, ref: round2}}
"""


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
    """A copy of the shipped model that a test may spoil, with few scenarios and few targets."""
    folder = Path(shutil.copytree(CIRRHOSIS, tmp_path / "copy"))
    for item in (folder / "scenarios").glob("*.yaml"):
        if item.stem not in FEW:
            item.unlink()
    (folder / "structures.yaml").unlink()  # it names the others
    (folder / "validation.yaml").write_text(TARGETS, encoding="utf-8")
    return folder


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def said(capsys, *arguments: str, code: int = 0) -> tuple[str, str]:
    """What a command prints and says beside it."""
    assert main([*arguments]) == code
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err and "\x1b" not in printed.out + printed.err
    return printed.out, printed.err


# check


def test_check_finds_a_sound_model_sound(elsewhere, copy, capsys):
    printed, _ = said(capsys, "check", "--inputs", str(copy))
    assert "is sound: 8 states, 4 strategies" in printed
    assert "3 validation targets" in " ".join(printed.split())
    assert list(elsewhere.iterdir()) == []


def test_check_counts_for_programs(copy, capsys):
    found = json.loads(said(capsys, "check", "--inputs", str(copy), "--json")[0])
    model = shipped()
    assert found["ok"] is True
    assert (found["parameters"], found["targets"]) == (len(model.parameters), 3)
    assert sum(found["grades"].values()) == found["parameters_in_use"] == len(model.used & set(model.parameters))
    assert found["layers_checked"] == len(Folder(copy).layer_names(model.document)) == len(FEW) + 9
    assert found["layers_for_another_currency"] == []  # they are checked on top of the jurisdiction that has it


def test_check_says_every_problem_of_every_layer(copy, capsys):
    spoil(copy / "scenarios/discount_0.yaml", "discount_costs", "discount_cost")
    spoil(copy / "scenarios/waning_early_loss.yaml", "msc_early_full_years))", "msc_early_full_year))")
    spoil(copy / "validation.yaml", "strategy: palliative", "strategy: paliative")
    _, errors = said(capsys, "check", "--inputs", str(copy), code=3)
    errors = errors.replace("\n", " ")
    for text in (
        "scenarios/discount_0.yaml:",
        "discount_cost",
        "waning_early_loss.yaml:",
        "msc_early_full_year",
        "validation.yaml:",
        "paliative",
        "did you mean",
    ):
        assert text in errors
    assert "problems" in errors


def test_check_refuses_a_model_that_cannot_run(copy, capsys):
    spoil(copy / "parameters/population.yaml", "value: 0.567", "value: 1\n  # and more\n")
    spoil(copy / "parameters/population.yaml", "value: 0\n", "value: 0.5\n")
    _, errors = said(capsys, "check", "--inputs", str(copy), code=3)
    assert "the start shares sum to 1.5" in errors


# scenarios


def test_scenarios_stand_beside_the_base_case(elsewhere, copy, capsys):
    printed, beside = said(capsys, "scenarios", "--inputs", str(copy))
    for headline in shipped().headlines.values():
        assert headline.label in printed
    folder = Folder(copy)
    for layer in (folder.layer(f"scenarios/{name}") for name in FEW):
        if layer.requires_currency == "GBP":
            assert f"Not run: {layer.name} (made for models in GBP)" in printed
        else:
            assert layer.label.split()[0] in printed
    assert printed.count("Not run:") == 1
    written = next((elsewhere / "outputs").iterdir())
    assert written.name in beside
    assert {item.name for item in written.iterdir()} == {
        "manifest.json", "scenarios.csv", "scenarios.png", "scenarios.svg",
    }  # fmt: skip


def test_scenarios_for_programs(elsewhere, copy, capsys):
    found = json.loads(said(capsys, "scenarios", "--inputs", str(copy), "--json", "--layer", "england")[0])
    keys = {"scenarios", "grid", "threshold", "currency", "price_year", "effect_unit", "perspective", "manifest"}
    assert set(found) == keys and found["grid"] == []
    assert (found["currency"], found["threshold"]) == ("GBP", 30000)
    rows = {(row["scenario"], row["headline"]): row for row in found["scenarios"]}
    assert rows["base", "eligible"]["nmb_change"] == 0
    undiscounted = base("england", "discount_0")
    expected = of(undiscounted, "msc")[1] - of(undiscounted, "palliative")[1]
    assert rows["scenarios/discount_0", "ineligible"]["incremental_effect"] == pytest.approx(expected, rel=1e-12)
    assert rows["scenarios/price_china", None]["reason"] == "made for models in USD"
    assert list(elsewhere.iterdir()) == []


def test_a_scenario_that_is_applied_is_not_listed_again(copy, capsys):
    found = json.loads(said(capsys, "scenarios", "--inputs", str(copy), "--json", "--layer", "horizon_10_years")[0])
    assert "scenarios/horizon_10_years" not in {row["scenario"] for row in found["scenarios"]}


def test_without_scenarios_there_is_nothing_to_run(copy, capsys):
    shutil.rmtree(copy / "scenarios")
    spoil(
        copy / "model.yaml",
        "beside: [scenarios/natural_history_r1, scenarios/symptoms_only, populations/b_only",
        "beside: [populations/b_only",
    )
    _, errors = said(capsys, "scenarios", "--inputs", str(copy), code=2)
    assert "has no layers in scenarios/" in errors


# diff


def differences(capsys, first: str, second: str, *more: str) -> dict[str, tuple[str, str]]:
    found = json.loads(said(capsys, "diff", first, second, "--json", *(more or SHIPPED))[0])
    return {row["name"]: (row["first"], row["second"]) for row in found["inputs"]}


def test_diff_shows_inputs_and_results_of_two_settings(capsys):
    printed, _ = said(capsys, "diff", "base", "england", *SHIPPED)
    words = ("(cost_b)", "setting currency", "Lost productivity", "(outcome productivity)", "Palliative care, cost")
    for text in words:
        assert text in printed
    assert "Transplant-ineligible patients, cost per QALY" in printed and "palliative, cost" not in printed
    found = differences(capsys, "base", "england")
    assert found["setting currency"] == ("USD", "GBP")
    assert found["cost_b"][0].startswith("53000 USD/year") and found["cost_b"][1].startswith("11000 GBP/year")
    assert found["outcome productivity"][1] == "-"
    rule = "1.2 from 0.85 or 12; 1.7 from 0.95 or 18; discounted at 0.035 until age 100"
    assert found["setting shortfall"] == ("", rule)
    assert "rate_b_to_c" not in found
    assert differences(capsys, "england", "england") == {}
    assert differences(capsys, "base", "england+b_only")["start_share_b"][1].startswith("1")


def test_diff_shows_changes_of_structure(capsys):
    found = differences(capsys, "base", "symptoms_only")
    assert found["state b_looks_a"] == ("-", "Child-Pugh B that looks like A")
    assert found["arrow b_looks_a -> dead_liver"] == ("-", "rate excess_death_b * death_ratio, liver_death")
    assert found["arrow child_pugh_b -> child_pugh_a"][1] == "rate rate_b_to_a"
    assert found["formula worse_shift_rate"][1] == "0"
    assert differences(capsys, "base", "ineligible")["strategies"][1] == "palliative, msc"


def test_diff_misses_no_small_change(copy, capsys):
    for name, change in {
        "tiny": "parameters: {cost_b: {value: 53000.001}}",
        "moved": "start: {child_pugh_c: 1}",
        "arrow": "transitions: {hcc -> dead_liver: {rate: 2 * excess_death_hcc, event: liver_death}}",
        "switch": "strategies: {msc: {set: {listed: 1}}}",
        "weekly": "time: {years: 7}",
    }.items():
        text = f"label: {name}\nsource: {{grade: assumption, note: test}}\n{change}\n"
        (copy / f"scenarios/{name}.yaml").write_text(text, encoding="utf-8")
        assert differences(capsys, "base", name, "--inputs", str(copy)), name


def test_diff_compares_two_run_folders(elsewhere, capsys):
    for name, layer in (("one", "us"), ("two", "england"), ("three", "england")):
        assert main(["run", *SHIPPED, "--no-figures", "--out", name, "--layer", layer, "--quiet"]) == 0
    capsys.readouterr()
    printed, _ = said(capsys, "diff", "one", "two")
    assert "layers" in printed and "output_files: incremental.csv" in printed
    found = json.loads(said(capsys, "diff", "one", "two", "--json")[0])
    names = {row["name"]: row for row in found}
    assert names["layers"]["second"] == "['jurisdictions/england']"
    assert not any(name.startswith("input_files") for name in names)
    assert json.loads(said(capsys, "diff", "two", "three", "--json")[0]) == []
    assert "have the same inputs, versions and outputs" in said(capsys, "diff", "two", "three")[0]


def test_a_run_folder_does_not_compare_with_a_layer(elsewhere, capsys):
    assert main(["run", *SHIPPED, "--no-figures", "--out", "one", "--quiet"]) == 0
    capsys.readouterr()
    assert "name two run folders, or two settings" in said(capsys, "diff", "one", "england", *SHIPPED, code=2)[1]
    assert "unknown layer 'englnd'" in said(capsys, "diff", "base", "englnd", *SHIPPED, code=2)[1]


# validate


def test_validate_shows_what_must_be_reproduced(elsewhere, copy, capsys):
    printed, _ = said(capsys, "validate", "--inputs", str(copy), "-n", "20")
    assert "Must reproduce" in printed and "Held out" in printed and "Alive after five years" in printed
    assert "All 2 figures that must be reproduced are met." in printed
    assert "Of 1 figures of 1 cohorts, 0 fit" in " ".join(printed.split()) and "from 20 draws" in printed
    written = next((elsewhere / "outputs").iterdir())
    figures = {f"{name}.{end}" for name in ("validation", "held_out") for end in ("png", "svg")}
    tables = {f"{name}.csv" for name in ("validation", "curves", "cohorts", "start_and_time")}
    assert {item.name for item in written.iterdir()} == {"manifest.json"} | figures | tables
    manifest = json.loads((written / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["n"], manifest["seed"]) == (20, 1)


def test_validate_for_programs(copy, capsys):
    found = json.loads(said(capsys, "validate", "--inputs", str(copy), "--json", "-n", "50")[0])
    rows = {row["name"]: row for row in found["targets"]}
    assert [row["met"] for row in rows.values()] == [True, True, None]
    assert (rows["c_5"]["expected"], rows["c_5"]["tolerance"]) == (0.21, 0.01)
    assert rows["c_5"]["difference"] == pytest.approx(rows["c_5"]["model"] - 0.21, abs=1e-12)
    assert abs(rows["c_5"]["matrix_exponential"] - 0.21) < 0.001  # what the figure was computed with
    assert rows["seen"]["matrix_exponential"] is None and rows["seen"]["grade"] == "unverified"
    seen = rows["seen"]
    assert (seen["verdict"], seen["direction"], seen["observed_low"]) == ("far", "pessimistic", None)
    assert seen["model_low"] < seen["model"] < seen["model_high"] < 0.9
    assert found["cohorts"] == [
        {
            "cohort": "Seen elsewhere", "start": "Child-Pugh C", "figures": 1, "mean_difference": seen["difference"],
            "mean_absolute_difference": -seen["difference"], "worst_difference": seen["difference"], "worst": "seen",
            "good": 0, "fair": 0, "poor": 1, "level": "poor",
        }
    ]  # fmt: skip
    assert found["start_and_time"][0]["time"] == "up to 1 year"
    assert found["statement"][0].startswith("Of 1 figures of 1 cohorts, 0 fit")
    assert (found["published"], found["excluded"]) == ([], [])


def test_validate_without_draws_gives_no_intervals(copy, capsys):
    found = json.loads(said(capsys, "validate", "--inputs", str(copy), "--json", "-n", "0")[0])
    assert all(row["model_low"] is None for row in found["targets"])
    assert found["manifest"]["n"] is None and not any("draws" in text for text in found["statement"])
    assert "choose 0 for no intervals" in said(capsys, "validate", "--inputs", str(copy), "-n", "1", code=2)[1]


def test_a_figure_that_is_missed_fails_the_command(elsewhere, copy, capsys):
    spoil(copy / "validation.yaml", "expected: 0.956", "expected: 0.856")
    arguments = ("validate", "--inputs", str(copy), "--no-figures", "-n", "0")
    printed, errors = said(capsys, *arguments, code=4)
    assert "1 figures that must be reproduced are missed: Alive after a year" in errors
    assert "Must reproduce" in printed and "are met" not in printed
    assert len(list((elsewhere / "outputs").iterdir())) == 1
    printed, errors = said(capsys, *arguments, "--json", code=4)
    assert [row["met"] for row in json.loads(printed)["targets"]] == [False, True, None]


def test_an_edit_can_make_a_figure_miss(copy, capsys):
    arguments = ("validate", "--inputs", str(copy), "--json", "-n", "0", "--set", "excess_death_c=2")
    assert "are missed: Alive after five years" in said(capsys, *arguments, code=4)[1]


def test_a_model_without_targets_has_nothing_to_validate(copy, capsys):
    (copy / "validation.yaml").unlink()
    assert "has no validation.yaml" in said(capsys, "validate", "--inputs", str(copy), "--json", code=2)[1]


def test_exit_codes_are_those_of_the_error_kinds():
    codes = (cea.CeaError.exit_code, cea.UsageError.exit_code, cea.InputError.exit_code, cea.CheckError.exit_code)
    assert codes == (1, 2, 3, 4)


def test_the_jurisdiction_of_a_target_takes_the_place_of_the_one_asked_for(copy, capsys):
    target = TARGETS.replace("name: a_1,", "name: a_1, layers: [jurisdictions/england],")
    assert target != TARGETS
    (copy / "validation.yaml").write_text(target, encoding="utf-8")
    found = json.loads(said(capsys, "validate", "--inputs", str(copy), "--layer", "us", "--json")[0])
    assert [row["name"] for row in found["targets"]] == ["a_1", "c_5", "seen"]


def test_two_settings_may_have_different_jurisdictions(copy, capsys):
    printed, _ = said(capsys, "diff", "us+ineligible", "england+ineligible", "--inputs", str(copy))
    assert "setting currency" in printed
    assert "sound" in said(capsys, "check", "--inputs", str(copy), "--layer", "us")[0]

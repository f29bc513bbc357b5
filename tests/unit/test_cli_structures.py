"""`cea structures`, `cea psa --average` and `--resolve`: JSON, files, resumption, and bad input with its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from cea.cli import main
from cea.errors import InputError
from cea.loading.structures_file import read_structures
from tests.models import CIRRHOSIS, shipped


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(list(arguments)) == code
    return capsys.readouterr()


def test_json_has_every_part(capsys):
    found = json.loads(said(capsys, "structures", "-n", "80", "--inputs", str(CIRRHOSIS), "--json")[0])
    assert {"structures", "solved", "solving", "solving_hazard_ratios", "by_structure"} <= found.keys()
    base = found["structures"][0]
    assert (base["dimension"], base["choice"], base["headline"]) == ("effect", "base", "ineligible")
    assert base["msc_residual_death_hr"] == pytest.approx(0.841557, abs=1e-6)
    assert base["msc_residual_death_hr_reached"] == pytest.approx(0.85)
    averages = [row for row in found["by_structure"] if row["structure"] == "average"]
    assert len(averages) == 2 * 3 and all(row["value_of_structure"] >= 0 for row in averages)
    assert found["manifest"]["n"] == 80
    without = json.loads(said(capsys, "structures", "-n", "0", "--inputs", str(CIRRHOSIS), "--json")[0])
    assert "by_structure" not in without and without["manifest"]["n"] is None


def test_the_run_folder_has_tables_and_the_figure(capsys, tmp_path: Path):
    out = tmp_path / "run"
    text, _ = said(capsys, "structures", "-n", "60", "--inputs", str(CIRRHOSIS), "--out", str(out))
    names = {path.name for path in out.iterdir()}
    assert names == {
        "manifest.json", "structures.csv", "solved.csv", "solving.csv", "solving_hazard_ratios.csv", "by_structure.csv",
        "structures.png", "structures.svg",
    }  # fmt: skip
    for part in (
        "value, and what it gives", "MSC therapy against Palliative care (2025 USD per person)", "Solved again",
        "By structure: MSC bridge to transplant against Transplant listing", "weights are judgements.",
    ):  # fmt: skip
        assert part in text


def test_average_and_resolve_in_psa(capsys, tmp_path: Path):
    plain, again, mixed = (tmp_path / name for name in ("plain", "again", "mixed"))
    shared = ("--inputs", str(CIRRHOSIS), "-n", "120", "--no-figures", "--quiet", "--out")
    said(capsys, "psa", *shared, str(plain))
    said(capsys, "psa", "--resolve", *shared, str(again))
    text, _ = said(capsys, "psa", "--average", *shared, str(mixed))
    assert "averaged over 4 structures" in text and "By structure: MSC therapy against Palliative care" in text
    first, second, third = (pd.read_csv(path / "draws.csv") for path in (plain, again, mixed))
    assert set(second) - set(first) == {"msc_residual_death_hr"}
    assert (first["efficacy"] == second["efficacy"]).all()
    assert (third["efficacy"][:30] == first["efficacy"][:30]).all(), "the first structure has the plain draws"
    assert not (third["efficacy"][30:60].to_numpy() == first["efficacy"][:30].to_numpy()).any()
    assert (mixed / "by_structure.csv").is_file() and not (mixed / "draw_moments.csv").exists()
    said(capsys, "reproduce", str(mixed))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--weight", "effect=0.5"], "write question.choice=weight"),
        (["--weight", "effect.base=half"], "write question.choice=weight"),
        (["--weight", "effect.base=0.5"], "the weights of effect (base 0.5) sum to 0.5"),
        (["--weight", "effekt.base=1"], "did you mean 'effect'"),
        (["-n", "3"], "too small"),
    ],
)
def test_bad_options_are_refused(capsys, arguments: list[str], message: str):
    assert message in said(capsys, "structures", "--inputs", str(CIRRHOSIS), *arguments, code=2)[1]


def test_a_model_without_the_file_is_told_what_to_write(capsys, tmp_path: Path):
    said(capsys, "new", str(tmp_path / "model"))
    _, error = said(capsys, "structures", "--inputs", str(tmp_path / "model"), code=2)
    assert "has no structures.yaml" in error


def test_draws_of_a_file_are_not_averaged(capsys):
    _, error = said(capsys, "psa", "--draws", "draws.csv", "--average", "--inputs", str(CIRRHOSIS), code=2)
    assert "leave out --average" in error


BAD = """
structures:
  effect:
    label: Effect
    base: {label: Base, weight: 0.6}
    choices:
      structure_b: {weight: 0.6}
      base: {layers: [structure_a]}
      both: {layers: [structure_a, nowhere]}
      most: {layers: [structure_a], weight: 3}
  other:
    label: Other
    base: {label: Base}
    choices: {structure_a: {}}
    source: {ref: nobody, grade: assumption}
solved_over: [effects]
"""


def test_every_problem_of_the_file_is_told_at_once_with_its_place(tmp_path: Path):
    (tmp_path / "structures.yaml").write_text(BAD, encoding="utf-8")
    shutil.copy(CIRRHOSIS / "model.yaml", tmp_path)
    with pytest.raises(InputError) as caught:
        read_structures(tmp_path, shipped())
    first = "\n".join(map(str, caught.value.problems))
    assert "structures.yaml:10:45" in first and "weight" in first, first
    (tmp_path / "structures.yaml").write_text(BAD.replace("weight: 3", "weight: 0"), encoding="utf-8")
    (tmp_path / "scenarios").mkdir()
    shutil.copy(CIRRHOSIS / "scenarios/structure_a.yaml", tmp_path / "scenarios")
    with pytest.raises(InputError) as caught:
        read_structures(tmp_path, shipped())
    found = "\n".join(map(str, caught.value.problems))
    for part in (
        "structures.yaml:7:7: unknown layer 'structure_b'", "the choice base of effect is the base case",
        "structures.yaml:9:36: unknown layer 'nowhere'", "the weights of effect sum to 1.2", "have no source",
        "unknown source 'nobody'", "unknown structural question 'effects'",
    ):  # fmt: skip
        assert part in found, found

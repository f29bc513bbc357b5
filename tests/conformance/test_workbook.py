"""The workbook recalculated by LibreOffice: every formula cell has the value that our own engine found.

Each test writes its workbooks and has them recalculated by one start of LibreOffice.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import cea
from cea.analysis.headline import with_threshold
from cea.engine.cube import Cube
from cea.engine.solve import solved_values
from tests import small_model, two_states
from tests.conformance.recalculation import (
    Workbook,
    changed_copy,
    changed_text,
    compare,
    difference,
    recalculate,
)
from tests.conformance.workbooks import (
    agreements,
    calculation_sheets,
    held,
    random_edits,
    scenarios,
    short,
    write,
    wrong,
)
from tests.linear_model import STRUCTURE, linear_model
from tests.models import JURISDICTIONS, layer, model_of, shipped


def test_the_base_case_of_both_jurisdictions(tmp_path: Path) -> None:
    files = [write(tmp_path, name, short(shipped(name), 2)) for name in JURISDICTIONS]
    found = agreements(files, tmp_path)
    assert not wrong(found.values())
    for sheets in found.values():
        assert sheets["MSC therapy"].count > 3000 and sheets["Results"].count > 80


def test_edits_of_base_cells_move_the_workbook_as_they_move_the_model(tmp_path: Path) -> None:
    model = short(shipped("us"), 2)
    solved = solved_values(model)
    base = write(tmp_path, "base", model)
    files, expected = [], []
    for seed in range(5):
        values = random_edits(model, seed)
        edited = tmp_path / f"edited_{seed}.xlsx"
        changed_copy(base, edited, {f"base.{name}": value for name, value in values.items()})
        files.append(edited)
        expected.append(write(tmp_path, f"expected_{seed}", held(model, values, solved)))
    copies = recalculate(files, tmp_path)
    for file, other in zip(files, expected, strict=True):
        stored, computed = Workbook(other), Workbook(copies[file])
        assert not wrong([compare(stored, computed, calculation_sheets(stored))])
        # the edit did something: the values that came with the file are not those of the recalculation
        assert wrong([compare(Workbook(file), computed, ["Results"])])
        assert computed.value("control.inputs_changed") == 6


def test_replayed_draws(tmp_path: Path) -> None:
    model = short(shipped("england"), 5)
    psa = cea.run(model, cea.sample(model, 6, seed=3))
    draws = cea.sample(model, 6, seed=3)
    base = write(tmp_path, "base", model, psa=psa)
    rows = (1, 4, 6)
    for row in rows:
        changed_copy(base, tmp_path / f"row_{row}.xlsx", {"control.run_mode": 2.0, "control.psa_row": float(row)})
    copies = recalculate([tmp_path / f"row_{row}.xlsx" for row in rows], tmp_path)
    for row in rows:
        values = {name: float(draws.column(name)[row - 1]) for name in draws.names}
        stored = Workbook(write(tmp_path, f"expected_{row}", held(model, values, solved_values(model))))
        computed = Workbook(copies[tmp_path / f"row_{row}.xlsx"])
        sheets = [name for name in calculation_sheets(stored) if name not in ("Charts", "Glossary")]
        found = compare(stored, computed, sheets)
        assert [words for words in wrong([found]) if "!A3:" not in words] == []  # that cell says which draw it is
        for position, strategy in enumerate(psa.outcomes.strategies):
            for kind, amounts in (("cost", psa.outcomes.cost), ("effect", psa.outcomes.effect)):
                drawn = float(amounts[row - 1, position])
                assert difference(computed.value(f"result.{kind}.{strategy}"), drawn) < 1e-12
        assert computed.value("control.checks_failed") == 0


def test_every_scenario(tmp_path: Path) -> None:
    # a quarter: the first infusions and the first steps of tunnels
    models = {name: short(model, 0.25) for name, model in scenarios().items()}
    assert len(models) > 40 and any(m.settings.transition_method == "matrix_exponential" for m in models.values())
    found = agreements([write(tmp_path, name, model) for name, model in models.items()], tmp_path)
    assert not wrong(found.values())
    assert all(sheets["Results"].count > 80 for sheets in found.values())


def test_other_models(tmp_path: Path) -> None:
    small_model.write_model(tmp_path / "small")
    models = {
        "linear": linear_model(),
        "small": cea.load(tmp_path / "small"),
        "two_states": model_of(two_states.MODEL),
        "exponential": model_of(two_states.MODEL).with_layer(
            layer("settings: {transition_method: matrix_exponential}")
        ),
        "hiv": cea.load("tests/validation/hiv"),
        "sick_sicker": short(cea.load("tests/validation/sick_sicker", layers=["scenarios/age_dependent"]), 12),
        "scale": short(cea.load("tests/validation/scale"), 3),
    }
    found = agreements([write(tmp_path, name, model) for name, model in models.items()], tmp_path)
    assert not wrong(found.values())


def test_corrections_within_the_cycle(tmp_path: Path) -> None:
    small_model.write_model(tmp_path / "small")
    model = cea.load(tmp_path / "small").with_values({"residual": 0.6})
    lengths = {"simpson": (1, 2, 3, 4, 5), "transposed_simpson": (1, 5)}
    files = []
    for method in ("start", "end", "all_points", "half_cycle", "life_table", *lengths):
        for cycles in lengths.get(method, (4,)):
            text = f"settings: {{correction: {method}}}\ntime: {{years: {cycles / 4}}}"
            files.append(write(tmp_path, f"{method}_{cycles}", model.with_layer(layer(text))))
    assert not wrong(agreements(files, tmp_path).values())


def test_choices_on_the_control_sheet(tmp_path: Path) -> None:
    model = short(shipped("us"), 1)
    base = write(tmp_path, "base", model)
    labels = {name: item.label for name, item in model.perspectives.items()}
    edits = {
        "perspective": {"control.perspective": labels["societal"]},
        "comparator": {"control.comparator": model.strategies["transplant"].label},
        "threshold": {"control.threshold": 73000.0},
    }
    for name, values in edits.items():
        changed_copy(base, tmp_path / f"{name}.xlsx", values)
    expected = {
        "perspective": write(tmp_path, "societal", model, perspective="societal", comparator="palliative"),
        "comparator": write(tmp_path, "transplant", model, comparator="transplant"),
        "threshold": write(tmp_path, "other_threshold", with_threshold(model, 73000.0)),
    }
    copies = recalculate([tmp_path / f"{name}.xlsx" for name in edits], tmp_path)
    for name, other in expected.items():
        stored, computed = Workbook(other), Workbook(copies[tmp_path / f"{name}.xlsx"])
        sheets = ["Results"] if name != "threshold" else ["Incremental"]
        assert not wrong([compare(stored, computed, sheets)]), name
    benefit = computed.cells["Results"]["G7"].value
    cost, effect = (computed.cells["Results"][place].value for place in ("D7", "E7"))
    assert isinstance(cost, float) and isinstance(effect, float)
    assert difference(benefit, 73000.0 * effect - cost) < 1e-12


def test_checks_say_what_an_edit_breaks(tmp_path: Path) -> None:
    model = shipped("us").with_layer(layer("time: {until_age: 57.5}"))
    exponential = short(shipped("us"), 0.25).with_layer(layer("settings: {transition_method: matrix_exponential}"))
    rates, fixed = write(tmp_path, "rates", model), write(tmp_path, "fixed", exponential)
    edits: dict[str, tuple[Path, dict[str | tuple[str, str], float | str], str]] = {
        "horizon": (rates, {"base.start_age": 57.25}, "horizon has as many cycles"),
        "rate": (rates, {"base.rate_b_to_c": -0.1}, "No rate is below 0"),
        "courses": (rates, {"base.msc_courses": 1.5}, "whole number"),
        "share": (rates, {"base.start_share_b": 1.2}, "No share of the cohort"),
        "values": (fixed, {"base.rate_b_to_c": 0.2}, "Probabilities are values"),
    }
    for name, (source, values, _) in edits.items():
        changed_copy(source, tmp_path / f"{name}.xlsx", values)
    copies = recalculate([tmp_path / f"{name}.xlsx" for name in edits], tmp_path)
    for name, (_, _, words) in edits.items():
        book = Workbook(copies[tmp_path / f"{name}.xlsx"])
        checks = book.cells["Checks"]
        failed = {str(checks[key.replace("C", "B")].value) for key, cell in checks.items() if cell.value == "FAIL"}
        assert any(words in what for what in failed), name
        assert book.value("control.checks_failed") == len(
            [key for key, cell in checks.items() if cell.value == "FAIL"]
        ), name
        assert "CHECKS FAIL" in str(book.cells["Control"]["B5"].value)


def test_random_draws_follow_the_rules_of_the_cube(tmp_path: Path) -> None:
    small_model.write_model(tmp_path / "small")
    by_row = STRUCTURE.replace("correlation: correlation.csv", "draws: draws.csv")
    models = {
        "us": short(shipped("us"), 0.25),
        "small": cea.load(tmp_path / "small"),
        "linear": linear_model(),
        "joint": linear_model(structure=by_row, draws="gain_x,gain_y\n0.1,0.2\n0.15,0.1\n0.05,0.3\n"),
    }
    points = {name: np.random.default_rng(4).uniform(0.01, 0.99, Cube(model).count) for name, model in models.items()}
    files = []
    for name, model in models.items():
        base = write(tmp_path, name, model)
        rows = {
            address: cell
            for address, cell in Workbook(base).formulas("Random draws").items()
            if cell.formula and "RAND()" in cell.formula
        }
        assert len(rows) == Cube(model).count
        addresses = sorted(rows, key=lambda address: int(re.sub(r"\D", "", address)))
        uniforms = dict(zip(addresses, points[name].tolist(), strict=True))
        edits: dict[str | tuple[str, str], float | str] = {("Random draws", key): u for key, u in uniforms.items()}
        changed_copy(base, tmp_path / f"random_{name}.xlsx", {**edits, "control.run_mode": 3.0})
        files.append(tmp_path / f"random_{name}.xlsx")
    copies = recalculate(files, tmp_path)
    for (name, model), file in zip(models.items(), files, strict=True):
        computed = Workbook(copies[file])
        draws = Cube(model).parameters(points[name][np.newaxis])
        for parameter in draws.names:
            # inverse distribution functions are found by iteration, in both programs
            assert computed.value(parameter) == pytest.approx(float(draws.column(parameter)[0]), rel=1e-9)


def test_the_comparison_finds_wrong_values_and_wrong_formulas(tmp_path: Path) -> None:
    base = write(tmp_path, "base", short(shipped("us"), 0.25))
    book = Workbook(base)
    sheet = "MSC therapy"
    # the share that leaves the second state, where most of the cohort starts
    exits = [(key, item) for key, item in book.formulas(sheet).items() if "EXP(" in (item.formula or "")]
    address, cell = exits[1]
    assert isinstance(cell.value, float) and cell.formula is not None
    old = f"<f>{cell.formula}</f><v>{cell.value!r}</v>"
    wrong_value, wrong_formula = tmp_path / "wrong_value.xlsx", tmp_path / "wrong_formula.xlsx"
    changed_text(base, wrong_value, sheet, old, old.replace(f"{cell.value!r}", f"{cell.value * (1 + 1e-9)!r}"))
    changed_text(base, wrong_formula, sheet, old, old.replace("1-EXP", "1.001-EXP"))
    found = agreements([wrong_value, wrong_formula], tmp_path)
    assert found["wrong_value"][sheet].wrong[0].startswith(f"{sheet}!{address}:")
    assert len(wrong([found["wrong_value"]])) == 1, "recalculation throws the wrong value away"
    assert len(wrong([found["wrong_formula"]])) > 10, "everything that follows from the wrong formula is found"
    assert {words.split("!")[0] for words in wrong([found["wrong_formula"]])} >= {sheet, "Results"}

"""The import of edited workbooks: what comes back, and everything that is refused, with the place and the remedy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.cli import main
from cea.engine.solve import solved_values
from cea.errors import Place
from cea.loading.workbook_file import WorkbookInputs, read_workbook
from cea.loading.workbook_layer import workbook_layer
from cea.loading.yaml_reader import parse_yaml
from cea.model.layers import Layer
from tests.small_model import write_model
from tests.workbook_copies import EMPTY, ERROR, TRUE, Parts, formula, number, text, with_cells, with_parts, with_text

SOCIETY = ("model.yaml", "  payer: {label: Payer}\n", "  payer: {label: Payer}\n  all: {label: Society}\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model, with a perspective to choose."""
    path = tmp_path_factory.mktemp("model")
    write_model(path, [SOCIETY])
    return path


@pytest.fixture(scope="module")
def workbook(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of the small model."""
    file = tmp_path_factory.mktemp("workbook") / "Small model (1).xlsx"
    assert main(["excel", "--inputs", str(folder), "--out", str(file), "--no-psa", "--quick", "-q"]) == 0
    return file


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(file: Path) -> list[str]:
    """What is wrong with a workbook, each with its remedy on the second line."""
    with pytest.raises(cea.InputError) as error:
        read_workbook(file)
    assert all(item.remedy and item.place is not None for item in error.value.problems)
    return [str(item) for item in error.value.problems]


def imported(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    """The JSON object of an import."""
    assert main(["import", *arguments, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


# What comes back.


def test_a_workbook_as_exported_changes_nothing(workbook, folder, here, capsys):
    assert main(["import", str(workbook), "--inputs", str(folder)]) == 0
    said = capsys.readouterr()
    assert "No input of the workbook differs" in said.out
    assert "agree to 1e-16" in said.err and "warning" not in said.err
    assert not list(here.iterdir())


def test_edits_come_back_as_a_layer_that_runs_as_the_workbook(workbook, folder, here, capsys):
    before = workbook.read_bytes()
    edits = {"cost_drug": 1234.5, "death_ill": 0.31, "residual": 1.25}
    copy = with_cells(workbook, here / "edited.xlsx", {f"base.{name}": number(value) for name, value in edits.items()})
    assert main(["import", str(copy), "--inputs", str(folder)]) == 0
    said = capsys.readouterr()
    assert "Rate of death when ill" in said.out and "per year" in said.out and "0.31" in said.out
    assert "differ by" in said.err, "the results in the copy are those before the edits"
    assert workbook.read_bytes() == before and copy.read_bytes() != before
    model = cea.load(folder)
    run = cea.run(cea.load(folder, layers=["scenarios/edited.yaml"]))
    expected = cea.run(model, values=edits)
    assert run.outcomes.cost == pytest.approx(expected.outcomes.cost, rel=1e-12)
    assert run.outcomes.effect == pytest.approx(expected.outcomes.effect, rel=1e-12)


def test_solved_parameters_stay_as_in_the_workbook(workbook, folder, here, capsys):
    copy = with_cells(workbook, here / "edited.xlsx", {"base.death_ill": number(0.4)})
    found = imported(capsys, str(copy), "--inputs", str(folder), "--to", "kept.yaml")
    frozen = solved_values(cea.load(folder))["residual"]
    assert found["kept"] == {"residual": frozen}
    model = cea.load(folder, layers=["kept.yaml"])
    assert model.parameters["residual"].value == frozen
    assert any("residual stays at" in str(line) for line in found["warnings"])
    again = solved_values(cea.load(folder, values={"death_ill": 0.4}))["residual"]
    assert abs(again - frozen) > 0.01, "solved again it would differ, or this test shows nothing"


def test_an_edited_target_does_not_move_what_is_solved_for_it_and_that_is_told(workbook, folder, here, capsys):
    copy = with_cells(workbook, here / "edited.xlsx", {"base.target_ratio": number(0.75)})
    found = imported(capsys, str(copy), "--inputs", str(folder), "--to", "kept.yaml")
    frozen = solved_values(cea.load(folder))["residual"]
    assert solved_values(cea.load(folder, layers=["kept.yaml"])).get("residual", frozen) == frozen
    said = [line for line in found["warnings"] if "residual" in line]
    assert len(said) == 1 and "`cea run --set target_ratio=0.75` solves it again" in said[0]


def test_threshold_and_perspective_of_the_control_sheet_come_back(workbook, folder, here, capsys):
    cells = {"control.threshold": number(60000.0), "control.perspective": text("Society")}
    copy = with_cells(workbook, here / "w.xlsx", cells)
    found = imported(capsys, str(copy), "--inputs", str(folder), "--to", "l.yaml")
    assert (found["threshold"], found["perspective"], found["changes"]) == (60000.0, "all", [])
    model = cea.load(folder, layers=["l.yaml"])
    assert (model.threshold, model.settings.perspective) == (60000.0, "all")
    assert model.thresholds == (50000.0, 60000.0)


def test_values_set_at_the_export_come_back_too(folder, here, capsys):
    arguments = ["--inputs", str(folder), "--out", "set.xlsx", "--no-psa", "--quick", "-q"]
    assert main(["excel", *arguments, "--set", "cost_drug=100", "--set", "target_ratio=0.65", "--wtp", "70000"]) == 0
    capsys.readouterr()
    found = imported(capsys, "set.xlsx", "--inputs", str(folder), "--to", "set.yaml")
    changes = {item["parameter"]: (item["base"], item["workbook"], item["by"]) for item in found["changes"]}
    assert changes == {
        "cost_drug": (900, 100, "set at the export"), "target_ratio": (0.6, 0.65, "set at the export")
    }  # fmt: skip
    assert found["threshold"] == 70000 and found["difference_to_workbook"] < 1e-12
    layered = cea.run(cea.load(folder, layers=["set.yaml"]))
    direct = cea.run(cea.load(folder, values={"cost_drug": 100, "target_ratio": 0.65}))
    assert layered.outcomes.cost == pytest.approx(direct.outcomes.cost, rel=1e-12)


def test_layers_of_the_export_are_below_the_edits(folder, here, capsys):
    arguments = ["--inputs", str(folder), "--out", "euro.xlsx", "--no-psa", "--quick", "-q", "--layer", "euro"]
    assert main(["excel", *arguments]) == 0
    copy = with_cells(Path("euro.xlsx"), here / "e.xlsx", {"base.cost_ill": number(4500.0)})
    assert main(["import", str(copy), "--inputs", str(folder), "--to", "e.yaml"]) == 0
    assert "--layer jurisdictions/euro --layer e.yaml" in capsys.readouterr().err
    model = cea.load(folder, layers=["euro", "e.yaml"])
    assert (model.currency, model.parameters["cost_ill"].value) == ("EUR", 4500.0)
    with pytest.raises(cea.InputError, match="meant for models in EUR"):
        cea.load(folder, layers=["e.yaml"])


def test_fifteen_digits_are_no_edit(workbook, folder, here, capsys):
    solved = solved_values(cea.load(folder))["residual"]
    cells = {f"{kind}.residual": number(float(f"{solved:.15g}")) for kind in ("base", "original")}
    found = imported(capsys, str(with_cells(workbook, here / "w.xlsx", cells)), "--inputs", str(folder))
    assert found["changes"] == [] and found["kept"] == {} and found["layer"] is None


@pytest.fixture(scope="module")
def read(workbook: Path) -> WorkbookInputs:
    return read_workbook(workbook)


@settings(max_examples=40, deadline=None)
@given(value=st.floats(1e-12, 1e12), name=st.sampled_from(["cost_well", "cost_funeral"]))
def test_any_number_comes_back_to_the_last_digit(folder, read, value, name):
    model = cea.load(folder)
    edited = replace(read, base={**read.base, name: value})
    found = workbook_layer(edited, model, "layer.yaml", unchanged=True)
    written = Layer.from_node("layer.yaml", parse_yaml(found.text, "layer.yaml", "layer.yaml"))
    assert model.with_layer(written).parameters[name].value == pytest.approx(value, rel=1e-14)
    if found.edits:
        assert model.with_layer(written).parameters[name].value == value


def test_names_and_labels_cannot_break_the_layer(folder, read):
    path = Path('a"b: {c} # \u2028\t[d] & *e %f \\ .xlsx')
    model = cea.load(folder)
    found = workbook_layer(replace(read, path=path, base={**read.base, "cost_well": 1.0}), model, "x", unchanged=True)
    node = parse_yaml(found.text, "x", "x")
    assert node.entries["label"].value == 'Edits in a"b: {c} #   [d] & *e %f \\ .xlsx'
    assert set(node.entries) == {"label", "description", "requires", "source", "parameters"}


# A model that has changed since.


def test_a_model_that_has_changed_is_told_and_only_edits_are_taken(workbook, here, capsys):
    changed = here / "changed"
    text_ = "value: 900, unit: USD"
    new = ("parameters/costs.yaml", "cost_funeral:", "cost_new: {label: New, value: 1, unit: USD, source: {grade: assumption, note: x}}\ncost_funeral:")  # noqa: E501
    write_model(changed, [SOCIETY, new, ("parameters/costs.yaml", text_, "value: 950, unit: USD")])
    copy = with_cells(workbook, here / "w.xlsx", {"base.cost_well": number(120.0)})
    found = imported(capsys, str(copy), "--inputs", str(changed), "--to", "l.yaml")
    assert [item["parameter"] for item in found["changes"]] == ["cost_well"]
    said = "\n".join(found["warnings"])
    assert "have changed since the workbook was exported" in said
    assert "cost_drug was 900 at the export and is 950 in the model now; it was not edited" in said
    assert "cost_new is new in the model" in said
    assert cea.load(changed, layers=["l.yaml"]).parameters["cost_drug"].value == 950


def test_an_edit_of_a_parameter_that_the_model_no_longer_has_is_refused(workbook, here, capsys):
    changed = here / "changed"
    edits = [
        ("model.yaml", "  funeral: {kind: cost, on: death, value: cost_funeral}\n", ""),
        ("parameters/costs.yaml", "cost_funeral: {label: Cost of a funeral, value: 2000, unit: USD, source: {ref: office, grade: published}}\n", ""),  # noqa: E501
        ("jurisdictions/euro.yaml", None, None),
    ]
    write_model(changed, edits)
    copy = with_cells(workbook, here / "w.xlsx", {"base.cost_funeral": number(1.0)})
    assert main(["import", str(copy), "--inputs", str(changed)]) == 3
    said = capsys.readouterr().err
    assert "Parameters!E" in said and "the model has no parameter 'cost_funeral'" in said
    capsys.readouterr()
    found = imported(capsys, str(workbook), "--inputs", str(changed))
    assert any("cost_funeral is no longer in the model" in line for line in found["warnings"])


def test_another_version_is_told(workbook, folder, here, capsys):
    found = imported(
        capsys, str(with_cells(workbook, here / "w.xlsx", {"workbook.version": text("0.0.1")})), "--inputs", str(folder)
    )
    assert any("exported by version 0.0.1" in line for line in found["warnings"])


# Cells that hold no number: all of them at once, each with its cell.


BAD_CELLS = {
    "base.cost_drug": (text("0,15"), "the text '0,15'", "decimal sign of your spreadsheet program: 0.15"),
    "base.cost_well": (text("1,234"), "the text '1,234'", "1.234 or 1234, whichever is meant"),
    "base.cost_ill": (text(" 0.15 "), "the text ' 0.15 '", "type it again as the number 0.15"),
    "base.cost_funeral": (text("12,5 %"), "the text '12,5 %'", "type it as the number 0.125"),
    "base.death_ill": (text("about 3"), "the text 'about 3'", "without unit and currency"),
    "base.fall_ill": (formula("1+1", 2.0), "the formula =1+1", "paste it as a value"),
    "base.treat_rate": (EMPTY, "the cell is empty", "type a number"),
    "base.hazard_ratio": (TRUE, "holds TRUE", "the format of a number"),
    "base.target_ratio": (ERROR, "#DIV/0!", "type a number"),
    "control.threshold": ("><v>1e999</v></c>", "too large", "finite"),
    "original.discount": (text("x"), "the text 'x'", "type a number"),
}


def test_cells_without_a_number_are_all_told_with_their_place_and_remedy(workbook, here):
    copy = with_cells(workbook, here / "w.xlsx", {name: content for name, (content, _, _) in BAD_CELLS.items()})
    said = problems(copy)
    assert len(said) == len(BAD_CELLS)
    for name, (_, what, remedy) in BAD_CELLS.items():
        found = next(item for item in said if f"{name}:" in item)
        assert what in found and remedy in found
        sheet = "Control" if name.startswith("control") else "Parameters"
        assert found.startswith(f"{copy.as_posix()}, {sheet}!")


def test_a_date_is_no_number(workbook, here):
    def as_date(parts: Parts) -> None:
        styles = parts["xl/styles.xml"].decode()
        head, sep, rest = styles.partition("<cellXfs")
        assert sep
        parts["xl/styles.xml"] = (head + sep + rest.replace('numFmtId="0"', 'numFmtId="14"')).encode()

    said = problems(with_parts(workbook, here / "w.xlsx", as_date))
    assert any("the date or time" in item and "the format of a number" in item for item in said)


def test_values_outside_their_bounds_are_refused_at_their_cells(workbook, folder, here, capsys):
    for name, content, words in (
        ("base.fall_ill", number(-0.1), "fall_ill = -0.1 is outside its bounds"),
        ("control.threshold", number(-5.0), "threshold"),
        ("control.perspective", text("Nobody"), "no perspective 'Nobody'"),
    ):
        copy = with_cells(workbook, here / "w.xlsx", {name: content})
        assert main(["import", str(copy), "--inputs", str(folder)]) == 3
        said = capsys.readouterr().err
        assert str(read_workbook(copy).places[name]) in said and words in said
    assert not (here / "scenarios").exists()


def test_a_parameter_whose_name_was_deleted_is_told(workbook, folder, here, capsys):
    def delete(parts: Parts) -> None:
        book = parts["xl/workbook.xml"].decode()
        start = book.index('<definedName name="base.cost_well">')
        end = book.index("</definedName>", start) + len("</definedName>")
        parts["xl/workbook.xml"] = (book[:start] + book[end:]).encode()

    copy = with_parts(workbook, here / "w.xlsx", delete)
    assert any("there is no cell named base.cost_well" in item for item in problems(copy))


@pytest.mark.parametrize("target", ["#REF!", "Parameters!$E$7:$E$9", "Nowhere!$A$1", "Parameters!$E$1048576"])
def test_a_name_that_leads_to_no_cell_is_told(workbook, here, target):
    def lead(parts: Parts) -> None:
        book = parts["xl/workbook.xml"].decode()
        start = book.index(">", book.index('<definedName name="base.cost_well"')) + 1
        parts["xl/workbook.xml"] = (book[:start] + target + book[book.index("<", start) :]).encode()

    said = problems(with_parts(workbook, here / "w.xlsx", lead))
    assert any(f"base.cost_well leads to {target}" in item for item in said)


def test_a_missing_sheet_is_told(workbook, here):
    copy = with_text(workbook, here / "w.xlsx", "xl/workbook.xml", '<sheet name="Parameters"', '<sheet name="Renamed"')
    assert len(problems(copy)) > 20


# Workbooks that are not ours.


def test_another_model_is_refused(workbook, here, capsys):
    other = here / "other"
    write_model(other, [("model.yaml", "title: A small model", "title: Another model")])
    assert main(["import", str(workbook), "--inputs", str(other)]) == 3
    said = capsys.readouterr().err
    assert "of another model, 'A small model'" in said and "Another model" in said and "--inputs" in said


def test_another_layout_is_refused(workbook, here):
    assert "has layout 99" in problems(with_cells(workbook, here / "w.xlsx", {"workbook.format": number(99.0)}))[0]


def test_a_workbook_of_another_program_is_refused(here):
    import openpyxl  # noqa: PLC0415

    openpyxl.Workbook().save(here / "other.xlsx")
    assert "not a workbook that `cea excel` has written" in problems(here / "other.xlsx")[0]


# The command.


def test_missing_file_wrong_target_and_existing_layer_are_usage_errors(workbook, folder, here, capsys):
    inputs = ["--inputs", str(folder)]
    assert main(["import", "nowhere.xlsx", *inputs]) == 2
    assert main(["import", str(workbook), *inputs, "--to", "layer.txt"]) == 2
    assert "ends in .yaml" in capsys.readouterr().err
    copy = with_cells(workbook, here / "My edits (2).xlsx", {"base.cost_well": number(120.0)})
    assert main(["import", str(copy), *inputs, "-q"]) == 0
    layer = here / "scenarios" / "my_edits_2.yaml"
    layer.write_text("mine")
    assert main(["import", str(copy), *inputs, "-q"]) == 2
    assert layer.read_text() == "mine"
    assert main(["import", str(copy), *inputs, "-q", "--force"]) == 0
    assert "cost_well: 120.0" in layer.read_text()
    assert [item.name for item in layer.parent.iterdir()] == ["my_edits_2.yaml"]


def test_json_alone_writes_no_file(workbook, folder, here, capsys):
    copy = with_cells(workbook, here / "w.xlsx", {"base.cost_well": number(120.0)})
    found = imported(capsys, str(copy), "--inputs", str(folder))
    assert found["file"] is None and "cost_well: 120.0" in str(found["layer"])
    assert found["changes"] == [
        {
            "parameter": "cost_well", "label": "Cost when well", "unit": "USD/year", "base": 100, "workbook": 120,
            "cell": str(read_workbook(copy).places["base.cost_well"]), "by": "edited in the workbook",
        }
    ]  # fmt: skip
    assert not (here / "scenarios").exists()


def test_a_replayed_draw_is_not_compared(workbook, folder, here, capsys):
    copy = with_cells(workbook, here / "w.xlsx", {"control.run_mode": number(2.0)})
    found = imported(capsys, str(copy), "--inputs", str(folder))
    assert found["difference_to_workbook"] is None
    assert any("not in run mode 1" in line for line in found["warnings"])


def test_places_name_file_and_cell(workbook):
    place = read_workbook(workbook).places["base.cost_well"]
    assert place == Place(place.file, 0, 0) and place.file.startswith(f"{workbook.as_posix()}, Parameters!E")

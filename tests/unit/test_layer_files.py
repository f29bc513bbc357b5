"""Layers in files outside the model folder, named by their path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cea
from cea.cli import main
from tests.small_model import write_model

LAYER = "label: Mine\nsource: {grade: assumption, note: a test}\nparameters: {cost_drug: 123}\n"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small model in a folder beside the working folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_model(tmp_path / "model")
    return tmp_path / "model"


def price(model: Path, *layers: str) -> float | None:
    return cea.load(model, layers=layers).parameters["cost_drug"].value


def written(path: str, text: str = LAYER) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    return path


def test_a_layer_outside_the_folder_comes_after_those_inside(model):
    file = written("mine.yaml")
    assert price(model, "cheap") == 450
    assert price(model, file, "cheap") == 123
    names = [layer.name for layer in cea.load(model, layers=[file, "cheap"]).layers]
    assert names == ["scenarios/cheap", "./mine.yaml"]


def test_paths_of_all_kinds_are_found(model, tmp_path):
    written("deep/er/mine.yaml")
    relative = ("deep/er/mine.yaml", "./deep/er/mine.yaml", "../here/deep/er/mine.yaml")
    for path in (*relative, str(tmp_path / "here/deep/er/mine.yaml")):
        assert price(model, path) == 123
        name = cea.load(model, layers=[path]).layers[0].name
        assert price(model, name) == 123, "the full name of a layer names it again"


def test_the_path_of_a_layer_in_the_folder_is_that_layer(model):
    assert cea.load(model, layers=[str(model / "scenarios" / "cheap.yaml")]).layers[0].name == "scenarios/cheap"
    assert price(model, "cheap.yaml") == 450


def test_a_name_that_means_two_files_is_refused(model):
    written("scenarios/cheap.yaml")
    remedy = r"write \./scenarios/cheap.yaml for the file, scenarios/cheap for the layer"
    with pytest.raises(cea.UsageError, match=remedy):
        price(model, "scenarios/cheap.yaml")
    assert price(model, "./scenarios/cheap.yaml") == 123
    assert price(model, "scenarios/cheap") == 450


def test_a_jurisdiction_stays_below_a_file(model):
    file = written("euro.yaml", LAYER.replace("123", "{value: 123, unit: EUR}"))
    loaded = cea.load(model, layers=["./euro.yaml", "jurisdictions/euro"])
    assert (loaded.currency, loaded.parameters["cost_drug"].value) == ("EUR", 123)
    with pytest.raises(cea.UsageError, match="is a file here and a layer"):
        cea.load(model, layers=[file])


def test_what_is_wrong_in_the_file_is_told_with_its_place(model):
    file = written("mine.yaml", LAYER.replace("cost_drug", "cost_drugs"))
    with pytest.raises(cea.InputError, match=r"\./mine.yaml:3:14: .*cost_drugs.*\n.*did you mean 'cost_drug'"):
        price(model, file)
    with pytest.raises(cea.UsageError, match=r"unknown layer 'other\.yaml'"):
        price(model, "other.yaml")


def test_the_manifest_knows_the_file(model, capsys):
    hashes = []
    for text in (LAYER, LAYER + "# more\n"):
        written("mine.yaml", text)
        assert main(["run", "--inputs", str(model), "--layer", "mine.yaml", "--json"]) == 0
        manifest = json.loads(capsys.readouterr().out)["manifest"]
        assert manifest["layers"] == ["./mine.yaml"]
        hashes.append((manifest["input_files"]["./mine.yaml"], manifest["input_hash"]))
    assert hashes[0][0] != hashes[1][0] and hashes[0][1] != hashes[1][1]

"""The model that `cea new` writes: it is whole, it runs, and it overwrites nothing unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

import cea
from cea.cli.new import create
from cea.loading.folder import Folder


def test_the_model_loads_and_runs_without_warnings(tmp_path: Path) -> None:
    written = create(tmp_path / "deep/model")
    assert {path.relative_to(tmp_path / "deep/model").as_posix() for path in written} >= {"model.yaml", "sources.yaml"}
    assert all(path.is_file() for path in written)
    model = cea.load(tmp_path / "deep/model")
    assert model.warnings == () and len(model.strategies) == 2 and len(model.states) == 3
    totals = cea.run(model).totals_frame().set_index("strategy")
    assert totals.loc["new_treatment", "effect"] > totals.loc["usual_care", "effect"] > 0
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model"]


def test_one_cycle_of_it_by_hand(tmp_path: Path) -> None:
    create(tmp_path / "model")
    text = (tmp_path / "model/model.yaml").read_text(encoding="utf-8")
    changed = text.replace("cycles_per_year: 12", "cycles_per_year: 1").replace("years: 30", "years: 1")
    changed = changed.replace("correction: half_cycle", "correction: start")
    (tmp_path / "model/model.yaml").write_text(changed, encoding="utf-8")
    totals = cea.run(cea.load(tmp_path / "model")).totals_frame().set_index("strategy")
    # everybody is healthy at the start of the only cycle, so it costs the treatment and gains the utility of health
    assert totals.loc["usual_care", "cost"] == 0 and totals.loc["new_treatment", "cost"] == 30000
    assert totals.loc["usual_care", "effect"] == pytest.approx(0.88, rel=1e-12)


def test_every_number_says_that_it_is_made_up(tmp_path: Path) -> None:
    create(tmp_path / "model")
    model = cea.load(tmp_path / "model")
    sources = [parameter.source for parameter in model.parameters.values()] + [model.thresholds_source]
    assert len(model.parameters) >= 6
    assert all(source.grade == "assumption" and "made up" in (source.note or "") for source in sources)


def test_every_scenario_of_it_runs_and_changes_the_result(tmp_path: Path) -> None:
    create(tmp_path / "model")
    folder = Folder(tmp_path / "model")
    names = folder.layer_names(folder.document())
    base = cea.run(cea.load(tmp_path / "model")).outcomes
    assert names == ["scenarios/weaker_effect"]
    for name in names:
        changed = cea.run(cea.load(tmp_path / "model", layers=[name])).outcomes
        assert changed.effect[0, 1] < base.effect[0, 1] and changed.effect[0, 0] == base.effect[0, 0]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(cea.UsageError, match=r"not empty.*--force"):
        create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_force_replaces_only_files_of_the_same_name(tmp_path: Path) -> None:
    create(tmp_path / "model")
    (tmp_path / "model/model.yaml").write_text("broken")
    (tmp_path / "model/mine.txt").write_text("mine")
    create(tmp_path / "model", force=True)
    assert cea.load(tmp_path / "model").title and (tmp_path / "model/mine.txt").read_text() == "mine"


def test_an_empty_folder_is_used_and_a_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert create(tmp_path / "empty")[0].is_relative_to(tmp_path / "empty")
    (tmp_path / "file").write_text("x")
    with pytest.raises(cea.UsageError, match="is a file"):
        create(tmp_path / "file")
    with pytest.raises(cea.UsageError, match="cannot write"):
        create(tmp_path / "file/model")


def test_nothing_stays_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(cea.UsageError, match="No space left"):
        create(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []

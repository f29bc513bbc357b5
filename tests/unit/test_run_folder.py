"""Run folders: whole or absent, never overwritten by chance, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cea
from cea.reports.run_folder import (
    Manifest,
    check_target,
    check_writable,
    commit_of,
    hash_inputs,
    write_run,
    write_table,
)

TABLE = pd.DataFrame({"strategy": ["a", "b"], "cost": [0.1 + 0.2, 1e-17]})


def manifest(**fields: object) -> Manifest:
    given = {"layers": [], "values": {}, "perspective": "health_sector", "input_hashes": {"model.yaml": "0" * 64}}
    return Manifest(command=["cea", "run"], verb="run", inputs="inputs", model_title="A model", **{**given, **fields})


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_run_folder_holds_its_tables_and_a_manifest_with_their_hashes(tmp_path):
    def figures(folder: Path) -> list[Path]:
        (folder / "plane.svg").write_text("<svg/>")
        return [folder / "plane.svg"]

    folder = write_run(manifest(), tmp_path / "outputs", {"totals": TABLE}, figures)
    assert folder.parent == tmp_path / "outputs"
    assert sorted(item.name for item in folder.iterdir()) == ["manifest.json", "plane.svg", "totals.csv"]
    written = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert written["output_files"] == {name: digest(folder / name) for name in ("plane.svg", "totals.csv")}
    assert written["command"] == ["cea", "run"] and written["input_files"] == {"model.yaml": "0" * 64}
    assert {"python", "numpy", "numba"} <= set(written["versions"])
    assert [item.name for item in folder.parent.iterdir()] == [folder.name]


def test_numbers_are_written_in_full(tmp_path):
    write_table(TABLE, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as handle:
        assert [float(row["cost"]) for row in csv.DictReader(handle)] == [0.1 + 0.2, 1e-17]
    assert b"\r" not in (tmp_path / "table.csv").read_bytes()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"])
def test_no_text_becomes_a_formula_of_a_spreadsheet(tmp_path, text):
    write_table(pd.DataFrame({"label": [text, "plain"], "cost": [-1.5, 2.0]}), tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert rows[0]["label"] == f"'{text}" and rows[1]["label"] == "plain"
    assert rows[0]["cost"] == "-1.5"  # a number stays a number


def test_no_text_begins_a_line_of_its_own(tmp_path):
    write_table(pd.DataFrame({"label": ["a\r=1+1", "b\n=1+1", "c\r\n=1", "\r=1"]}), tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == b"label\na =1+1\nb =1+1\nc =1\n' =1\n"


def test_mixed_and_empty_cells_are_written_as_they_are(tmp_path):
    write_table(pd.DataFrame({"mixed": ["-a", None, 1.5], "gap": [1.0, np.nan, 2.0]}), tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == "mixed,gap\n'-a,1.0\n,\n1.5,2.0\n"


def test_the_name_tells_time_verb_and_inputs_and_never_collides(tmp_path):
    first, second, other = manifest(), manifest(), manifest(values={"cost_b": 1.0})
    for item in (first, second, other):
        item.started = "2026-01-02T03:04:05Z"
    names = [write_run(item, tmp_path, {"totals": TABLE}).name for item in (first, second, other)]
    assert names[0] == f"20260102T030405Z-run-{first.input_hash}"
    assert names[1] == f"{names[0]}-2"
    assert names[2] != names[0] and other.input_hash != first.input_hash
    assert all((tmp_path / name / "manifest.json").is_file() for name in names)


@pytest.mark.parametrize(
    "change",
    [
        {"layers": ["scenarios/x"]},
        {"values": {"a": 1.0}},
        {"perspective": "societal"},
        {"input_hashes": {"model.yaml": "1"}},
    ],
)
def test_the_hash_is_that_of_inputs_layers_edits_and_perspective(change):
    assert manifest(**change).input_hash != manifest().input_hash
    assert manifest().input_hash == manifest().input_hash


def test_a_named_folder_is_replaced_only_with_force_and_only_if_it_is_a_run_folder(tmp_path):
    target = tmp_path / "mine"
    write_run(manifest(), tmp_path, {"first": TABLE}, target=target)
    with pytest.raises(cea.UsageError, match="exists already; add --force"):
        write_run(manifest(), tmp_path, {"second": TABLE}, target=target)
    assert (target / "first.csv").is_file()
    write_run(manifest(), tmp_path, {"second": TABLE}, target=target, force=True)
    assert sorted(item.name for item in target.iterdir()) == ["manifest.json", "second.csv"]
    assert [item.name for item in tmp_path.iterdir()] == ["mine"]
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    with pytest.raises(cea.UsageError, match="is not a run folder"):
        write_run(manifest(), tmp_path, {"t": TABLE}, target=precious, force=True)
    assert (precious / "thesis.txt").read_text() == "years of work"
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(cea.UsageError, match="is not a run folder"):
        check_target(file, force=True)
    check_target(tmp_path / "absent", force=False)


def broken(folder: Path) -> list[Path]:
    (folder / "half.png").write_bytes(b"half")
    raise OSError(28, "No space left on device")


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(cea.CeaError, match=r"could not write .*No space left on device; nothing was left behind"):
        write_run(manifest(), tmp_path / "outputs", {"totals": TABLE}, broken)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "outputs").mkdir()
    with pytest.raises(RuntimeError):
        write_run(
            manifest(), tmp_path / "outputs", {"totals": TABLE}, lambda folder: (_ for _ in ()).throw(RuntimeError())
        )
    assert list((tmp_path / "outputs").iterdir()) == []


def test_a_failure_keeps_the_folder_that_was_to_be_replaced(tmp_path):
    target = write_run(manifest(), tmp_path, {"first": TABLE}, target=tmp_path / "mine")
    before = digest(target / "manifest.json")
    with pytest.raises(cea.CeaError):
        write_run(manifest(), tmp_path, {"second": TABLE}, broken, target, force=True)
    assert digest(target / "manifest.json") == before
    assert [item.name for item in tmp_path.iterdir()] == ["mine"]


def test_a_place_that_cannot_be_written_to_is_said_at_once(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(cea.UsageError, match=r"cannot write to .*choose another folder with --out"):
        check_writable(tmp_path / "file" / "outputs")
    check_writable(tmp_path / "new" / "deep")
    assert not (tmp_path / "new").exists()


def test_inputs_are_hashed_by_their_bytes(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "model.yaml").write_bytes(b"format: 1\n")
    (tmp_path / "tables/a.csv").write_bytes(b"age\r\n")
    (tmp_path / "notes.txt").write_text("not an input")
    assert hash_inputs(tmp_path) == {
        "model.yaml": hashlib.sha256(b"format: 1\n").hexdigest(),
        "tables/a.csv": hashlib.sha256(b"age\r\n").hexdigest(),
    }


def test_the_commit_says_when_files_differ_from_it(tmp_path, program):
    git = program("git")
    assert commit_of(tmp_path) is None
    who = {
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }

    def run(*arguments: str) -> None:
        subprocess.run(
            [git, "-C", str(tmp_path), *arguments], check=True, capture_output=True, env={**os.environ, **who}
        )

    run("init")
    (tmp_path / "model.yaml").write_text("format: 1\n")
    run("add", ".")
    run("commit", "-m", "first")
    clean = commit_of(tmp_path)
    assert clean is not None and len(clean) == 12
    (tmp_path / "model.yaml").write_text("format: 2\n")
    assert commit_of(tmp_path) == f"{clean}-dirty"

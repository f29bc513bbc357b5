"""Every broken model is refused with all its problems, each at its place, in plain words and with a remedy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.cli import main
from tests.malformed import Malformed
from tests.malformed_structure import ALL
from tests.small_model import FILES, edited, write_model

by_name = pytest.mark.parametrize("broken", ALL, ids=lambda broken: broken.name)
INTERNALS = re.compile(
    r"Traceback|\w+Error\b|NoneType|pydantic|<class|0x[0-9a-f]{6}|\bdict\b|\bstr\b|\bfloat\b|site-packages|self\."
)


def load_and_run(folder: Path, broken: Malformed) -> None:
    cea.run(cea.load(folder, broken.layers, broken.values))


def test_the_small_model_is_sound(tmp_path: Path) -> None:
    assert write_model(tmp_path) == []
    for layers in ((), ("euro",), ("cheap",)):
        model = cea.load(tmp_path, layers)
        assert model.warnings == ()
        assert cea.run(model).outcomes.cost.shape == (1, 2)


def test_the_cases_are_many_and_differ() -> None:
    assert len({broken.name for broken in ALL}) == len(ALL) >= 50


@by_name
def test_every_problem_is_told_with_place_and_remedy(broken: Malformed, tmp_path: Path) -> None:
    marked = write_model(tmp_path, broken.edits)
    with pytest.raises(cea.InputError) as caught:
        load_and_run(tmp_path, broken)
    problems = caught.value.problems
    text = str(caught.value)
    told = sorted(str(item.place).replace(f"{tmp_path.as_posix()}/", "") for item in problems)
    assert told == sorted([*marked, *broken.at])
    assert [part for part in broken.says if part not in text] == []
    assert [item.what for item in problems if not item.remedy.strip()] == []
    assert not INTERNALS.search(text)
    assert max(len(line) for line in text.splitlines()) < 400


@by_name
def test_the_command_line_exits_with_3_and_writes_nothing(
    broken: Malformed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(tmp_path / "model", broken.edits)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    options = [f"--layer={layer}" for layer in broken.layers]
    options += [f"--set={name}={value}" for name, value in broken.values.items()]
    code = main(["check", "--inputs", "model", *options])
    told = capsys.readouterr()
    not_a_number = any(value != value for value in broken.values.values())  # noqa: PLR0124 - a wrong option, not a wrong model
    assert code == (2 if not_a_number else 3)
    assert told.out == ""
    assert "error: " in told.err and not INTERNALS.search(told.err)
    assert not_a_number or [part for part in broken.says if part not in told.err] == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["unknown name", "brackets 1,000 deep", "five mistakes in five files"])
def test_a_run_in_a_process_of_its_own_leaves_no_traceback(name: str, tmp_path: Path) -> None:
    broken = next(item for item in ALL if item.name == name)
    write_model(tmp_path / "model", broken.edits)
    layers = [f"--layer={layer}" for layer in broken.layers]
    command = [sys.executable, "-m", "cea", "run", "--inputs", "model", *layers]
    path = {**os.environ, "PYTHONPATH": str(Path(cea.__file__).parents[1])}
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=path, check=False)
    assert ran.returncode == 3
    assert ran.stdout == ""
    assert all(part in ran.stderr for part in broken.says)
    assert not INTERNALS.search(ran.stderr)
    assert list(tmp_path.glob("outputs/*")) == []


@pytest.mark.parametrize("path", ["nowhere", "model/model.yaml", "\0", "x" * 5000])
def test_a_folder_that_is_none_is_a_mistake_of_usage(path: str, tmp_path: Path) -> None:
    write_model(tmp_path / "model")
    with pytest.raises(cea.UsageError, match="there is no folder"):
        cea.load(tmp_path / path)


def test_a_layer_that_is_not_there_is_a_mistake_of_usage(tmp_path: Path) -> None:
    write_model(tmp_path)
    with pytest.raises(cea.UsageError, match="did you mean 'cheap'"):
        cea.load(tmp_path, ["cheep"])
    with pytest.raises(cea.UsageError, match="unknown layer"):
        cea.load(tmp_path, ["../model"])


def test_a_layer_named_without_its_folder_must_be_the_only_one(tmp_path: Path) -> None:
    write_model(tmp_path, [("jurisdictions/cheap.yaml", None, FILES["scenarios/cheap.yaml"])])
    with pytest.raises(cea.UsageError, match="ambiguous: jurisdictions/cheap, scenarios/cheap"):
        cea.load(tmp_path, ["cheap"])


def test_files_outside_the_folder_are_not_read_through_links(tmp_path: Path) -> None:
    model = tmp_path / "model"
    write_model(model)
    for name in ("parameters/costs.yaml", "tables/life_table.csv"):
        (model / name).rename(tmp_path / Path(name).name)
        (model / name).symlink_to(tmp_path / Path(name).name)
    with pytest.raises(cea.InputError) as caught:
        cea.load(model)
    assert "unknown name 'cost_ill'" in str(caught.value)
    assert "unknown table file 'tables/life_table.csv'" in str(caught.value)


def test_a_file_with_the_other_ending_is_not_passed_over(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "parameters" / "more.yml").write_text("a: 1", encoding="utf-8")
    with pytest.raises(cea.InputError, match=r"more\.yml:1:1: files that end in \.yml are not read"):
        cea.load(tmp_path)


SNIPPETS = [*"{}[]:,\"'#(|> \n\t0", "- ", "-1", "1e300", "null", "true", "rest"]
position = st.floats(0, 1, exclude_max=True)
changes = st.lists(
    st.tuples(
        st.sampled_from(sorted(FILES)),
        st.sampled_from(["cut", "delete line", "repeat line", "swap lines", "delete", "insert", "byte"]),
        position, position, st.sampled_from(SNIPPETS), st.integers(0, 255),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


def changed(data: bytes, kind: str, here: float, there: float, snippet: str, byte: int) -> bytes:
    """The file's bytes with one change at a position between 0 and 1."""
    lines = data.split(b"\n")
    i, j, k = int(here * len(lines)), int(there * len(lines)), int(here * len(data))
    if kind == "cut":
        return data[:k]
    if kind == "delete":
        return data[:k] + data[k + 1 + int(there * 12) :]
    if kind == "insert":
        return data[:k] + snippet.encode() + data[k:]
    if kind == "byte":
        return data[:k] + bytes([byte]) + data[k + 1 :]
    if kind == "swap lines":
        lines[i], lines[j] = lines[j], lines[i]
    elif kind == "repeat line":
        lines.insert(j, lines[i])
    else:
        del lines[i]
    return b"\n".join(lines)


@settings(max_examples=150)
@given(changes, st.sampled_from([(), ("euro",), ("cheap",)]))
def test_no_change_of_bytes_or_lines_gives_anything_but_an_error_for_the_user(
    edits: list[tuple[str, str, float, float, str, int]], layers: tuple[str, ...]
) -> None:
    files, _ = edited([])
    for name, kind, here, there, snippet, byte in edits:
        files[name] = changed(files[name], kind, here, there, snippet, byte)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        try:
            cea.run(cea.load(folder, layers))
        except cea.InputError as error:
            assert not INTERNALS.search(str(error))
            assert [item for item in error.problems if item.place is None or not item.remedy] == []
        except cea.CeaError as error:
            assert not INTERNALS.search(str(error))

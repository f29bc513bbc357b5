"""A setting as a link, as a command, as lines of Python and as a file: there and back again."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.analysis.headline import with_threshold
from cea.cli import main
from cea.dashboard.scenario_file import MAX_BYTES, Saved, clean_name, read, write
from cea.dashboard.setting import Known, Setting, from_query
from cea.errors import InputError
from tests.models import ROOT

FOLDER = "inputs/cirrhosis"
KNOWN = Known(
    ("jurisdictions/england", "populations/ineligible"), frozenset({"health_sector"}), frozenset({"cost_a", "cost_b"})
)

texts = st.dictionaries(st.sampled_from(["cost_a", "cost_b"]), st.floats(-1e12, 1e12))
chosen = st.builds(
    lambda layers, view, limit, values: Setting(tuple(n for n in KNOWN.layers if n in layers), view, limit).with_values(
        values
    ),
    st.sets(st.sampled_from(KNOWN.layers)),
    st.sampled_from([None, "health_sector"]),
    st.one_of(st.none(), st.floats(1e-3, 1e9)),
    texts,
)


@given(chosen)
@settings(max_examples=60)
def test_a_link_gives_the_setting_again(setting):
    query = setting.to_query("abc")
    assert from_query(query, KNOWN, "abc") == (setting, [])
    assert query or setting.is_base


def test_a_link_with_unknown_parts_gives_what_is_known_and_says_so():
    query = {
        "v": "1-old", "layers": "jurisdictions/england,../../etc/passwd.yaml", "perspective": "nobody", "wtp": "-5",
        "set.cost_a": "12", "set.unknown": "1", "set.cost_b": "nan", "x": "<script>",
    }  # fmt: skip
    setting, said = from_query(query, KNOWN, "new")
    assert setting == Setting(("jurisdictions/england",), None, None, (("cost_a", 12.0),))
    for part in ("another version", "passwd", "nobody", "-5", "unknown", "nan", "'x'"):
        assert any(part in text for text in said), part
    assert len(said) == 7


def test_a_link_never_names_a_file():
    hostile = {"v": "1-a", "layers": "./app.yaml,/etc/x.yaml,jurisdictions/../x"}
    assert from_query(hostile, KNOWN, "a")[0].layers == ()


@given(chosen, st.text(max_size=80))
@settings(max_examples=40)
def test_a_file_gives_the_setting_again(setting, name):
    model = with_threshold(base(), setting.threshold)
    saved = Saved(clean_name(name), setting)
    text = write(saved, model, FOLDER, "abc")
    again, said = read(text.encode(), KNOWN, "abc")
    assert again == saved
    assert said == []


def base():
    """The shipped model, loaded once."""
    if not hasattr(base, "model"):
        base.model = cea.load(ROOT / FOLDER)
    return base.model


def test_a_saved_file_is_a_layer_that_the_command_line_takes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    setting = Setting(("jurisdictions/england",), None, 27_000.0, (("rate_b_to_c", 0.2),))
    model = with_threshold(cea.load(FOLDER, setting.layers), setting.threshold)
    file = tmp_path / "mine.yaml"
    file.write_text(write(Saved("Mine", setting), model, FOLDER, "abc"), encoding="utf-8")
    assert main(["run", "--json", "--layer", "england", "--layer", str(file)]) == 0
    by_file = json.loads(capsys.readouterr().out)
    assert main([*shlex.split(setting.command("run", FOLDER, "--json"))[1:]]) == 0
    by_options = json.loads(capsys.readouterr().out)
    assert by_file["results"] == by_options["results"]
    assert by_file["threshold"] == by_options["threshold"] == 27_000


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"- a\n- b\n",
        b"",
        b"a: [",
        b"&x a: *x",
        b"x" * (MAX_BYTES + 1),
        b"unknown_section: 1",
        b"!!python/object:os.system x",
    ],
    ids=["bytes", "list", "empty", "syntax", "anchor", "size", "section", "tag"],
)
def test_a_file_that_is_no_scenario_is_refused_with_a_reason(data):
    with pytest.raises(InputError) as caught:
        read(data, KNOWN, "abc")
    assert caught.value.problems[0].what


def test_a_file_that_changes_the_structure_is_not_taken_for_edits():
    text = b"label: x\nformulas: {waning: '1'}\nparameters:\n  cost_a: {value: 5, distribution: {family: fixed}}\n"
    text += b"  cost_b: {formula: '2'}\n"
    saved, said = read(text, KNOWN, "abc")
    assert saved.setting == Setting(edits=(("cost_a", 5.0),))
    assert any("formulas" in line for line in said)
    assert any("cost_b" in line for line in said)


@pytest.mark.parametrize(
    "setting",
    [
        Setting(),
        Setting(("jurisdictions/england", "populations/ineligible"), None, 25_000.0, (("rate_b_to_c", 0.21),)),
        Setting((), "societal", None, (("cost_a", 30_000.5), ("discount_costs", 0.015))),
    ],
    ids=["base", "england", "societal"],
)  # fmt: skip
def test_the_lines_of_python_and_the_command_give_the_same_numbers(setting, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main([*shlex.split(setting.command("run", FOLDER, "--json"))[1:]]) == 0
    told = {row["strategy"]: row for row in json.loads(capsys.readouterr().out)["results"]}
    lines = setting.python(FOLDER).replace("print(cea.incremental(results).frame())", "")
    lines += "\nimport json\nprint(json.dumps(cea.incremental(results).records()))"
    done = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, check=True, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    records = json.loads(done.stdout)
    assert {row["strategy"]: row for row in records} == told

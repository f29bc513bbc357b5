"""A setting as a link, as a command, as lines of Python and as a file: there and back again."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.analysis.headline import with_threshold
from cea.cli import main
from cea.dashboard import session
from cea.dashboard.scenario_file import MAX_BYTES, Saved, clean_name, read, write
from cea.dashboard.setting import Known, Setting, from_query
from cea.dashboard.text import plain
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


HOSTILE = {
    "v": "1-a", "layers": ",".join(f"<img src=x onerror=alert({at})>" for at in range(3_000)),
    "perspective": "javascript:alert(1)", "wtp": "1e309", "set.cost_a": "1e309", "set.cost_b": "9" * 100_000,
    "set.__class__": "1", "set.../../etc/passwd": "1", "set.=cmd|' /C calc'!A0": "1", "set.": "nan",
    **{f"x{at}": "[a](http://evil.example)" for at in range(3_000)},
}  # fmt: skip


def test_a_hostile_link_gives_the_base_case_and_messages_that_fit_a_page():
    setting, said = from_query(HOSTILE, KNOWN, "a")
    assert setting == Setting()
    assert len(said) == len(HOSTILE) - len(("v", "layers")) + 3_000, "each part that is not used is told"
    assert max(map(len, said)) < 130
    shown = session._first(said)
    assert len(shown) == session._MESSAGES + 1
    assert shown[-1] == f"and {len(said) - session._MESSAGES:,} more like these"


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e309", "", "0x10", "1;2", "1 2", "__import__('os')"])
def test_what_is_no_finite_number_is_no_edit(value):
    setting, said = from_query({"v": "1-a", "set.cost_a": value, "wtp": value}, KNOWN, "a")
    assert setting == Setting()
    assert len(said) == 2


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://evil.example/x.png)", "[click](https://evil.example)", "<img src=x onerror=alert(1)>",
        "www.evil.example", "see HTTPS://EVIL.EXAMPLE now", "me@evil.example", "ftp://evil.example", ":smile: :100:",
        ":material/home: :red[x]", "`code` **b** _i_ ~s~ $x$ &lt;b&gt;", "# title", "1. list", "- item", "> quote",
        "a | b", "javascript:alert(1)", "a\n\n# b",
    ],
)  # fmt: skip
def test_text_of_a_user_is_never_markup(text):
    found = plain(text)
    seen = re.sub(r"\\([^\w\s]|_)|\u2060", r"\1", found)
    assert seen == " ".join(text.split()), "it reads as it was written"
    assert not re.search(r"(?<!\\)[`*_{}\[\]<>$~#|&]", found)
    assert not re.match(r"\d*[-+.)=]", found)
    bare = found.replace("\\", "")  # addresses, icons and emoji are looked for where signs are no longer escaped
    assert not re.search(r"://|www\.\w|\w@\w|:[\w/+-]+:", bare, re.IGNORECASE)


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


@pytest.mark.parametrize(
    "data",
    [
        b"label: x\n# layers: x" + b" " * (MAX_BYTES - 30) + b"y\n",
        b"label: x\n# version: " + b" " * (MAX_BYTES - 30) + b"x y\n",
        b"label: x\n# layers: " + b",".join(b"l%d" % at for at in range(7_000)) + b"\n",
        b"label: x\nparameters:\n" + b"".join(b"  p%d: 1\n" % at for at in range(3_500)),
    ],
    ids=["spaces", "spaces of the version", "layers", "inputs"],
)
def test_a_file_that_wants_to_keep_the_server_busy_is_read_in_no_time(data):
    began = time.process_time()
    saved, _ = read(data, KNOWN, "abc")
    assert time.process_time() - began < 5
    assert saved.setting == Setting()


@pytest.mark.parametrize("value", [b"9" * 400, b"9" * 5_000, b"1e309", b".inf", b".nan"])
def test_a_number_that_is_too_large_for_one_is_refused(value):
    for text in (b"label: x\nparameters: {cost_a: %s}\n", b"label: x\nthresholds: {default: %s}\n"):
        with pytest.raises(InputError) as caught:
            read(text % value, KNOWN, "abc")
        assert caught.value.problems[0].place.line == 2


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

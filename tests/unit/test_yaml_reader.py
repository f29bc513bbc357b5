"""YAML 1.2 without surprises, with the place of every value, by libyaml and by the parser in pure Python alike."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cea.errors import InputError, Place
from cea.loading.yaml_reader import parse_yaml, read_text
from cea.model.document import Node
from tests.models import CIRRHOSIS
from tests.small_model import FILES


@pytest.fixture(params=["libyaml", "pure Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs a test with either parser."""
    if request.param == "pure Python":
        monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    else:
        pytest.importorskip("_ruamel_yaml")
    return str(request.param)


SCALARS = [
    ("NO", "NO"), ("no", "no"), ("on", "on"), ("yes", "yes"), ("y", "y"), ("Off", "Off"),
    ("true", True), ("True", True), ("FALSE", False), ("tRUE", "tRUE"),
    ("1e-3", 1e-3), ("1E3", 1000.0), ("-1.5", -1.5), (".5", 0.5), ("1.", 1.0), ("+2", 2), ("0", 0), ("-0.0", 0.0),
    ("012", 12), ("0x1F", "0x1F"), ("0o17", "0o17"), ("1_000", "1_000"), ("1,5", "1,5"), ("12:30:45", "12:30:45"),
    ("2024-01-01", "2024-01-01"), ("1/12", "1/12"), ("~", None), ("null", None), ("Null", None), ("", None),
    ("nULL", "nULL"), ("nan", "nan"), ("inf", "inf"), ("1e", "1e"), (".", "."), ("1.2.3", "1.2.3"),
    ("99999999999999999999", 1e20), ('"1e-3"', "1e-3"), ("'true'", "true"), ('""', ""), ("a # b", "a"), ("a#b", "a#b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_follow_the_core_schema(text: str, value: object, parser: str) -> None:
    node = parse_yaml(f"key: {text}\n", "f.yaml").entries["key"]
    assert node.value == value
    assert type(node.value) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.inf", "+.Inf", ".nan", ".NaN", "1e999", "-1e999"])
def test_numbers_that_are_not_finite_are_refused(text: str, parser: str) -> None:
    with pytest.raises(InputError, match=r"f\.yaml:1:6: .*\n.*finite"):
        parse_yaml(f"key: {text}\n", "f.yaml")


def test_keys_are_the_words_of_the_file(parser: str) -> None:
    node = parse_yaml("on: 1\nNO: 2\n012: 3\ntrue: 4\n1e3: 5\n", "f.yaml")
    assert list(node.entries) == ["on", "NO", "012", "true", "1e3"]


def test_places_of_keys_values_and_items(parser: str) -> None:
    node = parse_yaml("a: {b: [1, 'two']}\nc:\n  d: |\n    text\n", "f.yaml")
    assert node.place == Place("f.yaml", 1, 1)
    b = node.find(["a", "b"])
    assert (b.key_place, b.place) == (Place("f.yaml", 1, 5), Place("f.yaml", 1, 8))
    assert [item.place.column for item in b.items] == [9, 12]
    assert node.find(["c", "d"]).key_place == Place("f.yaml", 3, 3)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("key: one + x + two", 1, 12),
        ('key: "one + x + two"', 1, 13),
        ("key: one +\n  x + two", 2, 3),
        ("key: >-\n  one +\n  x + two", 3, 3),
        ("key: |\n  one +\n\n    x + two", 4, 5),
        ("key: 'one +\n   x + two'", 2, 4),
        ("key: >  # a note\n  one\n  + x\n  + two", 3, 5),
    ],
)
def test_the_spot_inside_a_text_is_found_over_lines(text: str, line: int, column: int, parser: str) -> None:
    node = parse_yaml(text, "f.yaml").entries["key"]
    assert node.spot(str(node.value).index("x")) == Place("f.yaml", line, column)


def test_both_parsers_give_the_same_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("_ruamel_yaml")
    texts = [text for name, text in FILES.items() if name.endswith(".yaml")]
    texts += [path.read_text(encoding="utf-8") for path in sorted(CIRRHOSIS.rglob("*.yaml"))[:20]]
    fast = [parse_yaml(text, "f.yaml") for text in texts]
    monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    assert [parse_yaml(text, "f.yaml") for text in texts] == fast


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "the key 'a' is given twice"),
        ("a: {b: 1, b: 2}\n", "1:11", "the key 'b' is given twice"),
        ("a: &x 1\n", "1:4", "anchors and aliases"),
        ("a: &x {b: 1}\n", "1:4", "anchors and aliases"),
        ("a: !!int 1\n", "1:4", "tags such as"),
        ("a: !local {b: 1}\n", "1:4", "tags such as"),
        ("? [1, 2]\n: a\n", "1:3", "a key must be a word"),
        ("a: 1\n---\nb: 2\n", "3:1", "more than one YAML document"),
        ("%YAML 1.1\n---\na: 1\n", "1:1", "directives"),
        ("a: 1\n%TAG ! x\n", "2:1", "directives"),
        ("a: {b: min(c, d) + e, f: 1}\n", "1:8", "the formula 'min(c, ...' was split at its comma"),
        ("a: {b: if(x > 1, 2, 3)}\n", "1:8", "the formula 'if(x > 1, ...' was split at its comma"),
        ("[" * 30 + "]" * 30, "1:21", "nested deeper than 20 levels"),
        ("- - - a\n" * 3 + "  b: 1\n\tc: 2\n", None, "not valid YAML"),
        ("a: 'b\n", None, "not valid YAML"),
    ],
)
def test_what_trips_people_over_is_refused(text: str, place: str | None, says: str, parser: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f.yaml")
    (problem,) = caught.value.problems
    assert says in problem.what
    assert problem.remedy
    assert place is None or str(problem.place) == f"f.yaml:{place}"


def test_every_oddity_of_a_file_is_told_at_once(parser: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml("a: &x 1\nb: *x\nc: .nan\nc: 2\n", "f.yaml")
    places = [(item.place.line, item.place.column) for item in caught.value.problems if item.place]
    assert places == [(1, 4), (2, 4), (3, 4), (4, 1)]


def test_a_flow_set_of_plain_names_is_not_taken_for_a_formula(parser: str) -> None:
    assert parse_yaml("a: {b: c, d}\n", "f.yaml").find(["a", "d"]).value is None


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa: 1\n", b"a: 1\r\n", b"a: 1", b"---\na: 1\n...\n"])
def test_marks_and_line_ends_of_other_systems_are_read(data: bytes, tmp_path: Path, parser: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(data)
    node = parse_yaml(read_text(path, "f.yaml"), "f.yaml")
    assert isinstance(node, Node) and node.entries["a"].value == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "1:1: the file is empty"),
        (b" \n\n", "1:1: the file is empty"),
        (b"a: caf\xe9\n", "1:7: the file is not UTF-8 text"),
        (b"a: 1\nb: \xff\xfe", "2:4: the file is not UTF-8 text"),
        (b"a: 1\nbc: \x07", r"2:5: the character U\+0007 is not text"),
        (b"a" * 101, "1:1: the file is larger than 100 bytes"),
    ],
)
def test_files_that_are_no_text_are_refused(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"^f.yaml:{says}"):
        read_text(path, "f.yaml", limit=100)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot read the file"):
            read_text(path, "f.yaml")

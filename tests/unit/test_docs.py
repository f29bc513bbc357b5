"""The generated pages: complete, up to date, and safe against what stands in the inputs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cea
from cea.cli import main
from cea.cli.docs import generate, stale
from cea.cli.json_schema import json_schema
from cea.cli.layer_list import available_layers
from cea.cli.new import create
from cea.loading.yaml_reader import read_yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEMPLATE = ROOT / "cea/loading/template"


@pytest.fixture(scope="module")
def model() -> cea.Model:
    return cea.load(ROOT / "inputs/cirrhosis")


@pytest.fixture(scope="module")
def pages(model: cea.Model) -> dict[str, str]:
    return {path.name: text for path, text in generate(model, DOCS).items()}


def test_the_pages_in_docs_are_up_to_date(pages: dict[str, str]) -> None:
    old = stale({DOCS / name: text for name, text in pages.items()})
    assert not old, f"run `cea docs` and commit: {', '.join(path.name for path in old)}"


def test_a_changed_or_missing_page_is_stale(tmp_path: Path) -> None:
    (tmp_path / "same.md").write_text("a\n", encoding="utf-8")
    (tmp_path / "changed.md").write_text("b\n", encoding="utf-8")
    pages = {tmp_path / name: "a\n" for name in ("same.md", "changed.md", "missing.md")}
    assert [path.name for path in stale(pages)] == ["changed.md", "missing.md"]


def test_every_parameter_stands_with_its_grade_and_source(model: cea.Model, pages: dict[str, str]) -> None:
    page = pages["parameters.md"]
    for parameter in model.parameters.values():
        [line] = [line for line in page.splitlines() if line.startswith("| ") and f"<br>`{parameter.name}`" in line][:1]
        assert f"| {parameter.source.grade} |" in line
        if parameter.source.ref:
            assert f"`{parameter.source.ref}`" in line
        if parameter.source.ref and model.sources[parameter.source.ref].url:
            assert f"[`{parameter.source.ref}`](http" in line


def test_the_grades_are_counted_for_each_jurisdiction(model: cea.Model, pages: dict[str, str]) -> None:
    england = cea.load(ROOT / "inputs/cirrhosis", layers=["england"])
    for grade in ("published", "derived", "assumption", "unverified"):
        counts = [sum(item.source.grade == grade for item in each.parameters.values()) for each in (model, england)]
        assert re.search(
            rf"^\| {grade} \| [^|]+ \| {counts[0]} \| {counts[1]} \|$", pages["parameters.md"], re.MULTILINE
        )


def test_every_formula_arrow_and_outcome_has_text_and_mathematics(model: cea.Model, pages: dict[str, str]) -> None:
    headings = re.findall(r"^### `(.+)`$", pages["equations.md"], re.MULTILINE)
    assert set(model.formulas) | set(model.outcomes) <= set(headings)
    assert pages["equations.md"].count("```math") == pages["equations.md"].count("```text") == len(headings)
    targets = {heading.partition(" -> ")[2] for heading in headings if " -> " in heading}
    assert targets == {move.target for move in model.transitions}


def test_every_layer_stands_with_what_it_changes(model: cea.Model, pages: dict[str, str]) -> None:
    sections = re.split(r"^### ", pages["scenarios.md"], flags=re.MULTILINE)[1:]
    layers = available_layers(model)
    assert len(sections) == len(layers) > 1
    for layer, section in zip(
        sorted(layers, key=lambda item: model.layer_folders.index(item.name.split("/")[0])), sections, strict=True
    ):
        assert f"`{layer.name}`" in section
        assert all(f"`{name}`" in section for name in layer.parameter_values())
        assert ("(structural)" in section) == layer.structural


def tables(page: str) -> Iterator[list[str]]:
    """The rows of each table, as lines."""
    rows: list[str] = []
    for line in [*page.splitlines(), ""]:
        if line.startswith("|"):
            rows.append(line)
        elif rows:
            yield rows
            rows = []


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    create(tmp_path / "model")
    path = tmp_path / "model/parameters/economic.yaml"
    text = path.read_text(encoding="utf-8")
    hostile = text.replace("label: Utility when sick", 'label: "<script>x</script> | a [b](javascript:c) `d` $e$"')
    assert hostile != text
    path.write_text(hostile, encoding="utf-8")
    sources = tmp_path / "model/sources.yaml"
    sources.write_text(sources.read_text(encoding="utf-8") + "  url: javascript:alert(1)\n", encoding="utf-8")
    made = generate(cea.load(tmp_path / "model"), tmp_path / "docs")
    page = made[tmp_path / "docs/parameters.md"]
    assert "&lt;script&gt;" in page and "<script" not in page
    assert r"\](javascript:c)" in page and not re.search(r"(?<!\\)\]\(javascript:", page)
    assert not [path for path in (tmp_path / "docs").glob("*")]


@pytest.mark.parametrize("name", ["parameters.md", "scenarios.md"])
def test_every_row_of_a_table_has_its_columns(pages: dict[str, str], name: str) -> None:
    found = list(tables(pages[name]))
    assert found
    for rows in found:
        columns = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(columns) == 1, rows[0]


def test_no_page_names_a_place_on_this_machine(pages: dict[str, str]) -> None:
    assert not [name for name, text in pages.items() if str(ROOT) in text or str(Path.home()) in text]


@pytest.mark.parametrize(
    "name", ["README.md", "how-to.md", "results.md", "parameters.md", "equations.md", "scenarios.md"]
)
def test_links_between_pages_lead_somewhere(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        page = DOCS / file if file else DOCS / name
        assert page.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of every fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_every_line_of_the_how_to_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "inputs/cirrhosis", tmp_path / "inputs/cirrhosis")
    monkeypatch.chdir(tmp_path)
    done = 0
    for language, text in blocks((DOCS / "how-to.md").read_text(encoding="utf-8")):
        if language == "yaml" and (file := re.match(r"# (\S+\.yaml)\n", text)):
            Path(file.group(1)).write_text(text, encoding="utf-8")
        for line in text.splitlines() if language == "sh" else ():
            program, *arguments = shlex.split(line)
            assert program == "cea"
            if arguments == ["scenarios"]:  # the same runs as `cea check` makes, and a table
                continue
            quick = ["--no-figures"] if arguments[0] == "run" else []
            assert main([*arguments, *quick]) == 0, f"{line}\n{capsys.readouterr().err}"
            done += 1
    assert done > 10


def test_the_how_to_shows_what_a_lone_state_gives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [expected] = [
        text for language, text in blocks((DOCS / "how-to.md").read_text(encoding="utf-8")) if language == "text"
    ]
    create(tmp_path / "my_model")
    path = tmp_path / "my_model/model.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("states:\n", "states:\n  severe: {label: Severely sick}\n"), encoding="utf-8")
    assert main(["check", "--inputs", str(tmp_path / "my_model")]) == 3
    said = capsys.readouterr().err.replace(f"{tmp_path.as_posix()}/", "")
    assert said.splitlines()[:2] == expected.splitlines()


def test_the_json_keys_of_a_run_are_those_documented(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / "results.md").read_text(encoding="utf-8")
    create(tmp_path / "model")
    assert main(["run", "--json", "--inputs", str(tmp_path / "model")]) == 0
    result = json.loads(capsys.readouterr().out)
    sections = (result, result["results"][0], result["pairwise"][0], result["headlines"][0], result["manifest"])
    for key in (key for section in sections for key in section):
        assert f"`{key}`" in page, key
    assert {"results", "currency", "effect_unit", "thresholds", "manifest"} <= set(result)


def test_the_files_of_a_run_folder_are_those_documented(tmp_path: Path) -> None:
    page = (DOCS / "results.md").read_text(encoding="utf-8")
    create(tmp_path / "model")
    assert main(["run", "--inputs", str(tmp_path / "model"), "--out", str(tmp_path / "out"), "--no-figures"]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names and not [name for name in names if f"`{name}`" not in page]


# The JSON Schema


def references(schema: Any) -> Iterator[str]:
    """Every `$ref` in a schema."""
    if isinstance(schema, dict):
        yield from (value for key, value in schema.items() if key == "$ref" and isinstance(value, str))
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from references(part)


def test_the_schema_is_closed_and_has_no_internal_keys() -> None:
    schema = json_schema()
    names = {reference.removeprefix("#/$defs/") for reference in references(schema)}
    assert names == set(schema["$defs"]) and "ModelShape" in names
    assert not [key for shape in schema["$defs"].values() for key in shape.get("properties", {}) if "(" in key]
    assert "in" in schema["$defs"]["OutcomeShape"]["properties"]


def test_the_schema_accepts_every_shipped_file_and_refuses_mistakes() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((DOCS / "model.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    files = sorted([*(ROOT / "inputs/cirrhosis").rglob("*.yaml"), *TEMPLATE.rglob("*.yaml")])
    assert len(files) > 10
    for path in files:
        content = read_yaml(path, path.name).plain()
        assert [error.message for error in validator.iter_errors(content)] == [], path.name
    good = {"x": {"label": "X", "unit": "1", "value": 1, "source": {"grade": "assumption", "note": "y"}}}
    assert validator.is_valid(good)
    for key, wrong in (("value", "one"), ("source", {"grade": "guess"}), ("unit", 1), ("vaule", 1)):
        assert not validator.is_valid({"x": {**good["x"], key: wrong}}), key
    assert not validator.is_valid({"label": "A layer", "structral": True})
    assert not validator.is_valid({"format": 1, "title": "No states"})

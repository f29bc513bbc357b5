"""`cea show`: what it prints is complete, fits the width, and takes nothing from the inputs for markup."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import cea
from cea.cli.new import create
from cea.cli.show import show
from cea.reports.entries import LISTS

CIRRHOSIS = Path(__file__).parents[2] / "inputs/cirrhosis"
WIDTH = 100


@pytest.fixture(scope="module")
def shipped() -> cea.Model:
    return cea.load(CIRRHOSIS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create(tmp_path / "model")
    return tmp_path / "model"


def shown(model: cea.Model, name: str, *, latex: bool = False) -> str:
    out = io.StringIO()
    show(model, name, Console(file=out, width=WIDTH), False, latex)
    return out.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


def as_json(model: cea.Model, name: str) -> Any:
    out = io.StringIO()
    show(model, name, Console(file=out, width=WIDTH), True, False)
    return json.loads(out.getvalue())


def test_a_parameter_is_shown_with_everything_about_it(folder: Path) -> None:
    model = cea.load(folder, layers=["weaker_effect"])
    text = words(shown(model, "treatment_rr"))
    for part in (
        "treatment_rr (parameter)", "Value 0.85", "lognormal(median 0.85, sdlog 0.15)", "0.6335 to 1.141",
        "Range 0.5 to 1", "Bounds at least 0", "assumption: somebody assumed it", "made up for this example",
        "layer scenarios/weaker_effect", "Used by formula onset",
    ):  # fmt: skip
        assert part in text
    assert "scenarios/weaker_effect.yaml:6" in text.replace(" ", "")
    [entry] = as_json(model, "treatment_rr")["entries"]
    assert (entry["kind"], entry["value"], entry["layer"]) == ("parameter", 0.85, "scenarios/weaker_effect")
    assert entry["used_by"] == ["formula onset"]


def test_source_and_address_stand_with_a_parameter(shipped: cea.Model) -> None:
    name, parameter = next(
        (key, item) for key, item in shipped.parameters.items() if item.source.ref and item.source.where
    )
    citation = shipped.sources[parameter.source.ref or ""]
    text = words(shown(shipped, name))
    assert words(citation.citation) in text and words(parameter.source.where or "") in text
    [entry] = as_json(shipped, name)["entries"]
    assert (entry["source"], entry["citation"], entry["url"]) == (citation.key, citation.citation, citation.url)


def test_a_formula_is_shown_as_text_and_latex_with_its_value_by_strategy(folder: Path) -> None:
    model = cea.load(folder)
    text = words(shown(model, "onset"))
    assert "if(treated, rate_onset * treatment_rr, rate_onset)" in text and r"\begin{cases}" in text
    assert "usual_care 0.08 0.08 0.08 0.08" in text and "new_treatment 0.056 0.056 0.056 0.056" in text
    assert "Used by transition healthy -> sick" in text
    latex = shown(model, "onset", latex=True)
    assert latex.startswith(r"\mathit{onset} = \begin{cases}") and latex.count("\n") == 1


def test_states_strategies_outcomes_and_sources(folder: Path) -> None:
    model = cea.load(folder)
    state = shown(model, "sick")
    assert all(part in state for part in ("healthy -> sick", "sick -> dead_all", "cost_sick", "utility_sick"))
    assert "treated = 1" in shown(model, "new_treatment")
    [outcome] = as_json(model, "treatment")["entries"]
    assert (outcome["kind"], outcome["type"], outcome["paid"]) == ("outcome", "cost", "at 0 years")
    assert {row["strategy"]: row["discounted"] for row in outcome["totals"]} == {
        "usual_care": 0,
        "new_treatment": 30000,
    }
    assert "parameters rate_onset, treatment_rr" in words(shown(model, "example_trial"))
    assert "0.85" in shown(model, "weaker_effect") and "scenarios/weaker_effect (layer)" in shown(
        model, "weaker_effect"
    )


def test_a_table_is_shown_from_both_ends(shipped: cea.Model) -> None:
    [table] = as_json(shipped, "life_table")["entries"]
    numeric = shipped.tables["life_table"].numeric
    assert [row["key"] for row in table["values"]] == list(numeric.keys)
    assert f"the last 6 of {len(numeric.keys)}" in words(shown(shipped, "life_table"))


@pytest.mark.parametrize("name", LISTS)
def test_lists_name_everything_fit_the_width_and_are_json(shipped: cea.Model, name: str) -> None:
    text = shown(shipped, name)
    assert max(len(line) for line in text.splitlines()) <= WIDTH and "\x1b" not in text
    rows = as_json(shipped, name)[name]
    assert rows
    missing = [row["name"] for row in rows if name != "equations" and row["name"] not in text]
    assert not missing


def test_the_parameters_end_with_a_count_by_grade(shipped: cea.Model) -> None:
    rows = as_json(shipped, "parameters")["parameters"]
    text = words(shown(shipped, "parameters"))
    for grade in ("published", "derived", "assumption", "unverified"):
        assert f"{sum(row['grade'] == grade for row in rows)} {grade}" in text


def test_an_unknown_name_gets_a_suggestion(shipped: cea.Model) -> None:
    with pytest.raises(cea.UsageError, match=r"nothing called 'rate_b_too_c'.*did you mean 'rate_b_to_c'"):
        shown(shipped, "rate_b_too_c")
    with pytest.raises(cea.UsageError, match="no LaTeX"):
        shown(shipped, "rate_b_to_c", latex=True)


def test_text_from_the_inputs_is_neither_markup_nor_terminal_control(folder: Path) -> None:
    path = folder / "parameters/economic.yaml"
    text = path.read_text(encoding="utf-8")
    hostile = text.replace("label: Utility when sick", 'label: "[bold red]x[/] [/nope] \\e[31m :warning:"')
    assert hostile != text
    path.write_text(hostile, encoding="utf-8")
    model = cea.load(folder)
    for name in ("utility_sick", "parameters"):
        out = shown(model, name)
        assert "\x1b" not in out
        assert "[bold red]x[/] [/nope]" in words(out) and ":warning:" in out
    [entry] = as_json(model, "utility_sick")["entries"]
    assert entry["label"] == "[bold red]x[/] [/nope] \x1b[31m :warning:"

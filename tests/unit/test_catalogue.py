"""Tables of what a model consists of, against numbers worked out by other means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.cli.new import create
from cea.formula import evaluate, parse
from cea.reports import catalogue
from cea.reports.changes import changes
from cea.reports.entries import listed
from cea.reports.equations import equations
from cea.reports.markdown import code, escape, link, math, table
from cea.reports.quantities import figure, per, quantity, span
from cea.reports.uses import uses
from cea.reports.values import course, evaluated

CIRRHOSIS = Path(__file__).parents[2] / "inputs/cirrhosis"
EXTRA = """
rate_again: {label: Same again, unit: 1/year, same_as: rate_onset, source: {grade: assumption, note: test}}
rate_twice: {label: Twice, unit: 1/year, formula: 2 * rate_onset, source: {grade: assumption, note: test}}
share_one:
  label: One
  unit: "1"
  value: 0.2
  distribution: {family: dirichlet, group: mix, alpha: 20}
  source: {grade: assumption, note: test}
share_two:
  label: Two
  unit: "1"
  value: 0.8
  distribution: {family: dirichlet, group: mix, alpha: 80}
  source: {grade: assumption, note: test}
"""
ARROWS = """transitions:
  healthy -> sick: {rate: onset, event: onset}
  alive -> dead_all: {rate: death_healthy, event: death}
  sick -> healthy: [{rate: rate_again}, {rate: rate_twice, when: treated}]

events:"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The model that `cea new` writes, with more kinds of parameters and an arrow of two entries."""
    create(tmp_path / "model")
    (tmp_path / "model/parameters/extra.yaml").write_text(EXTRA, encoding="utf-8")
    text = (tmp_path / "model/model.yaml").read_text(encoding="utf-8")
    changed, count = re.subn(r"transitions:.*?\nevents:", ARROWS, text, flags=re.DOTALL)
    assert count == 1
    (tmp_path / "model/model.yaml").write_text(changed, encoding="utf-8")
    return tmp_path / "model"


def row(frame: Any, name: str) -> dict[str, Any]:
    [found] = [item for item in catalogue.records(frame) if item["name"] == name]
    return found


def test_parameters_give_value_interval_grade_and_source(folder: Path) -> None:
    model = cea.load(folder)
    frame = catalogue.parameters(model, evaluated(model))
    onset = row(frame, "rate_onset")
    assert (onset["value"], onset["unit"]) == (0.08, "1/year")
    assert (onset["grade"], onset["source"]) == ("assumption", "example_trial")
    assert onset["citation"] == model.sources["example_trial"].citation
    # mean 0.08 and SE 0.02 make a gamma of shape 16
    expected = scipy.stats.gamma(16, scale=0.005).ppf([0.025, 0.975])
    assert (onset["interval_low"], onset["interval_high"]) == pytest.approx(tuple(expected), rel=1e-9)
    assert (onset["range_low"], onset["bound_low"], onset["bound_high"]) == (0.04, 0.0, None)
    fixed = row(frame, "death_healthy")
    assert fixed["uncertainty"] is None and fixed["interval_low"] is None


def test_parameters_that_are_not_numbers_show_the_value_the_model_uses(folder: Path) -> None:
    model = cea.load(folder, values={"rate_onset": 0.1})
    frame = catalogue.parameters(model, evaluated(model))
    again, twice = row(frame, "rate_again"), row(frame, "rate_twice")
    assert (again["value"], again["given_as"], again["definition"]) == (0.1, "same_as", "rate_onset")
    assert (twice["value"], twice["given_as"], twice["definition"]) == (0.2, "formula", "2 * rate_onset")
    assert row(frame, "rate_onset")["layer"] == "edit" and again["layer"] is None


def test_a_dirichlet_share_has_the_interval_of_its_beta(folder: Path) -> None:
    model = cea.load(folder)
    share = row(catalogue.parameters(model, evaluated(model)), "share_one")
    expected = tuple(scipy.stats.beta(20, 80).ppf([0.025, 0.975]))
    assert (share["interval_low"], share["interval_high"]) == pytest.approx(expected, rel=1e-9)


def test_a_solved_parameter_stands_with_its_solution() -> None:
    model = cea.load(CIRRHOSIS)
    frame = catalogue.parameters(model, evaluated(model))
    solved = [item for item in catalogue.records(frame) if item["given_as"] == "solved"]
    assert solved and all(item["value"] == pytest.approx(cea.run(model).solved[item["name"]]) for item in solved)


def test_every_grade_is_counted_once(folder: Path) -> None:
    model = cea.load(CIRRHOSIS)
    frame = catalogue.parameters(model, evaluated(model))
    counts = catalogue.grades(frame)
    assert list(counts["grade"]) == ["published", "derived", "assumption", "unverified"]
    assert counts["count"].sum() == len(frame) == len(model.parameters)
    for item in catalogue.records(frame):
        assert item["source"] or (item["grade"] == "assumption" and item["note"]), item["name"]


def test_uses_finds_formulas_arrows_outcomes_settings_and_other_parameters(folder: Path) -> None:
    used = uses(cea.load(folder))
    assert set(used["rate_onset"]) == {"formula onset", "parameter rate_again", "parameter rate_twice"}
    assert set(used["treated"]) == {"formula onset", "transition sick -> healthy", "outcome treatment"}
    assert set(used["discount_rate"]) == {"setting discount_costs", "setting discount_effects"}
    assert set(used["cost_treatment"]) == {"outcome treatment", "headline treatment (price)"}
    assert set(used["death_healthy"]) == {"transition healthy -> dead_all", "transition sick -> dead_all"}
    assert "death_ratio_sick" not in used


def test_uses_agrees_with_what_the_model_says_is_used() -> None:
    model = cea.load(CIRRHOSIS, layers=["england"])
    unused = [name for name in model.used if name in model.parameters and name not in uses(model)]
    assert model.used and not unused


def test_an_arrow_is_the_sum_of_its_entries_where_their_conditions_hold(folder: Path) -> None:
    model = cea.load(folder)
    arrow = row(equations(model, evaluated(model)), "sick -> healthy")
    expression = parse(arrow["text"])
    for treated, expected in ((0.0, 0.3), (1.0, 1.0)):
        values = {"rate_again": 0.3, "rate_twice": 0.7, "treated": treated}
        assert evaluate(expression, values) == pytest.approx(expected)
    assert arrow["states"] == ("sick", "healthy") and arrow["unit"] == "1/year"


def test_equal_arrows_share_a_row_and_every_equation_has_latex(folder: Path) -> None:
    model = cea.load(folder)
    rows = catalogue.records(equations(model, evaluated(model)))
    names = [item["name"] for item in rows if item["kind"] == "transition"]
    assert names == ["healthy -> sick", "alive -> dead_all", "sick -> healthy"]
    assert all(" = " in item["latex"] for item in rows)
    start = [item for item in rows if item["kind"] == "start"]
    assert [(item["name"], item["text"]) for item in start] == [("healthy", "rest")]


@pytest.mark.parametrize("layers", [[], ["england"]])
def test_equations_read_back_as_the_formulas_of_the_model(layers: list[str]) -> None:
    model = cea.load(CIRRHOSIS, layers=layers)
    frame = equations(model, evaluated(model))
    for item in catalogue.records(frame):
        if item["kind"] == "formula":
            assert parse(item["text"]) == model.formulas[item["name"]].term.expression
    outcomes = [item for item in catalogue.records(frame) if item["kind"] == "outcome"]
    paid = {(item["name"], state) for item in outcomes for state in item["states"]}
    assert paid == {(outcome.name, state) for outcome in model.outcomes.values() for state in outcome.by_state}


def test_course_gives_a_row_a_strategy_only_where_they_differ(folder: Path) -> None:
    scope = evaluated(cea.load(folder))
    onset = course(scope, "onset").set_index("strategy")
    assert onset.loc["usual_care", "first"] == 0.08 and onset.loc["new_treatment", "last"] == pytest.approx(0.08 * 0.7)
    year = course(scope, "year")
    assert list(year["strategy"]) == ["all"] and (year.loc[0, "first"], year.loc[0, "highest"]) == (0, 30)


def test_changes_of_a_layer(folder: Path) -> None:
    text = """
label: Much
source: {ref: example_trial, grade: published}
parameters:
  treatment_rr: 0.9
  cost_sick: {range: [1, 2]}
  rate_again: {value: 0.5, source: {grade: unverified, ref: example_trial, where: p. 3}}
formulas: {onset: rate_onset}
settings: {currency: EUR}
outcomes: {treatment: null}
add: {parameters: {fresh: {label: Fresh, value: 3, unit: year}}}
"""
    (folder / "scenarios/much.yaml").write_text(text, encoding="utf-8")
    layer = cea.load(folder, layers=["much"]).layers[0]
    frame = changes(cea.load(folder), layer)
    effect, again, fresh = (row(frame, name) for name in ("treatment_rr", "rate_again", "fresh"))
    assert (effect["before"], effect["after"], effect["grade"]) == ("0.7", "0.9", "published")
    assert effect["uncertainty"] == "as before, moved with the value"
    assert (again["before"], again["after"]) == ("rate_onset", "0.5 per year")
    assert (again["grade"], again["where"]) == ("unverified", "p. 3")
    assert (fresh["before"], fresh["after"]) == ("new", "3 years")
    limits = row(frame, "cost_sick")
    assert (limits["after"], limits["range"], limits["grade"]) == ("as before", "1 to 2", "assumption")
    assert row(frame, "onset")["after"] == "rate_onset" and row(frame, "outcomes.treatment")["after"] == "removed"
    assert row(frame, "settings.currency")["after"] == "EUR"
    assert len(frame) == 7


def test_lists_are_plain_values(folder: Path) -> None:
    model = cea.load(CIRRHOSIS)
    for kind in ("parameters", "equations", "sources", "states", "outcomes", "tables", "layers"):
        rows = listed(model, kind, ())
        assert bool(rows) == (kind != "layers")
        for value in (value for item in rows for value in item.values()):
            plain = isinstance(value, tuple) and all(isinstance(part, str) for part in value)
            assert plain or value is None or isinstance(value, str | bool | int | float)
            assert not isinstance(value, float) or np.isfinite(value)


@settings(max_examples=60)
@given(st.floats(-1e14, 1e14, allow_subnormal=False))
def test_figures_read_back_to_six_digits(value: float) -> None:
    assert float(figure(value).replace(",", "")) == pytest.approx(value, rel=6e-6, abs=1e-300)


def test_figures_and_quantities_read_as_people_write_them() -> None:
    assert [figure(value) for value in (12500, 0.0000332, 0, -1234567.0, 0.95, 1e-9)] == [
        "12,500", "0.0000332", "0", "-1,234,570", "0.95", "1e-09",
    ]  # fmt: skip
    words = {"1": "", "1/year": "per year", "USD/year": "USD per year", "QALY/year^2": "QALY per year^2"}
    assert {unit: per(unit) for unit in words} == words
    assert quantity(0.172, "1/year") == "0.172 per year" and quantity(0.85, "1") == "0.85"
    assert [quantity(value, "year") for value in (1, 5)] == ["1 year", "5 years"]
    spans = {(0, 1): "0 to 1", (0, None): "at least 0", (None, 2): "at most 2", (None, np.nan): ""}
    assert {ends: span(*ends) for ends in spans} == spans


@settings(max_examples=80)
@given(st.text())
def test_escaped_text_makes_no_markup(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped and ">" not in escaped and "\n" not in escaped
    assert not re.search(r"[`*_\[\]|$~]", re.sub(r"\\.", "", escaped))


def test_links_lead_to_web_addresses_only() -> None:
    assert link("A", "https://a.org/x_(1)?q=1&r=2") == "[A](https://a.org/x_%281%29?q=1&r=2)"
    assert link("A", "javascript:alert(1)") == "A (javascript:alert(1))"
    assert link("A", "https://a.org/ onclick=x") == "A (https://a.org/ onclick=x)"
    assert link("A", None) == "A"


def test_code_and_tables_and_mathematics() -> None:
    assert code("a_b") == "`a_b`" and code("a`b") == r"a\`b" and code("a|b") == r"a\|b"
    assert table(["A", "B"], [["1", "2"]]) == "| A | B |\n| --- | --- |\n| 1 | 2 |"
    assert math(["a = b"]) == "```math\na = b\n```"
    assert math(["a = b", "c = d = e"]) == "```math\n\\begin{aligned}\na &= b \\\\\nc &= d = e\n\\end{aligned}\n```"

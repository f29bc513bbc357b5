"""Structures: each is the model under its layers, decisions that turn are named, the page says what the model says."""

from __future__ import annotations

import re
from functools import cache

import pytest

import cea
from cea.analysis.solving import compare_solving
from cea.analysis.structures import (
    Alternative,
    Combination,
    Structures,
    alternatives_frame,
    combine,
    run_structures,
    solutions_frame,
    solve_over,
    turned,
    with_choices,
)
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.loading.structures_file import read_structures
from cea.reports.structure_tables import turning
from cea.reports.wording import money
from tests.models import CIRRHOSIS, ROOT, shipped

PAGE = (ROOT / "docs" / "structures.md").read_text(encoding="utf-8")


@cache
def questions() -> Structures:
    found = read_structures(CIRRHOSIS, shipped())
    assert found is not None
    return found


@cache
def alternatives() -> tuple[Alternative, ...]:
    return run_structures(shipped(), questions())


@cache
def solutions() -> tuple[Combination, ...]:
    return solve_over(shipped(), questions())


def alternative(dimension: str, choice: str) -> Alternative:
    return next(item for item in alternatives() if (item.dimension.name, item.choice.name) == (dimension, choice))


@pytest.mark.parametrize(
    "dimension, choice",
    [("effect", "structure_a"), ("natural_history", "natural_history_s3"), ("organs", "fixed_organs"),
     ("transitions", "transition_matrix_exponential"), ("correction", "correction_simpson"), ("cycle", "cycle_1_week"),
     ("horizon", "horizon_5_years"), ("waning", "waning_none")],
)  # fmt: skip
def test_a_structure_is_the_model_under_its_layer(dimension: str, choice: str):
    found = {item.headline.name: item for item in alternative(dimension, choice).scenario.headlines}
    expected = cea.headlines(cea.run(shipped(choice)))
    assert [item.headline.name for item in expected] == list(found)
    for item in expected:
        assert found[item.headline.name].pair == item.pair
        assert found[item.headline.name].limits == item.limits


def test_the_base_choice_of_every_question_is_the_base_case():
    expected = [item.pair for item in cea.headlines(cea.run(shipped()))]
    for dimension in questions().dimensions:
        assert [item.pair for item in alternative(dimension.name, "base").scenario.headlines] == expected


def test_every_choice_of_the_issue_is_a_question():
    named = {item.choice.name for item in alternatives()}
    assert named >= {
        "fixed_organs", "symptoms_only", "structure_a", "natural_history_r1", "natural_history_s1",
        "natural_history_s2", "natural_history_s3", "waning_none", "transition_matrix_exponential", "cycle_1_week",
        "cycle_1_year", "horizon_5_years", "correction_none",
    }  # fmt: skip


def test_structures_of_another_currency_are_kept_with_their_reason():
    item = alternative("organs", "transplant_c_twice_b_england")
    assert item.scenario.results is None and "GBP" in item.scenario.reason
    frame = alternatives_frame(alternatives(), 100_000.0)
    row = frame[frame["choice"] == item.choice.name].iloc[0]
    assert "GBP" in row["reason"] and row["worth_it"] is None


def test_the_decision_turns_where_the_sign_of_the_net_benefit_does():
    names = {(item.choice.name, own.headline.name) for item, own in turned(alternatives(), 100_000.0)}
    frame = alternatives_frame(alternatives(), 100_000.0)
    worth = frame[frame["worth_it"] == True]  # noqa: E712 - None is not worth it, and not the opposite
    assert names == set(zip(worth["choice"], worth["headline"], strict=True)) == {
        ("optimistic", "ineligible"), ("optimistic", "eligible")
    }  # fmt: skip
    assert "worth it under 1 of 30: Optimistic" in turning(shipped(), alternatives(), "ineligible")
    cheap = shipped().with_values({"msc_acquisition_per_infusion": 3000.0})
    turning_cheap = run_structures(cheap, Structures(questions().dimensions[:1]))
    assert "not worth it under" in turning(cheap, turning_cheap, "ineligible")


def test_each_solved_value_meets_its_target_and_is_that_of_the_layers():
    for item in solutions():
        (one,) = item.solutions
        under = with_choices(shipped(), item.choices)
        if one.target is None:
            assert one.value == under.parameters[one.parameter].value
        else:
            assert one.reached == pytest.approx(one.target, abs=1e-9)
            assert one.value == solved_values(under)[one.parameter]
    base = solutions()[0].solutions[0]
    assert base.held == base.reached


def test_held_is_what_the_number_of_the_base_gives():
    item = next(each for each in solutions() if [c.name for c in each.choices] == ["structure_a", "base"])
    base = solved_values(shipped())["msc_residual_death_hr"]
    under = shipped("structure_a").with_values({"msc_residual_death_hr": base})
    alive = cea.run(under).survival_frame().query("year == 5").set_index("strategy")["alive"]
    import numpy as np  # noqa: PLC0415

    assert item.solutions[0].held == pytest.approx(np.log(alive["msc"]) / np.log(alive["palliative"]), rel=1e-12)


def test_choices_that_set_the_same_thing_have_a_reason():
    effect, waning = questions().dimension("effect"), questions().dimension("waning")
    found = {item.name: item.reason for item in combine(shipped(), [effect, waning])}
    assert len(found) == len(effect.choices) * len(waning.choices)
    assert "different values" in found["pessimistic + waning_none"]
    assert found["structure_a + waning_none"] == ""


def test_weights_multiply_and_are_replaced_by_question():
    found = combine(shipped(), questions().dimensions, weighted=True)
    assert [item.weight for item in found] == [0.25] * 4
    changed = questions().weighted({("effect", "base"): 0.9, ("effect", "structure_a"): 0.1})
    weights = [item.weight for item in combine(shipped(), changed.dimensions, weighted=True)]
    assert weights == pytest.approx([0.45, 0.45, 0.05, 0.05])
    assert changed.dimension("effect").source is None


@pytest.mark.parametrize(
    "weights, message",
    [
        ({("effect", "base"): 0.7}, "sum to 0.7"),
        ({("effect", "base"): 1.5, ("effect", "structure_a"): -0.5}, "none below zero"),
        ({("efect", "base"): 1.0}, "did you mean 'effect'"),
        ({("effect", "structur_a"): 1.0}, "did you mean 'structure_a'"),
    ],
)
def test_bad_weights_are_refused(weights: dict[tuple[str, str], float], message: str):
    with pytest.raises(UsageError, match=message):
        questions().weighted(weights)


def test_both_ways_of_solving_are_near_each_other():
    found = compare_solving(shipped(), 2000)
    frame = found.frame().query("threshold == 100000").set_index(["headline", "way"])
    for name in ("ineligible", "eligible"):
        held, again = frame.loc[(name, "held")], frame.loc[(name, "solved again")]
        assert abs(held["nmb"] - again["nmb"]) < 500
        assert abs(held["probability_cost_effective"] - again["probability_cost_effective"]) < 0.025
    ratios = found.hazards_frame().set_index("way")
    assert ratios.loc["solved again", "median"] == pytest.approx(0.85, abs=0.01)
    assert 0 < found.kept["msc_residual_death_hr"] < 30
    assert "less than $500" in PAGE and "1 or 2 points" in PAGE


# The page


def table(after: str) -> list[list[str]]:
    """The rows of the first table after a text of the page, without heading and rule."""
    text = PAGE[PAGE.index(after) :]
    lines = text[text.index("\n|") + 1 :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_pages_table_of_decisions_is_what_the_model_gives():
    rows = {
        "base (structure B, set R2)": ("effect", "base"),
        "structure A: only the hazard of death": ("effect", "structure_a"),
        "symptoms only (co-primary)": ("effect", "symptoms_only"),
        "natural history R1 (co-primary)": ("natural_history", "natural_history_r1"),
        "natural history S3": ("natural_history", "natural_history_s3"),
        "effect never fades": ("waning", "waning_none"),
        "fixed number of organs": ("organs", "fixed_organs"),
        "matrix exponential": ("transitions", "transition_matrix_exponential"),
        "cycles of a week": ("cycle", "cycle_1_week"),
        "cycles of a year": ("cycle", "cycle_1_year"),
        "horizon of 5 years": ("horizon", "horizon_5_years"),
    }
    expected = []
    for label, where in rows.items():
        cells = [label]
        for name in ("ineligible", "eligible"):
            item = alternative(*where).scenario.headline(name)
            assert item is not None and item.pair.icer is not None
            limit = item.price_limit(100_000.0)
            assert limit is not None
            cells += [money(item.pair.icer, "USD"), "none" if limit.price is None else money(limit.price, "USD")]
        expected.append(cells)
    assert table("## What it finds")[2:] == expected


def test_the_pages_table_of_solved_values_is_what_the_model_gives():
    rows = table("### Solved parameters")
    assert rows[0] == ["", "R2", "R1", "S3", "S1", "S2"]
    frame = solutions_frame(solutions(), questions())
    names = {"structure B": "base", "structure A": "structure_a"}
    for label, *cells in rows[2:]:
        own = frame[frame["effect"] == names.get(label, label)]
        assert cells == [f"{value:.4f}" for value in own["value"]]
    held = frame.set_index(["effect", "natural_history"])["held"]
    spans = [f"{held[name].min():.3f} to {held[name].max():.3f}" for name in ("base", "structure_a")]
    assert all(re.search(span, PAGE) for span in spans), spans

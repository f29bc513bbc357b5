"""The engine's glue on a model small enough for hands: values of names, the cohort and its payoffs."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cea
from cea.engine.cohort import simulate
from cea.engine.scope import Scope
from tests.models import layer, model_of
from tests.two_states import MODEL, problem, small

STEP = math.exp(-0.2 / 4)
"""Share that lives on from one quarter to the next."""


# Names and their values


def test_names_follow_from_values_and_given_values_replace_them():
    scope = Scope(small(), {"residual": 1.0}, ("usual", "drug"))
    assert (scope.names["twin"], scope.names["double"]) == (0.2, 0.4)
    assert scope.names["treated"].ravel().tolist() == [0, 1]
    again = Scope(small(), {"residual": 1.0, "hazard": 0.3}, ("usual",))
    assert (again.names["twin"], again.names["double"]) == (0.3, 0.6)
    assert again.names["treated"] == 0  # the same for all strategies: no axis
    assert Scope(small(), {"residual": 1.0, "double": 9.0}, ("usual",)).names["double"] == 9


def test_time_runs_over_the_boundaries_of_cycles():
    scope = Scope(small(), {"residual": 1.0}, ("usual",))
    assert scope.cycles == 20
    assert scope.names["cycle"].ravel().tolist() == list(range(21))
    assert scope.names["year"].ravel().tolist() == [cycle / 4 for cycle in range(21)]


@pytest.mark.parametrize(("years", "cycles"), [(5, 20), (5.1, 21), (0.25, 1), (0.01, 1)])
def test_a_horizon_is_rounded_up_to_whole_cycles(years, cycles):
    assert Scope(small(("horizon", years)), {"residual": 1.0}, ("usual",)).cycles == cycles


@pytest.mark.parametrize(("years", "said"), [(0, "0 years is 0 cycles"), (-1, "-4 cycles"), (30000, "120000 cycles")])
def test_an_impossible_horizon_is_refused(years, said):
    with pytest.raises(cea.InputError) as error:
        cea.run(small(("horizon", years)))
    assert said in problem(error)


def test_the_horizon_is_one_number_for_all_draws():
    with pytest.raises(cea.InputError) as error:
        cea.run(small(), values={"horizon": np.array([5.0, 6.0])})
    assert problem(error) == "years differs between draws"


@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.ones(4)])
def test_draws_are_vectors_of_one_length(bad):
    with pytest.raises(ValueError, match="must have shape"):
        cea.run(small(), values={"hazard": np.full(3, 0.2), "cost_well": bad})


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("hazard / (treated - 1)", "division by zero"),
        ("hazard * ln(1 - treated)", "ln(0) has no value"),
        ("hazard * sqrt(2.5 - cycle * treated)", "sqrt(-0.5) has no value"),
    ],
)
def test_a_formula_without_a_value_says_which_where_and_why(formula, said):
    broken = model_of(MODEL.replace("hazard * residual ^ treated", formula))
    with pytest.raises(cea.InputError) as error:
        cea.run(broken)
    what = problem(error)
    cycle = 3 if "cycle" in formula else 0
    assert what.startswith("hazard_now has no value") and said in what
    assert f"(needed for well -> gone); first in strategy drug, cycle {cycle}" in what
    place = error.value.problems[0].place
    assert MODEL.splitlines()[place.line - 1].strip().startswith("hazard_now")


def test_a_value_missing_in_one_draw_names_the_draw():
    broken = small().with_layer(layer("outcomes: {doses: {value: price * hazard / (hazard - 2 * discount)}}"))
    with pytest.raises(cea.InputError) as error:
        cea.run(broken, values={"hazard": np.array([0.5, 0.25, 0.25]), "discount": 0.125})
    assert "doses, well has no value" in problem(error)
    assert "first in strategy drug, cycle 0, draw 1" in problem(error)


def test_a_condition_that_does_not_hold_needs_no_value():
    model = small().with_layer(layer("outcomes: {doses: {value: price / (cycle - 1), when: treated and cycle != 1}}"))
    assert np.isfinite(cea.run(model).outcomes.cost).all()


# The cohort


def test_survival_is_the_exponential_of_the_hazard():
    run = cea.run(small(), values={"residual": 0.5})
    cycles = np.arange(21)
    assert run.cohort.alive[0] == pytest.approx(np.exp(np.outer([-0.05, -0.025], cycles)), rel=1e-13)
    assert run.cohort.event_flow("death")[0].sum(axis=-1) == pytest.approx(1 - run.cohort.alive[0, :, -1], rel=1e-13)


def test_a_tunnel_lasts_its_time_and_leads_on():
    found = simulate(small(("share_well", 0)), {"residual": 1.0, "hazard": 0.0})
    assert found.state("healing")[0, 0].tolist() == [1, 1, *[0] * 19]
    assert found.state("well")[0, 0].tolist() == [0, 0, *[1] * 19]


def test_a_start_can_be_replaced():
    found = simulate(small(), {"residual": 1.0}, start={"healing": 0.25, "gone": 0.75})
    assert found.trace.occupancy[0, 0, 0].tolist() == [0, 0.25, 0.75]
    assert found.alive[0, 1, 4] == pytest.approx(0.25 * STEP**4, rel=1e-12)


@pytest.mark.parametrize(("share", "said"), [(1.5, "sum to 1.5"), (-0.5, "the start share of well is -0.5")])
def test_an_impossible_start_is_refused(share, said):
    with pytest.raises(cea.InputError) as error:
        cea.run(small(("share_well", share)))
    assert said in problem(error)


def test_a_start_without_rest_must_sum_to_one():
    with pytest.raises(cea.InputError) as error:
        cea.run(small().with_layer(layer("start: {well: share_well / 2, healing: share_well / 4}")))
    assert problem(error) == "the start shares sum to 0.75"


@pytest.mark.parametrize(
    ("arrow", "said"),
    [
        (
            "rate: hazard * (2 - cycle * treated)",
            "the rate well -> gone is -0.2, below zero; first in strategy drug, cycle 3",
        ),
        (
            "probability: 0.5 + treated * cycle / 4",
            "the probability well -> gone is 1.25, above one; first in strategy drug, cycle 3",
        ),
        (
            "probability: 0.1 - cycle / 20",
            "the probability well -> gone is -0.05, below zero; first in strategy usual, cycle 3",
        ),
    ],
)
def test_an_impossible_arrow_says_strategy_and_cycle(arrow, said):
    with pytest.raises(cea.InputError) as error:
        cea.run(model_of(MODEL.replace("rate: hazard_now", arrow)).with_values({"residual": 1.0}))
    first = error.value.problems[0]
    assert first.what == said
    assert (
        first.place.line == MODEL.splitlines().index(next(line for line in MODEL.splitlines() if "-> gone" in line)) + 1
    )
    assert "correct the formula or its inputs" in first.remedy


def test_an_impossible_arrow_says_the_draw():
    with pytest.raises(cea.InputError) as error:
        cea.run(small(), values={"residual": 1.0, "hazard": np.array([0.1, 0.2, -0.1])})
    assert error.value.problems[0].what.endswith("first in strategy usual, cycle 0, draw 2")


def test_exits_that_sum_to_more_than_one_are_refused():
    text = MODEL.replace(
        "well, healing -> gone: {rate: hazard_now, event: death}",
        "well -> gone: {probability: 0.6, event: death}\n  well -> healing: {probability: 0.3 * (1 + treated)}",
    )
    with pytest.raises(cea.InputError) as error:
        cea.run(model_of(text), values={"residual": 1.0})
    assert problem(error) == "the probabilities of leaving well sum to 1.2, above one; first in strategy drug, cycle 0"


# Payoffs


def lines(model: cea.Model, **values: float) -> dict[str, np.ndarray]:
    run = cea.run(model, values={"residual": 1.0, **values})
    return {name: line.discounted[0] for name, line in run.lines.items()}


def test_payoffs_by_hand():
    found = lines(small())
    weight = np.full(20, 0.25)  # `start` counts the start of each cycle
    alive = STEP ** np.arange(20)
    assert found["care"] == pytest.approx([100 * weight @ alive] * 2, rel=1e-12)
    assert found["qaly"] == pytest.approx([weight @ alive] * 2, rel=1e-12)
    assert found["lost_work"] == pytest.approx([100 * weight @ (1 - alive)] * 2, rel=1e-12)
    assert found["visit"] == pytest.approx([8 * (1 + STEP**2)] * 2, rel=1e-12)
    assert found["funeral"] == pytest.approx([8 * (1 - STEP**20)] * 2, rel=1e-12)
    assert found["doses"] == pytest.approx([0, 8 * (1 + STEP**2)], rel=1e-12)


def test_a_flow_is_discounted_at_the_end_of_its_cycle_and_a_time_at_its_own():
    found = lines(small(("discount", 0.1)))
    quarters = np.arange(1, 21)
    deaths = STEP ** (quarters - 1) - STEP**quarters
    assert found["funeral"] == pytest.approx([8 * deaths @ 1.1 ** (-quarters / 4)] * 2, rel=1e-12)
    assert found["doses"][1] == pytest.approx(8 * (1 + STEP**2 * 1.1**-0.5), rel=1e-12)
    assert found["qaly"] == pytest.approx(lines(small())["qaly"])  # effects have a rate of their own, zero


def test_a_payoff_on_an_event_has_its_value_at_the_end_of_the_cycle():
    dearer = small().with_layer(layer("outcomes: {funeral: {value: price * year / one_year}}"))
    quarters = np.arange(1, 21)
    deaths = STEP ** (quarters - 1) - STEP**quarters
    assert lines(dearer)["funeral"] == pytest.approx([8 * deaths @ (quarters / 4)] * 2, rel=1e-12)


def test_each_course_is_paid_and_its_effect_renewed():
    found = lines(small(("course_count", 3)))
    dosed = STEP ** np.array([0, 2, 8, 10, 16, 18])
    assert found["dose_count"] == pytest.approx([0, dosed.sum()], rel=1e-12)
    assert found["doses"] == pytest.approx([0, 8 * dosed.sum()], rel=1e-12)
    full = np.array([1.0] * 4 + [0.5] * 4 + [1.0] * 4 + [0.5] * 4 + [1.0] * 4)
    assert found["fade"] == pytest.approx([0.25 * full @ STEP ** np.arange(20)] * 2, rel=1e-12)
    assert lines(small(("course_count", 9)))["dose_count"] == pytest.approx(
        found["dose_count"]
    )  # the horizon ends them


def test_courses_between_cycles_would_not_be_paid_and_are_refused():
    for edits, said in (
        ((("course_count", 2), ("repeat_years", 1.1)), "every 1.1 years is every 4.4 cycles"),
        ((("course_count", 1.5),), "1.5 is not a number of courses"),
        ((("course_count", 0),), "0 is not a number of courses"),
        ((("course_count", 2), ("repeat_years", 0.5)), "with a payment at 0.5 to come"),
    ):
        with pytest.raises(cea.InputError) as error:
            cea.run(small(*edits))
        assert said in problem(error)
    cea.run(small(("repeat_years", 1.1)))  # no second course, so the time to it is idle


def test_a_sum_that_a_number_cannot_hold_is_refused():
    with pytest.raises(cea.InputError) as error:
        cea.run(small(("price", 1e300)), values={"residual": 1.0})
    assert "too much to be added up" in problem(error)

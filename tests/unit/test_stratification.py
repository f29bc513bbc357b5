"""Test and treat: the effect that is preserved, mixtures in closed form, and what a test may cost."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.analysis.responders import Marker, responders
from cea.analysis.stratification import Arms, Stratification, stratify
from cea.engine.cohort import simulate
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.loading.subgroups_file import read_subgroups
from cea.model.definition import Source
from tests.models import CIRRHOSIS, QUICK, shipped

MARKER = Marker(
    label="A test", sensitivity=0.8, specificity=0.7, costs={"USD": 300.0}, prevalence=0.4,
    prevalences=(0.05, 0.4, 1.0), parameter="msc_efficacy_multiplier", without_effect=0.0,
    strategies=("msc", "palliative"), years=5.0, source=Source("assumption", note="a test"),
)  # fmt: skip
PAIR = ("msc", "palliative")


def found(**changes: object) -> Stratification:
    (item,) = stratify(shipped(), replace(MARKER, **changes), pair=PAIR)
    return item


def alive(model: cea.Model, strategy: str, **values: float) -> float:
    return float(simulate(model, {**solved_values(model), **values}, (strategy,), 60).alive[0, 0, -1])


@settings(QUICK, max_examples=6)
@given(st.floats(0.25, 1.0))
def test_the_mixture_keeps_the_hazard_ratio_of_the_model(prevalence):
    model = shipped()
    item = responders(model, MARKER, prevalence)
    untreated = alive(model, "palliative")
    responding, other = (alive(model, "msc", msc_efficacy_multiplier=value) for value in (item.multiplier, 0.0))
    mixture = log(prevalence * responding + (1 - prevalence) * other) / log(untreated)
    assert mixture == pytest.approx(0.85, abs=1e-9)  # the target that the model is solved for
    assert item.average == pytest.approx(0.85, abs=1e-9)
    assert item.own == pytest.approx(log(responding) / log(untreated))
    assert item.multiplier >= 1 and item.own <= 0.85 + 1e-9


def test_where_all_respond_everybody_has_the_average_effect():
    item = found(prevalence=1.0)
    assert item.responders.multiplier == 1.0
    assert item.choices(item.arms, 1.0).cost[0, 1] == pytest.approx(item.own.cost[0, 0])
    assert item.choices(item.arms, 1.0).effect[0, 1] == pytest.approx(item.own.effect[0, 0])


def test_no_effect_is_large_enough_for_too_few_responders():
    assert responders(shipped(), MARKER, 0.05).multiplier is None
    with pytest.raises(UsageError, match="choose a higher prevalence"):
        stratify(shipped(), replace(MARKER, prevalence=0.05))
    frame = found().prevalence_frame(100_000.0).set_index("prevalence")
    assert np.isnan(frame.loc[0.05, "multiplier"]) and np.isnan(frame.loc[0.05, "test_value"])


def test_tests_at_the_corners_are_the_choices_without_one():
    """A test that is always positive treats all, one that never is treats none, a perfect one treats responders."""
    for sensitivity, specificity, treated in ((1.0, 0.0, "all"), (0.0, 1.0, "none"), (1.0, 1.0, "responders")):
        item = found(sensitivity=sensitivity, specificity=specificity)
        arms, share = item.arms, item.marker.prevalence
        weights = {
            "all": (0.0, share, 1 - share), "none": (1.0, 0.0, 0.0), "responders": (1 - share, share, 0.0),
        }[treated]  # fmt: skip
        made = item.choices(arms, share)
        assert made.cost[0, 2] == pytest.approx(float(arms.cost[0] @ weights) + 300.0)
        assert made.effect[0, 2] == pytest.approx(float(arms.effect[0] @ weights))
        if treated != "responders":
            at = ("none", "all").index(treated)
            assert made.cost[0, 2] == pytest.approx(made.cost[0, at] + 300.0)


def test_the_arms_are_runs_of_the_model():
    item = found()
    model = shipped()
    for at, value in ((1, item.responders.multiplier), (2, 0.0)):
        run = cea.run(model, values={"msc_efficacy_multiplier": value}).outcomes
        assert item.arms.cost[0, at] == pytest.approx(run.cost[0, run.strategies.index("msc")])
        assert item.arms.effect[0, 0] == pytest.approx(run.effect[0, run.strategies.index("palliative")])


@given(
    cost=st.lists(st.floats(0, 1e5), min_size=3, max_size=3),
    effect=st.lists(st.floats(0, 5), min_size=3, max_size=3),
    share=st.floats(0.01, 1),
    accuracy=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_what_a_test_may_cost_makes_its_choice_as_good_as_the_best_other(cost, effect, share, accuracy):
    arms = Arms(np.array([cost]), np.array([effect]))
    item = replace(
        found_once(), marker=replace(MARKER, sensitivity=accuracy[0], specificity=accuracy[1], prevalence=share)
    )
    value = item.test_value(20_000.0, arms, share)
    benefit = item.choices(arms, share, value).benefit(20_000.0)[0]
    assert benefit[2] == pytest.approx(max(benefit[:2]), abs=1e-6)
    perfect = item.test_value(20_000.0, arms, share, (1.0, 1.0))
    gains = arms.benefit(20_000.0)[0]
    # A perfect test is worth most where treatment is right for responders alone.
    if gains[1] >= gains[0] >= gains[2]:
        assert perfect >= value - 1e-6 and perfect >= -1e-6


_KEPT: list[Stratification] = []


def found_once() -> Stratification:
    """One result for all examples."""
    if not _KEPT:
        _KEPT.append(found())
    return _KEPT[0]


def test_the_highest_price_of_the_treatment_is_where_it_is_as_good_as_none():
    item = found()
    prices = item.treatment_price(150_000.0)
    assert prices["test"] > prices["all"] > 0
    for name, at in (("all", 1), ("test", 2)):
        model = shipped().with_values({"msc_acquisition_per_infusion": prices[name]})
        (again,) = stratify(model, MARKER, pair=PAIR)
        benefit = again.choices(again.arms, 0.4).benefit(150_000.0)[0]
        assert benefit[at] == pytest.approx(benefit[0], abs=1e-5)


def test_draws_have_all_three_arms_and_probabilities_sum_to_one():
    model = shipped()
    draws = cea.sample(model, 150, 2)
    both = stratify(model, MARKER, draws)
    assert [item.comparison.name for item in both] == ["ineligible", "eligible"]
    for item in both:
        frame = item.frame([50_000.0, 100_000.0])
        assert frame.groupby("threshold")["probability_best"].sum().tolist() == pytest.approx([1.0, 1.0])
        assert (frame[frame["choice"] == "none"]["nmb"] == 0).all()
        solved = solved_values(model)
        changed = model.with_values({**solved, "msc_efficacy_multiplier": item.responders.multiplier})
        outcomes = cea.run(changed, draws).outcomes
        sides = (item.comparison.strategy, item.comparison.comparator)
        own, other = (outcomes.strategies.index(name) for name in sides)
        assert (item.drawn.cost[:, 1] == outcomes.cost[:, own]).all()
        assert (item.drawn.effect[:, 0] == outcomes.effect[:, other]).all()


def test_the_shipped_marker_works_in_both_jurisdictions():
    for layers in ((), ("england",)):
        model = shipped(*layers)
        _, marker = read_subgroups(CIRRHOSIS, model)
        both = stratify(model, marker)
        assert both[0].responders.multiplier == both[1].responders.multiplier > 1
        grid = both[0].accuracy_frame(model.threshold, np.array([0.5, 1.0]), np.array([0.5, 1.0]))
        values = grid.set_index(["sensitivity", "specificity"])["test_value"]
        # Those without an effect only cost, so that to leave them out is always worth something.
        assert all(values[sensitivity, 1.0] > values[sensitivity, 0.5] for sensitivity in (0.5, 1.0))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"costs": {"GBP": 1.0}}, "no cost in USD"),
        ({"years": 0.01}, "no whole number of cycles"),
        ({"parameter": "rate_b_to_c", "without_effect": 0.1}, "palliative depends on rate_b_to_c"),
        ({"without_effect": 1.0}, "effect that can be larger or absent"),
    ],
)
def test_markers_that_mean_nothing_are_refused(changes, words):
    with pytest.raises(UsageError, match=words):
        found(**changes)


def test_a_drawn_parameter_and_a_pair_without_the_treatment_are_refused():
    model = shipped()
    with pytest.raises(UsageError, match="efficacy is drawn itself"):
        stratify(model, replace(MARKER, parameter="efficacy"), cea.sample(model, 10))
    with pytest.raises(UsageError, match="no comparison depends"):
        stratify(model, MARKER, pair=("transplant", "palliative"))

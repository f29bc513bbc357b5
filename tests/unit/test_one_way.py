"""One-way analysis: against closed forms, and on the shipped model against runs one by one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy.stats import norm

import cea
from cea.analysis.deterministic import asked_span, comparisons, evaluate
from cea.analysis.one_way import Bar, OneWay, one_way
from cea.errors import UsageError
from tests.linear_model import PARAMETERS, STRUCTURE, THRESHOLD, edited, linear_model
from tests.models import model_of, shipped
from tests.two_states import MODEL as TWO_STATES

Z = norm.ppf(0.975)
BASE = THRESHOLD * 0.3 - 240


def analysis(model: cea.Model, **options: bool) -> OneWay:
    """The one-way analysis of the first headline."""
    return one_way(model, **options)[0]


def bar(found: OneWay, name: str) -> Bar:
    """The bar of an input."""
    return next(item for item in found.bars if item.input.name == name)


@cache
def of_shipped() -> tuple[OneWay, ...]:
    """The shipped model's analysis of both headlines."""
    return one_way(shipped())


def test_ends_are_the_range_and_results_the_closed_form():
    found = analysis(linear_model())
    assert found.base.nmb == pytest.approx(BASE)
    price, lasting = bar(found, "price"), bar(found, "lasting")
    assert (price.input.low, price.input.high, price.input.origin) == ({"price": 0.0}, {"price": 1000.0}, "range")
    assert (price.low.cost, price.high.cost) == pytest.approx((0, 1000))
    assert (price.low.nmb, price.high.nmb) == pytest.approx((300, -700))
    assert (lasting.low.effect, lasting.high.effect) == pytest.approx((0.15, 0.6))
    assert found.swing(lasting) == pytest.approx(0.45 * THRESHOLD)


def test_a_distribution_gives_its_interval_and_moves_its_group_to_the_conditional_median():
    found = analysis(linear_model())
    moved = bar(found, "gain_x").input
    assert moved.low == pytest.approx({"gain_x": 0.1 - 0.02 * Z, "gain_y": 0.2 - 0.5 * 0.05 * Z})
    assert moved.high == pytest.approx({"gain_x": 0.1 + 0.02 * Z, "gain_y": 0.2 + 0.5 * 0.05 * Z})
    assert bar(found, "gain_y").high.nmb == pytest.approx(BASE + THRESHOLD * Z * (0.05 + 0.5 * 0.02))
    assert "conditional median" in moved.note


def test_alone_every_parameter_moves_by_itself():
    found = analysis(linear_model(), together=False)
    assert bar(found, "gain_x").input.high == pytest.approx({"gain_x": 0.1 + 0.02 * Z})
    assert bar(found, "utility_a").input.high == pytest.approx({"utility_a": 0.395})
    assert bar(found, "share_a").input.note == ""


def test_a_range_off_the_interval_moves_the_group_by_its_own_score():
    distribution = "distribution: {family: normal, mean: 0.1, sd: 0.02}"
    ranged = edited(distribution, f"{distribution}\n  range: [0.1, 0.16]")
    moved = bar(analysis(ranged), "gain_x").input
    assert moved.low == pytest.approx({"gain_x": 0.1, "gain_y": 0.2})
    assert moved.high == pytest.approx({"gain_x": 0.16, "gain_y": 0.2 + 0.5 * 3 * 0.05})


def test_shared_draws_are_one_input_and_the_same_parameters_follow():
    shared = bar(analysis(linear_model()), "utility").input
    assert shared.low == pytest.approx({"utility_a": 0.205, "utility_b": 0.1})
    assert shared.high == pytest.approx({"utility_a": 0.395, "utility_b": 0.3})
    care = "care_b: {label: Care B, value: 20,"
    found = one_way(edited(care, f"{care} range: [20, 60],"), ("drug_only", "usual"))[0]
    assert bar(found, "care_b").input.note == "care_c is the same"
    outcomes = evaluate(edited(care, f"{care} range: [20, 60],"), [bar(found, "care_b").input.high])
    assert outcomes.cost[0, 0] == pytest.approx(0.5 * 10 + 0.3 * 60 + 0.2 * 60)


def test_shares_of_a_group_keep_their_proportions():
    moved = bar(analysis(linear_model()), "share_a").input
    for case in (moved.low, moved.high):
        assert sum(case.values()) == pytest.approx(1)
        assert case["share_b"] / case["share_c"] == pytest.approx(1.5)


def test_what_cannot_be_moved_is_listed_with_the_reason():
    surgery = "range: [400, 700]"
    reasons = {item.name: item.reason for item in analysis(edited(surgery, "range: [500, 500]")).skipped}
    assert reasons["extra"] == "no range in the evidence"
    assert reasons["surgery"] == "its range is one value"
    assert not {"care_c", "gain", "price"} & set(reasons)


def test_decisions_that_turn_are_marked():
    found = analysis(linear_model())
    price, surgery = bar(found, "price"), bar(edited_surgery(), "surgery")
    assert (price.flips, price.flips_best, price.best_low, price.best_high) == (True, True, "drug_only", "usual")
    assert price.input.decision and "a decision" in price.input.note
    # Cheap surgery does nothing to the drug against usual care, but becomes part of the best of all.
    assert (surgery.flips, surgery.flips_best, surgery.best_low, found.best) == (False, True, "both", "drug_only")
    row = edited_surgery().frame().set_index("input").loc["surgery"]
    assert row["flips_decision"] and not row["flips_pair"] and row["swing"] == 0


def edited_surgery() -> OneWay:
    """Surgery that may be cheap enough."""
    return analysis(edited("range: [400, 700]", "range: [200, 700]"))


def test_what_does_not_matter_has_no_swing():
    found = analysis(linear_model())
    hazard = bar(found, "hazard")
    assert found.swing(hazard) == 0.0 and hazard.low == hazard.high == found.base
    assert not (hazard.flips or hazard.flips_best)


def test_an_end_without_a_result_is_left_out_with_the_reason():
    negative = edited("range: [0, 0.2]", "range: [-0.1, 0.2]")
    found = analysis(negative)
    reasons = {item.name: item.reason for item in found.skipped}
    assert "hazard" not in {item.input.name for item in found.bars}
    assert reasons["hazard"].startswith("no result:") and "below zero" in reasons["hazard"]
    assert bar(found, "price").high.nmb == pytest.approx(-700)


def test_the_frame_is_sorted_by_the_swing_of_its_measure():
    found = analysis(linear_model())
    for measure, first in (("nmb", "price"), ("cost", "price"), ("effect", "lasting")):
        frame = found.frame(measure)
        assert frame["input"].iloc[0] == first
        assert frame["swing"].is_monotonic_decreasing
    assert found.frame("effect")["base"].unique() == pytest.approx([0.3])


def test_the_order_of_parameters_does_not_matter():
    first, mark, rest = PARAMETERS.partition("utility_a:\n")
    turned = analysis(linear_model(mark + rest + first)).frame()
    frame = analysis(linear_model()).frame()
    assert turned["input"].tolist() == frame["input"].tolist()
    numbers = frame.select_dtypes("number").columns
    np.testing.assert_allclose(turned[numbers], frame[numbers], rtol=0, atol=1e-9)


def test_a_group_of_draws_alone_moves_by_the_correlation_of_its_ranks():
    rows = [(0.1 + 0.001 * step, 0.2 - 0.002 * step) for step in range(-50, 51)]
    draws = "gain_x,gain_y\n" + "".join(f"{x:.6f},{y:.6f}\n" for x, y in rows)
    fixed = PARAMETERS
    for deviation in ("mean: 0.1, sd: 0.02", "mean: 0.2, sd: 0.05"):
        fixed = fixed.replace(f"  distribution: {{family: normal, {deviation}}}\n", "")
    model = linear_model(fixed, STRUCTURE.replace("correlation: correlation.csv", "draws: draws.csv"), draws)
    moved = bar(analysis(model), "gain_x").input
    # Draws of which one is the other turned round move against each other by the same rank.
    assert moved.low == pytest.approx({"gain_x": 0.1 - 0.048, "gain_y": 0.2 + 0.096}, abs=0.0021)
    assert moved.high == pytest.approx({"gain_x": 0.1 + 0.048, "gain_y": 0.2 - 0.096}, abs=0.0021)
    assert moved.origin == "95 % interval"


@given(share=st.floats(0, 1), name=st.sampled_from(["price", "lasting", "gain_x"]))
@examples(max_examples=20)
def test_bounds_bracket_every_value_between_them(share: float, name: str):
    model = linear_model()
    found = bar(analysis(model), name)
    case = {key: low + share * (found.input.high[key] - low) for key, low in found.input.low.items()}
    outcomes = evaluate(model, [case])
    inside = THRESHOLD * np.diff(outcomes.effect[0, :2]) - np.diff(outcomes.cost[0, :2])
    ends = found.ends("nmb")
    assert min(ends) - 1e-9 <= inside[0] <= max(ends) + 1e-9


@given(widths=st.tuples(st.floats(0.1, 1), st.floats(0.1, 1)))
@examples(max_examples=10)
def test_a_wider_range_never_has_a_smaller_swing(widths: tuple[float, float]):
    swings = []
    for width in sorted(widths):
        found = analysis(edited("range: [0.5, 2]", f"range: [{1 - width / 2}, {1 + width}]"))
        swings.append(found.swing(bar(found, "lasting")))
    assert swings[0] <= swings[1] + 1e-9


def test_every_end_on_the_shipped_model_is_a_run_of_its_own():
    model, found = shipped(), of_shipped()
    for item in found[0].bars:
        if item.input.name == "msc_target_hr":  # solved again, see below
            continue
        for side, case in enumerate((item.input.low, item.input.high)):
            outcomes = cea.run(model, values=dict(case)).outcomes
            for each in found:
                end = (bar(each, item.input.name).low, bar(each, item.input.name).high)[side]
                at = [
                    outcomes.strategies.index(name) for name in (each.comparison.comparator, each.comparison.strategy)
                ]
                effect, cost = (float(np.diff(values[0, at])[0]) for values in (outcomes.effect, outcomes.cost))
                assert (end.effect, end.cost) == pytest.approx((effect, cost), rel=1e-9, abs=1e-7), item.input.name


def test_a_target_is_solved_again_and_other_inputs_are_not():
    model = shipped()
    item = bar(of_shipped()[1], "msc_target_hr")
    again = cea.run(model.with_values({"msc_target_hr": 0.57}))
    pair = next(pair for pair in cea.incremental(again, "transplant").pairs if pair.strategy == "msc_bridge")
    assert (item.low.cost, item.low.effect) == pytest.approx((pair.cost, pair.effect), rel=1e-9)
    assert again.solved != cea.run(model).solved
    assert "msc_residual_death_hr is solved again" in item.input.note


def test_the_shipped_model_moves_what_the_evidence_has():
    found = of_shipped()[0]
    names = {item.input.name for item in found.bars}
    assert {"msc_acquisition_per_infusion", "start_age", "msc_target_hr", "rate_c_to_b"} <= names
    assert {"msc_improve_one_class", "msc_worsening_rr"} <= {item.name for item in found.skipped}
    group = bar(found, "rate_c_to_b").input
    assert group.high["rate_c_to_b"] == 1.488
    score = np.log(1.488 / 0.767) / 0.346
    assert group.high["excess_death_c"] == pytest.approx(0.93 * np.exp(0.69 * score * 0.182), rel=1e-6)


def test_cases_with_other_horizons_and_computed_parameters_keep_their_own_values():
    model = model_of(TWO_STATES)
    cases: list[dict[str, float]] = [
        {"horizon": 2.0}, {"horizon": 8.0, "price": 5.0}, {}, {"twin": 0.5}, {"hazard": 0.4}, {"double": 0.1},
        {"target_ratio": 0.5},
    ]  # fmt: skip
    outcomes = evaluate(model, cases)
    for row, case in enumerate(cases):
        alone = cea.run(model.with_values(case) if "target_ratio" in case else model,
                        values={} if "target_ratio" in case else case).outcomes  # fmt: skip
        np.testing.assert_allclose(outcomes.cost[row], alone.cost[0], rtol=1e-12)
        np.testing.assert_allclose(outcomes.effect[row], alone.effect[0], rtol=1e-12)


def test_progress_is_told():
    told: list[tuple[int, int]] = []
    one_way(linear_model(), progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 16 and [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("drug", "usual"), "did you mean"),
        (("usual", "usual"), "with itself"),
    ],
)
def test_pairs_that_are_not_there_are_refused(pair: tuple[str, str], words: str):
    with pytest.raises(UsageError, match=words):
        comparisons(linear_model(), pair)


def test_a_model_without_headlines_asks_for_a_pair():
    with pytest.raises(UsageError, match="name a pair"):
        one_way(model_of(TWO_STATES))
    assert one_way(model_of(TWO_STATES), ("drug", "usual"))[0].bars == ()


@pytest.mark.parametrize(
    ("name", "given_", "words"),
    [
        ("prise", None, "did you mean 'price'"),
        ("extra", None, "no range in the evidence"),
        ("price", (2.0, 2.0), "is empty"),
        ("dose", (0.0, 5.0), "outside its bounds: 0 to 4"),
    ],
)
def test_spans_that_are_not_possible_are_refused(name: str, given_: tuple[float, float] | None, words: str):
    with pytest.raises(UsageError, match=words):
        asked_span(linear_model(), name, given_)


def test_spans_come_from_the_evidence_first_and_bounds_last():
    model = linear_model()
    assert asked_span(model, "price").origin == "range"
    assert asked_span(model, "gain_x").origin == "95 % interval"
    assert asked_span(model, "dose") == type(asked_span(model, "dose"))(0, 4, "bounds")
    assert asked_span(model, "extra", (0.1, 0.2)).origin == "given"

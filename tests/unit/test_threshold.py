"""Highest prices, their distribution, threshold values and the price-durability frontier."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import cea
from cea.analysis.price import (
    FRONTIER,
    HighestPrice,
    distributions_frame,
    highest_prices,
    price_distribution,
    price_distributions,
    prices_frame,
)
from cea.analysis.threshold import ThresholdValue, durability_frontier, threshold_value
from cea.engine.outcomes import Outcomes
from cea.errors import UsageError
from tests.linear_model import STRUCTURE, THRESHOLD, edited, linear_model
from tests.models import shipped

GAIN = 0.3
PRICE = "msc_acquisition_per_infusion"


def value(name: str, model: cea.Model | None = None, **options: float) -> ThresholdValue:
    """The threshold value of the one headline."""
    return threshold_value(model or linear_model(), name, **options)[0]  # type: ignore[arg-type]


@cache
def prices_of_shipped(*layers: str) -> tuple[HighestPrice, ...]:
    """The shipped model's highest prices."""
    return highest_prices(shipped(*layers))


def test_the_highest_price_is_the_gain_times_the_threshold():
    found = {(item.comparator, item.threshold): item for item in highest_prices(linear_model())}
    assert {key[0] for key in found} == {"usual", "surgery_only", FRONTIER}
    for threshold in (500.0, 1000.0, 2000.0):
        assert found["usual", threshold].price == pytest.approx(threshold * GAIN)
        surgery = threshold * 0.3 - 500
        assert found["surgery_only", threshold].price == pytest.approx(threshold * GAIN - surgery)
        # Both is the better choice where surgery is worth it, at any price of the drug.
        best = None if surgery > 0 else pytest.approx(threshold * GAIN - max(surgery, 0))
        assert found[FRONTIER, threshold].price == best


def test_no_price_and_any_price_are_told_apart():
    harmful = edited("value: 0.2\n  unit: QALY/year\n  distribution: {family: normal, mean: 0.2", "value: -0.2\n"
                     "  unit: QALY/year\n  distribution: {family: normal, mean: -0.2")  # fmt: skip
    assert all(item.price is None for item in highest_prices(harmful) if item.comparator == "usual")
    free = linear_model(structure=STRUCTURE.replace("value: price, when: drug", "value: 0 * price, when: drug"))
    assert all(item.price == math.inf for item in highest_prices(free) if item.comparator == "usual")
    frame = prices_frame(highest_prices(harmful))
    assert frame.loc[frame["comparator"] == "usual", "highest_price"].isna().all()


@pytest.mark.parametrize("layers", [(), ("england",)])
def test_threshold_prices_put_back_give_the_threshold_as_icer(layers: tuple[str, ...]):
    model = shipped(*layers)
    found = [item for item in prices_of_shipped(*layers) if item.price is not None and item.comparator != FRONTIER]
    headlines = {item.strategy: item.comparator for item in model.headlines.values()}
    assert {item.strategy for item in found if item.comparator == headlines[item.strategy]} == {"msc", "msc_bridge"}
    for item in found:
        assert item.price is not None
        pairs = cea.incremental(cea.run(model.with_values({PRICE: item.price})), item.comparator).pairs
        pair = next(pair for pair in pairs if pair.strategy == item.strategy)
        assert pair.cost / pair.effect == pytest.approx(item.threshold, rel=1e-9)


def test_on_the_frontier_the_strategy_is_the_best_of_all_up_to_the_price_and_not_beyond():
    found = [item for item in prices_of_shipped() if item.comparator == FRONTIER]
    assert any(item.price is not None for item in found) and any(item.price is None for item in found)
    for item in found:
        for price in (0.0, 1000.0, 1e5) if item.price is None else (item.price - 0.01, item.price + 0.01):
            best = cea.incremental(cea.run(shipped(), values={PRICE: price})).best(item.threshold)
            assert (best == item.strategy) == (item.price is not None and price < item.price)


def test_prices_rise_with_the_threshold_against_a_less_effective_comparator():
    found = [
        item for item in prices_of_shipped("england") if item.comparator == "palliative" and item.price is not None
    ]
    for one, other in pairwise(found):
        assert one.strategy != other.strategy or one.price < other.price  # type: ignore[operator]


def test_a_severity_weight_is_shown_where_the_model_has_a_rule():
    assert all(item.weighted is None for item in prices_of_shipped())
    assert any(item.weighted is not None for item in prices_of_shipped("england"))


def test_costs_that_bend_with_the_price_are_refused():
    bent = linear_model(
        structure=STRUCTURE.replace("value: price, when: drug", "value: price * price / surgery, when: drug")
    )
    with pytest.raises(UsageError, match="not linear in price"):
        highest_prices(bent)
    with pytest.raises(UsageError, match="names a `price`"):
        highest_prices(linear_model(structure=STRUCTURE.replace(", price: price}", "}")))


def drawn_outcomes(effect: list[float], cost: list[float], price: float) -> tuple[Outcomes, Outcomes]:
    """Draws of a drug against nothing, at a price of zero and at `price`."""
    gained = np.column_stack([np.zeros(len(effect)), effect])
    spent = np.column_stack([np.zeros(len(cost)), cost])
    made = [
        Outcomes(
            ("usual", "drug"), ("Usual", "Drug"), spent + np.array([0.0, at]), gained, "EUR", "QALY", (1000.0,), 1000.0
        )
        for at in (0.0, price)
    ]
    return made[0], made[1]


def test_the_distribution_of_the_price_is_exact_in_every_draw():
    found = price_distribution(*drawn_outcomes([0.3, 0.1, -0.1, 0.5], [100, 200, 0, 0], 50.0), 50.0, "drug", "usual")
    np.testing.assert_allclose(found.highest, [200, np.nan, np.nan, 500])
    assert found.none == 0.5
    assert [found.quantile(level) for level in (0.25, 0.5, 0.75, 0.99)] == pytest.approx([None, None, 200, 500])
    assert [found.probability(price) for price in (0, 200, 201, 501)] == [0.5, 0.5, 0.25, 0.0]
    assert found.frame([0, 300])["probability"].tolist() == [0.5, 0.25]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-500, 500)), min_size=1, max_size=20), st.floats(1, 1e4))
@examples(max_examples=40)
def test_at_the_highest_price_the_net_benefit_is_zero(rows: list[tuple[float, float]], price: float):
    effect, cost = ([row[side] for row in rows] for side in (0, 1))
    found = price_distribution(*drawn_outcomes(effect, cost, price), price, "drug", "usual", 1000.0)
    for highest, gained, spent in zip(found.highest, effect, cost, strict=True):
        if math.isnan(highest):
            assert 1000 * gained - spent < 1e-9
        else:
            assert 1000 * gained - spent - highest == pytest.approx(0, abs=1e-6)


def test_draws_of_the_shipped_model_turn_at_their_highest_price():
    model = shipped()
    draws = cea.sample(model, 64, seed=3)
    found = price_distributions(model, draws, thresholds=[100_000])
    assert [(item.headline, item.comparator) for item in found] == [
        ("ineligible", "palliative"), ("ineligible", FRONTIER), ("eligible", "transplant"), ("eligible", FRONTIER),
    ]  # fmt: skip
    first = found[0]
    assert 0 < first.none < 1
    row = int(np.flatnonzero(~np.isnan(first.highest))[0])
    put_back = cea.run(model.with_values({PRICE: float(first.highest[row])}), draws).outcomes
    benefit = put_back.net_monetary_benefit(100_000)[row]
    # The columns of the first two strategies: palliative care and MSC.
    assert benefit[1] - benefit[0] == pytest.approx(0, abs=1e-6)
    frame = distributions_frame(found, {"ineligible": 7200.0, "eligible": 7200.0})
    assert frame["probability_now"].between(0, 1).all() and frame["quantile_0.025"].isna().all()


def test_a_price_that_is_drawn_has_no_distribution_of_its_limit():
    model = edited("range: [0, 1000], decision: true", "distribution: {family: normal, mean: 240, sd: 10}")
    with pytest.raises(UsageError, match="is drawn itself"):
        price_distributions(model, cea.sample(model, 4))


def test_outcomes_that_do_not_belong_together_are_refused():
    at_zero, at_price = drawn_outcomes([0.3], [100], 50.0)
    longer, _ = drawn_outcomes([0.3, 0.2], [100, 100], 50.0)
    with pytest.raises(ValueError, match="same strategies and draws"):
        price_distribution(longer, at_price, 50.0, "drug", "usual")
    with pytest.raises(ValueError, match="above zero"):
        price_distribution(at_zero, at_price, 0.0, "drug", "usual")
    with pytest.raises(UsageError, match="unknown strategy"):
        price_distribution(at_zero, at_price, 50.0, "drug", "usuel")


@pytest.mark.parametrize(
    ("name", "expected", "regions"),
    [
        ("price", 300.0, [(0.0, 300.0)]),
        ("lasting", 0.8, [(0.8, 2.0)]),
        ("gain_x", 0.04, [(0.04, 0.5)]),
    ],
)
def test_threshold_values_are_those_of_the_closed_form(name: str, expected: float, regions: list[tuple[float, float]]):
    found = value(name, low=-0.5, high=0.5) if name == "gain_x" else value(name)
    assert found.roots == pytest.approx([expected], rel=1e-12)
    assert [pytest.approx(region) for region in regions] == list(found.regions)
    assert found.matters


def test_every_root_is_found_with_the_stretches_between():
    wavy = edited("wave: {label: Wave, value: 0,", "wave: {label: Wave, value: 1,")
    wavy = wavy.with_values({"price": 700.0})
    found = value("dose", wavy)
    # 0.3 + (dose - 1)(3 - dose) = 0.7 where (dose - 2)^2 = 0.6
    assert found.roots == pytest.approx([2 - math.sqrt(0.6), 2 + math.sqrt(0.6)], rel=1e-12)
    assert [pytest.approx(region) for region in [found.roots]] == list(found.regions)


@given(price=st.floats(1, 599))
@examples(max_examples=15)
def test_a_root_put_back_has_no_net_benefit(price: float):
    model = linear_model().with_values({"price": price})
    root = value("lasting", model, low=0.0, high=2.0).roots[0]
    outcomes = cea.run(model.with_values({"lasting": root})).outcomes
    assert np.diff(outcomes.net_monetary_benefit(THRESHOLD)[0, :2])[0] == pytest.approx(0, abs=1e-9)


def test_where_there_is_no_threshold_value_the_side_is_known():
    never, always = value("price", low=400, high=900), value("price", low=0, high=100)
    assert (never.roots, never.regions, never.worth) == ((), (), (False,))
    assert (always.roots, always.regions, always.worth) == ((), ((0.0, 100.0),), (True,))
    assert value("hazard").matters is False and value("price").matters is True


def test_one_end_may_be_given_and_a_zero_at_an_end_is_found():
    found = value("price", low=300.0)
    assert (found.span.low, found.span.high) == (300.0, 1000.0)
    assert found.roots == pytest.approx([300.0]) or found.regions == ((300.0, 300.0),)
    with pytest.raises(UsageError, match="empty"):
        value("price", low=2000.0)


def test_the_least_durability_for_a_price_is_that_of_the_closed_form():
    found = durability_frontier(linear_model(), "lasting", [0.0, 150.0, 200.0, 450.0, 700.0])[0]
    least = found.minimum.set_index(["threshold", "price"])["minimum"]
    for (threshold, price), minimum in least.items():  # type: ignore[misc]
        needed = price / (threshold * GAIN)
        expected = math.nan if needed > 2 else max(needed, 0.5)
        assert minimum == pytest.approx(expected, rel=1e-9, nan_ok=True)
    np.testing.assert_allclose(found.curve["highest_price"], found.curve["threshold"] * GAIN * found.curve["value"])
    assert (found.base, found.price_now) == (1.0, 240.0)


def test_default_prices_hold_the_one_now_and_reach_along_the_curve():
    prices = durability_frontier(linear_model(), "lasting")[0].minimum["price"].unique()
    assert {0.0, 240.0} <= set(prices) and 900 <= max(prices) < 1200


def test_on_the_shipped_model_the_least_durability_makes_the_price_just_worth_it():
    found = durability_frontier(shipped(), "msc_effect_half_life", [2500.0], thresholds=[100_000])[0]
    least = float(found.minimum["minimum"].iloc[0])
    assert 0.46 < least < 1.5
    results = cea.run(shipped(), values={"msc_effect_half_life": least, PRICE: 2500.0})
    pair = next(pair for pair in cea.incremental(results, "palliative").pairs if pair.strategy == "msc")
    assert pair.cost / pair.effect == pytest.approx(100_000, rel=1e-9)


@pytest.mark.parametrize(
    ("parameter", "prices", "words"),
    [("price", None, "the price itself"), ("lasting", [-1.0], "not below zero"), ("lastin", None, "did you mean")],
)
def test_frontiers_that_make_no_sense_are_refused(parameter: str, prices: list[float] | None, words: str):
    with pytest.raises(UsageError, match=words):
        durability_frontier(linear_model(), parameter, prices)

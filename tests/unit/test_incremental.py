"""Incremental analysis on published and hand-made examples."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from cea.analysis.incremental import highest_price, incremental
from cea.engine.outcomes import Outcomes
from cea.errors import UsageError


def outcomes(points: dict[str, tuple[float, float]], thresholds: tuple[float, ...] = (50_000.0, 100_000.0)) -> Outcomes:
    """Outcomes of one sample from cost and effect by strategy."""
    names = tuple(points)
    return Outcomes(
        strategies=names,
        labels=tuple(name.upper() for name in names),
        cost=np.array([[points[name][0] for name in names]]),
        effect=np.array([[points[name][1] for name in names]]),
        currency="USD",
        effect_unit="QALY",
        thresholds=thresholds,
        threshold=thresholds[-1],
    )


SICK_SICKER = {
    "soc": (151579.865957, 20.7113314643),
    "a": (284804.513371, 21.4986628084),
    "b": (259100.410617, 22.1844651408),
    "ab": (378875.198394, 23.1368441350),
}


def test_sick_sicker_as_published():
    """Alarid-Escudero et al., Med Decis Making 2023;43(1):3-20: B 72,988 and AB 125,764 per QALY, A dominated."""
    result = incremental(outcomes(SICK_SICKER))
    assert result.frontier == ("soc", "b", "ab")
    assert [row.status for row in result.rows] == ["reference", "dominated", "frontier", "frontier"]
    assert result.row("b").icer == pytest.approx(72987.6360667, rel=1e-9)
    assert result.row("ab").icer == pytest.approx(125763.7857537, rel=1e-9)
    assert result.row("soc").icer is None and result.row("a").icer is None
    assert result.row("a").dominated_by == ("b",)


def test_hiv_as_published():
    """Chancellor et al., PharmacoEconomics 1997;12:54-66, recomputed without rounding: 6,276 per life-year."""
    result = incremental(
        outcomes({"mono": (44663.453563697, 7.9912066458409), "comb": (50601.651331204, 8.9373888916435)})
    )
    assert result.row("comb").icer == pytest.approx(6275.9556035318, rel=1e-11)


def test_dominated_strategy_is_set_against_the_dearest_frontier_strategy_that_costs_no_more():
    row = incremental(outcomes(SICK_SICKER)).row("a")
    assert row.incremental_cost == pytest.approx(284804.513371 - 259100.410617)
    assert row.incremental_effect == pytest.approx(21.4986628084 - 22.1844651408)


def test_extended_dominance_names_both_neighbours():
    result = incremental(outcomes({"low": (0.0, 0.0), "middle": (600.0, 1.0), "high": (1000.0, 2.0)}))
    row = result.row("middle")
    assert (row.status, row.dominated_by, row.icer) == ("extendedly_dominated", ("low", "high"), None)
    assert result.frontier == ("low", "high")
    assert result.row("high").icer == 500.0


def test_extended_dominance_that_shows_only_after_another_removal():
    """Without c, b has a higher ICER than d; a scan that compares neighbours once misses it."""
    points = {"a": (0.0, 0.0), "b": (110.0, 1.0), "c": (200.0, 1.5), "d": (250.0, 3.0)}
    result = incremental(outcomes(points))
    assert result.frontier == ("a", "d")
    assert [result.row(name).status for name in "bc"] == ["extendedly_dominated"] * 2


def test_a_point_on_the_line_between_two_frontier_strategies_is_on_the_frontier():
    result = incremental(outcomes({"a": (0.1, 0.3), "b": (0.4, 0.6), "c": (0.7, 0.9)}))
    assert result.frontier == ("a", "b", "c")
    assert [result.row(name).icer for name in "bc"] == pytest.approx([1.0, 1.0])


def test_dominance_needs_one_strict_difference():
    result = incremental(outcomes({"a": (10.0, 1.0), "same_cost": (10.0, 0.5), "same_effect": (20.0, 1.0)}))
    assert result.frontier == ("a",)
    assert result.row("same_cost").dominated_by == ("a",)
    assert result.row("same_effect").dominated_by == ("a",)


@pytest.mark.parametrize("names", [("msc", "palliative", "x"), ("palliative", "x", "msc"), ("x", "palliative", "msc")])
def test_identical_strategies_stand_on_the_frontier_once_whatever_their_order(names):
    points = {"msc": (100.0, 2.0), "palliative": (100.0 * (1 + 1e-14), 2.0 * (1 - 1e-14)), "x": (300.0, 3.0)}
    result = incremental(outcomes({name: points[name] for name in names}))
    assert result.frontier == ("msc", "x")
    twin = result.row("palliative")
    assert (twin.status, twin.dominated_by, twin.same_as) == ("dominated", ("msc",), "msc")
    assert (twin.incremental_cost, twin.incremental_effect, twin.icer) == (0.0, 0.0, None)


def test_a_difference_above_the_tolerance_counts():
    result = incremental(outcomes({"a": (100.0, 2.0), "b": (100.0 * (1 + 1e-11), 2.0)}))
    assert result.row("b").same_as is None
    assert result.row("b").incremental_cost > 0


def test_all_strategies_identical():
    result = incremental(outcomes({"b": (0.0, 0.0), "a": (0.0, 0.0)}))
    assert result.frontier == ("a",)
    assert result.row("b").same_as == "a"


def test_one_strategy_alone():
    result = incremental(outcomes({"only": (5.0, 1.0)}))
    assert result.rows[0].status == "reference"
    assert result.pairs[0].quadrant == "origin"


def test_ratio_of_means_and_not_mean_of_ratios():
    cost = np.array([[0.0, 10.0], [0.0, 30.0]])
    effect = np.array([[0.0, 1.0], [0.0, 3.0 + 4.0]])
    result = incremental(Outcomes(("a", "b"), ("A", "B"), cost, effect, "USD", "QALY", (1.0,), 1.0))
    assert result.row("b").icer == 20.0 / 4.0


def test_net_benefit_at_each_threshold():
    row = incremental(outcomes({"a": (100.0, 2.0), "b": (1000.0, 4.0)}, (0.0, 500.0))).row("b")
    assert row.nmb == (-1000.0, 1000.0)
    assert math.isnan(row.nhb[0]) and row.nhb[1] == 2.0


@pytest.mark.parametrize(
    ("cost", "effect", "quadrant", "icer"),
    [
        (300.0, 3.0, "NE", 200.0),
        (50.0, 3.0, "SE", None),
        (50.0, 1.0, "SW", 50.0),
        (300.0, 1.0, "NW", None),
        (300.0, 2.0, "N", None),
        (50.0, 2.0, "S", None),
        (100.0, 3.0, "E", None),
        (100.0, 1.0, "W", None),
        (100.0, 2.0, "origin", None),
    ],
)
def test_quadrants_against_the_comparator(cost, effect, quadrant, icer):
    result = incremental(outcomes({"new": (cost, effect), "old": (100.0, 2.0)}), comparator="old")
    pair = result.pairs[0]
    assert (pair.quadrant, pair.icer) == (quadrant, icer)
    assert (pair.cost, pair.effect) == (cost - 100.0, effect - 2.0)
    assert pair.nmb[0] == 50_000.0 * (effect - 2.0) - (cost - 100.0)


def test_the_comparator_changes_pairs_and_nothing_else():
    default, chosen = incremental(outcomes(SICK_SICKER)), incremental(outcomes(SICK_SICKER), "ab")
    assert (default.comparator, chosen.comparator) == ("soc", "ab")
    assert default.records() == chosen.records()
    assert chosen.pairs[0].cost == -default.pairs[3].cost != 0


def test_unknown_comparator_suggests_a_name():
    with pytest.raises(UsageError, match="did you mean 'soc'"):
        incremental(outcomes(SICK_SICKER), "so")


def test_best_strategy_by_threshold():
    result = incremental(outcomes(SICK_SICKER))
    icer = result.row("b").icer
    assert icer is not None
    thresholds = [0.0, icer * (1 - 1e-9), icer, 125_000.0, 126_000.0]
    assert [result.best(at) for at in thresholds] == ["soc", "soc", "b", "b", "ab"]
    for bad in (-1.0, math.nan):
        with pytest.raises(UsageError, match="threshold"):
            result.best(bad)


def test_records_have_the_documented_keys_and_are_json():
    record = incremental(outcomes(SICK_SICKER)).records()[0]
    assert list(record) == [
        "strategy",
        "cost",
        "effect",
        "life_years",
        "incremental_cost",
        "incremental_effect",
        "icer",
        "status",
        "nmb",
    ]
    assert record["life_years"] is None and record["incremental_cost"] is None
    assert [entry["threshold"] for entry in record["nmb"]] == [50_000.0, 100_000.0]
    assert record["nmb"][0]["value"] == pytest.approx(50_000 * 20.7113314643 - 151579.865957)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_frames_have_one_row_a_strategy_in_the_models_order():
    result = incremental(outcomes(SICK_SICKER, (50_000.0, 1_000_000.0)))
    frame, pairs = result.frame(), result.pairwise_frame()
    assert list(frame["strategy"]) == list(pairs["strategy"]) == list(SICK_SICKER)
    assert {"nmb_50000", "nhb_1000000"} <= set(frame.columns)
    assert frame["icer"].isna().tolist() == [True, True, False, False]
    assert set(pairs["comparator"]) == {"soc"}
    assert pairs["icer"][2] == pytest.approx(72987.6360667)


def test_life_years_are_carried():
    given = Outcomes(
        ("a", "b"),
        ("A", "B"),
        np.ones((2, 2)),
        np.ones((2, 2)),
        "USD",
        "QALY",
        (1.0,),
        1.0,
        life_years=np.array([[1.0, 4.0], [3.0, 4.0]]),
    )
    assert [record["life_years"] for record in incremental(given).records()] == [2.0, 4.0]


def test_highest_price_is_the_zero_of_the_line():
    assert highest_price(0.0, 600.0, 100.0, 400.0) == 300.0
    assert highest_price(1000.0, -1400.0, 2000.0, -3400.0) == pytest.approx(300.0)


def test_highest_price_when_zero_is_not_enough_or_just_enough():
    assert highest_price(0.0, -1.0, 100.0, -300.0) is None
    assert highest_price(0.0, 0.0, 100.0, -300.0) == 0.0


def test_highest_price_when_the_price_does_not_matter():
    assert highest_price(0.0, 5.0, 100.0, 5.0) == math.inf
    assert highest_price(0.0, 0.0, 100.0, 0.0) == math.inf
    assert highest_price(0.0, -5.0, 100.0, -5.0) is None
    assert highest_price(0.0, 5.0, 100.0, 6.0) == math.inf


@pytest.mark.parametrize("prices", [(100.0, 100.0), (100.0, 0.0), (0.0, math.inf), (math.nan, 1.0)])
def test_highest_price_refuses_prices_that_give_no_line(prices):
    with pytest.raises(ValueError, match="two finite prices"):
        highest_price(prices[0], 1.0, prices[1], 0.0)

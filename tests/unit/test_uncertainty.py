"""Intervals, quadrants and ellipses of draws against closed forms and hand counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from cea.analysis.uncertainty import ellipse, incremental_benefit, increments, summary
from cea.engine.outcomes import Outcomes
from cea.errors import UsageError


def outcomes(cost, effect, thresholds=(100.0, 50.0)) -> Outcomes:
    cost, effect = np.asarray(cost, dtype=float), np.asarray(effect, dtype=float)
    names = ("old", "new", "other")[: cost.shape[1]]
    return Outcomes(names, tuple(name.title() for name in names), cost, effect, "USD", "QALY", thresholds, 100.0)


def against_zero(cost, effect) -> Outcomes:
    """A new strategy with these increments over an old one at the origin."""
    return outcomes(np.column_stack([np.zeros(len(cost)), cost]), np.column_stack([np.zeros(len(effect)), effect]))


def normal(samples=20_000, seed=5) -> Outcomes:
    """Increments of cost N(400, 100) and effect N(3, 0.5) with a correlation of 0.6."""
    first, second = np.random.default_rng(seed).standard_normal((2, samples))
    return against_zero(400 + 100 * first, 3 + 0.5 * (0.6 * first + 0.8 * second))


def test_estimates_agree_with_the_normal_distribution():
    samples = 20_000
    (contrast,) = summary(normal(samples), "old").contrasts
    z = norm.ppf(0.975)
    error = 100 / math.sqrt(samples)
    assert contrast.cost.mean == pytest.approx(400, abs=4 * error)
    assert contrast.cost.error == pytest.approx(error, rel=0.03)
    # The standard error of an extreme percentile: sqrt(p (1 - p) / n) over the density there.
    loose = 4 * 100 * math.sqrt(0.025 * 0.975 / samples) / norm.pdf(z)
    assert contrast.cost.low == pytest.approx(400 - z * 100, abs=loose)
    assert contrast.cost.high == pytest.approx(400 + z * 100, abs=loose)
    mean, sd = 50 * 3 - 400, math.sqrt(25**2 + 100**2 - 2 * 0.6 * 25 * 100)
    at_50 = contrast.nmb[1]
    assert at_50.mean == pytest.approx(mean, abs=4 * at_50.error)
    assert at_50.error == pytest.approx(sd / math.sqrt(samples), rel=0.03)
    share = norm.cdf((100 * 3 - 400) / math.sqrt(50**2 + 100**2 - 2 * 0.6 * 50 * 100))
    assert contrast.probability_cost_effective[0] == pytest.approx(share, abs=4 * math.sqrt(share / samples))


def test_percentiles_are_linear_between_draws():
    values = np.random.default_rng(2).gamma(2, 100, 37)
    (contrast,) = summary(against_zero(values, np.ones(37)), "old").contrasts
    low, high = np.percentile(values, [2.5, 97.5])
    assert (contrast.cost.low, contrast.cost.high) == pytest.approx((low, high))


def test_mean_icer_is_the_ratio_of_means():
    (contrast,) = summary(against_zero([100.0, 300.0], [1.0, 4.0]), "old").contrasts
    assert contrast.icer == pytest.approx(400 / 5)
    assert contrast.quadrant == "NE"


def test_draws_across_quadrants_have_shares_and_no_interval():
    (contrast,) = summary(against_zero([5, 5, -5, -5, -5, 5, 8, 30], [1, 1, 1, -1, -1, -1, 2, 9]), "old").contrasts
    quadrants = contrast.quadrants
    assert (quadrants.ne, quadrants.se, quadrants.sw, quadrants.nw) == (4 / 8, 1 / 8, 2 / 8, 1 / 8)
    assert contrast.icer is not None
    assert contrast.icer_interval is None
    row = summary(against_zero([5.0, -5.0], [1.0, 2.0]), "old").contrast_frame().iloc[0]
    assert math.isnan(row["icer_low"])
    assert (row["ne"], row["se"]) == (0.5, 0.5)


def test_draws_on_an_axis_count_half_on_each_side_and_the_origin_a_quarter():
    (contrast,) = summary(against_zero([1, 0, 0, 0], [0, 1, 0, 0]), "old").contrasts
    quadrants = contrast.quadrants
    assert (quadrants.ne, quadrants.se, quadrants.sw, quadrants.nw) == (0.375, 0.25, 0.125, 0.25)


@pytest.mark.parametrize(("sign", "quadrant"), [(1, "NE"), (-1, "SW")])
def test_draws_in_one_quadrant_give_the_ratio_an_interval(sign, quadrant):
    rng = np.random.default_rng(0)
    cost, effect = rng.uniform(50, 150, 500), rng.uniform(1, 2, 500)
    (contrast,) = summary(against_zero(sign * cost, sign * effect), "old").contrasts
    assert contrast.quadrant == quadrant
    assert contrast.icer_interval == pytest.approx(tuple(np.percentile(cost / effect, [2.5, 97.5])))


def test_rounding_does_not_move_a_draw_off_its_axis():
    effect = np.array([[0.1 + 0.2, 0.3], [1.0, 2.0]])
    (contrast,) = summary(outcomes([[0.0, 10.0], [0.0, 10.0]], effect), "old").contrasts
    assert contrast.quadrants.nw == 0.25
    assert contrast.icer_interval is None


def test_same_strategies_are_cost_effective_in_half_the_draws():
    (contrast,) = summary(outcomes([[5, 5], [6, 6]], [[1, 1], [2, 2]]), "old").contrasts
    assert contrast.probability_cost_effective == (0.5, 0.5)


def test_probability_best_is_of_all_strategies_in_the_order_of_the_models_thresholds():
    given = outcomes([[0, 60, 200], [0, 60, 200], [0, 60, 400], [0, 60, 400]], [[0, 1, 3]] * 4)
    best = {row.strategy: row.probability_best for row in summary(given).spreads}
    assert best == {"old": (0, 1), "new": (0.5, 0), "other": (0.5, 0)}
    assert [row.strategy for row in summary(given).contrasts] == ["new", "other"]


def test_frames_and_records_hold_the_estimates():
    found = summary(normal(500))
    frame, pairs = found.frame().set_index("strategy"), found.contrast_frame().set_index("strategy")
    assert found.comparator == "old"
    assert frame.loc["new", "effect_high"] == found.spreads[1].effect.high
    assert frame.loc["new", "nmb_50_error"] == found.spreads[1].nmb[1].error
    assert pairs.loc["new", "incremental_cost_low"] == found.contrasts[0].cost.low
    assert pairs.loc["new", "probability_cost_effective_100"] == found.contrasts[0].probability_cost_effective[0]
    cost = found.spreads[1].cost
    assert found.records()[1]["cost_interval"] == [cost.low, cost.high]


def test_ellipse_holds_its_share_of_normal_draws():
    given = normal()
    effect, cost = increments(given, "new", "old")
    points = np.stack([effect, cost])
    centre = points.mean(axis=1, keepdims=True)
    inverse = np.linalg.inv(np.cov(points))
    for level in (0.5, 0.95):
        curve = ellipse(given, "new", "old", level)
        distance = np.einsum("ij,jk,ik->i", curve - centre.T, inverse, curve - centre.T)
        # Every point of the curve is as far from the mean as the covariance allows at this level.
        np.testing.assert_allclose(distance, -2 * math.log(1 - level), rtol=1e-9)
        inside = np.einsum("ji,jk,ki->i", points - centre, inverse, points - centre) <= distance[0]
        assert inside.mean() == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 20_000))
    np.testing.assert_allclose(curve[0], curve[-1])


def test_ellipse_without_a_spread_is_a_line():
    curve = ellipse(against_zero([1.0, 3.0], [2.0, 2.0]), "new", "old")
    assert np.ptp(curve[:, 0]) == 0
    assert np.ptp(curve[:, 1]) > 0
    assert np.isfinite(ellipse(against_zero([1.0, 3.0], [2.0, 6.0]), "new", "old")).all()


def test_incremental_benefit_is_that_of_the_draws():
    given = normal(1_001)
    curve = incremental_benefit(given, "old", [0, 120])
    effect, cost = increments(given, "new", "old")
    for row, threshold in enumerate((0, 120)):
        benefit = threshold * effect - cost
        assert curve.mean[row, 1] == pytest.approx(benefit.mean())
        assert (curve.low[row, 1], curve.high[row, 1]) == pytest.approx(tuple(np.percentile(benefit, [2.5, 97.5])))
    assert set(curve.frame()["strategy"]) == {"new"}
    turned = incremental_benefit(given, "new", [0, 120])
    np.testing.assert_allclose(turned.low[:, 0], -curve.high[:, 1])
    assert not turned.mean[:, 1].any()


@pytest.mark.parametrize("ask", [summary, incremental_benefit, lambda given: ellipse(given, "new", "old")])
def test_a_deterministic_run_has_no_spread(ask):
    with pytest.raises(UsageError, match="single draw"):
        ask(against_zero([1.0], [1.0]))


def test_unknown_names_and_levels_are_refused():
    given = normal(10)
    with pytest.raises(UsageError, match="nwe"):
        summary(given, "nwe")
    with pytest.raises(UsageError, match="nwe"):
        increments(given, "nwe", "old")
    with pytest.raises(UsageError, match="95"):
        ellipse(given, "new", "old", level=95)

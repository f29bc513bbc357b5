"""Acceptability, expected loss and the value of information against plain loops and the normal closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from cea.analysis.acceptability import acceptability, threshold_grid
from cea.analysis.incremental import incremental
from cea.analysis.information import evpi, population_evpi
from cea.engine.outcomes import Outcomes
from cea.errors import UsageError


def outcomes(cost, effect, thresholds=(100.0,)) -> Outcomes:
    cost, effect = np.asarray(cost, dtype=float), np.asarray(effect, dtype=float)
    names = tuple("abcdef"[: cost.shape[1]])
    return Outcomes(
        names, tuple(name.upper() for name in names), cost, effect, "USD", "QALY", thresholds, thresholds[0]
    )


def psa(samples=2_000, strategies=4, seed=3) -> Outcomes:
    """Correlated costs and effects of strategies that are close enough to change places."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((samples, 1))
    step = np.arange(strategies)
    effect = 3 + 0.5 * step + 0.4 * shared + 0.6 * rng.standard_normal((samples, strategies))
    cost = 1_000 + 60 * step + 100 * shared + 80 * rng.standard_normal((samples, strategies))
    return outcomes(cost, effect, (50.0, 100.0, 150.0))


def by_plain_loops(given: Outcomes, threshold: float):
    """Probability, expected loss, best strategy and EVPI, one draw at a time."""
    samples, strategies = given.cost.shape
    wins, loss, total, perfect = [0.0] * strategies, [0.0] * strategies, [0.0] * strategies, 0.0
    for draw in range(samples):
        benefit = [threshold * given.effect[draw, s] - given.cost[draw, s] for s in range(strategies)]
        top = max(benefit)
        winners = [s for s in range(strategies) if benefit[s] == top]
        for s in range(strategies):
            total[s] += benefit[s] / samples
            loss[s] += (top - benefit[s]) / samples
            wins[s] += (1 / len(winners) if s in winners else 0.0) / samples
        perfect += top / samples
    return wins, loss, total.index(max(total)), perfect - max(total)


@pytest.mark.parametrize("threshold", [0.0, 40.0, 100.0, 137.5, 400.0])
def test_all_quantities_agree_with_plain_loops(threshold):
    given = psa()
    wins, loss, best, information = by_plain_loops(given, threshold)
    curve = acceptability(given, threshold)
    np.testing.assert_allclose(curve.probability[0], wins, atol=1e-12)
    np.testing.assert_allclose(curve.expected_loss[0], loss, rtol=1e-10)
    assert curve.best[0] == best
    assert curve.frontier[0] == pytest.approx(wins[best], abs=1e-12)
    assert curve.evpi[0] == pytest.approx(information, rel=1e-9)
    assert curve.evpi[0] == min(curve.expected_loss[0])


def test_many_blocks_of_draws_agree_with_one_plain_computation():
    given = psa(samples=20_001)
    curve = acceptability(given, [0, 80, 200])
    for row, threshold in enumerate(curve.thresholds):
        benefit = given.net_monetary_benefit(threshold)
        loss = benefit.max(axis=1, keepdims=True) - benefit
        np.testing.assert_allclose(curve.probability[row], np.bincount(benefit.argmax(axis=1), minlength=4) / 20_001)
        np.testing.assert_allclose(curve.expected_loss[row], loss.mean(axis=0), rtol=1e-10)
        np.testing.assert_allclose(curve.loss_error[row], loss.std(axis=0, ddof=1) / math.sqrt(20_001), rtol=1e-9)
        np.testing.assert_allclose(curve.expected_nmb[row], benefit.mean(axis=0), rtol=1e-10)


@pytest.mark.parametrize(("mean", "sd"), [(100.0, 400.0), (-250.0, 300.0), (0.0, 50.0)])
def test_normal_benefit_gives_phi_and_the_unit_normal_loss(mean, sd):
    samples = 40_000
    draws = np.random.default_rng(11).normal(mean, sd, samples)
    zero = np.zeros(samples)
    curve = acceptability(outcomes(np.column_stack([zero, -draws]), np.column_stack([zero, zero])), 1_000)
    share = norm.cdf(mean / sd)
    assert curve.probability[0, 1] == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / samples))
    distance = abs(mean) / sd
    value = sd * (norm.pdf(distance) - distance * norm.sf(distance))
    assert curve.evpi[0] == pytest.approx(value, abs=4 * curve.evpi_error[0])
    # The error itself: the second moment of the loss of a normal variable beyond zero.
    second = sd**2 * ((1 + distance**2) * norm.sf(distance) - distance * norm.pdf(distance))
    assert curve.evpi_error[0] == pytest.approx(math.sqrt((second - value**2) / samples), rel=0.05)


def test_frontier_follows_the_expected_benefit_and_not_the_most_frequent_winner():
    """B wins in two draws of three by a little and loses by much in the third."""
    curve = acceptability(outcomes([[0, -1], [0, -1], [0, 10]], np.zeros((3, 2))), 100)
    assert curve.probability[0].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert curve.frontier_frame().loc[0, "strategy"] == "a"
    assert curve.frontier[0] == pytest.approx(1 / 3)
    assert curve.evpi[0] == pytest.approx(2 / 3)


def test_ties_are_shared_whatever_the_rounding():
    cost = np.array([[5.0, 5.0, 5.0 + 1e-13, 9.0], [7.0, 6.0, 6.0, 6.5]])
    curve = acceptability(outcomes(cost, np.full((2, 4), 0.1)), 30)
    np.testing.assert_allclose(curve.probability[0], [1 / 6, 1 / 6 + 1 / 4, 1 / 6 + 1 / 4, 0])


def test_best_agrees_with_the_incremental_analysis_also_at_its_icers():
    given = outcomes([[100.0, 160.0, 260.0]], [[1.0, 2.0, 3.0]])
    curve = acceptability(given, [0, 59, 60, 99, 100, 101])
    assert curve.frontier_frame()["strategy"].tolist() == ["a", "a", "b", "b", "c", "c"]
    expected = [incremental(given).best(threshold) for threshold in curve.thresholds]
    assert curve.frontier_frame()["strategy"].tolist() == expected
    assert not curve.evpi.any()


def test_default_thresholds_reach_twice_the_highest_and_hold_the_models_own():
    given = outcomes([[1.0]], [[1.0]], (333.0, 1_000.0, 50.0))
    grid = threshold_grid(given)
    assert (grid[0], grid[-1]) == (0, 2_000)
    assert {50.0, 333.0, 1_000.0} <= set(grid)
    assert len(grid) == 103
    assert (np.diff(grid) > 0).all()
    assert len(threshold_grid(outcomes([[1.0]], [[1.0]], (0.3,)))) == 101


def test_thresholds_are_sorted_and_taken_once():
    assert acceptability(psa(10), [200, 100, 200]).thresholds.tolist() == [100, 200]
    assert acceptability(psa(10), range(0, 5, 2)).thresholds.tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("thresholds", "text"),
    [([], "no thresholds"), ([1, -2.0], "threshold -2"), ([math.nan], "nan"), ([math.inf], "inf"), (["x"], "numbers")],
)
def test_thresholds_that_are_no_amounts_are_refused(thresholds, text):
    with pytest.raises(UsageError, match=text):
        acceptability(psa(10), thresholds)


def test_frames_are_tidy():
    curve = acceptability(psa(50), [0, 100])
    frame = curve.frame()
    assert frame.groupby("threshold")["probability"].sum().tolist() == pytest.approx([1, 1])
    assert frame.groupby("threshold")["best"].sum().tolist() == [1, 1]
    row = frame[(frame["threshold"] == 100) & (frame["strategy"] == "c")].iloc[0]
    assert row["expected_loss"] == curve.expected_loss[1, 2]
    assert row["probability"] == curve.probability[1, 2]


def test_evpi_is_that_of_the_expected_loss():
    given = psa(500)
    value, curve = evpi(given, [50, 100]), acceptability(given, [50, 100])
    assert value.per_person.tolist() == curve.evpi.tolist()
    assert value.frame()["evpi"].tolist() == curve.expected_loss.min(axis=1).tolist()
    assert (value.error > 0).all()


def test_population_value_is_a_discounted_sum():
    by_hand = 100 * (500 / 1.03 + 500 / 1.03**2 + 500 / 1.03**3)
    assert population_evpi(100.0, 500, 3, 0.03) == pytest.approx(by_hand)
    assert population_evpi(100.0, 500, 3, 0.0) == pytest.approx(150_000)
    assert population_evpi(np.array([1.0, 2.0]), 10, 1, 0.25).tolist() == [8.0, 16.0]


@pytest.mark.parametrize(("incidence", "years", "rate"), [(-1, 5, 0.03), (10, 0, 0.03), (10, 2.5, 0.0), (10, 5, -0.1)])
def test_population_value_refuses_what_is_not_an_amount(incidence, years, rate):
    with pytest.raises(UsageError):
        population_evpi(1.0, incidence, years, rate)

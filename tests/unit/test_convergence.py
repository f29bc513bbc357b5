"""Running means and what is said about the number of draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cea.analysis.convergence import convergence
from cea.engine.outcomes import Outcomes
from cea.errors import UsageError


def outcomes(benefit, thresholds=(1_000.0,)) -> Outcomes:
    """Strategies with these net monetary benefits at every threshold: all costs, no effects."""
    cost = -np.asarray(benefit, dtype=float)
    names = tuple("abcd"[: cost.shape[1]])
    labels = tuple(f"Strategy {name.upper()}" for name in names)
    return Outcomes(names, labels, cost, np.zeros_like(cost), "GBP", "QALY", thresholds, thresholds[0])


def alternating(samples: int, difference: float, spread: float) -> Outcomes:
    """B less A is `difference` plus and minus `spread` in turn, so that its mean and deviation are known exactly."""
    shared = np.random.default_rng(0).normal(0, 1e5, samples)
    return outcomes(np.column_stack([shared, shared + difference + spread * np.resize([1, -1], samples)]))


def test_running_means_and_errors_are_those_of_the_first_draws():
    rng = np.random.default_rng(4)
    cost, effect = rng.normal(1e6, 10, (3_000, 3)), rng.normal(5, 1, (3_000, 3))
    given = Outcomes(("a", "b", "c"), ("A", "B", "C"), cost, effect, "USD", "QALY", (20.0, 30.0), 20.0)
    result = convergence(given, comparator="b")
    assert 80 <= len(result.draws) <= 100
    assert (result.draws[0], result.draws[-1]) == (10, 3_000)
    for point in (0, 40, len(result.draws) - 1):
        n = result.draws[point]
        for level, threshold in enumerate((20.0, 30.0)):
            benefit = given.net_monetary_benefit(threshold)[:n]
            extra = benefit - benefit[:, [1]]
            np.testing.assert_allclose(result.nmb[point, level], benefit.mean(axis=0), rtol=1e-12)
            error = benefit.std(axis=0, ddof=1) / math.sqrt(n)
            np.testing.assert_allclose(result.nmb_error[point, level], error, rtol=1e-6)
            np.testing.assert_allclose(result.incremental_nmb[point, level], extra.mean(axis=0), atol=1e-7)
            error = extra.std(axis=0, ddof=1) / math.sqrt(n)
            np.testing.assert_allclose(result.incremental_nmb_error[point, level], error, rtol=1e-6, atol=1e-12)


def test_frame_has_a_row_for_each_point_threshold_and_strategy():
    result = convergence(outcomes(np.random.default_rng(1).normal(size=(50, 2))), [10, 20])
    frame = result.frame()
    assert len(frame) == len(result.draws) * 2 * 2
    row = frame[(frame["draws"] == 50) & (frame["threshold"] == 20) & (frame["strategy"] == "b")].iloc[0]
    assert row["incremental_nmb"] == result.incremental_nmb[-1, 1, 1]


def test_enough_draws_are_told_from_too_few():
    """The paired error of n draws is spread / sqrt(n - 1); shared noise of 100,000 plays no part."""
    result = convergence(alternating(401, 30.0, 200.0))
    (margin,) = result.margins
    assert (margin.best, margin.runner_up) == ("b", "a")
    assert margin.error == pytest.approx(200 / math.sqrt(400), rel=1e-2)
    assert margin.enough
    (sentence,) = result.sentences()
    assert sentence.startswith("At GBP 1,000 per QALY, Strategy B is ahead of Strategy A by GBP 30 a person")
    assert "401 draws are enough" in sentence


def test_too_few_draws_say_how_many_are_needed():
    (margin,) = convergence(alternating(400, 10.0, 200.0)).margins
    assert not margin.enough
    assert margin.needed == math.ceil(400 * (2 * margin.error / 10) ** 2)
    assert margin.needed == pytest.approx((2 * 200 / 10) ** 2, rel=0.01)
    (sentence,) = convergence(alternating(400, 10.0, 200.0)).sentences()
    assert "400 draws are too few" in sentence
    assert "about 1,700 are needed" in sentence


def test_as_many_draws_as_needed_are_enough():
    needed = convergence(alternating(400, 10.0, 200.0)).margins[0].needed
    assert convergence(alternating(needed + needed % 2, 10.0, 200.0)).margins[0].enough


def test_equal_strategies_are_never_told_apart():
    (margin,) = convergence(alternating(100, 0.0, 50.0)).margins
    assert (margin.needed, margin.enough) == (None, False)
    (sentence,) = convergence(alternating(100, 0.0, 50.0)).sentences()
    assert "no number of draws" in sentence


def test_the_runner_up_is_the_second_best_and_not_the_comparator():
    benefit = np.array([0.0, 50.0, 70.0]) + np.random.default_rng(0).normal(0, 1, (100, 3))
    (margin,) = convergence(outcomes(benefit), comparator="a").margins
    assert (margin.best, margin.runner_up) == ("c", "b")


def test_even_points_add_that_the_error_is_conservative():
    given = alternating(100, 30.0, 10.0)
    assert len(convergence(given).sentences()) == 1
    assert "Sobol" in convergence(given, independent=False).sentences()[-1]


def test_one_strategy_has_no_margin_and_one_draw_no_convergence():
    assert convergence(outcomes([[1.0], [2.0]])).sentences() == []
    with pytest.raises(UsageError, match="single draw"):
        convergence(outcomes([[1.0, 2.0]]))

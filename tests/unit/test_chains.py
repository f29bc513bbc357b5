"""Diagnostics of chains: closed forms, and the numbers of an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest

from cea.analysis import chains


def autoregressive(slope: float, count: int = 4, draws: int = 2_500, seed: int = 0) -> np.ndarray:
    """Chains of x' = slope x + noise in their stationary distribution."""
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal((count, draws))
    found = np.zeros((count, draws))
    found[:, 0] = noise[:, 0] / np.sqrt(1 - slope**2)
    for at in range(1, draws):
        found[:, at] = slope * found[:, at - 1] + noise[:, at]
    return found


@pytest.mark.parametrize("slope", [0.0, 0.5, 0.9, -0.4])
def test_effective_size_of_an_autoregression_is_known(slope):
    several = [autoregressive(slope, draws=1_500, seed=seed) for seed in range(10)]
    expected = several[0].size * (1 - slope) / (1 + slope)
    assert np.mean([chains.mean_size(found) for found in several]) == pytest.approx(expected, rel=0.06)
    assert np.mean([chains.bulk_size(found) for found in several]) == pytest.approx(expected, rel=0.06)
    assert np.mean([chains.r_hat(found) for found in several]) < 1.02


def test_an_independent_implementation_gives_the_same():
    # arviz-stats 0.8.0 on the same numbers: its R-hat is ours, its sizes use another factor of 1 - 1/n.
    found = autoregressive(0.5, draws=250, seed=3)
    assert chains.r_hat(found) == pytest.approx(1.0071692818908915, rel=1e-12)
    assert chains.bulk_size(found) == pytest.approx(350.21, rel=0.01)
    assert chains.tail_size(found) == pytest.approx(666.70, rel=0.01)


def test_r_hat_sees_another_place_and_another_spread():
    apart = autoregressive(0.0, draws=500)
    apart[0] += 1.0
    assert chains.r_hat(apart) > 1.1
    wider = autoregressive(0.0, draws=500)
    wider[0] *= 3.0
    assert chains.r_hat(wider) > 1.1
    drifting = autoregressive(0.0, count=1, draws=500) + np.linspace(0, 3, 500)
    assert chains.r_hat(drifting) > 1.1


def test_monotone_changes_of_scale_change_nothing():
    found = autoregressive(0.5, draws=200)
    assert chains.r_hat(found) == chains.r_hat(3 * found + 1)
    assert chains.bulk_size(np.exp(found)) == pytest.approx(chains.bulk_size(found), rel=1e-12)
    assert chains.tail_size(np.exp(found)) == pytest.approx(chains.tail_size(found), rel=1e-12)


def test_monte_carlo_errors_of_independent_normal_draws():
    errors = [
        (chains.quantile_error(found, 0.5), chains.sd_error(found))
        for found in (autoregressive(0.0, draws=500, seed=seed) for seed in range(20))
    ]
    # In the large: the median's is sqrt(pi / 2 n), the standard deviation's 1 / sqrt(2 n).
    median, sd = np.mean(errors, axis=0)
    assert median == pytest.approx(np.sqrt(np.pi / 2 / 2_000), rel=0.1)
    assert sd == pytest.approx(1 / np.sqrt(2 * 2_000), rel=0.1)


def test_what_says_nothing_is_nan():
    for found in (np.ones((4, 100)), np.zeros((2, 4)), np.full((2, 50), np.nan)):
        for measure in (chains.r_hat, chains.bulk_size, chains.tail_size, chains.mean_size, chains.sd_error):
            assert np.isnan(measure(found))
        assert np.isnan(chains.quantile_error(found, 0.5))
    with pytest.raises(ValueError, match="shape"):
        chains.r_hat(np.zeros(100))


def test_normal_scores_are_those_of_blom():
    scores = chains.normal_scores(np.array([[3.0, 1.0], [2.0, 2.0]]))
    assert scores[0, 1] == pytest.approx(-1.0491, abs=1e-4)
    assert scores[1, 0] == scores[1, 1]
    assert scores[0, 0] == -scores[0, 1]

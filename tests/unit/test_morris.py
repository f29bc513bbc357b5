"""Morris screening against functions whose elementary effects are known."""

from __future__ import annotations

import numpy as np
import pytest

from cea.analysis.morris import LEVELS, morris
from cea.analysis.unit_cube import CubeInput, CubeOutcome, OnCube, model_on_cube
from cea.errors import UsageError
from tests.models import shipped

SLOPES = np.array([3.0, -2.0, 0.5, 0.0])


def on_cube(function, *columns: tuple[int, ...], outcomes: int = 1) -> OnCube:
    inputs = tuple(CubeInput(f"x{at}", f"X{at}", own) for at, own in enumerate(columns))
    names = tuple(CubeOutcome(f"y{at}", f"Y{at}") for at in range(outcomes))
    return OnCube(lambda points: np.reshape(function(points), (len(points), outcomes)), inputs, names)


def singles(function, count: int, outcomes: int = 1) -> OnCube:
    return on_cube(function, *((at,) for at in range(count)), outcomes=outcomes)


def test_effects_of_a_linear_function_are_its_slopes_without_spread():
    found = morris(singles(lambda points: points @ SLOPES, 4), 10)
    np.testing.assert_allclose(found.mu_star[0], np.abs(SLOPES), atol=1e-12)
    np.testing.assert_allclose(found.sigma[0], 0, atol=1e-12)
    np.testing.assert_allclose(found.mu_star_conf[0], 0, atol=1e-12)
    assert found.evaluations == 10 * (4 + 1)
    assert found.top() == ("x0", "x1", "x2")
    assert found.top(2) == ("x0", "x1")


def test_effects_of_a_product_are_the_mean_of_the_other():
    # The slope in either is the other, whose levels are the middles of equal slices: mean 1/2, and their spread.
    found = morris(singles(lambda points: points[:, 0] * points[:, 1], 2), 2000)
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    np.testing.assert_allclose(found.mu_star[0], levels.mean(), atol=0.02)
    np.testing.assert_allclose(found.sigma[0], levels.std(), atol=0.02)


def test_a_bent_function_has_spread():
    # Steps of a half from the lower levels x of u²: (x + 1/2)² - x² over 1/2 is 2x + 1/2.
    found = morris(singles(lambda points: points[:, 0] ** 2 + points[:, 1], 2), 2000)
    lower = (np.arange(LEVELS // 2) + 0.5) / LEVELS
    assert found.mu_star[0, 0] == pytest.approx(2 * lower.mean() + 0.5, abs=0.02)
    assert found.sigma[0, 0] == pytest.approx(2 * lower.std(), abs=0.02)
    assert found.sigma[0, 1] == pytest.approx(0, abs=1e-12)


def test_a_group_moves_as_one_and_the_others_keep_their_spread():
    # Of the group, either both move the same way, by 3 + 2, or against each other, by 3 - 2.
    found = morris(on_cube(lambda points: points @ SLOPES, (0, 2), (1,), (3,)), 400)
    assert found.mu_star[0, 0] == pytest.approx(3.0, abs=0.1)
    assert np.isnan(found.sigma[0, 0])
    np.testing.assert_allclose(found.mu_star[0, 1:], [2, 0], atol=1e-12)
    np.testing.assert_allclose(found.sigma[0, 1:], 0, atol=1e-12)
    assert found.evaluations == 400 * (3 + 1)


def test_importance_is_the_highest_share_over_outcomes():
    def both(points: np.ndarray) -> np.ndarray:
        return np.column_stack([points @ [1000.0, 1.0, 0.0], points @ [0.0, 1.0, 0.25]])

    found = morris(singles(both, 3, outcomes=2), 10)
    np.testing.assert_allclose(found.importance(), [1, 1, 0.25])
    frame = found.frame()
    assert list(frame["input"]) == ["x0", "x1", "x2", "x1", "x2", "x0"]
    assert morris(singles(lambda points: np.ones(len(points)), 3), 4).top() == ()


def test_points_stay_off_the_ends_of_the_distributions():
    seen = []

    def function(points: np.ndarray) -> np.ndarray:
        seen.append(points.copy())
        return points @ SLOPES

    morris(singles(function, 4), 20, threads=1)
    levels = np.unique(np.concatenate(seen).round(12))
    np.testing.assert_allclose(levels, (np.arange(LEVELS) + 0.5) / LEVELS)


def test_the_seed_decides():
    subject = singles(lambda points: np.prod(points, axis=1), 3)
    np.testing.assert_array_equal(morris(subject, 8, seed=2).mu_star, morris(subject, 8, seed=2, threads=1).mu_star)
    assert (morris(subject, 8, seed=3).mu_star != morris(subject, 8, seed=2).mu_star).any()


def test_bad_requests():
    subject = singles(lambda points: points @ SLOPES, 4)
    with pytest.raises(UsageError, match="two at least"):
        morris(subject, 1)
    with pytest.raises(UsageError, match="seed -1"):
        morris(subject, 4, seed=-1)
    with pytest.raises(UsageError, match="more than memory should hold"):
        morris(subject, 10**8)


def test_net_benefit_decides_what_matters_in_a_model():
    found = morris(model_on_cube(shipped()), 4)
    nmb = [at for at, item in enumerate(found.outcomes) if item.measure == "nmb"]
    shares = found.mu_star[nmb] / found.mu_star[nmb].max(axis=1, keepdims=True)
    np.testing.assert_array_equal(found.importance(), shares.max(axis=0))
    assert len(found.top()) == 12

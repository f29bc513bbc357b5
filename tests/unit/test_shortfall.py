"""Shortfall at its cut-offs, and expected effects against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cea.analysis.shortfall import expected_effect, shortfall
from cea.errors import InputError

BANDS = [(0.85, 12.0, 1.2), (0.95, 18.0, 1.7)]


@pytest.mark.parametrize(
    ("expected", "remaining", "weight"),
    [
        (10.0, 1.6, 1.0),
        (10.0, 1.5, 1.2),
        (10.0, 0.51, 1.2),
        (10.0, 0.5, 1.7),
        (30.0, 18.1, 1.0),
        (30.0, 18.0, 1.2),
        (30.0, 12.1, 1.2),
        (30.0, 12.0, 1.7),
        (14.0, 1.5, 1.2),
        (19.0, 0.9, 1.7),
        (10.0, 12.0, 1.0),
    ],
)
def test_weight_on_and_around_each_cut_off(expected, remaining, weight):
    assert shortfall(expected, remaining, BANDS).weight == weight
    assert shortfall(expected, remaining, BANDS[::-1]).weight == weight


def test_a_cut_off_missed_by_rounding_is_reached():
    """0.3 of 2 leaves 0.85, in binary a little less."""
    assert shortfall(2.0, 2.0 * (1 - 0.85) + 1e-15, BANDS).weight == 1.2


def test_the_worse_of_the_two_shortfalls_counts():
    """30 of 50 lost: proportional 0.6 gives nothing, absolute 30 the highest band; 2 of 2.05 the other way round."""
    assert shortfall(50.0, 20.0, BANDS).weight == 1.7
    assert shortfall(2.05, 0.05, BANDS).weight == 1.7


def test_shortfalls_and_distances():
    result = shortfall(13.6, 1.7, BANDS)
    assert result.absolute == pytest.approx(11.9)
    assert result.proportional == pytest.approx(0.875)
    low, high = result.cut_offs
    assert (low.weight, high.weight) == (1.2, 1.7)
    assert (low.proportional_distance, low.absolute_distance) == (pytest.approx(0.025), pytest.approx(-0.1))
    assert (high.proportional_distance, high.absolute_distance) == (pytest.approx(-0.075), pytest.approx(-6.1))
    assert (low.reached, high.reached) == (True, False)
    assert list(result.frame()["reached"]) == [True, False]


def test_no_bands_no_weight():
    assert shortfall(10.0, 1.0, []).weight == 1.0


@pytest.mark.parametrize("expected", [0.0, -1.0, math.nan])
def test_expected_effect_must_be_above_zero(expected):
    with pytest.raises(InputError, match="above zero"):
        shortfall(expected, 1.0, BANDS)


def test_constant_hazard_closed_form():
    """Integral over T years of u exp(-(h + ln(1 + r)) t)."""
    hazard, utility, rate, years, steps = 0.08, 0.7, 0.035, 40.0, 40_000
    decay = hazard + math.log(1 + rate)
    exact = utility * (1 - math.exp(-decay * years)) / decay
    found = expected_effect(np.full(steps + 1, hazard), np.full(steps + 1, utility), years / steps, rate)
    assert found == pytest.approx(exact, rel=1e-8)


def test_three_points_by_hand():
    hazard, utility = np.array([0.1, 0.3, 99.0]), np.array([1.0, 0.8, 0.5])
    survival = [1.0, math.exp(-0.05), math.exp(-0.05 - 0.15)]
    worth = [s * u / 1.035 ** (0.5 * t) for t, (s, u) in enumerate(zip(survival, utility, strict=True))]
    half = 0.5 * (0.5 * worth[0] + worth[1] + 0.5 * worth[2])
    assert expected_effect(hazard, utility, 0.5, 0.035) == pytest.approx(half, rel=1e-14)
    assert expected_effect(hazard, utility, 0.5, 0.035, "start") == pytest.approx(0.5 * sum(worth[:2]), rel=1e-14)


def test_nobody_dies_full_health_undiscounted():
    assert expected_effect(np.zeros(13), np.ones(13), 1 / 12, 0.0) == pytest.approx(1.0, rel=1e-14)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shape"):
        expected_effect(np.zeros(3), np.ones(4), 1.0, 0.0)

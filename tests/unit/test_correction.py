"""Weights within the cycle: by hand, by what a rule must integrate exactly, and as published."""

from __future__ import annotations

import numpy as np
import pytest

from cea.engine.correction import DESCRIPTIONS, METHODS, discounted_weights, weights


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("start", [1, 1, 1, 1, 0]),
        ("end", [0, 1, 1, 1, 1]),
        ("all_points", [1, 1, 1, 1, 1]),
        ("half_cycle", [0.5, 1, 1, 1, 0.5]),
        ("simpson", [1 / 3, 4 / 3, 2 / 3, 4 / 3, 1 / 3]),
        ("transposed_simpson", [1 / 3, 2 / 3, 4 / 3, 2 / 3, 1 / 3]),
    ],
)
def test_weights_over_four_cycles(method, expected):
    np.testing.assert_allclose(weights(method, 4), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("cycles", "expected"),
    [
        (1, [1 / 2, 1 / 2]),
        (3, [3 / 8, 9 / 8, 9 / 8, 3 / 8]),
        (5, [1 / 3, 4 / 3, 1 / 3 + 3 / 8, 9 / 8, 9 / 8, 3 / 8]),
    ],
)
def test_simpson_for_odd_counts(cycles, expected):
    np.testing.assert_allclose(weights("simpson", cycles), expected, rtol=1e-15)


@pytest.mark.parametrize("cycles", [*range(2, 12), 75, 516])
def test_simpson_integrates_cubics_exactly(cycles):
    x = np.arange(cycles + 1) / cycles
    cubic = 2 - x + 5 * x**2 - 4 * x**3
    assert weights("simpson", cycles) @ cubic / cycles == pytest.approx(2 - 1 / 2 + 5 / 3 - 1, rel=1e-13)


def test_the_trapezoid_integrates_lines_exactly_and_simpson_beats_it_on_a_curve():
    x = np.linspace(0, 2, 9)
    assert weights("half_cycle", 8) @ (3 - x) / 4 == pytest.approx(4, rel=1e-14)
    exact = 1 - np.exp(-2)
    error = {method: abs(weights(method, 8) @ np.exp(-x) / 4 - exact) for method in ("half_cycle", "simpson")}
    assert error["simpson"] < error["half_cycle"] / 100


@pytest.mark.parametrize("cycles", [1, 2, 3, 4, 7, 75])
def test_a_constant_payoff_is_counted_once_a_cycle_except_by_the_two_that_are_not_quadratures(cycles):
    for method in ("start", "end", "half_cycle", "simpson"):
        assert weights(method, cycles).sum() == pytest.approx(cycles, rel=1e-13)
    assert weights("all_points", cycles).sum() == cycles + 1
    lost = 2 / 3 if cycles % 2 == 0 else 1 / 3
    assert weights("transposed_simpson", cycles).sum() == pytest.approx(cycles - lost, rel=1e-13)


def test_the_published_weights_sum_to_74_and_two_thirds_over_75_cycles():
    assert weights("transposed_simpson", 75).sum() == pytest.approx(74.667, abs=5e-4)


@pytest.mark.parametrize(
    ("method", "cost", "qaly"),
    [
        ("transposed_simpson", 151579.865957, 20.7113314643),
        ("half_cycle", 152262.2907182654, 21.038150923113),
        ("all_points", 153541.4129306321, 21.554486610502),
        ("start", 152983.1685058986, 21.521815235724),
    ],
)
def test_sick_sicker_usual_care_under_each_rule(method, cost, qaly):
    """Alarid-Escudero et al., Med Decis Making 2023;43(1):3-20: 75 yearly cycles, 3 % a year."""
    p_hd, p_s1d, p_s2d = 1 - np.exp(-0.002 * np.array([1, 3, 10]))
    p_hs1, p_s1h, p_s1s2 = 1 - np.exp(-np.array([0.15, 0.5, 0.105]))
    healthy = (1 - p_hd) * np.array([1 - p_hs1, p_hs1, 0, 0]) + [0, 0, 0, p_hd]
    sick = (1 - p_s1d) * np.array([p_s1h, 1 - p_s1h - p_s1s2, p_s1s2, 0]) + [0, 0, 0, p_s1d]
    matrix = np.array([healthy, sick, [0, 0, 1 - p_s2d, p_s2d], [0, 0, 0, 1]])
    trace = np.array([np.linalg.matrix_power(matrix, t)[0] for t in range(76)])
    total = (
        discounted_weights(method, 1.03 ** -np.arange(76.0))
        @ trace
        @ np.array([[2000, 1], [4000, 0.75], [15000, 0.5], [0, 0]])
    )
    np.testing.assert_allclose(total, [cost, qaly], rtol=5e-12)


def test_life_table_over_three_cycles_by_hand():
    discount = np.array([1.0, 0.9, 0.8, 0.7]) / 12
    payoff = np.array([10.0, 6.0, 4.0, 1.0])
    by_hand = (8.0 * 0.9 + 5.0 * 0.8 + 2.5 * 0.7) / 12
    assert discounted_weights("life_table", discount) @ payoff == pytest.approx(by_hand, rel=1e-15)
    np.testing.assert_allclose(discounted_weights("life_table", discount) * 12, [0.45, 0.85, 0.75, 0.35], rtol=1e-15)


def test_life_table_without_discounting_is_the_trapezoid():
    np.testing.assert_array_equal(
        discounted_weights("life_table", np.full(6, 0.25)), discounted_weights("half_cycle", np.full(6, 0.25))
    )


@pytest.mark.parametrize("method", METHODS)
def test_each_row_of_discounts_is_weighted_by_itself(method):
    discount = np.array([[1.0, 0.97, 0.94, 0.91], [0.5, 0.4, 0.3, 0.2]])
    together = discounted_weights(method, discount)
    assert together.shape == (2, 4)
    for row in range(2):
        np.testing.assert_array_equal(together[row], discounted_weights(method, discount[row]))
    if method != "life_table":
        np.testing.assert_array_equal(together, weights(method, 3) * discount)


def test_every_method_has_a_description_of_one_line():
    assert set(METHODS) == set(DESCRIPTIONS) and len(METHODS) == 7
    assert all(text and "\n" not in text for text in DESCRIPTIONS.values())


def test_an_unknown_method_is_refused_with_the_list():
    for call in (lambda: weights("halfcycle", 3), lambda: discounted_weights("halfcycle", np.ones(4))):
        with pytest.raises(ValueError, match=r"'halfcycle'.*half_cycle.*transposed_simpson"):
            call()


def test_life_table_has_no_weights_apart_from_the_discount_and_no_cycle_has_none():
    with pytest.raises(ValueError, match="discounted_weights"):
        weights("life_table", 3)
    with pytest.raises(ValueError, match="at least one cycle"):
        weights("start", 0)
    with pytest.raises(ValueError, match="at least one cycle"):
        discounted_weights("life_table", np.ones(1))

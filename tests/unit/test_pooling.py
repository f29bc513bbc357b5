"""Random effects against closed forms, a published data set, and the likelihood of contrasts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import null_space
from scipy.optimize import minimize_scalar

from cea.analysis.pooling import pool, restricted_log_likelihood

# The trials of BCG vaccine (Colditz et al., JAMA 1994;271:698): vaccinated cases and others, control cases and others.
BCG = np.array(
    [
        [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761],
        [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232],
        [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
    ],
    dtype=float,
)  # fmt: skip
KINDS = ("normal", "hartung_knapp", "prediction", "prediction_normal")

ESTIMATES = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(0.05, 2)).map(lambda pair: (round(pair[0], 4), round(pair[1], 4))),
    min_size=2,
    max_size=9,
)


def contrasts_log_density(tau2: float, effects: np.ndarray, variances: np.ndarray) -> float:
    """The log density of the contrasts between studies, from which the mean has gone."""
    between = null_space(np.ones((1, len(effects))))
    spread = between.T @ np.diag(variances + tau2) @ between
    seen = between.T @ effects
    return float(-0.5 * (np.linalg.slogdet(spread)[1] + seen @ np.linalg.solve(spread, seen)))


def by_contrasts(effects: np.ndarray, variances: np.ndarray) -> float:
    """tau^2 at the highest density of the contrasts, by a search of its own."""
    grid = np.concatenate([[0.0], np.geomspace(1e-7, 30, 300)])
    heights = [contrasts_log_density(tau2, effects, variances) for tau2 in grid]
    best = int(np.argmax(heights))
    if best == 0:
        return 0.0
    low, high = grid[best - 1], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(
        lambda tau2: -contrasts_log_density(tau2, effects, variances), bounds=(low, high), method="bounded",
        options={"xatol": 1e-12},
    )  # fmt: skip
    return float(found.x)


def test_bcg_trials_give_the_published_result():
    cases, others, control_cases, control_others = BCG.T
    n, m = cases + others, control_cases + control_others
    effects = np.log((cases / n) / (control_cases / m))
    found = pool(effects, 1 / cases - 1 / n + 1 / control_cases - 1 / m)
    # metafor, rma(method = "REML"): tau^2 0.3132, -0.7145 (SE 0.1798; -1.0669 to -0.3622), Q 152.2330.
    assert found.tau2 == pytest.approx(0.3132, abs=5e-5)
    assert (found.effect, found.se) == pytest.approx((-0.7145, 0.1798), abs=5e-5)
    assert found.interval("normal") == pytest.approx((-1.0669, -0.3622), abs=5e-5)
    assert found.q == pytest.approx(152.2330, abs=5e-5)
    assert found.q_p < 1e-4


@pytest.mark.parametrize("estimator", ["reml", "dl"])
@pytest.mark.parametrize("variance", [0.01, 0.2, 5.0])
def test_equal_variances_leave_what_the_sample_variance_does_not_explain(estimator, variance):
    effects = np.array([-0.8, -0.1, 0.3, 0.35, 1.1])
    found = pool(effects, np.full(5, variance), estimator)
    assert found.tau2 == pytest.approx(max(0, effects.var(ddof=1) - variance), abs=1e-9)
    assert found.effect == pytest.approx(effects.mean())
    # The Hartung-Knapp interval is then the t interval of a mean, where the guard does not bind.
    expected = stats.t.interval(0.95, 4, effects.mean(), effects.std(ddof=1) / math.sqrt(5))
    if found.tau2 > 0:
        assert found.interval("hartung_knapp") == pytest.approx(expected)
    else:
        assert found.hk_se == pytest.approx(math.sqrt(variance / 5))


@pytest.mark.parametrize("estimator", ["reml", "dl"])
@pytest.mark.parametrize(
    ("effects", "variances"),
    [((0.2, -1.1), (0.1, 0.4)), ((0.2, 0.1), (0.1, 0.4)), ((0.0, 1.0), (0.5, 0.5 - 2e-8))],
)
def test_two_studies(estimator, effects, variances):
    found = pool(effects, variances, estimator)
    squared = (effects[0] - effects[1]) ** 2
    assert found.tau2 == pytest.approx(max(0, (squared - sum(variances)) / 2), abs=1e-12)
    assert all(math.isnan(end) for end in found.interval("prediction"))
    low, high = found.interval("hartung_knapp")
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, 1) * found.hk_se)


def test_one_study_is_taken_as_it_is():
    found = pool([0.3], [0.04])
    assert (found.effect, found.se, found.tau2, found.q, found.i2) == pytest.approx((0.3, 0.2, 0, 0, 0))
    assert found.interval("normal") == pytest.approx((0.3 - 1.959964 * 0.2, 0.3 + 1.959964 * 0.2))
    assert all(math.isnan(end) for kind in KINDS[1:] for end in found.interval(kind))


def test_studies_that_agree_are_a_fixed_effect():
    effects, variances = np.array([0.10, 0.12, 0.11, 0.10]), np.array([0.2, 0.1, 0.4, 0.3])
    weights = 1 / variances
    for estimator in ("reml", "dl"):
        found = pool(effects, variances, estimator)
        assert (found.tau2, found.i2) == (0, 0)
        assert found.effect == pytest.approx(np.average(effects, weights=weights))
        assert found.se == pytest.approx(weights.sum() ** -0.5)
        assert found.hk_factor < 1
        assert found.hk_se == found.se  # the guard holds it


def test_hartung_knapp_is_weighted_least_squares():
    effects, variances = np.array([-0.9, 0.4, 0.1, 1.3, -0.2]), np.array([0.02, 0.05, 0.2, 0.1, 0.3])
    found = pool(effects, variances, "dl")
    root = np.sqrt(1 / (variances + found.tau2))
    slope, residual, _, _ = np.linalg.lstsq(root[:, None], root * effects)
    assert found.effect == pytest.approx(slope[0])
    plain = math.sqrt(residual[0] / 4 / (root @ root))
    assert found.hk_factor == pytest.approx((plain / found.se) ** 2)
    assert found.hk_se == pytest.approx(max(plain, found.se))
    t = stats.t.ppf(0.975, 4)
    half = t * math.sqrt(found.tau2 + found.hk_se**2)
    assert found.interval("prediction") == pytest.approx((found.effect - half, found.effect + half))


def test_i2_is_the_excess_of_q():
    found = pool([0.0, 1.0, 2.0], [0.25, 0.25, 0.25])
    assert found.q == pytest.approx(8)
    assert found.i2 == pytest.approx(6 / 8)
    assert found.q_p == pytest.approx(math.exp(-4))  # chi-squared with two degrees of freedom


@pytest.mark.parametrize(
    ("effects", "variances"),
    [([], []), ([1.0], [0.0]), ([1.0], [-1.0]), ([math.nan], [1.0]), ([1.0, 2.0], [1.0]), ([[1.0]], [[1.0]])],
)
def test_what_cannot_be_pooled(effects, variances):
    with pytest.raises(ValueError, match="effects"):
        pool(effects, variances)


@settings(max_examples=25, deadline=None)
@given(ESTIMATES)
def test_reml_is_the_maximum_of_the_likelihood_of_contrasts(estimates):
    effects, errors = np.array(estimates).T
    found = pool(effects, errors**2)
    best = by_contrasts(effects, errors**2)
    assert found.tau2 == pytest.approx(best, rel=1e-3, abs=2e-6)
    # The two likelihoods differ by a constant, so ours is at least as high at our maximum as at theirs.
    ours, theirs = restricted_log_likelihood([found.tau2, best], effects, errors**2)
    assert ours >= theirs - 1e-9
    gaps = [
        float(restricted_log_likelihood(tau2, effects, errors**2)) - contrasts_log_density(tau2, effects, errors**2)
        for tau2 in (0.0, 0.3, 2.0)
    ]
    assert gaps == pytest.approx([gaps[0]] * 3, abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(ESTIMATES, st.randoms(use_true_random=False), st.floats(-2, 2), st.floats(0.2, 5))
def test_order_shift_and_scale(estimates, random, shift, scale):
    effects, errors = np.array(estimates).T
    shuffled = list(range(len(effects)))
    random.shuffle(shuffled)
    for estimator in ("reml", "dl"):
        found = pool(effects, errors**2, estimator)
        other = pool(effects[shuffled], errors[shuffled] ** 2, estimator)
        assert other.tau2 == pytest.approx(found.tau2, rel=1e-6, abs=1e-9)
        assert other.effect == pytest.approx(found.effect, abs=1e-6)
        assert other.shares == pytest.approx(found.shares[shuffled], abs=1e-6)
        moved = pool(effects * scale + shift, (errors * scale) ** 2, estimator)
        assert moved.tau == pytest.approx(found.tau * scale, rel=1e-4, abs=1e-4)
        assert moved.effect == pytest.approx(found.effect * scale + shift, abs=1e-3)
        assert moved.q == pytest.approx(found.q, rel=1e-6, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(ESTIMATES)
def test_intervals_are_nested_and_the_mean_lies_among_the_studies(estimates):
    effects, errors = np.array(estimates).T
    for estimator in ("reml", "dl"):
        found = pool(effects, errors**2, estimator)
        assert effects.min() - 1e-12 <= found.effect <= effects.max() + 1e-12
        assert found.shares.sum() == pytest.approx(1)
        assert found.se >= errors.min() / math.sqrt(len(effects)) - 1e-12
        assert found.half_width("hartung_knapp") > found.half_width("normal")
        if found.k > 2:
            assert found.half_width("prediction") >= found.half_width("hartung_knapp")
            assert found.half_width("prediction_normal") >= found.half_width("normal")


def test_a_study_without_weight_changes_nothing():
    effects, variances = [0.1, 0.9, -0.4], [0.04, 0.09, 0.02]
    before = pool(effects, variances)
    after = pool([*effects, 0.5], [*variances, 1e12])
    assert (after.effect, after.se, after.tau2) == pytest.approx((before.effect, before.se, before.tau2), rel=1e-6)

"""Distributions against scipy.stats, closed forms and rows of the evidence; and what is said of malformed ones."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

from cea.model.distributions import (
    Beta,
    Dirichlet,
    Distribution,
    DistributionError,
    Empirical,
    Fixed,
    Gamma,
    Lognormal,
    Normal,
    Pert,
    Triangular,
    Uniform,
    from_spec,
)

GRID = np.array([1e-9, 1e-4, 0.025, 0.25, 0.5, 0.75, 0.975, 1 - 1e-4, 1 - 1e-9])

REFERENCES: list[tuple[Distribution, Any]] = [
    (Normal(1.0, 1.23), stats.norm(1.0, 1.23)),
    (Lognormal(-3.49, 0.345), stats.lognorm(0.345, scale=math.exp(-3.49))),
    (Gamma(25.05, 1334.0), stats.gamma(25.05, scale=1334.0)),
    (Gamma(0.961, 260.1), stats.gamma(0.961, scale=260.1)),
    (Beta(224.25, 74.75), stats.beta(224.25, 74.75)),
    (Beta(0.5, 108.5), stats.beta(0.5, 108.5)),
    (Uniform(-2.0, 6.0), stats.uniform(-2.0, 8.0)),
    (Triangular(2.0, 3.0, 7.0), stats.triang(0.2, 2.0, 5.0)),
    (Triangular(2.0, 2.0, 7.0), stats.triang(0.0, 2.0, 5.0)),
    (Triangular(2.0, 7.0, 7.0), stats.triang(1.0, 2.0, 5.0)),
    (Pert(2.0, 3.0, 7.0), stats.beta(1.8, 4.2, 2.0, 5.0)),
    (Dirichlet("mix", 39.0, 358.0), stats.beta(39.0, 319.0)),
]


@pytest.mark.parametrize(("ours", "reference"), REFERENCES, ids=lambda item: getattr(item, "family", ""))
def test_families_agree_with_scipy(ours: Distribution, reference: Any) -> None:
    quantiles = reference.ppf(GRID)
    np.testing.assert_allclose(ours.ppf(GRID), quantiles, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(ours.cdf(quantiles), reference.cdf(quantiles), rtol=1e-9)
    moments = (reference.mean(), reference.median(), reference.std())
    assert (ours.mean, ours.median, ours.sd) == pytest.approx(moments, rel=1e-10)
    assert ours.support == tuple(map(float, reference.support()))
    assert ours.interval(0.9) == pytest.approx(reference.interval(0.9), rel=1e-10)


@pytest.mark.parametrize(
    ("spec", "mean"),
    [
        ({"family": "gamma", "shape": 25.05, "scale": 1334}, 33417),
        ({"family": "gamma", "shape": 126, "rate": 5969}, 0.02111),
        ({"family": "gamma", "shape": 18.734, "scale": 2829.01}, 53000),
        ({"family": "beta", "alpha": 6, "beta": 54}, 0.1),
        ({"family": "beta", "alpha": 224.25, "beta": 74.75}, 0.75),
    ],
)
def test_means_of_the_evidence(spec: dict[str, object], mean: float) -> None:
    assert from_spec(spec).mean == pytest.approx(mean, rel=5e-4)


@pytest.mark.parametrize(
    ("spec", "median"),
    [
        ({"family": "lognormal", "meanlog": -3.49, "sdlog": 0.345}, 0.0305),
        ({"family": "lognormal", "meanlog": -0.5763, "sdlog": 0.212}, 0.562),
        ({"family": "lognormal", "median": 0.172, "sdlog": 0.277}, 0.172),
    ],
)
def test_medians_of_the_evidence(spec: dict[str, object], median: float) -> None:
    assert from_spec(spec).median == pytest.approx(median, abs=5e-5)


@pytest.mark.parametrize(
    ("spec", "low", "high"),
    [
        ({"family": "lognormal", "meanlog": 0.0953, "sdlog": 0.131}, 0.85, 1.42),
        ({"family": "lognormal", "meanlog": 0.392, "sdlog": 0.131}, 1.14, 1.91),
        ({"family": "normal", "mean": 1, "sd": 1.23}, -1.41, 3.41),
    ],
    ids=["transplant rate US", "transplant rate England", "efficacy"],
)
def test_intervals_of_the_evidence(spec: dict[str, object], low: float, high: float) -> None:
    assert tuple(round(end, 2) for end in from_spec(spec).interval()) == (low, high)


@pytest.mark.parametrize(
    ("mean", "se", "low", "high"), [(1, 0.5, 0.27, 2.19), (1.5, 0.7, 0.46, 3.15)], ids=["full years", "half-life"]
)
def test_gamma_by_mean_and_se_has_the_interval_of_the_evidence(mean: float, se: float, low: float, high: float) -> None:
    distribution = from_spec({"family": "gamma", "mean": mean, "se": se})
    assert tuple(round(end, 2) for end in distribution.interval()) == (low, high)


def test_closed_forms_by_interval() -> None:
    deviate = stats.norm.ppf(0.95)
    normal = from_spec({"family": "normal", "interval": [-1.0, 5.0], "level": 0.9})
    assert (normal.mean, normal.sd) == pytest.approx((2.0, 3.0 / deviate), rel=1e-12)
    lognormal = from_spec({"family": "lognormal", "interval": (0.25, 4.0), "level": 0.9})
    assert isinstance(lognormal, Lognormal)
    assert (lognormal.meanlog, lognormal.sdlog) == pytest.approx((0.0, math.log(4.0) / deviate), rel=1e-12, abs=1e-15)


def test_the_default_level_is_95_percent() -> None:
    gamma = from_spec({"family": "gamma", "interval": [8.0, 12.5]})
    assert stats.gamma.cdf([8.0, 12.5], gamma.parameters()["shape"], scale=gamma.parameters()["scale"]) == (
        pytest.approx([0.025, 0.975], abs=1e-10)
    )


def test_two_quantiles_give_the_gamma_and_the_beta_they_came_from() -> None:
    gamma = from_spec(
        {"family": "gamma", "interval": [stats.gamma.ppf(u, 4.5, scale=2.0) for u in (0.1, 0.9)], "level": 0.8}
    )
    assert list(gamma.parameters().values()) == pytest.approx([4.5, 2.0], rel=1e-9)
    beta = from_spec({"family": "beta", "interval": [stats.beta.ppf(u, 0.7, 31.0) for u in (0.1, 0.9)], "level": 0.8})
    assert list(beta.parameters().values()) == pytest.approx([0.7, 31.0], rel=1e-8)


def test_median_and_mean_of_a_lognormal_differ() -> None:
    distribution = from_spec({"family": "lognormal", "median": 2.0, "sdlog": 0.5})
    assert distribution.median == pytest.approx(2.0, rel=1e-15)
    assert distribution.mean == pytest.approx(2.0 * math.exp(0.125), rel=1e-15)
    assert distribution.matches(2.0) and distribution.matches(2.0 * math.exp(0.125))
    assert not distribution.matches(2.1)
    assert (distribution.centre(2.01), distribution.centre(2.25)) == ("median", "mean")


def test_matching_is_relative_but_absolute_at_0() -> None:
    assert Normal(1000.0, 1.0).matches(1009.0) and not Normal(1000.0, 1.0).matches(1011.0)
    assert Normal(0.0, 1.0).matches(0.009) and not Normal(0.0, 1.0).matches(0.011)
    assert Normal(1000.0, 1.0).matches(1011.0, tolerance=0.02)


def test_pert_weighs_the_mode_four_times() -> None:
    assert Pert(2.0, 3.0, 7.0).mean == pytest.approx((2 + 4 * 3 + 7) / 6, rel=1e-15)


def test_rounding_leaves_no_quantile_outside_the_support() -> None:
    # -3.76 + (-1.68 + 3.76) is above -1.68 in double precision.
    assert Pert(-3.76, -1.68, -1.68).ppf(1 - 2**-53) == -1.68


@pytest.mark.parametrize("ends", [(-0.3, 0.09, 3.39), (-3.76, -1.68, 5.17)])
def test_the_halves_of_a_triangle_do_not_cross_at_the_mode(ends: tuple[float, float, float]) -> None:
    low, mode, high = ends
    at_mode = (mode - low) / (high - low)
    below, at, above = Triangular(*ends).ppf([np.nextafter(at_mode, 0), at_mode, np.nextafter(at_mode, 1)])
    assert below <= mode <= above
    assert below <= at <= above


def test_triangular_quantiles_by_hand() -> None:
    # Half of the mass lies on each side of 3 + 1: (x - 2)^2 / (4 * 2) = u below the mode.
    np.testing.assert_allclose(Triangular(2.0, 4.0, 6.0).ppf([0.125, 0.5, 0.875]), [3.0, 4.0, 5.0], rtol=1e-15)


def test_fixed_is_its_value_everywhere() -> None:
    fixed = from_spec({"family": "fixed"}, 57)
    assert (fixed.mean, fixed.median, fixed.sd, fixed.interval()) == (57, 57, 0, (57, 57))
    np.testing.assert_array_equal(fixed.ppf([[0.1], [0.9]]), [[57.0], [57.0]])
    np.testing.assert_array_equal(fixed.cdf([56.9, 57.0]), [0.0, 1.0])
    assert fixed.recentred(57, 60) == Fixed(60)


def test_a_share_waits_for_the_total_of_its_group() -> None:
    share = from_spec({"family": "dirichlet", "group": "start", "alpha": 39})
    assert isinstance(share, Dirichlet)
    with pytest.raises(DistributionError, match="group start are not summed yet"):
        _ = share.mean
    whole = share.with_total(358)
    assert whole.marginal == Beta(39, 319)
    assert whole.mean == pytest.approx(39 / 358, rel=1e-15)
    assert (share.describe(), whole.describe()) == ("dirichlet(start, alpha 39)", "dirichlet(start, alpha 39 of 358)")
    for total in (39, 20, math.inf, math.nan):
        with pytest.raises(DistributionError, match="sum of group start"):
            share.with_total(total)


def test_empirical_quantiles_are_the_draws() -> None:
    column = Empirical(np.array([3.0, 1.0, 2.0, 10.0]))
    np.testing.assert_array_equal(column.ppf([0.01, 0.25, 0.26, 0.5, 0.75, 0.99]), [1, 1, 2, 2, 3, 10])
    np.testing.assert_array_equal(column.cdf([0.9, 1.0, 2.5, 10.0]), [0, 0.25, 0.5, 1])
    assert (column.mean, column.sd, column.support) == (4.0, math.sqrt(12.5), (1.0, 10.0))
    assert column == Empirical(np.array([1.0, 2.0, 3.0, 10.0])) != Empirical(np.array([1.0, 2.0, 3.0, 9.0]))
    assert hash(column) == hash(Empirical(np.array([1.0, 2.0, 3.0, 10.0])))
    with pytest.raises(ValueError, match="read-only"):
        column.draws[0] = 0.0


@pytest.mark.parametrize("draws", [[], [1.0, math.nan], [1.0, math.inf], [[1.0], [2.0]], 3.0])
def test_empirical_refuses_what_is_no_column(draws: object) -> None:
    with pytest.raises(DistributionError, match="column of finite numbers"):
        Empirical(np.asarray(draws))


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (Normal(1.0, 1.23), 1.0, -2.0, Normal(-2.0, 1.23)),
        (Gamma(4.0, 2.0), 8.0, 12.0, Gamma(4.0, 3.0)),
        (Beta(6.0, 54.0), 0.1, 0.5, Beta(30.0, 30.0)),
        (Uniform(1.0, 3.0), 2.0, 4.0, Uniform(2.0, 6.0)),
        (Uniform(-3.0, -1.0), -2.0, -4.0, Uniform(-6.0, -2.0)),
        (Triangular(1.0, 2.0, 6.0), 3.0, 1.5, Triangular(0.5, 1.0, 3.0)),
        (Pert(1.0, 2.0, 6.0), 2.5, 5.0, Pert(2.0, 4.0, 12.0)),
        (Dirichlet("mix", 20.0, 100.0), 0.2, 0.3, Dirichlet("mix", 30.0, 100.0)),
        (Empirical(np.array([1.0, 3.0])), 2.0, 4.0, Empirical(np.array([2.0, 6.0]))),
    ],
)
def test_recentred(before: Distribution, old: float, new: float, after: Distribution) -> None:
    moved = before.recentred(old, new)
    assert type(moved) is type(after)
    assert moved.parameters() == pytest.approx(after.parameters(), rel=1e-12)
    np.testing.assert_allclose(moved.ppf(GRID), after.ppf(GRID), rtol=1e-10)


def test_a_lognormal_moves_by_the_ratio_whichever_centre_it_was_given() -> None:
    before = Lognormal(math.log(2.0), 0.5)
    for old in (before.median, before.mean):
        moved = before.recentred(old, 3 * old)
        assert moved.median == pytest.approx(6.0, rel=1e-12)
        assert moved.mean == pytest.approx(3 * before.mean, rel=1e-12)


def test_a_beta_given_at_its_median_moves_its_median() -> None:
    before = Beta(0.5, 9.5)
    moved = before.recentred(before.median, 0.2)
    assert stats.beta.cdf(0.2, moved.parameters()["alpha"], moved.parameters()["beta"]) == pytest.approx(0.5, abs=1e-10)
    assert sum(moved.parameters().values()) == pytest.approx(10.0, rel=1e-12)


def test_a_value_rounded_in_print_moves_by_its_odds() -> None:
    # alpha / (alpha + beta) is 0.04401 and was printed as 0.044.
    moved = Beta(31.56, 685.63).recentred(0.044, 0.5)
    odds = 31.56 / 685.63 * (0.956 / 0.044)
    assert moved.mean == pytest.approx(odds / (1 + odds), rel=1e-12)


@pytest.mark.parametrize(
    ("distribution", "old", "new", "reason"),
    [
        (Gamma(4.0, 2.0), 8.0, 0.0, "keeps the sign"),
        (Lognormal(0.0, 1.0), 1.0, -1.0, "keeps the sign"),
        (Lognormal(0.0, 1.0), -1.0, -2.0, "old value lies outside"),
        (Beta(6.0, 54.0), 0.1, 1.0, "between 0 and 1"),
        (Beta(6.0, 54.0), 0.0, 0.5, "between 0 and 1"),
        (Beta(0.001, 0.003), 0.1, 1e-200, "no beta with alpha"),
        (Beta(1e20, 1.0), 0.99, 0.5, "too near 0 or 1"),
        (Dirichlet("mix", 20.0, 100.0), 0.2, 1.2, "between 0 and 1"),
        (Dirichlet("mix", 90.0, 100.0), 0.2, 0.9, "sum of group mix"),
        (Uniform(-1.0, 1.0), 0.0, 0.5, "keeps the sign"),
        (Uniform(1.0, 3.0), 2.0, -2.0, "keeps the sign"),
        (Triangular(1.0, 2.0, 3.0), 9.0, 10.0, "old value lies outside"),
        (Normal(0.0, 1.0), 0.0, math.nan, "finite number"),
        (Fixed(1.0), 1.0, math.inf, "finite number"),
        (Empirical(np.array([-1.0, 2.0])), 0.5, -0.5, "keeps the sign"),
    ],
)
def test_moves_to_where_the_family_does_not_exist(
    distribution: Distribution, old: float, new: float, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        distribution.recentred(old, new)


@pytest.mark.parametrize(
    ("distribution", "text"),
    [
        (Fixed(57.0), "fixed(value 57)"),
        (Normal(1.0, 1.23), "normal(mean 1, sd 1.23)"),
        (Lognormal(math.log(0.172), 0.277), "lognormal(median 0.172, sdlog 0.277)"),
        (Gamma(25.05, 1334.0), "gamma(shape 25.05, scale 1334)"),
        (Beta(6.0, 54.0), "beta(alpha 6, beta 54)"),
        (Uniform(1.0, 3.0), "uniform(min 1, max 3)"),
        (Pert(1.0, 2.0, 3.0), "pert(min 1, mode 2, max 3)"),
        (Empirical(np.array([2.0, 1.0])), "empirical(2 draws from 1 to 2)"),
    ],
)
def test_describe(distribution: Distribution, text: str) -> None:
    assert distribution.describe() == text


@pytest.mark.parametrize("u", [0.0, 1.0, -0.1, 1.1, math.nan, [0.5, 1.0]])
def test_quantiles_of_what_is_no_probability(u: object) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        Uniform(0.0, 1.0).ppf(np.asarray(u))


@pytest.mark.parametrize("level", [0.0, 1.0, 95, math.nan])
def test_intervals_of_no_level(level: float) -> None:
    with pytest.raises(ValueError, match="level of an interval"):
        Normal(0.0, 1.0).interval(level)


MALFORMED: list[tuple[dict[str, object], str, str, str]] = [
    # the mapping, the key of the error, what it says is wrong, what it says would be right
    ({}, "family", "the family is missing", "normal, lognormal, beta"),
    ({"family": "log-normal"}, "family", "no family 'log-normal'", "did you mean lognormal?"),
    ({"family": "Gamma"}, "family", "no family 'Gamma'", "did you mean gamma?"),
    ({"family": "weibull"}, "family", "no family 'weibull'", "use one of fixed, normal"),
    ({"family": ["beta"]}, "family", "no family ['beta']", "did you mean beta?"),
    ({"family": None}, "family", "no family None", "use one of"),
    ({"family": "empirical"}, "family", "not written as a mapping", "under `joint`"),
    ({"family": "empirical", "draws": [1, 2]}, "family", "not written as a mapping", "under `joint`"),
    ({"family": "fixed"}, "family", "needs a point value", "give the parameter a `value`"),
    ({"family": "fixed", "mean": 1}, "mean", "fixed has no parameters", "leave them out"),
    ({"family": "gamma"}, "family", "gamma lacks its parameters", "by shape and rate; or by mean and se"),
    ({"family": "gamma", "level": 0.9}, "family", "gamma lacks its parameters", "or by interval"),
    ({"family": "gamma", "shape": 2}, "scale", "gamma with shape lacks scale", "shape and rate"),
    ({"family": "triangular", "min": 0, "max": 1}, "mode", "lacks mode", "min, mode and max"),
    ({"family": "lognormal", "mean": 1}, "se", "lognormal with mean lacks se", "median and sdlog"),
    ({"family": "normal", "mean": 1, "sdd": 1}, "sdd", "no parameter 'sdd'", "did you mean sd?"),
    ({"family": "uniform", "low": 0, "high": 1}, "low", "no parameter 'low'", "min and max"),
    ({"family": "uniform", "min": 0, "max": 1, "level": 0.9}, "level", "no parameter 'level'", "min and max"),
    ({"family": "beta", "alpha": 1, "beta": 2, "mean": 0.3, "se": 0.1}, "mean", "more than one beta", "mean and se"),
    ({"family": "normal", "mean": 1, "sd": 1, "se": 1}, "se", "mean, sd and se together", "mean and sd"),
    ({"family": "normal", "mean": 1, "sd": 1, "level": 0.9}, "level", "there is none", "leave it out"),
    ({"family": "normal", "mean": 1, "sd": 0}, "sd", "sd must be above zero, not 0", "`family: fixed`"),
    ({"family": "normal", "mean": 1, "se": -1}, "se", "se must be above zero, not -1", "above zero"),
    ({"family": "lognormal", "meanlog": 1, "sdlog": -0.1}, "sdlog", "must be above zero", "`family: fixed`"),
    ({"family": "lognormal", "median": 0, "sdlog": 1}, "median", "median must be above zero", "above zero"),
    ({"family": "lognormal", "mean": -2, "se": 1}, "mean", "mean must be above zero, not -2", "above zero"),
    ({"family": "lognormal", "mean": 1, "se": 1e-200}, "se", "sdlog must be above zero", "`family: fixed`"),
    ({"family": "gamma", "shape": 1, "rate": 1e-320}, "rate", "scale is inf", "finite number"),
    ({"family": "gamma", "shape": 0, "scale": 1}, "shape", "shape must be above zero", "above zero"),
    ({"family": "gamma", "shape": 1, "scale": -1}, "scale", "scale must be above zero", "above zero"),
    ({"family": "gamma", "shape": 1, "rate": 0}, "rate", "rate must be above zero", "above zero"),
    ({"family": "beta", "alpha": -1, "beta": 1}, "alpha", "alpha must be above zero", "above zero"),
    ({"family": "beta", "alpha": 1, "beta": 0}, "beta", "beta must be above zero", "above zero"),
    ({"family": "beta", "mean": 1, "se": 0.1}, "mean", "cannot be 1", "between 0 and 1"),
    ({"family": "beta", "mean": 75, "se": 2}, "mean", "cannot be 75", "between 0 and 1"),
    ({"family": "beta", "mean": 0.5, "se": 0.5}, "se", "too large for a beta with mean 0.5", "= 0.5"),
    ({"family": "dirichlet", "group": "mix", "alpha": 0}, "alpha", "alpha must be above zero", "above zero"),
    ({"family": "dirichlet", "group": 3, "alpha": 1}, "group", "group is 3, not a name", "name of the group"),
    ({"family": "uniform", "min": 2, "max": 1}, "min", "min 2 is not below max 1", "min below max"),
    ({"family": "uniform", "min": 1, "max": 1}, "min", "min 1 is not below max 1", "`family: fixed`"),
    ({"family": "pert", "min": 3, "mode": 2, "max": 1}, "min", "min 3 is not below max 1", "min below max"),
    ({"family": "triangular", "min": 0, "mode": 5, "max": 1}, "mode", "mode 5 lies outside", "min <= mode <= max"),
    ({"family": "pert", "min": 0, "mode": -1, "max": 1}, "mode", "mode -1 lies outside", "min <= mode <= max"),
    ({"family": "normal", "interval": [2, 1]}, "interval", "2 to 1 does not ascend", "lower number first"),
    ({"family": "normal", "interval": [1, 1]}, "interval", "1 to 1 does not ascend", "lower number first"),
    ({"family": "gamma", "interval": [0, 6000]}, "interval", "cannot begin at 0", "above zero"),
    ({"family": "lognormal", "interval": [-1, 2]}, "interval", "cannot begin at -1", "another family"),
    ({"family": "beta", "interval": [0.5, 1]}, "interval", "not inside 0 to 1", "0 < low < high < 1"),
    ({"family": "beta", "interval": [53, 76]}, "interval", "not inside 0 to 1", "0 < low < high < 1"),
    ({"family": "gamma", "interval": [1, 1.0000001]}, "interval", "it is too narrow", "check both ends"),
    ({"family": "gamma", "interval": [1e-300, 1e300]}, "interval", "it is too wide", "check both ends"),
    ({"family": "beta", "interval": [0.5, 0.500001]}, "interval", "it is too narrow", "check both ends"),
    ({"family": "normal", "interval": 3}, "interval", "interval is 3, not two numbers", "[low, high]"),
    ({"family": "normal", "interval": "01"}, "interval", "interval is '01', not two numbers", "[low, high]"),
    ({"family": "normal", "interval": [1, 2, 3]}, "interval", "not two numbers", "[low, high]"),
    ({"family": "normal", "interval": [1, "2"]}, "interval", "interval is '2', not a number", "without quotes"),
    ({"family": "normal", "interval": [1, 2], "level": 95}, "level", "level 95 is not between", "0.95"),
    ({"family": "normal", "interval": [1, 2], "level": "95%"}, "level", "level is '95%', not", "without quotes"),
    ({"family": "normal", "mean": "1", "sd": 1}, "mean", "mean is '1', not a number", "without quotes"),
    ({"family": "normal", "mean": True, "sd": 1}, "mean", "mean is True, not a number", "write a number"),
    ({"family": "normal", "mean": math.nan, "sd": 1}, "mean", "mean is nan", "finite number"),
    ({"family": "normal", "mean": 1, "sd": math.inf}, "sd", "sd is inf", "finite number"),
    ({"family": "normal", "mean": 10**400, "sd": 1}, "mean", "mean is inf", "finite number"),
    ({"family": "lognormal", "meanlog": 33400, "sdlog": 1}, "sdlog", "SD of a lognormal is not", "extreme"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "key", "what", "remedy"), MALFORMED, ids=lambda item: str(item)[:70])
def test_malformed_specs(spec: dict[str, object], key: str, what: str, remedy: str) -> None:
    with pytest.raises(DistributionError) as caught:
        from_spec(spec)
    assert caught.value.key == key
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == f"{caught.value.what}; {caught.value.remedy}"


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(DistributionError, match="'gamma' is not a mapping"):
        from_spec("gamma")  # type: ignore[arg-type]


def test_importing_distributions_leaves_the_slow_parts_of_scipy_out() -> None:
    program = (
        "import sys; from cea.model.distributions import from_spec;"
        "from_spec({'family': 'gamma', 'mean': 1, 'se': 0.5}).matches(1);"
        "print([name for name in sys.modules if name in ('scipy.special', 'scipy.stats', 'scipy.optimize')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

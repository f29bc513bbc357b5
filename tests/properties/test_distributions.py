"""What holds for every distribution, whatever its parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import special

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

QUICK = settings(max_examples=40, deadline=None)
TAILS = np.array([1e-12, 1e-9, 1e-6, 1e-3, 0.025, 0.2, 0.5, 0.8, 0.975, 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12])

shapes = st.floats(0.5, 2000.0)
spreads = st.floats(0.05, 1.2)
sizes = st.floats(1e-3, 1e5)
anywhere = st.floats(-1e4, 1e4)


@st.composite
def three_ascending(draw: st.DrawFn) -> tuple[float, float, float]:
    low, width, share = draw(anywhere), draw(sizes), draw(st.floats(0.0, 1.0))
    high = low + width
    return low, min(max(low + share * width, low), high), high


def uniform(ends: tuple[float, float, float]) -> Uniform:
    return Uniform(ends[0], ends[2])


positive = st.one_of(st.builds(Lognormal, st.floats(-8.0, 8.0), spreads), st.builds(Gamma, shapes, sizes))
betas = st.builds(Beta, shapes, shapes)
bounded = st.one_of(
    three_ascending().map(uniform),
    three_ascending().map(lambda ends: Triangular(*ends)),
    three_ascending().map(lambda ends: Pert(*ends)),
)
shares = st.builds(lambda alpha, rest: Dirichlet("mix", alpha, alpha + rest), shapes, shapes)
continuous: st.SearchStrategy[Distribution] = st.one_of(
    st.builds(Normal, anywhere, sizes), positive, betas, bounded, shares
)
columns = st.lists(anywhere, min_size=1, max_size=60).map(lambda draws: Empirical(np.array(draws)))
every: st.SearchStrategy[Distribution] = st.one_of(continuous, columns, st.builds(Fixed, anywhere))


@QUICK
@given(continuous, st.lists(st.floats(1e-3, 1 - 1e-3), min_size=1, max_size=8))
def test_cdf_undoes_ppf(distribution: Distribution, probabilities: list[float]) -> None:
    u = np.array(probabilities)
    # A value far from zero beside its spread carries fewer digits of its distance from the centre.
    slack = 1e-9 + 1e-14 * abs(distribution.mean) / distribution.sd
    np.testing.assert_allclose(distribution.cdf(distribution.ppf(u)), u, rtol=0, atol=slack)


@QUICK
@given(every)
def test_quantiles_rise_are_finite_and_stay_in_the_support(distribution: Distribution) -> None:
    quantiles = distribution.ppf(TAILS)
    low, high = distribution.support
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= 0).all()
    assert low <= quantiles[0] and quantiles[-1] <= high
    assert distribution.ppf(TAILS).tobytes() == quantiles.tobytes()
    assert distribution.ppf(TAILS.reshape(1, 13, 1)).tobytes() == quantiles.tobytes()


@QUICK
@given(every)
def test_probability_is_0_below_and_1_above_everything(distribution: Distribution) -> None:
    low, high = distribution.support
    below = np.nextafter(low, -math.inf) if math.isfinite(low) else -1e300
    above = high if math.isfinite(high) else 1e300
    np.testing.assert_array_equal(distribution.cdf([below, above]), [0.0, 1.0])


@QUICK
@given(continuous)
def test_moments_are_the_integrals_of_the_quantiles(distribution: Distribution) -> None:
    """Integral over u after u = standard normal cdf of z; the trapezoid rule converges fast on such integrands."""
    z = np.linspace(-8.0, 8.0, 4001)
    weight = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    x = distribution.ppf(special.ndtr(z))
    mean = float(weight @ x)
    sd = math.sqrt(float(weight @ (x - distribution.mean) ** 2))
    assert mean == pytest.approx(distribution.mean, rel=1e-9, abs=1e-5 * distribution.sd)
    assert sd == pytest.approx(distribution.sd, rel=1e-4)


@QUICK
@given(every)
def test_median_and_interval_are_quantiles(distribution: Distribution) -> None:
    low, middle, high = distribution.ppf([0.05, 0.5, 0.95])
    assert distribution.median == pytest.approx(middle, rel=1e-12)
    assert distribution.interval(0.9) == pytest.approx((low, high), rel=1e-12)


@QUICK
@given(st.one_of(st.builds(Normal, anywhere, sizes), positive, betas, bounded))
def test_natural_parameters_describe_the_distribution(distribution: Distribution) -> None:
    assert from_spec({"family": distribution.family, **distribution.parameters()}) == distribution


@QUICK
@given(st.sampled_from(["normal", "lognormal", "gamma"]), sizes, spreads)
def test_mean_and_se_are_met(family: str, mean: float, relative: float) -> None:
    distribution = from_spec({"family": family, "mean": mean, "se": mean * relative})
    assert (distribution.mean, distribution.sd) == pytest.approx((mean, mean * relative), rel=1e-10)


@QUICK
@given(st.floats(0.001, 0.999), st.floats(0.01, 0.95))
def test_mean_and_se_of_a_beta_are_met(mean: float, share: float) -> None:
    se = share * math.sqrt(mean * (1 - mean))
    distribution = from_spec({"family": "beta", "mean": mean, "se": se})
    assert (distribution.mean, distribution.sd) == pytest.approx((mean, se), rel=1e-9)


@QUICK
@given(st.sampled_from(["normal", "lognormal", "gamma"]), sizes, st.floats(1.01, 500.0), st.floats(0.3, 0.999))
def test_interval_is_met(family: str, low: float, ratio: float, level: float) -> None:
    distribution = from_spec({"family": family, "interval": [low, low * ratio], "level": level})
    assert distribution.interval(level) == pytest.approx((low, low * ratio), rel=1e-8)


@QUICK
@given(st.floats(1e-4, 0.995), st.floats(0.02, 0.995), st.floats(0.3, 0.999))
@example(0.001, 0.998, 0.95)
def test_interval_of_a_beta_is_met(low: float, share: float, level: float) -> None:
    high = low + share * (1 - low)
    distribution = from_spec({"family": "beta", "interval": [low, high], "level": level})
    assert distribution.interval(level) == pytest.approx((low, high), rel=1e-8)


@QUICK
@given(every, anywhere)
def test_moving_nowhere_changes_nothing(distribution: Distribution, value: float) -> None:
    assert distribution.recentred(value, value) == distribution


@QUICK
@given(st.one_of(positive, bounded, columns), st.floats(0.1, 10.0), st.booleans())
def test_scaled_families_keep_the_coefficient_of_variation(
    distribution: Distribution, ratio: float, of_mean: bool
) -> None:
    old = distribution.mean if of_mean else distribution.median
    assume(abs(old) > 1e-6 and distribution.support[0] <= old <= distribution.support[1] and old * ratio != old)
    moved = distribution.recentred(old, old * ratio)
    assert moved.family == distribution.family
    assert (moved.mean, moved.median, moved.sd) == pytest.approx(
        (distribution.mean * ratio, distribution.median * ratio, distribution.sd * ratio),
        rel=1e-6,
        abs=1e-9 * ratio * (abs(old) + distribution.sd),
    )


@QUICK
@given(anywhere, sizes, anywhere)
def test_a_normal_keeps_its_sd(mean: float, sd: float, new: float) -> None:
    moved = Normal(mean, sd).recentred(mean, new)
    assert (moved.mean, moved.sd) == pytest.approx((new, sd), abs=1e-9)


@QUICK
@given(betas, st.floats(0.02, 0.98), st.booleans())
def test_a_beta_keeps_its_total_and_which_centre_it_is(beta: Beta, new: float, of_mean: bool) -> None:
    # Where mean and median are nearly one, they stand for each other.
    assume(of_mean or abs(beta.mean - beta.median) > 1e-6)
    moved = beta.recentred(beta.mean if of_mean else beta.median, new)
    assert isinstance(moved, Beta)
    assert moved.alpha + moved.beta == pytest.approx(beta.alpha + beta.beta, rel=1e-9)
    assert (moved.mean if of_mean else moved.median) == pytest.approx(new, rel=1e-8)


@QUICK
@given(st.lists(shapes, min_size=2, max_size=6), st.data())
def test_a_group_moved_as_a_whole_keeps_its_total(alphas: list[float], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.floats(0.1, 1.0), min_size=len(alphas), max_size=len(alphas)))
    total = sum(alphas)
    moved = [
        Dirichlet("mix", alpha).recentred(alpha / total, share / sum(wanted))
        for alpha, share in zip(alphas, wanted, strict=True)
    ]
    assert sum(share.parameters()["alpha"] for share in moved) == pytest.approx(total, rel=1e-9)


@QUICK
@given(columns)
def test_an_empirical_distribution_gives_back_its_draws(column: Empirical) -> None:
    n = column.draws.size
    np.testing.assert_array_equal(column.ppf((np.arange(n) + 0.5) / n), column.draws)
    assert (column.cdf(column.draws) * n == [np.sum(column.draws <= draw) for draw in column.draws]).all()


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.floats(), max_size=3),
)
keys = st.sampled_from(
    ["mean", "sd", "se", "median", "meanlog", "sdlog", "alpha", "beta", "shape", "scale", "rate", "min", "mode", "max",
     "interval", "level", "group", "extra"]
)  # fmt: skip
families = st.sampled_from(
    ["fixed", "normal", "lognormal", "beta", "gamma", "uniform", "triangular", "pert", "dirichlet", "empirical", "x"]
)


@settings(max_examples=300, deadline=None)
@given(families, st.dictionaries(keys, scalars, max_size=4))
@example("lognormal", {"meanlog": 1000.0, "sdlog": 1.0})
@example("lognormal", {"median": 1.0, "sdlog": 1e200})
@example("lognormal", {"mean": 1.0, "se": 1e-200})
@example("gamma", {"mean": 5e-324, "se": 1e300})
@example("gamma", {"mean": 1e300, "se": 5e-324})
@example("gamma", {"shape": 1e200, "scale": 1e200})
@example("gamma", {"shape": 1.0, "rate": 1e-320})
@example("gamma", {"interval": [1e-300, 1e300]})
@example("gamma", {"interval": [1.0, math.nextafter(1.0, 2.0)]})
@example("lognormal", {"interval": [5e-324, 1e308]})
@example("beta", {"alpha": 1e308, "beta": 1e308})
@example("beta", {"mean": 0.5, "se": 1e-200})
@example("beta", {"interval": [1e-300, math.nextafter(1.0, 0.0)]})
@example("beta", {"interval": [0.5, math.nextafter(0.5, 1.0)]})
@example("uniform", {"min": -1.7e308, "max": 1.7e308})
@example("triangular", {"min": -1.7e308, "mode": 0.0, "max": 1.7e308})
@example("pert", {"min": -1.7e308, "mode": 0.0, "max": 1.7e308})
@example("normal", {"interval": [-1.7e308, 1.7e308]})
def test_a_mapping_gives_a_distribution_or_says_what_is_wrong(family: str, entries: dict[str, object]) -> None:
    spec = {"family": family, **entries}
    try:
        distribution = from_spec(spec)
    except DistributionError as error:
        assert error.what and error.remedy
        assert error.key in spec or error.key in str(error)
    else:
        assert distribution.family == family
        assert family == "dirichlet" or math.isfinite(distribution.mean)

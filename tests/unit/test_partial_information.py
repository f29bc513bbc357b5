"""The value of learning inputs against closed forms and nested Monte Carlo, its bounds, and wrong names."""

from __future__ import annotations

from dataclasses import replace
from math import erf, exp, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.analysis.partial_information import PartialInformation, evppi, evppi_frame, value_of_knowing
from cea.engine.draws import Draws
from cea.engine.outcomes import Outcomes
from cea.errors import UsageError
from tests.small_model import write_model

N = 8_000


def expected_gain(mean: float, sd: float) -> float:
    """E max(0, X) - max(0, E X) of a normal X: the unit normal loss integral."""
    z = mean / sd
    return sd * exp(-z * z / 2) / sqrt(2 * pi) + mean * (1 + erf(z / sqrt(2))) / 2 - max(mean, 0.0)


def linear(mean: float, first: float, second: float, rho: float = 0.0, n: int = N) -> tuple[Outcomes, Draws]:
    """Two strategies whose benefit differs by mean + first * x + second * z, (x, z) normal with correlation rho."""
    rng = np.random.default_rng(7)
    x, e, other = rng.standard_normal((3, n))
    z = rho * x + sqrt(1 - rho**2) * e
    effect = np.column_stack([np.zeros(n), mean + first * x + second * z])
    outcomes = Outcomes(("old", "new"), ("Old", "New"), np.zeros((n, 2)), effect, "USD", "QALY", (1.0,), 1.0)
    return outcomes, Draws(("x", "z", "unrelated"), np.column_stack([x, z, other]))


def by_name(found: tuple[PartialInformation, ...]) -> dict[str, PartialInformation]:
    return {item.input: item for item in found}


@pytest.mark.parametrize(("mean", "first", "second", "rho"), [(0, 1, 1, 0), (-0.5, 1, 0.5, 0), (0.4, 0.7, 1, 0.6)])
def test_evppi_of_two_normals_has_its_closed_form(mean, first, second, rho):
    run, draws = linear(mean, first, second, rho)
    found = by_name(evppi(run, draws, groups={"both": ("x", "z")}))
    variance = first**2 + second**2 + 2 * rho * first * second
    truth = {
        "x": expected_gain(mean, first + rho * second),
        "z": expected_gain(mean, second + rho * first),
        "both": expected_gain(mean, sqrt(variance)),
        "unrelated": 0.0,
    }
    for name, value in truth.items():
        one = found[name].learned
        assert one.value == pytest.approx(value, abs=3.5 * one.error + 0.003), name
        assert one.error < 0.03
    assert found["both"].learned.r2 == pytest.approx(1, abs=1e-4)
    assert found["x"].learned.r2 == pytest.approx((first + rho * second) ** 2 / variance, abs=0.04)
    assert found["both"].learned.value == pytest.approx(found["both"].learned.evpi, rel=1e-3)


def test_products_of_inputs_are_learned():
    rng = np.random.default_rng(3)
    x, z = rng.standard_normal((2, N))
    gain = x * z
    (together,) = value_of_knowing([np.column_stack([np.zeros(N), gain])], np.column_stack([x, z]))
    (alone,) = value_of_knowing([np.column_stack([np.zeros(N), gain])], x[:, np.newaxis])
    assert together.value == pytest.approx(1 / pi, rel=0.06)  # E max(0, xz) = E|x| E|z| / 2
    assert alone.value <= 3 * alone.error + 0.01


def test_a_bent_benefit_is_learned_and_a_fit_that_misses_shape_says_so():
    rng = np.random.default_rng(4)
    x = rng.standard_normal(N)
    bent = np.abs(x) - 0.5
    (found,) = value_of_knowing([np.column_stack([np.zeros(N), bent])], x[:, np.newaxis])
    truth = float(np.maximum(bent, 0).mean() - max(bent.mean(), 0))
    assert found.value == pytest.approx(truth, rel=0.02)
    jumps = np.where(np.sin(25 * x) > 0, 1.0, -1.0)
    (rough,) = value_of_knowing([np.column_stack([np.zeros(N), jumps])], x[:, np.newaxis])
    assert rough.r2 < 0.1 < found.r2


def test_three_strategies_are_one_choice():
    rng = np.random.default_rng(5)
    x = rng.standard_normal(N)
    noise = 0.3 * rng.standard_normal((N, 3))
    benefit = np.column_stack([np.zeros(N), x, -x]) + noise
    (found,) = value_of_knowing([benefit], x[:, np.newaxis])
    assert found.value == pytest.approx(sqrt(2 / pi), abs=4 * found.error)  # E |x|


def test_learning_agrees_with_nested_monte_carlo_on_a_model(tmp_path: Path):
    write_model(tmp_path)
    model = cea.load(tmp_path, values={"cost_drug": 5_000})
    draws = cea.sample(model, 4_000, seed=2)
    run = cea.run(model, draws)
    cost, effect = run.outcomes.cost.mean(axis=0), run.outcomes.effect.mean(axis=0)
    # Where the choice is open, learning is worth most.
    threshold = float((cost[1] - cost[0]) / (effect[1] - effect[0]))
    (found,) = evppi(run, draws, ["hazard_ratio"], threshold=threshold)
    outer, inner = 60, 200
    values = np.quantile(draws.column("hazard_ratio"), (np.arange(outer) + 0.5) / outer)
    rest = np.tile(draws.values[:inner], (outer, 1))
    rest[:, draws.names.index("hazard_ratio")] = np.repeat(values, inner)
    nested = cea.run(model, replace(draws, values=rest)).outcomes.net_monetary_benefit(threshold)
    gain = (nested[:, 1] - nested[:, 0]).reshape(outer, inner).mean(axis=1)
    # The threshold makes the mean gain over all draws zero: the few inner draws are moved to it.
    truth = float(np.maximum(gain - gain.mean(), 0).mean())
    assert truth > 5 * found.learned.error > 0
    assert found.learned.value == pytest.approx(truth, abs=4 * found.learned.error)


@settings(max_examples=12, deadline=None)
@given(st.floats(-1, 1), st.floats(0.1, 2), st.floats(0.1, 2), st.sampled_from([0.01, 1000.0]))
def test_between_zero_and_perfect_information_and_in_proportion_to_money(mean, first, second, scale):
    run, draws = linear(mean, first, second, n=600)
    found = by_name(evppi(run, draws, groups={"both": ("x", "z")}))
    larger = by_name(evppi(replace(run, effect=scale * run.effect), draws, groups={"both": ("x", "z")}))
    for name, item in found.items():
        one = item.learned
        assert 0 <= one.value <= one.evpi
        assert larger[name].learned.value == pytest.approx(scale * one.value, rel=1e-6, abs=1e-9 * scale)
    assert found["both"].learned.value >= found["x"].learned.value - 4 * found["x"].learned.error


def test_highest_first_by_decision_with_every_input():
    run, draws = linear(0, 1, 0.3, n=1_000)
    table = evppi_frame(evppi(run, draws, decisions=[("old", "new"), ("new", "old")]))
    assert list(table["decision"]) == ["old, new"] * 3 + ["new, old"] * 3
    assert list(table["input"][:2]) == ["x", "z"]
    assert table["value"][:3].is_monotonic_decreasing
    assert np.allclose(table["value"][:3], table["value"][3:])


def test_what_does_not_vary_cannot_be_learned():
    run, draws = linear(0, 1, 1, n=500)
    fixed = Draws(("x",), np.ones((500, 1)))
    (found,) = evppi(run, fixed)
    assert (found.learned.value, found.learned.error, found.learned.raw) == (0, 0, 0)
    assert evppi(run, draws, ["x"], {"some": ("x", "not_drawn")})[0].parameters == ("x",)


@pytest.mark.parametrize(
    ("inputs", "said"), [(["y"], "'y'"), (["unrelatd"], "did you mean 'unrelated'"), (["bot"], "did you mean 'both'")]
)
def test_unknown_names_are_refused(inputs, said):
    run, draws = linear(0, 1, 1, n=200)
    with pytest.raises(UsageError, match=said):
        evppi(run, draws, inputs, {"both": ("x", "z")})


def test_other_draws_too_few_draws_and_no_choice_are_refused():
    run, draws = linear(0, 1, 1, n=200)
    with pytest.raises(UsageError, match="those of one run"):
        evppi(run, linear(0, 1, 1, n=150)[1])
    with pytest.raises(UsageError, match="too few"):
        evppi(*linear(0, 1, 1, n=50))
    with pytest.raises(UsageError, match="two strategies"):
        evppi(run, draws, decisions=[("new",)])
    with pytest.raises(UsageError, match="did you mean 'new'"):
        evppi(run, draws, decisions=[("nwe", "old")])

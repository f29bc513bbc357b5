"""Draws against what is declared: moments, correlations, shared draws, Dirichlet shares, bounds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import cea
from cea.engine.cube import Cube, Dimension
from cea.engine.draws import Draws, drawn
from cea.engine.sampling import SAMPLERS, sample
from cea.errors import InputError, UsageError
from cea.model.distributions import Lognormal
from tests.models import layer, model_of, shipped

N = 20_000
NORMAL = "{family: normal, mean: 1, sd: 0.1}"
STANDARD = "value: 0, distribution: {family: normal, mean: 0, sd: 1}"


def tiny(parameters: dict[str, str], joint: str = "", tables: dict[str, str] | None = None) -> cea.Model:
    """A model whose one cost uses the given parameters, apart from those whose names begin with `unused`."""
    listed = "\n".join(
        f"  {name}: {{label: L, unit: '1', source: {{grade: assumption, note: a test}}, {text}}}"
        for name, text in parameters.items()
    )
    total = " + ".join(name for name in parameters if not name.startswith("unused"))
    return model_of(
        f"""
format: 1
title: Test
question: Is it?
time: {{cycles_per_year: 1, years: 2}}
settings: {{currency: USD, perspective: all_costs, effect: qaly, discount_costs: 0, discount_effects: 0}}
perspectives: {{all_costs: {{label: All}}}}
thresholds: {{values: [1], default: 1, source: {{grade: assumption, note: a test}}}}
states: {{here: {{label: Here}}, gone: {{label: Gone, dead: true}}}}
strategies: {{only: {{label: Only, set: {{on: 1}}}}}}
start: {{here: rest}}
transitions: {{here -> gone: {{rate: yearly}}}}
outcomes:
  care: {{kind: cost, category: Care, per_year: {{here: price * ({total})}}}}
  qaly: {{kind: effect, label: QALYs, unit: QALY, per_year: {{here: health}}}}
parameters:
  price: {{label: L, value: 1, unit: USD/year, source: {{grade: assumption, note: a test}}}}
  yearly: {{label: L, value: 1, unit: 1/year, source: {{grade: assumption, note: a test}}}}
  health: {{label: L, value: 1, unit: QALY/year, source: {{grade: assumption, note: a test}}}}
{listed}
{joint}
""",
        tables,
    )


def uncertain(*names: str, extra: str = "") -> dict[str, str]:
    return dict.fromkeys(names, f"value: 1, distribution: {NORMAL}{extra}")


@pytest.fixture(scope="module")
def many() -> Draws:
    return sample(shipped(), N, seed=1)


# --- what is drawn -----------------------------------------------------------------------------------------------


def test_every_uncertain_parameter_in_use_has_a_column_in_the_order_of_the_model() -> None:
    model = shipped()
    expected = tuple(
        name
        for name, item in model.parameters.items()
        if name in model.used and item.uncertain and not item.decision and not item.cohort
    )
    cube = Cube(model)
    assert len(expected) > 40
    assert cube.names == expected == tuple(item.name for item in cube.dimensions)
    assert {item.name for item in cube.dimensions if item.group == "natural_history"} == set(
        model.joint["natural_history"].parameters
    )


def test_what_is_not_uncertain_or_not_used_is_not_drawn() -> None:
    model = tiny(
        {
            **uncertain("plain", "unused"),
            **uncertain("chosen", extra=", decision: true"),
            **uncertain("described", extra=", cohort: true"),
            "constant": "value: 1",
            "point": "value: 1, distribution: {family: fixed}",
            "double": "formula: 2 * plain",
            "copy": "same_as: plain",
        }
    )
    assert drawn(model) == Cube(model).names == ("plain",)
    draws = sample(model, 3)
    run = cea.run(model, values=draws.mapping())
    assert run.outcomes.cost[:, 0] == pytest.approx(
        run.life_years.discounted[:, 0] * (4 * draws.column("plain") + 4), rel=1e-12
    )


def test_a_model_without_uncertainty_has_no_columns() -> None:
    model = tiny({"constant": "value: 1"})
    for sampler in SAMPLERS:
        assert sample(model, 5, sampler=sampler).values.shape == (5, 0)


def test_a_layer_changes_what_is_drawn() -> None:
    fixed = shipped().with_layer(layer("parameters: {cost_a: {distribution: {family: fixed}}}"))
    assert set(Cube(shipped()).names) - set(Cube(fixed).names) == {"cost_a"}


# --- the declared distributions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", Cube(shipped()).names)
def test_moments_and_quantiles_are_those_declared(many: Draws, name: str) -> None:
    distribution = shipped().parameters[name].distribution
    assert distribution is not None
    values = many.column(name)
    assert abs(values.mean() - distribution.mean) < 4.5 * distribution.sd / math.sqrt(N)
    for level in (0.025, 0.5, 0.975):
        share = np.mean(values < float(distribution.ppf(level)))
        assert abs(share - level) < 4.5 * math.sqrt(level * (1 - level) / N)
    assert stats.kstest(values, distribution.cdf).pvalue > 1e-5


def test_the_calibrated_rates_keep_their_correlations(many: Draws) -> None:
    joint = shipped().joint["natural_history"]
    logs = np.log([many.column(name) for name in joint.parameters])
    found, declared = np.corrcoef(logs), joint.correlation
    assert declared is not None
    # Fisher's z has a standard error of 1 / sqrt(n - 3).
    upper = np.triu_indices(len(found), 1)
    z = (np.arctanh(found[upper]) - np.arctanh(declared[upper])) * math.sqrt(N - 3)
    assert len(z) == 21
    assert np.abs(z).max() < 4.5
    pair = [joint.parameters.index(name) for name in ("rate_c_to_b", "excess_death_c")]
    assert declared[pair[0], pair[1]] == 0.69
    assert found[pair[0], pair[1]] == pytest.approx(0.69, abs=4.5 * (1 - 0.69**2) / math.sqrt(N))


def test_parameters_outside_the_joint_group_are_independent(many: Draws) -> None:
    ranks = stats.spearmanr(np.column_stack([many.column(name) for name in ("cost_a", "cost_b", "rate_a_to_b")]))
    assert np.abs(ranks.statistic[np.triu_indices(3, 1)]).max() < 4.5 / math.sqrt(N - 1)


def test_rows_of_joint_draws_are_kept_together_and_equally_likely() -> None:
    model = shipped()
    joint = model.joint["natural_history"]
    assert joint.draws is not None
    cube = Cube(model, joint="draws")
    dimension = next(item for item in cube.dimensions if item.name == "natural_history")
    assert dimension == Dimension("natural_history", joint.parameters, "natural_history")
    assert cube.names == Cube(model).names
    assert cube.count == Cube(model).count - 6
    draws = sample(model, 10_000, seed=4, joint="draws")
    rows = np.column_stack([draws.column(name) for name in joint.parameters])
    listed, times = np.unique(joint.draws, axis=0, return_counts=True)
    position = {row.tobytes(): index for index, row in enumerate(listed)}
    picked = np.bincount([position[row.tobytes()] for row in rows], minlength=len(listed))
    assert stats.chisquare(picked, times * 10_000 / len(joint.draws)).pvalue > 1e-4


def test_the_column_of_joint_draws_picks_the_row_in_order() -> None:
    table = "a_one,a_two\n1,10\n2,20\n3,30\n4,40\n"
    joint = "joint: {pair: {parameters: [a_one, a_two], draws: draws.csv}}"
    cube = Cube(tiny({"a_one": "value: 2.5", "a_two": "value: 25"}, joint, {"draws.csv": table}))
    assert cube.dimensions == (Dimension("pair", ("a_one", "a_two"), "pair"),)
    assert cube.warnings == ()
    u = [[0.0], [0.2499], [0.25], [0.74], [0.75], [1.0]]
    values = cube.parameters(u).values
    assert values[:, 0].tolist() == [1, 1, 2, 3, 4, 4]
    assert values[:, 1].tolist() == [10, 10, 20, 30, 40, 40]


def test_joint_draws_that_belong_to_another_value_are_refused_or_warned_about() -> None:
    moved = shipped().with_values({"rate_c_to_b": 0.9})
    with pytest.raises(InputError, match=r"rate_c_to_b was set to 0\.9; the joint draws of natural_history"):
        Cube(moved, joint="draws")
    median = float(np.median(sample(moved, 4_000).column("rate_c_to_b")))
    assert median == pytest.approx(0.9, rel=0.03)
    table = "a_one,a_two\n1,10\n2,20\n3,30\n"
    joint = "joint: {pair: {parameters: [a_one, a_two], draws: draws.csv}}"
    cube = Cube(tiny({"a_one": "value: 2", "a_two": "value: 35"}, joint, {"draws.csv": table}))
    assert len(cube.warnings) == 1
    assert "a_two = 35 is neither the mean (20) nor the median (20) of its joint draws" in cube.warnings[0]


def test_semi_definite_correlations_work() -> None:
    """Of three scores the third is the sum of the first two, over the square root of 2."""
    half = repr(math.sqrt(0.5))
    table = f"x,s_one,s_two,s_sum\ns_one,1,0,{half}\ns_two,0,1,{half}\ns_sum,{half},{half},1\n"
    joint = "joint: {three: {parameters: [s_one, s_two, s_sum], correlation: c.csv}}"
    model = tiny(dict.fromkeys(("s_one", "s_two", "s_sum"), STANDARD), joint, {"c.csv": table})
    draws = sample(model, 5_000, seed=2)
    total = (draws.column("s_one") + draws.column("s_two")) / math.sqrt(2)
    assert draws.column("s_sum") == pytest.approx(total, abs=1e-9)
    assert abs(np.corrcoef(draws.column("s_one"), draws.column("s_two"))[0, 1]) < 4.5 / math.sqrt(5_000)


def test_perfect_correlation_gives_the_same_quantiles() -> None:
    table = "x,up,down\nup,1,-1\ndown,-1,1\n"
    joint = "joint: {two: {parameters: [up, down], correlation: c.csv}}"
    model = tiny(uncertain("up", "down"), joint, {"c.csv": table})
    draws = sample(model, 500)
    assert draws.column("up") + draws.column("down") == pytest.approx(np.full(500, 2.0), abs=1e-12)


def test_a_member_that_is_fixed_leaves_the_correlation_of_the_others() -> None:
    model = shipped().with_layer(layer("parameters: {rate_a_to_b: {distribution: {family: fixed}}}"))
    draws = sample(model, 5_000, seed=3)
    assert "rate_a_to_b" not in draws.names
    logs = np.log([draws.column("rate_c_to_b"), draws.column("excess_death_c")])
    assert np.corrcoef(logs)[0, 1] == pytest.approx(0.69, abs=4.5 * (1 - 0.69**2) / math.sqrt(5_000))


def test_a_shared_draw_is_comonotonic_and_keeps_every_marginal() -> None:
    model = tiny(
        {
            "first": "value: 0.7, share_draw: both, distribution: {family: beta, alpha: 70, beta: 30}",
            **uncertain("alone"),
            "second": "value: 4, share_draw: both, distribution: {family: gamma, shape: 4, scale: 1}",
        }
    )
    cube = Cube(model)
    assert cube.dimensions == (Dimension("both", ("first", "second"), "both"), Dimension("alone", ("alone",)))
    draws = sample(model, 4_000, seed=5)
    order = np.argsort(draws.column("first"))
    assert (np.diff(draws.column("second")[order]) > 0).all()
    for name in ("first", "second"):
        distribution = model.parameters[name].distribution
        assert distribution is not None
        assert stats.kstest(draws.column(name), distribution.cdf).pvalue > 1e-4
    assert abs(stats.spearmanr(draws.column("first"), draws.column("alone")).statistic) < 4.5 / math.sqrt(4_000)


ALPHAS = {"mild": 20.0, "moderate": 12.0, "unused_severe": 8.0}


def shares(alphas: dict[str, float] = ALPHAS) -> cea.Model:
    total = sum(alphas.values())
    return tiny(
        {
            name: f"value: {alpha / total!r}, distribution: {{family: dirichlet, group: mix, alpha: {alpha}}}"
            for name, alpha in alphas.items()
        }
    )


def test_dirichlet_shares_have_the_declared_means_variances_and_covariance() -> None:
    """A share that no formula uses still takes its part of the whole."""
    model = shares()
    cube = Cube(model)
    assert cube.names == ("mild", "moderate")
    assert [(item.name, item.group) for item in cube.dimensions] == [(name, "mix") for name in ALPHAS]
    draws = sample(model, N, seed=6)
    first, second = draws.column("mild"), draws.column("moderate")
    for values, name in ((first, "mild"), (second, "moderate")):
        distribution = model.parameters[name].distribution
        assert distribution is not None
        assert abs(values.mean() - distribution.mean) < 4.5 * distribution.sd / math.sqrt(N)
        assert values.std() == pytest.approx(distribution.sd, rel=4.5 / math.sqrt(2 * N))
        assert stats.kstest(values, distribution.cdf).pvalue > 1e-4
    expected = -math.sqrt(20 * 12 / ((40 - 20) * (40 - 12)))
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(expected, abs=4.5 * (1 - expected**2) / math.sqrt(N))
    assert (first + second < 1).all()


@pytest.mark.parametrize("alphas", [{"mild": 20.0, "moderate": 12.0, "severe": 8.0}, {"mild": 1e-3, "moderate": 2e-3}])
def test_dirichlet_shares_sum_to_one(alphas: dict[str, float]) -> None:
    draws = sample(shares(alphas), 5_000)
    assert np.isfinite(draws.values).all()
    assert draws.values.min() >= 0
    assert draws.values.sum(axis=1) == pytest.approx(np.ones(5_000), abs=1e-14)


def test_tiny_alphas_pick_one_share_by_its_weight() -> None:
    """With alphas near zero a Dirichlet is a draw of one share; gamma quantiles underflow to zero there."""
    first = sample(shares({"mild": 1e-3, "moderate": 3e-3}), N, seed=7).column("mild")
    assert abs(first.mean() - 0.25) < 4.5 * math.sqrt(0.25 * 0.75 / N)
    assert np.mean((first < 1e-6) | (first > 1 - 1e-6)) > 0.97


def test_what_cannot_be_drawn_is_named() -> None:
    table = "x,left,right\nleft,1,0.5\nright,0.5,1\n"
    joint = "joint: {two: {parameters: [left, right], correlation: c.csv}}"
    twice = tiny({**uncertain("left"), **uncertain("right", extra=", share_draw: both")}, joint, {"c.csv": table})
    with pytest.raises(InputError, match="right is drawn in two ways: by joint group two and by shared draw both"):
        Cube(twice)
    half = shares()
    parameters = {**half.parameters, "moderate": replace(half.parameters["moderate"], decision=True)}
    with pytest.raises(InputError, match="moderate is fixed in draws, but other shares of Dirichlet group mix are not"):
        Cube(replace(half, parameters=parameters))
    named = tiny({**uncertain("alone"), **uncertain("left", "right", extra=", share_draw: alone")})
    with pytest.raises(InputError, match="two things that are drawn have the name alone"):
        Cube(named)
    with pytest.raises(UsageError, match="did you mean 'draws'"):
        Cube(shipped(), joint="draw")


def test_draws_beyond_bounds_are_set_to_the_bound_and_counted() -> None:
    model = tiny(
        {
            "capped": f"{STANDARD}, bounds: [-2, 1]",
            "free": STANDARD,
        }
    )
    draws = sample(model, 5_000)
    before = sample(tiny(dict.fromkeys(("capped", "free"), STANDARD)), 5_000).values
    assert draws.values[:, 0].tolist() == np.clip(before[:, 0], -2, 1).tolist()
    assert draws.values[:, 1].tolist() == before[:, 1].tolist()
    assert draws.clipped == {"capped": int(np.sum((before[:, 0] < -2) | (before[:, 0] > 1)))}
    assert draws.clipped["capped"] > 700


def test_the_corners_of_the_cube_give_finite_values() -> None:
    cube = Cube(shipped())
    values = cube.parameters([np.zeros(cube.count), np.ones(cube.count)]).values
    assert np.isfinite(values).all()
    assert (values[0] < values[1]).sum() > cube.count - 7


@pytest.mark.parametrize(("shape", "value"), [((3, 2), 0.5), ((2,), 0.5), ((3, 1), 1.5), ((3, 1), math.nan)])
def test_points_outside_the_cube_are_refused(shape: tuple[int, ...], value: float) -> None:
    with pytest.raises(ValueError, match="points must"):
        Cube(tiny(uncertain("alone"))).parameters(np.full(shape, value))


def test_a_draw_is_its_quantile() -> None:
    cube = Cube(shipped())
    points = np.random.default_rng(1).random((7, cube.count))
    draws = cube.parameters(points)
    column = next(index for index, item in enumerate(cube.dimensions) if item.name == "rate_hcc_b")
    distribution = shipped().parameters["rate_hcc_b"].distribution
    assert isinstance(distribution, Lognormal)
    assert draws.column("rate_hcc_b").tolist() == distribution.ppf(points[:, column]).tolist()

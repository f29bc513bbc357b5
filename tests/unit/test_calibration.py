"""Calibration: posteriors in closed form, several optima, what a model says of targets, and agreement with others."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from cea.analysis import chains, forecast
from cea.analysis.calibration import Method, Posterior, Reference, calibrate, calibrate_point
from cea.analysis.calibration_tables import (
    agreement_frame,
    correlation,
    diagnostics_row,
    fit_frame,
    optima_frame,
    parameters_frame,
    warnings,
)
from cea.analysis.fit import compare
from cea.analysis.forecast import CalibrationTarget, Forecast
from cea.analysis.independence import Mixture, independence_chains
from cea.analysis.targets import Target
from cea.errors import CeaError, InputError, UsageError
from tests.models import layer
from tests.shares_model import SOURCE, calibration, shares, target
from tests.two_states import small

NORMAL = {"family": "normal", "mean": 0.5, "sd": 0.1}
HAZARD = {"family": "lognormal", "median": 0.1, "sdlog": 0.5}


def near(draws: np.ndarray, expected: float, errors: float = 4.0) -> bool:
    """Whether the mean of chains is the expected one within so many Monte Carlo standard errors."""
    error = draws.std() / math.sqrt(chains.mean_size(draws))
    return abs(draws.mean() - expected) < errors * error


def test_normal_prior_and_normal_likelihood_give_the_exact_posterior():
    # Precisions add up: 100 of the prior and 400 of the target.
    found = calibrate(shares(), calibration({"share_one": NORMAL}, target("half")), n=6_000, seed=3)
    own = found.values[..., 0]
    assert near(own, (100 * 0.5 + 400 * 0.6) / 500)
    assert own.std() == pytest.approx(1 / math.sqrt(500), rel=0.03)
    assert found.figures[..., 0] == pytest.approx(own, rel=1e-12)
    assert not list(warnings(found))
    assert found.point.values[0, 0] == pytest.approx(0.58, abs=1e-6)
    row = fit_frame(found).iloc[0]
    assert row["distance"] == pytest.approx((np.median(own) - 0.6) / 0.05)
    # A repeated observation has the variance of the posterior and that of the target.
    expected = 0.5 * (1 + math.erf((0.6 - 0.58) / math.sqrt(2 * (1 / 500 + 0.05**2))))
    assert row["probability"] == pytest.approx(expected, abs=0.01)


def test_a_target_of_two_parameters_correlates_them():
    # Prior: 0.3 with sd 0.05 each, independent; target: their sum is 0.5 with standard error 0.02.
    priors = {name: {"family": "normal", "mean": 0.3, "sd": 0.05} for name in ("share_one", "share_two")}
    model = shares().with_layer(layer("parameters: {share_two: {value: 0.2, bounds: null}}"))
    sums = target("sum", states=("one", "two"), value=0.5, se=0.02)
    found = calibrate(model, calibration(priors, sums), n=8_000)
    precision = np.eye(2) / 0.05**2 + np.ones((2, 2)) / 0.02**2
    covariance = np.linalg.inv(precision)
    mean = covariance @ (np.full(2, 0.3) / 0.05**2 + np.full(2, 0.5) / 0.02**2)
    for at in range(2):
        assert near(found.values[..., at], mean[at])
        assert found.values[..., at].std() == pytest.approx(math.sqrt(covariance[at, at]), rel=0.03)
    assert correlation(found.draws)[0, 1] == pytest.approx(covariance[0, 1] / covariance[0, 0], abs=0.01)


def test_a_beta_prior_and_a_wide_target_give_back_the_prior():
    beta = {"family": "beta", "alpha": 2, "beta": 5}
    found = calibrate(shares(), calibration({"share_one": beta}, target("x", se=50)), n=6_000)
    distribution = found.calibration.priors[0].distribution
    shares_below = np.array([(found.draws <= distribution.ppf(level)).mean() for level in (0.05, 0.3, 0.7, 0.95)])
    assert shares_below == pytest.approx([0.05, 0.3, 0.7, 0.95], abs=0.02)


def test_values_that_the_model_refuses_have_no_density():
    # Rates below zero are refused: what is left of the prior is the part above.
    wide = {"family": "normal", "mean": 0.1, "sd": 0.2}
    found = calibrate(shares(), calibration({"hazard": wide}, target("x", se=50)))
    assert found.values.min() >= 0
    reach = 0.1 / 0.2
    density, share = math.exp(-(reach**2) / 2) / math.sqrt(2 * math.pi), 0.5 * (1 + math.erf(reach / math.sqrt(2)))
    assert near(found.values[..., 0], 0.1 + 0.2 * density / share)


def test_point_calibration_finds_the_truth():
    truth = {"share_one": 0.35, "hazard": 0.23}
    alive = math.exp(-2 * 0.23)
    targets = (
        target("one", value=0.35 * math.exp(-0.23), se=1e-4),
        target("alive", measure="survival", states=(), year=2.0, value=alive, se=1e-4),
    )
    found = calibrate_point(shares(), calibration({"share_one": NORMAL, "hazard": HAZARD}, *targets), starts=6)
    assert len(found.optima) == 1 and found.optima[0].starts == 6
    assert dict(zip(found.calibration.parameters, found.values[0], strict=True)) == pytest.approx(truth, rel=1e-3)
    frame = optima_frame(found)
    assert (frame["low"] < frame["value"]).all() and (frame["value"] < frame["high"]).all()


def test_two_optima_are_both_found_and_both_visited():
    bent = shares().with_layer(layer('start: {one: "4 * (share_one - 0.5) ^ 2", two: 0, rest: rest}'))
    two = calibration({"share_one": NORMAL | {"sd": 0.2}}, target("bent", value=0.16, se=0.02))
    found = calibrate(bent, two, n=6_000)
    assert sorted(found.point.values.ravel()) == pytest.approx([0.3, 0.7], abs=0.01)
    assert (found.draws > 0.5).mean() == pytest.approx(0.5, abs=0.04)
    assert not list(warnings(found))


def test_the_seed_decides_every_digit():
    wanted = calibration({"share_one": NORMAL, "hazard": HAZARD}, target("half"))
    first, same, other = (calibrate(shares(), wanted, n=400, chains=2, seed=seed) for seed in (7, 7, 8))
    assert first.values.tobytes() == same.values.tobytes()
    assert first.figures.tobytes() == same.figures.tobytes()
    assert first.values.tobytes() != other.values.tobytes()


def test_figures_are_those_that_validation_measures(monkeypatch):
    model = small()
    start = {"well": 0.25, "healing": 0.75}
    exponential = layer("settings: {transition_method: matrix_exponential}")
    fields: list[dict[str, object]] = [
        {"measure": "survival"},
        {"measure": "survival", "strategy": "drug", "start": start},
        {"measure": "occupancy", "states": ("gone", "healing"), "start": start},
        {"measure": "event", "event": "death", "strategy": "drug", "year": 1.0},
        {"measure": "hazard_ratio", "strategy": "drug", "comparator": "usual"},
        {"measure": "survival", "layers": (layer("time: {cycles_per_year: 2}"),)},
        {"measure": "survival", "fixed": {"residual": 0.9}, "strategy": "drug"},
        {"measure": "survival", "layers": (exponential,), "start": start},
    ]
    given = [{"strategy": "usual", "year": 2.0, **item} for item in fields]
    targets = [
        CalibrationTarget(name=str(at), label="", value=1, se=1, source=SOURCE, **item)  # type: ignore[arg-type]
        for at, item in enumerate(given)
    ]
    monkeypatch.setattr(forecast, "BATCH", 3)
    hazards = np.linspace(0.05, 0.6, 5)
    found = Forecast(model, targets, ["hazard"], {})(hazards[:, np.newaxis])
    for row in range(5):
        for column, item in enumerate(given):
            kept = {key: value for key, value in item.items() if key not in ("layers", "fixed")}
            single = Target(
                name="x", label="", role="context", expected=None, source=SOURCE,
                values={"hazard": hazards[row], **item.get("fixed", {})}, **kept,  # type: ignore[arg-type,dict-item]
            )  # fmt: skip
            changed = model.with_layer(*item.get("layers", ()))  # type: ignore[arg-type]
            value = compare([single], lambda _, changed=changed: changed)[0].value
            assert found[row, column] == pytest.approx(value, rel=1e-12), (row, item)


def test_a_refused_sample_does_not_spoil_the_others():
    values = np.linspace(0.2, 1.2, 21)[:, np.newaxis]
    found = Forecast(shares(), [target("half")], ["share_one"], {"share_two": 0.0})(values)[:, 0]
    assert found[values[:, 0] <= 1] == pytest.approx(values[values[:, 0] <= 1, 0])
    assert np.isnan(found[values[:, 0] > 1 + 1e-9]).all()


def test_the_reason_is_told_where_the_model_refuses_the_medians():
    impossible = calibration({"share_one": NORMAL | {"mean": 1.5}}, target("half"))
    with pytest.raises(InputError, match=r"sum to 1\.7"):
        calibrate(shares(), impossible)


def test_sizes_that_will_not_do_are_refused():
    wanted = calibration({"share_one": NORMAL}, target("half"))
    for wrong in ({"n": 300}, {"chains": 0}, {"seed": -1}, {"starts": 0}, {"n": 10**8}):
        with pytest.raises(UsageError):
            calibrate(shares(), wanted, **wrong)
    with pytest.raises(UsageError, match=r"'slow' of the calibration test: known here: plain"):
        calibrate(shares(), wanted, "slow")


def test_a_method_changes_how_the_model_is_run():
    alive = target("alive", measure="survival", states=(), year=1.0, value=0.8, se=0.01)
    wanted = calibration({"hazard": HAZARD}, alive)
    slower = Method("half", "Half", (layer('transitions: {alive -> gone: {rate: "hazard / 2"}}'),))
    wanted = replace(wanted, methods=(*wanted.methods, slower))
    plain, half = (calibrate_point(shares(), wanted, name, starts=1).values[0, 0] for name in ("plain", "half"))
    assert half > 1.6 * plain


def test_agreement_with_draws_of_the_same_posterior_and_of_another():
    found = calibrate(shares(), calibration({"share_one": NORMAL, "hazard": HAZARD}, target("half")), n=2_000)
    generator = np.random.default_rng(2)
    exact = np.column_stack([
        0.58 + generator.standard_normal(3_000) / math.sqrt(500), 0.1 * generator.lognormal(0, 0.5, 3_000)
    ])  # fmt: skip
    other = calibrate(shares(), found.calibration, n=2_000, seed=9)
    same = agreement_frame(found, Reference("same", ("share_one", "hazard"), other.draws, "plain"))
    assert list(same["quantity"]) == ["median", "sd", "median", "sdlog", "correlation"]
    assert (same["ratio"].abs() < 4).all()
    moved = agreement_frame(found, Reference("moved", ("share_one", "hazard"), exact * [1.2, 1.5], "plain"))
    assert (moved["ratio"].abs()[[0, 2]] > 5).all()
    assert moved["difference"][0] == pytest.approx(np.median(found.draws[:, 0]) - np.median(1.2 * exact[:, 0]))


def test_parameters_and_diagnostics_say_what_the_chains_say():
    found = calibrate(shares(), calibration({"share_one": NORMAL, "hazard": HAZARD}, target("half")), n=2_000, chains=2)
    table, row = parameters_frame(found).set_index("parameter"), diagnostics_row(found)
    for at, name in enumerate(("share_one", "hazard")):
        own = found.values[..., at]
        assert table.loc[name, "r_hat"] == chains.r_hat(own)
        assert table.loc[name, "ess_tail"] == chains.tail_size(own)
        assert (table.loc[name, "low"], table.loc[name, "high"]) == tuple(np.quantile(own, [0.025, 0.975]))
    assert math.isnan(table.loc["share_one", "sdlog"])
    assert table.loc["hazard", "sdlog"] == pytest.approx(np.log(found.values[..., 1]).std(ddof=1))
    assert row["r_hat"] == table["r_hat"].max() and row["ess_bulk"] == table["ess_bulk"].min()
    assert (row["draws"], row["chains"], row["evaluations"]) == (2_000, 2, 2 * 1_100 + 2 * 2_000)
    assert len(found.thinned(300)) <= 300 and (found.thinned(10**6) == found.draws).all()


def stuck(found: Posterior) -> Posterior:
    """The same draws, with one chain moved away from the others."""
    values = found.values.copy()
    values[0] += 0.2
    return replace(found, values=values, heaviest=0.3)


def test_draws_that_cannot_be_trusted_are_warned_of():
    found = calibrate(shares(), calibration({"share_one": NORMAL}, target("half")), n=2_000)
    texts = list(warnings(stuck(found)))
    assert any("share_one: R-hat 1." in text for text in texts)
    assert any("one proposal carries 30%" in text for text in texts)
    few = calibrate(shares(), found.calibration, n=100, chains=1)
    assert {"one chain alone cannot show that others would agree: take at least 2"} <= set(warnings(few))
    assert any("fewer than 100 effective draws" in text for text in warnings(few))


def test_chains_find_a_mode_that_the_proposals_know_nothing_of():
    # Two normals far apart, and a mixture around one of them alone: the wide component must find the other.
    def density(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = [-np.square((points - centre) / 0.5).sum(axis=1) / 2 for centre in (-1.5, 1.5)]
        return np.logaddexp(*parts), points

    start = Mixture.around([(0.0, np.array([-1.5]), np.array([[0.25]]))])
    found = independence_chains(
        density, start, chains=4, draws=2_000, warm_up=200, rounds=2, round_size=2_000, seed=1
    )
    assert (found.points > 0).mean() == pytest.approx(0.5, abs=0.05)


def test_nothing_possible_is_an_error():
    def nowhere(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(points), -np.inf), points

    with pytest.raises(ValueError, match="no proposal"):
        independence_chains(
            nowhere, Mixture.around([(0.0, np.zeros(1), np.eye(1))]), chains=1, draws=10, warm_up=0, rounds=0,
            round_size=10, seed=1,
        )  # fmt: skip
    assert issubclass(InputError, CeaError)


def test_the_mixture_has_the_density_that_it_draws_from():
    mixture = Mixture.around([(0.0, np.array([1.0]), np.array([[0.04]])), (-1.0, np.array([-2.0]), np.array([[0.25]]))])
    grid = np.linspace(-60, 60, 400_001)[:, np.newaxis]
    density = np.exp(mixture.log_density(grid))
    assert density.sum() * (grid[1, 0] - grid[0, 0]) == pytest.approx(1, abs=1e-5)
    drawn = mixture.draw(np.random.default_rng(1), 40_000)[:, 0]
    below = (density * (grid[:, 0] < 0)).sum() * (grid[1, 0] - grid[0, 0])
    assert (drawn < 0).mean() == pytest.approx(below, abs=0.01)

"""The value of studies against closed forms, its order below that of perfect information, and other priors."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.analysis.sample_information import (
    Measured,
    Population,
    Prior,
    SampleInformation,
    Statistic,
    TrialCost,
    evsi,
    find_designs,
    measured,
    net_benefit,
    optimal,
    run_for,
)
from cea.engine.outcomes import Outcomes
from cea.errors import InputError, UsageError
from cea.loading.designs_file import read_designs
from cea.model.definition import Source
from cea.model.distributions import Normal
from tests.models import CIRRHOSIS, shipped
from tests.small_model import write_model
from tests.unit.test_partial_information import N, expected_gain, linear

MEAN = Statistic("mean", "Mean", "normal", sd=2.0)
SHARE = Statistic("share", "Share", "binomial")
SOURCE = Source("assumption", None, None, "a test")


@pytest.mark.parametrize("n", [4, 16, 100])
def test_a_mean_of_a_normal_has_its_closed_form(n):
    run, draws = linear(-0.3, 1, 0.5)
    (found,) = evsi(run, [Measured(MEAN, draws.column("x"))], [n])
    shrunk = sqrt(1 / (1 + 4 / n))  # sd of the posterior mean of x ~ N(0, 1) after n observations of sd 2
    assert found.value == pytest.approx(expected_gain(-0.3, shrunk), abs=3.5 * found.learned.error + 0.003)
    assert found.ceiling.value == pytest.approx(expected_gain(-0.3, 1), abs=3.5 * found.ceiling.error + 0.003)


@pytest.mark.parametrize("n", [5, 50])
def test_a_share_of_a_beta_has_its_closed_form(n):
    rng = np.random.default_rng(11)
    p = rng.beta(2, 3, N)
    effect = np.column_stack([np.zeros(N), p - 0.45])
    run = Outcomes(("old", "new"), ("Old", "New"), np.zeros((N, 2)), effect, "USD", "QALY", (1.0,), 1.0)
    (found,) = evsi(run, [Measured(SHARE, p)], [n])
    # The posterior mean after k of n is (2 + k) / (5 + n), k beta-binomial: exact by summing over k.
    from scipy.stats import betabinom  # noqa: PLC0415

    k = np.arange(n + 1)
    truth = float(betabinom.pmf(k, n, 2, 3) @ np.maximum((2 + k) / (5 + n) - 0.45, 0)) - max(2 / 5 - 0.45, 0)
    assert found.value == pytest.approx(truth, abs=3.5 * found.learned.error + 0.001)


def test_estimates_have_the_variance_that_they_are_said_to_have():
    rng = np.random.default_rng(1)
    truth = np.zeros(40_000)
    ratio = Statistic("death", "Deaths", "log_hazard_ratio")
    hazard = Measured(ratio, truth, np.full(40_000, 0.3)).estimates(200, rng)
    assert hazard.var() == pytest.approx(4 / 60, rel=0.04)
    assert Measured(replace(MEAN, share=0.5), truth).estimates(50, rng).var() == pytest.approx(4 / 25, rel=0.04)
    assert Measured(SHARE, truth + 0.2).estimates(100, rng).var() == pytest.approx(0.2 * 0.8 / 100, rel=0.04)


@settings(max_examples=10, deadline=None)
@given(st.floats(-1, 1), st.floats(0.2, 2), st.integers(2, 500))
def test_below_what_it_estimates_below_everything_and_not_below_zero(mean, first, n):
    run, draws = linear(mean, first, 0.5, n=600)
    (found,) = evsi(run, [Measured(MEAN, draws.column("x"))], [n])
    assert 0 <= found.value <= found.ceiling.value <= found.ceiling.evpi
    assert found.learned.value - found.value == pytest.approx(max(found.learned.value - found.ceiling.value, 0))
    assert bool(found.note) == (found.learned.raw != found.value)


def test_a_larger_study_is_worth_more_and_studies_repeat():
    run, draws = linear(-0.3, 1, 0.5)
    seen = [Measured(MEAN, draws.column("x"))]
    sizes = (2, 20, 400)
    found = evsi(run, seen, sizes)
    assert [item.n for item in found] == list(sizes)
    assert found[0].value < found[1].value < found[2].value
    assert [item.value for item in evsi(run, seen, sizes)] == [item.value for item in found]
    with pytest.raises(UsageError, match="two patients"):
        evsi(run, seen, [1])
    with pytest.raises(UsageError, match="estimate"):
        evsi(run, [], [10])


def test_population_counts_those_after_the_results_and_the_best_size_is_found():
    people = Population(100, 10, 0.03)
    assert people.people() == pytest.approx(sum(100 / 1.03**t for t in range(1, 11)))
    assert people.people(1.5) == pytest.approx(sum(100 / 1.03**t for t in range(3, 11)))
    assert people.people(10) == 0
    run, draws = linear(-0.3, 1, 0.5)
    found = evsi(run, [Measured(MEAN, draws.column("x"))], (2, 20, 400))
    cost = TrialCost(10, 0.5)
    amounts = [item.value * 1_000 - 10 - 0.5 * item.n for item in found]
    assert [net_benefit(item, 1_000, cost) for item in found] == pytest.approx(amounts)
    assert optimal(found, 1_000, cost) == (found[int(np.argmax(amounts))], max(amounts))
    item, amount = optimal(found, 1, cost)
    assert amount < 0 and isinstance(item, SampleInformation)


def test_another_prior_replaces_the_draws_of_its_parameter_alone():
    model = shipped()
    draws = cea.sample(model, 4_000)
    prior = Prior("spike", "Spike", "efficacy", ((0.4, 0.0), (0.6, Normal(1.5, 0.5))), SOURCE)
    again = prior.draws(model, draws)
    column = again.column("efficacy")
    assert (column == 0).mean() == pytest.approx(0.4, abs=0.03)
    assert column[column != 0].mean() == pytest.approx(1.5, abs=0.04)
    others = [name for name in draws.names if name != "efficacy"]
    assert all((again.column(name) == draws.column(name)).all() for name in others)
    assert (prior.draws(model, draws).values == again.values).all()
    with pytest.raises(UsageError, match="not drawn by itself"):
        replace(prior, parameter="excess_death_c").draws(model, draws)


def test_what_a_trial_observes_comes_from_the_models_own_draws():
    model = shipped()
    designs, priors = read_designs(CIRRHOSIS, model)
    assert {140, 200, 400, 1000} <= {item.n for item in designs}
    assert [item.parameter for item in priors] == ["efficacy"]
    (design,) = find_designs(designs, ["msc_dlc_2"])
    draws = cea.sample(model, 300)
    results = run_for(model, draws, design.statistics)
    death, treated, control, utility = measured(results, draws, design.statistics)
    alive = results.alive[:, :, results.alive_years.index(2)]
    msc, palliative = (results.outcomes.strategies.index(name) for name in ("msc", "palliative"))
    assert death.truth == pytest.approx(np.log(np.log(alive[:, msc]) / np.log(alive[:, palliative])))
    assert death.deaths == pytest.approx(1 - (alive[:, msc] + alive[:, palliative]) / 2)
    helps = draws.column("efficacy") > 0
    assert (treated.truth[helps] > control.truth[helps]).all()
    assert treated.truth[~helps] == pytest.approx(control.truth[~helps])
    assert utility.truth == pytest.approx(draws.column("utility_a") - draws.column("utility_decrement_a_b"))
    assert design.years == 2
    with pytest.raises(UsageError, match="did you mean 'msc_dlc_2'"):
        find_designs(designs, ["msc_dlc2"])


BAD = """
statistics:
  ratio: {label: R, kind: log_hazard_ratio, strategy: new_drg, comparator: usual, source: {grade: assumption, note: x}}
  share: {label: Share, kind: binomial, informs: utilty_ill, source: {ref: nowhere, grade: published}}
designs:
  trial: {label: Trial, n: 100, statistics: [shar], source: {grade: assumption, note: x}}
priors:
  other:
    label: Other
    parameter: hazard_rato
    mixture: [{weight: 0.5, value: 1}, {weight: 0.4, distribution: {family: nrmal, mean: 0, sd: 1}}]
    source: {grade: assumption, note: x}
"""


def test_every_mistake_in_the_file_is_found_at_its_place(tmp_path: Path):
    write_model(tmp_path)
    model = cea.load(tmp_path)
    assert read_designs(tmp_path, model) == ((), ())
    (tmp_path / "voi.yaml").write_text(BAD, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_designs(tmp_path, model)
    found = {(item.what, item.place.line if item.place else 0) for item in error.value.problems}
    assert found == {
        ("unknown strategy 'new_drg'", 3),
        ("statistic ratio: a log_hazard_ratio needs `follow_up`", 3),
        ("unknown source 'nowhere'", 4),
        ("unknown parameter or formula 'utilty_ill'", 4),
        ("unknown statistic 'shar'", 6),
        ("unknown parameter 'hazard_rato'", 10),
        ("prior other: the weights sum to 0.9, not to 1", 11),
        ("prior other: there is no family 'nrmal'", 11),
    }


def test_a_share_outside_zero_and_one_is_refused(tmp_path: Path):
    write_model(tmp_path)
    text = "statistics:\n  s: {label: S, kind: binomial, informs: 2 * utility_ill, source: {grade: assumption}}\n"
    design = "designs:\n  d: {label: D, n: 10, statistics: [s], source: {grade: assumption, note: x}}\n"
    (tmp_path / "voi.yaml").write_text(text + design, encoding="utf-8")
    model = cea.load(tmp_path)
    (trial,), _ = read_designs(tmp_path, model)
    draws = cea.sample(model, 200)
    with pytest.raises(UsageError, match=r"'2 \* utility_ill' is not between 0 and 1"):
        measured(run_for(model, draws, trial.statistics), draws, trial.statistics)

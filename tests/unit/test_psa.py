"""Running a model on draws: the same results in any chunks, threads and order, and what the analyses make of them."""

from __future__ import annotations

import hashlib
from dataclasses import fields

import numpy as np
import pytest

import cea
from cea.engine.psa import MAX_SAMPLES, SEGMENT, Job, collect, hazard_targets
from cea.engine.sampling import Sampler
from tests.models import ROOT, base, shipped

SICK_SICKER = ROOT / "tests" / "validation" / "sick_sicker"


@pytest.fixture(scope="module")
def model():
    return cea.load(SICK_SICKER)


@pytest.fixture(scope="module")
def drawn():
    """The shipped model on 60 draws."""
    return cea.run(shipped(), cea.sample(shipped(), n=60, seed=3))


def test_chunks_threads_and_the_order_of_segments_do_not_matter(model):
    job = Job.of(model, Sampler(model, SEGMENT + 300, seed=2))
    whole = cea.run(model, cea.sample(model, n=SEGMENT + 300, seed=2))
    second, first = job.run(1, threads=2, chunk=77), job.run(0, chunk=2048)
    assert (job.segments, job.rows(0), job.rows(1)) == (2, SEGMENT, 300)
    assert collect(model, job, "health_sector", [first, second]).sha256 == whole.sha256
    assert cea.run(model, Sampler(model, SEGMENT + 300, seed=2), threads=1).sha256 == whole.sha256
    assert cea.run(model, cea.sample(model, n=SEGMENT + 300, seed=3)).sha256 != whole.sha256


def test_the_hash_is_of_costs_and_effects_side_by_side(drawn):
    outcomes = drawn.outcomes
    expected = hashlib.sha256()
    for sample in range(60):
        for strategy in range(4):
            pair = np.array([outcomes.cost[sample, strategy], outcomes.effect[sample, strategy]], dtype="<f8")
            expected.update(pair.tobytes())
    assert drawn.sha256 == expected.hexdigest()


def test_a_draw_gives_what_a_run_with_its_values_gives(drawn):
    draws = cea.sample(shipped(), n=60, seed=3)
    for row in (0, 41):
        values = {name: float(draws.values[row, position]) for position, name in enumerate(draws.names)}
        # What the model solves for is a fixed number in draws.
        solved = {name: number for name, number in base().solved.items() if name not in values}
        single = cea.run(shipped(), values=values | solved)
        np.testing.assert_allclose(drawn.outcomes.cost[row], single.outcomes.cost[0], rtol=1e-10)
        np.testing.assert_allclose(drawn.outcomes.effect[row], single.outcomes.effect[0], rtol=1e-10)


def test_every_analysis_takes_the_results_as_they_are(drawn):
    curve = cea.acceptability(drawn, thresholds=range(0, 200_001, 20_000))
    np.testing.assert_allclose(curve.probability.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert len(curve.thresholds) == 11
    np.testing.assert_array_equal(cea.evpi(drawn, curve.thresholds).per_person, curve.evpi)
    assert cea.convergence(drawn).draws[-1] == 60
    assert cea.summary(drawn).spreads[0].cost.mean == pytest.approx(drawn.outcomes.cost[:, 0].mean())
    table = cea.Outcomes.from_frame(drawn.outcomes.frame(), currency="USD", thresholds=drawn.outcomes.thresholds)
    assert table.strategies == drawn.outcomes.strategies
    again = cea.acceptability(table, thresholds=curve.thresholds)
    np.testing.assert_allclose(again.expected_loss, curve.expected_loss, rtol=1e-12)


def test_the_hazard_ratio_is_that_of_survival(drawn):
    (target,) = hazard_targets(shipped(), base().solved)
    assert (target.strategy, target.comparator, target.years) == ("msc", "palliative", 5)
    ratio = drawn.hazard_ratio("msc", "palliative", 5)
    names = drawn.outcomes.strategies
    alive = drawn.alive[:, :, drawn.alive_years.index(5)]
    np.testing.assert_allclose(alive[:, names.index("msc")], alive[:, names.index("palliative")] ** ratio, rtol=1e-12)
    # At point values the model is solved for the target, which the parameter's own distribution surrounds.
    assert ratio.min() < target.target < ratio.max()


def test_results_hold_no_more_than_costs_effects_life_years_and_survival(drawn):
    """Memory of n draws: 8 bytes for each of cost, effect, life-years and a share alive, by strategy."""
    arrays = [drawn.alive, drawn.outcomes.cost, drawn.outcomes.effect, drawn.outcomes.life_years]
    held = [getattr(item, field.name) for item in (drawn, drawn.outcomes) for field in fields(item)]
    assert sum(isinstance(value, np.ndarray) for value in held) == len(arrays)
    assert sum(array.nbytes for array in arrays) == 8 * 60 * 4 * 4


def test_one_draw_runs_but_has_no_summary(model):
    one = cea.run(model, cea.sample(model, n=1))
    assert one.outcomes.cost.shape == (1, len(model.strategies))
    with pytest.raises(cea.UsageError, match="single draw"):
        cea.summary(one)


def test_too_many_draws_are_refused_at_once(model):
    with pytest.raises(cea.UsageError, match="10,000,001 is more than 10,000,000"):
        Job.of(model, Sampler(model, MAX_SAMPLES + 1))


def test_the_perspective_selects_the_costs(drawn):
    draws = cea.sample(shipped(), n=60, seed=3)
    societal = cea.run(shipped(), draws, perspective="societal")
    np.testing.assert_array_equal(societal.outcomes.effect, drawn.outcomes.effect)
    assert (societal.outcomes.cost != drawn.outcomes.cost).any()
    with pytest.raises(cea.UsageError, match="perspective"):
        cea.run(shipped(), draws, perspective="nobody")

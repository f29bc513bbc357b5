"""Technical verification of the shipped model, conclusions: black-box tests after the TECH-VER checklist (parts C-E).

The numbers in the names of tests are those of the checklist.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from tests import reference_cirrhosis as reference
from tests.models import FREE, JURISDICTIONS, NEUTRAL, QUICK, base, drawn, layer, of, shipped, value

FEW = settings(QUICK, max_examples=10)
both = pytest.mark.parametrize("jurisdiction", JURISDICTIONS)


# 32, 33, 41, 43 to 46: conclusions


@both
@FEW
@given(data=st.data(), threshold=st.floats(1000, 500_000))
def test_32_ratios_and_net_benefits_agree(jurisdiction, data, threshold):
    run = cea.run(shipped(jurisdiction), values=data.draw(drawn(jurisdiction)))
    outcomes = run.outcomes
    money, health = outcomes.net_monetary_benefit(threshold)[0], outcomes.net_health_benefit(threshold)[0]
    assert health * threshold == pytest.approx(money, rel=1e-9, abs=1e-6)
    found = cea.incremental(run)
    assert run.strategies[int(np.argmax(money))] == found.best(threshold)
    reference_position = run.strategies.index(found.comparator)
    for position, pair in enumerate(found.pairs):
        gain = money[position] - money[reference_position]
        if pair.icer is not None and pair.quadrant == "NE":
            assert (gain > 0) == (pair.icer < threshold) or gain == pytest.approx(0, abs=1e-6)
        if pair.quadrant == "SE":
            assert gain > 0
        if pair.quadrant == "NW":
            assert gain < 0


@both
@pytest.mark.parametrize("extra", [(), ("natural_history_r1",), ("repeat_every_12_months",)])
def test_33_at_the_highest_price_the_ratio_is_the_threshold(jurisdiction, extra):
    model = shipped(jurisdiction, *extra)
    for item in cea.headlines(base(jurisdiction, *extra)):
        assert len(item.limits) == len(model.thresholds)
        for limit in item.limits:
            if limit.price is None:
                continue
            at_limit = cea.run(model.with_values({"msc_acquisition_per_infusion": limit.price}))
            pair = next(again.pair for again in cea.headlines(at_limit) if again.headline == item.headline)
            assert pair.icer == pytest.approx(limit.threshold, rel=1e-9)
            assert pair.nmb[model.thresholds.index(limit.threshold)] == pytest.approx(0, abs=1e-5)
    assert any(limit.price for item in cea.headlines(base(jurisdiction, *extra)) for limit in item.limits)


def test_41_arms_share_their_draws():
    rng = np.random.default_rng(1)
    values = {
        name: rng.uniform(*item.range, 5)
        for name, item in shipped().parameters.items()
        if item.range and not item.cohort
    }
    outcomes = cea.run(shipped(), values={**values, **NEUTRAL, **FREE}).outcomes
    assert np.array_equal(outcomes.cost[:, 0], outcomes.cost[:, 1])
    assert np.array_equal(outcomes.effect[:, 2], outcomes.effect[:, 3])
    assert len(np.unique(outcomes.cost[:, 0])) == 5


def fingerprint(run: cea.Results) -> list[bytes]:
    lines = [line.discounted.tobytes() for line in run.lines.values()]
    return [run.cohort.trace.occupancy.tobytes(), run.outcomes.cost.tobytes(), run.outcomes.effect.tobytes(), *lines]


@both
@pytest.mark.parametrize("scenario", ["horizon_10_years", "structure_a", "symptoms_only", "natural_history_r1"])
def test_43_a_scenario_and_back_restores_the_base_exactly(jurisdiction, scenario):
    model = shipped(jurisdiction)
    before = fingerprint(cea.run(model))
    there = model.with_layer(*cea.load(model.files.root, layers=[scenario]).layers)
    assert fingerprint(cea.run(there)) != before
    assert fingerprint(cea.run(there.with_only(model.layers))) == before
    assert fingerprint(cea.run(model)) == before


@both
@pytest.mark.parametrize("name", ["cost_b", "rate_b_to_c", "msc_target_hr", "start_age", "utility_a"])
def test_43_a_value_and_back_restores_the_base_exactly(jurisdiction, name):
    model, before = shipped(jurisdiction), value(jurisdiction, name)
    changed = model.with_values({name: before * 1.01})
    assert fingerprint(cea.run(changed)) != fingerprint(base(jurisdiction))
    assert fingerprint(cea.run(changed.with_values({name: before}))) == fingerprint(base(jurisdiction))


EXTREMES = st.sampled_from([0.0, 1e-12, 0.5, 1.0, 50.0, 1e6, 1e15, 1e300, -1.0, -40.0, -1e300])


@both
@settings(QUICK, max_examples=60)
@given(data=st.data())
def test_44_extreme_values_give_finite_results_or_a_clean_refusal(jurisdiction, data):
    names = sorted(name for name in shipped(jurisdiction).used if name in shipped(jurisdiction).parameters)
    values = data.draw(st.dictionaries(st.sampled_from(names), EXTREMES, min_size=1, max_size=4))
    try:
        run = cea.run(shipped(jurisdiction).with_values(values))
    except cea.InputError as error:
        assert all(problem.what and problem.place and problem.remedy for problem in error.problems)
        return
    try:
        found = cea.headlines(run)
    except cea.InputError as error:  # no shortfall against a population that expects no QALYs
        assert "expected effect of the general population" in str(error)
        return
    assert np.isfinite(run.outcomes.cost).all()
    assert np.isfinite(run.life_years.discounted).all()
    assert np.abs(run.cohort.trace.occupancy.sum(axis=-1) - 1).max() < 1e-9
    assert len(found) == 2


@both
def test_order_of_strategies_is_irrelevant(jurisdiction):
    turned = layer("strategies: [msc_bridge, palliative, transplant, msc]")
    run = cea.run(shipped(jurisdiction).with_layer(turned))
    assert run.strategies == ("msc_bridge", "palliative", "transplant", "msc")
    before, after = cea.incremental(base(jurisdiction)), cea.incremental(run)
    for strategy in run.strategies:
        assert of(run, strategy) == of(base(jurisdiction), strategy)
        assert after.row(strategy) == before.row(strategy)
    assert after.frontier == before.frontier
    assert [item.pair for item in cea.headlines(run)] == [item.pair for item in cea.headlines(base(jurisdiction))]


ARMS = {
    "palliative": {"msc": False},
    "msc": {"msc": True},
    "transplant": {"msc": False, "listed": True},
    "msc_bridge": {"msc": True, "listed": True},
}


def test_46_an_independent_replication_solves_the_same_residual_and_gives_the_same_totals():
    v = {name: item.value for name, item in shipped().parameters.items() if item.value is not None}
    residual = reference.solve_residual(v)
    assert base().solved["msc_residual_death_hr"] == pytest.approx(residual, rel=1e-12)
    for strategy, switches in ARMS.items():
        arm = reference.arm(v, residual=residual, **switches)
        assert of(base(), strategy) == pytest.approx((arm.cost, arm.qalys, arm.life_years), rel=1e-9)
        assert base().cohort.alive[0, base().strategies.index(strategy)] == pytest.approx(
            np.array(arm.alive), abs=1e-12
        )


@FEW
@given(values=drawn(without=("start_age",)), efficacy=st.floats(-3, 6))
def test_46_the_replication_agrees_at_other_values_as_well(values, efficacy):
    run = cea.run(shipped(), values={**values, "efficacy": efficacy})
    v = {name: item.value for name, item in shipped().parameters.items() if item.value is not None}
    for strategy, switches in ARMS.items():
        arm = reference.arm(
            {**v, **values, "efficacy": efficacy}, residual=run.solved["msc_residual_death_hr"], **switches
        )
        assert of(run, strategy) == pytest.approx((arm.cost, arm.qalys, arm.life_years), rel=1e-9)

"""Headline comparisons: the pair, the highest price, severity, and life that is added."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

import cea
from cea.analysis.added_life import added_life
from cea.analysis.headline import headlines, net_benefits, pairwise, severity_of, with_threshold
from cea.engine.results import run as engine_run
from tests.models import CIRRHOSIS, FREE, NEUTRAL, base, layer, of, shipped, value
from tests.two_states import small

PRICE = "msc_acquisition_per_infusion"


def headline(run: cea.Results, name: str = "ineligible") -> cea.analysis.headline.HeadlineResult:
    return next(item for item in headlines(run) if item.headline.name == name)


def test_the_pair_is_strategy_minus_comparator():
    for name, strategy, comparator in (("ineligible", "msc", "palliative"), ("eligible", "msc_bridge", "transplant")):
        item = headline(base(), name)
        first, second = of(base(), strategy), of(base(), comparator)
        assert (item.pair.cost, item.pair.effect) == (first[0] - second[0], first[1] - second[1])
        assert item.pair.icer == item.pair.cost / item.pair.effect
        assert item.labels == tuple(base().model.strategies[which].label for which in (strategy, comparator))
        assert item.price == value("us", PRICE)
        assert item.net_benefit(1e5) == pytest.approx(1e5 * item.pair.effect - item.pair.cost)
    benefits = net_benefits(headlines(base()), 50_000)
    assert list(benefits) == ["ineligible", "eligible"]
    assert benefits["eligible"] == headline(base(), "eligible").net_benefit(50_000)


def test_pairwise_against_itself_is_nothing():
    pair = pairwise(base(), "msc", "msc")
    assert (pair.cost, pair.effect, pair.quadrant) == (0, 0, "origin")


def test_the_highest_price_is_found_from_the_cost_of_one_infusion():
    item = headline(base())
    infusions = base().lines["msc_acquisition"].discounted[0, 1] / value("us", PRICE)
    for limit in item.limits:
        left = limit.threshold * item.pair.effect - (item.pair.cost - infusions * value("us", PRICE))
        assert limit.price == (pytest.approx(left / infusions, rel=1e-9) if left >= 0 else None)
        assert limit.weighted is None  # no severity weights in the United States
    assert [limit.threshold for limit in item.limits] == sorted(base().model.thresholds)
    assert item.price_limit(100_000) == item.limits[1]
    assert item.price_limit(123) is None


def test_the_highest_price_does_not_depend_on_the_price_now():
    expected = [limit.price for limit in headline(base()).limits]
    for price in (0.0, 1.0, 1e6):
        found = [limit.price for limit in headline(cea.run(shipped().with_values({PRICE: price}))).limits]
        assert found == [None if want is None else pytest.approx(want, rel=1e-9) for want in expected]


def test_no_price_is_low_enough_without_an_effect_and_any_is_where_nothing_is_infused():
    useless = cea.run(shipped().with_values({**NEUTRAL, "msc_improve_one_class": 0.0}))
    assert [limit.price for limit in headline(useless).limits] == [None, None, None]
    free = dict(FREE)
    del free[PRICE]
    nobody = layer("outcomes: {msc_acquisition: {value: 0 * msc_acquisition_per_infusion}}")
    at_any = cea.run(shipped().with_values(free).with_layer(nobody))
    assert headline(at_any).limits[-1].price == math.inf


def test_a_threshold_joins_the_list():
    model = with_threshold(shipped(), 75_000)
    assert model.thresholds == (50_000, 75_000, 100_000, 150_000)
    assert model.threshold == 75_000
    assert [limit.threshold for limit in headline(cea.run(model)).limits] == list(model.thresholds)
    assert with_threshold(shipped(), None) is shipped()


def test_headlines_of_strategies_that_are_not_selected_are_left_out():
    assert [item.headline.name for item in headlines(base("ineligible"))] == ["ineligible"]
    assert [item.headline.name for item in headlines(base("eligible"))] == ["ineligible", "eligible"]
    assert headlines(cea.run(small())) == []


# Severity


def expected_qalys(start_age: float) -> float:
    """Discounted QALYs of the English general population, by hand: life table of the file, norms of the parameters."""
    with (CIRRHOSIS / "tables/life_table_uk_2017_19.csv").open(encoding="utf-8", newline="") as handle:
        rows = {int(row["age"]): row for row in csv.DictReader(handle) if int(row["age"]) < 100}
    intercept, male, age_term, square = (
        value("england", f"utility_norm_{name}") for name in ("intercept", "male", "age", "age_squared")
    )
    share = value("england", "male_share")
    months = round((100 - start_age) * 12)
    alive, total = 1.0, 0.0
    for month in range(months + 1):
        age = start_age + month / 12
        norm = intercept + male * share - age_term * age - square * age**2
        total += (0.5 if month in (0, months) else 1.0) / 12 * alive * norm * 1.035 ** (-month / 12)
        if month < months:
            row = rows[math.floor(age + 1e-9)]
            dying = share * float(row["male_qx_ONS_UK_2017_19"]) + (1 - share) * float(row["female_qx_ONS_UK_2017_19"])
            alive *= (1 - dying) ** (1 / 12)
    return total


def test_england_weighs_severity_against_established_care():
    run = base("england")
    for name, comparator in (("ineligible", "palliative"), ("eligible", "transplant")):
        severity = headline(run, name).severity
        assert severity is not None
        assert severity.expected == pytest.approx(expected_qalys(57), rel=1e-10)
        assert severity.remaining == of(run, comparator)[1]
        assert severity.absolute == pytest.approx(severity.expected - severity.remaining, rel=1e-12)
        assert severity.proportional == pytest.approx(severity.absolute / severity.expected, rel=1e-12)
        band = [
            w for p, a, w in ((0.85, 12, 1.2), (0.95, 18, 1.7)) if severity.proportional >= p or severity.absolute >= a
        ]
        assert headline(run, name).weight == max(band, default=1.0)
    assert severity_of(base(), "palliative") is None
    assert headline(base()).weight == 1


def test_a_weight_raises_the_highest_price():
    severe = layer(
        "shortfall: {hazard: background_death, utility: utility_norm_now, discount: 0.035, until_age: 100, "
        "bands: [{proportional: 0.5, absolute: 5, weight: 1.7}], source: {grade: assumption, note: test}}"
    )
    run = cea.run(shipped("england").with_layer(severe))
    item = headline(run)
    assert item.weight == 1.7
    limit = item.limits[-1]
    assert limit.price == headline(base("england")).limits[-1].price
    at_weighted = cea.run(run.model.with_values({PRICE: limit.weighted}))
    pair = headline(at_weighted).pair
    assert pair.cost == pytest.approx(1.7 * limit.threshold * pair.effect, rel=1e-9)


@pytest.mark.parametrize("scenario", ["discount_1_5", "discount_0", "horizon_10_years"])
def test_the_shortfall_has_its_own_horizon_and_discount_rate(scenario):
    """Neither a scenario's horizon nor its rate reaches the severity of the disease, in expected or remaining QALYs."""
    run = base("england", scenario)
    for name in ("ineligible", "eligible"):
        found, at_base = headline(run, name), headline(base("england"), name)
        assert found.pair.effect != at_base.pair.effect
        assert found.severity.expected == pytest.approx(expected_qalys(57), rel=1e-10)
        assert found.severity.remaining == pytest.approx(at_base.severity.remaining, rel=1e-9)
        assert found.weight == 1
    severity = headline(run).severity
    assert (severity.expected, severity.absolute, severity.proportional) == pytest.approx(
        (12.925, 10.230, 0.791), abs=5e-4
    )


def test_the_shortfall_counts_values_that_a_run_is_given():
    given = {"efficacy": 0.0, "excess_death_c": 3.0, "discount_effects": 0.01}
    run = cea.run(shipped("england"), values=given)
    same = headline(cea.run(shipped("england").with_values(given))).severity
    assert headline(run).severity.remaining == pytest.approx(same.remaining, rel=1e-12)
    assert same.remaining < 0.99 * headline(base("england")).severity.remaining


def test_the_rate_and_the_end_of_the_shortfall_count_and_need_an_age():
    text = (
        "shortfall: {{hazard: background_death, utility: utility_norm_now, discount: {}, until_age: {}, "
        "bands: [], source: {{grade: assumption, note: test}}}}"
    )
    england = shipped("england")
    found = [
        severity_of(cea.run(england.with_layer(layer(text.format(*terms)))), "palliative").expected
        for terms in ((0.035, 100), (0.0, 100), (0.035, 70))
    ]
    assert found[0] == pytest.approx(expected_qalys(57), rel=1e-10)
    assert found[1] > found[0] > found[2]
    for wrong, what in (((0.035, "age"), "must not depend on time"), (("cost_a", 100), "must be in")):
        with pytest.raises(cea.InputError, match=what):
            england.with_layer(layer(text.format(*wrong)))


def test_a_weight_divides_the_cost_per_unit_of_effect():
    item = headline(base("england", "c_only"))
    assert item.weight == 1.2
    assert item.icer_weighted == pytest.approx(item.pair.cost / (1.2 * item.pair.effect), rel=1e-12)
    assert headline(base("england")).icer_weighted == headline(base("england")).pair.icer
    assert headline(base()).icer_weighted is None


# Added life


def test_added_life_of_a_pair_by_hand():
    run = base()
    found = added_life(run, "msc", "palliative")
    weights = 1.03 ** (-np.arange(517) / 12) / 12
    weights[[0, -1]] /= 2
    alive = run.cohort.alive[0]
    scope = run.cohort.scope
    norm = scope.grid(scope.names["utility_norm_now"], slice(None))[0, 0]
    quality, care = [], []
    states = list(run.model.states)
    for position in (1, 0):
        shares = run.cohort.trace.occupancy[0, position]
        utility = sum(
            shares[:, states.index(state)] * scope.grid(scope.names[f"utility_now_{short}"], slice(None))[0, 0]
            for state, short in (("child_pugh_a", "a"), ("child_pugh_b", "b"), ("child_pugh_c", "c"), ("hcc", "hcc"))
        )
        quality.append(utility / alive[position])
        amounts = {"child_pugh_a": 33400, "child_pugh_b": 53000, "child_pugh_c": 53000 * 2.51, "hcc": 115000}
        care.append(sum(shares[:, states.index(state)] * amount for state, amount in amounts.items()))
    gained = alive[1] - alive[0]
    loss = sum(run.lines[name].discounted[0, 1] for name in ("msc_infusion_loss", "msc_adverse_event_loss"))
    equal_value = weights @ (np.minimum(alive[1], alive[0]) * (quality[0] - quality[1]) + gained * norm) + loss
    assert found.equal_value_life_years == pytest.approx(equal_value, rel=1e-9)
    saved = weights @ (care[0] * np.clip(1 - alive[0] / alive[1], 0, None))
    assert found.cost_without_added_care == pytest.approx(headline(run).pair.cost - saved, rel=1e-9)
    assert found.incremental_effect == pytest.approx(headline(run).pair.effect, rel=1e-12)


def test_care_in_added_life_is_the_direct_cost_of_living_states():
    """Productivity and informal care stay in the societal result, and what a dead state costs is no care."""
    societal = engine_run(shipped(), "societal")
    for name in ("ineligible", "eligible"):
        saved = [
            item.pair.cost - item.added_life.cost_without_added_care
            for item in (headline(societal, name), headline(base(), name))
        ]
        assert saved[0] == pytest.approx(saved[1], rel=1e-12)
    assert headline(societal).added_life.cost_without_added_care == pytest.approx(10_246, abs=1)
    assert headline(base()).added_life.cost_without_added_care / headline(base()).pair.effect == pytest.approx(
        51_027, abs=1
    )
    buried = layer(
        "add: {outcomes: {grave: {kind: cost, label: Grave, category: Grave, per_year: cost_a, in: dead_liver}}}"
    )
    found = headline(cea.run(shipped().with_layer(buried)))
    assert found.pair.cost < headline(base()).pair.cost
    saved_here = found.pair.cost - found.added_life.cost_without_added_care
    at_base = headline(base())
    assert saved_here == pytest.approx(at_base.pair.cost - at_base.added_life.cost_without_added_care, rel=1e-12)


def test_added_life_counts_more_than_its_quality_and_costs_less_than_its_care():
    for run in (base(), base("england")):
        for item in headlines(run):
            assert item.added_life.equal_value_life_years > item.pair.effect
            assert item.added_life.cost_without_added_care < item.pair.cost


def test_without_added_life_there_is_nothing_to_count():
    same = cea.run(shipped(), values={**NEUTRAL, **FREE})
    found = added_life(same, "msc", "palliative")
    assert (found.equal_value_life_years, found.cost_without_added_care, found.incremental_effect) == (0, 0, 0)
    dearer = cea.run(shipped(), values=NEUTRAL)
    assert added_life(dearer, "msc", "palliative").cost_without_added_care == headline(dearer).pair.cost


def test_a_model_without_a_norm_has_no_equal_value_life_years():
    assert added_life(cea.run(small()), "drug", "usual").equal_value_life_years is None

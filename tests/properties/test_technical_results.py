"""Technical verification of the shipped model, results: black-box tests after the TECH-VER checklist (parts C and E).

The numbers in the names of tests are those of the checklist; patient flow is in test_technical_verification.py.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.engine.correction import METHODS
from tests import reference_cirrhosis as reference
from tests.models import JURISDICTIONS, QUICK, base, drawn, layer, of, shipped, value

FEW = settings(QUICK, max_examples=10)
both = pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
TREATED = ("child_pugh_a", "child_pugh_b", "child_pugh_c")
NO_LOSSES = {"msc_infusion_disutility": 0.0, "msc_sae_qaly_loss": 0.0, "msc_fever_qaly_loss": 0.0}
FLAT_NORM = layer("formulas: {utility_norm_now: {formula: utility_a}, utility_norm_reference: {formula: utility_a}}")
UTILITIES = ("utility_a", "utility_hcc", "utility_transplant_year_1", "utility_transplant_later")
NO_DECREMENTS = {"utility_decrement_a_b": 0.0, "utility_decrement_b_c": 0.0}
IMMORTAL = layer("formulas: {background_probability: '0'}")
NO_LIVER_RISK = dict.fromkeys(
    ["excess_death_a", "excess_death_b", "excess_death_c", "excess_death_hcc", "rate_hcc_a", "rate_hcc_b"], 0.0
)


@cache
def costs(jurisdiction: str) -> dict[str, float]:
    """Parameters in money, by name."""
    return {
        name: item.value
        for name, item in shipped(jurisdiction).parameters.items()
        if item.value is not None and shipped(jurisdiction).currency in item.unit and name in shipped(jurisdiction).used
    }


def widest(jurisdiction: str, values: dict[str, float] | None = None) -> cea.Results:
    """A run under the perspective that counts most."""
    perspective = "societal" if jurisdiction == "us" else "health_sector"
    return cea.run(shipped(jurisdiction), perspective=perspective, values=values)


def by_category(run: cea.Results) -> dict[tuple[str, str], float]:
    frame = run.categories_frame()
    return dict(zip(zip(frame["strategy"], frame["category"], strict=True), frame["cost"], strict=True))


# 20 to 23: utilities and unit costs


@both
@FEW
@given(data=st.data())
def test_20_with_utilities_of_one_and_no_losses_qalys_are_life_years(jurisdiction, data):
    ones = {**dict.fromkeys(UTILITIES, 1.0), **NO_DECREMENTS, **NO_LOSSES}
    model = shipped(jurisdiction).with_layer(FLAT_NORM)
    run = cea.run(model, values={**data.draw(drawn(jurisdiction)), **ones})
    assert run.outcomes.effect == pytest.approx(run.life_years.discounted, rel=1e-13)
    assert run.lines["qaly"].undiscounted == pytest.approx(run.life_years.undiscounted, rel=1e-13)


@both
def test_21_with_utilities_of_zero_there_are_no_qalys(jurisdiction):
    zeros = {**dict.fromkeys(UTILITIES, 0.0), **NO_DECREMENTS, **NO_LOSSES}
    run = cea.run(shipped(jurisdiction), values=zeros)
    assert (run.outcomes.effect == 0).all()
    assert (run.outcomes.cost == base(jurisdiction).outcomes.cost).all()


@both
def test_22_with_unit_costs_of_zero_nothing_costs(jurisdiction):
    run = widest(jurisdiction, dict.fromkeys(costs(jurisdiction), 0.0))
    assert (run.outcomes.cost == 0).all()
    assert (run.outcomes.effect == base(jurisdiction).outcomes.effect).all()


@both
def test_23_doubling_a_unit_cost_changes_its_own_category_only_and_in_proportion(jurisdiction):
    before = by_category(widest(jurisdiction))
    touched = {}
    for name, amount in costs(jurisdiction).items():
        none, double = (by_category(widest(jurisdiction, {name: factor * amount})) for factor in (0, 2))
        moved = {category for (strategy, category), cost in double.items() if cost != before[strategy, category]}
        assert len(moved) == (1 if amount else 0), name
        for key, cost in before.items():
            assert double[key] - cost == pytest.approx(cost - none[key], rel=1e-9, abs=1e-6), (name, key)
        touched[name] = moved
    assert touched["msc_acquisition_per_infusion"] == {"MSC acquisition"}
    assert touched["cost_b"] == {"Disease management"}  # with C, whose cost is a multiple of it
    assert touched["cost_transplant"] == {"Transplant"}  # retransplants are a share of it


@both
@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("cost_evaluation", "Evaluation and listing"),
        ("cost_end_of_life", "End of life"),
        ("cost_transplant", "Transplant"),
        ("cost_transplant_later", "After transplant"),
        ("msc_acquisition_per_infusion", "MSC acquisition"),
        ("msc_administration_per_infusion", "MSC administration"),
    ],
)
def test_23_doubling_the_only_unit_cost_of_a_category_doubles_it(jurisdiction, name, category):
    double = by_category(cea.run(shipped(jurisdiction), values={name: 2 * value(jurisdiction, name)}))
    for (strategy, kind), cost in by_category(base(jurisdiction)).items():
        assert double[strategy, kind] == (pytest.approx(2 * cost, rel=1e-12) if kind == category else cost)


# 24 to 28: discounting, horizon, correction


@both
def test_24_without_discounting_both_totals_are_the_same(jurisdiction):
    run = base(jurisdiction, "discount_0")
    for line in [*run.lines.values(), run.life_years]:
        assert np.array_equal(line.discounted, line.undiscounted)
    for line, discounted in zip(run.lines.values(), base(jurisdiction).lines.values(), strict=True):
        assert np.array_equal(line.undiscounted, discounted.undiscounted)


@both
@FEW
@given(data=st.data(), rate=st.floats(0.001, 1))
def test_25_discounted_is_never_more_than_undiscounted(jurisdiction, data, rate):
    values = {**data.draw(drawn(jurisdiction)), "discount_costs": rate, "discount_effects": rate}
    run = cea.run(shipped(jurisdiction), values=values)
    for name, line in run.lines.items():
        assert (np.abs(line.discounted) <= np.abs(line.undiscounted)).all(), name
    assert (run.life_years.discounted < run.life_years.undiscounted).all()
    frame = run.totals_frame()
    for total in ("cost", "effect", "life_years"):
        assert (frame[total] < frame[f"{total}_undiscounted"]).all()


@both
def test_26_a_very_high_discount_rate_leaves_the_first_moment_only(jurisdiction):
    run = cea.run(shipped(jurisdiction), values={"discount_costs": 1e300, "discount_effects": 1e300})
    b = value(jurisdiction, "start_share_b")
    cost_b = value(jurisdiction, "cost_b")
    care = 0.5 / 12 * (b * cost_b + (1 - b) * cost_b * value(jurisdiction, "cost_ratio_c_b"))
    course = sum(
        value(jurisdiction, name)
        for name in ("msc_acquisition_per_infusion", "msc_administration_per_infusion", "msc_monitoring_year_1")
    )
    for event in ("fever", "sae"):
        course += value(jurisdiction, f"msc_{event}_probability") * value(jurisdiction, f"msc_{event}_cost")
    listing = value(jurisdiction, "cost_evaluation")
    expected = {
        "palliative": care,
        "msc": care + course,
        "transplant": care + listing,
        "msc_bridge": care + course + listing,
    }
    for strategy, cost in expected.items():
        assert of(run, strategy)[0] == pytest.approx(cost, rel=1e-12)
        assert of(run, strategy)[2] == pytest.approx(0.5 / 12, rel=1e-12)


@pytest.mark.parametrize(
    ("strategy", "switches"),
    [("palliative", {"msc": False}), ("msc", {"msc": True}), ("transplant", {"msc": False, "listed": True})],
)
def test_27_one_cycle_is_what_a_hand_computes(strategy, switches):
    one_month = shipped().with_layer(layer("time: {years: one_year / 12}"))
    run = cea.run(one_month)
    v = {name: item.value for name, item in one_month.parameters.items() if item.value is not None}
    assert run.cohort.trace.occupancy.shape[2] == 2
    rates = reference.exits(v, 0.0, switches["msc"], switches.get("listed", False), run.solved["msc_residual_death_hr"])
    start = {"b": v["start_share_b"], "c": 1 - v["start_share_b"]}
    end = dict.fromkeys([*reference.LIVING, "liver", "graft", "other"], 0.0)
    for state, share in start.items():
        total = sum(rates[state].values())
        stays = np.exp(-total / 12)
        end[state] += share * stays
        for target, rate in rates[state].items():
            end[target] += share * (1 - stays) * rate / total
    later = 1.03 ** (-1 / 12)
    alive = sum(end[state] for state in reference.LIVING)
    assert of(run, strategy)[2] == pytest.approx((0.5 + 0.5 * alive * later) / 12, rel=1e-12)
    yearly = {"a": 33400, "b": 53000, "c": 53000 * 2.51, "hcc": 115000, "year_1": 0, "later": 0}
    cost = (0.5 * sum(start[s] * yearly[s] for s in start) + 0.5 * later * sum(end[s] * yearly[s] for s in yearly)) / 12
    cost += later * (11500 * end["liver"] + 300000 * 1.044 * end["year_1"])
    utility = {
        "a": 0.75,
        "b": 0.67,
        "c": 0.60,
        "hcc": 0.65,
        "year_1": 0.68,
        "later": 0.75,
    }  # the norm is flat to age 65
    qalys = (
        0.5 * sum(start[s] * utility[s] for s in start) + 0.5 * later * sum(end[s] * utility[s] for s in utility)
    ) / 12
    if switches["msc"]:
        infused = 1 + later * (end["a"] + end["b"] + end["c"])
        cost += infused * (7200 + 1500) + 1500 + 0.1 * 250 + 0.0046 * 15000
        qalys -= infused * 0.0008 + 0.0046 * 0.01
    if switches.get("listed"):
        cost += 20000
    assert of(run, strategy)[0] == pytest.approx(cost, rel=1e-12)
    assert of(run, strategy)[1] == pytest.approx(qalys, rel=1e-12)


@both
def test_27_a_longer_horizon_never_lowers_life_years(jurisdiction):
    years = ["one_year / 12", "1", "2", "5", "10", "25", "43"]
    runs = [cea.run(shipped(jurisdiction).with_layer(layer(f"time: {{years: {horizon}}}"))) for horizon in years]
    gained = np.diff([run.life_years.discounted[0] for run in runs], axis=0)
    assert (gained > 0).all()
    assert np.array_equal(runs[-1].outcomes.cost, base(jurisdiction).outcomes.cost)  # 43 years is until age 100


@both
def test_28_the_correction_within_the_cycle_changes_little(jurisdiction):
    runs = {
        method: cea.run(shipped(jurisdiction).with_layer(layer(f"settings: {{correction: {method}}}")))
        for method in METHODS
    }
    years = {method: run.life_years.discounted[0] for method, run in runs.items()}
    alive = base(jurisdiction).cohort.alive[0, :, -1]
    final = (1 + value(jurisdiction, "discount_effects")) ** -43
    assert years["start"] - years["half_cycle"] == pytest.approx((1 - alive * final) / 24, rel=1e-9)
    assert years["half_cycle"] - years["end"] == pytest.approx((1 - alive * final) / 24, rel=1e-9)
    assert years["all_points"] - years["start"] == pytest.approx(alive * final / 12, rel=1e-3, abs=1e-12)
    assert np.abs(years["simpson"] - years["half_cycle"]).max() < 1e-3
    half_a_cycle_later = (1 + value(jurisdiction, "discount_effects")) ** (
        -1 / 24
    )  # a cycle's mean is discounted at its end
    assert years["life_table"] == pytest.approx(years["half_cycle"] * half_a_cycle_later, rel=1e-4)
    for method in METHODS:
        assert np.abs(runs[method].outcomes.cost / runs["half_cycle"].outcomes.cost - 1).max() < 0.02
        assert np.abs(runs[method].outcomes.effect / runs["half_cycle"].outcomes.effect - 1).max() < 0.02


# 29 to 31: events and one-off payoffs


@both
def test_29_without_adverse_events_they_cost_and_lose_nothing(jurisdiction):
    run = cea.run(shipped(jurisdiction), values={"msc_sae_probability": 0.0, "msc_fever_probability": 0.0})
    assert (run.lines["msc_adverse_event_loss"].discounted == 0).all()
    monitoring = value(jurisdiction, "msc_monitoring_year_1")
    assert run.lines["msc_monitoring"].discounted[0] == pytest.approx([0, monitoring, 0, monitoring], rel=1e-15)
    before = base(jurisdiction).lines["msc_monitoring"].discounted[0, 1]
    assert before > monitoring


@both
def test_30_one_course_without_deaths_costs_exactly_three_infusions(jurisdiction):
    values = {**NO_LIVER_RISK, "rate_transplant_listed": 0.0, "discount_costs": 0.0}
    run = cea.run(shipped(jurisdiction).with_layer(IMMORTAL), values=values)
    price = value(jurisdiction, "msc_acquisition_per_infusion")
    assert run.lines["msc_acquisition"].discounted[0] == pytest.approx([0, 3 * price, 0, 3 * price], rel=1e-12)
    counted = run.events_frame().set_index(["event", "strategy"])["count"]
    assert counted["msc_course_count", "msc"] == 1
    assert counted["msc_infusion_count", "msc"] == pytest.approx(3, rel=1e-12)
    assert counted["msc_infusion_count", "palliative"] == 0


@both
def test_30_the_transplant_costs_its_procedure_once_per_transplant(jurisdiction):
    run = base(jurisdiction)
    flow = run.cohort.event_flow("transplant")[0]
    years = np.arange(1, flow.shape[-1] + 1) / 12
    discounted = flow @ (1 + value(jurisdiction, "discount_costs")) ** -years
    procedure = value(jurisdiction, "cost_transplant")
    assert run.lines["transplant_procedure"].discounted[0] == pytest.approx(procedure * discounted, rel=1e-12)
    assert run.lines["transplant_procedure"].undiscounted[0] == pytest.approx(procedure * flow.sum(axis=-1), rel=1e-12)
    assert run.lines["evaluation"].discounted[0].tolist() == [0, 0, *[value(jurisdiction, "cost_evaluation")] * 2]
    entered = run.cohort.trace.flows[0][..., [move.target == "transplant_year_1" for move in run.model.transitions]]
    assert flow == pytest.approx(entered.sum(axis=-1), rel=1e-15)


@both
def test_30_one_off_payoffs_do_not_depend_on_the_correction(jurisdiction):
    for method in METHODS:
        run = cea.run(shipped(jurisdiction).with_layer(layer(f"settings: {{correction: {method}}}")))
        for name, line in run.lines.items():
            if line.outcome.timing != "per_year":
                assert np.array_equal(line.discounted, base(jurisdiction).lines[name].discounted), (method, name)


@both
def test_30_the_dead_cost_nothing_to_the_health_sector_and_earn_no_qalys(jurisdiction):
    run = base(jurisdiction)
    for line in [*run.lines.values(), run.life_years]:
        if run.counted(line):
            assert not {"dead_liver", "dead_other"} & set(line.by_state)
    born_dead = cea.run(shipped(jurisdiction).with_layer(layer("start: {dead_other: 1}")))
    assert (born_dead.outcomes.cost == 0).all()
    assert (born_dead.outcomes.effect == 0).all()
    assert (born_dead.life_years.discounted == 0).all()


@both
@FEW
@given(data=st.data())
def test_31_parts_sum_to_the_total(jurisdiction, data):
    run = widest(jurisdiction, data.draw(drawn(jurisdiction)))
    totals = run.totals_frame().set_index("strategy")
    categories = run.categories_frame().groupby("strategy")[["cost", "cost_undiscounted"]].sum()
    states = run.states_frame().groupby("strategy")[["life_years", "effect"]].sum()
    one_off = run.lines["msc_infusion_loss"].discounted + run.lines["msc_adverse_event_loss"].discounted
    for position, strategy in enumerate(run.strategies):
        assert categories["cost"][strategy] == pytest.approx(totals["cost"][strategy], rel=1e-12)
        assert categories["cost_undiscounted"][strategy] == pytest.approx(
            totals["cost_undiscounted"][strategy], rel=1e-12
        )
        assert states["life_years"][strategy] == pytest.approx(totals["life_years"][strategy], rel=1e-12)
        effect = states["effect"][strategy] + one_off[0, position]
        assert effect == pytest.approx(totals["effect"][strategy], rel=1e-12)
    for name, line in run.lines.items():
        assert line.series.sum(axis=-1) == pytest.approx(line.discounted, rel=1e-12), name
        if line.by_state:
            assert sum(line.by_state.values()) == pytest.approx(line.discounted, rel=1e-12), name


def test_31_the_societal_perspective_adds_the_indirect_costs_and_nothing_else():
    health, societal = base(), cea.run(shipped(), perspective="societal")
    indirect = sum(line.discounted for line in societal.lines.values() if line.outcome.indirect)
    assert (indirect > 0).all()
    assert societal.outcomes.cost == pytest.approx(health.outcomes.cost + indirect, rel=1e-14)
    assert np.array_equal(societal.outcomes.effect, health.outcomes.effect)
    assert {line.outcome.category for line in societal.lines.values() if line.outcome.indirect} == {
        "Productivity",
        "Informal care",
    }

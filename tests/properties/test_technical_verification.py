"""Technical verification of the shipped model, patient flow: black-box tests after the TECH-VER checklist (its part B).

The numbers in the names of tests are those of the checklist. Results (part C) are in test_technical_results.py.
"""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.engine.cohort import Cohort, edge_values, simulate
from cea.engine.markov import competing_risks, exits
from cea.engine.solve import solved_values
from tests.models import CIRRHOSIS, FREE, JURISDICTIONS, NEUTRAL, QUICK, base, drawn, layer, of, shipped

CLASSES = ("child_pugh_a", "child_pugh_b", "child_pugh_c")
CLASS_RATES = ("rate_a_to_b", "rate_b_to_a", "rate_b_to_c", "rate_c_to_b")
EXCESS = (
    "excess_death_a",
    "excess_death_b",
    "excess_death_c",
    "excess_death_hcc",
    "transplant_excess_death_year_1",
    "transplant_excess_death_later",
)
NO_EXCESS = dict.fromkeys(EXCESS, 0.0)
STANDING_STILL = {**dict.fromkeys(CLASS_RATES, 0.0), "rate_hcc_a": 0.0, "rate_hcc_b": 0.0, "msc_improve_one_class": 0.0}
LIFE_TABLES = {
    "us": ("life_table_us_2019.csv", "male_qx_2019", "female_qx_2019"),
    "england": ("life_table_uk_2017_19.csv", "male_qx_ONS_UK_2017_19", "female_qx_ONS_UK_2017_19"),
}
FEW = settings(QUICK, max_examples=12)
both = pytest.mark.parametrize("jurisdiction", JURISDICTIONS)


@cache
def solved(jurisdiction: str) -> dict[str, float]:
    return solved_values(shipped(jurisdiction))


def cohort(jurisdiction: str, values: dict[str, float]) -> Cohort:
    return simulate(shipped(jurisdiction), {**solved(jurisdiction), **values})


def state_index(model: cea.Model, *names: str) -> list[int]:
    return [list(model.states).index(name) for name in names]


@cache
def general_population(jurisdiction: str) -> tuple[float, ...]:
    """Survival of the general population at each month from 57 to 100, by hand from the CSV file."""
    name, male, female = LIFE_TABLES[jurisdiction]
    with (CIRRHOSIS / "tables" / name).open(encoding="utf-8", newline="") as handle:
        annual = {
            int(row["age"]): 0.67 * float(row[male]) + 0.33 * float(row[female])
            for row in csv.DictReader(handle)
            if int(row["age"]) < 100
        }
    alive = [1.0]
    for month in range(43 * 12):
        alive.append(alive[-1] * (1 - annual[57 + month // 12]) ** (1 / 12))
    return tuple(alive)


# 6 to 8: probabilities, trace, the living and the dead


@both
@FEW
@given(data=st.data())
def test_06_rows_of_every_matrix_are_probabilities_that_sum_to_one(jurisdiction, data):
    found = cohort(jurisdiction, data.draw(drawn(jurisdiction)))
    rates = edge_values(found.model, found.scope)
    probabilities = competing_risks(rates, found.structure)
    leaving = exits(probabilities, found.structure)
    assert probabilities.min() >= 0
    assert leaving.max() <= 1
    total = exits(rates, found.structure)
    assert np.allclose(1 - leaving, np.exp(-total / 12), rtol=0, atol=1e-13)  # who stays has had no event


@both
@FEW
@given(data=st.data())
def test_07_trace_sums_to_one_and_everybody_comes_from_somewhere(jurisdiction, data):
    found = cohort(jurisdiction, data.draw(drawn(jurisdiction)))
    occupancy, flows = found.trace.occupancy, found.trace.flows
    assert occupancy.min() >= 0
    assert np.abs(occupancy.sum(axis=-1) - 1).max() < 1e-12
    source, target = found.structure.source, found.structure.target
    for name, position in zip(found.model.states, range(occupancy.shape[-1]), strict=True):
        if name in ("transplant_year_1", "transplant_later"):
            continue  # the tunnel's way out is no edge
        net = flows[..., target == position].sum(axis=-1) - flows[..., source == position].sum(axis=-1)
        assert np.abs(np.diff(occupancy[..., position], axis=-1) - net).max() < 1e-13


@both
@FEW
@given(data=st.data())
def test_08_the_living_never_rise_and_the_dead_never_fall(jurisdiction, data):
    found = cohort(jurisdiction, data.draw(drawn(jurisdiction)))
    assert np.diff(found.alive, axis=-1).max() <= 1e-15
    assert np.diff(found.trace.occupancy[..., state_index(found.model, "dead_liver", "dead_other")], axis=2).min() >= 0


# 9 to 12: mortality


@both
def test_09_without_mortality_everybody_is_alive_at_the_end(jurisdiction):
    model = shipped(jurisdiction).with_layer(layer("formulas: {background_probability: '0'}"))
    run = cea.run(model, values={**NO_EXCESS, **solved(jurisdiction), "discount_effects": 0.0})
    assert np.abs(run.cohort.alive - 1).max() < 1e-12
    assert run.life_years.discounted == pytest.approx(np.full((1, 4), 43.0), rel=1e-12)
    events = run.events_frame().set_index("event")["count"]
    assert (events[["liver_death", "transplant_death", "other_death"]] == 0).all()


@both
def test_10_with_very_high_mortality_all_are_dead_after_a_cycle(jurisdiction):
    run = cea.run(
        shipped(jurisdiction).with_layer(layer("formulas: {background_death: {formula: 5e15 / one_year}}")),
        values=solved(jurisdiction),
    )
    assert (run.cohort.alive[..., 0] == 1).all()
    assert np.abs(run.cohort.alive[..., 1:]).max() < 1e-12
    assert run.life_years.undiscounted == pytest.approx(np.full((1, 4), 0.5 / 12), rel=1e-12)


@both
def test_11_without_excess_mortality_survival_is_the_life_table(jurisdiction):
    expected = np.array(general_population(jurisdiction))
    still = cohort(jurisdiction, {**NO_EXCESS, **STANDING_STILL, "rate_transplant_listed": 0.0})
    assert np.abs(still.alive - expected).max() < 1e-12
    # With movement between living states the conversion must be exact: other exits of a month displace a few deaths.
    exact = shipped(jurisdiction, "transition_matrix_exponential")
    moving = simulate(exact, {**solved(jurisdiction), **NO_EXCESS}, cycles=120)
    assert np.abs(moving.alive - expected[:121]).max() < 1e-10
    assert moving.trace.flows[..., 0].sum() > 0


@both
@FEW
@given(data=st.data())
def test_12_disease_mortality_is_never_below_background(jurisdiction, data):
    values = data.draw(drawn(jurisdiction, without=("start_age", "male_share")))
    found = cohort(jurisdiction, values)
    assert (found.alive <= np.array(general_population(jurisdiction)) + 1e-12).all()
    rates = edge_values(found.model, found.scope)
    dying = exits(
        np.where([move.target.startswith("dead") for move in found.model.transitions], rates, 0.0), found.structure
    )
    background = found.scope.grid(found.scope.names["background_death"], slice(0, -1))[..., np.newaxis]
    living = [not state.dead for state in found.model.states.values()]
    assert (dying[..., living] >= background).all()


# 13 and 14: no progression, no transplant


@both
@pytest.mark.parametrize("start", CLASSES)
def test_13_without_progression_nobody_leaves_the_class_they_start_in(jurisdiction, start):
    run = cea.run(
        shipped(jurisdiction).with_layer(layer(f"start: {{{start}: 1}}")),
        values={**STANDING_STILL, **solved(jurisdiction), "rate_transplant_listed": 0.0},
    )
    others = [name for name, state in run.model.states.items() if not state.dead and name != start]
    assert (run.cohort.trace.occupancy[..., state_index(run.model, *others)] == 0).all()
    assert run.cohort.state(start)[..., 1].min() > 0.9


@both
def test_14_without_transplants_the_transplant_states_are_empty(jurisdiction):
    run = cea.run(shipped(jurisdiction), values={"rate_transplant_listed": 0.0})
    after = state_index(run.model, "transplant_year_1", "transplant_later")
    assert (run.cohort.trace.occupancy[..., after] == 0).all()
    costs = run.categories_frame().pivot(index="category", columns="strategy", values="cost")
    assert (costs.loc[["Transplant", "After transplant"]] == 0).all(axis=None)
    palliative, listed = of(run, "palliative"), of(run, "transplant")
    assert listed[1:] == palliative[1:]
    assert listed[0] - palliative[0] == pytest.approx(
        shipped(jurisdiction).parameters["cost_evaluation"].value, rel=1e-9
    )


# 15 to 19: effect, strategies, start, cycle length

NO_EFFECT = {
    "efficacy 0": NEUTRAL,
    "ratios 1": {
        "msc_improve_one_class": 0.0,
        "msc_worsening_rr": 1.0,
        "msc_residual_death_hr": 1.0,
        "msc_hcc_rr": 1.0,
    },
}


@both
@pytest.mark.parametrize("kind", NO_EFFECT)
@FEW
@given(data=st.data())
def test_15_a_neutral_effect_at_no_price_gives_identical_arms(jurisdiction, kind, data):
    values = {**data.draw(drawn(jurisdiction)), **NO_EFFECT[kind], **FREE}
    run = cea.run(shipped(jurisdiction), values=values)
    for treated, untreated in (("msc", "palliative"), ("msc_bridge", "transplant")):
        assert of(run, treated) == of(run, untreated)  # bit for bit
        first, second = run.strategies.index(treated), run.strategies.index(untreated)
        assert np.array_equal(run.cohort.trace.occupancy[:, first], run.cohort.trace.occupancy[:, second])


def test_15_the_neutral_effect_alone_leaves_only_the_price_between_the_arms():
    run = cea.run(
        shipped(), values=NO_EFFECT["ratios 1"] | {"msc_infusion_disutility": 0.0, "msc_sae_probability": 0.0}
    )
    assert of(run, "msc")[1:] == of(run, "palliative")[1:]
    assert of(run, "msc")[0] > of(run, "palliative")[0]


@both
@settings(QUICK, max_examples=15)
@given(weak=st.floats(-3, 3.4), step=st.floats(0.01, 2))
def test_16_a_higher_effect_gives_more_life_years(jurisdiction, weak, step):
    run = cea.run(shipped(jurisdiction), values={"efficacy": np.array([weak, weak + step])})
    years = run.life_years.discounted[:, run.strategies.index("msc")]
    assert years[1] > years[0]
    untreated = run.life_years.discounted[:, run.strategies.index("palliative")]
    assert untreated[0] == untreated[1]
    assert (
        ((years > untreated) == (np.array([weak, weak + step]) > 0)).all()
        or abs(weak) < 1e-6
        or abs(weak + step) < 1e-6
    )


@both
@settings(QUICK, max_examples=6)
@given(hazard_ratio=st.floats(0.57, 1.2), step=st.floats(0.01, 0.06))
def test_16_a_lower_target_hazard_ratio_gives_more_life_years(jurisdiction, hazard_ratio, step):
    strong, weak = (
        of(cea.run(shipped(jurisdiction).with_values({"msc_target_hr": target})), "msc")[2]
        for target in (hazard_ratio, hazard_ratio + step)
    )
    assert strong > weak


@both
def test_17_swapped_strategies_swap_their_results_and_the_signs(jurisdiction):
    swap = layer("strategies: {palliative: {set: {msc: 1}}, msc: {set: {msc: 0}}}")
    run, swapped = base(jurisdiction), cea.run(shipped(jurisdiction).with_layer(swap), values=solved(jurisdiction))
    assert of(swapped, "palliative") == of(run, "msc")
    assert of(swapped, "msc") == of(run, "palliative")
    forth = cea.incremental(run, "palliative").pairs[run.strategies.index("msc")]
    back = cea.incremental(run, "msc").pairs[run.strategies.index("palliative")]
    assert (back.cost, back.effect) == (-forth.cost, -forth.effect)
    assert back.nmb == pytest.approx([-value for value in forth.nmb], rel=1e-12)
    assert (forth.quadrant, back.quadrant) == ("NE", "SW")
    assert back.icer == forth.icer


@both
def test_18_a_start_in_one_class_starts_there_and_the_mix_is_their_mean(jurisdiction):
    share = shipped(jurisdiction).parameters["start_share_b"].value
    pure = {name: cea.run(shipped(jurisdiction, f"{name}_only")) for name in ("b", "c")}
    for name, run in pure.items():
        first = run.cohort.trace.occupancy[0, 0, 0]
        assert first[list(run.model.states).index(f"child_pugh_{name}")] == 1
        assert first.sum() == 1
    for strategy in base(jurisdiction).strategies:
        mixed = [
            share * of_b + (1 - share) * of_c
            for of_b, of_c in zip(of(pure["b"], strategy), of(pure["c"], strategy), strict=True)
        ]
        assert of(base(jurisdiction), strategy) == pytest.approx(mixed, rel=1e-12)


WEEKLY = """
time: {cycles_per_year: 52}
outcomes:
  msc_acquisition: {at_years: [0, 4/52, 9/52]}
  msc_administration: {at_years: [0, 4/52, 9/52]}
  msc_infusion_loss: {at_years: [0, 4/52, 9/52]}
  msc_infusion_count: {at_years: [0, 4/52, 9/52]}
"""


@both
def test_19_a_weekly_cycle_gives_nearly_the_same_survival(jurisdiction):
    weekly = cea.run(shipped(jurisdiction).with_layer(layer(WEEKLY)), values=solved(jurisdiction))
    exact = simulate(shipped(jurisdiction, "transition_matrix_exponential"), solved(jurisdiction))
    monthly = base(jurisdiction)
    assert weekly.cohort.alive.shape[-1] == 43 * 52 + 1
    survival = [
        run.alive[0][:, :: run.model.settings.cycles_per_year] for run in (monthly.cohort, weekly.cohort, exact)
    ]
    assert np.abs(survival[1] - survival[0]).max() < 0.01
    coarse, fine = (np.abs(found[0] - survival[2][0]).max() for found in survival[:2])
    assert fine < coarse / 3  # palliative care: the error of competing risks falls with the cycle, 12/52 of it is left
    for strategy in monthly.strategies:
        assert of(weekly, strategy) == pytest.approx(of(monthly, strategy), rel=0.02)

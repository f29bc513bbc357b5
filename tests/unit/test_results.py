"""Solved parameters, draws, perspectives and the tables of a run."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import cea
from cea.engine.solve import solved_values
from tests.models import base, layer, model_of, shipped
from tests.two_states import MODEL, problem, small

# Solved parameters


def test_a_solved_ratio_meets_its_target():
    run = cea.run(small())
    assert run.solved == {"residual": pytest.approx(0.7, rel=1e-12)}  # with one hazard the ratio is the parameter
    first, second = np.log(run.cohort.alive[0, :, 8])
    assert second / first == pytest.approx(0.7, rel=1e-12)


def test_held_parameters_ignore_layers_that_are_not_structural():
    older = layer("parameters: {hazard: 0.9}\nformulas: {hazard_now: {formula: hazard * residual ^ (2 * treated)}}")
    assert solved_values(small().with_layer(older)) == solved_values(small())
    structural = layer("structural: true\nformulas: {hazard_now: {formula: hazard * residual ^ (2 * treated)}}")
    assert solved_values(small().with_layer(structural))["residual"] == pytest.approx(math.sqrt(0.7), rel=1e-12)
    assert solved_values(small().with_layer(older, structural))["residual"] == pytest.approx(math.sqrt(0.7), rel=1e-12)


def test_other_parameters_are_solved_again_under_every_layer():
    free = model_of(MODEL.replace("held: true", "held: false"))
    layered = free.with_layer(layer("formulas: {hazard_now: {formula: hazard * residual ^ (2 * treated)}}"))
    assert solved_values(layered)["residual"] == pytest.approx(math.sqrt(0.7), rel=1e-12)


def test_an_edit_of_the_target_solves_again_and_one_of_the_parameter_replaces_it():
    assert cea.run(small(("target_ratio", 0.9))).solved["residual"] == pytest.approx(0.9, rel=1e-12)
    assert cea.run(small(("hazard", 0.5), ("target_ratio", 0.9))).solved["residual"] == pytest.approx(0.9, rel=1e-12)
    given = cea.run(small(("residual", 0.4)))
    assert given.solved == {}
    assert given.cohort.scope.names["residual"] == 0.4


def test_draws_do_not_solve_again():
    run = cea.run(small(), values={"target_ratio": np.array([0.5, 0.9])})
    assert run.solved["residual"] == pytest.approx(0.7, rel=1e-12)


def test_a_target_out_of_reach_says_what_was_searched_and_found():
    with pytest.raises(cea.InputError) as error:
        cea.run(small(("target_ratio", 20)))
    what = problem(error)
    assert "no value of residual from 0.01 to 10 meets the target 20" in what
    assert "the hazard ratio goes from 0.01 to 10" in what


def test_an_event_ratio_is_the_ratio_of_expected_events():
    text = MODEL.replace("measure: hazard_ratio", "measure: event_ratio, event: death")
    residual = cea.run(model_of(text)).solved["residual"]
    deaths = 1 - math.exp(-0.2 * 2)
    assert residual == pytest.approx(-math.log(1 - 0.7 * deaths) / 0.4, rel=1e-10)


def test_the_shipped_residual_is_held_over_jurisdictions_and_solved_for_structures():
    us = solved_values(shipped())["msc_residual_death_hr"]
    assert us == pytest.approx(0.8416, abs=5e-5)  # an independent solve
    assert solved_values(shipped("england", "b_only", "waning_none")) == {"msc_residual_death_hr": us}
    assert solved_values(shipped("structure_a"))["msc_residual_death_hr"] == pytest.approx(0.68, abs=0.01)
    assert solved_values(shipped("natural_history_r1"))["msc_residual_death_hr"] != us


# Results


def random_values(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    spans = {name: item.range for name, item in shipped().parameters.items() if item.range and not item.cohort}
    return {name: rng.uniform(*span, n) for name, span in spans.items()}


def test_draws_are_the_same_as_single_runs():
    values = random_values(5)
    together = cea.run(shipped(), values=values)
    assert together.outcomes.cost.shape == (5, 4)
    for draw in range(5):
        alone = cea.run(shipped(), values={name: float(column[draw]) for name, column in values.items()})
        assert alone.cohort.trace.occupancy[0] == pytest.approx(together.cohort.trace.occupancy[draw], abs=1e-14)
        for name, line in alone.lines.items():
            assert line.discounted[0] == pytest.approx(together.lines[name].discounted[draw], rel=1e-12), name
        assert alone.outcomes.effect[0] == pytest.approx(together.outcomes.effect[draw], rel=1e-13)


def test_a_draw_does_not_depend_on_the_others_bit_for_bit():
    values = random_values(30)
    together = cea.run(shipped(), values=values)
    turned = cea.run(shipped(), values={name: column[::-1][:12] for name, column in values.items()})
    for name, line in turned.lines.items():
        assert np.array_equal(line.discounted, together.lines[name].discounted[::-1][:12]), name
    assert np.array_equal(turned.cohort.trace.occupancy, together.cohort.trace.occupancy[::-1][:12])


def test_perspectives_select_costs_and_a_refused_one_says_why():
    payer, society = (cea.run(small(), perspective=name, values={"residual": 1.0}) for name in ("payer", "society"))
    assert society.outcomes.cost - payer.outcomes.cost == pytest.approx(payer.lines["lost_work"].discounted)
    with pytest.raises(cea.UsageError, match=r"'employer' is not possible for Nowhere: nobody has asked employers"):
        cea.run(small(), perspective="employer")
    with pytest.raises(cea.UsageError, match=r"unknown perspective 'societal'.*society"):
        cea.run(small(), perspective="societal")
    with pytest.raises(cea.UsageError, match="not possible for England"):
        cea.run(shipped("england"), perspective="societal")


def test_frames_hold_what_the_arrays_hold():
    run = cea.run(small(), values={"residual": 0.5})
    trace = run.trace_frame()
    assert list(trace.columns) == ["strategy", "year", "state", "share", "dead"]
    assert trace["share"].to_numpy().reshape(2, 21, 3) == pytest.approx(run.cohort.trace.occupancy[0])
    assert set(trace.loc[trace["dead"], "state"]) == {"gone"}
    assert run.survival_frame()["alive"].to_numpy() == pytest.approx(run.cohort.alive[0].ravel())
    lost = run.lines_frame().set_index(["outcome", "strategy"])["counted"]
    assert not lost["lost_work", "usual"] and lost["care", "usual"]
    assert "Lost work" not in set(run.categories_frame()["category"])
    events = run.events_frame().set_index(["event", "strategy"])["count"]
    assert events["dose_count", "drug"] == pytest.approx(1 + math.exp(-0.05))
    assert run.outcomes.labels == ("Usual care", "Drug")
    assert run.strategies == ("usual", "drug")


def test_a_selection_of_strategies_still_solves_with_all_declared_ones():
    alone = cea.run(small().with_layer(layer("strategies: [usual]")))
    assert alone.solved["residual"] == pytest.approx(0.7, rel=1e-12)
    assert alone.outcomes.cost.shape == (1, 1)
    assert alone.outcomes.cost[0, 0] == cea.run(small()).outcomes.cost[0, 0]


def test_a_matrix_exponential_has_no_displaced_exits():
    exact = cea.run(
        small().with_layer(layer("settings: {transition_method: matrix_exponential}")), values={"residual": 0.5}
    )
    assert exact.cohort.alive[0] == pytest.approx(np.exp(np.outer([-0.05, -0.025], np.arange(21))), rel=1e-12)


def test_the_shipped_run_is_the_same_every_time():
    again = cea.run(cea.load(Path(shipped().files.root)))
    assert np.array_equal(again.outcomes.cost, base().outcomes.cost)
    assert np.array_equal(again.outcomes.effect, base().outcomes.effect)

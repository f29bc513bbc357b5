"""Propagation of a cohort against closed forms, explicit matrices and published traces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from cea.engine import markov
from cea.engine.markov import (
    Structure,
    Violation,
    check_probabilities,
    check_rates,
    competing_risks,
    propagate,
    propagate_reference,
)

both = pytest.mark.parametrize("run", [propagate, propagate_reference])


@pytest.fixture(autouse=True, scope="module", params=[0, 16], ids=["kernel", "numpy"])
def _route(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything here holds for the compiled kernel and for the few cohorts that go without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markov, "FEW_COHORTS", request.param)
        yield


def structure(edges, states=3, tunnels=None, step_years=1.0):
    """`edges` are (source, target); `tunnels` maps a state to its (steps, then)."""
    steps, then = np.ones(states, dtype=int), np.arange(states)
    for state, (length, after) in (tunnels or {}).items():
        steps[state], then[state] = length, after
    source, target = zip(*edges, strict=True)
    labels = tuple(f"state_{state}" for state in range(states))
    return Structure(labels, np.array(source), np.array(target), steps, then, step_years)


def cells(*values):
    """One sample, one strategy, one cycle."""
    return np.array(values, dtype=float).reshape(1, 1, 1, -1)


def start(*shares):
    return np.array(shares, dtype=float).reshape(1, 1, -1)


@both
def test_decay_under_two_competing_risks(run):
    moves = structure([(0, 1), (0, 2)], step_years=1 / 12)
    rates = cells(0.3, 0.9)
    trace = run(start(1, 0, 0), competing_risks(rates, moves), moves, 60)
    alive = np.exp(-1.2 * np.arange(61) / 12)
    np.testing.assert_allclose(trace.occupancy[0, 0, :, 0], alive, rtol=1e-13)
    np.testing.assert_allclose(trace.occupancy[0, 0, :, 1], 0.25 * (1 - alive), rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(trace.flows[0, 0, :, 1], 0.75 * (alive[:-1] - alive[1:]), rtol=1e-12)


@both
def test_three_states_in_a_row_have_the_convolution_of_two_geometrics(run):
    p, q = 0.2, 0.05
    trace = run(start(1, 0, 0), cells(p, q), structure([(0, 1), (1, 2)]), 40)
    t = np.arange(41)
    middle = p * ((1 - q) ** t - (1 - p) ** t) / (p - q)
    np.testing.assert_allclose(trace.occupancy[0, 0, :, 0], (1 - p) ** t, rtol=1e-13)
    np.testing.assert_allclose(trace.occupancy[0, 0, :, 1], middle, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(trace.flows[0, 0, :, 0], p * (1 - p) ** t[:-1], rtol=1e-13)


@both
def test_parallel_edges_share_the_move_and_keep_their_own_flows(run):
    trace = run(start(1, 0), cells(0.1, 0.3), structure([(0, 1), (0, 1)], states=2), 2)
    np.testing.assert_allclose(trace.occupancy[0, 0, :, 1], [0, 0.4, 0.64], rtol=1e-15)
    np.testing.assert_allclose(trace.flows[0, 0], [[0.1, 0.3], [0.06, 0.18]], rtol=1e-15)


@both
def test_an_edge_back_to_its_source_is_counted_and_changes_nothing_in_an_ordinary_state(run):
    trace = run(start(1, 0), cells(0.5, 0.1), structure([(0, 0), (0, 1)], states=2), 3)
    np.testing.assert_allclose(trace.occupancy[0, 0, :, 0], 0.9 ** np.arange(4), rtol=1e-15)
    np.testing.assert_allclose(trace.flows[0, 0, :, 0], 0.5 * 0.9 ** np.arange(3), rtol=1e-15)


@both
@pytest.mark.parametrize("length", [1, 2, 5, 13])
def test_a_tunnel_without_exits_holds_everybody_for_its_length(run, length):
    moves = structure([(0, 1)], tunnels={1: (length, 2)})
    probabilities = np.zeros((1, 1, 20, 1))
    probabilities[0, 0, 3] = 1.0  # all leave state 0 during cycle 3, and are in the tunnel from boundary 4 on
    trace = run(start(1, 0, 0), probabilities, moves, 20)
    where = trace.occupancy[0, 0].argmax(axis=1)
    assert where.tolist() == [0] * 4 + [1] * length + [2] * (17 - length)
    assert set(np.unique(trace.occupancy)) == {0.0, 1.0}


@both
def test_who_starts_in_a_tunnel_starts_at_its_first_step_and_one_tunnel_can_follow_another(run):
    moves = structure([(2, 0)], tunnels={0: (3, 1), 1: (2, 2)})
    trace = run(start(1, 0, 0), cells(0), moves, 6)
    assert trace.occupancy[0, 0].argmax(axis=1).tolist() == [0, 0, 0, 1, 1, 2, 2]


@both
def test_an_edge_of_a_tunnel_back_to_itself_starts_the_tunnel_anew(run):
    moves = structure([(0, 0)], states=2, tunnels={0: (2, 1)})
    trace = run(start(1, 0), cells(0.5), moves, 4)
    # Halves at boundary 1: step 0 and step 1. The rest of step 1 leaves, the rest of step 0 moves up.
    np.testing.assert_array_equal(trace.occupancy[0, 0, :, 0], [1, 1, 0.75, 0.625, 0.5])


@both
@pytest.mark.parametrize("length", [1, 4, 12])
def test_a_tunnel_equals_its_states_written_out(run, length):
    p_in, p_die, p_back, p_later = 0.3, 0.1, 0.05, 0.02
    moves = structure([(0, 1), (1, 3), (1, 0), (2, 3)], states=4, tunnels={1: (length, 2)})
    trace = run(start(0.7, 0.2, 0.1, 0), cells(p_in, p_die, p_back, p_later), moves, 30)
    well, later, dead = 0, length + 1, length + 2
    matrix = np.zeros((length + 3, length + 3))
    matrix[well, [well, 1]] = 1 - p_in, p_in
    for step in range(1, length + 1):
        matrix[step, [dead, well]] = p_die, p_back
        matrix[step, step + 1] = 1 - p_die - p_back
    matrix[later, [later, dead]] = 1 - p_later, p_later
    matrix[dead, dead] = 1
    first = np.zeros(length + 3)
    first[[well, 1, later]] = 0.7, 0.2, 0.1
    for cycle in (1, 7, 30):
        row = first @ np.linalg.matrix_power(matrix, cycle)
        expected = [row[well], row[1 : length + 1].sum(), row[later], row[dead]]
        np.testing.assert_allclose(trace.occupancy[0, 0, cycle], expected, rtol=1e-12)


@both
def test_sick_sicker_trace_as_published(run):
    """Alarid-Escudero et al., Med Decis Making 2023;43(1):3-20: states H, S1, S2, D, usual care, 75 cycles."""
    hazard = 0.002
    p_hd, p_s1d, p_s2d = 1 - np.exp(-hazard * np.array([1, 3, 10]))
    p_hs1, p_s1h, p_s1s2 = 1 - np.exp(-np.array([0.15, 0.5, 0.105]))
    moves = structure([(0, 1), (0, 3), (1, 0), (1, 2), (1, 3), (2, 3)], states=4)
    survive = 1 - p_s1d
    probabilities = cells((1 - p_hd) * p_hs1, p_hd, survive * p_s1h, survive * p_s1s2, p_s1d, p_s2d)
    trace = run(start(1, 0, 0, 0), probabilities, moves, 75)
    published = {
        1: [0.858988280741, 0.139013717926, 0.000000000000, 0.001998001333],
        10: [0.620192141562, 0.183148666931, 0.158706006591, 0.037953184915],
        50: [0.220720257158, 0.065188993991, 0.369003278929, 0.345087469922],
        75: [0.115723450556, 0.034178536306, 0.317061535511, 0.533036477626],
    }
    for cycle, row in published.items():
        np.testing.assert_allclose(trace.occupancy[0, 0, cycle], row, rtol=0, atol=6e-13)


@both
def test_each_sample_and_strategy_is_a_run_of_its_own(run):
    moves = structure([(0, 1), (1, 2)])
    probabilities = np.random.default_rng(1).uniform(0, 1, (3, 2, 5, 2))
    shares = np.array([[[1, 0, 0]], [[0, 1, 0]], [[0.5, 0.25, 0.25]]])
    together = run(shares, probabilities, moves, 5)
    for sample in range(3):
        for strategy in range(2):
            alone = run(shares[[sample]], probabilities[[sample]][:, [strategy]], moves, 5)
            np.testing.assert_array_equal(together.occupancy[sample, strategy], alone.occupancy[0, 0])
            np.testing.assert_array_equal(together.flows[sample, strategy], alone.flows[0, 0])


def test_views_with_strides_of_their_own_and_whole_numbers_are_taken():
    moves = structure([(0, 1), (1, 2)])
    wide = np.random.default_rng(2).uniform(0, 1, (2, 5, 1, 4))
    view = wide.transpose(0, 2, 1, 3)[..., ::2]
    from_view = propagate(np.array([[[1, 0, 0]]]), view, moves, 5)
    from_copy = propagate(start(1, 0, 0), np.ascontiguousarray(view), moves, 5)
    np.testing.assert_array_equal(from_view.occupancy, from_copy.occupancy)


def test_competing_risks_by_hand_and_for_a_state_without_exits():
    moves = structure([(0, 1), (0, 2), (1, 2)], step_years=0.5)
    assert competing_risks(cells(1, 3, 0), moves).ravel().tolist() == pytest.approx(
        [0.25 * (1 - np.exp(-2)), 0.75 * (1 - np.exp(-2)), 0.0], rel=1e-15, abs=0
    )


def test_probabilities_within_bounds_pass():
    moves = structure([(0, 1), (0, 2), (1, 2)])
    assert check_probabilities(cells(0.4, 0.6 + 5e-10, 1), moves) == []


def test_a_violation_names_its_earliest_cycle_and_counts_the_rest():
    moves = structure([(0, 1), (0, 2), (1, 2)])
    probabilities = np.full((2, 3, 4, 3), 0.25)
    probabilities[0, 1, 3, 2] = -0.5
    probabilities[1, 2, 2, 2] = -0.125
    probabilities[1, 0, 1, 0] = 1.5
    probabilities[0, 0, 3, :2] = 0.75
    assert check_probabilities(probabilities, moves) == [
        Violation("above_one", (1, 0, 1), 0, 0, 1.5, 1),
        Violation("negative", (1, 2, 2), 1, 2, -0.125, 2),
        Violation("row_sum", (0, 0, 3), 0, None, 1.5, 1),
    ]
    assert len(check_probabilities(probabilities, moves, limit=2)) == 2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_reported_as_that_alone(value):
    moves = structure([(0, 1), (0, 2)])
    for check in (check_probabilities, check_rates):
        (violation,) = check(cells(0.1, value), moves)
        assert (violation.kind, violation.state, violation.edge) == ("not_finite", 0, 1)


def test_rates_may_exceed_one_but_not_be_negative():
    moves = structure([(0, 1), (0, 2)])
    assert check_rates(cells(12, 0), moves) == []
    assert check_rates(cells(12, -0.5), moves) == [Violation("negative", (0, 0, 0), 0, 1, -0.5, 1)]


@pytest.mark.parametrize(
    ("shares", "probabilities"),
    [
        (np.zeros((1, 1, 2)), np.zeros((1, 1, 1, 2))),
        (np.zeros((1, 1, 3)), np.zeros((1, 1, 1, 3))),
        (np.zeros((1, 1, 3)), np.zeros((1, 1, 4, 2))),
        (np.zeros((2, 1, 3)), np.zeros((3, 1, 1, 2))),
    ],
)
@both
def test_shapes_that_do_not_fit_are_refused(run, shares, probabilities):
    with pytest.raises(ValueError):
        run(shares, probabilities, structure([(0, 1), (1, 2)]), 5)


@pytest.mark.parametrize(
    "change",
    [
        {"source": np.array([0, 3])},
        {"target": np.array([-1, 0])},
        {"target": np.array([0])},
        {"steps": np.array([1, 0, 1])},
        {"steps": np.array([1, 2, 1])},
        {"then": np.array([0, 1])},
        {"step_years": 0.0},
    ],
)
def test_a_structure_that_makes_no_sense_is_refused(change):
    with pytest.raises(ValueError):
        replace(structure([(0, 1), (1, 2)]), **change)

"""Continuous time: closed forms, SciPy's exponential of the plain generator, and the limit of short cycles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from cea.engine.exponential import propagate_exponential
from cea.engine.markov import Structure, competing_risks, propagate


def structure(edges, states, tunnels=None, step_years=1.0):
    """`edges` are (source, target); `tunnels` maps a state to its (steps, then)."""
    steps, then = np.ones(states, dtype=int), np.arange(states)
    for state, (length, after) in (tunnels or {}).items():
        steps[state], then[state] = length, after
    source, target = zip(*edges, strict=True)
    return Structure(tuple("abcdefgh"[:states]), np.array(source), np.array(target), steps, then, step_years)


def cells(*values):
    return np.array(values, dtype=float).reshape(1, 1, 1, -1)


def start(*shares):
    return np.array(shares, dtype=float).reshape(1, 1, -1)


def test_two_competing_risks_decay_as_in_the_closed_form():
    moves = structure([(0, 1), (0, 2)], 3, step_years=0.25)
    trace = propagate_exponential(start(1, 0, 0), cells(0.3, 0.9), moves, 12)
    alive = np.exp(-1.2 * np.arange(13) / 4)
    np.testing.assert_allclose(trace.occupancy[0, 0, :, 0], alive, rtol=1e-13)
    np.testing.assert_allclose(trace.flows[0, 0, :, 0], 0.25 * (alive[:-1] - alive[1:]), rtol=1e-12)


def test_three_states_in_a_row_follow_bateman_whatever_the_cycle():
    a, b = 0.7, 0.2
    for cycles in (1, 3, 12):
        moves = structure([(0, 1), (1, 2)], 3, step_years=6 / cycles)
        trace = propagate_exponential(start(1, 0, 0), cells(a, b), moves, cycles)
        middle = a / (b - a) * (np.exp(-6 * a) - np.exp(-6 * b))
        dead = 1 - np.exp(-6 * a) - middle
        np.testing.assert_allclose(trace.occupancy[0, 0, -1], [np.exp(-6 * a), middle, dead], rtol=1e-12)
        np.testing.assert_allclose(trace.flows[0, 0].sum(axis=0), [1 - np.exp(-6 * a), dead], rtol=1e-12)


def test_one_person_can_use_an_edge_several_times_in_a_cycle():
    moves = structure([(0, 1), (1, 0), (0, 0)], 2, step_years=2.0)
    trace = propagate_exponential(start(1, 0), cells(6, 6, 1.5), moves, 1)
    in_first = 1 + (1 - np.exp(-24)) / 24  # years of two spent in state 0, from P(state 0) = (1 + exp(-12 t)) / 2
    expected = [6 * in_first, 6 * (2 - in_first), 1.5 * in_first]
    np.testing.assert_allclose(trace.flows[0, 0, 0], expected, rtol=1e-12)


def test_without_tunnels_it_is_the_exponential_of_the_generator():
    rng = np.random.default_rng(3)
    edges = [(i, j) for i in range(4) for j in range(5) if i != j]
    moves = structure(edges, 5, step_years=1 / 12)
    rates = rng.gamma(1, 0.5, (2, 1, 3, len(edges)))
    shares = rng.dirichlet(np.ones(5), (1, 2))
    trace = propagate_exponential(shares, rates, moves, 3)
    assert trace.occupancy.shape == (2, 2, 4, 5)
    for sample in range(2):
        for strategy in range(2):
            row = shares[0, strategy]
            for cycle in range(3):
                q = np.zeros((5, 5))
                q[moves.source, moves.target] = rates[sample, 0, cycle]
                q -= np.diag(q.sum(axis=1))
                row = row @ expm(q / 12)
                np.testing.assert_allclose(trace.occupancy[sample, strategy, cycle + 1], row, rtol=1e-12)


@pytest.mark.parametrize("length", [1, 3, 12])
def test_a_tunnel_equals_its_steps_written_out(length):
    r_in, r_die, r_back, r_later = 0.8, 0.3, 0.4, 0.1
    moves = structure([(0, 1), (1, 3), (1, 0), (2, 3)], 4, tunnels={1: (length, 2)}, step_years=0.5)
    trace = propagate_exponential(start(0.6, 0.3, 0.1, 0), cells(r_in, r_die, r_back, r_later), moves, 20)
    # Rows: well, newcomers, the steps, later, dead. Nobody changes step within a cycle; between cycles all move up one.
    well, new, later, dead = 0, 1, length + 2, length + 3
    q = np.zeros((length + 4, length + 4))
    q[well, new], q[later, dead] = r_in, r_later
    q[new:later, dead], q[new:later, well] = r_die, r_back
    q -= np.diag(q.sum(axis=1))
    shift = np.eye(length + 4)
    for row in range(new, later):
        shift[row] = np.eye(length + 4)[row + 1]
    row = np.zeros(length + 4)
    row[[well, 2, later]] = 0.6, 0.3, 0.1
    for cycle in range(1, 21):
        row = row @ expm(0.5 * q) @ shift
        expected = [row[well], row[new:later].sum(), row[later], row[dead]]
        np.testing.assert_allclose(trace.occupancy[0, 0, cycle], expected, rtol=1e-12, atol=1e-16)


def test_competing_risks_differ_from_it_by_the_square_of_the_cycle_length():
    def difference(step_years):
        moves = structure([(0, 1), (1, 2), (0, 2), (1, 0)], 3, step_years=step_years)
        rates, shares = cells(0.6, 0.5, 0.2, 0.3), start(0.7, 0.3, 0)
        exact = propagate_exponential(shares, rates, moves, 1).occupancy
        return np.abs(propagate(shares, competing_risks(rates, moves), moves, 1).occupancy - exact).max()

    gaps = [difference(step) for step in (0.1, 0.05, 0.025, 0.0125)]
    assert gaps[0] > 1e-5
    np.testing.assert_allclose(np.array(gaps[:-1]) / gaps[1:], 4, rtol=0.05)


def test_rates_that_come_back_later_and_shared_axes_give_what_single_runs_give():
    moves = structure([(0, 1), (1, 2), (2, 3)], 4, tunnels={1: (2, 2)})
    first, second = np.array([0.5, 0.2, 0.1]), np.array([1.0, 0.4, 0.3])
    rates = np.array([[[first, second, first, second]], [[second] * 4]])
    shares = np.array([[[1, 0, 0, 0], [0, 1, 0, 0]]])
    together = propagate_exponential(shares, rates, moves, 4)
    for sample in range(2):
        for strategy in range(2):
            alone = propagate_exponential(shares[:, [strategy]], rates[[sample]], moves, 4)
            np.testing.assert_allclose(together.occupancy[sample, strategy], alone.occupancy[0, 0], rtol=1e-14)
            np.testing.assert_allclose(together.flows[sample, strategy], alone.flows[0, 0], rtol=1e-14)
    constant = propagate_exponential(shares, rates[1:, :, :1], moves, 4)
    np.testing.assert_allclose(constant.occupancy[0], together.occupancy[1], rtol=1e-14)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_rates_that_are_negative_or_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="finite and not negative"):
        propagate_exponential(start(1, 0), cells(value), structure([(0, 1)], 2), 3)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="edge values"):
        propagate_exponential(start(1, 0), np.zeros((1, 1, 2, 1)), structure([(0, 1)], 2), 3)

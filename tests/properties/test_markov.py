"""What holds for every structure: nobody is lost, flows explain the moves, the kernel equals the reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cea.engine import markov
from cea.engine.exponential import propagate_exponential
from cea.engine.markov import (
    Structure,
    check_probabilities,
    check_rates,
    competing_risks,
    exits,
    propagate,
    propagate_reference,
)

few = settings(max_examples=40, deadline=None)


@pytest.fixture(autouse=True, scope="module", params=[0, 16], ids=["kernel", "numpy"])
def _route(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything here holds for the compiled kernel and for the few cohorts that go without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markov, "FEW_COHORTS", request.param)
        yield


class Case(NamedTuple):
    moves: Structure
    start: np.ndarray
    rates: np.ndarray
    cycles: int


@st.composite
def cases(draw) -> Case:
    """Any edges (parallel ones and loops too), tunnels of 1 to 13 steps, and axes that are absent or not."""
    states = draw(st.integers(2, 5))
    state = st.integers(0, states - 1)
    edges = draw(st.lists(st.tuples(state, state), max_size=9))
    steps, then = np.ones(states, dtype=int), np.arange(states)
    for tunnel in draw(st.sets(state, max_size=3)):
        steps[tunnel] = draw(st.integers(1, 13))
        then[tunnel] = (tunnel + draw(st.integers(1, states - 1))) % states
    source, target = np.array(edges, dtype=int).reshape(-1, 2).T
    moves = Structure(tuple("abcde"[:states]), source, target, steps, then, draw(st.sampled_from([1.0, 0.25, 1 / 12])))
    cycles = draw(st.integers(1, 30))
    one_or_two = st.sampled_from([1, 2])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    start = rng.dirichlet(np.ones(states), (draw(one_or_two), draw(one_or_two)))
    shape = (draw(one_or_two), draw(one_or_two), draw(st.sampled_from([1, cycles])), len(edges))
    rates = rng.gamma(0.5, 1.0, shape) * rng.integers(0, 2, shape)
    return Case(moves, start, rates, cycles)


def unexplained(trace, moves: Structure) -> np.ndarray:
    """Change of occupancy in each cycle that no edge accounts for."""
    change = np.diff(trace.occupancy, axis=2)
    for edge, (source, target) in enumerate(zip(moves.source, moves.target, strict=True)):
        change[..., source] += trace.flows[..., edge]
        change[..., target] -= trace.flows[..., edge]
    return change


@few
@given(cases())
def test_competing_risks_are_probabilities_that_add_up_to_leaving(case):
    probabilities = competing_risks(case.rates, case.moves)
    assert check_rates(case.rates, case.moves) == []
    assert check_probabilities(probabilities, case.moves) == []
    leaving = 1 - np.exp(-exits(case.rates, case.moves) * case.moves.step_years)
    np.testing.assert_allclose(exits(probabilities, case.moves), leaving, rtol=0, atol=1e-15)


@few
@given(cases())
def test_the_kernel_equals_the_reference(case):
    probabilities = competing_risks(case.rates, case.moves)
    fast = propagate(case.start, probabilities, case.moves, case.cycles)
    slow = propagate_reference(case.start, probabilities, case.moves, case.cycles)
    np.testing.assert_allclose(fast.occupancy, slow.occupancy, rtol=0, atol=1e-14)
    np.testing.assert_allclose(fast.flows, slow.flows, rtol=0, atol=1e-14)


@few
@given(cases())
def test_an_absent_axis_gives_bit_for_bit_what_the_full_axis_gives(case):
    probabilities = competing_risks(case.rates, case.moves)
    sparse = propagate(case.start, probabilities, case.moves, case.cycles)
    shape = sparse.flows.shape
    dense = propagate(
        np.broadcast_to(case.start, (*shape[:2], case.start.shape[-1])).copy(),
        np.broadcast_to(probabilities, shape).copy(),
        case.moves,
        case.cycles,
    )
    np.testing.assert_array_equal(sparse.occupancy, dense.occupancy)
    np.testing.assert_array_equal(sparse.flows, dense.flows)


@few
@given(cases())
def test_nobody_is_lost_or_made(case):
    probabilities = competing_risks(case.rates, case.moves)
    for trace in (
        propagate(case.start, probabilities, case.moves, case.cycles),
        propagate_exponential(case.start, case.rates, case.moves, case.cycles),
    ):
        np.testing.assert_allclose(trace.occupancy.sum(axis=-1), 1, rtol=0, atol=1e-12)
        assert trace.occupancy.min() > -1e-15 and trace.flows.min(initial=0) >= 0


@few
@given(cases())
def test_edges_and_the_ends_of_tunnels_explain_every_change(case):
    probabilities = competing_risks(case.rates, case.moves)
    ends = np.zeros(len(case.moves.labels), dtype=bool)
    ends[case.moves.then[case.moves.tunnels]] = True
    for trace in (
        propagate(case.start, probabilities, case.moves, case.cycles),
        propagate_exponential(case.start, case.rates, case.moves, case.cycles),
    ):
        rest = unexplained(trace, case.moves)
        np.testing.assert_allclose(rest[..., ~ends & ~case.moves.tunnels], 0, rtol=0, atol=1e-12)
        assert (rest[..., ~case.moves.tunnels] > -1e-12).all()
        assert (rest[..., ~ends] < 1e-12).all()
        np.testing.assert_allclose(rest.sum(axis=-1), 0, rtol=0, atol=1e-12)


@few
@given(cases())
def test_who_leaves_a_tunnel_at_its_end_entered_it_its_length_ago(case):
    moves, cycles = case.moves, case.cycles
    probabilities = competing_risks(case.rates, moves)
    trace = propagate(case.start, probabilities, moves, cycles)
    staying = 1 - exits(np.broadcast_to(probabilities, trace.flows.shape), moves)
    entered = np.zeros_like(trace.occupancy)
    entered[:, :, 0] = trace.occupancy[:, :, 0]
    for edge, target in enumerate(moves.target):
        entered[:, :, 1:, target] += trace.flows[..., edge]
    moved = np.zeros_like(staying)
    for cycle in range(cycles):
        for state in np.flatnonzero(moves.tunnels):
            begun = cycle + 1 - moves.steps[state]
            if begun >= 0:
                end = entered[:, :, begun, state] * staying[:, :, begun : cycle + 1, state].prod(axis=-1)
                moved[:, :, cycle, state] -= end
                moved[:, :, cycle, moves.then[state]] += end
                entered[:, :, cycle + 1, moves.then[state]] += end
    np.testing.assert_allclose(unexplained(trace, moves), moved, rtol=0, atol=1e-13)


@few
@given(cases())
def test_continuous_time_does_not_depend_on_the_cycle_without_tunnels(case):
    states = len(case.moves.labels)
    once = {"steps": np.ones(states, dtype=int), "then": np.arange(states)}
    coarse = Structure(case.moves.labels, case.moves.source, case.moves.target, **once, step_years=1.0)
    fine = Structure(case.moves.labels, case.moves.source, case.moves.target, **once, step_years=0.25)
    rates = case.rates[:, :, :1]
    years = propagate_exponential(case.start, rates, coarse, 3)
    quarters = propagate_exponential(case.start, rates, fine, 12)
    np.testing.assert_allclose(quarters.occupancy[:, :, ::4], years.occupancy, rtol=0, atol=1e-12)
    by_year = quarters.flows.reshape(*quarters.flows.shape[:2], 3, 4, -1).sum(axis=3)
    np.testing.assert_allclose(by_year, years.flows, rtol=0, atol=1e-12)

"""Propagation in continuous time: rates are constant within a cycle and people may move several times in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm

from cea.engine.markov import Floats, Structure, Trace, broadcast, exits


def propagate_exponential(start: Floats, rates: Floats, structure: Structure, cycles: int) -> Trace:
    """Send a cohort through `cycles` cycles by the matrix exponential of the generator.

    start: share in each state at time 0, shape (sample, strategy, K).
    rates: annual rate of each edge, shape (sample, strategy, cycles, E).
    Absent axes have length 1. The result is that of `markov.propagate`, except that `flows` are the expected number of
    uses of each edge during the cycle, and one person may use several.

    A tunnel counts whole cycles: those who enter it during a cycle are exposed to its exits at once and are in its
    first step at the cycle's end, while those already inside move one step, or after the last step to `then`.

    The expected uses are the rate times the expected time in the source state, an integral of the exponential that
    comes out of the same exponential once the generator is augmented (Van Loan, IEEE Trans Automat Contr
    1978;23:395-404).

    Raises ValueError when shapes do not fit, or when a rate is negative or not finite.
    """
    if not ((rates >= 0.0) & (rates < np.inf)).all():
        raise ValueError("rates must be finite and not negative")
    broadcast(start, rates, structure, cycles)  # refuses shapes that do not fit
    shape = np.broadcast_shapes(start.shape[:2], rates.shape[:2])
    start = np.broadcast_to(start, (*shape, start.shape[-1]))
    occupancy = np.empty((*shape, cycles + 1, len(structure.labels)))
    flows = np.empty((*shape, cycles, len(structure.source)))
    for sample in range(shape[0]):
        # A draw at a time bounds the memory; a draw shared by all samples is exponentiated once.
        if sample == 0 or rates.shape[0] > 1:
            drawn = rates[min(sample, rates.shape[0] - 1)]
            matrices, which = _distinct_exponentials(drawn, structure)
        _propagate_draw(start[sample], drawn, matrices, which, structure, occupancy[sample], flows[sample])
    return Trace(occupancy, flows)


def landing(structure: Structure) -> npt.NDArray[np.int64]:
    """Row of the generator that those who enter each state during a cycle are in, shape (K,).

    An ordinary state is its own; a tunnel has a copy for newcomers, after the K states.
    """
    tunnels = structure.tunnels
    states = len(structure.labels)
    return np.where(tunnels, states + np.cumsum(tunnels) - 1, np.arange(states))


def generator(rates: Floats, structure: Structure) -> Floats:
    """Augmented generators for row vectors, shape (..., E) to (..., M, M).

    Rows and columns: the K states, a copy of each tunnel for those who enter during the cycle, then K clocks, each of
    which adds up the time spent in one state.
    """
    states = len(structure.labels)
    rows = landing(structure)
    clocks = states + int(structure.tunnels.sum())
    matrix = np.zeros((*rates.shape[:-1], clocks + states, clocks + states))
    total = exits(rates, structure)
    for state in range(states):
        for row in {state, int(rows[state])}:
            matrix[..., row, row] = -total[..., state]
            matrix[..., row, clocks + state] = 1.0
    for edge, (source, target) in enumerate(zip(structure.source, structure.target, strict=True)):
        for row in {int(source), int(rows[source])}:
            matrix[..., row, rows[target]] += rates[..., edge]
    return matrix


def _distinct_exponentials(rates: Floats, structure: Structure) -> tuple[Floats, npt.NDArray[np.int64]]:
    """One matrix for each distinct vector among `rates` (strategy, cycle, E), and which one holds (strategy, cycle).

    Only the K rows of those inside at the start of the cycle are kept: the matrices have shape (distinct, K, M).
    """
    strategies, cycles, edges = rates.shape
    distinct, inverse = np.unique(rates.reshape(strategies * cycles, edges), axis=0, return_inverse=True)
    exponentials = expm(generator(distinct, structure) * structure.step_years)
    return exponentials[:, : len(structure.labels)], inverse.reshape(strategies, cycles)


def _propagate_draw(
    start: Floats,
    rates: Floats,
    matrices: Floats,
    which: npt.NDArray[np.int64],
    structure: Structure,
    occupancy: Floats,
    flows: Floats,
) -> None:
    """Fill `occupancy` (strategy, cycles + 1, K) and `flows` (strategy, cycles, E) of one draw."""
    strategies, cycles, edges = flows.shape
    states = start.shape[-1]
    rows = landing(structure)
    which = np.broadcast_to(which, (strategies, cycles))
    rates = np.broadcast_to(rates, (strategies, cycles, edges))
    numbers = np.flatnonzero(structure.tunnels).tolist()
    tunnels = {state: np.zeros((strategies, structure.steps[state])) for state in numbers}
    for state, cohort in tunnels.items():
        cohort[:, 0] = start[:, state]
    occupancy[:, 0] = start
    for cycle in range(cycles):
        matrix = matrices[which[:, cycle]]
        after = np.einsum("si,sij->sj", occupancy[:, cycle], matrix)
        flows[:, cycle] = rates[:, cycle] * after[:, -states:][:, structure.source]
        entering = after[:, rows]
        for state, cohort in tunnels.items():
            remaining = cohort * matrix[:, state, state, np.newaxis]
            entering[:, structure.then[state]] += remaining[:, -1]
            cohort[:, 1:] = remaining[:, :-1]
        for state, cohort in tunnels.items():
            cohort[:, 0] = entering[:, state]
            entering[:, state] = cohort.sum(axis=-1)
        occupancy[:, cycle + 1] = entering

"""A cohort that moves along edges between states, one cycle at a time: probabilities, checks and the two propagators.

Arrays only, axis order (sample, strategy, cycle, edge or state); an axis that does not vary may have length 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ROW_SUM_TOLERANCE = 1e-9
FEW_COHORTS = 16
"""Up to this many cohorts (samples x strategies) go without the compiled kernel."""


@dataclass(frozen=True, eq=False)
class Structure:
    """States and edges, by index.

    Edges may be parallel (same source and target, another event) or lead back to their source, which is then left and
    entered anew.

    labels: names of the K states.
    source, target: states that each of the E edges joins, shape (E,).
    steps: cycles that a state lasts for those who take no edge, shape (K,): 1 if ordinary, the length if a tunnel.
    then: where those who took no edge are after the last step, shape (K,): the state itself if it is ordinary.
    step_years: length of a cycle in years.

    Raises ValueError when shapes or indices do not fit, or when a state of several steps leads to itself.
    """

    labels: tuple[str, ...]
    source: Integers
    target: Integers
    steps: Integers
    then: Integers
    step_years: float

    def __post_init__(self) -> None:
        for name in ("source", "target", "steps", "then"):
            array = np.array(getattr(self, name), dtype=np.int64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        states = len(self.labels)
        if self.source.ndim != 1 or self.source.shape != self.target.shape:
            raise ValueError("source and target must be vectors of one length, an entry per edge")
        if self.steps.shape != (states,) or self.then.shape != (states,):
            raise ValueError(f"steps and then must have one entry for each of the {states} states")
        for name in ("source", "target", "then"):
            if not ((getattr(self, name) >= 0) & (getattr(self, name) < states)).all():
                raise ValueError(f"{name} must hold state numbers from 0 to {states - 1}")
        if (self.steps < 1).any() or (self.steps > 1)[~self.tunnels].any():
            raise ValueError("every state has at least one step, and one with several leads to another state")
        if not 0 < self.step_years < np.inf:
            raise ValueError("step_years must be above zero")

    @property
    def tunnels(self) -> npt.NDArray[np.bool_]:
        """Which states are left after a fixed number of cycles, shape (K,)."""
        return np.not_equal(self.then, np.arange(len(self.labels)))


@dataclass(frozen=True, eq=False)
class Trace:
    """Where the cohort is and how it moved.

    occupancy: share in each state at each cycle boundary, shape (sample, strategy, cycles + 1, state); the steps of a
        tunnel are summed.
    flows: uses of each edge during each cycle, per member of the cohort, shape (sample, strategy, cycles, edge). The
        move out of a tunnel after its last step is no edge and not among them.
    """

    occupancy: Floats
    flows: Floats


@dataclass(frozen=True)
class Violation:
    """One kind of fault of one edge (or of the exits of one state), shown at the earliest cycle where it occurs.

    index: (sample, strategy, cycle) in the checked array, 0 along an absent axis.
    state: the source. edge: None for a row sum. value: the value at `index`.
    count: in how many places of the checked array the same fault occurs.
    """

    kind: Literal["not_finite", "negative", "above_one", "row_sum"]
    index: tuple[int, int, int]
    state: int
    edge: int | None
    value: float
    count: int


def exits(values: Floats, structure: Structure) -> Floats:
    """Sum over the edges that leave each state, in edge order: shape (..., E) to (..., K)."""
    total = np.zeros((*values.shape[:-1], len(structure.labels)))
    for edge, state in enumerate(structure.source):
        total[..., state] += values[..., edge]
    return total


def competing_risks(rates: Floats, structure: Structure) -> Floats:
    """Probability per cycle of every edge from annual rates: p_e = r_e / R_i * (1 - exp(-R_i * dt)).

    R_i is the sum of the rates out of state i; where it is zero so is p_e. Rates, shape (..., E), are constant within
    the cycle, and nobody moves twice in it. Written with 1 - exp, as a spreadsheet has it. Rates are taken as they
    come: `check_rates` judges them.
    """
    total = exits(rates, structure)
    leaving = 1.0 - np.exp(-total * structure.step_years)
    total[total == 0.0] = 1.0
    probabilities: Floats = rates / total[..., structure.source] * leaving[..., structure.source]
    return probabilities


def check_rates(rates: Floats, structure: Structure, limit: int = 10) -> list[Violation]:
    """Rates that are negative or not finite; at most `limit` violations, earliest cycle first.

    Shape (sample, strategy, cycle, E).
    """
    if rates.size == 0 or (rates.min() >= 0.0 and rates.max() < np.inf):
        return []
    return _earliest(_edge_violations(rates, structure, np.inf), limit)


def check_probabilities(probabilities: Floats, structure: Structure, limit: int = 10) -> list[Violation]:
    """Probabilities outside [0, 1] or not finite, and exits of a state that sum to more than 1.

    Shape (sample, strategy, cycle, E). The upper bounds carry a tolerance of 1e-9. A row sum is reported only where
    every edge of the row is sound by itself. At most `limit` violations, earliest cycle first.
    """
    ceiling = 1.0 + ROW_SUM_TOLERANCE
    sums = exits(probabilities, structure)
    if probabilities.size == 0 or (probabilities.min() >= 0.0 and sums.max() <= ceiling):
        return []
    found = _edge_violations(probabilities, structure, ceiling)
    sound = (probabilities >= 0.0) & (probabilities <= ceiling)
    faulty_rows = exits(np.where(sound, 0.0, 1.0), structure) > 0.0
    for state in range(len(structure.labels)):
        wrong = (sums[..., state] > ceiling) & ~faulty_rows[..., state]
        found += _first("row_sum", wrong, sums[..., state], state, None)
    return _earliest(found, limit)


def _edge_violations(values: Floats, structure: Structure, ceiling: float) -> list[Violation]:
    found: list[Violation] = []
    for edge, state in enumerate(structure.source):
        value = values[..., edge]
        finite = np.isfinite(value)
        found += _first("not_finite", ~finite, value, int(state), edge)
        found += _first("negative", finite & (value < 0.0), value, int(state), edge)
        found += _first("above_one", finite & (value > ceiling), value, int(state), edge)
    return found


def _first(
    kind: Literal["not_finite", "negative", "above_one", "row_sum"],
    wrong: npt.NDArray[np.bool_],
    value: Floats,
    state: int,
    edge: int | None,
) -> list[Violation]:
    """The fault at its earliest cycle, or nothing; `wrong` and `value` have shape (sample, strategy, cycle)."""
    if not wrong.any():
        return []
    sample, strategy, cycle = np.nonzero(wrong)
    first = int(np.argmin(cycle))
    index = (int(sample[first]), int(strategy[first]), int(cycle[first]))
    return [Violation(kind, index, state, edge, float(value[index]), len(cycle))]


def _earliest(found: list[Violation], limit: int) -> list[Violation]:
    return sorted(found, key=lambda violation: violation.index[::-1])[:limit]


def broadcast(start: Floats, values: Floats, structure: Structure, cycles: int) -> tuple[Floats, Floats]:
    """Views of `start`, (sample, strategy, K), and `values`, (sample, strategy, cycles, E), that agree in every axis.

    Raises ValueError when they cannot.
    """
    states, edges = len(structure.labels), len(structure.source)
    if start.ndim != 3 or start.shape[-1] != states:
        raise ValueError(f"start must have shape (sample, strategy, {states}), not {start.shape}")
    if values.ndim != 4 or values.shape[-1] != edges or values.shape[2] not in (1, cycles):
        raise ValueError(f"edge values must have shape (sample, strategy, 1 or {cycles}, {edges}), not {values.shape}")
    start, values = np.asarray(start, dtype=np.float64), np.asarray(values, dtype=np.float64)
    shape = np.broadcast_shapes(start.shape[:2], values.shape[:2])
    return np.broadcast_to(start, (*shape, states)), np.broadcast_to(values, (*shape, cycles, edges))


def propagate_reference(start: Floats, probabilities: Floats, structure: Structure, cycles: int) -> Trace:
    """The slow and obvious version of `propagate`; same arguments, same result."""
    start, probabilities = broadcast(start, probabilities, structure, cycles)
    shape = start.shape[:2]
    occupancy = np.empty((*shape, cycles + 1, len(structure.labels)))
    flows = np.empty(probabilities.shape)
    cohorts = [np.zeros((*shape, steps)) for steps in structure.steps]
    for state, cohort in enumerate(cohorts):
        cohort[..., 0] = start[..., state]
    occupancy[:, :, 0] = start
    for cycle in range(cycles):
        flows[:, :, cycle] = occupancy[:, :, cycle, structure.source] * probabilities[:, :, cycle]
        staying = 1.0 - exits(probabilities[:, :, cycle], structure)
        entering = np.zeros_like(staying)
        for edge, state in enumerate(structure.target):
            entering[..., state] += flows[:, :, cycle, edge]
        for state, cohort in enumerate(cohorts):
            remaining = cohort * staying[..., state, np.newaxis]
            entering[..., structure.then[state]] += remaining[..., -1]
            cohort[..., 1:] = remaining[..., :-1]
        for state, cohort in enumerate(cohorts):
            cohort[..., 0] = entering[..., state]
            occupancy[:, :, cycle + 1, state] = cohort.sum(axis=-1)
    return Trace(occupancy, flows)


def propagate(start: Floats, probabilities: Floats, structure: Structure, cycles: int) -> Trace:
    """Send a cohort through `cycles` cycles.

    A few cohorts go through NumPy, many through the compiled kernel, whose import alone takes longer than a base case;
    `propagate_reference` is what both are tested against.

    start: share in each state at time 0, shape (sample, strategy, K).
    probabilities: of each edge per cycle, shape (sample, strategy, cycles, E).
    Absent axes have length 1; neither array is copied to its full size.

    Those who start in or enter a tunnel are in its first step at the next cycle boundary; those who take no edge move
    one step a cycle and after the last step to `then`. All steps of a tunnel share the probabilities of its edges. An
    ordinary state is the tunnel of one step that leads to itself.

    Probabilities are taken as they come (`check_probabilities` judges them): mass is conserved, so that a row sum over
    1 by rounding leaves an occupancy as much below zero. Raises ValueError when shapes do not fit.
    """
    start, probabilities = broadcast(start, probabilities, structure, cycles)
    if start[..., 0].size <= FEW_COHORTS:
        return _propagate_matrices(start, probabilities, structure, cycles)
    occupancy = np.empty((*start.shape[:2], cycles + 1, len(structure.labels)))
    flows = np.empty(probabilities.shape)
    _kernel()(
        start,
        probabilities,
        structure.source,
        structure.target,
        structure.steps,
        structure.then,
        occupancy,
        flows,
    )
    return Trace(occupancy, flows)


def _propagate_matrices(start: Floats, probabilities: Floats, structure: Structure, cycles: int) -> Trace:
    """All cohorts together, three array operations a cycle.

    Shares by step are copied to the edges and to those who stay (`spread`), multiplied by what edges take and what
    stays, and gathered in the steps where they are next (`gather`).
    """
    first = np.cumsum(structure.steps) - structure.steps
    state = np.repeat(np.arange(len(structure.labels)), structure.steps)
    size, edges = len(state), len(structure.source)
    spread = np.hstack([state[:, np.newaxis] == structure.source, np.eye(size)]).astype(np.float64)
    following = np.arange(size) + 1
    following[first + structure.steps - 1] = first[structure.then]
    gather = np.zeros((edges + size, size))
    gather[np.arange(edges + size), np.concatenate([first[structure.target], following])] = 1.0
    staying = 1.0 - exits(probabilities, structure)
    taken = np.concatenate([probabilities, staying[..., state]], axis=-1)
    shares = np.zeros((cycles + 1, *start.shape[:2], size))
    shares[0][..., first] = start
    for cycle in range(cycles):
        shares[cycle + 1] = ((shares[cycle] @ spread) * taken[:, :, cycle]) @ gather
    occupancy = np.add.reduceat(np.moveaxis(shares, 0, 2), first, axis=-1)
    return Trace(occupancy, occupancy[:, :, :-1, structure.source] * probabilities)


def _propagate_cohorts(
    start: Floats,
    probabilities: Floats,
    source: Integers,
    target: Integers,
    steps: Integers,
    then: Integers,
    occupancy: Floats,
    flows: Floats,
) -> None:
    """Fill `occupancy` and `flows`; `cohort` holds the steps of each state in a row, from `first[state]` on."""
    samples, strategies, cycles, edges = probabilities.shape
    states = len(steps)
    first = np.cumsum(steps) - steps
    cohort = np.empty(steps.sum())
    leaving = np.empty(states)
    entering = np.empty(states)
    for sample in range(samples):
        for strategy in range(strategies):
            cohort[:] = 0.0
            for state in range(states):
                cohort[first[state]] = start[sample, strategy, state]
                occupancy[sample, strategy, 0, state] = start[sample, strategy, state]
            for cycle in range(cycles):
                leaving[:] = 0.0
                entering[:] = 0.0
                for edge in range(edges):
                    probability = probabilities[sample, strategy, cycle, edge]
                    flow = occupancy[sample, strategy, cycle, source[edge]] * probability
                    flows[sample, strategy, cycle, edge] = flow
                    leaving[source[edge]] += probability
                    entering[target[edge]] += flow
                for state in range(states):
                    staying = 1.0 - leaving[state]
                    last = first[state] + steps[state] - 1
                    entering[then[state]] += cohort[last] * staying
                    for step in range(last, first[state], -1):
                        cohort[step] = cohort[step - 1] * staying
                for state in range(states):
                    cohort[first[state]] = entering[state]
                    total = 0.0
                    for step in range(first[state], first[state] + steps[state]):
                        total += cohort[step]
                    occupancy[sample, strategy, cycle + 1, state] = total


@cache
def _kernel() -> Callable[..., None]:
    """`_propagate_cohorts` compiled, on first use: setting numba up takes longer than many a command needs in all.

    One explicit signature, of read-only views with any strides (zero included): compiled once, then read from disk.
    """
    import numba  # noqa: PLC0415 - on first use, see above

    def view(dtype: numba.types.Type, axes: int, layout: Literal["A", "C"]) -> object:
        return numba.types.Array(dtype, axes, layout, readonly=True)

    arguments = [view(numba.float64, 3, "A"), view(numba.float64, 4, "A"), *[view(numba.int64, 1, "C")] * 4]
    results = [numba.float64[:, :, :, ::1]] * 2
    compile_eagerly = numba.njit(numba.void(*arguments, *results), cache=True, nogil=True)
    compiled: Callable[..., None] = compile_eagerly(_propagate_cohorts)
    return compiled

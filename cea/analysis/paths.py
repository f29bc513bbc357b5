"""People followed through the states of a cohort, so that what they went through can be told when they are counted.

A cohort has no memory: its occupancy says how many are in a state, not where they came from. Here groups, such as all
who began in one state, move side by side with the probabilities of the cohort, the steps of tunnels told apart, and
any of them can be stopped or set aside on the way. Joint probabilities of events at several times are then exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy import linalg  # loads scipy.linalg at first use, and only exponentials need it

from cea.engine.axes import Floats
from cea.engine.cohort import edge_values, start_shares, structure_of
from cea.engine.exponential import generator, landing
from cea.engine.markov import Structure, competing_risks, exits
from cea.engine.scope import Scope, Value
from cea.model.definition import Model


class Paths:
    """Who moves where in each cycle of one strategy.

    go: shape (sample, cycle, K, K), the probability that one of a state begins the next cycle in another (or, if it is
        no tunnel, the same) state, in its first step. hold: shape (sample, cycle, K), the probability that one in a
        tunnel takes its next step instead.
    scope: the values that the strategy is evaluated with.

    The arguments are those of `cea.engine.cohort.simulate`; what it refuses is taken as it comes here. Measures of
    people have shape (sample, group, step), where a tunnel has several steps.
    """

    def __init__(self, model: Model, values: Mapping[str, Value], strategy: str, cycles: int) -> None:
        self.scope = Scope(model, values, (strategy,), cycles)
        self.model = model
        self.structure = structure_of(model)
        self.names = tuple(model.states)
        self.go, self.hold = _moves(model, self.scope, self.structure)
        steps = self.structure.steps
        self._first = np.cumsum(steps) - steps
        self._lump = np.repeat(np.eye(len(steps)), steps, axis=0)

    def start(self, groups: Iterable[str] | None = None) -> Floats:
        """The cohort at time 0, shape (sample, group, step): a group for each named state, or all as one group.

        A group holds the share of the cohort that begins in its state.
        """
        shares = np.broadcast_to(start_shares(self.model, self.scope), (self.scope.samples, 1, len(self.names)))
        if groups is not None:
            chosen = np.array([[name == group for name in self.names] for group in groups], dtype=np.float64)
            shares = shares * chosen
        return self._in_first_steps(shares)

    def wholly(self, groups: Iterable[str]) -> Floats:
        """A cohort for each named state, of which all begin there, shape (sample, group, step)."""
        chosen = np.array([[[name == group for name in self.names] for group in groups]], dtype=np.float64)
        return self._in_first_steps(np.broadcast_to(chosen, (self.scope.samples, *chosen.shape[1:])))

    def advance(self, people: Floats, first: int, last: int) -> Floats:
        """People at cycle boundary `first` as they are at `last`, shape (sample, group, step)."""
        tunnels = np.flatnonzero(self.structure.tunnels).tolist()
        for cycle in range(first, last):
            moved = self._in_first_steps(self.by_state(people) @ self.go[:, cycle])
            for state in tunnels:
                begin, then = self._first[state], self._first[self.structure.then[state]]
                end = begin + self.structure.steps[state]
                kept = people[..., begin:end] * self.hold[:, cycle, state, np.newaxis, np.newaxis]
                moved[..., begin + 1 : end] += kept[..., :-1]
                moved[..., then] += kept[..., -1]
            people = moved
        return people

    def only(self, people: Floats, states: Floats) -> Floats:
        """People times what `states` says of theirs, such as 1 for those who stay in the group and 0 for others.

        states: shape (K,), (group, K) or (sample, group, K).
        """
        return people * (states @ self._lump.T)

    def by_state(self, people: Floats) -> Floats:
        """People by state, shape (sample, group, K)."""
        return people @ self._lump

    def _in_first_steps(self, shares: Floats) -> Floats:
        people = np.zeros((*shares.shape[:-1], len(self._lump)))
        people[..., self._first] = shares
        return people


def _moves(model: Model, scope: Scope, structure: Structure) -> tuple[Floats, Floats]:
    """`go` and `hold` of `Paths`, by the model's transition method."""
    edges = edge_values(model, scope)[:, 0]
    tunnels = structure.tunnels
    states = np.arange(len(structure.labels))
    if model.settings.transition_method == "matrix_exponential":
        moved = linalg.expm(generator(edges, structure) * structure.step_years)[..., : len(states), :]
        return moved[..., landing(structure)], np.where(tunnels, moved[..., states, states], 0.0)
    by_rate = np.array([move.kind == "rate" for move in model.transitions])
    leaving = np.where(by_rate, competing_risks(np.where(by_rate, edges, 0.0), structure), edges)
    staying = 1.0 - exits(leaving, structure)
    go = np.zeros((*edges.shape[:-1], len(states), len(states)))
    for edge, (source, target) in enumerate(zip(structure.source, structure.target, strict=True)):
        go[..., source, target] += leaving[..., edge]
    ordinary = states[~tunnels]
    go[..., ordinary, ordinary] += staying[..., ordinary]
    return go, np.where(tunnels, staying, 0.0)

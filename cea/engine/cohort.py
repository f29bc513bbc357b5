"""A model's cohort: from its definition and parameter values to occupancy and flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cea.engine.markov import (
    Floats,
    Structure,
    Trace,
    Violation,
    check_probabilities,
    check_rates,
    competing_risks,
    propagate,
)
from cea.engine.scope import TOLERANCE, Scope, Value
from cea.errors import InputError, Problem
from cea.model.definition import Model


@dataclass(frozen=True, eq=False)
class Cohort:
    """A simulated cohort with the scope its formulas were evaluated in."""

    model: Model
    scope: Scope
    structure: Structure
    trace: Trace

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies, in the order of the strategy axis."""
        return self.scope.strategies

    def state(self, name: str) -> Floats:
        """Occupancy of a state, shape (sample, strategy, cycle boundary)."""
        return self.trace.occupancy[..., list(self.model.states).index(name)]

    @property
    def alive(self) -> Floats:
        """Share alive at each cycle boundary, shape (sample, strategy, cycle boundary)."""
        living = [not state.dead for state in self.model.states.values()]
        total: Floats = self.trace.occupancy[..., living].sum(axis=-1)
        return total

    def event_flow(self, event: str) -> Floats:
        """How often an event happens during each cycle, per person, shape (sample, strategy, cycle)."""
        edges = [move.event == event for move in self.model.transitions]
        total: Floats = self.trace.flows[..., edges].sum(axis=-1)
        return total


def structure_of(model: Model) -> Structure:
    """States and arrows of a model as arrays."""
    index = {name: position for position, name in enumerate(model.states)}
    return Structure(
        labels=tuple(model.states),
        source=np.array([index[move.source] for move in model.transitions], dtype=np.int64),
        target=np.array([index[move.target] for move in model.transitions], dtype=np.int64),
        steps=np.array([state.steps for state in model.states.values()], dtype=np.int64),
        then=np.array([index[state.then or state.name] for state in model.states.values()], dtype=np.int64),
        step_years=1 / model.settings.cycles_per_year,
    )


def simulate(
    model: Model,
    values: Mapping[str, Value],
    strategies: Sequence[str] | None = None,
    cycles: int | None = None,
    start: Mapping[str, float] | None = None,
) -> Cohort:
    """Runs the cohort. `values` overrides parameters (scalars or arrays over samples) and holds all solved ones.

    `start` replaces the model's start, for validation. Raises InputError naming state, strategy, cycle and draw where
    a rate, a probability or the start is not possible.
    """
    scope = Scope(model, values, strategies or tuple(model.strategies), cycles)
    structure = structure_of(model)
    edges = edge_values(model, scope)
    first = (
        start_shares(model, scope) if start is None else np.array([[[start.get(name, 0.0) for name in model.states]]])
    )
    by_rate = np.array([move.kind == "rate" for move in model.transitions])
    _refuse(check_rates(edges[..., by_rate], _only(structure, by_rate)), model, scope, by_rate)
    if model.settings.transition_method == "matrix_exponential":
        from cea.engine.exponential import propagate_exponential  # noqa: PLC0415 - scipy.linalg is slow to import

        return Cohort(model, scope, structure, propagate_exponential(first, edges, structure, scope.cycles))
    probabilities = np.where(by_rate, competing_risks(np.where(by_rate, edges, 0.0), structure), edges)
    _refuse(check_probabilities(probabilities, structure), model, scope, np.ones(len(by_rate), dtype=bool))
    return Cohort(model, scope, structure, propagate(first, probabilities, structure, scope.cycles))


def edge_values(model: Model, scope: Scope) -> Floats:
    """Rates and probabilities of all arrows, shape (sample, strategy, cycle, edge), at the start of each cycle."""
    points = slice(0, scope.cycles)
    known: dict[tuple[str, str], Floats] = {}
    columns = []
    for move in model.transitions:
        key = (move.term.text, move.when.text if move.when else "")
        if key not in known:
            value = scope.value(move.term, f"{move.source} -> {move.target}", move.when, points)
            known[key] = scope.grid(value, points)
        columns.append(known[key])
    shape = np.broadcast_shapes(
        (scope.samples, len(scope.strategies), scope.cycles), *(column.shape for column in columns)
    )
    edges = np.empty((*shape, len(columns)))
    for position, column in enumerate(columns):
        edges[..., position] = column
    return edges


def start_shares(model: Model, scope: Scope) -> Floats:
    """Shares at the start, shape (sample or 1, 1, state). Raises InputError when they are not shares that sum to 1."""
    shares = np.zeros((scope.samples, 1, len(model.states)))
    rest: int | None = None
    problems = []
    for position, name in enumerate(model.states):
        if name not in model.start:
            continue
        term = model.start[name]
        if term is None:
            rest = position
            continue
        shares[..., position] = scope.grid(scope.value(term, f"start of {name}"), slice(0, 1))[..., 0]
        if shares[..., position].min() < -TOLERANCE:
            low = shares[..., position].min()
            problems.append(Problem(f"the start share of {name} is {low:g}", term.place, "choose one from 0 to 1"))
    total = shares.sum(axis=-1)
    place = next((term.place for term in model.start.values() if term is not None), None)
    if rest is not None:
        shares[..., rest] = 1.0 - total
        if total.max() > 1 + TOLERANCE:
            what = f"the start shares sum to {total.max():g}, which leaves nothing for the rest"
            problems.append(Problem(what, place, "make them sum to 1 or less"))
    elif np.abs(total - 1).max() > TOLERANCE:
        what = f"the start shares sum to {total.ravel()[np.abs(total - 1).argmax()]:g}"
        problems.append(Problem(what, place, "make them sum to 1, or give one state `rest`"))
    if problems:
        raise InputError(problems)
    return shares


def _only(structure: Structure, chosen: Floats) -> Structure:
    return replace(structure, source=structure.source[chosen], target=structure.target[chosen])


_WORDS = {
    "negative": "is {value:.6g}, below zero",
    "above_one": "is {value:.6g}, above one",
    "not_finite": "is not a finite number",
    "row_sum": "sum to {value:.6g}, above one",
}


def _refuse(violations: list[Violation], model: Model, scope: Scope, chosen: Floats) -> None:
    """Turns violations into one error that names state, strategy, cycle and draw."""
    problems = []
    moves = [move for move, use in zip(model.transitions, chosen, strict=True) if use]
    states = list(model.states)
    for violation in violations:
        sample, strategy, cycle = violation.index
        where = f"strategy {scope.strategies[strategy]}, cycle {cycle}" + (
            f", draw {sample}" if scope.samples > 1 else ""
        )
        if violation.edge is None:
            place = next(move.place for move in moves if move.source == states[violation.state])
            subject = f"the probabilities of leaving {states[violation.state]}"
        else:
            move = moves[violation.edge]
            place, subject = move.term.place, f"the {move.kind} {move.source} -> {move.target}"
        what = f"{subject} {_WORDS[violation.kind].format(value=violation.value)}; first in {where}"
        problems.append(Problem(what, place, f"in {violation.count} places; correct the formula or its inputs"))
    if problems:
        raise InputError(problems)

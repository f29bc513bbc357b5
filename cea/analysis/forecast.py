"""What a model says about calibration targets, for many values of the calibrated parameters at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cea.engine.cohort import edge_values, simulate, start_shares, structure_of
from cea.engine.markov import ROW_SUM_TOLERANCE, Trace, competing_risks, exits, propagate
from cea.engine.scope import Scope, Value
from cea.engine.solve import solved_values
from cea.errors import InputError
from cea.model.definition import Model, Source
from cea.model.layers import Layer

Floats = npt.NDArray[np.float64]
Measure = Literal["survival", "occupancy", "event", "hazard_ratio"]

BATCH = 256
"""Samples that are run together: more would not stay in cache."""


@dataclass(frozen=True)
class CalibrationTarget:
    """A figure that a model is fitted to, with its standard error, and how the model's own figure is measured.

    `survival` is the share alive at `year`, `occupancy` the share in `states`, `event` the expected number of `event`
    by then, `hazard_ratio` the ratio of cumulative hazards of death against `comparator`. `start` replaces the start of
    the model, `fixed` sets parameters, `layers` are further layers. The year is read at the nearest cycle.
    """

    name: str
    label: str
    measure: Measure
    value: float
    se: float
    strategy: str
    year: float
    source: Source
    comparator: str | None = None
    states: tuple[str, ...] = ()
    event: str | None = None
    start: Mapping[str, float] | None = None
    fixed: Mapping[str, float] | None = None
    layers: tuple[Layer, ...] = ()


class Forecast:
    """The figures of a model for the targets, as a function of the values of some parameters.

    Targets that share layers and fixed values share a run, in which each start goes its own way.
    """

    def __init__(
        self, model: Model, targets: Sequence[CalibrationTarget], names: Sequence[str], fixed: Mapping[str, float]
    ) -> None:
        """`names` are the parameters that vary, `fixed` further ones. Raises InputError for layers that do not fit."""
        self.names = tuple(names)
        self.targets = tuple(targets)
        groups: dict[tuple[object, ...], list[int]] = {}
        for position, target in enumerate(targets):
            layers = tuple(layer.identity for layer in target.layers)
            groups.setdefault((layers, tuple(sorted((target.fixed or {}).items()))), []).append(position)
        self._groups = []
        for members in groups.values():
            first = targets[members[0]]
            changed = model.with_layer(*first.layers) if first.layers else model
            values = {**fixed, **(first.fixed or {})}
            self._groups.append((members, _Group(changed, [targets[at] for at in members], values)))

    def __call__(self, values: Floats) -> Floats:
        """Figures for values of shape (sample, parameter), shape (sample, target); NaN where the model refuses them."""
        figures = np.empty((len(values), len(self.targets)))
        for first in range(0, len(values), BATCH):
            rows = slice(first, first + BATCH)
            for members, group in self._groups:
                figures[rows, members] = self._where_possible(group, values[rows])
        return figures

    def refuse_impossible(self, values: Floats) -> None:
        """Raises InputError, with the reason, where the model refuses values of shape (parameter,)."""
        for _, group in self._groups:
            given = {**group.given, **dict(zip(self.names, values.tolist(), strict=True))}
            simulate(group.model, given, group.strategies, group.cycles)

    def _where_possible(self, group: _Group, values: Floats) -> Floats:
        """The model refuses a batch as a whole, so a batch with refused samples is halved until these are alone."""
        try:
            return group.figures(dict(zip(self.names, values.T, strict=True)))
        except InputError:
            if len(values) == 1:
                return np.full((1, len(group.targets)), np.nan)
        half = len(values) // 2
        return np.concatenate([self._where_possible(group, part) for part in (values[:half], values[half:])])


class _Group:
    """Targets that are measured on one run; cohorts with other strategies or starts run side by side."""

    def __init__(self, model: Model, targets: Sequence[CalibrationTarget], fixed: Mapping[str, float]) -> None:
        self.model = model
        self.targets = targets
        self.given: dict[str, Value] = {**solved_values(model), **fixed}
        self.structure = structure_of(model)
        self.by_rate = np.array([move.kind == "rate" for move in model.transitions])
        self.living = np.array([not state.dead for state in model.states.values()])
        self.strategies = tuple(dict.fromkeys(name for item in targets for name in _strategies(item)))
        self.cohorts = list(dict.fromkeys((name, _start(item)) for item in targets for name in _strategies(item)))
        self.cycles = max(self._cycle(target) for target in targets)

    def _cycle(self, target: CalibrationTarget) -> int:
        return max(1, round(target.year * self.model.settings.cycles_per_year))

    def figures(self, values: Mapping[str, Floats]) -> Floats:
        """Figures of the targets for values of shape (sample,), NaN where rates or probabilities are not possible.

        Raises InputError where a start is not possible, or a formula has no value, in any sample.
        """
        scope = Scope(self.model, {**self.given, **values}, self.strategies, self.cycles)
        trace, possible = self._trace(scope, edge_values(self.model, scope))
        samples = len(next(iter(values.values())))
        columns = [np.broadcast_to(self._figure(trace, target), (samples,)) for target in self.targets]
        return np.where(possible[:, np.newaxis], np.stack(columns, axis=1), np.nan)

    def _trace(self, scope: Scope, edges: Floats) -> tuple[Trace, npt.NDArray[np.bool_]]:
        """All cohorts, on the strategy axis, and which samples have rates and probabilities that are possible."""
        starts = [self._first(scope, start) for _, start in self.cohorts]
        samples = max(len(start) for start in starts)
        first = np.concatenate([np.broadcast_to(start, (samples, *start.shape[1:])) for start in starts], axis=1)
        if edges.shape[1] > 1:
            edges = edges[:, [self.strategies.index(name) for name, _ in self.cohorts]]
        possible: npt.NDArray[np.bool_] = np.asarray((edges >= 0.0).all(axis=(1, 2, 3)))
        edges = np.where(possible[:, np.newaxis, np.newaxis, np.newaxis], edges, 0.0)
        if self.model.settings.transition_method == "matrix_exponential":
            from cea.engine.exponential import propagate_exponential  # noqa: PLC0415 - scipy.linalg is slow to import

            return propagate_exponential(first, edges, self.structure, self.cycles), possible
        by_rate = self.by_rate
        probabilities = np.where(by_rate, competing_risks(np.where(by_rate, edges, 0.0), self.structure), edges)
        possible &= (exits(probabilities, self.structure) <= 1.0 + ROW_SUM_TOLERANCE).all(axis=(1, 2, 3))
        return propagate(first, probabilities, self.structure, self.cycles), possible

    def _first(self, scope: Scope, start: tuple[tuple[str, float], ...] | None) -> Floats:
        if start is None:
            return start_shares(self.model, scope)
        shares = dict(start)
        return np.array([[[shares.get(name, 0.0) for name in self.model.states]]])

    def _figure(self, trace: Trace, target: CalibrationTarget) -> Floats:
        """The figure of a target, shape (sample,) or (1,)."""
        at = self._cycle(target)
        cohorts = [self.cohorts.index((name, _start(target))) for name in _strategies(target)]
        there = trace.occupancy[:, cohorts, at]
        match target.measure:
            case "survival":
                return np.asarray(there[:, 0, self.living].sum(axis=-1))
            case "occupancy":
                return np.asarray(there[:, 0, [name in target.states for name in self.model.states]].sum(axis=-1))
            case "event":
                edges = [move.event == target.event for move in self.model.transitions]
                return np.asarray(trace.flows[:, cohorts[0], :at][..., edges].sum(axis=(-2, -1)))
        with np.errstate(divide="ignore", invalid="ignore"):
            hazards = np.log(there[..., self.living].sum(axis=-1))
            return np.asarray(hazards[:, 0] / hazards[:, 1], dtype=np.float64)


def _strategies(target: CalibrationTarget) -> tuple[str, ...]:
    return (target.strategy,) if target.comparator is None else (target.strategy, target.comparator)


def _start(target: CalibrationTarget) -> tuple[tuple[str, float], ...] | None:
    return None if target.start is None else tuple(sorted(target.start.items()))

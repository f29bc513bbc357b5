"""Transitions by the matrix exponential: no formula of a cell gives it, so the probabilities are written as values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import expm

from cea.engine.cohort import Cohort
from cea.engine.exponential import generator, landing
from cea.engine.markov import Floats
from cea.reports.workbook.cell_text import Writer
from cea.reports.workbook.columns import Column
from cea.reports.workbook.transitions import PROBABILITIES, Transitions, Way

FIXED = f"{PROBABILITIES} (values: matrix exponential of the rates, does not follow edits)"
USES = "Expected events per cycle and person (values)"


class MatrixExponential(Transitions):
    """People may move several times in a cycle; see `engine.exponential`."""

    def __init__(self, cohort: Cohort, strategy: int, writer: Writer) -> None:
        super().__init__(cohort, strategy, writer)
        self._states = list(self.model.states)
        distinct, which = np.unique(self.values, axis=0, return_inverse=True)
        matrices = expm(generator(distinct, self.structure) * self.structure.step_years)[which.reshape(-1)]
        self._shares = {}
        self._ways: dict[str, list[Way]] = {f"in:{state}": [] for state in self._states}
        self._ways |= {f"event:{event}": [] for event in self.model.events}
        for k, state in enumerate(self._states):
            self._shares[f"stay:{state}"] = matrices[:, k, k]
            self._add_moves(state, matrices[:, k])
            self._add_uses(state, matrices[:, k, -len(self._states) :])

    def _add_moves(self, state: str, row: Floats) -> None:
        rows = landing(self.structure)
        for k, target in enumerate(self._states):
            share = row[:, rows[k]]
            if share.any() and rows[k] != self._states.index(state):
                key = f"move:{state}:{target}"
                self._shares[key] = share
                self._ways[f"in:{target}"].append((state, key))

    def _add_uses(self, state: str, times: Floats) -> None:
        for event in self.model.events:
            edges = np.array([move.event == event for move in self.model.transitions])
            uses = (self.values * times[:, self.structure.source])[:, edges].sum(axis=-1)
            if uses.any():
                key = f"use:{state}:{event}"
                self._shares[key] = uses
                self._ways[f"event:{event}"].append((state, key))

    def columns(self) -> Iterator[Column]:
        """Rates by formula, then shares as values."""
        yield from self.rate_columns()
        labels = {name: state.label for name, state in self.model.states.items()}
        for key, values in self._shares.items():
            kind, state, *other = key.split(":")
            label = f"{labels[state]}: stay"
            if kind == "move":
                label = f"{labels[state]} → {labels[other[0]]}"
            elif kind == "use":
                label = f"{self.model.events[other[0]]}, from {labels[state]}"
            group = USES if kind == "use" else FIXED
            yield self._column(key, group, label, "per cycle", values, None)

    def stays(self, state: str) -> str | None:
        return f"stay:{state}"

    def arrivals(self, state: str) -> list[Way]:
        return self._ways[f"in:{state}"]

    def uses(self, event: str) -> list[Way]:
        return self._ways[f"event:{event}"]

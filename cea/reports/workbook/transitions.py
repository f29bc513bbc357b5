"""How a strategy's cohort moves, as columns: what the two methods to turn rates into probabilities have in common.

A method says which columns hold what stays in a state, what comes in, and how often events happen; the columns of the
trace are made of these.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from cea.engine.cohort import Cohort, edge_values, structure_of
from cea.engine.markov import Floats, competing_risks, exits
from cea.model.definition import Transition
from cea.reports.workbook.cell_text import Writer
from cea.reports.workbook.columns import Column

RATES, EXITS, PROBABILITIES = "Transition rates", "Leaving a state", "Transition probabilities"
Way = tuple[str, str]
"""A state and the key of the column with the share of it that goes somewhere."""


class Transitions(ABC):
    """The transitions of one strategy. Values have shape (cycle, ...)."""

    def __init__(self, cohort: Cohort, strategy: int, writer: Writer) -> None:
        self.cohort = cohort
        self.model = cohort.model
        self.writer = writer
        self.structure = structure_of(cohort.model)
        edges = edge_values(self.model, cohort.scope)[0]
        self.values: Floats = np.broadcast_to(
            edges[min(strategy, len(edges) - 1)], (cohort.scope.cycles, len(self.model.transitions))
        )
        self.by_source = {
            state: [number for number, move in enumerate(self.model.transitions) if move.source == state]
            for state in self.model.states
        }

    @abstractmethod
    def columns(self) -> Iterator[Column]:
        """Columns up to the probabilities."""

    @abstractmethod
    def stays(self, state: str) -> str | None:
        """The column with the share that stays in a state, or within a tunnel; None where all stay."""

    @abstractmethod
    def arrivals(self, state: str) -> list[Way]:
        """Where those who enter a state come from."""

    @abstractmethod
    def uses(self, event: str) -> list[Way]:
        """Where those to whom an event happens come from."""

    def stay_values(self, state: str) -> Floats:
        """The values of the column that `stays` names, 1 where there is none; shape (cycle,)."""
        return self.value_of(self.stays(state))

    def value_of(self, key: str | None) -> Floats:
        """The values of a column of shares, shape (cycle,)."""
        if key is None:
            return np.ones(self.cohort.scope.cycles)
        return self._shares[key]

    _shares: dict[str, Floats]

    def rate_columns(self) -> Iterator[Column]:
        """Rates, or probabilities that are given, of all transitions by the state that they leave."""
        for numbers in self.by_source.values():
            for number in numbers:
                move = self.model.transitions[number]
                formula = self.writer.where(move.when, self.writer.value(move.term))
                yield self._column(
                    f"rate:{number}", RATES, self._label(number), _unit(move), self.values[:, number], formula
                )

    def _label(self, number: int) -> str:
        move, labels = self.model.transitions[number], self.model.states
        words = f"{labels[move.source].label} → {labels[move.target].label}"
        alike = [k for k in self.by_source[move.source] if self.model.transitions[k].target == move.target]
        extra = move.label or (f"part {alike.index(number) + 1}" if len(alike) > 1 else "")
        return f"{words} ({extra})" if extra else words

    def _column(self, key: str, group: str, label: str, unit: str, values: Floats, formula: str | None) -> Column:
        """A column that has no cell at the last boundary, where no cycle begins."""
        padded = np.append(values, np.nan)
        return Column(key, group, label, unit, padded, formula, "small", last=-2)


def _unit(move: Transition) -> str:
    return "per year" if move.kind == "rate" else "per cycle"


class CompetingRisks(Transitions):
    """Rates are constant in a cycle and nobody moves twice in it: p = r / R * (1 - exp(-R * dt))."""

    def __init__(self, cohort: Cohort, strategy: int, writer: Writer) -> None:
        super().__init__(cohort, strategy, writer)
        by_rate = np.array([move.kind == "rate" for move in self.model.transitions])
        rates = np.where(by_rate, self.values, 0.0)
        self.exit = exits(rates, self.structure)
        self.probabilities: Floats = np.where(by_rate, competing_risks(rates, self.structure), self.values)
        staying = 1.0 - exits(self.probabilities, self.structure)
        self._shares = {f"p:{number}": self.probabilities[:, number] for number in range(len(by_rate))}
        self._shares |= {f"stay:{state}": staying[:, k] for k, state in enumerate(self.model.states)}

    def columns(self) -> Iterator[Column]:
        """Rates, exits, probabilities, and what stays."""
        yield from self.rate_columns()
        yield from self._exit_columns()
        yield from self._probability_columns()

    def _kind(self, state: str) -> str:
        return self.model.transitions[self.by_source[state][0]].kind

    def _exit_columns(self) -> Iterator[Column]:
        years = self.writer.layout.name("cycle_years")
        for k, (state, numbers) in enumerate(self.by_source.items()):
            if not numbers or self._kind(state) != "rate":
                continue
            label, total = self.model.states[state].label, self.exit[:, k]
            rates = f"SUM([rate:{numbers[0]}]:[rate:{numbers[-1]}])" if len(numbers) > 1 else f"[rate:{numbers[0]}]"
            leaving = 1.0 - np.exp(-total / self.model.settings.cycles_per_year)
            yield self._column(f"exit:{state}", EXITS, f"{label}: sum of rates", "per year", total, rates)
            formula = f"1-EXP(-[exit:{state}]*{years})"
            yield self._column(f"leave:{state}", EXITS, f"{label}: share that leaves", "per cycle", leaving, formula)

    def _probability_columns(self) -> Iterator[Column]:
        for state, numbers in self.by_source.items():
            for number in numbers:
                formula = f"[rate:{number}]"
                if self._kind(state) == "rate":
                    formula = f"IF([exit:{state}]=0,0,[rate:{number}]/[exit:{state}]*[leave:{state}])"
                key = f"p:{number}"
                yield self._column(key, PROBABILITIES, self._label(number), "per cycle", self._shares[key], formula)
            if numbers:
                inside = f"[p:{numbers[0]}]" if len(numbers) == 1 else f"SUM([p:{numbers[0]}]:[p:{numbers[-1]}])"
                label = f"{self.model.states[state].label}: stay"
                if self.model.states[state].then is not None:
                    label = f"{self.model.states[state].label}: move on a step"
                key = f"stay:{state}"
                yield self._column(key, PROBABILITIES, label, "per cycle", self._shares[key], f"1-{inside}")

    def stays(self, state: str) -> str | None:
        return f"stay:{state}" if self.by_source[state] else None

    def arrivals(self, state: str) -> list[Way]:
        return self._ways([move.target == state for move in self.model.transitions])

    def uses(self, event: str) -> list[Way]:
        return self._ways([move.event == event for move in self.model.transitions])

    def _ways(self, chosen: Sequence[bool]) -> list[Way]:
        moves = self.model.transitions
        return [(moves[number].source, f"p:{number}") for number, use in enumerate(chosen) if use]

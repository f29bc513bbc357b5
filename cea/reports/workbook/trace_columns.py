"""Columns of the trace: who is where at each cycle boundary, the steps of tunnels, and the events on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cea.engine.markov import Floats
from cea.reports.workbook.addresses import Layout
from cea.reports.workbook.columns import Column
from cea.reports.workbook.transitions import Transitions, Way

TRACE = "Trace: share of the cohort in each state"
EVENTS = "Events per person, in the cycle that ends here"
TUNNELS = "Steps of tunnels"


class TraceColumns:
    """The trace of one strategy, at position `strategy`; `weights` as `weight_values` gives them."""

    def __init__(self, transitions: Transitions, strategy: int, weights: Mapping[str, Floats], layout: Layout) -> None:
        self.transitions = transitions
        self.model = transitions.model
        self.cohort = transitions.cohort
        self.layout = layout
        self.weights = weights
        self.strategy = strategy
        self.cycles = self.cohort.scope.cycles
        self.occupancy = self.cohort.trace.occupancy[0, strategy]
        tunnels = [state for state in self.model.states.values() if state.then is not None]
        # nobody can be further than one step for each cycle
        self.steps = {state.name: min(state.steps, self.cycles + 1) for state in tunnels}

    def share(self, state: str) -> Floats:
        """Share in a state, shape (boundary,)."""
        share: Floats = self.occupancy[:, list(self.model.states).index(state)]
        return share

    def trace(self) -> Iterator[Column]:
        """A column a state, with its life-years above, then their sum, and those alive."""
        states = self.model.states
        for name, state in states.items():
            formula = (
                f"SUM([step:{name}:1]:[step:{name}:{self.steps[name]}])" if name in self.steps else self._moved(name)
            )
            totals = (
                (None, None) if state.dead else (self._years(name, "effect_weight"), self._years(name, "plain_weight"))
            )
            yield Column(f"in:{name}", TRACE, state.label, "share", self.share(name), formula, "share", 0, -1, *totals)
        names = list(states)
        whole = f"SUM([in:{names[0]}]:[in:{names[-1]}])"
        yield Column("sum", TRACE, "All states", "must be 1", self.occupancy.sum(axis=-1), whole, "share")
        living = "+".join(f"[in:{name}]" for name, state in states.items() if not state.dead)
        yield Column(
            "alive", TRACE, "Alive", "share", self.cohort.alive[0, self.strategy], living or "0*[cycle]", "share"
        )

    def _years(self, state: str, weight: str) -> tuple[str, float]:
        return f"SUMPRODUCT([=in:{state}],[={weight}])", float((self.share(state) * self.weights[weight]).sum())

    def _moved(self, state: str) -> str:
        """Those of a state, or of the first step of a tunnel: at the start, then what stays and what comes in."""
        stay = self.transitions.stays(state)
        parts = []
        if state not in self.steps:
            parts.append(f"[<in:{state}]*[<{stay}]" if stay else f"[<in:{state}]")
        parts += [f"[<in:{source}]*[<{key}]" for source, key in self.transitions.arrivals(state)]
        for tunnel, last in self._ending_in(state):
            onward = self.transitions.stays(tunnel)
            parts.append(f"[<step:{tunnel}:{last}]*[<{onward}]" if onward else f"[<step:{tunnel}:{last}]")
        start = self.layout.start(state) if state in self.model.start else "0"
        return f"IF([cycle]=0,{start},{'+'.join(parts) or '0'})"

    def _ending_in(self, state: str) -> Iterator[tuple[str, int]]:
        """Tunnels that lead to a state within the horizon, with their last step."""
        for tunnel, shown in self.steps.items():
            item = self.model.states[tunnel]
            if item.then == state and item.steps == shown:
                yield tunnel, shown

    def tunnels(self) -> Iterator[Column]:
        """A column for each step of each tunnel."""
        values = self._step_values()
        for name, last in self.steps.items():
            stay = self.transitions.stays(name)
            label = self.model.states[name].label
            for step in range(1, last + 1):
                before = f"[<step:{name}:{step - 1}]"
                formula = self._moved(name) if step == 1 else f"IF([cycle]=0,0,{before}{f'*[<{stay}]' if stay else ''})"
                title = f"{label}, cycle {step} of {self.model.states[name].steps}"
                yield Column(
                    f"step:{name}:{step}", TUNNELS, title, "share", values[name][:, step - 1], formula, "share"
                )

    def _step_values(self) -> dict[str, Floats]:
        """Shares in the steps of each tunnel, shape (boundary, step)."""
        found = {name: np.zeros((self.cycles + 1, last)) for name, last in self.steps.items()}
        for name, values in found.items():
            values[0, 0] = self.share(name)[0]
        stays = {name: self.transitions.stay_values(name) for name in found}
        entering = {name: self._flow(self.transitions.arrivals(name)) for name in found}
        for cycle in range(self.cycles):
            for name, values in found.items():
                values[cycle + 1, 1:] = values[cycle, :-1] * stays[name][cycle]
                values[cycle + 1, 0] = entering[name][cycle] + sum(
                    found[tunnel][cycle, -1] * stays[tunnel][cycle] for tunnel, _ in self._ending_in(name)
                )
        return found

    def _flow(self, ways: Sequence[Way]) -> Floats:
        """What goes some ways in each cycle, shape (cycle,)."""
        parts = [self.share(source)[:-1] * self.transitions.value_of(key) for source, key in ways]
        return np.sum(parts, axis=0) if parts else np.zeros(self.cycles)

    def events(self) -> Iterator[Column]:
        """How often each event happens to a person in the cycle before the boundary, with their number above."""
        for event, label in self.model.events.items():
            flow = self.cohort.event_flow(event)[0, self.strategy]
            ways = "+".join(f"[<in:{source}]*[<{key}]" for source, key in self.transitions.uses(event))
            total = (f"SUM([=flow:{event}])", float(flow.sum()))
            values = np.concatenate([[np.nan], flow])
            yield Column(
                f"flow:{event}", EVENTS, label, "per person", values, ways or "0*[<cycle]", "small", 1, -1, total, total
            )

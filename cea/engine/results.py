"""A run: the cohort, what it cost and gained, and the tables made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cea.engine.cohort import Cohort, simulate
from cea.engine.markov import Floats
from cea.engine.outcomes import Outcomes
from cea.engine.payoffs import Line, lines
from cea.engine.scope import Value
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Model
from cea.model.document import did_you_mean, shortened


@dataclass(frozen=True, eq=False)
class Results:
    """Everything a run found. Arrays have axes (sample, strategy, ...); a deterministic run has one sample.

    `lines` are all outcomes by name, `life_years` those of states that are not dead, `solved` the values of solved
    parameters.
    """

    cohort: Cohort
    lines: Mapping[str, Line]
    life_years: Line
    solved: Mapping[str, float]
    perspective: str

    @property
    def model(self) -> Model:
        """The model that was run."""
        return self.cohort.model

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies in the order of the strategy axis."""
        return self.cohort.strategies

    def counted(self, line: Line) -> bool:
        """Whether the perspective counts an outcome."""
        return not line.outcome.indirect or self.model.perspectives[self.perspective].indirect

    def total(self, kind: str, name: str | None = None, *, discounted: bool = True) -> Floats:
        """Sum of the counted outcomes of a kind (and total name), shape (sample, strategy)."""
        chosen = [
            line
            for line in self.lines.values()
            if line.outcome.kind == kind and (name is None or line.outcome.total == name) and self.counted(line)
        ]
        zero = np.zeros(self.life_years.discounted.shape)
        return sum((line.discounted if discounted else line.undiscounted for line in chosen), zero)

    @cached_property
    def outcomes(self) -> Outcomes:
        """Costs and effects under the perspective: what analyses see."""
        settings = self.model.settings
        return Outcomes(
            strategies=self.strategies,
            labels=tuple(self.model.strategies[name].label for name in self.strategies),
            cost=self.total("cost"),
            effect=self.total("effect", settings.effect),
            currency=settings.currency,
            effect_unit=settings.effect_unit,
            thresholds=self.model.thresholds,
            threshold=self.model.threshold,
            price_year=settings.price_year,
            perspective=self.perspective,
            life_years=self.life_years.discounted,
        )

    def totals_frame(self) -> pd.DataFrame:
        """One row a strategy: cost, effect and life-years, discounted and not, means over samples."""
        effect = self.model.settings.effect
        return pd.DataFrame(
            {
                "strategy": self.strategies,
                "cost": self.total("cost").mean(axis=0),
                "cost_undiscounted": self.total("cost", discounted=False).mean(axis=0),
                "effect": self.total("effect", effect).mean(axis=0),
                "effect_undiscounted": self.total("effect", effect, discounted=False).mean(axis=0),
                "life_years": self.life_years.discounted.mean(axis=0),
                "life_years_undiscounted": self.life_years.undiscounted.mean(axis=0),
            }
        )

    def lines_frame(self) -> pd.DataFrame:
        """Tidy table of all outcomes, means over samples.

        Columns: strategy, outcome, label, kind, category, indirect, counted, discounted, undiscounted.
        """
        return pd.DataFrame(
            [
                {
                    "strategy": strategy,
                    "outcome": name,
                    "label": line.outcome.label,
                    "kind": line.outcome.kind,
                    "category": line.outcome.category,
                    "indirect": line.outcome.indirect,
                    "counted": self.counted(line),
                    "discounted": float(line.discounted[:, position].mean()),
                    "undiscounted": float(line.undiscounted[:, position].mean()),
                }
                for name, line in self.lines.items()
                for position, strategy in enumerate(self.strategies)
            ]
        )

    def categories_frame(self) -> pd.DataFrame:
        """Counted costs by category: strategy, category, cost, cost_undiscounted."""
        frame = self.lines_frame()
        frame = frame[(frame["kind"] == "cost") & frame["counted"]]
        order = frame["category"].drop_duplicates()
        grouped = frame.groupby(["strategy", "category"], sort=False)[["discounted", "undiscounted"]].sum()
        full = grouped.reindex(pd.MultiIndex.from_product([self.strategies, order], names=["strategy", "category"]))
        return full.rename(columns={"discounted": "cost", "undiscounted": "cost_undiscounted"}).reset_index()

    def states_frame(self) -> pd.DataFrame:
        """Life-years and effect by state, discounted: strategy, state, life_years, effect."""
        rows = []
        effect = self.model.settings.effect
        effects = [
            line for line in self.lines.values() if line.outcome.total == effect and line.outcome.kind == "effect"
        ]
        for position, strategy in enumerate(self.strategies):
            for state, years in self.life_years.by_state.items():
                gained = sum(
                    float(line.by_state[state][:, position].mean()) for line in effects if state in line.by_state
                )
                rows.append(
                    {
                        "strategy": strategy,
                        "state": state,
                        "life_years": float(years[:, position].mean()),
                        "effect": gained,
                    }
                )
        return pd.DataFrame(rows)

    def events_frame(self) -> pd.DataFrame:
        """Expected number of each event and count per person, undiscounted: strategy, event, label, count."""
        counts = {name: (label, self.cohort.event_flow(name).sum(axis=-1)) for name, label in self.model.events.items()}
        for name, line in self.lines.items():
            if line.outcome.kind == "count":
                counts[name] = (line.outcome.label, line.undiscounted)
        return pd.DataFrame(
            [
                {"strategy": strategy, "event": name, "label": label, "count": float(count[:, position].mean())}
                for name, (label, count) in counts.items()
                for position, strategy in enumerate(self.strategies)
            ]
        )

    def trace_frame(self) -> pd.DataFrame:
        """Markov trace: strategy, year, state, share, dead; means over samples."""
        states = self.model.states
        occupancy = self.cohort.trace.occupancy.mean(axis=0)
        years = self.cohort.scope.years
        index = pd.MultiIndex.from_product([self.strategies, years, list(states)], names=["strategy", "year", "state"])
        frame = pd.DataFrame({"share": occupancy.reshape(-1)}, index=index).reset_index()
        frame["dead"] = np.tile([state.dead for state in states.values()], len(self.strategies) * len(years))
        return frame

    def survival_frame(self) -> pd.DataFrame:
        """Share alive: strategy, year, alive; means over samples."""
        alive = self.cohort.alive.mean(axis=0)
        index = pd.MultiIndex.from_product([self.strategies, self.cohort.scope.years], names=["strategy", "year"])
        return pd.DataFrame({"alive": alive.reshape(-1)}, index=index).reset_index()


def run(model: Model, perspective: str | None = None, values: Mapping[str, Value] | None = None) -> Results:
    """Runs a model at its point values. `values` overrides parameters: numbers, or arrays of one length (samples).

    Raises InputError where formulas have no value or probabilities are not possible, UsageError for a perspective that
    the model does not have or refuses.
    """
    chosen = choose_perspective(model, perspective)
    solved = solved_values(model)
    cohort = simulate(model, {**solved, **(values or {})})
    found, years = lines(cohort)
    return Results(cohort, found, years, solved, chosen)


def choose_perspective(model: Model, name: str | None) -> str:
    """The name of a perspective that the model allows. Raises UsageError."""
    chosen = model.settings.perspective if name is None else name
    if not isinstance(chosen, str):
        raise UsageError(f"a perspective is a name such as '{model.settings.perspective}', not {shortened(chosen)}")
    perspective = model.perspectives.get(chosen)
    if perspective is None:
        raise UsageError(f"unknown perspective '{shortened(chosen)}': {did_you_mean(chosen, model.perspectives)}")
    if perspective.refused:
        where = model.settings.country or model.title
        raise UsageError(f"the perspective '{chosen}' is not possible for {where}: {perspective.refused}")
    return chosen

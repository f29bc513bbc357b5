"""The one contract between a model and every analysis: costs and effects per draw and strategy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from cea.engine.psa_table import read_psa_table
from cea.errors import UsageError

Floats = npt.NDArray[np.float64]


class HasOutcomes(Protocol):
    """Anything that carries outcomes, such as the results of a run."""

    @property
    def outcomes(self) -> Outcomes:
        """Costs and effects under the run's perspective."""


def outcomes_of(item: Outcomes | HasOutcomes) -> Outcomes:
    """The outcomes themselves, whether given as they are or inside results."""
    return item if isinstance(item, Outcomes) else item.outcomes


@dataclass(frozen=True)
class Outcomes:
    """Discounted totals per person, the perspective already applied.

    `cost` and `effect` have shape (sample, strategy); a deterministic run has one sample. `life_years`, where known,
    are discounted like effects. Everything downstream of the engine works on this object alone.
    """

    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    cost: Floats
    effect: Floats
    currency: str
    effect_unit: str
    thresholds: tuple[float, ...]
    threshold: float
    price_year: str = ""
    perspective: str = ""
    life_years: Floats | None = None

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        currency: str,
        thresholds: Iterable[float],
        threshold: float | None = None,
        effect_unit: str = "QALY",
        labels: Mapping[str, str] | None = None,
        price_year: str = "",
        perspective: str = "",
    ) -> Self:
        """Outcomes of a table of draws from elsewhere, in either layout of `cea.engine.psa_table`.

        thresholds: in currency per unit of effect, at least one. threshold: the one that figures and sentences use, by
        default the middle one (the lower of two). labels: the strategies to take, in this order, and what to call them;
        by default all, called by their names. The order of rows and columns does not matter, except that a wide table
        without a `sample` column keeps its order of draws. Raises InputError with every problem of the table (a strange
        or empty cell, a draw that lacks a strategy or has it twice), UsageError for thresholds that are not amounts.
        """
        amounts = tuple(float(amount) for amount in thresholds)
        chosen = sorted(amounts)[(len(amounts) - 1) // 2] if amounts and threshold is None else threshold
        if chosen is None or not all(np.isfinite(amount) and amount >= 0 for amount in (*amounts, chosen)):
            raise UsageError(f"thresholds: give at least one amount in {currency} per {effect_unit}, none below zero")
        names, quantities = read_psa_table(frame, None if labels is None else tuple(labels))
        return cls(
            strategies=names,
            labels=names if labels is None else tuple(labels.values()),
            currency=currency,
            effect_unit=effect_unit,
            thresholds=amounts,
            threshold=chosen,
            price_year=price_year,
            perspective=perspective,
            cost=quantities["cost"],
            effect=quantities["effect"],
            life_years=quantities.get("life_years"),
        )

    def __post_init__(self) -> None:
        expected = (self.cost.shape[0], len(self.strategies))
        if self.cost.ndim != 2 or self.cost.shape != expected or self.effect.shape != expected:
            raise ValueError(f"cost and effect must both have shape (sample, {len(self.strategies)})")
        if not (np.isfinite(self.cost).all() and np.isfinite(self.effect).all()):
            raise ValueError("cost and effect must be finite")

    def rows(self, part: slice | npt.NDArray[np.intp]) -> Self:
        """The outcomes of some of the draws, in the order given."""
        years = None if self.life_years is None else self.life_years[part]
        return replace(self, cost=self.cost[part], effect=self.effect[part], life_years=years)

    @property
    def money(self) -> str:
        """Currency with its price year, as printed beside amounts."""
        return f"{self.price_year} {self.currency}".strip()

    def net_monetary_benefit(self, threshold: float) -> Floats:
        """Net monetary benefit `threshold * effect - cost`, shape (sample, strategy), in currency."""
        return threshold * self.effect - self.cost

    def net_health_benefit(self, threshold: float) -> Floats:
        """Net health benefit `effect - cost / threshold`, shape (sample, strategy), in effect units."""
        if threshold <= 0:
            raise ValueError("net health benefit needs a threshold above zero")
        return self.effect - self.cost / threshold

    def frame(self) -> pd.DataFrame:
        """Tidy table with columns sample, strategy, cost, effect (and life_years where known)."""
        samples, strategies = self.cost.shape
        table = {
            "sample": np.repeat(np.arange(samples), strategies),
            "strategy": np.tile(np.asarray(self.strategies, dtype=object), samples),
            "cost": self.cost.ravel(),
            "effect": self.effect.ravel(),
        }
        if self.life_years is not None:
            table["life_years"] = self.life_years.ravel()
        return pd.DataFrame(table)

"""The one contract between a model and every analysis: costs and effects per draw and strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

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

    `cost` and `effect` have shape (sample, strategy); a deterministic run has one sample. `life_years`, where known, are
    discounted like effects. Everything downstream of the engine works on this object alone.
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

    def __post_init__(self) -> None:
        expected = (self.cost.shape[0], len(self.strategies))
        if self.cost.ndim != 2 or self.cost.shape != expected or self.effect.shape != expected:
            raise ValueError(f"cost and effect must both have shape (sample, {len(self.strategies)})")
        if not (np.isfinite(self.cost).all() and np.isfinite(self.effect).all()):
            raise ValueError("cost and effect must be finite")

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

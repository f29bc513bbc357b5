"""The value of information: what it would be worth to know before choosing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeVar

import pandas as pd

from cea.analysis.acceptability import Thresholds, acceptability
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes
from cea.errors import UsageError

Amount = TypeVar("Amount", float, Floats)


@dataclass(frozen=True, eq=False)
class PerfectInformation:
    """Expected value of perfect information (EVPI) along thresholds, per person, with its Monte Carlo error.

    In currency. With few draws it is too high on average: the strategy that looks best is in part best by luck.
    """

    outcomes: Outcomes = field(repr=False)
    thresholds: Floats
    per_person: Floats
    error: Floats

    def frame(self) -> pd.DataFrame:
        """One row a threshold: threshold, evpi, error."""
        return pd.DataFrame({"threshold": self.thresholds, "evpi": self.per_person, "error": self.error})


def evpi(run: Outcomes | HasOutcomes, thresholds: Thresholds = None) -> PerfectInformation:
    """Expected value of perfect information per person: the expected loss of the best choice under uncertainty.

    run, thresholds: as in `acceptability`. Raises UsageError for thresholds that are not amounts.
    """
    curve = acceptability(run, thresholds)
    return PerfectInformation(curve.outcomes, curve.thresholds, curve.evpi, curve.evpi_error)


def population_evpi(evpi: Amount, incidence_per_year: float, years: int, discount_rate: float) -> Amount:
    """EVPI of all whom the decision concerns: `evpi * sum over t = 1..years of incidence / (1 + rate)^t`.

    evpi: per person, a number or an array; the result has its shape and currency. incidence_per_year: people a year who
    face the decision. years: whole years for which the decision stands. discount_rate: per year, such as 0.03; people
    of the first year count as one year away, a convention (to count them as now, multiply by 1 + rate). Raises
    UsageError for an incidence or rate that is negative or not finite, and for years below one.
    """
    for name, value in (("incidence per year", incidence_per_year), ("discount rate", discount_rate)):
        if not (math.isfinite(value) and value >= 0):
            raise UsageError(f"{name} {value}: give a number that is not below zero")
    if years < 1 or years != int(years):
        raise UsageError(f"{years} years: give a whole number of at least one")
    people = math.fsum(incidence_per_year / (1 + discount_rate) ** year for year in range(1, int(years) + 1))
    return evpi * people

"""Figures that a model must reproduce, or is compared with: what `cea validate` runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from cea.analysis.life_table import LifeTable
from cea.model.definition import Source

Role = Literal["must_reproduce", "held_out", "context"]
Measure = Literal["survival", "occupancy", "event", "hazard_ratio", "parameter"]
IntervalKind = Literal["published", "quoted", "computed", "judgement"]
Chart = Literal["survival", "shares"]

SHARES: frozenset[Measure] = frozenset({"survival", "occupancy", "event"})
"""Measures that are shares of the cohort: they are drawn, and differences between them can be averaged."""


@dataclass(frozen=True)
class Interval:
    """What an observation may be: from `low` to `high`, where it comes from, and how it was made.

    `published` was printed by the source, `quoted` is a range that is no confidence interval, `computed` comes from
    numbers of the source by `method`, `judgement` is somebody's. `of_year` is an interval of the time at which the
    expected share is reached, in years, as of a median survival.
    """

    low: float
    high: float
    kind: IntervalKind
    method: str = ""
    of_year: bool = False

    @classmethod
    def wilson(cls, share: float, n: int) -> Interval:
        """The 95 % interval of a share of `n` people (Wilson, J Am Stat Assoc 1927;22:209-212).

        It takes everybody as followed until then: where people were lost before, the truth is less certain.
        """
        z = NormalDist().inv_cdf(0.975)
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        return cls(max(middle - half, 0.0), min(middle + half, 1.0), "computed", f"Wilson, n = {n:,}")


@dataclass(frozen=True)
class Target:
    """One figure: what is measured, under which layers and start, and what was observed or published.

    `survival` is the share alive at `year`, `occupancy` the share in `states`, `event` the expected number of `event`
    by then, `hazard_ratio` the ratio of cumulative hazards of death against `comparator`, `parameter` the value of a
    (solved) parameter. With `life_table` the expected survival is that of the table. `cohort` names who was observed
    (`n` people), `section` and `part` where the figure is shown.
    """

    name: str
    label: str
    role: Role
    measure: Measure
    expected: float | None
    source: Source
    strategy: str | None = None
    comparator: str | None = None
    parameter: str | None = None
    year: float | None = None
    states: tuple[str, ...] = ()
    event: str | None = None
    tolerance: float | None = None
    layers: tuple[str, ...] = ()
    start: Mapping[str, float] | None = None
    values: Mapping[str, float] | None = None
    life_table: LifeTable | None = None
    interval: Interval | None = None
    n: int | None = None
    cohort: str = ""
    section: str = ""
    part: str = ""


@dataclass(frozen=True)
class SectionOfTargets:
    """Targets that are shown together, with a note on what to make of them and perhaps a figure of their own."""

    name: str
    label: str
    chart: Chart | None
    note: str


@dataclass(frozen=True)
class Excluded:
    """An observation that the model is not compared with, and why not."""

    label: str
    found: str
    reason: str
    source: Source


@dataclass(frozen=True)
class Span:
    """A figure at point values and its 95 % interval over draws, which is None without draws."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Comparison:
    """A target beside the model's figure.

    `expected` is the target's, or what its life table gives; `model` the model's figure with its interval over draws,
    which holds the uncertainty of parameters and nothing else; `exponential` the figure by the matrix exponential;
    `reached` the year at which the model comes down to the expected share, where the observed interval is one of time
    (infinite where that is after the interval's end); `start` says who starts.
    """

    target: Target
    expected: float | None
    model: Span
    start: str
    exponential: float | None = None
    reached: Span | None = None

    @property
    def value(self) -> float:
        """The model's figure at point values."""
        return self.model.value

    @property
    def difference(self) -> float | None:
        """Model minus target."""
        return None if self.expected is None else self.value - self.expected

    @property
    def met(self) -> bool | None:
        """Whether the figure is within the tolerance; None where there is nothing to meet."""
        if self.difference is None or self.target.tolerance is None:
            return None
        return abs(self.difference) <= self.target.tolerance + 1e-12

"""How well a model fits what was observed: one rule for every figure, and its averages over cohorts and times.

With an observed interval: *inside* when the model's figure lies in it, *compatible* when only the model's interval
reaches it, *apart* when it does not (without draws the model has no interval). Without one, by the absolute difference:
*close* up to CLOSE, *moderate* up to FAR, *far* beyond. The two limits are conventions of this project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cea.analysis.targets import SHARES, Comparison

CLOSE = 0.05
FAR = 0.10
"""Absolute differences between shares up to which a figure is close, and above which it is far."""
_ROUNDING = 1e-12

TIMES = ((1.0, "up to 1 year"), (3.0, "over 1 to 3 years"), (float("inf"), "after 3 years"))
"""Last year and name of each stretch of time that differences are averaged over."""

Verdict = Literal["inside", "compatible", "apart", "close", "moderate", "far"]
Level = Literal["good", "fair", "poor"]
LEVELS: dict[Verdict, Level] = {
    "inside": "good", "compatible": "good", "close": "good", "moderate": "fair", "apart": "poor", "far": "poor",
}  # fmt: skip


def verdict(item: Comparison) -> Verdict | None:
    """What the rule says; None for figures that must be reproduced, that have their tolerance, and other measures."""
    if item.target.role == "must_reproduce" or item.target.measure not in SHARES:
        return None
    interval = item.target.interval
    if interval is None:
        if item.difference is None:
            return None
        apart = abs(item.difference) - _ROUNDING
        return "close" if apart <= CLOSE else "moderate" if apart <= FAR else "far"
    model = item.reached if interval.of_year and item.reached is not None else item.model
    if interval.low - _ROUNDING <= model.value <= interval.high + _ROUNDING:
        return "inside"
    if model.low is None or model.high is None:
        return "apart"
    return "compatible" if model.low <= interval.high and model.high >= interval.low else "apart"


def direction(item: Comparison) -> str:
    """Whether the model is above or below what was observed; for survival, optimistic or pessimistic."""
    if verdict(item) is None:
        return ""
    interval, gap = item.target.interval, item.difference
    if gap is None and interval is not None:
        gap = max(item.value - interval.high, 0.0) + min(item.value - interval.low, 0.0)
    if not gap or abs(gap) < 0.5e-3:
        return ""
    words = ("optimistic", "pessimistic") if item.target.measure == "survival" else ("above", "below")
    return words[0] if gap > 0 else words[1]


@dataclass(frozen=True)
class Summary:
    """Figures of one group: how many of each level, and their differences (model minus observed, shares).

    Differences are None where no figure of the group has an observed value. The level is that of most figures; where
    two are as frequent, the worse of them.
    """

    group: tuple[str, ...]
    good: int
    fair: int
    poor: int
    mean: float | None
    mean_absolute: float | None
    worst: Comparison | None

    @property
    def figures(self) -> int:
        """Figures with a verdict."""
        return self.good + self.fair + self.poor

    @property
    def level(self) -> Level:
        """The level of most figures, the worse one of two."""
        counts: dict[Level, int] = {"poor": self.poor, "fair": self.fair, "good": self.good}
        return max(counts, key=lambda name: counts[name])


def summaries(items: Iterable[Comparison], key: Callable[[Comparison], tuple[str, ...]]) -> list[Summary]:
    """A summary for each group of the figures that have a verdict, in order of first appearance."""
    groups: dict[tuple[str, ...], list[Comparison]] = {}
    for item in items:
        if verdict(item) is not None:
            groups.setdefault(key(item), []).append(item)
    return [_summary(group, members) for group, members in groups.items()]


def by_cohort(item: Comparison) -> tuple[str, ...]:
    """Who was observed, and the start that the model was given for them."""
    return item.target.cohort or item.target.label, item.start


def by_start_and_time(item: Comparison) -> tuple[str, ...]:
    """Who starts, and how long after."""
    return item.start, next(name for last, name in TIMES if (item.target.year or 0.0) <= last)


def _summary(group: tuple[str, ...], items: Sequence[Comparison]) -> Summary:
    levels = [LEVELS[found] for item in items if (found := verdict(item)) is not None]
    known = [(item.difference, item) for item in items if item.difference is not None]
    gaps = np.array([gap for gap, _ in known])
    return Summary(
        group=group,
        good=levels.count("good"),
        fair=levels.count("fair"),
        poor=levels.count("poor"),
        mean=float(gaps.mean()) if known else None,
        mean_absolute=float(np.abs(gaps).mean()) if known else None,
        worst=max(known, key=lambda pair: abs(pair[0]))[1] if known else None,
    )

"""The efficiency frontier by comparisons of pairs alone, which is how the cells of a workbook find it.

A strategy that no other dominates is on the frontier where what it costs per effect gained over every less effective
one is at most what every more effective one costs per effect gained over it: the lower convex hull of costs over
effects, as in `analysis.incremental`. Its ICER is the highest of its slopes to less effective strategies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cea.analysis.incremental import TOLERANCE

STRAIGHT = 1e-9
"""Two slopes that differ by no more than this share lie on one line."""


@dataclass(frozen=True)
class Standing:
    """What the comparisons say of one strategy; positions count from 1, 0 stands for none.

    dominators, twins: strategies that dominate it; earlier ones (by name) with the same cost and effect.
    slopes: to each strategy, where both stay in and it is less effective. lowest, highest: between which thresholds it
    is the best. position: place on the frontier; before: place of the one that it is compared with. order: by cost.
    """

    dominators: int
    twins: int
    slopes: tuple[float | None, ...]
    lowest: float | None
    highest: float | None
    position: int
    before: int
    order: int

    @property
    def stays(self) -> bool:
        """Neither dominated nor the same as an earlier one."""
        return self.dominators == 0 and self.twins == 0


def slacks(costs: Sequence[float], effects: Sequence[float]) -> tuple[float, float]:
    """The differences in costs and in effects that count as none."""
    largest = (max(map(abs, values)) for values in (costs, effects))
    cost, effect = (TOLERANCE * value for value in largest)
    return cost, effect


def standings(costs: Sequence[float], effects: Sequence[float], names: Sequence[str]) -> list[Standing]:
    """What the comparisons say of each strategy."""
    cost_slack, effect_slack = slacks(costs, effects)
    everyone = range(len(names))
    rank = {name: k for k, name in enumerate(sorted(names))}

    def dearer(i: int, j: int) -> bool:
        return costs[i] > costs[j] + cost_slack

    def better(i: int, j: int) -> bool:
        return effects[i] > effects[j] + effect_slack

    def earlier(i: int, j: int) -> bool:
        return rank[names[i]] < rank[names[j]]

    dominators = [
        sum(not dearer(j, i) and not better(i, j) and (dearer(i, j) or better(j, i)) for j in everyone)
        for i in everyone
    ]
    same = [[not any((dearer(i, j), dearer(j, i), better(i, j), better(j, i))) for j in everyone] for i in everyone]
    twins = [sum(same[i][j] and earlier(j, i) for j in everyone) for i in everyone]
    stays = [dominators[i] == 0 and twins[i] == 0 for i in everyone]
    slopes = [
        [(costs[i] - costs[j]) / (effects[i] - effects[j]) if stays[i] and stays[j] and better(i, j) else None
         for j in everyone]
        for i in everyone
    ]  # fmt: skip
    lowest = [max((slope for slope in slopes[i] if slope is not None), default=None) for i in everyone]
    highest = [min((slope for row in slopes if (slope := row[i]) is not None), default=None) for i in everyone]
    on = [stays[i] and _fits(lowest[i], highest[i]) for i in everyone]
    found = []
    for i in everyone:
        order = 1 + sum(
            dearer(i, j) or (not dearer(j, i) and (better(j, i) or (not better(i, j) and earlier(j, i))))
            for j in everyone
        )
        position = sum(on[j] and not better(j, i) for j in everyone) if on[i] else 0
        before = sum(on[j] and not dearer(j, i) for j in everyone) - on[i]
        found.append(
            Standing(dominators[i], twins[i], tuple(slopes[i]), lowest[i], highest[i], position, before, order)
        )
    return found


def _fits(lowest: float | None, highest: float | None) -> bool:
    return lowest is None or highest is None or lowest <= highest + STRAIGHT * abs(highest)

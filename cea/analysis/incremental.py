"""Incremental analysis: dominance, the efficiency frontier, ICERs and net benefit of any number of strategies.

The efficiency frontier holds the strategies that maximise net monetary benefit at some threshold above zero: the lower
convex hull of costs over effects (Suen and Goldhaber-Fiebert, Med Decis Making 2016;36(1):132-136,
doi:10.1177/0272989X15583496). It is found here by one scan over the strategies sorted by cost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of
from cea.errors import UsageError

Status = Literal["reference", "frontier", "dominated", "extendedly_dominated"]
Quadrant = Literal["NE", "SE", "SW", "NW", "N", "E", "S", "W", "origin"]

TOLERANCE = 1e-12
"""Means closer than this share of the largest magnitude among the strategies are equal."""

_QUADRANTS: Mapping[tuple[int, int], Quadrant] = {
    (1, 1): "NE",
    (-1, 1): "SE",
    (-1, -1): "SW",
    (1, -1): "NW",
    (1, 0): "N",
    (-1, 0): "S",
    (0, 1): "E",
    (0, -1): "W",
    (0, 0): "origin",
}


@dataclass(frozen=True)
class Row:
    """One strategy in the full incremental analysis; money in the currency, effects in the effect unit, per person.

    Increments are against the next less costly strategy on the frontier; for a dominated strategy this is the dearest
    frontier strategy that costs no more than it does. `icer` is None for the reference and for dominated strategies.
    `dominated_by` names the strategies that cost no more and give no less, or, in extended dominance, the two of which
    a mix is better. `same_as` names the frontier strategy with the same cost and effect. `nmb` and `nhb` run along the
    thresholds; `nhb` is NaN at a threshold of zero.
    """

    strategy: str
    label: str
    cost: float
    effect: float
    life_years: float
    incremental_cost: float | None
    incremental_effect: float | None
    icer: float | None
    status: Status
    dominated_by: tuple[str, ...]
    same_as: str | None
    nmb: tuple[float, ...]
    nhb: tuple[float, ...]


@dataclass(frozen=True)
class Pair:
    """One strategy against the comparator: always strategy minus comparator.

    `quadrant` is the place in the cost-effectiveness plane, costs upwards and effects to the right: NE, SE, SW, NW, an
    axis (N, E, S, W) or the origin. `icer` is the cost per unit of effect gained in NE, the saving per unit of effect
    lost in SW, and None elsewhere. `nmb` holds the incremental net monetary benefit at each threshold.
    """

    strategy: str
    label: str
    cost: float
    effect: float
    icer: float | None
    quadrant: Quadrant
    nmb: tuple[float, ...]


@dataclass(frozen=True)
class Incremental:
    """Full incremental analysis (`rows`) and every strategy against the comparator (`pairs`), in the model's order.

    `frontier` names the strategies on the efficiency frontier from the least costly on.
    """

    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    frontier: tuple[str, ...]
    comparator: str
    thresholds: tuple[float, ...]
    threshold: float
    currency: str
    price_year: str
    effect_unit: str
    _by_name: Mapping[str, Row] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {row.strategy: row for row in self.rows})

    def row(self, strategy: str) -> Row:
        """The row of one strategy. Raises UsageError for an unknown name."""
        return self._by_name[_known(strategy, tuple(self._by_name))]

    def best(self, threshold: float) -> str:
        """Strategy with the highest mean net monetary benefit: the most effective one whose ICER the threshold covers.

        An ICER equal to the threshold counts as covered. Raises UsageError for a threshold below zero.
        """
        if not threshold >= 0:
            raise UsageError(f"threshold {threshold}: give an amount per {self.effect_unit} that is not below zero")
        best = self.frontier[0]
        for name in self.frontier[1:]:
            icer = self.row(name).icer
            if icer is not None and icer <= threshold:
                best = name
        return best

    def frame(self) -> pd.DataFrame:
        """One row a strategy; net benefits in columns `nmb_<threshold>` and `nhb_<threshold>`, absent values NaN."""
        return pd.DataFrame(
            [
                {
                    "strategy": row.strategy,
                    "label": row.label,
                    "cost": row.cost,
                    "effect": row.effect,
                    "life_years": row.life_years,
                    "incremental_cost": _number(row.incremental_cost),
                    "incremental_effect": _number(row.incremental_effect),
                    "icer": _number(row.icer),
                    "status": row.status,
                    "dominated_by": ", ".join(row.dominated_by),
                    **self._by_threshold("nmb", row.nmb),
                    **self._by_threshold("nhb", row.nhb),
                }
                for row in self.rows
            ]
        )

    def pairwise_frame(self) -> pd.DataFrame:
        """One row a strategy against the comparator, whose own row is all zeros; `nmb_<threshold>` are increments."""
        return pd.DataFrame(
            [
                {
                    "strategy": pair.strategy,
                    "label": pair.label,
                    "comparator": self.comparator,
                    "incremental_cost": pair.cost,
                    "incremental_effect": pair.effect,
                    "icer": _number(pair.icer),
                    "quadrant": pair.quadrant,
                    **self._by_threshold("nmb", pair.nmb),
                }
                for pair in self.pairs
            ]
        )

    def records(self) -> list[dict[str, Any]]:
        """The rows as plain dictionaries for JSON; what does not exist (an ICER, unknown life-years) is None.

        Increments of a dominated strategy are against the dearest frontier strategy that costs no more than it does.
        """
        return [
            {
                "strategy": row.strategy,
                "cost": row.cost,
                "effect": row.effect,
                "life_years": None if math.isnan(row.life_years) else row.life_years,
                "incremental_cost": row.incremental_cost,
                "incremental_effect": row.incremental_effect,
                "icer": row.icer,
                "status": row.status,
                "nmb": [{"threshold": at, "value": value} for at, value in zip(self.thresholds, row.nmb, strict=True)],
            }
            for row in self.rows
        ]

    def _by_threshold(self, name: str, values: Sequence[float]) -> dict[str, float]:
        return {f"{name}_{at:.12g}": value for at, value in zip(self.thresholds, values, strict=True)}


def incremental(run: Outcomes | HasOutcomes, comparator: str | None = None) -> Incremental:
    """Incremental analysis of the means over samples (so a mean ICER is a ratio of means, never a mean of ratios).

    run: outcomes, or results that carry them. comparator: strategy that the pairwise results are against, by default
    the cheapest; the frontier does not depend on it. Strategies with equal cost and effect (within `TOLERANCE`) stand
    once on the frontier, as the first of them by name, and the others are dominated by it; so results never depend on
    the order of strategies. A point on the line between two frontier strategies is on the frontier. Raises UsageError
    for an unknown comparator.
    """
    outcomes = outcomes_of(run)
    names = outcomes.strategies
    plane = _Plane(names, _means(outcomes.cost), _means(outcomes.effect))
    reference = names[plane.hull[0]]
    against = reference if comparator is None else _known(comparator, names)
    return Incremental(
        rows=_rows(outcomes, plane),
        pairs=_pairs(outcomes, plane, names.index(against)),
        frontier=tuple(names[i] for i in plane.hull),
        comparator=against,
        thresholds=outcomes.thresholds,
        threshold=outcomes.threshold,
        currency=outcomes.currency,
        price_year=outcomes.price_year,
        effect_unit=outcomes.effect_unit,
    )


def highest_price(price_low: float, nmb_low: float, price_high: float, nmb_high: float) -> float | None:
    """Highest price at which the incremental net monetary benefit is not below zero, from its values at two prices.

    Costs are linear in a price, hence so is the net benefit, and the zero of the line is exact. Returns None when even
    a price of zero is not enough, and infinity when the price does not lower the net benefit, so that no price is too
    high. Raises ValueError unless both prices are finite and `price_low` is below `price_high`.
    """
    if not (math.isfinite(price_low) and math.isfinite(price_high) and price_low < price_high):
        raise ValueError(f"needs two finite prices, the lower first, not {price_low} and {price_high}")
    rounding = TOLERANCE * max(abs(nmb_low), abs(nmb_high))
    loss = (nmb_low - nmb_high) / (price_high - price_low)
    at_zero = nmb_low + loss * price_low
    if at_zero < -rounding:
        return None
    if nmb_low - nmb_high <= rounding:
        return math.inf
    return max(0.0, price_low + nmb_low / loss)


class _Plane:
    """Mean costs and effects of strategies, with their order and efficiency frontier; points are known by index.

    Means that differ by rounding alone are made equal, so that every later comparison is exact.
    """

    def __init__(self, names: Sequence[str], cost: Floats, effect: Floats) -> None:
        self.cost = _levelled(cost)
        self.effect = _levelled(effect)
        self.order = sorted(range(len(names)), key=lambda i: (self.cost[i], -self.effect[i], names[i]))
        self._slack = TOLERANCE * np.abs(cost).max(), TOLERANCE * np.abs(effect).max()
        self.hull = self._lower_hull()

    def _lower_hull(self) -> list[int]:
        """Indices of the lower convex hull by rising cost and effect, points on its edges included."""
        hull: list[int] = []
        for point in self.order:
            if hull and self.effect[point] <= self.effect[hull[-1]]:
                continue
            while len(hull) > 1 and self._is_above_line(hull[-1], hull[-2], point):
                hull.pop()
            hull.append(point)
        return hull

    def _is_above_line(self, point: int, low: int, high: int) -> bool:
        """Whether a point lies above the line from low to high by more than rounding can explain."""
        cost, effect = self.cost[high] - self.cost[low], self.effect[high] - self.effect[low]
        excess = (self.cost[point] - self.cost[low]) * effect - (self.effect[point] - self.effect[low]) * cost
        return bool(excess > self._slack[0] * effect + self._slack[1] * cost)

    def dominators(self, point: int) -> tuple[int, ...]:
        """Points that cost no more and give no less, and are not the same."""
        return tuple(
            other
            for other in self.order
            if self.cost[other] <= self.cost[point]
            and self.effect[other] >= self.effect[point]
            and (self.cost[other] < self.cost[point] or self.effect[other] > self.effect[point])
        )

    def next_cheaper(self, point: int) -> int | None:
        """The dearest other frontier point that costs no more; None for the reference."""
        cheaper = [other for other in self.hull if other != point and self.cost[other] <= self.cost[point]]
        return cheaper[-1] if cheaper else None

    def standing(self, point: int) -> tuple[Status, tuple[int, ...]]:
        """Status of a point and the points that dominate it."""
        if point in self.hull:
            return ("reference" if point == self.hull[0] else "frontier"), ()
        if dominators := self.dominators(point):
            return "dominated", dominators
        below = max(i for i, other in enumerate(self.hull) if self.effect[other] <= self.effect[point])
        if self.is_same(point, self.hull[below]):
            return "dominated", (self.hull[below],)
        return "extendedly_dominated", (self.hull[below], self.hull[below + 1])

    def is_same(self, one: int, other: int) -> bool:
        """Whether two points have the same cost and effect."""
        return bool(self.cost[one] == self.cost[other] and self.effect[one] == self.effect[other])

    def difference(self, one: int, other: int) -> tuple[float, float]:
        """Cost and effect of one point less those of the other."""
        return float(self.cost[one] - self.cost[other]), float(self.effect[one] - self.effect[other])


def _rows(outcomes: Outcomes, plane: _Plane) -> tuple[Row, ...]:
    names = outcomes.strategies
    costs, effects = _means(outcomes.cost), _means(outcomes.effect)
    life_years = np.full(len(names), np.nan) if outcomes.life_years is None else _means(outcomes.life_years)
    rows = []
    for i, name in enumerate(names):
        cost, effect = float(costs[i]), float(effects[i])
        status, dominators = plane.standing(i)
        below = plane.next_cheaper(i)
        more_cost, more_effect = (None, None) if below is None else plane.difference(i, below)
        twin = status == "dominated" and plane.is_same(i, dominators[0])
        rows.append(
            Row(
                strategy=name,
                label=outcomes.labels[i],
                cost=cost,
                effect=effect,
                life_years=float(life_years[i]),
                incremental_cost=more_cost,
                incremental_effect=more_effect,
                icer=more_cost / more_effect if status == "frontier" and more_cost and more_effect else None,
                status=status,
                dominated_by=tuple(names[j] for j in dominators),
                same_as=names[dominators[0]] if twin else None,
                nmb=tuple(at * effect - cost for at in outcomes.thresholds),
                nhb=tuple(effect - cost / at if at > 0 else math.nan for at in outcomes.thresholds),
            )
        )
    return tuple(rows)


def _pairs(outcomes: Outcomes, plane: _Plane, comparator: int) -> tuple[Pair, ...]:
    pairs = []
    for i, name in enumerate(outcomes.strategies):
        cost, effect = plane.difference(i, comparator)
        place = _QUADRANTS[_sign(cost), _sign(effect)]
        pairs.append(
            Pair(
                strategy=name,
                label=outcomes.labels[i],
                cost=cost,
                effect=effect,
                icer=cost / effect if place in ("NE", "SW") else None,
                quadrant=place,
                nmb=tuple(at * effect - cost for at in outcomes.thresholds),
            )
        )
    return tuple(pairs)


def _means(values: Floats) -> Floats:
    """Means over samples, shape (strategy,), each summed alone so that its neighbours cannot change the rounding."""
    return np.asarray(np.ascontiguousarray(values.T).mean(axis=1), dtype=np.float64)


def _levelled(values: Floats) -> Floats:
    """The values, those within the tolerance of each other set to the lowest of their run."""
    gap = TOLERANCE * np.abs(values).max()
    levelled = values.copy()
    order = np.argsort(values)
    for before, after in pairwise(order):
        if values[after] - values[before] <= gap:
            levelled[after] = levelled[before]
    return levelled


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _known(strategy: str, names: Sequence[str]) -> str:
    if strategy in names:
        return strategy
    close = get_close_matches(strategy, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise UsageError(f"unknown strategy {strategy!r}: {hint}one of {', '.join(names)}")

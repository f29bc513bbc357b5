"""Results by subgroup: the same comparisons for parts of the population, each a layer on top of the model.

A subgroup differs in what its layers say and in nothing else: where the evidence on a treatment's effect does not tell
subgroups apart, they all have the same relative effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cea.analysis.deterministic import Progress, comparisons, point_value
from cea.analysis.headline import severity_of
from cea.analysis.price import PriceDistribution, at_prices, price_distribution, price_limits, reference_price
from cea.engine.draws import Draws
from cea.engine.outcomes import Floats, Outcomes
from cea.engine.psa import run_draws
from cea.engine.results import Results, choose_perspective, run
from cea.engine.sampling import sample
from cea.errors import InputError, Problem, UsageError
from cea.model.definition import Headline, Model
from cea.model.layers import Layer

EVERYBODY = "everybody"
"""The name of the first row: the population of the model as it is."""


@dataclass(frozen=True)
class Subgroup:
    """A part of the population. `by` is what divides it; `differs` says in what the model of it differs.

    missing: why there is no result; where that is for want of evidence, the subgroup has no layers.
    """

    name: str
    label: str
    by: str
    layers: tuple[Layer, ...] = ()
    differs: str = ""
    missing: str = ""


@dataclass(frozen=True, eq=False)
class SubgroupResult:
    """A comparison in a subgroup.

    point, drawn: outcomes at the price now, at point values and over the draws. prices, drawn_prices: outcomes at a
    price of zero and at `reference`, where the comparison has a price. weight: of effects, by severity; None where the
    model has no such rule.
    """

    subgroup: Subgroup
    comparison: Headline
    point: Outcomes
    drawn: Outcomes | None
    reference: float
    prices: tuple[Outcomes, Outcomes] | None
    drawn_prices: tuple[Outcomes, Outcomes] | None
    weight: float | None

    def increments(self, outcomes: Outcomes) -> tuple[Floats, Floats]:
        """Incremental cost and effect of the comparison, each of shape (sample,)."""
        sides = (self.comparison.strategy, self.comparison.comparator)
        own, other = (outcomes.strategies.index(name) for name in sides)
        return outcomes.cost[:, own] - outcomes.cost[:, other], outcomes.effect[:, own] - outcomes.effect[:, other]

    def benefit(self, outcomes: Outcomes, threshold: float) -> Floats:
        """Incremental net monetary benefit, shape (sample,)."""
        cost, effect = self.increments(outcomes)
        return threshold * effect - cost

    def highest_price(self, threshold: float, weight: float = 1.0) -> float | None:
        """Highest price at point values; None: not even zero, infinite: any. Raises ValueError without a price."""
        if self.prices is None:
            raise ValueError("the comparison has no price")
        own, other = self.comparison.strategy, self.comparison.comparator
        _, highest = price_limits(*self.prices, self.reference, own, other, threshold, weight)
        return None if np.isnan(highest[0]) else float(highest[0])

    def price_distribution(self, threshold: float) -> PriceDistribution | None:
        """The highest price in every draw; None without draws or without a price."""
        if self.drawn_prices is None:
            return None
        own, other = self.comparison.strategy, self.comparison.comparator
        return price_distribution(*self.drawn_prices, self.reference, own, other, threshold)

    def record(self, threshold: float) -> dict[str, Any]:
        """The result at a threshold; what does not exist is NaN, a price without limit infinite."""
        cost, effect = (float(each[0]) for each in self.increments(self.point))
        row: dict[str, Any] = {
            "subgroup": self.subgroup.name,
            "label": self.subgroup.label,
            "by": self.subgroup.by,
            "headline": self.comparison.name,
            "threshold": threshold,
            "incremental_cost": cost,
            "incremental_effect": effect,
            "nmb": threshold * effect - cost,
        }
        if self.drawn is not None:
            drawn = self.benefit(self.drawn, threshold)
            low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
            row |= {"nmb_mean": float(drawn.mean()), "nmb_low": low, "nmb_high": high}
            row["probability_cost_effective"] = float((drawn >= 0).mean())
        if self.prices is not None:
            row["highest_price"] = _number(self.highest_price(threshold))
            if self.weight is not None:
                row["severity_weight"] = self.weight
                row["highest_price_weighted"] = _number(self.highest_price(threshold, self.weight))
        distribution = self.price_distribution(threshold)
        if distribution is not None:
            for name, level in (("low", 0.025), ("median", 0.5), ("high", 0.975)):
                row[f"price_{name}"] = _number(distribution.quantile(level))
            row["price_none"] = distribution.none
        return row


@dataclass(frozen=True, eq=False)
class SubgroupAnalysis:
    """Results by subgroup and comparison, everybody first, and the subgroups that have none, with the reason."""

    results: tuple[SubgroupResult, ...]
    missing: tuple[Subgroup, ...]

    def frame(self, thresholds: Iterable[float]) -> pd.DataFrame:
        """One row a result and threshold, then one for each subgroup without a result, with its `reason`."""
        rows = [item.record(at) | {"differs": item.subgroup.differs} for item in self.results for at in thresholds]
        rows += [{"subgroup": item.name, "label": item.label, "by": item.by, "reason": item.missing}
                 for item in self.missing]  # fmt: skip
        frame = pd.DataFrame(rows)
        for column in ("reason", "differs"):
            frame[column] = frame[column].fillna("") if column in frame else ""
        return frame

    def of(self, headline: str) -> list[SubgroupResult]:
        """The results of one comparison."""
        return [item for item in self.results if item.comparison.name == headline]


def run_subgroups(
    model: Model,
    subgroups: Sequence[Subgroup],
    n: int = 0,
    seed: int = 1,
    *,
    pair: tuple[str, str] | None = None,
    perspective: str | None = None,
    progress: Progress | None = None,
) -> SubgroupAnalysis:
    """Everybody and each subgroup, at point values and on `n` draws (0: none), the same draws for all.

    A subgroup made for another currency, or whose parameters an edit has set, has no result but a reason. Raises
    InputError with the problems of all subgroups, UsageError for an unknown strategy.
    """
    chosen = choose_perspective(model, perspective)
    everybody = Subgroup(EVERYBODY, "Everybody", "")
    results: list[SubgroupResult] = []
    missing: list[Subgroup] = []
    problems: list[Problem] = []
    for done, subgroup in enumerate((everybody, *subgroups), 1):
        reason = subgroup.missing or _hindrance(model, subgroup)
        if reason:
            missing.append(replace(subgroup, missing=reason))
        else:
            try:
                results += _results(model, subgroup, n, seed, pair, chosen)
            except InputError as error:
                problems += error.problems
        if progress is not None:
            progress(done, len(subgroups) + 1)
    if problems:
        raise InputError(dict.fromkeys(problems))
    return SubgroupAnalysis(tuple(results), tuple(missing))


def _hindrance(model: Model, subgroup: Subgroup) -> str:
    """Why a subgroup cannot be run on this model; empty where it can."""
    currencies = {layer.requires_currency for layer in subgroup.layers} - {None, model.currency}
    if currencies:
        return f"made for models in {currencies.pop()}"
    edited = {name for layer in model.layers if layer.edit for name in layer.parameter_values()}
    taken = sorted(edited & {name for layer in subgroup.layers for name in layer.parameter_values()})
    return f"{', '.join(taken)}: set for everybody" if taken else ""


def _results(
    model: Model, subgroup: Subgroup, n: int, seed: int, pair: tuple[str, str] | None, perspective: str
) -> list[SubgroupResult]:
    layered = model.with_layer(*subgroup.layers) if subgroup.layers else model
    results = run(layered, perspective)
    draws = sample(layered, n, seed) if n else None
    sales: dict[str | None, _Sale] = {}
    found = []
    for item in comparisons(layered, pair):
        if item.price not in sales:
            sales[item.price] = _Sale.of(layered, results, item.price, draws)
        sale = sales[item.price]
        severity = severity_of(results, item.comparator)
        weight = None if severity is None else severity.weight
        found.append(
            SubgroupResult(
                subgroup, item, results.outcomes, sale.drawn, sale.reference, sale.prices, sale.drawn_prices, weight
            )
        )
    return found


@dataclass(frozen=True, eq=False)
class _Sale:
    """Outcomes over the draws at the price now; and at a price of zero and at `reference`, where there is a price."""

    drawn: Outcomes | None
    reference: float
    prices: tuple[Outcomes, Outcomes] | None
    drawn_prices: tuple[Outcomes, Outcomes] | None

    @classmethod
    def of(cls, model: Model, results: Results, price: str | None, draws: Draws | None) -> _Sale:
        perspective = results.perspective
        if price is None:
            drawn = None if draws is None else run_draws(model, draws, perspective).outcomes
            return cls(drawn, 1.0, None, None)
        if draws is not None and price in draws.names:
            raise UsageError(f"{price} is drawn itself: mark it `decision: true`, so that draws keep it fixed")
        reference = reference_price(model, price)
        prices = at_prices(model, price, reference, perspective)
        if draws is None:
            return cls(None, reference, prices, None)
        free, paid = (
            run_draws(model.with_values({price: value}), draws, perspective).outcomes for value in (0.0, reference)
        )
        now = point_value(results, price)
        drawn = {0.0: free, reference: paid}.get(now) or run_draws(model, draws, perspective).outcomes
        return cls(drawn, reference, prices, (free, paid))


def _number(value: float | None) -> float:
    return np.nan if value is None else value

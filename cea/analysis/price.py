"""The highest price at which a strategy is worth it: against one comparator, and as the best of all strategies.

Costs are linear in a price, so that net monetary benefits are straight lines in it; two prices give them exactly, in
the base case and in every draw. The prices at which a strategy is worth it are then an interval, which begins at zero
except against a strategy that pays the price as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cea.analysis.deterministic import ROUNDING, comparisons, evaluate
from cea.analysis.headline import severity_of
from cea.analysis.incremental import TOLERANCE
from cea.engine.draws import Draws
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of
from cea.engine.psa import run_draws
from cea.engine.results import run
from cea.engine.sampling import Sampler
from cea.errors import UsageError
from cea.model.definition import Headline, Model
from cea.model.document import did_you_mean, shortened

FRONTIER = "frontier"
"""Stands for all other strategies: the price at which the strategy is the best of all."""

QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)


@dataclass(frozen=True)
class HighestPrice:
    """Highest price at which a strategy is worth it at a threshold; None: at no price; infinite: at any price.

    `comparator` is a strategy or `FRONTIER`. `lowest` is the price from which on it is worth it: zero, except where it
    must beat a strategy that pays more of the price. `weighted` is the highest price with effects times the headline's
    severity weight, None also where the model has no such rule.
    """

    headline: str
    strategy: str
    comparator: str
    parameter: str
    threshold: float
    price: float | None
    lowest: float
    weighted: float | None


@dataclass(frozen=True, eq=False)
class PriceDistribution:
    """Per draw, the prices from `lowest` to `highest` at which a strategy is worth it, shape (sample,); NaN: at none.

    The highest is infinite where no price is too high. `headline` is empty for a comparison outside the headlines.
    """

    strategy: str
    comparator: str
    threshold: float
    lowest: Floats
    highest: Floats
    headline: str = ""

    @property
    def none(self) -> float:
        """Share of draws in which no price is low enough."""
        return float(np.isnan(self.highest).mean())

    def quantile(self, level: float) -> float | None:
        """A price that the share `level` of draws does not exceed, the lowest such; None where that is no price at all.

        Draws in which no price is low enough count as below zero. Raises ValueError for a level not between 0 and 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"the level of a quantile must lie between 0 and 1, not {level:g}")
        ordered = np.sort(np.where(np.isnan(self.highest), -np.inf, self.highest))
        value = float(ordered[int(np.ceil(level * len(ordered))) - 1])
        return None if value == -np.inf else value

    def probability(self, price: float) -> float:
        """Probability that the strategy is worth it at a price."""
        return float(((self.lowest <= price) & (price <= self.highest)).mean())

    def frame(self, prices: Iterable[float]) -> pd.DataFrame:
        """Probability of being worth it by price: columns price, probability."""
        grid = [float(price) for price in prices]
        return pd.DataFrame({"price": grid, "probability": [self.probability(price) for price in grid]})


def highest_prices(
    model: Model,
    *,
    perspective: str | None = None,
    thresholds: Iterable[float] | None = None,
) -> tuple[HighestPrice, ...]:
    """For each headline with a price and each threshold: against its comparator, others, and all together.

    The others are those that do not pay the price themselves; the rest count among all. Exact, from runs at a price of
    zero and one above. Raises UsageError where no headline has a price, or where costs are not linear in it.
    """
    priced = priced_headlines(model)
    levels = sorted({*model.thresholds, model.threshold} if thresholds is None else set(thresholds))
    found = []
    for item in priced:
        assert item.price is not None, "a priced headline has a price"
        price = reference_price(model, item.price)
        at_zero, at_price = at_prices(model, item.price, price, perspective)
        severity = severity_of(run(model, perspective), item.comparator) if model.shortfall else None
        for comparator in _comparators(item, at_zero, at_price):
            for threshold in levels:
                lowest, highest = price_limits(at_zero, at_price, price, item.strategy, comparator, threshold)
                weighted = None
                if severity is not None:
                    sides = (item.strategy, comparator, threshold, severity.weight)
                    weighted = _known(price_limits(at_zero, at_price, price, *sides)[1])
                found.append(
                    HighestPrice(
                        headline=item.name,
                        strategy=item.strategy,
                        comparator=comparator,
                        parameter=item.price,
                        threshold=threshold,
                        price=_known(highest),
                        lowest=float(np.nan_to_num(lowest[0])),
                        weighted=weighted,
                    )
                )
    return tuple(found)


def _comparators(item: Headline, at_zero: Outcomes, at_price: Outcomes) -> tuple[str, ...]:
    """The headline's comparator, the other strategies that do not pay the price themselves, and all others together."""
    free = (at_zero.cost == at_price.cost).all(axis=0)
    others = (name for name, pays_nothing in zip(at_zero.strategies, free, strict=True) if pays_nothing)
    return tuple(dict.fromkeys((item.comparator, *(name for name in others if name != item.strategy), FRONTIER)))


def prices_frame(found: Iterable[HighestPrice]) -> pd.DataFrame:
    """One row a headline, comparator and threshold; `highest_price` is NaN where no price is low enough."""
    return pd.DataFrame(
        [
            {
                "headline": item.headline,
                "strategy": item.strategy,
                "comparator": item.comparator,
                "parameter": item.parameter,
                "threshold": item.threshold,
                "highest_price": np.nan if item.price is None else item.price,
                "lowest_price": np.nan if item.price is None else item.lowest,
                "highest_price_weighted": np.nan if item.weighted is None else item.weighted,
            }
            for item in found
        ]
    )


def priced_headlines(model: Model) -> tuple[Headline, ...]:
    """The headlines that name a price. Raises UsageError when there are none."""
    priced = tuple(item for item in comparisons(model) if item.price is not None)
    if not priced:
        raise UsageError("no headline of the model names a `price`; add the parameter to one under `headlines`")
    return priced


def reference_price(model: Model, parameter: str) -> float:
    """A price above zero to compare a price of zero with: the model's own where that will do."""
    value = model.parameters[parameter].value
    return value if value is not None and value > 0 else 1.0


def at_prices(model: Model, parameter: str, price: float, perspective: str | None = None) -> tuple[Outcomes, Outcomes]:
    """Outcomes at a price of zero and at `price`. Raises UsageError when costs are not linear in the price."""
    outcomes = evaluate(model, [{parameter: value} for value in (0.0, price, 2 * price)], perspective)
    cost, effect = outcomes.cost, outcomes.effect
    bend = np.abs(cost[2] - 2 * cost[1] + cost[0])
    if (bend > ROUNDING * np.abs(cost).max()).any() or np.ptp(effect, axis=0).max() > ROUNDING * np.abs(effect).max():
        what = f"costs are not linear in {parameter}, or effects depend on it, so that two runs do not give its limit"
        raise UsageError(f"{what}: find its threshold value instead (`--for {parameter}`)")
    first, second = (replace(outcomes, cost=cost[[row]], effect=effect[[row]]) for row in (0, 1))
    return first, second


def price_distribution(
    at_zero: Outcomes | HasOutcomes,
    at_price: Outcomes | HasOutcomes,
    price: float,
    strategy: str,
    comparator: str = FRONTIER,
    threshold: float | None = None,
    weight: float = 1.0,
) -> PriceDistribution:
    """The highest price in every draw, exact, from outcomes of the same draws at a price of zero and at `price`.

    comparator: a strategy, or "frontier" for the best of all. threshold: by default that of the outcomes. weight:
    factor on effects, where severity counts. Raises UsageError for an unknown strategy, ValueError for outcomes of
    other draws or a price that is not above zero.
    """
    first, second = outcomes_of(at_zero), outcomes_of(at_price)
    at = first.threshold if threshold is None else threshold
    lowest, highest = price_limits(first, second, price, strategy, comparator, at, weight)
    return PriceDistribution(strategy, comparator, at, lowest, highest)


def price_distributions(
    model: Model,
    draws: Draws | Sampler,
    *,
    perspective: str | None = None,
    thresholds: Iterable[float] | None = None,
) -> tuple[PriceDistribution, ...]:
    """The highest price in every draw for each priced headline, against its comparator and as the best of all.

    Raises UsageError where no headline has a price, or the price itself is drawn.
    """
    levels = sorted({*model.thresholds, model.threshold} if thresholds is None else set(thresholds))
    runs: dict[str, tuple[Outcomes, Outcomes, float]] = {}
    found = []
    for item in priced_headlines(model):
        assert item.price is not None, "a priced headline has a price"
        if item.price in draws.names:
            raise UsageError(f"{item.price} is drawn itself: mark it `decision: true`, so that draws keep it fixed")
        if item.price not in runs:
            price = reference_price(model, item.price)
            models = (model.with_values({item.price: at}) for at in (0.0, price))
            at_zero, at_price = (run_draws(each, draws, perspective).outcomes for each in models)
            runs[item.price] = at_zero, at_price, price
        for comparator in (item.comparator, FRONTIER):
            for threshold in levels:
                one = price_distribution(*runs[item.price], item.strategy, comparator, threshold)
                found.append(replace(one, headline=item.name))
    return tuple(found)


def distributions_frame(found: Iterable[PriceDistribution], now: Mapping[str, float]) -> pd.DataFrame:
    """One row a distribution: quantiles of the highest price (NaN: none) and the share of draws with `none`.

    `probability_now` is that of being worth it at the price now, which `now` holds by headline.
    """
    return pd.DataFrame(
        [
            {
                "headline": item.headline,
                "strategy": item.strategy,
                "comparator": item.comparator,
                "threshold": item.threshold,
                **{f"quantile_{level:g}": item.quantile(level) for level in QUANTILES},
                "none": item.none,
                "probability_now": item.probability(now[item.headline]),
            }
            for item in found
        ]
    ).astype({f"quantile_{level:g}": float for level in QUANTILES})


def price_limits(
    at_zero: Outcomes,
    at_price: Outcomes,
    price: float,
    strategy: str,
    comparator: str,
    threshold: float,
    weight: float = 1.0,
) -> tuple[Floats, Floats]:
    """From and to which price a strategy is worth it in every draw, each of shape (sample,); NaN where at none.

    Against all others this is where the intervals against each of them overlap.
    """
    if at_zero.strategies != at_price.strategies or at_zero.cost.shape != at_price.cost.shape:
        raise ValueError("outcomes at the two prices must have the same strategies and draws")
    if not (np.isfinite(price) and price > 0):
        raise ValueError(f"the second price must be above zero, not {price:g}")
    names = at_zero.strategies
    for name in (strategy, comparator):
        if name not in names and name != FRONTIER:
            raise UsageError(f"unknown strategy '{shortened(name)}': {did_you_mean(name, names)}")
    own = names.index(strategy)
    others = [at for at in range(len(names)) if at != own] if comparator == FRONTIER else [names.index(comparator)]
    low, high = np.zeros(len(at_zero.cost)), np.full(len(at_zero.cost), np.inf)
    for other in others:
        gain = threshold * weight * (at_zero.effect[:, own] - at_zero.effect[:, other])
        start = gain - (at_zero.cost[:, own] - at_zero.cost[:, other])
        end = gain - (at_price.cost[:, own] - at_price.cost[:, other])
        first, last = _interval(start, end, price, _slack(at_zero, threshold * weight, own, other))
        low, high = np.maximum(low, first), np.minimum(high, last)
    empty = ~(low <= high)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def _interval(start: Floats, end: Floats, price: float, slack: Floats) -> tuple[Floats, Floats]:
    """Prices from zero on at which the line from `start` at zero to `end` at `price` is not below zero; else NaN."""
    start = np.where(np.abs(start) <= slack, 0.0, start)
    change = np.where(np.abs(end - start) <= slack, 0.0, end - start)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = price * np.abs(start / change)
    good, rises, falls = start >= 0, change > 0, change < 0
    low = np.where(good, 0.0, np.where(rises, root, np.nan))
    high = np.where(good & falls, root, np.where(good | rises, np.inf, np.nan))
    return low, high


def _slack(outcomes: Outcomes, threshold: float, own: int, other: int) -> Floats:
    """What rounding may do to a difference of net benefits, shape (sample,)."""
    sizes = np.maximum(np.abs(threshold * outcomes.effect), np.abs(outcomes.cost))
    return np.asarray(TOLERANCE * sizes[:, [own, other]].max(axis=1))


def _known(highest: Floats) -> float | None:
    return None if np.isnan(highest[0]) else float(highest[0])

"""Threshold analysis: the value at which a decision turns, and how long an effect must last to be worth a price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cea.analysis.deterministic import (
    Case,
    Progress,
    Span,
    asked_span,
    comparisons,
    evaluate,
    labels_of,
    point_value,
    worth_it,
)
from cea.analysis.price import price_limits, priced_headlines, reference_price
from cea.analysis.uncertainty import increments
from cea.engine.outcomes import Floats, Outcomes
from cea.engine.results import Results, run
from cea.errors import UsageError
from cea.model.definition import Headline, Model

_POINTS = 25
"""Values at which the net benefit is looked at: two roots between neighbours go unseen."""
_TIGHT = 4 * np.finfo(np.float64).eps


@dataclass(frozen=True, eq=False)
class ThresholdValue:
    """The values of a parameter at which a comparison's net monetary benefit is zero, ascending; empty where none is.

    `values` and `benefit` are the curve that was looked at, shape (point,), and `base` the parameter's own value.
    `matters` is False where the parameter does not change the net benefit.
    """

    comparison: Headline
    labels: tuple[str, str]
    parameter: str
    label: str
    unit: str
    base: float
    span: Span
    threshold: float
    roots: tuple[float, ...]
    values: Floats
    benefit: Floats
    worth: tuple[bool, ...]
    matters: bool

    @property
    def regions(self) -> tuple[tuple[float, float], ...]:
        """The stretches of the span in which the strategy is cost-effective, ends included."""
        edges = [self.span.low, *self.roots, self.span.high]
        stretches: list[tuple[float, float]] = []
        for low, high, worth in zip(edges[:-1], edges[1:], self.worth, strict=True):
            if worth and stretches and stretches[-1][1] == low:
                stretches[-1] = (stretches[-1][0], high)
            elif worth:
                stretches.append((low, high))
        return tuple(stretches)

    def frame(self) -> pd.DataFrame:
        """The curve: columns value, nmb."""
        return pd.DataFrame({"value": self.values, "nmb": self.benefit})


def threshold_value(
    model: Model,
    parameter: str,
    pair: tuple[str, str] | None = None,
    *,
    threshold: float | None = None,
    low: float | None = None,
    high: float | None = None,
    perspective: str | None = None,
    progress: Progress | None = None,
) -> tuple[ThresholdValue, ...]:
    """The values of a parameter at which each headline, or one pair (strategy, comparator), is just worth its cost.

    It goes from `low` to `high`, by default over its range, else its 95 % interval, else its bounds, alone even where
    it is drawn together with others. The net benefit is evaluated on a grid of 25 values, and every change of sign
    refined by Brent's method to the last digits. Solved parameters are held as in a one-way analysis. Raises
    UsageError for a parameter that does not exist, is not used or has no span, and for an empty span.
    """
    asked = comparisons(model, pair)
    span = _span(model, parameter, low, high)
    at = model.threshold if threshold is None else threshold
    values = np.linspace(span.low, span.high, _POINTS)
    outcomes = evaluate(model, [{parameter: float(value)} for value in values], perspective, progress)
    base = point_value(run(model, perspective), parameter)
    item = model.parameters[parameter]
    found = []
    for comparison in asked:
        effect, cost = increments(outcomes, comparison.strategy, comparison.comparator)
        benefit = at * effect - cost
        worth = worth_it(effect, cost, at)
        solve = _solver(model, comparison, at, perspective, lambda value: {parameter: value})
        turns = np.flatnonzero(worth[:-1] != worth[1:])
        found.append(
            ThresholdValue(
                comparison=comparison,
                labels=labels_of(model, comparison),
                parameter=parameter,
                label=item.label,
                unit=item.unit,
                base=base,
                span=span,
                threshold=at,
                roots=tuple(solve(float(values[turn]), float(values[turn + 1])) for turn in turns),
                values=values,
                benefit=benefit,
                worth=(bool(worth[0]), *(bool(worth[turn + 1]) for turn in turns)),
                matters=_matters(outcomes, effect, cost, at),
            )
        )
    return tuple(found)


def _span(model: Model, parameter: str, low: float | None, high: float | None) -> Span:
    """The asked span; where one end is given, the other is that of the evidence."""
    if low is not None and high is not None:
        return asked_span(model, parameter, (low, high))
    known = asked_span(model, parameter)
    if low is None and high is None:
        return known
    return asked_span(model, parameter, (known.low if low is None else low, known.high if high is None else high))


def _matters(outcomes: Outcomes, effect: Floats, cost: Floats, threshold: float) -> bool:
    """Whether a net benefit changes along the cases by more than rounding of the totals."""
    size = max(np.abs(threshold * outcomes.effect).max(), np.abs(outcomes.cost).max())
    return bool(np.ptp(threshold * effect - cost) > 1e-11 * size)


def _solver(
    model: Model, comparison: Headline, threshold: float, perspective: str | None, case: Callable[[float], Case]
) -> Callable[[float, float], float]:
    """A function from two values, between which the net benefit changes its sign, to the value at which it is zero."""
    from scipy.optimize import brentq  # noqa: PLC0415 - slow to import, and only needed here

    def benefit(value: float) -> float:
        effect, cost = increments(
            evaluate(model, [case(value)], perspective), comparison.strategy, comparison.comparator
        )
        return float(threshold * effect[0] - cost[0])

    def root(low: float, high: float) -> float:
        at_low, at_high = benefit(low), benefit(high)
        if at_low * at_high >= 0:  # within rounding of zero at one end
            return low if abs(at_low) <= abs(at_high) else high
        return float(brentq(benefit, low, high, xtol=_TIGHT * max(abs(low), abs(high)), rtol=_TIGHT))

    return root


@dataclass(frozen=True, eq=False)
class DurabilityFrontier:
    """How long an effect must last for a price, or how large any other parameter must be.

    `curve` holds the exact highest price at values of the parameter (columns threshold, value, highest_price; NaN:
    none), and `minimum` the least value at given prices (threshold, price, minimum; NaN: even the highest value is not
    enough).
    """

    comparison: Headline
    labels: tuple[str, str]
    parameter: str
    label: str
    unit: str
    base: float
    span: Span
    price_label: str
    price_now: float
    curve: pd.DataFrame
    minimum: pd.DataFrame
    currency: str
    price_year: str
    effect_unit: str


def durability_frontier(
    model: Model,
    parameter: str,
    prices: Sequence[float] | None = None,
    *,
    thresholds: Iterable[float] | None = None,
    low: float | None = None,
    high: float | None = None,
    perspective: str | None = None,
    progress: Progress | None = None,
) -> tuple[DurabilityFrontier, ...]:
    """The least value of a parameter, such as a half-life of effect, at which each priced headline is worth each price.

    prices: by default the price now, and some from zero to the highest on the curve. The parameter goes as in
    `threshold_value`. Raises UsageError as that does, where no headline has a price, where the parameter is the price,
    or for a price below zero.
    """
    span = _span(model, parameter, low, high)
    if any(not (np.isfinite(price) and price >= 0) for price in prices or ()):
        raise UsageError("prices must be amounts that are not below zero")
    levels = sorted({*model.thresholds, model.threshold} if thresholds is None else set(thresholds))
    results = run(model, perspective)
    return tuple(
        _frontier(results, item, parameter, span, prices, levels, progress) for item in priced_headlines(model)
    )


def _frontier(
    results: Results,
    item: Headline,
    parameter: str,
    span: Span,
    prices: Sequence[float] | None,
    thresholds: Sequence[float],
    progress: Progress | None,
) -> DurabilityFrontier:
    model, perspective = results.model, results.perspective
    assert item.price is not None, "a priced headline has a price"
    if item.price == parameter:
        raise UsageError(f"{parameter} is the price itself; name what the price is set against")
    values = np.linspace(span.low, span.high, _POINTS)
    amount = reference_price(model, item.price)
    cases = [{parameter: float(value), item.price: at} for at in (0.0, amount) for value in values]
    outcomes = evaluate(model, cases, perspective, progress)
    curve = pd.concat([_curve(item, at, values, outcomes, amount) for at in thresholds], ignore_index=True)
    now = point_value(results, item.price)
    rows = [
        (at, price, _least(model, item, at, perspective, (parameter, price), curve[curve["threshold"] == at]))
        for at in thresholds
        for price in sorted({*(_round_prices(curve["highest_price"], now) if prices is None else prices)})
    ]
    return DurabilityFrontier(
        comparison=item,
        labels=labels_of(model, item),
        parameter=parameter,
        label=model.parameters[parameter].label,
        unit=model.parameters[parameter].unit,
        base=point_value(results, parameter),
        span=span,
        price_label=model.parameters[item.price].label,
        price_now=now,
        curve=curve,
        minimum=pd.DataFrame(rows, columns=["threshold", "price", "minimum"]),
        currency=outcomes.currency,
        price_year=outcomes.price_year,
        effect_unit=outcomes.effect_unit,
    )


def _curve(item: Headline, threshold: float, values: Floats, outcomes: Outcomes, price: float) -> pd.DataFrame:
    """The highest price at each value, from outcomes at a price of zero, then at `price`."""
    half = len(values)
    at_zero, at_price = (
        replace(outcomes, cost=outcomes.cost[rows], effect=outcomes.effect[rows])
        for rows in (slice(half), slice(half, None))
    )
    _, highest = price_limits(at_zero, at_price, price, item.strategy, item.comparator, threshold)
    return pd.DataFrame({"threshold": threshold, "value": values, "highest_price": highest})


def _round_prices(highest: pd.Series[float], now: float) -> list[float]:
    """The price now, and up to six round ones from zero to the highest that is reached."""
    reached = highest[np.isfinite(highest)]
    top = float(reached.max()) if len(reached) else 0.0
    if top <= 0:
        return [now]
    step = top / 5
    size = 10.0 ** np.floor(np.log10(step))
    step = size * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * size >= step)
    return [now, *(float(price) for price in np.arange(0, top, step))]


def _least(
    model: Model,
    item: Headline,
    threshold: float,
    perspective: str | None,
    asked: tuple[str, float],
    points: pd.DataFrame,
) -> float:
    """The least value of a parameter at which a price is worth it; NaN where none of the points is enough."""
    parameter, price = asked
    values = points["value"].to_numpy(dtype=np.float64)
    enough = np.flatnonzero(points["highest_price"].to_numpy(dtype=np.float64) >= price)
    if not len(enough):
        return np.nan
    if enough[0] == 0:
        return float(values[0])
    solve = _solver(model, item, threshold, perspective, lambda value: {parameter: value, item.price or "": price})
    return solve(float(values[enough[0] - 1]), float(values[enough[0]]))

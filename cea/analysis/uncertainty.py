"""What the draws say about costs, effects and increments: intervals, quadrants of the plane, benefit curves.

A mean ICER is the ratio of the means. It has an interval only where all draws lie in one quadrant in which a ratio has
one meaning (NE: cost per unit gained; SW: saving per unit lost). Elsewhere the share of draws in each quadrant
is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cea.analysis.acceptability import Thresholds, acceptability, threshold_grid
from cea.analysis.incremental import TOLERANCE, Pair, Quadrant, incremental
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of
from cea.errors import UsageError
from cea.model.definition import Headline

_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over draws with its 95 % percentile interval and its Monte Carlo standard error (independent draws)."""

    mean: float
    low: float
    high: float
    error: float


@dataclass(frozen=True, slots=True)
class Quadrants:
    """Share of draws in each quadrant of the cost-effectiveness plane, costs upwards and effects to the right.

    A draw on an axis counts half in each quadrant beside it, and one at the origin a quarter in each; they sum to 1.
    """

    ne: float
    se: float
    sw: float
    nw: float


@dataclass(frozen=True)
class Spread:
    """One strategy: money in the currency, effects in the effect unit, per person; the last two run along thresholds.

    `probability_best` is the probability of being the most cost-effective of all strategies.
    """

    strategy: str
    label: str
    cost: Estimate
    effect: Estimate
    nmb: tuple[Estimate, ...]
    probability_best: tuple[float, ...]


@dataclass(frozen=True)
class Contrast:
    """One strategy minus the comparator; `nmb` (incremental) and `probability_cost_effective` by threshold.

    `icer` is the ratio of means, read by the `quadrant` of the means and None where it has no meaning; `icer_interval`
    exists only where every draw lies in that quadrant. The probability is that of an incremental net
    monetary benefit above zero, a draw at zero counting half.
    """

    strategy: str
    label: str
    cost: Estimate
    effect: Estimate
    nmb: tuple[Estimate, ...]
    probability_cost_effective: tuple[float, ...]
    icer: float | None
    icer_interval: tuple[float, float] | None
    quadrant: Quadrant
    quadrants: Quadrants


@dataclass(frozen=True, eq=False)
class Summary:
    """A probabilistic analysis in numbers: every strategy, and every other strategy against the comparator."""

    outcomes: Outcomes = field(repr=False)
    comparator: str
    spreads: tuple[Spread, ...]
    contrasts: tuple[Contrast, ...]

    def frame(self) -> pd.DataFrame:
        """One row a strategy; each quantity with its _low, _high and _error; `nmb_<threshold>` and so on."""
        return pd.DataFrame(
            [
                {
                    "strategy": row.strategy,
                    "label": row.label,
                    **_columns("cost", row.cost),
                    **_columns("effect", row.effect),
                    **self._by_threshold(row.nmb, "probability_best", row.probability_best),
                }
                for row in self.spreads
            ]
        )

    def contrast_frame(self) -> pd.DataFrame:
        """One row a strategy against the comparator; what has no meaning, such as the interval of an ICER, is NaN."""
        return pd.DataFrame(
            [
                {
                    "strategy": row.strategy,
                    "label": row.label,
                    "comparator": self.comparator,
                    **_columns("incremental_cost", row.cost),
                    **_columns("incremental_effect", row.effect),
                    "icer": np.nan if row.icer is None else row.icer,
                    "icer_low": np.nan if row.icer_interval is None else row.icer_interval[0],
                    "icer_high": np.nan if row.icer_interval is None else row.icer_interval[1],
                    "quadrant": row.quadrant,
                    **asdict(row.quadrants),
                    **self._by_threshold(row.nmb, "probability_cost_effective", row.probability_cost_effective),
                }
                for row in self.contrasts
            ]
        )

    def records(self) -> list[dict[str, Any]]:
        """Means and intervals of costs and effects as plain dictionaries for JSON, one a strategy."""
        return [
            {
                "strategy": row.strategy,
                "cost": row.cost.mean,
                "cost_interval": [row.cost.low, row.cost.high],
                "effect": row.effect.mean,
                "effect_interval": [row.effect.low, row.effect.high],
            }
            for row in self.spreads
        ]

    def _by_threshold(self, nmb: Sequence[Estimate], name: str, shares: Sequence[float]) -> dict[str, float]:
        columns: dict[str, float] = {}
        for threshold, estimate, share in zip(self.outcomes.thresholds, nmb, shares, strict=True):
            columns |= _columns(f"nmb_{threshold:.12g}", estimate) | {f"{name}_{threshold:.12g}": share}
        return columns


@dataclass(frozen=True, eq=False)
class IncrementalBenefit:
    """Incremental net monetary benefit against the comparator, mean and 95 % interval, shape (threshold, strategy).

    In currency per person; the comparator's own column is zero.
    """

    outcomes: Outcomes = field(repr=False)
    comparator: str
    thresholds: Floats
    mean: Floats
    low: Floats
    high: Floats

    def frame(self) -> pd.DataFrame:
        """Tidy: threshold, strategy, comparator, mean, low, high; without the comparator's own rows."""
        names = self.outcomes.strategies
        table = pd.DataFrame(
            {
                "threshold": np.repeat(self.thresholds, len(names)),
                "strategy": np.tile(np.asarray(names, dtype=object), len(self.thresholds)),
                "comparator": self.comparator,
                "mean": self.mean.ravel(),
                "low": self.low.ravel(),
                "high": self.high.ravel(),
            }
        )
        return table[table["strategy"] != self.comparator].reset_index(drop=True)


def summary(run: Outcomes | HasOutcomes, comparator: str | None = None) -> Summary:
    """Means, 95 % percentile intervals and Monte Carlo errors of everything, at the model's thresholds.

    comparator: by default the cheapest strategy on average. Raises UsageError for an unknown comparator, or for fewer
    than two draws, which have no spread.
    """
    outcomes = outcomes_of(run)
    require_draws(outcomes)
    means = incremental(outcomes, comparator)
    probability = acceptability(outcomes, outcomes.thresholds)
    at = np.searchsorted(probability.thresholds, outcomes.thresholds)
    spreads = []
    for i, name in enumerate(outcomes.strategies):
        cost, effect = outcomes.cost[:, i], outcomes.effect[:, i]
        spreads.append(
            Spread(
                strategy=name,
                label=outcomes.labels[i],
                cost=_estimate(cost),
                effect=_estimate(effect),
                nmb=tuple(_estimate(threshold * effect - cost) for threshold in outcomes.thresholds),
                probability_best=tuple(float(share) for share in probability.probability[at, i]),
            )
        )
    contrasts = tuple(_contrast(outcomes, pair, means.comparator) for pair in means.pairs)
    return Summary(outcomes, means.comparator, tuple(spreads), tuple(c for c in contrasts if c is not None))


def contrast_of(run: Outcomes | HasOutcomes, headline: Headline) -> Contrast:
    """The comparison of a headline, both of whose strategies are there. Raises UsageError for fewer than two draws."""
    found = summary(run, headline.comparator)
    return next(item for item in found.contrasts if item.strategy == headline.strategy)


def increments(outcomes: Outcomes, strategy: str, comparator: str) -> tuple[Floats, Floats]:
    """Effect and cost of a strategy minus those of the comparator in every draw, each of shape (sample,).

    Differences that rounding alone can explain are zero. Raises UsageError for an unknown name.
    """
    known = incremental(outcomes, comparator)
    i, j = (outcomes.strategies.index(known.row(name).strategy) for name in (strategy, comparator))
    return _difference(outcomes.effect, i, j), _difference(outcomes.cost, i, j)


def ellipse(
    run: Outcomes | HasOutcomes, strategy: str, comparator: str, level: float = 0.95, points: int = 121
) -> Floats:
    """Closed curve around the means that holds this share of the increments if these are jointly normal.

    Returns shape (points, 2): incremental effect and incremental cost, from the means and covariance of the draws and
    the chi-squared distribution with two degrees of freedom. Raises UsageError for an unknown name, a level that is not
    between 0 and 1, or fewer than two draws.
    """
    outcomes = outcomes_of(run)
    require_draws(outcomes)
    if not 0 < level < 1:
        raise UsageError(f"level {level}: give a share between 0 and 1, such as 0.95")
    effect, cost = increments(outcomes, strategy, comparator)
    across, up = effect.std(ddof=1), cost.std(ddof=1)
    mean_effect, mean_cost = effect.mean(), cost.mean()
    # The correlation is clipped because rounding can take it past 1; without a spread the curve is a line or a point.
    shared = (effect - mean_effect) @ (cost - mean_cost) / (len(effect) - 1)
    correlation = np.clip(shared / (across * up), -1.0, 1.0) if across > 0 and up > 0 else 0.0
    # The upper quantile of chi-squared with two degrees of freedom has this closed form.
    radius = np.sqrt(-2.0 * np.log1p(-level))
    angle = np.linspace(0.0, 2.0 * np.pi, points)
    turned = correlation * np.cos(angle) + np.sqrt(1.0 - correlation**2) * np.sin(angle)
    return np.column_stack([mean_effect + radius * across * np.cos(angle), mean_cost + radius * up * turned])


def incremental_benefit(
    run: Outcomes | HasOutcomes, comparator: str | None = None, thresholds: Thresholds = None
) -> IncrementalBenefit:
    """Incremental net monetary benefit of every strategy against the comparator along thresholds.

    comparator: by default the cheapest strategy on average. thresholds: as in `acceptability`. Raises UsageError for an
    unknown comparator, thresholds that are not amounts, or fewer than two draws.
    """
    outcomes = outcomes_of(run)
    require_draws(outcomes)
    grid = threshold_grid(outcomes, thresholds)
    against = incremental(outcomes, comparator).comparator
    j = outcomes.strategies.index(against)
    mean, low, high = np.zeros((3, len(grid), len(outcomes.strategies)))
    for i in range(len(outcomes.strategies)):
        if i == j:
            continue
        effect, cost = _difference(outcomes.effect, i, j), _difference(outcomes.cost, i, j)
        mean[:, i] = grid * effect.mean() - cost.mean()
        for row, threshold in enumerate(grid):
            low[row, i], high[row, i] = _interval(threshold * effect - cost)
    return IncrementalBenefit(outcomes, against, grid, mean, low, high)


def _contrast(outcomes: Outcomes, pair: Pair, comparator: str) -> Contrast | None:
    """A pair with the spread of its draws; None for the comparator against itself."""
    if pair.strategy == comparator:
        return None
    effect, cost = increments(outcomes, pair.strategy, comparator)
    quadrants = _quadrants(effect, cost)
    benefits = [threshold * effect - cost for threshold in outcomes.thresholds]
    slack = [TOLERANCE * max(np.abs(threshold * effect).max(), np.abs(cost).max()) for threshold in outcomes.thresholds]
    interval = None
    if {"NE": quadrants.ne, "SW": quadrants.sw}.get(pair.quadrant) == 1.0:
        interval = _interval(cost / effect)
    return Contrast(
        strategy=pair.strategy,
        label=pair.label,
        cost=_estimate(cost),
        effect=_estimate(effect),
        nmb=tuple(_estimate(benefit) for benefit in benefits),
        probability_cost_effective=tuple(map(_share_above, benefits, slack)),
        icer=pair.icer,
        icer_interval=interval,
        quadrant=pair.quadrant,
        quadrants=quadrants,
    )


def _quadrants(effect: Floats, cost: Floats) -> Quadrants:
    east, north = (np.heaviside(values, 0.5) for values in (effect, cost))
    parts = {"ne": east * north, "se": east * (1 - north), "sw": (1 - east) * (1 - north), "nw": (1 - east) * north}
    return Quadrants(**{name: float(part.mean()) for name, part in parts.items()})


def _difference(values: Floats, i: int, j: int) -> Floats:
    """Column i minus column j, zero where it is within rounding of the columns' own size."""
    difference = np.asarray(values[:, i] - values[:, j])
    difference[np.abs(difference) <= TOLERANCE * max(np.abs(values[:, i]).max(), np.abs(values[:, j]).max())] = 0.0
    return difference


def _share_above(values: Floats, slack: float) -> float:
    """Share of values above zero; those within rounding of zero count half."""
    return float(((values > slack).sum() + 0.5 * (np.abs(values) <= slack).sum()) / len(values))


def _estimate(values: Floats) -> Estimate:
    values = np.ascontiguousarray(values)
    return Estimate(float(values.mean()), *_interval(values), float(values.std(ddof=1) / np.sqrt(len(values))))


def _interval(values: Floats) -> tuple[float, float]:
    """2.5th and 97.5th percentile, linear between draws; sorting is faster here than a general quantile routine."""
    ordered = np.sort(values)
    low, high = np.interp(np.array(_INTERVAL) * (len(values) - 1), np.arange(len(values)), ordered)
    return float(low), float(high)


def _columns(name: str, estimate: Estimate) -> dict[str, float]:
    return {
        name: estimate.mean,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
        f"{name}_error": estimate.error,
    }


def require_draws(outcomes: Outcomes) -> None:
    """Raises UsageError for a deterministic run."""
    if len(outcomes.cost) < 2:
        raise UsageError("a single draw has no spread: run a probabilistic analysis of at least two")

"""Whether there were enough draws: running means of net benefit, their Monte Carlo error, and the decision's margin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cea.analysis.acceptability import Thresholds, threshold_grid
from cea.analysis.incremental import TOLERANCE, incremental
from cea.analysis.uncertainty import require_draws
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of

_POINTS = 100
_ERRORS = 2.0
"""A difference of more than this many Monte Carlo errors tells two strategies apart, with about 95 % confidence."""


@dataclass(frozen=True)
class Margin:
    """How far the best strategy stands above the runner-up, by expected net monetary benefit at one threshold.

    `difference` is the mean of the paired differences over draws, `error` its Monte Carlo standard error, both in
    currency per person. `needed` is the number of draws that would tell the two apart; None if their means are equal.
    """

    threshold: float
    best: str
    runner_up: str
    difference: float
    error: float
    draws: int
    needed: int | None

    @property
    def enough(self) -> bool:
        """Whether the draws tell the two apart."""
        return self.needed is not None and self.draws >= self.needed


@dataclass(frozen=True, eq=False)
class Convergence:
    """Running means over the first draws, in currency per person; arrays have shape (point, threshold, strategy).

    `draws` (point,) counts the draws behind each point, `nmb` is the mean net monetary benefit and `incremental_nmb`
    that against the comparator, each with the standard error of independent draws. `independent` is False for Latin
    hypercube and Sobol points, for which that error is conservative.
    """

    outcomes: Outcomes = field(repr=False)
    comparator: str
    thresholds: Floats
    draws: npt.NDArray[np.intp]
    nmb: Floats
    nmb_error: Floats
    incremental_nmb: Floats
    incremental_nmb_error: Floats
    margins: tuple[Margin, ...]
    independent: bool

    def frame(self) -> pd.DataFrame:
        """Tidy: draws, threshold, strategy, nmb, nmb_error, incremental_nmb, incremental_nmb_error."""
        names = np.asarray(self.outcomes.strategies, dtype=object)
        points, levels, _ = self.nmb.shape
        return pd.DataFrame(
            {
                "draws": np.repeat(self.draws, levels * len(names)),
                "threshold": np.tile(np.repeat(self.thresholds, len(names)), points),
                "strategy": np.tile(names, points * levels),
                "nmb": self.nmb.ravel(),
                "nmb_error": self.nmb_error.ravel(),
                "incremental_nmb": self.incremental_nmb.ravel(),
                "incremental_nmb_error": self.incremental_nmb_error.ravel(),
            }
        )

    def sentences(self, money: Callable[[float], str] | None = None) -> list[str]:
        """For each threshold, whether the draws tell the best strategy from the runner-up; how to read the error.

        money: how amounts are written; by default with the code of the currency.
        """
        said = [self._sentence(margin, money or self._money) for margin in self.margins]
        if said and not self.independent:
            said.append(
                "The Monte Carlo error is that of independent draws; Latin hypercube and Sobol points cover the inputs "
                "more evenly, so that as a rule the true error is smaller."
            )
        return said

    def _money(self, amount: float) -> str:
        return f"{self.outcomes.currency} {amount:,.0f}"

    def _sentence(self, margin: Margin, money: Callable[[float], str]) -> str:
        labels = dict(zip(self.outcomes.strategies, self.outcomes.labels, strict=True))
        best, next_best = labels[margin.best], labels[margin.runner_up]
        at = f"At {money(margin.threshold)} per {self.outcomes.effect_unit}"
        if margin.needed is None:
            return f"{at}, {best} and {next_best} have the same mean net benefit: no number of draws tells them apart."
        verdict = f"{margin.draws:,} draws are enough to tell them apart"
        if not margin.enough:
            needed = f"about {_rounded_up(margin.needed):,} are needed"
            verdict = f"{margin.draws:,} draws are too few to tell them apart, {needed}"
        return (
            f"{at}, {best} is ahead of {next_best} by {money(margin.difference)} a person on average, "
            f"with a Monte Carlo error of {money(margin.error)}: {verdict}."
        )


def convergence(
    run: Outcomes | HasOutcomes,
    thresholds: Thresholds = None,
    comparator: str | None = None,
    *,
    independent: bool = True,
) -> Convergence:
    """Running means at about 100 numbers of draws, evenly spaced on a log scale, and the margins at the last.

    thresholds: by default the model's. comparator: by default the cheapest strategy on average. independent: False when
    the draws are Latin hypercube or Sobol points. Raises UsageError for an unknown comparator, thresholds that are not
    amounts, or fewer than two draws.
    """
    outcomes = outcomes_of(run)
    require_draws(outcomes)
    samples = len(outcomes.cost)
    grid = threshold_grid(outcomes, outcomes.thresholds if thresholds is None else thresholds)
    against = incremental(outcomes, comparator).comparator
    draws = np.unique(np.geomspace(min(10, samples), samples, _POINTS).round().astype(np.intp))
    shape = (len(draws), len(grid), len(outcomes.strategies))
    nmb, nmb_error, extra, extra_error = (np.zeros(shape) for _ in range(4))
    for level, threshold in enumerate(grid):
        reference = _benefit(outcomes, threshold, outcomes.strategies.index(against))
        for i, name in enumerate(outcomes.strategies):
            benefit = _benefit(outcomes, threshold, i)
            nmb[:, level, i], nmb_error[:, level, i] = _running(benefit, draws)
            if name != against:
                extra[:, level, i], extra_error[:, level, i] = _running(benefit - reference, draws)
    margins = tuple(_margin(outcomes, float(threshold)) for threshold in grid if len(outcomes.strategies) > 1)
    return Convergence(outcomes, against, grid, draws, nmb, nmb_error, extra, extra_error, margins, independent)


def _benefit(outcomes: Outcomes, threshold: float, position: int) -> Floats:
    """Net monetary benefit of one strategy, shape (sample,)."""
    return np.asarray(threshold * outcomes.effect[:, position] - outcomes.cost[:, position])


def _running(values: Floats, draws: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Mean of the first draws and its standard error, at each number of draws.

    Sums run over deviations from the final mean, so that squares lose no digits.
    """
    centre = values.mean()
    deviations = values - centre
    starts = np.concatenate([[0], draws[:-1]])
    mean = np.cumsum(np.add.reduceat(deviations, starts)) / draws
    squares = np.cumsum(np.add.reduceat(deviations**2, starts))
    variance = np.maximum(squares / draws - mean**2, 0.0)
    return centre + mean, np.sqrt(variance / np.maximum(draws - 1, 1))


def _margin(outcomes: Outcomes, threshold: float) -> Margin:
    """The best strategy and the runner-up over all draws, as `Incremental.best` ranks them."""
    means = incremental(outcomes)
    best = means.best(threshold)
    others = [row for row in means.rows if row.strategy != best]
    second = max(others, key=lambda row: (threshold * row.effect - row.cost, row.effect, row.strategy)).strategy
    first, other = (_benefit(outcomes, threshold, outcomes.strategies.index(name)) for name in (best, second))
    samples = len(first)
    paired = first - other
    difference = float(paired.mean())
    error = float(paired.std(ddof=1) / math.sqrt(samples))
    equal = abs(difference) <= TOLERANCE * max(np.abs(first).max(), np.abs(other).max())
    needed = None if equal else max(2, math.ceil(samples * (_ERRORS * error / difference) ** 2))
    return Margin(threshold, best, second, 0.0 if equal else difference, error, samples, needed)


def _rounded_up(count: int) -> int:
    """A number of draws to two significant digits, upwards."""
    unit = int(10 ** max(len(str(count)) - 2, 0))
    return -(-count // unit) * unit

"""Which strategy to choose, and what is lost if it is the wrong one: acceptability curves, frontier, expected loss.

The frontier (CEAF) is the probability of the strategy with the highest EXPECTED net monetary benefit, which need not be
the one that is most often best (Fenwick, Claxton and Sculpher, Health Econ 2001;10(8):779-787, doi:10.1002/hec.635).
Expected loss curves, whose lower envelope is the expected value of perfect information: Alarid-Escudero and others,
Value Health 2019;22(5), PMC6530578.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cea.analysis.incremental import TOLERANCE, incremental
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of
from cea.errors import UsageError

Thresholds = Iterable[float] | float | None

_STEPS = 100
_BLOCK = 8192
"""Draws worked on at once: few enough to stay in cache, fixed so that sums never depend on the machine."""


@dataclass(frozen=True, eq=False)
class Acceptability:
    """Decision uncertainty along thresholds; arrays have shape (threshold, strategy), money is per person.

    `probability` of being most cost-effective (CEAC), `expected_nmb`, `expected_loss` (mean of the benefit forgone by
    not taking, in each draw, the strategy that is best there) with its Monte Carlo error `loss_error`, and `best`, the
    position of the strategy with the highest expected net monetary benefit, shape (threshold,).
    """

    outcomes: Outcomes = field(repr=False)
    thresholds: Floats
    probability: Floats
    expected_nmb: Floats
    expected_loss: Floats
    loss_error: Floats
    best: npt.NDArray[np.intp]

    @property
    def frontier(self) -> Floats:
        """Probability that the strategy with the highest expected benefit is best (CEAF), shape (threshold,)."""
        return np.asarray(self.probability[np.arange(len(self.thresholds)), self.best])

    @property
    def evpi(self) -> Floats:
        """Expected value of perfect information per person, the least expected loss, shape (threshold,)."""
        return np.asarray(self.expected_loss.min(axis=1))

    @property
    def evpi_error(self) -> Floats:
        """Monte Carlo error of the expected value of perfect information, shape (threshold,)."""
        return np.asarray(self.loss_error[np.arange(len(self.thresholds)), self.expected_loss.argmin(axis=1)])

    def frame(self) -> pd.DataFrame:
        """Tidy: threshold, strategy, probability, expected_nmb, expected_loss, loss_error, best (bool)."""
        rows, names = len(self.thresholds), self.outcomes.strategies
        return pd.DataFrame(
            {
                "threshold": np.repeat(self.thresholds, len(names)),
                "strategy": np.tile(np.asarray(names, dtype=object), rows),
                "probability": self.probability.ravel(),
                "expected_nmb": self.expected_nmb.ravel(),
                "expected_loss": self.expected_loss.ravel(),
                "loss_error": self.loss_error.ravel(),
                "best": (self.best[:, None] == np.arange(len(names))).ravel(),
            }
        )

    def frontier_frame(self) -> pd.DataFrame:
        """One row a threshold: threshold, strategy (highest expected benefit), probability, evpi, evpi_error."""
        return pd.DataFrame(
            {
                "threshold": self.thresholds,
                "strategy": [self.outcomes.strategies[i] for i in self.best],
                "probability": self.frontier,
                "evpi": self.evpi,
                "evpi_error": self.evpi_error,
            }
        )


def acceptability(run: Outcomes | HasOutcomes, thresholds: Thresholds = None) -> Acceptability:
    """Probabilities, expected benefit and loss of every strategy at every threshold.

    run: outcomes, or results that carry them. thresholds: in currency per unit of effect; sorted, each taken once. By
    default 101 from zero to twice the highest of the model's, with the model's own among them. Strategies that tie in a
    draw (within rounding) share it equally, so the probabilities at a threshold sum to 1. Raises UsageError for
    thresholds that are not amounts.
    """
    outcomes = outcomes_of(run)
    grid = threshold_grid(outcomes, thresholds)
    means = incremental(outcomes)
    names = outcomes.strategies
    cost, effect = np.array([(row.cost, row.effect) for row in means.rows]).T
    samples = len(outcomes.cost)
    wins, loss, squares = _tally(outcomes, grid)
    expected_loss = loss / samples
    spread = np.maximum(squares / samples - expected_loss**2, 0.0)
    return Acceptability(
        outcomes=outcomes,
        thresholds=grid,
        probability=wins / samples,
        expected_nmb=grid[:, None] * effect - cost,
        expected_loss=expected_loss,
        loss_error=np.sqrt(spread / max(samples - 1, 1)),
        best=np.array([names.index(means.best(float(threshold))) for threshold in grid], dtype=np.intp),
    )


def threshold_grid(outcomes: Outcomes, thresholds: Thresholds = None) -> Floats:
    """The thresholds of a curve, ascending, each once: those given, or the default that `acceptability` describes.

    Raises UsageError unless there is at least one and all are finite amounts not below zero.
    """
    own = np.unique(np.array([*outcomes.thresholds, outcomes.threshold], dtype=np.float64))
    if thresholds is not None:
        return _amounts(thresholds, outcomes)
    steps = np.linspace(0.0, 2.0 * own[-1], _STEPS + 1)
    # A step that rounding alone sets apart from a threshold of the model gives way to it.
    apart = np.abs(steps[:, None] - own).min(axis=1) > TOLERANCE * own[-1]
    return np.sort(np.concatenate([steps[apart], own]))


def _amounts(thresholds: Iterable[float] | float, outcomes: Outcomes) -> Floats:
    given = thresholds if isinstance(thresholds, Iterable) else [thresholds]
    remedy = f"give amounts in {outcomes.currency} per {outcomes.effect_unit}, none below zero"
    try:
        amounts = np.unique(np.array(list(given), dtype=np.float64))
    except (TypeError, ValueError):
        raise UsageError(f"thresholds are not all numbers: {remedy}") from None
    if amounts.ndim != 1 or not len(amounts):
        raise UsageError(f"there are no thresholds: {remedy}")
    wrong = amounts[~(np.isfinite(amounts) & (amounts >= 0))]
    if len(wrong):
        raise UsageError(f"threshold {wrong[0]:g}: {remedy}")
    return amounts


def _tally(outcomes: Outcomes, thresholds: Floats) -> tuple[Floats, Floats, Floats]:
    """Draws won, and sums over draws of the loss and of its square; each of shape (threshold, strategy)."""
    samples, strategies = outcomes.cost.shape
    wins, loss, squares = np.zeros((3, len(thresholds), strategies))
    slack = TOLERANCE * (thresholds * np.abs(outcomes.effect).max() + np.abs(outcomes.cost).max())
    for start in range(0, samples, _BLOCK):
        block = slice(start, start + _BLOCK)
        cost, effect = (np.ascontiguousarray(values[block].T) for values in (outcomes.cost, outcomes.effect))
        for row, threshold in enumerate(thresholds):
            forgone = threshold * effect
            forgone -= cost
            np.subtract(forgone.max(axis=0), forgone, out=forgone)
            winners = forgone <= slack[row]
            sharing = np.count_nonzero(winners, axis=0)
            if sharing.max() == 1:
                wins[row] += np.count_nonzero(winners, axis=1)
            else:
                wins[row] += (winners / sharing).sum(axis=1)
            loss[row] += forgone.sum(axis=1)
            squares[row] += np.einsum("ij,ij->i", forgone, forgone)
    return wins, loss, squares

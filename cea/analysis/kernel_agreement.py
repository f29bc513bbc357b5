"""How far the fast engine of the draws is from the engine that runs one case with plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cea.engine.markov import Floats
from cea.engine.psa import run_draws
from cea.engine.results import run
from cea.engine.sampling import sample
from cea.model.definition import Model

TOLERANCE = 1e-9
"""Relative difference up to which two engines agree: rounding over the cycles of a run."""


@dataclass(frozen=True)
class Agreement:
    """The largest relative differences of costs and effects over draws and strategies."""

    n: int
    cost: float
    effect: float

    @property
    def passed(self) -> bool:
        """Whether both are within rounding."""
        return max(self.cost, self.effect) <= TOLERANCE


def agreement(model: Model, perspective: str | None = None, n: int = 50, seed: int = 1) -> Agreement:
    """Both engines on the same draws. Raises InputError where a draw is not possible, UsageError as `sample` does."""
    draws = sample(model, n, seed)
    fast = run_draws(model, draws, perspective).outcomes
    plain = run(model, perspective, draws.mapping()).outcomes
    return Agreement(n, _gap(fast.cost, plain.cost), _gap(fast.effect, plain.effect))


def _gap(one: Floats, other: Floats) -> float:
    """The largest difference, relative to the larger of the two; absolute below one."""
    size: npt.NDArray[np.float64] = np.maximum(np.maximum(np.abs(one), np.abs(other)), 1.0)
    return float((np.abs(one - other) / size).max())

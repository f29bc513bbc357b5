"""The best values of calibrated parameters: least squares from many starts, and which of the optima are distinct.

Parameters are handled as normal scores: a parameter's prior turned into a standard normal. Priors and targets are then
residuals alike, and half their sum of squares is minus the log of the posterior density, but for a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules at first use

Floats = npt.NDArray[np.float64]
Residuals = Callable[[Floats], Floats]
"""Scores (point, parameter) to the residuals of the targets in standard errors, (point, target); NaN: not possible."""

STEP = 1e-4
"""Of the central differences, in standard deviations of the prior."""

APART = 0.05
"""Optima closer than this, in posterior standard deviations, are one."""

_REACH = 1.5
"""Standard deviations of the prior over which starts are spread."""
_IMPOSSIBLE = 1e3
_ATTEMPTS = 4
_STEP_OFF = 0.1
"""Step from an optimum to see whether it is one, in posterior standard deviations."""
_LIMIT = 8.0
"""Beyond this many standard deviations of its prior no parameter goes."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """A best point: scores (parameter,), their covariance by Laplace's approximation, and how many starts led there.

    `log_density` is that of the posterior, up to a constant; `log_mass` approximates the share of the posterior around
    the point in the same sense.
    """

    scores: Floats
    covariance: Floats
    log_density: float
    starts: int

    @property
    def log_mass(self) -> float:
        """Log of the posterior mass around the point, up to the same constant for all optima."""
        return self.log_density + float(np.linalg.slogdet(self.covariance)[1]) / 2


def find_optima(residuals: Residuals, parameters: int, starts: int, seed: int) -> list[Optimum]:
    """Optima from the medians of the priors and `starts - 1` further points, the best one first.

    Raises ValueError where no start leads anywhere.
    """
    points = scipy.stats.qmc.LatinHypercube(parameters, rng=np.random.default_rng(seed)).random(max(starts - 1, 0))
    found: list[Optimum] = []
    for start in (np.zeros(parameters), *scipy.special.ndtri(points) * _REACH):
        optimum = _from(residuals, np.clip(start, -_LIMIT / 2, _LIMIT / 2))
        if optimum is None:
            continue
        for at, other in enumerate(found):
            away = optimum.scores - other.scores
            if away @ np.linalg.solve(other.covariance, away) < APART**2:
                better = max(optimum, other, key=lambda item: item.log_density)
                found[at] = Optimum(better.scores, better.covariance, better.log_density, other.starts + 1)
                break
        else:
            found.append(optimum)
    if not found:
        raise ValueError("no start leads to values that are possible")
    return sorted(found, key=lambda item: -item.log_density)


def _from(residuals: Residuals, start: Floats) -> Optimum | None:
    """Where least squares ends from a start; None where that is no point inside the limits."""
    parameters = len(start)

    def squares(points: Floats) -> Floats:
        """Residuals of priors and targets, (point, parameter + target)."""
        return np.hstack([points, np.nan_to_num(residuals(points), nan=_IMPOSSIBLE)])

    def one(scores: Floats) -> Floats:
        return np.asarray(squares(scores[np.newaxis])[0], dtype=np.float64)

    def slopes(scores: Floats) -> Floats:
        steps = STEP * np.eye(parameters)
        moved = squares(np.concatenate([scores + steps, scores - steps]))
        return np.asarray((moved[:parameters] - moved[parameters:]).T / (2 * STEP))

    for _ in range(_ATTEMPTS):
        end = scipy.optimize.least_squares(
            one, start, jac=slopes, bounds=(-_LIMIT, _LIMIT), xtol=1e-10, ftol=1e-12, gtol=1e-10, max_nfev=200
        )
        if not end.success or np.abs(end.fun).max() >= _IMPOSSIBLE:
            return None
        jacobian = np.asarray(end.jac, dtype=np.float64)
        covariance = np.linalg.inv(jacobian.T @ jacobian)
        # At a saddle the slopes vanish as well: a small step shows whether there is a way down.
        steps = _STEP_OFF * np.linalg.cholesky((covariance + covariance.T) / 2).T
        around = np.concatenate([end.x + steps, end.x - steps])
        costs = np.square(squares(around)).sum(axis=1) / 2
        if costs.min() >= end.cost:
            return Optimum(end.x, (covariance + covariance.T) / 2, -float(end.cost), 1)
        start = np.clip(around[int(costs.argmin())], -_LIMIT / 2, _LIMIT / 2)
    return None

"""Random-effects meta-analysis of estimates with known standard errors: the mean effect, how studies scatter about it.

Study i has the estimate y_i with variance v_i and the true effect theta_i ~ N(mu, tau^2); its weight is
1 / (v_i + tau^2). tau^2 is estimated by restricted maximum likelihood (REML; Viechtbauer, J Educ Behav Stat
2005;30:261) or by moments (DL; DerSimonian and Laird, Control Clin Trials 1986;7:177).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtrc, ndtri, stdtrit

Floats = npt.NDArray[np.float64]
Estimator = Literal["reml", "dl"]
IntervalKind = Literal["normal", "hartung_knapp", "prediction", "prediction_normal"]

Z = float(ndtri(0.975))
"""The normal quantile of 95 % intervals."""

_GRID = np.linspace(0.0, 1.0, 200) ** 3
"""Where the restricted likelihood is looked at first, as shares of a generous upper limit."""
_ROUNDS = 5


@dataclass(frozen=True)
class Pooled:
    """Studies pooled with a given tau^2.

    effects, variances: shape (study,), on the scale that is pooled (the log of a ratio) and its square.
    """

    estimator: Estimator
    effects: Floats
    variances: Floats
    tau2: float

    @property
    def k(self) -> int:
        """The number of studies."""
        return len(self.effects)

    @cached_property
    def shares(self) -> Floats:
        """The studies' weights, shape (study,), which sum to 1."""
        weights = 1 / (self.variances + self.tau2)
        return np.asarray(weights / weights.sum())

    @cached_property
    def effect(self) -> float:
        """The mean effect mu."""
        return float(self.shares @ self.effects)

    @cached_property
    def se(self) -> float:
        """The standard error of mu, as if tau^2 were known."""
        return float((1 / (self.variances + self.tau2)).sum() ** -0.5)

    @property
    def tau(self) -> float:
        """The standard deviation of true effects between studies."""
        return math.sqrt(self.tau2)

    @cached_property
    def q(self) -> float:
        """Cochran's Q: the weighted squared distances from the fixed-effect mean."""
        return _q(self.effects, self.variances)

    @property
    def q_p(self) -> float:
        """The probability of a Q at least as large where studies do not differ; NaN for one study."""
        return float(chdtrc(self.k - 1, self.q)) if self.k > 1 else math.nan

    @property
    def i2(self) -> float:
        """The share of the scatter that is not chance, max(0, (Q - (k - 1)) / Q) (Higgins and Thompson 2002)."""
        return max(0.0, (self.q - (self.k - 1)) / self.q) if self.q > 0 else 0.0

    @cached_property
    def hk_factor(self) -> float:
        """Hartung-Knapp's q: how the studies scatter about mu against what their weights say; NaN for one study."""
        if self.k < 2:
            return math.nan
        scatter = (self.effects - self.effect) ** 2 / (self.variances + self.tau2)
        return float(scatter.sum() / (self.k - 1))

    @property
    def hk_se(self) -> float:
        """The Hartung-Knapp standard error, sqrt(max(1, q)) times `se`; NaN for one study.

        Where few studies happen to agree q is below 1 and would make the standard error smaller than the usual one; it
        is held at 1 (the ad hoc guard of Knapp and Hartung, Stat Med 2003;22:2693).
        """
        return math.sqrt(max(1.0, self.hk_factor)) * self.se if self.k > 1 else math.nan

    def interval(self, kind: IntervalKind) -> tuple[float, float]:
        """A 95 % interval, NaN where there are too few studies for one.

        normal: mu -+ z se; hartung_knapp: mu -+ t(k - 1) hk_se, from two studies on. Of the true effect in another
        study, from three studies on: prediction: mu -+ t(k - 1) sqrt(tau^2 + hk_se^2); prediction_normal: mu -+ z
        sqrt(tau^2 + se^2), which takes tau^2 for known.
        """
        half = self.half_width(kind)
        return self.effect - half, self.effect + half

    def half_width(self, kind: IntervalKind) -> float:
        """Half the length of `interval`."""
        if kind == "normal":
            return Z * self.se
        if self.k < (2 if kind == "hartung_knapp" else 3):
            return math.nan
        if kind == "prediction_normal":
            return Z * math.sqrt(self.tau2 + self.se**2)
        quantile = float(stdtrit(self.k - 1, 0.975))
        between = 0.0 if kind == "hartung_knapp" else self.tau2
        return quantile * math.sqrt(between + self.hk_se**2)


def pool(effects: npt.ArrayLike, variances: npt.ArrayLike, estimator: Estimator = "reml") -> Pooled:
    """Pools estimates, shape (study,), with their variances, all above zero. One study is taken as it is.

    Raises ValueError for no studies, shapes that differ, and values that are not finite or variances not above zero.
    """
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if y.ndim != 1 or y.shape != v.shape or not len(y):
        raise ValueError("effects and variances are lists of the same length, of at least one study")
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise ValueError("effects are finite, and variances finite and above zero")
    return Pooled(estimator, y, v, _reml(y, v) if estimator == "reml" else _moments(y, v))


def restricted_log_likelihood(tau2: npt.ArrayLike, effects: Floats, variances: Floats) -> Floats:
    """The restricted log-likelihood of tau^2, shape of `tau2`, without its constant; mu is integrated out."""
    total = variances + np.asarray(tau2, dtype=np.float64)[..., None]
    weights = 1 / total
    mean = (weights * effects).sum(-1) / weights.sum(-1)
    squares = (weights * (effects - mean[..., None]) ** 2).sum(-1)
    return np.asarray(-0.5 * (np.log(total).sum(-1) + np.log(weights.sum(-1)) + squares))


def _reml(y: Floats, v: Floats) -> float:
    """The tau^2 at the highest restricted likelihood: the best of a grid, then the root of the slope beside it."""
    grid = len(y) * float(np.ptp(y)) ** 2 * _GRID
    best = 0
    for _ in range(_ROUNDS):
        best = int(restricted_log_likelihood(grid, y, v).argmax())
        low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
        if best == 0 and _slope(low, y, v) <= 0:
            break
        if _slope(low, y, v) > 0 > _slope(high, y, v):
            return float(brentq(_slope, low, high, args=(y, v), xtol=1e-15, rtol=1e-13))
        grid = np.linspace(low, high, len(grid))  # several peaks close to each other
    return float(grid[best])


def _slope(tau2: float, y: Floats, v: Floats) -> float:
    """The derivative of the restricted log-likelihood."""
    w = 1 / (v + tau2)
    mean = (w @ y) / w.sum()
    return float(0.5 * ((w**2) @ (y - mean) ** 2 - w.sum() + (w @ w) / w.sum()))


def _moments(y: Floats, v: Floats) -> float:
    """The tau^2 at which Q is what is expected of it."""
    w = 1 / v
    spare = w.sum() - (w @ w) / w.sum()
    return max(0.0, float((_q(y, v) - (len(y) - 1)) / spare)) if len(y) > 1 else 0.0


def _q(y: Floats, v: Floats) -> float:
    w = 1 / v
    return float(w @ (y - (w @ y) / w.sum()) ** 2)

"""Distributions of parameters that are drawn together: shares of a Dirichlet group and columns of joint draws."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cea.model.families import Beta, Share
from cea.model.univariate import Distribution, DistributionError, Floats, require, require_positive


@dataclass(frozen=True)
class Dirichlet(Share):
    """One share of the Dirichlet group `group`; by itself it is beta(alpha, total - alpha).

    `total` is the sum of the group's alphas, known once all its members are read; moments and quantiles raise
    DistributionError before. They are those of the share by itself: shares that sum to 1 are drawn for the whole group,
    as independent gamma(alpha, 1) draws divided by their sum (Devroye, Non-Uniform Random Variate Generation, 1986).
    """

    family: ClassVar[str] = "dirichlet"
    group: str
    alpha: float
    total: float | None = None

    def __post_init__(self) -> None:
        require(math.isfinite(self.alpha), f"alpha is {self.alpha:g}", "alpha", "write a finite number")
        self._check()

    def with_total(self, total: float) -> Dirichlet:
        """The same share in a group whose alphas sum to `total`."""
        return replace(self, total=total)

    @property
    def marginal(self) -> Beta:
        """The distribution of the share by itself."""
        if self.total is None:
            remedy = "give the group at least two members before asking for its shares"
            raise DistributionError(f"the alphas of group {self.group} are not summed yet", "group", remedy)
        return Beta(self.alpha, self.total - self.alpha)

    @property
    def mean(self) -> float:
        return self.marginal.mean

    @property
    def sd(self) -> float:
        return self.marginal.sd

    def parameters(self) -> dict[str, float]:
        return {"alpha": self.alpha} | ({} if self.total is None else {"total": self.total})

    def describe(self) -> str:
        of = "" if self.total is None else f" of {self.total:.6g}"
        return f"dirichlet({self.group}, alpha {self.alpha:.6g}{of})"

    def _check(self) -> None:
        require_positive("alpha", self.alpha)
        if self.total is not None:
            what = f"alpha {self.alpha:g} is not below {self.total:g}, the sum of group {self.group}"
            require(self.alpha < self.total < math.inf, what, "alpha", "give the group at least two members")

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return self.marginal.ppf(u)

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return self.marginal.cdf(x)

    def _moved(self, old: float, new: float) -> Dirichlet:
        """Scales alpha, so that a group moved as a whole from shares that sum to 1 to others keeps its total."""
        self.require_shares(old, new)
        return replace(self, alpha=self.alpha * (new / old))


@dataclass(frozen=True, eq=False)
class Empirical(Distribution):
    """Observed draws, each as likely as the others: quantiles are the inverse of their step function.

    `draws` has shape (draw,); it is kept sorted and read-only.
    """

    family: ClassVar[str] = "empirical"
    draws: Floats

    def __post_init__(self) -> None:
        draws = np.sort(np.asarray(self.draws, dtype=np.float64), axis=None)
        what = "the draws are not a column of finite numbers"
        remedy = "give at least one draw, all of them finite"
        require(np.ndim(self.draws) == 1 and draws.size > 0 and bool(np.isfinite(draws).all()), what, "draws", remedy)
        draws.flags.writeable = False
        object.__setattr__(self, "draws", draws)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Empirical) and np.array_equal(self.draws, other.draws)

    def __hash__(self) -> int:
        return hash(self.draws.tobytes())

    @property
    def mean(self) -> float:
        return float(self.draws.mean())

    @property
    def sd(self) -> float:
        return float(self.draws.std())

    @property
    def support(self) -> tuple[float, float]:
        return float(self.draws[0]), float(self.draws[-1])

    def parameters(self) -> dict[str, float]:
        return {}

    def describe(self) -> str:
        low, high = self.support
        return f"empirical({self.draws.size} draws from {low:.6g} to {high:.6g})"

    def _check(self) -> None:
        """Checked as the draws are sorted."""

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        steps = np.arange(1, self.draws.size + 1) / self.draws.size
        return self.draws[np.searchsorted(steps, u, side="left")]

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return np.searchsorted(self.draws, x, side="right") / self.draws.size

    def _moved(self, old: float, new: float) -> Empirical:
        return Empirical(self.draws * self._ratio(old, new))

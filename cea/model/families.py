"""The families of distributions: what each one is. How one is written down in a model is in `distributions`.

Parametrisations and closed forms: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions, 2nd ed.
(1994-95); use in decision models: Briggs, Claxton and Sculpher, Decision Modelling for Health Economic Evaluation
(2006), chapter 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy  # loads scipy.special at first use, a third of a second that most starts can do without

from cea.model.univariate import Distribution, Floats, require, require_positive

_SPREAD = "write a number above zero, or `family: fixed` if there is no uncertainty"


class _Positive(Distribution):
    """A family on 0 to infinity."""

    @property
    def support(self) -> tuple[float, float]:
        return 0.0, math.inf


class Share(Distribution):
    """A family on 0 to 1."""

    @property
    def support(self) -> tuple[float, float]:
        return 0.0, 1.0

    def require_shares(self, old: float, new: float) -> None:
        """Raises DistributionError unless both are inside 0 to 1: nothing else can be moved from and to."""
        what = f"cannot move {self.describe()} from {old:g} to {new:g}: a {self.family} lies between 0 and 1"
        remedy = "write a value between 0 and 1, or give the new value its own distribution"
        require(0 < old < 1 and 0 < new < 1, what, "value", remedy)


@dataclass(frozen=True)
class Fixed(Distribution):
    """No uncertainty: always `value`."""

    family: ClassVar[str] = "fixed"
    value: float

    @property
    def mean(self) -> float:
        return self.value

    @property
    def sd(self) -> float:
        return 0.0

    @property
    def support(self) -> tuple[float, float]:
        return self.value, self.value

    def _check(self) -> None:
        """Every finite value will do."""

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return np.full(u.shape, self.value)

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return x >= self.value

    def _moved(self, old: float, new: float) -> Fixed:
        return Fixed(new)


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal with mean `mu` and standard deviation `sigma`."""

    family: ClassVar[str] = "normal"
    mu: float
    sigma: float

    @property
    def mean(self) -> float:
        return self.mu

    @property
    def sd(self) -> float:
        return self.sigma

    @property
    def support(self) -> tuple[float, float]:
        return -math.inf, math.inf

    def parameters(self) -> dict[str, float]:
        return {"mean": self.mu, "sd": self.sigma}

    def _check(self) -> None:
        require_positive("sd", self.sigma, _SPREAD)

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return self.mu + self.sigma * scipy.special.ndtri(u)

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return scipy.special.ndtr((x - self.mu) / self.sigma)

    def _moved(self, old: float, new: float) -> Normal:
        return replace(self, mu=self.mu + (new - old))


@dataclass(frozen=True)
class Lognormal(_Positive):
    """The exponential of a normal with mean `meanlog` and standard deviation `sdlog`."""

    family: ClassVar[str] = "lognormal"
    meanlog: float
    sdlog: float

    @property
    def mean(self) -> float:
        return math.exp(self.meanlog + self.sdlog * self.sdlog / 2)

    @property
    def median(self) -> float:
        return math.exp(self.meanlog)

    @property
    def sd(self) -> float:
        return self.mean * math.sqrt(math.expm1(self.sdlog * self.sdlog))

    def describe(self) -> str:
        return f"lognormal(median {self.median:.6g}, sdlog {self.sdlog:.6g})"

    def _check(self) -> None:
        require_positive("sdlog", self.sdlog, _SPREAD)

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return np.exp(self.meanlog + self.sdlog * scipy.special.ndtri(u))

    def _probability(self, x: Floats) -> npt.ArrayLike:
        with np.errstate(divide="ignore"):
            return scipy.special.ndtr((np.log(np.maximum(x, 0.0)) - self.meanlog) / self.sdlog)

    def _moved(self, old: float, new: float) -> Lognormal:
        return replace(self, meanlog=self.meanlog + math.log(self._ratio(old, new)))


@dataclass(frozen=True)
class Gamma(_Positive):
    """Gamma with mean `shape * scale`."""

    family: ClassVar[str] = "gamma"
    shape: float
    scale: float

    @property
    def mean(self) -> float:
        return self.shape * self.scale

    @property
    def sd(self) -> float:
        return math.sqrt(self.shape) * self.scale

    def _check(self) -> None:
        require_positive("shape", self.shape)
        require_positive("scale", self.scale)

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return self.scale * scipy.special.gammaincinv(self.shape, u)

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return scipy.special.gammainc(self.shape, np.maximum(x, 0.0) / self.scale)

    def _moved(self, old: float, new: float) -> Gamma:
        return replace(self, scale=self.scale * self._ratio(old, new))


@dataclass(frozen=True)
class Beta(Share):
    """Beta on 0 to 1 with mean `alpha / (alpha + beta)`."""

    family: ClassVar[str] = "beta"
    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    @property
    def sd(self) -> float:
        total = self.alpha + self.beta
        return math.sqrt(self.alpha / total * (self.beta / total) / (total + 1))

    def _check(self) -> None:
        require_positive("alpha", self.alpha)
        require_positive("beta", self.beta)

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return scipy.special.betaincinv(self.alpha, self.beta, u)

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return scipy.special.betainc(self.alpha, self.beta, np.clip(x, 0.0, 1.0))

    def _moved(self, old: float, new: float) -> Beta:
        """Keeps alpha + beta; the odds of mean or median change by the ratio of the new odds to the old."""
        self.require_shares(old, new)
        total = self.alpha + self.beta
        centre = self.centre(old)
        value = self.mean if centre == "mean" else self.median
        remedy = "give the new value its own distribution"
        require(0 < value < 1, f"the {centre} of {self.describe()} is too near 0 or 1 to move", "value", remedy)
        odds = value / (1 - value) * (new / (1 - new)) / (old / (1 - old))
        target = odds / (1 + odds)
        alpha = total * target if centre == "mean" else _alpha_of_median(target, total)
        return Beta(alpha, total - alpha)


def _alpha_of_median(median: float, total: float) -> float:
    """The alpha for which beta(alpha, total - alpha) has this median; the median rises with alpha."""

    def excess(alpha: float) -> float:
        return float(scipy.special.betainc(alpha, total - alpha, median)) - 0.5

    edge = 1e-12
    low, high = total * edge, total * (1 - edge)
    remedy = "give the new value its own distribution"
    what = f"no beta with alpha + beta = {total:g} has the median {median:g}"
    require(excess(low) > 0 > excess(high), what, "value", remedy)
    return float(scipy.optimize.brentq(excess, low, high, xtol=total * 1e-15))


class _Bounded(Distribution):
    """A family between two limits of its own."""

    min: float
    max: float

    @property
    def support(self) -> tuple[float, float]:
        return self.min, self.max

    def _check(self) -> None:
        what = f"min {self.min:g} is not below max {self.max:g}"
        require(self.min < self.max, what, "min", "write min below max (or `family: fixed` if they are the same)")
        mode = self.parameters().get("mode", self.min)
        what = f"mode {mode:g} lies outside min {self.min:g} to max {self.max:g}"
        require(self.min <= mode <= self.max, what, "mode", "write min <= mode <= max")

    def _moved(self, old: float, new: float) -> Self:
        ratio = self._ratio(old, new)
        return type(self)(**{name: number * ratio for name, number in self.parameters().items()})


@dataclass(frozen=True)
class Uniform(_Bounded):
    """Equal density between `min` and `max`."""

    family: ClassVar[str] = "uniform"
    min: float
    max: float

    @property
    def mean(self) -> float:
        return self.min + (self.max - self.min) / 2

    @property
    def sd(self) -> float:
        return (self.max - self.min) / math.sqrt(12)

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return self.min + (self.max - self.min) * u

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return np.clip((x - self.min) / (self.max - self.min), 0.0, 1.0)


@dataclass(frozen=True)
class Triangular(_Bounded):
    """Density rising straight from `min` to `mode` and falling straight to `max`."""

    family: ClassVar[str] = "triangular"
    min: float
    mode: float
    max: float

    @property
    def mean(self) -> float:
        return self.min + ((self.mode - self.min) + (self.max - self.min)) / 3

    @property
    def sd(self) -> float:
        rise, fall = self.mode - self.min, self.max - self.mode
        return math.sqrt((rise * rise + rise * fall + fall * fall) / 18)

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        width, rise, fall = self.max - self.min, self.mode - self.min, self.max - self.mode
        # The two halves are held on their own side of the mode, where rounding could make them cross.
        lower = np.minimum(self.min + np.sqrt(u * width * rise), self.mode)
        upper = np.maximum(self.max - np.sqrt((1 - u) * width * fall), self.mode)
        return np.where(u * width < rise, lower, upper)

    def _probability(self, x: Floats) -> npt.ArrayLike:
        width, rise, fall = self.max - self.min, self.mode - self.min, self.max - self.mode
        below, above = np.clip(x - self.min, 0.0, rise), np.clip(self.max - x, 0.0, fall)
        # A side without width holds no probability.
        lower = below**2 / (width * rise) if rise > 0 else np.zeros_like(x)
        upper = 1 - above**2 / (width * fall) if fall > 0 else np.ones_like(x)
        return np.where(x < self.mode, lower, upper)


@dataclass(frozen=True)
class Pert(_Bounded):
    """Beta-PERT: a beta stretched over `min` to `max` whose mean weighs the mode four times.

    Malcolm, Roseboom, Clark and Fazar, Operations Research 7 (1959) 646-669; as a beta with alpha + beta = 6: Vose,
    Risk Analysis, 3rd ed. (2008).
    """

    family: ClassVar[str] = "pert"
    min: float
    mode: float
    max: float

    @property
    def stretched(self) -> Beta:
        """The beta on 0 to 1 that `min + (max - min) * beta` stretches."""
        width = self.max - self.min
        return Beta(1 + 4 * ((self.mode - self.min) / width), 1 + 4 * ((self.max - self.mode) / width))

    @property
    def mean(self) -> float:
        return self.min + (self.max - self.min) * self.stretched.mean

    @property
    def sd(self) -> float:
        return (self.max - self.min) * self.stretched.sd

    def _quantile(self, u: Floats) -> npt.ArrayLike:
        return self.min + (self.max - self.min) * self.stretched.ppf(u)

    def _probability(self, x: Floats) -> npt.ArrayLike:
        return self.stretched.cdf((x - self.min) / (self.max - self.min))

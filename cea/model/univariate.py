"""What every distribution can do, and how one that does not exist is reported.

Every draw comes from the unit cube through `ppf`, so that random, Latin hypercube and Sobol points share one path.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import fields
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class DistributionError(ValueError):
    """A distribution that does not exist: what is wrong, under which key of its description, what would be right."""

    def __init__(self, what: str, key: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.key = key
        self.remedy = remedy


def require(holds: bool, what: str, key: str, remedy: str) -> None:
    """Raise DistributionError unless the condition holds."""
    if not holds:
        raise DistributionError(what, key, remedy)


def require_positive(key: str, value: float, remedy: str = "write a number above zero") -> None:
    """Raise DistributionError unless the value is above zero."""
    require(value > 0, f"{key} must be above zero, not {value:g}", key, remedy)


class Distribution(ABC):
    """A univariate distribution, in the unit of the parameter that has it.

    Raises DistributionError on construction when its parameters are not finite, outside their domain, or so extreme
    that mean or standard deviation are not finite numbers.
    """

    family: ClassVar[str]

    def __post_init__(self) -> None:
        for key, value in self.parameters().items():
            require(math.isfinite(value), f"{key} is {value:g}", key, "write a finite number")
        self._check()
        try:
            finite = math.isfinite(self.mean) and math.isfinite(self.sd)
        except OverflowError:
            finite = False
        if not finite:
            given = " and ".join(f"{key} {value:g}" for key, value in self.parameters().items())
            what = f"with {given} the mean or the SD of a {self.family} is not a finite number"
            raise DistributionError(what, next(reversed(self.parameters())), "write less extreme parameters")

    @property
    @abstractmethod
    def mean(self) -> float:
        """The expected value."""

    @property
    @abstractmethod
    def sd(self) -> float:
        """The standard deviation."""

    @property
    def median(self) -> float:
        """The value that half of the probability lies below."""
        return float(self.ppf(np.asarray(0.5)))

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The lowest and the highest possible value, infinite where there is none."""

    def ppf(self, u: npt.ArrayLike) -> Floats:
        """Quantiles of the probabilities `u` (any shape, strictly between 0 and 1), rising with u.

        Raises ValueError when a probability is not strictly between 0 and 1.
        """
        probability = np.asarray(u, dtype=np.float64)
        if not np.all((probability > 0) & (probability < 1)):
            raise ValueError("quantiles need probabilities strictly between 0 and 1")
        # Rounding can put a quantile one step outside the support.
        return np.asarray(np.clip(self._quantile(probability), *self.support), dtype=np.float64)

    def cdf(self, x: npt.ArrayLike) -> Floats:
        """Probability of a value at or below `x` (any shape)."""
        return np.asarray(self._probability(np.asarray(x, dtype=np.float64)), dtype=np.float64)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The central interval that holds the share `level` of the probability, with equal tails.

        Raises ValueError when the level is not strictly between 0 and 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"the level of an interval must lie between 0 and 1, not {level:g}")
        low, high = self.ppf([(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def matches(self, value: float, tolerance: float = 0.01) -> bool:
        """Whether the value is the mean or the median, within a relative tolerance (absolute where that is 0)."""

        def near(centre: float) -> bool:
            return abs(value - centre) <= tolerance * (abs(centre) or 1.0)

        return near(self.mean) or near(self.median)

    def centre(self, value: float) -> Literal["mean", "median"]:
        """Which of the two a point value stands for: the nearer one, the mean when both are as near."""
        return "mean" if abs(value - self.mean) <= abs(value - self.median) else "median"

    def recentred(self, old: float, new: float) -> Distribution:
        """The same family moved from point value `old` to `new`; what the old value was (mean, median) the new one is.

        Raises DistributionError when the moved one does not exist.
        """
        require(math.isfinite(new), f"cannot move {self.describe()} to {new:g}", "value", "write a finite number")
        return self if new == old else self._moved(old, new)

    def parameters(self) -> dict[str, float]:
        """The natural parameters by name, as `from_spec` reads them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def describe(self) -> str:
        """Short text with the parameters, as in `gamma(shape 4, scale 0.25)`."""
        return f"{self.family}({', '.join(f'{key} {value:.6g}' for key, value in self.parameters().items())})"

    def _ratio(self, old: float, new: float) -> float:
        """The factor from old to new point value, for families that scale."""
        remedy = f"{self.family} moves by scaling, which keeps the sign: give the new value its own distribution"
        what = f"cannot move {self.describe()} from {old:g} to {new:g}"
        require(old != 0 and math.isfinite(new / old) and new / old > 0, what, "value", remedy)
        low, high = self.support
        require(low <= old <= high, f"{what}: the old value lies outside it", "value", remedy)
        return new / old

    @abstractmethod
    def _check(self) -> None:
        """Raise DistributionError when a parameter is outside its domain."""

    @abstractmethod
    def _quantile(self, u: Floats) -> npt.ArrayLike: ...

    @abstractmethod
    def _probability(self, x: Floats) -> npt.ArrayLike: ...

    @abstractmethod
    def _moved(self, old: float, new: float) -> Distribution: ...

"""Draws of another currency: draws know the one they were made in, and amounts from elsewhere are looked at."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cea.errors import UsageError
from cea.formula.units import CURRENCIES
from cea.model.definition import Model, Parameter

Floats = npt.NDArray[np.float64]

FACTOR = 5.0
"""How far outside a parameter's 95 % interval the median of its draws must be to show another currency or unit."""


FEWEST = 30
"""Draws from which on a median says something about the currency."""


def refuse_other_currency(currency: str | None, model: Model, what: str = "the draws") -> None:
    """Raises UsageError for draws in another currency than the model's; None, an unknown one, passes."""
    if currency is not None and currency != model.currency:
        raise UsageError(
            f"{what} were made for a model in {currency}, but this one is in {model.currency}: "
            f"draw from this model, or choose the jurisdiction in {currency}"
        )


def far_off(name: str, values: Floats, model: Model) -> bool:
    """Whether draws of an amount of money, of shape (sample,), can only be in another currency or unit."""
    parameter = model.parameters[name]
    if len(values) < FEWEST or not any(base in CURRENCIES for base, _ in parameter.dimension.exponents):
        return False
    expected = _expected(parameter)
    if expected is None:
        return False
    low, high = expected
    least = low / FACTOR if low > 0 else low * FACTOR
    most = high * FACTOR if high > 0 else high / FACTOR
    median = float(np.median(values))
    return math.isfinite(median) and not least <= median <= most


def _expected(parameter: Parameter) -> tuple[float, float] | None:
    """The 95 % interval of the distribution, or else the range."""
    if parameter.uncertain and parameter.distribution is not None:
        low, high = parameter.distribution.ppf(np.array([0.025, 0.975]))
        return float(low), float(high)
    return parameter.range

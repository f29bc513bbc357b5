"""Numbers, units and intervals of inputs as text."""

from __future__ import annotations

import math

import numpy as np


def figure(value: float, digits: int = 6) -> str:
    """A number with so many significant digits, with an exponent only where it is extreme: 0.0000332, 12,500."""
    if not 1e-6 < abs(value) < 1e15:
        return f"{value:.{digits}g}"
    rounded = float(f"{value:.{digits}g}")
    text = np.format_float_positional(rounded, trim="-")
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if abs(rounded) >= 1 else text


def per(unit: str) -> str:
    """A unit in words: `USD/year` is USD per year, `1` has none."""
    words = unit.removeprefix("1") if unit == "1" or unit.startswith("1/") else unit
    return words.replace("/", " per ").replace("*", " ").strip()


def quantity(value: float, unit: str) -> str:
    """A number with its unit: 0.172 per year, 5 years."""
    first, *more = per(unit).split(" ")
    many = "s" if first in ("year", "QALY") and value != 1 else ""
    return " ".join([figure(value), first + many, *more]).strip()


def span(low: float | None, high: float | None, digits: int = 6) -> str:
    """From and to, where a side that is None, NaN or infinite is open; empty when both are."""
    low, high = (None if side is None or not math.isfinite(side) else side for side in (low, high))
    if low is None:
        return "" if high is None else f"at most {figure(high, digits)}"
    return f"at least {figure(low, digits)}" if high is None else f"{figure(low, digits)} to {figure(high, digits)}"

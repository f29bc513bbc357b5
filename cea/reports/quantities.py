"""Numbers, units and intervals of inputs as text."""

from __future__ import annotations

import math

import numpy as np


def figure(value: float) -> str:
    """A number with up to six significant digits and no exponent where it can do without: 0.0000332, 12,500."""
    text = f"{value:,.6g}"
    if "e" in text and 1e-12 < abs(value) < 1e15:
        return np.format_float_positional(value, precision=6, fractional=False, trim="-")
    return text


def per(unit: str) -> str:
    """A unit in words: `USD/year` is USD per year, `1` has none."""
    words = unit.replace("1/", "/", 1) if unit.startswith("1/") else unit
    return "" if unit == "1" else words.replace("/", " per ").replace("*", " × ").strip()


def quantity(value: float, unit: str) -> str:
    """A number with its unit: 0.172 per year."""
    return f"{figure(value)} {per(unit)}".strip()


def span(low: float | None, high: float | None) -> str:
    """From and to, where a side that is None, NaN or infinite is open; empty when both are."""
    low, high = (None if side is None or not math.isfinite(side) else side for side in (low, high))
    if low is None:
        return "" if high is None else f"at most {figure(high)}"
    return f"at least {figure(low)}" if high is None else f"{figure(low)} to {figure(high)}"

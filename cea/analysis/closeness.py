"""What a check of a model found, and whether two sets of numbers are equal but for rounding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

EXACT = 1e-9
"""Relative difference up to which two numbers that must be equal are."""


class Finding(NamedTuple):
    """Whether a check passed (None: not possible here), in words; the difference where there is one, and its limit."""

    passed: bool | None
    found: str
    gap: float | None = None
    allowed: float = EXACT


def within(gap: float, said: str, allowed: float = EXACT) -> Finding:
    """A finding that passes where a difference is within its limit; `said` stands before the difference."""
    return Finding(gap <= allowed, f"{said} {abs(gap):.1g}", gap, allowed)


def close(one: npt.ArrayLike, other: npt.ArrayLike) -> Finding:
    """Whether two arrays are equal but for rounding, and by how much they differ."""
    first, second = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    size = max(float(np.abs(first).max(initial=0.0)), float(np.abs(second).max(initial=0.0)), 1e-300)
    return within(float(np.abs(first - second).max(initial=0.0)) / size, "largest relative difference")


def both(**findings: Finding) -> Finding:
    """Several findings as one, each named; the largest share of what is allowed counts."""
    said = "; ".join(f"{name}: {item.found}" for name, item in findings.items())
    worst = max(findings.values(), key=lambda item: (item.gap or 0.0) / item.allowed)
    return Finding(all(item.passed for item in findings.values()), said, worst.gap, worst.allowed)

"""Within-cycle correction: the weight of the payoff at each cycle boundary in the sum that stands for an integral."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "start": "payoff at the start of each cycle",
        "end": "payoff at the end of each cycle",
        "all_points": "payoff at every cycle boundary, both ends included (one payoff more than there are cycles)",
        "half_cycle": "half-cycle correction: mean of the payoffs at both ends of each cycle (trapezoid)",
        "simpson": "Simpson's 1/3 rule; for an odd number of cycles the 3/8 rule on the last three",
        "life_table": "mean of the undiscounted payoffs at both ends of each cycle, discounted at its end",
        "transposed_simpson": "weights once published as Simpson's, with 2/3 and 4/3 exchanged; to reproduce them",
    }
)
METHODS: tuple[str, ...] = tuple(DESCRIPTIONS)


def weights(method: str, cycles: int) -> Floats:
    """Weights, in cycles, of the payoffs at t = 0..cycles; shape (cycles + 1,).

    `simpson` is the composite 1/3 rule (1/3, 4/3, 2/3, 4/3, ..., 1/3), which needs an even number of cycles. For an odd
    number it covers all but the last three cycles, and those take Simpson's 3/8 rule (3/8, 9/8, 9/8, 3/8); a single
    cycle takes the trapezoid. From two cycles on, cubics are integrated exactly.

    `transposed_simpson` is 1/3, 2/3, 4/3, 2/3, ..., 1/3, the interior weights exchanged, as published by
    Alarid-Escudero et al., Med Decis Making 2023;43(1):3-20; it under-counts a constant payoff by 1/3 to 2/3 of a
    cycle.

    Raises ValueError for an unknown method, for `life_table`, whose weights depend on the discount
    (`discounted_weights`), and for fewer than one cycle.
    """
    _check(method, cycles)
    if method == "life_table":
        raise ValueError("the weights of life_table depend on the discount: use discounted_weights")
    if method == "simpson":
        return _simpson(cycles)
    weight = np.ones(cycles + 1)
    if method == "start":
        weight[-1] = 0.0
    elif method == "end":
        weight[0] = 0.0
    elif method == "half_cycle":
        weight[[0, -1]] = 0.5
    elif method == "transposed_simpson":
        weight[1::2] = 2 / 3
        weight[2::2] = 4 / 3
        weight[[0, -1]] = 1 / 3
    return weight


def discounted_weights(method: str, discount: npt.ArrayLike) -> Floats:
    """Weights that turn payoffs per year at t = 0..cycles into a discounted total, in years; shape of `discount`.

    discount: (1 + r)^-years * dt at each t, in years, shape (..., cycles + 1); with r = 0 the total is undiscounted.

    Every method discounts a payoff at its own time, except `life_table`, where the mean of two adjacent payoffs is
    discounted at the later one: W_t = d_t / 2 (from t = 1 on) + d_{t+1} / 2 (up to t = cycles - 1).

    Raises ValueError as `weights` does.
    """
    factor = np.asarray(discount, dtype=np.float64)
    cycles = factor.shape[-1] - 1
    _check(method, cycles)
    if method != "life_table":
        return weights(method, cycles) * factor
    total = np.zeros_like(factor)
    total[..., 1:] += 0.5 * factor[..., 1:]
    total[..., :-1] += 0.5 * factor[..., 1:]
    return total


def _check(method: str, cycles: int) -> None:
    if method not in METHODS:
        raise ValueError(f"unknown correction {method!r}: one of {', '.join(METHODS)}")
    if cycles < 1:
        raise ValueError(f"a correction needs at least one cycle, not {cycles}")


def _simpson(cycles: int) -> Floats:
    weight = np.zeros(cycles + 1)
    if cycles == 1:
        weight[:] = 0.5
        return weight
    thirds = cycles if cycles % 2 == 0 else cycles - 3
    for left in range(0, thirds, 2):
        weight[left : left + 3] += (1 / 3, 4 / 3, 1 / 3)
    if thirds < cycles:
        weight[-4:] += (3 / 8, 9 / 8, 9 / 8, 3 / 8)
    return weight

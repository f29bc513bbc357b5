"""The published models once more in plain NumPy, with nothing taken from the package: numbers to check it against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FOLDER = Path(__file__).parent
# Rates per year at ages 25 to 99.
US_MORTALITY = np.loadtxt(FOLDER / "scale/tables/us_mortality_2015.csv", delimiter=",", skiprows=1)[:, 1]


def trace(start: Floats, matrices: Floats) -> Floats:
    """Occupancy, shape (cycle boundary, state), from matrices of shape (cycle, state, state)."""
    rows = [start]
    for matrix in matrices:
        rows.append(rows[-1] @ matrix)
    return np.array(rows)


def complete(matrices: Floats) -> Floats:
    """Matrices whose diagonal, zero so far, is what is left of each row."""
    stays: Floats = 1 - matrices.sum(axis=-1, keepdims=True)
    return matrices + np.eye(matrices.shape[-1]) * stays


def transposed_simpson(boundaries: int) -> Floats:
    """Weights published as Simpson's rule, with 2/3 and 4/3 exchanged."""
    weights = np.where(np.arange(boundaries) % 2 == 1, 2 / 3, 4 / 3)
    weights[[0, -1]] = 1 / 3
    return weights


def sick_sicker(strategy: str, mortality: Floats | float = 0.002) -> tuple[Floats, Floats, Floats]:
    """Trace, and discounted cost and QALYs at each of the 76 points; `strategy` is "", A, B or AB."""
    rate = np.broadcast_to(mortality, 75)
    dead = 1 - np.exp(-rate[:, None] * np.array([1.0, 3.0, 10.0]))
    to_sick, to_healthy, to_sicker = 1 - np.exp(-np.array([0.15, 0.5, 0.105 * (0.6 if "B" in strategy else 1)]))
    moves = np.zeros((75, 4, 4))
    moves[:, :3, 3] = dead
    moves[:, 0, 1] = (1 - dead[:, 0]) * to_sick
    moves[:, 1, 0] = (1 - dead[:, 1]) * to_healthy
    moves[:, 1, 2] = (1 - dead[:, 1]) * to_sicker
    occupancy = trace(np.array([1.0, 0, 0, 0]), complete(moves))
    treatment = 12000 * ("A" in strategy) + 13000 * ("B" in strategy)
    cost = np.array([2000, 4000 + treatment, 15000 + treatment, 0])
    utility = np.array([1, 0.95 if "A" in strategy else 0.75, 0.5, 0])
    discount = 1.03 ** -np.arange(76.0)
    return occupancy, discount * (occupancy @ cost), discount * (occupancy @ utility)


def hiv(combination: bool, lamivudine: float = 2086.5) -> tuple[Floats, float, float, float, float]:
    """Trace, discounted cost, life-years, undiscounted cost of health care, undiscounted cost of drugs."""
    counts = np.array([[1251, 350, 116, 17], [0, 731, 512, 15], [0, 0, 1312, 437], [0, 0, 0, 1]])
    shares = counts / counts.sum(axis=1, keepdims=True)
    ratio = np.where(combination & (np.arange(20) < 2), 0.509, 1.0)
    moves = ratio[:, None, None] * (shares * (1 - np.eye(4)))
    occupancy = trace(np.array([1.0, 0, 0, 0]), complete(moves))
    alive = occupancy[1:, :3].sum(axis=1)
    health = occupancy[1:] @ np.array([2756, 3052, 9007, 0])
    drugs = alive * (2278 + np.where(combination & (np.arange(20) < 2), lamivudine, 0))
    cost = (1.06 ** -np.arange(1.0, 21.0)) @ (health + drugs)
    return occupancy, float(cost), float(alive.sum()), float(health.sum()), float(drugs.sum())


def scale(treatment: int) -> tuple[float, float]:
    """Discounted cost and QALYs of the scale benchmark; `treatment` is 0, 1 or 2."""
    stage = np.arange(1, 12)
    dead = 1 - np.exp(-np.repeat(US_MORTALITY[25:65], 12)[:, None] * (1 + 0.4 * (stage - 1)) / 12)
    progress = 1 - np.exp(-(0.12 + 0.01 * stage[:-1]) * (1, 0.7, 0.55)[treatment] / 12)
    moves = np.zeros((480, 12, 12))
    moves[:, stage - 1, 11] = dead
    moves[:, stage[:-1] - 1, stage[:-1]] = (1 - dead[:, :-1]) * progress
    moves[:, stage[1:-1] - 1, stage[1:-1] - 2] = (1 - dead[:, 1:-1]) * (1 - np.exp(-0.05 / 12))
    occupancy = trace(np.eye(12)[0], complete(moves))[:, :11]
    weights = np.ones(481)
    weights[[0, -1]] = 0.5
    weights *= 1.03 ** -(np.arange(481) / 12) / 12
    cost = occupancy @ (500 * stage + (0, 3000, 9000)[treatment])
    return float(weights @ cost), float(weights @ (occupancy @ (0.95 - 0.06 * (stage - 1))))

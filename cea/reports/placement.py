"""Where labels go in a figure so that they cover neither each other nor the data. Plain geometry, in any one unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

_DIRECTIONS = (0, 180, 45, -45, 135, -135, 90, -90)
_DISTANCES = (1.0, 2.0, 3.5, 5.0, 7.0)


class Box(NamedTuple):
    """A rectangle with sides along the axes."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """Area that two boxes share."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(width, 0.0) * max(height, 0.0)

    @property
    def area(self) -> float:
        """Width times height."""
        return (self.right - self.left) * (self.top - self.bottom)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least `gap` apart, in the given ascending order, least squares from the wanted ones, within the limits.

    When there are too many for the room between the limits they keep the gap and go beyond `high`.
    """
    steps = gap * np.arange(len(wanted))
    fitted = isotonic_regression(np.asarray(wanted, dtype=float) - steps).x
    room = max(low, high - gap * (len(wanted) - 1))
    return [float(position) for position in np.clip(fitted, low, room) + steps]


def place(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    obstacles: Sequence[Box],
    bounds: Box,
    clearance: float,
) -> list[Box]:
    """A box of each size beside its point: the nearest of the places tried that covers least.

    Labels are placed in turn, each clear of the obstacles and of those before it where possible; `clearance` is the distance
    from point to box in the closest place.
    """
    taken: list[Box] = list(obstacles)
    placed = []
    for point, size in zip(points, sizes, strict=True):
        candidates = [
            _beside(point, size, clearance * distance, direction)
            for distance in _DISTANCES
            for direction in _DIRECTIONS
        ]
        costs = [_covered(box, taken, bounds) for box in candidates]
        best = candidates[costs.index(min(costs))]
        placed.append(best)
        taken.append(best)
    return placed


def _beside(point: tuple[float, float], size: tuple[float, float], distance: float, direction: float) -> Box:
    """The box whose nearest side or corner lies at a distance from the point, in a direction in degrees."""
    across, up = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    across, up = round(across, 9), round(up, 9)
    left = point[0] + across * distance - size[0] * (across < 0) - size[0] / 2 * (across == 0)
    bottom = point[1] + up * distance - size[1] * (up < 0) - size[1] / 2 * (up == 0)
    return Box(left, bottom, left + size[0], bottom + size[1])


def _covered(box: Box, taken: Sequence[Box], bounds: Box) -> float:
    """Area of the box that lies on something else or out of bounds."""
    return sum(box.overlap(other) for other in taken) + 2 * (box.area - box.overlap(bounds))

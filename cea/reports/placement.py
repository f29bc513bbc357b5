"""Where labels go in a figure so that they cover neither each other nor the data. Plain geometry, in any one unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

Floats = npt.NDArray[np.float64]

_DIRECTIONS = tuple(range(0, 360, 15))
_DISTANCES = (1.0, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0)
_PASSES = 5


class Box(NamedTuple):
    """A rectangle with sides along the axes; `weight` says how bad it is to cover it whole."""

    left: float
    bottom: float
    right: float
    top: float
    weight: float = 1.0


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Centres of intervals of these sizes that do not overlap, in the given order, least squares from those wanted.

    wanted: ascending. The intervals stay between low and high; when they need more room they run beyond `high`.
    """
    ends = np.cumsum(sizes)
    offsets = ends - np.asarray(sizes) / 2
    fitted = isotonic_regression(np.asarray(wanted, dtype=float) - offsets).x
    return [float(centre) for centre in np.clip(fitted, low, max(low, high - ends[-1])) + offsets]


def place(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    obstacles: Sequence[Box],
    bounds: Box,
    clearance: float,
) -> list[Box]:
    """A box of each size beside its point, clear of obstacles, other labels and the bounds where possible.

    Every label takes, in turn and some times over, the best of a fan of places around its point: the one that covers
    least, the nearer the better. `clearance` is the distance from point to box in the nearest place.
    """
    fans = [_fan(point, size, clearance) for point, size in zip(points, sizes, strict=True)]
    chosen: dict[int, Floats] = {}
    for _ in range(_PASSES):
        for i, (point, fan) in enumerate(zip(points, fans, strict=True)):
            labels = [(*box, 10.0) for other, box in chosen.items() if other != i]
            taken = np.array([*obstacles, *labels], dtype=float).reshape(-1, 5)
            cost = _covered(fan, taken) + 60 * _outside(fan, bounds)
            cost += _crossed(np.asarray(point), fan, taken) + np.repeat(_DISTANCES, len(_DIRECTIONS)) / 4
            chosen[i] = fan[int(np.argmin(cost))]
    return [Box(*(float(side) for side in chosen[i])) for i in range(len(points))]


def _fan(point: tuple[float, float], size: tuple[float, float], clearance: float) -> Floats:
    """Places to try, shape (distance * direction, 4): the side or corner that faces the point is that far from it."""
    places = []
    for distance in _DISTANCES:
        for direction in _DIRECTIONS:
            across, up = math.cos(math.radians(direction)), math.sin(math.radians(direction))
            left = point[0] + across * clearance * distance - size[0] * (1 - _facing(across))
            bottom = point[1] + up * clearance * distance - size[1] * (1 - _facing(up))
            places.append((left, bottom, left + size[0], bottom + size[1]))
    return np.array(places)


def _facing(direction: float) -> float:
    """Share of the box beyond the point along one axis: all, none, or a part where it lies nearly square to it."""
    return min(max(0.5 + direction, 0.0), 1.0)


def _covered(boxes: Floats, taken: Floats) -> Floats:
    """Weight of what each box covers, shape (box,): an obstacle counts by the share hidden, or that hides the box."""
    one, other = boxes[:, None, :], taken[None, :, :]
    width = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    height = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    hidden = shared / np.maximum(np.minimum(_area(one), _area(other)), 1e-12)
    # To touch at all is half as bad as to cover.
    return np.asarray((((hidden > 0) + hidden) / 2 * other[..., 4]).sum(axis=1))


def _outside(boxes: Floats, bounds: Box) -> Floats:
    """Share of each box out of bounds."""
    return np.asarray(1 - _covered(boxes, np.array([[*bounds[:4], 1.0]])))


def _crossed(point: Floats, boxes: Floats, taken: Floats) -> Floats:
    """Weight of what the line from the point to each box runs through, apart from what the point itself stands on."""
    x, y = point
    under = (taken[:, 0] <= x) & (x <= taken[:, 2]) & (taken[:, 1] <= y) & (y <= taken[:, 3])
    taken = taken[~under]
    nearest = np.stack([np.clip(point[i], boxes[:, i], boxes[:, i + 2]) for i in (0, 1)], axis=1)
    cost = np.zeros(len(boxes))
    for share in np.linspace(0.2, 0.9, 8):
        spot = point + share * (nearest - point)
        cost += _covered(np.concatenate([spot - 1, spot + 1], axis=1), taken) / 2
    return cost


def _area(boxes: Floats) -> Floats:
    return np.asarray((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]))

"""Labels of points in a figure, placed by the pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from cea.reports import style
from cea.reports.placement import Box, place
from cea.reports.wording import listing

_MARGIN = 10
"""Pixels that labels keep from the edge of the axes."""

Point = tuple[float, float]


def label_points(
    axes: Axes,
    labels: Mapping[Point, str],
    points: Sequence[Point],
    lines: Sequence[Sequence[Point]],
    faint_lines: Sequence[Sequence[Point]] = (),
) -> None:
    """Writes a label beside each of its points, clear of other labels, of all points and of lines, in data coordinates.

    Faint lines are covered where nothing better is free. A thin line leads to a label that is far from its point. The
    figure's layout is settled first and then kept.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("labels need axes that belong to a figure")
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    texts = [axes.text(0, 0, label, fontsize=9, va="bottom") for label in labels.values()]
    extents = [text.get_window_extent() for text in texts]
    obstacles = [Box(x - 11, y - 11, x + 11, y + 11, weight=10.0) for x, y in _pixels(axes, points)]
    for weight, group in ((0.4, lines), (0.1, faint_lines)):
        for line in group:
            obstacles += _along(_pixels(axes, line), weight)
    pixels = _pixels(axes, list(labels))
    sizes = [(extent.width, extent.height) for extent in extents]
    boxes = place(pixels, sizes, obstacles, Box(*axes.get_window_extent().padded(-_MARGIN).extents), clearance=16)
    for text, box, spot, pixel in zip(texts, boxes, labels, pixels, strict=True):
        text.set_position(_data(axes, (box.left, box.bottom)))
        nearest = (min(max(pixel[0], box.left), box.right), min(max(pixel[1], box.bottom), box.top))
        if np.hypot(nearest[0] - pixel[0], nearest[1] - pixel[1]) > 24:
            end = _data(axes, nearest)
            axes.plot([spot[0], end[0]], [spot[1], end[1]], color=style.MUTED, linewidth=0.7, zorder=1)


def shared_label(group: Sequence[str], labels: Mapping[str, str], note: str) -> str:
    """One label for all that share a place in the figure."""
    return listing(labels[name] for name in group) + (f": {note}" if len(group) > 1 else "")


def _pixels(axes: Axes, points: Sequence[Point]) -> list[Point]:
    return [(float(x), float(y)) for x, y in axes.transData.transform(points)] if points else []


def _data(axes: Axes, pixel: Point) -> Point:
    x, y = axes.transData.inverted().transform(pixel)
    return float(x), float(y)


def _along(corners: Sequence[Point], weight: float) -> list[Box]:
    """Small boxes along a line, for labels to keep off."""
    spots = [
        np.array(start) + share * (np.array(end) - np.array(start))
        for start, end in pairwise(corners)
        for share in np.linspace(0, 1, 2 + int(np.hypot(end[0] - start[0], end[1] - start[1]) / 8))
    ]
    return [Box(x - 4, y - 4, x + 4, y + 4, weight) for x, y in spots]

"""What figures share: an empty figure, wrapped labels, and labels at the ends of curves."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import StrMethodFormatter

from cea.reports import style
from cea.reports.placement import spread

AMOUNTS = StrMethodFormatter("{x:,.10g}")
"""Numbers at ticks, with commas between thousands."""

_LINE = 0.048
_GAP = 0.03
_HEIGHT = 5.0


class End(NamedTuple):
    """A label at the right end of a curve: its text, the height it belongs to, and how its lines are drawn."""

    text: str
    value: float
    lines: Sequence[dict[str, Any]]


def empty_figure(title: str, width: float, height: float) -> Figure:
    """An empty figure with a title that also names it for screen readers; sizes in inches."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
    FigureCanvasAgg(figure)
    figure.set_label(title)
    figure.suptitle(wrapped(title, int(9 * width)), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def wrapped(text: str, width: int) -> str:
    """Text in as few lines of at most `width` characters as will hold it, the lines of much the same length."""
    lines = textwrap.wrap(text, width)
    longest = max(map(len, text.split()), default=1)
    while width > longest and len(shorter := textwrap.wrap(text, width - 1)) == len(lines):
        width, lines = width - 1, shorter
    return "\n".join(lines)


def label_ends(axes: Axes, ends: Sequence[End]) -> None:
    """Labels right of the axes, each with a piece of its line and tied to the curve's end; limits are set before."""
    ordered = sorted(ends, key=lambda end: end.value)
    texts = [wrapped(end.text, 24) for end in ordered]
    wanted = [_height(axes, end.value) for end in ordered]
    scale = _HEIGHT / axes.get_figure(root=True).get_figheight()  # type: ignore[union-attr]
    sizes = [scale * (_GAP + _LINE * (text.count("\n") + 1)) for text in texts]
    for end, text, start, height in zip(ordered, texts, wanted, spread(wanted, sizes, 0.0, 1.0), strict=True):
        for line in end.lines:
            axes.plot([1.05, 1.12], [height] * 2, transform=axes.transAxes, clip_on=False, **line)
        axes.plot(
            [1.005, 1.045], [start, height], transform=axes.transAxes, clip_on=False, color=style.MUTED, linewidth=0.7
        )
        axes.text(1.14, height, text, transform=axes.transAxes, va="center")


def _height(axes: Axes, value: float) -> float:
    """Share of the axes' height at which a value stands, at most at its edges."""
    low, high = axes.get_ylim()
    bound = min(max(value, low), high)
    return float((axes.transScale + axes.transLimits).transform((axes.get_xlim()[0], bound))[1])

"""How far checks are from what is allowed: a dot a check on a logarithmic scale, beside the line of the tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cea.reports import style
from cea.reports.canvas import empty_figure, wrapped

_LEAST = 1e-8
"""Smaller shares, such as no difference at all, stand at the left edge."""
_MOST = 1e3


class Dot(NamedTuple):
    """A check: its name, the difference as a share of what is allowed, and whether it passed."""

    name: str
    share: float
    passed: bool


def differences(title: str, dots: Sequence[Dot]) -> Figure:
    """The differences of checks; left of the line they are within the tolerance. Failed ones are crosses."""
    with style.settings():
        figure = empty_figure(title, 9.5, 1.7 + 0.24 * len(dots))
        axes = figure.subplots()
        for height, dot in enumerate(dots):
            at = min(max(dot.share, _LEAST), _MOST)
            look = style.look(0 if dot.passed else 1)
            axes.plot([_LEAST, at], [height] * 2, color=style.GRID, linewidth=1.0, zorder=1)
            axes.plot(at, height, marker="o" if dot.passed else "X", color=look.colour, markersize=6, zorder=3)
        axes.axvline(1.0, color=style.INK, linewidth=1.2)
        axes.set_xscale("log")
        axes.set_xlim(_LEAST / 2, max(10.0, *(min(3 * dot.share, 2 * _MOST) for dot in dots)))
        axes.xaxis.set_major_locator(LogLocator(base=10, numticks=20))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
        axes.set_yticks(range(len(dots)), [wrapped(dot.name, 64) for dot in dots], fontsize=8)
        axes.set_ylim(len(dots) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("Difference as a share of the tolerance (log scale); passed: dot, failed: cross")
        return figure


def _tick(value: float) -> str:
    if value <= _LEAST * 1.01:
        return f"{_LEAST:g}\nor none"
    return "tolerance" if 0.99 < value < 1.01 else f"{value:g}"

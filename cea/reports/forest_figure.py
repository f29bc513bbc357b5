"""The forest plot: every study as published and adjusted for bias, what they say together, and how robust that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from cea.analysis.pooling import Pooled
from cea.analysis.synthesis import ADJUSTED, MEASURES, UNADJUSTED, Evidence, Study
from cea.reports import style
from cea.reports.canvas import empty_figure, wrapped
from cea.reports.wording import share

_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_SPAN = 12.0
"""Ratios this far from 1 and beyond are cut, and an arrow says so."""

_NAMES: Mapping[str, str] = {UNADJUSTED: "As published", ADJUSTED: "Adjusted for bias by design"}
_MARKERS: Mapping[str, str] = {UNADJUSTED: "s", ADJUSTED: "D"}
_WEIGHT, _GRADE = 0.56, 0.76
"""Where the columns of weights and of grades begin, as shares of the width of the numbers."""
_GAP = 0.4
"""Between the lines of one study."""
_BELOW, _POOLED = 0.52, 1.15
"""From a pooled ratio to its prediction interval, and to the next pooled ratio."""


class _Row(NamedTuple):
    """A line of the plot: a ratio with its interval, on the log scale."""

    analysis: str
    effect: float
    interval: tuple[float, float]
    weight: float = math.nan


class _Plot:
    """The axes, and beside them the numbers."""

    def __init__(self, title: str, height: float, measure: str, *, weights: bool) -> None:
        self.figure = empty_figure(title, 11.5, height)
        ratios = (3.0, 1.6 if weights else 0.85)
        self.axes, self.numbers = self.figure.subplots(1, 2, sharey=True, width_ratios=ratios)
        self.numbers.set_axis_off()
        self.say(1.0, f"{measure} (95 %)", heading=True)
        if weights:
            self.say(1.0, "Weight", heading=True, at=_WEIGHT)
            self.say(1.0, "Grade", heading=True, at=_GRADE)

    def say(self, height: float, text: str, *, at: float = 0.0, strong: bool = False, heading: bool = False) -> None:
        """Writes beside a line, or above all of them."""
        axes = self.numbers
        self.numbers.text(
            at, height, text, transform=axes.transAxes if heading else axes.get_yaxis_transform(),
            va="bottom" if heading else "center", fontsize=9, fontweight="bold" if strong or heading else "normal",
        )  # fmt: skip

    def study(self, height: float, row: _Row) -> None:
        """A marker as large as the weight, its interval, and the numbers."""
        look = _look(row.analysis)
        ends = [min(max(end, -math.log(_SPAN)), math.log(_SPAN)) for end in row.interval]
        spots = [math.exp(end) for end in ends]
        self.axes.plot(spots, [height] * 2, color=look.colour, linestyle=look.dashes, linewidth=1.5)
        for spot, end, true, arrow in zip(spots, ends, row.interval, "<>", strict=True):
            marker = "|" if end == true else arrow
            self.axes.plot(spot, height, marker=marker, color=look.colour, markersize=6, markeredgewidth=1.4)
        size = 6.0 if math.isnan(row.weight) else 4.0 + 14.0 * math.sqrt(row.weight)
        if abs(row.effect) < math.log(_SPAN):
            self.axes.plot(math.exp(row.effect), height, **_marker(row.analysis, size))
        self.values(height, row)

    def values(self, height: float, row: _Row, *, strong: bool = False) -> None:
        """The ratio with its interval, and the weight."""
        low, high = map(math.exp, row.interval)
        self.say(height, f"{math.exp(row.effect):.2f} ({low:.2f} to {high:.2f})", strong=strong)
        if not math.isnan(row.weight):
            self.say(height, share(row.weight), at=_WEIGHT)

    def pooled(self, height: float, analysis: str, found: Pooled) -> None:
        """A diamond over the interval; in the row below it the prediction interval as a bar."""
        look = _look(analysis)
        interval = found.interval("hartung_knapp" if found.k > 1 else "normal")
        across = [math.exp(value) for value in (interval[0], found.effect, interval[1], found.effect)]
        corners = list(zip(across, (height, height - 0.2, height, height + 0.2), strict=True))
        adjusted = analysis == ADJUSTED
        face, hatch = ("white", look.hatch) if adjusted else (look.colour, "")
        self.axes.add_patch(Polygon(corners, facecolor=face, edgecolor=look.colour, hatch=hatch, linewidth=1.4))
        self.axes.plot(across, [height] * 4, linestyle="none")  # a patch alone does not widen logarithmic axes
        self.values(height, _Row(analysis, found.effect, interval), strong=True)
        low, high = map(math.exp, found.interval("prediction"))
        if not math.isnan(low):
            bar: dict[str, Any] = {"linewidth": 3.5, "solid_capstyle": "butt", "alpha": 0.55}
            self.axes.plot([low, high], [height + _BELOW] * 2, color=look.colour, **bar)
            self.say(height + _BELOW, f"prediction {low:.2f} to {high:.2f}")

    def sides(self, below: str, above: str) -> None:
        """What both sides of 1 mean, above the plot."""
        ends = (f"\N{LEFTWARDS ARROW} {below}", -6, "right"), (f"{above} \N{RIGHTWARDS ARROW}", 6, "left")
        for text, at, side in ends:
            self.axes.annotate(text, (1, 1), (at, 3), xycoords=self.axes.get_xaxis_transform(),
                               textcoords="offset points", ha=side, va="bottom", fontsize=9)  # fmt: skip

    def finish(self, labels: Mapping[float, str], bottom: float, caption: str, names: Sequence[str]) -> Figure:
        """Scale, labels of the lines by height, and legend."""
        axes = self.axes
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        axes.set_xlim(max(min(low, 0.9), 0.95 / _SPAN), min(max(high, 1.1), _SPAN / 0.95))
        axes.axvline(1, color=style.INK, linewidth=1.0, zorder=1)
        axes.xaxis.set_major_locator(FixedLocator(_TICKS))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_yticks(list(labels), list(labels.values()), fontsize=9)
        axes.set_ylim(bottom, -0.5)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(caption)
        self.figure.legend(handles=_legend(names), loc="outside lower left", ncols=3)
        return self.figure


def forest(evidence: Evidence) -> Figure:
    """The main studies with their weights, and below them the pooled ratios with their intervals, all by REML.

    A diamond is as wide as the Hartung-Knapp interval; the 95 % prediction interval is a row of its own.
    """
    main = {item.name: (item, evidence.pooled(item)) for item in evidence.main}
    names = evidence.analyses[0].studies
    measure = MEASURES[evidence.measure].capitalize()
    middle = _GAP / 2 * (len(main) - 1)
    with style.settings():
        title = f"{evidence.label}: studies and what they say together"
        plot = _Plot(title, 2.9 + 0.62 * len(names) + 0.8 * len(main), measure, weights=True)
        labels = {}
        for position, name in enumerate(names):
            study = evidence.studies[name]
            labels[position + middle] = _study_label(evidence, study)
            plot.say(position + middle, study.source.grade, at=_GRADE)
            for line, (key, (item, found)) in enumerate(main.items()):
                shown = evidence.adjusted(study, item.bias_times)
                row = _Row(key, shown.effect, shown.interval, float(found.shares[position]))
                plot.study(position + line * _GAP, row)
        plot.axes.axhline(len(names) - 0.28, color=style.MUTED, linewidth=0.8)
        for line, (key, (_, found)) in enumerate(main.items()):
            height = len(names) + 0.3 + line * _POOLED
            labels[height] = _pooled_label(key, found)
            labels[height + _BELOW] = "95 % prediction interval" if found.k >= 3 else ""
            plot.pooled(height, key, found)
        plot.sides(*evidence.sides)
        caption = f"{measure} (log scale)\nDiamond: pooled by REML, 95 % Hartung-Knapp interval"
        return plot.finish(labels, len(names) + _POOLED * len(main) + 0.1, caption, list(main))


def robustness(evidence: Evidence) -> Figure:
    """The pooled ratios without each study in turn, and of the other analyses: REML, Hartung-Knapp intervals."""
    rows: list[tuple[str, dict[str, Pooled]]] = [("All studies", {i.name: evidence.pooled(i) for i in evidence.main})]
    without = {item.name: evidence.leave_one_out(item) for item in evidence.main}
    for name in evidence.analyses[0].studies:
        found = {key: left[name] for key, left in without.items() if name in left}
        rows += [(f"Without {evidence.studies[name].label}", found)] if found else []
    parted = len(rows)
    for item in evidence.analyses[len(evidence.main) :]:
        rows.append((item.label, {ADJUSTED if item.bias_times else UNADJUSTED: evidence.pooled(item)}))
    measure = MEASURES[evidence.measure]
    with style.settings():
        title = f"{evidence.label}: how robust the pooled ratio is"
        plot = _Plot(title, 2.2 + 0.5 * len(rows), measure.capitalize(), weights=False)
        labels = {}
        for position, (label, pair) in enumerate(rows):
            labels[position + _GAP / 2] = wrapped(label, 38)
            for line, (key, pooled) in enumerate(pair.items()):
                interval = pooled.interval("hartung_knapp" if pooled.k > 1 else "normal")
                height = position + (line * _GAP if len(pair) > 1 else _GAP / 2)
                plot.study(height, _Row(key, pooled.effect, interval))
        if parted < len(rows):
            plot.axes.axhline(parted - 0.3, color=style.MUTED, linewidth=0.8)
        plot.sides(*evidence.sides)
        caption = f"Pooled {measure} by REML (log scale), 95 % Hartung-Knapp interval"
        return plot.finish(labels, len(rows) - 0.2, caption, [item.name for item in evidence.main])


def _study_label(evidence: Evidence, study: Study) -> str:
    design = evidence.designs.get(study.design or "")
    return f"{wrapped(study.label, 38)}\n{wrapped(design.label, 38)}" if design else wrapped(study.label, 38)


def _pooled_label(analysis: str, found: Pooled) -> str:
    return f"Pooled, {_NAMES[analysis].lower()}\ntau {found.tau:.2f}, I² {share(found.i2)}"


def _look(analysis: str) -> style.Look:
    return style.look(0 if analysis == UNADJUSTED else 1)


def _marker(analysis: str, size: float) -> dict[str, Any]:
    """A filled square as published, a hollow diamond, which looks larger, adjusted."""
    colour = _look(analysis).colour
    filled = analysis == UNADJUSTED
    return {
        "marker": _MARKERS[analysis],
        "markersize": size if filled else 0.8 * size,
        "color": colour,
        "markerfacecolor": colour if filled else "white",
        "markeredgewidth": 1.4,
    }


def _legend(names: Sequence[str]) -> list[Line2D]:
    return [Line2D([], [], linestyle=_look(name).dashes, label=_NAMES[name], **_marker(name, 8)) for name in names]

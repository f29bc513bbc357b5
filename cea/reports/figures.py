"""Figures of a run: Markov trace, survival, cost by category, and the efficiency frontier.

Each function takes tidy data and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from cea.analysis.incremental import Incremental, Status
from cea.reports import style
from cea.reports.placement import Box, place, spread
from cea.reports.wording import listing, money, rounded_money

Floats = npt.NDArray[np.float64]

_SAME_CURVE = 1e-9
_AMOUNTS = StrMethodFormatter("{x:,.10g}")
_THRESHOLD_LINE: dict[str, Any] = {"color": style.MUTED, "linestyle": (0, (5, 3)), "linewidth": 1.3}
_FRONTIER_COLOUR = style.look(0).colour
_ON_FRONTIER: dict[str, Any] = {"marker": "o", "markersize": 9, "color": _FRONTIER_COLOUR, "markeredgecolor": "white"}
_HOLLOW: dict[str, Any] = {"markersize": 8, "color": "white", "markeredgecolor": style.MUTED, "markeredgewidth": 1.6}
_MARKERS: Mapping[Status, dict[str, Any]] = {
    "reference": _ON_FRONTIER,
    "frontier": _ON_FRONTIER,
    "dominated": {"marker": "o", **_HOLLOW},
    "extendedly_dominated": {"marker": "s", **_HOLLOW},
}


def markov_trace(
    frame: pd.DataFrame, strategies: Mapping[str, str], states: Mapping[str, str], title: str = "Markov trace"
) -> Figure:
    """Share of the cohort in each state over time: stacked areas, a panel a strategy, death states in grey on top.

    frame: columns strategy, year, state, share (0 to 1), dead (bool). strategies and states: labels by name, in the
    order in which they are drawn.
    """
    dead = set(frame.loc[frame["dead"].astype(bool), "state"])
    order = [name for name in states if name not in dead] + [name for name in states if name in dead]
    looks = _state_looks(order, dead)
    columns = 1 if len(strategies) == 1 else 2 if len(strategies) <= 4 else 3
    rows = -(-len(strategies) // columns)
    with style.settings():
        figure = _figure(title, 9.0, 1.1 + (3.6 if rows == 1 else 2.7 * rows))
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for panel, (name, label) in zip(panels, strategies.items(), strict=False):
            table = frame[frame["strategy"] == name].pivot(index="year", columns="state", values="share")[order]
            _stacked_areas(panel, table, looks)
            panel.set_title(_wrapped(label, 32))
            panel.xaxis.set_tick_params(labelbottom=True)
        for panel in panels[len(strategies) :]:
            panel.set_visible(False)
        figure.supxlabel("Years since start", fontsize=10)
        figure.supylabel("Share of the cohort", fontsize=10)
        figure.legend(
            [_patch(looks[name]) for name in reversed(order)],
            [_wrapped(states[name], 24) for name in reversed(order)],
            loc="outside right center",
            title="State",
            alignment="left",
            handleheight=1.4,
        )
        return figure


def survival(frame: pd.DataFrame, strategies: Mapping[str, str], title: str = "Survival by strategy") -> Figure:
    """Share alive over time, a line a strategy, labelled at its end; strategies with one curve share a label.

    frame: columns strategy, year, alive (0 to 1). strategies: labels by name, in the model's order.
    """
    table = frame.pivot(index="year", columns="strategy", values="alive")[list(strategies)]
    years = table.index.to_numpy(dtype=float)
    looks = {name: style.look(i) for i, name in enumerate(strategies)}
    groups = _same_curves(table)
    with style.settings():
        figure = _figure(title, 8.0, 5.0)
        axes = figure.add_subplot()
        for group in groups:
            for layer, name in enumerate(group):
                axes.plot(years, table[name].to_numpy(), **_line(looks[name], group, layer))
        axes.set(xlim=(years[0], years[-1]), ylim=(0, 1.02), xlabel="Years since start", ylabel="Alive")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        _label_line_ends(axes, table, groups, strategies, looks)
        return figure


def cost_by_category(
    frame: pd.DataFrame,
    strategies: Mapping[str, str],
    currency: str,
    price_year: str = "",
    title: str = "Discounted cost per person by category",
) -> Figure:
    """Stacked horizontal bars of cost by category, a bar a strategy, its total printed at the end.

    frame: columns strategy, category, cost (in currency); categories stack in order of first appearance, savings to the
    left of zero, those that are zero everywhere are left out. strategies: labels by name, in the model's order.
    """
    table = frame.pivot_table(index="strategy", columns="category", values="cost", aggfunc="sum", fill_value=0.0)
    table = table.loc[list(strategies), list(dict.fromkeys(frame["category"]))]
    table = table.loc[:, (table != 0).any(axis=0)]
    with style.settings():
        figure = _figure(title, 8.0, 2.3 + 0.65 * len(strategies))
        axes = figure.add_subplot()
        spots = np.arange(len(strategies))
        right, left = np.zeros(len(spots)), np.zeros(len(spots))
        looks = [style.look(i) for i in range(len(table.columns))]
        for category, look in zip(table.columns, looks, strict=True):
            cost = table[category].to_numpy(dtype=float)
            start = np.where(cost >= 0, right, left)
            axes.barh(spots, cost, left=start, height=0.62, color=look.colour, hatch=look.hatch, edgecolor="white")
            right, left = right + np.maximum(cost, 0), left + np.minimum(cost, 0)
        _print_totals(axes, table.sum(axis=1).to_numpy(dtype=float), right, left, currency)
        axes.set_yticks(spots, [_wrapped(label, 24) for label in strategies.values()])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"Cost per person, {f'{price_year} {currency}'.strip()}")
        axes.xaxis.set_major_formatter(_AMOUNTS)
        handles: list[Artist] = [_patch(look) for look in looks]
        labels = [_wrapped(str(category), 44) for category in table.columns]
        if left.any():
            handles.append(
                Line2D([], [], linestyle="none", marker="|", markersize=14, color=style.INK, markeredgewidth=2)
            )
            labels.append("Total")
        columns = 3 if max(map(len, labels), default=0) <= 26 else 2
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, handleheight=1.4)
        return figure


def frontier(incremental: Incremental, title: str | None = None) -> Figure:
    """Cost-effectiveness plane: every strategy against the comparator, the efficiency frontier, and the threshold.

    The threshold's line goes through the reference, the cheapest strategy: a strategy below the line is worth its cost
    against it. Strategies with the same cost and effect share a point and a label.
    """
    labels = {row.strategy: row.label for row in incremental.rows}
    comparator = labels[incremental.comparator]
    spots = {pair.strategy: (pair.effect, pair.cost) for pair in incremental.pairs}
    with style.settings():
        figure = _figure(title or f"Cost-effectiveness plane: increments against {comparator}", 8.0, 5.6)
        axes = figure.add_subplot()
        _frame_points(axes, list(spots.values()), incremental.threshold)
        axes.axhline(0, color=style.MUTED, linewidth=0.9, zorder=1)
        axes.axvline(0, color=style.MUTED, linewidth=0.9, zorder=1)
        edge = [spots[name] for name in incremental.frontier]
        axes.axline(edge[0], slope=incremental.threshold, **_THRESHOLD_LINE)
        axes.plot(*zip(*edge, strict=True), color=style.INK, linewidth=1.6, zorder=2)
        for row in incremental.rows:
            axes.plot(*spots[row.strategy], linestyle="none", zorder=3, **_MARKERS[row.status])
        axes.set_xlabel(f"Incremental effect per person, {incremental.effect_unit}")
        axes.set_ylabel(f"Incremental cost per person, {f'{incremental.price_year} {incremental.currency}'.strip()}")
        axes.xaxis.set_major_formatter(_AMOUNTS)
        axes.yaxis.set_major_formatter(_AMOUNTS)
        _frontier_legend(figure, incremental)
        # Labels are placed by pixel, so the layout is settled first and then kept.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        _label_points(axes, incremental, spots)
        return figure


def _figure(title: str, width: float, height: float) -> Figure:
    """An empty figure with a title that also names it for screen readers; sizes in inches."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
    FigureCanvasAgg(figure)
    figure.set_label(title)
    figure.suptitle(_wrapped(title, 72), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def _wrapped(text: str, width: int) -> str:
    """Text in as few lines of at most `width` characters as will hold it, the lines of much the same length."""
    lines = textwrap.wrap(text, width)
    while width > 1 and len(shorter := textwrap.wrap(text, width - 1)) == len(lines):
        width, lines = width - 1, shorter
    return "\n".join(lines)


def _line(look: style.Look, group: Sequence[str], layer: int) -> dict[str, Any]:
    """Style of a curve; of several that are the same, the later lie as thinner lines on the earlier."""
    return {"color": look.colour, "linestyle": look.dashes, "linewidth": 1.9 + 2.2 * (len(group) - 1 - layer)}


def _patch(look: style.Look) -> Patch:
    return Patch(facecolor=look.colour, hatch=look.hatch, edgecolor="white")


def _state_looks(order: Sequence[str], dead: set[str]) -> dict[str, style.Look]:
    alive = [name for name in order if name not in dead]
    looks = {name: style.look(i) for i, name in enumerate(alive)}
    return looks | {name: style.dead_look(i) for i, name in enumerate(name for name in order if name in dead)}


def _stacked_areas(axes: Axes, table: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    years = table.index.to_numpy(dtype=float)
    upper = np.cumsum(table.to_numpy(dtype=float), axis=1)
    for i, name in enumerate(table.columns):
        lower = upper[:, i - 1] if i else np.zeros(len(years))
        look = looks[name]
        axes.fill_between(
            years, lower, upper[:, i], facecolor=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0.3
        )
    axes.set(xlim=(years[0], years[-1]), ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(visible=False)


def _same_curves(table: pd.DataFrame) -> list[list[str]]:
    """Strategies grouped by curve, in order."""
    groups: list[list[str]] = []
    for name in table.columns:
        for group in groups:
            if np.allclose(table[name], table[group[0]], rtol=0, atol=_SAME_CURVE):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups


def _label_line_ends(
    axes: Axes,
    table: pd.DataFrame,
    groups: Sequence[Sequence[str]],
    labels: Mapping[str, str],
    looks: Mapping[str, style.Look],
) -> None:
    """Labels right of the axes, each with a piece of its line and tied to the line's end; where ends meet, by area."""
    ends = {group[0]: float(table[group[0]].iloc[-1]) for group in groups}
    ordered = sorted(groups, key=lambda group: (round(ends[group[0]], 2), float(table[group[0]].sum())))
    texts = [_wrapped(_shared(group, labels, "same curve"), 24) for group in ordered]
    wanted = [axes.transLimits.transform((0, ends[group[0]]))[1] for group in ordered]
    heights = spread(sorted(wanted), [0.03 + 0.048 * (text.count("\n") + 1) for text in texts], 0.0, 1.0)
    for group, text, end, height in zip(ordered, texts, wanted, heights, strict=True):
        for layer, name in enumerate(group):
            axes.plot(
                [1.05, 1.12], [height] * 2, transform=axes.transAxes, clip_on=False, **_line(looks[name], group, layer)
            )
        axes.plot(
            [1.005, 1.045], [end, height], transform=axes.transAxes, clip_on=False, color=style.MUTED, linewidth=0.7
        )
        axes.text(1.14, height, text, transform=axes.transAxes, va="center")


def _shared(group: Sequence[str], labels: Mapping[str, str], note: str) -> str:
    """One label for all that share a place in the figure."""
    return listing(labels[name] for name in group) + (f" ({note})" if len(group) > 1 else "")


def _print_totals(axes: Axes, totals: Floats, right: Floats, left: Floats, currency: str) -> None:
    """Totals beside the bars; where savings make a total differ from the bar's end, a line marks it."""
    texts = [money(total, currency) for total in totals]
    low, high = float(left.min(initial=0.0)), float(right.max(initial=0.0))
    room = (high - low or 1.0) * 0.025 * max(len(text) for text in texts)
    axes.set_xlim(low - (0.03 * (high - low) if low < 0 else 0.0), high + room)
    axes.axvline(0, color=style.MUTED, linewidth=0.9)
    for spot, text in enumerate(texts):
        if left[spot] < 0:
            axes.vlines(totals[spot], spot - 0.38, spot + 0.38, color=style.INK, linewidth=2.0)
        axes.annotate(
            text, (right[spot], spot), (5, 0), textcoords="offset points", va="center", fontweight="bold", fontsize=9.5
        )


def _frame_points(axes: Axes, points: Sequence[tuple[float, float]], threshold: float) -> None:
    """Limits around the points and the origin, with room for labels; without a spread the threshold sets the scale."""
    effects, costs = ([point[axis] for point in points] + [0.0] for axis in (0, 1))
    across, up = max(effects) - min(effects), max(costs) - min(costs)
    across = across or up / (threshold or 1.0) or 1.0
    up = up or across * (threshold or 1.0)
    axes.set_xlim(min(effects) - 0.18 * across, max(effects) + 0.18 * across)
    axes.set_ylim(min(costs) - 0.18 * up, max(costs) + 0.18 * up)


def _label_points(axes: Axes, incremental: Incremental, spots: Mapping[str, tuple[float, float]]) -> None:
    """A label beside every point, clear of points, lines and other labels; a thin line leads to one that is far."""
    shared: dict[tuple[float, float], list[str]] = {}
    for name, spot in spots.items():
        shared.setdefault(spot, []).append(name)
    pixels = _pixels(axes, list(shared))
    texts = [axes.text(0, 0, _point_text(names, incremental), fontsize=9, va="bottom") for names in shared.values()]
    extents = [text.get_window_extent() for text in texts]
    edge = [spots[name] for name in incremental.frontier]
    slope = _within(axes, edge[0], incremental.threshold)
    obstacles = [Box(x - 11, y - 11, x + 11, y + 11, weight=10.0) for x, y in pixels]
    for line in (
        edge,
        slope,
        [(axes.get_xlim()[0], 0.0), (axes.get_xlim()[1], 0.0)],
        [(0.0, y) for y in axes.get_ylim()],
    ):
        obstacles += _along(_pixels(axes, line))
    sizes = [(extent.width, extent.height) for extent in extents]
    boxes = place(pixels, sizes, obstacles, Box(*axes.get_window_extent().extents), clearance=16)
    for text, box, spot, pixel in zip(texts, boxes, shared, pixels, strict=True):
        text.set_position(tuple(axes.transData.inverted().transform((box.left, box.bottom))))
        nearest = (min(max(pixel[0], box.left), box.right), min(max(pixel[1], box.bottom), box.top))
        if np.hypot(nearest[0] - pixel[0], nearest[1] - pixel[1]) > 24:
            end = axes.transData.inverted().transform(nearest)
            axes.plot([spot[0], end[0]], [spot[1], end[1]], color=style.MUTED, linewidth=0.7, zorder=1)


def _within(axes: Axes, start: tuple[float, float], slope: float) -> list[tuple[float, float]]:
    """Ends of the rising line through a point, as far as the axes show it."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    back, ahead = start[0] - left, right - start[0]
    if slope > 0:
        back, ahead = min(back, (start[1] - bottom) / slope), min(ahead, (top - start[1]) / slope)
    return [(start[0] - back, start[1] - slope * back), (start[0] + ahead, start[1] + slope * ahead)]


def _pixels(axes: Axes, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in axes.transData.transform(points)]


def _along(corners: Sequence[tuple[float, float]]) -> list[Box]:
    """Small boxes along a line, for labels to keep off."""
    spots = [
        np.array(start) + share * (np.array(end) - np.array(start))
        for start, end in pairwise(corners)
        for share in np.linspace(0, 1, 2 + int(np.hypot(end[0] - start[0], end[1] - start[1]) / 8))
    ]
    return [Box(x - 4, y - 4, x + 4, y + 4, weight=0.4) for x, y in spots]


def _point_text(names: Sequence[str], incremental: Incremental) -> str:
    """Label of one point: who stands there, and the ICER if it has one."""
    rows = [incremental.row(name) for name in names]
    text = _wrapped(_shared(names, {row.strategy: row.label for row in rows}, "same point"), 28)
    icers = [row.icer for row in rows if row.icer is not None]
    return "\n".join(
        [text, *(f"{rounded_money(icer, incremental.currency)} per {incremental.effect_unit}" for icer in icers)]
    )


def _frontier_legend(figure: Figure, incremental: Incremental) -> None:
    """What the lines and markers mean, below the axes; only those that occur."""
    amount = money(incremental.threshold, incremental.currency)
    names = {"dominated": "Dominated", "extendedly_dominated": "Extendedly dominated"}
    statuses = {row.status for row in incremental.rows if row.same_as is None}
    handles = [Line2D([], [], **{**_MARKERS["frontier"], "color": style.INK, "markerfacecolor": _FRONTIER_COLOUR})]
    handles += [Line2D([], [], linestyle="none", **_MARKERS[status]) for status in names if status in statuses]
    handles.append(Line2D([], [], **_THRESHOLD_LINE))
    labels = ["Efficiency frontier and ICERs", *(names[status] for status in names if status in statuses)]
    labels.append(f"Threshold {amount} per {incremental.effect_unit}")
    figure.legend(handles, labels, loc="outside lower center", ncols=3 if len(labels) == 3 else 2)

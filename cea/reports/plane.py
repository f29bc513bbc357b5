"""The cost-effectiveness plane with the efficiency frontier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cea.analysis.incremental import Incremental, Status
from cea.reports import style
from cea.reports.labels import label_points, shared_label
from cea.reports.wording import money, rounded_money

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


def frontier(incremental: Incremental, title: str | None = None) -> Figure:
    """Cost-effectiveness plane: every strategy against the comparator, the efficiency frontier, and the threshold.

    The threshold's line goes through the reference, the cheapest strategy: a strategy below the line is worth its cost
    against it. Strategies with the same cost and effect share a point and a label.
    """
    labels = {row.strategy: row.label for row in incremental.rows}
    comparator = labels[incremental.comparator]
    spots = {pair.strategy: (pair.effect, pair.cost) for pair in incremental.pairs}
    with style.settings():
        figure = style.figure(title or f"Cost-effectiveness plane: increments against {comparator}", 8.0, 5.6)
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
        axes.xaxis.set_major_formatter(style.AMOUNTS)
        axes.yaxis.set_major_formatter(style.AMOUNTS)
        _frontier_legend(figure, incremental)
        shared: dict[tuple[float, float], list[str]] = {}
        for name, spot in spots.items():
            shared.setdefault(spot, []).append(name)
        texts = {spot: _point_text(names, incremental) for spot, names in shared.items()}
        zeros = [[(axes.get_xlim()[0], 0.0), (axes.get_xlim()[1], 0.0)], [(0.0, y) for y in axes.get_ylim()]]
        label_points(axes, texts, list(texts), [edge, _within(axes, edge[0], incremental.threshold)], zeros)
        return figure


def _frame_points(axes: Axes, points: Sequence[tuple[float, float]], threshold: float) -> None:
    """Limits around the points and the origin, with room for labels; without a spread the threshold sets the scale."""
    effects, costs = ([point[axis] for point in points] + [0.0] for axis in (0, 1))
    across, up = max(effects) - min(effects), max(costs) - min(costs)
    across = across or up / (threshold or 1.0) or 1.0
    up = up or across * (threshold or 1.0)
    axes.set_xlim(min(effects) - 0.18 * across, max(effects) + 0.28 * across)
    axes.set_ylim(min(costs) - 0.18 * up, max(costs) + 0.28 * up)


def _within(axes: Axes, start: tuple[float, float], slope: float) -> list[tuple[float, float]]:
    """Ends of the rising line through a point, as far as the axes show it."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    back, ahead = start[0] - left, right - start[0]
    if slope > 0:
        back, ahead = min(back, (start[1] - bottom) / slope), min(ahead, (top - start[1]) / slope)
    return [(start[0] - back, start[1] - slope * back), (start[0] + ahead, start[1] + slope * ahead)]


def _point_text(names: Sequence[str], incremental: Incremental) -> str:
    """Label of one point: who stands there, and the ICER if it has one."""
    rows = [incremental.row(name) for name in names]
    text = style.wrapped(shared_label(names, {row.strategy: row.label for row in rows}, "same point"), 28)
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

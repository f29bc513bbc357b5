"""Figures of a run: Markov trace, survival, cost by category, and the efficiency frontier.

Each function takes tidy data and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, PercentFormatter

from cea.analysis.incremental import Incremental, Row
from cea.reports import style
from cea.reports.placement import Box, place, spread
from cea.reports.wording import listing, money, rounded_money

_SAME_CURVE = 1e-9


def markov_trace(
    frame: pd.DataFrame, strategies: Mapping[str, str], states: Mapping[str, str], title: str = "Markov trace"
) -> Figure:
    """Share of the cohort in each state over time: stacked areas, a panel a strategy, death states in grey on top.

    frame: columns strategy, year, state, share (0 to 1), dead (bool). strategies and states: labels by name, in the order in
    which they are drawn.
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
            panel.set_title("\n".join(textwrap.wrap(label, 36)))
            panel.xaxis.set_tick_params(labelbottom=True)
        for panel in panels[len(strategies) :]:
            panel.set_visible(False)
        figure.supxlabel("Years since start", fontsize=10)
        figure.supylabel("Share of the cohort", fontsize=10)
        figure.legend(
            [_patch(looks[name]) for name in reversed(order)],
            ["\n".join(textwrap.wrap(states[name], 24)) for name in reversed(order)],
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
        figure = _figure(title, 8.0, 5.0, engine="none")
        axes = figure.add_axes((0.09, 0.12, 0.61, 0.76))
        for group in groups:
            for layer, name in enumerate(group):
                width = 1.9 + 2.2 * (len(group) - 1 - layer)
                axes.plot(
                    years, table[name].to_numpy(), color=looks[name].colour, linestyle=looks[name].dashes, linewidth=width
                )
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

    frame: columns strategy, category, cost (in currency); categories stack in order of first appearance, savings to the left of
    zero, those that are zero everywhere are left out. strategies: labels by name, in the model's order.
    """
    table = frame.pivot_table(index="strategy", columns="category", values="cost", aggfunc="sum", sort=False, fill_value=0.0)
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
        axes.set_yticks(spots, ["\n".join(textwrap.wrap(label, 24)) for label in strategies.values()])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"Cost per person, {f'{price_year} {currency}'.strip()}")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: money(value, currency)))
        figure.legend(
            [_patch(look) for look in looks],
            [textwrap.shorten(str(category), 40, placeholder="...") for category in table.columns],
            loc="outside lower center",
            ncols=min(3, max(1, len(looks))),
            handleheight=1.4,
        )
        return figure


def frontier(incremental: Incremental, title: str | None = None) -> Figure:
    """Cost-effectiveness plane: every strategy against the comparator, the efficiency frontier, and the threshold.

    The threshold's line goes through the reference, the cheapest strategy: a strategy below the line is worth its cost against
    it. Strategies with the same cost and effect share a point and a label.
    """
    labels = {row.strategy: row.label for row in incremental.rows}
    comparator = labels[incremental.comparator]
    spots = {pair.strategy: (pair.effect, pair.cost) for pair in incremental.pairs}
    with style.settings():
        figure = _figure(title or f"Cost-effectiveness plane: increments against {comparator}", 8.0, 5.6, engine="none")
        axes = figure.add_axes((0.14, 0.21, 0.82, 0.69))
        _frame_points(axes, list(spots.values()))
        axes.axhline(0, color=style.MUTED, linewidth=0.9, zorder=1)
        axes.axvline(0, color=style.MUTED, linewidth=0.9, zorder=1)
        edge = [spots[name] for name in incremental.frontier]
        axes.axline(edge[0], slope=incremental.threshold, color=style.MUTED, linestyle=(0, (5, 3)), linewidth=1.3)
        axes.plot(*zip(*edge, strict=True), color=style.INK, linewidth=1.6, zorder=2)
        for row in incremental.rows:
            axes.plot(*spots[row.strategy], linestyle="none", zorder=3, **_marker(row))
        unit, currency = incremental.effect_unit, incremental.currency
        axes.set_xlabel(f"Incremental effect per person, {unit}, against {comparator}")
        axes.set_ylabel(f"Incremental cost per person, {f'{incremental.price_year} {currency}'.strip()}")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: money(value, currency)))
        _label_points(axes, incremental, spots)
        _frontier_legend(figure, incremental)
        return figure


def _figure(title: str, width: float, height: float, engine: str = "constrained") -> Figure:
    """An empty figure with a title that also names it for screen readers; sizes in inches."""
    figure = Figure(figsize=(width, height), layout=engine)
    FigureCanvasAgg(figure)
    figure.set_label(title)
    figure.suptitle("\n".join(textwrap.wrap(title, 90)), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


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
            years, lower, upper[:, i], facecolor=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0.5
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
    """Labels right of the axes, each with a piece of its line, tied to the line's end; where ends meet, by area below."""
    ends = {group[0]: float(table[group[0]].iloc[-1]) for group in groups}
    ordered = sorted(groups, key=lambda group: (round(ends[group[0]], 2), float(table[group[0]].sum())))
    top = axes.get_ylim()[1]
    texts = [
        "\n".join(textwrap.wrap(listing(labels[name] for name in group) + (" (same)" if len(group) > 1 else ""), 24))
        for group in ordered
    ]
    gap = 0.05 * max(text.count("\n") + 1 for text in texts) + 0.025
    heights = spread([ends[group[0]] / top for group in ordered], gap, 0.02, 0.98)
    for group, text, height in zip(ordered, texts, heights, strict=True):
        for layer, name in enumerate(group):
            axes.plot(
                [1.05, 1.13],
                [height, height],
                transform=axes.transAxes,
                clip_on=False,
                color=looks[name].colour,
                linestyle=looks[name].dashes,
                linewidth=1.9 + 2.2 * (len(group) - 1 - layer),
            )
        tie = [ends[group[0]] / top, height]
        axes.plot([1.005, 1.045], tie, transform=axes.transAxes, clip_on=False, color=style.MUTED, linewidth=0.7)
        axes.text(1.15, height, text, transform=axes.transAxes, va="center", ha="left")


def _print_totals(
    axes: Axes, totals: npt.NDArray[np.float64], right: npt.NDArray[np.float64], left: npt.NDArray[np.float64], currency: str
) -> None:
    """Totals beside the bars; where savings make a total differ from the bar's end, a line marks it."""
    width = float((right - left).max()) if len(totals) else 0.0
    axes.set_xlim(min(0.0, 1.05 * float(left.min(initial=0.0))), float(right.max(initial=0.0)) + 0.16 * (width or 1.0))
    axes.axvline(0, color=style.MUTED, linewidth=0.9)
    for spot, (total, end, start) in enumerate(zip(totals, right, left, strict=True)):
        if start < 0:
            axes.vlines(total, spot - 0.38, spot + 0.38, color=style.INK, linewidth=2.0)
        axes.annotate(
            money(total, currency), (end, spot), (5, 0), textcoords="offset points", va="center", fontweight="bold"
        )


def _frame_points(axes: Axes, points: Sequence[tuple[float, float]]) -> None:
    """Limits around the points and the origin, with room for labels."""
    for axis, setter in ((0, axes.set_xlim), (1, axes.set_ylim)):
        values = [point[axis] for point in points] + [0.0]
        span = max(values) - min(values) or 1.0
        setter(min(values) - 0.16 * span, max(values) + 0.16 * span)


def _marker(row: Row) -> dict[str, object]:
    """Filled on the frontier; hollow and grey when dominated, square in extended dominance."""
    if row.status in ("reference", "frontier"):
        return {"marker": "o", "markersize": 9, "color": style.look(0).colour, "markeredgecolor": "white"}
    shape = "s" if row.status == "extendedly_dominated" else "o"
    return {"marker": shape, "markersize": 8, "color": "white", "markeredgecolor": style.MUTED, "markeredgewidth": 1.6}


def _label_points(axes: Axes, incremental: Incremental, spots: Mapping[str, tuple[float, float]]) -> None:
    """A label beside every point, clear of points, lines and other labels; a thin line leads to one that is far away."""
    shared: dict[tuple[float, float], list[Row]] = {}
    for row in incremental.rows:
        shared.setdefault(spots[row.strategy], []).append(row)
    pixels = _pixels(axes, list(shared))
    texts = [axes.text(0, 0, _point_text(rows, incremental), fontsize=9, va="bottom") for rows in shared.values()]
    extents = [text.get_window_extent() for text in texts]
    edge = [spots[name] for name in incremental.frontier]
    far = axes.get_xlim()[1]
    slope = [edge[0], (far, edge[0][1] + incremental.threshold * (far - edge[0][0]))]
    obstacles = [Box(x - 9, y - 9, x + 9, y + 9) for x, y in pixels]
    obstacles += _along(_pixels(axes, edge)) + _along(_pixels(axes, slope))
    sizes = [(extent.width, extent.height) for extent in extents]
    boxes = place(pixels, sizes, obstacles, Box(*axes.get_window_extent().extents), clearance=14)
    for text, box, spot, pixel in zip(texts, boxes, shared, pixels, strict=True):
        text.set_position(tuple(axes.transData.inverted().transform((box.left, box.bottom))))
        nearest = (min(max(pixel[0], box.left), box.right), min(max(pixel[1], box.bottom), box.top))
        if np.hypot(nearest[0] - pixel[0], nearest[1] - pixel[1]) > 20:
            end = axes.transData.inverted().transform(nearest)
            axes.plot([spot[0], end[0]], [spot[1], end[1]], color=style.MUTED, linewidth=0.7, zorder=1)


def _pixels(axes: Axes, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in axes.transData.transform(points)]


def _along(corners: Sequence[tuple[float, float]]) -> list[Box]:
    """Small boxes along a line, for labels to keep off."""
    spots = [
        np.array(start) + share * (np.array(end) - np.array(start))
        for start, end in pairwise(corners)
        for share in np.linspace(0, 1, 60)
    ]
    return [Box(x - 3, y - 3, x + 3, y + 3) for x, y in spots]


def _point_text(rows: Sequence[Row], incremental: Incremental) -> str:
    """Label of one point: who stands there, and its ICER or why it has none."""
    lines = textwrap.wrap(listing(row.label for row in rows) + (" (same point)" if len(rows) > 1 else ""), 28)
    front = next((row for row in rows if row.status in ("reference", "frontier")), None)
    if front is None:
        lines.append("dominated" if rows[0].status == "dominated" else "extendedly dominated")
    elif front.icer is not None:
        lines.append(f"{rounded_money(front.icer, incremental.currency)} per {incremental.effect_unit}")
    return "\n".join(lines)


def _frontier_legend(figure: Figure, incremental: Incremental) -> None:
    """What the lines and markers mean, below the axes; only those that occur."""
    amount = money(incremental.threshold, incremental.currency)
    statuses = {row.status: row for row in incremental.rows}
    entries = [
        (Line2D([], [], linestyle="none", **_marker(statuses[status])), label)
        for status, label in (
            ("reference", "On the efficiency frontier"),
            ("dominated", "Dominated"),
            ("extendedly_dominated", "Extendedly dominated"),
        )
        if status in statuses
    ]
    entries.insert(1, (Line2D([], [], color=style.INK, linewidth=1.6), "Efficiency frontier"))
    threshold = Line2D([], [], color=style.MUTED, linestyle=(0, (5, 3)), linewidth=1.3)
    entries.append((threshold, f"Threshold {amount} per {incremental.effect_unit}"))
    handles, labels = zip(*entries, strict=True)
    figure.legend(handles, labels, loc="lower center", ncols=3)

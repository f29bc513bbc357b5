"""Figures of a run: Markov trace, survival, cost by category and efficiency frontier.

Each function takes tidy data and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from cea.reports import style
from cea.reports.labels import shared_label
from cea.reports.placement import spread
from cea.reports.plane import frontier
from cea.reports.wording import money

__all__ = ["cost_by_category", "frontier", "markov_trace", "survival"]

Floats = npt.NDArray[np.float64]

_SAME_CURVE = 1e-9


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
        figure = style.figure(title, 9.0, 1.1 + (3.6 if rows == 1 else 2.7 * rows))
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for panel, (name, label) in zip(panels, strategies.items(), strict=False):
            table = frame[frame["strategy"] == name].pivot(index="year", columns="state", values="share")[order]
            _stacked_areas(panel, table, looks)
            panel.set_title(style.wrapped(label, 32))
            panel.xaxis.set_tick_params(labelbottom=True)
        for panel in panels[len(strategies) :]:
            panel.set_visible(False)
        figure.supxlabel("Years since start", fontsize=10)
        figure.supylabel("Share of the cohort", fontsize=10)
        figure.legend(
            [_patch(looks[name]) for name in reversed(order)],
            [style.wrapped(states[name], 24) for name in reversed(order)],
            loc="outside right center",
            title="State",
            alignment="left",
            handleheight=1.4,
        )
        return figure


def survival(frame: pd.DataFrame, strategies: Mapping[str, str], title: str = "Survival by strategy") -> Figure:
    """Share alive over time, a line a strategy, labelled at its end; strategies with one curve share a label.

    Where ends are closer than their labels are high, the labels stand as a legend beside the upper end of the axes.

    frame: columns strategy, year, alive (0 to 1). strategies: labels by name, in the model's order.
    """
    table = frame.pivot(index="year", columns="strategy", values="alive")[list(strategies)]
    years = table.index.to_numpy(dtype=float)
    looks = {name: style.look(i) for i, name in enumerate(strategies)}
    groups = _same_curves(table)
    with style.settings():
        figure = style.figure(title, 8.0, 5.0)
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
        figure = style.figure(title, 8.0, 2.3 + 0.65 * len(strategies))
        axes = figure.add_subplot()
        spots = np.arange(len(strategies))
        right, left = np.zeros(len(spots)), np.zeros(len(spots))
        looks = [style.look(i) for i in range(len(table.columns))]
        for category, look in zip(table.columns, looks, strict=True):
            cost = table[category].to_numpy(dtype=float)
            start = np.where(cost >= 0, right, left)
            # A thin edge leaves narrow segments their colour.
            axes.barh(spots, cost, left=start, height=0.62, linewidth=0.4, edgecolor="white", **_fill(look))
            right, left = right + np.maximum(cost, 0), left + np.minimum(cost, 0)
        _print_totals(axes, table.sum(axis=1).to_numpy(dtype=float), right, left, currency)
        axes.set_yticks(spots, [style.wrapped(label, 24) for label in strategies.values()])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"Cost per person, {f'{price_year} {currency}'.strip()}")
        axes.xaxis.set_major_formatter(style.AMOUNTS)
        handles: list[Artist] = [_patch(look) for look in looks]
        labels = [style.wrapped(str(category), 44) for category in table.columns]
        if left.any():
            handles.append(
                Line2D([], [], linestyle="none", marker="|", markersize=14, color=style.INK, markeredgewidth=2)
            )
            labels.append("Total")
        columns = 3 if max(map(len, labels), default=0) <= 26 else 2
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, handleheight=1.4)
        return figure


def _line(look: style.Look, group: Sequence[str], layer: int) -> dict[str, Any]:
    """Style of a curve; of several that are the same, the later lie as thinner lines on the earlier."""
    return {"color": look.colour, "linestyle": look.dashes, "linewidth": 1.9 + 2.2 * (len(group) - 1 - layer)}


def _patch(look: style.Look) -> Patch:
    return Patch(edgecolor="white", **_fill(look))


def _fill(look: style.Look) -> dict[str, Any]:
    return {"facecolor": look.colour, "hatch": look.hatch}


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
    """Labels right of the axes, each with a piece of its line, tied to the line's end; where ends meet, a legend."""
    ends = {group[0]: float(table[group[0]].iloc[-1]) for group in groups}
    ordered = sorted(groups, key=lambda group: (round(ends[group[0]], 2), float(table[group[0]].sum())))
    texts = [style.wrapped(shared_label(group, labels, "same curve"), 24) for group in ordered]
    wanted = [axes.transLimits.transform((0, ends[group[0]]))[1] for group in ordered]
    sizes = [0.03 + 0.048 * (text.count("\n") + 1) for text in texts]
    meet = any(np.diff(sorted(wanted)) < np.add(sizes[1:], sizes[:-1]) / 2)
    heights = spread([1.0] * len(sizes) if meet else sorted(wanted), sizes, 0.0, 1.0)
    for group, text, end, height in zip(ordered, texts, wanted, heights, strict=True):
        for layer, name in enumerate(group):
            axes.plot(
                [1.05, 1.12], [height] * 2, transform=axes.transAxes, clip_on=False, **_line(looks[name], group, layer)
            )
        if not meet:
            axes.plot(
                [1.005, 1.045], [end, height], transform=axes.transAxes, clip_on=False, color=style.MUTED, linewidth=0.7
            )
        axes.text(1.14, height, text, transform=axes.transAxes, va="center")


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

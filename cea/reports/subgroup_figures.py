"""Figures of subgroups and of a test for response: net benefit and price by subgroup, what a test may cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cea.analysis.stratification import Stratification
from cea.analysis.subgroups import SubgroupResult
from cea.reports import style
from cea.reports.canvas import AMOUNTS, empty_figure, wrapped
from cea.reports.wording import money

_ZERO: dict[str, Any] = {"color": style.INK, "linestyle": (0, (4, 3)), "linewidth": 1.2}
_NOW: dict[str, Any] = {"color": style.MUTED, "linestyle": (0, (1, 2)), "linewidth": 1.4}
_POINT: dict[str, Any] = {"marker": "D", "markersize": 7, "linestyle": "none", "color": style.look(0).colour}
_INTERVAL: dict[str, Any] = {"color": style.look(0).colour, "linewidth": 1.8, "linestyle": "none", "capsize": 4}
_BOX: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85}
_GAP = 0.15
"""Room above the heading of each division, in rows."""


def subgroups(results: Sequence[SubgroupResult], threshold: float, price_now: float | None, price: str) -> Figure:
    """Net benefit and highest price of one comparison by subgroup, with 95 % of the draws.

    price_now, price: the price now and its label; None where the comparison has no price.
    """
    first = results[0]
    frame = pd.DataFrame([item.record(threshold) for item in results])
    outcomes = first.point
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    against = f"{labels[first.comparison.strategy]} against {labels[first.comparison.comparator]}"
    rows, heads = _rows(frame)
    with style.settings():
        at = f"{money(threshold, outcomes.currency)} per {outcomes.effect_unit}"
        panels = 1 if price_now is None else 2
        figure = empty_figure(f"Subgroups at {at}: {against}", 5.5 * panels, 2.2 + 0.38 * (rows.max() + 1))
        axes = figure.subplots(1, panels, sharey=True, squeeze=False).ravel()
        benefit = f"Incremental net monetary benefit per person, {outcomes.money}"
        _panel(axes[0], rows, (frame["nmb"], "nmb_low", "nmb_high"), frame, "Net benefit", benefit)
        axes[0].axvline(0, **_ZERO)
        if price_now is not None:
            label = f"{price}, {outcomes.money}"
            _panel(axes[1], rows, (frame["highest_price"], "price_low", "price_high"), frame, "Highest price", label)
            axes[1].axvline(price_now, **_NOW)
            axes[1].set_xlim(left=0)
        axes[0].set_yticks(rows, [wrapped(label, 34) for label in frame["label"]])
        for head, place in heads.items():
            axes[0].annotate(
                head, (0, place), (-8, 0), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
                va="center", fontweight="bold", fontsize=9, annotation_clip=False,
            )  # fmt: skip
        axes[0].set_ylim(rows.max() + 0.6, -0.6)
        handles, words = [Line2D([], [], **_POINT)], ["Base case"]
        if first.drawn is not None:
            handles.append(Line2D([], [], color=_INTERVAL["color"], linewidth=1.8))
            words.append("95 % of the draws")
        handles += [Line2D([], [], **_ZERO), Line2D([], [], **_NOW)][:panels]
        words += ["Zero: worth its cost to the right", "Price now"][:panels]
        figure.legend(handles, words, loc="outside lower left", ncols=4)
        return figure


def _rows(frame: pd.DataFrame) -> tuple[Any, dict[str, float]]:
    """Where each subgroup stands, and where the headings of divisions do."""
    rows, heads, place, last = [], {}, 0.0, ""
    for by in frame["by"]:
        if by and by != last:
            place += _GAP
            heads[by] = place
            place, last = place + 0.85, by
        rows.append(place)
        place += 1.0
    return np.array(rows), heads


def _panel(
    axes: Axes, rows: Any, columns: tuple[pd.Series, str, str], frame: pd.DataFrame, title: str, label: str
) -> None:
    """Points with their intervals; no price at all stands at zero, one without limit at the edge."""
    points, low, high = columns
    axes.plot(points.replace(np.inf, np.nan), rows, **_POINT)
    if high in frame:
        both = np.nan_to_num(frame[[low, high]].to_numpy(dtype=np.float64), nan=0.0, posinf=np.inf)
        starts, ends = np.minimum(both, 1.1 * np.abs(both[np.isfinite(both)]).max(initial=0.0)).T
        axes.errorbar((starts + ends) / 2, rows, xerr=(ends - starts) / 2, **_INTERVAL)
    for row, value in zip(rows, points, strict=True):
        if not np.isfinite(value):
            axes.annotate(
                "any price" if value == np.inf else "none is low enough", (0, row), (6, 9), textcoords="offset points",
                fontsize=9, va="center",
            )  # fmt: skip
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(AMOUNTS)
    axes.set_title(title)
    axes.set_xlabel(wrapped(label, 58))


def test_value(found: Stratification, threshold: float, sensitivities: Any, specificities: Any) -> Figure:
    """What a test may cost by its accuracy, and the choices with and without it by the share who respond."""
    with style.settings():
        at = f"{money(threshold, found.currency)} per {found.effect_unit}"
        title = f"What a test for response is worth at {at}: {found.labels[0]} against {found.labels[1]}"
        figure = empty_figure(title, 12.6, 5.2)
        accuracy, prevalence = figure.subplots(1, 2, gridspec_kw={"wspace": 0.05})
        _accuracy_panel(figure, accuracy, found, threshold, (sensitivities, specificities))
        _prevalence_panel(prevalence, found, threshold)
        both = [panel.get_legend_handles_labels() for panel in (accuracy, prevalence)]
        figure.legend(both[0][0] + both[1][0], both[0][1] + both[1][1], loc="outside lower left", ncols=5)
        return figure


def _accuracy_panel(
    figure: Figure, axes: Axes, found: Stratification, threshold: float, grid: tuple[Any, Any]
) -> None:
    frame = found.accuracy_frame(threshold, *grid)
    values = frame["test_value"].to_numpy().reshape(len(grid[0]), len(grid[1]))
    low, high = min(float(values.min()), -1e-9), max(float(values.max()), 1e-9)
    norm = TwoSlopeNorm(0.0, low, high)
    surface = grid[1], grid[0], values
    mesh = axes.pcolormesh(*surface, cmap="PuOr", norm=norm, shading="gouraud", rasterized=True)
    levels = [level for level in MaxNLocator(7).tick_values(low, high) if level != 0]
    lines = axes.contour(*surface, levels=levels, colors=style.MUTED, linewidths=0.7, linestyles="solid")
    texts = axes.clabel(lines, fmt=lambda value: money(value, found.currency), fontsize=9, colors=style.INK)
    if values.min() < 0 < values.max():
        zero = axes.contour(*surface, levels=[0.0], colors=style.INK, linewidths=2.2)
        texts = [*texts, *axes.clabel(zero, fmt=lambda _: "zero", fontsize=10)]
    for text in texts:
        text.set(bbox=_BOX, rotation=0)
    axes.plot(
        found.marker.specificity, found.marker.sensitivity, marker="P", markersize=11, color="white",
        markeredgecolor=style.INK, clip_on=False, linestyle="none", label="Assumed test",
    )  # fmt: skip
    axes.grid(visible=False)
    axes.set_title(wrapped(f"By accuracy, where {found.marker.prevalence:.0%} respond", 46))
    axes.set(xlabel="Specificity", ylabel="Sensitivity")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    bar = figure.colorbar(mesh, ax=axes, format=AMOUNTS, pad=0.02)
    bar.set_label(f"Most that a test may cost, {found.price_year} {found.currency}\n(below zero: not even if free)")
    bar.outline.set_visible(False)
    bar.ax.set_ylim(min(float(values.min()), 0.0), max(float(values.max()), 0.0))


def _prevalence_panel(axes: Axes, found: Stratification, threshold: float) -> None:
    frame = found.prevalence_frame(threshold)
    series = {
        "Treat all": frame["nmb_all"],
        f"By the assumed test, at {money(found.test_cost, found.currency)}": frame["nmb_test"],
    }
    for position, (label, values) in enumerate(series.items()):
        look = style.look(position)
        axes.plot(
            frame["prevalence"], values, color=look.colour, linestyle=look.dashes, linewidth=2.0,
            marker=("o", "s")[position], markersize=5, label=label,
        )  # fmt: skip
    perfect = np.maximum(frame["nmb_all"], 0.0) + frame["perfect_test_value"]
    axes.plot(frame["prevalence"], perfect, color=style.MUTED, linestyle=(0, (1, 1.5)), linewidth=1.6,
              label="By a free and perfect test")  # fmt: skip
    axes.axhline(0, label="Treat none", **_ZERO)
    axes.axvline(found.marker.prevalence, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.yaxis.set_major_formatter(AMOUNTS)
    axes.set_title("By the share who respond")
    impossible = frame[frame["multiplier"].isna()]["prevalence"]
    note = f"\nAt {impossible.max():.0%} or less no effect keeps the average" if len(impossible) else ""
    axes.set_xlabel(f"Share who respond, the average effect being the same{note}")
    unit = f"{found.price_year} {found.currency}".strip()
    axes.set_ylabel(wrapped(f"Net monetary benefit per person against treating none, {unit}", 44))

"""Figures of global sensitivity analyses: bars of Sobol indices, heat map of the second order, Morris scatter.

Each function takes a result and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, MultipleLocator

from cea.analysis.morris import Screening
from cea.analysis.sobol import Sobol
from cea.reports import style
from cea.reports.canvas import AMOUNTS, empty_figure, wrapped
from cea.reports.labels import label_points

TOP = 15
_FIRST, _TOTAL = style.look(0), style.look(1)
_INTERVAL: dict[str, Any] = {"ecolor": style.INK, "elinewidth": 1.0, "capsize": 2.0}
_DOT: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 7, "color": style.look(0).colour}
_GROUP: dict[str, Any] = {**_DOT, "marker": "D", "color": "white", "markeredgecolor": style.look(1).colour}
_EQUAL: dict[str, Any] = {"color": style.MUTED, "linestyle": (0, (5, 3)), "linewidth": 1.0}
_LABELLED = 6
_PRINTED = 0.005
"""Smallest total order that is printed at its bar."""


def index_bars(found: Sobol, outcomes: Sequence[int], title: str, top: int = TOP) -> Figure:
    """First and total order with their 95 % intervals: a row an input, a panel an outcome (positions in `outcomes`).

    Rows are the `top` inputs with the largest total order in any panel, by that of the first panel; the others are
    counted below, with the most that any of them reaches. Panels whose outcome does not vary say so.
    """
    total = np.nan_to_num(found.ST[list(outcomes)])
    largest = total.max(axis=0)
    chosen = [int(at) for at in np.argsort(-largest, kind="stable")[: max(top, 1)] if largest[at] > 0]
    chosen.sort(key=lambda at: -total[0, at])
    with style.settings():
        figure = empty_figure(title, 3.4 + 2.7 * len(outcomes), 2.2 + 0.42 * max(len(chosen), 3))
        panels = figure.subplots(1, len(outcomes), sharey=True, sharex=True, squeeze=False).ravel()
        for panel, outcome in zip(panels, outcomes, strict=True):
            _bars(panel, found, outcome, chosen)
        labels = [wrapped(found.inputs[at].label, 40) for at in chosen]
        panels[0].set_yticks(range(len(chosen)), labels, fontsize=9)
        panels[0].set_ylim(max(len(chosen), 1) - 0.4, -0.6)
        left, right = _reach(found, outcomes, chosen)
        panels[0].set_xlim(left, right)
        panels[0].xaxis.set_major_locator(MultipleLocator(0.25) if right - left < 2 else MaxNLocator(5))
        rest = [at for at in range(len(found.inputs)) if at not in chosen]
        note = f"Not drawn: {len(rest)} more inputs, with totals up to {largest[rest].max():.3f}" if rest else ""
        # As the title of the legend: beside a legend below the panels, a common label would be written over it.
        shares = f"Share of the outcome's variance (n = {found.n:,}; lines: 95 % intervals; numbers: total order)"
        figure.legend(
            [Patch(facecolor=look.colour, hatch=look.hatch, edgecolor="white") for look in (_FIRST, _TOTAL)],
            ["First order: by itself", "Total order: with all its interactions"],
            loc="outside lower center",
            ncols=2 if len(outcomes) > 1 else 1,
            handleheight=1.4,
            title="\n".join(wrapped(text, int(11 * figure.get_figwidth())) for text in (shares, note) if text),
        )
        return figure


def _reach(found: Sobol, outcomes: Sequence[int], chosen: Sequence[int]) -> tuple[float, float]:
    """Limits that hold the whole of every interval, and the number printed beyond it."""
    rows = np.ix_(list(outcomes), list(chosen))
    pairs = ((found.S1[rows], found.S1_conf[rows]), (found.ST[rows], found.ST_conf[rows]))
    low = min(float(np.nan_to_num(index - half).min(initial=0.0)) for index, half in pairs)
    high = max(float(np.nan_to_num(index + half).max(initial=0.0)) for index, half in pairs)
    room = 0.2 * max(high - low, 1.0)
    return min(-0.05, low - 0.03), max(1.2, high + room)


def _bars(panel: Axes, found: Sobol, outcome: int, chosen: Sequence[int]) -> None:
    panel.set_title(wrapped(found.outcomes[outcome].label, 26))
    panel.grid(visible=False, axis="y")
    panel.axvline(0, color=style.MUTED, linewidth=0.9)
    if not found.sd[outcome] > 0:
        panel.text(0.5, 0.5, "does not vary", transform=panel.transAxes, ha="center")
        return
    rows = np.arange(len(chosen))
    sides = ((found.S1, found.S1_conf, _FIRST, -0.19), (found.ST, found.ST_conf, _TOTAL, 0.19))
    for index, half, look, offset in sides:
        panel.barh(
            rows + offset,
            index[outcome, chosen],
            xerr=half[outcome, chosen],
            height=0.36,
            color=look.colour,
            hatch=look.hatch,
            edgecolor="white",
            error_kw=_INTERVAL,
        )
    for row, which in enumerate(chosen):
        total, half = found.ST[outcome, which], found.ST_conf[outcome, which]
        if total >= _PRINTED:
            panel.annotate(
                f"{total:.2f}",
                (total + half, row + 0.19),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )


def second_order_map(found: Sobol, outcome: int, title: str) -> Figure:
    """Second order of each pair as a triangle of cells with the number in each; in bold where its interval is off zero.

    Estimates that cannot be true, below zero or larger than the total order of one of the two, are grey without colour.
    On the diagonal is the first order of each input. Raises ValueError for indices without second order.
    """
    if found.S2 is None or found.S2_conf is None:
        raise ValueError("the indices have no second order")
    order = found.order(outcome)
    count = len(order)
    shared, half = (array[outcome] for array in (found.S2, found.S2_conf))
    # S2 stands above the diagonal of the inputs' own order.
    cells = np.full((count, count), np.nan)
    weights = np.full((count, count), "normal")
    noise = np.zeros((count, count), dtype=bool)
    for row in range(count):
        for column in range(row):
            one, two = sorted((order[row], order[column]))
            cells[row, column] = shared[one, two]
            weights[row, column] = "bold" if shared[one, two] > half[one, two] else "normal"
            noise[row, column] = not 0 <= shared[one, two] <= found.ST[outcome, [one, two]].min()
    coloured = np.ma.masked_where(noise | np.isnan(cells), cells)
    limit = max(float(coloured.max()) if coloured.count() else 0.0, 0.01)
    with style.settings():
        figure = empty_figure(title, 5.2 + 0.55 * count, 3.2 + 0.46 * count)
        axes = figure.add_subplot()
        mesh = axes.imshow(coloured, cmap="Purples", vmin=0.0, vmax=limit, aspect="auto")
        for row in range(count):
            _cell_text(axes, row, row, found.S1[outcome, order[row]], style.INK, style="italic")
            for column in range(row):
                dark = cells[row, column] > 0.55 * limit
                colour = style.MUTED if noise[row, column] else "white" if dark else style.INK
                _cell_text(axes, column, row, cells[row, column], colour, fontweight=str(weights[row, column]))
        axes.set_yticks(range(count), [wrapped(found.inputs[at].label, 38) for at in order], fontsize=9)
        names = [_short(found.inputs[at].name) for at in order]
        axes.set_xticks(range(count), names, rotation=45, ha="right", fontsize=8)
        axes.grid(visible=False)
        bar = figure.colorbar(mesh, ax=axes, pad=0.02)
        bar.set_label("Second order: share of the variance")
        bar.outline.set_visible(False)
        axes.set_xlabel(
            "Without colour: below zero or larger than the total order of one of the two, and so estimation error.\n"
            "Bold: the 95 % interval leaves out zero. Italic, on the diagonal: first order."
        )
        return figure


def _cell_text(axes: Axes, column: int, row: int, value: float, colour: str, **font: Any) -> None:
    text = f"{value:.2f}"
    text = text if text.strip("-0.") else text.lstrip("-")
    axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour, **font)


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"


def screening_scatter(found: Screening, outcome: int, title: str, unit: str = "") -> Figure:
    """Morris mu* against sigma, a point an input, the strongest ones named; on the line both are the same.

    Inputs of several columns have no sigma and are diamonds on the axis.
    """
    size, spread = found.mu_star[outcome], found.sigma[outcome]
    heights = np.nan_to_num(spread)
    single = ~np.isnan(spread)
    with style.settings():
        figure = empty_figure(title, 9.0, 6.0)
        axes = figure.add_subplot()
        axes.plot(size[single], heights[single], **_DOT)
        axes.plot(size[~single], heights[~single], clip_on=False, zorder=3, **_GROUP)
        room = 1.12 * float(size.max()) or 1.0
        top = 1.15 * float(max(heights.max(), 0.5 * size.max())) or 1.0
        axes.set(xlim=(-0.02 * room, room), ylim=(-0.02 * top, top))
        axes.axline((0, 0), slope=1, **_EQUAL)
        unit_text = f", {unit}" if unit else ""
        axes.set_xlabel(f"μ*: mean size of the effect, from end to end of the input{unit_text}")
        axes.set_ylabel("σ: how much that effect depends on where the inputs are")
        axes.xaxis.set_major_formatter(AMOUNTS)
        axes.yaxis.set_major_formatter(AMOUNTS)
        handles = [Line2D([], [], **_DOT), Line2D([], [], **_EQUAL)]
        texts = ["Input", "σ = μ*: above it the effect changes its sign or bends"]
        if not single.all():
            handles.insert(1, Line2D([], [], **_GROUP))
            texts.insert(1, "Group of inputs (has no σ)")
        figure.legend(handles, texts, loc="outside lower center", ncols=len(texts))
        points = list(zip(size.tolist(), heights.tolist(), strict=True))
        named = [int(at) for at in np.argsort(-size, kind="stable")[:_LABELLED] if size[at] > 0]
        label_points(
            axes,
            {points[at]: wrapped(found.inputs[at].label, 30) for at in named},
            points,
            [],
            [[(0.0, 0.0), (room, room)]],
        )
        return figure

"""Figures of deterministic sensitivity analyses: tornado, heat map, prices by threshold, price against durability.

Each function takes a result and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cea.analysis.one_way import Bar, Measure, OneWay
from cea.analysis.price import FRONTIER, PriceDistribution
from cea.analysis.threshold import DurabilityFrontier
from cea.analysis.two_way import Axis, TwoWay
from cea.reports import style
from cea.reports.canvas import AMOUNTS, empty_figure, wrapped
from cea.reports.quantities import figure as number
from cea.reports.quantities import per
from cea.reports.wording import effect, listing, money

_MEASURES: Mapping[Measure, tuple[str, str]] = {
    "nmb": ("net monetary benefit", "Incremental net monetary benefit per person"),
    "cost": ("cost", "Incremental cost per person"),
    "effect": ("effect", "Incremental effect per person"),
}
_LOW, _HIGH = style.look(0), style.look(1)
_BASE: dict[str, Any] = {"color": style.INK, "linewidth": 1.2}
_ZERO: dict[str, Any] = {"color": style.INK, "linestyle": (0, (4, 3)), "linewidth": 1.2}
_FLIPS: dict[str, Any] = {"marker": "D", "color": style.INK, "markersize": 7, "linestyle": "none"}
_FLIPS_BEST: dict[str, Any] = {**_FLIPS, "markerfacecolor": "white", "markeredgewidth": 1.4}
_NOW: dict[str, Any] = {"color": style.MUTED, "linestyle": (0, (1, 2)), "linewidth": 1.4}
_OWN: dict[str, Any] = {"color": style.look(0).colour, "linewidth": 2.2, "label": "Against its comparator"}
_BEST: dict[str, Any] = {
    "color": style.INK,
    "linestyle": (0, (2, 2)),
    "linewidth": 2.2,
    "label": "Best of all strategies",
}
_CUT = 6.0
"""A bar that reaches this many times as far from the base as the next longest is cut."""


def tornado(found: OneWay, measure: Measure = "nmb", top: int = 20) -> Figure:
    """Bars from the base to what a comparison is at the low and the high value of each input, the longest first.

    The values stand at the ends of the bars; those of the low value and of the high value differ in colour and hatch.
    A filled diamond marks inputs that turn the comparison's decision, a hollow one those that make another strategy the
    best of all. Bars that would dwarf the others are cut, with the amount that they reach. `top` bars are drawn.
    """
    bars = [bar for bar in found.sorted(measure) if found.swing(bar, measure) > 0]
    shown = bars[: max(top, 1)]
    against = f"{found.labels[0]} against {found.labels[1]}"
    at = f" at {money(found.threshold, found.currency)} per {found.effect_unit}" if measure == "nmb" else ""
    with style.settings():
        title = f"What moves the incremental {_MEASURES[measure][0]}{at}: {against}"
        figure = empty_figure(title, 10.0, 2.4 + 0.42 * max(len(shown), 2))
        axes = figure.add_subplot()
        base = float(getattr(found.base, measure))
        low, high = _limits(found, shown, measure)
        for row, bar in enumerate(shown):
            _draw_bar(axes, row, bar, found, measure, (low, high))
        axes.axvline(base, **_BASE)
        zero = measure == "nmb" and low < 0 < high
        if zero:
            axes.axvline(0, **_ZERO)
        axes.annotate(
            f"Base: {_amount(base, found, measure)}",
            (base, 1),
            (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontweight="bold",
        )
        axes.set_yticks(range(len(shown)), [wrapped(_label(bar), 46) for bar in shown], fontsize=9)
        room = 0.13 * (high - low)
        axes.set(xlim=(low - room, high + room), ylim=(len(shown) - 0.4, -0.6))
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_formatter(AMOUNTS)
        unit = found.effect_unit if measure == "effect" else f"{found.price_year} {found.currency}".strip()
        axes.set_xlabel(f"{_MEASURES[measure][1]}, {unit}\n{_rest(found, bars, len(shown), measure)}".strip())
        figure.legend(**_tornado_legend(found, shown, zero), loc="outside lower center", ncols=3)
        return figure


def _limits(found: OneWay, shown: Sequence[Bar], measure: Measure) -> tuple[float, float]:
    """The ends of the drawn bars; those that reach far beyond all others end with the next longest."""
    base = float(getattr(found.base, measure))
    reaches = [end - base for bar in shown for end in bar.ends(measure)]
    lengths = sorted((max(abs(end - base) for end in bar.ends(measure)) for bar in shown), reverse=True)
    limit = lengths[0] if lengths else 1.0
    for length, after in pairwise(lengths):
        if length <= _CUT * after:
            break
        limit = after
    clipped = [0.0, *(min(max(reach, -limit), limit) for reach in reaches)] if shown else [-limit, limit]
    return base + min(clipped), base + max(clipped)


def _draw_bar(axes: Axes, row: int, bar: Bar, found: OneWay, measure: Measure, limits: tuple[float, float]) -> None:
    """Both halves of a bar with their values; where both go to the same side, one above the other."""
    base = float(getattr(found.base, measure))
    ends = bar.ends(measure)
    same_side = (ends[0] - base) * (ends[1] - base) > 0
    for side, (end, look) in enumerate(zip(ends, (_LOW, _HIGH), strict=True)):
        height, middle = (0.36, row + (side - 0.5) * 0.38) if same_side else (0.66, float(row))
        reach = min(max(end, limits[0]), limits[1])
        axes.barh(
            middle, reach - base, left=base, height=height, color=look.colour, hatch=look.hatch, edgecolor="white"
        )
        rightwards = end > base or (end == base and ends[1 - side] < base)
        text = _values(bar, side)
        if reach != end:
            amount = f"{text}: {_amount(end, found, measure)}"
            text = f"{amount} »" if rightwards else f"« {amount}"
        inside = reach != end
        axes.annotate(
            text,
            (reach, middle),
            (4 if rightwards != inside else -4, 0),
            textcoords="offset points",
            ha="left" if rightwards != inside else "right",
            va="center",
            fontsize=8 if same_side else 9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5 if inside else 0.5},
        )
    for marked, look_, place in ((bar.flips, _FLIPS, 1.02), (bar.flips_best, _FLIPS_BEST, 1.045)):
        if marked:
            axes.plot(place, row, transform=axes.get_yaxis_transform(), clip_on=False, **look_)


def _values(bar: Bar, side: int) -> str:
    case = (bar.input.low, bar.input.high)[side]
    return "; ".join(number(case[name], 6 if abs(case[name]) >= 1000 else 3) for name in bar.input.members)


def _label(bar: Bar) -> str:
    notes = [text for text in (per(bar.input.unit), "a decision" if bar.input.decision else "") if text]
    return bar.input.label + (f" ({'; '.join(notes)})" if notes else "")


def _amount(value: float, found: OneWay, measure: Measure) -> str:
    return f"{effect(value)} {found.effect_unit}" if measure == "effect" else money(value, found.currency)


def _rest(found: OneWay, bars: Sequence[Bar], shown: int, measure: Measure) -> str:
    """What is not drawn."""
    unmoved = len(found.bars) - len(bars)
    words = []
    if len(bars) > shown:
        most = _amount(found.swing(bars[shown], measure), found, measure)
        words.append(f"{len(bars) - shown} more inputs with swings up to {most}")
    if unmoved:
        words.append(f"{unmoved} inputs without an effect on this comparison")
    return f"Not drawn: {'; '.join(words)}" if words else ""


def _tornado_legend(found: OneWay, shown: Sequence[Bar], zero: bool) -> dict[str, Any]:
    handles: list[tuple[Artist, str]] = [
        (Patch(facecolor=_LOW.colour, hatch=_LOW.hatch, edgecolor="white"), "Input at its low value"),
        (Patch(facecolor=_HIGH.colour, hatch=_HIGH.hatch, edgecolor="white"), "Input at its high value"),
    ]
    at = money(found.threshold, found.currency)
    if zero:
        handles.append((Line2D([], [], **_ZERO), "Zero: worth its cost to the right"))
    if any(bar.flips for bar in shown):
        handles.append((Line2D([], [], **_FLIPS), f"Turns this decision at {at}"))
    if any(bar.flips_best for bar in shown):
        handles.append((Line2D([], [], **_FLIPS_BEST), f"Makes another strategy the best of all at {at}"))
    return {"handles": [item for item, _ in handles], "labels": [text for _, text in handles], "handleheight": 1.4}


def heat_map(found: TwoWay) -> Figure:
    """Incremental net benefit over two parameters with the line on which the decision turns, and the best of all.

    The base case is a cross. The second panel, where more than two strategies are compared, has the best of all.
    """
    panels = 2 if len(found.strategies) > 2 else 1
    against = f"{found.labels[0]} against {found.labels[1]}"
    with style.settings():
        title = f"Two-way analysis at {money(found.threshold, found.currency)} per {found.effect_unit}: {against}"
        figure = empty_figure(title, 6.4 * panels, 5.6)
        axes = figure.subplots(1, panels, squeeze=False).ravel()
        _benefit_panel(figure, axes[0], found)
        if panels == 2:
            _best_panel(axes[1], found)
        for panel in axes:
            panel.grid(visible=False)
            panel.plot(
                found.first.base, found.second.base, marker="P", markersize=11, color="white", markeredgecolor=style.INK
            )
            panel.set(
                xlim=(found.first.values[0], found.first.values[-1]),
                ylim=(found.second.values[0], found.second.values[-1]),
                xlabel=_axis_label(found.first),
                ylabel=_axis_label(found.second),
            )
            panel.xaxis.set_major_formatter(AMOUNTS)
            panel.yaxis.set_major_formatter(AMOUNTS)
        handles: list[Artist] = [Line2D([], [], **_ZERO)] if _turns(found) else []
        labels = ["Decision turns: net benefit is zero"] if handles else []
        cross = Line2D([], [], marker="P", markersize=10, color="white", markeredgecolor=style.INK, linestyle="none")
        figure.legend([*handles, cross], [*labels, "Base case"], loc="outside lower left", ncols=2)
        return figure


def _axis_label(axis: Axis) -> str:
    unit = per(axis.unit)
    return wrapped(axis.label + (f" ({unit})" if unit else ""), 52)


def _turns(found: TwoWay) -> bool:
    return bool(found.benefit.min() < 0 < found.benefit.max())


def _benefit_panel(figure: Figure, axes: Axes, found: TwoWay) -> None:
    """Colours diverge from zero; contours carry their amounts."""
    low, high = min(float(found.benefit.min()), -1e-9), max(float(found.benefit.max()), 1e-9)
    grid = found.first.values, found.second.values, found.benefit.T
    mesh = axes.pcolormesh(*grid, cmap="PuOr", norm=TwoSlopeNorm(0.0, low, high), shading="gouraud", rasterized=True)
    levels = [level for level in MaxNLocator(8).tick_values(low, high) if level != 0]
    lines = axes.contour(*grid, levels=levels, colors=style.MUTED, linewidths=0.7, linestyles="solid")
    axes.clabel(lines, fmt=lambda value: money(value, found.currency), fontsize=8)
    if _turns(found):
        zero = axes.contour(*grid, levels=[0.0], colors=_ZERO["color"], linewidths=2.2, linestyles=[_ZERO["linestyle"]])
        axes.clabel(zero, fmt=lambda _: "zero", fontsize=10)
    axes.set_title("Incremental net monetary benefit")
    bar = figure.colorbar(mesh, ax=axes, format=AMOUNTS, pad=0.02)
    bar.set_label(f"{f'{found.price_year} {found.currency}'.strip()} per person; above zero: worth its cost")
    bar.outline.set_visible(False)


def _best_panel(axes: Axes, found: TwoWay) -> None:
    """A cell a point of the grid, in the colour of the best of all strategies there, which is named in its region."""
    size = found.first.values[-1] - found.first.values[0], found.second.values[-1] - found.second.values[0]
    for at in np.unique(found.best):
        here = found.best == at
        first, second = np.nonzero(here)
        colours = np.ma.masked_where(~here.T, np.ones(here.T.shape))
        axes.pcolormesh(
            found.first.values,
            found.second.values,
            colours,
            cmap=ListedColormap([style.look(int(at)).colour]),
            alpha=0.75,
            shading="nearest",
            rasterized=True,
        )
        x, y = found.first.values[first], found.second.values[second]
        off = ((x - x.mean()) / size[0]) ** 2 + ((y - y.mean()) / size[1]) ** 2
        text = wrapped(found.strategy_labels[int(at)], 18)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85}
        axes.text(x[off.argmin()], y[off.argmin()], text, ha="center", va="center", bbox=box)
    axes.set_title("Best of all strategies")


def price_curve(
    frame: pd.DataFrame,
    titles: Mapping[str, str],
    now: Mapping[str, float],
    marked: Sequence[float],
    money_unit: str,
    effect_unit: str,
    price_labels: Mapping[str, str] | None = None,
) -> Figure:
    """Highest cost-effective price by threshold, a panel a headline: against its comparator, and as the best of all.

    frame: columns headline, comparator, threshold, highest_price (NaN: none), as `cea.analysis.price.prices_frame` has
    them, the headline's own comparator first. titles and now: panel title and price now by headline. marked: thresholds
    to mark. money_unit: price year and currency. price_labels: label of the price parameter by headline.
    """
    with style.settings():
        figure = empty_figure("Highest price at which it is cost-effective, by threshold", 5.6 * len(titles), 5.0)
        panels = figure.subplots(1, len(titles), squeeze=False).ravel()
        for panel, (name, title) in zip(panels, titles.items(), strict=True):
            table = frame[frame["headline"] == name]
            own = table[table["comparator"] == table["comparator"].iloc[0]]
            top = own["highest_price"].replace(np.inf, np.nan).max()
            limit = 1.1 * max(top if np.isfinite(top) else 0.0, now[name]) or 1.0
            for rows, line in ((own, _OWN), (table[table["comparator"] == FRONTIER], _BEST)):
                # Where no price is too high, the line leaves the panel.
                panel.plot(rows["threshold"], rows["highest_price"].replace(np.inf, 10 * limit), **line)
            for threshold in marked:
                panel.axvline(threshold, color=style.MUTED, linewidth=0.8, zorder=0)
            panel.axhline(now[name], **_NOW)
            panel.set(xlim=(0, float(table["threshold"].max())), ylim=(0, limit))
            panel.set_xlabel(f"Threshold, {money_unit} per {effect_unit}")
            panel.set_ylabel(wrapped(_price_axis(name, price_labels, money_unit), 44))
            _amounts(panel)
            panel.set_title(wrapped(title, 46))
        marks = Line2D([], [], color=style.MUTED, linewidth=0.8)
        handles = [*panels[0].get_legend_handles_labels()[0], Line2D([], [], **_NOW), marks]
        labels = [*panels[0].get_legend_handles_labels()[1], "Price now", "Thresholds of the model"]
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return figure


def price_probability(
    found: Sequence[PriceDistribution],
    titles: Mapping[str, str],
    now: Mapping[str, float],
    currency: str,
    unit: str,
    price_labels: Mapping[str, str] | None = None,
    price_year: str = "",
) -> Figure:
    """Probability of being worth it against the comparator by price: a panel a headline, a line a threshold.

    titles and now: panel title and price now by headline. unit: of the effect. price_labels: label of the price
    parameter by headline.
    """
    with style.settings():
        figure = empty_figure("Probability of being cost-effective, by price", 5.6 * len(titles), 5.0)
        panels = figure.subplots(1, len(titles), squeeze=False, sharey=True).ravel()
        for panel, (name, title) in zip(panels, titles.items(), strict=True):
            items = [item for item in found if item.headline == name and item.comparator != FRONTIER]
            tops = [item.quantile(0.95) or 0.0 for item in items]
            limit = 1.05 * max(now[name], *(top for top in tops if np.isfinite(top))) or 1.0
            for position, item in enumerate(items):
                look = style.look(position)
                curve = item.frame(np.linspace(0, limit, 201))
                text = f"{money(item.threshold, currency)} per {unit}"
                line: dict[str, Any] = {"color": look.colour, "linestyle": look.dashes, "linewidth": 2.0, "label": text}
                panel.plot(curve["price"], curve["probability"], **line)
            panel.axvline(now[name], **_NOW)
            panel.set(xlim=(0, limit), ylim=(0, 1))
            panel.set_xlabel(wrapped(_price_axis(name, price_labels, f"{price_year} {currency}".strip()), 60))
            _amounts(panel)
            panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            panel.set_title(wrapped(title, 46))
        panels[0].set_ylabel("Probability cost-effective")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend([*handles, Line2D([], [], **_NOW)], [*labels, "Price now"], loc="outside lower center", ncols=4)
        return figure


def _price_axis(headline: str, labels: Mapping[str, str] | None, money_unit: str) -> str:
    """What the price of a headline is, such as one per infusion, and its money of which year."""
    return f"{(labels or {}).get(headline, 'Price')}, {money_unit}"


def durability(found: Sequence[DurabilityFrontier]) -> Figure:
    """The least value of a parameter, such as a half-life, at each price: a panel a headline, a line a threshold."""
    first = found[0]
    with style.settings():
        figure = empty_figure(f"{first.label}: the least that each price needs", 5.6 * len(found), 5.0)
        panels = figure.subplots(1, len(found), squeeze=False, sharey=True).ravel()
        for panel, item in zip(panels, found, strict=True):
            _durability_panel(panel, item)
        unit = per(first.unit)
        panels[0].set_ylabel(wrapped(f"Least value needed{f', {unit}' if unit else ''}", 52))
        handles, labels = panels[0].get_legend_handles_labels()
        handles += [Line2D([], [], **_NOW), Line2D([], [], color=style.MUTED, linewidth=1.0)]
        figure.legend(handles, [*labels, "Price now", "Base case"], loc="outside lower center", ncols=3)
        return figure


def _durability_panel(panel: Axes, item: DurabilityFrontier) -> None:
    reached = item.curve["highest_price"].replace(np.inf, np.nan)
    limit = 1.05 * max(float(reached.max()) if reached.notna().any() else 0.0, item.price_now) or 1.0
    panel.set(xlim=(0, limit), ylim=(item.span.low, item.span.high))
    nowhere = []
    for position, threshold in enumerate(sorted(set(item.curve["threshold"]))):
        look = style.look(position)
        rows = item.curve[item.curve["threshold"] == threshold].dropna()
        text = f"{money(threshold, item.currency)} per {item.effect_unit}"
        line: dict[str, Any] = {"color": look.colour, "linestyle": look.dashes, "linewidth": 2.0, "label": text}
        panel.plot(rows["highest_price"].clip(upper=10 * limit), rows["value"], **line)
        points = item.minimum[item.minimum["threshold"] == threshold]
        points = points[points["minimum"] > item.span.low]
        panel.plot(points["price"], points["minimum"], linestyle="none", marker="o", markersize=5, color=look.colour)
        if rows.empty:
            nowhere.append(money(threshold, item.currency))
    panel.axvline(item.price_now, **_NOW)
    if np.isfinite(item.base):
        panel.axhline(item.base, color=style.MUTED, linewidth=1.0)
    _amounts(panel)
    note = f"\nAt {listing(nowhere)} no price is low enough" if nowhere else ""
    panel.set_xlabel(f"{item.price_label}, {f'{item.price_year} {item.currency}'.strip()}{note}")
    panel.set_title(wrapped(f"{item.labels[0]} against {item.labels[1]}", 46))


def _amounts(panel: Axes) -> None:
    """Few enough ticks that their amounts do not touch."""
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.xaxis.set_major_formatter(AMOUNTS)
    panel.yaxis.set_major_formatter(AMOUNTS)

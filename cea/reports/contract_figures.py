"""Figures of managed entry: contracts by net benefit and price, the risk of loss by price, response by class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cea.analysis.managed_entry import ContractComparison
from cea.reports import style
from cea.reports.canvas import AMOUNTS, empty_figure, wrapped
from cea.reports.wording import money, share

_ZERO: dict[str, Any] = {"color": style.INK, "linestyle": (0, (4, 3)), "linewidth": 1.2}
_NOW: dict[str, Any] = {"color": style.MUTED, "linestyle": (0, (1, 2)), "linewidth": 1.4}
_POINT: dict[str, Any] = {"marker": "D", "markersize": 7, "linestyle": "none", "color": style.look(0).colour}
_INTERVAL: dict[str, Any] = {"color": style.look(0).colour, "linewidth": 1.8, "linestyle": "none", "capsize": 4}
_BOX: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
_STEPS = 121
_REACH = 3.0
"""The curves go to so many times the price now, if nothing else asks for more."""


def contracts(found: ContractComparison, threshold: float) -> Figure:
    """The payer's net benefit under each contract, with 95 % of the draws, beside the highest list price."""
    frame = found.frame([threshold])
    currency = found.at_zero.currency
    at = f"{money(threshold, currency)} per {found.at_zero.effect_unit}"
    with style.settings():
        title = f"Contracts at a list price of {money(found.price, currency)} and {at}: {_against(found)}"
        figure = empty_figure(title, 11.0, 2.6 + 0.44 * len(frame))
        benefit, price = figure.subplots(1, 2, sharey=True, width_ratios=[1.5, 1.0])
        _benefit_panel(benefit, frame, found)
        _price_panel(price, frame, found)
        benefit.set_yticks(range(len(frame)), [wrapped(label, 36) for label in frame["label"]])
        benefit.set_ylim(len(frame) - 0.4, -0.6)
        handles = [Line2D([], [], **_POINT), Line2D([], [], **_ZERO), Line2D([], [], **_NOW)]
        labels = ["Base case", "Zero: worth its cost to the right", "List price now"]
        if "nmb_low" in frame:
            handles.insert(1, Line2D([], [], color=_INTERVAL["color"], linewidth=1.8))
            labels.insert(1, "95 % of the draws, with the share in which the payer loses")
        figure.legend(handles, labels, loc="outside lower left", ncols=2)
        return figure


def _benefit_panel(axes: Axes, frame: pd.DataFrame, found: ContractComparison) -> None:
    rows = range(len(frame))
    axes.plot(frame["nmb"], rows, **_POINT)
    if "nmb_low" in frame:
        middle = (frame["nmb_low"] + frame["nmb_high"]) / 2
        axes.errorbar(middle, rows, xerr=(frame["nmb_high"] - frame["nmb_low"]) / 2, **_INTERVAL)
        for row, (high, loses) in enumerate(zip(frame["nmb_high"], frame["probability_loss"], strict=True)):
            axes.annotate(share(loses), (high, row), (8, 0), textcoords="offset points", va="center", fontsize=9)
        axes.margins(x=0.12)
    axes.axvline(0, **_ZERO)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(AMOUNTS)
    axes.set_title("Net benefit to the payer")
    axes.set_xlabel(f"Incremental net monetary benefit per person, {found.at_zero.money}")


def _price_panel(axes: Axes, frame: pd.DataFrame, found: ContractComparison) -> None:
    """Highest prices; those that have no limit, or none that is low enough, are said in words."""
    finite = frame["highest_price"].replace(np.inf, np.nan)
    axes.hlines(range(len(frame)), 0, finite, color=style.look(0).colour, linewidth=1.8)
    axes.plot(finite, range(len(frame)), **_POINT)
    limit = 1.3 * max(found.price, finite.max() if finite.notna().any() else 0.0) or 1.0
    for row, price in enumerate(frame["highest_price"]):
        words = "none is low enough" if np.isnan(price) else "any price" if np.isinf(price) else ""
        text = words or money(price, found.at_zero.currency)
        axes.annotate(
            text, (0.0 if words else price, row), (8, 0), textcoords="offset points", va="center", fontsize=9, bbox=_BOX
        )
    axes.axvline(found.price, zorder=0, **_NOW)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, limit)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(AMOUNTS)
    axes.set_title("Highest list price that is worth it")
    axes.set_xlabel(wrapped(f"{found.unit}, {found.at_zero.money}", 44))


def loss_by_price(found: ContractComparison, threshold: float) -> Figure:
    """The probability that the payer loses, by list price: a line a contract. Needs draws."""
    currency = found.at_zero.currency
    highest = [found.highest_price(item, threshold) or 0.0 for item in found.results]
    limit = max([_REACH * found.price, *(1.1 * price for price in highest if np.isfinite(price))]) or 1.0
    prices = np.linspace(0, limit, _STEPS)
    with style.settings():
        at = f"{money(threshold, currency)} per {found.at_zero.effect_unit}"
        figure = empty_figure(f"Probability that the payer loses at {at}, by list price: {_against(found)}", 9.0, 6.0)
        axes = figure.add_subplot()
        for position, item in enumerate(found.results):
            look = style.look(position)
            loses = [found.loss(item, threshold, price)[0] for price in prices.tolist()]
            axes.plot(
                prices, loses, color=look.colour, linestyle=look.dashes, linewidth=2.0, label=item.contract.label
            )
        axes.axvline(found.price, label="List price now", **_NOW)
        axes.set(xlim=(0, limit), ylim=(0, 1))
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(AMOUNTS)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel(f"List price: {found.unit}, {found.at_zero.money}")
        axes.set_ylabel("Probability that the payer loses")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left", ncols=2)
        return figure


def responses(found: ContractComparison) -> Figure:
    """Who is better at the response's time and who is dead later, by state at the start, treated and not."""
    frame = found.response_frame()
    sides = (found.comparison.strategy, found.comparison.comparator)
    panels = {
        "better": f"Better than at the start after {_months(found.assessed)}",
        "dead": f"Dead within {_months(found.follow_up)}",
    }
    with style.settings():
        figure = empty_figure(f"Response by state at the start: {_against(found)}", 9.6, 4.4)
        for axes, (measure, title) in zip(figure.subplots(1, 2), panels.items(), strict=True):
            for side, strategy in enumerate(sides):
                rows, look = frame[frame["strategy"] == strategy], style.look(side)
                places = np.arange(len(rows)) + 0.4 * (side - 0.5)
                axes.bar(places, rows[measure], 0.36, color=look.colour, hatch=look.hatch, edgecolor="white")
                tops = rows[measure]
                if f"{measure}_low" in rows:
                    tops = rows[f"{measure}_high"]
                    middle = (tops + rows[f"{measure}_low"]) / 2
                    axes.errorbar(places, middle, yerr=tops - middle, color=style.INK, capsize=4, linestyle="none")
                for place, top, value in zip(places, tops, rows[measure], strict=True):
                    axes.annotate(
                        share(value), (place, top), (0, 3), textcoords="offset points", ha="center", fontsize=9
                    )
            labels = list(dict.fromkeys(frame["label"]))
            axes.set_xticks(range(len(labels)), [wrapped(label, 18) for label in labels])
            axes.grid(visible=False, axis="x")
            axes.set_ylim(0, None)
            axes.margins(y=0.12)
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.set_title(title)
        patches = [
            Patch(facecolor=style.look(side).colour, hatch=style.look(side).hatch, edgecolor="white") for side in (0, 1)
        ]
        bars = "; lines: 95 % of the draws" if "better_low" in frame else ""
        labels = [found.labels[0], f"{found.labels[1]}: the course without the treatment{bars}"]
        figure.legend(patches, labels, loc="outside lower left", ncols=2, handleheight=1.4)
        return figure


def _against(found: ContractComparison) -> str:
    return f"{found.labels[0]} against {found.labels[1]}"


def _months(years: float) -> str:
    return f"{12 * years:.3g} months"

"""Figures of a validation: agreement, survival curves over observed points, and shares beside each other.

Each function takes tidy data and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cea.analysis.fit import Curve
from cea.analysis.targets import SHARES
from cea.analysis.verdicts import LEVELS
from cea.reports import style
from cea.reports.canvas import empty_figure, wrapped
from cea.reports.labels import label_points

Floats = npt.NDArray[np.float64]

_NAMED = 6
_MARKERS = "osD^v<>pPX*h"
_LEVELS = {"good": ("Fits", 0, "o"), "fair": ("In between", 4, "s"), "poor": ("Does not fit", 1, "^")}
_COLOURS = (1, 2, 3, 4, 5, 7, 8)
"""Positions of the looks of cohorts: without the model's own, and without yellow, which is lost on white."""
_DODGE = 0.017
"""Share of the axis by which points at the same time are moved apart."""
_HIGH = 0.55
"""Survival half-way above which there is more room below the curve than above it."""
_REGISTRY: dict[str, Any] = {"color": style.INK, "marker": "s"}
_MODEL: dict[str, Any] = {"color": style.look(0).colour, "marker": "o"}
_PERCENT = PercentFormatter(1.0, decimals=0)


def agreement(frame: pd.DataFrame, title: str = "Model against observation: shares of the cohort") -> Figure:
    """The model's shares over those observed or expected, the line of equality, and the names of the furthest off.

    Held-out figures have their intervals both ways and are told apart by how they fit; all others are small.
    frame: as `comparisons_frame` gives it; rows without an expected value, or that are no shares, are left out.
    """
    known = frame[frame["measure"].isin(SHARES)].dropna(subset=["expected", "model"])
    held = known[known["role"] == "held_out"]
    others = known[known["role"] != "held_out"]
    with style.settings():
        figure = empty_figure(title, 8.0, 7.4)
        axes = figure.add_subplot()
        axes.axline((0, 0), slope=1, color=style.MUTED, linestyle=(0, (5, 3)), linewidth=1.3, label="Model as observed")
        axes.plot(
            others["expected"], others["model"], linestyle="none", marker="s", markersize=4, color="white",
            markeredgecolor=style.MUTED, label=f"Must be reproduced, or context ({len(others)})",
        )  # fmt: skip
        levels = held["verdict"].map(LEVELS)
        for level, (name, colour, marker) in _LEVELS.items():
            chosen = held[levels == level]
            if len(chosen):
                axes.errorbar(
                    chosen["expected"], chosen["model"], xerr=_bars(chosen, "expected", "observed"),
                    yerr=_bars(chosen, "model", "model"), label=f"Held out: {name.lower()} ({len(chosen)})",
                    **_point(colour, marker),
                )  # fmt: skip
        axes.set(xlabel="Observed share", ylabel="Model's share", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.yaxis.set_major_formatter(_PERCENT)
        figure.legend(loc="outside lower center", ncols=2)
        _name_furthest(axes, held)
        return figure


def _name_furthest(axes: Axes, held: pd.DataFrame) -> None:
    off = (held["model"] - held["expected"]).abs().to_numpy(dtype=float)
    across, up = _bars(held, "expected", "observed"), _bars(held, "model", "model")
    points = list(zip(held["expected"].astype(float), held["model"].astype(float), strict=True))
    lines = [[(x - across[0, i], y), (x + across[1, i], y)] for i, (x, y) in enumerate(points)]
    lines += [[(x, y - up[0, i]), (x, y + up[1, i])] for i, (x, y) in enumerate(points)]
    furthest = [int(i) for i in np.argsort(-off, kind="stable")[:_NAMED] if off[i] > 0]
    names = {points[i]: wrapped(str(held["label"].iloc[i]), 30) for i in furthest}
    label_points(axes, names, points, [[(0.0, 0.0), (1.0, 1.0)], *lines])


def curves(found: Sequence[Curve], frame: pd.DataFrame, title: str) -> Figure:
    """Modelled survival from each start with its band, a panel a start, and what was observed, a marker a cohort.

    frame: the rows of `comparisons_frame` to show; a curve without any of them is left out, panels are in their order.
    """
    shown = [(curve, rows) for curve in found if len(rows := frame[frame["name"].isin(curve.names)])]
    shown.sort(key=lambda pair: int(pair[1].index.min()))
    columns = min(2, max(len(shown), 1))
    lines = max(-(-len(shown) // columns), 1)
    countries = {curve.country for curve, _ in shown}
    with style.settings():
        figure = empty_figure(title, 5.9 * columns, 1.2 + 3.9 * lines)
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for panel in panels[len(shown) :]:
            panel.set_visible(False)
        for panel, (curve, rows) in zip(panels, shown, strict=False):
            _curve(panel, curve, rows)
            head = f"{curve.country}: {curve.label}" if len(countries) > 1 else f"From {curve.label}"
            panel.set_title(wrapped(head, 44))
        figure.supxlabel("Years (points at one time are moved apart a little)", fontsize=10)
        figure.supylabel("Share alive", fontsize=10)
        return figure


def _curve(panel: Axes, curve: Curve, rows: pd.DataFrame) -> None:
    ends = rows[["year", "observed_year_high"]].astype(float).max()
    last = 1.06 * float(np.nanmax(ends))
    look = style.look(0)
    if curve.low is not None and curve.high is not None:
        panel.fill_between(
            curve.years, curve.low, curve.high, color=look.colour, alpha=0.18, linewidth=0,
            label="Model, 95 % interval (parameters)",
        )  # fmt: skip
    panel.plot(curve.years, curve.alive, color=look.colour, linewidth=2.0, label="Model")
    years = _apart(rows["year"].to_numpy(dtype=float), last)
    for at, cohort in enumerate(dict.fromkeys(rows["cohort"])):
        chosen = (rows["cohort"] == cohort).to_numpy()
        _observed(panel, rows[chosen], years[chosen], at, wrapped(str(cohort), 46))
    panel.set(xlim=(0, last), ylim=(0, 1.02))
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.yaxis.set_major_formatter(_PERCENT)
    middle = float(np.interp(last / 2, curve.years, curve.alive))
    panel.legend(loc="lower left" if middle > _HIGH else "upper right", fontsize=7.5, labelspacing=0.35)


def _apart(years: Floats, last: float) -> Floats:
    """Times of points, moved apart where they nearly meet."""
    moved = years.copy()
    order = np.argsort(years, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(years[order]) > last / 40) + 1)
    for group in groups:
        moved[group] += _DODGE * last * (np.arange(len(group)) - (len(group) - 1) / 2)
    return moved


def _observed(panel: Axes, rows: pd.DataFrame, years: Floats, at: int, label: str) -> None:
    """The points of a cohort; where only an interval was observed, the interval."""
    colour, marker = _COLOURS[at % len(_COLOURS)], _MARKERS[at % len(_MARKERS)]
    low, high, value = (rows[name].to_numpy(dtype=float) for name in ("observed_low", "observed_high", "expected"))
    shifted = rows.assign(year=years)
    only = np.isnan(value)
    panel.errorbar(
        years, value, yerr=_bars(rows, "expected", "observed"), xerr=_bars(shifted, "year", "observed_year"),
        label=f"{label} (range)" if only.all() else label, **_point(colour, marker),
    )  # fmt: skip
    panel.vlines(
        years[only], low[only], high[only], color=style.look(colour).colour, linewidth=3, linestyle=(0, (1, 1))
    )


def shares(frame: pd.DataFrame, title: str) -> Figure:
    """Observed shares and the model's beside each other: a panel a cohort, a row a part, intervals where there are any.

    frame: rows of `comparisons_frame` of one section.
    """
    cohorts = list(dict.fromkeys(frame["cohort"]))
    most = max(int((frame["cohort"] == cohort).sum()) for cohort in cohorts)
    with style.settings():
        figure = empty_figure(title, 5.4 * len(cohorts), 1.9 + 0.62 * most)
        panels = figure.subplots(1, len(cohorts), sharex=True, squeeze=False).ravel()
        for panel, cohort in zip(panels, cohorts, strict=True):
            _share_panel(panel, frame[frame["cohort"] == cohort].reset_index(drop=True))
            panel.set_title(wrapped(str(cohort), 40))
        ends = frame[["expected", "observed_high", "model", "model_high"]].astype(float)
        panels[0].set_xlim(0, 1.18 * float(np.nanmax(ends)))
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return figure


def _share_panel(panel: Axes, rows: pd.DataFrame) -> None:
    spots = np.arange(len(rows), dtype=float)
    for name, column, ends, moved, look in (
        ("Observed", "expected", "observed", -0.14, _REGISTRY),
        ("Model, with 95 % interval (parameters)", "model", "model", 0.14, _MODEL),
    ):
        panel.errorbar(
            rows[column].astype(float), spots + moved, xerr=_bars(rows, column, ends), label=name, linestyle="none",
            markersize=6, elinewidth=1.6, capsize=2.5, **look,
        )  # fmt: skip
        right = rows[column].astype(float)
        high = rows[f"{ends}_high"].astype(float)
        for spot, value, end in zip(spots + moved, right, high.fillna(right), strict=True):
            if np.isfinite(value):
                panel.annotate(
                    f"{100 * value:.1f} %", (max(value, end), spot), (6, 0), textcoords="offset points", va="center",
                    fontsize=8.5, color=look["color"],
                )  # fmt: skip
    panel.set_yticks(spots, [wrapped(str(part), 20) for part in rows["part"]])
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.xaxis.set_major_formatter(_PERCENT)
    panel.grid(visible=False, axis="y")
    panel.set_xlabel("Share of the people at the start")


def _point(colour: int, marker: str) -> dict[str, Any]:
    return {
        "linestyle": "none", "color": style.look(colour).colour, "marker": marker, "markersize": 6,
        "markeredgecolor": style.INK, "markeredgewidth": 0.5, "elinewidth": 1.2, "capsize": 0,
    }  # fmt: skip


def _bars(rows: pd.DataFrame, column: str, ends: str) -> Floats:
    """Lengths of error bars to both sides, shape (2, row); none where there is no interval."""
    value = rows[column].to_numpy(dtype=float)
    low, high = (rows[f"{ends}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    return np.asarray(np.nan_to_num(np.maximum(np.stack([value - low, high - value]), 0.0)), dtype=np.float64)

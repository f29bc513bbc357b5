"""Figures of scenarios: each one beside the base case, and a grid of combinations.

Each function takes a result and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from cea.analysis.headline import HeadlineResult
from cea.analysis.scenario_grid import Grid
from cea.analysis.scenarios import Scenario
from cea.analysis.structures import Alternative
from cea.engine.outcomes import Floats
from cea.reports import style
from cea.reports.canvas import AMOUNTS, empty_figure, wrapped
from cea.reports.wording import NONE, money, pair_cell, setting

_ORDINARY: dict[str, Any] = {"marker": "o", "markersize": 6.5, "linestyle": "none"}
_STRUCTURAL: dict[str, Any] = {"marker": "D", "markersize": 6.0, "linestyle": "none"}
_WORTH: dict[str, Any] = {"color": style.look(0).colour}
_NOT_WORTH: dict[str, Any] = {"color": style.look(1).colour, "markerfacecolor": "white", "markeredgewidth": 1.5}
_BASE: dict[str, Any] = {"color": style.INK, "linewidth": 1.2}
_ZERO: dict[str, Any] = {"color": style.INK, "linestyle": (0, (4, 3)), "linewidth": 1.2}
_STEM: dict[str, Any] = {"color": style.MUTED, "linewidth": 1.0, "zorder": 1}
_CUT = 6.0
"""A scenario that is this many times as far from the base case as the next one is drawn at the edge."""
_BESIDE = 4
"""With more columns than this the panels of a grid stand below each other."""


def scenarios_chart(scenarios: Sequence[Scenario], threshold: float) -> Figure:
    """Incremental net benefit of every scenario that ran: a row a scenario, a panel a headline, highest on top.

    A line from the base case leads to each point; points right of zero are worth their cost. Diamonds are structural
    scenarios. The cost per unit of effect stands at the right. Those far beyond all others stand at the edge with
    their amount. The first of the scenarios is the base case. Raises ValueError where it has no headlines.
    """
    base = scenarios[0]
    if base.results is None or not base.headlines:
        raise ValueError("a chart of scenarios needs a base case with headlines")
    model = base.results.model
    names = [item.headline.name for item in base.headlines]
    shown = sorted((item for item in scenarios if item.results), key=lambda item: _rank(item, names, threshold))
    unit = model.settings.effect_unit
    with style.settings():
        at = f"{money(threshold, model.currency)} per {unit}"
        title = f"Scenarios: incremental net benefit at {at} ({setting(model, base.perspective)})"
        figure = empty_figure(title, 4.0 + 4.6 * len(names), 2.3 + 0.28 * len(shown))
        panels = figure.subplots(1, len(names), sharey=True, squeeze=False).ravel()
        for panel, name in zip(panels, names, strict=True):
            _panel(panel, shown, base, name, threshold)
        panels[0].set_yticks(range(len(shown)), [_label(item, base) for item in shown], fontsize=8)
        panels[0].get_yticklabels()[shown.index(base)].set_fontweight("bold")
        panels[0].set_ylim(len(shown) - 0.4, -0.6)
        note = _left_out(scenarios)
        figure.legend(**_legend(shown), loc="outside lower center", ncols=3, title=note, title_fontsize=9)
        return figure


def structures_chart(alternatives: Sequence[Alternative], threshold: float) -> Figure:
    """Incremental net benefit under every structure: a row a choice, below its question, a panel a headline.

    Points right of zero are worth their cost. The first of the alternatives is the base case. Raises ValueError where
    it has no headlines.
    """
    base = alternatives[0].scenario
    if base.results is None or not base.headlines:
        raise ValueError("a chart of structures needs a base case with headlines")
    model = base.results.model
    rows: list[tuple[str, Scenario | None]] = []
    before = None
    for item in alternatives:
        if item.dimension is not before:
            rows.append((item.dimension.label, None))
            before = item.dimension
        if item.scenario.results is not None:
            rows.append((item.choice.label if item.choice.layers else f"{item.choice.label} (base)", item.scenario))
    unit = model.settings.effect_unit
    with style.settings():
        at = f"{money(threshold, model.currency)} per {unit}"
        title = f"Structures: incremental net benefit at {at} ({setting(model, base.perspective)})"
        names = [item.headline.name for item in base.headlines]
        figure = empty_figure(title, 4.4 + 4.6 * len(names), 2.0 + 0.25 * len(rows))
        panels = figure.subplots(1, len(names), sharey=True, squeeze=False).ravel()
        for panel, name in zip(panels, names, strict=True):
            _panel(panel, [scenario for _, scenario in rows], base, name, threshold)
        panels[0].set_yticks(range(len(rows)), [wrapped(label, 60) for label, _ in rows], fontsize=8)
        for tick, (_, scenario) in zip(panels[0].get_yticklabels(), rows, strict=True):
            tick.set_fontweight("bold" if scenario is None else "normal")
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
        shown = [scenario for _, scenario in rows if scenario is not None]
        figure.legend(**_legend(shown), loc="outside lower center", ncols=3)
        return figure


def _rank(item: Scenario, names: Sequence[str], threshold: float) -> tuple[float, ...]:
    found = (item.headline(name) for name in names)
    return tuple(-one.net_benefit(threshold) if one else np.inf for one in found)


def _label(item: Scenario, base: Scenario) -> str:
    """A scenario's label, with its perspective where that differs from that of the base case."""
    return wrapped(item.label if item.perspective == base.perspective else f"{item.label} [{item.perspective}]", 60)


def _panel(axes: Axes, shown: Sequence[Scenario | None], base: Scenario, name: str, threshold: float) -> None:
    first = base.headline(name)
    assert first is not None and base.results is not None, "the base case has its headlines"
    currency, start = base.results.model.currency, first.net_benefit(threshold)
    found = {row: one for row, item in enumerate(shown) if item and (one := item.headline(name)) is not None}
    benefits = {row: one.net_benefit(threshold) for row, one in found.items()}
    low, high = _limits(start, list(benefits.values()))
    axes.axvline(start, **_BASE)
    axes.axvline(0, **_ZERO)
    for row, benefit in benefits.items():
        reach = min(max(benefit, low), high)
        axes.hlines(row, start, reach, **_STEM)
        axes.plot(reach, row, **_look(shown[row] or base, benefit))
        if reach != benefit:
            text = f"« {money(benefit, currency)}" if benefit < reach else f"{money(benefit, currency)} »"
            side = 7 if benefit < reach else -7
            axes.annotate(
                text, (reach, row), (side, 0), textcoords="offset points", ha="left" if side > 0 else "right",
                va="center", fontsize=8, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip
    for row in (row for row, item in enumerate(shown) if item is not None):
        text = _ratio(found[row], currency) if row in found else NONE
        axes.text(1.02, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    unit = base.results.model.settings.effect_unit
    axes.text(1.02, -0.9, f"Cost per {unit}", transform=axes.get_yaxis_transform(), fontsize=8, fontweight="bold")
    room = 0.04 * (high - low)
    axes.set(xlim=(low - room, high + room))
    axes.set_title(wrapped(f"{first.labels[0]} against {first.labels[1]}", 42), pad=12)
    axes.set_xlabel(f"Incremental net benefit per person, {base.results.outcomes.money}")
    axes.xaxis.set_major_formatter(AMOUNTS)
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(axis="y", length=0)


def _ratio(item: HeadlineResult, currency: str) -> str:
    """Cost per unit of effect, short."""
    return pair_cell(item.pair, currency).replace("saved per unit lost", "saved")


def _limits(start: float, values: Sequence[float]) -> tuple[float, float]:
    """Where the axis begins and ends: with the furthest, unless that is far beyond all others."""
    lengths = sorted((abs(value - start) for value in values), reverse=True)
    limit = lengths[0] if lengths else 1.0
    for length, after in pairwise(lengths):
        if length <= _CUT * after:
            break
        limit = after
    ends = [0.0, start, *(start + min(max(value - start, -limit), limit) for value in values)]
    return (min(ends), max(ends)) if max(ends) > min(ends) else (start - 1, start + 1)


def _look(item: Scenario, benefit: float) -> dict[str, Any]:
    return {**(_STRUCTURAL if item.structural else _ORDINARY), **(_WORTH if benefit >= 0 else _NOT_WORTH)}


def _legend(shown: Sequence[Scenario]) -> dict[str, Any]:
    handles: list[tuple[Artist, str]] = [
        (Line2D([], [], **{**_ORDINARY, **_WORTH}), "Worth its cost"),
        (Line2D([], [], **{**_ORDINARY, **_NOT_WORTH}), "Not worth its cost"),
        (Line2D([], [], **_BASE), "Base case"),
        (Line2D([], [], **_ZERO), "Zero: the decision turns"),
    ]
    if any(item.structural for item in shown):
        diamond = {**_STRUCTURAL, "color": style.MUTED}
        handles.append((Line2D([], [], **diamond), "Structural scenario (solved again)"))
    return {"handles": [item for item, _ in handles], "labels": [text for _, text in handles]}


def _left_out(scenarios: Sequence[Scenario]) -> str:
    """How many scenarios are not drawn, and why."""
    reasons: dict[str, int] = {}
    for item in scenarios:
        if item.results is None:
            reasons[item.reason] = reasons.get(item.reason, 0) + 1
    return "; ".join(f"Not drawn: {count} {reason}" for reason, count in reasons.items())


def grid_map(grid: Grid, threshold: float, price_label: str = "") -> Figure:
    """Every combination as a cell, a panel a headline: net benefit by colour, with the amount and the highest price.

    Framed cells are worth their cost; hatched ones cannot be combined, with the reason below. price_label: what the
    price is. Raises ValueError where the base case has no headlines.
    """
    base = grid.base
    if base.results is None or not base.headlines:
        raise ValueError("a grid of scenarios needs a base case with headlines")
    model = base.results.model
    names = [item.headline.name for item in base.headlines]
    size = len(grid.rows), len(grid.columns)
    down, across = (len(names), 1) if size[1] > _BESIDE else (1, len(names))
    with style.settings():
        at = f"{money(threshold, model.currency)} per {model.settings.effect_unit}"
        title = f"Scenarios combined: incremental net benefit at {at} ({setting(model, base.perspective)})"
        width, height = 3.2 + (1.1 + 1.25 * size[1]) * across, 1.6 + (1.2 + 0.62 * size[0]) * down
        figure = empty_figure(title, width, height)
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for panel, name in zip(panels, names, strict=True):
            _map(figure, panel, grid, name, threshold)
        for panel in panels if down > 1 else panels[:1]:
            panel.set_yticks(range(size[0]), [wrapped(item.label, 30) for item in grid.rows], fontsize=9)
        handles: list[Artist] = [Rectangle((0, 0), 1, 1, facecolor="white", edgecolor=style.INK, linewidth=2.2)]
        labels = ["Worth its cost"]
        missing = dict.fromkeys(f"{label}: {reason}" for name in names for label, reason in grid.reasons(name))
        if missing:
            handles.append(Patch(facecolor="#EEEEEE", hatch="///", edgecolor=style.MUTED))
            labels.append("No result, for the reason above")
        price = f"Below the amount: highest price ({price_label}); no price: not even zero" if price_label else ""
        notes = [wrapped(text, int(11 * figure.get_figwidth())) for text in (price, *missing) if text]
        figure.legend(
            handles, labels, loc="outside lower left", ncols=2, handleheight=1.4, title="\n".join(notes),
            title_fontsize=9, alignment="left",
        )  # fmt: skip
        return figure


def _map(figure: Figure, axes: Axes, grid: Grid, name: str, threshold: float) -> None:
    base = grid.base.headline(name)
    assert base is not None and grid.base.results is not None, "the base case has its headlines"
    currency = grid.base.results.model.currency
    items = [[cell.headline(name) for cell in line] for line in grid.cells]
    benefit = np.array([[item.net_benefit(threshold) if item else np.nan for item in line] for line in items])
    low, high = _limits(base.net_benefit(threshold), benefit[np.isfinite(benefit)].tolist())
    low, high = min(low, -1e-9), max(high, 1e-9)
    mesh = axes.imshow(benefit, cmap="PuOr", norm=TwoSlopeNorm(0.0, low, high), aspect="auto")
    for (row, column), value in np.ndenumerate(benefit):
        item = items[row][column]
        if item is None:
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#EEEEEE", hatch="///", edgecolor=style.MUTED)
            )
            continue
        dark = _dark(mesh.to_rgba(np.array([value]))[0])
        colour, weight = "white" if dark else style.INK, "bold" if value >= 0 else "normal"
        limit = item.price_limit(threshold)
        text = money(float(value), currency)
        if limit is not None:
            text += f"\n{_price(limit.price, currency)}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour, fontweight=weight)
        if value >= 0:
            frame = Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, edgecolor=colour, linewidth=2.2)
            axes.add_patch(frame)
    axes.set_yticks([])
    axes.set_xticks(range(len(grid.columns)), [wrapped(item.label, 16) for item in grid.columns], fontsize=8)
    axes.xaxis.tick_top()
    axes.set_title(wrapped(f"{base.labels[0]} against {base.labels[1]}", 46), pad=12)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    bar = figure.colorbar(mesh, ax=axes, format=AMOUNTS, pad=0.02, extend=_extend(benefit, low, high))
    bar.set_label(f"{grid.base.results.outcomes.money} per person", fontsize=9)
    bar.outline.set_visible(False)


def _dark(colour: Floats) -> bool:
    """Whether white text is easier to read on a colour, by its relative luminance."""
    return float(colour[:3] @ np.array([0.2126, 0.7152, 0.0722])) < 0.45


def _price(price: float | None, currency: str) -> str:
    if price is None:
        return "no price"
    return "any price" if np.isinf(price) else f"≤ {money(price, currency)}"


def _extend(values: Floats, low: float, high: float) -> Literal["neither", "both", "min", "max"]:
    below, above = bool(np.nanmin(values) < low), bool(np.nanmax(values) > high)
    if below:
        return "both" if above else "min"
    return "max" if above else "neither"

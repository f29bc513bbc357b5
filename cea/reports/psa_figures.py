"""Figures of a probabilistic analysis: plane, acceptability, expected loss, benefit, information, convergence.

Each function takes a result and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cea.analysis.acceptability import Acceptability
from cea.analysis.convergence import Convergence
from cea.analysis.incremental import incremental
from cea.analysis.information import PerfectInformation
from cea.analysis.uncertainty import Contrast, IncrementalBenefit, ellipse, increments, summary
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of
from cea.errors import UsageError
from cea.reports import style
from cea.reports.canvas import AMOUNTS, End, empty_figure, label_ends, wrapped
from cea.reports.wording import describe_pair, listing, money, rounded_money, share

_POINTS = 5000
_SAME_CURVE = 1e-9
_LEAST_LOSS = 1 / 20_000
_THRESHOLD: dict[str, Any] = {"color": style.MUTED, "linestyle": (0, (5, 3)), "linewidth": 1.0}
_BOLD: dict[str, Any] = {"color": style.INK, "linewidth": 5.0, "alpha": 0.45, "solid_capstyle": "round"}
_ZERO: dict[str, Any] = {"color": style.MUTED, "linewidth": 0.9, "zorder": 1}
_BAND: dict[str, Any] = {"facecolor": style.MUTED, "alpha": 0.3}
_MEAN: dict[str, Any] = {"marker": "D", "markersize": 8, "markeredgecolor": "white", "markeredgewidth": 1.3}
_ELLIPSE: dict[str, Any] = {"color": style.INK, "linewidth": 1.4, "solid_capstyle": "butt"}
_CORNERS = {"ne": (0.98, 0.98), "se": (0.98, 0.02), "sw": (0.02, 0.02), "nw": (0.02, 0.98)}


def plane(
    run: Outcomes | HasOutcomes, comparator: str | None = None, threshold: float | None = None, title: str | None = None
) -> Figure:
    """Cost-effectiveness plane, a panel for each strategy against the comparator, each on its own scale.

    Draws, their mean, the 95 % ellipse of a normal distribution with their covariance, the threshold's line through the
    origin and the share of draws in each quadrant. At most 5,000 points are drawn, those of the first draws; means,
    ellipses and shares are of all. comparator: by default the cheapest; threshold: by default the model's. Raises
    UsageError for an unknown comparator, fewer than two draws or two strategies.
    """
    outcomes = outcomes_of(run)
    spread = summary(outcomes, comparator)
    _others(outcomes, spread.comparator)
    label = _label(outcomes, spread.comparator)
    sentences = {
        pair.strategy: describe_pair(pair, outcomes.currency, outcomes.effect_unit)
        for pair in incremental(outcomes, spread.comparator).pairs
    }
    slope = outcomes.threshold if threshold is None else threshold
    columns = min(len(spread.contrasts), 3)
    rows = -(-len(spread.contrasts) // columns)
    shown = min(len(outcomes.cost), max(_POINTS // len(spread.contrasts), 1))
    with style.settings():
        figure = empty_figure(title or f"Cost-effectiveness plane: increments against {label}", *_size(columns, rows))
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel, contrast in zip(panels, spread.contrasts, strict=False):
            _cloud(panel, outcomes, contrast, spread.comparator, shown)
            _frame_origin(panel)
            panel.axline((0, 0), slope=slope, **_THRESHOLD)
            _quadrant_shares(panel, contrast)
            _panel_title(panel, contrast, sentences[contrast.strategy])
            panel.set_xlabel(f"Incremental effect per person, {outcomes.effect_unit}")
        for panel in panels[len(spread.contrasts) :]:
            panel.set_visible(False)
        figure.supylabel(f"Incremental cost per person, {outcomes.money}", fontsize=10)
        _plane_legend(figure, outcomes, slope, shown)
        return figure


def acceptability(curve: Acceptability, title: str = "Cost-effectiveness acceptability") -> Figure:
    """Probability of being most cost-effective of all strategies (CEAC), the frontier (CEAF) bold behind it."""
    with style.settings():
        figure = empty_figure(title, 8.0, 5.2)
        axes = figure.add_subplot()
        _threshold_axis(axes, curve.outcomes, curve.thresholds)
        axes.set(ylim=(0, 1.02), ylabel="Probability most cost-effective")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        for _, group in groupby(range(len(curve.best)), key=lambda row: curve.best[row]):
            rows = list(group)
            # The first point twice, so that the round ends show a run of a single threshold.
            rows = [rows[0], *rows]
            axes.plot(curve.thresholds[rows], curve.frontier[rows], **_BOLD)
        _curves(axes, curve.outcomes, curve.thresholds, curve.probability)
        _legend(figure, Line2D([], [], **_BOLD), "Frontier (CEAF): highest expected net benefit")
        return figure


def expected_loss(curve: Acceptability, title: str = "Expected loss of choosing a strategy") -> Figure:
    """Expected loss of every strategy, and their lower envelope, the expected value of perfect information, bold.

    On a log scale, because the loss of a poor choice dwarfs that of a good one; losses below a 20,000th of the largest
    are not drawn.
    """
    with style.settings():
        figure = empty_figure(title, 8.0, 5.2)
        axes = figure.add_subplot()
        _threshold_axis(axes, curve.outcomes, curve.thresholds)
        top = float(curve.expected_loss.max()) or 1.0
        axes.set_yscale("log")
        least = curve.expected_loss[curve.expected_loss > 0].min(initial=top)
        axes.set_ylim(max(0.6 * least, top * _LEAST_LOSS), 1.5 * top)
        axes.set_ylabel(f"Expected loss per person, {curve.outcomes.money} (log scale)")
        axes.yaxis.set_major_formatter(AMOUNTS)
        axes.plot(curve.thresholds, curve.evpi, **_BOLD)
        _curves(axes, curve.outcomes, curve.thresholds, curve.expected_loss)
        _legend(figure, Line2D([], [], **_BOLD), "Lowest expected loss (EVPI)")
        return figure


def incremental_benefit(curve: IncrementalBenefit, title: str | None = None) -> Figure:
    """Incremental net monetary benefit of every strategy against the comparator: means and 95 % intervals.

    Raises UsageError for fewer than two strategies.
    """
    outcomes = curve.outcomes
    others = _others(outcomes, curve.comparator)
    label = _label(outcomes, curve.comparator)
    with style.settings():
        figure = empty_figure(title or f"Incremental net benefit against {label}", 8.0, 5.2)
        axes = figure.add_subplot()
        _threshold_axis(axes, outcomes, curve.thresholds)
        axes.set_ylabel(f"Incremental net benefit per person, {outcomes.money}")
        axes.yaxis.set_major_formatter(AMOUNTS)
        for i in others:
            _band(axes, curve.thresholds, curve.low[:, i], curve.high[:, i], style.look(i))
        axes.axhline(0, **_ZERO)
        axes.set_ylim(*_padded(curve.low[:, others], curve.high[:, others]))
        _curves(axes, outcomes, curve.thresholds, curve.mean, others)
        _legend(figure, Patch(**_BAND), "95 % interval of the draws")
        return figure


def information(value: PerfectInformation, title: str = "Expected value of perfect information") -> Figure:
    """EVPI per person along thresholds, with two Monte Carlo errors either side, and its amount at the model's."""
    outcomes, look = value.outcomes, style.look(0)
    with style.settings():
        figure = empty_figure(title, 8.0, 4.8)
        axes = figure.add_subplot()
        _threshold_axis(axes, outcomes, value.thresholds)
        axes.set_ylabel(f"EVPI per person, {outcomes.money}")
        axes.yaxis.set_major_formatter(AMOUNTS)
        low, high = np.maximum(value.per_person - 2 * value.error, 0), value.per_person + 2 * value.error
        _band(axes, value.thresholds, low, high, look)
        axes.plot(value.thresholds, value.per_person, color=look.colour, linewidth=2.0)
        _mark_amounts(axes, value, float(high.max()) or 1.0)
        _legend(figure, Patch(**_BAND), "± 2 Monte Carlo errors")
        return figure


def convergence(result: Convergence, threshold: float | None = None, title: str | None = None) -> Figure:
    """Running mean of incremental net benefit, with two Monte Carlo errors either side, and whether it was enough.

    threshold: one of the result's, by default the model's. Raises UsageError for another, or fewer than two strategies.
    """
    outcomes = result.outcomes
    chosen = outcomes.threshold if threshold is None else threshold
    if chosen not in result.thresholds:
        known = ", ".join(f"{amount:,.10g}" for amount in result.thresholds)
        raise UsageError(f"there is no convergence at a threshold of {chosen:,.10g}: choose one of {known}")
    level = int(np.flatnonzero(result.thresholds == chosen)[0])
    others = _others(outcomes, result.comparator)
    mean, error = result.incremental_nmb[:, level], result.incremental_nmb_error[:, level]
    at = f"{money(chosen, outcomes.currency)} per {outcomes.effect_unit}"
    with style.settings():
        figure = empty_figure(
            title or f"Convergence of net benefit against {_label(outcomes, result.comparator)} at {at}", 8.0, 5.4
        )
        axes = figure.add_subplot()
        axes.set_xscale("log")
        axes.set_xlim(result.draws[0], result.draws[-1])
        axes.xaxis.set_major_formatter(AMOUNTS)
        axes.set(
            xlabel=f"Draws (log scale, up to {result.draws[-1]:,})",
            ylabel=f"Mean incremental net benefit per person, {outcomes.money}",
        )
        axes.yaxis.set_major_formatter(AMOUNTS)
        for i in others:
            _band(axes, result.draws, mean[:, i] - 2 * error[:, i], mean[:, i] + 2 * error[:, i], style.look(i))
        axes.axhline(0, **_ZERO)
        # The first few draws say little, and would set a scale on which the rest is flat.
        settled = (result.draws >= result.draws[-1] / 50)[:, None] & np.isin(np.arange(mean.shape[1]), others)
        axes.set_ylim(*_padded((mean - 2 * error)[settled], (mean + 2 * error)[settled]))
        _curves(axes, outcomes, result.draws, mean, others)
        said = result.sentences(lambda amount: money(amount, outcomes.currency))
        note = ["Bands: ± 2 Monte Carlo errors.", *said[level : level + 1], *said[len(result.margins) :]]
        figure.supxlabel(wrapped(" ".join(note), 125), x=0.01, ha="left", fontsize=9)
        return figure


def _size(columns: int, rows: int) -> tuple[float, float]:
    """Width and height in inches of a grid of square-ish panels."""
    return (7.0, 6.2) if columns == 1 else (0.6 + 3.3 * columns, 1.6 + 3.4 * rows)


def _label(outcomes: Outcomes, strategy: str) -> str:
    return outcomes.labels[outcomes.strategies.index(strategy)]


def _others(outcomes: Outcomes, comparator: str) -> list[int]:
    """Positions of all strategies but the comparator. Raises UsageError if there is none."""
    if len(outcomes.strategies) < 2:
        raise UsageError(
            f"there is nothing to compare with {comparator!r}: a figure of increments needs two strategies"
        )
    return [i for i, name in enumerate(outcomes.strategies) if name != comparator]


def _cloud(axes: Axes, outcomes: Outcomes, contrast: Contrast, comparator: str, shown: int) -> None:
    """The first draws as points, the ellipse and the mean of all; fewer points are larger and darker."""
    effect, cost = increments(outcomes, contrast.strategy, comparator)
    look = style.look(outcomes.strategies.index(contrast.strategy))
    axes.axhline(0, **_ZERO)
    axes.axvline(0, **_ZERO)
    axes.scatter(
        effect[:shown],
        cost[:shown],
        s=float(np.clip(6000 / shown, 4, 30)),
        alpha=float(np.clip(400 / shown, 0.2, 0.8)),
        color=look.colour,
        linewidths=0,
    )
    axes.plot(*ellipse(outcomes, contrast.strategy, comparator).T, **_ELLIPSE)
    axes.plot(contrast.effect.mean, contrast.cost.mean, color=style.INK, **_MEAN)
    axes.xaxis.set_major_formatter(AMOUNTS)
    axes.yaxis.set_major_formatter(AMOUNTS)


def _panel_title(axes: Axes, contrast: Contrast, sentence: str) -> None:
    """The strategy, and below it what its means say."""
    axes.set_title(wrapped(contrast.label, 34), pad=20)
    axes.text(0, 1.025, sentence, transform=axes.transAxes, fontsize=9)


def _frame_origin(axes: Axes) -> None:
    """Limits that show the origin with some room on every side of it, whatever the draws."""
    # Across there is more of it, so that the shares of both quadrants beside the axis stand clear of it.
    for part, low, high, limit in ((0.3, *axes.get_xlim(), axes.set_xlim), (0.12, *axes.get_ylim(), axes.set_ylim)):
        room = part * (max(high, 0.0) - min(low, 0.0))
        limit(min(low, -room), max(high, room))


def _quadrant_shares(axes: Axes, contrast: Contrast) -> None:
    """The share of draws in each quadrant, in its corner of the panel."""
    for name, (x, y) in _CORNERS.items():
        axes.text(
            x,
            y,
            f"{name.upper()} {share(getattr(contrast.quadrants, name))}",
            transform=axes.transAxes,
            ha="right" if x > 0.5 else "left",
            va="top" if y > 0.5 else "bottom",
            fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5},
        )


def _plane_legend(figure: Figure, outcomes: Outcomes, slope: float, shown: int) -> None:
    total = len(outcomes.cost)
    draws = f"Draws ({total:,})" if shown == total else f"Draws (first {shown:,} of {total:,})"
    dot = Line2D([], [], linestyle="none", marker="o", markersize=4, color=style.MUTED)
    mean = Line2D([], [], linestyle="none", color=style.INK, **_MEAN)
    handles = [dot, mean, Line2D([], [], **_ELLIPSE), Line2D([], [], **_THRESHOLD)]
    labels = [draws, "Mean", "95 % ellipse", f"Threshold {money(slope, outcomes.currency)} per {outcomes.effect_unit}"]
    figure.legend(handles, labels, loc="outside lower center", ncols=2 if figure.get_figwidth() < 8 else 4)


def _threshold_axis(axes: Axes, outcomes: Outcomes, thresholds: Floats) -> None:
    """A horizontal axis of thresholds, the model's own marked."""
    low, high = float(thresholds[0]), float(thresholds[-1])
    axes.set_xlim(low, high if high > low else low + 1.0)
    axes.set_xlabel(f"Threshold, {outcomes.money} per {outcomes.effect_unit}")
    axes.xaxis.set_major_formatter(AMOUNTS)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    for threshold in outcomes.thresholds:
        if low <= threshold <= high:
            axes.axvline(threshold, **_THRESHOLD, zorder=1)


def _curves(
    axes: Axes, outcomes: Outcomes, across: npt.NDArray[Any], values: Floats, positions: Sequence[int] | None = None
) -> None:
    """A line for each strategy, labelled at its end; strategies with one curve lie on each other and share a label."""
    groups: list[list[int]] = []
    for i in range(len(outcomes.strategies)) if positions is None else positions:
        same = (g for g in groups if np.allclose(values[:, i], values[:, g[0]], rtol=_SAME_CURVE, atol=_SAME_CURVE))
        group = next(same, None)
        if group is None:
            groups.append([i])
        else:
            group.append(i)
    ends = []
    for group in groups:
        lines = [_line(i, len(group) - 1 - layer) for layer, i in enumerate(group)]
        for i, line in zip(group, lines, strict=True):
            axes.plot(across, values[:, i], **line)
        text = listing(outcomes.labels[i] for i in group) + (": same curve" if len(group) > 1 else "")
        ends.append(End(text, float(values[-1, group[0]]), lines))
    label_ends(axes, ends)


def _line(position: int, under: int) -> dict[str, Any]:
    """Style of a strategy's curve; `under` counts the same curves that lie on it as thinner lines."""
    look = style.look(position)
    return {"color": look.colour, "linestyle": look.dashes, "linewidth": 1.9 + 2.2 * under}


def _band(axes: Axes, across: npt.NDArray[Any], low: Floats, high: Floats, look: style.Look) -> None:
    axes.fill_between(across, low, high, color=look.colour, alpha=0.16, linewidth=0)
    for edge in (low, high):
        axes.plot(across, edge, color=look.colour, linewidth=0.7, linestyle=look.dashes, alpha=0.8)


def _padded(low: Floats, high: Floats) -> tuple[float, float]:
    """Limits around a band and zero."""
    bottom, top = min(float(low.min()), 0.0), max(float(high.max()), 0.0)
    room = 0.04 * (top - bottom) or 1.0
    return bottom - room, top + room


def _mark_amounts(axes: Axes, value: PerfectInformation, top: float) -> None:
    """Dots at the model's thresholds, and their amounts above all curves; close neighbours stand on different lines."""
    outcomes = value.outcomes
    own = np.flatnonzero(np.isin(value.thresholds, outcomes.thresholds))
    width = axes.get_xlim()[1] - axes.get_xlim()[0]
    line, highest, last = 0, 0, -np.inf
    for i in own:
        threshold, amount = value.thresholds[i], value.per_person[i]
        line, last = (line + 1 if threshold - last < 0.13 * width else 0), threshold
        highest = max(highest, line)
        axes.plot(threshold, amount, marker="o", markersize=7, color=style.INK, markeredgecolor="white", clip_on=False)
        text = f" {rounded_money(amount, outcomes.currency)}"
        axes.text(threshold, (1.06 + 0.07 * line) * top, text, fontweight="bold", fontsize=9.5)
    axes.set_ylim(0, (1.14 + 0.07 * highest) * top)


def _legend(figure: Figure, key: Artist, label: str) -> None:
    """Meaning of the special line or area, and of the vertical lines."""
    handles = [key, Line2D([], [], **_THRESHOLD)]
    figure.legend(handles, [label, "Thresholds of the model"], loc="outside lower center", ncols=2, handlelength=3)

"""Figures of the value of information: inputs by what it is worth to know them, and studies by their size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cea.analysis.information import PerfectInformation
from cea.analysis.partial_information import PartialInformation
from cea.analysis.sample_information import SampleInformation
from cea.engine.outcomes import Outcomes
from cea.reports import style
from cea.reports.canvas import AMOUNTS, empty_figure, wrapped
from cea.reports.wording import money

_TOP = 12
_MARKERS = ("o", "s", "^", "D", "v", "P")
_PERFECT: dict[str, Any] = {"color": style.INK, "linestyle": (0, (5, 3)), "linewidth": 1.2}

Curve = tuple[str, str]
"""A study and a prior."""


def ranking(
    found: Sequence[PartialInformation], perfect: PerfectInformation, labels: Mapping[str, str], headline: str
) -> Figure:
    """The value of learning each input as bars, with 95 % intervals of Monte Carlo error; EVPI as a line.

    labels: of parameters by name; groups go by their own name and are hatched. Inputs
    whose value does not differ from zero are left out.
    """
    outcomes = perfect.outcomes
    shown = [item for item in found if item.learned.value > 1.96 * item.learned.error][:_TOP]
    with style.settings():
        at = f"{money(outcomes.threshold, outcomes.currency)} per {outcomes.effect_unit}"
        figure = empty_figure(f"Value of learning an input at {at}: {headline}", 9.0, 2.4 + 0.42 * max(len(shown), 1))
        axes = figure.add_subplot()
        for row, item in enumerate(shown):
            group = len(item.parameters) > 1
            look = style.look(1 if group else 0)
            axes.barh(row, item.learned.value, color=look.colour, hatch=look.hatch, edgecolor="white", height=0.65)
            axes.errorbar(
                item.learned.value, row, xerr=1.96 * item.learned.error, color=style.INK, capsize=3, linewidth=1.2
            )
        names = [f"{item.input} (together)" if len(item.parameters) > 1 else labels[item.input] for item in shown]
        axes.set_yticks(range(len(shown)), [wrapped(name, 42) for name in names])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        evpi = max((item.learned.evpi for item in found), default=0.0)
        axes.axvline(evpi, label=f"Knowing everything (EVPI): {money(evpi, outcomes.currency)}", **_PERFECT)
        reach = max([evpi, *(item.learned.value + 1.96 * item.learned.error for item in shown)])
        axes.set_xlim(0, 1.08 * reach or 1.0)
        axes.xaxis.set_major_formatter(AMOUNTS)
        left = len(found) - len(shown)
        caption = f"\n{left} more inputs with less value, or none, are not drawn" if left else ""
        axes.set_xlabel(f"EVPPI per person, {outcomes.money} (bars: 95 % Monte Carlo interval){caption}")
        figure.legend(loc="outside lower left")
        return figure


def by_size(
    curves: Mapping[Curve, Sequence[SampleInformation]], names: Mapping[str, str], outcomes: Outcomes, headline: str
) -> Figure:
    """The value of a study against its number of patients, a panel a prior, with what it could be worth at most.

    curves: by study and prior; studies with the same curve are drawn once, and a marker stands at each one's sizes.
    names: of studies.
    """
    points = {key: [(item.n, item.value, 1.96 * item.learned.error) for item in items] for key, items in curves.items()}
    with style.settings():
        figure, panels = _panels(f"Value of a study (EVSI): {headline}", curves)
        for prior, panel in panels.items():
            for position, (key, rows) in enumerate(_distinct(points, prior)):
                n, value, error = np.array(rows).T
                look = style.look(position)
                text = _name(key, points, names)
                panel.errorbar(
                    n, value, yerr=error, color=look.colour, linestyle=look.dashes, marker=_MARKERS[position],
                    label=text, capsize=2, linewidth=1.8,
                )  # fmt: skip
                most = curves[key][0].ceiling.value
                panel.axhline(most, color=look.colour, linestyle=(0, (1, 2)), linewidth=1.2)
        note = "Bars: 95 % Monte Carlo interval. Dotted: knowing exactly what it estimates"
        _finish(figure, panels, f"EVSI per person, {outcomes.money}", note)
        for panel in panels.values():
            panel.set_ylim(bottom=0)
        return figure


def net_benefits(
    curves: Mapping[Curve, Sequence[tuple[int, float]]], names: Mapping[str, str], outcomes: Outcomes, headline: str
) -> Figure:
    """Expected net benefit of sampling against the number of patients, a panel a prior; the best size is ringed."""
    with style.settings():
        figure, panels = _panels(f"Expected net benefit of a study (ENBS): {headline}", curves)
        for prior, panel in panels.items():
            for position, (key, rows) in enumerate(_distinct(curves, prior)):
                n, value = np.array(rows).T
                look = style.look(position)
                line: dict[str, Any] = {"color": look.colour, "linestyle": look.dashes, "linewidth": 1.8}
                panel.plot(n, value, marker=_MARKERS[position], label=_name(key, curves, names), **line)
                best = int(value.argmax())
                if value[best] > 0:
                    panel.plot(n[best], value[best], "o", markersize=15, fillstyle="none", color=style.INK)
                    panel.annotate(
                        f"{n[best]:,.0f}", (n[best], value[best]), (0, 11), textcoords="offset points", ha="center"
                    )
            panel.axhline(0, color=style.MUTED, linewidth=1.0)
            panel.margins(y=0.15)
        note = "Ring: the best size, where it is worth its cost"
        _finish(figure, panels, f"Expected net benefit of sampling, {outcomes.money}", note)
        return figure


def _panels(title: str, curves: Mapping[Curve, object]) -> tuple[Figure, dict[str, Axes]]:
    priors = list(dict.fromkeys(prior for _, prior in curves))
    figure = empty_figure(title, max(5.2 * len(priors), 7.5), 5.4)
    axes = figure.subplots(1, len(priors), squeeze=False, sharey=True).ravel()
    return figure, dict(zip(priors, axes, strict=True))


def _finish(figure: Figure, panels: Mapping[str, Axes], label: str, note: str) -> None:
    for prior, panel in panels.items():
        panel.set_title(wrapped(prior, 46))
        panel.set_xlim(left=0)
        panel.set_xlabel("Patients in the study\n" + wrapped(note, 60))
        panel.xaxis.set_major_locator(MaxNLocator(5))
        panel.xaxis.set_major_formatter(AMOUNTS)
        panel.yaxis.set_major_formatter(AMOUNTS)
    first = next(iter(panels.values()))
    first.set_ylabel(label)
    figure.legend(*first.get_legend_handles_labels(), loc="outside lower left", ncols=1)


def _distinct(
    points: Mapping[Curve, Sequence[tuple[float, ...]]], prior: str
) -> list[tuple[Curve, Sequence[tuple[float, ...]]]]:
    """The curves of a prior, those that are the same once."""
    kept: dict[tuple[tuple[float, ...], ...], Curve] = {}
    for key, rows in points.items():
        if key[1] == prior:
            kept.setdefault(tuple(rows), key)
    return [(key, points[key]) for key in kept.values()]


def _name(key: Curve, points: Mapping[Curve, Sequence[tuple[float, ...]]], names: Mapping[str, str]) -> str:
    """The studies that a curve stands for."""
    same = [names[name] for (name, prior), rows in points.items() if prior == key[1] and rows == points[key]]
    return wrapped("; ".join(same), 90)

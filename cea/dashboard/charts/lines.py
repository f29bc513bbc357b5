"""Curves: one line a series, with bands, direct labels, and a rule at the chosen threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from cea.dashboard.charts import look

_LONGEST = 32
"""Longer names stand in the legend only."""


def curves(
    frame: pd.DataFrame,
    x: tuple[str, str],
    y: tuple[str, str],
    series: str,
    order: Sequence[str],
    *,
    share: bool = False,
    rule: float | None = None,
    band: tuple[str, str] | None = None,
    bold: pd.DataFrame | None = None,
    log: bool = False,
    level: float | None = None,
    height: int = 360,
) -> Any:
    """A line for each value of `series`, in the order of `order`.

    x, y: column and axis title. share: y is a proportion. rule, level: where a vertical and a horizontal line stand.
    band: columns with the lower and the upper end of an interval. bold: columns x and y of a thick grey line behind the
    others.
    """
    shown = [name for name in order if name in set(frame[series])]
    legend = look.legend(shown, lines=True) if len(shown) > 1 else None
    style = {
        "color": alt.Color(f"{series}:N", scale=look.colours(order, among=shown), legend=legend),
        "strokeDash": alt.StrokeDash(f"{series}:N", scale=look.dashes(order, among=shown), legend=legend),
    }
    across = alt.X(f"{x[0]}:Q", title=x[1], axis=look.amounts())
    up = _up(frame[y[0]], y, share=share, log=log)
    base = alt.Chart(frame)
    tip = [
        alt.Tooltip(f"{series}:N", title=" "),
        alt.Tooltip(f"{x[0]}:Q", title=x[1], format=",.4~g"),
        alt.Tooltip(f"{y[0]}:Q", title=y[1], format=".1%" if share else ",.4~g"),
    ]
    layers: list[Any] = []
    if bold is not None:
        thick = alt.Chart(bold).mark_line(strokeWidth=9, opacity=0.28, color=look.INK)
        layers.append(thick.encode(x=across, y=up))
    if band is not None:
        area = base.mark_area(opacity=0.15).encode(x=across, y=alt.Y(f"{band[0]}:Q", title=y[1]), y2=f"{band[1]}:Q")
        layers.append(area.encode(color=style["color"]))
    layers.append(base.mark_line(strokeWidth=2.5, clip=True).encode(x=across, y=up, tooltip=tip, **style))
    layers.append(base.mark_point(opacity=0, size=90).encode(x=across, y=up, tooltip=tip, detail=f"{series}:N"))
    layers += _rules(rule, level)
    if len(shown) > 1 and max(map(len, shown)) <= _LONGEST:
        layers.append(_labels(frame, x[0], y[0], series, style["color"]))
    return look.finished(alt.layer(*layers), height, shown if len(shown) > 1 else ())


def observed(alive: pd.DataFrame, rows: pd.DataFrame) -> Any:
    """A curve of survival with what was seen in cohorts as markers, with their intervals.

    alive: columns year, alive. rows: columns cohort, label, year, expected, observed_low, observed_high, as
    `comparisons_frame` has them.
    """
    across = alt.X("year:Q", title="Years", axis=alt.Axis(tickCount=6))
    axis, scale = alt.Axis(format="%", tickCount=6), alt.Scale(domain=[0, 1])
    up: dict[str, Any] = {"title": "Alive", "axis": axis, "scale": scale}
    line = alt.Chart(alive).mark_line(color=look.INK, strokeWidth=2.5).encode(x=across, y=alt.Y("alive:Q", **up))
    shown = rows.astype({"year": float, "expected": float, "observed_low": float, "observed_high": float})
    order = list(dict.fromkeys(shown["cohort"]))
    legend = look.legend(order)
    colour = alt.Color("cohort:N", scale=look.colours(order), legend=legend)
    chart = alt.Chart(shown)
    points = chart.mark_point(filled=True, size=110, opacity=1).encode(
        x=across,
        y=alt.Y("expected:Q", **up),
        color=colour,
        shape=alt.Shape("cohort:N", scale=look.shapes(order), legend=legend),
        tooltip=["label:N", alt.Tooltip("year:Q"), alt.Tooltip("expected:Q", format=".1%", title="Observed")],
    )
    spans = chart.mark_rule(strokeWidth=1.6).encode(
        x=across, y=alt.Y("observed_low:Q", **up), y2="observed_high:Q", color=colour
    )
    return look.finished(alt.layer(line, spans, points), 380, order)


def _up(values: pd.Series[float], y: tuple[str, str], *, share: bool, log: bool) -> alt.Y:
    """The upward axis of curves: a proportion, amounts, or amounts on a logarithmic scale."""
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(domain=[0, 1]) if share else alt.Scale(zero=False)
    axis = alt.Axis(format="%", tickCount=6) if share else look.amounts(powers=values if log else None)
    return alt.Y(f"{y[0]}:Q", title=y[1], axis=axis, scale=scale)


def _rules(across: float | None, up: float | None) -> list[Any]:
    """A dashed vertical line and a solid horizontal one, where they are asked for."""
    found = []
    if across is not None:
        dashed = alt.Chart(pd.DataFrame({"at": [across]})).mark_rule(strokeDash=[5, 4], color=look.MUTED)
        found.append(dashed.encode(x="at:Q"))
    if up is not None:
        found.append(alt.Chart(pd.DataFrame({"level": [up]})).mark_rule(color=look.INK).encode(y="level:Q"))
    return found


def _labels(frame: pd.DataFrame, x: str, y: str, series: str, colour: Any) -> Any:
    """The names of the lines on the lines."""
    chart = alt.Chart(look.spots(frame, x, y, series))
    edge, text = (
        chart.mark_text(dy=-9, fontSize=12, fontWeight="bold", **halo, **look.IN_ROOM).encode(
            x=f"{x}:Q", y=f"{y}:Q", text=f"{series}:N"
        )
        for halo in look.HALOS
    )
    return edge + text.encode(color=colour)

"""The look of every chart: the colours of the printed figures, with dashes and markers beside them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from cea.reports import style

INK = style.INK
MUTED = style.MUTED
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
_BREAK = "\n"
_SHORT = 19
"""Labels up to this many signs stand side by side in a legend."""
_LIGHT = 140
"""Brightness from which text is black."""
AMOUNT = "~s"
"""How axes write amounts: 100k."""
_WIDE = 560
"""Charts from so many pixels on have room for a legend in several columns, and for labels on their lines."""
IN_ROOM: Mapping[str, Any] = {"opacity": alt.expr(f"width > {_WIDE} ? 1 : 0")}
"""Marks that are seen only where there is room."""
HALOS: tuple[Mapping[str, Any], ...] = ({"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}, {})
"""Text is drawn twice where it may stand on lines: first its white edge, then itself."""


def colours(labels: Sequence[str], dead: Sequence[bool] | None = None, among: Sequence[str] | None = None) -> alt.Scale:
    """Colours by label in the model's order, deaths in grey; `among` are those that a chart shows, by default all."""
    gone = dead if dead is not None else [False] * len(labels)
    shades = [(style.dead_look if grey else style.look)(at).colour for at, grey in enumerate(gone)]
    return _scale(labels, shades, among)


def is_dark(position: int) -> bool:
    """Whether white text can be read on the colour at this position of the model's order."""
    red, green, blue = (int(style.look(position).colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < _LIGHT


def dashes(labels: Sequence[str], among: Sequence[str] | None = None) -> alt.Scale:
    """Dashes of lines by label in the model's order."""
    return _scale(labels, [list(style.look(at).dashes[1]) or [1, 0] for at in range(len(labels))], among)


def shapes(labels: Sequence[str], among: Sequence[str] | None = None) -> alt.Scale:
    """Markers by label in the model's order."""
    return _scale(labels, [SHAPES[at % len(SHAPES)] for at in range(len(labels))], among)


def _scale(labels: Sequence[str], values: Sequence[Any], among: Sequence[str] | None) -> alt.Scale:
    kept = [(label, value) for label, value in zip(labels, values, strict=True) if among is None or label in among]
    return alt.Scale(domain=[label for label, _ in kept], range=[value for _, value in kept])


def legend(labels: Sequence[str] = (), *, lines: bool = False) -> alt.Legend:
    """A legend below the chart, where it takes no width away from it; of `lines`, or of marks."""
    few = _columns(labels)
    marks: dict[str, Any] = {"symbolType": "stroke", "symbolSize": 500} if lines else {"symbolSize": 120}
    return alt.Legend(
        orient="bottom",
        columns=alt.ExprRef(f"width > {_WIDE} ? 4 : {few}"),
        columnPadding=18,
        title=None,
        labelLimit=330,
        symbolStrokeWidth=2.5,
        symbolOpacity=1,
        **marks,
    )


def _columns(labels: Sequence[str]) -> int:
    """Columns of a legend that has room on a narrow screen."""
    return 1 if any(len(label) > _SHORT for label in labels) else 2


def amounts(count: int = 6, powers: pd.Series[float] | None = None) -> alt.Axis:
    """An axis of amounts: 0, 500, 1.5k, 2M; with `powers`, the amounts on a logarithmic one, at the powers of ten."""
    ticks: dict[str, Any] = {"tickCount": count}
    if powers is not None:
        low, high = (math.floor(math.log10(end)) for end in (powers[powers > 0].min(), powers.max()))
        ticks = {"values": [10.0**power for power in range(low, high + 2)]}
    return alt.Axis(
        labelExpr=f"abs(datum.value) < 1000 ? format(datum.value, ',.4~g') : format(datum.value, '{AMOUNT}')", **ticks
    )


def lines_of(label: str, width: int = 24) -> str:
    """A label in lines that are short enough to leave room for the chart on a narrow screen; for `names_axis`."""
    return _BREAK.join(textwrap.wrap(label, width, max_lines=4, placeholder=" …")) or label


def names_axis() -> alt.Axis:
    """An axis of names that were broken into lines, which stand around their tick."""
    lines = "length(split(datum.label, '\\n'))"
    return alt.Axis(
        labelOffset={
            "condition": [{"test": f"{lines} == {count}", "value": -5.5 * (count - 1)} for count in (2, 3, 4)],
            "value": 0,
        },
        labelExpr=r"split(datum.label, '\n')",
        labelLimit=0,
        labelOverlap=False,
        labelBaseline="middle",
        labelFontSize=11,
        labelLineHeight=11,
        title=None,
    )


def named(frame: pd.DataFrame, column: str, labels: Mapping[str, str]) -> pd.DataFrame:
    """The frame with names replaced by labels in one column."""
    return frame.assign(**{column: frame[column].map(lambda name: labels.get(name, name))})


def finished(chart: Any, height: int = 360, labels: Sequence[str] = ()) -> Any:
    """A chart as wide as the page, with readable text and room for the `labels` of its legend below."""
    room = 46 + 22 * -(-len(labels) // _columns(labels)) if len(labels) > 1 else 0
    return (
        chart.properties(
            height=height + room, width="container", autosize=alt.AutoSizeParams(type="fit", contains="padding")
        )
        .configure_axis(labelFontSize=12, titleFontSize=12, labelColor=INK, titleColor=INK, gridColor=style.GRID)
        .configure_legend(labelFontSize=12, labelColor=INK)
        .configure_view(strokeOpacity=0)
    )


def spots(frame: pd.DataFrame, x: str, y: str, series: str) -> pd.DataFrame:
    """One point for each curve where its label stands: where it is furthest from the others, off the edges."""
    table = frame.pivot_table(index=x, columns=series, values=y, aggfunc="mean", sort=False).sort_index()
    if len(table) < 5:
        return frame.iloc[:0]
    span = float(np.nanmax(table.to_numpy()) - np.nanmin(table.to_numpy())) or 1.0
    inner = table.iloc[len(table) // 8 : len(table) - len(table) // 5]
    rows: list[dict[str, object]] = []
    taken: list[tuple[float, float]] = []
    for name in table.columns:
        others = inner.drop(columns=name)
        away = (others.sub(inner[name], axis=0).abs() / span).min(axis=1).fillna(0) if len(others.columns) else None
        room = pd.Series(0.5, index=inner.index) if away is None else away.clip(upper=0.2)
        for at, height in taken:
            near = ((inner.index - at) / (inner.index[-1] - inner.index[0])) ** 2 * 4 + (
                (inner[name] - height) / span
            ) ** 2 * 9
            room = room - (0.5 - near.clip(upper=0.5))
        best = room.index[int(room.to_numpy().argmax())]
        taken.append((float(best), float(inner.loc[best, name])))
        rows.append({x: best, y: inner.loc[best, name], series: name})
    return pd.DataFrame(rows)

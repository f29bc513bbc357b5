"""Bars and areas: the trace, stacked costs and effects, tornados, and rankings with their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from cea.analysis.one_way import Bar, OneWay
from cea.dashboard.charts import look
from cea.reports.quantities import figure as number
from cea.reports.wording import money

_LOW, _HIGH = "#E69F00", "#0072B2"
_CUT = 6.0
"""A bar that reaches this many times as far from the base as the next longest is cut."""
_ROOM = 0.1
"""Share of the cohort from which an area has room for its name."""
_SIGN = 0.0135
"""Width of a letter, as a share of that of a chart."""


def trace(frame: pd.DataFrame, states: Mapping[str, tuple[str, bool]]) -> Any:
    """Share of the cohort in each state over time, stacked, deaths in grey on top; one strategy.

    frame: columns year, state, share. states: label and whether it is death, by name in the model's order.
    """
    order = sorted(states, key=lambda name: states[name][1])
    labels = [states[name][0] for name in order]
    place = {name: at for at, name in enumerate(order)}
    thin = frame[frame["year"].isin(sorted(frame["year"].unique())[::3])]
    shown = thin.assign(label=thin["state"].map(lambda name: states[name][0]), place=thin["state"].map(place))
    scale = look.colours(labels, [states[name][1] for name in order])
    area = alt.Chart(shown).mark_area(stroke="white", strokeWidth=1)
    chart = area.encode(
        x=alt.X("year:Q", title="Years since the start", axis=alt.Axis(tickCount=8), scale=alt.Scale(nice=False)),
        y=alt.Y(
            "share:Q",
            title="Share of the cohort",
            stack="zero",
            axis=alt.Axis(format="%"),
            scale=alt.Scale(domain=[0, 1]),
        ),
        color=alt.Color("label:N", scale=scale, sort=labels, legend=look.legend(labels)),
        order=alt.Order("place:Q"),
        tooltip=[
            alt.Tooltip("label:N", title="State"),
            alt.Tooltip("year:Q", title="Years", format=".1f"),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    places = _tallest(shown, order)
    named = [
        alt.Chart(places)
        .mark_text(fontSize=11, fontWeight="bold", **halo, **look.IN_ROOM)
        .encode(x="year:Q", y="middle:Q", text="label:N")
        for halo in look.HALOS
    ]
    return look.finished(alt.layer(chart, *named), 320, labels)


def _tallest(shown: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """For each state with room for its name, where its area is tallest, off the edges."""
    table = shown.pivot_table(index="year", columns="state", values="share", sort=False)[list(order)].sort_index()
    tops = table.cumsum(axis=1)
    start = len(table) // 8
    inner = table.iloc[start : len(table) - max(1, start)]
    labels = dict(zip(shown["state"], shown["label"], strict=True))
    rows = []
    for state in order:
        at = int(inner[state].to_numpy().argmax())
        height = float(inner[state].to_numpy()[at])
        if height > _ROOM:
            middle = float(tops[state].to_numpy()[at + start]) - height / 2
            rows.append({"year": float(inner.index[at]), "middle": middle, "label": labels[state]})
    return pd.DataFrame(rows, columns=["year", "middle", "label"])


def stacked(frame: pd.DataFrame, bar: str, part: str, value: tuple[str, str], order: Sequence[str]) -> Any:
    """A horizontal bar for each `bar`, made of its parts, with the total at its end."""
    shown = frame[frame[value[0]] != 0]
    parts = [name for name in dict.fromkeys(frame[part]) if name in set(shown[part])]
    shown = shown.assign(place=shown[part].map({name: at for at, name in enumerate(parts)}))
    shown = shown.assign(**{bar: shown[bar].map(lambda name: look.lines_of(name, 14))})
    down = alt.Y(f"{bar}:N", sort=[look.lines_of(name, 14) for name in order], axis=look.names_axis())
    total = shown.groupby(bar, sort=False, as_index=False)[value[0]].sum()
    room = alt.Scale(domain=[min(0.0, float(shown[value[0]].min())), 1.14 * float(total[value[0]].max())], nice=False)
    bars = (
        alt.Chart(shown)
        .mark_bar(stroke="white", strokeWidth=1, height={"band": 0.7})
        .encode(
            y=down,
            x=alt.X(f"{value[0]}:Q", title=value[1], axis=look.amounts(5), scale=room, stack="zero"),
            color=alt.Color(f"{part}:N", scale=look.colours(parts), sort=parts, legend=look.legend(parts)),
            order=alt.Order("place:Q"),
            tooltip=[f"{bar}:N", f"{part}:N", alt.Tooltip(f"{value[0]}:Q", title=value[1], format=",.4~f")],
        )
    )
    inside = _inside(shown, (bar, part, value[0]), room.domain[1], parts)
    names = [
        alt.Chart(rows)
        .mark_text(fontSize=11, color=colour, **look.IN_ROOM)
        .encode(y=down, x=alt.X("middle:Q"), text=f"{part}:N")
        for colour, rows in inside
        if len(rows)
    ]
    ends = (
        alt.Chart(total)
        .mark_text(align="left", dx=5, fontSize=12)
        .encode(
            y=down,
            x=f"{value[0]}:Q",
            text=alt.Text(f"{value[0]}:Q", format=",.0f" if total[value[0]].max() > 1000 else ",.2f"),
        )
    )
    return look.finished(alt.layer(bars, *names, ends), 70 + 46 * len(order), parts)


def _inside(
    shown: pd.DataFrame, columns: tuple[str, str, str], reach: float, parts: Sequence[str]
) -> list[tuple[str, pd.DataFrame]]:
    """The names of the parts that are long enough for them, with where they stand, by colour of the text."""
    bar, part, value = columns
    ordered = shown.sort_values("place", kind="stable")
    middle = ordered.groupby(bar, sort=False)[value].cumsum() - ordered[value] / 2
    fits = ordered[value] / reach > ordered[part].str.len() * _SIGN
    rows = ordered.assign(middle=middle)[fits]
    dark = rows[part].map({name: look.is_dark(at) for at, name in enumerate(parts)}).astype(bool)
    return [("white", rows[dark]), (look.INK, rows[~dark])]


def tornado(found: OneWay, top: int = 12) -> Any:
    """Bars from the base to the net benefit at the low and the high value of each input, the longest first.

    A bar that would dwarf all others is cut, and says so.
    """
    bars = [bar for bar in found.sorted() if found.swing(bar) > 0][:top]
    frame = pd.DataFrame(_ends(found, bars))
    order = list(dict.fromkeys(frame["input"])) if len(frame) else []
    down = alt.Y("input:N", sort=order, axis=look.names_axis())
    title = f"Extra net benefit ({found.price_year} {found.currency} per person)"
    axis, scale = look.amounts(5), alt.Scale(zero=False, padding=55)
    across = alt.X("shown:Q", title=title, axis=axis, scale=scale)
    ends = alt.Scale(domain=["Low value", "High value"], range=[_LOW, _HIGH])
    colour = alt.Color("end:N", scale=ends, legend=look.legend())
    tip = ["input:N", "end:N", alt.Tooltip("value:N", title="Value"), alt.Tooltip("amount:N", title="Net benefit")]
    chart = alt.Chart(frame)
    drawn = chart.mark_bar(height={"band": 0.62}).encode(y=down, x=across, x2="base:Q", color=colour, tooltip=tip)
    text = {"y": down, "x": "shown:Q", "text": "text:N"}
    texts = []
    for halo in look.HALOS:
        right = chart.transform_filter("datum.right").mark_text(align="left", dx=4, fontSize=11, **halo)
        left = chart.transform_filter("!datum.right").mark_text(align="right", dx=-4, fontSize=11, **halo)
        texts += [layer.encode(**text) for layer in (right, left)]
    rule = alt.Chart(pd.DataFrame({"base": [found.base.nmb]})).mark_rule(color=look.INK).encode(x="base:Q")
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=look.MUTED, strokeDash=[4, 4]).encode(x="zero:Q")
    return look.finished(alt.layer(drawn, rule, zero, *texts), 70 + 50 * len(order), ["Low value", "High value"])


def _ends(found: OneWay, bars: Sequence[Bar]) -> list[dict[str, object]]:
    """A row for each end of each bar; those that reach far beyond all others are cut at the next longest."""
    base = found.base.nmb
    lengths = sorted((max(abs(end - base) for end in bar.ends("nmb")) for bar in bars), reverse=True)
    limit = lengths[0] if lengths else 0.0
    for length, after in pairwise(lengths):
        if length <= _CUT * after:
            break
        limit = 1.25 * after
    rows: list[dict[str, object]] = []
    for bar in bars:
        label = look.lines_of(bar.input.label + (" ◆" if bar.flips else ""))
        for end, case, reached in (("Low value", bar.input.low, bar.low), ("High value", bar.input.high, bar.high)):
            shown = min(max(reached.nmb, base - limit), base + limit)
            value, amount = number(case[bar.input.members[0]], 3), money(reached.nmb, found.currency)
            rows.append(
                {
                    "input": label,
                    "end": end,
                    "base": base,
                    "shown": shown,
                    "value": value,
                    "amount": amount,
                    "text": f"{value} (cut)" if shown != reached.nmb else value,
                    "right": reached.nmb >= base,
                }
            )
    return rows


def ranking(frame: pd.DataFrame, value: tuple[str, str], low: str, high: str, rule: float | None = None) -> Any:
    """A bar for each row of `label`, with its interval, the largest first; `rule` is what none can pass."""
    frame = frame.assign(label=frame["label"].map(look.lines_of))
    order = list(frame["label"])
    down = alt.Y("label:N", sort=order, axis=look.names_axis())
    across = alt.X(f"{value[0]}:Q", title=value[1], axis=look.amounts(5))
    chart = alt.Chart(frame)
    tip = [
        "label:N",
        alt.Tooltip(f"{value[0]}:Q", title=value[1], format=",.3~g"),
        alt.Tooltip(f"{low}:Q", format=",.3~g"),
        alt.Tooltip(f"{high}:Q", format=",.3~g"),
    ]
    bars = chart.mark_bar(color=_HIGH, height={"band": 0.55}).encode(y=down, x=across, tooltip=tip)
    error = chart.mark_rule(color=look.INK, strokeWidth=1.5).encode(y=down, x=f"{low}:Q", x2=f"{high}:Q")
    drawn = bars + error
    if rule is not None:
        limit = alt.Chart(pd.DataFrame({"at": [rule]})).mark_rule(strokeDash=[5, 4], color=look.INK).encode(x="at:Q")
        drawn = drawn + limit
    return look.finished(drawn, 60 + 46 * len(order))

"""Points: the cost-effectiveness plane with its frontier or its draws, maps of two inputs, the fit to observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from cea.analysis.incremental import Incremental
from cea.analysis.two_way import Axis, TwoWay
from cea.analysis.uncertainty import ellipse, increments
from cea.dashboard.charts import look
from cea.engine.outcomes import Outcomes
from cea.reports.quantities import per

SELECTED = "draw"
"""The name of the selection of a dot."""
_DOTS = 2_000


def frontier(found: Incremental, labels: Mapping[str, str]) -> Any:
    """Every strategy against the comparator, the efficiency frontier as a line, the threshold as a dashed one."""
    frame = found.pairwise_frame()
    frame = frame.assign(on=frame["strategy"].isin(found.frontier), label=frame["strategy"].map(labels))
    order = list(labels.values())
    across = alt.X(
        "incremental_effect:Q",
        title=f"{found.effect_unit}s gained per person",
        axis=alt.Axis(tickCount=8),
        scale=alt.Scale(padding=50),
    )
    title = f"Extra cost per person ({found.price_year} {found.currency})"
    up = alt.Y("incremental_cost:Q", title=title, axis=look.amounts(), scale=alt.Scale(padding=25))
    edge = frame.set_index("strategy").loc[list(found.frontier)].reset_index()
    tip = [
        "label:N",
        alt.Tooltip("incremental_effect:Q", format=",.3f"),
        alt.Tooltip("incremental_cost:Q", format=",.0f"),
    ]
    line = alt.Chart(edge).mark_line(color=look.INK, strokeWidth=1.8).encode(x=across, y=up)
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=150, opacity=1, stroke="white")
        .encode(
            x=across,
            y=up,
            color=alt.Color("label:N", scale=look.colours(order), legend=None),
            shape=alt.Shape("label:N", scale=look.shapes(order), legend=None),
            tooltip=tip,
        )
    )
    middle = float(frame["incremental_effect"].median())
    where = {"x": across, "y": up, "text": "label:N"}
    first, second = (frame[(frame["incremental_effect"] <= middle) == left] for left in (True, False))
    texts = []
    for halo in look.HALOS:
        texts += [
            alt.Chart(first).mark_text(align="left", dx=10, dy=-10, fontSize=12, **halo).encode(**where),
            alt.Chart(second).mark_text(align="right", dx=-10, dy=-10, fontSize=12, **halo).encode(**where),
        ]
    start = edge.iloc[0]
    reach = float(frame["incremental_effect"].max() - start["incremental_effect"]) or 1.0
    slope = _threshold((float(start["incremental_effect"]), float(start["incremental_cost"])), reach, found.threshold)
    return look.finished(alt.layer(slope, line, points, *texts), 380)


def _threshold(start: tuple[float, float], reach: float, threshold: float) -> Any:
    """The line of the threshold from a point on."""
    ends = pd.DataFrame(
        {
            "incremental_effect": [start[0], start[0] + reach],
            "incremental_cost": [start[1], start[1] + reach * threshold],
        }
    )
    return (
        alt.Chart(ends)
        .mark_line(strokeDash=[6, 4], color=look.MUTED, clip=True)
        .encode(x="incremental_effect:Q", y="incremental_cost:Q")
    )


def cloud(outcomes: Outcomes, comparator: str, shown: Sequence[str], threshold: float, chosen: int | None) -> Any:
    """The draws in the plane, those of each strategy against the comparator; a click on a dot selects its draw.

    The means are large markers, the ellipses hold 95 % of a normal distribution with the covariance of the draws.
    """
    order = list(outcomes.labels)
    points, means, rings = _clouds(outcomes, comparator, shown)
    labels = dict(zip(outcomes.strategies, order, strict=True))
    named = [labels[name] for name in outcomes.strategies if name in shown]
    legend = look.legend(named) if len(shown) > 1 else None
    colour = alt.Color("strategy:N", scale=look.colours(order, among=named), legend=legend)
    shape = alt.Shape("strategy:N", scale=look.shapes(order, among=named), legend=legend)
    across = alt.X("effect:Q", title=f"{outcomes.effect_unit}s gained per person", axis=alt.Axis(tickCount=6))
    axis = look.amounts()
    up = alt.Y("cost:Q", title=f"Extra cost per person ({outcomes.money})", axis=axis)
    where = {"x": across, "y": up, "color": colour}
    pick = alt.selection_point(name=SELECTED, fields=["draw"], on="click", nearest=True, empty=False)
    tip = [alt.Tooltip("draw:Q", title="Draw"), alt.Tooltip("effect:Q", format=",.3f")]
    tip += [alt.Tooltip("cost:Q", format=",.0f"), alt.Tooltip("strategy:N")]
    scatter = alt.Chart(points).mark_point(filled=True, size=22, opacity=0.35).encode(shape=shape, tooltip=tip, **where)
    line = alt.Chart(rings).mark_line(strokeWidth=1.6).encode(order="at:Q", detail="strategy:N", **where)
    large = alt.Chart(means).mark_point(filled=True, size=200, stroke=look.INK, strokeWidth=1.6, opacity=1)
    marks = large.encode(shape=shape, **where)
    low, high = min(0.0, float(points["effect"].min())), max(0.0, float(points["effect"].max()))
    slope = pd.DataFrame({"effect": [low, high], "cost": [low * threshold, high * threshold]})
    limit = alt.Chart(slope).mark_line(strokeDash=[6, 4], color=look.MUTED).encode(x=across, y=up)
    axes = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=look.MUTED)
    layers = [axes.encode(x="zero:Q"), axes.encode(y="zero:Q"), limit, scatter.add_params(pick), line, marks]
    if chosen is not None:
        ringed = alt.Chart(_draw(outcomes, comparator, shown, chosen))
        layers += [ringed.mark_point(size=340, color=look.INK, strokeWidth=2.5, opacity=1).encode(x=across, y=up)]
        layers += [ringed.mark_point(filled=True, size=60, opacity=1).encode(shape=shape, **where)]
    return look.finished(alt.layer(*layers), 430, named if len(shown) > 1 else ())


def _clouds(
    outcomes: Outcomes, comparator: str, shown: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Dots of draws (evenly thinned where there are many), means, and ellipses."""
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    step = max(1, len(outcomes.cost) * len(shown) // _DOTS)
    dots, means, rings = [], [], []
    for name in shown:
        effect, cost = increments(outcomes, name, comparator)
        draws = np.arange(0, len(cost), step)
        label = labels[name]
        dots.append(pd.DataFrame({"draw": draws + 1, "effect": effect[draws], "cost": cost[draws], "strategy": label}))
        means.append({"effect": effect.mean(), "cost": cost.mean(), "strategy": label})
        ring = pd.DataFrame(ellipse(outcomes, name, comparator), columns=["effect", "cost"])
        rings.append(ring.assign(strategy=label, at=np.arange(len(ring))))
    return pd.concat(dots), pd.DataFrame(means), pd.concat(rings)


def _draw(outcomes: Outcomes, comparator: str, shown: Sequence[str], chosen: int) -> pd.DataFrame:
    """The dots of one draw."""
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    pairs = {labels[name]: increments(outcomes, name, comparator) for name in shown}
    rows = [(label, effect[chosen], cost[chosen]) for label, (effect, cost) in pairs.items()]
    return pd.DataFrame(rows, columns=["strategy", "effect", "cost"])


def heat(found: TwoWay, money: str) -> Any:
    """Extra net benefit over two inputs: blue where it is positive, orange where it is negative, marked by + and -.

    money: price year and currency.
    """
    frame = found.frame().rename(columns={found.first.name: "first", found.second.name: "second"})
    frame = frame.assign(sign=np.where(frame["nmb"] >= 0, "+", "–"))
    most = float(frame["nmb"].abs().max()) or 1.0
    scale = alt.Scale(domain=[-most, 0, most], range=["#D55E00", "#F7F7F7", "#0072B2"])
    across = alt.X("first:O", title=_axis(found.first.label, found.first.unit), axis=_numbers(found.first))
    up = alt.Y(
        "second:O",
        title=_axis(found.second.label, found.second.unit),
        sort="descending",
        axis=_numbers(found.second),
    )
    base = alt.Chart(frame).encode(x=across, y=up)
    title = f"Extra net monetary benefit ({money} per person)"
    tip = [
        alt.Tooltip("first:Q", title=found.first.label, format=".4~g"),
        alt.Tooltip("second:Q", title=found.second.label, format=".4~g"),
        alt.Tooltip("nmb:Q", title=title, format=",.0f"),
        alt.Tooltip("best:N", title="Best of all"),
    ]
    cells = base.mark_rect().encode(
        color=alt.Color(
            "nmb:Q",
            scale=scale,
            legend=alt.Legend(orient="bottom", title=title, titleLimit=340, gradientLength=240, format="~s"),
        ),
        tooltip=tip,
    )
    return look.finished(cells + base.mark_text(fontSize=11).encode(text="sign:N"), 440)


def _numbers(axis: Axis) -> alt.Axis:
    """An axis of numbers that are short whatever their size."""
    return alt.Axis(format=".3~s" if np.abs(axis.values).max() >= 1000 else ".3~g", labelAngle=0, labelOverlap="greedy")


def _axis(label: str, unit: str) -> str:
    words = per(unit)
    return f"{label} ({words})" if words else label


def fit(frame: pd.DataFrame, roles: Mapping[str, str]) -> Any:
    """The model's figures over the observed ones, with the line of equality. frame: label, role, expected, model."""
    known = frame.dropna(subset=["expected", "model"]).astype({"expected": float, "model": float})
    shown = known.assign(kind=known["role"].map(roles))
    order = list(roles.values())
    ends = pd.DataFrame({"expected": [0.0, float(max(known["expected"].max(), known["model"].max()))]})
    line = alt.Chart(ends.assign(model=ends["expected"])).mark_line(color=look.MUTED, strokeDash=[6, 4])
    points = (
        alt.Chart(shown)
        .mark_point(filled=True, size=110, opacity=0.9)
        .encode(
            x=alt.X("expected:Q", title="Observed or published", axis=alt.Axis(tickCount=6)),
            y=alt.Y("model:Q", title="This model", axis=alt.Axis(tickCount=6)),
            color=alt.Color("kind:N", scale=look.colours(order), legend=look.legend(order)),
            shape=alt.Shape("kind:N", scale=look.shapes(order), legend=None),
            tooltip=[
                "label:N",
                "kind:N",
                alt.Tooltip("expected:Q", format=".3f"),
                alt.Tooltip("model:Q", format=".3f"),
            ],
        )
    )
    return look.finished(line.encode(x="expected:Q", y="model:Q") + points, 380, order)

"""What drives the decision: inputs one at a time, two at once, their threshold values, and all of them together."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cea.analysis.one_way import OneWay, one_way
from cea.analysis.sobol import Sobol, sobol
from cea.analysis.two_way import TwoWay, two_way
from cea.analysis.unit_cube import model_on_cube
from cea.dashboard import parts
from cea.dashboard.background import ask, start
from cea.dashboard.charts import bars, planes
from cea.dashboard.computing import Answer
from cea.dashboard.edits import uncertain_inputs
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.dashboard.views.managed_entry import managed_entry
from cea.dashboard.views.pricing import prices, threshold_values
from cea.dashboard.views.summary import setting_line
from cea.model.definition import Headline
from cea.reports.quantities import figure as number
from cea.reports.wording import money

_STEPS = 13
_SHOWN = 12


def sensitivity(screen: Screen) -> None:
    """The page."""
    st.title("Sensitivity")
    st.caption(plain(setting_line(screen.answer)))
    if not screen.answer.headlines:
        st.info("The model has no headline comparison of the strategies that are selected.")
        return
    sections: dict[str, Callable[[Screen], None]] = {
        "One input at a time": _tornado,
        "Two inputs": _map,
        "Price": prices,
        "Threshold values": threshold_values,
        "Managed entry": managed_entry,
        "All inputs together": _sobol,
    }
    chosen = st.segmented_control(
        "Analysis",
        list(sections),
        key="analysis",
        default="One input at a time",
        required=True,
        persist_state="session",
    )
    sections[chosen or "One input at a time"](screen)


def _tornado(screen: Screen) -> None:
    answer = screen.answer
    found = ask(
        "drivers",
        (screen.source, screen.shown),
        lambda told: one_way(answer.model, perspective=answer.results.perspective, progress=told),
        "One-way analysis",
        auto=True,
    )
    if found is None:
        return
    parts.stale(found.fresh, "these bars")
    items: tuple[OneWay, ...] = found.result
    for item in items:
        at = f"{money(item.threshold, item.currency)} per {item.effect_unit}"
        turning = [bar.input.label for bar in item.bars if bar.flips]
        parts.figure(
            f"{item.comparison.label}: {item.labels[0]} against {item.labels[1]}, extra net monetary benefit at {at}",
            bars.tornado(item, _SHOWN),
            item.frame(),
            f"one_way_{item.comparison.name}",
            alt=f"Tornado; inputs that turn the decision: {', '.join(turning) or 'none'}.",
            read="Each input moves alone over its range in the evidence; those that are drawn together move "
            "together. The number at the end of a bar is the value of the input there; a bar that says “cut” goes on "
            "beyond the chart, to the amount in the table. ◆ marks inputs that turn the decision. The solid line is "
            "the base case; right of the dashed line at zero the strategy is worth its cost.",
        )
    skipped = items[0].skipped_frame()
    if len(skipped):
        with st.expander(f"{len(skipped)} inputs were not moved", icon=":material/info:"):
            st.dataframe(skipped, hide_index=True, alt="Table: inputs that were not moved, and why")


def _map(screen: Screen) -> None:
    answer, labels = screen.answer, uncertain_inputs(screen)
    names = list(labels)
    if len(names) < 2:
        st.info("Fewer than two inputs have a range in the evidence.")
        return
    left, right = st.columns(2)
    first = left.selectbox(
        "First input", names, format_func=lambda name: labels[name], key="first", persist_state="session"
    )
    others = [name for name in names if name != first]
    second = right.selectbox(
        "Second input", others, format_func=lambda name: labels[name], key="second", persist_state="session"
    )
    found = ask(
        "map",
        (screen.source, screen.shown, first, second),
        lambda told: two_way(
            answer.model, first, second, (_STEPS, _STEPS), perspective=answer.results.perspective, progress=told
        ),
        "Two-way analysis",
        auto=True,
    )
    if found is None:
        return
    parts.stale(found.fresh, "these maps")
    items: tuple[TwoWay, ...] = found.result
    for grid in items:
        worth = float((grid.benefit >= 0).mean())
        parts.figure(
            f"{grid.comparison.label}: {grid.labels[0]} against {grid.labels[1]}, extra net monetary benefit at "
            f"{money(grid.threshold, answer.model.currency)} per {answer.found.effect_unit}",
            planes.heat(grid, answer.money_unit),
            grid.frame(),
            f"two_way_{grid.comparison.name}",
            alt=f"{grid.labels[0]} is worth its cost in {worth:.0%} of the grid.",
            read=f"Cells with + are values at which {grid.labels[0]} is worth its cost, cells with – those at which it "
            f"is not. It is in {worth:.0%} of the grid.",
        )


def _sobol(screen: Screen) -> None:
    """Variance-based analysis, on demand because it takes a while."""
    answer = screen.answer
    st.markdown(
        "Where does the uncertainty of the result come from? All uncertain inputs vary together, and the variance of "
        "the net benefit is shared out among them (Sobol indices)."
    )
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    n = left.select_slider(
        "Points (more are more exact and take longer)", [128, 256, 512, 1024], 256, key="sobol points"
    )
    key = (screen.source, screen.shown, n)

    def work(told: Callable[[int, int], None]) -> Sobol:
        subject = model_on_cube(answer.model, perspective=answer.results.perspective)
        return sobol(subject, n, progress=told)

    if right.button("Run", type="primary", icon=":material/play_arrow:", width="stretch", key="run sobol"):
        start("sobol", key, work)
    found = ask("sobol", key, work, "Sobol indices")
    if found is None:
        return
    parts.stale(found.fresh, "these indices")
    result: Sobol = found.result
    frame = result.frame()
    for outcome in result.outcomes:
        if outcome.measure == "nmb" and outcome.headline is not None:
            _indices(frame[frame["outcome"] == outcome.name], _who(answer, outcome.headline), outcome.name)
    for outcome, text in result.warnings():
        if outcome.measure == "nmb":
            st.caption(plain(text))


def _who(answer: Answer, headline: Headline) -> str:
    """A comparison with its two strategies."""
    return f"{headline.label}: {answer.label(headline.strategy)} against {answer.label(headline.comparator)}"


def _indices(own: pd.DataFrame, headline: str, name: str) -> None:
    shown = own.head(_SHOWN).assign(low=own["ST"] - own["ST_conf"], high=own["ST"] + own["ST_conf"])
    if shown.empty:
        return
    top = shown.iloc[0]
    parts.figure(
        f"{headline}, share of the uncertainty of the net benefit that each input has a part in",
        bars.ranking(shown, ("ST", "Share of the variance (total-order Sobol index)"), "low", "high"),
        own,
        f"sobol_{name}",
        alt=f"The first is {top['label']} with {number(float(top['ST']), 2)}.",
        read="A bar of 0.5: half of the variance would go if this input were known (together with what it does through "
        "others). The lines are 95 % intervals. Inputs that are drawn together are one.",
    )

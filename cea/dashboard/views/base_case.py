"""The cohort over time, what it costs and gains, discounted and not, and the frontier."""

from __future__ import annotations

import re

import streamlit as st

from cea.dashboard import parts
from cea.dashboard.charts import bars, lines, look, planes
from cea.dashboard.computing import Answer
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.dashboard.views.summary import setting_line
from cea.reports.run_tables import (
    also_asked_table,
    benefit_table,
    costs_table,
    events_table,
    incremental_table,
    notes,
    pairwise_table,
    severity_table,
    totals_table,
)


def base_case(screen: Screen) -> None:
    """The page."""
    answer = screen.answer
    st.title("Base case")
    st.caption(plain(setting_line(answer)))
    _frontier(answer)
    _costs(answer)
    _by_state(answer)
    _survival(answer)
    _trace(answer)
    _tables(answer)


def _frontier(answer: Answer) -> None:
    found = answer.found
    comparator = answer.labels[found.comparator]
    on = ", ".join(answer.labels[name] for name in found.frontier)
    parts.figure(
        f"Cost-effectiveness plane: each strategy against {comparator} ({answer.money_unit} per person)",
        planes.frontier(found, answer.labels),
        found.pairwise_frame(),
        "frontier",
        alt=f"On the frontier are {on}.",
        read="To the right is more health, upwards is more cost. The solid line joins the strategies that are the best "
        "buy at some threshold; the others are dominated. The dashed line is the threshold: a strategy below it is "
        "worth its cost against the cheapest one.",
    )
    parts.printed(incremental_table(found, answer.labels))


def _costs(answer: Answer) -> None:
    frame = look.named(answer.results.categories_frame(), "strategy", answer.labels)
    parts.figure(
        f"Costs by category ({answer.money_unit} per person, discounted)",
        bars.stacked(
            frame, "strategy", "category", ("cost", f"Cost ({answer.money_unit})"), list(answer.labels.values())
        ),
        answer.results.categories_frame(),
        "costs_by_category",
        alt="A bar for each strategy, made of its categories of cost.",
        read="The length of a bar is what one person costs over the whole horizon; the number at its end is the total.",
    )


def _by_state(answer: Answer) -> None:
    states = {name: item.label for name, item in answer.model.states.items()}
    frame = look.named(look.named(answer.results.states_frame(), "strategy", answer.labels), "state", states)
    unit = answer.found.effect_unit
    parts.figure(
        f"{unit}s by state (per person, discounted)",
        bars.stacked(frame, "strategy", "state", ("effect", f"{unit}s"), list(answer.labels.values())),
        answer.results.states_frame(),
        "by_state",
        alt=f"A bar for each strategy, made of the {unit}s lived in each state.",
        read=f"Where the {unit}s of one person are lived. One-off gains and losses that belong to no state "
        "are not here.",
    )


def _survival(answer: Answer) -> None:
    frame = look.named(answer.results.survival_frame(), "strategy", answer.labels)
    parts.figure(
        "Survival by strategy",
        lines.curves(
            frame,
            ("year", "Years since the start"),
            ("alive", "Alive"),
            "strategy",
            list(answer.labels.values()),
            share=True,
        ),
        answer.results.survival_frame(),
        "survival",
        alt="Share alive over the years, a line for each strategy.",
        read="How many of 100 people are still alive after so many years. Strategies with one curve lie on each other.",
    )


def _trace(answer: Answer) -> None:
    states = {name: (item.label, item.dead) for name, item in answer.model.states.items()}
    frame = answer.results.trace_frame()
    st.markdown("##### Where people are over time (Markov trace)")
    chosen = st.segmented_control(
        "Strategy",
        list(answer.labels),
        key="trace of",
        format_func=lambda name: answer.labels[name],
        default=answer.found.best(answer.found.threshold),
        required=True,
    )
    name = chosen if chosen in answer.labels else answer.found.best(answer.found.threshold)
    shown = frame[frame["strategy"] == name]
    parts.figure(
        f"{answer.labels[name]}: share of the cohort in each state",
        bars.trace(shown, states),
        shown,
        "trace",
        alt="Stacked areas, one for each state, deaths in grey on top.",
        read="At each time the heights of the areas sum to 100 %. Deaths are grey and stand on top.",
    )


def _tables(answer: Answer) -> None:
    results, labels = answer.results, answer.labels
    st.markdown("#### All tables")
    parts.printed(totals_table(results, labels))
    parts.printed(benefit_table(answer.found, labels))
    parts.printed(pairwise_table(answer.found, labels))
    if answer.headlines:
        parts.printed(also_asked_table(answer.headlines, results))
    if any(item.severity for item in answer.headlines):
        parts.printed(severity_table(answer.headlines, results))
    parts.printed(costs_table(results, labels))
    events = events_table(results, labels)
    if events.rows:
        parts.printed(events)
    named = {**labels, **{name: item.label for name, item in results.model.parameters.items()}}
    for line in notes(results):
        if line.startswith("Solved"):
            st.caption(plain(re.sub(r"\w+", lambda word: named.get(word[0], word[0]), line)))
    parts.download(results.lines_frame(), "outcomes", "Download all outcomes as CSV")

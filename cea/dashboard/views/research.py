"""Is more research worth it: the value of perfect, partial and sample information."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cea.analysis.sample_information import TrialCost, optimal
from cea.dashboard import parts
from cea.dashboard.background import ask, start
from cea.dashboard.charts import bars, lines
from cea.dashboard.learning import Learned, analyse, people
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.dashboard.views.summary import setting_line
from cea.model.definition import Headline
from cea.reports.run_tables import short
from cea.reports.terminal import Table
from cea.reports.wording import money, rounded_money

_TOP = 12


def research(screen: Screen) -> None:
    """The page."""
    st.title("Research")
    st.caption(plain(setting_line(screen.answer)))
    st.markdown(
        "If the best buy of today is not the best one in truth, something is lost. More evidence lowers that loss, and "
        "is worth at most what it lowers it by. All values here are the most that evidence can be worth to each person "
        "who faces the choice; a study must also be paid for."
    )
    if not screen.answer.headlines:
        st.info("The model has no headline comparison of the strategies that are selected.")
        return
    answer, source = screen.answer, screen.source
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    n = left.select_slider(
        "Draws (more are more exact and take longer)", [1_000, 2_000, 5_000, 10_000], 2_000, key="voi draws"
    )
    key = (source, screen.shown, n)
    if right.button("Work it out", type="primary", icon=":material/play_arrow:", width="stretch", key="run voi"):
        start("voi", key, lambda told: analyse(answer, source.folder, n, told))
    found = ask("voi", key, lambda told: analyse(answer, source.folder, n, told), "Value of information")
    if found is None:
        st.caption(
            "You will see what it would be worth to know everything, which inputs are worth knowing, what the studies "
            "that come with the model would be worth by number of patients, and which number is best. It takes up to a "
            "minute; other pages can be used meanwhile."
        )
        return
    parts.stale(found.fresh, "the values below")
    learned: Learned = found.result
    for headline in learned.headlines:
        _everything(learned, headline)
        _each(learned, headline)
    if learned.studies:
        _studies(learned)


def _everything(learned: Learned, headline: Headline) -> None:
    """What it would be worth to know everything."""
    item = learned.perfect[headline.name]
    currency = learned.model.currency
    at = list(item.thresholds).index(learned.model.threshold)
    value = float(item.per_person[at])
    st.markdown(f"#### {plain(headline.label)}")
    st.markdown(
        plain(
            f"To know everything before choosing between {learned.against(headline)} would be worth "
            f"{rounded_money(value, currency)} per person at {money(learned.model.threshold, currency)} per "
            f"{learned.model.settings.effect_unit} (EVPI). No research on this choice can be worth more."
        )
    )


def _each(learned: Learned, headline: Headline) -> None:
    """What it would be worth to know each input, as a ranking."""
    model = learned.model
    pair = (headline.strategy, headline.comparator)
    items = [item for item in learned.partial if item.decision == pair]
    above = [item for item in items if item.learned.value > 1.96 * item.learned.error]
    frame = pd.DataFrame(
        [
            {
                "label": model.parameters[item.input].label
                if item.input in model.parameters
                else f"{item.input} (together)",
                "value": item.learned.value,
                "low": max(item.learned.value - 1.96 * item.learned.error, 0.0),
                "high": item.learned.value + 1.96 * item.learned.error,
                "input": item.input,
                "parameters": ", ".join(item.parameters),
                "error": item.learned.error,
                "r2": item.learned.r2,
            }
            for item in (above or items)
        ]
    )
    if not above:
        st.markdown(
            "No single input, and no group of them, is worth knowing at this threshold: none would change the choice."
        )
        return
    perfect = learned.perfect[headline.name]
    most = float(perfect.per_person[list(perfect.thresholds).index(model.threshold)])
    top = frame.iloc[0]
    parts.figure(
        f"{headline.label}: value of knowing each input ({learned.money_unit} per person, {learned.against(headline)})",
        bars.ranking(frame.head(_TOP), ("value", f"EVPPI ({learned.money_unit} per person)"), "low", "high", most),
        frame,
        f"evppi_{headline.name}",
        alt=f"The first is {top['label']} with {money(float(top['value']), model.currency)}.",
        read="A bar is the most that it is worth to know this input, or all inputs of a group together, before "
        "choosing. The lines are 95 % intervals of Monte Carlo error, the dashed line is the value of knowing "
        "everything. Values of inputs do not add up.",
    )


def _studies(learned: Learned) -> None:
    """The studies of the model: their value, and the best size given whom they help and what they cost."""
    st.markdown("#### Studies that could be done")
    st.caption(
        "The value of a study (EVSI) is per person. For the best number of patients say whom the choice concerns and "
        "what a study costs: these are your assumptions."
    )
    with st.container(border=True):
        first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
        incidence = first.number_input(
            "People a year who face the choice",
            0.0,
            None,
            None,
            step=100.0,
            format="%g",
            key="incidence",
            persist_state="session",
        )
        years = second.number_input(
            "Years for which the choice stands", 1, 100, 10, key="years", persist_state="session"
        )
        fixed = third.number_input(
            plain(f"Cost of any study, {learned.model.currency}"),
            0.0,
            None,
            None,
            step=100_000.0,
            format="%g",
            key="fixed",
            persist_state="session",
        )
        each = fourth.number_input(
            plain(f"Cost for each patient, {learned.model.currency}"),
            0.0,
            None,
            None,
            step=1_000.0,
            format="%g",
            key="each",
            persist_state="session",
        )
    for study in learned.studies:
        if len(study.measures) > 1:
            st.caption(plain(f"{study.label}: {'; '.join(study.measures[1:])}."))
    cost = TrialCost(fixed, each) if fixed is not None and each is not None else None
    for headline in learned.headlines:
        _values(learned, headline)
        if incidence and cost is not None:
            _best(learned, headline, (float(incidence), int(years)), cost)


def _values(learned: Learned, headline: Headline) -> None:
    """EVSI by size, a line a kind of study."""
    rows = [
        {
            "study": study.label,
            "n": item.n,
            "value": item.value,
            "error": item.learned.error,
            "ceiling": item.ceiling.value,
        }
        for study in learned.studies
        for item in study.curve(headline)
    ]
    frame = pd.DataFrame(rows)
    order = [study.label for study in learned.studies]
    parts.figure(
        f"{headline.label}: value of a study by number of patients ({learned.money_unit} per person, "
        f"{learned.against(headline)})",
        lines.curves(frame, ("n", "Patients"), ("value", f"EVSI ({learned.money_unit} per person)"), "study", order),
        frame,
        f"evsi_{headline.name}",
        alt="A line for each kind of study.",
        read="What the study would be worth to each person who faces the choice after it. More patients say more, but "
        "the lines flatten: the study cannot be worth more than knowing exactly what it measures.",
    )


def _best(learned: Learned, headline: Headline, population: tuple[float, int], cost: TrialCost) -> None:
    """The best size of each kind of study."""
    currency, rate = learned.model.currency, learned.discount_rate
    made = Table(
        f"{headline.label}: best number of patients, {learned.against(headline)} ({learned.money_unit})",
        [("Study", False), ("Patients", True), ("Net benefit for all, million", True), ("Worth it", False)],
    )
    best: list[tuple[float, int, str]] = []
    for study in learned.studies:
        item, net = optimal(study.curve(headline), people(population, rate, study.years), cost)
        best.append((net, item.n, study.label))
        made.add([study.label, f"{item.n:,}", money(net / 1e6, currency, 1), "yes" if net > 0 else "no"])
    net, n, label = max(best)
    said = (
        f"the best is one of {n:,} patients that measures: {label}. It is worth {money(net / 1e6, currency, 1)} "
        "million more than it costs."
        if net > 0
        else "none is worth what it costs."
    )
    st.markdown(plain(f"Of these studies, for the choice between {learned.against(headline)}, {said}"))
    made.notes.append(
        f"Of the sizes looked at; {population[0]:,.10g} people a year for {population[1]} years, "
        f"discounted at {rate:.3g} a "
        "year; a study helps those who come after its last estimate. Threshold "
        f"{short(learned.model.threshold, currency)}."
    )
    parts.printed(made)

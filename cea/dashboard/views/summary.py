"""The answer in a sentence, and what stands behind it."""

from __future__ import annotations

import streamlit as st

from cea.analysis.headline import HeadlineResult
from cea.analysis.one_way import OneWay, one_way
from cea.dashboard import computing, parts
from cea.dashboard.background import ask
from cea.dashboard.computing import Answer
from cea.dashboard.edits import base_value
from cea.dashboard.live import live
from cea.dashboard.session import Screen
from cea.dashboard.text import plain, sentence
from cea.errors import CeaError
from cea.reports.psa_report import PsaReport
from cea.reports.quantities import figure as number
from cea.reports.quantities import quantity
from cea.reports.run_report import Report
from cea.reports.run_tables import headline_tables, incremental_table, short
from cea.reports.terminal import Table
from cea.reports.wording import describe_pair, describe_price, effect, money, share

_DRIVERS = 5


def summary(screen: Screen) -> None:
    """The page."""
    answer = screen.answer
    model = answer.model
    st.title(plain(model.title))
    st.markdown(plain(model.question))
    st.caption(plain(setting_line(answer)))
    st.success(f"**{plain(in_one_sentence(answer))}**", icon=":material/balance:")
    _headlines(answer)
    sure = st.container()
    parts.printed(incremental_table(answer.found, answer.labels))
    parts.download(answer.found.frame(), "incremental")
    _changes(screen)
    with sure:  # what takes longer comes after all that is there at once
        _probability(screen)
    _drivers(screen)
    _beside(screen)


def setting_line(answer: Answer) -> str:
    """Where, in which money, in whose view, and under which layers."""
    model = answer.model
    parts = [model.settings.country, f"{model.settings.price_year} {model.currency} per person".strip()]
    parts.append(f"{model.perspectives[answer.results.perspective].label} perspective")
    parts += [layer.label for layer in model.layers if not layer.edit]
    edited = len(answer.setting.edits)
    parts += [f"{edited} input{'s' if edited > 1 else ''} changed"] if edited else []
    return " · ".join(part for part in parts if part)


def in_one_sentence(answer: Answer) -> str:
    """Which strategy is the best buy at the threshold, and what it gives for how much."""
    found, model = answer.found, answer.model
    row = found.row(found.best(found.threshold))
    unit, at = found.effect_unit, money(found.threshold, found.currency)
    gives = f"{effect(row.effect, 2)} {unit}s for {money(row.cost, found.currency)} per person"
    others = len(model.strategies) - 1
    text = f"If one {unit} may cost up to {at}, {row.label} is the best buy of the {others + 1} strategies: {gives}"
    if row.icer is not None:
        text += (
            f", and it costs {money(row.icer, found.currency)} for each {unit} more than the next less costly option"
        )
    return f"{text}."


def _headlines(answer: Answer) -> None:
    """A card for each comparison that the model puts first."""
    if not answer.headlines:
        return
    for column, item in zip(st.columns(len(answer.headlines)), answer.headlines, strict=True):
        with column.container(border=True, height="stretch"):
            _card(answer, item)


def _card(answer: Answer, item: HeadlineResult) -> None:
    found, unit = answer.found, answer.found.effect_unit
    threshold = found.threshold
    worth = item.net_benefit(threshold) >= 0
    at = short(threshold, found.currency)
    st.markdown(f"**{plain(item.headline.label)}**")
    st.badge(
        f"{'Worth' if worth else 'Not worth'} its cost at {at} per {unit}".replace("$", "\\$"),
        icon=":material/check:" if worth else ":material/close:",
        color="green" if worth else "orange",
    )
    said = describe_pair(item.pair, found.currency, unit)
    st.markdown(plain(f"{item.labels[0]} against {item.labels[1]}: {said}."))
    gained = (
        f"Extra cost {money(item.pair.cost, found.currency)}, {unit}s gained {effect(item.pair.effect)} per person."
    )
    st.caption(plain(gained))
    limit = item.price_limit(threshold)
    if limit is not None and item.price is not None:
        price = (
            "none"
            if limit.price is None
            else "any"
            if limit.price == float("inf")
            else money(limit.price, found.currency)
        )
        st.metric(plain(f"Highest price that is worth it: {item.price_label}"), plain(price), border=False)
        st.caption(
            plain(
                sentence(
                    f"{describe_price(limit.price, found.currency)}; the price now is "
                    f"{money(item.price, found.currency)}"
                )
            )
        )
    if item.weight != 1:
        st.caption(
            plain(
                f"With the severity weight of {item.weight:g} the cost per weighted {unit} is "
                f"{money(item.icer_weighted or 0, found.currency)}."
            )
        )


def _probability(screen: Screen) -> None:
    """How likely each strategy is to be the best, from the live draws."""
    found = live(screen)
    if found is None:
        return
    report: PsaReport = found.result
    parts.stale(found.fresh, "these probabilities")
    outcomes = report.results.outcomes
    at = outcomes.thresholds.index(outcomes.threshold)
    st.markdown("##### How sure is this?")
    for column, row in zip(st.columns(len(report.summary.spreads)), report.summary.spreads, strict=True):
        column.metric(
            plain(row.label),
            plain(share(row.probability_best[at])),
            border=True,
            height="stretch",
            help="Probability of being the best buy",
        )
    st.caption(
        plain(
            f"Probability of being the best buy at {money(outcomes.threshold, outcomes.currency)} per "
            f"{outcomes.effect_unit}, from {len(outcomes.cost):,} draws of all uncertain inputs (page Uncertainty)."
        )
    )


def _changes(screen: Screen) -> None:
    """What was edited, and what it did to the comparisons."""
    answer = screen.answer
    if not answer.setting.edits:
        return
    model = answer.model
    st.markdown("##### What you changed")
    made = Table("Inputs", [("Input", False), ("Before", True), ("Now", True)])
    for name, value in answer.setting.edits:
        parameter, base = model.parameters[name], base_value(screen, name)
        was = "varies" if base is None else quantity(base, parameter.unit)
        made.add([parameter.label, was, quantity(value, parameter.unit)])
    parts.printed(made, titled=False)
    try:
        before = computing.answer(screen.source, answer.setting.on_layers())
    except CeaError:
        return
    for item, old in zip(answer.headlines, before.headlines, strict=False):
        st.markdown(plain(_effect_of_changes(answer, item, old)))


def _effect_of_changes(answer: Answer, item: HeadlineResult, old: HeadlineResult) -> str:
    """What the edits do to one comparison, in a sentence."""
    threshold, currency = answer.model.threshold, answer.model.currency
    change = item.net_benefit(threshold) - old.net_benefit(threshold)
    word = "rises" if change > 0 else "falls" if change < 0 else "stays"
    by = f" by {money(abs(change), currency)}" if change else ""
    return (
        f"{item.headline.label}: the net monetary benefit of {item.labels[0]} against {item.labels[1]} at "
        f"{money(threshold, currency)} {word}{by}, to {money(item.net_benefit(threshold), currency)} per person."
    )


def _drivers(screen: Screen) -> None:
    """The inputs that move the first comparisons most."""
    answer = screen.answer
    if not answer.headlines:
        return
    found = ask(
        "drivers",
        (screen.source, screen.shown),
        lambda told: one_way(answer.model, perspective=answer.results.perspective, progress=told),
        "What drives the result",
        auto=True,
    )
    if found is None:
        return
    st.markdown("##### What drives the result")
    parts.stale(found.fresh, "these drivers")
    items: tuple[OneWay, ...] = found.result
    for column, item in zip(st.columns(len(items)), items, strict=True):
        with column:
            st.markdown(f"**{plain(item.comparison.label)}**")
            lines = [_driver(item, position) for position in range(min(_DRIVERS, len(item.bars)))]
            st.markdown("\n".join(f"{at}. {plain(line)}" for at, line in enumerate(lines, 1)))
    st.caption("Each input moved alone over its range in the evidence; the page Sensitivity shows all of them.")


def _driver(item: OneWay, position: int) -> str:
    bar = item.sorted()[position]
    low, high = (number(case[bar.input.members[0]], 3) for case in (bar.input.low, bar.input.high))
    ends = " to ".join(money(value, item.currency) for value in bar.ends("nmb"))
    turns = "; this turns the decision" if bar.flips else ""
    return f"{bar.input.label} from {low} to {high}: net benefit {ends}{turns}"


def _beside(screen: Screen) -> None:
    """The headlines under the layers that the model wants to see beside them."""
    answer, layers = screen.answer, screen.shelf.layers
    key = (screen.source, screen.shown)
    found = ask(
        "beside", key, lambda told: computing.beside(answer, layers), "The same under other settings", auto=True
    )
    if found is None or len(found.result.settings) < 2:
        return
    parts.stale(found.fresh, "these comparisons")
    report: Report = found.result
    for made in headline_tables(report.settings, report.results):
        parts.printed(made)
    parts.download(report.tables()["headlines"], "headlines")

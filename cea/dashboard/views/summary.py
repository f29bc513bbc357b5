"""The answer in a sentence, and what stands behind it."""

from __future__ import annotations

import streamlit as st

from cea.analysis.headline import HeadlineResult
from cea.analysis.one_way import OneWay, one_way
from cea.dashboard import computing, parts
from cea.dashboard.background import ask
from cea.dashboard.compare import good, headline_tables, input_table, side
from cea.dashboard.computing import Answer
from cea.dashboard.live import live
from cea.dashboard.scenario_file import Saved
from cea.dashboard.session import Screen
from cea.dashboard.setting import Setting
from cea.dashboard.text import plain
from cea.reports.psa_report import PsaReport
from cea.reports.quantities import figure as number
from cea.reports.quantities import quantity
from cea.reports.run_report import Report
from cea.reports.run_tables import headline_tables as beside_tables
from cea.reports.run_tables import incremental_table, price_cell, short
from cea.reports.wording import describe_pair, describe_price, effect, listing, money, share

_DRIVERS = 5


def summary(screen: Screen) -> None:
    """The page."""
    answer = screen.answer
    model = answer.model
    st.title(plain(model.title))
    st.markdown(plain(model.question))
    st.caption(plain(setting_line(answer)))
    with st.container(key="answer"):
        said = [f"**{plain(verdict(answer))}**"] if answer.headlines else []
        st.info("  \n".join([*said, plain(best_buy(answer))]), icon=":material/balance:")
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
    parts += [layer.label for layer in model.layers if not layer.edit and layer.label != model.settings.country]
    edited = len(answer.setting.edits)
    parts += [f"{edited} input{'s' if edited > 1 else ''} changed"] if edited else []
    return " · ".join(part for part in parts if part)


def verdict(answer: Answer) -> str:
    """Whether each strategy in question is worth its cost at the threshold, in one sentence."""
    found = answer.found
    said = []
    for item in answer.headlines:
        worth = "" if item.net_benefit(found.threshold) >= 0 else "not "
        ratio = describe_pair(item.pair, found.currency, found.effect_unit)
        said.append(f"{item.labels[0]} is {worth}worth its cost against {item.labels[1]} ({ratio})")
    return f"At {money(found.threshold, found.currency)} per {found.effect_unit}, {listing(said)}."


def best_buy(answer: Answer) -> str:
    """Which of all strategies is the best buy at the threshold, and what it gives for how much."""
    found = answer.found
    row = found.row(found.best(found.threshold))
    unit, at = found.effect_unit, money(found.threshold, found.currency)
    gives = f"{effect(row.effect, 2)} {unit}s for {money(row.cost, found.currency)} per person"
    text = f"Of all {len(answer.model.strategies)} strategies, {row.label} is the best buy at {at} per {unit}: {gives}"
    if row.icer is not None:
        text += f", at {money(row.icer, found.currency)} for each {unit} more than the next less costly option"
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
        st.metric("Highest price that is worth it", plain(price_cell(limit.price, found.currency)), border=False)
        said = f"{item.price_label}: {describe_price(limit.price, found.currency)}"
        st.caption(plain(f"{said}; the price now is {money(item.price, found.currency)}."))
    if item.weight != 1:
        st.caption(
            plain(
                f"With the severity weight of {item.weight:g} the cost per weighted {unit} is "
                f"{money(item.icer_weighted or 0, found.currency)}."
            )
        )


def _probability(screen: Screen) -> None:
    """How likely each strategy in question is to be worth its cost, and each of all to be the best buy."""
    st.markdown("##### How sure is this?")
    found = live(screen)
    if found is None:
        return
    report: PsaReport = found.result
    parts.stale(found.fresh, "these probabilities")
    outcomes = report.results.outcomes
    at = outcomes.thresholds.index(outcomes.threshold)
    level = f"{money(outcomes.threshold, outcomes.currency)} per {outcomes.effect_unit}"
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    for column, item in zip(st.columns(max(1, len(report.comparisons))), report.comparisons, strict=False):
        with column.container(border=True, height="stretch"):
            st.metric("Probability of being worth its cost", plain(share(item.contrast.probability_cost_effective[at])))
            st.caption(plain(f"{item.contrast.label} against {labels[item.headline.comparator]}"))
    shares = listing(f"{row.label} in {share(row.probability_best[at])}" for row in report.summary.spreads)
    st.markdown(plain(f"Of all strategies the best buy is {shares} of the draws."))
    st.caption(
        plain(
            f"At {level}, from {len(outcomes.cost):,} draws: runs of the model in each of which every uncertain input "
            "takes another value that the evidence allows (page Uncertainty)."
        )
    )


def _changes(screen: Screen) -> None:
    """What was changed, and what it does to the comparisons."""
    setting = screen.shown
    before = Setting(setting.layers) if setting != Setting(setting.layers) else Setting()
    if setting.is_base:
        return
    names = ("Base case", "On the screen") if not before.layers else ("Before", "Now")
    sides = good([side(screen.source, Saved(name, one)) for name, one in zip(names, (before, setting), strict=True)])
    if len({item.model.currency for _, item in sides}) > 1 or len(sides) < 2:
        return  # other money, other evidence: the change of a country is not one of the result
    st.markdown("##### What you changed")
    parts.printed(input_table(screen.source, sides), titled=False)
    for made in headline_tables(sides):
        parts.printed(made)


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
            st.markdown(f"**{plain(f'{item.labels[0]} against {item.labels[1]}')}**")
            lines = [_driver(item, position) for position in range(min(_DRIVERS, len(item.bars)))]
            st.markdown("\n".join(f"{at}. {plain(line)}" for at, line in enumerate(lines, 1)))
    money_unit = f"{answer.money_unit} per person"
    st.caption(
        plain(
            "The inputs that move the result most, each alone over its range in the evidence, and the extra net "
            f"monetary benefit at both ends ({money_unit}; above zero the strategy is worth its cost). The page "
            "Sensitivity shows all of them."
        )
    )


def _driver(item: OneWay, position: int) -> str:
    bar = item.sorted()[position]
    low, high = (float(f"{case[bar.input.members[0]]:.3g}") for case in (bar.input.low, bar.input.high))
    ends = " to ".join(money(value, item.currency) for value in bar.ends("nmb"))
    turns = " ◆ turns the decision" if bar.flips else ""
    return f"{bar.input.label} from {number(low, 3)} to {quantity(high, bar.input.unit)}: net benefit {ends}{turns}"


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
    own = ("As on the screen", report.settings[0][1])
    st.markdown("##### The same under other assumptions")
    for made in beside_tables([own, *report.settings[1:]], report.results):
        parts.printed(made)
    parts.download(report.tables()["headlines"], "headlines")

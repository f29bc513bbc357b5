"""At which price a strategy is worth its cost, and the threshold values of other inputs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from cea.analysis.headline import HeadlineResult
from cea.analysis.price import (
    FRONTIER,
    HighestPrice,
    PriceDistribution,
    distributions_frame,
    highest_prices,
    price_distributions,
    prices_frame,
)
from cea.analysis.threshold import ThresholdValue, threshold_value
from cea.dashboard import parts
from cea.dashboard.background import ask
from cea.dashboard.charts import lines
from cea.dashboard.computing import Answer
from cea.dashboard.edits import uncertain_inputs
from cea.dashboard.live import SEED
from cea.dashboard.probabilistic import LIVE_DRAWS
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.engine.sampling import Sampler
from cea.reports.quantities import per, quantity
from cea.reports.run_tables import price_cell, short
from cea.reports.terminal import Table
from cea.reports.wording import listing, money, share


def prices(screen: Screen) -> None:
    """The highest price of each headline: exact at the point values, and how likely it is worth it by price."""
    answer = screen.answer
    priced = [item for item in answer.headlines if item.price is not None]
    if not priced:
        st.info("No headline comparison of the model names a price.")
        return
    st.markdown(
        "Up to which price is a strategy worth its cost? The net benefit falls by the same amount with "
        "every unit of the "
        "price, so the price at which it is zero is exact."
    )
    found = highest_prices(answer.model, perspective=answer.results.perspective)
    _table(answer, found)
    parts.download(prices_frame(found), "highest_prices")
    _by_threshold(answer)
    _probabilities(screen)


def _who(item: HeadlineResult) -> str:
    """The two strategies of a comparison."""
    return f"{item.labels[0]} against {item.labels[1]}"


def _table(answer: Answer, found: tuple[HighestPrice, ...]) -> None:
    currency, labels = answer.model.currency, answer.labels
    levels = sorted({item.threshold for item in found})
    made = Table(
        f"Highest price that is worth it, by strategy and comparator ({answer.money_unit})",
        [("Strategy", False), ("Against", False), *((f"at {short(level, currency)}", True) for level in levels)],
    )
    rows = dict.fromkeys((item.headline, item.strategy, item.comparator) for item in found)
    for row in rows:
        cells = [
            price_cell(item.price, currency) for item in found if (item.headline, item.strategy, item.comparator) == row
        ]
        made.add([labels[row[1]], "all others together" if row[2] == FRONTIER else labels[row[2]], *cells])
    now = {item.price_label: money(item.price or 0.0, currency) for item in answer.headlines if item.price is not None}
    made.notes.append(
        "; ".join(f"{label}: now {price}" for label, price in now.items()) + ". none: not even at a price of zero."
    )
    parts.printed(made)


def _by_threshold(answer: Answer) -> None:
    """The highest price along thresholds."""
    model = answer.model
    top = 2 * max(model.thresholds)
    grid = sorted({*(float(value) for value in np.linspace(top / 40, top, 40)), *model.thresholds})
    own = prices_frame(highest_prices(model, perspective=answer.results.perspective, thresholds=grid))
    pairs = {item.headline.name: item for item in answer.headlines}
    kept = [
        pairs[name].headline.comparator == other for name, other in zip(own["headline"], own["comparator"], strict=True)
    ]
    frame = own[kept]
    frame = frame[np.isfinite(frame["highest_price"].astype(float))]
    if frame.empty:
        return
    order = [_who(item) for item in pairs.values()]
    shown = frame.assign(label=frame["headline"].map(lambda name: _who(pairs[name])))
    against = "; ".join(f"{item.headline.label}: {item.labels[0]} against {item.labels[1]}" for item in pairs.values())
    parts.figure(
        f"Highest price by threshold, each strategy against its comparator ({answer.money_unit})",
        lines.curves(
            shown,
            ("threshold", f"Threshold ({answer.money_unit} per {answer.found.effect_unit})"),
            ("highest_price", f"Highest price ({answer.money_unit})"),
            "label",
            order,
            rule=model.threshold,
        ),
        own,
        "prices_by_threshold",
        alt=against,
        read=f"{against}. Below the line a price is worth it at that threshold.",
    )


def _probabilities(screen: Screen) -> None:
    """How likely each price is to be worth it, over draws."""
    answer = screen.answer
    model = answer.model

    def work(told: object) -> tuple[PriceDistribution, ...]:
        sampler = Sampler(model, LIVE_DRAWS, SEED)
        return price_distributions(model, sampler, perspective=answer.results.perspective, thresholds=[model.threshold])

    found = ask("price", (screen.source, screen.shown), work, "Prices over draws", auto=True)
    if found is None:
        return
    parts.stale(found.fresh, "these probabilities")
    items = [item for item in found.result if item.comparator != FRONTIER]
    now = {item.headline.name: item.price for item in answer.headlines if item.price is not None}
    labels = {item.headline.name: _who(item) for item in answer.headlines}
    tops = [item.highest[np.isfinite(item.highest)] for item in items]
    top = max((float(np.quantile(values, 0.95)) for values in tops if len(values)), default=0.0)
    grid = np.linspace(0.0, max(top, *now.values(), 1.0), 101)
    frame = pd.concat([item.frame(grid).assign(label=labels[item.headline]) for item in items])
    at = money(model.threshold, model.currency)
    chance = "; ".join(
        f"{labels[item.headline]}: {share(item.probability(now[item.headline]))} at the price now" for item in items
    )
    parts.figure(
        f"Probability of being worth its cost by price, each strategy against its comparator, at {at} per "
        f"{answer.found.effect_unit} ({LIVE_DRAWS:,} draws)",
        lines.curves(
            frame,
            ("price", f"Price ({answer.money_unit})"),
            ("probability", "Probability"),
            "label",
            list(labels.values()),
            share=True,
            rule=min(now.values()),
        ),
        distributions_frame(items, now),
        "price_distributions",
        alt=chance,
        read=f"{chance}. The dashed line is the price now.",
    )


def threshold_values(screen: Screen) -> None:
    """The values of one input at which each headline is just worth its cost."""
    answer, labels = screen.answer, uncertain_inputs(screen)
    name = st.selectbox(
        "Input", list(labels), format_func=lambda name: labels[name], key="threshold of", persist_state="session"
    )
    if name is None:
        return
    found = ask(
        "threshold",
        (screen.source, screen.shown, name),
        lambda told: threshold_value(answer.model, name, perspective=answer.results.perspective, progress=told),
        "Threshold values",
        auto=True,
    )
    if found is None:
        return
    parts.stale(found.fresh, "these values")
    items: tuple[ThresholdValue, ...] = found.result
    for item in items:
        st.markdown(plain(_said(item, answer)))
    order = [f"{item.labels[0]} against {item.labels[1]}" for item in items]
    frame = pd.concat([item.frame().assign(label=label) for item, label in zip(items, order, strict=True)])
    first = items[0]
    base = first.base if math.isfinite(first.base) else None
    parts.figure(
        f"{first.label}: extra net monetary benefit of each strategy against its comparator at "
        f"{money(first.threshold, answer.model.currency)} per {answer.found.effect_unit} ({answer.money_unit})",
        lines.curves(
            frame,
            ("value", first.label + (f" ({per(first.unit)})" if per(first.unit) else "")),
            ("nmb", f"Extra net benefit ({answer.money_unit})"),
            "label",
            order,
            rule=base,
            level=0.0,
        ),
        frame,
        "threshold_curve",
        alt=" ".join(_said(item, answer) for item in items),
        read="Above the line at zero the strategy is worth its cost. The dashed line is the value now.",
    )


def _said(item: ThresholdValue, answer: Answer) -> str:
    """One sentence on the threshold values of a comparison."""
    who = f"{item.comparison.label}: {item.labels[0]} against {item.labels[1]}"
    if not item.matters:
        return f"{who} does not depend on this input."
    ends = f"between {quantity(item.span.low, item.unit)} and {quantity(item.span.high, item.unit)}"
    if not item.roots:
        return f"{who} is {'' if item.worth[0] else 'not '}worth its cost at every value {ends}."
    turns = listing([quantity(value, item.unit) for value in item.roots])
    return f"{who}: the decision turns at {turns} (looked at {ends})."

"""Words and number formats of results: amounts, ratios and what a place in the cost-effectiveness plane means.

A ratio is printed only where it can be read: never negative, and in the south-west as the saving per unit lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from cea.analysis.headline import HeadlineResult
from cea.analysis.incremental import Pair, Quadrant, Row
from cea.model.definition import Model

NONE = "-"
"""Stands in tables where there is no value."""

_SIGNS: Mapping[str, str] = {"USD": "$", "GBP": "£", "EUR": "€"}

_SENTENCES: Mapping[Quadrant, str] = {
    "NE": "costs {icer} more per {unit} gained",
    "SE": "dominant: cheaper and more effective",
    "SW": "saves {icer} per {unit} lost",
    "NW": "dominated: costs more and is less effective",
    "N": "dominated: costs more for the same effect",
    "S": "dominant: cheaper for the same effect",
    "E": "dominant: more effective at the same cost",
    "W": "dominated: less effective at the same cost",
    "origin": "the same cost and effect",
}

_STATUSES: Mapping[str, str] = {
    "reference": "Reference",
    "frontier": "On the frontier",
    "dominated": "Dominated",
    "extendedly_dominated": "Extendedly dominated",
}


def money(amount: float, currency: str, decimals: int = 0) -> str:
    """An amount with its currency sign where that is unambiguous, else its ISO code: $12,346, -£1,200, NGN 12,346."""
    if math.isnan(amount):
        return NONE
    digits = f"{abs(amount):,.{decimals}f}" if math.isfinite(amount) else "∞"
    minus = "-" if amount < 0 and digits.strip("0.") else ""
    return f"{minus}{_SIGNS.get(currency, f'{currency} ')}{digits}"


def setting(model: Model, perspective: str) -> str:
    """Where, for whom and in which money, for titles: `United States, Health sector perspective, 2025 USD`."""
    settings = model.settings
    parts = (
        settings.country, f"{model.perspectives[perspective].label} perspective",
        f"{settings.price_year} {settings.currency}".strip(),
    )  # fmt: skip
    return ", ".join(part for part in parts if part)


def percent(rate: float) -> str:
    """A rate such as a discount rate in percent: 3 %, 3.5 %."""
    return f"{100 * rate:.3g} %"


def headlines_line(items: Iterable[HeadlineResult], currency: str, effect_unit: str) -> str:
    """What headline comparisons come to, in a line."""
    cells = {f"{item.labels[0]} against {item.labels[1]}": item.pair for item in items}
    unit = f" per {effect_unit}"
    return "; ".join(
        f"{name}: {pair_cell(pair, currency)}{unit if pair.quadrant == 'NE' else ''}" for name, pair in cells.items()
    )


def rounded_money(amount: float, currency: str) -> str:
    """An amount for running text: to the nearest 100; below 1,000 to the nearest 1, so that it does not vanish."""
    return money(round(amount, -2) if abs(amount) >= 1000 else amount, currency)


def share(value: float) -> str:
    """A probability as a whole percentage; one that only rounds to none or all says so."""
    if 0 < value < 0.005:
        return "<1 %"
    if 0.995 < value < 1:
        return ">99 %"
    return f"{value:.0%}".replace("%", " %")


def effect(amount: float, decimals: int = 3) -> str:
    """QALYs or another effect for a table: three decimals, no minus before zero."""
    if math.isnan(amount):
        return NONE
    text = f"{amount:,.{decimals}f}"
    return text if text.strip("-0.,") else text.lstrip("-")


def icer_cell(row: Row, currency: str) -> str:
    """The ICER column of the incremental table: the amount to the nearest 1, or the status in words."""
    if row.icer is not None:
        return money(row.icer, currency)
    return NONE if row.status == "reference" else _STATUSES[row.status]


def pair_cell(pair: Pair, currency: str) -> str:
    """The ICER column of a pairwise table: an amount with no sign to misread, or what the quadrant means."""
    if pair.icer is None:
        return _SENTENCES[pair.quadrant].partition(":")[0].capitalize()
    amount = money(pair.icer, currency)
    return amount if pair.quadrant == "NE" else f"{amount} saved per unit lost"


def describe_pair(pair: Pair, currency: str, effect_unit: str) -> str:
    """What a strategy is against its comparator, to follow its name: "costs $73,000 more per QALY gained"."""
    icer = "" if pair.icer is None else rounded_money(pair.icer, currency)
    return _SENTENCES[pair.quadrant].format(icer=icer, unit=effect_unit)


def describe_status(row: Row, labels: Mapping[str, str]) -> str:
    """A strategy's status in the full incremental analysis, with what dominates it; labels by strategy name."""
    others = [labels[name] for name in row.dominated_by]
    if row.same_as is not None:
        return f"Dominated: the same cost and effect as {labels[row.same_as]}"
    if row.status == "dominated":
        return f"Dominated by {listing(others)}"
    if row.status == "extendedly_dominated":
        return f"Extendedly dominated by a mix of {listing(others)}"
    return _STATUSES[row.status]


def describe_price(price: float | None, currency: str) -> str:
    """What the highest cost-effective price says; takes the result of `highest_price`."""
    if price is None:
        return "not cost-effective even at a price of zero"
    if math.isinf(price):
        return "cost-effective at any price"
    return f"cost-effective up to {money(price, currency)}"


def listing(words: Iterable[str]) -> str:
    """Words as a list in a sentence: A, B and C."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last

"""One strategy against another as cells: increments, ICER with what it means in words, net benefit, highest price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cea.analysis.headline import HeadlineResult
from cea.formula import Name
from cea.model.definition import Model, Outcome, Term
from cea.reports.workbook.book import Cached

MEANINGS = {
    "dear_better": "costs more, gives more",
    "dominant": "dominant: no dearer and better, or cheaper and no worse",
    "cheap_worse": "saves money, gives less: the saving per unit lost",
    "dominated": "dominated: no better and dearer, or worse and no cheaper",
    "same": "the same cost and effect",
}
NO_PRICE, ANY_PRICE, NO_SLOPE = "at no price", "at any price", "needs a price above 0"


@dataclass(frozen=True)
class Difference:
    """Cells (or parts of formulas) with the differences, with the slacks below which they count as none."""

    cost: str
    effect: str
    cost_slack: str
    effect_slack: str

    def ratio(self) -> str:
        """The ICER where it can be read, else an empty text."""
        dear_better = f"AND({self.cost}>{self.cost_slack},{self.effect}>{self.effect_slack})"
        cheap_worse = f"AND({self.cost}<-{self.cost_slack},{self.effect}<-{self.effect_slack})"
        return f'IF(OR({dear_better},{cheap_worse}),{self.cost}/{self.effect},"")'

    def meaning(self) -> str:
        """What the place in the cost-effectiveness plane means."""
        more = f'IF({self.cost}>{self.cost_slack},"{MEANINGS["dear_better"]}","{MEANINGS["dominant"]}")'
        less = f'IF({self.cost}<-{self.cost_slack},"{MEANINGS["cheap_worse"]}","{MEANINGS["dominated"]}")'
        level = f'IF({self.cost}<-{self.cost_slack},"{MEANINGS["dominant"]}","{MEANINGS["same"]}")'
        level = f'IF({self.cost}>{self.cost_slack},"{MEANINGS["dominated"]}",{level})'
        return f"IF({self.effect}>{self.effect_slack},{more},IF({self.effect}<-{self.effect_slack},{less},{level}))"


def ratio_and_meaning(cost: float, effect: float, slacks: tuple[float, float]) -> tuple[Cached, str]:
    """The values of both formulas of a `Difference`."""
    up, down = cost > slacks[0], cost < -slacks[0]
    if effect > slacks[1]:
        return (cost / effect, MEANINGS["dear_better"]) if up else ("", MEANINGS["dominant"])
    if effect < -slacks[1]:
        return (cost / effect, MEANINGS["cheap_worse"]) if down else ("", MEANINGS["dominated"])
    return "", MEANINGS["dominated" if up else "dominant" if down else "same"]


def priced_outcomes(model: Model, price: str) -> tuple[Outcome, ...]:
    """The costs that are a price times a number of units; none where the price stands anywhere else.

    The net benefit is then a line in the price whose slope is the number of units.
    """
    found = []
    for outcome in model.outcomes.values():
        terms = [*outcome.by_state.values(), *([outcome.value] if outcome.value is not None else [])]
        if not any(price in term.names for term in terms):
            continue
        if outcome.kind != "cost" or not all(_is_name(term, price) for term in terms):
            return ()
        found.append(outcome)
    return () if any(price in term.names for term in _elsewhere(model)) or _copied(model, price) else tuple(found)


def _is_name(term: Term, name: str) -> bool:
    return isinstance(term.expression, Name) and term.expression.name == name


def _copied(model: Model, price: str) -> bool:
    return any(item.same_as == price for item in model.parameters.values())


def _elsewhere(model: Model) -> Iterator[Term]:
    """All formulas but the values of outcomes."""
    settings = model.settings
    terms = [settings.discount_costs, settings.discount_effects, settings.start_age, settings.until_age, settings.years]
    terms += [item.term for item in model.formulas.values()]
    terms += [item.term for item in model.parameters.values()]
    terms += [*model.start.values(), *(outcome.when for outcome in model.outcomes.values())]
    terms += [term for move in model.transitions for term in (move.term, move.when)]
    yield from (term for term in terms if term is not None)


def highest_price_formula(price: str, slope: str, benefit: str) -> str:
    """The highest price, from the net benefit at the price now and the units that it is paid for more often.

    Text where there is none: no price is low enough, or none too high.
    """
    limit = f"{price}+({benefit})/({slope})"
    line = f'IF({limit}<0,"{NO_PRICE}",{limit})'
    flat = f'IF(({benefit})>=0,"{ANY_PRICE}","{NO_PRICE}")'
    return f'IF({price}<=0,"{NO_SLOPE}",IF(({slope})<=0,{flat},{line}))'


def highest_price_value(price: float, slope: float, benefit: float) -> Cached:
    """The value of that formula."""
    if price <= 0:
        return NO_SLOPE
    if slope <= 0:
        return ANY_PRICE if benefit >= 0 else NO_PRICE
    limit = price + benefit / slope
    return NO_PRICE if limit < 0 else limit


def fixed_limit(item: HeadlineResult, threshold: float) -> Cached:
    """The highest price that the program found, for models in which no short formula gives it."""
    limit = item.price_limit(threshold)
    if limit is None or limit.price is None:
        return NO_PRICE
    return ANY_PRICE if limit.price == float("inf") else limit.price

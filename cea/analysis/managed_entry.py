"""Managed entry: contracts side by side, by what the payer gains, what it pays, and how often it loses.

The payer's net benefit under a contract is that at a price of zero less the payments, both discounted, per person; it
loses where that is below zero. Effects do not depend on the contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cea.analysis.contracts import Contract, Discount, Payments, Response
from cea.analysis.deterministic import comparisons, labels_of, point_value
from cea.analysis.headline import severity_of
from cea.analysis.price import at_prices, reference_price
from cea.analysis.purchases import MEASURES, Buyers
from cea.engine.draws import Draws
from cea.engine.outcomes import Floats, Outcomes
from cea.engine.psa import run_draws
from cea.engine.results import Results, choose_perspective, run
from cea.errors import UsageError
from cea.model.definition import Headline, Model, Source

FULL_PRICE = Discount("full_price", "Full price upfront", Source("assumption", note="the list price, always shown"))
"""Stands first among contracts: what the others are read against."""

_ROUNDING = 1e-6
"""Payments that are followed may differ from the model's own by this share, and no more."""


@dataclass(frozen=True)
class Terms:
    """Contracts to compare, and what counts as a response in them."""

    contracts: tuple[Contract, ...]
    response: Response | None = None


@dataclass(frozen=True, eq=False)
class ContractResult:
    """What is paid under a contract, at point values and over the draws."""

    contract: Contract
    payments: Payments
    drawn: Payments | None


@dataclass(frozen=True, eq=False)
class ContractComparison:
    """All contracts of one headline comparison.

    price: the list price now, of the parameter `parameter` with the label `unit`. at_zero, drawn_at_zero: outcomes at a
    price of zero, at point values and over the draws. upfront, drawn_upfront: discounted number of units bought per
    person, shape (sample,). groups: names and labels of the states at the start. outlook, drawn_outlook: what becomes
    of those who start in each, shape (sample, state, strategy and comparator, measure), by `MEASURES`; better after
    `assessed` years, dead and kept at the end of `follow_up` years. weight: of effects, by severity; None where the
    model has no such rule. skipped: contracts that have no meaning here, with the reason.
    """

    comparison: Headline
    labels: tuple[str, str]
    parameter: str
    unit: str
    price: float
    at_zero: Outcomes
    drawn_at_zero: Outcomes | None
    upfront: Floats
    drawn_upfront: Floats | None
    groups: tuple[tuple[str, str], ...]
    outlook: Floats
    drawn_outlook: Floats | None
    assessed: float
    follow_up: float
    weight: float | None
    results: tuple[ContractResult, ...]
    skipped: tuple[tuple[Contract, str], ...]

    def gain(self, threshold: float, *, drawn: bool = False, weight: float = 1.0) -> Floats:
        """Net monetary benefit against the comparator at a price of zero, shape (sample,)."""
        outcomes = self.drawn_at_zero if drawn else self.at_zero
        if outcomes is None:
            raise ValueError("there are no draws")
        first, second = (
            outcomes.strategies.index(name) for name in (self.comparison.strategy, self.comparison.comparator)
        )
        effect = outcomes.effect[:, first] - outcomes.effect[:, second]
        return np.asarray(threshold * weight * effect - (outcomes.cost[:, first] - outcomes.cost[:, second]))

    def benefit(self, item: ContractResult, threshold: float, price: float | None = None) -> float:
        """The payer's net benefit at point values, at the list price now unless another is given."""
        return float((self.gain(threshold) - item.payments.at(self.price if price is None else price))[0])

    def drawn_benefit(self, item: ContractResult, threshold: float, price: float | None = None) -> Floats:
        """The payer's net benefit in each draw, shape (sample,). Raises ValueError without draws."""
        if item.drawn is None:
            raise ValueError("there are no draws")
        return self.gain(threshold, drawn=True) - item.drawn.at(self.price if price is None else price)

    def highest_price(self, item: ContractResult, threshold: float, weight: float = 1.0) -> float | None:
        """The list price up to which the strategy is worth it under the contract; None: at none; infinite: at any."""
        return item.payments.price_of(float(self.gain(threshold, weight=weight)[0]))

    def net_price(self, item: ContractResult) -> float:
        """Mean payment per unit that is bought, both discounted, at the list price now; NaN where none is."""
        units = float(self.upfront[0])
        return float(item.payments.at(self.price)[0]) / units if units > 0 else np.nan

    def equal_price(self, item: ContractResult) -> float | None:
        """The list price at which the contract costs as much as full payment now, on average over the draws.

        None where no price does. Contracts at these prices differ in who bears the risk alone.
        """
        if item.drawn is None or self.drawn_upfront is None:
            return None
        found = item.drawn.price_of(self.price * float(self.drawn_upfront.mean()))
        return None if found is None or not np.isfinite(found) else found

    def loss(self, item: ContractResult, threshold: float, price: float | None = None) -> tuple[float, float]:
        """Probability that the payer loses at a list price, and its mean loss: over all draws, gains count as zero."""
        benefit = self.drawn_benefit(item, threshold, price)
        return float((benefit < 0).mean()), float(np.maximum(-benefit, 0.0).mean())

    def frame(self, thresholds: Iterable[float]) -> pd.DataFrame:
        """One row a contract and threshold; what does not exist is NaN, a price without limit infinite."""
        return pd.DataFrame([self._record(item, at) for item in self.results for at in thresholds])

    def _record(self, item: ContractResult, threshold: float) -> dict[str, object]:
        highest = self.highest_price(item, threshold)
        weighted = None if self.weight is None else self.highest_price(item, threshold, self.weight)
        record: dict[str, object] = {
            "headline": self.comparison.name,
            "contract": item.contract.name,
            "label": item.contract.label,
            "threshold": threshold,
            "nmb": self.benefit(item, threshold),
            "payment": float(item.payments.at(self.price)[0]),
            "net_price": self.net_price(item),
            "highest_price": np.nan if highest is None else highest,
            "highest_price_weighted": np.nan if weighted is None else weighted,
        }
        if item.drawn is not None:
            drawn = self.drawn_benefit(item, threshold)
            low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
            equal = self.equal_price(item)
            now = self.loss(item, threshold)
            then = (np.nan, np.nan) if equal is None else self.loss(item, threshold, equal)
            record |= {"nmb_mean": float(drawn.mean()), "nmb_low": low, "nmb_high": high}
            record |= {"probability_loss": now[0], "mean_loss": now[1]}
            record["equal_price"] = np.nan if equal is None else equal
            record |= {"probability_loss_equal": then[0], "mean_loss_equal": then[1]}
        return record

    def response_frame(self) -> pd.DataFrame:
        """One row a state at the start and strategy: shares `better`, `dead` and `kept`, with 95 % intervals of draws.

        Empty where the contracts have no response.
        """
        rows = []
        for group, (state, label) in enumerate(self.groups if self.outlook.shape[1] else ()):
            for side, strategy in enumerate((self.comparison.strategy, self.comparison.comparator)):
                row: dict[str, object] = {
                    "headline": self.comparison.name,
                    "state": state,
                    "label": label,
                    "strategy": strategy,
                }
                for at, measure in enumerate(MEASURES):
                    row[measure] = float(self.outlook[0, group, side, at])
                    if self.drawn_outlook is not None:
                        limits = np.quantile(self.drawn_outlook[:, group, side, at], (0.025, 0.975))
                        row[f"{measure}_low"], row[f"{measure}_high"] = limits.tolist()
                rows.append(row)
        return pd.DataFrame(rows)


def compare_contracts(
    model: Model,
    terms: Terms,
    draws: Draws | None = None,
    *,
    pair: tuple[str, str] | None = None,
    perspective: str | None = None,
) -> tuple[ContractComparison, ...]:
    """The contracts for each headline with a price, after full payment upfront.

    Purchases are the outcomes that depend on the price; they must be made at given times. Raises UsageError where no
    headline has a price, the comparator pays it too, costs are not linear in it, it is drawn, or people cannot be
    followed.
    """
    chosen = choose_perspective(model, perspective)
    sales: dict[str, _Sale] = {}
    found = []
    for item, price in _priced(model, pair):
        if draws is not None and price in draws.names:
            raise UsageError(f"{price} is drawn itself: mark it `decision: true`, so that draws keep it fixed")
        if price not in sales:
            sales[price] = _Sale.of(model, price, draws, chosen)
        found.append(_compare(model, item, sales[price], terms, draws))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Sale:
    """A price, and the outcomes at a price of zero and at a reference price, at point values and over the draws."""

    parameter: str
    reference: float
    results: Results
    point: tuple[Outcomes, Outcomes]
    drawn: tuple[Outcomes, Outcomes] | None

    @classmethod
    def of(cls, model: Model, price: str, draws: Draws | None, perspective: str) -> _Sale:
        """Runs the model. Raises UsageError where costs are not linear in the price."""
        reference = reference_price(model, price)
        drawn = None
        if draws is not None:
            free, paid = (model.with_values({price: value}) for value in (0.0, reference))
            drawn = run_draws(free, draws, perspective).outcomes, run_draws(paid, draws, perspective).outcomes
        point = at_prices(model, price, reference, perspective)
        return cls(price, reference, run(model, perspective), point, drawn)

    def check(self, followed: Floats, pair: tuple[Outcomes, Outcomes], own: int) -> None:
        """Raises UsageError unless the units of those who were followed are the model's own."""
        bought = (pair[1].cost[:, own] - pair[0].cost[:, own]) / self.reference
        if np.abs(followed - bought).max() > _ROUNDING * np.abs(bought).max():
            raise UsageError(f"what is bought at {self.parameter} cannot be followed: its times differ between draws")


def _priced(model: Model, pair: tuple[str, str] | None) -> list[tuple[Headline, str]]:
    """The comparisons with their prices; a pair that has none takes the only price that the model's headlines name."""
    prices = {item.price for item in model.headlines.values() if item.price is not None}
    only = prices.pop() if len(prices) == 1 and pair is not None else None
    priced = [(item, price) for item in comparisons(model, pair) if (price := item.price or only) is not None]
    if not priced:
        raise UsageError("no headline of the model names a `price`; add the parameter to one under `headlines`")
    return priced


def _compare(model: Model, item: Headline, sale: _Sale, terms: Terms, draws: Draws | None) -> ContractComparison:
    at_zero, at_price = sale.point
    own, other = (at_zero.strategies.index(name) for name in (item.strategy, item.comparator))
    if at_price.cost[0, other] != at_zero.cost[0, other]:
        raise UsageError(f"{item.comparator} pays {sale.parameter} as well: compare with a strategy that does not")
    contracts = [FULL_PRICE, *(each for each in terms.contracts if not each.missing(model))]
    buyers = Buyers(model, item, sale.parameter, sale.results.perspective, contracts, terms.response)
    point = buyers.follow(buyers.solved)
    sale.check(point.upfront, sale.point, own)
    drawn = None
    if draws is not None and sale.drawn is not None:
        drawn = buyers.follow_draws(draws)
        sale.check(drawn.upfront, sale.drawn, own)
    severity = severity_of(sale.results, item.comparator)
    return ContractComparison(
        comparison=item,
        labels=labels_of(model, item),
        parameter=sale.parameter,
        unit=model.parameters[sale.parameter].label,
        price=point_value(sale.results, sale.parameter),
        at_zero=at_zero,
        drawn_at_zero=None if sale.drawn is None else sale.drawn[0],
        upfront=point.upfront,
        drawn_upfront=None if drawn is None else drawn.upfront,
        groups=tuple((name, model.states[name].label) for name in buyers.groups),
        outlook=point.outlook,
        drawn_outlook=None if drawn is None else drawn.outlook,
        assessed=terms.response.at_years if terms.response else 0.0,
        follow_up=buyers.follow_up,
        weight=None if severity is None else severity.weight,
        results=tuple(
            ContractResult(each, point.payments[each.name], None if drawn is None else drawn.payments[each.name])
            for each in contracts
        ),
        skipped=tuple((each, reason) for each in terms.contracts if (reason := each.missing(model))),
    )

"""Managed entry: what a payer pays for a treatment under a contract, and for whom.

A contract changes payments alone: who is treated, for how long and with what effect stays as it is. Everything is
followed person by person (`cea.analysis.paths`), so that a refund for those who did not respond or died knows what each
of them had bought.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from cea.analysis.paths import Paths
from cea.engine.axes import Floats
from cea.errors import UsageError
from cea.model.definition import Model, Source
from cea.model.structure import whole_cycles

Condition = Literal["alive", "not_worse", "better"]
_EQUAL = 1e-9
"""Purchases that differ by less than this share are the same."""


@dataclass(frozen=True)
class Response:
    """What counts as a response: at `at_years` in one of the states that are `better` than the one at the start."""

    at_years: float
    better: Mapping[str, tuple[str, ...]]

    def states(self, groups: tuple[str, ...], names: tuple[str, ...], *, or_same: bool = False) -> Floats:
        """1 for the states that are better than (`or_same`: or the same as) that of each group, shape (group, K)."""
        same = or_same * np.array([[group == name for name in names] for group in groups], dtype=np.float64)
        better = [[name in self.better[group] for name in names] for group in groups]
        return np.maximum(same, np.array(better, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Purchases:
    """What a strategy buys.

    units: at each cycle boundary with purchases, what one person in each state buys, shape (sample or 1, K).
    discount: factors at each cycle boundary, shape (sample or 1, boundary). groups: the states that people start in.
    """

    paths: Paths
    units: Mapping[int, Floats]
    discount: Floats
    groups: tuple[str, ...]
    response: Response | None

    @cached_property
    def living(self) -> Floats:
        """1 for the states that are not dead, shape (K,)."""
        return np.array([not state.dead for state in self.paths.model.states.values()], dtype=np.float64)

    def boundary(self, years: float) -> int:
        """The cycle boundary at a time. Raises UsageError where there is none within what is followed."""
        model = self.paths.model
        cycles = whole_cycles(years, model.settings.cycles_per_year)
        if cycles is None or cycles > self.paths.scope.cycles:
            raise UsageError(f"{years:g} years after the start is no cycle of the model within its horizon")
        return cycles

    def at(self, boundary: int) -> Floats:
        """What one person in each state buys at a boundary, shape (sample or 1, 1, K), to multiply groups with."""
        return self.units[boundary][:, np.newaxis]

    def states(self, condition: Condition) -> Floats:
        """1 for the states that meet a condition, shape (K,) or (group, K)."""
        if condition == "alive":
            return self.living
        return self.known_response.states(self.groups, self.paths.names, or_same=condition == "not_worse")

    @property
    def known_response(self) -> Response:
        """The response. Raises UsageError where there is none."""
        if self.response is None:
            raise UsageError("the contract needs a response: say which states are better than those at the start")
        return self.response

    @cached_property
    def bought(self) -> tuple[tuple[int, Floats], ...]:
        """Boundaries with what is bought at them, per person at the start and by group, shape (sample, group, step)."""
        people, now, found = self.paths.start(self.groups), 0, []
        for boundary in sorted(self.units):
            people = self.paths.advance(people, now, boundary)
            found.append((boundary, self.paths.only(people, self.at(boundary))))
            now = boundary
        return tuple(found)

    def factor(self, boundary: int) -> Floats:
        """The discount factor at a boundary, shape (sample or 1,)."""
        return self.discount[:, boundary]

    @property
    def upfront(self) -> Floats:
        """Discounted number of units bought per person, shape (sample,)."""
        parts = [self.factor(boundary) * units.sum(axis=(1, 2)) for boundary, units in self.bought]
        return np.asarray(sum(parts, np.zeros(1)))


@dataclass(frozen=True, eq=False)
class Payments:
    """What is paid per person by list price, discounted.

    weights: shape (sample, number): how often, discounted, a person makes a first, second, ... purchase of `size`
    units.
    most: all that one person may cost. Where nothing depends on how many a person has had, there is one number.
    """

    weights: Floats
    size: float = 1.0
    most: float = np.inf

    def at(self, price: float) -> Floats:
        """Payments per person at a list price, shape (sample,)."""
        paid = np.minimum(price * self.size * np.arange(self.weights.shape[1] + 1), self.most)
        return np.asarray(self.weights @ np.diff(paid))

    def price_of(self, amount: float) -> float | None:
        """The list price at which the mean payment is `amount`; None below zero, infinite where no price reaches it."""
        if amount < 0:
            return None
        price = paid = 0.0
        numbers = np.arange(self.weights.shape[1], 0, -1) if np.isfinite(self.most) else np.empty(0)
        # The line bends where a person's last, last but one, ... purchase reaches the most that is paid.
        corners: list[float] = (self.most / (self.size * numbers)).tolist()
        for corner in corners:
            reached = float(self.at(corner).mean())
            if reached >= amount and reached > paid:
                return price + (corner - price) * (amount - paid) / (reached - paid)
            price, paid = corner, reached
        slope = 0.0 if np.isfinite(self.most) else self.size * float(self.weights.mean(axis=0).sum())
        return amount / slope if slope > 0 else np.inf


@dataclass(frozen=True)
class Contract(ABC):
    """A strategy of payment."""

    name: str
    label: str
    source: Source

    @property
    def needs_response(self) -> bool:
        """Whether it depends on a response."""
        return False

    @property
    def guarantee(self) -> float:
        """Years after the start until which it guarantees something."""
        return 0.0

    def missing(self, model: Model) -> str:
        """Why the contract has no meaning under a model; empty where it has one."""
        return ""

    @property
    def years(self) -> float:
        """How long after a purchase something is still paid for it."""
        return 0.0

    @abstractmethod
    def payments(self, bought: Purchases) -> Payments:
        """What is paid for the purchases. Raises UsageError where the contract does not fit them."""


@dataclass(frozen=True)
class Discount(Contract):
    """A share off the list price, for everybody; zero is the full price upfront."""

    share: float = 0.0

    def payments(self, bought: Purchases) -> Payments:
        return Payments((1.0 - self.share) * bought.upfront[:, np.newaxis])


@dataclass(frozen=True)
class Rebate(Contract):
    """A share of what a person cost comes back if there was no response, or they died within `death_within` years.

    It is paid once, when the last of the two is known, for all that was bought until then.
    """

    share: float
    no_response: bool = False
    death_within: float | None = None

    def __post_init__(self) -> None:
        if not self.no_response and self.death_within is None:
            raise ValueError("a rebate is for no response, for death within a time, or both")

    @property
    def needs_response(self) -> bool:
        return self.no_response

    @property
    def guarantee(self) -> float:
        return self.death_within or 0.0

    def payments(self, bought: Purchases) -> Payments:
        paths = bought.paths
        conditions: list[tuple[int, Condition]] = []
        if self.no_response:
            conditions.append((bought.boundary(bought.known_response.at_years), "better"))
        if self.death_within is not None:
            conditions.append((bought.boundary(self.death_within), "alive"))
        conditions.sort()
        settled = conditions[-1][0]
        people = paths.start(bought.groups)
        spared, now = np.zeros_like(people), 0
        # `people` are those who have not failed; `spared` is what they have bought, which moves on with them.
        for boundary in sorted({*(at for at in bought.units if at <= settled), *(at for at, _ in conditions)}):
            people, spared = paths.advance(people, now, boundary), paths.advance(spared, now, boundary)
            if boundary in bought.units:
                spared = spared + paths.only(people, bought.at(boundary))
            for _, condition in (item for item in conditions if item[0] == boundary):
                states = bought.states(condition)
                people, spared = paths.only(people, states), paths.only(spared, states)
            now = boundary
        units = sum(amount.sum(axis=(1, 2)) for at, amount in bought.bought if at <= settled)
        refund = self.share * bought.factor(settled) * (units - spared.sum(axis=(1, 2)))
        return Payments((bought.upfront - refund)[:, np.newaxis])


@dataclass(frozen=True)
class Instalments(Contract):
    """The price of each unit in `count` equal parts, the first at purchase and then one every `every` years.

    From the first date on which the condition does not hold, the rest is not paid.
    """

    count: int
    every: float
    condition: Condition

    @property
    def needs_response(self) -> bool:
        return self.condition != "alive"

    @property
    def years(self) -> float:
        return (self.count - 1) * self.every

    def payments(self, bought: Purchases) -> Payments:
        paths, states = bought.paths, bought.states(self.condition)
        every = bought.boundary(self.every)
        total = np.zeros(1)
        for boundary, units in bought.bought:
            owed, now = units, boundary
            total = total + bought.factor(now) * owed.sum(axis=(1, 2))
            for due in range(boundary + every, boundary + self.count * every, every):
                owed = paths.only(paths.advance(owed, now, due), states)
                total = total + bought.factor(due) * owed.sum(axis=(1, 2))
                now = due
        return Payments(total[:, np.newaxis] / self.count)


@dataclass(frozen=True)
class Cap(Contract):
    """No person costs more than the price of `units`, or than an amount, by currency; the rest is free."""

    units: float | None = None
    amounts: Mapping[str, float] = field(default_factory=dict)

    def missing(self, model: Model) -> str:
        if self.units is not None or model.currency in self.amounts:
            return ""
        return f"it has no amount in {model.currency}"

    def payments(self, bought: Purchases) -> Payments:
        size = _size(bought)
        numbers = len(bought.units)
        paths = bought.paths
        people = np.concatenate([paths.start(), *[np.zeros_like(paths.start())] * numbers], axis=1)
        weights, now = np.zeros((people.shape[0], numbers)), 0
        # A group for each number of purchases so far.
        for boundary in sorted(bought.units):
            people = paths.advance(people, now, boundary)
            buying = paths.only(people, (bought.at(boundary) > 0).astype(np.float64))
            weights += bought.factor(boundary)[:, np.newaxis] * buying.sum(axis=2)[:, :-1]
            people = people - buying
            people[:, 1:] += buying[:, :-1]
            now = boundary
        if self.units is None:
            return Payments(weights, size, self.amounts[paths.model.currency])
        paid_for = np.diff(np.minimum(size * np.arange(numbers + 1), self.units))
        return Payments((weights @ paid_for)[:, np.newaxis])


def _size(bought: Purchases) -> float:
    """How many units each purchase is. Raises UsageError where purchases differ."""
    sizes = np.concatenate([units[units > 0] for units in bought.units.values()])
    if np.ptp(sizes) > _EQUAL * sizes.max():
        raise UsageError("a cap counts purchases of the same size, but they differ between times, states or draws")
    return float(sizes[0])

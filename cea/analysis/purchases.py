"""What the people of a comparison buy at a price, and what becomes of them, for values or draws of the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cea.analysis.contracts import Contract, Payments, Purchases, Response
from cea.analysis.deterministic import depends_on
from cea.analysis.paths import Paths
from cea.engine.draws import Draws
from cea.engine.outcomes import Floats
from cea.engine.results import run
from cea.engine.scope import TOLERANCE, Scope, Value
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Headline, Model, Outcome
from cea.model.structure import whole_cycles

MEASURES = ("better", "dead", "kept")
"""Of those who start in a state: better at the response's time, dead by the end of the follow-up, better and alive."""

_CHUNK = 512
"""Draws that are followed together: few enough to bound the memory."""


@dataclass(frozen=True, eq=False)
class Followed:
    """What was found for some values of the parameters.

    upfront: discounted number of units bought per person, shape (sample,). payments: by name of the contract. outlook:
    shares of shape (sample, state at the start, strategy and comparator, measure), without states where there is no
    response.
    """

    upfront: Floats
    payments: Mapping[str, Payments]
    outlook: Floats


class Buyers:
    """The people of one comparison, followed through what they buy at a price.

    groups: the states that they start in. follow_up: years after the start at which the last guarantee ends.

    Raises UsageError for purchases that are not made at given times, contracts that look beyond the horizon, and people
    who start in a state of which the response says nothing.
    """

    def __init__(
        self, model: Model, item: Headline, price: str, perspective: str, contracts: Sequence[Contract],
        response: Response | None,
    ) -> None:  # fmt: skip
        self.model, self.item, self.price = model, item, price
        self.contracts, self.response = tuple(contracts), response
        self.solved = solved_values(model)
        self._outcomes = _outcomes(model, price, perspective)
        self._boundaries = _boundaries(model, item.strategy, price, perspective, self._outcomes)
        assessed = response.at_years if response else 0.0
        self.follow_up = max([assessed, *(contract.guarantee for contract in contracts)])
        last = self._boundaries[-1] + max(self._cycle(contract.years) for contract in contracts)
        self.cycles = max(1, last, self._cycle(self.follow_up))
        horizon = Scope(model, self.solved, (item.strategy,)).cycles
        if self.cycles > horizon:
            per_year = model.settings.cycles_per_year
            what = f"contracts look {self.cycles / per_year:g} years ahead"
            raise UsageError(f"{what}, but the model ends after {horizon / per_year:g}: shorten them")
        self.groups = self._starting_states()

    def follow(self, values: Mapping[str, Value]) -> Followed:
        """Follows everybody with some values of parameters, solved ones among them."""
        bought = self._purchases(values)
        payments = {contract.name: contract.payments(bought) for contract in self.contracts}
        outlook = np.zeros((bought.paths.scope.samples, 0, 2, len(MEASURES)))
        if self.response is not None:
            other = Paths(self.model, values, self.item.comparator, max(1, self._cycle(self.follow_up)))
            outlook = np.stack([self._outlook(paths, bought) for paths in (bought.paths, other)], axis=2)
        return Followed(bought.upfront, payments, outlook)

    def follow_draws(self, draws: Draws) -> Followed:
        """Follows everybody in all draws, some draws at a time."""
        slices = [slice(start, min(start + _CHUNK, draws.n)) for start in range(0, draws.n, _CHUNK)]
        parts = [self.follow({**self.solved, **draws.mapping(rows)}) for rows in slices]

        def joined(arrays: Iterable[Floats]) -> Floats:
            """One after another; what is the same in all draws is repeated."""
            shapes = [(rows.stop - rows.start,) for rows in slices]
            full = [
                np.broadcast_to(array, (*shape, *array.shape[1:])) for array, shape in zip(arrays, shapes, strict=True)
            ]
            return np.concatenate(full)

        payments = {
            name: Payments(joined(part.payments[name].weights for part in parts), item.size, item.most)
            for name, item in parts[0].payments.items()
        }
        return Followed(joined(part.upfront for part in parts), payments, joined(part.outlook for part in parts))

    def _cycle(self, years: float) -> int:
        """A time as a number of cycles. Raises UsageError where it is none."""
        cycles = whole_cycles(years, self.model.settings.cycles_per_year)
        if cycles is None:
            raise UsageError(f"{years:g} years after the start is no cycle of the model: choose whole cycles")
        return cycles

    def _starting_states(self) -> tuple[str, ...]:
        paths = Paths(self.model, self.solved, self.item.strategy, 1)
        shares = paths.by_state(paths.start())[0, 0].tolist()
        found = tuple(name for name, share in zip(paths.names, shares, strict=True) if share > 0)
        for name in found if self.response is not None else ():
            if name not in self.response.better:  # type: ignore[union-attr]
                what = f"people start in {name}, but the response of the contracts does not say what is better"
                raise UsageError(f"{what}: name the states, or {name} itself where nothing is better")
        return found

    def _purchases(self, values: Mapping[str, Value]) -> Purchases:
        """What everybody buys at a price of one, less what they pay at a price of zero."""
        model, strategy = self.model, self.item.strategy
        paths = Paths(model, {**values, self.price: 1.0}, strategy, self.cycles)
        free = Scope(model, {**values, self.price: 0.0}, (strategy,), self.cycles)
        rate = paths.scope.value(model.settings.discount_costs, "discount_costs")
        discount = (1.0 + np.atleast_3d(np.asarray(rate, dtype=np.float64))[:, 0]) ** -paths.scope.years
        units = _paid(self._outcomes, paths.scope) - _paid(self._outcomes, free)
        return Purchases(paths, {at: units[:, at] for at in self._boundaries}, discount, self.groups, self.response)

    def _outlook(self, paths: Paths, bought: Purchases) -> Floats:
        """What becomes of those who start in each state, shape (sample, state, measure)."""
        response = bought.known_response
        first, last = self._cycle(response.at_years), self._cycle(self.follow_up)
        people = paths.advance(paths.wholly(self.groups), 0, first)
        better = paths.only(people, response.states(self.groups, paths.names))
        after, kept = (paths.only(paths.advance(each, first, last), bought.living) for each in (people, better))
        shares = [better.sum(axis=2), 1.0 - after.sum(axis=2), kept.sum(axis=2)]
        return np.stack(shares, axis=2)


def _outcomes(model: Model, price: str, perspective: str) -> tuple[Outcome, ...]:
    """The counted costs that depend on a price. Raises UsageError for one that is not paid at given times."""
    found = []
    for outcome in model.outcomes.values():
        terms = [*outcome.by_state.values(), outcome.value, outcome.when]
        names = depends_on(model, (name for term in terms if term is not None for name in term.names))
        counted = not outcome.indirect or model.perspectives[perspective].indirect
        if outcome.kind != "cost" or price not in names or not counted:
            continue
        if outcome.timing != "at_years":
            what = f"{outcome.name} depends on {price} and is not paid at given times"
            raise UsageError(f"{what}: contracts are about purchases at given times (`at_years`)")
        found.append(outcome)
    return tuple(found)


def _boundaries(
    model: Model, strategy: str, price: str, perspective: str, outcomes: Iterable[Outcome]
) -> tuple[int, ...]:
    """Cycle boundaries at which a strategy buys. Raises UsageError where it buys nothing."""
    free, one = (run(model, perspective, {price: value}) for value in (0.0, 1.0))
    own = free.strategies.index(strategy)
    paid = [one.lines[item.name].series[0, own] != free.lines[item.name].series[0, own] for item in outcomes]
    found = np.flatnonzero(np.any(paid, axis=0)).tolist() if paid else []
    if not found:
        raise UsageError(f"{strategy} buys nothing at {price}: compare a strategy that pays it")
    return tuple(found)


def _paid(outcomes: Iterable[Outcome], scope: Scope) -> Floats:
    """What one person in each state pays at each boundary, shape (sample, boundary, K)."""
    names = list(scope.model.states)
    total = np.zeros((scope.samples, scope.cycles + 1, len(names)))
    for outcome in outcomes:
        clock = scope.grid(scope.names[f"since_{outcome.per}" if outcome.per else "year"], slice(None))[:, 0]
        times = sum(np.abs(clock - years) <= TOLERANCE for years in outcome.at_years)
        for state, term in outcome.by_state.items():
            value = scope.grid(scope.value(term, f"{outcome.name}, {state}", outcome.when), slice(None))[:, 0]
            total[:, :, names.index(state)] += value * times
    return total

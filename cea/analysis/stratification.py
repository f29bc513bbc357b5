"""Test and treat: what a test is worth that picks those who respond to a treatment.

The population is a mixture of responders and others (`cea.analysis.responders`), so that costs and effects of every way
to treat it are weighted means of three arms: the untreated, treated responders and treated others. What a test may cost
at most is the net benefit of treating by its result less that of the best choice without it, the headroom of the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cea.analysis.deterministic import comparisons, labels_of
from cea.analysis.incremental import highest_price
from cea.analysis.price import reference_price
from cea.analysis.responders import Marker, Responders, responders
from cea.engine.draws import Draws
from cea.engine.outcomes import Floats, Outcomes
from cea.engine.psa import run_draws
from cea.engine.results import choose_perspective, run
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Headline, Model

CHOICES = ("none", "all", "test")
"""Treat nobody, everybody, or those with a positive test."""


@dataclass(frozen=True, eq=False)
class Arms:
    """Costs and effects of the untreated, of treated responders and of treated others, each of shape (sample, 3)."""

    cost: Floats
    effect: Floats

    def mixed(self, prevalence: float, treated: tuple[float, float], extra: float = 0.0) -> Arms:
        """The population when `treated` shares of responders and of others are treated, shape (sample, 1).

        extra: a cost for everybody.
        """
        first, second = prevalence * treated[0], (1.0 - prevalence) * treated[1]
        weights = np.array([1.0 - first - second, first, second])[:, np.newaxis]
        return Arms(self.cost @ weights + extra, self.effect @ weights)

    def benefit(self, threshold: float) -> Floats:
        """Net monetary benefit, shape (sample, arm)."""
        return threshold * self.effect - self.cost


@dataclass(frozen=True, eq=False)
class Stratification:
    """The three choices for one comparison: treat none, all, or those with a positive test.

    arms, drawn: at the marker's prevalence, at point values and over the draws. by_prevalence: responders and arms at
    every prevalence that is looked at; arms are None where there is no effect that keeps the average. free: arms at a
    price of zero, against those at a price of `reference`, where the comparison has a price. own: cost and effect of
    the strategy in the model as it is, where everybody has the average effect.
    """

    comparison: Headline
    labels: tuple[str, str]
    marker: Marker
    responders: Responders
    test_cost: float
    arms: Arms
    drawn: Arms | None
    by_prevalence: tuple[tuple[Responders, Arms | None], ...]
    priced: tuple[Arms, Arms, float] | None
    own: Arms
    currency: str
    price_year: str
    effect_unit: str

    def choices(self, arms: Arms, prevalence: float, test_cost: float | None = None) -> Arms:
        """Cost and effect of the `CHOICES`, shape (sample, 3); `test_cost` is the marker's unless given."""
        marker = self.marker
        cost = self.test_cost if test_cost is None else test_cost
        found = [
            arms.mixed(prevalence, (0.0, 0.0)),
            arms.mixed(prevalence, (1.0, 1.0)),
            arms.mixed(prevalence, (marker.sensitivity, 1.0 - marker.specificity), cost),
        ]
        return Arms(*(np.concatenate([getattr(item, side) for item in found], axis=1) for side in ("cost", "effect")))

    def test_value(
        self, threshold: float, arms: Arms, prevalence: float, accuracy: tuple[float, float] | None = None
    ) -> float:
        """Net benefit of treating by a free test less that of the best choice without one, on average over samples.

        The most that the test may cost; below zero where even a free one would do harm. accuracy: sensitivity and
        specificity, those of the marker unless given.
        """
        sensitivity, specificity = accuracy or (self.marker.sensitivity, self.marker.specificity)
        none, everybody, tested = (
            float(arms.mixed(prevalence, treated).benefit(threshold).mean())
            for treated in ((0.0, 0.0), (1.0, 1.0), (sensitivity, 1.0 - specificity))
        )
        return tested - max(none, everybody)

    def treatment_price(self, threshold: float) -> dict[str, float | None] | None:
        """The highest price of the treatment when all are treated and when those with a positive test are.

        Against treating none; None: no price is low enough, infinite: any. None in all where there is no price.
        """
        if self.priced is None:
            return None
        free, paid, reference = self.priced
        at_zero, at_price = (
            self.choices(arms, self.marker.prevalence).benefit(threshold)[0].tolist() for arms in (free, paid)
        )
        return {
            name: highest_price(0.0, at_zero[at] - at_zero[0], reference, at_price[at] - at_price[0])
            for at, name in enumerate(CHOICES)
            if at > 0
        }

    def frame(self, thresholds: Iterable[float]) -> pd.DataFrame:
        """One row a choice and threshold: cost, effect, nmb against treating none, and of the draws mean, interval and
        the probability that it is the best of the three."""
        prevalence = self.marker.prevalence
        point = self.choices(self.arms, prevalence)
        drawn = None if self.drawn is None else self.choices(self.drawn, prevalence)
        rows = []
        for threshold in thresholds:
            benefit = point.benefit(threshold)[0]
            for at, name in enumerate(CHOICES):
                row: dict[str, object] = {
                    "headline": self.comparison.name,
                    "choice": name,
                    "threshold": threshold,
                    "cost": float(point.cost[0, at]),
                    "effect": float(point.effect[0, at]),
                    "nmb": float(benefit[at] - benefit[0]),
                    "best": bool(benefit.argmax() == at),
                }
                if drawn is not None:
                    every = drawn.benefit(threshold)
                    gain = every[:, at] - every[:, 0]
                    row["nmb_mean"] = float(gain.mean())
                    row["nmb_low"], row["nmb_high"] = np.quantile(gain, (0.025, 0.975)).tolist()
                    row["probability_best"] = float((every.argmax(axis=1) == at).mean())
                rows.append(row)
        return pd.DataFrame(rows)

    def accuracy_frame(self, threshold: float, sensitivities: Floats, specificities: Floats) -> pd.DataFrame:
        """The most that a test may cost by its sensitivity and specificity: columns with these names, `test_value`."""
        prevalence = self.marker.prevalence
        return pd.DataFrame(
            [
                {
                    "headline": self.comparison.name,
                    "sensitivity": one,
                    "specificity": other,
                    "test_value": self.test_value(threshold, self.arms, prevalence, (one, other)),
                }
                for one in sensitivities.tolist()
                for other in specificities.tolist()
            ]
        )

    def prevalence_frame(self, threshold: float) -> pd.DataFrame:
        """By prevalence: effect in responders, net benefit of each choice against treating none, value of the test.

        NaN where no effect in responders keeps the average.
        """
        rows = []
        for found, arms in self.by_prevalence:
            row: dict[str, object] = {
                "headline": self.comparison.name,
                "prevalence": found.prevalence,
                "multiplier": np.nan if found.multiplier is None else found.multiplier,
                "hazard_ratio": np.nan if found.own is None else found.own,
            }
            if arms is not None:
                benefit = self.choices(arms, found.prevalence).benefit(threshold)[0]
                row |= {f"nmb_{name}": float(benefit[at] - benefit[0]) for at, name in enumerate(CHOICES) if at}
                row["test_value"] = self.test_value(threshold, arms, found.prevalence)
                perfect = self.test_value(threshold, arms, found.prevalence, (1.0, 1.0))
                row["perfect_test_value"] = perfect
            rows.append(row)
        return pd.DataFrame(rows)


def stratify(
    model: Model,
    marker: Marker,
    draws: Draws | None = None,
    *,
    pair: tuple[str, str] | None = None,
    perspective: str | None = None,
) -> tuple[Stratification, ...]:
    """Treat none, all or by the test, for each comparison whose strategy depends on the marker's parameter.

    The effect in responders is solved at point values and then fixed over draws, in which it multiplies what is drawn.
    Raises UsageError where the test has no cost in the model's currency, no effect in responders keeps the average at
    the marker's prevalence, the parameter is drawn, or no comparison depends on it.
    """
    if model.currency not in marker.costs:
        raise UsageError(f"the test has no cost in {model.currency}")
    if draws is not None and marker.parameter in draws.names:
        raise UsageError(f"{marker.parameter} is drawn itself, but test and treat sets it")
    maker = _ArmsMaker(model, marker, choose_perspective(model, perspective))
    own = responders(model, marker, marker.prevalence)
    if own.multiplier is None:
        what = f"no effect in {marker.prevalence:.0%} of people, however large, gives an average hazard ratio of death"
        raise UsageError(f"{what} of {own.average:.3g}: choose a higher prevalence")
    series = [responders(model, marker, each) for each in sorted({*marker.prevalences, marker.prevalence})]
    found = []
    for item in comparisons(model, pair):
        arms = maker.arms(item, own.multiplier)
        if (arms.cost[:, 1] == arms.cost[:, 2]).all() and (arms.effect[:, 1] == arms.effect[:, 2]).all():
            continue
        found.append(_stratification(maker, item, own, own.multiplier, arms, series, draws))
    if not found:
        raise UsageError(f"no comparison depends on {marker.parameter}")
    return tuple(found)


def _stratification(
    maker: _ArmsMaker, item: Headline, own: Responders, multiplier: float, arms: Arms, series: Iterable[Responders],
    draws: Draws | None,
) -> Stratification:  # fmt: skip
    model, marker = maker.model, maker.marker
    priced = None
    if item.price is not None:
        reference = reference_price(model, item.price)
        free, paid = (maker.arms(item, multiplier, {item.price: value}) for value in (0.0, reference))
        priced = free, paid, reference
    return Stratification(
        comparison=item,
        labels=labels_of(model, item),
        marker=marker,
        responders=own,
        test_cost=marker.costs[model.currency],
        arms=arms,
        drawn=None if draws is None else maker.drawn_arms(item, multiplier, draws),
        by_prevalence=tuple(
            (each, None if each.multiplier is None else maker.arms(item, each.multiplier)) for each in series
        ),
        priced=priced,
        own=maker.own(item),
        currency=model.currency,
        price_year=model.settings.price_year,
        effect_unit=model.settings.effect_unit,
    )


class _ArmsMaker:
    """Runs the model with the effect of responders and without one; keeps what it has run."""

    def __init__(self, model: Model, marker: Marker, perspective: str) -> None:
        self.model, self.marker, self.perspective = model, marker, perspective
        self._known: dict[tuple[tuple[str, float], ...], Outcomes] = {}
        self._drawn: dict[float, Outcomes] = {}

    def arms(self, item: Headline, multiplier: float, values: Mapping[str, float] | None = None) -> Arms:
        """Untreated, treated responders and treated others, at point values."""
        responding, other = (
            self._outcomes({**(values or {}), self.marker.parameter: value})
            for value in (multiplier, self.marker.without_effect)
        )
        return _arms(item, responding, other)

    def drawn_arms(self, item: Headline, multiplier: float, draws: Draws) -> Arms:
        """The same over the draws; solved parameters keep their values."""
        solved = solved_values(self.model)
        for value in (multiplier, self.marker.without_effect):
            if value not in self._drawn:
                changed = self.model.with_values({**solved, self.marker.parameter: value})
                self._drawn[value] = run_draws(changed, draws, self.perspective).outcomes
        return _arms(item, self._drawn[multiplier], self._drawn[self.marker.without_effect])

    def own(self, item: Headline) -> Arms:
        """Cost and effect of the strategy in the model as it is, shape (1, 1)."""
        outcomes = self._outcomes({})
        at = outcomes.strategies.index(item.strategy)
        return Arms(outcomes.cost[:, [at]], outcomes.effect[:, [at]])

    def _outcomes(self, values: Mapping[str, float]) -> Outcomes:
        key = tuple(sorted(values.items()))
        if key not in self._known:
            self._known[key] = run(self.model, self.perspective, values).outcomes
        return self._known[key]


def _arms(item: Headline, responding: Outcomes, other: Outcomes) -> Arms:
    own, untreated = (responding.strategies.index(name) for name in (item.strategy, item.comparator))
    return Arms(
        *(
            np.column_stack([getattr(responding, side)[:, untreated], getattr(responding, side)[:, own],
                             getattr(other, side)[:, own]])
            for side in ("cost", "effect")
        )
    )  # fmt: skip

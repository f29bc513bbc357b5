"""The headline comparisons of a model: one strategy against its comparator, and the price at which it is worth it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cea.analysis.added_life import AddedLife, added_life
from cea.analysis.incremental import Pair, highest_price, incremental
from cea.analysis.shortfall import Shortfall, expected_effect, shortfall
from cea.engine.cohort import simulate
from cea.engine.payoffs import lines
from cea.engine.results import Results, run
from cea.model.definition import Headline, Model, ShortfallRule
from cea.model.layers import Layer


@dataclass(frozen=True)
class PriceLimit:
    """Highest price at which a strategy is cost-effective at a threshold; None: not even at zero; inf: at any price."""

    threshold: float
    price: float | None
    weighted: float | None


@dataclass(frozen=True)
class HeadlineResult:
    """A headline comparison. `pair` is strategy minus comparator; `weight` multiplies effects where severity counts."""

    headline: Headline
    labels: tuple[str, str]
    pair: Pair
    price: float | None
    price_label: str
    limits: tuple[PriceLimit, ...]
    added_life: AddedLife
    severity: Shortfall | None

    @property
    def weight(self) -> float:
        """The severity weight, 1 where the model has none."""
        return self.severity.weight if self.severity else 1.0

    @property
    def icer_weighted(self) -> float | None:
        """Cost per weighted unit of effect; None where the model has no severity, or the ratio no meaning."""
        return None if self.severity is None or self.pair.icer is None else self.pair.icer / self.weight

    def as_dict(self) -> dict[str, object]:
        """The comparison in numbers, as tables and JSON begin with it."""
        return {
            "headline": self.headline.name,
            "strategy": self.headline.strategy,
            "comparator": self.headline.comparator,
            "incremental_cost": self.pair.cost,
            "incremental_effect": self.pair.effect,
            "icer": self.pair.icer,
            "quadrant": self.pair.quadrant,
        }

    def net_benefit(self, threshold: float) -> float:
        """Incremental net monetary benefit at a threshold."""
        return self.pair.effect * threshold - self.pair.cost

    def price_limit(self, threshold: float) -> PriceLimit | None:
        """The highest price at one of the model's thresholds; None where the comparison has no price."""
        return next((limit for limit in self.limits if limit.threshold == threshold), None)


def headlines(results: Results) -> list[HeadlineResult]:
    """All headline comparisons whose strategies the run holds."""
    model = results.model
    found = []
    free: dict[str, Results] = {}
    for headline in model.headlines.values():
        if headline.strategy not in results.strategies or headline.comparator not in results.strategies:
            continue
        if headline.price is not None and headline.price not in free:
            free[headline.price] = run(model, results.perspective, {headline.price: 0.0})
        found.append(_headline(results, headline, free.get(headline.price or "")))
    return found


def _headline(results: Results, headline: Headline, free: Results | None) -> HeadlineResult:
    model = results.model
    severity = severity_of(results, headline.comparator)
    weight = severity.weight if severity else 1.0
    parameter = model.parameters.get(headline.price or "")
    pair = pairwise(results, headline.strategy, headline.comparator)
    limits: tuple[PriceLimit, ...] = ()
    price = None
    if free is not None and parameter is not None:
        price = float(results.cohort.scope.names[parameter.name])
        at_price = results if price > 0 else run(model, results.perspective, {parameter.name: 1.0})
        limits = tuple(
            PriceLimit(
                threshold,
                _limit(free, at_price, price or 1.0, headline, threshold, 1.0),
                _limit(free, at_price, price or 1.0, headline, threshold, weight) if severity else None,
            )
            for threshold in sorted({*model.thresholds, model.threshold})
        )
    return HeadlineResult(
        headline,
        (model.strategies[headline.strategy].label, model.strategies[headline.comparator].label),
        pair,
        price,
        parameter.label if parameter else "",
        limits,
        added_life(results, headline.strategy, headline.comparator),
        severity,
    )


def pairwise(results: Results, strategy: str, comparator: str) -> Pair:
    """One strategy minus a comparator."""
    found = incremental(results.outcomes, comparator)
    return next(pair for pair in found.pairs if pair.strategy == strategy)


def _limit(
    free: Results, priced: Results, price: float, headline: Headline, threshold: float, weight: float
) -> float | None:
    """Highest price at a threshold: net monetary benefit is linear in the price, so two runs give it exactly."""
    at_zero, at_price = (_net_benefit(item, headline, threshold, weight) for item in (free, priced))
    return highest_price(0.0, at_zero, price, at_price)


def _net_benefit(results: Results, headline: Headline, threshold: float, weight: float) -> float:
    outcomes = results.outcomes
    first, second = outcomes.strategies.index(headline.strategy), outcomes.strategies.index(headline.comparator)
    effect = (outcomes.effect[:, first] - outcomes.effect[:, second]).mean()
    cost = (outcomes.cost[:, first] - outcomes.cost[:, second]).mean()
    return float(threshold * weight * effect - cost)


def severity_of(results: Results, established_care: str) -> Shortfall | None:
    """QALY shortfall under established care against the general population; None where the model has no rule.

    It is over the rest of life at the rule's own discount rate, whatever the horizon and the rate of the run.
    """
    rule = results.model.shortfall
    if rule is None:
        return None
    life = _rest_of_life(results, established_care, rule)
    model, scope = life.model, life.cohort.scope
    hazard, utility = (scope.grid(scope.names[name], slice(None))[0, 0] for name in (rule.hazard, rule.utility))
    rate = scope.number(rule.discount, "discount of the shortfall")
    expected = expected_effect(hazard, utility, life.cohort.structure.step_years, rate, model.settings.correction)
    remaining = float(life.outcomes.effect.mean())
    return shortfall(expected, remaining, [(band.proportional, band.absolute, band.weight) for band in rule.bands])


def _rest_of_life(results: Results, strategy: str, rule: ShortfallRule) -> Results:
    """One strategy of a run, with its parameter values, under the horizon and the discount rate of the shortfall."""
    model = results.model
    settings = replace(model.settings, discount_effects=rule.discount, until_age=rule.until_age, years=None)
    cohort = simulate(replace(model, settings=settings), results.cohort.scope.given, (strategy,))
    return Results(cohort, *lines(cohort), results.solved, results.perspective)


def with_threshold(model: Model, threshold: float | None) -> Model:
    """The model with another default threshold, which joins the list; an edit, which holds under further layers."""
    if threshold is None:
        return model
    return model.with_layer(Layer.from_threshold(threshold, model.thresholds))


def net_benefits(items: Iterable[HeadlineResult], threshold: float) -> dict[str, float]:
    """Incremental net monetary benefit of each headline at a threshold."""
    return {item.headline.name: item.net_benefit(threshold) for item in items}

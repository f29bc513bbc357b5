"""One-way sensitivity analysis: what each input alone does to a comparison, over its range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pandas as pd

from cea.analysis.deterministic import (
    ROUNDING,
    Progress,
    best_of_all,
    comparisons,
    evaluate,
    labels_of,
    point_value,
    worth_it,
)
from cea.analysis.inputs import Input, Skipped, inputs_of
from cea.analysis.uncertainty import increments
from cea.engine.outcomes import Outcomes
from cea.engine.results import Results, run
from cea.errors import InputError
from cea.model.definition import Headline, Model

Measure = Literal["nmb", "cost", "effect"]
MEASURES: tuple[Measure, ...] = ("nmb", "cost", "effect")


class Increment(NamedTuple):
    """Strategy minus comparator: cost and net monetary benefit in the currency, effect in its unit, per person."""

    cost: float
    effect: float
    nmb: float


@dataclass(frozen=True)
class Bar:
    """What one input does. `best_low` and `best_high` are the best of all strategies there at the threshold.

    `flips` says that the sign of the comparison's net monetary benefit changes at an end, `flips_best` that another
    strategy than in the base case becomes the best of all.
    """

    input: Input
    low: Increment
    high: Increment
    best_low: str
    best_high: str
    flips: bool
    flips_best: bool

    def ends(self, measure: Measure) -> tuple[float, float]:
        """The measure at the low and at the high value."""
        return getattr(self.low, measure), getattr(self.high, measure)


@dataclass(frozen=True)
class OneWay:
    """A one-way analysis of one comparison: a bar an input, those with the largest swing of net benefit first.

    `base` is the comparison in the base case and `best` the best of all strategies there.
    """

    comparison: Headline
    labels: tuple[str, str]
    threshold: float
    base: Increment
    best: str
    bars: tuple[Bar, ...]
    skipped: tuple[Skipped, ...]
    currency: str
    price_year: str
    effect_unit: str

    def swing(self, bar: Bar, measure: Measure = "nmb") -> float:
        """From the lowest to the highest of a measure at the low, the base and the high value; rounding is zero."""
        values = (*bar.ends(measure), getattr(self.base, measure))
        swing = max(values) - min(values)
        return 0.0 if swing <= ROUNDING * max(map(abs, values)) else swing

    def sorted(self, measure: Measure = "nmb") -> tuple[Bar, ...]:
        """The bars by falling swing of a measure; by name where it is the same."""
        return tuple(sorted(self.bars, key=lambda bar: (-self.swing(bar, measure), bar.input.name)))

    def frame(self, measure: Measure = "nmb") -> pd.DataFrame:
        """One row an input by falling swing of `measure`; `base` and `swing` are in that measure.

        Columns: input, label, unit, base_value, low_value, high_value (of the first member of a shared draw),
        <measure>_low and _high for cost, effect and nmb, base, swing, flips_decision (either of the next two),
        flips_pair, flips_best, best_low, best_high, origin, note.
        """
        return pd.DataFrame([self._row(bar, measure) for bar in self.sorted(measure)])

    def _row(self, bar: Bar, measure: Measure) -> dict[str, object]:
        first = bar.input.members[0]
        return {
            "input": bar.input.name,
            "label": bar.input.label,
            "unit": bar.input.unit,
            "base_value": bar.input.base[first],
            "low_value": bar.input.low[first],
            "high_value": bar.input.high[first],
            **{
                f"{name}_{end}": value
                for name in MEASURES
                for end, value in zip(("low", "high"), bar.ends(name), strict=True)
            },
            "base": getattr(self.base, measure),
            "swing": self.swing(bar, measure),
            "flips_decision": bar.flips or bar.flips_best,
            "flips_pair": bar.flips,
            "flips_best": bar.flips_best,
            "best_low": bar.best_low,
            "best_high": bar.best_high,
            "origin": bar.input.origin,
            "note": bar.input.note,
        }

    def skipped_frame(self) -> pd.DataFrame:
        """The parameters in use that were not moved: input, label, value, unit, reason."""
        return pd.DataFrame(
            [(item.name, item.label, item.value, item.unit, item.reason) for item in self.skipped],
            columns=["input", "label", "value", "unit", "reason"],
        )


def one_way(
    model: Model,
    pair: tuple[str, str] | None = None,
    *,
    threshold: float | None = None,
    perspective: str | None = None,
    together: bool = True,
    progress: Progress | None = None,
) -> tuple[OneWay, ...]:
    """Every input at its low and its high value, for one pair (strategy, comparator) or each headline.

    An input is a parameter in use with a range, else with a distribution, which then gives its 95 % interval.
    `together` moves what is drawn together, as `cea.analysis.inputs` explains. Solved parameters are held at their base
    values, except those whose target names the input. An input whose ends have no result is among the skipped.
    threshold: by default the model's. Raises UsageError for an unknown strategy, or a model without headlines when no
    pair is given.
    """
    asked = comparisons(model, pair)
    results = run(model, perspective)
    inputs, skipped = inputs_of(model, _base_values(results), together)
    sound, failed, outcomes = _evaluate(model, inputs, perspective, progress)
    at = model.threshold if threshold is None else threshold
    return tuple(_analysis(model, item, sound, (*skipped, *failed), outcomes, at) for item in asked)


def _base_values(results: Results) -> dict[str, float]:
    """The parameters that are one number over time and strategies, with it."""
    values = {name: point_value(results, name) for name in results.model.parameters}
    return {name: value for name, value in values.items() if not math.isnan(value)}


def _evaluate(
    model: Model, inputs: Sequence[Input], perspective: str | None, progress: Progress | None
) -> tuple[Sequence[Input], list[Skipped], Outcomes]:
    """Outcomes of the base case and of both ends of each input; without inputs whose ends have no result."""
    ends = [case for item in inputs for case in (item.low, item.high)]
    try:
        return inputs, [], evaluate(model, [{}, *ends], perspective, progress)
    except InputError:
        pass
    sound, failed = [], []
    for item in inputs:
        try:
            evaluate(model, [item.low, item.high], perspective)
            sound.append(item)
        except InputError as error:
            failed.append(Skipped(item.name, item.label, None, item.unit, f"no result: {error.problems[0].what}"))
    ends = [case for item in sound for case in (item.low, item.high)]
    return sound, failed, evaluate(model, [{}, *ends], perspective, progress)


def _analysis(
    model: Model,
    comparison: Headline,
    inputs: Sequence[Input],
    skipped: tuple[Skipped, ...],
    outcomes: Outcomes,
    threshold: float,
) -> OneWay:
    effect, cost = increments(outcomes, comparison.strategy, comparison.comparator)
    nmb = threshold * effect - cost
    found = [Increment(*map(float, row)) for row in zip(cost, effect, nmb, strict=True)]
    worth = worth_it(effect, cost, threshold)
    best = best_of_all(outcomes, threshold)
    names = outcomes.strategies
    bars = []
    for position, item in enumerate(inputs):
        low, high = 2 * position + 1, 2 * position + 2
        bars.append(
            Bar(
                input=item,
                low=found[low],
                high=found[high],
                best_low=names[best[low]],
                best_high=names[best[high]],
                flips=bool(worth[low] != worth[0] or worth[high] != worth[0]),
                flips_best=bool(best[low] != best[0] or best[high] != best[0]),
            )
        )
    return OneWay(
        comparison=comparison,
        labels=labels_of(model, comparison),
        threshold=threshold,
        base=found[0],
        best=names[best[0]],
        bars=tuple(bars),
        skipped=skipped,
        currency=outcomes.currency,
        price_year=outcomes.price_year,
        effect_unit=outcomes.effect_unit,
    )

"""Two-way sensitivity analysis: a comparison over a grid of two parameters, and where the decision flips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cea.analysis.deterministic import (
    Progress,
    Span,
    asked_span,
    best_of_all,
    comparisons,
    evaluate,
    labels_of,
    point_value,
)
from cea.analysis.uncertainty import increments
from cea.engine.outcomes import Floats, Outcomes
from cea.engine.results import Results, run
from cea.errors import UsageError
from cea.model.definition import Headline, Model

MAX_STEPS = 200


@dataclass(frozen=True, eq=False)
class Axis:
    """A parameter and the values it takes, ascending; `base` is NaN where it varies over time or strategies."""

    name: str
    label: str
    unit: str
    base: float
    values: Floats


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Incremental net monetary benefit over a grid, shape (first, second), and the position of the best of all."""

    comparison: Headline
    labels: tuple[str, str]
    threshold: float
    first: Axis
    second: Axis
    benefit: Floats
    best: npt.NDArray[np.intp]
    strategies: tuple[str, ...]
    strategy_labels: tuple[str, ...]
    currency: str
    price_year: str
    effect_unit: str

    def frame(self) -> pd.DataFrame:
        """Tidy: a column for each of the two parameters, nmb, and best (the best of all strategies)."""
        first, second = np.meshgrid(self.first.values, self.second.values, indexing="ij")
        return pd.DataFrame(
            {
                self.first.name: first.ravel(),
                self.second.name: second.ravel(),
                "nmb": self.benefit.ravel(),
                "best": [self.strategies[at] for at in self.best.ravel()],
            }
        )

    def boundary_frame(self) -> pd.DataFrame:
        """Where the net monetary benefit is zero: for values of the first parameter, those of the second.

        Linear between points of the grid; a value of the first parameter may have several, or none.
        """
        rows = []
        for value, row in zip(self.first.values, self.benefit, strict=True):
            for at in np.flatnonzero(np.signbit(row[:-1]) != np.signbit(row[1:])):
                share = row[at] / (row[at] - row[at + 1])
                before, after = self.second.values[at : at + 2]
                rows.append((value, before + share * (after - before)))
        return pd.DataFrame(rows, columns=[self.first.name, self.second.name], dtype=np.float64)


def two_way(
    model: Model,
    first: str,
    second: str,
    steps: tuple[int, int] = (25, 25),
    pair: tuple[str, str] | None = None,
    *,
    threshold: float | None = None,
    perspective: str | None = None,
    spans: dict[str, tuple[float, float]] | None = None,
    progress: Progress | None = None,
) -> tuple[TwoWay, ...]:
    """A grid of two parameters for one pair (strategy, comparator) or each headline; all others keep their values.

    Each goes over its range, else its 95 % interval, else its bounds, or as `spans` says, in so many steps. Solved
    parameters are held as in a one-way analysis. Raises UsageError for a parameter that does not exist, is not used or
    has no span, for one parameter named twice, and for fewer than 2 or more than 200 steps.
    """
    asked = comparisons(model, pair)
    if first == second:
        raise UsageError(f"a two-way analysis needs two parameters, not {first} twice")
    if not all(2 <= count <= MAX_STEPS for count in steps):
        raise UsageError(f"steps {steps[0]} and {steps[1]}: choose from 2 to {MAX_STEPS}")
    base = run(model, perspective)
    axes = [
        _axis(base, name, asked_span(model, name, (spans or {}).get(name)), count)
        for name, count in zip((first, second), steps, strict=True)
    ]
    cases = [{first: float(x), second: float(y)} for x in axes[0].values for y in axes[1].values]
    outcomes = evaluate(model, cases, perspective, progress)
    at = model.threshold if threshold is None else threshold
    return tuple(_grid(model, item, outcomes, axes[0], axes[1], at) for item in asked)


def _axis(results: Results, name: str, span: Span, count: int) -> Axis:
    item = results.model.parameters[name]
    values = np.linspace(span.low, span.high, count)
    return Axis(name, item.label, item.unit, point_value(results, name), values)


def _grid(model: Model, item: Headline, outcomes: Outcomes, first: Axis, second: Axis, threshold: float) -> TwoWay:
    shape = len(first.values), len(second.values)
    effect, cost = increments(outcomes, item.strategy, item.comparator)
    return TwoWay(
        comparison=item,
        labels=labels_of(model, item),
        threshold=threshold,
        first=first,
        second=second,
        benefit=(threshold * effect - cost).reshape(shape),
        best=best_of_all(outcomes, threshold).reshape(shape),
        strategies=outcomes.strategies,
        strategy_labels=outcomes.labels,
        currency=outcomes.currency,
        price_year=outcomes.price_year,
        effect_unit=outcomes.effect_unit,
    )

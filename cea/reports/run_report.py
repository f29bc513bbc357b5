"""What a run hands over beside its tables in the terminal: a JSON object, and the tables and figures of its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cea.analysis.headline import HeadlineResult
from cea.analysis.incremental import Incremental, Pair
from cea.engine.results import Results
from cea.reports.run_folder import Manifest
from cea.reports.wording import setting

Setting = tuple[str, Sequence[HeadlineResult]]
"""What a model was run under, and its headlines there."""


@dataclass(frozen=True)
class Report:
    """A run with the analyses made of it. The first of the `settings` is the run itself."""

    results: Results
    incremental: Incremental
    settings: Sequence[Setting]

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the strategies by name."""
        return {name: strategy.label for name, strategy in self.results.model.strategies.items()}

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the run folder by name."""
        return {
            "incremental": self.incremental.frame(),
            "pairwise": self.incremental.pairwise_frame(),
            "headlines": headlines_frame(self.settings),
            "totals": self.results.totals_frame(),
            "outcomes": self.results.lines_frame(),
            "costs_by_category": self.results.categories_frame(),
            "by_state": self.results.states_frame(),
            "events": self.results.events_frame(),
            "trace": self.results.trace_frame(),
            "survival": self.results.survival_frame(),
        }

    def draw(self, folder: Path) -> list[Path]:
        """Draws the figures into a folder and returns their files."""
        from cea.reports import figures, style  # noqa: PLC0415 - matplotlib is slow to import

        model, results, labels = self.results.model, self.results, self.labels
        states = {state.name: state.label for state in model.states.values()}
        costs = results.categories_frame()
        where = setting(model, results.perspective)
        money = model.currency, model.settings.price_year
        plane = f"Cost-effectiveness plane, increments against {labels[self.incremental.comparator]}: {where}"
        drawn = {
            "trace": figures.markov_trace(results.trace_frame(), labels, states, f"Markov trace: {where}"),
            "survival": figures.survival(results.survival_frame(), labels, f"Survival by strategy: {where}"),
            "costs_by_category": figures.cost_by_category(
                costs, labels, *money, f"Discounted cost per person by category: {where}"
            ),
            "frontier": figures.frontier(self.incremental, plane),
        }
        return [path for name, figure in drawn.items() for path in style.save(figure, folder / name)]

    def as_dict(self, manifest: Manifest) -> dict[str, Any]:
        """The JSON object of `cea run`; its keys are documented in docs/results.md and stable."""
        results, found, model = self.results, self.incremental, self.results.model
        totals = results.totals_frame()
        undiscounted = ["strategy", "cost_undiscounted", "effect_undiscounted", "life_years_undiscounted"]
        return {
            "results": found.records(),
            "currency": model.currency,
            "price_year": model.settings.price_year,
            "effect_unit": model.settings.effect_unit,
            "thresholds": list(model.thresholds),
            "threshold": model.threshold,
            "perspective": results.perspective,
            "best": found.best(model.threshold),
            "comparator": found.comparator,
            "pairwise": [_pair(pair, found.thresholds) for pair in found.pairs],
            "headlines": [_headline(label, item) for label, items in self.settings for item in items],
            "undiscounted": totals[undiscounted].to_dict("records"),
            "events": results.events_frame().to_dict("records"),
            "costs_by_category": results.categories_frame().to_dict("records"),
            "solved": dict(results.solved),
            "warnings": list(model.warnings),
            "manifest": manifest.as_dict(),
        }


def headlines_frame(settings: Sequence[Setting]) -> pd.DataFrame:
    """One row per setting, headline and threshold."""
    return pd.DataFrame(
        [
            {
                **_comparison(label, item),
                "threshold": limit.threshold if limit else None,
                "highest_price": limit.price if limit else None,
                "equal_value_life_years": item.added_life.equal_value_life_years,
                "incremental_cost_without_added_care": item.added_life.cost_without_added_care,
                "severity_weight": item.weight,
                "icer_weighted": item.icer_weighted,
                "highest_price_weighted": limit.weighted if limit else None,
            }
            for label, items in settings
            for item in items
            for limit in (item.limits or (None,))
        ]
    )


def _comparison(label: str, item: HeadlineResult) -> dict[str, Any]:
    return {"setting": label, **item.as_dict(), "price": item.price}


def _pair(pair: Pair, thresholds: Sequence[float]) -> dict[str, Any]:
    return {
        "strategy": pair.strategy,
        "incremental_cost": pair.cost,
        "incremental_effect": pair.effect,
        "icer": pair.icer,
        "quadrant": pair.quadrant,
        "nmb": [{"threshold": at, "value": value} for at, value in zip(thresholds, pair.nmb, strict=True)],
    }


def _headline(label: str, item: HeadlineResult) -> dict[str, Any]:
    severity = None
    if item.severity is not None:
        severity = {name: getattr(item.severity, name) for name in ("expected", "absolute", "proportional", "weight")}
    return {
        **_comparison(label, item),
        "highest_price": [
            {
                "threshold": limit.threshold,
                "value": _finite(limit.price),
                "any": limit.price == float("inf"),
                "weighted": _finite(limit.weighted),
            }
            for limit in item.limits
        ],
        "equal_value_life_years": item.added_life.equal_value_life_years,
        "incremental_cost_without_added_care": item.added_life.cost_without_added_care,
        "severity": severity,
        "icer_weighted": item.icer_weighted,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or value == float("inf") else value

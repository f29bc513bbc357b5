"""The JSON object of `cea psa`; docs/results.md documents its keys, which are stable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cea.analysis.averaging import by_structure_frame
from cea.analysis.uncertainty import Contrast
from cea.engine.markov import Floats
from cea.engine.psa import HazardTarget
from cea.reports.psa_report import Comparison, PsaReport, spread
from cea.reports.run_folder import Manifest


def as_json(report: PsaReport, sampler: str, warnings: Sequence[str], manifest: Manifest) -> dict[str, Any]:
    """The object; what has no value is None."""
    outcomes, curve = report.results.outcomes, report.curve
    return {
        "n": len(outcomes.cost),
        "seed": manifest.seed,
        "sampler": sampler,
        "sha256": manifest.results_hash,
        "means": report.summary.records(),
        "increments": _records(report.summary.contrast_frame()),
        "headlines": [
            {
                "headline": item.headline.name,
                "label": item.headline.label,
                "strategy": item.headline.strategy,
                "comparator": item.headline.comparator,
                **_comparison(item, outcomes.thresholds),
            }
            for item in report.comparisons
        ],
        "deterministic": _records(report.base.totals_frame()),
        "ceac": _by_strategy("probability", outcomes.strategies, curve.thresholds, curve.probability),
        "ceaf": _records(curve.frontier_frame()),
        "expected_loss": _by_strategy("loss", outcomes.strategies, curve.thresholds, curve.expected_loss),
        "evpi": _by_threshold(curve.thresholds, curve.evpi),
        "population_evpi": _population(report),
        "hazard_ratios": [_hazard(item, ratio) for item, ratio in report.hazards],
        "by_structure": _records(by_structure_frame(report.structures)),
        "convergence": report.convergence.sentences(),
        "currency": outcomes.currency,
        "price_year": outcomes.price_year,
        "effect_unit": outcomes.effect_unit,
        "thresholds": list(outcomes.thresholds),
        "threshold": outcomes.threshold,
        "comparator": report.summary.comparator,
        "perspective": outcomes.perspective,
        "warnings": list(warnings),
        "manifest": manifest.as_dict(),
    }


def _by_strategy(
    name: str, strategies: Sequence[str], thresholds: Floats, values: Floats
) -> list[dict[str, float | dict[str, float]]]:
    """A curve for each strategy, shape (threshold, strategy), as an entry for each threshold."""
    return [
        {"threshold": float(threshold), name: dict(zip(strategies, map(float, row), strict=True))}
        for threshold, row in zip(thresholds, values, strict=True)
    ]


def _contrast(contrast: Contrast, thresholds: tuple[float, ...]) -> dict[str, Any]:
    quadrants = contrast.quadrants
    return {
        "incremental_cost": contrast.cost.mean,
        "incremental_cost_interval": [contrast.cost.low, contrast.cost.high],
        "incremental_effect": contrast.effect.mean,
        "incremental_effect_interval": [contrast.effect.low, contrast.effect.high],
        "icer": contrast.icer,
        "icer_interval": None if contrast.icer_interval is None else list(contrast.icer_interval),
        "quadrants": {"NE": quadrants.ne, "SE": quadrants.se, "SW": quadrants.sw, "NW": quadrants.nw},
        "probability_cost_effective": _by_threshold(thresholds, contrast.probability_cost_effective),
    }


def _comparison(item: Comparison, thresholds: tuple[float, ...]) -> dict[str, Any]:
    """The contrast, the severity weight and what it makes of it; None where the model has no severity."""
    weighted = item.weighted
    return {
        **_contrast(item.contrast, thresholds),
        "severity_weight": item.weight,
        "icer_weighted": None if weighted is None else weighted.icer,
        "probability_cost_effective_weighted": (
            None if weighted is None else _by_threshold(thresholds, weighted.probability_cost_effective)
        ),
    }


def _population(report: PsaReport) -> dict[str, Any] | None:
    """The EVPI of the population that the user assumes."""
    assumed = report.population
    if assumed is None:
        return None
    return {
        "incidence": assumed.incidence,
        "years": assumed.years,
        "discount_rate": assumed.discount_rate,
        "by_threshold": _by_threshold(report.curve.thresholds, assumed.evpi(report.curve.evpi)),
    }


def _hazard(target: HazardTarget, ratio: Floats) -> dict[str, Any]:
    low, median, high = spread(ratio)
    return {
        "strategy": target.strategy,
        "comparator": target.comparator,
        "years": target.years,
        "target": target.target,
        "mean": _number(ratio.mean()),
        "median": _number(median),
        "interval": [_number(low), _number(high)],
    }


def _by_threshold(thresholds: Any, values: Any) -> list[dict[str, float]]:
    return [
        {"threshold": float(threshold), "value": float(value)}
        for threshold, value in zip(thresholds, values, strict=True)
    ]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): _number(value) if isinstance(value, float) else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

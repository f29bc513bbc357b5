"""What `cea price` gives as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from cea.analysis.price import QUANTILES, HighestPrice
from cea.analysis.threshold import ThresholdValue

if TYPE_CHECKING:
    from cea.cli.price import Found


def report(found: Found) -> dict[str, Any]:
    """The JSON object of `cea price`; its keys are stable."""
    model = found.model
    return {
        "highest_price": [_price_record(item) for item in found.prices],
        "price_now": found.now,
        "distribution": [
            {
                "headline": item.headline,
                "strategy": item.strategy,
                "comparator": item.comparator,
                "threshold": item.threshold,
                "draws": len(item.highest),
                "none": item.none,
                "quantiles": [{"level": level, "value": _finite(item.quantile(level))} for level in QUANTILES],
                "probability_now": item.probability(found.now[item.headline]),
            }
            for item in found.distributions
        ],
        "threshold_value": [value_record(item) for item in found.values],
        "durability": [
            {
                "headline": item.comparison.name,
                "strategy": item.comparison.strategy,
                "comparator": item.comparison.comparator,
                "parameter": item.parameter,
                "unit": item.unit,
                "low": item.span.low,
                "high": item.span.high,
                "minimum": _records(item.minimum),
                "curve": _records(item.curve),
            }
            for item in found.durability
        ],
        "threshold": model.threshold,
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "perspective": found.perspective,
    }


def _price_record(item: HighestPrice) -> dict[str, Any]:
    return {
        "headline": item.headline,
        "strategy": item.strategy,
        "comparator": item.comparator,
        "parameter": item.parameter,
        "threshold": item.threshold,
        "value": _finite(item.price),
        "any": item.price == math.inf,
        "lowest": item.lowest,
        "weighted": _finite(item.weighted),
    }


def value_record(item: ThresholdValue) -> dict[str, Any]:
    """A threshold value as a row of a table or of JSON."""
    return {
        "headline": item.comparison.name,
        "strategy": item.comparison.strategy,
        "comparator": item.comparison.comparator,
        "parameter": item.parameter,
        "unit": item.unit,
        "threshold": item.threshold,
        "base": _finite(item.base),
        "low": item.span.low,
        "high": item.span.high,
        "values": list(item.roots),
        "worth_it": [list(region) for region in item.regions],
        "matters": item.matters,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, float | None]]:
    return [{str(key): _finite(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value

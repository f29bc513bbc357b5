"""Writes the results that tests/golden/test_golden.py holds the model against: `python -m tests.golden.update`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cea
from tests.models import JURISDICTIONS, base

FILE = Path(__file__).parent / "results.json"


def current() -> dict[str, Any]:
    """Headline results of the shipped model, per jurisdiction."""
    return {name: _results(base(name)) for name in JURISDICTIONS}


def _results(run: cea.Results) -> dict[str, Any]:
    rows = cea.incremental(run).rows
    return {
        "currency": run.model.currency,
        "solved": dict(run.solved),
        "strategies": {
            row.strategy: {
                "cost": row.cost,
                "effect": row.effect,
                "life_years": row.life_years,
                "icer": row.icer,
                "status": row.status,
            }
            for row in rows
        },
        "headlines": {
            item.headline.name: {
                "incremental_cost": item.pair.cost,
                "incremental_effect": item.pair.effect,
                "icer": item.pair.icer,
                "highest_prices": {f"{limit.threshold:g}": limit.price for limit in item.limits},
                "severity_weight": item.weight,
            }
            for item in cea.headlines(run)
        },
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(current(), indent=2) + "\n", encoding="utf-8")
    print(FILE)

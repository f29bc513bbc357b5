"""Named scenarios side by side: the headlines under each layer, and the difference to the base."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from cea.analysis.headline import HeadlineResult, headlines
from cea.engine.results import Results, run
from cea.errors import CeaError
from cea.model.definition import Model
from cea.model.layers import Layer


@dataclass(frozen=True)
class Scenario:
    """One scenario's run, or the reason why it is not possible here."""

    name: str
    label: str
    results: Results | None
    headlines: tuple[HeadlineResult, ...]
    reason: str = ""


def run_scenarios(model: Model, layers: Iterable[Layer], perspective: str | None = None) -> list[Scenario]:
    """The base case followed by each layer on top of the model. A layer that does not fit is kept with its reason.

    Without `perspective` each layer's own applies, so that a scenario may change it.
    """
    base = run(model, perspective)
    found = [Scenario("base", "Base case", base, tuple(headlines(base)))]
    for layer in layers:
        if layer.requires_currency not in (None, model.currency):
            reason = f"made for models in {layer.requires_currency}"
            found.append(Scenario(layer.name, layer.label, None, (), reason))
            continue
        try:
            results = run(model.with_layer(layer), perspective)
        except CeaError as error:
            found.append(Scenario(layer.name, layer.label, None, (), str(error).splitlines()[0]))
            continue
        found.append(Scenario(layer.name, layer.label, results, tuple(headlines(results))))
    return found


def scenarios_frame(scenarios: Iterable[Scenario], threshold: float) -> pd.DataFrame:
    """Tidy table: one row per scenario and headline, with the difference of net monetary benefit to the base case.

    Columns: scenario, label, perspective, headline, strategy, comparator, incremental_cost, incremental_effect, icer,
    quadrant, nmb, nmb_change, highest_price, reason. The price is at `threshold`; None means not even at a price of
    zero.
    """
    rows: list[dict[str, object]] = []
    base: dict[str, float] = {}
    for scenario in scenarios:
        if scenario.results is None:
            rows.append({"scenario": scenario.name, "label": scenario.label, "reason": scenario.reason})
        for item in scenario.headlines:
            benefit = item.net_benefit(threshold)
            base.setdefault(item.headline.name, benefit)
            limit = item.price_limit(threshold)
            rows.append(
                {
                    "scenario": scenario.name,
                    "label": scenario.label,
                    "perspective": scenario.results.perspective if scenario.results else "",
                    "headline": item.headline.name,
                    "strategy": item.headline.strategy,
                    "comparator": item.headline.comparator,
                    "incremental_cost": item.pair.cost,
                    "incremental_effect": item.pair.effect,
                    "icer": item.pair.icer,
                    "quadrant": item.pair.quadrant,
                    "nmb": benefit,
                    "nmb_change": benefit - base[item.headline.name],
                    "highest_price": limit.price if limit else None,
                    "reason": "",
                }
            )
    return pd.DataFrame(rows)

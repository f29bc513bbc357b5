"""Named scenarios side by side: the headlines under each layer, and the difference to the base."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from cea.analysis.headline import HeadlineResult, headlines
from cea.engine.results import Results, choose_perspective, run
from cea.errors import CeaError, InputError, Problem, UsageError
from cea.model.definition import Model
from cea.model.layers import Layer


@dataclass(frozen=True)
class Scenario:
    """One scenario's run, or the reason why it is not possible here.

    `reference` are the headlines of the base case in the perspective of the scenario.
    """

    name: str
    label: str
    results: Results | None
    headlines: tuple[HeadlineResult, ...]
    reason: str = ""
    reference: tuple[HeadlineResult, ...] = ()

    def change(self, item: HeadlineResult, threshold: float) -> float | None:
        """A headline's net monetary benefit minus that of the base case; None where the base case does not have it."""
        for base in self.reference:
            if base.headline.name == item.headline.name:
                return item.net_benefit(threshold) - base.net_benefit(threshold)
        return None


def run_scenarios(model: Model, layers: Iterable[Layer], perspective: str | None = None) -> list[Scenario]:
    """The base case followed by each layer on top of the model.

    A layer for another currency, with a perspective that is refused, or under which no headline has its strategies, is
    kept with its reason. Without `perspective` each layer's own applies, so that a scenario may change it. Raises
    InputError with the problems of all layers that are wrong.
    """
    base = run(model, perspective)
    found = [_scenario("base", "Base case", base)]
    references = {base.perspective: found[0].headlines}
    problems: list[Problem] = []
    for layer in layers:
        try:
            scenario = _under(model, layer, perspective)
            if scenario.results is not None:
                own = scenario.results.perspective
                if own not in references:
                    references[own] = _reference(model, own)
                if references[base.perspective] and not scenario.headlines:
                    what = "it selects the strategies of no headline"
                    scenario = Scenario(layer.name, layer.label, None, (), what)
                else:
                    scenario = replace(scenario, reference=references[own])
            found.append(scenario)
        except InputError as error:
            problems.extend(error.problems)
        except CeaError as error:
            problems.append(Problem(f"{layer.name}: {error}"))
    if problems:
        raise InputError(dict.fromkeys(problems))
    return [replace(found[0], reference=found[0].headlines), *found[1:]]


def _under(model: Model, layer: Layer, perspective: str | None) -> Scenario:
    """A layer's run, or why there is none here."""
    if layer.requires_currency not in (None, model.currency):
        return Scenario(layer.name, layer.label, None, (), f"made for models in {layer.requires_currency}")
    layered = model.with_layer(layer)
    try:
        chosen = choose_perspective(layered, perspective)
    except UsageError as error:
        return Scenario(layer.name, layer.label, None, (), str(error))
    return _scenario(layer.name, layer.label, run(layered, chosen))


def _scenario(name: str, label: str, results: Results) -> Scenario:
    return Scenario(name, label, results, tuple(headlines(results)))


def _reference(model: Model, perspective: str) -> tuple[HeadlineResult, ...]:
    """The headlines of the base case in a perspective; none where only the scenario has or allows it."""
    try:
        chosen = choose_perspective(model, perspective)
    except UsageError:
        return ()
    return tuple(headlines(run(model, chosen)))


def scenarios_frame(scenarios: Iterable[Scenario], threshold: float) -> pd.DataFrame:
    """Tidy table: one row per scenario and headline, with the difference of net monetary benefit to the base case.

    The difference is to the base case in the scenario's own perspective; None where the base case lacks the headline.

    Columns: scenario, label, perspective, headline, strategy, comparator, incremental_cost, incremental_effect, icer,
    quadrant, nmb, nmb_change, highest_price, severity_weight, icer_weighted, highest_price_weighted, reason.
    A price is at `threshold`; None means not even at a price of zero.
    """
    rows: list[dict[str, object]] = []
    for scenario in scenarios:
        if scenario.results is None:
            rows.append({"scenario": scenario.name, "label": scenario.label, "reason": scenario.reason})
        for item in scenario.headlines:
            benefit = item.net_benefit(threshold)
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
                    "nmb_change": scenario.change(item, threshold),
                    "highest_price": limit.price if limit else None,
                    "severity_weight": item.weight,
                    "icer_weighted": item.icer_weighted,
                    "highest_price_weighted": limit.weighted if limit else None,
                    "reason": "",
                }
            )
    return pd.DataFrame(rows)

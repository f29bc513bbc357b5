"""Named scenarios side by side: the headlines under each layer, and the difference to the base."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    `reference` are the headlines of the base case in the perspective of the scenario; `structural` says that the layer
    solves the solved parameters again.
    """

    name: str
    label: str
    results: Results | None
    headlines: tuple[HeadlineResult, ...]
    reason: str = ""
    reference: tuple[HeadlineResult, ...] = ()
    structural: bool = False

    def change(self, item: HeadlineResult, threshold: float) -> float | None:
        """A headline's net monetary benefit minus that of the base case; None where the base case does not have it."""
        for base in self.reference:
            if base.headline.name == item.headline.name:
                return item.net_benefit(threshold) - base.net_benefit(threshold)
        return None

    def headline(self, name: str) -> HeadlineResult | None:
        """The headline of a name; None where the scenario does not have it."""
        return next((item for item in self.headlines if item.headline.name == name), None)

    @property
    def perspective(self) -> str:
        """The perspective it was run in; empty where it was not run."""
        return self.results.perspective if self.results else ""


def run_scenarios(model: Model, layers: Iterable[Layer], perspective: str | None = None) -> list[Scenario]:
    """The base case followed by each layer on top of the model.

    A layer for another currency, with a perspective that is refused, or under which no headline has its strategies, is
    kept with its reason. Without `perspective` each layer's own applies, so that a scenario may change it. Raises
    InputError with the problems of all layers that are wrong.
    """
    base = run(model, perspective)
    first = base_scenario(base)
    found = [first]
    references = {base.perspective: first.headlines}
    problems: list[Problem] = []
    for layer in layers:
        try:
            found.append(scenario_of(model, layer.name, layer.label, [layer], references, perspective))
        except InputError as error:
            problems.extend(error.problems)
        except CeaError as error:
            problems.append(Problem(f"{layer.name}: {error}"))
    if problems:
        raise InputError(dict.fromkeys(problems))
    return found


def base_scenario(base: Results) -> Scenario:
    """The base case, which all others are compared with."""
    items = tuple(headlines(base))
    return Scenario("base", "Base case", base, items, reference=items)


def scenario_of(
    model: Model,
    name: str,
    label: str,
    layers: Sequence[Layer],
    references: dict[str, tuple[HeadlineResult, ...]],
    perspective: str | None = None,
) -> Scenario:
    """The model under some layers, those of earlier folders first, or why it cannot be run under them.

    references: the headlines of the base case by perspective, that of the base case first; others are added when they
    are needed. Raises InputError and CeaError as the layers and the run do.
    """
    scenario = Scenario(name, label, None, (), structural=any(layer.structural for layer in layers))
    for layer in layers:
        if layer.requires_currency not in (None, model.currency):
            return replace(scenario, reason=f"made for models in {layer.requires_currency}")
    layered = model.with_only(in_order(model, layers))
    try:
        chosen = choose_perspective(layered, perspective)
    except UsageError as error:
        return replace(scenario, reason=str(error))
    own = run(layered, chosen)
    items = tuple(headlines(own))
    if not items and next(iter(references.values())):
        return replace(scenario, reason="it selects the strategies of no headline")
    if chosen not in references:
        references[chosen] = _reference(model, chosen)
    return replace(scenario, results=own, headlines=items, reference=references[chosen])


def in_order(model: Model, layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The model's layers and further ones by the folder that they are from; edits stay on top."""
    folders = {name: position for position, name in enumerate(model.layer_folders)}

    def position(layer: Layer) -> tuple[bool, int]:
        return layer.edit, folders.get(layer.name.partition("/")[0], len(folders))

    return tuple(sorted((*model.layers, *layers), key=position))


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

    Columns: scenario, label, structural, perspective, headline, strategy, comparator, incremental_cost,
    incremental_effect, icer, quadrant, nmb, nmb_change, highest_price, severity_weight, icer_weighted,
    highest_price_weighted, reason. A price is at `threshold`; None means not even at a price of zero.
    """
    rows: list[dict[str, object]] = []
    for scenario in scenarios:
        if scenario.results is None:
            known = {"scenario": scenario.name, "label": scenario.label, "structural": scenario.structural}
            rows.append({**known, "reason": scenario.reason})
        for item in scenario.headlines:
            benefit = item.net_benefit(threshold)
            limit = item.price_limit(threshold)
            rows.append(
                {
                    "scenario": scenario.name,
                    "label": scenario.label,
                    "structural": scenario.structural,
                    "perspective": scenario.perspective,
                    **item.as_dict(),
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

"""`cea scenarios`: every named scenario in one table, with the difference to the base case."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track
from rich.text import Text

from cea.analysis.headline import HeadlineResult
from cea.analysis.scenarios import Scenario, run_scenarios, scenarios_frame
from cea.cli.options import Request
from cea.cli.output import Output
from cea.engine.results import choose_perspective
from cea.errors import InputError, Problem, UsageError
from cea.loading.folder import Folder
from cea.model.definition import Model
from cea.model.layers import Layer
from cea.reports.run_tables import price_cell, weighted_tables
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, effect, money, pair_cell


def execute(request: Request, command: Sequence[str], out: Console, err: Console) -> None:
    """Runs the base case and each scenario on top of it; prints the table and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    layers = _scenario_layers(request, model)
    shown = track(layers, "Scenarios", console=err, transient=True, disable=request.quiet or not err.is_terminal)
    scenarios = run_scenarios(model, shown, request.perspective)
    frame = scenarios_frame(scenarios, model.threshold)
    manifest = output.write(model, perspective, {"scenarios": frame})
    if request.as_json:
        report = {
            "scenarios": json.loads(frame.to_json(orient="records", double_precision=15)),
            "threshold": model.threshold,
            "currency": model.currency,
            "effect_unit": model.settings.effect_unit,
            "perspective": perspective,
            "manifest": manifest.as_dict(),
        }
        out.out(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _print(out, model, scenarios)


def _scenario_layers(request: Request, model: Model) -> list[Layer]:
    """The layers of the last kind, which are the scenarios, without those that are applied already.

    Raises InputError with the problems of all that cannot be read.
    """
    folder = Folder(request.inputs)
    applied = {layer.name for layer in model.layers}
    kind = folder.layer_folders(model.document)[-1]
    names = [name for name in folder.layer_names(model.document) if name.startswith(f"{kind}/") and name not in applied]
    if not names:
        raise UsageError(f"{request.inputs.as_posix()} has no layers in {kind}/")
    layers: list[Layer] = []
    problems: list[Problem] = []
    for name in names:
        try:
            layers.append(folder.layer(name))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return layers


def _print(out: Console, model: Model, scenarios: Sequence[Scenario]) -> None:
    headlines = dict.fromkeys(item.headline.name for scenario in scenarios for item in scenario.headlines)
    for name in headlines:
        found = [
            (scenario, item) for scenario in scenarios for item in scenario.headlines if item.headline.name == name
        ]
        print_table(out, _table(model, scenarios[0], found))
        rows = [(_label(scenario, scenarios[0]), item) for scenario, item in found]
        for made in weighted_tables(rows, [model.threshold], model):
            print_table(out, made)
    if not headlines:
        out.print(Text("The model has no headlines whose strategies are selected, so there is nothing to compare."))
    for scenario in scenarios:
        if scenario.results is None:
            out.print(Text(f"Not run: {scenario.name} ({scenario.reason})"))


def _table(model: Model, first: Scenario, found: Sequence[tuple[Scenario, HeadlineResult]]) -> Table:
    """One headline comparison under every scenario that has it; `first` is the base case."""
    currency, threshold, unit = model.currency, model.threshold, model.settings.effect_unit
    shown = found[0][1]
    against = f"{shown.labels[0]} against {shown.labels[1]}"
    headings = ["Extra cost", f"{unit}s gained", f"Cost per {unit}", f"Extra NMB at {money(threshold, currency)}"]
    made = Table(
        f"{shown.headline.label}: {against} ({model.settings.price_year} {currency} per person)",
        [("Scenario", False), *((heading, True) for heading in (*headings, "Change to base", "Highest price"))],
    )
    for scenario, item in found:
        benefit, limit = item.net_benefit(threshold), item.price_limit(threshold)
        cells = [money(item.pair.cost, currency), effect(item.pair.effect), pair_cell(item.pair, currency)]
        cells.append(money(benefit, currency))
        change = scenario.change(item, threshold)
        cells.append(NONE if scenario is first or change is None else money(change, currency))
        cells.append(price_cell(limit.price, currency) if limit else NONE)
        made.add([_label(scenario, first), *cells], strong=scenario is first)
    if any(_perspective(scenario) != _perspective(first) for scenario, _ in found):
        made.notes.append("A scenario marked [perspective] is compared with the base case in that perspective.")
    return made


def _perspective(scenario: Scenario) -> str:
    return scenario.results.perspective if scenario.results else ""


def _label(scenario: Scenario, first: Scenario) -> str:
    """A scenario's label, with its perspective where that differs from the first one's."""
    own = _perspective(scenario)
    return scenario.label if own == _perspective(first) else f"{scenario.label} [{own}]"

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
from cea.errors import UsageError
from cea.loading.folder import Folder
from cea.model.definition import Model
from cea.model.layers import Layer
from cea.reports.run_tables import price_cell
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
    if not request.as_json:
        _print(out, model, scenarios)
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


def _scenario_layers(request: Request, model: Model) -> list[Layer]:
    """The layers of the last kind, which are the scenarios, without those that are applied already."""
    folder = Folder(request.inputs)
    applied = {layer.name for layer in model.layers}
    kind = folder.layer_folders(model.document)[-1]
    names = [name for name in folder.layer_names(model.document) if name.startswith(f"{kind}/") and name not in applied]
    if not names:
        raise UsageError(f"{request.inputs.as_posix()} has no layers in {kind}/")
    return [folder.layer(name) for name in names]


def _print(out: Console, model: Model, scenarios: Sequence[Scenario]) -> None:
    headlines = dict.fromkeys(item.headline.name for scenario in scenarios for item in scenario.headlines)
    for name in headlines:
        found = [
            (scenario, item) for scenario in scenarios for item in scenario.headlines if item.headline.name == name
        ]
        print_table(out, _table(model, found))
    if not headlines:
        out.print(Text("The model has no headlines whose strategies are selected, so there is nothing to compare."))
    for scenario in scenarios:
        if scenario.results is None:
            out.print(Text(f"Not run: {scenario.name} ({scenario.reason})"))


def _table(model: Model, found: Sequence[tuple[Scenario, HeadlineResult]]) -> Table:
    """One headline comparison under every scenario, the base case first."""
    currency, threshold, unit = model.currency, model.threshold, model.settings.effect_unit
    first, base = found[0]
    against = f"{base.labels[0]} against {base.labels[1]}"
    headings = ["Extra cost", f"{unit}s gained", f"Cost per {unit}", f"Extra NMB at {money(threshold, currency)}"]
    made = Table(
        f"{base.headline.label}: {against} ({model.settings.price_year} {currency} per person)",
        [("Scenario", False), *((heading, True) for heading in (*headings, "Change to base", "Highest price"))],
    )
    for scenario, item in found:
        benefit, limit = item.net_benefit(threshold), item.price_limit(threshold)
        cells = [money(item.pair.cost, currency), effect(item.pair.effect), pair_cell(item.pair, currency)]
        cells.append(money(benefit, currency))
        cells.append(NONE if item is base else money(benefit - base.net_benefit(threshold), currency))
        cells.append(price_cell(limit.price, currency) if limit else NONE)
        made.add([_label(scenario, first), *cells], strong=item is base)
    return made


def _label(scenario: Scenario, first: Scenario) -> str:
    """A scenario's label, with its perspective where that differs from the first one's."""
    perspectives = [item.results.perspective if item.results else "" for item in (scenario, first)]
    return scenario.label if perspectives[0] == perspectives[1] else f"{scenario.label} [{perspectives[0]}]"

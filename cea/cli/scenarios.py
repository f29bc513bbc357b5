"""`cea scenarios`: every named scenario in one table and one figure, with the difference to the base case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cea.analysis.deterministic import Progress
from cea.analysis.headline import HeadlineResult
from cea.analysis.scenarios import Scenario, run_scenarios, scenarios_frame
from cea.cli import scenario_grid
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import progress
from cea.engine.results import choose_perspective
from cea.errors import InputError, Problem, UsageError
from cea.loading.folder import Folder
from cea.model.definition import Model
from cea.model.layers import Layer
from cea.reports.run_tables import price_cell, weighted_tables
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, effect, headlines_line, money, pair_cell


def execute(
    request: Request,
    command: Sequence[str],
    out: Console,
    err: Console,
    combined: tuple[str, str] | None,
    *,
    with_figures: bool,
) -> None:
    """Runs the base case and each scenario on top of it, or, where `combined` names two lists, every pair of these."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    if combined is not None:
        scenario_grid.execute(request, output, out, model, perspective, combined, with_figures=with_figures)
        return
    layers = scenario_layers(request, model)
    with progress(request, err, "Scenarios") as told:
        scenarios = run_scenarios(model, _counted(layers, told), request.perspective)

    def draw(folder: Path) -> list[Path]:
        from cea.reports import scenario_figures, style  # noqa: PLC0415 - matplotlib is slow to import

        return style.save(scenario_figures.scenarios_chart(scenarios, model.threshold), folder / "scenarios")

    frame = scenarios_frame(scenarios, model.threshold)
    drawn = draw if with_figures and scenarios[0].headlines else None
    line = headlines_line(scenarios[0].headlines, model.currency, model.settings.effect_unit)
    manifest = output.write(model, perspective, {"scenarios": frame}, drawn, headline=line)
    if request.as_json:
        report = {
            "scenarios": scenario_grid.records(frame),
            "grid": [],
            **scenario_grid.setting(model, perspective),
            "manifest": manifest.as_dict(),
        }
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, model, scenarios)


def _counted(layers: Sequence[Layer], told: Progress) -> Iterator[Layer]:
    """The layers one by one, as the work goes on."""
    for done, layer in enumerate(layers):
        told(done, len(layers))
        yield layer


def scenario_layers(request: Request, model: Model) -> list[Layer]:
    """The layers of the last kind, which are the scenarios, without those that are applied already.

    Raises InputError with the problems of all that cannot be read.
    """
    folder = Folder(request.inputs)
    applied = {layer.name for layer in model.layers}
    kind = folder.layer_folders(model.document)[-1]
    names = [name for name in folder.layer_names(model.document) if name.startswith(f"{kind}/") and name not in applied]
    if not names:
        raise UsageError(f"{request.inputs.as_posix()} has no layers in {kind}/")
    return read_layers(folder, names)


def read_layers(folder: Folder, names: Iterable[str]) -> list[Layer]:
    """Layers by their full names. Raises InputError with the problems of all that cannot be read."""
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
        print_table(out, scenario_table(model, scenarios[0], found))
        rows = [(_label(scenario, scenarios[0]), item) for scenario, item in found]
        for made in weighted_tables(rows, [model.threshold], model):
            print_table(out, made)
    if not headlines:
        out.print(Text("The model has no headlines whose strategies are selected, so there is nothing to compare."))
    for scenario in scenarios:
        if scenario.results is None:
            out.print(Text(f"Not run: {scenario.name} ({scenario.reason})"))


def scenario_table(model: Model, first: Scenario, found: Sequence[tuple[Scenario, HeadlineResult]]) -> Table:
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
    if any(scenario.perspective != first.perspective for scenario, _ in found):
        made.notes.append("A scenario marked [perspective] is compared with the base case in that perspective.")
    return made


def _label(scenario: Scenario, first: Scenario) -> str:
    """A scenario's label, with its perspective where that differs from the first one's."""
    own = scenario.perspective
    return scenario.label if own == first.perspective else f"{scenario.label} [{own}]"

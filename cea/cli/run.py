"""`cea run`: the base case."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console

from cea.analysis.headline import headlines
from cea.analysis.incremental import incremental
from cea.cli.options import Request
from cea.cli.output import Output
from cea.engine.results import Results, run
from cea.errors import CeaError
from cea.loading.folder import Folder
from cea.reports.run_report import Report, Setting
from cea.reports.run_tables import print_report
from cea.reports.wording import headlines_line


def execute(request: Request, command: Sequence[str], out: Console, err: Console, *, with_figures: bool) -> None:
    """Runs the model, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    results = run(model, request.perspective)
    report = Report(results, incremental(results.outcomes, request.comparator), settings(request, results))
    for warning in model.warnings:
        output.note(f"warning: {warning}", "yellow")
    tables = report.tables() if output.writes else {}
    line = headlines_line(report.settings[0][1], model.currency, model.settings.effect_unit)
    draw = report.draw if with_figures else None
    manifest = output.write(model, results.perspective, tables, draw, headline=line)
    if request.as_json:
        out.out(json.dumps(report.as_dict(manifest), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_report(out, report)


def settings(request: Request, results: Results) -> list[Setting]:
    """Headlines of the run, and under each layer that the model wants to see beside it."""
    model = results.model
    settings: list[Setting] = [("as run" if model.layers else "base case", headlines(results))]
    if not settings[0][1]:
        return settings
    folder = Folder(request.inputs)
    present = {layer.name for layer in model.layers}
    for name in model.beside:
        if name in present:
            continue
        layer = folder.layer(name)
        try:
            beside = run(model.with_layer(layer), results.perspective)
        except CeaError:
            continue  # a layer that does not fit this selection says so in `cea scenarios`
        settings.append((layer.label, headlines(beside)))
    return settings

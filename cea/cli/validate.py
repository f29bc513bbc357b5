"""`cea validate`: the model beside the figures that it must reproduce and those that it is compared with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.fit import Fit, comparisons_frame, curves_frame, fit
from cea.analysis.published import Beside, compare_published, published_frame
from cea.analysis.targets import Comparison
from cea.analysis.verdicts import Summary, by_cohort, by_start_and_time, summaries
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import progress
from cea.engine.results import choose_perspective
from cea.errors import CheckError, UsageError
from cea.loading.folder import Folder
from cea.loading.targets_file import FILE, Validation, read_targets
from cea.model.definition import Model
from cea.reports.run_folder import Manifest
from cea.reports.terminal import print_table
from cea.reports.validation_report import blocks, excluded_table, published_table, statement, summary_frame


@dataclass(frozen=True, eq=False)
class Found:
    """A model held against its validation file."""

    asked: Validation
    fit: Fit
    beside: Sequence[Beside]
    draws: int

    @property
    def held_out(self) -> list[Comparison]:
        """What was observed in cohorts that the model was not fitted to."""
        return [item for item in self.fit.comparisons if item.target.role == "held_out"]

    @property
    def missed(self) -> list[str]:
        """Labels of the figures that must be reproduced and are not."""
        return [item.target.label for item in self.required if not item.met]

    @property
    def required(self) -> list[Comparison]:
        """The figures that must be reproduced."""
        return [item for item in self.fit.comparisons if item.target.role == "must_reproduce"]

    @property
    def cohorts(self) -> list[Summary]:
        """The fit to held-out figures by cohort and start."""
        return summaries(self.held_out, by_cohort)

    @property
    def times(self) -> list[Summary]:
        """The fit to held-out figures by start and time."""
        return summaries(self.held_out, by_start_and_time)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Everything as tables, by the name of their file."""
        made = {"validation": comparisons_frame(self.fit.comparisons), "curves": curves_frame(self.fit.curves)}
        if self.held_out:
            made["cohorts"] = summary_frame(self.cohorts, ("cohort", "start"))
            made["start_and_time"] = summary_frame(self.times, ("start", "time"))
        if self.beside:
            made["published"] = published_frame(self.beside)
        return {name: frame for name, frame in made.items() if len(frame)}


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, *, draws: int, seed: int, with_figures: bool
) -> None:
    """Runs all targets. Raises CheckError when one that must be reproduced is missed."""
    if draws < 0 or draws == 1:
        raise UsageError(f"-n {draws}: choose 0 for no intervals, or thousands of draws")
    output = Output(request, command, err)
    model = request.model()
    asked = read_targets(request.inputs, model)
    if not asked.targets:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}, so there is nothing to validate against")
    model_for = models_under(request, model)
    with progress(request, err, "Targets") as told:
        fitted = fit(asked.targets, model_for, draws, seed, told)
        found = Found(asked, fitted, compare_published(asked.published, model_for), draws)
    tables = found.tables()

    def draw(folder: Path) -> list[Path]:
        return figures(found, folder)

    line = f"{len(found.required) - len(found.missed)} of {len(found.required)} figures that must be reproduced are met"
    manifest = output.write(
        model, choose_perspective(model, request.perspective), tables, draw if with_figures else None,
        n=draws or None, seed=seed if draws else None, headline=line,
    )  # fmt: skip
    if request.as_json:
        out.out(json.dumps(_report(found, tables, manifest), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, found)
    if found.missed:
        raise CheckError(f"{len(found.missed)} figures that must be reproduced are missed: " + "; ".join(found.missed))
    if not request.as_json:
        out.print(Text(f"All {len(found.required)} figures that must be reproduced are met."))


def models_under(request: Request, model: Model) -> Callable[[tuple[str, ...]], Model]:
    """What gives the model of a request under further layers; each is read once."""
    models: dict[tuple[str, ...], Model] = {(): model}
    folder = Folder(request.inputs)

    def model_for(layers: tuple[str, ...]) -> Model:
        if layers not in models:
            models[layers] = replace(request, layers=folder.on_top(model.document, request.layers, layers)).model()
        return models[layers]

    return model_for


def _print(out: Console, found: Found) -> None:
    for tables, sentences in blocks(found.fit.comparisons, found.asked.sections, found.draws):
        for table in tables:
            print_table(out, table)
        for sentence in sentences:
            out.print(Text(sentence))
        if sentences:
            out.print()
    if found.asked.excluded:
        print_table(out, excluded_table(found.asked.excluded))
    for item in found.beside:
        if item.steps:
            print_table(out, published_table(item))
        else:
            out.print(Text(item.published.label, style="bold"))
            out.print(Text(f"Published: {item.published.found}. Not run: {item.published.distance}\n"))


def _report(found: Found, tables: Mapping[str, pd.DataFrame], manifest: Manifest) -> dict[str, Any]:
    """The result for programs."""

    def records(name: str) -> list[dict[str, Any]]:
        if name not in tables:
            return []
        rows: list[dict[str, Any]] = json.loads(tables[name].to_json(orient="records", double_precision=15))
        return rows

    return {
        "targets": records("validation"),
        "cohorts": records("cohorts"),
        "start_and_time": records("start_and_time"),
        "statement": statement(found.held_out, found.draws),
        "published": records("published"),
        "excluded": [
            {"label": item.label, "found": item.found, "reason": item.reason} for item in found.asked.excluded
        ],
        "manifest": manifest.as_dict(),
    }


def figures(found: Found, folder: Path) -> list[Path]:
    """The figures of a validation: agreement, held-out survival, and a figure for each section that asks for one."""
    from cea.reports import style, validation_figures  # noqa: PLC0415 - matplotlib is slow to import

    frame = comparisons_frame(found.fit.comparisons)
    files = style.save(validation_figures.agreement(frame), folder / "validation")
    survival = frame["measure"] == "survival"
    held = frame[(frame["role"] == "held_out") & survival]
    if len(held):
        drawn = validation_figures.curves(found.fit.curves, held, "Held-out cohorts: survival by start of the model")
        files += style.save(drawn, folder / "held_out")
    for section in found.asked.sections:
        chosen = frame[frame["section"] == section.name]
        if section.chart == "survival" and len(chosen):
            drawn = validation_figures.curves(found.fit.curves, chosen, section.label)
        elif section.chart == "shares" and len(chosen):
            drawn = validation_figures.shares(chosen, section.label)
        else:
            continue
        files += style.save(drawn, folder / section.name)
    return files

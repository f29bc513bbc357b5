"""`cea validate`: the model beside the figures that it must reproduce and those that it is compared with."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cea.analysis.targets import Comparison, compare, compare_published, comparisons_frame
from cea.cli.options import OUTPUTS, Request
from cea.engine.results import choose_perspective
from cea.errors import CheckError, UsageError
from cea.loading.targets_file import FILE, read_targets
from cea.model.definition import Model
from cea.reports import terminal
from cea.reports.run_folder import check_target, check_writable, write_run
from cea.reports.wording import describe_pair

_TITLES = {
    "must_reproduce": "Must reproduce",
    "held_out": "Held out: observed in cohorts that the model was not fitted to",
    "context": "Context: shown, not a target",
}


def execute(request: Request, command: Sequence[str], out: Console, err: Console, *, with_figures: bool) -> None:
    """Runs all targets. Raises CheckError when one that must be reproduced is missed."""
    started = time.perf_counter()
    writes = request.out is not None or not request.as_json
    if request.out is not None:
        check_target(request.out, force=request.force)
    if writes:
        check_writable((request.out or OUTPUTS / "x").parent)
    model = request.model()
    targets, published = read_targets(request.inputs, model)
    if not targets:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}, so there is nothing to validate against")
    models: dict[tuple[str, ...], Model] = {(): model}

    def model_for(layers: tuple[str, ...]) -> Model:
        if layers not in models:
            models[layers] = replace(request, layers=(*request.layers, *layers)).model()
        return models[layers]

    found = compare(targets, model_for)
    frame = comparisons_frame(found)
    beside = compare_published(published, model_for)
    manifest = request.manifest(model, choose_perspective(model, request.perspective), command)
    manifest.seconds = round(time.perf_counter() - started, 3)
    if request.as_json:
        records = json.loads(frame.to_json(orient="records", double_precision=15))
        out.out(json.dumps({"targets": records, "manifest": manifest.as_dict()}, indent=2, ensure_ascii=False))
    else:
        for role, title in _TITLES.items():
            chosen = [item for item in found if item.target.role == role]
            if chosen:
                out.print(_table(title, chosen))
        for item in beside:
            made = describe_pair(item.pair, item.currency, item.effect_unit)
            out.print(Text(f"{item.published.label}: {item.published.found}", style="bold"))
            out.print(Text(f"    this model: {made} ({item.pair.effect:.2f} {item.effect_unit}s gained)"))
            out.print(Text(f"    {item.published.distance}"))
        if beside:
            out.print()
    if writes:
        draw = (lambda folder: _figures(found, folder)) if with_figures else None
        target = write_run(manifest, OUTPUTS, {"validation": frame}, draw, request.out, force=request.force)
        if not request.quiet:
            err.print(Text(f"Table{' and figure' if with_figures else ''}: {target.as_posix()}"))
    missed = [item.target.label for item in found if item.target.role == "must_reproduce" and not item.met]
    if missed:
        raise CheckError(f"{len(missed)} figures that must be reproduced are missed: " + "; ".join(missed))
    if not request.as_json:
        out.print(
            Text(
                f"All {sum(item.target.role == 'must_reproduce' for item in found)} figures that must be reproduced are met."
            )
        )


def _table(title: str, items: Sequence[Comparison]) -> Table:
    exact = any(item.exponential is not None for item in items)
    columns = [("Figure", False), ("Expected", True), ("Model", True), ("Difference", True)]
    columns += [("Matrix exponential", True)] if exact else []
    columns += [("Within", True), ("Met", False)] if any(item.target.tolerance for item in items) else []
    columns += [("Grade", False)]
    notes = []
    made = terminal.table(title, columns)
    for item in items:
        cells = [
            item.target.label,
            _number(item.target.expected),
            _number(item.value),
            _number(item.difference, sign=True),
        ]
        cells += [_number(item.exponential)] if exact else []
        if any(other.target.tolerance for other in items):
            cells += [_number(item.target.tolerance), {True: "yes", False: "NO", None: "-"}[item.met]]
        if item.target.source.note and item.target.source.note not in notes:
            notes.append(item.target.source.note)
        terminal.add(made, [*cells, item.target.source.grade])
    if notes:
        made.caption = Text("\n".join(f"- {note}" for note in notes))
    return made


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    return f"{value:+.4f}" if sign else f"{value:.4f}"


def _figures(found: Sequence[Comparison], folder: Path) -> list[Path]:
    from cea.reports import figures, style  # noqa: PLC0415 - matplotlib is slow to import

    return style.save(figures.targets(comparisons_frame(found)), folder / "validation")

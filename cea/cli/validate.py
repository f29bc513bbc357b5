"""`cea validate`: the model beside the figures that it must reproduce and those that it is compared with."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.targets import Beside, Comparison, compare, compare_published, comparisons_frame
from cea.cli.options import Request
from cea.cli.output import Output
from cea.engine.results import choose_perspective
from cea.errors import CheckError, UsageError
from cea.loading.folder import Folder
from cea.loading.targets_file import FILE, read_targets
from cea.model.definition import Model
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, describe_pair

TITLES = {
    "must_reproduce": "Must reproduce",
    "held_out": "Held out: observed in cohorts that the model was not fitted to",
    "context": "Context: shown, not a target",
}


def execute(request: Request, command: Sequence[str], out: Console, err: Console, *, with_figures: bool) -> None:
    """Runs all targets. Raises CheckError when one that must be reproduced is missed."""
    output = Output(request, command, err)
    model = request.model()
    targets, published = read_targets(request.inputs, model)
    if not targets:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}, so there is nothing to validate against")
    model_for = models_under(request, model)
    found = compare(targets, model_for)
    frame = comparisons_frame(found)
    beside = compare_published(published, model_for)
    perspective = choose_perspective(model, request.perspective)
    draw = (lambda where: _figures(frame, where)) if with_figures else None
    required = [item for item in found if item.target.role == "must_reproduce"]
    missed = [item.target.label for item in required if not item.met]
    line = f"{len(required) - len(missed)} of {len(required)} figures that must be reproduced are met"
    manifest = output.write(model, perspective, {"validation": frame}, draw, headline=line)
    if request.as_json:
        records = json.loads(frame.to_json(orient="records", double_precision=15))
        out.out(json.dumps({"targets": records, "manifest": manifest.as_dict()}, indent=2, ensure_ascii=False))
    else:
        _print(out, found, beside)
    if missed:
        raise CheckError(f"{len(missed)} figures that must be reproduced are missed: " + "; ".join(missed))
    if not request.as_json:
        out.print(Text(f"All {len(required)} figures that must be reproduced are met."))


def models_under(request: Request, model: Model) -> Callable[[tuple[str, ...]], Model]:
    """What gives the model of a request under further layers; each is read once."""
    models: dict[tuple[str, ...], Model] = {(): model}
    folder = Folder(request.inputs)

    def model_for(layers: tuple[str, ...]) -> Model:
        if layers not in models:
            models[layers] = replace(request, layers=folder.on_top(model.document, request.layers, layers)).model()
        return models[layers]

    return model_for


def _print(out: Console, found: Sequence[Comparison], beside: Sequence[Beside]) -> None:
    for role, title in TITLES.items():
        chosen = [item for item in found if item.target.role == role]
        if chosen:
            print_table(out, target_table(title, chosen))
        if role == "held_out" and (sentence := distance(chosen)):
            out.print(Text(f"{sentence}\n"))
    for item in beside:
        made = describe_pair(item.pair, item.currency, item.effect_unit)
        out.print(Text(f"{item.published.label}: {item.published.found}", style="bold"))
        out.print(Text(f"    this model: {made} ({item.pair.effect:.2f} {item.effect_unit}s gained)"))
        out.print(Text(f"    {item.published.distance}"))
    if beside:
        out.print()


def target_table(title: str, items: Sequence[Comparison]) -> Table:
    """The figures of one role beside the model's."""
    exact = any(item.exponential is not None for item in items)
    judged = any(item.target.tolerance for item in items)
    columns = [("Figure", False), ("Expected", True), ("Model", True), ("Difference", True)]
    columns += [("Matrix exponential", True)] if exact else []
    columns += [("Within", True), ("Met", False)] if judged else []
    made = Table(title, [*columns, ("Grade", False)])
    for item in items:
        target = item.target
        cells = [target.label, _number(target.expected), _number(item.value), _number(item.difference, sign=True)]
        cells += [_number(item.exponential)] if exact else []
        cells += [_number(target.tolerance), {True: "yes", False: "NO", None: NONE}[item.met]] if judged else []
        made.add([*cells, target.source.grade])
    made.notes += _notes(items)
    return made


def _notes(items: Sequence[Comparison]) -> list[str]:
    """Every note after the figures that it is about."""
    labels: dict[str, list[str]] = {}
    for item in items:
        if item.target.source.note:
            labels.setdefault(item.target.source.note, []).append(item.target.label)
    return [f"{' / '.join(named)}: {note}" for note, named in labels.items()]


def distance(items: Sequence[Comparison]) -> str:
    """How far the model is from figures, in a sentence; empty where none has an expected value."""
    apart = [(abs(item.difference), item.target.label) for item in items if item.difference is not None]
    if not apart:
        return ""
    mean = sum(difference for difference, _ in apart) / len(apart)
    most, label = max(apart)
    return (
        f"The model misses the held-out figures by {_number(mean)} on average (mean absolute difference), "
        f"at most {_number(most)} ({label})."
    )


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return NONE
    return f"{value:+.4f}" if sign else f"{value:.4f}"


def _figures(frame: pd.DataFrame, folder: Path) -> list[Path]:
    from cea.reports import figures, style  # noqa: PLC0415 - matplotlib is slow to import

    return style.save(figures.targets(frame), folder / "validation")

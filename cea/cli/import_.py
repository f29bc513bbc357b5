"""`cea import`: the edits in a workbook as a layer of the model."""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cea.cli.options import Request
from cea.engine.results import Results, run
from cea.errors import InputError, Place, Problem, UsageError
from cea.loading.workbook_file import WorkbookInputs, read_workbook
from cea.loading.workbook_layer import WorkbookLayer, workbook_layer
from cea.model.definition import Model
from cea.reports.quantities import figure, per
from cea.reports.run_folder import versions
from cea.reports.terminal import Table, print_table

AGREEMENT = 1e-10
"""Relative difference to the workbook's own results above which it was changed elsewhere, or not recalculated."""
_DETERMINISTIC = 1


@dataclass(frozen=True)
class Agreement:
    """The results of the model under the layer beside those that the workbook shows.

    `largest` is the largest relative difference, None where nothing could be compared, and `reason` why that is.
    """

    largest: float | None
    reason: str = ""


def execute(request: Request, workbook: Path, target: Path | None, out: Console, err: Console) -> None:
    """Reads the workbook, shows what was edited and writes the layer.

    Raises InputError for a workbook that cannot be imported, with every problem, and UsageError for a file that is not
    there, or that is already where the layer would go.
    """
    inputs = read_workbook(workbook)
    file = _target(workbook, target, request)
    asked = replace(request, layers=inputs.layers)
    model = asked.model()
    if model.title != inputs.model:
        what = f"the workbook is of another model, '{inputs.model}'; {request.inputs.as_posix()} is '{model.title}'"
        remedy = "name the folder of its model with --inputs"
        raise InputError([Problem(what, Place(workbook.as_posix(), 0, 0), remedy)])
    unchanged = inputs.input_hash in ("", _hash(asked, inputs, model))
    name = (file or Path(_default_name(workbook))).as_posix()
    found = workbook_layer(inputs, model, name, unchanged=unchanged)
    layered = model.with_layer(found.layer)
    results = run(layered)
    agreement = _compare(inputs, results)
    written = file if file is not None and not found.empty else None
    if written is not None:
        _write(written, found.text)
    notes = _notes(inputs, found, agreement, layered, unchanged=unchanged)
    if request.as_json:
        report = _report(inputs, found, agreement, notes, written)
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
        return
    _print(out, inputs, found, model)
    if not request.quiet:
        for note in notes:
            err.print(Text(f"warning: {note}", style="yellow"))
        _say_where(err, request, inputs, written, agreement)


def _target(workbook: Path, target: Path | None, request: Request) -> Path | None:
    """Where the layer goes; None where it is not written, as with --json alone."""
    if target is None and request.as_json:
        return None
    file = Path(_default_name(workbook)) if target is None else target
    if file.suffix != ".yaml":
        raise UsageError(f"--to {file.as_posix()}: a layer is a file that ends in .yaml")
    if file.exists() and (file.is_dir() or not request.force):
        raise UsageError(f"{file.as_posix()} exists already; name another file with --to, or add --force to replace it")
    return file


def _default_name(workbook: Path) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", workbook.stem.lower()).strip("_")
    return f"scenarios/{words or 'workbook'}.yaml"


def _hash(asked: Request, inputs: WorkbookInputs, model: Model) -> str:
    """The hash of what is here now, put together as the export did."""
    return replace(asked, values=dict(inputs.edits)).manifest(model, inputs.perspective, ()).input_hash


def _compare(inputs: WorkbookInputs, results: Results) -> Agreement:
    """The largest relative difference between the workbook's totals and those of the model under the layer."""
    if inputs.run_mode != _DETERMINISTIC:
        return Agreement(None, "it is not in run mode 1, whose results are those of the base values")
    outcomes, largest = results.outcomes, 0.0
    for kind, values in (("cost", outcomes.cost[0]), ("effect", outcomes.effect[0])):
        for strategy, value in zip(outcomes.strategies, values, strict=True):
            shown = inputs.results.get((kind, strategy))
            if shown is None or not math.isfinite(shown):
                return Agreement(None, f"it shows no {kind} of {strategy}: open it, recalculate and save it")
            largest = max(largest, abs(shown - value) / max(abs(value), 1.0))
    return Agreement(largest)


def _notes(
    inputs: WorkbookInputs, found: WorkbookLayer, agreement: Agreement, layered: Model, *, unchanged: bool
) -> list[str]:
    """What the user should know beside the edits."""
    notes = [] if unchanged else ["the input files have changed since the workbook was exported"]
    own = versions()["cea-model"]
    if inputs.version != own:
        notes.append(f"the workbook was exported by version {inputs.version}, and this is {own}")
    notes += found.notes
    told = "\n".join(notes)
    notes += [
        f"{edit.name} stays at {edit.after:.6g} as in the workbook and is not solved again"
        for edit in found.kept
        if f"{edit.name}, which is solved for" not in told
    ]
    if agreement.largest is None:
        notes.append(f"the workbook's own results were not compared: {agreement.reason}")
    elif agreement.largest > AGREEMENT:
        notes.append(
            f"the workbook shows results that differ by {agreement.largest:.1g} (relative) from the model's: it was "
            "not recalculated after the last edit, or tables or formulas were changed, which an import does not take"
            + ("" if unchanged else ", or it is the change of the model")
        )
    return [*notes, *layered.warnings]


def _write(file: Path, text: str) -> None:
    """Writes the layer whole or not at all."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=file.parent, prefix=f".{file.name}.", delete=False
        ) as handle:
            handle.write(text)
        Path(handle.name).chmod(0o644)
        os.replace(handle.name, file)
    except OSError as error:
        raise UsageError(f"cannot write {file.as_posix()}: {error.strerror}; choose another file with --to") from None


def _report(
    inputs: WorkbookInputs, found: WorkbookLayer, agreement: Agreement, notes: Sequence[str], written: Path | None
) -> Mapping[str, Any]:
    """The JSON object of an import."""
    return {
        "workbook": inputs.path.as_posix(),
        "sha256": inputs.fingerprint,
        "model": inputs.model,
        "layers": list(inputs.layers),
        "changes": [
            {
                "parameter": edit.name, "label": edit.label, "unit": edit.unit,
                "base": edit.before if math.isfinite(edit.before) else None,
                "workbook": edit.after, "cell": str(edit.place), "by": edit.by,
            }
            for edit in found.edits
        ],
        "kept": {edit.name: edit.after for edit in found.kept},
        "threshold": found.threshold,
        "perspective": found.perspective,
        "difference_to_workbook": agreement.largest,
        "warnings": list(notes),
        "layer": found.text if not found.empty else None,
        "file": written.as_posix() if written is not None else None,
    }  # fmt: skip


def _print(out: Console, inputs: WorkbookInputs, found: WorkbookLayer, model: Model) -> None:
    if found.empty:
        out.print(Text("No input of the workbook differs from the model."))
        return
    columns = [("Parameter", False), ("Label", False), ("Base", True), ("Workbook", True), ("Unit", False)]
    made = Table(f"Edits in {inputs.path.name}", columns)
    for edit in found.edits:
        values = [figure(value, 12) if math.isfinite(value) else "-" for value in (edit.before, edit.after)]
        made.add([edit.name, edit.label, *values, per(edit.unit)])
    if found.threshold is not None:
        unit = f"{model.currency} per {model.settings.effect_unit}"
        made.add(["threshold", "Threshold", figure(model.threshold, 12), figure(found.threshold, 12), unit])
    if found.perspective is not None:
        now, then = (model.perspectives[name].label for name in (found.perspective, model.settings.perspective))
        made.add(["perspective", "Perspective", then, now, ""])
    print_table(out, made)


def _say_where(
    err: Console, request: Request, inputs: WorkbookInputs, written: Path | None, agreement: Agreement
) -> None:
    """Where the layer is, how it is run, and that the results agree."""
    if agreement.largest is not None and agreement.largest <= AGREEMENT:
        err.print(Text(f"The workbook's own results agree to {max(agreement.largest, 1e-16):.0e} (relative)."))
    if written is None:
        return
    layers = "".join(f" --layer {name}" for name in (*inputs.layers, written.as_posix()))
    err.print(Text(f"Layer: {written.as_posix()}"))
    err.print(Text(f"Run it: cea run --inputs {request.inputs.as_posix()}{layers}"), soft_wrap=True)

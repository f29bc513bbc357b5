"""`cea check`: is the model sound, with each of its layers?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from cea.cli.options import Request
from cea.engine.results import run
from cea.errors import CeaError, InputError, Problem
from cea.loading.calibration_file import read_calibrations
from cea.loading.contracts_file import read_contracts
from cea.loading.designs_file import read_designs
from cea.loading.folder import Folder
from cea.loading.structures_file import read_structures
from cea.loading.subgroups_file import read_subgroups
from cea.loading.synthesis_file import read_synthesis
from cea.loading.targets_file import read_targets
from cea.model.definition import Model
from cea.reports.catalogue import GRADES


def execute(request: Request, out: Console) -> None:
    """Loads and runs the model, then each layer on top of it. Raises InputError with everything that is wrong."""
    model = request.model()
    run(model, request.perspective)
    problems: list[Problem] = []
    checked, skipped = _layers(request, model, problems)
    targets = _beside(request, model, problems)
    if problems:
        raise InputError(dict.fromkeys(problems))
    facts = _facts(model, checked, skipped, targets)
    if request.as_json:
        out.out(json.dumps({"ok": True, **facts, "warnings": list(model.warnings)}, indent=2))
        return
    grades = ", ".join(f"{count} {grade}" for grade, count in facts["grades"].items())
    out.print(
        Text(
            f"{request.inputs.as_posix()} is sound: {facts['states']} states, {facts['strategies']} strategies, "
            f"{facts['parameters_in_use']} parameters in use ({grades}), {facts['uncertain']} of them with a "
            f"distribution, {facts['sources']} sources, {len(checked)} layers, {targets} validation targets."
        )
    )
    if skipped:
        out.print(Text(f"Not checked on top of this base, made for another currency: {', '.join(skipped)}"))
    for warning in model.warnings:
        out.print(Text(f"warning: {warning}"))


_BESIDE = (read_designs, read_contracts, read_subgroups, read_synthesis, read_calibrations, read_structures)
"""Readers of the files that only some commands need; each returns nothing where there is no file."""


def _beside(request: Request, model: Model, problems: list[Problem]) -> int:
    """Reads the files beside the model; the number of validation targets."""
    targets = 0
    try:
        targets = len(read_targets(request.inputs, model).targets)
    except InputError as error:
        problems.extend(error.problems)
    for read in _BESIDE:
        try:
            read(request.inputs, model)
        except InputError as error:
            problems.extend(error.problems)
    return targets


def _facts(model: Model, checked: Sequence[str], skipped: Sequence[str], targets: int) -> dict[str, Any]:
    """The counts of the JSON object of `cea check`."""
    used = [item for item in model.parameters.values() if item.name in model.used]
    return {
        "parameters": len(model.parameters),
        "parameters_in_use": len(used),
        "uncertain": sum(item.uncertain for item in used),
        "sources": len(model.sources),
        "states": len(model.states),
        "strategies": len(model.strategies),
        "layers_checked": len(checked),
        "layers_for_another_currency": list(skipped),
        "targets": targets,
        "grades": {grade: sum(item.source.grade == grade for item in used) for grade in GRADES},
    }


def _layers(request: Request, model: Model, problems: list[Problem]) -> tuple[list[str], list[str]]:
    """Each layer alone on top of the model; those made for another currency on top of a jurisdiction that has it."""
    folder = Folder(request.inputs)
    checked: list[str] = []
    skipped: list[str] = []
    bases: dict[str, Model] = {model.currency: model}
    waiting = []
    for name in folder.layer_names(model.document):
        if name in {layer.name for layer in model.layers}:
            continue
        try:
            layer = folder.layer(name)
            if layer.requires_currency not in (None, model.currency):
                waiting.append(layer)
                continue
            layered = model.with_layer(layer)
            run(layered)
            bases.setdefault(layered.currency, layered)
            checked.append(name)
        except InputError as error:
            problems.extend(error.problems)
        except CeaError as error:
            problems.append(Problem(f"{name}: {error}"))
    for layer in waiting:
        base = bases.get(layer.requires_currency or "")
        if base is None:
            skipped.append(layer.name)
            continue
        try:
            run(base.with_layer(layer))
            checked.append(layer.name)
        except InputError as error:
            problems.extend(error.problems)
    return checked, skipped

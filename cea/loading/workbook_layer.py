"""From the edits in a workbook to a layer of the model, under which it gives the numbers that the workbook shows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cea.engine.solve import solved_values
from cea.errors import InputError, Place, Problem
from cea.loading.workbook_file import WorkbookInputs, missing
from cea.loading.yaml_reader import parse_yaml
from cea.model import workbook_names as names
from cea.model.definition import Model
from cea.model.document import Node, did_you_mean, shortened
from cea.model.layers import Layer

SAME = 1e-14
"""Numbers that agree to this relative difference are the same: spreadsheet programs keep 15 digits."""
_SOLVED_AGAIN = 1e-13
"""A solved parameter that comes out at this relative distance from the workbook's value has moved."""


@dataclass(frozen=True)
class Edit:
    """A value that the layer sets: what the model has, what the workbook has, and the cell.

    `by` says where it comes from: the workbook, or a value set by hand at the export.
    """

    name: str
    label: str
    unit: str
    before: float
    after: float
    place: Place
    by: str


@dataclass(frozen=True)
class WorkbookLayer:
    """A layer with everything that a workbook changes in its model, and its text as a file.

    `edits` are the changed parameters; `kept` the solved parameters that the edits would move, and that the layer keeps
    at their values without the edits, as the workbook does; `threshold` and `perspective` those chosen in the workbook,
    None where they are the model's; `notes` what else the user should know.
    """

    text: str
    layer: Layer
    edits: tuple[Edit, ...]
    kept: tuple[Edit, ...]
    threshold: float | None
    perspective: str | None
    notes: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether the workbook changes nothing."""
        return not (self.edits or self.kept or self.threshold is not None or self.perspective is not None)


def workbook_layer(inputs: WorkbookInputs, model: Model, name: str, *, unchanged: bool) -> WorkbookLayer:
    """The layer that makes `model` the model of the workbook.

    model: with the layers of the export and no edits. name: of the layer. unchanged: the input files are those of the
    export. Raises InputError, with the cells, for parameters that the model lacks or values that it refuses.
    """
    notes = _check_names(inputs, model, unchanged=unchanged)
    exported = model.with_values(inputs.edits, f"{inputs.path.as_posix()}, {names.EDITS_NAME}")
    solved = solved_values(exported)
    edits = _edits(inputs, model)
    notes += _moved(inputs, exported, solved, {edit.name for edit in edits})
    perspective = _perspective(inputs, model)
    found = WorkbookLayer(
        text="", layer=Layer.from_values({}), edits=edits, kept=(),
        threshold=None if _same(inputs.threshold, model.threshold) else inputs.threshold,
        perspective=None if perspective == model.settings.perspective else perspective, notes=tuple(notes),
    )  # fmt: skip
    found = _written(found, inputs, model, name)
    while more := _released(found, inputs, model, solved):
        found = _written(replace(found, kept=(*found.kept, *more)), inputs, model, name)
    return replace(found, notes=(*found.notes, *_held(found, model, solved)))


def _held(found: WorkbookLayer, model: Model, solved: Mapping[str, float]) -> Iterator[str]:
    """Notes on solved parameters that stay where they are although what they are solved for was edited."""
    edited = {edit.name: edit.after for edit in found.edits}
    for name, value in solved.items():
        solve = model.parameters[name].solve
        targets = sorted(solve.target.names & edited.keys()) if solve is not None and name not in edited else []
        if targets:
            options = " ".join(f"--set {target}={edited[target]:.12g}" for target in targets)
            yield (
                f"{name}, which is solved for {' and '.join(targets)}, stays at {value:.6g} as in the workbook; "
                f"`cea run {options}` solves it again"
            )


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=SAME)


def _check_names(inputs: WorkbookInputs, model: Model, *, unchanged: bool) -> list[str]:
    """Notes on parameters that only one of workbook and model has. Raises InputError where that spoils the import."""
    editable = [name for name, item in model.parameters.items() if item.value is not None or item.solve is not None]
    gone = [name for name in inputs.base if name not in editable]
    problems = missing(inputs, editable) if unchanged else []
    for name in gone:
        if unchanged or not _same(inputs.base[name], inputs.original[name]):
            what = f"the model has no parameter '{shortened(name)}' with a value of its own"
            problems.append(Problem(what, _place(inputs, name), did_you_mean(name, editable)))
    if problems:
        raise InputError(problems)
    new = [name for name in editable if name not in inputs.base]
    return [
        f"{' and '.join(listed)} {said}"
        for listed, said in ((gone, "is no longer in the model"), (new, "is new in the model and stays as it is there"))
        if listed
    ]


def _edits(inputs: WorkbookInputs, model: Model) -> tuple[Edit, ...]:
    """Parameters whose base cell was edited, and those that had been set by hand at the export."""
    solved = solved_values(model)
    edits = []
    for name, after in inputs.base.items():
        edited = not _same(after, inputs.original[name])
        if name not in model.parameters or not (edited or name in inputs.edits):
            continue
        parameter = model.parameters[name]
        before = solved.get(name, math.nan) if parameter.value is None else parameter.value
        value = after if edited else inputs.edits[name]
        by = "edited in the workbook" if edited else "set at the export"
        edits.append(Edit(name, parameter.label, parameter.unit, before, value, _place(inputs, name), by))
    return tuple(edits)


def _moved(inputs: WorkbookInputs, model: Model, solved: Mapping[str, float], edited: set[str]) -> list[str]:
    """Notes on values that the model has changed since the export."""
    notes = []
    for name, then in inputs.original.items():
        parameter = model.parameters.get(name)
        now = solved.get(name, parameter.value if parameter else None)
        if parameter is None or now is None or name in inputs.edits or _same(now, then):
            continue
        kept = "the workbook's value is taken" if name in edited else "it was not edited, so the model's value stays"
        notes.append(f"{name} was {then:g} at the export and is {now:g} in the model now; {kept}")
    return notes


def _perspective(inputs: WorkbookInputs, model: Model) -> str:
    """The perspective chosen in the workbook, by its name or label. Raises InputError."""
    for name, perspective in model.perspectives.items():
        if inputs.perspective_choice in (name, perspective.label):
            return name
    what = f"the model has no perspective '{shortened(inputs.perspective_choice)}'"
    remedy = did_you_mean(inputs.perspective_choice, (item.label for item in model.perspectives.values()))
    raise InputError([Problem(what, inputs.places[names.PERSPECTIVE_CHOICE_NAME], remedy)])


def _released(
    found: WorkbookLayer, inputs: WorkbookInputs, model: Model, solved: Mapping[str, float]
) -> list[Edit]:
    """Solved parameters that would move under the layer, at the values that they have without it."""
    layered = model.with_layer(found.layer)
    waiting = [item for item in layered.parameters.values() if item.solve is not None]
    try:
        now: Mapping[str, float] = solved_values(layered)
    except InputError:
        now = {}  # no value meets the target under the edits, which is no matter in the workbook
    return [
        Edit(item.name, item.label, item.unit, now.get(item.name, math.nan), value, _place(inputs, item.name), "kept")
        for item in waiting
        if not math.isclose(now.get(item.name, math.nan), value := solved[item.name], rel_tol=_SOLVED_AGAIN)
    ]


def _place(inputs: WorkbookInputs, parameter: str) -> Place:
    return inputs.places.get(names.base_name(parameter), Place(inputs.path.as_posix(), 0, 0))


def _written(found: WorkbookLayer, inputs: WorkbookInputs, model: Model, name: str) -> WorkbookLayer:
    """The same with its text, and the layer as it is read from that text, except that problems name the cells."""
    text = _text(found, inputs, model)
    root = parse_yaml(text, name, name)
    cells: dict[tuple[str, str], Place] = {}
    cells |= {("parameters", edit.name): edit.place for edit in (*found.edits, *found.kept)}
    cells[("thresholds", "default")] = inputs.places[names.THRESHOLD_NAME]
    cells[("settings", "perspective")] = inputs.places[names.PERSPECTIVE_CHOICE_NAME]
    for path, place in cells.items():
        node: Node | None = root
        for step in path:
            node = node.child(step) if node is not None else None
        if node is not None:
            root = root.with_entry(path, Node(node.value, place, place, name))
    return replace(found, text=text, layer=Layer.from_node(name, root))


def _text(found: WorkbookLayer, inputs: WorkbookInputs, model: Model) -> str:
    """The layer as a file. Texts are quoted as JSON writes them, which YAML reads."""
    file = inputs.path.name
    note = f"edited in the workbook {file} (sha256 {inputs.fingerprint[:12]}; inputs {inputs.input_hash or 'unknown'})"
    above = ", ".join(inputs.layers) or "the model itself"
    lines = [
        f"label: {_quoted(f'Edits in {file}')}",
        f"description: {_quoted(f'Written by an import of {file}; made to stand on top of {above}.')}",
        f"requires: {{currency: {_quoted(model.currency)}}}",
        f"source: {{grade: assumption, note: {_quoted(note)}}}",
    ]
    if found.perspective is not None:
        lines.append(f"settings: {{perspective: {_quoted(found.perspective)}}}")
    if found.threshold is not None:
        values = ", ".join(repr(value) for value in sorted({*model.thresholds, found.threshold}))
        lines.append(
            f"thresholds: {{values: [{values}], default: {found.threshold!r}, "
            f"source: {{grade: assumption, note: {_quoted(note)}}}}}"
        )
    if found.edits or found.kept:
        lines.append("parameters:")
    for edit in found.edits:
        unit = "" if edit.unit == "1" else f" {_line(edit.unit)}"
        lines.append(f"  # {_line(edit.label)}; {edit.before:g}{unit} before")
        lines.append(f"  {edit.name}: {edit.after!r}")
    if found.kept:
        lines.append("  # Solved parameters stay as in the workbook; without these lines they are solved again.")
    lines += [f"  {edit.name}: {edit.after!r}" for edit in found.kept]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    return shortened(text, 100)


def _quoted(text: str) -> str:
    return json.dumps(shortened(text, 400), ensure_ascii=False)

"""What somebody edited in the Excel workbook, as a setting that can be looked at before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cea.dashboard import computing
from cea.dashboard.computing import Source
from cea.dashboard.setting import Setting, from_parts
from cea.errors import InputError, Place, Problem
from cea.loading.workbook_file import read_workbook
from cea.loading.workbook_layer import Edit, workbook_layer

MAX_MEGABYTES = 20
"""Largest workbook that is taken."""


@dataclass(frozen=True)
class Imported:
    """A workbook's setting, what it changes in the model, and what to know of it."""

    setting: Setting
    edits: tuple[Edit, ...]
    notes: tuple[str, ...]


def read(source: Source, data: bytes) -> Imported:
    """The setting in an uploaded workbook. Raises InputError with every reason why it is not taken."""
    known = computing.shelf(source).known
    with TemporaryDirectory() as folder:
        path = Path(folder) / "workbook.xlsx"
        path.write_bytes(data)
        inputs = read_workbook(path)
    setting, said = from_parts(known, inputs.layers, None, None, {})
    model = computing.layered(source, setting.layers)
    if inputs.model != model.title:
        place = Place("the workbook", 0, 0)
        what = f"the workbook is of another model, '{inputs.model}'"
        raise InputError([Problem(what, place, "load one that was made from this model")])
    found = workbook_layer(inputs, model, "workbook", unchanged=True)
    values = {edit.name: edit.after for edit in (*found.edits, *found.kept)}
    chosen, more = from_parts(known, setting.layers, found.perspective, found.threshold, values)
    return Imported(chosen, (*found.edits, *found.kept), (*said, *more, *found.notes))

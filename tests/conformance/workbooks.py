"""Workbooks of short models for the conformance tests, and what they must agree with."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cea
from cea.reports.workbook import write_workbook
from tests.conformance.recalculation import Agreement, Workbook, compare, recalculate
from tests.models import ROOT, layer, shipped

SHEETS_OF_VALUES = ("Control", "README", "Checks", "Parameters", "Random draws", "PSA inputs", "PSA results")
"""Sheets that also say what was changed, or hold what an edit does not reach."""


def short(model: cea.Model, years: float) -> cea.Model:
    """A model with another horizon, so that its workbook is small."""
    until = ", until_age: null" if model.settings.until_age is not None else ""
    return model.with_layer(layer(f"time: {{years: {years}{until}}}", "short"))


def held(model: cea.Model, values: Mapping[str, float], solved: Mapping[str, float]) -> cea.Model:
    """The model with other values and its solved parameters as they were."""
    return model.with_values({**solved, **values})


def random_edits(model: cea.Model, seed: int, count: int = 6) -> dict[str, float]:
    """Values for some of the parameters that have a range, within it."""
    source = random.Random(seed)
    spans = {name: item.range for name, item in model.parameters.items() if item.range and item.value is not None}
    chosen = source.sample(sorted(spans), count)
    return {name: source.uniform(*spans[name]) for name in chosen}


def write(folder: Path, name: str, model: cea.Model, **options: object) -> Path:
    """Writes a workbook and gives its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.xlsx"
    write_workbook(model, path, **options)  # type: ignore[arg-type]
    return path


def agreements(files: Sequence[Path], folder: Path) -> dict[str, dict[str, Agreement]]:
    """Every formula cell of every file against its recalculation, by file and sheet."""
    found = recalculate(files, folder)
    return {file.stem: compare(Workbook(file), Workbook(copy)) for file, copy in found.items()}


def calculation_sheets(book: Workbook) -> list[str]:
    """The sheets whose numbers follow the inputs."""
    return [name for name in book.sheets if name not in SHEETS_OF_VALUES]


def wrong(found: Iterable[Mapping[str, Agreement]]) -> list[str]:
    """Everything that does not agree, in words."""
    return [words for sheets in found for agreement in sheets.values() for words in agreement.wrong]


def scenarios() -> dict[str, cea.Model]:
    """The shipped model under each of its scenarios, in a jurisdiction that allows it."""
    found = {}
    for file in sorted((ROOT / "inputs" / "cirrhosis" / "scenarios").glob("*.yaml")):
        name = f"scenarios/{file.stem}"
        try:
            found[file.stem] = shipped("us", name)
        except cea.InputError:
            found[file.stem] = shipped("england", name)
    return found

"""The first sheet: what the workbook is, how to use it, its colours, its sheets, and where it is from."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cea.model import workbook_names
from cea.reports.catalogue import GRADES
from cea.reports.run_folder import versions
from cea.reports.workbook.book import Book, Sheet
from cea.reports.workbook.context import Context

HOW = (
    "Change inputs in the yellow cells only: base cases on Parameters, choices on Control, columns on Tables.",
    "Everything else is a formula or a number that the program wrote. Nothing is hidden, locked or a macro.",
    "To go back, copy the column Original over the column Base case on Parameters.",
    "The light on Control sums up all checks; a red one names what is wrong on the sheet Checks.",
    "Run mode 2 replays one draw of the probabilistic analysis through all formulas; run mode 3 draws anew with every "
    "recalculation (key F9).",
    "Sheets of the probabilistic, sensitivity and scenario analyses hold values: a spreadsheet does not rerun them. "
    "They say so when an input is changed.",
    "Solved parameters are fixed numbers here; Parameters says when one is stale. The horizon and the jurisdiction are "
    "fixed too: write a new workbook for others.",
    "A changed base case leaves the distribution of the parameter where it was: run modes 2 and 3 do not follow it.",
)
COLOURS = (
    ("input", "Input: can be changed (blue on yellow, with a border)"),
    ("calculation", "Formula (black)"),
    ("link", "Formula that only shows a cell of another sheet (green)"),
    ("static", "Number that no formula changes (grey)"),
    ("total", "Total (shaded, with lines)"),
    ("warning", "Warning (bold, red)"),
)


def add(book: Book, context: Context, sheet: Sheet) -> None:
    """Writes the sheet; last, because it lists all others."""
    model = context.model
    sheet.text(0, 0, model.title, "title")
    sheet.text(1, 0, model.question, "subtitle_wrapped")
    sheet.worksheet.merge_range(1, 0, 1, 2, model.question, book.style("subtitle_wrapped"))
    sheet.worksheet.set_row(1, 30)
    row = _lines(sheet, 3, "How to use it", HOW)
    row = _colours(sheet, row)
    row = _sheets(book, sheet, row)
    row = _origin(book, context, sheet, row)
    row = _grades(context, sheet, row)
    sheet.widths(26, 60, 62)
    sheet.print_setup(row - 1, 2, landscape=False)


def _title(sheet: Sheet, row: int, title: str) -> int:
    sheet.fill(row, 0, 2, "band")
    sheet.text(row, 0, title, "band")
    return row + 1


def _lines(sheet: Sheet, row: int, title: str, lines: tuple[str, ...]) -> int:
    row = _title(sheet, row, title)
    for number, line in enumerate(lines, 1):
        sheet.text(row, 0, f"{number}.", "number_of_line")
        sheet.worksheet.merge_range(row, 1, row, 2, "", sheet.book.style("wrapped"))
        sheet.text(row, 1, line, "wrapped")
        sheet.fit(row, (line, 122))
        row += 1
    return row + 1


def _colours(sheet: Sheet, row: int) -> int:
    row = _title(sheet, row, "Colours")
    for role, meaning in COLOURS:
        if role == "warning":
            sheet.text(row, 0, "stale", role)
        else:
            sheet.number(row, 0, 0.123, role, "effect")
        sheet.text(row, 1, meaning, "indented")
        row += 1
    return row + 1


def _sheets(book: Book, sheet: Sheet, row: int) -> int:
    row = _title(sheet, row, "Sheets")
    for other in book.sheets.values():
        sheet.worksheet.write_url(row, 0, f"internal:{other.quoted}!A1", book.style("url"), other.name)
        sheet.worksheet.merge_range(row, 1, row, 2, "", book.style("wrapped"))
        sheet.text(row, 1, other.purpose, "wrapped")
        row += 1
    return row + 1


def _origin(book: Book, context: Context, sheet: Sheet, row: int) -> int:
    """Where the workbook is from; an import reads some of it by name."""
    row = _title(sheet, row, "Where it is from")
    for label, value, name in _facts(context):
        sheet.text(row, 0, label, "label_top")
        sheet.worksheet.merge_range(row, 1, row, 2, "", book.style("wrapped"))
        if isinstance(value, str):
            sheet.text(row, 1, value, "wrapped")
        else:
            sheet.number(row, 1, value, "left", "whole")
        if name:
            book.define(name, sheet.at(row, 1))
        row += 1
    return row + 1


def _facts(context: Context) -> Iterator[tuple[str, str | float, str]]:
    """Label, value and the defined name of what an import reads."""
    model, manifest = context.model, context.manifest
    layers = [layer.name for layer in model.layers if not layer.edit]
    edits = {
        name: node.value for layer in model.layers if layer.edit for name, node in layer.parameter_values().items()
    }
    yield "Model", model.title, workbook_names.MODEL_NAME
    yield "Jurisdiction", model.settings.country or "-", ""
    yield "Layers", ", ".join(layers), workbook_names.LAYERS_NAME
    yield "Values set by hand", json.dumps(edits), workbook_names.EDITS_NAME
    yield "Perspective when written", context.results.perspective, workbook_names.PERSPECTIVE_NAME
    if context.draws is not None:
        seed = "" if context.draws.seed is None else f", seed {context.draws.seed}"
        yield "Draws", f"{context.draws.n:,} by {context.draws.sampler or 'another program'}{seed}", ""
    yield "Hash of the inputs", manifest.input_hash if manifest else "", workbook_names.HASH_NAME
    yield "Program version", versions()["cea-model"], workbook_names.VERSION_NAME
    if manifest is not None and manifest.commit:
        yield "Commit of the inputs", manifest.commit, ""
    yield "Layout of the workbook", float(workbook_names.FORMAT), workbook_names.FORMAT_NAME
    yield "Limits", "The model is not advice. How well each value is known stands on Parameters.", ""


def _grades(context: Context, sheet: Sheet, row: int) -> int:
    row = _title(sheet, row, "How well the values are known")
    given: list[str] = [item.source.grade for item in context.model.parameters.values()]
    for grade, meaning in GRADES.items():
        sheet.text(row, 0, grade.capitalize(), f"grade_{grade}")
        sheet.text(row, 1, f"{given.count(grade)} of {len(given)} parameters: {meaning}")
        row += 1
    return row

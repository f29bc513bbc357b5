"""The lookup tables of the model, side by side; each column has a name by which formulas read it."""

from __future__ import annotations

import math

import numpy as np

from cea.model.definition import Table
from cea.reports.catalogue import source_cells
from cea.reports.quantities import per
from cea.reports.workbook.addresses import TABLES
from cea.reports.workbook.book import NO_VALUE, Book, Sheet, cell, span
from cea.reports.workbook.context import Context

TITLE, SOURCE, CHANGED, UNTIL, HEADER, NAME, UNIT, TOP = 2, 3, 4, 5, 7, 8, 9, 10
"""Rows of a table, from 0."""
_EXPLANATION = (
    "The last row whose key is at or below the one asked for is taken. Cells in yellow can be changed; the import of a "
    "workbook does not take such changes over."
)


def add(book: Book, context: Context) -> None:
    """Writes the sheet, if the model has tables, and enters their names in the layout."""
    model = context.model
    if not model.tables:
        return
    sheet = book.sheet(TABLES, "Lookup tables (such as life tables); formulas take the last row at or below the key")
    sheet.text(0, 0, "Tables", "title")
    sheet.text(1, 0, _EXPLANATION, "note")
    column, lowest = 0, 0
    for table in model.tables.values():
        column = _table(book, context, sheet, table, column) + 2
        lowest = max(lowest, TOP + len(table.numeric.keys) - 1)
    sheet.worksheet.freeze_panes(TOP, 0)
    sheet.worksheet.set_column(0, column, 13)
    sheet.print_setup(lowest, column - 2, repeat_rows=(HEADER, UNIT), landscape=False)


def _table(book: Book, context: Context, sheet: Sheet, table: Table, left: int) -> int:
    """Writes a table with its first column at `left`; gives its last column."""
    layout, keys = context.layout, table.numeric.keys
    bottom = TOP + len(keys) - 1
    source = source_cells(context.model, table.source)
    words = [source["citation"] or source["source"], source["where"], source["url"], source["grade"], source["note"]]
    sheet.text(TITLE, left, table.name.replace("_", " ").capitalize(), "section")
    sheet.fill(TITLE, left + 1, left + len(table.numeric.columns), "section")
    sheet.text(SOURCE, left, "; ".join(word for word in words if word), "note")
    sheet.text(UNTIL, left, "Keys end below")
    sheet.number(UNTIL, left + 1, table.numeric.until, "static")
    book.define(layout.until(table.name), sheet.at(UNTIL, left + 1))
    columns = [("key", layout.table(table.name, None), per(table.key_unit), keys)]
    columns += [(table.headers[name], layout.table(table.name, name), per(table.units[name]), values)
                for name, values in table.numeric.columns.items()]  # fmt: skip
    sums = []
    for position, (header, name, unit, values) in enumerate(columns, left):
        sheet.text(HEADER, position, header, "header_right")
        sheet.text(NAME, position, name, "name")
        sheet.text(UNIT, position, unit, "unit")
        for row, value in enumerate(values.tolist(), TOP):
            if math.isfinite(value):
                sheet.number(row, position, value, "static" if position == left else "input")
            else:
                sheet.formula(row, position, "NA()", NO_VALUE)
        book.define(name, sheet.across(TOP, position, bottom))
        sums.append((position, float(np.nansum(values))))
    _changed(sheet, context, left, bottom, sums)
    return left + len(columns) - 1


def _changed(sheet: Sheet, context: Context, left: int, bottom: int, sums: list[tuple[int, float]]) -> None:
    """Whether the table was edited, by the sums of its columns, which stand above them."""
    sheet.text(CHANGED, left, "Columns changed")
    tests = []
    for position, total in sums[1:]:
        sheet.text(UNTIL + 1, left, "Sums when written")
        sheet.number(UNTIL + 1, position, total, "static")
        column, was = span(TOP, position, bottom, position), cell(UNTIL + 1, position)
        tests.append(f'IF(ABS(SUMIF({column},"<1E300")-{was})<=1E-9*MAX(1,ABS({was})),0,1)')
    sheet.formula(CHANGED, left + 1, "+".join(tests) or "0", 0.0, "calculation", "whole")
    context.layout.changes.append(sheet.at(CHANGED, left + 1))

"""Everything that must hold, as formulas, and the count of what does not."""

from __future__ import annotations

from cea.reports.workbook.addresses import DETERMINISTIC
from cea.reports.workbook.book import Book, Sheet, cell, literal
from cea.reports.workbook.context import Context

HEADER, TOP = 4, 5
SHEET, WHAT, HOLDS, NOW, EXPORTED = range(5)
PASS, FAIL = "pass", "FAIL"
AGREEMENT = 1e-9
"""Largest relative difference from the numbers of the program that wrote the workbook."""


def add(book: Book, context: Context, sheet: Sheet) -> None:
    """Writes the sheet: the checks that other sheets asked for, then every total against the program's own."""
    sheet.text(0, 0, "Checks", "title")
    sheet.text(1, 0, "Each line is a formula. The light on Control passes when all lines do.", "note")
    sheet.row(HEADER, SHEET, ("Sheet", "What must hold", "Holds?"))
    sheet.row(HEADER, NOW, ("Now", "When written"), "header_right")
    row = TOP
    for check in book.checks:
        sheet.text(row, SHEET, check.sheet)
        sheet.text(row, WHAT, check.what, "wrapped")
        sheet.fit(row, (check.what, 96))
        formula = f'IF(ISERROR({check.formula}),"{FAIL}",IF({check.formula},"{PASS}","{FAIL}"))'
        sheet.formula(row, HOLDS, formula, PASS if check.value else FAIL, "check")
        row += 1
    row = _totals(context, sheet, row)
    name = context.layout.name("checks_failed")
    failed = sum(not check.value for check in book.checks)
    sheet.text(2, WHAT, "Checks that fail", "label")
    sheet.formula(2, HOLDS, f'COUNTIF({cell(TOP, HOLDS)}:{cell(row - 1, HOLDS)},"{FAIL}")', failed, "check", "whole")
    book.define(name, sheet.at(2, HOLDS))
    _set_up(sheet, row)


def _totals(context: Context, sheet: Sheet, row: int) -> int:
    """While nothing is changed, the totals are those of the program, which has its own code for all of it."""
    layout, frame = context.layout, context.results.totals_frame()
    unchanged = f"AND({layout.name('run_mode')}={DETERMINISTIC},{layout.name('inputs_changed')}=0)"
    for strategy, values in frame.set_index("strategy").iterrows():
        for quantity, value in values.items():
            label = context.labels[str(strategy)]
            words = str(quantity).replace("_", " ").replace("effect", context.model.settings.effect_unit + "s")
            sheet.text(row, SHEET, "Results")
            sheet.text(row, WHAT, f"{label}: {words} as the program found it, while nothing is changed", "wrapped")
            address, was = layout.result(str(strategy), str(quantity)), cell(row, EXPORTED)
            sheet.formula(row, NOW, address, float(value), "link", "money_2")
            sheet.number(row, EXPORTED, float(value), "static", "money_2")
            close = f"ABS({cell(row, NOW)}-{was})<={literal(AGREEMENT)}*MAX(1,ABS({was}))"
            formula = f'IF({unchanged},IF(ISERROR({address}),"{FAIL}",IF({close},"{PASS}","{FAIL}")),"{PASS}")'
            sheet.formula(row, HOLDS, formula, PASS, "check")
            row += 1
    return row


def _set_up(sheet: Sheet, row: int) -> None:
    sheet.widths(24, 96, 12, 18, 18)
    sheet.worksheet.freeze_panes(TOP, 0)
    for words, fill, ink in ((PASS, "#E2EFDA", "#375623"), (FAIL, "#F8CBAD", "#9C0006")):
        style = sheet.book.workbook.add_format({"bg_color": fill, "font_color": ink})
        rule = {"type": "cell", "criteria": "==", "value": f'"{words}"', "format": style}
        sheet.worksheet.conditional_format(TOP, HOLDS, row - 1, HOLDS, rule)
    sheet.print_setup(row - 1, EXPORTED, repeat_rows=(HEADER, HEADER))

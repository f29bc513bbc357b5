"""What has one value for a strategy: its switches, the start of the cohort, and formulas that do not vary over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from cea.engine.cohort import start_shares
from cea.formula import to_text
from cea.model.check import switch_names
from cea.reports.workbook.addresses import definition
from cea.reports.workbook.book import Book, Sheet, cell
from cea.reports.workbook.clock_columns import describe
from cea.reports.workbook.columns import cached
from cea.reports.workbook.context import Context
from cea.reports.workbook.styles import number_for

HEADER, TOP = 4, 5
LABEL, NAME, UNIT, TEXT, FIRST = range(5)


def add(book: Book, context: Context, sheet: Sheet) -> None:
    """Writes the sheet; each value gets a name on the sheet of its strategy."""
    strategies = context.results.strategies
    sheet.text(0, 0, "Formulas that do not vary over time", "title")
    words = "Strategies differ by switches only. Each value is known under its name on the sheet of its strategy."
    sheet.text(1, 0, words, "note")
    labels = list(context.labels.values())
    sheet.row(HEADER, 0, ("What", "Name", "Unit", "Formula of the model"))
    sheet.row(HEADER, FIRST, labels, "header_right")
    sheet.fit(HEADER, *((label, 16) for label in labels))
    row = _switches(book, context, sheet, TOP)
    row = _start(book, context, sheet, row)
    row = _constants(book, context, sheet, row)
    row = _series(context, sheet, row)
    sheet.widths(46, 30, 14, 76, *[16] * len(strategies))
    sheet.worksheet.freeze_panes(TOP, 2)
    sheet.print_setup(row - 1, FIRST + len(strategies) - 1, repeat_rows=(HEADER, HEADER))


def _section(sheet: Sheet, row: int, text: str, strategies: Sequence[str]) -> int:
    sheet.fill(row, 0, FIRST + len(strategies) - 1, "band")
    sheet.text(row, 0, text, "band")
    return row + 1


def _define(book: Book, context: Context, sheet: Sheet, row: int, name: str) -> None:
    for position, strategy in enumerate(context.results.strategies):
        own = book.sheets[context.layout.strategy_sheet(strategy)]
        book.define(name, sheet.at(row, FIRST + position), own)


def _switches(book: Book, context: Context, sheet: Sheet, row: int) -> int:
    model, strategies = context.model, context.results.strategies
    row = _section(sheet, row, "Switches of the strategies", strategies)
    for switch in switch_names(model):
        sheet.text(row, LABEL, switch.replace("_", " ").capitalize())
        sheet.text(row, NAME, switch, "code")
        sheet.text(row, TEXT, "1 where the strategy has it, else 0", "note")
        for position, strategy in enumerate(strategies):
            sheet.number(row, FIRST + position, model.declared_strategies[strategy].switches.get(switch, 0.0), "static")
        _define(book, context, sheet, row, switch)
        row += 1
    return row + 1


def _start(book: Book, context: Context, sheet: Sheet, row: int) -> int:
    model, layout, strategies = context.model, context.layout, context.results.strategies
    row = _section(sheet, row, "Share of the cohort that starts in each state", strategies)
    shares = start_shares(model, context.results.cohort.scope)[0, 0]
    stated = [state for state, term in model.start.items() if term is not None]
    rows = {state: row + k for k, state in enumerate(model.start)}
    for state, term in model.start.items():
        here = rows[state]
        sheet.text(here, LABEL, model.states[state].label)
        sheet.text(here, NAME, layout.start(state), "code")
        sheet.text(here, TEXT, "what is left" if term is None else to_text(term.expression), "formula_text")
        for position in range(len(strategies)):
            others = "+".join(cell(rows[other], FIRST + position) for other in stated) or "0"
            text = f"1-({others})" if term is None else layout.cell_text(term, layout.live)
            value = float(shares[list(model.states).index(state)])
            sheet.formula(here, FIRST + position, text, value, "calculation", "share")
        _define(book, context, sheet, here, layout.start(state))
    return row + len(model.start) + 1


def _constants(book: Book, context: Context, sheet: Sheet, row: int) -> int:
    model, layout, strategies = context.model, context.layout, context.results.strategies
    names = [name for name in model.order if layout.places.get(name) == "constant"]
    if not names:
        return row
    row = _section(sheet, row, "Formulas", strategies)
    rows = {name: row + k for k, name in enumerate(names)}
    places = {name: TOP + 1 + k for k, name in enumerate(switch_names(model))} | rows
    for name, here in rows.items():
        _describe(context, sheet, here, name)
        term = definition(model, name)
        values = np.broadcast_to(np.atleast_3d(context.results.cohort.scope.names[name])[0, :, 0], (len(strategies),))
        for column, value in enumerate(values.tolist(), FIRST):
            known = {other: cell(place, column) for other, place in places.items()}
            if term is None:
                text = known[model.parameters[name].same_as or ""]
            else:
                text = layout.cell_text(term, partial(_known, known))
            sheet.formula(here, column, text, cached(value), "calculation", number_for(value))
        _define(book, context, sheet, here, name)
    return row + len(names) + 1


def _known(cells: Mapping[str, str], name: str) -> str:
    """The cell of a name, or the name itself where it is one of the whole workbook."""
    return cells.get(name, name)


def _describe(context: Context, sheet: Sheet, row: int, name: str) -> None:
    """Label, name, unit and the formula as the model has it."""
    label, unit = describe(context.model, name)
    term = definition(context.model, name)
    text = to_text(term.expression) if term is not None else context.model.parameters[name].same_as or ""
    sheet.text(row, LABEL, label, "wrapped")
    sheet.text(row, NAME, name, "code")
    sheet.text(row, UNIT, unit)
    sheet.text(row, TEXT, text, "formula_text")
    sheet.fit(row, (label, 46), (text, 76))


def _series(context: Context, sheet: Sheet, row: int) -> int:
    """The formulas that vary over time, as text: they are computed on the sheets of the strategies."""
    model, strategies = context.model, context.results.strategies
    names = [name for name in model.order if context.layout.places.get(name) == "series"]
    if not names:
        return row
    row = _section(sheet, row, "Formulas that vary over time, on the sheets of the strategies", strategies)
    for here, name in enumerate(names, row):
        _describe(context, sheet, here, name)
    return row + len(names) + 1

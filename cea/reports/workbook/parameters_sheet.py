"""The parameters: the live value that results are computed from, the base case that can be edited, where it is from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cea.formula import to_text
from cea.model.definition import Model, Parameter
from cea.model.workbook_names import original_name
from cea.reports.catalogue import definition, source_cells
from cea.reports.quantities import span
from cea.reports.workbook.addresses import PSA_HEADER_ROW, PSA_INPUTS, RANDOM_DRAW, REPLAY
from cea.reports.workbook.book import Book, Sheet, cell, letter, literal
from cea.reports.workbook.context import Context
from cea.reports.workbook.styles import number_as_given, number_for

HEADER, TOP = 4, 5
(
    LABEL,
    NAME,
    UNIT,
    LIVE,
    BASE,
    ROW_K,
    RANDOM,
    CHANGED,
    STATUS,
    ORIGINAL,
    SPREAD,
    LOW,
    HIGH,
    SOURCE,
    WHERE,
    URL,
    GRADE,
    NOTE,
) = range(18)
_HEADERS = (
    "Parameter", "Name in formulas", "Unit", "Live value", "Base case (edit here)", "Draw of the chosen row",
    "Random draw", "Changed?", "Status", "Original", "Distribution", "Range, low", "Range, high", "Source", "Where",
    "Link", "Grade", "Note",
)  # fmt: skip
_WIDTHS = (42, 32, 11, 13, 13, 13, 13, 10, 22, 13, 40, 11, 11, 52, 18, 28, 12, 100)
_EXPLANATION = (
    "Edit the yellow cells only. The live value is what all formulas read: the base case, a row of the probabilistic "
    "analysis, or a random draw, as the run mode on Control says."
)
CHANGED_WORD, STALE = "changed", "STALE"
_MOST_INPUTS = 150


@dataclass(frozen=True)
class _Rows:
    """Where parameters stand, and the cells and values of their random draws."""

    rows: Mapping[str, int]
    random: Mapping[str, tuple[str, float]]


def add(book: Book, context: Context, sheet: Sheet, random: Mapping[str, tuple[str, float]]) -> None:
    """Writes the sheet; defines the names of live and base cells."""
    sheet.text(0, 0, "Parameters", "title")
    sheet.text(1, 0, _EXPLANATION, "note")
    sheet.row(HEADER, 0, _HEADERS)
    groups: dict[str, list[Parameter]] = {}
    for item in context.model.parameters.values():
        groups.setdefault(item.group or "Other", []).append(item)
    places = _Rows(dict(_placed(groups)), random)
    row = TOP
    for group, items in groups.items():
        sheet.fill(row, 0, NOTE, "band")
        sheet.text(row, 0, group, "band")
        for item in items:
            _write(book, context, sheet, item, places)
        row += len(items) + 1
    context.layout.changes.append(f'COUNTIF({sheet.across(TOP, CHANGED, row - 1)},"{CHANGED_WORD}")')
    if any(item.solve is not None for item in context.model.parameters.values()):
        status = sheet.across(TOP, STATUS, row - 1)
        context.layout.stale_values.append(f'COUNTIF({status},"{STALE}*")')
    _set_up(sheet, row - 1)


def _placed(groups: Mapping[str, list[Parameter]]) -> Iterator[tuple[str, int]]:
    row = TOP
    for items in groups.values():
        yield from ((item.name, row + 1 + position) for position, item in enumerate(items))
        row += len(items) + 1


def _set_up(sheet: Sheet, last: int) -> None:
    sheet.widths(*_WIDTHS)
    sheet.worksheet.set_row(HEADER, 32)
    sheet.worksheet.freeze_panes(TOP, 1)
    sheet.print_setup(last, NOTE, repeat_rows=(HEADER, HEADER), repeat_columns=(0, 0), pages_wide=2)


def _write(book: Book, context: Context, sheet: Sheet, item: Parameter, places: _Rows) -> None:
    row, layout = places.rows[item.name], context.layout
    sheet.text(row, LABEL, item.label, "wrapped")
    sheet.text(row, NAME, item.name, "code")
    sheet.text(row, UNIT, item.unit if item.unit != "1" else "")
    base = layout.base(item.name)
    original = item.value if item.value is not None else context.results.solved.get(item.name)
    if base is not None and original is not None:
        sheet.number(row, BASE, original, "input", number_as_given(original))
        sheet.number(row, ORIGINAL, original, "static", number_as_given(original))
        book.define(base, sheet.at(row, BASE))
        book.define(original_name(item.name), sheet.at(row, ORIGINAL))
        _validate(sheet, row, item)
        here, was = cell(row, BASE), cell(row, ORIGINAL)
        sheet.formula(row, CHANGED, f'IF({here}={was},"","{CHANGED_WORD}")', "", "warning")
    _live(book, context, sheet, item, places)
    _status(context, sheet, item, places)
    _describe(context.model, sheet, item, row)


def _live(book: Book, context: Context, sheet: Sheet, item: Parameter, places: _Rows) -> None:
    """The live value, and the draws that it can take."""
    row, layout = places.rows[item.name], context.layout
    if layout.places[item.name] != "parameter":
        sheet.text(row, LIVE, "by strategy", "note")
        return
    value = float(np.ravel(context.results.cohort.scope.names[item.name])[0])
    if item.term is not None:
        formula = layout.cell_text(item.term, layout.live)
    elif item.same_as is not None:
        formula = item.same_as
    else:
        formula = _chosen(context, sheet, item, places)
    sheet.formula(row, LIVE, formula, value, "result", number_as_given(value))
    book.define(layout.live(item.name), sheet.at(row, LIVE))


def _chosen(context: Context, sheet: Sheet, item: Parameter, places: _Rows) -> str:
    """The base case, or the draw that the run mode asks for where the parameter is drawn."""
    row, mode = places.rows[item.name], context.layout.name("run_mode")
    text = cell(row, BASE)
    if item.name in places.random:
        address, middle = places.random[item.name]
        sheet.formula(row, RANDOM, address, middle, "link", number_for(middle))
        text = f"IF({mode}={RANDOM_DRAW},{cell(row, RANDOM)},{text})"
    draws = context.draws
    if draws is not None and item.name in draws.names:
        position = draws.names.index(item.name)
        column, first = letter(1 + position), PSA_HEADER_ROW + 2
        values = f"'{PSA_INPUTS}'!${column}${first}:${column}${first + draws.n - 1}"
        row_k = f"INDEX({values},{context.layout.name('psa_row')})"
        value = float(draws.values[0, position])
        sheet.formula(row, ROW_K, row_k, value, "link", number_for(value))
        text = f"IF({mode}={REPLAY},{cell(row, ROW_K)},{text})"
    return text


def _validate(sheet: Sheet, row: int, item: Parameter) -> None:
    low, high = item.bounds
    allowed = span(low, high) or "any number"
    options: dict[str, Any] = {
        "validate": "decimal",
        "criteria": "between",
        "minimum": literal(-1e300 if low is None else low),
        "maximum": literal(1e300 if high is None else high),
        "input_title": item.name[:32],
        "input_message": f"{item.label}: {allowed} ({item.unit})"[:255],
        "error_title": "Not possible",
        "error_message": f"{item.label} takes a number: {allowed}."[:255],
    }
    sheet.worksheet.data_validation(row, BASE, row, BASE, options)


def _status(context: Context, sheet: Sheet, item: Parameter, places: _Rows) -> None:
    """What kind of parameter it is, and for a solved one whether it is stale."""
    row = places.rows[item.name]
    if item.solve is not None:
        words = "solved, a fixed number here"
        cells = _changed_cells(context, item, places)
        stale = f'IF(OR({",".join(cells)}),"{STALE}: solved for other inputs","{words}")' if cells else f'"{words}"'
        sheet.formula(row, STATUS, stale, words, "note_indented")
        return
    kinds = ["computed from others"] if item.term is not None or item.same_as is not None else []
    kinds += ["decision"] * item.decision + ["describes the cohort"] * item.cohort
    kinds += ["not used"] * (item.name not in context.model.used)
    kinds += [f"set by {item.layer}"] * bool(item.layer)
    sheet.text(row, STATUS, ", ".join(kinds), "note_indented")


def _changed_cells(context: Context, item: Parameter, places: _Rows) -> list[str]:
    """Conditions that hold where an input of a solved parameter was changed."""
    inputs = [name for name in solve_inputs(context.model, item) if context.layout.base(name)]
    if len(inputs) > _MOST_INPUTS:
        return [f"{context.layout.name('inputs_changed')}>0"]
    return [f'{cell(places.rows[name], CHANGED)}="{CHANGED_WORD}"' for name in inputs]


def solve_inputs(model: Model, item: Parameter) -> tuple[str, ...]:
    """The parameters whose edits make a solved value stale, as the program sees it.

    A value that is held follows only the numbers that its target names; another one everything that moves the cohort.
    """
    solve = item.solve
    if solve is None:
        return ()
    pending = set(solve.target.names)
    if not solve.held:
        settings = model.settings
        terms = [solve.years, settings.start_age, settings.until_age, settings.years, *model.start.values()]
        terms += [term for move in model.transitions for term in (move.term, move.when)]
        pending |= {name for term in terms if term is not None for name in term.names}
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        if not solve.held:
            pending |= _needed(model, name)
    return tuple(name for name in model.parameters if name in found and name != item.name)


def _needed(model: Model, name: str) -> set[str]:
    if name in model.formulas:
        return set(model.formulas[name].term.names)
    item = model.parameters.get(name)
    if item is None:
        return set()
    return set(item.term.names) if item.term is not None else {item.same_as} - {None}  # type: ignore[return-value]


def _describe(model: Model, sheet: Sheet, item: Parameter, row: int) -> None:
    source = source_cells(model, item.source)
    spread = item.distribution.describe() if item.distribution is not None and item.uncertain else ""
    if item.term is not None:
        spread = f"= {to_text(item.term.expression)}"
    elif item.same_as is not None or item.solve is not None:
        spread = f"= {definition(item)}" if item.same_as else str(definition(item))
    if item.share_draw:
        spread += f", drawn with {item.share_draw}"
    sheet.text(row, SPREAD, spread, "wrapped_indented")
    for column, bound in zip((LOW, HIGH), item.range or (), strict=False):
        sheet.number(row, column, bound, "static", number_as_given(bound))
    cited = source["citation"] or source["source"] or ""
    sheet.text(row, SOURCE, cited, "wrapped_indented")
    sheet.text(row, WHERE, source["where"] or "", "wrapped")
    sheet.text(row, URL, source["url"] or "")
    sheet.text(row, GRADE, item.source.grade, "grade_" + item.source.grade)
    sheet.text(row, NOTE, source["note"] or "", "note_indented")
    texts = {LABEL: item.label, SPREAD: spread, SOURCE: cited, WHERE: source["where"] or "", NOTE: source["note"] or ""}
    sheet.fit(row, *((text, _WIDTHS[column]) for column, text in texts.items()))

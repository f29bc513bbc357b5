"""The value of information: what it would be worth to know everything, or one group of inputs, before choosing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cea.analysis.information import PerfectInformation
from cea.analysis.partial_information import PartialInformation
from cea.reports.wording import listing, money
from cea.reports.workbook import chart_parts
from cea.reports.workbook.book import Book, Sheet
from cea.reports.workbook.context import Context
from cea.reports.workbook.heading import heading

INFORMATION = "Value of information"
_TOP = 4
_CHART_ROWS = 22
_CHART_COLUMN = 5


def add(
    book: Book, context: Context, perfect: Mapping[str, PerfectInformation], partial: Sequence[PartialInformation]
) -> None:
    """Adds the sheet.

    perfect: by decision, all along the same thresholds. partial: groups of inputs, for the decisions of `perfect`.
    """
    sheet = book.sheet(INFORMATION, "What it would be worth to know the inputs before choosing", "#7F7F7F")
    draws = context.draws.n if context.draws is not None else 0
    heading(
        sheet, context, "Value of information",
        f"Per person, {context.money}, from the {draws:,} draws of this workbook; computed in Python at the export. "
        "Few draws make perfect information (EVPI) look too valuable.",
    )  # fmt: skip
    row = _TOP
    for decision in dict.fromkeys(item.decision for item in partial):
        row = _partial(book, sheet, context, [item for item in partial if item.decision == decision], row) + 2
    sheet.worksheet.set_h_pagebreaks([row])
    last = _perfect(book, sheet, context, perfect, row)
    sheet.widths(38, 16, 16, 12, 3, 16, 16, 16, 16, 20)
    sheet.print_setup(last, 9)


def _partial(book: Book, sheet: Sheet, context: Context, items: Sequence[PartialInformation], row: int) -> int:
    """Groups of inputs for one decision: what they are worth, with the error of the draws; gives the row after them."""
    model = context.model
    labels = listing(model.strategies[name].label for name in items[0].decision)
    at = f"{money(items[0].threshold, model.currency)} per {model.settings.effect_unit}"
    title = f"Value of learning a group of inputs (EVPPI): choice between {labels} at {at}"
    sheet.text(row, 0, title, "section")
    sheet.fill(row, 1, 9, "section")
    sheet.text(row + 1, 0, "Group of inputs", "header")
    sheet.row(row + 1, 1, ["Value of learning it", "Standard error", "Inputs in it"], "header_right")
    for offset, item in enumerate(items, start=row + 2):
        sheet.text(offset, 0, item.input)
        sheet.number(offset, 1, item.learned.value, "static", "money_2")
        sheet.number(offset, 2, item.learned.error, "static", "money_2")
        sheet.number(offset, 3, len(item.parameters), "static", "whole")
    last = row + 1 + len(items)
    sheet.text(last + 1, 0, "Everything (EVPI)", "label")
    sheet.number(last + 1, 1, items[0].learned.evpi, "static", "money_2")
    rows = max(len(items) + 3, 14)
    made = chart_parts.chart(book, {"type": "bar"}, f"EVPPI: {labels}", width=580, height=20 * rows)
    made.add_series({
        "name": "EVPPI per person", "categories": f"={sheet.across(row + 2, 0, last)}",
        "values": f"={sheet.across(row + 2, 1, last)}", "fill": {"color": chart_parts.colour(0)}, "gap": 60,
    })  # fmt: skip
    made.set_legend({"none": True})
    made.set_x_axis(chart_parts.axis(f"Per person, {context.money}", "#,##0", min=0, label_position="high"))
    made.set_y_axis(chart_parts.axis("", "General", reverse=True, major_gridlines={"visible": False}))
    described = f"{title}; the numbers are in the table on the left."
    sheet.worksheet.insert_chart(row + 1, _CHART_COLUMN, made, {"description": described})
    return row + rows + 1


def _perfect(
    book: Book, sheet: Sheet, context: Context, perfect: Mapping[str, PerfectInformation], row: int
) -> int:
    """The value of perfect information along thresholds, by decision; gives the last row."""
    first = next(iter(perfect.values()))
    sheet.text(row, 0, "Perfect information (EVPI) by threshold", "section")
    sheet.fill(row, 1, 9, "section")
    table = row + 2 + _CHART_ROWS
    sheet.row(table, 0, [f"Threshold, {context.money}", *perfect], "header_right")
    sheet.worksheet.set_row(table, 45)
    for offset, threshold in enumerate(first.thresholds, start=1):
        sheet.number(table + offset, 0, threshold, "static", "money")
        for column, item in enumerate(perfect.values(), start=1):
            sheet.number(table + offset, column, item.per_person[offset - 1], "static", "money_2")
    last = table + len(first.thresholds)
    made = chart_parts.chart(book, {"type": "scatter", "subtype": "straight"}, "Perfect information (EVPI) per person")
    for position, column in enumerate(range(1, 1 + len(perfect))):
        made.add_series({
            "name": f"={sheet.at(table, column)}", "line": chart_parts.look(position),
            "categories": f"={sheet.across(table + 1, 0, last)}", "values": f"={sheet.across(table + 1, column, last)}",
        })  # fmt: skip
    unit = context.model.settings.effect_unit
    made.set_x_axis(chart_parts.axis(f"Threshold, {context.money} per {unit}", "#,##0", min=0))
    made.set_y_axis(chart_parts.axis(f"EVPI, {context.money}", "#,##0", min=0))
    described = "EVPI by threshold; the numbers are in the table below."
    sheet.worksheet.insert_chart(row + 1, 0, made, {"description": described})
    return last

"""One-way sensitivity analysis: what each input alone does to a comparison, as tables with tornado charts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cea.analysis.one_way import Bar, OneWay
from cea.reports.quantities import figure, per
from cea.reports.wording import money
from cea.reports.workbook import chart_parts
from cea.reports.workbook.book import Book, Sheet
from cea.reports.workbook.context import Context
from cea.reports.workbook.heading import heading
from cea.reports.workbook.styles import number_for

ONE_WAY = "One-way"
_TOP = 4
_SHOWN = 15
"""Bars in a chart."""
_CUT = 6.0
"""A bar this many times as long as the next is cut."""
_ROW_PIXELS = 20
_COLUMNS = ("Input", "Unit", "Base value", "Low value", "High value", "NMB at low", "NMB at high", "Swing", "Turns")
_TURNS, _TURNS_BEST = "this decision", "best of all"


def add(book: Book, context: Context, analyses: Sequence[OneWay]) -> None:
    """Adds the sheet with one block a comparison: chart, then the table of all inputs that matter."""
    sheet = book.sheet(ONE_WAY, "One-way sensitivity analysis of every input, with tornado charts", "#7F7F7F")
    heading(
        sheet, context, "One-way sensitivity analysis",
        f"Incremental net monetary benefit (NMB) per person, {context.money}, with each input at its low and its high "
        "value; computed in Python at the export.",
    )  # fmt: skip
    row = _TOP
    breaks: list[int] = []
    for found in analyses:
        breaks.append(row)
        row = _block(book, sheet, found, row) + 2
    sheet.worksheet.set_h_pagebreaks(breaks[1:])
    sheet.widths(58, 14, 12, 12, 12, 14, 14, 14, 28)
    sheet.print_setup(row, len(_COLUMNS) - 1)


def _block(book: Book, sheet: Sheet, found: OneWay, row: int) -> int:
    """A comparison from a row on; gives the row after it."""
    bars = [bar for bar in found.sorted() if found.swing(bar) > 0]
    shown = min(len(bars), _SHOWN)
    at = f"{money(found.threshold, found.currency)} per {found.effect_unit}"
    sheet.text(row, 0, f"{found.comparison.label}: {found.labels[0]} against {found.labels[1]} at {at}", "section")
    sheet.fill(row, 1, len(_COLUMNS) - 1, "section")
    height = 140 + 26 * max(shown, 2)
    table = row + 2 + -(-height // _ROW_PIXELS) if bars else row + 2
    sheet.row(table, 0, _COLUMNS[:2])
    sheet.row(table, 2, _COLUMNS[2:8], "header_right")
    sheet.row(table, 8, _COLUMNS[8:], "header_indented")
    sheet.text(table + 1, 0, "Base case", "label")
    sheet.number(table + 1, 5, found.base.nmb, "static", "money")
    sheet.number(table + 1, 6, found.base.nmb, "static", "money")
    for offset, bar in enumerate(bars, start=2):
        _row(sheet, table + offset, found, bar)
    end = table + 2 + len(bars)
    rest = len(found.bars) - len(bars)
    sheet.text(end, 0, f"{rest} more inputs do not move this comparison. {_not_moved(found)}", "note")
    if bars:
        _tornado(book, sheet, found, row + 1, (table + 2, table + 1 + shown), height)
    return end


def _row(sheet: Sheet, row: int, found: OneWay, bar: Bar) -> None:
    """An input with its values and what they do."""
    first = bar.input.members[0]
    sheet.text(row, 0, bar.input.label)
    sheet.text(row, 1, per(bar.input.unit))
    for column, case in enumerate((bar.input.base, bar.input.low, bar.input.high), start=2):
        if len(bar.input.members) == 1:
            sheet.number(row, column, case[first], "static", number_for(bar.input.base[first]))
        else:
            sheet.text(row, column, "; ".join(figure(case[name], 3) for name in bar.input.members), "static_right")
    for column, value in enumerate((bar.low.nmb, bar.high.nmb, found.swing(bar)), start=5):
        sheet.number(row, column, value, "static", "money")
    turns = [text for text, flips in ((_TURNS, bar.flips), (_TURNS_BEST, bar.flips_best)) if flips]
    sheet.text(row, 8, ", ".join(turns), "indented")


def _not_moved(found: OneWay) -> str:
    held = [f"{item.label} ({item.reason})" for item in found.skipped]
    return f"Not moved: {'; '.join(held)}." if held else ""


def _ends(found: OneWay) -> tuple[float, float]:
    """Where the axis ends: a bar that would dwarf the others is cut, with its numbers in the table."""
    bars = found.sorted()[:_SHOWN]
    reaches = [[end - found.base.nmb for end in bar.ends("nmb")] for bar in bars]
    lengths = sorted((max(map(abs, ends)) for ends in reaches), reverse=True)
    limit = next((one for one, after in pairwise(lengths) if one <= _CUT * after), lengths[-1])
    low = min(0.0, *(max(min(ends), -limit) for ends in reaches))
    high = max(0.0, *(min(max(ends), limit) for ends in reaches))
    return found.base.nmb + low, found.base.nmb + high


def _tornado(book: Book, sheet: Sheet, found: OneWay, row: int, rows: tuple[int, int], height: int) -> None:
    """Bars from the base case to both ends, the longest at the top."""
    at = f"{money(found.threshold, found.currency)} per {found.effect_unit}"
    title = f"{found.labels[0]} against {found.labels[1]}: net benefit at {at}"
    made = chart_parts.chart(book, {"type": "bar"}, title, width=1180, height=height)
    for position, (name, column) in enumerate((("Input at its low value", 5), ("Input at its high value", 6))):
        made.add_series({
            "name": name, "categories": f"={sheet.across(rows[0], 0, rows[1])}",
            "values": f"={sheet.across(rows[0], column, rows[1])}", "overlap": 100, "gap": 40,
            "fill": {"color": chart_parts.colour(position)}, "border": {"color": "#FFFFFF"},
            "pattern": {"pattern": "wide_upward_diagonal", "fg_color": chart_parts.colour(1), "bg_color": "#FFFFFF"}
            if position else None,
        })  # fmt: skip
    label = f"Incremental net monetary benefit per person, {found.price_year} {found.currency} (bars start at the base)"
    ends = chart_parts.round_span(*_ends(found))
    made.set_x_axis(chart_parts.axis(label, "#,##0", crossing=found.base.nmb, label_position="high", **ends))
    made.set_y_axis(
        chart_parts.axis("", "General", reverse=True, label_position="low", major_gridlines={"visible": False})
    )
    described = f"Tornado of {found.labels[0]} against {found.labels[1]}; the numbers are in the table below."
    sheet.worksheet.insert_chart(row, 0, made, {"description": described})

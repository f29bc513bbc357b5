"""Named scenarios side by side, by headline comparison."""

from __future__ import annotations

from collections.abc import Sequence

from cea.analysis.headline import HeadlineResult
from cea.analysis.scenarios import Scenario
from cea.reports.wording import money, pair_cell
from cea.reports.workbook.book import Book, Sheet
from cea.reports.workbook.context import Context
from cea.reports.workbook.heading import heading

SCENARIOS = "Scenarios"
_TOP = 4


def add(book: Book, context: Context, scenarios: Sequence[Scenario]) -> None:
    """Adds the sheet; the first scenario is the base case."""
    sheet = book.sheet(SCENARIOS, "Every named scenario beside the base case", "#7F7F7F")
    heading(
        sheet, context, "Scenarios",
        f"Each scenario alone on top of the exported model, per person, {context.money}; computed in Python at the "
        "export.",
    )  # fmt: skip
    row = _TOP
    breaks: list[int] = []
    found = [(scenario, item) for scenario in scenarios for item in scenario.headlines]
    for name in dict.fromkeys(item.headline.name for _, item in found):
        breaks.append(row)
        row = _block(sheet, context, scenarios[0], [pair for pair in found if pair[1].headline.name == name], row) + 2
    for scenario in scenarios:
        if scenario.results is None:
            sheet.text(row, 0, f"Not run: {scenario.label} ({scenario.reason})", "note")
            row += 1
    sheet.widths(62, 34, 14, 14, 22, 18, 18, 18)
    sheet.worksheet.freeze_panes(_TOP, 1)
    sheet.worksheet.set_h_pagebreaks(breaks[1:])
    sheet.print_setup(row, 7)


def _block(
    sheet: Sheet, context: Context, first: Scenario, found: Sequence[tuple[Scenario, HeadlineResult]], row: int
) -> int:
    """One comparison under every scenario that has it; gives the row after it."""
    model, shown = context.model, found[0][1]
    unit, threshold = model.settings.effect_unit, model.threshold
    sheet.text(row, 0, f"{shown.headline.label}: {shown.labels[0]} against {shown.labels[1]}", "section")
    sheet.fill(row, 1, 7, "section")
    sheet.text(row + 1, 0, "Scenario", "header")
    at = money(threshold, model.currency)
    headings = (
        "Perspective", "Extra cost", f"{unit}s gained", f"Cost per {unit} (ICER)", f"Extra net benefit at {at}",
        "Change to base case", "Highest price",
    )  # fmt: skip
    sheet.text(row + 1, 1, headings[0], "header")
    sheet.row(row + 1, 2, headings[1:], "header_right")
    sheet.worksheet.set_row(row + 1, 30)
    for offset, (scenario, item) in enumerate(found, start=row + 2):
        _row(sheet, context, offset, scenario, item, is_base=scenario is first)
    return row + 2 + len(found)


def _row(
    sheet: Sheet, context: Context, row: int, scenario: Scenario, item: HeadlineResult, *, is_base: bool
) -> None:
    model = context.model
    threshold = model.threshold
    sheet.text(row, 0, scenario.label, "label" if is_base else "text")
    perspective = scenario.results.perspective if scenario.results else ""
    sheet.text(row, 1, model.perspectives[perspective].label if perspective in model.perspectives else perspective)
    sheet.number(row, 2, item.pair.cost, "static", "money")
    sheet.number(row, 3, item.pair.effect, "static", "effect")
    if item.pair.icer is not None and item.pair.quadrant == "NE":
        sheet.number(row, 4, item.pair.icer, "static", "money")
    else:
        sheet.text(row, 4, pair_cell(item.pair, model.currency), "static_right")
    sheet.number(row, 5, item.net_benefit(threshold), "static", "money")
    change = scenario.change(item, threshold)
    if change is not None and not is_base:
        sheet.number(row, 6, change, "static", "money")
    limit = item.price_limit(threshold)
    if limit is not None:
        _price(sheet, row, limit.price)


def _price(sheet: Sheet, row: int, price: float | None) -> None:
    """The highest cost-effective price, or in words that there is none or no limit."""
    if price is None:
        sheet.text(row, 7, "not even at zero", "static_right")
    elif price == float("inf"):
        sheet.text(row, 7, "any price", "static_right")
    else:
        sheet.number(row, 7, price, "static", "money")

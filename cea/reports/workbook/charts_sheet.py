"""Native charts of the trace of each strategy and of costs by category."""

from __future__ import annotations

from typing import Any

from cea.reports.workbook.book import Book, Sheet
from cea.reports.workbook.context import Context
from cea.reports.workbook.disaggregated_sheet import HEADER, LABEL, Parts

_WIDTH, _HEIGHT = 760, 400
# Neighbours differ in lightness, so that they can be told apart in grey.
_FILLS = (
    "#1F4E79", "#9DC3E6", "#C55A11", "#FBE5D6", "#548235", "#C5E0B4", "#7030A0", "#DCC5ED", "#806000", "#FFE699",
    "#00767A", "#B2E2E4",
)  # fmt: skip
_DEAD = ("#D9D9D9", "#A6A6A6", "#EDEDED", "#7F7F7F")


def add(book: Book, context: Context, sheet: Sheet, parts: Parts) -> None:
    """Writes the sheet."""
    sheet.text(0, 0, "Charts", "title")
    sheet.text(1, 0, "They follow the live results: in run mode 2 or 3 they show the draw.", "note")
    row, column = 3, 0
    for position, strategy in enumerate(context.results.strategies):
        chart = _trace(book, context, strategy)
        sheet.worksheet.insert_chart(row + 21 * (position // 2), column + 12 * (position % 2), chart)
    below = row + 21 * (-(-len(context.results.strategies) // 2))
    if parts.category_rows.last >= parts.category_rows.first:
        sheet.worksheet.insert_chart(below, 0, _costs(book, context, parts))
    sheet.print_setup(below + 25, 23, pages_tall=1)


def _fill(colour: str) -> dict[str, Any]:
    return {"fill": {"color": colour}, "border": {"color": "#FFFFFF", "width": 0.5}}


def _trace(book: Book, context: Context, strategy: str) -> Any:
    """Shares of the cohort over time, stacked, the dead on top."""
    model, layout = context.model, context.layout
    chart = book.chart({"type": "area", "subtype": "stacked"})
    states = sorted(model.states.values(), key=lambda state: state.dead)
    living = dead = 0
    for state in states:
        fill = _fill(_DEAD[dead % len(_DEAD)] if state.dead else _FILLS[living % len(_FILLS)])
        living, dead = living + (not state.dead), dead + state.dead
        key = strategy, f"in:{state.name}"
        values, years = layout.ranges[key], layout.ranges[strategy, "year"]
        chart.add_series({"name": f"={layout.headings[key]}", "categories": f"={years}", "values": f"={values}"} | fill)
    # a title or name of a series that begins with an equals sign would be a formula
    title = f"Share of the cohort in each state: {context.labels[strategy]}"
    chart.set_title({"name": title, "name_font": {"size": 11}, "overlay": False})
    per_year = model.settings.cycles_per_year
    step = max(1, round(max(1, context.cycles // (per_year * 10)))) * per_year
    chart.set_x_axis({"name": "Years since the start", "interval_unit": step, "interval_tick": step, "num_format": "0",
                      "name_font": {"bold": False}})  # fmt: skip
    chart.set_y_axis(
        {"min": 0, "max": 1, "num_format": "0%", "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}}
    )
    chart.set_legend({"position": "right"})
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})
    return chart


def _costs(book: Book, context: Context, parts: Parts) -> Any:
    """Discounted costs by category, a bar for each strategy."""
    chart, sheet = book.chart({"type": "bar", "subtype": "stacked"}), parts.sheet
    block, count = parts.category_rows, len(context.results.strategies)
    first = parts.column(context.results.strategies[0])
    for position, row in enumerate(range(block.first, block.last + 1)):
        chart.add_series({
            "name": f"={sheet.at(row, LABEL)}",
            "categories": f"={sheet.across(HEADER, first, HEADER, first + count - 1)}",
            "values": f"={sheet.across(row, first, row, first + count - 1)}",
            "gap": 60, **_fill(_FILLS[position % len(_FILLS)]),
        })  # fmt: skip
    chart.set_title({"name": f"Discounted costs by category ({context.money} per person)", "name_font": {"size": 11}})
    chart.set_y_axis({"reverse": True, "crossing": "max"})
    chart.set_x_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}})
    chart.set_legend({"position": "right"})
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})
    return chart

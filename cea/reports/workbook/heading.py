"""The head of a sheet of analyses: title, what it shows, and a banner that appears once the inputs have changed."""

from __future__ import annotations

from cea.reports.workbook.book import Sheet, quoted
from cea.reports.workbook.context import Context

BANNER_ROW = 2
CHANGED = "The inputs have changed since the export, and this sheet has not: export the model again to renew it."
DRAWS_CHANGED = (
    "The inputs have changed since the export, and the draws have not: they are those of the exported model."
)


def heading(sheet: Sheet, context: Context, title: str, subtitle: str, banner: str = CHANGED) -> None:
    """Writes title and subtitle in the first two rows, and below them the banner, empty while nothing has changed."""
    sheet.text(0, 0, title, "title")
    sheet.worksheet.set_row(0, 24)
    sheet.text(1, 0, subtitle, "subtitle")
    changed = context.layout.name("inputs_changed")
    sheet.formula(BANNER_ROW, 0, f'IF({changed}>0,{quoted(banner)},"")', "", "warning")

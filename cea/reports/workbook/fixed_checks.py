"""Checks of what is fixed in a workbook: the horizon, the times of payments, and probabilities written as values."""

from __future__ import annotations

from cea.reports.workbook.addresses import DETERMINISTIC
from cea.reports.workbook.book import Book, Sheet, literal
from cea.reports.workbook.context import Context


def add(book: Book, context: Context, sheet: Sheet) -> None:
    """Adds the checks; `sheet` is the one that they are listed under."""
    _horizon(book, context, sheet)
    for name in context.model.windows:
        _window(book, context, sheet, name)
    if context.model.settings.transition_method == "matrix_exponential":
        mode, changed = context.layout.name("run_mode"), context.layout.name("inputs_changed")
        what = "Probabilities are values: they hold for the inputs as written, and in run mode 1 only"
        book.check(sheet, what, f"AND({mode}={DETERMINISTIC},{changed}=0)")


def _horizon(book: Book, context: Context, sheet: Sheet) -> None:
    settings, layout = context.model.settings, context.layout
    if settings.years is not None:
        years = layout.cell_text(settings.years, layout.live)
    else:
        assert settings.until_age is not None and settings.start_age is not None, "a checked model has a horizon"
        until, start = (layout.cell_text(term, layout.live) for term in (settings.until_age, settings.start_age))
        years = f"({until})-({start})"
    now = f"-INT(-(({years})*{layout.name('cycles_per_year')}-1E-9))"
    what = "The horizon has as many cycles as the sheets have rows (it is fixed: write a new workbook for another)"
    book.check(sheet, what, f"ABS({now}-{layout.name('last_cycle')})<0.5")


def _window(book: Book, context: Context, sheet: Sheet, name: str) -> None:
    """Payments counted from the openings of a window must fall on cycles, each before the next opening."""
    window, layout = context.model.windows[name], context.layout
    times = [max(item.at_years) for item in context.model.outcomes.values() if item.per == name]
    if not times or any(layout.places[item] != "parameter" for item in window.every.names | window.courses.names):
        return
    every, courses = (f"({layout.cell_text(term, layout.live)})" for term in (window.every, window.courses))
    cycles = f"{every}*{layout.name('cycles_per_year')}"
    whole = f"AND(ABS({courses}-ROUND({courses},0))<=1E-9,{courses}>=1)"
    apart = f"OR({courses}<=1,AND(ABS({cycles}-ROUND({cycles},0))<=1E-9,{every}>{literal(max(times))}+1E-9))"
    what = f"Window {name}: a whole number of times, each on a cycle after the payments of the one before"
    book.check(sheet, what, f"AND({whole},{apart})")

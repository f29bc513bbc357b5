"""The calculation of one strategy: a row for each cycle boundary, a formula for each column, totals on top."""

from __future__ import annotations

from cea.errors import UsageError
from cea.reports.workbook.addresses import Layout
from cea.reports.workbook.book import Book, Sheet, cell
from cea.reports.workbook.cell_text import Writer
from cea.reports.workbook.clock_columns import clock_columns, driver_columns
from cea.reports.workbook.columns import Grid
from cea.reports.workbook.context import Context
from cea.reports.workbook.payoff_columns import payoff_columns
from cea.reports.workbook.trace_columns import TraceColumns
from cea.reports.workbook.transitions import CompetingRisks, Transitions
from cea.reports.workbook.weight_columns import weight_columns, weight_values

BAND, LABEL, NAME, UNIT, DISCOUNTED, UNDISCOUNTED, TOP = 3, 4, 5, 6, 7, 8, 9
"""Rows of the sheet, from 0; `TOP` is the first boundary."""
MOST_COLUMNS = 16_384
_EXPLANATION = (
    "One row for each cycle boundary, one formula for each column. Rates and probabilities are those of the cycle that "
    "begins in the row; events and what is paid for them belong to the cycle that ends in it. All per person."
)


def add(book: Book, context: Context, sheet: Sheet, strategy: str) -> None:
    """Writes the sheet of a strategy and enters its totals and columns in the layout.

    Raises UsageError where it has more columns than a sheet.
    """
    grid = strategy_grid(context, strategy)
    if len(grid.columns) > MOST_COLUMNS:
        what = f"the calculation of {strategy} has {len(grid.columns):,} columns, and a sheet at most {MOST_COLUMNS:,}"
        raise UsageError(f"{what}: choose longer cycles, so that tunnels have fewer steps")
    sheet.text(0, 0, f"{context.labels[strategy]}: calculation", "title")
    sheet.text(1, 0, _EXPLANATION, "note")
    _headings(sheet, grid)
    _totals(sheet, grid, context.layout, strategy)
    grid.write(sheet)
    _checks(book, sheet, grid, context)
    _set_up(sheet, grid)


def strategy_grid(context: Context, strategy: str) -> Grid:
    """All columns of a strategy, in an order that is the same for all strategies."""
    results, layout = context.results, context.layout
    cohort, position = results.cohort, results.strategies.index(strategy)
    writer, weights = Writer(layout), weight_values(results.cohort)
    grid = Grid(TOP, context.cycles + 1)
    transitions = _method(context)(cohort, position, writer)
    trace = TraceColumns(transitions, position, weights, layout)
    grid.add(clock_columns(writer, cohort.scope))
    grid.add(driver_columns(writer, cohort.scope, position))
    grid.add(transitions.columns())
    grid.add(trace.trace())
    grid.add(trace.events())
    grid.add(weight_columns(writer, cohort, weights))
    grid.add(payoff_columns(writer, results, position))
    grid.add(trace.tunnels())
    return grid


def _method(context: Context) -> type[Transitions]:
    if context.model.settings.transition_method == "matrix_exponential":
        from cea.reports.workbook.exponential_transitions import MatrixExponential  # noqa: PLC0415 - slow to import

        return MatrixExponential
    return CompetingRisks


def _headings(sheet: Sheet, grid: Grid) -> None:
    for group, first, last in grid.groups():
        sheet.fill(BAND, first, last, "band")
        sheet.text(BAND, first, group, "band")
    for position, column in enumerate(grid.columns):
        sheet.text(LABEL, position, column.label, "header_right")
        sheet.text(NAME, position, column.key if ":" not in column.key else "", "name")
        sheet.text(UNIT, position, column.unit, "unit")


def _totals(sheet: Sheet, grid: Grid, layout: Layout, strategy: str) -> None:
    for row, label in ((DISCOUNTED, "Total, discounted"), (UNDISCOUNTED, "Total, undiscounted")):
        sheet.fill(row, 0, len(grid.columns) - 1, "total")
        sheet.text(row, 0, label, "total")
    for position, column in enumerate(grid.columns):
        number = "money_2" if column.number == "money_2" else "effect_4"
        layout.headings[strategy, column.key] = sheet.at(LABEL, position)
        layout.ranges[strategy, column.key] = sheet.across(grid.top, position, grid.bottom)
        for row, total, suffix in ((DISCOUNTED, column.total, ""), (UNDISCOUNTED, column.plain, "_undiscounted")):
            if total is not None:
                formula, value = total
                sheet.formula(row, position, grid.resolve(formula), value, "total", number)
                layout.totals[strategy, column.key + suffix] = sheet.at(row, position)


def _checks(book: Book, sheet: Sheet, grid: Grid, context: Context) -> None:
    """The checks that every cohort must pass, for the overall light."""

    def columns(*kinds: str) -> list[str]:
        return [column.key for column in grid.columns if column.key.split(":")[0] in kinds]

    def reach(keys: list[str]) -> str:
        first, last = grid.range(keys[0]).split(":")[0], grid.range(keys[-1]).split(":")[1]
        return f"{sheet.quoted}!{first}:{last}"

    trace = reach(columns("in"))
    book.check(sheet, "Everybody is in one state at every time (rows sum to 1 within 1E-9)",
               f"AND(ABS(MAX({reach(['sum'])})-1)<=1E-9,ABS(MIN({reach(['sum'])})-1)<=1E-9)")  # fmt: skip
    book.check(sheet, "No share of the cohort is below 0 or above 1", f"AND(MIN({trace})>=-1E-9,MAX({trace})<=1+1E-9)")
    if rates := columns("rate"):
        book.check(sheet, "No rate is below 0", f"MIN({reach(rates)})>=0")
    if shares := columns("p", "stay", "move"):
        within = f"AND(MIN({reach(shares)})>=-1E-9,MAX({reach(shares)})<=1+1E-9)"
        book.check(sheet, "Every probability lies between 0 and 1, and exits sum to at most 1", within)
    amounts = columns("pay")
    formula = (
        f"ISNUMBER(SUM({sheet.quoted}!{cell(DISCOUNTED, grid.position(amounts[0]), fixed=True)}:"
        f"{cell(UNDISCOUNTED, grid.position(amounts[-1]), fixed=True)}))"
    )
    book.check(sheet, "Every total is a number", formula)


def _set_up(sheet: Sheet, grid: Grid) -> None:
    worksheet = sheet.worksheet
    frozen = 1 + max(k for k, column in enumerate(grid.columns) if column.key in ("cycle", "year", "age"))
    worksheet.freeze_panes(TOP, frozen)
    worksheet.set_row(LABEL, 78)
    worksheet.set_column(0, frozen - 1, 8)
    worksheet.set_column(frozen, len(grid.columns) - 1, 12.5)
    sheet.print_setup(
        grid.bottom, len(grid.columns) - 1, repeat_rows=(BAND, UNDISCOUNTED), repeat_columns=(0, frozen - 1),
        pages_wide=max(1, len(grid.columns) // 16),
    )  # fmt: skip

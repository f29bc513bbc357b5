"""Acceptability curves, their frontier, expected loss and the value of perfect information, live over the draws.

As in `cea.analysis.acceptability`, in formulas: a draw counts for the strategy with the highest net benefit, and is
shared where several tie; the frontier is the probability of the strategy with the highest expected net benefit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cea.analysis.incremental import TOLERANCE
from cea.engine.markov import Floats
from cea.engine.outcomes import Outcomes
from cea.reports.workbook import chart_parts
from cea.reports.workbook.book import Book, Sheet, cell, letter, span
from cea.reports.workbook.context import Context
from cea.reports.workbook.draws_sheet import COLOUR, DrawCells, best_share, best_shares, draw_cells, mean, rounding
from cea.reports.workbook.heading import DRAWS_CHANGED, heading

BENEFIT, CURVES = "PSA benefit", "CEAC"
_STEPS = 40
_CUT = 2.5
"""The axis of expected loss ends at this many times the largest value of perfect information."""
_HEADER_ROW = 5
_TOP = 31
"""Row with the headings of the table; the charts stand above it."""
_MARK_ROW, _CHART_ROW, _CHART_COLUMNS = 4, 7, 16


@dataclass(frozen=True, eq=False)
class Curves:
    """What the formulas give, arrays of shape (threshold, strategy); `highest` net benefit has (sample, threshold)."""

    thresholds: Floats
    highest: Floats
    probability: Floats
    benefit: Floats
    loss: Floats

    @classmethod
    def of(cls, outcomes: Outcomes) -> Curves:
        """The curves of these draws at the thresholds of the sheet."""
        thresholds = grid(outcomes)
        benefits = [outcomes.net_monetary_benefit(threshold) for threshold in thresholds]
        highest = np.column_stack([benefit.max(axis=1) for benefit in benefits])
        shares = [best_shares(b, rounding(outcomes, t)) for b, t in zip(benefits, thresholds, strict=True)]
        effect, cost = (np.array([mean(values) for values in array.T]) for array in (outcomes.effect, outcomes.cost))
        return cls(
            thresholds=thresholds,
            highest=highest,
            probability=np.array(shares) / len(outcomes.cost),
            benefit=thresholds[:, None] * effect - cost,
            loss=np.array([(benefit.max(axis=1, keepdims=True) - benefit).mean(axis=0) for benefit in benefits]),
        )


def grid(outcomes: Outcomes) -> Floats:
    """The thresholds: even steps from zero to twice the highest of the model's, and the model's own."""
    own = np.unique([*outcomes.thresholds, outcomes.threshold])
    steps = np.linspace(0.0, 2.0 * own[-1], _STEPS + 1)
    apart = np.abs(steps[:, None] - own).min(axis=1) > 1e-9 * own[-1]
    return np.sort(np.concatenate([steps[apart], own]))


def add(book: Book, context: Context) -> None:
    """Adds the sheet with the highest net benefit of each draw, and the sheet of curves."""
    assert context.psa is not None, "the curves are about draws"
    outcomes = context.psa.outcomes
    curves = Curves.of(outcomes)
    cells = draw_cells(outcomes)
    columns = _Columns(cells.strategies)
    sheet = book.sheet(CURVES, "Probability of being cost-effective, frontier and expected loss by threshold", COLOUR)
    highest = _highest(book, context, curves, cells, sheet, columns)
    heading(
        sheet, context, "Cost-effectiveness acceptability",
        f"{cells.draws:,} draws; at each threshold, all strategies together; in {outcomes.money} per "
        f"{outcomes.effect_unit}. The formulas follow the sheet {BENEFIT}.", DRAWS_CHANGED,
    )  # fmt: skip
    _table(sheet, outcomes, curves, cells, columns, highest)
    _mark(sheet, context, outcomes, columns)
    _charts(book, sheet, outcomes, columns, curves)
    last = max(columns.last, _CHART_COLUMNS)
    sheet.widths(8, *(26 if column == columns.frontier_strategy else 14 for column in range(1, last + 1)))
    sheet.print_setup(_TOP + len(curves.thresholds), last, pages_tall=0)


@dataclass(frozen=True)
class _Columns:
    """Columns of the table."""

    strategies: int

    number = 0
    threshold = 1

    def probability(self, position: int) -> int:
        return 2 + position

    @property
    def frontier(self) -> int:
        return 2 + self.strategies

    @property
    def frontier_strategy(self) -> int:
        return 3 + self.strategies

    def benefit(self, position: int) -> int:
        return 4 + self.strategies + position

    def loss(self, position: int) -> int:
        return 4 + 2 * self.strategies + position

    @property
    def last(self) -> int:
        """The value of perfect information."""
        return 4 + 3 * self.strategies


def _highest(
    book: Book, context: Context, curves: Curves, cells: DrawCells, table: Sheet, columns: _Columns
) -> str:
    """Adds the sheet with the highest net benefit by draw (down) and threshold (across); gives the range."""
    sheet = book.sheet(BENEFIT, "Highest net benefit of all strategies by draw and threshold, for the curves", COLOUR)
    heading(
        sheet, context, "Highest net monetary benefit of all strategies",
        f"By draw and threshold, {context.money}; the thresholds are those of the sheet {CURVES}.", DRAWS_CHANGED,
    )  # fmt: skip
    sheet.text(_HEADER_ROW, 0, "Draw", "header")
    first, last = _HEADER_ROW + 1, _HEADER_ROW + cells.draws
    pairs = [(letter(cells.effect_column(i)), letter(cells.cost_column(i))) for i in range(cells.strategies)]
    source = cells.range(0).partition("!")[0]
    for position, threshold in enumerate(curves.thresholds):
        column = 1 + position
        link = table.at(_TOP + 1 + position, columns.threshold)
        sheet.formula(_HEADER_ROW, column, link, threshold, "header_right", "money")
        at = cell(_HEADER_ROW, column, fixed=True)
        for draw in range(cells.draws):
            row = cells.first + draw + 1
            terms = ",".join(f"{at}*{source}!${effect}{row}-{source}!${cost}{row}" for effect, cost in pairs)
            sheet.formula(first + draw, column, f"MAX({terms})", curves.highest[draw, position], number="money")
    for draw in range(cells.draws):
        sheet.number(first + draw, 0, draw + 1, "static", "whole")
    sheet.widths(8, *(12 for _ in curves.thresholds))
    sheet.worksheet.freeze_panes(first, 1)
    width = len(curves.thresholds)
    sheet.print_setup(min(last, first + 39), width, repeat_columns=(0, 0), pages_wide=4, pages_tall=1)
    return sheet.across(first, 1, last, width)


def _table(
    sheet: Sheet, outcomes: Outcomes, curves: Curves, cells: DrawCells, columns: _Columns, highest: str
) -> None:
    labels = outcomes.labels
    groups = (
        (columns.probability(0), columns.frontier_strategy, "Probability of being most cost-effective"),
        (columns.benefit(0), columns.benefit(cells.strategies - 1), f"Expected net benefit, {outcomes.money}"),
        (columns.loss(0), columns.last, f"Expected loss, {outcomes.money}"),
    )
    sheet.fill(_TOP - 1, 0, columns.last, "band")
    for first, _, title in groups:
        sheet.text(_TOP - 1, first, title, "band")
    sheet.row(_TOP, 0, ["No.", "Threshold"], "header_right")
    for column_of in (columns.probability, columns.benefit, columns.loss):
        sheet.row(_TOP, column_of(0), labels, "header_right")
    sheet.text(_TOP, columns.frontier, "Frontier (CEAF)", "header_right")
    sheet.text(_TOP, columns.frontier_strategy, "Highest expected net benefit", "header_indented")
    sheet.text(_TOP, columns.last, "Lowest: perfect information (EVPI)", "header_right")
    sheet.worksheet.set_row(_TOP, 45)
    for position in range(len(curves.thresholds)):
        _table_row(sheet, outcomes, curves, cells, columns, highest, position)


def _table_row(
    sheet: Sheet, outcomes: Outcomes, curves: Curves, cells: DrawCells, columns: _Columns, highest: str, position: int
) -> None:
    """One threshold: probabilities, frontier, expected benefit and loss."""
    row, count = _TOP + 1 + position, cells.strategies
    threshold, number = cell(row, columns.threshold), cell(row, columns.number)
    column = f"INDEX({highest},0,${number})"
    benefits = [
        f"${threshold}*{cells.range(cells.effect_column(i))}-{cells.range(cells.cost_column(i))}" for i in range(count)
    ]
    slack = f"{TOLERANCE:.0E}*(${threshold}*{cells.largest_effect}+{cells.largest_cost})"
    sheet.number(row, columns.number, position + 1, "static", "whole")
    sheet.number(row, columns.threshold, curves.thresholds[position], "static", "money")
    block = span_of(row, columns.benefit(0), columns.benefit(count - 1))
    best = int(curves.benefit[position].argmax())
    for i in range(count):
        share = f"{best_share(column, benefits, slack, i)}/ROWS({highest})"
        sheet.formula(row, columns.probability(i), share, curves.probability[position, i], number="percent")
        means = cells.mean(cells.effect_column(i)), cells.mean(cells.cost_column(i))
        expected = f"${threshold}*{means[0]}-{means[1]}"
        sheet.formula(row, columns.benefit(i), expected, curves.benefit[position, i], number="money")
        lost = f"SUMPRODUCT({column}-({benefits[i]}))/ROWS({highest})"
        sheet.formula(row, columns.loss(i), lost, curves.loss[position, i], number="money")
    shares = span_of(row, columns.probability(0), columns.probability(count - 1))
    place = f"MATCH(MAX({block}),{block},0)"
    frontier = curves.probability[position, best]
    sheet.formula(row, columns.frontier, f"INDEX({shares},{place})", frontier, number="percent")
    names = span(_TOP, columns.probability(0), _TOP, columns.probability(count - 1))
    sheet.formula(row, columns.frontier_strategy, f"INDEX({names},{place})", outcomes.labels[best], "indented")
    losses = span_of(row, columns.loss(0), columns.loss(count - 1))
    sheet.formula(row, columns.last, f"MIN({losses})", curves.loss[position].min(), "result", "money")


def span_of(row: int, first: int, last: int) -> str:
    """Cells side by side, which move with the formula."""
    return f"{cell(row, first)}:{cell(row, last)}"


def _mark(sheet: Sheet, context: Context, outcomes: Outcomes, columns: _Columns) -> None:
    """The ends of the vertical line at the threshold of the control sheet."""
    name = context.layout.name("threshold")
    sheet.text(_MARK_ROW, 0, "Threshold on Control (line in the charts)", "note")
    for row, height in ((_MARK_ROW, 0.0), (_MARK_ROW + 1, 1.0)):
        sheet.formula(row, columns.frontier, name, outcomes.threshold, "link", "money")
        sheet.number(row, columns.frontier_strategy, height, "static", "whole")


def _charts(book: Book, sheet: Sheet, outcomes: Outcomes, columns: _Columns, curves: Curves) -> None:
    first, last = _TOP + 1, _TOP + len(curves.thresholds)

    def series(column: int, line: dict[str, object]) -> dict[str, object]:
        return {
            "name": f"={sheet.at(_TOP, column)}", "line": line,
            "categories": f"={sheet.across(first, columns.threshold, last)}",
            "values": f"={sheet.across(first, column, last)}",
        }  # fmt: skip

    bold = {"color": "#A6A6A6", "width": 6.0}
    across = chart_parts.axis(
        f"Threshold, {outcomes.money} per {outcomes.effect_unit}", "#,##0", min=0, max=float(curves.thresholds[-1])
    )
    strategies = range(len(outcomes.strategies))
    made = chart_parts.chart(
        book, {"type": "scatter", "subtype": "straight"}, f"Acceptability: {len(strategies)} strategies together"
    )
    made.add_series(series(columns.frontier, bold))
    for i in strategies:
        made.add_series(series(columns.probability(i), chart_parts.look(i)))
    made.add_series({
        "name": "Threshold on Control", "line": chart_parts.guide(),
        "categories": f"={sheet.across(_MARK_ROW, columns.frontier, _MARK_ROW + 1)}",
        "values": f"={sheet.across(_MARK_ROW, columns.frontier_strategy, _MARK_ROW + 1)}",
    })  # fmt: skip
    made.set_x_axis(across)
    made.set_y_axis(chart_parts.axis("Probability most cost-effective", "0%", min=0, max=1))
    sheet.worksheet.insert_chart(_CHART_ROW, 0, made, _described(outcomes.labels, "Acceptability curves"))
    title = "Expected loss per person (large ones are cut); the lowest is the value of perfect information"
    made = chart_parts.chart(book, {"type": "scatter", "subtype": "straight"}, title)
    made.add_series(series(columns.last, bold))
    for i in strategies:
        made.add_series(series(columns.loss(i), chart_parts.look(i)))
    made.set_x_axis(across)
    # the loss of a poor choice dwarfs that of a good one
    reach = chart_parts.round_up(_CUT * float(curves.loss.min(axis=1).max())) or None
    made.set_y_axis(chart_parts.axis(f"Expected loss, {outcomes.money}", "#,##0", min=0, max=reach))
    beside = {"x_offset": chart_parts.WIDTH + 20}
    sheet.worksheet.insert_chart(_CHART_ROW, 0, made, beside | _described(outcomes.labels, "Expected loss curves"))


def _described(labels: Sequence[str], what: str) -> dict[str, object]:
    """Text for those who cannot see the chart."""
    return {"description": f"{what} of {', '.join(labels)} by threshold; the numbers are in the table below."}

"""The probabilistic analysis, one row a draw: the drawn parameters, and the costs and effects that Python found.

Numbers of the draws are static; their summaries, and net benefit at the threshold of the control sheet, are formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cea.analysis.incremental import TOLERANCE
from cea.engine.draws import Draws
from cea.engine.markov import Floats
from cea.engine.outcomes import Outcomes
from cea.reports.quantities import per
from cea.reports.workbook.addresses import PSA_HEADER_ROW, PSA_INPUTS, PSA_RESULTS
from cea.reports.workbook.book import Book, Sheet, cell, span
from cea.reports.workbook.context import Context
from cea.reports.workbook.heading import DRAWS_CHANGED, heading
from cea.reports.workbook.styles import number_for

COLOUR = "#7F7F7F"
RESULTS_HEADER_ROW = 12
_NOW_ROW, _MEAN_ROW, _LOW_ROW, _HIGH_ROW = 4, 5, 6, 7
_ERROR_ROW, _LARGEST_ROW, _BEST_ROW, _GROUP_ROW = 8, 9, 10, 11
_PRINTED_DRAWS = 40
_PRINTED_COLUMNS = 12

Statistic = tuple[str, Callable[[str], str], Callable[[Floats], float]]


def mean(values: Floats) -> float:
    """The mean with the sum rounded once, as near as can be to what a spreadsheet program finds."""
    return math.fsum(values) / len(values)


_STATISTICS: Sequence[Statistic] = (
    ("Mean", lambda cells: f"AVERAGE({cells})", mean),
    ("2.5th percentile", lambda cells: f"PERCENTILE({cells},0.025)", lambda values: float(np.quantile(values, 0.025))),
    ("97.5th percentile", lambda cells: f"PERCENTILE({cells},0.975)", lambda values: float(np.quantile(values, 0.975))),
    (
        "Monte Carlo error of the mean",
        lambda cells: f"STDEV({cells})/SQRT(COUNT({cells}))",
        lambda values: float(values.std(ddof=1) / np.sqrt(len(values))),
    ),
)


@dataclass(frozen=True)
class DrawCells:
    """Where the results of the draws stand; strategies by their position in the model's order."""

    strategies: int
    draws: int

    @property
    def first(self) -> int:
        """Row of the first draw."""
        return RESULTS_HEADER_ROW + 1

    @property
    def last(self) -> int:
        """Row of the last draw."""
        return RESULTS_HEADER_ROW + self.draws

    def cost_column(self, position: int) -> int:
        """Column with the cost of a strategy."""
        return 1 + position

    def effect_column(self, position: int) -> int:
        """Column with the effect of a strategy."""
        return 1 + self.strategies + position

    def benefit_column(self, position: int) -> int:
        """Column with the net monetary benefit of a strategy at the threshold of the control sheet."""
        return 1 + 2 * self.strategies + position

    @property
    def highest_column(self) -> int:
        """Column with the highest net monetary benefit of all strategies."""
        return 1 + 3 * self.strategies

    def range(self, column: int) -> str:
        """All draws of a column, as other sheets write it."""
        return f"'{PSA_RESULTS}'!{span(self.first, column, self.last, column)}"

    def mean(self, column: int) -> str:
        """The mean of a column, as other sheets write it."""
        return f"'{PSA_RESULTS}'!{cell(_MEAN_ROW, column, fixed=True)}"

    @property
    def largest_cost(self) -> str:
        """The largest cost of any draw and strategy either way, as other sheets write it."""
        return f"'{PSA_RESULTS}'!{cell(_LARGEST_ROW, self.cost_column(0), fixed=True)}"

    @property
    def largest_effect(self) -> str:
        """The largest effect of any draw and strategy either way, as other sheets write it."""
        return f"'{PSA_RESULTS}'!{cell(_LARGEST_ROW, self.effect_column(0), fixed=True)}"

    @property
    def best_probability_row(self) -> int:
        """Row with the probability of being best, in the columns of net benefit."""
        return _BEST_ROW


def draw_cells(outcomes: Outcomes) -> DrawCells:
    """Where the results of these draws stand."""
    return DrawCells(len(outcomes.strategies), len(outcomes.cost))


def best_share(highest: str, benefits: Sequence[str], slack: str, position: int) -> str:
    """Formula for the draws in which a strategy is best; those that tie within `slack` share a draw equally.

    highest, benefits: highest net benefit of each draw, and the net benefit of each strategy, as ranges.
    """
    wins = [f"({benefit}>={highest}-{slack})" for benefit in benefits]
    return f"SUMPRODUCT({wins[position]}/({'+'.join(wins)}))"


def rounding(outcomes: Outcomes, threshold: float) -> float:
    """Differences in net benefit up to this are rounding, as in `cea.analysis.acceptability`."""
    return TOLERANCE * (threshold * float(np.abs(outcomes.effect).max()) + float(np.abs(outcomes.cost).max()))


def best_shares(benefit: Floats, slack: float) -> Floats:
    """Number of draws in which each strategy is best, ties shared; benefit: shape (sample, strategy)."""
    wins = benefit >= benefit.max(axis=1, keepdims=True) - slack
    shares: Floats = (wins / wins.sum(axis=1, keepdims=True)).sum(axis=0)
    return shares


def add(book: Book, context: Context) -> None:
    """Adds the sheets of drawn parameters and of their results."""
    assert context.psa is not None and context.draws is not None, "these sheets are about draws"
    _inputs(book, context, context.draws)
    _results(book, context, context.psa.outcomes)


def _inputs(book: Book, context: Context, draws: Draws) -> None:
    sheet = book.sheet(PSA_INPUTS, "One row a draw: the values of all uncertain parameters", COLOUR)
    title = f"PSA inputs: {draws.n:,} draws of {len(draws.names)} parameters"
    made = f"Drawn in Python (sampler {draws.sampler}, seed {draws.seed}); run mode 2 on Control replays a row."
    heading(sheet, context, title, made, DRAWS_CHANGED)
    labels = ("Base value", "Mean", "2.5th percentile", "97.5th percentile")
    for row, label in enumerate(labels, start=_NOW_ROW):
        sheet.text(row, 0, label, "label")
    for row, label in ((PSA_HEADER_ROW - 2, "Parameter"), (PSA_HEADER_ROW - 1, "Unit"), (PSA_HEADER_ROW, "Draw")):
        sheet.text(row, 0, label, "header")
    first, last = PSA_HEADER_ROW + 1, PSA_HEADER_ROW + draws.n
    for position, name in enumerate(draws.names):
        column, values, parameter = 1 + position, draws.values[:, position], context.model.parameters[name]
        sheet.text(PSA_HEADER_ROW - 2, column, parameter.label, "header_right")
        sheet.text(PSA_HEADER_ROW - 1, column, per(parameter.unit), "unit")
        sheet.text(PSA_HEADER_ROW, column, name, "name")
        base = context.layout.base(name)
        number = number_for(float(np.median(np.abs(values))))
        if base is not None and parameter.value is not None:
            sheet.formula(_NOW_ROW, column, base, parameter.value, "link", number)
        for row, (_, text, value) in enumerate(_STATISTICS[:3], start=_MEAN_ROW):
            sheet.formula(row, column, text(span(first, column, last, column)), value(values), number=number)
        for row, drawn in enumerate(values, start=first):
            sheet.number(row, column, drawn, "static", number)
    for row in range(first, last + 1):
        sheet.number(row, 0, row - PSA_HEADER_ROW, "static", "whole")
    sheet.widths(18, *(max(14, 0.85 * len(name)) for name in draws.names))
    sheet.worksheet.set_row(PSA_HEADER_ROW - 2, 78)
    sheet.worksheet.freeze_panes(first, 1)
    _print(sheet, PSA_HEADER_ROW, draws.n, len(draws.names))


def _results(book: Book, context: Context, outcomes: Outcomes) -> None:
    cells = draw_cells(outcomes)
    sheet = book.sheet(PSA_RESULTS, "One row a draw: cost, effect and net benefit of every strategy", COLOUR)
    title = f"PSA results: {cells.draws:,} draws, discounted, per person"
    threshold = context.layout.name("threshold")
    heading(
        sheet, context, title,
        f"Costs ({context.money}) and effects ({outcomes.effect_unit}) are from Python; net monetary benefit is at the "
        "threshold on Control.", DRAWS_CHANGED,
    )  # fmt: skip
    sheet.text(_NOW_ROW, 0, "On Results now", "label")
    for row, (label, _, _) in enumerate(_STATISTICS, start=_MEAN_ROW):
        sheet.text(row, 0, label, "label")
    sheet.text(_LARGEST_ROW, 0, "Largest amount either way", "label")
    sheet.text(_BEST_ROW, 0, "Probability of being best", "label")
    sheet.text(RESULTS_HEADER_ROW, 0, "Draw", "header")
    for row in range(cells.first, cells.last + 1):
        sheet.number(row, 0, row - RESULTS_HEADER_ROW, "static", "whole")
    _given(sheet, context, outcomes, cells)
    _benefits(sheet, outcomes, cells, threshold)
    sheet.widths(28, *(13 for _ in range(cells.highest_column)))
    sheet.worksheet.set_row(RESULTS_HEADER_ROW, 45)
    sheet.worksheet.freeze_panes(cells.first, 1)
    _print(sheet, RESULTS_HEADER_ROW, cells.draws, cells.highest_column)
    _check_replay(book, sheet, context, outcomes, cells)


def _given(sheet: Sheet, context: Context, outcomes: Outcomes, cells: DrawCells) -> None:
    """Costs and effects of the draws with their summaries."""
    base = context.results.outcomes
    groups = (
        (f"Cost, {context.money}", "cost", outcomes.cost, base.cost, cells.cost_column, "money"),
        (f"Effect, {outcomes.effect_unit}", "effect", outcomes.effect, base.effect, cells.effect_column, "effect_4"),
    )
    for title, quantity, values, now, column_of, number in groups:
        sheet.fill(_GROUP_ROW, column_of(0), column_of(cells.strategies - 1), "band")
        sheet.text(_GROUP_ROW, column_of(0), title, "band")
        block = span(cells.first, column_of(0), cells.last, column_of(cells.strategies - 1))
        largest = float(np.abs(values).max())
        sheet.formula(_LARGEST_ROW, column_of(0), f"MAX(MAX({block}),-MIN({block}))", largest, number=number)
        for position, strategy in enumerate(outcomes.strategies):
            column = column_of(position)
            sheet.text(RESULTS_HEADER_ROW, column, outcomes.labels[position], "header_right")
            link = context.layout.result(strategy, quantity)
            sheet.formula(_NOW_ROW, column, link, float(now[0, position]), "link", number)
            _summary(sheet, cells, column, values[:, position], number)
            for row, value in enumerate(values[:, position], start=cells.first):
                sheet.number(row, column, value, "static", number)


def _summary(sheet: Sheet, cells: DrawCells, column: int, values: Floats, number: str) -> None:
    area = span(cells.first, column, cells.last, column)
    for row, (_, text, value) in enumerate(_STATISTICS, start=_MEAN_ROW):
        sheet.formula(row, column, text(area), value(values), number=number)


def _benefits(sheet: Sheet, outcomes: Outcomes, cells: DrawCells, threshold: str) -> None:
    """Net benefit of every strategy and the highest of all, in each draw, with summaries."""
    benefit = outcomes.net_monetary_benefit(outcomes.threshold)
    slack = rounding(outcomes, outcomes.threshold)
    shares = best_shares(benefit, slack) / cells.draws
    columns = [cells.benefit_column(position) for position in range(cells.strategies)]
    ranges = [span(cells.first, column, cells.last, column) for column in columns]
    highest = span(cells.first, cells.highest_column, cells.last, cells.highest_column)
    sheet.fill(_GROUP_ROW, columns[0], cells.highest_column, "band")
    sheet.text(_GROUP_ROW, columns[0], f"Net monetary benefit at the threshold, {outcomes.money}", "band")
    largest = [cell(_LARGEST_ROW, at(0), fixed=True) for at in (cells.effect_column, cells.cost_column)]
    allowance = f"{TOLERANCE:.0E}*({threshold}*{largest[0]}+{largest[1]})"
    for position, column in enumerate(columns):
        sheet.text(RESULTS_HEADER_ROW, column, outcomes.labels[position], "header_right")
        _summary(sheet, cells, column, benefit[:, position], "money")
        text = f"{best_share(highest, ranges, allowance, position)}/COUNT({highest})"
        sheet.formula(_BEST_ROW, column, text, float(shares[position]), number="percent")
        pair = cells.effect_column(position), cells.cost_column(position)
        for row, value in enumerate(benefit[:, position], start=cells.first):
            sheet.formula(row, column, f"{threshold}*{cell(row, pair[0])}-{cell(row, pair[1])}", value, number="money")
    sheet.text(RESULTS_HEADER_ROW, cells.highest_column, "Highest of all", "header_right")
    best = benefit.max(axis=1)
    _summary(sheet, cells, cells.highest_column, best, "money")
    for row, value in enumerate(best, start=cells.first):
        sheet.formula(
            row, cells.highest_column, f"MAX({cell(row, columns[0])}:{cell(row, columns[-1])})", value, number="money"
        )


def _check_replay(book: Book, sheet: Sheet, context: Context, outcomes: Outcomes, cells: DrawCells) -> None:
    """A replayed draw gives the results that Python found, as long as no input differs from the export."""
    mode, row, changed = (context.layout.name(name) for name in ("run_mode", "psa_row", "inputs_changed"))
    gaps = []
    for position, strategy in enumerate(outcomes.strategies):
        for quantity, column_of in (("cost", cells.cost_column), ("effect", cells.effect_column)):
            drawn = f"INDEX({cells.range(column_of(position))},{row})"
            gaps.append(f"ABS({context.layout.result(strategy, quantity)}-{drawn})<=1E-9*(1+ABS({drawn}))")
    text = f"IF(AND({mode}=2,{changed}=0),AND({','.join(gaps)}),TRUE)"
    book.check(sheet, "A replayed draw gives the costs and effects that Python found for it", text)


def _print(sheet: Sheet, header_row: int, draws: int, columns: int) -> None:
    """On paper: the summaries and the first draws."""
    rows = header_row + min(draws, _PRINTED_DRAWS)
    sheet.print_setup(
        rows, columns, repeat_rows=(header_row, header_row), repeat_columns=(0, 0),
        pages_wide=max(1, -(-columns // _PRINTED_COLUMNS)), pages_tall=1,
    )  # fmt: skip

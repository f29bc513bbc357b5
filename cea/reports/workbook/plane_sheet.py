"""The cost-effectiveness plane, live: increments of every draw against the comparator chosen on the control sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cea.analysis.incremental import TOLERANCE
from cea.engine.markov import Floats
from cea.engine.outcomes import Outcomes
from cea.reports.workbook import chart_parts
from cea.reports.workbook.book import Book, Cached, Sheet, cell, span
from cea.reports.workbook.context import Context
from cea.reports.workbook.draws_sheet import COLOUR, DrawCells, draw_cells, mean
from cea.reports.workbook.heading import DRAWS_CHANGED, heading

PLANE = "CE plane"
_TITLE_ROW, _PLACE_ROW = 4, 5
_SUMMARY_ROW = 7
"""Row with the strategies over the summary."""
_CHART_ROW, _CHART_COLUMNS = 24, 7
_TOP = 56
"""Row with the headings of the increments."""


@dataclass(frozen=True)
class _Increments:
    """Cost and effect against the comparator, shape (sample,), with the ranges that hold them."""

    cost: Floats
    effect: Floats
    costs: str
    effects: str


def add(book: Book, context: Context) -> None:
    """Adds the sheet of the plane."""
    assert context.psa is not None, "the plane is about draws"
    outcomes = context.psa.outcomes
    cells = draw_cells(outcomes)
    sheet = book.sheet(PLANE, "Increments of every draw against the comparator on Control, and the plane", COLOUR)
    heading(
        sheet, context, "Cost-effectiveness plane",
        f"{cells.draws:,} draws, per person, {outcomes.money} and {outcomes.effect_unit}; the comparator and the "
        "threshold are those on Control.", DRAWS_CHANGED,
    )  # fmt: skip
    comparator = outcomes.strategies.index(context.comparator)
    _comparator(sheet, context, outcomes, cells, comparator)
    found = [_increments(sheet, outcomes, cells, position, comparator) for position in range(cells.strategies)]
    _summary(sheet, context, outcomes, cells, found)
    _line(sheet, context, outcomes, found)
    _chart(book, sheet, outcomes, cells)
    sheet.widths(46, *(14 for _ in range(max(2 * cells.strategies, _CHART_COLUMNS))))
    sheet.print_setup(_TOP - 2, max(cells.strategies + 3, _CHART_COLUMNS), pages_tall=1)


def _comparator(sheet: Sheet, context: Context, outcomes: Outcomes, cells: DrawCells, comparator: int) -> None:
    """The title of the chart, and the place of the comparator among the strategies."""
    chosen = context.layout.name("comparator")
    title = f"Increments of cost and effect per draw against {outcomes.labels[comparator]}"
    sheet.formula(_TITLE_ROW, 0, f'"Increments of cost and effect per draw against "&{chosen}', title, "section")
    sheet.fill(_TITLE_ROW, 1, cells.strategies, "section")
    sheet.text(_PLACE_ROW, 0, "Comparator, by its number among the strategies", "note")
    names = span(_SUMMARY_ROW, 1, _SUMMARY_ROW, cells.strategies)
    sheet.formula(_PLACE_ROW, 1, f"MATCH({chosen},{names},0)", comparator + 1, number="whole")
    sheet.text(_SUMMARY_ROW, 0, "Against the comparator", "header")
    sheet.row(_SUMMARY_ROW, 1, outcomes.labels, "header_right")
    sheet.worksheet.set_row(_SUMMARY_ROW, 45)


def _increments(
    sheet: Sheet, outcomes: Outcomes, cells: DrawCells, position: int, comparator: int
) -> _Increments:
    """Writes the increments of a strategy: effect beside cost, one row a draw."""
    columns = 1 + 2 * position, 2 + 2 * position
    first, last = _TOP + 1, _TOP + cells.draws
    place = cell(_PLACE_ROW, 1, fixed=True)
    values = []
    for column, all_values, column_of, number in (
        (columns[0], outcomes.effect, cells.effect_column, "effect_4"),
        (columns[1], outcomes.cost, cells.cost_column, "money"),
    ):
        sheet.text(_TOP - 1, column, outcomes.labels[position] if column == columns[0] else "", "band")
        sheet.text(_TOP, column, "Effect" if column == columns[0] else "Cost", "header_right")
        increment = all_values[:, position] - all_values[:, comparator]
        source = cells.range(0).partition("!")[0]
        for draw, value in enumerate(increment):
            row = cells.first + draw
            others = f"{cell(row, column_of(0))}:{cell(row, column_of(cells.strategies - 1))}"
            text = f"{source}!{cell(row, column_of(position))}-INDEX({source}!{others},{place})"
            sheet.formula(first + draw, column, text, value, number=number)
            if column == 1:
                sheet.number(first + draw, 0, draw + 1, "static", "whole")
        values.append(increment)
    sheet.text(_TOP, 0, "Draw", "header")
    return _Increments(values[1], values[0], *(span(first, c, last, c) for c in reversed(columns)))


def _summary(
    sheet: Sheet, context: Context, outcomes: Outcomes, cells: DrawCells, found: list[_Increments]
) -> None:
    """Means, intervals, the ratio of the means, quadrants and the probability of being worth it, by strategy."""
    threshold, place = context.layout.name("threshold"), cell(_PLACE_ROW, 1, fixed=True)
    for offset, (label, number, made) in enumerate(_lines(threshold, outcomes, cells), start=1):
        sheet.text(_SUMMARY_ROW + offset, 0, label, "label" if offset in (1, 4, 7, 12) else "text")
        for position, increments in enumerate(found):
            text, value = made(increments)
            text = f'IF({place}={position + 1},"-",{text})'
            shown = "-" if outcomes.strategies[position] == context.comparator else value
            sheet.formula(_SUMMARY_ROW + offset, 1 + position, text, shown, "right", number)
    sheet.text(
        _SUMMARY_ROW + 13, 0,
        "The ratio is that of the means: cost per unit gained or, where both are below zero, saving per unit lost. A "
        "draw on an axis counts half in each quadrant beside it.", "note",
    )  # fmt: skip


Line = tuple[str, str, Callable[[_Increments], tuple[str, Cached]]]


def _lines(threshold: str, outcomes: Outcomes, cells: DrawCells) -> list[Line]:
    """The rows of the summary: label, number format, and formula with value."""
    amount = outcomes.threshold

    def quantile(share: float, of_cost: bool) -> Callable[[_Increments], tuple[str, Cached]]:
        def made(item: _Increments) -> tuple[str, Cached]:
            cells, values = (item.costs, item.cost) if of_cost else (item.effects, item.effect)
            return f"PERCENTILE({cells},{share})", float(np.quantile(values, share))

        return made

    def benefit(item: _Increments) -> tuple[str, Cached]:
        text = f"{threshold}*AVERAGE({item.effects})-AVERAGE({item.costs})"
        return text, amount * mean(item.effect) - mean(item.cost)

    return [
        ("Extra cost, mean", "money", lambda item: (f"AVERAGE({item.costs})", mean(item.cost))),
        ("2.5th percentile", "money", quantile(0.025, True)),
        ("97.5th percentile", "money", quantile(0.975, True)),
        ("Extra effect, mean", "effect", lambda item: (f"AVERAGE({item.effects})", mean(item.effect))),
        ("2.5th percentile", "effect", quantile(0.025, False)),
        ("97.5th percentile", "effect", quantile(0.975, False)),
        ("Cost per unit of effect (ICER)", "money", _ratio),
        ("Draws that cost more and gain (NE)", "percent", _quadrant(1, 1, outcomes, cells)),
        ("Draws that cost less and gain (SE)", "percent", _quadrant(-1, 1, outcomes, cells)),
        ("Draws that cost less and lose (SW)", "percent", _quadrant(-1, -1, outcomes, cells)),
        ("Draws that cost more and lose (NW)", "percent", _quadrant(1, -1, outcomes, cells)),
        ("Extra net benefit at the threshold, mean", "money", benefit),
    ]


def _ratio(item: _Increments) -> tuple[str, Cached]:
    """The ratio of the means where they have the same sign, else in words."""
    cost, effect = f"AVERAGE({item.costs})", f"AVERAGE({item.effects})"
    words = f'IF(AND({cost}=0,{effect}=0),"-",IF({effect}>{cost},"Dominant","Dominated"))'
    return f"IF({cost}*{effect}>0,{cost}/{effect},{words})", _ratio_value(mean(item.cost), mean(item.effect))


def _ratio_value(cost: float, effect: float) -> Cached:
    if cost * effect > 0:
        return float(cost / effect)
    if cost == effect == 0:
        return "-"
    return "Dominant" if effect > cost else "Dominated"


def _quadrant(
    cost: int, effect: int, outcomes: Outcomes, cells: DrawCells
) -> Callable[[_Increments], tuple[str, Cached]]:
    """The share of draws in a quadrant, by the signs of its cost and effect.

    A draw on an axis, within rounding, counts half in each quadrant beside it.
    """

    def part(sign: int, values: Floats, area: str, largest: float, largest_cell: str) -> tuple[str, Floats]:
        slack = TOLERANCE * largest
        beyond = f"{area}>{TOLERANCE:.0E}*{largest_cell}" if sign > 0 else f"{area}<-{TOLERANCE:.0E}*{largest_cell}"
        text = f"(({beyond})+0.5*(ABS({area})<={TOLERANCE:.0E}*{largest_cell}))"
        return text, (sign * values > slack) + 0.5 * (np.abs(values) <= slack)

    def made(item: _Increments) -> tuple[str, Cached]:
        costs = part(cost, item.cost, item.costs, float(np.abs(outcomes.cost).max()), cells.largest_cost)
        effects = part(effect, item.effect, item.effects, float(np.abs(outcomes.effect).max()), cells.largest_effect)
        return f"SUMPRODUCT({costs[0]}*{effects[0]})/ROWS({item.costs})", float((costs[1] * effects[1]).mean())

    return made


def _line(sheet: Sheet, context: Context, outcomes: Outcomes, found: list[_Increments]) -> None:
    """Both ends of the threshold's line through the origin, within the cloud of draws."""
    threshold, amount = context.layout.name("threshold"), outcomes.threshold
    costs, effects = (",".join(getattr(item, name) for item in found) for name in ("costs", "effects"))
    column = 1 + len(found) + 1
    sheet.text(_SUMMARY_ROW, column, "Threshold line: effect", "header_right")
    sheet.text(_SUMMARY_ROW, column + 1, "cost", "header_right")
    for row, (worst, inner) in enumerate((("MIN", "MAX"), ("MAX", "MIN")), start=_SUMMARY_ROW + 1):
        text = f"{inner}({worst}(0,{effects}),{worst}(0,{costs})/{threshold})"
        pick, limit = (min, max) if worst == "MIN" else (max, min)
        ends = [pick(0.0, *(float(pick(values)) for values in group)) for group in _both(found)]
        value = limit(ends[1], ends[0] / amount)
        sheet.formula(row, column, text, value, number="effect")
        sheet.formula(row, column + 1, f"{threshold}*{cell(row, column)}", amount * value, number="money")


def _both(found: list[_Increments]) -> tuple[list[Floats], list[Floats]]:
    return [item.cost for item in found], [item.effect for item in found]


def _chart(book: Book, sheet: Sheet, outcomes: Outcomes, cells: DrawCells) -> None:
    made = chart_parts.chart(book, {"type": "scatter"}, f"={sheet.at(_TITLE_ROW, 0)}", width=1000, height=600)
    first, last = _TOP + 1, _TOP + cells.draws
    for position in range(cells.strategies):
        look = {"color": chart_parts.colour(position), "transparency": 60}
        made.add_series({
            "name": f"={sheet.at(_SUMMARY_ROW, 1 + position)}",
            "categories": f"={sheet.across(first, 1 + 2 * position, last)}",
            "values": f"={sheet.across(first, 2 + 2 * position, last)}",
            "marker": {"type": chart_parts.MARKERS[position % len(chart_parts.MARKERS)], "size": 4, "fill": look,
                       "border": {"none": True}},
        })  # fmt: skip
    column = 2 + cells.strategies
    made.add_series({
        "name": "Threshold", "line": chart_parts.guide() | {"width": 1.5}, "marker": {"type": "none"},
        "categories": f"={sheet.across(_SUMMARY_ROW + 1, column, _SUMMARY_ROW + 2)}",
        "values": f"={sheet.across(_SUMMARY_ROW + 1, column + 1, _SUMMARY_ROW + 2)}",
    })  # fmt: skip
    made.set_x_axis(chart_parts.axis(f"Extra effect per person, {outcomes.effect_unit}", "0.0#", label_position="low"))
    made.set_y_axis(chart_parts.axis(f"Extra cost per person, {outcomes.money}", "#,##0", label_position="low"))
    described = f"Increments of every draw; quadrant shares are in rows {_SUMMARY_ROW + 9} to {_SUMMARY_ROW + 12}."
    sheet.worksheet.insert_chart(_CHART_ROW, 0, made, {"description": described})

"""The results: headline comparisons, totals, the full incremental analysis, net benefits and pairwise comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cea.analysis.headline import HeadlineResult, headlines
from cea.model.workbook_names import result_name
from cea.reports.workbook import incremental_sheet as workings_sheet
from cea.reports.workbook.addresses import DETERMINISTIC, REPLAY
from cea.reports.workbook.book import Cached, Sheet, cell, letter, span
from cea.reports.workbook.comparison import (
    Difference,
    fixed_limit,
    highest_price_formula,
    highest_price_value,
    priced_outcomes,
    ratio_and_meaning,
)
from cea.reports.workbook.context import Context
from cea.reports.workbook.disaggregated_sheet import Parts
from cea.reports.workbook.frontier import slacks
from cea.reports.workbook.incremental_sheet import Workings

TOP = 4
QUANTITIES = ("cost", "effect", "life_years")
_NUMBERS = {"cost": "money", "effect": "effect", "life_years": "effect"}


class ResultsSheet:
    """The sheet. `enter_totals` comes first, since the workings of the incremental analysis read them."""

    def __init__(self, context: Context, sheet: Sheet, parts: Parts, workings: Workings) -> None:
        self.context = context
        self.sheet = sheet
        self.parts = parts
        self.workings = workings
        self.strategies = context.results.strategies
        self.items = headlines(context.results)
        self.labels = list(context.labels.values())
        model, count = context.model, len(self.strategies)
        self.effect_unit = model.settings.effect_unit
        self.headline_row = TOP
        # a title, a heading and an empty row around the rows of each table
        self.totals_row = TOP + (len(self.items) + 3 if self.items else 0)
        self.incremental_row = self.totals_row + count + 3
        self.benefit_row = self.incremental_row + count + 3
        self.pairs_row = self.benefit_row + count + 4
        self.price_row = self.pairs_row + count + 3
        outcomes = context.results.outcomes
        self.costs, self.effects = outcomes.cost[0].tolist(), outcomes.effect[0].tolist()
        self.slacks = slacks(self.costs, self.effects)

    def enter_totals(self) -> None:
        """Says where the totals of each strategy will stand."""
        for k, strategy in enumerate(self.strategies):
            for suffix, start in (("", 1), ("_undiscounted", 4)):
                for position, quantity in enumerate(QUANTITIES, start):
                    address = self.sheet.at(self.totals_row + 2 + k, position)
                    self.context.layout.results[strategy, f"{quantity}{suffix}"] = address
            for quantity in ("cost", "effect"):
                name, address = result_name(quantity, strategy), self.context.layout.result(strategy, quantity)
                self.sheet.book.define(name, address)

    def write(self) -> None:
        """Writes the sheet."""
        sheet, context = self.sheet, self.context
        sheet.text(0, 0, "Results", "title")
        sheet.text(1, 0, context.model.question or context.model.title, "subtitle")
        self._subject()
        self._headlines()
        self._totals()
        self._incremental()
        self._benefits()
        self._pairs()
        last = self._prices()
        last = self._severity(last)
        sheet.widths(44, *[17] * 9)
        sheet.worksheet.freeze_panes(TOP - 1, 1)
        sheet.print_setup(last, 8)

    def _subject(self) -> None:
        """What the numbers are: of whom, in which money and perspective, and in which run mode."""
        name, perspective = self.context.layout.name, self.context.model.perspectives[self.context.results.perspective]
        words = f"Means per person; costs in {self.context.money}; perspective: "
        base, draw, fresh = "; deterministic base case", "; draw ", "; a random draw"
        replay = f'"{draw}"&{name("psa_row")}&" of the probabilistic analysis"'
        mode = f'IF({name("run_mode")}={DETERMINISTIC},"{base}",IF({name("run_mode")}={REPLAY},{replay},"{fresh}"))'
        formula = f'"{words}"&{name("perspective")}&{mode}'
        self.sheet.formula(2, 0, formula, f"{words}{perspective.label}{base}", "note")

    def _title(self, row: int, title: str, headers: Sequence[str]) -> None:
        self.sheet.fill(row, 0, 9, "section")
        self.sheet.text(row, 0, title, "section")
        self.sheet.text(row + 1, 0, headers[0], "header")
        self.sheet.row(row + 1, 1, headers[1:], "header_right")
        self.sheet.fit(row + 1, *((header, 16) for header in headers[1:]))

    def _difference(self, row: int, cost: int, effect: int) -> Difference:
        slack = (workings_sheet.COST_SLACK_ROW, workings_sheet.EFFECT_SLACK_ROW)
        places = [self.workings.sheet.at(place, workings_sheet.COST) for place in slack]
        return Difference(f"${letter(cost)}{row + 1}", f"${letter(effect)}{row + 1}", places[0], places[1])

    def _between(self, one: str, other: str) -> tuple[float, float]:
        i, j = self.strategies.index(one), self.strategies.index(other)
        return self.costs[i] - self.costs[j], self.effects[i] - self.effects[j]

    def _headlines(self) -> None:
        if not self.items:
            return
        unit, sheet, layout = self.effect_unit, self.sheet, self.context.layout
        headers = ("Question", "Strategy", "Comparator", "Extra cost", f"Extra {unit}", f"Cost per {unit}",
                   "Net benefit at the threshold", "Reading")  # fmt: skip
        self._title(self.headline_row, "Headline comparisons", headers)
        for row, item in enumerate(self.items, self.headline_row + 2):
            one, other = item.headline.strategy, item.headline.comparator
            cost, effect = self._between(one, other)
            sheet.text(row, 0, item.headline.label, "wrapped")
            for column, label in enumerate(item.labels, 1):
                sheet.text(row, column, label, "wrapped_right")
            for column, quantity, value in ((3, "cost", cost), (4, "effect", effect)):
                formula = f"{self._local(one, quantity)}-{self._local(other, quantity)}"
                sheet.formula(row, column, formula, value, "calculation", _NUMBERS[quantity])
            difference = self._difference(row, 3, 4)
            ratio, meaning = ratio_and_meaning(cost, effect, self.slacks)
            sheet.formula(row, 5, difference.ratio(), ratio, "result_right", "money")
            benefit = f"{layout.name('threshold')}*{cell(row, 4)}-{cell(row, 3)}"
            sheet.formula(row, 6, benefit, self.context.model.threshold * effect - cost, "calculation", "money")
            sheet.formula(row, 7, difference.meaning(), meaning, "note_beside")
            sheet.fit(row, (item.headline.label, 44), *((label, 17) for label in item.labels))

    def _local(self, strategy: str, quantity: str) -> str:
        """A total as the formulas of this sheet write it."""
        return self.context.layout.result(strategy, quantity).split("!")[-1]

    def _totals(self) -> None:
        sheet, unit = self.sheet, self.effect_unit
        headers = ("Strategy", "Cost", unit + "s", "Life-years", "Cost, undiscounted", f"{unit}s, undiscounted",
                   "Life-years, undiscounted")  # fmt: skip
        self._title(self.totals_row, "Totals by strategy", headers)
        for k, strategy in enumerate(self.strategies):
            row = self.totals_row + 2 + k
            sheet.text(row, 0, self.labels[k], "label")
            for start, discounted in ((1, True), (4, False)):
                for column, quantity in enumerate(QUANTITIES, start):
                    formula = self.parts.total(quantity, strategy, discounted=discounted)
                    value = self._value(quantity, k, discounted=discounted)
                    sheet.formula(row, column, formula, value, "calculation", _NUMBERS[quantity])

    def _value(self, quantity: str, k: int, *, discounted: bool) -> float:
        run = self.context.results
        if quantity == "life_years":
            line = run.life_years
            return float((line.discounted if discounted else line.undiscounted)[0, k])
        name = self.context.model.settings.effect if quantity == "effect" else None
        return float(run.total(quantity, name, discounted=discounted)[0, k])

    def _incremental(self) -> None:
        """Sorted by cost; the formulas find the strategy of each place in the workings."""
        sheet, workings, unit = self.sheet, self.workings, self.effect_unit
        headers = (
            "Strategy, by rising cost",
            "Cost",
            unit + "s",
            "Incremental cost",
            f"Incremental {unit}s",
            "ICER",
            "Status",
        )
        self._title(
            self.incremental_row, "Full incremental analysis (against the next strategy on the frontier)", headers
        )
        columns = (
            (workings_sheet.LABEL, "label", ""),
            (workings_sheet.COST, "calculation", "money"),
            (workings_sheet.EFFECT, "calculation", "effect"),
            (workings_sheet.MORE_COST, "calculation", "money"),
            (workings_sheet.MORE_EFFECT, "calculation", "effect"),
            (workings_sheet.ICER, "result_right", "money"),
            (workings_sheet.STATUS, "right", ""),
        )
        for place in range(1, len(self.strategies) + 1):
            row = self.incremental_row + 1 + place
            k = next(i for i, item in enumerate(workings.standings) if item.order == place)
            values: tuple[Cached, ...] = (
                self.labels[k],
                self.costs[k],
                self.effects[k],
                *workings.increments(k),
                workings.status(k),
            )
            found = f"MATCH({place},{workings.range(workings_sheet.ORDER)},0)"
            for column, ((source, role, number), value) in enumerate(zip(columns, values, strict=True)):
                sheet.formula(row, column, f"INDEX({workings.range(source)},{found})", value, role, number)

    def thresholds(self) -> list[float]:
        """The thresholds of the model; that of Control stands beside them."""
        return sorted({*self.context.model.thresholds, self.context.model.threshold})

    def _threshold_header(self, row: int) -> None:
        sheet, values = self.sheet, self.thresholds()
        for column, value in enumerate(values, 1):
            sheet.number(row, column, value, "header_right", "money")
        name = self.context.layout.name("threshold")
        sheet.formula(row, len(values) + 1, name, self.context.model.threshold, "header_right", "money")
        sheet.text(row, len(values) + 2, "the last is the one on Control", "note_beside")

    def _benefits(self) -> None:
        row, sheet = self.benefit_row, self.sheet
        self._title(row, "Net monetary benefit by threshold (threshold x effect - cost)", ("Strategy",))
        self._threshold_header(row + 1)
        values = [*self.thresholds(), self.context.model.threshold]
        first, last = row + 2, row + 1 + len(self.strategies)
        for column, threshold in enumerate(values, 1):
            benefits = [threshold * effect - cost for cost, effect in zip(self.costs, self.effects, strict=True)]
            for k, strategy in enumerate(self.strategies):
                here = first + k
                sheet.text(here, 0, self.labels[k], "label")
                formula = (
                    f"{letter(column)}${row + 2}*{self._local(strategy, 'effect')}-{self._local(strategy, 'cost')}"
                )
                sheet.formula(here, column, formula, benefits[k], "calculation", "money")
            letters = f"{cell(first, column)}:{cell(last, column)}"
            best = f"INDEX({span(first, 0, last, 0)},MATCH(MAX({letters}),{letters},0))"
            sheet.formula(last + 1, column, best, self.labels[benefits.index(max(benefits))], "total_wrapped")
        sheet.text(last + 1, 0, "Highest net benefit", "total")

    def _pairs(self) -> None:
        sheet, layout, row, unit = self.sheet, self.context.layout, self.pairs_row, self.effect_unit
        headers = (
            "Strategy",
            "Extra cost",
            f"Extra {unit}s",
            f"Cost per {unit}",
            "Net benefit at the threshold",
            "Reading",
        )
        self._title(row, "Each strategy against the comparator on Control", headers)
        choice = layout.name("comparator")
        first = self.totals_row + 2
        labels = span(first, 0, first + len(self.strategies) - 1, 0)
        for k, strategy in enumerate(self.strategies):
            here = row + 2 + k
            sheet.text(here, 0, self.labels[k], "label")
            cost, effect = self._between(strategy, self.context.comparator)
            for column, quantity, value in ((1, "cost", cost), (2, "effect", effect)):
                values = span(first, column, first + len(self.strategies) - 1, column)
                formula = f"{self._local(strategy, quantity)}-INDEX({values},MATCH({choice},{labels},0))"
                sheet.formula(here, column, formula, value, "calculation", _NUMBERS[quantity])
            difference = self._difference(here, 1, 2)
            ratio, meaning = ratio_and_meaning(cost, effect, self.slacks)
            sheet.formula(here, 3, difference.ratio(), ratio, "result_right", "money")
            benefit = f"{layout.name('threshold')}*{cell(here, 2)}-{cell(here, 1)}"
            sheet.formula(here, 4, benefit, self.context.model.threshold * effect - cost, "calculation", "money")
            sheet.formula(here, 5, difference.meaning(), meaning, "note_beside")

    def _prices(self) -> int:
        """The highest price of each headline by threshold; gives the next free row."""
        priced = [item for item in self.items if item.headline.price is not None]
        if not priced:
            return self.price_row
        row, sheet = self.price_row, self.sheet
        self._title(row, "Highest price at which the strategy is worth it against its comparator", ("Question",))
        self._threshold_header(row + 1)
        for here, item in enumerate(priced, row + 2):
            words = f"{item.headline.label}: {item.price_label}"
            sheet.text(here, 0, words, "wrapped")
            sheet.fit(here, (words, 44))
            for column, (formula, value) in enumerate(self._price_cells(row + 1, item), 1):
                if formula:
                    sheet.formula(here, column, formula, value, "right", "money")
                elif isinstance(value, str):
                    sheet.text(here, column, value, "static_right")
                else:
                    sheet.number(here, column, value, "static", "money")
        return row + 3 + len(priced)

    def _price_cells(self, header: int, item: HeadlineResult) -> Iterator[tuple[str, Cached]]:
        """Formula and value at each threshold; no formula where the price stands in more than its own costs."""
        model, price = self.context.model, item.headline.price or ""
        one, other = item.headline.strategy, item.headline.comparator
        outcomes = priced_outcomes(model, price)
        levels = [*self.thresholds(), model.threshold]
        if not outcomes:
            yield from (("", fixed_limit(item, level)) for level in levels)
            return
        cost, effect = self._between(one, other)
        live = float(self.context.results.cohort.scope.names[price])
        slope, units = "", 0.0
        for outcome in outcomes:
            row, line = self.parts.rows[outcome.name], self.context.results.lines[outcome.name]
            counts, first, second = (
                self.parts.sheet.at(row, column) for column in (3, self.parts.column(one), self.parts.column(other))
            )
            slope += f"+{counts}*({first}-{second})"
            i, j = self.strategies.index(one), self.strategies.index(other)
            units += float(self.context.results.counted(line)) * float(line.discounted[0, i] - line.discounted[0, j])
        slope = f"({slope.removeprefix('+')})/{price}"
        units = units / live if live > 0 else 0.0
        costs = f"({self._local(one, 'cost')}-{self._local(other, 'cost')})"
        effects = f"({self._local(one, 'effect')}-{self._local(other, 'effect')})"
        for column, level in enumerate(levels, 1):
            benefit = f"{letter(column)}${header + 1}*{effects}-{costs}"
            formula = highest_price_formula(price, slope, benefit)
            yield formula, highest_price_value(live, units, level * effect - cost)

    def _severity(self, row: int) -> int:
        """Shortfall and severity weight of headlines, as values: the program computes them over another horizon."""
        severe = [item for item in self.items if item.severity is not None]
        if not severe:
            return row
        unit = self.effect_unit
        headers = ("Question", f"Expected {unit}s without the disease", f"Remaining {unit}s", "Absolute shortfall",
                   "Proportional shortfall", "Severity weight", f"Cost per weighted {unit}")  # fmt: skip
        self._title(row, "Severity (values when written; only the last column is a formula)", headers)
        sheet = self.sheet
        for here, item in enumerate(severe, row + 2):
            found = item.severity
            assert found is not None, "a severe comparison has a shortfall"
            sheet.text(here, 0, item.headline.label, "wrapped")
            numbers = (found.expected, found.remaining, found.absolute, found.proportional, found.weight)
            for column, value in enumerate(numbers, 1):
                sheet.number(here, column, value, "static", "effect")
            ratio = cell(self.headline_row + 2 + self.items.index(item), 5)
            weighted = item.pair.icer / found.weight if item.pair.icer is not None else ""
            formula = f'IF(ISNUMBER({ratio}),{ratio}/{cell(here, 5)},"")'
            sheet.formula(here, 6, formula, weighted, "result_right", "money")
        return row + 3 + len(severe)

"""The workings of the full incremental analysis as plain formulas, for any number of strategies; see `frontier`."""

from __future__ import annotations

from cea.analysis.incremental import TOLERANCE
from cea.reports.workbook.book import Cached, Sheet, cell, letter, literal, span
from cea.reports.workbook.context import Context
from cea.reports.workbook.frontier import STRAIGHT, Standing, slacks, standings

TOP = 7
COST_SLACK_ROW, EFFECT_SLACK_ROW = 3, 4
(
    LABEL, NAMES, COST, EFFECT, DOMINATED, TWIN, STAYS, LOWEST, HIGHEST, ON, POSITION, BEFORE, STATUS, MORE_COST,
    MORE_EFFECT, ICER, ORDER,
) = range(17)  # fmt: skip
SLOPES = ORDER + 2
REFERENCE, FRONTIER, DOMINATED_WORD, EXTENDED = "Reference", "On the frontier", "Dominated", "Extendedly dominated"
_HEADERS = (
    "Strategy", "Order of names", "Cost", "Effect", "Dominated by (count)", "Same as an earlier one (count)",
    "Stays in", "Highest slope to a less effective one", "Lowest slope to a more effective one", "On the frontier",
    "Place on the frontier", "Compared with place", "Status", "Incremental cost", "Incremental effect", "ICER",
    "Order by cost",
)  # fmt: skip
_EXPLANATION = (
    "Every strategy is compared with every other. A strategy stays in unless another one costs no more and gives no "
    "less. Increments are against the next cheaper strategy on the frontier."
)


class Workings:
    """The sheet. Afterwards `range` gives its columns to other sheets, and `values` what they show."""

    def __init__(self, context: Context, sheet: Sheet) -> None:
        self.context = context
        self.sheet = sheet
        self.strategies = context.results.strategies
        outcomes = context.results.outcomes
        self.costs, self.effects = outcomes.cost[0].tolist(), outcomes.effect[0].tolist()
        self.standings = standings(self.costs, self.effects, self.strategies)
        self.last = TOP + len(self.strategies) - 1

    def range(self, column: int) -> str:
        """A column of the table as other sheets write it."""
        return self.sheet.across(TOP, column, self.last)

    def status(self, k: int) -> str:
        """The status of a strategy in words."""
        standing = self.standings[k]
        if standing.position:
            return REFERENCE if standing.position == 1 else FRONTIER
        return EXTENDED if standing.stays else DOMINATED_WORD

    def increments(self, k: int) -> tuple[Cached, Cached, Cached]:
        """Incremental cost and effect and ICER of a strategy, empty where there is none."""
        standing = self.standings[k]
        if standing.before == 0:
            return "", "", ""
        other = next(j for j, item in enumerate(self.standings) if item.position == standing.before)
        cost, effect = self.costs[k] - self.costs[other], self.effects[k] - self.effects[other]
        return cost, effect, cost / effect if standing.position > 1 else ""

    def write(self) -> None:
        """Writes the sheet."""
        sheet, count = self.sheet, len(self.strategies)
        sheet.text(0, 0, "Incremental analysis: workings", "title")
        sheet.text(1, 0, _EXPLANATION, "note")
        for row, column, words, value in (
            (COST_SLACK_ROW, COST, "Costs are equal up to", slacks(self.costs, self.effects)[0]),
            (EFFECT_SLACK_ROW, EFFECT, "Effects are equal up to", slacks(self.costs, self.effects)[1]),
        ):
            values = span(TOP, column, self.last, column)
            sheet.text(row, 0, words)
            sheet.formula(row, COST, f"{literal(TOLERANCE)}*MAX(MAX({values}),-MIN({values}))", value)
        sheet.row(TOP - 1, 0, _HEADERS)
        sheet.text(
            TOP - 2, SLOPES, "Cost per effect gained over each less effective strategy, where both stay in", "note"
        )
        for k, name in enumerate(self.strategies):
            sheet.text(TOP - 1, SLOPES + k, self.context.labels[name], "header_right")
            self._row(k)
        sheet.worksheet.set_row(TOP - 1, 48)
        sheet.widths(30, *[13] * (SLOPES + count - 1))
        sheet.worksheet.set_column(STATUS, STATUS, 20)
        sheet.worksheet.freeze_panes(TOP, 1)
        sheet.print_setup(self.last, SLOPES + count - 1)

    def _row(self, k: int) -> None:
        sheet, row, name = self.sheet, TOP + k, self.strategies[k]
        layout, item = self.context.layout, self.standings[k]
        sheet.text(row, LABEL, self.context.labels[name])
        sheet.number(row, NAMES, 1.0 + sorted(self.strategies).index(name), "static", "whole")
        sheet.formula(row, COST, layout.result(name, "cost"), self.costs[k], "link", "money_2")
        sheet.formula(row, EFFECT, layout.result(name, "effect"), self.effects[k], "link", "effect_4")
        here = _Formulas(row, self.last)
        sheet.formula(row, DOMINATED, here.dominators(), item.dominators, "calculation", "whole")
        sheet.formula(row, TWIN, here.twins(), item.twins, "calculation", "whole")
        stays = f"IF({here.own(DOMINATED)}+{here.own(TWIN)}=0,1,0)"
        sheet.formula(row, STAYS, stays, float(item.stays), "calculation", "whole")
        for j, slope in enumerate(item.slopes):
            value = "" if slope is None else slope
            sheet.formula(row, SLOPES + j, here.slope(TOP + j), value, "calculation", "money_2")
        self._frontier(k, row, here, item)

    def _frontier(self, k: int, row: int, here: _Formulas, item: Standing) -> None:
        sheet, count = self.sheet, len(self.strategies)
        slopes = f"{cell(row, SLOPES)}:{cell(row, SLOPES + count - 1)}"
        column = span(TOP, SLOPES + k, self.last, SLOPES + k)
        for place, function, cells, value in (
            (LOWEST, "MAX", slopes, item.lowest),
            (HIGHEST, "MIN", column, item.highest),
        ):
            text = f'IF(COUNT({cells})=0,"",{function}({cells}))'
            sheet.formula(row, place, text, "" if value is None else value, "calculation", "money_2")
        sheet.formula(row, ON, here.on_frontier(), float(item.position > 0), "calculation", "whole")
        sheet.formula(row, POSITION, here.position(), item.position, "calculation", "whole")
        sheet.formula(row, BEFORE, here.before(), item.before, "calculation", "whole")
        sheet.formula(row, STATUS, here.status(), self.status(k), "label")
        more_cost, more_effect, icer = self.increments(k)
        sheet.formula(row, MORE_COST, here.increment(COST), more_cost, "calculation", "money_2")
        sheet.formula(row, MORE_EFFECT, here.increment(EFFECT), more_effect, "calculation", "effect_4")
        ratio = f'IF({here.own(POSITION)}>1,{here.own(MORE_COST)}/{here.own(MORE_EFFECT)},"")'
        sheet.formula(row, ICER, ratio, icer, "calculation", "money_2")
        sheet.formula(row, ORDER, here.order(), item.order, "calculation", "whole")


class _Formulas:
    """The formulas of one row; they compare its cost c and effect e with the columns of all strategies."""

    def __init__(self, row: int, last: int) -> None:
        self.row = row
        self.last = last
        cost, effect = cell(COST_SLACK_ROW, COST, fixed=True), cell(EFFECT_SLACK_ROW, COST, fixed=True)
        costs, effects, c, e = self.all(COST), self.all(EFFECT), self.own(COST), self.own(EFFECT)
        self.cheaper, self.dearer = f"({costs}<{c}-{cost})", f"({costs}>{c}+{cost})"
        self.better, self.worse = f"({effects}>{e}+{effect})", f"({effects}<{e}-{effect})"
        self.effect_slack = effect

    def own(self, column: int) -> str:
        """The cell of the row in a column."""
        return f"${letter(column)}{self.row + 1}"

    def all(self, column: int) -> str:
        """The cells of all strategies in a column."""
        return span(TOP, column, self.last, column)

    def dominators(self) -> str:
        """How many cost no more and give no less, and are not the same."""
        return f"SUMPRODUCT((1-{self.dearer})*(1-{self.worse})*(({self.cheaper}+{self.better})>0))"

    def twins(self) -> str:
        """How many of an earlier name have the same cost and effect."""
        same = f"(({self.cheaper}+{self.dearer}+{self.better}+{self.worse})=0)"
        return f"SUMPRODUCT({same}*({self.all(NAMES)}<{self.own(NAMES)}))"

    def slope(self, other: int) -> str:
        """Cost per effect gained over the strategy in another row."""
        stays, cost, effect = (f"${letter(column)}${other + 1}" for column in (STAYS, COST, EFFECT))
        both = f"{self.own(STAYS)}+{stays}=2"
        gain = f"{self.own(EFFECT)}-{effect}"
        return f'IF({both},IF({gain}>{self.effect_slack},({self.own(COST)}-{cost})/({gain}),""),"")'

    def on_frontier(self) -> str:
        """1 where some threshold makes the strategy the best."""
        low, high = self.own(LOWEST), self.own(HIGHEST)
        fits = f"IF(COUNT({low},{high})<2,1,IF({low}<={high}+{literal(STRAIGHT)}*ABS({high}),1,0))"
        return f"IF({self.own(STAYS)}=1,{fits},0)"

    def position(self) -> str:
        """Place on the frontier by effect."""
        return f"IF({self.own(ON)}=1,SUMPRODUCT({self.all(ON)}*(1-{self.better})),0)"

    def before(self) -> str:
        """Place of the next cheaper one on the frontier."""
        return f"SUMPRODUCT({self.all(ON)}*(1-{self.dearer}))-{self.own(ON)}"

    def status(self) -> str:
        """Reference, on the frontier, dominated or extendedly dominated."""
        stays = f'IF({self.own(STAYS)}=1,"{EXTENDED}","{DOMINATED_WORD}")'
        return f'IF({self.own(POSITION)}=1,"{REFERENCE}",IF({self.own(POSITION)}>1,"{FRONTIER}",{stays}))'

    def increment(self, column: int) -> str:
        """Less the value of the next cheaper one on the frontier."""
        before = self.own(BEFORE)
        found = f"INDEX({self.all(column)},MATCH({before},{self.all(POSITION)},0))"
        return f'IF({before}=0,"",{self.own(column)}-{found})'

    def order(self) -> str:
        """Place by cost, then by effect from the best on, then by name."""
        tie = f"(1-{self.worse})*(1-{self.better})*({self.all(NAMES)}<{self.own(NAMES)})"
        return f"1+SUMPRODUCT({self.cheaper}+(1-{self.cheaper})*(1-{self.dearer})*({self.better}+{tie}))"

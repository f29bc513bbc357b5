"""Results in parts: every outcome, costs by category, life-years by state and events, for each strategy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cea.engine.payoffs import Line
from cea.reports.equations import outcome_unit
from cea.reports.quantities import per
from cea.reports.workbook.book import Sheet, cell, letter
from cea.reports.workbook.context import Context
from cea.reports.workbook.weight_columns import weight_values

HEADER, TOP = 4, 5
LABEL, CATEGORY, UNIT, COUNTS, FIRST = range(5)


@dataclass(frozen=True)
class Block:
    """Rows of outcomes, from 0 on the sheet; `last` is below `first` where there are none."""

    first: int
    last: int


class Parts:
    """The sheet. Afterwards `total` adds up outcomes, and `category_rows` says where costs by category stand."""

    def __init__(self, context: Context, sheet: Sheet) -> None:
        self.context = context
        self.sheet = sheet
        self.strategies = context.results.strategies
        self.blocks: dict[str, Block] = {}
        self.rows: dict[str, int] = {}
        self.category_rows = Block(0, -1)

    def column(self, strategy: str, *, discounted: bool = True) -> int:
        """The column of a strategy."""
        position = self.strategies.index(strategy)
        return FIRST + position + (0 if discounted else len(self.strategies) + 1)

    def total(self, block: str, strategy: str, *, discounted: bool = True) -> str:
        """Formula for the sum of the outcomes that count in the perspective, for other sheets."""
        rows = self.blocks[block]
        if rows.last < rows.first:
            return "0"
        column = self.column(strategy, discounted=discounted)
        counts = self.sheet.across(rows.first, COUNTS, rows.last)
        return f"SUMPRODUCT({counts},{self.sheet.across(rows.first, column, rows.last)})"

    def write(self) -> None:
        """Writes the sheet."""
        sheet = self.sheet
        sheet.text(0, 0, "Results in parts", "title")
        words = f"Per person, over the whole horizon; costs in {self.context.money}. The perspective says what counts."
        sheet.text(1, 0, words, "note")
        sheet.row(HEADER, 0, ("What", "Category", "Unit", "Counts"))
        labels = list(self.context.labels.values())
        other = FIRST + len(labels) + 1
        sheet.text(HEADER - 1, FIRST, "Discounted", "label")
        sheet.text(HEADER - 1, other, "Undiscounted", "label")
        for start in (FIRST, other):
            sheet.row(HEADER, start, labels, "header_right")
        row = self._outcomes(TOP)
        row = self._categories(row)
        row = self._states(row)
        row = self._events(row)
        sheet.widths(44, 32, 14, 9, *[15] * len(labels), 3, *[15] * len(labels))
        sheet.worksheet.freeze_panes(TOP, 1)
        sheet.print_setup(row - 1, other + len(labels) - 1, repeat_rows=(HEADER - 1, HEADER))

    def _section(self, row: int, text: str) -> int:
        self.sheet.fill(row, 0, FIRST + 2 * len(self.strategies), "band")
        self.sheet.text(row, 0, text, "band")
        return row + 1

    def _outcomes(self, row: int) -> int:
        results, effect = self.context.results, self.context.model.settings.effect
        lines = results.lines.values()
        blocks: Mapping[str, tuple[str, list[Line]]] = {
            "cost": ("Costs", [line for line in lines if line.outcome.kind == "cost"]),
            "effect": ("Effect of the cost-effectiveness ratio",
                       [line for line in lines if line.outcome.kind == "effect" and line.outcome.total == effect]),
            "other": ("Other effects",
                      [line for line in lines if line.outcome.kind == "effect" and line.outcome.total != effect]),
            "life_years": ("Life-years", [results.life_years]),
            "count": ("Counts (never discounted)", [line for line in lines if line.outcome.kind == "count"]),
        }  # fmt: skip
        for kind, (title, members) in blocks.items():
            if not members:
                self.blocks[kind] = Block(row, row - 1)
                continue
            row = self._section(row, title)
            self.blocks[kind] = Block(row, row + len(members) - 1)
            for line in members:
                self._line(row, line)
                row += 1
            row += 1
        return row

    def _line(self, row: int, line: Line) -> None:
        sheet, layout, outcome = self.sheet, self.context.layout, line.outcome
        self.rows[outcome.name] = row
        sheet.text(row, LABEL, outcome.label)
        sheet.text(row, CATEGORY, outcome.category if outcome.kind == "cost" else "")
        unit = outcome_unit(self.context.model, outcome) if outcome.name != "life_years" else "year"
        sheet.text(row, UNIT, per(unit.removesuffix("/year")))
        if outcome.indirect:
            sheet.formula(row, COUNTS, layout.name("indirect_counts"), float(self.context.results.counted(line)),
                          "calculation", "whole")  # fmt: skip
        else:
            sheet.number(row, COUNTS, 1.0, "static", "whole")
        number = "money_2" if outcome.kind == "cost" else "effect_4"
        for position, strategy in enumerate(self.strategies):
            for discounted, values, suffix in (
                (True, line.discounted, ""),
                (False, line.undiscounted, "_undiscounted"),
            ):
                address = layout.totals[strategy, f"pay:{outcome.name}{suffix}"]
                column = self.column(strategy, discounted=discounted)
                sheet.formula(row, column, address, float(values[0, position]), "link", number)

    def _categories(self, row: int) -> int:
        """Costs by category; categories with indirect costs are in where the perspective counts them."""
        sheet, block = self.sheet, self.blocks["cost"]
        lines = [line for line in self.context.results.lines.values() if line.outcome.kind == "cost"]
        names = list(dict.fromkeys(line.outcome.category for line in lines))
        row = self._section(row, "Costs by category, as the perspective counts them")
        self.category_rows = Block(row, row + len(names) - 1)
        categories, counts = (
            f"${letter(k)}${block.first + 1}:${letter(k)}${block.last + 1}" for k in (CATEGORY, COUNTS)
        )
        for name in names:
            sheet.text(row, LABEL, name)
            sheet.text(row, UNIT, self.context.model.currency)
            for position, strategy in enumerate(self.strategies):
                for discounted in (True, False):
                    column = self.column(strategy, discounted=discounted)
                    values = f"{cell(block.first, column)}:{cell(block.last, column)}"
                    formula = f"SUMPRODUCT(({categories}=$A{row + 1})*{counts}*{values})"
                    value = self._category_value(lines, name, position, discounted=discounted)
                    sheet.formula(row, column, formula, value, "calculation", "money_2")
            row += 1
        if names:
            self._sums(row, "All costs", self.category_rows, "money_2")
        return row + 2

    def _category_value(self, lines: Iterable[Line], name: str, position: int, *, discounted: bool) -> float:
        return sum(
            float((line.discounted if discounted else line.undiscounted)[0, position])
            for line in lines
            if line.outcome.category == name and self.context.results.counted(line)
        )

    def _sums(self, row: int, label: str, block: Block, number: str) -> None:
        """The sum of a block, which is that of the results."""
        results, sheet = self.context.results, self.sheet
        sheet.fill(row, 0, FIRST + 2 * len(self.strategies), "total")
        sheet.text(row, LABEL, label, "total")
        for position, strategy in enumerate(self.strategies):
            for discounted in (True, False):
                column = self.column(strategy, discounted=discounted)
                value = float(results.total("cost", discounted=discounted)[0, position])
                values = f"{cell(block.first, column)}:{cell(block.last, column)}"
                sheet.formula(row, column, f"SUM({values})", value, "total", number)

    def _states(self, row: int) -> int:
        layout, cohort = self.context.layout, self.context.results.cohort
        weights = weight_values(cohort)
        row = self._section(row, "Life-years by state")
        for state in self.context.model.states.values():
            if state.dead:
                continue
            self.sheet.text(row, LABEL, state.label)
            self.sheet.text(row, UNIT, "year")
            for position, strategy in enumerate(self.strategies):
                share = cohort.state(state.name)[0, position]
                for suffix, weight in (("", "effect_weight"), ("_undiscounted", "plain_weight")):
                    column = self.column(strategy, discounted=not suffix)
                    address = layout.totals[strategy, f"in:{state.name}{suffix}"]
                    self.sheet.formula(row, column, address, float((share * weights[weight]).sum()), "link", "effect_4")
            row += 1
        return row + 1

    def _events(self, row: int) -> int:
        model, layout = self.context.model, self.context.layout
        if not model.events:
            return row
        row = self._section(row, "Events per person (never discounted)")
        for event, label in model.events.items():
            self.sheet.text(row, LABEL, label)
            flows = self.context.results.cohort.event_flow(event)[0].sum(axis=-1)
            for position, strategy in enumerate(self.strategies):
                address, column = (
                    layout.totals[strategy, f"flow:{event}_undiscounted"],
                    self.column(strategy, discounted=False),
                )
                self.sheet.formula(row, column, address, float(flows[position]), "link", "effect_4")
            row += 1
        return row + 1

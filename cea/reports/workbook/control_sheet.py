"""The choices that hold for the whole workbook: run mode, threshold, comparator, perspective, and what was fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cea.engine.correction import DESCRIPTIONS
from cea.reports.quantities import figure
from cea.reports.workbook.addresses import DETERMINISTIC, RANDOM_DRAW, REPLAY
from cea.reports.workbook.book import Book, Sheet, quoted
from cea.reports.workbook.context import Context, told_apart

LIGHT_ROW, CHOICES_ROW = 4, 7
LABEL, VALUE, NOTE, LISTS = 0, 1, 2, 5
"""Columns; the lists that choices are made from stand on the right, outside the print area."""
PASS, FAIL = "ALL CHECKS PASS", "CHECKS FAIL"
COLOURS = {
    "good": {"bg_color": "#E2EFDA", "font_color": "#375623"},
    "bad": {"bg_color": "#F8CBAD", "font_color": "#9C0006"},
}


@dataclass(frozen=True)
class _Choice:
    """An editable cell: its defined name on Control, what may stand in it, and how a number is shown."""

    label: str
    name: str
    value: float | str
    note: str
    allowed: Mapping[str, Any]
    number: str = ""


class ControlSheet:
    """The sheet; it is written after all that can be changed, and before the checks."""

    def __init__(self, book: Book, context: Context, sheet: Sheet) -> None:
        self.book = book
        self.context = context
        self.sheet = sheet
        self.model = context.model
        self.layout = context.layout
        self.row = CHOICES_ROW
        everyone = context.model.perspectives.items()
        self.perspectives = told_apart({name: item.label for name, item in everyone if not item.refused})
        self.perspectives_row = CHOICES_ROW + len(context.labels) + 1

    def write(self) -> None:
        """Writes the sheet and defines the names of its cells."""
        self.sheet.text(0, LABEL, "Control", "title")
        self.sheet.text(1, LABEL, self.model.title, "subtitle")
        self.sheet.widths(34, 30, 112, 3, 3, 34, 12)
        self._light()
        self._choices()
        self._indirect()
        self.row += 1
        self._facts()
        self._state()
        self.sheet.print_setup(self.row, NOTE)

    def _light(self) -> None:
        failed = self.layout.name("checks_failed")
        self.sheet.text(LIGHT_ROW, LABEL, "Overall check", "label")
        text = f'IF({failed}=0,"{PASS}",{failed}&" {FAIL}")'
        self.sheet.formula(LIGHT_ROW, VALUE, text, PASS, "light")
        self.sheet.text(
            LIGHT_ROW, NOTE, "Sums up the sheet of checks; look there when it does not pass.", "note_beside"
        )
        for words, colours in ((PASS, COLOURS["good"]), (FAIL, COLOURS["bad"])):
            rule = {"type": "text", "criteria": "containing", "value": words}
            style = self.book.workbook.add_format(colours)
            self.sheet.worksheet.conditional_format(LIGHT_ROW, VALUE, LIGHT_ROW, VALUE, {**rule, "format": style})

    def _choices(self) -> None:
        self.sheet.row(self.row - 1, 0, ("Choices", "", "What it does"), "band")
        for choice in (self._run_mode(), self._draw(), self._threshold(), self._comparator(), self._perspective()):
            self._label(choice.label, choice.note)
            if isinstance(choice.value, str):
                self.sheet.text(self.row, VALUE, choice.value, "input_text")
            else:
                self.sheet.number(self.row, VALUE, choice.value, "input", choice.number)
            message = {
                "input_title": choice.label[:32],
                "input_message": choice.note[:255],
                "error_title": "Not possible",
            }
            self.sheet.worksheet.data_validation(self.row, VALUE, self.row, VALUE, {**message, **choice.allowed})
            self._name(choice.name)

    def _label(self, label: str, note: str, role: str = "note_beside") -> None:
        self.sheet.text(self.row, LABEL, label, "label")
        self.sheet.text(self.row, NOTE, note, role)
        self.sheet.fit(self.row, (note, 112))

    def _name(self, name: str) -> None:
        """Names the value in the row and goes to the next one."""
        self.book.define(self.layout.name(name), self.sheet.at(self.row, VALUE))
        self.row += 1

    def _run_mode(self) -> _Choice:
        modes = {DETERMINISTIC: "deterministic base case"}
        if self.context.draws is not None:
            modes[REPLAY] = f"replay of draw k of the {self.context.draws.n:,} of the probabilistic analysis"
        if self.layout.random_draws:
            modes[RANDOM_DRAW] = "a random draw at every recalculation (key F9)"
        words = "; ".join(f"{mode} = {text}" for mode, text in modes.items())
        allowed = {"validate": "list", "source": list(modes), "error_message": f"Choose from: {words}"[:255]}
        return _Choice("Run mode", "run_mode", DETERMINISTIC, words, allowed)

    def _draw(self) -> _Choice:
        draws = self.context.draws
        count = 1 if draws is None else draws.n
        words = (
            f"from 1 to {count:,}; used in run mode {REPLAY}"
            if draws is not None
            else "not used: written without draws"
        )
        allowed = {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": count,
                   "error_message": f"Choose a whole number from 1 to {count:,}."}  # fmt: skip
        return _Choice("Draw to replay (k)", "psa_row", 1, words, allowed)

    def _threshold(self) -> _Choice:
        unit = f"{self.model.currency} per {self.model.settings.effect_unit}"
        listed = ", ".join(figure(value) for value in self.model.thresholds)
        allowed = {
            "validate": "decimal",
            "criteria": ">=",
            "value": 0,
            "error_message": "Choose an amount of at least zero.",
        }
        note = f"{unit}; the model also shows {listed}"
        return _Choice("Willingness-to-pay threshold", "threshold", self.model.threshold, note, allowed, "money")

    def _comparator(self) -> _Choice:
        source = self._list(CHOICES_ROW - 1, "Strategies", list(self.context.labels.values()))
        allowed = {"validate": "list", "source": f"={source}", "error_message": "Choose a strategy of the list."}
        chosen = self.context.labels[self.context.comparator]
        note = "the full incremental analysis does not use it"
        return _Choice("Comparator of pairwise results", "comparator", chosen, note, allowed)

    def _perspective(self) -> _Choice:
        """The perspective, among those that the model allows."""
        source = self._list(self.perspectives_row, "Perspectives", list(self.perspectives.values()))
        everyone = self.model.perspectives.values()
        refused = "; ".join(f"{item.label}: {item.refused}" for item in everyone if item.refused)
        note = "which costs count" + (f"; not possible here: {refused}" if refused else "")
        allowed = {"validate": "list", "source": f"={source}", "error_message": "Choose from the list."}
        return _Choice("Perspective", "perspective", self.perspectives[self.context.results.perspective], note, allowed)

    def _indirect(self) -> None:
        """Whether indirect costs count in the perspective."""
        first, last = self.perspectives_row + 1, self.perspectives_row + len(self.perspectives)
        self.sheet.text(self.perspectives_row, LISTS + 1, "Indirect", "header")
        for row, name in enumerate(self.perspectives, first):
            self.sheet.number(row, LISTS + 1, float(self.model.perspectives[name].indirect), "static", "whole")
        chosen, choice = self.context.results.perspective, self.layout.name("perspective")
        labels, flags = (self.sheet.across(first, column, last) for column in (LISTS, LISTS + 1))
        self._label("Indirect costs count", "1 where costs outside the health system, such as lost work, count")
        value = float(self.model.perspectives[chosen].indirect)
        formula = f"INDEX({flags},MATCH({choice},{labels},0))"
        self.sheet.formula(self.row, VALUE, formula, value, "calculation", "whole")
        self._name("indirect_counts")
        self.layout.changes.append(f"IF({choice}={quoted(self.perspectives[chosen])},0,1)")

    def _list(self, row: int, title: str, items: Sequence[str]) -> str:
        self.sheet.text(row, LISTS, title, "header")
        for position, item in enumerate(items, row + 1):
            self.sheet.text(position, LISTS, item)
        return self.sheet.across(row + 1, LISTS, row + len(items))

    def _facts(self) -> None:
        """What was fixed when the workbook was written."""
        self.sheet.row(self.row, 0, ("Fixed when written", "", "Note"), "band")
        self.row += 1
        for label, value, note in _fixed(self.context):
            self._label(label, note)
            self.sheet.text(self.row, VALUE, value, "wrapped")
            self.row += 1
        per_year = self.model.settings.cycles_per_year
        self._label("Cycles per year", "")
        self.sheet.number(self.row, VALUE, float(per_year), "static")
        self._name("cycles_per_year")
        self._label("Length of a cycle, in years", "")
        self.sheet.formula(self.row, VALUE, f"1/{self.layout.name('cycles_per_year')}", 1 / per_year, number="small")
        self._name("cycle_years")
        self._label(
            "Cycles until the horizon", "another horizon needs another workbook; a check says when an edit moves it"
        )
        self.sheet.number(self.row, VALUE, float(self.context.cycles), "static")
        self._name("last_cycle")
        self.row += 1

    def _state(self) -> None:
        """How the workbook stands against what was written."""
        self.sheet.row(self.row, 0, ("Since it was written", "", "Note"), "band")
        self.row += 1
        words = "base cases, table columns and the perspective; sheets of values then say that they are out of date"
        self._label("Inputs changed", words)
        self.sheet.formula(self.row, VALUE, "+".join(self.layout.changes), 0.0, "result", "whole")
        self._name("inputs_changed")
        if self.layout.stale_values:
            self._label(
                "Solved parameters that are stale", "fixed numbers that the program would solve again; see Parameters"
            )
            self.sheet.formula(self.row, VALUE, "+".join(self.layout.stale_values), 0.0, "result", "whole")
            self.row += 1


def _fixed(context: Context) -> Iterator[tuple[str, str, str]]:
    """Label, value and note of what no formula changes."""
    model, settings = context.model, context.model.settings
    yield "Jurisdiction", settings.country or "-", "one workbook for each jurisdiction: write another one for another"
    layers = [layer for layer in model.layers if not layer.edit]
    yield "Layers", ", ".join(layer.name for layer in layers) or "none", "; ".join(layer.label for layer in layers)
    yield "Currency and price year", context.money, ""
    yield "Correction within the cycle", settings.correction.replace("_", " "), DESCRIPTIONS[settings.correction]
    method = "competing risks within a cycle: p = r / R * (1 - exp(-R * length))"
    if settings.transition_method == "matrix_exponential":
        method = "probabilities are values on the sheets of the strategies and do not follow edits of rates or draws"
    yield "Rates become probabilities by", settings.transition_method.replace("_", " "), method

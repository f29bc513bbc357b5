"""The inputs in a workbook that `cea excel` wrote, read by their defined names; everything else in it is ignored."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from cea.errors import InputError, Place, Problem
from cea.loading.workbook_safety import read_safely
from cea.model import workbook_names as names
from cea.model.document import shortened

MOST_ROWS, MOST_COLUMNS = 20_000, 200
"""How far from the corner of its sheet a named cell is looked for."""

_CHOICES = (names.THRESHOLD_NAME, names.PERSPECTIVE_CHOICE_NAME)
_NAME = re.compile(r"(?:'((?:[^']|'')+)'|([^'!,:]+))!\$?([A-Z]{1,3})\$?([0-9]{1,7})\Z")
_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)\Z")
_AGAIN = "export the workbook again with `cea excel` and make the edits in the new one"


@dataclass(frozen=True)
class Cell:
    """A named cell: its content, whether that is a formula, the result stored with it, and where it stands."""

    content: object
    is_formula: bool
    result: object
    place: Place


@dataclass(frozen=True)
class WorkbookInputs:
    """What a workbook says: where it comes from, its editable cells and its own results.

    `base` and `original` are the values of parameters now and at the export; `places` the cells of the former, of the
    threshold and of the perspective, by the names of `workbook_names`. `results` are the discounted totals (kind,
    strategy) that the workbook showed when it was last calculated, None where it was not. `perspective` is the one at
    the export and `perspective_choice` the label of the one now; `fingerprint` the sha256 of the file.
    """

    path: Path
    fingerprint: str
    model: str
    version: str
    input_hash: str
    layers: tuple[str, ...]
    edits: Mapping[str, float]
    perspective: str
    perspective_choice: str
    run_mode: float
    threshold: float
    base: Mapping[str, float]
    original: Mapping[str, float]
    places: Mapping[str, Place]
    results: Mapping[tuple[str, str], float | None]


def read_workbook(path: Path) -> WorkbookInputs:
    """Reads the named cells of a workbook. Raises UsageError where there is no file, InputError with every problem.

    A workbook that another program wrote, or that has another layout, is refused before its inputs are looked at.
    """
    data = read_safely(path)
    cells = _cells(data, path.as_posix())
    reader = _Reader(cells, path.as_posix())
    reader.check_layout()
    base = {name: reader.number(names.base_name(name)) for name in reader.parameters()}
    original = {name: reader.number(names.original_name(name)) for name in base}
    found = WorkbookInputs(
        path=path,
        fingerprint=hashlib.sha256(data.getvalue()).hexdigest(),
        model=reader.text(names.MODEL_NAME),
        version=reader.text(names.VERSION_NAME),
        input_hash=reader.text(names.HASH_NAME, empty=True),
        layers=tuple(part.strip() for part in reader.text(names.LAYERS_NAME, empty=True).split(",") if part.strip()),
        edits=reader.edits(),
        perspective=reader.text(names.PERSPECTIVE_NAME),
        perspective_choice=reader.text(names.PERSPECTIVE_CHOICE_NAME),
        run_mode=reader.number(names.RUN_MODE_NAME),
        threshold=reader.number(names.THRESHOLD_NAME),
        base=base,
        original=original,
        places={name: reader.place(name) for name in (*map(names.base_name, base), *_CHOICES)},
        results=reader.results(),
    )
    if reader.problems:
        raise InputError(reader.problems)
    return found


def _cells(data: io.BytesIO, shown: str) -> dict[str, Cell | Problem]:
    """Every cell with a defined name by that name; a problem where the name leads to no single cell."""
    try:
        workbook = _load(data, data_only=False)
        found, spots = _spots(workbook, shown)
        contents = _contents(workbook, spots, lambda cell: (cell.value, cell.data_type == "f"))
        results = _contents(_load(data, data_only=True), spots, lambda cell: cell.value)
    except Exception as error:  # the library fails in many ways on damaged files
        what = f"the workbook is damaged and cannot be read ({type(error.__cause__ or error).__name__})"
        raise InputError([Problem(what, Place(shown, 0, 0), "take another copy, or export it again")]) from None
    for name, (sheet, row, column) in spots.items():
        content, is_formula = contents.get((sheet, row, column), (None, False))
        place = Place(f"{shown}, {sheet}!{_letters(column)}{row}", 0, 0)
        found[name] = Cell(content, is_formula, results.get((sheet, row, column)), place)
    return found


Spot = tuple[str, int, int]
"""Sheet, row and column of a cell; rows and columns count from 1."""


def _load(data: io.BytesIO, *, data_only: bool) -> Any:
    import openpyxl  # noqa: PLC0415 - only an import of a workbook needs it

    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is not installed, or is switched off for openpyxl")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on parts that are of no interest here
        return openpyxl.load_workbook(data, read_only=True, data_only=data_only, keep_links=False)


def _spots(workbook: Any, shown: str) -> tuple[dict[str, Cell | Problem], dict[str, Spot]]:
    """Where the defined names lead, and the problems of those that lead nowhere."""
    problems: dict[str, Cell | Problem] = {}
    spots: dict[str, Spot] = {}
    for name, defined in workbook.defined_names.items():
        match = _NAME.match(defined.attr_text or "")
        sheet = (match[1] or match[2]).replace("''", "'") if match else ""
        row, column = (int(match[4]), _column(match[3])) if match else (0, 0)
        if sheet in workbook.sheetnames and 0 < row <= MOST_ROWS and column <= MOST_COLUMNS:
            spots[name] = (sheet, row, column)
        else:
            target = shortened(defined.attr_text or "nothing")
            problems[name] = Problem(f"the name {shortened(name)} leads to {target}", Place(shown, 0, 0), _AGAIN)
    return problems, spots


def _contents(workbook: Any, spots: Mapping[str, Spot], take: Callable[[Any], Any]) -> dict[Spot, Any]:
    """What `take` makes of the cells at some spots, each sheet read once."""
    wanted: dict[str, set[tuple[int, int]]] = {}
    for sheet, row, column in spots.values():
        wanted.setdefault(sheet, set()).add((row, column))
    found: dict[Spot, Any] = {}
    for sheet, places in wanted.items():
        rows, columns = {row for row, _ in places}, {column for _, column in places}
        for number, row in enumerate(workbook[sheet].iter_rows(1, max(rows), 1, max(columns)), start=1):
            if number in rows:
                found |= {
                    (sheet, number, column): take(row[column - 1])
                    for column in columns
                    if (number, column) in places and column <= len(row)
                }
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


class _Reader:
    """Named cells as numbers and texts; collects what is wrong with them."""

    def __init__(self, cells: Mapping[str, Cell | Problem], shown: str) -> None:
        self.cells = cells
        self.shown = shown
        self.problems: list[Problem] = []

    def check_layout(self) -> None:
        """Raises InputError unless the workbook is an export with the layout that is read here."""
        layout = self.cells.get(names.FORMAT_NAME)
        place = Place(self.shown, 0, 0)
        if not isinstance(layout, Cell):
            what = f"this is not a workbook that `cea excel` has written: it has no cell named {names.FORMAT_NAME}"
            raise InputError([Problem(what, place, "import the exported workbook, or a copy with other values in it")])
        if layout.content != names.FORMAT:
            what = f"the workbook has layout {shortened(layout.content)}, and this version reads layout {names.FORMAT}"
            remedy = f"import it with the version of the program that its README names, or {_AGAIN}"
            raise InputError([Problem(what, layout.place, remedy)])

    def parameters(self) -> list[str]:
        """The parameters with a cell for their base value, or for their value at the export."""
        found: dict[str, bool] = {}
        for prefix in (names.BASE_PREFIX, names.ORIGINAL_PREFIX):
            found |= {name.removeprefix(prefix): True for name in self.cells if name.startswith(prefix)}
        return list(found)

    def _cell(self, name: str) -> Cell | None:
        cell = self.cells.get(name)
        if cell is None:
            self.problems.append(Problem(f"there is no cell named {name}", Place(self.shown, 0, 0), _AGAIN))
        elif isinstance(cell, Problem):
            self.problems.append(cell)
        else:
            return cell
        return None

    def place(self, name: str) -> Place:
        """Where a named cell stands."""
        cell = self.cells.get(name)
        return cell.place if isinstance(cell, Cell) else Place(self.shown, 0, 0)

    def number(self, name: str) -> float:
        """The number typed into a named cell; NaN with a problem where there is none."""
        cell = self._cell(name)
        if cell is None:
            return math.nan
        wrong = _not_a_number(cell)
        if wrong is not None:
            self.problems.append(Problem(f"{name}: {wrong[0]}", cell.place, wrong[1]))
            return math.nan
        return float(cell.content)  # type: ignore[arg-type] # a finite number, as was just checked

    def text(self, name: str, *, empty: bool = False) -> str:
        """The text in a named cell; nothing with a problem where there is none."""
        cell = self._cell(name)
        if cell is None or (empty and cell.content is None):
            return ""
        if not isinstance(cell.content, str) or cell.is_formula:
            what = f"{name} holds {_described(cell)}, not the text that the export wrote"
            self.problems.append(Problem(what, cell.place, _AGAIN))
            return ""
        return cell.content

    def edits(self) -> dict[str, float]:
        """The values that were set by hand at the export."""
        text = self.text(names.EDITS_NAME, empty=True)
        try:
            found = json.loads(text or "{}")
            if not isinstance(found, dict) or any(type(value) not in (int, float) for value in found.values()):
                raise ValueError
            return {name: float(value) for name, value in found.items()}
        except (ValueError, RecursionError):
            what = f"{names.EDITS_NAME} does not list numbers by parameter"
            self.problems.append(Problem(what, self.place(names.EDITS_NAME), _AGAIN))
            return {}

    def results(self) -> dict[tuple[str, str], float | None]:
        """The workbook's totals by kind and strategy; None for one that was not calculated."""
        found: dict[tuple[str, str], float | None] = {}
        for kind in ("cost", "effect"):
            prefix = names.result_name(kind, "")
            for name, cell in self.cells.items():
                if name.startswith(prefix) and isinstance(cell, Cell):
                    number = cell.result if type(cell.result) in (int, float) else None
                    found[kind, name.removeprefix(prefix)] = None if number is None else float(number)  # type: ignore[arg-type]
        return found


def _not_a_number(cell: Cell) -> tuple[str, str] | None:
    """What is wrong with a cell that should hold a finite number, and what would be right."""
    content = cell.content
    if cell.is_formula:
        return f"the cell holds the formula {shortened(content)}", "type the number that it gives (paste it as a value)"
    if content is None:
        return "the cell is empty", "type a number"
    if isinstance(content, str):
        return f"the cell holds the text '{shortened(content)}'", _as_number(content.strip())
    if isinstance(content, bool) or not isinstance(content, int | float):
        return f"the cell holds {_described(cell)}", "type a number, and give the cell the format of a number"
    try:
        sound = math.isfinite(float(content))
    except OverflowError:
        sound = False
    return None if sound else ("the number is too large", "type a finite number")


def _described(cell: Cell) -> str:
    """A cell's content in words."""
    content = cell.content
    if cell.is_formula:
        return f"the formula {shortened(content)}"
    if isinstance(content, date | datetime | time | timedelta):
        return f"the date or time {content}"
    if isinstance(content, bool):
        return str(content).upper()
    return "nothing" if content is None else f"'{shortened(content)}'"


def _as_number(text: str) -> str:
    """How a text that was meant as a number is to be typed."""
    comma = _COMMA.match(text)
    if comma and (len(comma[2]) != 3 or comma[1].lstrip("+-") == "0"):
        return f"type it as a number with the decimal sign of your spreadsheet program: {comma[1]}.{comma[2]}"
    if comma:
        return f"type it as a number: {comma[1]}.{comma[2]} or {comma[1]}{comma[2]}, whichever is meant"
    try:
        return f"it is stored as text: type it again as the number {float(text):g}"
    except ValueError:
        pass
    share = text.removesuffix("%").strip().replace(",", ".")
    if text.endswith("%") and re.fullmatch(r"[-+]?[0-9.]+", share):
        try:
            return f"type it as the number {float(share) / 100:g}"
        except ValueError:
            pass
    return "type a number, without unit and currency"


def missing(inputs: WorkbookInputs, wanted: Iterable[str]) -> list[Problem]:
    """A problem for each parameter that has no cell in the workbook."""
    place = Place(inputs.path.as_posix(), 0, 0)
    return [
        Problem(f"there is no cell named {names.base_name(name)}", place, _AGAIN)
        for name in wanted
        if name not in inputs.base
    ]

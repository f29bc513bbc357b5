"""A workbook being written: sheets, cells, styles and defined names, with the rules that every cell keeps.

Text stays text, whatever it begins with; a formula carries the value that our own engine found for it, so that the
right numbers show before anything is recalculated; and the same model gives the same bytes.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from cea.errors import UsageError
from cea.formula.excel import LONGEST_CELL
from cea.reports.workbook.styles import properties

Cached = float | int | bool | str
NO_VALUE = "#N/A"
"""Value of a cell whose formula has none there, such as a branch that is not taken."""
LONGEST_TEXT = 32_000
LONGEST_SHEET_NAME = 31
MOST_LINES = 30
"""A row can be that many lines high."""
_CREATED = datetime(2020, 1, 1)
"""Written into every workbook, so that the same model gives the same bytes."""
_CELL_LIKE = re.compile(r"(?i:[a-z]{1,3}[0-9]+|r[0-9]*(c[0-9]*)?|c[0-9]*|true|false)")
_NAME = re.compile(r"[a-z][a-z0-9_.]{0,200}")


class _Worksheet(Worksheet):  # type: ignore[misc] # its library has no types
    """A worksheet that takes formulas as they are and writes numbers in full.

    XlsxWriter looks for functions newer than Excel 2010 in every formula, to mark them, which takes most of the time of
    a large workbook; ours have none. And it writes 16 digits of a number, where 17 may be needed to read the same.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    def _xml_number_element(self, number: float, attributes: Sequence[tuple[str, object]] = ()) -> None:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{written}><v>{number!r}</v></c>")


@dataclass(frozen=True)
class Check:
    """A condition that must hold: a formula that is TRUE or FALSE, and what it is now."""

    sheet: str
    what: str
    formula: str
    value: bool


class Sheet:
    """A sheet. Rows and columns count from 0. `worksheet` is XlsxWriter's, for charts and validation.

    `purpose` is the line of the sheet in the map of sheets.
    """

    def __init__(self, book: Book, worksheet: Worksheet, name: str, purpose: str) -> None:
        self.book = book
        self.worksheet = worksheet
        self.name = name
        self.purpose = purpose

    @property
    def quoted(self) -> str:
        """The name as it stands in formulas of other sheets."""
        return "'" + self.name.replace("'", "''") + "'"

    def text(self, row: int, column: int, text: str, role: str = "text") -> None:
        """Writes text, never a formula or a link; the row of a title becomes higher."""
        shown = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
        self.worksheet.write_string(row, column, shown, self.book.style(role))
        if role == "title":
            self.worksheet.set_row(row, 24)

    def number(self, row: int, column: int, value: float, role: str = "calculation", number: str = "") -> None:
        """Writes a number. Raises ValueError where it is not finite."""
        if not math.isfinite(value):
            raise ValueError(f"{self.name}, {cell(row, column)}: {value} cannot stand in a cell")
        self.worksheet.write_number(row, column, float(value), self.book.style(role, number))

    def formula(
        self, row: int, column: int, text: str, value: Cached, role: str = "calculation", number: str = ""
    ) -> None:
        """Writes a formula (without the leading `=`) with its value: a number, text, a truth value or NO_VALUE.

        Raises ValueError where the value is not finite or the text too long for a cell.
        """
        if len(text) >= LONGEST_CELL:
            raise ValueError(f"{self.name}, {cell(row, column)}: a formula of {len(text)} characters")
        if not isinstance(value, str | bool):
            value = float(value)
            if not math.isfinite(value):
                raise ValueError(f"{self.name}, {cell(row, column)}: {value} cannot stand in a cell ({text})")
        self.worksheet.write_formula(row, column, f"={text}", self.book.style(role, number), value)

    def row(self, row: int, column: int, texts: Iterable[str], role: str = "header") -> None:
        """Writes texts side by side."""
        for position, text in enumerate(texts):
            self.text(row, column + position, text, role)

    def fit(self, row: int, *texts: tuple[str, float]) -> None:
        """Makes a row as high as its wrapped texts need, given with the widths of their columns in characters."""
        lines = max((math.ceil(len(text) / (1.1 * width)) for text, width in texts), default=1)
        if lines > 1:
            self.worksheet.set_row(row, 13.5 * min(lines, MOST_LINES) + 1.5)

    def fill(self, row: int, first: int, last: int, role: str) -> None:
        """Gives the look of a role to empty cells of a row."""
        for column in range(first, last + 1):
            self.worksheet.write_blank(row, column, None, self.book.style(role))

    def widths(self, *widths: float) -> None:
        """Column widths in characters, from the first column on."""
        for column, width in enumerate(widths):
            self.worksheet.set_column(column, column, width)

    def at(self, row: int, column: int, *, fixed: bool = True) -> str:
        """A cell as formulas of other sheets write it: 'Sheet'!$A$1."""
        return f"{self.quoted}!{cell(row, column, fixed=fixed)}"

    def across(self, row: int, column: int, last_row: int, last_column: int | None = None) -> str:
        """A fixed range as formulas of other sheets write it; one column wide unless told."""
        return f"{self.quoted}!{span(row, column, last_row, column if last_column is None else last_column)}"

    def print_setup(
        self, last_row: int, last_column: int, *, repeat_rows: tuple[int, int] | None = None,
        repeat_columns: tuple[int, int] | None = None, landscape: bool = True, pages_tall: int = 0, pages_wide: int = 1,
    ) -> None:  # fmt: skip
        """Print area, A4, so many pages wide and tall (0: as many as needed), headings on every page, footer."""
        sheet = self.worksheet
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.print_area(0, 0, last_row, last_column)
        sheet.fit_to_pages(pages_wide, pages_tall)
        if repeat_rows is not None:
            sheet.repeat_rows(*repeat_rows)
        if repeat_columns is not None:
            sheet.repeat_columns(*repeat_columns)
        sheet.set_footer("&L&8&F&C&8&A&R&8Page &P of &N")


class Book:
    """A workbook, as a context manager: it appears under `path` when the block ends without an error, whole.

    Raises UsageError where the file cannot be written.
    """

    def __init__(self, path: str | Path, title: str, comments: str = "") -> None:
        self.path = Path(path)
        self.sheets: dict[str, Sheet] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.checks: list[Check] = []
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", suffix=".tmp", dir=self.path.parent)
            os.close(handle)
        except OSError as error:
            raise UsageError(f"cannot write {self.path}: {error.strerror or error}") from error
        self._temporary = Path(name)
        self.workbook = xlsxwriter.Workbook(
            str(self._temporary), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        )
        self.workbook.set_properties({"title": title, "comments": comments, "created": _CREATED})
        self._styles: dict[tuple[str, str], Format] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._temporary.unlink(missing_ok=True)

    def _finish(self) -> None:
        for (scope, name), target in self.names.items():
            local = f"{self.sheets[scope].quoted}!" if scope else ""
            self.workbook.define_name(f"{local}{name}", f"={target}")
        try:
            self.workbook.close()
            # a temporary file is private; the workbook gets the rights that any new file has
            mask = os.umask(0)
            os.umask(mask)
            self._temporary.chmod(0o666 & ~mask)
            os.replace(self._temporary, self.path)
        except (OSError, xlsxwriter.exceptions.FileCreateError) as failure:
            raise UsageError(f"cannot write {self.path}: {failure}") from failure

    def style(self, role: str, number: str = "") -> Format:
        """The format of a role and a number format of `styles`; the same pair gives the same object."""
        key = (role, number)
        if key not in self._styles:
            self._styles[key] = self.workbook.add_format(properties(role, number))
        return self._styles[key]

    def sheet(self, name: str, purpose: str, colour: str | None = None) -> Sheet:
        """A new sheet at the end, without grid lines; a name that a sheet cannot have is changed as little as needed.

        Sheets stand in the order in which they are made.
        """
        usable = sheet_name(name, self.sheets)
        worksheet = self.workbook.add_worksheet(usable, worksheet_class=_Worksheet)
        worksheet.hide_gridlines(2)
        if colour is not None:
            worksheet.set_tab_color(colour)
        self.sheets[usable] = Sheet(self, worksheet, usable, purpose)
        return self.sheets[usable]

    def define(self, name: str, target: str, sheet: Sheet | None = None) -> str:
        """Defines a name for a cell or range (as `Sheet.at` gives it), for one sheet or for all; gives the name back.

        Raises ValueError for a name that a spreadsheet does not take or that is taken.
        """
        scope = sheet.name if sheet is not None else ""
        if not _NAME.fullmatch(name) or _CELL_LIKE.fullmatch(name):
            raise ValueError(f"'{name}' cannot be a defined name")
        if (scope, name) in self.names:  # all names are in lower case
            raise ValueError(f"the name '{name}' is defined twice")
        self.names[scope, name] = target
        return name

    def check(self, sheet: Sheet, what: str, formula: str, value: bool = True) -> None:
        """Adds a condition to the sheet of checks and to the overall light; `formula` as other sheets write it."""
        self.checks.append(Check(sheet.name, what, formula, value))

    def chart(self, options: dict[str, Any]) -> Any:
        """A native chart of XlsxWriter, to be put on a sheet with `worksheet.insert_chart`."""
        return self.workbook.add_chart(options)


def cell(row: int, column: int, *, fixed: bool = False) -> str:
    """A cell of the same sheet: A1, or $A$1."""
    return str(xl_rowcol_to_cell(row, column, row_abs=fixed, col_abs=fixed))


def span(row: int, column: int, last_row: int, last_column: int) -> str:
    """A fixed range of the same sheet: $A$1:$B$9."""
    return f"{cell(row, column, fixed=True)}:{cell(last_row, last_column, fixed=True)}"


def letter(column: int) -> str:
    """The letters of a column: A, ..., Z, AA, ..."""
    return str(xl_col_to_name(column))


def literal(value: float) -> str:
    """A number within a formula, as a spreadsheet writes it: 0.25, 1E-09."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).upper()


def quoted(text: str) -> str:
    """Text as a literal within a formula."""
    return '"' + text.replace('"', '""') + '"'


def sheet_name(wanted: str, taken: Iterable[str]) -> str:
    """A name that a sheet can have and none of `taken` has, capital letters aside."""
    # an exclamation mark and an apostrophe are possible, but not every program reads them back from a reference
    clean = re.sub(r"[\[\]:*?/\\!\x00-\x1f]", " ", wanted.replace("'", "’"))
    clean = " ".join(clean.split())[:LONGEST_SHEET_NAME].strip() or "Sheet"
    known = {name.lower() for name in taken} | {"history"}
    name, count = clean, 1
    while name.lower() in known:
        count += 1
        suffix = f" ({count})"
        name = clean[: LONGEST_SHEET_NAME - len(suffix)] + suffix
    return name

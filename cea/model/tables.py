"""CSV cells with their places, and lookup tables, correlation matrices and joint draws made from them."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cea.errors import Place, Problem
from cea.model.document import did_you_mean, shortened

_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")

MOST_CELLS = 10
"""How many cells of a column are told one by one."""


@dataclass(frozen=True)
class Cells:
    """A CSV file: its header and its rows of text, with line numbers."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def place(self, row: int, position: int) -> Place:
        """The place of a cell, by the positions of its row and column."""
        line, cells = self.rows[row]
        return Place(self.file, line, _column_of(cells, position))

    def check_column(self, name: str, named_at: Place, problems: list[Problem]) -> bool:
        """Whether the file has a column; a problem where the model names it if it has not."""
        if name not in self.header:
            problems.append(Problem(f"{self.file} has no column '{name}'", named_at, did_you_mean(name, self.header)))
        return name in self.header

    def column(self, name: str, problems: list[Problem], *, blanks: bool = False) -> npt.NDArray[np.float64]:
        """A column as numbers, with a problem for each cell that is not one. Blank cells become NaN where allowed."""
        position = self.header.index(name)
        texts = [cells[position].strip() for _, cells in self.rows]
        values = _numbers(texts)
        bad = [int(row) for row in np.flatnonzero(~np.isfinite(values)) if texts[row] or not blanks]
        for row in bad[:MOST_CELLS]:
            what = f"'{shortened(texts[row])}' is not a number" if texts[row] else "the cell is empty"
            remedy = "write a number with a decimal point"
            problems.append(Problem(f"column '{name}': {what}", self.place(row, position), remedy))
        if len(bad) > MOST_CELLS:
            what = f"column '{name}': {len(bad) - MOST_CELLS} more cells are not numbers"
            problems.append(Problem(what, self.place(bad[MOST_CELLS], position), "look at the whole column"))
        return values


def _numbers(texts: list[str]) -> npt.NDArray[np.float64]:
    """Texts as numbers, NaN for what is not one."""
    whole = "".join(texts)
    if "_" not in whole and whole.isascii():  # Python reads 1_000 and digits of other scripts, the format does not
        with contextlib.suppress(ValueError):
            return np.array([float(text) for text in texts])
    return np.array([float(text) if _NUMBER.fullmatch(text) else math.nan for text in texts])


def _column_of(cells: tuple[str, ...], position: int) -> int:
    """The column of a cell's first character, where no cell before it is quoted."""
    return 1 + sum(len(cell) + 1 for cell in cells[:position])


def read_cells(text: str, file: str, problems: list[Problem]) -> Cells:
    """Splits CSV text; appends problems for a missing header, doubled columns and rows of another length."""
    rows: list[tuple[int, tuple[str, ...]]] = []
    reader = csv.reader(io.StringIO(text, newline=None))
    line = 1
    try:
        for row in reader:
            if any(row):
                rows.append((line, tuple(row)))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(
            Problem(f"this is not a CSV file: {error}", Place(file, reader.line_num), "save it as CSV with commas")
        )
        return Cells(file, (), ())
    if len(rows) < 2:
        problems.append(Problem("the table needs a header and at least one row", Place(file), "add the rows"))
        return Cells(file, (), ())
    first, names = rows[0]
    header = tuple(name.strip() for name in names)
    for position, name in enumerate(header):
        if name in header[:position]:
            what = f"the column '{shortened(name)}' is given twice"
            problems.append(
                Problem(what, Place(file, first, _column_of(names, position)), "give each column its own name")
            )
    lines: dict[int, list[int]] = {}
    for number, cells in rows[1:]:
        lines.setdefault(len(cells), []).append(number)
    for count, numbers in lines.items():
        if count != len(header):
            more = f"; so have {len(numbers) - 1} more rows" if len(numbers) > 1 else ""
            what = f"the row has {count} cells, the header {len(header)}{more}"
            problems.append(
                Problem(what, Place(file, numbers[0]), "write one cell for each column, with commas between them")
            )
    return Cells(file, header, tuple(row for row in rows[1:] if len(row[1]) == len(header)))


def lookup_keys(cells: Cells, name: str, problems: list[Problem]) -> npt.NDArray[np.float64]:
    """The key column, checked to ascend and, where it goes up in steps of one, to have no gap."""
    keys = cells.column(name, problems)
    position = cells.header.index(name)
    with np.errstate(over="ignore"):
        steps = np.diff(keys)
    for row in np.flatnonzero(steps <= 0):
        what = f"the key {keys[row + 1]:g} does not ascend (the one before is {keys[row]:g})"
        place = cells.place(int(row) + 1, position)
        problems.append(Problem(what, place, "sort the rows by the key, each key once"))
    ones = np.concatenate([[True], steps == 1, [True]])
    if len(steps) and (steps == 1).mean() > 0.5:
        for row in np.flatnonzero((steps > 1) & ones[:-2] & ones[2:]):
            missing = f"{keys[row] + 1:g}" + (f" to {keys[row + 1] - 1:g}" if steps[row] > 2 else "")
            place = cells.place(int(row) + 1, position)
            problems.append(Problem(f"the row for {name} {missing} is missing", place, "add it above this one"))
    return keys


def square_matrix(cells: Cells, names: tuple[str, ...], problems: list[Problem]) -> npt.NDArray[np.float64]:
    """A correlation matrix: header and first column are the names in order; symmetric with a unit diagonal."""
    before = len(problems)
    first_column = tuple(row[0].strip() for _, row in cells.rows)
    if cells.header[1:] != names or first_column != names:
        remedy = "the header (after its first cell) and the first column must be: " + ", ".join(names)
        problems.append(
            Problem("the correlation table does not name the joint parameters in order", Place(cells.file), remedy)
        )
        return np.eye(len(names))
    matrix = np.column_stack([cells.column(name, problems) for name in names])
    if len(problems) > before:
        return np.eye(len(names))
    wrong = (np.abs(matrix) > 1) | (np.abs(matrix - matrix.T) > 1e-9)
    for i, j in np.argwhere(np.triu(wrong, 1)):
        what = f"the correlation of {names[i]} and {names[j]} is {matrix[i, j]:g}, the mirrored one {matrix[j, i]:g}"
        problems.append(Problem(what, cells.place(int(i), int(j) + 1), "correlations are symmetric, within -1 and 1"))
    for i in np.flatnonzero(np.abs(np.diag(matrix) - 1) > 1e-9):
        what = f"the correlation of {names[i]} with itself is {matrix[i, i]:g}"
        problems.append(Problem(what, cells.place(int(i), int(i) + 1), "write 1"))
    if len(problems) == before and np.linalg.eigvalsh(matrix)[0] < -1e-10:
        what = "the correlation table is not positive semi-definite: no random numbers have these correlations"
        problems.append(Problem(what, Place(cells.file), "nearest matrix that is: " + _nearest(matrix)))
    return matrix


def _nearest(matrix: npt.NDArray[np.float64]) -> str:
    """The matrix with negative eigenvalues cut off and the diagonal set back to 1, as text."""
    values, vectors = np.linalg.eigh(matrix)
    repaired = vectors @ np.diag(np.clip(values, 1e-8, None)) @ vectors.T
    scale = np.sqrt(np.diag(repaired))
    repaired = repaired / np.outer(scale, scale)
    return "; ".join(" ".join(f"{value:.3f}" for value in row) for row in repaired)


Files = Mapping[str, Cells]

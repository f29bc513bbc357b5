"""CSV cells with their places, and lookup tables, correlation matrices and joint draws made from them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cea.errors import Place, Problem
from cea.model.document import did_you_mean


@dataclass(frozen=True)
class Cells:
    """A CSV file: its header and its rows of text, with line numbers."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def place(self, line: int, column: int) -> Place:
        """The place of a cell; columns of a table count from 1."""
        return Place(self.file, line, column + 1)

    def column(self, name: str, problems: list[Problem], *, blanks: bool = False) -> npt.NDArray[np.float64]:
        """A column as numbers; appends a problem for each cell that is not one. Blank cells become NaN where allowed."""
        if name not in self.header:
            problems.append(Problem(f"the table has no column '{name}'", Place(self.file), did_you_mean(name, self.header)))
            return np.empty(0)
        position = self.header.index(name)
        values = np.empty(len(self.rows))
        for row, (line, cells) in enumerate(self.rows):
            text = cells[position].strip()
            try:
                values[row] = math.nan if blanks and not text else float(text)
                bad = bool(text) and not math.isfinite(values[row])
            except ValueError:
                values[row], bad = math.nan, True
            if bad and len(problems) < 200:
                what = f"column '{name}': {text[:40]!r} is not a number" if text else f"column '{name}': the cell is empty"
                problems.append(Problem(what, self.place(line, position), "write a number with a decimal point"))
        return values


def read_cells(text: str, file: str, problems: list[Problem]) -> Cells:
    """Splits CSV text; appends problems for a missing header, doubled columns and rows of another length."""
    rows = [(number, tuple(row)) for number, row in enumerate(csv.reader(io.StringIO(text)), start=1) if any(row)]
    if len(rows) < 2:
        problems.append(Problem("the table needs a header and at least one row", Place(file)))
        return Cells(file, (), ())
    header = tuple(name.strip() for name in rows[0][1])
    for position, name in enumerate(header):
        if name in header[:position]:
            problems.append(Problem(f"the column '{name}' is given twice", Place(file, 1, position + 1)))
    good = []
    for line, row in rows[1:]:
        if len(row) == len(header):
            good.append((line, row))
        else:
            what = f"the row has {len(row)} cells, the header {len(header)}"
            problems.append(Problem(what, Place(file, line), "write one cell for each column, with commas between them"))
    return Cells(file, header, tuple(good))


def lookup_keys(cells: Cells, name: str, problems: list[Problem]) -> npt.NDArray[np.float64]:
    """The key column, checked to ascend and, where keys are whole numbers, to have no gap inside steps of one."""
    keys = cells.column(name, problems)
    position = cells.header.index(name) if name in cells.header else 0
    for row in range(1, len(keys)):
        line = cells.rows[row][0]
        if not keys[row] > keys[row - 1]:
            what = f"the key {keys[row]:g} does not ascend (the one before is {keys[row - 1]:g})"
            problems.append(Problem(what, cells.place(line, position), "sort the rows by the key, each key once"))
    steps = np.diff(keys)
    if len(steps) > 3 and (steps == 1).mean() > 0.9:
        for row in np.flatnonzero(steps > 1):
            missing = f"{keys[row] + 1:g}" + (f" to {keys[row + 1] - 1:g}" if keys[row + 1] - keys[row] > 2 else "")
            problems.append(
                Problem(f"the row for {name} {missing} is missing", cells.place(cells.rows[row + 1][0], position), "add it")
            )
    return keys


def square_matrix(cells: Cells, names: tuple[str, ...], problems: list[Problem]) -> npt.NDArray[np.float64]:
    """A correlation matrix: header and first column are the names, in the same order; symmetric with a unit diagonal."""
    if cells.header[1:] != names or tuple(row[0].strip() for _, row in cells.rows) != names:
        remedy = "the header (after its first cell) and the first column must be: " + ", ".join(names)
        problems.append(Problem("the correlation table does not name the joint parameters in order", Place(cells.file), remedy))
        return np.eye(len(names))
    matrix = np.column_stack([cells.column(name, problems) for name in names])
    for i, j in zip(*np.nonzero(~(np.abs(matrix) <= 1) | (np.abs(matrix - matrix.T) > 1e-9)), strict=True):
        what = f"the correlation of {names[i]} and {names[j]} is {matrix[i, j]:g}, the mirrored one {matrix[j, i]:g}"
        problems.append(Problem(what, cells.place(cells.rows[i][0], j + 1), "correlations are symmetric, within -1 and 1"))
    if not np.allclose(np.diag(matrix), 1):
        problems.append(Problem("the diagonal of the correlation table is not 1", Place(cells.file)))
    elif np.linalg.eigvalsh((matrix + matrix.T) / 2)[0] < -1e-10:
        what = "the correlation table is not positive semi-definite: no random numbers have these correlations"
        problems.append(Problem(what, Place(cells.file), "nearest matrix that is: " + _nearest(matrix)))
    return matrix


def _nearest(matrix: npt.NDArray[np.float64]) -> str:
    """The matrix with negative eigenvalues cut off and the diagonal set back to 1, as text."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    repaired = vectors @ np.diag(np.clip(values, 1e-8, None)) @ vectors.T
    scale = np.sqrt(np.diag(repaired))
    repaired = repaired / np.outer(scale, scale)
    return "; ".join(" ".join(f"{value:.3f}" for value in row) for row in repaired)


Files = Mapping[str, Cells]

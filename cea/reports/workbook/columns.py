"""Columns over time: one formula each, copied down, with the values that our own engine has for it.

Formulas are written with places: `[key]` is the column `key` in the same row, `[<key]` in the row before, `[>key]` in
the row after, `[=key]` the whole column. Places become letters once all columns are there, so that a formula can
refer to columns on its right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from cea.engine.markov import Floats
from cea.reports.workbook.book import NO_VALUE, Cached, Sheet, letter

_PLACE = re.compile(r"\[([<>=]?)([^\[\]]+)\]")
_ROWS = {"": "r", "<": "p", ">": "n"}


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a time table.

    values: at each cycle boundary, shape (boundary,). formula: with places; None for numbers that no formula changes.
    first, last: the boundaries that the column has cells at, counted from the start and (below zero) from the end.
    total, plain: formula and value above the column, discounted and not.
    """

    key: str
    group: str
    label: str
    unit: str
    values: Floats
    formula: str | None
    number: str = "share"
    first: int = 0
    last: int = -1
    total: tuple[str, float] | None = None
    plain: tuple[str, float] | None = None


@dataclass
class Grid:
    """Columns side by side, their first row `top` (from 0), with `boundaries` rows."""

    top: int
    boundaries: int
    columns: list[Column] = field(default_factory=list)
    _positions: dict[str, int] = field(default_factory=dict)

    def add(self, columns: Iterable[Column]) -> None:
        """Adds columns on the right. Raises ValueError for a key that is there already."""
        for column in columns:
            if column.key in self._positions:
                raise ValueError(f"two columns are called {column.key}")
            self._positions[column.key] = len(self.columns)
            self.columns.append(column)

    @property
    def bottom(self) -> int:
        """The last row."""
        return self.top + self.boundaries - 1

    def position(self, key: str) -> int:
        """The position of a column. Raises KeyError."""
        return self._positions[key]

    def letter(self, key: str) -> str:
        """The letters of a column. Raises KeyError."""
        return letter(self._positions[key])

    def range(self, key: str) -> str:
        """All rows of a column, as formulas of the same sheet write it."""
        name = self.letter(key)
        return f"{name}${self.top + 1}:{name}${self.bottom + 1}"

    def resolve(self, formula: str) -> str:
        """The formula with letters for places, and `{r}`, `{p}` and `{n}` for the rows."""

        def place(match: re.Match[str]) -> str:
            where, key = match.groups()
            return self.range(key) if where == "=" else f"{self.letter(key)}{{{_ROWS[where]}}}"

        return _PLACE.sub(place, formula)

    def groups(self) -> Iterator[tuple[str, int, int]]:
        """Runs of columns of one group: its name, its first and its last position."""
        start = 0
        for position, column in enumerate(self.columns):
            following = self.columns[position + 1].group if position + 1 < len(self.columns) else None
            if following != column.group:
                yield column.group, start, position
                start = position + 1

    def write(self, sheet: Sheet) -> None:
        """Writes the cells of all columns."""
        for position, column in enumerate(self.columns):
            rows = range(self.boundaries)[column.first : self.boundaries + 1 + column.last]
            values = [cached(value) for value in np.asarray(column.values, dtype=np.float64).tolist()]
            if column.formula is None:
                for row in rows:
                    sheet.number(self.top + row, position, float(values[row]), "static", column.number)
                continue
            template = self.resolve(column.formula)
            for row in rows:
                here = self.top + row + 1
                text = template.format(r=here, p=here - 1, n=here + 1)
                sheet.formula(self.top + row, position, text, values[row], "calculation", column.number)


def cached(value: float) -> Cached:
    """A value for a cell: the number, or NO_VALUE where there is none."""
    return value if np.isfinite(value) else NO_VALUE

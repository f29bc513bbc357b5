"""Tables of plain text for a terminal: no number is broken, headings wrap at words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich import box, table
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_LONGEST_WORD = 24
"""Longer words of a text column or a heading may be broken."""

_GAP = 2
"""Blanks between columns."""


class Table:
    """Rows of plain text under a title, with notes below; nothing in it is read as markup.

    Where space is short, headings of numbers wrap first, then text, never a number; a table whose numbers do not fit
    is wider than the terminal.
    """

    def __init__(self, title: str, columns: Sequence[tuple[str, bool]]) -> None:
        """`columns` are (heading, is a number)."""
        self.title = title
        self.columns = tuple(columns)
        self.rows: list[tuple[str, ...]] = []
        self.notes: list[str] = []
        self.strong: list[bool] = []

    def add(self, cells: Iterable[str], *, strong: bool = False) -> None:
        """Adds a row; a strong one stands out."""
        self.rows.append(tuple(cells))
        self.strong.append(strong)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        gaps = _GAP * (len(self.columns) - 1)
        widths = self._widths(options.max_width - gaps)
        made = table.Table(
            box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0), width=sum(widths) + gaps
        )
        for (heading, number), width in zip(self.columns, widths, strict=True):
            made.add_column(Text(heading), justify="right" if number else "left", overflow="fold", width=width)
        for cells, strong in zip(self.rows, self.strong, strict=True):
            made.add_row(*map(Text, cells), style="bold" if strong else None)
        yield Text(self.title, style="bold")
        yield made
        yield from map(Text, self.notes)

    def _widths(self, room: int) -> list[int]:
        """Widths of the columns: as wide as their text where there is room, else narrowed by turns."""
        wanted, needed = [], []
        for (heading, number), cells in zip(self.columns, self._by_column(), strict=True):
            wanted.append(max(map(cell_len, (heading, *cells))))
            whole = _longest(cells, None if number else _LONGEST_WORD)
            needed.append(max(whole, _longest([heading], _LONGEST_WORD)))
        widths = list(wanted)
        for number, floor in ((True, 10), (False, 20), (True, 1), (False, 1)):
            turn = [position for position, column in enumerate(self.columns) if column[1] is number]
            limit = max(widths)
            while sum(widths) > room and limit > floor:
                limit -= 1
                for position in turn:
                    widths[position] = min(widths[position], max(needed[position], limit))
        widths[0] = min(wanted[0], widths[0] + max(room - sum(widths), 0))
        return widths

    def _by_column(self) -> list[tuple[str, ...]]:
        return list(zip(*self.rows, strict=True)) if self.rows else [() for _ in self.columns]


def _longest(texts: Iterable[str], limit: int | None) -> int:
    """The longest piece that stays in one line: a word, or an amount with the currency code before it."""
    pieces = [piece for text in texts for piece in re.findall(r"-?[A-Z]{3} [\d,.]+|\S+", text)]
    longest = max(map(cell_len, pieces), default=1)
    return longest if limit is None else min(longest, limit)


def print_table(console: Console, made: Table) -> None:
    """Prints a table in full, followed by an empty line."""
    console.print(made, crop=False)
    console.print()

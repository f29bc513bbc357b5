"""What native charts share: colours and dashes of the figures, titles, axes, legends and size."""

from __future__ import annotations

import math
from typing import Any

from cea.reports import style
from cea.reports.workbook.book import Book

_DASHES = ("solid", "dash", "round_dot", "dash_dot", "long_dash")
_FONT = {"name": "Calibri", "size": 9, "color": style.INK}
MARKERS = ("circle", "diamond", "triangle", "square", "x")
WIDTH, HEIGHT = 860, 420
"""Size in pixels."""


def look(position: int, *, width: float = 2.0) -> dict[str, Any]:
    """The line of the strategy at this position of the model's order, told apart by colour and by dashes."""
    return {"color": style.look(position).colour, "width": width, "dash_type": _DASHES[position % len(_DASHES)]}


def colour(position: int) -> str:
    """The colour of the strategy at this position."""
    return style.look(position).colour


def guide() -> dict[str, Any]:
    """A thin line that marks a place, such as the threshold."""
    return {"color": style.MUTED, "width": 1.0, "dash_type": "dash"}


def axis(name: str, number: str, **further: Any) -> dict[str, Any]:
    """An axis with its title, with light grid lines; `number` is a spreadsheet's number format."""
    title_font = {**_FONT, "bold": False, "size": 10}
    return {
        "name": name, "name_font": title_font, "num_font": _FONT, "num_format": number,
        "line": {"color": style.MUTED}, "major_gridlines": {"visible": True, "line": {"color": style.GRID}}, **further,
    }  # fmt: skip


def chart(book: Book, options: dict[str, Any], title: str, *, width: int = WIDTH, height: int = HEIGHT) -> Any:
    """An empty chart; a title that begins with `=` is the cell that holds it."""
    made = book.chart(options)
    made.set_title({"name": title, "name_font": {**_FONT, "size": 12, "bold": True}, "overlay": False})
    made.set_legend({"position": "bottom", "font": {**_FONT, "size": 10}})
    made.set_size({"width": width, "height": height})
    made.set_chartarea({"border": {"color": style.GRID}})
    return made


def round_span(low: float, high: float) -> dict[str, float]:
    """Ends and steps of an axis that holds both amounts, in round numbers."""
    step = round_up((high - low) / 8)
    if not step:
        return {}
    return {"min": math.floor(low / step) * step, "max": math.ceil(high / step) * step, "major_unit": step}


def round_up(amount: float) -> float:
    """A round number at or above an amount, as the end of an axis; 0 stays 0."""
    if amount <= 0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(amount))
    return next(unit * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if unit * step >= amount * (1 - 1e-12))

"""published.csv: printed results of published models, beside the folders of these models in the model format.

Columns: model (a folder), layer (may be empty), strategy, quantity and printed, the number with all printed digits.
Quantities are cost, effect and life_years, discounted, or one of them with `_undiscounted` added.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from cea.errors import InputError, Place, Problem

FILE = "published.csv"
COLUMNS = ("model", "layer", "strategy", "quantity", "printed")
QUANTITIES = tuple(f"{name}{end}" for name in ("cost", "effect", "life_years") for end in ("", "_undiscounted"))


@dataclass(frozen=True)
class Printed:
    """A printed result. `half_a_digit` is half a unit of its last digit: what rounding may hide."""

    model: str
    layer: str
    strategy: str
    quantity: str
    printed: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.printed)

    @property
    def half_a_digit(self) -> float:
        """Half a unit of the last printed digit, or 1e-12 of the number where that is more."""
        exponent = int(Decimal(self.printed).as_tuple().exponent)
        return max(0.5000001 * 10.0**exponent, 1e-12 * abs(self.value))


def read_printed(folder: Path) -> list[Printed]:
    """The printed results of a folder; empty where it has none. Raises InputError with every problem."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.reader(handle, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError([Problem(f"not a CSV table in UTF-8: {error}", Place(path.as_posix()))]) from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError([Problem("the columns are not as they should be", Place(path.as_posix()), ", ".join(COLUMNS))])
    problems = [problem for at, row in enumerate(rows[1:], 2) for problem in _problems(row, Place(path.as_posix(), at))]
    if problems:
        raise InputError(problems)
    return [Printed(*row) for row in rows[1:]]


def _problems(row: list[str], place: Place) -> Iterator[Problem]:
    if len(row) != len(COLUMNS):
        yield Problem(f"{len(row)} cells", place, f"give {len(COLUMNS)}: {', '.join(COLUMNS)}")
        return
    model, _, strategy, quantity, printed = row
    if not model or "/" in model or "\\" in model or model.startswith("."):
        yield Problem(f"'{model}' is no folder beside this file", place, "name one, without a path")
    if not strategy:
        yield Problem("there is no strategy", place, "name one of the model's")
    if quantity not in QUANTITIES:
        yield Problem(f"unknown quantity '{quantity}'", place, f"one of {', '.join(QUANTITIES)}")
    try:
        finite = Decimal(printed).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        yield Problem(f"'{printed}' is no number", place, "copy it as it was printed, without commas")

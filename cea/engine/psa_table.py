"""A table of costs and effects per draw, made by this program or another, as arrays; everything wrong is named.

Tidy: columns sample, strategy, cost and effect, a row for each draw and strategy. Wide: columns `cost_<strategy>` and
`effect_<strategy>`, a row a draw. `qaly` may stand for `effect`, and `life_years` may be there in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from cea.errors import InputError, Problem
from cea.model.document import did_you_mean, shortened

Floats = npt.NDArray[np.float64]
Quantities = dict[str, Floats]

_NAMES: Mapping[str, tuple[str, ...]] = {"cost": ("cost",), "effect": ("effect", "qaly"), "life_years": ("life_years",)}
_NEEDED = ("cost", "effect")
_SHOWN = 10
_LAYOUTS = (
    "give columns sample, strategy, cost and effect (a row for each draw and strategy), "
    "or cost_NAME and effect_NAME for every strategy NAME (a row a draw)"
)


def read_psa_table(frame: pd.DataFrame, chosen: Sequence[str] | None = None) -> tuple[tuple[str, ...], Quantities]:
    """Names of the strategies, and cost, effect and perhaps life_years, each of shape (sample, strategy).

    chosen: the strategies to take and their order; by default all, in the order in which they first appear. Draws are
    sorted by `sample`; a wide table without that column keeps its order. Rows in messages count from 1, below the
    header. Raises InputError with every problem found.
    """
    names = [str(name) for name in frame.columns]
    _raise(Problem(f"column '{name}' is there twice", remedy="keep one") for name in _twice(names))
    _raise([Problem("the table has no rows", remedy=_LAYOUTS)] if frame.empty else [])
    numbered = frame.set_axis(names, axis=1).set_axis(range(1, len(frame) + 1), axis=0)
    return _tidy(numbered, chosen) if "strategy" in names else _wide(numbered, chosen)


def _tidy(frame: pd.DataFrame, chosen: Sequence[str] | None) -> tuple[tuple[str, ...], Quantities]:
    columns = _columns(frame)
    missing = [name for name in _NEEDED if name not in columns] + ["sample"] * ("sample" not in frame)
    _raise(Problem(f"there is no column '{name}'", remedy=_LAYOUTS) for name in missing)
    _raise([*_empty(frame["sample"]), *_empty(frame["strategy"])])
    strategy = frame["strategy"].astype(str)
    found = tuple(strategy.unique())
    names = found if chosen is None else tuple(chosen)
    _raise(
        Problem(f"the table has no strategy '{shortened(name)}'", remedy=did_you_mean(name, found))
        for name in names
        if name not in found
    )
    frame = frame[strategy.isin(names)]
    samples, labels = _ranked(frame["sample"])
    cells = samples * len(names) + pd.Index(names).get_indexer(pd.Index(strategy[frame.index]))
    problems = _mismatches(frame.index, cells, labels, names)
    values = {quantity: _numbers(frame[column], problems) for quantity, column in columns.items()}
    _raise(problems)
    order = np.argsort(cells)
    return names, {quantity: column[order].reshape(-1, len(names)) for quantity, column in values.items()}


def _wide(frame: pd.DataFrame, chosen: Sequence[str] | None) -> tuple[tuple[str, ...], Quantities]:
    prefixes = [f"{alias}_" for quantity in _NEEDED for alias in _NAMES[quantity]]
    columns_there = [str(name) for name in frame]
    found = [name.removeprefix(prefix) for name in columns_there for prefix in prefixes if name.startswith(prefix)]
    names = tuple(dict.fromkeys(found) if chosen is None else chosen)
    if not names:
        shown = shortened(", ".join(columns_there))
        raise InputError([Problem(f"this is not a table of draws; its columns are: {shown}", remedy=_LAYOUTS)])
    columns = {name: _columns(frame, name) for name in names}
    known = {quantity for present in columns.values() for quantity in present} | set(_NEEDED)
    problems = [
        Problem(f"there is no column '{quantity}_{name}'", remedy=f"strategy '{name}' needs it; {_LAYOUTS}")
        for name, present in columns.items()
        for quantity in _NAMES
        if quantity in known and quantity not in present
    ]
    if "sample" in frame:
        again = frame.index[frame["sample"].duplicated()]
        problems += _empty(frame["sample"])
        problems += _each(again, lambda row: f"row {row}: sample {_quoted(frame.at[row, 'sample'])} is there twice")
    _raise(problems)
    order = np.argsort(_ranked(frame["sample"])[0]) if "sample" in frame else np.arange(len(frame))
    quantities = {
        quantity: np.column_stack([_numbers(frame[columns[name][quantity]], problems) for name in names])[order]
        for quantity in columns[names[0]]
    }
    _raise(problems)
    return names, quantities


def _columns(frame: pd.DataFrame, strategy: str | None = None) -> dict[str, str]:
    """Column of each quantity that is there, in a wide table those of one strategy. Raises InputError for synonyms."""
    columns = {}
    for quantity, aliases in _NAMES.items():
        spelled = aliases if strategy is None else tuple(f"{alias}_{strategy}" for alias in aliases)
        present = [name for name in spelled if name in frame]
        if len(present) > 1:
            raise InputError([Problem(f"columns '{present[0]}' and '{present[1]}' say the same", remedy="keep one")])
        if present:
            columns[quantity] = present[0]
    return columns


def _ranked(samples: pd.Series) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Rank of each row's sample among the samples in order, and the samples; those of mixed types sort as text."""
    mixed = pd.api.types.infer_dtype(samples).startswith("mixed")
    ranks, labels = pd.factorize(samples.astype(str) if mixed else samples, sort=True)
    return ranks, pd.Index(labels)


def _numbers(column: pd.Series, problems: list[Problem]) -> Floats:
    """The column as numbers; cells that are no number, empty or infinite are added to the problems."""
    if pd.api.types.is_bool_dtype(column) or not (
        pd.api.types.is_numeric_dtype(column) or column.dtype == object or pd.api.types.is_string_dtype(column)
    ):
        problems.append(Problem(f"column '{column.name}' holds {column.dtype}, not numbers"))
        return np.zeros(len(column))
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    place = f"column '{column.name}', row"
    strange, infinite = column.index[np.isnan(numbers) & column.notna()], column.index[np.isinf(numbers)]
    problems += _empty(column)
    problems += _each(strange, lambda row: f"{place} {row}: {_quoted(column.at[row])} is not a number")
    problems += _each(infinite, lambda row: f"{place} {row}: the value is infinite")
    return numbers


def _mismatches(rows: pd.Index, cells: npt.NDArray[np.intp], samples: pd.Index, names: Sequence[str]) -> list[Problem]:
    """Draws in which a strategy stands twice or not at all. A cell numbers a draw and a strategy, strategies first."""

    def cell(number: int) -> str:
        return f"sample {_quoted(samples[number // len(names)])}, strategy '{names[number % len(names)]}'"

    number_of = dict(zip(rows, cells, strict=True))
    counts = np.bincount(cells, minlength=len(samples) * len(names))
    problems = _each(
        rows[pd.Series(cells).duplicated()], lambda row: f"row {row}: {cell(number_of[row])} is there twice"
    )
    lacking = np.flatnonzero(counts == 0)
    problems += _each(lacking, lambda number: f"{cell(number)}: there is no row")
    if len(lacking):
        totals = counts.reshape(-1, len(names)).sum(axis=0)
        listed = ", ".join(f"'{name}' has {total:,}" for name, total in zip(names, totals, strict=True))
        problems.append(Problem(f"rows by strategy: {listed}", remedy="every draw needs one row for every strategy"))
    return problems


def _empty(column: pd.Series) -> list[Problem]:
    rows = column.index[column.isna()]
    return _each(rows, lambda row: f"column '{column.name}', row {row}: there is no value (NaN)")


def _each(spots: Sequence[int] | pd.Index | npt.NDArray[np.intp], say: Callable[[int], str]) -> list[Problem]:
    """A problem for each of the first spots, and one that counts the rest."""
    problems = [Problem(say(int(spot))) for spot in spots[:_SHOWN]]
    if len(spots) > _SHOWN:
        problems.append(Problem(f"and {len(spots) - _SHOWN:,} more like the last"))
    return problems


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _quoted(value: object) -> str:
    return f"'{shortened(value)}'" if isinstance(value, str) else str(value)


def _raise(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise InputError(found)

"""Draws of parameters as a table, and draws that another program made."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from cea.engine.draws_currency import far_off, refuse_other_currency
from cea.errors import InputError, Place, Problem, UsageError
from cea.model.definition import Model, Parameter
from cea.model.document import did_you_mean, shortened, unknown

if TYPE_CHECKING:
    from _csv import Reader

    import pandas as pd

Floats = npt.NDArray[np.float64]

MAX_BYTES = 2_000_000_000
"""The largest file of draws that is read, and the most memory that its values may take."""
MAX_PROBLEMS = 20
_ROW_NUMBERS = "__index_level_0__"
_T = TypeVar("_T")


def varies(parameter: Parameter) -> bool:
    """The parameter is uncertain, and not a decision or part of the cohort's description: these are fixed in draws."""
    return parameter.uncertain and not (parameter.decision or parameter.cohort)


def drawn(model: Model) -> tuple[str, ...]:
    """The parameters that a draw of the model gives values to, in the model's order: those that vary and are used.

    A parameter without a distribution is among them where its joint group has draws and nothing else.
    """
    by_row = {
        name
        for item in model.joint.values()
        if item.correlation is None
        for name in item.parameters
        if (member := model.parameters[name]).value is not None and member.distribution is None
        if not (member.decision or member.cohort)
    }
    return tuple(
        name for name, item in model.parameters.items() if name in model.used and (varies(item) or name in by_row)
    )


@dataclass(frozen=True, eq=False)
class Draws:
    """Values of the parameters `names`, shape (sample, parameter), each in the unit of its parameter.

    `clipped` counts, for parameters where it happened, the values outside hard bounds, which were set to the bound.
    `seed` is None for draws that were not made here. `currency` is that of the model that they were made or read for;
    None where nobody said, and then they run on any model. `values` are read-only.
    """

    names: tuple[str, ...]
    values: Floats
    seed: int | None = None
    sampler: str = ""
    clipped: Mapping[str, int] = field(default_factory=dict)
    currency: str | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"values must have shape (sample, {len(self.names)}), not {self.values.shape}")
        values = self.values.view()
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.values)

    def column(self, name: str) -> Floats:
        """The values of one parameter, shape (sample,). Raises UsageError when it is not drawn."""
        if name not in self.names:
            raise UsageError(f"'{shortened(name)}' is not drawn: {did_you_mean(name, self.names)}")
        return self.values[:, self.names.index(name)]

    def mapping(self, rows: slice = slice(None)) -> dict[str, Floats]:
        """Values by parameter, each an array of shape (sample,), as the engine takes them; copies."""
        return {name: np.array(self.values[rows, position]) for position, name in enumerate(self.names)}

    def frame(self) -> pd.DataFrame:
        """Table with a row per sample and a column per parameter."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only tables need it

        return pd.DataFrame(self.mapping())

    def write(self, path: str | Path) -> None:
        """Writes a CSV or Parquet file, by the suffix; numbers are exact in both. Raises UsageError.

        Parquet files keep the currency, under the key "currency" of the schema's metadata.
        """
        target = Path(path)
        writer = _of_suffix(target, {".csv": self._write_csv, ".parquet": self._write_parquet})
        try:
            writer(target)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror or error}") from error

    def _write_csv(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(self.names)
            # The shortest text that reads back as the same double is what Python writes.
            for start in range(0, self.n, 10_000):
                writer.writerows(self.values[start : start + 10_000].tolist())

    def _write_parquet(self, path: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 - slow to import, and only Parquet files need it
        from pyarrow import parquet  # noqa: PLC0415

        metadata = {} if self.currency is None else {"currency": self.currency}
        parquet.write_table(pa.table(self.mapping(), metadata=metadata), path)

    @classmethod
    def read(cls, path: str | Path, model: Model, *, allow_missing: bool = False) -> Draws:
        """Draws from a CSV or Parquet file, by the suffix: a column per parameter, a row per sample.

        A first column without a name holds row numbers and is left out. Cells of a CSV file are separated by commas,
        or by semicolons, and then a decimal comma will do. The file may give any parameter of the model; parameters
        that it does not give stay at their point value, which for uncertain ones needs `allow_missing`.

        Where a file does not say its currency, amounts that are far from what the model expects are refused.

        Raises UsageError when the file cannot be opened or says another currency than the model's; InputError for
        unknown and missing columns and for values that are not finite numbers, outside the support of the distribution
        or outside hard bounds.
        """
        source, file = Path(path), str(path)
        reader = _of_suffix(source, {".csv": _read_csv, ".parquet": _read_parquet})
        faults = _Faults()
        try:
            size = source.stat().st_size
            if size > MAX_BYTES:
                raise InputError([_too_large(file, f"the file has {size:,} bytes")])
            table = reader(source, file, model, faults)
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
        lacking = [name for name in drawn(model) if name not in table.names]
        if lacking and not allow_missing:
            shown = ", ".join(lacking[:MAX_PROBLEMS]) + (", ..." if len(lacking) > MAX_PROBLEMS else "")
            remedy = "add the columns, or allow missing ones: those parameters then stay at their point values"
            place = Place(file, 1 if table.lines else 0)
            faults.add(Problem(f"uncertain parameters without a column ({len(lacking)}): {shown}", place, remedy))
        refuse_other_currency(table.currency, model, f"the draws in {file}")
        if table.currency is None:
            _check_amounts(table, model, faults)
        _check_values(table, model, faults)
        faults.check()
        return cls(table.names, table.values, sampler="file", currency=model.currency)


def _of_suffix(path: Path, choices: Mapping[str, _T]) -> _T:
    choice = choices.get(path.suffix.lower())
    if choice is None:
        raise UsageError(f"{path} is neither a .csv nor a .parquet file: name it by what it holds")
    return choice


def _too_large(file: str, what: str) -> Problem:
    return Problem(f"{what}, more than {MAX_BYTES:,}", Place(file, 0), "split the draws over several files")


class _Faults:
    """The first problems of a file, and how many there are."""

    def __init__(self) -> None:
        self.first: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        self.extend([problem], 1)

    def extend(self, problems: Iterable[Problem], count: int) -> None:
        """`count` problems, of which no more are made than are shown."""
        self.first += islice(problems, MAX_PROBLEMS - len(self.first))
        self.count += count

    def check(self) -> None:
        """Raise InputError if there is a problem."""
        rest = self.count - len(self.first)
        if self.count:
            raise InputError([*self.first, *([Problem(f"and {rest:,} more like these")] if rest else [])])


@dataclass(frozen=True)
class _Table:
    """Columns of a file; `lines` where its rows stand, if it has lines; `texts`, cells that are not numbers."""

    file: str
    names: tuple[str, ...]
    positions: tuple[int, ...]
    values: Floats
    lines: Sequence[int] = ()
    texts: Mapping[tuple[int, int], str] = field(default_factory=dict)
    currency: str | None = None

    def place(self, row: int, column: int) -> Place:
        return Place(self.file, self.lines[row], self.positions[column] + 1) if self.lines else Place(self.file, 0)


def _positions(header: Sequence[str], place: Place, model: Model, faults: _Faults) -> tuple[int, ...]:
    """Which columns hold parameters; row numbers are left out. `place` is that of the header."""
    start = 1 if header[:1] == [""] else 0
    wanted = [(position, name) for position, name in enumerate(header) if position >= start and name != _ROW_NUMBERS]
    unknowns = [(position, name) for position, name in wanted if name not in model.parameters]
    problems = (unknown("parameter", name, place.shifted(position), model.parameters) for position, name in unknowns)
    faults.extend(problems, len(unknowns))
    found: dict[str, int] = {}
    for position, name in wanted:
        if name in found:
            faults.add(Problem(f"the column {shortened(name)} is given twice", place.shifted(position), "keep one"))
        elif name in model.parameters:
            found[name] = position
    return tuple(found.values())


def _read_csv(path: Path, file: str, model: Model, faults: _Faults) -> _Table:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            semicolons = ";" in stream.readline(csv.field_size_limit())
            stream.seek(0)
            rows = csv.reader(stream, delimiter=";" if semicolons else ",", skipinitialspace=True, strict=True)
            return _csv_table(rows, file, model, faults, None if semicolons else ".")
        except UnicodeDecodeError as error:
            problem = Problem("the file is not UTF-8 text", Place(file), "save it as CSV with the encoding UTF-8")
            raise InputError([problem]) from error
        except csv.Error as error:
            problem = Problem(f"the file cannot be split into cells: {error}", Place(file, rows.line_num))
            raise InputError([problem]) from error


def _csv_table(rows: Reader, file: str, model: Model, faults: _Faults, mark: str | None) -> _Table:
    header = [name.strip() for name in next(rows, [])]
    positions = _positions(header, Place(file), model, faults)
    numbers, lines, texts = array("d"), array("q"), dict[tuple[int, int], str]()
    read = _Numbers(mark)
    for cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(header):
            what = f"the row has {len(cells)} cells, the header {len(header)}"
            faults.add(Problem(what, Place(file, rows.line_num), "write one cell for each column"))
            continue
        for column, position in enumerate(positions):
            text = cells[position]
            number = read(text)
            if number is None and len(texts) < MAX_PROBLEMS:
                texts[len(lines), column] = text.strip()
            numbers.append(math.nan if number is None else number)
        lines.append(rows.line_num)
        if 8 * len(numbers) > MAX_BYTES:
            raise InputError([_too_large(file, f"the first {len(lines):,} draws take {8 * len(numbers):,} bytes")])
    if not lines and not faults.count:
        faults.add(Problem("the file holds no draws", Place(file), "write a header of parameters, and a row per draw"))
    values = np.asfortranarray(np.frombuffer(numbers).reshape(len(lines), len(positions)))
    return _Table(file, tuple(header[position] for position in positions), positions, values, lines, texts)


class _Numbers:
    """Reads numbers that all have the same decimal mark: `mark`, or where that is None the first one met."""

    def __init__(self, mark: str | None) -> None:
        self.mark = mark

    def __call__(self, text: str) -> float | None:
        """The number; None when the text is not one."""
        if self.mark is None and ("," in text or "." in text):
            self.mark = "," if "," in text else "."
        if self.mark == ",":
            text = text.replace(".", "_").replace(",", ".", 1)
        try:
            # Python would take 1_000 for a number.
            return None if "_" in text else float(text)
        except ValueError:
            return None


def _read_parquet(path: Path, file: str, model: Model, faults: _Faults) -> _Table:
    import pyarrow as pa  # noqa: PLC0415 - as in writing
    from pyarrow import parquet  # noqa: PLC0415

    with path.open("rb") as stream:
        try:
            content = parquet.ParquetFile(stream)
            size = 8 * content.metadata.num_rows * content.metadata.num_columns
            if size > MAX_BYTES:
                raise InputError([_too_large(file, f"the values take {size:,} bytes")])
            columns = content.read()
        except (pa.ArrowException, OSError) as error:
            raise InputError([Problem(f"the file cannot be read as Parquet: {error}", Place(file, 0))]) from error
    numeric: dict[int, Floats] = {}
    for position in _positions(columns.column_names, Place(file, 0), model, faults):
        column = columns.column(position)
        kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
        if any(kind(column.type) for kind in kinds):
            numeric[position] = column.cast(pa.float64(), safe=False).to_numpy()
        else:
            what = f"the column {columns.column_names[position]} holds {column.type}, not numbers"
            faults.add(Problem(what, Place(file, 0), "write it as double"))
    if not columns.num_rows:
        faults.add(Problem("the file holds no draws", Place(file, 0), "write a row per draw"))
    values = np.empty((len(numeric), columns.num_rows))
    for row, column in zip(values, numeric.values(), strict=True):
        row[:] = column
    names = tuple(columns.column_names[position] for position in numeric)
    currency = (columns.schema.metadata or {}).get(b"currency")
    said = None if currency is None else shortened(currency.decode(errors="replace"))
    return _Table(file, names, tuple(numeric), values.T, currency=said)


def _check_amounts(table: _Table, model: Model, faults: _Faults) -> None:
    """Amounts of money so far from their distribution or range that they must be in another currency or unit."""
    wrong = []
    for name, values in zip(table.names, table.values.T, strict=True):
        low, high = _limits(model.parameters[name])
        # Values beyond the limits are told one by one.
        if ((values >= low) & (values <= high)).all() and far_off(name, values, model):
            wrong.append(name)
    if wrong:
        what = f"amounts far from what the model expects in {model.currency}: {', '.join(wrong)}"
        remedy = "their medians are more than five times beyond the 95 % interval or range: is it another currency?"
        faults.add(Problem(what, Place(table.file, 1 if table.lines else 0), remedy))


def _check_values(table: _Table, model: Model, faults: _Faults) -> None:
    """Values that are not finite, outside support or outside bounds; the first ones by row, then by column."""
    first: list[tuple[int, int]] = []
    count = 0
    for column, name in enumerate(table.names):
        low, high = _limits(model.parameters[name])
        values = table.values[:, column]
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= low) & (values <= high)))
        first += [(int(row), column) for row in bad[:MAX_PROBLEMS]]
        count += len(bad)
    faults.extend((_bad_value(table, model, row, column) for row, column in sorted(first)), count)


def _limits(parameter: Parameter) -> tuple[float, float]:
    low, high = parameter.bounds
    least, most = (-math.inf, math.inf)
    if parameter.uncertain and parameter.distribution is not None:
        least, most = parameter.distribution.support
    return max(least, -math.inf if low is None else low), min(most, math.inf if high is None else high)


def _bad_value(table: _Table, model: Model, row: int, column: int) -> Problem:
    name = table.names[column]
    parameter = model.parameters[name]
    value, text = float(table.values[row, column]), table.texts.get((row, column))
    remedy = "write a finite number"
    if text is not None:
        what = f"'{shortened(text)}' is not a number" if text else "the cell is empty"
    elif not math.isfinite(value):
        what = f"{value} is not a finite number"
    else:
        low, high = _limits(parameter)
        what = f"{value!r} is outside {low:g} to {high:g}"
        given = f"the distribution {parameter.distribution.describe()} and " if parameter.distribution else ""
        remedy = f"these are the limits of {given}its bounds; is it in another unit than {parameter.unit}?"
    return Problem(f"row {row + 1}, {name}: {what}", table.place(row, column), remedy)

"""The table of draws, its files, and what is said of draws from other programs that do not fit."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import cea
from cea.engine import draws as draws_module
from cea.engine.draws import Draws
from cea.engine.sampling import sample
from cea.errors import InputError, UsageError
from tests.models import model_of, shipped

MODEL = """
format: 1
title: Test
question: Is it?
time: {cycles_per_year: 1, years: 2}
settings: {currency: USD, perspective: all_costs, effect: qaly, discount_costs: 0, discount_effects: 0}
perspectives: {all_costs: {label: All}}
thresholds: {values: [1], default: 1, source: {grade: assumption, note: a test}}
states: {here: {label: Here}, gone: {label: Gone, dead: true}}
strategies: {only: {label: Only, set: {on: 1}}}
start: {here: rest}
transitions: {here -> gone: {rate: yearly}}
outcomes:
  care: {kind: cost, category: Care, per_year: {here: cost * extra}}
  qaly: {kind: effect, label: QALYs, unit: QALY, per_year: {here: weight}}
parameters:
  yearly: {label: L, value: 1, unit: 1/year, source: {grade: assumption, note: a test}}
  cost:
    {label: L, value: 4, unit: USD/year, source: {grade: assumption, note: a test},
     distribution: {family: gamma, shape: 4, scale: 1}, bounds: [0, 100]}
  weight:
    {label: L, value: 0, unit: QALY/year, source: {grade: assumption, note: a test},
     distribution: {family: normal, mean: 0, sd: 1}}
  extra: {label: L, value: 0.5, unit: "1", source: {grade: assumption, note: a test}, bounds: [0, 1]}
"""


@pytest.fixture(scope="module")
def pair() -> cea.Model:
    """Two uncertain parameters, `cost` and `weight`, and others that are not."""
    return model_of(MODEL)


def test_the_table_is_read_only_and_its_parts_agree(pair: cea.Model) -> None:
    draws = sample(pair, 50)
    with pytest.raises(ValueError, match="read-only"):
        draws.values[0, 0] = 1.0
    mapping = draws.mapping(slice(10, 20))
    assert list(mapping) == ["cost", "weight"]
    assert np.array_equal(mapping["weight"], draws.column("weight")[10:20])
    mapping["weight"][:] = 0.0
    assert draws.column("weight").any()
    assert draws.frame().to_numpy().tolist() == draws.values.tolist()
    with pytest.raises(UsageError, match="'weigth' is not drawn: did you mean 'weight'"):
        draws.column("weigth")
    with pytest.raises(ValueError, match=r"values must have shape \(sample, 1\)"):
        Draws(("cost",), np.zeros((3, 2)))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_writing_and_reading_is_exact(tmp_path: Path, suffix: str) -> None:
    draws = sample(shipped(), 1_500, seed=8)
    path = tmp_path / f"draws.{suffix}"
    draws.write(path)
    again = Draws.read(path, shipped())
    assert again.names == draws.names
    assert np.array_equal(again.values, draws.values)
    assert (again.seed, again.sampler, again.clipped) == (None, "file", {})


def test_a_csv_file_has_a_header_and_plain_numbers(pair: cea.Model, tmp_path: Path) -> None:
    Draws(("cost", "weight"), np.array([[0.1, -2.0], [1e-300, 1 / 3]])).write(tmp_path / "d.csv")
    assert (tmp_path / "d.csv").read_text() == "cost,weight\n0.1,-2.0\n1e-300,0.3333333333333333\n"


def read(text: str, model: cea.Model, tmp_path: Path, *, allow_missing: bool = False) -> Draws:
    path = tmp_path / "draws.csv"
    path.write_bytes(text.encode())
    return Draws.read(path, model, allow_missing=allow_missing)


@pytest.mark.parametrize(
    "text",
    [
        "weight,cost\n-1.5,2\n3,0.25\n",
        "\ufeffweight,cost\r\n-1.5,2\r\n3,0.25\r\n",
        '"weight", "cost"\n\n-1.5,2\n\n3,2.5e-1\n',
        '"","weight","cost"\n"1",-1.5,2\n"2",3,0.25\n',
        "weight;cost\n-1,5;2\n3;0,25\n",
        "weight;cost\n-1.5;2\n3;0.25\n;\n",
    ],
)
def test_forms_of_csv(text: str, pair: cea.Model, tmp_path: Path) -> None:
    draws = read(text, pair, tmp_path)
    assert draws.names == ("weight", "cost")
    assert draws.values.tolist() == [[-1.5, 2.0], [3.0, 0.25]]


def test_other_parameters_may_be_given_and_uncertain_ones_may_lack_only_where_allowed(
    pair: cea.Model, tmp_path: Path
) -> None:
    draws = read("cost,extra\n1,0.25\n", pair, tmp_path, allow_missing=True)
    assert draws.names == ("cost", "extra")
    with pytest.raises(InputError) as caught:
        read("extra\n0.25\n", pair, tmp_path)
    assert "uncertain parameters without a column (2): cost, weight" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("cost,weigth\n1,2\n", ["draws.csv:1:2: unknown parameter 'weigth'", "did you mean 'weight'", "(1): weight"]),
        ("cost,weight,cost\n1,2,3\n", ["draws.csv:1:3: the column cost is given twice"]),
        ("cost,weight\n1,nan\n", ["draws.csv:2:2: row 1, weight: nan is not a finite number"]),
        ("cost,weight\n1,2\n-inf,2\n", ["draws.csv:3:1: row 2, cost: -inf is not a finite number"]),
        ("cost,weight\n1,2\n\n3,NA\n", ["draws.csv:4:2: row 2, weight: 'NA' is not a number"]),
        ("cost,weight\n1,\n", ["draws.csv:2:2: row 1, weight: the cell is empty"]),
        ("cost,weight\n1_0,2\n", ["row 1, cost: '1_0' is not a number"]),
        ("cost,weight\n-1,2\n", ["row 1, cost: -1.0 is outside 0 to 100", "gamma(shape 4, scale 1)"]),
        ("cost,weight\n100.5,2\n", ["row 1, cost: 100.5 is outside 0 to 100"]),
        ("cost,weight,extra\n1,2,1.25\n", ["draws.csv:2:3: row 1, extra: 1.25 is outside 0 to 1"]),
        ("cost,weight\n1,2,3\n4\n", ["draws.csv:2:1: the row has 3 cells, the header 2", "csv:3:1: the row has 1"]),
        ("cost;weight\n1,5;2\n1.5;2\n", ["draws.csv:3:1: row 2, cost: '1.5' is not a number"]),
        ("cost;weight\n1.234,5;2\n", ["row 1, cost: '1.234,5' is not a number"]),
        ('cost,weight\n"1,5",2\n', ["row 1, cost: '1,5' is not a number"]),
        ("", ["uncertain parameters without a column (2)", "draws.csv:1:1: the file holds no draws"]),
        ("cost,weight\n", ["draws.csv:1:1: the file holds no draws"]),
        ('cost,weight\n1,"2\n', ["the file cannot be split into cells"]),
        ("cost,weight\n1," + "2" * 200_000 + "\n", ["draws.csv:2:1: the file cannot be split into cells"]),
    ],
)
def test_malformed_csv_is_named_by_row_and_column(
    text: str, messages: list[str], pair: cea.Model, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read(text, pair, tmp_path)
    for message in messages:
        assert message in str(caught.value)


def test_all_problems_come_at_once_and_many_are_counted(pair: cea.Model, tmp_path: Path) -> None:
    rows = "".join("-1,x\n" for _ in range(50))
    with pytest.raises(InputError) as caught:
        read("cost,weight,wrong\n" + rows.replace("\n", ",0\n"), pair, tmp_path)
    problems = [str(item) for item in caught.value.problems]
    assert len(problems) == 21
    assert "unknown parameter 'wrong'" in problems[0]
    assert "row 1, cost" in problems[1]
    assert "row 1, weight: 'x'" in problems[2]
    assert problems[-1] == "and 81 more like these"


def test_text_that_is_not_utf8(pair: cea.Model, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_bytes("cost,weight\n1,2\n".encode("utf-16"))
    with pytest.raises(InputError, match="not UTF-8"):
        Draws.read(path, pair)


def test_files_that_cannot_be_opened_or_have_another_suffix(pair: cea.Model, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name, message in (
        ("none.csv", "cannot read .*No such file"),
        ("folder.csv", "cannot read .*directory"),
        ("draws.xlsx", "neither a .csv nor a .parquet file"),
    ):
        with pytest.raises(UsageError, match=message):
            Draws.read(tmp_path / name, pair)
    with pytest.raises(UsageError, match="cannot write"):
        sample(pair, 2).write(tmp_path / "none" / "draws.csv")
    with pytest.raises(UsageError, match="neither"):
        sample(pair, 2).write(tmp_path / "draws.pkl")


@pytest.mark.parametrize(
    ("columns", "messages"),
    [
        ({"cost": [1.0, None], "weight": [1.0, 2.0]}, ["draws.parquet: row 2, cost: nan is not a finite number"]),
        ({"cost": [1.0, -2.0], "weight": [1.0, 2.0]}, ["draws.parquet: row 2, cost: -2.0 is outside 0 to 100"]),
        ({"cost": ["1", "2"], "weight": [1.0, 2.0]}, ["the column cost holds string, not numbers"]),
        ({"cost": [1.0], "wait": [1.0]}, ["draws.parquet: unknown parameter 'wait'", "column (1): weight"]),
        ({"cost": pa.array([], pa.float64()), "weight": pa.array([], pa.float64())}, ["the file holds no draws"]),
    ],
)
def test_malformed_parquet_is_named(
    columns: dict[str, object], messages: list[str], pair: cea.Model, tmp_path: Path
) -> None:
    path = tmp_path / "draws.parquet"
    parquet.write_table(pa.table(columns), path)
    with pytest.raises(InputError) as caught:
        Draws.read(path, pair)
    for message in messages:
        assert message in str(caught.value)


def test_whole_numbers_and_an_index_in_parquet_will_do(pair: cea.Model, tmp_path: Path) -> None:
    path = tmp_path / "draws.parquet"
    parquet.write_table(pa.table({"weight": [1, -2], "cost": [0.5, 3.0], "__index_level_0__": [0, 1]}), path)
    assert Draws.read(path, pair).values.tolist() == [[1.0, 0.5], [-2.0, 3.0]]
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        Draws.read(path, pair)


def test_files_and_values_that_are_too_large_are_refused(
    pair: cea.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix, limit in (("csv", 2_000), ("parquet", 1_500)):
        path = tmp_path / f"draws.{suffix}"
        Draws(("cost", "weight"), np.full((200, 2), 1.0)).write(path)
        assert path.stat().st_size < limit < 200 * 2 * 8
        monkeypatch.setattr(draws_module, "MAX_BYTES", limit)
        with pytest.raises(InputError, match="bytes, more than"):
            Draws.read(path, pair)
        monkeypatch.setattr(draws_module, "MAX_BYTES", path.stat().st_size - 1)
        with pytest.raises(InputError, match=f"the file has {path.stat().st_size:,} bytes"):
            Draws.read(path, pair)


def test_imported_draws_run(tmp_path: Path) -> None:
    """Draws that a file carries give the very results of the draws themselves."""
    draws = sample(shipped(), 20, seed=2)
    path = tmp_path / "draws.csv"
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(reversed(draws.names))
        rows.writerows(row[::-1] for row in draws.values.tolist())
    own, read_back = (cea.run(shipped(), values=item.mapping()) for item in (draws, Draws.read(path, shipped())))
    assert np.array_equal(own.outcomes.cost, read_back.outcomes.cost)
    assert len(np.unique(own.outcomes.cost[:, 0])) == 20

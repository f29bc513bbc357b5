"""Draws made for a model in one currency do not run on a model in another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

import cea
from cea.cli import main
from cea.engine.cube import Cube
from cea.engine.draws import Draws
from cea.engine.sampling import Sampler
from cea.reports.psa_outcomes import CSV_ROWS
from tests.models import CIRRHOSIS, model_of, shipped
from tests.unit.test_draws import MODEL


@pytest.fixture(scope="module")
def dollars() -> cea.Model:
    return model_of(MODEL)


@pytest.fixture(scope="module")
def euros() -> cea.Model:
    return model_of(MODEL.replace("USD", "EUR"))


def test_everything_that_draws_remembers_the_currency(dollars: cea.Model, euros: cea.Model) -> None:
    sampler = Sampler(euros, 10)
    assert cea.sample(dollars, 10).currency == "USD"
    assert sampler.currency == sampler.block(0).currency == "EUR"
    assert Cube(euros).parameters(np.full((1, 2), 0.5)).currency == "EUR"


@pytest.mark.parametrize("make", [cea.sample, Sampler])
def test_draws_of_another_currency_do_not_run(make, dollars: cea.Model, euros: cea.Model) -> None:
    draws = make(dollars, 10)
    assert cea.run(dollars, draws).outcomes.currency == "USD"
    with pytest.raises(cea.UsageError, match="made for a model in USD, but this one is in EUR"):
        cea.run(euros, draws)


def test_draws_that_nobody_gave_a_currency_run(euros: cea.Model) -> None:
    draws = Draws(("cost", "weight"), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert cea.run(euros, draws).outcomes.cost[1, 0] == pytest.approx(3 * cea.run(euros, draws).outcomes.cost[0, 0])


def test_a_parquet_file_keeps_the_currency(dollars: cea.Model, euros: cea.Model, tmp_path: Path) -> None:
    path = tmp_path / "draws.parquet"
    cea.sample(dollars, 50).write(path)
    assert parquet.read_schema(path).metadata[b"currency"] == b"USD"
    assert Draws.read(path, dollars).currency == "USD"
    with pytest.raises(cea.UsageError, match=r"draws\.parquet were made for a model in USD, but this one is in EUR"):
        Draws.read(path, euros)


@pytest.mark.parametrize(("factor", "sound"), [(0.05, False), (0.3, True), (1.0, True), (8.0, True), (14.0, False)])
def test_amounts_of_a_csv_file_must_be_near(factor: float, sound: bool, dollars: cea.Model, tmp_path: Path) -> None:
    # The gamma with shape 4 and scale 1 has 95 % of its values in 1.09 to 8.77 and the median 3.67.
    path = tmp_path / "draws.csv"
    path.write_text("weight,cost\n" + "".join(f"{300 - 300 * k},{3.67 * factor}\n" for k in (0, 1, 2) * 15))
    if sound:
        assert Draws.read(path, dollars).currency == "USD"
        return
    with pytest.raises(cea.InputError) as caught:
        Draws.read(path, dollars)
    (problem,) = caught.value.problems
    assert problem.what == "amounts far from what the model expects in USD: cost"
    assert (problem.place.file, problem.place.line) == (str(path), 1)


def test_only_amounts_of_money_are_looked_at(dollars: cea.Model, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_text("weight,cost\n500,4\n600,4\n")
    assert Draws.read(path, dollars).column("weight").tolist() == [500, 600]


def test_the_range_stands_in_for_a_distribution(tmp_path: Path) -> None:
    text = MODEL.replace("distribution: {family: gamma, shape: 4, scale: 1}, bounds: [0, 100]", "range: [2, 6]")
    path = tmp_path / "draws.csv"
    path.write_text("weight,cost\n" + "0,29\n" * 40)
    assert Draws.read(path, model_of(text)).n == 40
    path.write_text("weight,cost\n" + "0,31\n" * 40)
    with pytest.raises(cea.InputError, match="in USD: cost"):
        Draws.read(path, model_of(text))


def test_draws_of_the_american_model_are_refused_in_england(tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    cea.sample(shipped(), 200).write(path)
    assert Draws.read(path, shipped()).currency == "USD"
    with pytest.raises(cea.InputError, match=r"expects in GBP: .*cost_a"):
        Draws.read(path, shipped("england"))


def test_the_draws_of_a_run_folder_say_their_currency(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    psa = ["psa", "-q", "--no-figures", "--inputs", str(CIRRHOSIS)]
    assert main([*psa, "-n", str(CSV_ROWS + 1), "--out", "us"]) == 0
    assert main([*psa, "--layer", "england", "--draws", "us/draws.parquet"]) == 2
    assert "in USD, but this one is in GBP" in " ".join(capsys.readouterr().err.split())

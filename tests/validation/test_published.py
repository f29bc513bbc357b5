"""Published models, written in the model format, give every printed digit of their publications."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cea
from tests.validation import reference

FOLDER = Path(__file__).parent

STRATEGIES = {"standard_of_care": "", "strategy_a": "A", "strategy_b": "B", "strategy_ab": "AB"}
CORRECTIONS = {
    "published": reference.transposed_simpson(76),
    "half_cycle": np.r_[0.5, np.ones(74), 0.5],
    "all_points": np.ones(76),
    "start": np.r_[np.ones(75), 0.0],
    "end": np.r_[0.0, np.ones(75)],
}

# Discounted totals of Sick-Sicker as printed: cost and QALYs of standard of care, A, B, AB.
SICK_SICKER = {
    "published": [
        ("151579.865957", "20.7113314643"), ("284804.513371", "21.4986628084"),
        ("259100.410617", "22.1844651408"), ("378875.198394", "23.1368441350"),
    ],
    "half_cycle": [
        ("152262.2907182654", "21.038150923113"), ("285676.9230196188", "21.828836409714"),
        ("259991.5152698499", "22.511198142763"), ("379955.4473468782", "23.466845589528"),
    ],
    "all_points": [
        ("153541.4129306321", "21.554486610502"), ("287185.6407758665", "22.345544455890"),
        ("261490.9743717922", "23.032607807127"), ("381676.0957408826", "23.988968925786"),
    ],
    "start": [
        ("152983.1685058986", "21.521815235724"), ("286168.2052633711", "22.312128363538"),
        ("260492.0561679075", "22.989788478399"), ("380234.7989528740", "23.944722253270"),
    ],
}  # fmt: skip

SICK_SICKER_TRACE = {
    1: ("0.858988280741", "0.139013717926", "0.000000000000", "0.001998001333"),
    10: ("0.620192141562", "0.183148666931", "0.158706006591", "0.037953184915"),
    50: ("0.220720257158", "0.065188993991", "0.369003278929", "0.345087469922"),
    75: ("0.115723450556", "0.034178536306", "0.317061535511", "0.533036477626"),
}

# Discounted cost, life-years, undiscounted health care, undiscounted drugs.
HIV = {
    "monotherapy": ("44663.453563697", "7.9912066458409", "45541.2438981404", "18203.9687392255"),
    "combination": ("50601.651331204", "8.9373888916435", "48082.8345292157", "24492.2754190736"),
}

HIV_TRACE = {
    "monotherapy": {
        1: ("0.72145328719723", "0.20184544405998", "0.0668973471742", "0.00980392156863"),
        2: ("0.52049484560769", "0.26291062796852", "0.1805960166677", "0.03599850975604"),
        3: ("0.37551271733288", "0.25783190517027", "0.2772959227091", "0.08935945478772"),
        20: ("0.00145936635999", "0.00207076752307", "0.0282334223646", "0.96823644375229"),
    },
    "combination": {
        1: ("0.85821972318339", "0.10273933102653", "0.0340507497116", "0.00499019607843"),
        2: ("0.73654109326098", "0.16900517147276", "0.0802268328111", "0.01422690245512"),
        3: ("0.53137999288897", "0.24687317178537", "0.1782385360847", "0.04350829924098"),
        20: ("0.00206511803782", "0.00291871547123", "0.0362234729447", "0.95879269354629"),
    },
}


def printed(text: str) -> Any:
    """Equal to a printed number in all its digits: half a unit of the last, or 1e-12 of it where that is more."""
    decimals = len(text.partition(".")[2])
    return pytest.approx(float(text), rel=1e-12, abs=0.5000001 * 10.0**-decimals)


@cache
def result(model: str, layer: str | None = None) -> cea.Results:
    """A run of a model in this folder, through the package."""
    return cea.run(cea.load(FOLDER / model, layers=[layer] if layer else []))


@cache
def command_line(model: str) -> dict[str, Any]:
    """What `cea run --json` prints for a model in this folder."""
    command = [sys.executable, "-m", "cea", "run", "--inputs", str(FOLDER / model), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shares(run: cea.Results, strategy: str) -> dict[int, Any]:
    """Occupancy by year, in the model's order of states."""
    frame = run.trace_frame()
    table = frame[frame["strategy"] == strategy].pivot(index="year", columns="state", values="share")
    table = table[list(run.model.states)]
    return {round(year): row for year, row in zip(table.index.to_numpy(), table.to_numpy(), strict=True)}


def sick_sicker_layer(correction: str) -> str | None:
    return None if correction == "published" else f"scenarios/{correction}"


# The reference itself against the publications.


@pytest.mark.parametrize("correction", SICK_SICKER)
def test_reference_gives_the_published_sick_sicker_totals(correction: str) -> None:
    for strategy, (cost, qalys) in zip(STRATEGIES.values(), SICK_SICKER[correction], strict=True):
        _, costs, effects = reference.sick_sicker(strategy)
        assert CORRECTIONS[correction] @ costs == printed(cost)
        assert CORRECTIONS[correction] @ effects == printed(qalys)


@pytest.mark.parametrize("strategy", HIV)
def test_reference_gives_the_published_hiv_figures(strategy: str) -> None:
    occupancy, *totals = reference.hiv(strategy == "combination")
    assert totals == [printed(text) for text in HIV[strategy]]
    for year, row in HIV_TRACE[strategy].items():
        assert list(occupancy[year]) == [printed(text) for text in row]


# The models against the publications.


@pytest.mark.parametrize("correction", SICK_SICKER)
def test_sick_sicker_gives_the_published_totals(correction: str) -> None:
    outcomes = result("sick_sicker", sick_sicker_layer(correction)).outcomes
    assert outcomes.strategies == tuple(STRATEGIES)
    for position, (cost, qalys) in enumerate(SICK_SICKER[correction]):
        assert outcomes.cost[0, position] == printed(cost)
        assert outcomes.effect[0, position] == printed(qalys)


def test_sick_sicker_gives_the_published_trace() -> None:
    found = shares(result("sick_sicker"), "standard_of_care")
    for year, row in SICK_SICKER_TRACE.items():
        assert list(found[year]) == [printed(text) for text in row]


def test_sick_sicker_gives_the_published_table_on_the_command_line() -> None:
    printout = command_line("sick_sicker")
    rows = {row["strategy"]: row for row in printout["results"]}
    assert set(rows) == set(STRATEGIES)
    for strategy, (cost, qalys) in zip(STRATEGIES, SICK_SICKER["published"], strict=True):
        assert rows[strategy]["cost"] == printed(cost)
        assert rows[strategy]["effect"] == printed(qalys)
    assert {name: row["status"] for name, row in rows.items()} == {
        "standard_of_care": "reference", "strategy_a": "dominated", "strategy_b": "frontier", "strategy_ab": "frontier",
    }  # fmt: skip
    assert rows["strategy_b"]["icer"] == printed("72987.6360667")
    assert rows["strategy_ab"]["icer"] == printed("125763.7857537")
    assert rows["strategy_a"]["icer"] is None
    assert rows["strategy_b"]["incremental_cost"] == printed("107521")
    assert rows["strategy_b"]["incremental_effect"] == printed("1.473")
    assert rows["strategy_ab"]["incremental_cost"] == printed("119775")
    assert rows["strategy_ab"]["incremental_effect"] == printed("0.952")
    assert (printout["currency"], printout["effect_unit"]) == ("USD", "QALY")


@pytest.mark.parametrize("strategy", HIV)
def test_hiv_gives_the_published_figures(strategy: str) -> None:
    run = result("hiv")
    cost, life_years, health_care, drugs = HIV[strategy]
    position = run.strategies.index(strategy)
    assert run.outcomes.cost[0, position] == printed(cost)
    assert run.outcomes.effect[0, position] == printed(life_years)
    categories = run.categories_frame().set_index(["strategy", "category"])["cost_undiscounted"]
    assert categories[(strategy, "Health care")] == printed(health_care)
    assert categories[(strategy, "Drugs")] == printed(drugs)


@pytest.mark.parametrize("strategy", HIV)
def test_hiv_gives_the_published_trace(strategy: str) -> None:
    found = shares(result("hiv"), strategy)
    for year, row in HIV_TRACE[strategy].items():
        assert list(found[year]) == [printed(text) for text in row]


def test_hiv_gives_the_published_ratio_on_the_command_line() -> None:
    printout = command_line("hiv")
    rows = {row["strategy"]: row for row in printout["results"]}
    for strategy, (cost, life_years, _, _) in HIV.items():
        assert rows[strategy]["cost"] == printed(cost)
        assert rows[strategy]["effect"] == printed(life_years)
        assert rows[strategy]["life_years"] == printed(life_years)
    assert rows["combination"]["incremental_cost"] == printed("5938.1977675071")
    assert rows["combination"]["incremental_effect"] == printed("0.94618224580259")
    assert rows["combination"]["icer"] == printed("6275.9556035318")
    assert rows["combination"]["status"] == "frontier"
    assert (printout["currency"], printout["effect_unit"]) == ("GBP", "year")


# The models against the reference, where nothing is published.


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_sick_sicker_agrees_with_the_reference(correction: str) -> None:
    run = result("sick_sicker", sick_sicker_layer(correction))
    for position, (name, strategy) in enumerate(STRATEGIES.items()):
        occupancy, cost, effect = reference.sick_sicker(strategy)
        assert run.outcomes.cost[0, position] == pytest.approx(CORRECTIONS[correction] @ cost, rel=1e-12)
        assert run.outcomes.effect[0, position] == pytest.approx(CORRECTIONS[correction] @ effect, rel=1e-12)
        assert np.array(list(shares(run, name).values())) == pytest.approx(occupancy, abs=1e-14)


def test_sick_sicker_with_mortality_by_age_agrees_with_the_reference() -> None:
    outcomes = result("sick_sicker", "scenarios/age_dependent").outcomes
    for position, strategy in enumerate(STRATEGIES.values()):
        _, cost, effect = reference.sick_sicker(strategy, reference.US_MORTALITY)
        assert outcomes.cost[0, position] == pytest.approx(CORRECTIONS["published"] @ cost, rel=1e-12)
        assert outcomes.effect[0, position] == pytest.approx(CORRECTIONS["published"] @ effect, rel=1e-12)


def test_scale_benchmark_agrees_with_the_reference() -> None:
    outcomes = result("scale").outcomes
    for treatment in range(3):
        cost, effect = reference.scale(treatment)
        assert outcomes.cost[0, treatment] == pytest.approx(cost, rel=1e-12)
        assert outcomes.effect[0, treatment] == pytest.approx(effect, rel=1e-12)

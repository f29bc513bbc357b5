"""The benchmark itself: what it compares is the same, and it tells right from wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import draws
from benchmarks.cases import CEA, FUSED, HEORMODEL, PEER_DRAWS, SCALE, SHIPPED, SICK_SICKER, groups
from benchmarks.peers import ENGINES, PEERS
from benchmarks.processes import run_command
from benchmarks.records import Absent, Case, Record, write
from benchmarks.table import measurements
from benchmarks.targets import Target, targets
from benchmarks.worker import PREPARED
from tests.models import ROOT

OURS = Record("draws", CEA, SCALE, 2_000, 0.02, 100.0)


@pytest.mark.parametrize("engine", ["cea, 2 threads", "batched numpy", "numpy loop"])
@pytest.mark.parametrize("folder", PEERS)
def test_engines_give_what_the_reference_gives(engine: str, folder: str):
    case = Case("draws", engine, folder, 5)
    model = draws.load(case)
    values = draws.drawn(model, case.n)
    found = draws.engine_of(case, model)(values)
    draws.check(engine, found, model, values)
    for wrong in (0, 1):
        off = [array.copy() for array in found]
        off[wrong][-1, -1] *= 1 + 1e-9
        with pytest.raises(SystemExit, match=("costs", "effects")[wrong]):
            draws.check(engine, (off[0], off[1]), model, values)


def test_an_engine_without_numbers_is_not_right():
    case = Case("draws", "batched numpy", SICK_SICKER, 2)
    model = draws.load(case)
    nothing = np.full((2, len(model.strategies)), np.nan)
    with pytest.raises(SystemExit, match="reference"):
        draws.check("none", (nothing, nothing), model, draws.drawn(model, 2))


def test_every_case_can_be_measured():
    known = {*ENGINES, "cea", "hand-fused kernel"}
    for cases, turns in groups(million=True):
        assert turns > 0
        for case in cases:
            assert case.name in PREPARED
            assert case.name != "draws" or case.engine.partition(", ")[0] in known
    names = [(case.name, case.engine, case.model, case.n) for cases, _ in groups(million=True) for case in cases]
    assert len(set(names)) == len(names)


def test_a_measurement_has_a_time_and_a_peak_of_its_own():
    # From a process as small as the benchmark's: a new one counts the memory of the one that it came from.
    code = f"""
import dataclasses, json, sys
import benchmarks.__main__
from benchmarks.processes import measure
from benchmarks.records import Case
found = measure([Case("drawing", "cea", {SICK_SICKER!r}, n) for n in (10, 100_000)], 1)
print(json.dumps([*map(dataclasses.asdict, found), "numpy" in sys.modules]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    few, many, heavy = json.loads(done.stdout)
    assert not heavy, "the process that measures loads no numeric library"
    assert (few["name"], few["model"], few["n"], many["n"]) == ("drawing", SICK_SICKER, 10, 100_000)
    assert 0 < few["seconds"] < many["seconds"]
    assert many["peak_mb"] - few["peak_mb"] > 100_000 * 8 / 1e6, "a drawn parameter alone has so many bytes"


def test_a_command_that_fails_is_not_measured():
    with pytest.raises(SystemExit, match="code 3"):
        run_command(["-c", "raise SystemExit(3)"])


def test_one_record_a_measurement_and_none_for_what_is_not_installed(tmp_path: Path):
    write([OURS, Absent("draws", HEORMODEL, SCALE, 5)], {"cpu": "one"}, tmp_path / "new")
    found = json.loads((tmp_path / "new" / "latest.json").read_text(encoding="utf-8"))
    assert [list(record) for record in found] == [["name", "engine", "model", "n", "seconds", "peak_mb"]]
    assert json.loads((tmp_path / "new" / "machine.json").read_text(encoding="utf-8")) == {"cpu": "one"}


def test_ratios_are_per_draw():
    loop = Record("draws", "numpy loop", SCALE, 10, 0.01, 90.0)
    rows = measurements([OURS, loop, Absent("draws", HEORMODEL, SCALE, 5)]).rows
    assert [row[4:6] for row in rows] == [("0.0200", "1.00"), ("0.0100", "100.00"), ("not installed", "")]


@pytest.mark.parametrize(
    ("figure", "least", "verdict"),
    [
        (3.0, False, "met"),
        (3.1, False, "MISSED"),
        (3.0, True, "met"),
        (2.9, True, "MISSED"),
        (None, True, "not measured"),
    ],
)
def test_a_target_is_met_missed_or_not_measured(figure: float | None, least: bool, verdict: str):
    assert Target("some", figure, 3.0, "x", least).verdict == verdict


def test_targets_compare_the_right_engines():
    nothing = targets([])
    assert {target.verdict for target in nothing} == {"not measured"}
    rows = [
        OURS,
        Record("draws", "batched numpy", SCALE, PEER_DRAWS, 0.06, 1.0),
        Record("draws", CEA, SHIPPED, 10_000, 0.5, 1.0),
        Record("draws", FUSED, SHIPPED, 10_000, 0.1, 1.0),
        Absent("draws", HEORMODEL, SCALE, PEER_DRAWS),
    ]
    found = {target.name: target for target in targets(rows)}
    assert len(found) == len(nothing), "names are unique"
    assert found["batched numpy / cea, scale"].figure == pytest.approx(6)
    assert found["general engine / hand-fused kernel"].verdict == "MISSED"
    assert found["heormodel / cea, scale"].verdict == "not measured"

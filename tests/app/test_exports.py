"""What is taken away from the dashboard: the report of a study, and the archive of everything."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

import cea
from cea.dashboard import exports
from cea.dashboard.computing import Source
from cea.dashboard.jobs import Cancelled
from cea.dashboard.scenario_file import Saved
from cea.dashboard.setting import Setting
from cea.errors import UsageError
from cea.reports.wording import money
from tests.models import ROOT

SETTING = Setting().with_value("cost_treatment", 9_000.0)


@pytest.fixture
def small(small_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """A small model, for this process and those that it starts."""
    monkeypatch.setenv("CEA_INPUTS", str(small_folder))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Source.now()


def test_the_report_is_that_of_what_is_on_the_screen(small):
    asked = []
    made = exports.study(small, SETTING, (20, 3), lambda done, total: asked.append((done, total)))
    assert set(made) == {"report.docx", "report.html"}
    assert made["report.docx"].startswith(b"PK")
    results = cea.run(cea.load(small.folder, values=SETTING.values))
    ratio = cea.headlines(results)[0].pair.icer
    page = made["report.html"].decode()
    assert money(ratio, "EUR") in page
    assert "20 draws, seed 3" in page
    assert asked, "it can be stopped while it runs"


def test_a_report_that_is_stopped_leaves_no_process_behind(small):
    def stop(done: int, total: int) -> None:
        raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        exports.study(small, SETTING, (50_000, 1), stop)
    assert time.monotonic() - began < 10


def test_a_report_that_fails_says_why(small):
    with pytest.raises(UsageError, match="unknown"):
        exports.study(small, Setting().with_value("unknown", 1.0), (20, 1), lambda done, total: None)


def test_everything_holds_what_has_been_made(small):
    data = exports.everything(small, Saved("Mine", SETTING), (20, 1), {"model.xlsx": b"made before"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        assert archive.read("model.xlsx") == b"made before"
    assert {"run/incremental.csv", "psa/draws.csv", "scenario.yaml", "reproduce.py", "reproduce.txt"} <= names

"""A workbook that somebody uploads: its edits become a setting, and what is no workbook is refused with a reason."""

from __future__ import annotations

import pytest

import cea
from cea.dashboard import workbook_import
from cea.dashboard.computing import Source
from cea.dashboard.setting import Setting
from cea.errors import InputError
from cea.reports.workbook import write_workbook
from tests.models import ROOT


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    """The shipped model."""
    monkeypatch.chdir(ROOT)
    return Source.now()


def test_the_edits_of_a_workbook_become_a_setting(source, tmp_path):
    path = tmp_path / "model.xlsx"
    write_workbook(cea.load(source.folder, values={"cost_a": 30_000.0}), path)
    found = workbook_import.read(source, path.read_bytes())
    assert found.setting == Setting().with_value("cost_a", 30_000.0)
    assert [edit.name for edit in found.edits] == ["cost_a"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04nothing", b"<html>"], ids=["empty", "zip", "html"])
def test_what_is_no_workbook_is_refused(source, data):
    with pytest.raises(InputError) as caught:
        workbook_import.read(source, data)
    assert caught.value.problems[0].what

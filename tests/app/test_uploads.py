"""A workbook that somebody uploads: its edits become a setting, and what is no workbook is refused with a reason."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

import pytest

import cea
from cea.dashboard import session, workbook_import
from cea.dashboard.computing import Source
from cea.dashboard.setting import Setting
from cea.errors import InputError
from cea.loading import workbook_safety
from cea.reports.workbook import write_workbook
from tests.models import ROOT
from tests.workbook_copies import with_parts


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


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of the shipped model, without draws."""
    path = tmp_path_factory.mktemp("workbook") / "model.xlsx"
    write_workbook(cea.load(ROOT / "inputs/cirrhosis"), path)
    return path


@pytest.mark.parametrize(
    ("name", "part", "says"),
    [
        ("xl/vbaProject.bin", b"x", "macros"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "links to other workbooks"),
        ("xl/worksheets/sheet1.xml", bytes(50_000_000), "as a zip bomb does"),
        ("xl/sharedStrings.xml", b'<!DOCTYPE b [<!ENTITY a "aaaa">]><sst/>', "declares entities"),
    ],
    ids=["macros", "links", "bomb", "entities"],
)
def test_a_dangerous_workbook_is_refused_without_a_word_about_the_server(source, workbook, tmp_path, name, part, says):
    bad = with_parts(workbook, tmp_path / "bad.xlsx", lambda parts: parts.update({name: part}))
    with pytest.raises(InputError) as caught:
        workbook_import.read(source, bad.read_bytes())
    told = session.said(caught.value)
    assert any(says in text for text in told)
    assert not any(gettempdir() in text or "workbook.xlsx" in text for text in told)


def test_a_workbook_larger_than_the_limit_is_refused_before_it_is_opened(source):
    with pytest.raises(InputError) as caught:
        workbook_import.read(source, b"PK\x03\x04" + bytes(workbook_safety.MAX_BYTES))
    assert "larger than" in caught.value.problems[0].what


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04nothing", b"<html>"], ids=["empty", "zip", "html"])
def test_what_is_no_workbook_is_refused(source, data):
    with pytest.raises(InputError) as caught:
        workbook_import.read(source, data)
    assert caught.value.problems[0].what

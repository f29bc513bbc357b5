"""Files that are not opened as workbooks: damaged, dangerous, or something else."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import cea
from cea.cli import main
from cea.loading import workbook_safety
from cea.loading.workbook_file import read_workbook
from tests.small_model import write_model
from tests.workbook_copies import Parts, with_parts

ENTITIES = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of the small model."""
    folder = tmp_path_factory.mktemp("workbook")
    write_model(folder / "model")
    file = folder / "small.xlsx"
    assert main(["excel", "--inputs", str(folder / "model"), "--out", str(file), "--no-psa", "--quick", "-q"]) == 0
    return file


def problems(file: Path) -> list[str]:
    """What is wrong with a file, each with its remedy on the second line."""
    with pytest.raises(cea.InputError) as error:
        read_workbook(file)
    assert all(item.remedy and item.place is not None for item in error.value.problems)
    return [str(item) for item in error.value.problems]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def archive(path: Path, parts: Parts) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return path


def refused(folder: Path, workbook: Path) -> Iterator[tuple[Path, str]]:
    """Files, and what is said of them."""
    data = workbook.read_bytes()
    yield written(folder / "empty.xlsx", b""), "the file is empty"
    yield written(folder / "text.xlsx", b"name,value\n"), "not an Excel workbook"
    yield written(folder / "old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "protected by a password"
    yield written(folder / "macros.xlsm", data), "it holds macros"
    yield with_parts(workbook, folder / "vba.xlsx", lambda parts: parts.update({"xl/vbaProject.bin": b"x"})), "macros"
    link = {"xl/externalLinks/externalLink1.xml": b"<x/>"}
    yield with_parts(workbook, folder / "links.xlsx", lambda parts: parts.update(link)), "links to other workbooks"
    yield archive(folder / "document.xlsx", {"word/document.xml": b"<x/>"}), "without the parts of a workbook"
    yield archive(folder / "table.xlsx", {"mimetype": b"x", "content.xml": b"<x/>"}), "an OpenDocument file"
    yield written(folder / "half.xlsx", data[: len(data) // 2]), "the file is damaged"
    bomb = {"xl/worksheets/sheet1.xml": bytes(50_000_000)}
    yield with_parts(workbook, folder / "bomb.xlsx", lambda parts: parts.update(bomb)), "as a zip bomb does"
    many = {f"xl/media/{k}.png": b"" for k in range(workbook_safety.MAX_PARTS)}
    yield with_parts(workbook, folder / "many.xlsx", lambda parts: parts.update(many)), "parts, more than"
    for part in ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet3.xml"):
        file = folder / f"entities_{Path(part).stem}.xlsx"
        yield with_parts(workbook, file, lambda parts, part=part: _declare(parts, part)), "declares entities"


def _declare(parts: Parts, part: str) -> None:
    """Puts entities, which grow as they are read, into a part."""
    head, end, rest = parts[part].decode().partition("?>")
    assert end
    parts[part] = (head + end + ENTITIES + rest).encode()


def test_files_that_are_no_sound_workbook_are_not_opened(workbook, tmp_path):
    files = list(refused(tmp_path, workbook))
    for file, words in files:
        before = file.read_bytes()
        assert any(words in item for item in problems(file)), file.name
        assert file.read_bytes() == before
    assert len(files) == 14


def test_too_large_files_are_not_opened(workbook, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_safety, "MAX_BYTES", 1000)
    assert "larger than 1,000 bytes" in problems(workbook)[0]
    monkeypatch.undo()
    monkeypatch.setattr(workbook_safety, "MAX_UNPACKED", 1000)
    assert "bytes, more than 1,000" in problems(workbook)[0]


def test_encrypted_and_doubled_parts_are_refused(workbook, tmp_path):
    data = bytearray(workbook.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        data[at + offset] |= 1
    assert any("its parts are encrypted" in item for item in problems(written(tmp_path / "locked.xlsx", bytes(data))))
    double = tmp_path / "double.xlsx"
    double.write_bytes(workbook.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(double, "a") as made:
        made.writestr("xl/workbook.xml", "<x/>")
    assert any("two parts of one name" in item for item in problems(double))


def test_a_damaged_byte_never_ends_in_anything_but_a_message(workbook, tmp_path):
    source, data = random.Random(5), workbook.read_bytes()
    stopped = 0
    for _ in range(40):
        broken = bytearray(data)
        for _ in range(source.choice([1, 4, 40])):
            broken[source.randrange(len(broken))] = source.randrange(256)
        try:
            read_workbook(written(tmp_path / "broken.xlsx", bytes(broken)))
        except cea.InputError as error:
            assert all(problem.place is not None for problem in error.problems)
            stopped += 1
    assert stopped > 10

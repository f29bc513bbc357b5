"""Recalculation of workbooks by LibreOffice, and comparison of every formula cell with the value stored in it.

Recalculation is forced: whatever values a file brings along are thrown away. LibreOffice writes 15 digits. The files
are read here by our own reading of their XML, not as `cea verify` does.
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cea.cli import recalculation

TOLERANCE = 1e-12
"""Absolute, or relative to the value."""

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Value = float | str | bool | None


def program() -> str:
    """LibreOffice. Without it the test is skipped; with CEA_REQUIRE_PROGRAMS=1 it fails instead."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        notice = "LibreOffice (soffice) is not installed: workbooks are not recalculated"
        if os.environ.get("CEA_REQUIRE_PROGRAMS") == "1":
            pytest.fail(notice)
        pytest.skip(notice)
    return found


def recalculate(files: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Copies of workbooks with LibreOffice's results, all by one start of it; file names must differ."""
    assert len({file.name for file in files}) == len(files)
    return recalculation.recalculate(files, folder, program())


@dataclass(frozen=True)
class Cell:
    """A cell: its formula without the leading `=`, None for others, and its value, errors as their text."""

    formula: str | None
    value: Value


class Workbook:
    """The cells of an xlsx file by sheet and address, and its defined names (those of a sheet as `sheet!name`)."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.parts = archive.namelist()
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
            relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
            targets = {item.get("Id"): str(item.get("Target")) for item in relations}
            self.sheets = {
                str(sheet.get("name")): "xl/" + targets[sheet.get(_RELATION)].removeprefix("/xl/")
                for sheet in book.iter(f"{_MAIN}sheet")
            }
            self.states = {str(sheet.get("name")): sheet.get("state") for sheet in book.iter(f"{_MAIN}sheet")}
            self.texts = _shared(archive)
            self.cells = {name: self._cells(archive.read(part)) for name, part in self.sheets.items()}
        names = list(self.sheets)
        self.names: dict[str, str] = {}
        for item in book.iter(f"{_MAIN}definedName"):
            local = item.get("localSheetId")
            prefix = f"{names[int(local)]}!" if local is not None else ""
            self.names[prefix + str(item.get("name"))] = item.text or ""

    def _cells(self, text: bytes) -> dict[str, Cell]:
        found = {}
        for item in ElementTree.fromstring(text).iter(f"{_MAIN}c"):
            formula, value = item.find(f"{_MAIN}f"), item.find(f"{_MAIN}v")
            content = None if value is None else value.text
            written = None if formula is None else formula.text or ""
            found[str(item.get("r"))] = Cell(written, self._value(item.get("t", "n"), content))
        return found

    def _value(self, kind: str, text: str | None) -> Value:
        if text is None:
            return "" if kind == "str" else None
        if kind == "s":
            return self.texts[int(text)]
        if kind == "b":
            return text == "1"
        return float(text) if kind == "n" else text

    def place(self, name: str) -> tuple[str, str]:
        """Sheet and address of a defined name of a cell."""
        sheet, address = self.names[name].rsplit("!", 1)
        return sheet.strip("'").replace("''", "'"), address.replace("$", "")

    def value(self, name: str) -> Value:
        """The value of the cell with a defined name."""
        sheet, address = self.place(name)
        return self.cells[sheet][address].value

    def formulas(self, sheet: str) -> dict[str, Cell]:
        """The cells of a sheet that hold formulas."""
        return {address: cell for address, cell in self.cells[sheet].items() if cell.formula is not None}


def _shared(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
    return ["".join(part.text or "" for part in item.iter(f"{_MAIN}t")) for item in root.iter(f"{_MAIN}si")]


def changed_copy(source: Path, target: Path, edits: Mapping[str | tuple[str, str], float | str]) -> None:
    """A copy of a workbook with other values in some cells, given by defined name or by sheet and address.

    The values stored with formulas stay as they are, out of date.
    """
    book = Workbook(source)
    by_part: dict[str, list[tuple[str, float | str]]] = {}
    for place, value in edits.items():
        sheet, address = book.place(place) if isinstance(place, str) else place
        by_part.setdefault(book.sheets[sheet], []).append((address, value))
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in archive.namelist():
            text = archive.read(part).decode() if part in by_part else None
            for address, value in by_part.get(part, ()):
                assert text is not None
                text = _with_value(text, address, value)
            copy.writestr(part, archive.read(part) if text is None else text)


def _with_value(text: str, address: str, value: float | str) -> str:
    content = f"<v>{value!r}</v>" if isinstance(value, float) else f"<v>{value}</v>"
    kind = "" if isinstance(value, float) else ' t="str"'
    pattern = re.compile(rf'<c r="{address}"( s="\d+")?( t="\w+")?>(?:<f>.*?</f>)?<v>.*?</v></c>')
    changed, count = pattern.subn(lambda match: f'<c r="{address}"{match[1] or ""}{kind}>{content}</c>', text)
    assert count == 1, f"{address} is not one cell"
    return changed


def changed_text(source: Path, target: Path, sheet: str, old: str, new: str) -> None:
    """A copy of a workbook in which the first `old` in the text of a sheet is `new`."""
    part = Workbook(source).sheets[sheet]
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.namelist():
            data = archive.read(name)
            if name == part:
                assert old in data.decode()
                data = data.decode().replace(old, new, 1).encode()
            copy.writestr(name, data)


@dataclass(frozen=True)
class Agreement:
    """How many formula cells were compared, the largest difference, and those that are too far apart, in words."""

    count: int
    largest: float
    wrong: tuple[str, ...]


def compare(stored: Workbook, computed: Workbook, sheets: Iterable[str] | None = None) -> dict[str, Agreement]:
    """Every formula cell of `stored`, by sheet, against the same cell of `computed`.

    Differences of numbers are absolute or relative, whichever is smaller; an error agrees with any error.
    """
    return {sheet: _compare(sheet, stored, computed) for sheet in (sheets or stored.sheets)}


def _compare(sheet: str, stored: Workbook, computed: Workbook) -> Agreement:
    largest, wrong = 0.0, []
    formulas = stored.formulas(sheet)
    for address, cell in formulas.items():
        other = computed.cells[sheet].get(address, Cell(None, None)).value
        gap = difference(cell.value, other)
        largest = max(largest, gap)
        if not gap <= TOLERANCE:
            wrong.append(f"{sheet}!{address}: stored {cell.value!r}, computed {other!r}, formula {cell.formula}")
    return Agreement(len(formulas), largest, tuple(wrong))


def difference(one: Value, other: Value) -> float:
    """Absolute or relative difference of two numbers, whichever is smaller; 0 or infinite for anything else."""
    if _is_number(one) and _is_number(other):
        assert isinstance(one, float) and isinstance(other, float)
        return abs(one - other) / max(1.0, abs(one))
    if str(one or "").startswith("#") and str(other or "").startswith("#"):
        return 0.0
    return 0.0 if (one or "") == (other or "") else float("inf")


def _is_number(value: Value) -> bool:
    return isinstance(value, float) and not isinstance(value, bool)

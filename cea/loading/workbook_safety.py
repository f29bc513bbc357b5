"""Is a file a workbook that is safe to open? Looked at before anything in it is parsed.

A workbook is a zip archive, so a small file can unpack to gigabytes, and it can carry programs and links to other
files.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from cea.errors import InputError, Place, Problem, UsageError
from cea.model.document import shortened

MAX_BYTES = 30_000_000
"""The largest file: an export with the most draws that one can have, 5,000, has 17 MB, with 1,000 it has 7 MB."""
MAX_UNPACKED = 300_000_000
"""The most that all parts may unpack to: those of the largest export come to 110 MB, and other programs write more."""
MAX_PARTS = 2_000
MAX_RATIO = 100
"""How much smaller a part may be packed: sheets of formulas come down to a twentieth, bombs to a thousandth."""
_SMALL = 1_000_000
"""Parts up to this size are never a bomb, whatever their ratio."""

_BLOCK = 1_000_000
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = 0x1
_NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
_RESAVE = "save it again as Excel workbook (.xlsx)"
_MACROS = ("it holds macros, which an exported workbook never has", "save it as Excel workbook (.xlsx), without macros")


def read_safely(path: Path) -> io.BytesIO:
    """The bytes of a workbook whose size and parts are sound; the file itself is only read.

    Raises UsageError where there is no file, InputError with every reason why it is not opened.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path.as_posix()}; name a workbook that `cea excel` has written")
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path.as_posix()}: {error.strerror}") from None
    found = _reasons(path, data)
    if found:
        place = Place(path.as_posix(), 0, 0)
        raise InputError(Problem(what, place, remedy) for what, remedy in found)
    return io.BytesIO(data)


def _reasons(path: Path, data: bytes) -> list[tuple[str, str]]:
    """Why the file is not opened: what is wrong, and what would be right."""
    if path.suffix.lower() in (".xlsm", ".xltm", ".xlsb"):
        return [_MACROS]
    if len(data) > MAX_BYTES:
        remedy = "write it with fewer PSA rows, or delete what was pasted into it"
        return [(f"the file is larger than {MAX_BYTES:,} bytes", remedy)]
    if data.startswith(_OLE):
        return [("it is protected by a password, or in the format of Excel 2003", f"remove the password and {_RESAVE}")]
    if not data.startswith(_ZIP):
        return [("this is not an Excel workbook" if data else "the file is empty", _RESAVE)]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            found = [*_sizes(parts), *_contents(parts)]
            return found or _declarations(archive, parts)
    except Exception:  # a damaged directory or part fails in many ways
        return [("the file is damaged: its parts cannot be read", "take another copy, or export it again")]


def _declarations(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> list[tuple[str, str]]:
    """The parts that declare entities, which grow as they are read, whichever parser reads them."""
    found = []
    for part in parts:
        if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        with archive.open(part) as handle:
            before = b""
            while block := handle.read(_BLOCK):
                text = (before + block).replace(b"\0", b"")  # without the zeros that UTF-16 puts between
                if any(mark in text for mark in _DECLARATIONS):
                    name = shortened(part.filename)
                    found.append((f"its part {name} declares entities", "export it again; do not open this file"))
                    break
                before = block[-32:]
    return found


def _sizes(parts: list[zipfile.ZipInfo]) -> list[tuple[str, str]]:
    """What is wrong with the number and sizes of the parts; a part never yields more than the size it states."""
    remedy = "export it again; do not open this file"
    found = []
    if len(parts) > MAX_PARTS:
        found.append((f"it has {len(parts):,} parts, more than {MAX_PARTS:,}", remedy))
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED:
        found.append((f"it unpacks to {unpacked:,} bytes, more than {MAX_UNPACKED:,}", remedy))
    for part in parts:
        if part.file_size > max(_SMALL, MAX_RATIO * part.compress_size):
            name = shortened(part.filename)
            found.append((f"its part {name} unpacks to {part.file_size:,} bytes, as a zip bomb does", remedy))
    if len({part.filename for part in parts}) < len(parts):
        found.append(("it holds two parts of one name", remedy))
    return found


def _contents(parts: list[zipfile.ZipInfo]) -> list[tuple[str, str]]:
    """What is missing among the parts, or has no place there."""
    names = {part.filename.lower() for part in parts}
    found = []
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        found.append(("its parts are encrypted", f"remove the password and {_RESAVE}"))
    if any(name.endswith("vbaproject.bin") for name in names):
        found.append(_MACROS)
    if any(name.startswith("xl/externallinks/") for name in names):
        remedy = "break the links (Data, Edit Links) so that every input is a number in the workbook"
        found.append(("it has links to other workbooks", remedy))
    if not all(name.lower() in names for name in _NEEDED):
        other = "an OpenDocument file" if "content.xml" in names else "an archive without the parts of a workbook"
        found.append((f"this is {other}", _RESAVE))
    return found

"""Copies of workbooks with other contents, as careless users and hostile senders make them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.conformance.recalculation import Workbook

Parts = dict[str, bytes]


def number(value: float) -> str:
    """The content of a cell with a number, for `with_cells`."""
    return f"><v>{value!r}</v></c>"


def text(words: str) -> str:
    """The content of a cell with text."""
    return f' t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>'


def formula(words: str, result: float) -> str:
    """The content of a cell with a formula."""
    return f"><f>{words}</f><v>{result!r}</v></c>"


EMPTY = "></c>"
TRUE = ' t="b"><v>1</v></c>'
ERROR = ' t="e"><v>#DIV/0!</v></c>'


def with_cells(source: Path, target: Path, cells: Mapping[str, str]) -> Path:
    """A copy with other contents in named cells."""
    book = Workbook(source)

    def change(parts: Parts) -> None:
        for name, content in cells.items():
            sheet, address = book.place(name)
            part = book.sheets[sheet]
            pattern = re.compile(rf'(<c r="{address}"(?: s="\d+")?)(?: t="\w+")?(?:/>|>.*?</c>)'.encode())
            parts[part], count = pattern.subn(lambda match, new=content: match[1] + new.encode(), parts[part])
            assert count == 1, f"{name} is not one cell"

    return with_parts(source, target, change)


def with_parts(source: Path, target: Path, change: Callable[[Parts], None]) -> Path:
    """A copy with other parts; `change` gets them by name."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name, data in parts.items():
            copy.writestr(name, data)
    return target


def with_text(source: Path, target: Path, part: str, old: str, new: str) -> Path:
    """A copy with another text in a part; the old one must be there once."""

    def change(parts: Parts) -> None:
        assert parts[part].decode().count(old) == 1, f"{old} is not once in {part}"
        parts[part] = parts[part].decode().replace(old, new).encode()

    return with_parts(source, target, change)

"""The workbook of a model recalculated by LibreOffice, and every formula cell held against our own number."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cea.engine.psa import run_draws
from cea.engine.results import Results
from cea.engine.sampling import sample
from cea.errors import CeaError

TOLERANCE = 1e-12
"""Difference of two cells, relative to the larger one or absolute below one; LibreOffice writes 15 digits."""

REPLAYED = 1
"""Draws that are replayed: each takes a recalculation of the whole workbook."""
_SECONDS = 600
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
</item>
</oor:items>
"""


@dataclass(frozen=True)
class Recalculated:
    """How many formula cells were compared, the largest difference, and where cells differ by more than rounding."""

    cells: int
    largest: float
    wrong: tuple[str, ...]


def program() -> str | None:
    """LibreOffice, where it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def recalculated(results: Results, office: str) -> Recalculated:
    """The workbook of a run against its recalculation. Raises CeaError when LibreOffice does not answer."""
    from cea.reports.workbook import write_workbook  # noqa: PLC0415 - slow to import

    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        stored = folder / "workbook.xlsx"
        write_workbook(results.model, stored, perspective=results.perspective)
        return _compared(stored, recalculate([stored], folder, office)[stored])


def replayed(results: Results, office: str, seed: int) -> float:
    """The largest relative difference of costs and effects of draws that the workbook replays, row after row.

    Raises CeaError when LibreOffice does not answer.
    """
    from cea.reports.workbook import write_workbook  # noqa: PLC0415 - slow to import

    model = results.model
    psa = run_draws(model, sample(model, REPLAYED + 1, seed), results.perspective)  # one alone has no spread
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        stored = folder / "draws.xlsx"
        write_workbook(model, stored, perspective=results.perspective, psa=psa)
        copies = [_replaying(stored, folder / f"row_{row}.xlsx", row) for row in range(1, REPLAYED + 1)]
        computed = recalculate(copies, folder, office)
        gaps = [
            _gap(value, float(amounts[at, position]))
            for at, copy in enumerate(copies)
            for kind, amounts in (("cost", psa.outcomes.cost), ("effect", psa.outcomes.effect))
            for position, value in enumerate(_named(computed[copy], kind, psa.outcomes.strategies))
        ]
    return max(gaps)


def _replaying(stored: Path, target: Path, row: int) -> Path:
    """A copy of a workbook that is set to replay a draw."""
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import

    book = load_workbook(stored)
    for name, value in (("control.run_mode", 2), ("control.psa_row", row)):
        sheet, cell = next(iter(book.defined_names[name].destinations))
        book[sheet][cell.replace("$", "")] = value
    book.save(target)
    return target


def _named(file: Path, kind: str, strategies: Sequence[str]) -> list[Any]:
    """The results of a kind, a strategy each."""
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import

    book = load_workbook(file, data_only=True)
    places = [next(iter(book.defined_names[f"result.{kind}.{name}"].destinations)) for name in strategies]
    return [book[sheet][cell.replace("$", "")].value for sheet, cell in places]


def recalculate(files: Sequence[Path], folder: Path, office: str) -> dict[Path, Path]:
    """Copies of workbooks with LibreOffice's numbers, all by one start of it; file names must differ.

    The stored numbers are thrown away by a setting of a profile of our own. Raises CeaError when LibreOffice does not
    answer.
    """
    profile, target = folder / "profile", folder / "recalculated"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    command = [
        office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore",
        "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(target), *map(str, files),
    ]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise CeaError(f"LibreOffice did not recalculate the workbook: {type(error).__name__}") from None
    made = {file: target / file.name for file in files}
    if not all(copy.is_file() for copy in made.values()):
        raise CeaError("LibreOffice wrote no workbook")
    return made


def _compared(stored: Path, computed: Path) -> Recalculated:
    cells, largest, wrong = 0, 0.0, []
    for place, before, after in _pairs(stored, computed):
        gap = _gap(before, after)
        cells, largest = cells + 1, max(largest, gap)
        if gap > TOLERANCE:
            wrong.append(place)
    return Recalculated(cells, largest, tuple(wrong))


def _pairs(stored: Path, computed: Path) -> Iterator[tuple[str, Any, Any]]:
    """Place, stored and computed value of every formula cell."""
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import

    formulas, values, again = (
        load_workbook(file, read_only=True, data_only=data) for file, data in ((stored, False), (stored, True),
                                                                               (computed, True))
    )  # fmt: skip
    for sheet in formulas.worksheets:
        bottom, right = sheet.max_row, sheet.max_column
        rows = (book[sheet.title].iter_rows(1, bottom, 1, right) for book in (formulas, values, again))
        for row, ours, theirs in zip(*rows, strict=True):
            for cell, one, other in zip(row, ours, theirs, strict=True):
                if cell.data_type == "f":
                    yield f"{sheet.title}!{cell.coordinate}", one.value, other.value
    for book in (formulas, values, again):
        book.close()


def _gap(one: Any, other: Any) -> float:
    """Difference of two numbers; 0 or infinite for anything else, errors being equal and nothing an empty text."""
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other)]
    if all(numbers):
        return float(abs(one - other) / max(1.0, abs(one), abs(other)))
    if str(one).startswith("#") and str(other).startswith("#"):
        return 0.0
    return 0.0 if (one or "") == (other or "") else float("inf")

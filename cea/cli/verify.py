"""`cea verify`: checks of a model and of the program that runs it, on one page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.kernel_agreement import TOLERANCE, agreement
from cea.analysis.verification import verify
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.recalculation import program, recalculated
from cea.cli.report import stamp
from cea.cli.spanned import progress
from cea.engine.draws import drawn
from cea.engine.results import Results, run
from cea.errors import CeaError, CheckError, UsageError
from cea.loading.folder import load
from cea.loading.published_file import Printed, read_printed
from cea.reports import terminal
from cea.reports.document import html, markdown
from cea.reports.document.tree import Document, Paragraph, Section, Table
from cea.reports.terminal import print_table
from cea.reports.wording import setting

NAME = "verification"
_WORDS = {True: "passed", False: "FAILED", None: "not run"}


@dataclass(frozen=True)
class Line:
    """One check: the kind it belongs to, its name, what must hold, whether it does (None: not run), what was found."""

    kind: str
    name: str
    expectation: str
    passed: bool | None
    found: str


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console,
    *, n: int, seed: int, published: Path, workbook: bool,
) -> None:  # fmt: skip
    """Runs all checks, prints them (or JSON) and writes the page. Raises CheckError when one fails."""
    output = Output(request, command, err)
    model = request.model()
    results = run(model, request.perspective)
    with progress(request, err, "Checks") as told:
        lines = [
            Line(TECHNICAL, item.name, item.expectation, item.passed, item.found)
            for item in verify(model, results.perspective, told)
        ]
    lines += [*_published(published), _engines(results, n, seed), _workbook(results, wanted=workbook)]
    failed = [line.name for line in lines if line.passed is False]
    passed = sum(line.passed is True for line in lines)
    said = f"{passed} of {len(lines)} checks passed, {len(failed)} failed, {len(lines) - passed - len(failed)} not run"
    manifest = request.manifest(model, results.perspective, command)
    page = _page(results, lines, said, f"{stamp(manifest, n, seed)} Commit: {manifest.commit or 'not known'}.")
    tables = {NAME: pd.DataFrame([asdict(line) for line in lines])}
    written = output.write(
        model, results.perspective, tables, lambda folder: _files(page, folder), n=n, seed=seed, headline=said
    )
    if request.as_json:
        found = {"checks": [asdict(line) for line in lines], "manifest": written.as_dict()}
        out.out(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        for made in _tables(lines):
            print_table(out, made)
        out.print(Text(f"{said}."))
    if failed:
        raise CheckError(f"{len(failed)} check{'s' if len(failed) > 1 else ''} failed: {'; '.join(failed)}")


TECHNICAL = "Black-box tests after TECH-VER"
PUBLISHED = "Published models"
ENGINES = "Two engines on the same draws"
WORKBOOK = "The workbook, recalculated by another program"


def _published(folder: Path) -> Iterator[Line]:
    """Printed results of published models; a line each for what cannot be run."""
    expectation = "every printed digit"
    printed = read_printed(folder) if folder.is_dir() else []
    if not printed:
        yield Line(PUBLISHED, "Published models", expectation, None, f"not available: no {folder.name} folder here")
    runs: dict[tuple[str, str], pd.DataFrame] = {}
    for item in printed:
        name = " ".join(part for part in (item.model, item.layer, item.strategy, item.quantity) if part)
        try:
            passed, found = _reproduced(item, folder, runs)
        except CeaError as error:
            passed, found = False, str(error)
        yield Line(PUBLISHED, name, f"{item.printed}, as printed", passed, found)


def _reproduced(item: Printed, folder: Path, runs: dict[tuple[str, str], pd.DataFrame]) -> tuple[bool, str]:
    key = item.model, item.layer
    if key not in runs:
        runs[key] = run(load(folder / item.model, [item.layer] if item.layer else [])).totals_frame()
    frame = runs[key].set_index("strategy")
    if item.strategy not in frame.index:
        raise UsageError(f"the model has no strategy '{item.strategy}'")
    value = float(frame.loc[item.strategy, item.quantity])  # type: ignore[arg-type]
    return abs(value - item.value) <= item.half_a_digit, f"{value:.12g}, difference {abs(value - item.value):.1g}"


def _engines(results: Results, n: int, seed: int) -> Line:
    said = f"costs and effects of {n} draws differ by at most {TOLERANCE:g} of their size"
    model = results.model
    if not drawn(model):
        return Line(ENGINES, "Fast engine", said, None, "no input is uncertain")
    found = agreement(model, results.perspective, n, seed)
    told = f"largest difference: costs {found.cost:.1g}, effects {found.effect:.1g}"
    return Line(ENGINES, "Fast engine", said, found.passed, told)


def _workbook(results: Results, *, wanted: bool) -> Line:
    said = "every formula cell gives the number of this program"
    name, office = "Recalculation", program()
    if not wanted:
        return Line(WORKBOOK, name, said, None, "not asked for")
    if office is None:
        return Line(WORKBOOK, name, said, None, "LibreOffice is not installed")
    try:
        found = recalculated(results, office)
    except CeaError as error:
        return Line(WORKBOOK, name, said, False, str(error))
    told = f"{found.cells:,} formula cells, largest difference {found.largest:.1g}"
    if found.wrong:
        told += f"; {len(found.wrong)} differ, the first at {found.wrong[0]}"
    return Line(WORKBOOK, name, said, bool(found.cells) and not found.wrong, told)


def _tables(lines: Sequence[Line]) -> Iterator[terminal.Table]:
    """A table a kind of checks."""
    for kind in dict.fromkeys(line.kind for line in lines):
        columns = [(heading, False) for heading in ("Check", "What must hold", "Result", "Found")]
        made = terminal.Table(kind, columns)
        for line in lines:
            if line.kind == kind:
                made.add([line.name, line.expectation, _WORDS[line.passed], line.found], strong=line.passed is False)
        yield made


def _page(results: Results, lines: Sequence[Line], said: str, made_with: str) -> Document:
    kinds = [Section(f"part-{at}", item.title, (Table.of(item),)) for at, item in enumerate(_tables(lines), 1)]
    counts = Table(
        "Checks by kind",
        (("Kind", False), ("Passed", True), ("Failed", True), ("Not run", True)),
        tuple(
            (item.title, *(str(sum(row[2] == word for row in item.rows)) for word in _WORDS.values()))
            for item in _tables(lines)
        ),
    )
    overview = Section("overview", "Overview", (Paragraph(f"{said}.", strong=True), counts))
    where = setting(results.model, results.perspective)
    return Document(f"Verification: {results.model.title}", (where,), (overview, *kinds), made_with)


def _files(page: Document, folder: Path) -> list[Path]:
    writers: dict[str, Callable[[Document], str]] = {".html": html.write, ".md": markdown.write}
    files = []
    for suffix, write in writers.items():
        files.append(folder / f"{NAME}{suffix}")
        files[-1].write_text(write(page), encoding="utf-8")
    return files

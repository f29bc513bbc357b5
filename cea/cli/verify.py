"""`cea verify`: checks of a model and of the program that runs it, on one page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.kernel_agreement import TOLERANCE, agreement
from cea.analysis.verification import verify
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.recalculation import REPLAYED, program, recalculated, replayed
from cea.cli.recalculation import TOLERANCE as CELL_TOLERANCE
from cea.cli.report import stamp
from cea.cli.spanned import progress
from cea.engine.draws import drawn
from cea.engine.results import Results, run
from cea.errors import CeaError, CheckError, UsageError
from cea.loading.folder import load
from cea.loading.published_file import Printed, read_printed
from cea.loading.synthesis_file import read_synthesis
from cea.reports import terminal
from cea.reports.document import html, markdown
from cea.reports.document.tree import Document, Figure, Paragraph, Section, Table
from cea.reports.terminal import print_table
from cea.reports.wording import setting

NAME = "verification"
_WORDS = {True: "passed", False: "FAILED", None: "not run"}


@dataclass(frozen=True)
class Line:
    """One check: the kind it belongs to, its name, what must hold, whether it does (None: not run), what was found.

    `gap` is the difference that was found, where it is a number, and `allowed` how large it may be.
    """

    kind: str
    name: str
    expectation: str
    passed: bool | None
    found: str
    gap: float | None = None
    allowed: float | None = None


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
            Line(TECHNICAL, item.name, item.expectation, item.passed, item.found, item.gap, item.allowed)
            for item in verify(model, results.perspective, told, _without_effect(request, results))
        ]
    lines += [*_published(published), _engines(results, n, seed), *_workbook(results, seed, wanted=workbook)]
    failed = [line.name for line in lines if line.passed is False]
    passed = sum(line.passed is True for line in lines)
    said = f"{passed} of {len(lines)} checks passed, {len(failed)} failed, {len(lines) - passed - len(failed)} not run"
    manifest = request.manifest(model, results.perspective, command)
    made_with = f"{stamp(manifest, n, seed)} Commit: {manifest.commit or 'not known'}."
    tables = {NAME: pd.DataFrame([asdict(line) for line in lines])}
    write = partial(_files, results, lines, said, made_with)
    written = output.write(model, results.perspective, tables, write, n=n, seed=seed, headline=said)
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
        expectation = f"{item.printed}, as printed"
        try:
            value = _computed(item, folder, runs)
        except CeaError as error:
            yield Line(PUBLISHED, name, expectation, False, str(error))
            continue
        gap = abs(value - item.value)
        found = f"{value:.12g}, difference {gap:.1g}"
        yield Line(PUBLISHED, name, expectation, gap <= item.half_a_digit, found, gap, item.half_a_digit)


def _computed(item: Printed, folder: Path, runs: dict[tuple[str, str], pd.DataFrame]) -> float:
    """What the model in the folder gives for a printed result. Raises CeaError."""
    key = item.model, item.layer
    if key not in runs:
        runs[key] = run(load(folder / item.model, [item.layer] if item.layer else [])).totals_frame()
    frame = runs[key].set_index("strategy")
    if item.strategy not in frame.index:
        raise UsageError(f"the model has no strategy '{item.strategy}'")
    return float(frame.loc[item.strategy, item.quantity])  # type: ignore[arg-type]


def _engines(results: Results, n: int, seed: int) -> Line:
    said = f"costs and effects of {n} draws differ by at most {TOLERANCE:g} of their size"
    model = results.model
    if not drawn(model):
        return Line(ENGINES, "Fast engine", said, None, "no input is uncertain")
    found = agreement(model, results.perspective, n, seed)
    told = f"largest difference: costs {found.cost:.1g}, effects {found.effect:.1g}"
    return Line(ENGINES, "Fast engine", said, found.passed, told, max(found.cost, found.effect), TOLERANCE)


def _workbook(results: Results, seed: int, *, wanted: bool) -> Iterator[Line]:
    """The base case cell by cell, then draws that the workbook replays."""
    said = "every formula cell gives the number of this program"
    replay = f"draws that it replays ({REPLAYED}) give the costs and effects of this program"
    office = program()
    if not wanted or office is None:
        why = "LibreOffice is not installed" if wanted else "not asked for"
        yield Line(WORKBOOK, "Recalculation", said, None, why)
        yield Line(WORKBOOK, "Replay", replay, None, why)
        return
    try:
        found = recalculated(results, office)
    except CeaError as error:
        yield Line(WORKBOOK, "Recalculation", said, False, str(error))
    else:
        told = f"{found.cells:,} formula cells, largest difference {found.largest:.1g}"
        if found.wrong:
            told += f"; {len(found.wrong)} differ, the first at {found.wrong[0]}"
        passed = bool(found.cells) and not found.wrong
        yield Line(WORKBOOK, "Recalculation", said, passed, told, found.largest, CELL_TOLERANCE)
    if not drawn(results.model):
        yield Line(WORKBOOK, "Replay", replay, None, "no input is uncertain")
        return
    try:
        gap = replayed(results, office, seed)
    except CeaError as error:
        yield Line(WORKBOOK, "Replay", replay, False, str(error))
    else:
        told = f"largest relative difference {gap:.1g}"
        yield Line(WORKBOOK, "Replay", replay, gap <= CELL_TOLERANCE, told, gap, CELL_TOLERANCE)


def _without_effect(request: Request, results: Results) -> dict[str, float]:
    """The inputs that the studies inform, at the values that stand for no effect; none without studies."""
    studies = read_synthesis(request.inputs, results.model)
    if studies is None or studies.informs is None:
        return {}
    return {item.parameter: 0.0 if item.kind == "multiplier" else 1.0 for item in studies.informs.parameters}


def _tables(lines: Sequence[Line]) -> Iterator[terminal.Table]:
    """A table a kind of checks."""
    for kind in dict.fromkeys(line.kind for line in lines):
        columns = [(heading, False) for heading in ("Check", "What must hold", "Result", "Found")]
        made = terminal.Table(kind, columns)
        for line in lines:
            if line.kind == kind:
                made.add([line.name, line.expectation, _WORDS[line.passed], line.found], strong=line.passed is False)
        yield made


def _page(results: Results, lines: Sequence[Line], said: str, made_with: str, pictures: Sequence[Figure]) -> Document:
    kinds = [Section(f"part-{at}", item.title, (Table.of(item),)) for at, item in enumerate(_tables(lines), 1)]
    counts = Table(
        "Checks by kind",
        (("Kind", False), ("Passed", True), ("Failed", True), ("Not run", True)),
        tuple(
            (item.title, *(str(sum(row[2] == word for row in item.rows)) for word in _WORDS.values()))
            for item in _tables(lines)
        ),
    )
    overview = Section("overview", "Overview", (Paragraph(f"{said}.", strong=True), counts, *pictures))
    where = setting(results.model, results.perspective)
    return Document(f"Verification: {results.model.title}", (where,), (overview, *kinds), made_with)


def _files(results: Results, lines: Sequence[Line], said: str, made_with: str, folder: Path) -> list[Path]:
    """The page in its formats, and its figures."""
    files = list(_figures(lines, folder))
    pictures = [
        Figure(title, "A dot a check: how large its difference is, as a share of what is allowed.", file.read_bytes())
        for title, file in zip(_FIGURES.values(), (file for file in files if file.suffix == ".png"), strict=False)
    ]
    page = _page(results, lines, said, made_with, pictures)
    writers: dict[str, Callable[[Document], str]] = {".html": html.write, ".md": markdown.write}
    for suffix, write in writers.items():
        files.append(folder / f"{NAME}{suffix}")
        files[-1].write_text(write(page), encoding="utf-8")
    return files


_FIGURES = {
    "differences": "Differences of checks, engines and workbook beside their tolerances",
    "published": "Differences from printed results beside half of their last digit",
}


def _figures(lines: Sequence[Line], folder: Path) -> Iterator[Path]:
    from cea.reports import style  # noqa: PLC0415 - matplotlib is slow to import
    from cea.reports.verification_figure import Dot, differences  # noqa: PLC0415

    for name, title in _FIGURES.items():
        dots = [
            Dot(line.name, line.gap / line.allowed, line.passed)
            for line in lines
            if (line.kind == PUBLISHED) == (name == "published")
            and line.gap is not None and line.allowed and line.passed is not None
        ]  # fmt: skip
        if dots:
            yield from style.save(differences(title, dots), folder / name)

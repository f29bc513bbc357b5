"""Files for taking away: everything on the screen as the command line writes it, in one archive."""

from __future__ import annotations

import io
import shlex
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from cea.analysis.one_way import one_way
from cea.dashboard import computing, scenario_file
from cea.dashboard.computing import Answer, Source
from cea.dashboard.jobs import Progress
from cea.dashboard.live import SEED
from cea.dashboard.probabilistic import LIVE_DRAWS, analyse
from cea.dashboard.scenario_file import Saved
from cea.dashboard.setting import Setting
from cea.engine.psa import Job, run_draws
from cea.engine.sampling import Sampler, sample
from cea.errors import UsageError
from cea.reports.psa_report import PsaReport
from cea.reports.run_folder import Manifest, commit_of, hash_inputs, write_run
from cea.reports.run_report import Report

WORKBOOK_ROWS = (0, 200, 500, 1_000, 2_000)
"""Draws that a workbook of the dashboard may hold."""
_LOOK = 0.2
"""Seconds between looks at a process."""


def shown(draws: tuple[int, int] | None) -> tuple[int, int]:
    """Number and seed of the draws on the page Uncertainty: those that were asked for, else those that follow edits."""
    return (LIVE_DRAWS, SEED) if draws is None else draws


def manifest(source: Source, setting: Setting, verb: str, *more: str) -> Manifest:
    """The manifest of a run of a setting, with the command that makes it again."""
    report = computing.report(source, setting)
    folder = Path(source.folder)
    return Manifest(
        command=shlex.split(setting.command(verb, source.folder, *more)),
        verb=verb,
        inputs=folder.as_posix(),
        layers=list(setting.layers),
        values=setting.values,
        perspective=report.results.perspective,
        model_title=report.results.model.title,
        input_hashes=hash_inputs(folder),
        commit=commit_of(folder),
    )


def base_folder(source: Source, setting: Setting) -> bytes:
    """The run folder of the base case, as `cea run` writes it, as a zip archive."""
    report: Report = computing.report(source, setting)
    return _zipped(
        lambda parent: _write(manifest(source, setting, "run"), report.tables(), report.draw, parent / "run")
    )


def everything(
    source: Source, saved: Saved, draws: tuple[int, int] | None, more: Mapping[str, bytes] | None = None
) -> bytes:
    """The run folder, that of the probabilistic analysis where there is one, the scenario, and how to repeat it.

    more: further files by name.
    """
    setting = saved.setting
    report = computing.report(source, setting)

    def write(parent: Path) -> None:
        _write(manifest(source, setting, "run"), report.tables(), report.draw, parent / "run")
        if draws is not None:
            _write_draws(source, setting, draws, parent)
        text = scenario_file.write(saved, report.results.model, source.folder, source.version)
        (parent / "scenario.yaml").write_text(text, encoding="utf-8")
        (parent / "reproduce.txt").write_text(f"{setting.command('run', source.folder)}\n", encoding="utf-8")
        (parent / "reproduce.py").write_text(f"{setting.python(source.folder)}\n", encoding="utf-8")
        for name, data in (more or {}).items():
            (parent / name).write_bytes(data)

    return _zipped(write)


def _write_draws(source: Source, setting: Setting, draws: tuple[int, int], parent: Path) -> None:
    """The run folder of the probabilistic analysis, with its own draws."""
    answer = computing.answer(source, setting)
    n, seed = draws
    found: PsaReport = analyse(answer, n, seed, lambda done, total: None)
    job = Job.of(answer.model, Sampler(answer.model, n, seed), answer.results.perspective)
    made = manifest(source, setting, "psa", "-n", str(n), "--seed", str(seed))
    made.n, made.seed, made.results_hash = n, seed, found.results.sha256
    tables = {**found.tables(job), "outcomes": found.results.outcomes.frame()}
    _write(made, tables, found.draw, parent / "psa")


def study(source: Source, setting: Setting, draws: tuple[int, int], progress: Progress) -> dict[str, bytes]:
    """The report of the study as `cea report` writes it, as HTML and for Word, by file name.

    The command runs as a process of its own, so that it can be stopped. Raises UsageError where it fails, and what
    `progress` raises.
    """
    n, seed = draws
    given = shlex.split(setting.command("report", source.folder, "-n", str(n), "--seed", str(seed), "--quiet"))
    with TemporaryDirectory() as folder:
        target, said = Path(folder) / "report", Path(folder) / "said.txt"
        command = [sys.executable, "-m", *given, "--out", str(target)]
        with said.open("wb") as log, Popen(command, stdin=DEVNULL, stdout=DEVNULL, stderr=log) as process:
            try:
                while process.poll() is None:
                    progress(0, 0)
                    time.sleep(_LOOK)
            finally:
                process.kill()
        if process.returncode != 0:
            told = said.read_text(encoding="utf-8", errors="replace").split("\n")
            raise UsageError(f"the report was not made: {' '.join(line.strip() for line in told) or 'it stopped'}")
        return {path.name: path.read_bytes() for path in sorted(target.glob("report.*"))}


def _write(
    made: Manifest, tables: Mapping[str, pd.DataFrame], draw: Callable[[Path], list[Path]], target: Path
) -> None:
    write_run(made, target.parent, tables, draw, target)


def _zipped(write: Callable[[Path], object]) -> bytes:
    """What is written into a folder, as a zip archive."""
    with TemporaryDirectory() as folder:
        parent = Path(folder)
        write(parent)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(item for item in parent.rglob("*") if item.is_file()):
                archive.write(path, path.relative_to(parent).as_posix())
        return data.getvalue()


def figure_files(source: Source, setting: Setting) -> bytes:
    """The printed figures of the base case, PNG and SVG, as a zip archive."""
    report = computing.report(source, setting)
    return _zipped(report.draw)


def workbook(answer: Answer, made: Manifest, rows: int, seed: int) -> bytes:
    """The model as an Excel workbook with so many draws of a seed; what `cea excel --quick` writes."""
    from cea.reports.workbook import (  # noqa: PLC0415 - slow to import
        acceptability_sheet,
        one_way_sheet,
        plane_sheet,
        write_workbook,
    )

    model, perspective = answer.model, answer.results.perspective
    psa = run_draws(model, sample(model, rows, seed), perspective) if rows else None
    if psa is not None:
        made.seed, made.n, made.results_hash = seed, rows, psa.sha256
    sheets: list[Callable[[Any, Any], None]] = [acceptability_sheet.add, plane_sheet.add] if psa is not None else []
    if answer.headlines:
        sheets.append(partial(one_way_sheet.add, analyses=one_way(model, perspective=perspective)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.xlsx"
        write_workbook(model, path, psa, perspective=perspective, sheets=sheets, provenance=made)
        return path.read_bytes()

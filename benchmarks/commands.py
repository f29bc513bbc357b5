"""Whole commands: what a user waits for, with the start of Python and all imports."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.cases import MANY, MILLION, SHIPPED
from benchmarks.processes import run_command
from benchmarks.records import Absent, Case, Record, Row

TURNS = 5
CACHE_TURNS = 3
FIRST = 1_000
"""Draws of the first run of a process."""

OFFICE = "soffice"
WORKBOOK_ROWS = 1_000

IMPORTS = Case("imports", "numpy, pandas, numba", "", 1)
RUN = Case("cea run", "cea", SHIPPED, 1)
WARM = Case("first draws", "cea, warm cache", SHIPPED, FIRST)
COLD = Case("first draws", "cea, cold cache", SHIPPED, FIRST)
WORKBOOK = Case("cea excel", "cea", SHIPPED, WORKBOOK_ROWS)
RECALCULATION = Case("workbook recalculated", "LibreOffice", SHIPPED, WORKBOOK_ROWS)


def commands() -> list[Record]:
    """The imports that no run can do without and a run of the shipped model, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            ["-c", "import numpy, pandas, numba"],
            _cea("run", folder),
        ]
        for line in lines:
            run_command(line)  # fills the caches: the first run after an installation compiles
        timings = [[run_command(line) for line in lines] for _ in range(TURNS)]
    return [_record(case, [turn[at] for turn in timings]) for at, case in enumerate((IMPORTS, RUN))]


def first_draws() -> list[Record]:
    """A process that runs its first draws, with the compiled code still on disk and without."""
    line = ["-c", f"import cea; model = cea.load({SHIPPED!r}); cea.run(model, cea.sample(model, {FIRST}))"]
    cold, warm = [], []
    for _ in range(CACHE_TURNS):
        with tempfile.TemporaryDirectory() as folder:
            cache = {"NUMBA_CACHE_DIR": folder}
            cold.append(run_command(line, cache))
            warm.append(run_command(line, cache))
    return [_record(WARM, warm), _record(COLD, cold)]


def workbooks() -> Iterator[Row]:
    """The workbook with all its analyses, and its recalculation by LibreOffice where that is installed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.xlsx"
        line = ["-m", "cea", "excel", "--inputs", SHIPPED, "--quiet", "--psa-rows", str(WORKBOOK_ROWS)]
        written = _record(WORKBOOK, [run_command([*line, "--out", file.as_posix()])])
        yield replace(written, file_mb=file.stat().st_size / 1e6)
        if shutil.which(OFFICE) is None:
            yield Absent(RECALCULATION.name, RECALCULATION.engine, RECALCULATION.model, RECALCULATION.n)
            return
        code = (
            "import sys; from pathlib import Path; from cea.cli.recalculation import recalculate; "
            "recalculate([Path(sys.argv[1])], Path(sys.argv[2]), sys.argv[3])"
        )
        yield _record(RECALCULATION, [run_command(["-c", code, file.as_posix(), folder, OFFICE])])


def long_runs() -> Iterator[Record]:
    """`cea psa` from start to run folder."""
    for n in (MANY, MILLION):
        with tempfile.TemporaryDirectory() as folder:
            yield _record(Case("cea psa", "cea", SHIPPED, n), [run_command([*_cea("psa", folder), "-n", str(n)])])


def _cea(verb: str, folder: str) -> list[str]:
    out = (Path(folder) / verb).as_posix()
    return ["-m", "cea", verb, "--inputs", SHIPPED, "--no-figures", "--quiet", "--out", out, "--force"]


def _record(case: Case, timings: Sequence[tuple[float, float]]) -> Record:
    """The median of the times and the highest of the peaks."""
    seconds, peaks = zip(*timings, strict=True)
    return Record.of(case, statistics.median(seconds), max(peaks))

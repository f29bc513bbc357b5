"""Whole commands: what a user waits for, with the start of Python and all imports."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.cases import MANY, MILLION, SHIPPED
from benchmarks.processes import run_command
from benchmarks.records import Case, Record

TURNS = 5
CACHE_TURNS = 3
FIRST = 1_000
"""Draws of the first run of a process."""

IMPORTS = Case("imports", "numpy, pandas, numba", "", 1)
RUN = Case("cea run", "cea", SHIPPED, 1)
WARM = Case("first draws", "cea, warm cache", SHIPPED, FIRST)
COLD = Case("first draws", "cea, cold cache", SHIPPED, FIRST)


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

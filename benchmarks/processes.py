"""Processes that are measured. Each engine has one of its own, so that its peak memory is its own.

This process stays small and imports no numeric library: a new process counts the memory of the one it came from.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from benchmarks.records import Case, Record

ROOT = Path(__file__).resolve().parent.parent


def measure(cases: Sequence[Case], turns: int) -> list[Record]:
    """Cases that take turns, so that a change of load meets all of them; one process a case."""
    workers = [Worker(case) for case in cases]
    seconds = [[worker.turn() for worker in workers] for _ in range(turns)]
    return [
        Record.of(case, statistics.median(turn[at] for turn in seconds), worker.close())
        for at, (case, worker) in enumerate(zip(cases, workers, strict=True))
    ]


def run_command(arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MB of a run of Python. variables: more of its environment."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **(variables or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    peak = _peak(process)
    return time.perf_counter() - began, peak


class Worker:
    """A process that gets everything ready for a case, and then measures it each time it is asked to."""

    def __init__(self, case: Case) -> None:
        """Raises SystemExit where the case cannot be measured, such as an engine with other results."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", case.name, case.engine, case.model, str(case.n)], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._answer()

    def turn(self) -> float:
        """Seconds of one call."""
        asks = _pipe(self._process.stdin)
        asks.write("\n")
        asks.flush()
        return float(self._answer())

    def close(self) -> float:
        """Ends the process; its peak memory in MB, or that of its largest child."""
        _pipe(self._process.stdin).close()
        peak = _peak(self._process)
        _pipe(self._process.stdout).close()
        return peak

    def _answer(self) -> str:
        line = _pipe(self._process.stdout).readline()
        if not line:
            _peak(self._process)
            raise SystemExit("a measurement ended before its time")
        return line


def _peak(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> float:
    """Waits for a process; its peak memory in MB. Raises SystemExit where it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{process.args} ended with exit code {process.returncode}")
    bytes_each = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * bytes_each / 1e6


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None, "the process was started with pipes"
    return stream

"""Many sessions of the dashboard without browsers: `python -m benchmarks.sessions`.

What the server alone does, in one process: in each round every session has an input of its own, its live draws and a
run of its own, while base cases are asked for in between. Memory must not go on growing from round to round.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import time
from collections.abc import Callable
from functools import partial

from rich.console import Console

from benchmarks.analyses import ROOT
from benchmarks.browser import memory
from benchmarks.dashboard import DRAWS, INPUT, LIVE_DRAWS
from benchmarks.machine import machine, sentence
from cea.dashboard import computing
from cea.dashboard.computing import Answer, Source
from cea.dashboard.jobs import Progress, Queue
from cea.dashboard.probabilistic import analyse
from cea.dashboard.setting import Setting
from cea.reports.psa_report import PsaReport
from cea.reports.terminal import Table, print_table

PAUSE = 0.3
"""Seconds between two base cases."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sessions", description="Many sessions at once.")
    parser.add_argument("--sessions", type=int, default=20, help="sessions at once (20)")
    parser.add_argument("--rounds", type=int, default=6, help="how often all of them come anew (6)")
    asked = parser.parse_args()
    os.chdir(ROOT)  # the model folder has the name that it has where the dashboard is started
    logging.disable(logging.WARNING)  # Streamlit's about the caches, which work without a page
    console = Console()
    console.print(sentence(machine()), highlight=False)
    queue, source = Queue(), Source.now()
    made = Table(
        f"{asked.sessions} sessions at once, each with {LIVE_DRAWS:,} and {DRAWS:,} draws; no browsers",
        [("Round", True), ("All done", True), ("Base case meanwhile", True), ("Most", True), ("Memory", True)],
    )
    for at in range(asked.rounds):
        done, waits = _round(queue, source, asked.sessions, 1_000.0 * at)
        cells = [f"{done:.0f} s", f"{statistics.median(waits):.2f} s", f"{max(waits):.2f} s"]
        made.add([f"{at + 1}", *cells, f"{memory(os.getpid())[0]:.0f} MB"])
    print_table(console, made)


def _round(queue: Queue, source: Source, sessions: int, offset: float) -> tuple[float, list[float]]:
    """Seconds until all jobs are done, and those that each base case in between took."""
    began, jobs, waits = time.perf_counter(), [], []
    for at in range(sessions):
        setting = Setting().with_value(INPUT, offset + at)
        answer = computing.answer(source, setting)
        for kind, n in (("live", LIVE_DRAWS), ("psa", DRAWS)):
            key, work = (source, setting, n, 1), _work(answer, n)
            jobs.append(queue.submit(f"session {at}", kind, key, work, follows=kind == "live"))
    while any(job.active for job in jobs):
        asked = time.perf_counter()
        computing.answer(source, Setting().with_value(INPUT, 100_000.0 + offset + len(waits)))
        waits.append(time.perf_counter() - asked)
        time.sleep(PAUSE)
    failed = [job.error or job.state for job in jobs if job.state != "done"]
    if failed:
        raise SystemExit(f"jobs failed: {failed}")
    return time.perf_counter() - began, waits


def _work(answer: Answer, n: int) -> Callable[[Progress], PsaReport]:
    return partial(analyse, answer, n, 1)


if __name__ == "__main__":
    main()

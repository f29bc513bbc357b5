"""Time and memory of the package on this machine, beside what they are compared with: `make bench`.

Everything is measured in one run, because only ratios mean something from one machine to another. Whole commands take
turns, so that a change of load meets both. Writes benchmarks/results/latest.json, one record a measurement.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
SHIPPED = "inputs/cirrhosis"
SCALE = "tests/validation/scale"
COMMAND_REPEATS = 5
CALL_REPEATS = 20


@dataclass(frozen=True)
class Record:
    """One measurement: median wall time in seconds, peak memory in MB where known; `n` is the number of draws."""

    name: str
    engine: str
    model: str
    n: int
    seconds: float
    peak_mb: float | None = None


@dataclass(frozen=True)
class Target:
    """What a figure should stay below."""

    name: str
    figure: float
    limit: float
    unit: str


def run_command(arguments: list[str]) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MB of one run of Python with these arguments."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"python {' '.join(arguments)} ended with exit code {process.returncode}")
    bytes_each = 1 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss * bytes_each / 1e6


def commands() -> list[Record]:
    """Whole commands in turns: the imports that no run can do without, and a run of the shipped model."""
    with tempfile.TemporaryDirectory() as folder:
        out = ["--out", folder, "--force"]
        run = ["-m", "cea", "run", "--inputs", SHIPPED, "--no-figures", "--quiet", *out]
        cases = {
            ("imports", "numpy, pandas, numba", ""): ["-c", "import numpy, pandas, numba"],
            ("cea run", "cea", SHIPPED): run,
        }
        for arguments in cases.values():
            run_command(arguments)  # fills the caches: the first run after an installation compiles
        timings = [[run_command(arguments) for arguments in cases.values()] for _ in range(COMMAND_REPEATS)]
    return [
        Record(
            name, engine, model, 1 if model else 0,
            seconds=statistics.median(turn[position][0] for turn in timings),
            peak_mb=max(turn[position][1] for turn in timings),
        )
        for position, (name, engine, model) in enumerate(cases)
    ]  # fmt: skip


def calls() -> list[Record]:
    """Deterministic evaluation of loaded models, and of the scale benchmark in plain NumPy beside it."""
    import cea  # noqa: PLC0415 - imported after the commands, whose memory a large parent process would hide
    from tests.validation import reference  # noqa: PLC0415 - likewise

    def evaluation(path: str) -> Callable[[], object]:
        model = cea.load(ROOT / path)
        return lambda: cea.run(model).outcomes

    cases = {
        ("cea", SHIPPED): evaluation(SHIPPED),
        ("cea", SCALE): evaluation(SCALE),
        ("numpy reference", SCALE): lambda: [reference.scale(treatment) for treatment in range(3)],
    }
    return [Record("evaluation", engine, model, 1, _median_time(call)) for (engine, model), call in cases.items()]


def _median_time(call: Callable[[], object]) -> float:
    call()
    timings = []
    for _ in range(CALL_REPEATS):
        began = time.perf_counter()
        call()
        timings.append(time.perf_counter() - began)
    return statistics.median(timings)


def targets(records: list[Record]) -> list[Target]:
    """The figures that have a target, with the target."""
    found = {(record.name, record.engine, record.model): record for record in records}
    imports = found["imports", "numpy, pandas, numba", ""]
    run = found["cea run", "cea", SHIPPED]
    evaluation = found["evaluation", "cea", SHIPPED]
    return [
        Target("cea run, 2 x imports + 0.5 s", run.seconds, 2 * imports.seconds + 0.5, "s"),
        Target("cea run, peak memory", run.peak_mb or 0.0, 400, "MB"),
        Target("evaluation, shipped model", 1e3 * evaluation.seconds, 20, "ms"),
    ]


def show(records: list[Record], console: Console) -> None:
    """Prints the measurements with their ratio to the imports, then the targets."""
    table = Table("measurement", "engine", "model", title="Medians on this machine")
    for heading in ("seconds", "/ imports", "peak MB"):
        table.add_column(heading, justify="right")
    base = records[0].seconds
    for item in records:
        peak = "" if item.peak_mb is None else f"{item.peak_mb:.0f}"
        model = Path(item.model).name
        table.add_row(item.name, item.engine, model, f"{item.seconds:.4f}", f"{item.seconds / base:.3f}", peak)
    console.print(table)
    goals = Table("target", title="Targets")
    for heading in ("measured", "limit", "share of limit"):
        goals.add_column(heading, justify="right")
    goals.add_column("")
    for goal in targets(records):
        share = goal.figure / goal.limit
        figure, limit = (f"{value:.3g} {goal.unit}" for value in (goal.figure, goal.limit))
        goals.add_row(goal.name, figure, limit, f"{share:.2f}", "met" if share <= 1 else "MISSED")
    console.print(goals)


def main() -> None:
    """Measures, prints and writes the records."""
    records = [*commands(), *calls()]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(record) for record in records], indent=2) + "\n", encoding="utf-8")
    show(records, Console())


if __name__ == "__main__":
    main()

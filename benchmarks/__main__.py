"""Time and memory of the package on this machine, beside what they are compared with: `make bench`.

Everything is measured in one run, because only ratios mean something from one machine to another. Writes
benchmarks/results/latest.json, one record a measurement, and machine.json beside it. `--million` adds long runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from rich.console import Console

from benchmarks.cases import absent, groups
from benchmarks.commands import commands, first_draws, long_runs, workbooks
from benchmarks.machine import load, machine, sentence
from benchmarks.processes import measure
from benchmarks.records import Absent, Row, write
from benchmarks.targets import targets


def main() -> None:
    """Measures, prints and writes the records."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time and memory on this machine.")
    parser.add_argument("--million", action="store_true", help="100,000 and 1,000,000 draws too (ten minutes more)")
    asked = parser.parse_args()
    console = Console()
    on = machine()
    console.print(sentence(on), highlight=False)
    rows = list(measured(Console(stderr=True), million=asked.million))
    write(rows, {**on, "load_at_end": load()})
    from benchmarks.table import goals, measurements  # noqa: PLC0415 - loads the package, see `processes`
    from cea.reports.terminal import print_table  # noqa: PLC0415

    for made in (measurements(rows), goals(targets(rows))):
        print_table(console, made)


def measured(progress: Console, *, million: bool) -> Iterator[Row]:
    """Everything, in the order of the table."""
    progress.print("commands ...")
    yield from commands()
    progress.print("first draws of a process ...")
    yield from first_draws()
    for cases, turns in groups(million=million):
        progress.print(f"{' and '.join(dict.fromkeys(f'{case.name} {case.model}' for case in cases))} ...")
        found = iter(measure([case for case in cases if not absent(case)], turns))
        for case in cases:
            yield Absent(case.name, case.engine, case.model, case.n) if absent(case) else next(found)
    progress.print("workbook ...")
    yield from workbooks()
    if million:
        progress.print("commands with many draws ...")
        yield from long_runs()


if __name__ == "__main__":
    main()

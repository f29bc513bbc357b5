"""`cea psa`: the probabilistic analysis."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)  # fmt: skip
from rich.text import Text

from cea.cli.options import OUTPUTS, Request
from cea.cli.output import Output
from cea.engine.cluster import client, run_on
from cea.engine.draws import Draws
from cea.engine.psa import SEGMENT, Job, collect
from cea.engine.results import choose_perspective, run
from cea.engine.sampling import Sampler
from cea.errors import CeaError, UsageError
from cea.model.definition import Model
from cea.reports import psa_tables
from cea.reports.psa_store import MemoryStore, PsaStore, check_space, outcome_hash
from cea.reports.run_folder import Manifest, hash_file, hash_inputs, write_run

CSV_ROWS = 5_000
"""Longer tables are written as Parquet."""


@dataclass(frozen=True)
class Sampling:
    """How many draws, from where, and on what they are run; only the first four decide the results."""

    n: int
    seed: int
    sampler: str
    draws: Path | None
    joint: str
    threads: int
    chunk: int | None
    scheduler: str | None


def execute(
    request: Request, sampling: Sampling, command: Sequence[str], out: Console, err: Console, *, with_figures: bool
) -> None:
    """Runs the analysis, prints tables or JSON, and writes the run folder; what is done survives an interruption."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    job = Job.of(model, _source(model, sampling), perspective)
    manifest = request.manifest(model, perspective, command)
    manifest.started = output.started
    store: PsaStore | MemoryStore = MemoryStore()
    if output.writes:
        run_folder = request.out or OUTPUTS / manifest.folder_name
        check_space(run_folder.parent, job.n, len(model.strategies) * (3 + len(job.program.categories)))
        store = PsaStore.create(run_folder, _remembered(request, sampling, manifest))
    _finish(request, sampling, model, perspective, job, store, output, out, with_figures=with_figures)


def resume(folder: Path, request: Request, sampling: Sampling, command: Sequence[str], out: Console, err: Console,
           *, with_figures: bool) -> None:  # fmt: skip
    """Takes up an unfinished run; the results are those of an unbroken one. Raises UsageError and InputError."""
    store = PsaStore.open(folder)
    told = store.request
    again = replace(
        request, inputs=Path(told["inputs"]), layers=tuple(told["layers"]), values=told["values"],
        perspective=told["perspective"], threshold=told["threshold"], comparator=told["comparator"], out=store.run,
        force=True,
    )  # fmt: skip
    draws = Path(told["draws"]) if told["draws"] else None
    wanted = replace(
        sampling, n=told["n"], seed=told["seed"], sampler=told["sampler"], draws=draws, joint=told["joint"]
    )
    if hash_inputs(again.inputs) != told["input_hashes"] or (draws and hash_file(draws) != told["draws_hash"]):
        raise UsageError(f"the inputs have changed since {store.folder} was started: start the run anew")
    output = Output(again, command, err)
    model = again.model()
    perspective = choose_perspective(model, again.perspective)
    job = Job.of(model, _source(model, wanted), perspective)
    _finish(again, wanted, model, perspective, job, store, output, out, with_figures=with_figures)


def _remembered(request: Request, sampling: Sampling, manifest: Manifest) -> dict[str, Any]:
    """What decides the results, so that the run can be taken up by a later process."""
    return {
        "inputs": request.inputs.resolve().as_posix(),
        "layers": list(request.layers),
        "values": request.values,
        "perspective": request.perspective,
        "threshold": request.threshold,
        "comparator": request.comparator,
        "n": sampling.n,
        "seed": sampling.seed,
        "sampler": sampling.sampler,
        "joint": sampling.joint,
        "draws": sampling.draws.resolve().as_posix() if sampling.draws else None,
        "draws_hash": hash_file(sampling.draws) if sampling.draws else None,
        "input_hashes": manifest.input_hashes,
    }


def _source(model: Model, sampling: Sampling) -> Sampler | Draws:
    if sampling.draws is not None:
        return Draws.read(sampling.draws, model)
    return Sampler(model, sampling.n, sampling.seed, sampling.sampler, sampling.joint)


def _finish(
    request: Request, sampling: Sampling, model: Model, perspective: str, job: Job, store: PsaStore | MemoryStore, output: Output,
    out: Console, *, with_figures: bool,
) -> None:  # fmt: skip
    """Runs what is missing, then the analyses, then writes everything."""
    base = run(model, perspective)
    _run_missing(job, sampling, store, output)
    digest = outcome_hash(store.segments(job.segments))
    results = collect(model, job, perspective, store.segments(job.segments))
    report = psa_tables.PsaReport.of(results, base, request.comparator, independent=sampling.sampler == "random")
    manifest = request.manifest(model, perspective, output.command)
    manifest.started, manifest.seed, manifest.n = output.started, sampling.seed, job.n
    manifest.results_hash = digest
    manifest.seconds = output.seconds
    if isinstance(store, PsaStore):
        draw = (lambda folder: psa_tables.figures(report, folder)) if with_figures else None
        folder = write_run(
            manifest, OUTPUTS, psa_tables.tables(report, job), draw, store.run, force=request.force, csv_rows=CSV_ROWS
        )
        output.note(f"Results: {folder.as_posix()}")
    store.discard()
    if request.as_json:
        out.out(json.dumps(psa_tables.as_json(report, digest, manifest), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        psa_tables.show(report, digest, out)
    for warning in model.warnings:
        output.note(f"warning: {warning}", "yellow")


def _run_missing(job: Job, sampling: Sampling, store: PsaStore | MemoryStore, output: Output) -> None:
    """Runs the segments that are not there yet; Ctrl-C stops after those under way and keeps them."""
    done = store.finished(job.segments)
    missing = [index for index in range(job.segments) if index not in done]
    with _progress(output, job.n) as advance, _stop_on_interrupt() as stopped:
        advance(sum(_rows(job, index) for index in done))
        for index, totals in _segments(job, missing, sampling):
            store.save(index, totals)
            advance(_rows(job, index))
            if stopped():
                raise Interrupted(store.folder)


class Rate(ProgressColumn):
    """Draws per second."""

    def render(self, task: Task) -> Text:
        """The rate over the last moments."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class Interrupted(CeaError):
    """The user stopped a run; what is done is kept."""

    exit_code = 130

    def __init__(self, folder: Path | None) -> None:
        kept = f"; what is done is kept: cea psa --resume {folder.as_posix()}" if folder else ""
        super().__init__(f"stopped{kept}")


def _segments(job: Job, missing: Sequence[int], sampling: Sampling) -> Iterator[tuple[int, Any]]:
    if sampling.scheduler is None:
        for index in missing:
            yield index, job.run(index, threads=sampling.threads, chunk=sampling.chunk)
        return
    with client(sampling.scheduler, sampling.threads) as made:
        yield from run_on(made, job, missing, sampling.chunk)


def _rows(job: Job, index: int) -> int:
    return min(SEGMENT, job.n - index * SEGMENT)


@contextmanager
def _progress(output: Output, n: int) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left on stderr; nothing where stderr is no terminal or the user wants quiet."""
    columns = (
        TextColumn("Draws"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    shown = not output.request.quiet and output.console.is_terminal
    with Progress(*columns, console=output.console, transient=True, disable=not shown) as bar:
        task = bar.add_task("draws", total=n)
        yield lambda rows: bar.update(task, advance=rows)


@contextmanager
def _stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed since; a second one stops at once."""
    pressed = False

    def note(number: int, frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    try:
        before = signal.signal(signal.SIGINT, note)
    except ValueError:  # not the main thread, where signals cannot be caught
        yield lambda: False
        return
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)

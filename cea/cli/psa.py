"""`cea psa`: the probabilistic analysis."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from cea.analysis.averaging import by_structure, mixture, shuffled
from cea.analysis.incremental import incremental
from cea.cli.options import OUTPUTS, Request
from cea.cli.output import Output
from cea.cli.progress import draws_bar, interruptions
from cea.cli.psa_request import Sampling, remembered, taken_up
from cea.cli.structures import structures_of
from cea.engine.batch import Totals
from cea.engine.cluster import client, run_on
from cea.engine.draws import Draws
from cea.engine.mixture import Mixture
from cea.engine.psa import Job, collect, refuse_too_many
from cea.engine.resolving import Resolved
from cea.engine.results import Results, choose_perspective, run
from cea.engine.sampling import Sampler
from cea.errors import CeaError, InputError, UsageError
from cea.model.definition import Model
from cea.reports.psa_json import as_json
from cea.reports.psa_outcomes import CSV_ROWS, write_outcomes
from cea.reports.psa_report import SAVED_DRAWS, Population, PsaReport
from cea.reports.psa_store import MemoryStore, PsaStore, check_space
from cea.reports.psa_tables import show
from cea.reports.run_folder import Manifest, hash_file, write_run

Store = PsaStore | MemoryStore

_SPARE_BYTES = 20_000_000
"""Room for figures and small tables."""


@dataclass(frozen=True)
class Machine:
    """On what the draws are run; it makes no difference to the results."""

    threads: int
    chunk: int | None
    scheduler: str | None


class Interrupted(CeaError):
    """The user stopped a run."""

    exit_code = 130


@dataclass(frozen=True, eq=False)
class Analysis:
    """A probabilistic analysis that was asked for: checked, and ready to run."""

    request: Request
    sampling: Sampling
    machine: Machine
    output: Output
    model: Model
    base: Results
    job: Job | Mixture
    population: Population | None
    manifest: Manifest

    @classmethod
    def of(
        cls, request: Request, sampling: Sampling, machine: Machine, command: Sequence[str], err: Console
    ) -> Analysis:
        """Checks everything that can be checked before the work. Raises UsageError and InputError."""
        output = Output(request, command, err)
        refuse_too_many(sampling.n)
        model = request.model()
        perspective = choose_perspective(model, request.perspective)
        base = run(model, perspective)
        incremental(base.outcomes, request.comparator)
        job = _job(request, model, sampling, perspective)
        if job.n < 2:
            raise UsageError("a single draw has no spread: run at least two, better thousands")
        manifest = request.manifest(model, perspective, command)
        manifest.started, manifest.n = output.started, job.n
        if sampling.draws is None:
            manifest.seed = sampling.seed
        else:
            manifest.input_hashes |= {sampling.draws.as_posix(): hash_file(sampling.draws)}
        return cls(request, sampling, machine, output, model, base, job, _population(base, sampling), manifest)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the model and its draws."""
        source = self.job.source
        return (*self.model.warnings, *(() if isinstance(source, Draws) else source.warnings))

    def bytes_needed(self, finished: int) -> int:
        """Room for the segments that are not `finished` and for the run folder."""
        job = self.job
        values = len(job.program.strategies) * (3 + len(job.program.categories) + len(job.program.alive_at))
        draws = min(job.n, SAVED_DRAWS) * len(job.source.names)
        return 8 * (values * (2 * job.n - finished) + draws) + _SPARE_BYTES


def execute(
    request: Request,
    sampling: Sampling,
    machine: Machine,
    command: Sequence[str],
    out: Console,
    err: Console,
    *,
    with_figures: bool,
) -> None:
    """Runs the analysis, prints tables or JSON, and writes the run folder; what is done survives an interruption."""
    analysis = Analysis.of(request, sampling, machine, command, err)
    store: Store = MemoryStore()
    if analysis.output.writes:
        folder = request.out or OUTPUTS / analysis.manifest.folder_name
        check_space(folder.parent, analysis.bytes_needed(0))
        wanted = remembered(request, sampling, analysis.manifest)
        store = PsaStore.create(folder, wanted, named=request.out is not None, force=request.force)
    _complete(analysis, store, out, with_figures=with_figures)


def take_up(
    folder: Path, request: Request, machine: Machine, command: Sequence[str], out: Console, err: Console,
    *, with_figures: bool,
) -> None:  # fmt: skip
    """Takes up an unfinished run; the results are those of an unbroken one. Raises UsageError and InputError."""
    store = PsaStore.open(folder)
    again, sampling, told = taken_up(store, request)
    analysis = Analysis.of(again, sampling, machine, command, err)
    told.check(analysis.manifest)
    analysis.manifest.command, analysis.manifest.started = told.command, told.started
    finished = sum(analysis.job.rows(index) for index in store.finished(analysis.job.segments))
    check_space(store.folder.parent, analysis.bytes_needed(finished))
    _complete(analysis, store, out, with_figures=with_figures)


def _job(request: Request, model: Model, sampling: Sampling, perspective: str) -> Job | Mixture:
    """The draws of a file, of the model, or of its structures. Raises UsageError and InputError."""
    if sampling.draws is not None:
        return Job.of(model, Draws.read(sampling.draws, model), perspective)
    how = sampling.n, sampling.seed, sampling.sampler, sampling.joint
    if sampling.average:
        structures = structures_of(request, model, sampling.weights)
        return mixture(model, structures, *how, perspective, resolve=sampling.resolve)
    source = Sampler(model, *how)
    return Job.of(model, Resolved(model, source) if sampling.resolve else source, perspective)


def _population(base: Results, sampling: Sampling) -> Population | None:
    """The population that the user assumes, discounted as costs are. Raises UsageError when it is not possible."""
    if sampling.incidence is None:
        return None
    rate = base.cohort.scope.number(base.model.settings.discount_costs, "discount_costs")
    assumed = Population(sampling.incidence, sampling.years, rate)
    assumed.people()
    return assumed


def _complete(analysis: Analysis, store: Store, out: Console, *, with_figures: bool) -> None:
    """Runs what is missing, then the analyses, then writes everything."""
    output, job = analysis.output, analysis.job
    with _kept(store, job.segments):
        _run_missing(analysis, store)
        results = collect(analysis.model, job, analysis.base.perspective, store.segments(job.segments))
        mixed = job if isinstance(job, Mixture) else None
        report = PsaReport.of(
            results, analysis.base, analysis.request.comparator,
            independent=analysis.sampling.independent, population=analysis.population,
            in_order=None if mixed is None else shuffled(results.outcomes, analysis.sampling.seed),
            structures=() if mixed is None else by_structure(results.outcomes, mixed, results.model.headlines.values()),
        )  # fmt: skip
        analysis.manifest.results_hash = results.sha256
        analysis.manifest.seconds = output.seconds
        analysis.manifest.headline = report.line
        if isinstance(store, PsaStore):
            output.note(f"Results: {_write(analysis, report, store, with_figures=with_figures).as_posix()}")
    store.discard()
    if analysis.request.as_json:
        found = as_json(report, analysis.sampling.source, analysis.warnings, analysis.manifest)
        out.out(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        show(report, out)
    for warning in analysis.warnings:
        output.note(f"warning: {warning}", "yellow")


def _write(analysis: Analysis, report: PsaReport, store: PsaStore, *, with_figures: bool) -> Path:
    """Writes the run folder, the outcomes of the draws straight from the store."""
    job = analysis.job

    def files(folder: Path) -> list[Path]:
        written = [write_outcomes(job, store.segments(job.segments), folder)]
        return [*written, *report.draw(folder)] if with_figures else written

    return write_run(
        analysis.manifest, OUTPUTS, report.tables(job), files, store.run, force=analysis.request.force,
        csv_rows=CSV_ROWS,
    )  # fmt: skip


@contextmanager
def _kept(store: Store, segments: int) -> Iterator[None]:
    """Says how the run is taken up when it stops before its end."""
    try:
        yield
    except InputError:
        raise
    except KeyboardInterrupt:
        raise Interrupted(f"stopped{store.left(segments)}") from None
    except CeaError as error:
        raise type(error)(f"{error}{store.left(segments)}") from None


def _run_missing(analysis: Analysis, store: Store) -> None:
    """Runs the segments that are not there yet; Ctrl-C stops after those under way and keeps them.

    An impossible draw ends the run for good: nothing is kept, because no resumption would get past it.
    """
    job, output = analysis.job, analysis.output
    done = store.finished(job.segments)
    before = sum(job.rows(index) for index in done)
    bar = draws_bar(output.console, before, job.n, quiet=output.request.quiet)
    with bar as advance, interruptions() as stopped:
        try:
            for index, totals in _segments(analysis, done):
                store.save(index, totals)
                advance(job.rows(index))
                if stopped():
                    raise KeyboardInterrupt
        except InputError:
            store.discard()
            raise


def _segments(analysis: Analysis, done: Collection[int]) -> Iterator[tuple[int, Totals]]:
    job, machine = analysis.job, analysis.machine
    missing = [index for index in range(job.segments) if index not in done]
    if machine.scheduler is None:
        for index in missing:
            yield index, job.run(index, threads=machine.threads, chunk=machine.chunk)
    elif missing:
        with client(machine.scheduler, machine.threads) as made:
            yield from run_on(made, job, missing, machine.chunk)

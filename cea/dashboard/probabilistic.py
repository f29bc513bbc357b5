"""The probabilistic analysis as work for the background."""

from __future__ import annotations

from collections.abc import Iterator

from cea.dashboard.computing import Answer
from cea.dashboard.jobs import Progress
from cea.engine.batch import Totals, evaluate
from cea.engine.cube import BLOCK
from cea.engine.psa import SEGMENT, Job, collect
from cea.engine.sampling import Sampler
from cea.reports.psa_report import PsaReport

LIVE_DRAWS = 2_000
"""Draws of the analysis that follows every edit."""
MOST_DRAWS = 50_000
"""Draws that one user may ask for."""
_PIECE = 2_048
"""Draws between two reports of progress."""


def analyse(answer: Answer, n: int, seed: int, progress: Progress) -> PsaReport:
    """Runs the draws that `cea psa -n N --seed SEED` runs, and the analyses of them.

    Raises InputError where a draw is not possible, and what `progress` raises.
    """
    job = Job.of(answer.model, Sampler(answer.model, n, seed), answer.results.perspective)
    progress(0, n)
    return PsaReport.of(collect(answer.model, job, answer.results.perspective, _pieces(job, progress)), answer.results)


def _pieces(job: Job, progress: Progress) -> Iterator[Totals]:
    """Totals in order, in pieces so small that a job stops soon; they do not depend on the pieces."""
    for index in range(job.segments):
        draws = job.draws(index)
        for start in range(0, job.rows(index), _PIECE):
            part = {name: values[start : start + _PIECE] for name, values in draws.items()}
            first = index * SEGMENT + start
            totals = evaluate(job.program, part, threads=2, first=first)
            progress(first + len(totals.cost), job.n)
            yield totals


def inputs_of_draw(report: PsaReport, draw: int) -> dict[str, float]:
    """The value of every parameter in one draw, counted from 0; drawn again, as the seed says."""
    source = report.results.source
    assert isinstance(source, Sampler), "the dashboard makes its own draws"
    block = source.block(draw // BLOCK)
    return dict(zip(block.names, (float(value) for value in block.values[draw % BLOCK]), strict=True))

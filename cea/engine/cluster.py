"""The segments of a probabilistic analysis on Dask workers (extra `distributed`): same segments, same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cea.engine.batch import Totals
from cea.engine.psa import Job
from cea.errors import CeaError, UsageError

RETRIES = 3
"""How often a segment is sent again when its worker is lost."""


@contextmanager
def client(address: str, workers: int = 2) -> Iterator[Any]:
    """A Dask client: of the scheduler at `address`, or of `workers` processes on this machine for "local".

    Raises UsageError when Dask is not installed or the scheduler does not answer.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra that most users do not need
    except ImportError:
        raise UsageError("--scheduler needs Dask: pip install 'cea-model[distributed]'") from None
    if address == "local":
        with (
            distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as made,
        ):
            yield made
        return
    try:
        made = distributed.Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise UsageError(f"no scheduler answers at {address} ({error}); start one with `dask scheduler`") from None
    with made:
        yield made


def run_on(made: Any, job: Job, indices: Sequence[int], chunk: int | None) -> Iterator[tuple[int, Totals]]:
    """Totals of segments as they are done, in any order. Raises CeaError when a segment is lost with every worker."""
    import distributed  # noqa: PLC0415

    sent = made.scatter(job, broadcast=True)
    futures = {
        made.submit(_segment, sent, index, chunk, retries=RETRIES, pure=False, key=f"cea-{id(job)}-{index}"): index
        for index in indices
    }
    try:
        for future in distributed.as_completed(futures):
            try:
                yield futures[future], future.result()
            except CeaError:
                raise
            except Exception as error:
                raise CeaError(f"a worker failed on segment {futures[future]}: {error}") from None
    finally:
        made.cancel(list(futures))


def _segment(job: Job, index: int, chunk: int | None) -> Totals:
    return job.run(index, chunk=chunk)

"""The segments of a probabilistic analysis on Dask workers (extra `distributed`): same segments, same bytes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cea.engine.batch import Totals
from cea.engine.psa import Segmented
from cea.errors import CeaError, UsageError

RETRIES = 3
"""How often a segment is sent again when its worker is lost."""

TIMEOUT = "10s"
"""How long a scheduler may take to answer."""


@contextmanager
def client(address: str, workers: int = 2) -> Iterator[Any]:
    """A Dask client: of the scheduler at `address`, or of `workers` processes on this machine for "local".

    Raises UsageError when Dask is not installed or the scheduler does not answer.
    """
    distributed = _dask()
    if address == "local":
        with (
            distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as made,
        ):
            yield made
        return
    try:
        made = distributed.Client(address, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise UsageError(f"no scheduler answers at {address} ({error}); start one with `dask scheduler`") from None
    with made:
        yield made


def run_on(made: Any, job: Segmented, indices: Sequence[int], chunk: int | None) -> Iterator[tuple[int, Totals]]:
    """Totals of segments as they are done, in any order. Raises CeaError when a segment is lost with every worker."""
    # As the result of a task the job is made again where the worker that holds it is lost.
    sent = made.submit(_same, job, pure=False)
    futures = {made.submit(_segment, sent, index, chunk, retries=RETRIES, pure=False): index for index in indices}
    try:
        for future in _dask().as_completed(futures):
            try:
                yield futures[future], future.result()
            except CeaError:
                raise
            except Exception as error:
                raise CeaError(f"a worker failed on segment {futures[future]}: {error}") from None
    finally:
        made.cancel(list(futures))


def _dask() -> Any:
    """The library, which is an extra that most users do not need. Raises UsageError when it is not installed."""
    try:
        return importlib.import_module("distributed")
    except ImportError:
        raise UsageError("--scheduler needs Dask: pip install 'cea-model[distributed]'") from None


def _same(job: Segmented) -> Segmented:
    return job


def _segment(job: Segmented, index: int, chunk: int | None) -> Totals:
    return job.run(index, chunk=chunk)

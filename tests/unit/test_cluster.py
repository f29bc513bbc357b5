"""Segments on Dask workers: the same bytes as one process, also when a worker is killed half-way."""

from __future__ import annotations

import os
import signal

import pytest

import cea
from cea.engine.cluster import client, run_on
from cea.engine.psa import SEGMENT, Job
from cea.engine.sampling import Sampler
from cea.reports.psa_store import outcome_hash

pytest.importorskip("distributed", reason="the extra `distributed` is not installed")


@pytest.mark.filterwarnings("default")
def test_local_workers_one_of_them_killed_give_the_same_bytes() -> None:
    model = cea.load("tests/validation/sick_sicker")
    job = Job.of(model, Sampler(model, 4 * SEGMENT + 100, seed=5))
    expected = outcome_hash(job.run(index) for index in range(job.segments))
    found = {}
    with client("local", workers=2) as made:
        workers = list(made.run(os.getpid).values())
        assert len(workers) == 2
        for index, totals in run_on(made, job, range(job.segments), None):
            if not found:
                os.kill(workers[0], signal.SIGKILL)
            found[index] = totals
    assert outcome_hash(found[index] for index in range(job.segments)) == expected


def test_a_scheduler_that_does_not_answer_is_said_plainly() -> None:
    with pytest.raises(cea.UsageError, match="no scheduler answers at tcp://127.0.0.1:9"), client("tcp://127.0.0.1:9"):
        pass

"""Segments on Dask workers: the same bytes as one process, also when a worker is killed half-way."""

from __future__ import annotations

import os
import re
import signal

import pytest

import cea
from cea.engine import cluster
from cea.engine.psa import SEGMENT, Job, collect
from cea.engine.sampling import Sampler

pytest.importorskip("distributed", reason="the extra `distributed` is not installed")


@pytest.mark.filterwarnings("default")
def test_local_workers_one_of_them_killed_give_the_same_bytes():
    model = cea.load("tests/validation/sick_sicker")
    job = Job.of(model, Sampler(model, 3 * SEGMENT + 100, seed=5))
    found = {}
    with cluster.client("local", workers=2) as made:
        workers = list(made.run(os.getpid).values())
        assert len(workers) == 2
        for index, totals in cluster.run_on(made, job, range(job.segments), None):
            if not found:
                os.kill(workers[0], signal.SIGKILL)
            found[index] = totals
    assert sorted(found) == [0, 1, 2, 3]
    here = collect(model, job, "health_sector", (job.run(index) for index in range(job.segments)))
    assert collect(model, job, "health_sector", (found[index] for index in range(4))).sha256 == here.sha256


def test_a_scheduler_that_does_not_answer_is_said_plainly(monkeypatch):
    monkeypatch.setattr(cluster, "TIMEOUT", "0.2s")
    with (
        pytest.raises(cea.UsageError, match=re.escape("no scheduler answers at tcp://127.0.0.1:9")),
        cluster.client("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.parametrize("address", ["nowhere", "http://127.0.0.1:9", "tcp://[", ""])
def test_an_address_that_is_none_is_said_plainly(address, monkeypatch):
    monkeypatch.setattr(cluster, "TIMEOUT", "0.2s")
    with pytest.raises(cea.UsageError, match="no scheduler answers at"), cluster.client(address):
        pass

"""The queue of background work: progress, cancelling, failures, limits, and no cross-talk between sessions."""

from __future__ import annotations

import threading

import pytest

from cea.dashboard import jobs
from cea.dashboard.jobs import Cancelled, Queue
from cea.errors import CeaError, UsageError

LONG = 20.0
"""Seconds after which a test gives up waiting."""


def test_a_job_gives_its_result_and_tells_its_progress():
    queue = Queue()
    job = queue.submit("me", "sum", 1, lambda told: [told(1, 2), 41 + 1][1])
    assert job.wait(LONG)
    assert (job.state, job.result, job.done, job.total) == ("done", 42, 1, 2)


def test_a_cancelled_job_stops_at_its_next_report_and_leaves_no_result():
    queue, begun, go = Queue(), threading.Event(), threading.Event()

    def work(told):
        begun.set()
        go.wait(LONG)
        told(1, 2)
        return "never"

    job = queue.submit("me", "x", 1, work)
    assert begun.wait(LONG)
    job.cancel()
    go.set()
    assert job.wait(LONG)
    assert (job.state, job.result) == ("cancelled", None)
    again = queue.submit("me", "x", 1, lambda told: "now")
    assert again.wait(LONG)
    assert again.result == "now", "a cancelled job must not be taken for a result"


@pytest.mark.parametrize(("error", "said"), [(CeaError("the reason"), "the reason"), (KeyError("x"), "internal error")])
def test_a_failure_is_told_and_the_worker_lives_on(error, said):
    queue = Queue(workers=1)

    def work(told):
        raise error

    job = queue.submit("me", "x", 1, work)
    assert job.wait(LONG)
    assert job.state == "failed"
    assert said in job.error
    after = queue.submit("me", "x", 2, lambda told: "alive")
    assert after.wait(LONG)
    assert after.result == "alive"


def test_sessions_do_not_see_each_other_and_a_known_result_is_given_at_once():
    queue = Queue()
    found = [queue.submit(f"session {at}", "x", at, lambda told, at=at: at * at) for at in range(20)]
    assert all(job.wait(LONG) for job in found)
    assert [job.result for job in found] == [at * at for at in range(20)]
    known = queue.submit("another", "x", 7, lambda told: pytest.fail("it is known"))
    assert (known.state, known.result) == ("done", 49)
    other = queue.submit("another", "y", 7, lambda told: "another kind")
    assert other.wait(LONG)
    assert other.result == "another kind"


def test_too_many_waiting_jobs_are_refused_and_a_new_one_takes_the_place_of_the_sessions_own():
    queue, go = Queue(workers=1, waiting=2), threading.Event()
    running = queue.submit("a", "x", 0, lambda told: go.wait(LONG))
    while running.state == "waiting":
        threading.Event().wait(0.01)
    first = queue.submit("b", "x", 1, lambda told: 1)
    queue.submit("c", "x", 2, lambda told: 2)
    with pytest.raises(UsageError, match="waiting"):
        queue.submit("d", "x", 3, lambda told: 3)
    second = queue.submit("b", "x", 4, lambda told: 4)
    assert first.state == "cancelled"
    go.set()
    assert second.wait(LONG)
    assert second.result == 4


def test_results_are_kept_up_to_a_limit():
    queue, runs = Queue(kept=2), []
    for key in (1, 2, 3, 1):
        job = queue.submit("me", "x", key, lambda told, key=key: runs.append(key))
        assert job.wait(LONG)
    assert runs == [1, 2, 3, 1], "the oldest result was let go"
    assert queue.submit("me", "x", 3, lambda told: runs.append("again")).state == "done"
    assert runs == [1, 2, 3, 1]


def test_a_job_that_nobody_looks_at_is_dropped(monkeypatch):
    queue = Queue()
    monkeypatch.setattr(jobs, "ABANDONED", -1.0)
    job = queue.submit("gone", "x", 1, lambda told: [told(1, 2), "never"][1])
    assert job.wait(LONG)
    assert (job.state, job.result) == ("cancelled", None)
    with pytest.raises(Cancelled):
        job.report(1, 2)

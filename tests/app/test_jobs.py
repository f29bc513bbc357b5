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


def test_the_jobs_of_a_session_that_left_are_dropped_unless_it_is_back_in_time(monkeypatch):
    monkeypatch.setattr(jobs, "ABANDONED", -1.0)
    queue, begun, go = Queue(workers=1), threading.Event(), threading.Event()

    def work(told):
        begun.set()
        go.wait(LONG)
        told(1, 2)
        return "never"

    running = queue.submit("gone", "x", 1, work)
    waiting = queue.submit("gone", "y", 1, lambda told: "never")
    assert begun.wait(LONG)
    queue.leave("gone")
    queue.back("gone")
    other = queue.submit("here", "x", 2, lambda told: "done")
    assert (waiting.active, queue.ahead(other)) == (True, 1), "it was back in time"
    queue.leave("gone")
    assert queue.ahead(other) == 0
    go.set()
    assert running.wait(LONG)
    assert [(job.state, job.result) for job in (running, waiting)] == [("cancelled", None)] * 2
    assert other.wait(LONG)
    assert other.result == "done"
    with pytest.raises(Cancelled):
        running.report(1, 2)


def blocked(queue, session, kind="x", **options):
    """A job that has begun, and the event that ends it."""
    begun, go = threading.Event(), threading.Event()

    def work(told):
        begun.set()
        while not go.wait(0.01):
            told(0, 1)
        return "over"

    job = queue.submit(session, kind, object(), work, **options)
    assert begun.wait(LONG)
    return job, go


def test_sessions_take_turns():
    queue, order = Queue(workers=1), []
    _, go = blocked(queue, "hog", "long")
    asked = [("hog", "a"), ("hog", "b"), ("one", "c"), ("hog", "d"), ("two", "e"), ("one", "f")]
    found = [queue.submit(name, kind, kind, lambda told, kind=kind: order.append(kind)) for name, kind in asked]
    assert [queue.ahead(job) for job in found] == [2, 4, 0, 5, 1, 3]
    go.set()
    assert all(job.wait(LONG) for job in found)
    assert order == ["c", "e", "a", "f", "b", "d"], "whoever has had least comes first"


def test_what_follows_an_edit_does_not_wait_for_long_analyses():
    queue = Queue(workers=2)
    first, go = blocked(queue, "one")
    second = queue.submit("two", "x", 2, lambda told: "second")
    quick = queue.submit("three", "y", 3, lambda told: "quick", follows=True)
    assert quick.wait(LONG)
    assert quick.result == "quick"
    assert (first.state, second.state) == ("running", "waiting")
    go.set()
    assert second.wait(LONG)


def test_a_job_that_waits_is_stopped_at_once():
    queue = Queue(workers=1)
    running, go = blocked(queue, "one")
    waiting = queue.submit("two", "x", 2, lambda told: pytest.fail("it was stopped"))
    queue.stop(waiting)
    assert waiting.state == "cancelled"
    queue.stop(running)
    assert running.wait(LONG)
    assert (running.state, go.is_set()) == ("cancelled", False)


def test_many_who_ask_for_the_same_wait_for_one_computation():
    queue, runs = Queue(workers=1), []
    _, go = blocked(queue, "first")
    found = [queue.submit(f"session {at}", "x", "same", lambda told: runs.append(1) or "shared") for at in range(10)]
    go.set()
    assert all(job.wait(LONG) for job in found)
    assert [job.result for job in found] == ["shared"] * 10
    assert runs == [1]

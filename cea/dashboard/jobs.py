"""Long work in the background: one queue for all sessions, bounded, with progress and cancel.

The machine has few cores, so few workers take the jobs, and the sessions take turns. A session has one job of a kind at
a time: a new one takes the place of the one before. One worker is kept for what follows an edit, so that a page stays
alive while others run long analyses. Finished results are kept for whoever asks for the same again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

from cea.errors import CeaError, UsageError

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much. Raises Cancelled when the job is to stop."""
Work = Callable[[Progress], Any]
State = Literal["waiting", "running", "done", "failed", "cancelled"]

WORKERS = 2
"""Jobs that run at the same time; all but one of them may be long ones."""
WAITING = 64
"""Jobs that may wait; more are refused."""
KEPT = 32
"""Results that are kept."""
ABANDONED = 90.0
"""Seconds after which the jobs of a session that has left are dropped: a lost connection comes back sooner."""


class Cancelled(Exception):
    """A job was told to stop."""


@dataclass(eq=False)
class Job:
    """One piece of work of one session; `follows` where an edit asked for it, not a button."""

    session: str
    kind: str
    key: Hashable
    work: Work = field(repr=False)
    keep: bool = True
    follows: bool = False
    state: State = "waiting"
    done: int = 0
    total: int = 0
    result: Any = field(default=None, repr=False)
    error: str = ""
    left: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return not self._over.is_set()

    @property
    def unwanted(self) -> bool:
        """Whether it was told to stop, or its session has been gone for long."""
        return self._stop.is_set() or (self.left is not None and time.monotonic() - self.left > ABANDONED)

    def cancel(self) -> None:
        """Tells the job that nobody wants it; see `Queue.stop`."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Whether the job is over within so many seconds."""
        return self._over.wait(seconds)

    def report(self, done: int, total: int) -> None:
        """Notes the progress. Raises Cancelled."""
        self.done, self.total = done, total
        self.check()

    def check(self) -> None:
        """Raises Cancelled when nobody wants the job any more."""
        if self.unwanted:
            raise Cancelled

    def finish(self, state: State) -> None:
        """Marks the end; the work is let go with everything that it holds."""
        self.state = state
        self.work = _nothing
        self._over.set()


def _nothing(_: Progress) -> None:
    """The work of a job that is over."""


class Queue:
    """The jobs of all sessions. Safe to use from many threads.

    Sessions take turns: the second job of one comes after the first of all others, and of the first ones that of the
    session whose turn was longest ago, in the order in which they came.
    """

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING, kept: int = KEPT) -> None:
        self._limit, self._kept, self._most = waiting, kept, workers
        self._waiting: list[Job] = []
        self._running: list[Job] = []
        self._turns = 0
        self._served: dict[str, int] = {}
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._change = threading.Condition()
        self._workers: list[threading.Thread] = []

    def submit(
        self, session: str, kind: str, key: Hashable, work: Work, *, keep: bool = True, follows: bool = False
    ) -> Job:
        """A new job, in place of the session's other job of the kind; done at once where its result is known.

        `keep` says whether the result is kept for others, `follows` whether an edit asks for it. Raises UsageError when
        too many jobs wait.
        """
        job = Job(session, kind, key, work, keep, follows)
        with self._change:
            for other in self._waiting:
                if (other.session, other.kind) == (session, kind):
                    other.cancel()
            self._sweep()
            if self._known(job):
                return job
            if len(self._waiting) >= self._limit:
                raise UsageError("too many analyses are waiting at the moment: try again in a minute")
            self._waiting.append(job)
            if len(self._workers) < self._most:
                self._workers.append(threading.Thread(target=self._run, name="analyses", daemon=True))
                self._workers[-1].start()
            self._change.notify_all()
        return job

    def ahead(self, job: Job) -> int:
        """How many jobs wait before this one."""
        with self._change:
            self._sweep()
            order = sorted(self._waiting, key=self._turn)
            return order.index(job) if job in order else 0

    def stop(self, job: Job) -> None:
        """Asks a job to stop: one that waits is over at once, one that runs at its next report of progress."""
        job.cancel()
        with self._change:
            self._sweep()

    def leave(self, session: str) -> None:
        """Notes that a session has gone: its jobs are dropped unless it is back soon."""
        self._mark(session, time.monotonic())
        with self._change:
            self._served.pop(session, None)

    def back(self, session: str) -> None:
        """Notes that a session is there again."""
        self._mark(session, None)

    def _mark(self, session: str, left: float | None) -> None:
        with self._change:
            for job in (*self._waiting, *self._running):
                if job.session == session:
                    job.left = left

    def _sweep(self) -> None:
        """Takes the jobs that nobody wants any more out of the queue."""
        for job in [item for item in self._waiting if item.unwanted]:
            self._waiting.remove(job)
            job.finish("cancelled")

    def _known(self, job: Job) -> bool:
        """Whether the result is there already; the job is then done."""
        if (job.kind, job.key) not in self._results:
            return False
        self._results.move_to_end((job.kind, job.key))
        job.result = self._results[job.kind, job.key]
        job.finish("done")
        return True

    def _turn(self, job: Job) -> tuple[int, int]:
        """What a job that waits is sorted by: jobs of its session before it, and the session's last turn."""
        before = self._waiting[: self._waiting.index(job)]
        return sum(other.session == job.session for other in before), self._served.get(job.session, 0)

    def _next(self) -> Job | None:
        """The job whose turn it is; None where none may run now."""
        self._sweep()
        long = sum(not job.follows for job in self._running)
        fitting = [job for job in self._waiting if job.follows or long < max(self._most - 1, 1)]
        return min(fitting, key=self._turn, default=None)

    def _run(self) -> None:
        while True:
            with self._change:
                while (job := self._next()) is None:
                    self._change.wait()
                self._waiting.remove(job)
                if self._known(job):  # another session asked for the same, and has had it since
                    continue
                job.state = "running"
                self._running.append(job)
                self._turns += 1
                self._served[job.session] = self._turns
            self._do(job)
            with self._change:
                self._running.remove(job)
                self._change.notify_all()

    def _do(self, job: Job) -> None:
        try:
            job.check()
            job.result = job.work(job.report)
            if job.keep:
                self._remember(job)
            job.finish("done")
        except Cancelled:
            job.finish("cancelled")
        except CeaError as error:
            job.error = str(error)
            job.finish("failed")
        except Exception as error:  # the worker lives on, whatever a job does
            job.error = f"internal error ({type(error).__name__}); please report it"
            job.finish("failed")

    def _remember(self, job: Job) -> None:
        """Keeps a result, and lets the oldest go."""
        with self._change:
            self._results[job.kind, job.key] = job.result
            while len(self._results) > self._kept:
                self._results.popitem(last=False)

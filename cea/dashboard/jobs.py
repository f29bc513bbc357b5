"""Long work in the background: one queue for all sessions, bounded, with progress and cancel.

The machine has few cores, so few workers take the jobs in turn. A session has one job of a kind at a time: a new one
takes the place of the one before. Finished results are kept for whoever asks for the same again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

from cea.errors import CeaError, UsageError

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much. Raises Cancelled when the job is to stop."""
Work = Callable[[Progress], Any]
State = Literal["waiting", "running", "done", "failed", "cancelled"]

WORKERS = 2
"""Jobs that run at the same time, so that a long one does not hold up all short ones."""
WAITING = 64
"""Jobs that may wait; more are refused."""
KEPT = 32
"""Results that are kept."""
ABANDONED = 90.0
"""Seconds after which a job that nobody looks at any more is dropped."""


class Cancelled(Exception):
    """A job was told to stop."""


@dataclass(eq=False)
class Job:
    """One piece of work of one session."""

    session: str
    kind: str
    key: Hashable
    work: Work = field(repr=False)
    keep: bool = True
    state: State = "waiting"
    done: int = 0
    total: int = 0
    result: Any = field(default=None, repr=False)
    error: str = ""
    seen: float = field(default_factory=time.monotonic)
    started: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return not self._over.is_set()

    def look(self) -> Job:
        """The job, noting that somebody still wants it."""
        self.seen = time.monotonic()
        return self

    def cancel(self) -> None:
        """Asks the job to stop; it does at its next report of progress."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Whether the job is over within so many seconds."""
        return self._over.wait(seconds)

    def report(self, done: int, total: int) -> None:
        """Notes the progress. Raises Cancelled."""
        self.done, self.total = done, total
        self.check()

    def check(self) -> None:
        """Raises Cancelled when the job is to stop, or when nobody has looked at it for long."""
        if self._stop.is_set() or time.monotonic() - self.seen > ABANDONED:
            raise Cancelled

    def finish(self, state: State) -> None:
        """Marks the end; the work is let go with everything that it holds."""
        self.state = state
        self.work = _nothing
        self._over.set()


def _nothing(_: Progress) -> None:
    """The work of a job that is over."""


class Queue:
    """The jobs of all sessions, done in the order in which they came. Safe to use from many threads."""

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING, kept: int = KEPT) -> None:
        self._limit, self._kept, self._most = waiting, kept, workers
        self._waiting: deque[Job] = deque()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._change = threading.Condition()
        self._workers: list[threading.Thread] = []

    def submit(self, session: str, kind: str, key: Hashable, work: Work, *, keep: bool = True) -> Job:
        """A new job, in place of the session's other job of the kind; done at once where its result is known.

        `keep` says whether the result is kept for others. Raises UsageError when too many jobs wait.
        """
        job = Job(session, kind, key, work, keep)
        with self._change:
            self._drop(session, kind)
            if (kind, key) in self._results:
                self._results.move_to_end((kind, key))
                job.result = self._results[kind, key]
                job.finish("done")
                return job
            if len(self._waiting) >= self._limit:
                raise UsageError("too many analyses are waiting at the moment: try again in a minute")
            self._waiting.append(job)
            if len(self._workers) < self._most:
                self._workers.append(threading.Thread(target=self._run, name="analyses", daemon=True))
                self._workers[-1].start()
            self._change.notify()
        return job

    def ahead(self, job: Job) -> int:
        """How many jobs wait before this one."""
        with self._change:
            return self._waiting.index(job) if job in self._waiting else 0

    def _drop(self, session: str, kind: str) -> None:
        """Takes the session's waiting jobs of a kind out of the queue."""
        for job in [item for item in self._waiting if (item.session, item.kind) == (session, kind)]:
            self._waiting.remove(job)
            job.finish("cancelled")

    def _remember(self, job: Job) -> None:
        """Keeps a result, and lets the oldest go."""
        with self._change:
            self._results[job.kind, job.key] = job.result
            while len(self._results) > self._kept:
                self._results.popitem(last=False)

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._waiting:
                    self._change.wait()
                job = self._waiting.popleft()
            self._do(job)

    def _do(self, job: Job) -> None:
        job.state, job.started = "running", time.monotonic()
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

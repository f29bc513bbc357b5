"""Long analyses on a page: started there, watched while they run, kept with the setting that they are of."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cea.dashboard import session
from cea.dashboard.jobs import Job, Queue, Work
from cea.dashboard.text import plain, sentence
from cea.errors import UsageError

_PATIENCE = 2.0
"""Seconds that a page waits for an analysis before the rest of it is drawn."""
_LOOK = 0.05
"""Seconds between looks while it waits."""
_QUIET = 0.4
"""Seconds of waiting before a bar says so: drawing one takes time that the analysis could use."""
_EVERY, _SELDOM = 0.4, 1.0
"""Seconds between looks at the progress of a job that runs, and of one that waits its turn."""


@dataclass(frozen=True, eq=False)
class Found:
    """The result of an analysis and what it is of; `fresh` where that is what is on the screen now."""

    result: Any
    key: Hashable
    fresh: bool


@st.cache_resource(show_spinner=False)
def queue() -> Queue:
    """The queue of all sessions."""
    return Queue()


@st.cache_resource(scope="session", on_release=lambda name: queue().leave(name), show_spinner=False)
def _here(name: str) -> str:
    """Notes that a session is there; Streamlit lets the name go when the browser has left."""
    queue().back(name)
    return name


def start(kind: str, key: Hashable, work: Work, *, keep: bool = True, follows: bool = False) -> None:
    """Starts an analysis in place of the session's other one of the kind; `follows` where an edit asks for it."""
    jobs: dict[str, Job] = session.state("jobs", {})
    if kind in jobs:
        queue().stop(jobs[kind])
    try:
        jobs[kind] = queue().submit(_here(session.identity()), kind, key, work, keep=keep, follows=follows)
    except UsageError as error:
        session.tell(str(error))


def ask(kind: str, key: Hashable, work: Work, label: str, *, auto: bool = False) -> Found | None:
    """The latest result of a kind, whatever it is of; an analysis under way shows its progress here.

    `auto` starts one when there is none for `key`, the hashable description of what is on the screen.
    """
    jobs: dict[str, Job] = session.state("jobs", {})
    _here(session.identity())
    if auto and not _settled(kind, key):
        start(kind, key, work, follows=True)
    job = jobs.get(kind)
    if job is not None:
        _wait(job, label)
    if job is not None and job.active:
        every = _EVERY if job.state == "running" else _SELDOM
        st.fragment(_progress, run_every=every)(kind, label)
    elif job is not None and job.state == "done":
        session.state("found", {})[kind] = (job.key, job.result)
    elif job is not None and job.key == key:
        _ended(job, label, work, auto=auto)
    found: dict[str, tuple[Hashable, Any]] = session.state("found", {})
    if kind not in found:
        return None
    own, result = found[kind]
    return Found(result, own, own == key)


def _wait(job: Job, label: str) -> None:
    """Waits for a short analysis, so that its result comes with the page; a change of an input ends the waiting."""
    if not job.active:
        return
    slot, began, shown = st.empty(), time.monotonic(), (0.0, "")
    while not job.wait(_LOOK) and (waited := time.monotonic() - began) < _PATIENCE:
        session.identity()  # every look into the session's memory lets a new input interrupt
        stand = _stand(job, label)
        if waited > _QUIET and stand != shown:
            slot.progress(*stand)
            shown = stand
    slot.empty()


def _ended(job: Job, label: str, work: Work, *, auto: bool) -> None:
    """Why an analysis of what is on the screen has no result."""
    if job.state == "failed":
        st.error(plain(sentence(job.error)), icon=":material/error:")
        return
    st.info(f"{label}: stopped. What is below, if anything, is from before.", icon=":material/info:")
    if auto:
        st.button("Start it again", key=f"again {job.kind}", on_click=start, args=(job.kind, job.key, work))


def _settled(kind: str, key: Hashable) -> bool:
    """Whether what is asked for is there, under way, or has failed already."""
    jobs: dict[str, Job] = session.state("jobs", {})
    found: dict[str, tuple[Hashable, Any]] = session.state("found", {})
    return (kind in found and found[kind][0] == key) or (kind in jobs and jobs[kind].key == key)


def _stand(job: Job, label: str) -> tuple[float, str]:
    """How far an analysis is, as a share and in words."""
    if job.state == "waiting":
        return 0.0, f"{label}: waiting, {queue().ahead(job)} ahead"
    if not job.total:
        return 0.0, f"{label}: starting"
    return min(job.done / job.total, 1.0), f"{label}: {job.done:,} of {job.total:,}"


def _progress(kind: str, label: str) -> None:
    """How far an analysis is, and a button that stops it; looks again by itself until it is over."""
    jobs: dict[str, Job] = session.state("jobs", {})
    job = jobs.get(kind)
    if job is None or not job.active:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    left.progress(*_stand(job, label))
    if right.button("Stop", key=f"stop {kind}", width="stretch", help=f"Stops: {label}"):
        queue().stop(job)
        job.wait(_PATIENCE)
        st.rerun()

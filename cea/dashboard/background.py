"""Long analyses on a page: started there, watched while they run, kept with the setting that they are of."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cea.dashboard import session
from cea.dashboard.jobs import Job, Queue, Work
from cea.dashboard.text import plain, sentence
from cea.errors import UsageError

_PATIENCE = 0.3
"""Seconds that a page waits for an analysis before it shows progress instead."""
_EVERY = 0.4
"""Seconds between looks at the progress."""


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


def start(kind: str, key: Hashable, work: Work, *, keep: bool = True) -> None:
    """Starts an analysis in place of the session's other one of the kind."""
    jobs: dict[str, Job] = session.state("jobs", {})
    if kind in jobs:
        jobs[kind].cancel()
    try:
        jobs[kind] = queue().submit(session.identity(), kind, key, work, keep=keep)
    except UsageError as error:
        session.tell(str(error))
        return
    jobs[kind].wait(_PATIENCE)


def ask(kind: str, key: Hashable, work: Work, label: str, *, auto: bool = False) -> Found | None:
    """The latest result of a kind, whatever it is of; an analysis under way shows its progress here.

    `auto` starts one when there is none for `key`, the hashable description of what is on the screen.
    """
    jobs: dict[str, Job] = session.state("jobs", {})
    if auto and not _settled(kind, key):
        start(kind, key, work)
    job = jobs.get(kind)
    if job is not None and not job.active:
        _collect(kind, job)
    if job is not None and job.active:
        st.fragment(_progress, run_every=_EVERY)(kind, label)
    elif job is not None and job.key == key and job.state == "failed":
        st.error(plain(sentence(job.error)), icon=":material/error:")
    elif job is not None and job.state == "cancelled" and job.key == key:
        st.info(f"{label}: stopped. What is below, if anything, is from before.", icon=":material/info:")
    found: dict[str, tuple[Hashable, Any]] = session.state("found", {})
    if kind not in found:
        return None
    own, result = found[kind]
    return Found(result, own, own == key)


def _settled(kind: str, key: Hashable) -> bool:
    """Whether what is asked for is there, under way, or has failed already."""
    jobs: dict[str, Job] = session.state("jobs", {})
    found: dict[str, tuple[Hashable, Any]] = session.state("found", {})
    return (kind in found and found[kind][0] == key) or (kind in jobs and jobs[kind].key == key)


def _collect(kind: str, job: Job) -> None:
    if job.state == "done":
        session.state("found", {})[kind] = (job.key, job.result)


def _progress(kind: str, label: str) -> None:
    """How far an analysis is, and a button that stops it; looks again by itself until it is over."""
    job: Job = session.state("jobs", {})[kind].look()
    if not job.active:
        st.rerun()
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    ahead = queue().ahead(job)
    place = f"waiting, {ahead} ahead" if job.state == "waiting" else f"{job.done:,} of {job.total:,}"
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    left.progress(share, text=f"{label}: {place if job.total or job.state == 'waiting' else 'starting'}")
    if right.button("Stop", key=f"stop {kind}", width="stretch", help=f"Stops: {label}"):
        job.cancel()
        job.wait(_PATIENCE)
        st.rerun()

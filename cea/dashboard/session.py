"""What one browser tab has chosen and what it sees: the setting, its results, and the last good ones."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cea.dashboard import computing
from cea.dashboard.computing import Answer, Shelf, Source
from cea.dashboard.jobs import Job
from cea.dashboard.setting import Setting, from_query
from cea.errors import CeaError, InputError

_MESSAGES = 8
"""Messages that are shown at a time; a link or a file with a thousand mistakes would fill the page."""


@dataclass(frozen=True, eq=False)
class Screen:
    """What the pages show. `asked` is the setting; `answer` its results, or the last good ones with the `problems`."""

    source: Source
    shelf: Shelf
    asked: Setting
    answer: Answer
    problems: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the results are those of what was asked."""
        return not self.problems

    @property
    def shown(self) -> Setting:
        """The setting of the results."""
        return self.answer.setting


def state(name: str, default: Any) -> Any:
    """An entry of the session's own memory, made where it is missing."""
    key = f"cea.{name}"
    if key not in st.session_state:
        st.session_state[key] = default
    return st.session_state[key]


def put(name: str, value: object) -> None:
    """Puts an entry into the session's own memory."""
    st.session_state[f"cea.{name}"] = value


def identity() -> str:
    """A name for this session that no other has."""
    return str(state("identity", uuid.uuid4().hex))


def start() -> Source:
    """The model of the session, which it keeps; on the first run the setting is read from the link."""
    known: Source | None = state("source", None)
    if known is not None:
        return known
    source = Source.now()
    setting, said = from_query(dict(st.query_params), computing.shelf(source).known, source.version)
    put("source", source)
    put("setting", setting)
    put("messages", list(_first(said)))
    return source


def setting() -> Setting:
    """The setting now."""
    found: Setting = state("setting", Setting())
    return found


def change(new: Setting) -> None:
    """Makes another setting the current one; messages about the one before go, and analyses that followed it stop."""
    jobs: dict[str, Job] = state("jobs", {})
    for kind, job in list(jobs.items()):
        if job.follows and job.active:
            job.cancel()
            del jobs[kind]
    put("setting", new)
    put("messages", [])


def tell(*messages: str) -> None:
    """Shows messages at the top of the page until the setting or the page changes."""
    put("messages", list(_first([*state("messages", []), *messages])))


def messages(page: str) -> list[str]:
    """The messages that are to be shown on a page."""
    if state("page", page) != page:
        put("messages", [])
    put("page", page)
    found: list[str] = state("messages", [])
    return found


def screen() -> Screen:
    """What is to be seen now. Raises CeaError when not even the base case can be run."""
    source, asked = start(), setting()
    shelf = computing.shelf(source)
    problems: tuple[str, ...] = ()
    try:
        answer = computing.answer(source, asked)
        put("good", answer)
    except CeaError as error:
        problems = said(error)
        answer = state("good", None) or computing.answer(source, Setting())
    _write_link(asked, source)
    return Screen(source, shelf, asked, answer, problems)


def said(error: CeaError) -> tuple[str, ...]:
    """What an error says, without the names of options and files where it is about a number that was typed in."""
    if not isinstance(error, InputError):
        return (str(error),)
    return _first([f"{item.what}; {item.remedy}" if item.remedy else item.what for item in error.problems])


def _first(texts: Sequence[str]) -> tuple[str, ...]:
    """The first of many messages, and how many there are more."""
    more = len(texts) - _MESSAGES
    return (*texts[:_MESSAGES], f"and {more:,} more like these") if more > 1 else tuple(texts)


def _write_link(asked: Setting, source: Source) -> None:
    """Keeps the address of the page a link to what is on it."""
    wanted = asked.to_query(source.version)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)

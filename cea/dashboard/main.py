"""The dashboard: its pages, and what stands around each of them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cea.dashboard import edits, session, sidebar
from cea.dashboard.session import Screen
from cea.dashboard.text import plain, sentence
from cea.dashboard.views.about import about
from cea.dashboard.views.base_case import base_case
from cea.dashboard.views.export import export
from cea.dashboard.views.inputs import inputs
from cea.dashboard.views.research import research
from cea.dashboard.views.scenarios import scenarios
from cea.dashboard.views.sensitivity import sensitivity
from cea.dashboard.views.summary import summary
from cea.dashboard.views.uncertainty import uncertainty
from cea.dashboard.views.verification import verification
from cea.errors import CeaError

View = Callable[[Screen], None]

PAGES: tuple[tuple[str, View], ...] = (
    ("Summary", summary),
    ("Inputs", inputs),
    ("Base case", base_case),
    ("Uncertainty", uncertainty),
    ("Sensitivity", sensitivity),
    ("Scenarios", scenarios),
    ("Research", research),
    ("Verification", verification),
    ("Export", export),
    ("About", about),
)

_LOOK = """<style>
.stMainBlockContainer {padding-top: 4.5rem}
[data-testid="stTable"] td p, [data-testid="stTable"] th p {hyphens: auto}
@media (max-width: 640px) {
  h1 {font-size: 1.9rem !important}
  [data-testid="stTable"] td, [data-testid="stTable"] th {padding: 0.25rem 0.15rem !important}
  [data-testid="stTable"] td p, [data-testid="stTable"] th p {font-size: 0.66rem; line-height: 1.25}
}
</style>"""
"""Less empty space above the pages, and tables that fit on a narrow screen."""

_GREYED = "<style>.st-key-results {opacity: 0.45; filter: grayscale(0.7)}</style>"
"""Makes results of another setting than the one asked for look like that."""


def main() -> None:
    """Draws the page that is asked for."""
    st.set_page_config(page_title="Cost-effectiveness", page_icon="⚖️", layout="wide")
    try:
        screen = session.screen()
    except CeaError as error:
        for problem in session.said(error):
            st.error(plain(sentence(problem)), icon=":material/error:")
        return
    st.html(_LOOK)
    pages = [
        st.Page(_page(screen, title, view), title=title, url_path=_path(title), default=at == 0)
        for at, (title, view) in enumerate(PAGES)
    ]
    chosen = st.navigation(pages, position="top")
    sidebar.draw(screen)
    chosen.run()


def _path(title: str) -> str:
    return title.lower().replace(" ", "-")


def _page(screen: Screen, title: str, view: View) -> Callable[[], None]:
    """A page: messages, what is wrong with the inputs, and the view on the results."""

    def page() -> None:
        for message in session.messages(title):
            st.info(plain(sentence(message)), icon=":material/info:")
        if not screen.good:
            _problems(screen)
        for warning in screen.answer.model.warnings:
            st.warning(plain(edits.labelled(screen.answer.model, warning)), icon=":material/warning:")
        with st.container(key="fields" if view is inputs else "results"):
            view(screen)

    return page


def _problems(screen: Screen) -> None:
    """Why the results are not those of the inputs, and that they are the last good ones."""
    st.html(_GREYED)
    problems = "  \n".join(plain(edits.labelled(screen.answer.model, problem)) for problem in screen.problems)
    st.error(
        f"These inputs cannot be used. {problems}  \nThe results shown are the last ones, from before this change.",
        icon=":material/error:",
    )

"""The probabilistic analysis that follows every edit."""

from __future__ import annotations

import streamlit as st

from cea.dashboard import session
from cea.dashboard.background import Found, ask
from cea.dashboard.probabilistic import LIVE_DRAWS, analyse
from cea.dashboard.session import Screen

SEED = 1


def live(screen: Screen) -> Found | None:
    """The analysis of LIVE_DRAWS draws of what is on the screen, unless the user has switched it off."""
    st.session_state["live"] = session.state("live", True)
    st.toggle(
        f"Uncertainty follows every change ({LIVE_DRAWS:,} draws)",
        key="live",
        on_change=_switched,
        help="Runs a small probabilistic analysis after each change of an input.",
    )
    if not session.state("live", True):
        return None
    answer = screen.answer
    key = (screen.source, screen.shown, LIVE_DRAWS, SEED)
    return ask("live", key, lambda told: analyse(answer, LIVE_DRAWS, SEED, told), "Probabilistic analysis", auto=True)


def _switched() -> None:
    session.put("live", st.session_state["live"])

"""What pages are made of: figures with their tables, printed tables, downloads, and notes on what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import streamlit as st

from cea.dashboard.text import plain
from cea.reports.catalogue import GRADES
from cea.reports.run_folder import write_table
from cea.reports.terminal import Table

GRADE_COLOURS: Mapping[str, Any] = {
    "published": "green",
    "derived": "blue",
    "assumption": "orange",
    "unverified": "red",
}
GRADE_ICONS: Mapping[str, str] = {
    "published": ":material/menu_book:",
    "derived": ":material/calculate:",
    "assumption": ":material/lightbulb:",
    "unverified": ":material/help:",
}
"""A grade has a colour, an icon and its word."""

_UNSEEN = "\u200b"
_RIGHT = "right !important"
"""Streamlit gives each cell of text a style of its own, which aligns it left."""


def figure(
    title: str,
    chart: Any,
    frame: pd.DataFrame,
    name: str,
    *,
    alt: str,
    read: str,
    select: str | None = None,
) -> Any:
    """A chart with its title, how to read it, and the same numbers as a table to download.

    alt: what the chart says, for those who do not see it. name: of the file. select: the name of a selection of marks;
    the answer is then what was selected.
    """
    st.markdown(f"##### {plain(title)}")
    options: dict[str, Any] = {"on_select": "rerun", "selection_mode": select, "key": f"chart {name}"} if select else {}
    event = st.altair_chart(chart, width="stretch", alt=f"{title}. {alt}", **options)
    with st.expander("How to read this, and the numbers as a table", icon=":material/table:"):
        st.markdown(plain(read))
        st.dataframe(frame, hide_index=True, height=min(300, 38 + 35 * len(frame)), alt=f"Table: {title}")
        download(frame, name)
    return event


def download(frame: pd.DataFrame, name: str, label: str = "Download as CSV") -> None:
    """A button for a table as CSV, at full precision and with no text that a spreadsheet takes for a formula."""
    st.download_button(
        label,
        lambda: csv(frame),
        f"{name}.csv",
        "text/csv",
        key=f"csv {name}",
        on_click="ignore",
        icon=":material/download:",
    )


def csv(frame: pd.DataFrame) -> bytes:
    """A table as CSV, as run folders have it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(frame, path)
        return path.read_bytes()


def printed(made: Table, *, titled: bool = True) -> None:
    """A table of the command line on a page, with its title unless something else says what it is."""
    if titled:
        st.markdown(f"##### {plain(made.title)}")
    headings: list[str] = []
    for heading, _ in made.columns:
        # Two columns of one name, such as "not discounted", are told apart by a sign that nobody sees.
        headings.append(plain(heading) + _UNSEEN * sum(heading == other for other, _ in made.columns[: len(headings)]))
    frame = pd.DataFrame([[plain(cell) for cell in row] for row in made.rows], columns=headings)
    numbers = [at for at, (_, number) in enumerate(made.columns) if number]
    bold = [at for at, strong in enumerate(made.strong) if strong]
    shown = frame.style.set_properties(subset=[headings[at] for at in numbers], **{"text-align": _RIGHT})
    shown = shown.set_properties(subset=(bold, headings), **{"font-weight": "bold"})
    shown = shown.set_table_styles([{"selector": f"th.col{at}", "props": f"text-align: {_RIGHT}"} for at in numbers])
    st.table(shown, hide_index=True, border="horizontal", alt=made.title)
    for note in made.notes:
        st.caption(plain(note))


def grade(name: str) -> None:
    """The badge of a grade of evidence."""
    st.badge(name, icon=GRADE_ICONS.get(name), color=GRADE_COLOURS.get(name, "gray"), help=GRADES.get(name))


def stale(fresh: bool, what: str) -> None:
    """A warning that a result is not of the inputs that are set now."""
    if not fresh:
        st.warning(
            f"Out of date: {what} were computed with other inputs than those set now.", icon=":material/history:"
        )

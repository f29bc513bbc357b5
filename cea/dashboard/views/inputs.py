"""Every input by theme: value, unit, range, distribution, source and grade, with what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from cea.dashboard import computing, edits, parts
from cea.dashboard.session import Screen
from cea.dashboard.text import link, plain
from cea.reports import catalogue
from cea.reports.quantities import quantity, span

Row = Mapping[str, Any]


def inputs(screen: Screen) -> None:
    """The page."""
    st.title("Inputs")
    st.markdown(
        "Each input stands with the evidence behind it. Type another value and every page follows at once; a value "
        "outside its range in the evidence gets a warning, one that is not possible is refused with the reason."
    )
    frame = computing.inputs(screen.source, screen.shown)
    changed = set(screen.asked.values)
    themes = list(dict.fromkeys(frame["group"]))
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    theme = left.selectbox(
        "Theme", themes, key="theme", format_func=lambda name: _theme(name, frame, changed), persist_state="session"
    )
    sought = right.text_input("Find an input in all themes", key="sought", placeholder="Part of a name")
    rows = frame[frame["group"] == (theme if theme in themes else themes[0])]
    if sought:
        text = frame["label"].str.cat(frame["name"], sep=" ").str.lower()
        rows = frame[text.str.contains(sought.lower(), regex=False)]
        st.caption(plain(f"{len(rows)} inputs have “{sought}” in their name."))
    here = sorted(changed.intersection(rows["name"]))
    with st.container(horizontal=True):
        st.button(
            f"Reset what is shown here ({len(here)} changed)",
            on_click=edits.reset,
            args=(here,),
            disabled=not here,
            icon=":material/restart_alt:",
        )
        st.button(
            f"Reset everything ({len(changed)} changed)",
            on_click=edits.reset,
            args=(sorted(changed),),
            disabled=not changed,
            icon=":material/settings_backup_restore:",
        )
    for row in catalogue.records(rows):
        _input(screen, row)
    _all(frame)


def _theme(name: str, frame: pd.DataFrame, changed: set[str]) -> str:
    members = set(frame.loc[frame["group"] == name, "name"])
    count = len(members & changed)
    return f"{name} ({len(members)} inputs{f', {count} changed' if count else ''})"


def _input(screen: Screen, row: Row) -> None:
    """One input: its field at the left, what is known of it at the right; of a changed one, of its base value."""
    name = row["name"]
    changed = name in screen.asked.values
    known = _before(screen, name) if changed else row
    with st.container(border=True):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            edits.field(screen, screen.answer.model.parameters[name], "page")
            if changed:
                _changed(screen, row)
        with right:
            with st.container(horizontal=True, gap="small"):
                parts.grade(known["grade"])
                if row["decision"]:
                    st.badge(
                        "decision", icon=":material/tune:", color="violet", help="Chosen by somebody, not uncertain."
                    )
                if row["cohort"]:
                    st.badge(
                        "cohort", icon=":material/groups:", color="gray", help="Describes the people; fixed in draws."
                    )
            lines = _facts(known)
            if changed:
                lines.insert(0, "Your value has no source. The evidence for the base value:")
            st.caption("  \n".join(lines))


def _before(screen: Screen, name: str) -> Row:
    """What is known of an input under the presets, before any edit."""
    frame = computing.inputs(screen.source, screen.shown.on_layers())
    return catalogue.records(frame.loc[[name]])[0]


def _changed(screen: Screen, row: Row) -> None:
    base = edits.base_value(screen, row["name"])
    was = "varies" if base is None else quantity(base, row["unit"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("changed", icon=":material/edit:", color="orange")
        st.caption(plain(f"was {was}"))
        st.button(
            "Reset",
            key=f"reset {row['name']}",
            on_click=edits.reset,
            args=([row["name"]],),
            icon=":material/undo:",
            help=plain(f"Back to {was}"),
        )


def _facts(row: Row) -> list[str]:
    """Range, distribution, origin and source, as lines of Markdown."""
    lines = []
    limits = [f"Range in the evidence {text}" for text in [span(row["range_low"], row["range_high"])] if text]
    limits += [f"possible {text}" for text in [span(row["bound_low"], row["bound_high"])] if text]
    if limits:
        lines.append(plain("; ".join(limits) + "."))
    if row["uncertainty"]:
        interval = span(row["interval_low"], row["interval_high"], 3)
        lines.append(plain(f"Uncertainty: {row['uncertainty']}; 95 % interval {interval}."))
    if row["definition"]:
        lines.append(plain(f"Given as {row['given_as'].replace('_', ' ')}: {row['definition']}"))
    if row["citation"]:
        where = f" ({plain(row['where'])})" if row["where"] else ""
        lines.append(f"Source: {link(row['citation'], row['url'])}{where}")
    if row["note"]:
        lines.append(plain(row["note"]))
    if row["used_by"]:
        lines.append(plain(f"Name {row['name']}; used by {', '.join(row['used_by'])}."))
    return lines


def _all(frame: pd.DataFrame) -> None:
    """Every input in one table."""
    with st.expander("All inputs as a table", icon=":material/table:"):
        st.dataframe(frame, hide_index=True, alt="Table: all inputs with their evidence")
        parts.download(frame, "inputs")

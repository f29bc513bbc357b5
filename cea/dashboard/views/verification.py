"""Does the model do what it should: checks on the current inputs, the fit to what was observed, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from cea.analysis.fit import compare, comparisons_frame
from cea.analysis.targets import Comparison, SectionOfTargets
from cea.analysis.verification import Check, verify
from cea.dashboard import computing, parts
from cea.dashboard.background import ask
from cea.dashboard.charts import planes
from cea.dashboard.jobs import Progress
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.dashboard.views.summary import setting_line
from cea.loading.folder import Folder
from cea.loading.targets_file import read_targets
from cea.model.definition import Model
from cea.reports import catalogue
from cea.reports.terminal import Table
from cea.reports.validation_report import blocks

ROLES = {
    "must_reproduce": "Must be reproduced",
    "held_out": "Observed, not used to fit the model",
    "context": "Context, not a target",
}


def verification(screen: Screen) -> None:
    """The page."""
    st.title("Verification")
    st.caption(plain(setting_line(screen.answer)))
    _checks(screen)
    _fit(screen)
    _evidence(screen)


def _checks(screen: Screen) -> None:
    """The black-box tests, run on what is on the screen."""
    answer = screen.answer
    st.markdown("##### Checks of the model with the inputs as they are now")
    found = ask(
        "checks",
        (screen.source, screen.shown),
        lambda told: verify(answer.model, answer.results.perspective, told),
        "Checks",
        auto=True,
    )
    if found is None:
        return
    parts.stale(found.fresh, "these checks")
    checks: tuple[Check, ...] = found.result
    passed = sum(check.passed is True for check in checks)
    failed = [check.name for check in checks if check.passed is False]
    if failed:
        st.error(plain(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}."), icon=":material/error:")
    else:
        st.success(
            f"{passed} of {len(checks)} checks passed, {len(checks) - passed} are not possible here, none failed.",
            icon=":material/check_circle:",
        )
    made = Table(
        "Black-box tests after TECH-VER",
        [("Check", False), ("What must hold", False), ("Holds", False), ("Found", False)],
    )
    words = {True: "✓\u00a0yes", False: "✗\u00a0NO", None: "–"}
    for check in checks:
        made.add([check.name, check.expectation, words[check.passed], check.found])
    parts.printed(made)
    parts.download(pd.DataFrame([vars(check) for check in checks]), "checks")


def _fit(screen: Screen) -> None:
    """The model beside the figures of its validation file."""
    found = ask(
        "fit",
        (screen.source, screen.shown),
        lambda told: _compared(screen, told),
        "Comparison with observations",
        auto=True,
    )
    if found is None or not found.result[0]:
        return
    parts.stale(found.fresh, "these comparisons")
    items, sections = found.result
    st.markdown("##### Fit to what was observed")
    frame = comparisons_frame(items)
    required = [item for item in items if item.target.role == "must_reproduce"]
    missed = [item.target.label for item in required if not item.met]
    if missed:
        st.warning(
            plain(f"With these inputs {len(missed)} of {len(required)} figures are missed: {'; '.join(missed)}."),
            icon=":material/warning:",
        )
    elif required:
        st.success(f"All {len(required)} figures that must be reproduced are met.", icon=":material/check_circle:")
    parts.figure(
        "The model's figures over those observed or published",
        planes.fit(frame, ROLES),
        frame,
        "validation",
        alt="Points on the dashed line agree exactly.",
        read="On the dashed line the model and the observation agree. Cohorts that were not used to fit "
        "the model show how "
        "far it carries.",
    )
    for tables, sentences in blocks(items, sections, draws=0):
        for made in tables:
            parts.printed(made)
        for sentence in sentences:
            st.markdown(plain(sentence))


def _compared(screen: Screen, progress: Progress) -> tuple[list[Comparison], Sequence[SectionOfTargets]]:
    """The comparisons that `cea validate -n 0` makes, with the inputs as they are now, and their sections."""
    answer = screen.answer
    asked = read_targets(Path(screen.source.folder), answer.model)
    folder = Folder(screen.source.folder)
    models: dict[tuple[str, ...], Model] = {(): answer.model}

    def model_for(layers: tuple[str, ...]) -> Model:
        progress(len(models), len(models) + 1)
        if layers not in models:
            names = folder.on_top(answer.model.document, screen.shown.layers, layers)
            models[layers] = computing.fresh(screen.source, screen.shown, names)
        return models[layers]

    return compare(asked.targets, model_for), asked.sections


def _evidence(screen: Screen) -> None:
    """Every input with its grade and source."""
    frame = computing.inputs(screen.source, screen.shown)
    st.markdown("##### What the model rests on")
    grades = catalogue.grades(frame)
    for column, row in zip(st.columns(len(grades)), grades.to_dict("records"), strict=True):
        with column.container(border=True, height="stretch"):
            parts.grade(row["grade"])
            st.markdown(f"**{row['count']}** inputs")
            st.caption(row["meaning"])
    order = ["label", "value", "unit", "grade", "citation", "where", "note", "url", "name"]
    shown = frame[order].sort_values(
        "grade", key=lambda column: column.map({name: at for at, name in enumerate(catalogue.GRADES)})
    )
    st.dataframe(
        shown,
        hide_index=True,
        height=420,
        alt="Table: all inputs with grade and source",
        column_config={"url": st.column_config.LinkColumn("link")},
    )
    parts.download(frame, "evidence")

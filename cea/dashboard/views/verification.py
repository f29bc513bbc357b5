"""Does the model do what it should: checks on the current inputs, the fit to what was observed, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from cea.analysis.fit import Curve, Fit, comparisons_frame, fit
from cea.analysis.targets import SectionOfTargets
from cea.analysis.verification import Check, verify
from cea.dashboard import computing, parts
from cea.dashboard.background import ask
from cea.dashboard.charts import lines, planes
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

_HEADINGS: dict[str, Any] = {
    "label": st.column_config.TextColumn("Input", width="medium"),
    "value": "Value",
    "unit": "Unit",
    "grade": "Grade",
    "citation": st.column_config.TextColumn("Source", width="medium"),
    "where": "Place in it",
    "note": "Note",
    "name": "Name",
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
        left = len(checks) - passed
        more = f"; {left} cannot be made with these inputs" if left else ""
        st.success(
            f"{passed} of {len(checks)} checks passed, none failed{more}.",
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
    if found is None or not found.result[0].comparisons:
        return
    parts.stale(found.fresh, "these comparisons")
    fitted: Fit = found.result[0]
    items, sections = fitted.comparisons, found.result[1]
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
        read="On the dashed line the model and the observation agree. Cohorts that were not used to fit the model show "
        "how far it carries.",
    )
    _survival(fitted, frame)
    for tables, sentences in blocks(items, sections, draws=0):
        with st.expander(plain(tables[0].title), icon=":material/table:"):
            for at, made in enumerate(tables):
                parts.printed(made, titled=at > 0)
            for sentence in sentences:
                st.markdown(plain(sentence))


def _survival(fitted: Fit, frame: pd.DataFrame) -> None:
    """Survival of the model from one start, and of the cohorts that are compared with it."""
    seen = frame[(frame["measure"] == "survival") & (frame["role"] != "must_reproduce")]
    found = [(curve, rows) for curve in fitted.curves if len(rows := seen[seen["name"].isin(curve.names)])]
    found.sort(key=lambda pair: -len(pair[1]))
    starts: dict[str, tuple[Curve, pd.DataFrame]] = {}
    for curve, rows in found:  # of several runs with one start, that with most figures
        starts.setdefault(f"{curve.country}, {curve.label}", (curve, rows))
    if not starts:
        return
    chosen = st.selectbox("Survival of patients who start as", list(starts), key="survival of")
    curve, rows = starts[chosen if chosen in starts else next(iter(starts))]
    last = 1.1 * float(rows["year"].max())
    alive = pd.DataFrame({"year": curve.years, "alive": curve.alive})
    parts.figure(
        f"Survival in the model and in what was observed: {chosen}",
        lines.observed(alive[alive["year"] <= last], rows),
        rows,
        "observed_survival",
        alt=f"The model's curve, and {len(rows)} figures of {rows['cohort'].nunique()} cohorts.",
        read="The line is the model, the markers are what was seen in cohorts, with 95 % intervals where there are "
        "any. A cohort is never quite the patients whom the start stands for.",
    )


def _compared(screen: Screen, progress: Progress) -> tuple[Fit, Sequence[SectionOfTargets]]:
    """The comparisons that `cea validate -n 0` makes, with the inputs as they are now, and their sections."""
    answer = screen.answer
    asked = read_targets(Path(screen.source.folder), answer.model)
    folder = Folder(screen.source.folder)
    models: dict[tuple[str, ...], Model] = {(): answer.model}

    def model_for(layers: tuple[str, ...]) -> Model:
        if layers not in models:
            names = folder.on_top(answer.model.document, screen.shown.layers, layers)
            models[layers] = computing.fresh(screen.source, screen.shown, names)
        return models[layers]

    return fit(asked.targets, model_for, told=progress), asked.sections


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
        column_config={**_HEADINGS, "url": st.column_config.LinkColumn("Link")},
    )
    parts.download(frame, "evidence")

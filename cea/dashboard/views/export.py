"""Everything to take away, and how to get the same again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from cea.dashboard import exports, parts, scenario_file, session
from cea.dashboard.background import ask, start
from cea.dashboard.computing import report
from cea.dashboard.scenario_file import Saved
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.dashboard.views.summary import setting_line

WORKBOOK = "model.xlsx"
KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
}
"""Media types by the end of a file's name."""


def export(screen: Screen) -> None:
    """The page."""
    st.title("Export")
    st.caption(plain(setting_line(screen.answer)))
    if not screen.good:
        st.info("What is exported are the last results, not the inputs that cannot be used.")
    files = st.container()
    made = {**_workbook(screen), **_report(screen)}
    with files:
        _files(screen, made)
    _again(screen)
    _link(screen)
    _tables(screen)


def _files(screen: Screen, made: Mapping[str, bytes]) -> None:
    """The archives and the scenario; `made` are the large files that are there already."""
    source, setting, model = screen.source, screen.shown, screen.answer.model
    draws: tuple[int, int] | None = session.state("draws", None)
    st.markdown("##### Files")
    st.markdown(
        "Tables are CSV at full precision, figures PNG and SVG. Each run comes with a manifest: what was run, on which "
        "inputs, with which versions."
    )
    name = st.text_input("Name of the scenario", "Scenario", max_chars=scenario_file.MAX_NAME, key="export name")
    saved = Saved(scenario_file.clean_name(name), setting)
    archive = "application/zip"
    with st.container(horizontal=True):
        _file("Everything (.zip)", lambda: exports.everything(source, saved, draws, made), "results.zip", archive)
        _file("Base case: tables and figures (.zip)", lambda: exports.base_folder(source, setting), "base.zip", archive)
        _file("Figures, PNG and SVG (.zip)", lambda: exports.figure_files(source, setting), "figures.zip", archive)
        text = scenario_file.write(saved, model, source.folder, source.version)
        _file("Scenario (.yaml)", text.encode, "scenario.yaml", "text/yaml")
    missing = ["the probabilistic analysis (run one on the page Uncertainty)"] if draws is None else []
    missing += ["the workbook (make it below)"] if WORKBOOK not in made else []
    missing += ["the report (make it below)"] if not set(made) - {WORKBOOK} else []
    st.caption(
        f"“Everything” does not hold yet: {', '.join(missing)}."
        if missing
        else "“Everything” holds the probabilistic analysis, the workbook and the report as well."
    )


def _file(label: str, data: Callable[[], bytes], name: str, kind: str) -> None:
    """A button for a file that is made when it is asked for."""
    st.download_button(label, data, name, kind, key=f"file {name}", on_click="ignore", icon=":material/download:")


def _workbook(screen: Screen) -> dict[str, bytes]:
    """The model as an Excel workbook, made in the background because it takes a while; what is there of it by name."""
    st.markdown("##### Excel workbook")
    st.markdown(
        "The model as formulas that recalculate by themselves, with the inputs as they are now. Its sheet Control "
        "replays any of the draws in it: draw 12 there is draw 12 of the page Uncertainty. Edit it, and load it again "
        "on the page Scenarios."
    )
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    rows = left.select_slider(
        "Draws in the workbook (more make it larger and slower)", exports.WORKBOOK_ROWS, 200, format_func="{:,}".format
    )
    _, seed = exports.shown(session.state("draws", None))
    key = (screen.source, screen.shown, rows, seed)
    if right.button("Make the workbook", icon=":material/table_view:", width="stretch"):
        more = ("--quick", "--psa-rows", str(rows), "--seed", str(seed), "--out", WORKBOOK)
        answer, made = screen.answer, exports.manifest(screen.source, screen.shown, "excel", *more)
        start("workbook", key, lambda told: exports.workbook(answer, made, rows, seed), keep=False)
    found = ask("workbook", key, lambda told: b"", "Workbook")
    if found is None:
        return {}
    parts.stale(found.fresh, "the contents of this workbook")
    data: bytes = found.result
    _file(f"Workbook (.xlsx, {len(data) / 1e6:.1f} MB)", lambda: data, WORKBOOK, KINDS[".xlsx"])
    return {WORKBOOK: data} if found.fresh else {}


def _report(screen: Screen) -> dict[str, bytes]:
    """The report of the study, made in the background; what is there of it by name."""
    source, setting = screen.source, screen.shown
    draws = exports.shown(session.state("draws", None))
    st.markdown("##### Report")
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    left.markdown(
        "The study on the inputs as they are now as a document, for the browser and for Word: a summary in plain "
        "words, then methods and results in the order of the CHEERS 2022 checklist, with "
        f"{draws[0]:,} draws. It takes a minute or two."
    )
    key = (source, setting, draws)
    if right.button("Make the report", icon=":material/article:", width="stretch"):
        start("report", key, lambda told: exports.study(source, setting, draws, told), keep=False)
    found = ask("report", key, lambda told: {}, "Report")
    if found is None:
        return {}
    parts.stale(found.fresh, "the contents of this report")
    made: dict[str, bytes] = found.result
    with st.container(horizontal=True):
        for name, data in made.items():
            kind = name[name.rindex(".") :]
            _file(f"Report ({kind}, {len(data) / 1e6:.1f} MB)", partial(bytes, data), name, KINDS[kind])
    return made if found.fresh else {}


def _again(screen: Screen) -> None:
    """The command line and the lines of Python that give what is on the screen."""
    setting, folder = screen.shown, screen.source.folder
    draws: tuple[int, int] | None = session.state("draws", None)
    st.markdown("##### The same again, without the dashboard")
    st.markdown("On the command line, in the folder of the project:")
    commands = [setting.command("run", folder)]
    if draws is not None:
        commands.append(setting.command("psa", folder, "-n", str(draws[0]), "--seed", str(draws[1])))
    st.code("\n".join(commands), language="bash", wrap_lines=True)
    st.markdown("In Python:")
    n, seed = draws if draws is not None else (None, 1)
    st.code(setting.python(folder, n, seed), language="python", wrap_lines=True)


def _link(screen: Screen) -> None:
    st.markdown("##### A link to this screen")
    st.markdown(
        "It carries what differs from the base case and the version of the model; whoever opens it sees the same "
        "numbers, or is told that the model has changed since. The address of every page is such a link too."
    )
    query = urlencode(screen.asked.to_query(screen.source.version), safe="/,")
    here = (st.context.url or "").removesuffix("/").removesuffix("/export")
    st.code(f"{here}/{'?' if query else ''}{query}", language=None, wrap_lines=True)


def _tables(screen: Screen) -> None:
    """Every table by itself."""
    st.markdown("##### Single tables")
    with st.container(horizontal=True):
        for name, frame in report(screen.source, screen.shown).tables().items():
            parts.download(frame, f"export {name}", name.replace("_", " ").capitalize())

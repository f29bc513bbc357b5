"""Everything to take away, and how to get the same again."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from cea.dashboard import exports, parts, scenario_file, session
from cea.dashboard.background import ask, start
from cea.dashboard.computing import report
from cea.dashboard.scenario_file import Saved
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.dashboard.views.summary import setting_line


def export(screen: Screen) -> None:
    """The page."""
    st.title("Export")
    st.caption(plain(setting_line(screen.answer)))
    if not screen.good:
        st.info("What is exported are the last results, not the inputs that cannot be used.")
    _files(screen)
    _again(screen)
    _link(screen)
    _tables(screen)


def _files(screen: Screen) -> None:
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
        _file("Everything (.zip)", lambda: exports.everything(source, saved, draws), "results.zip", archive)
        _file("Base case: tables and figures (.zip)", lambda: exports.base_folder(source, setting), "base.zip", archive)
        _file("Figures, PNG and SVG (.zip)", lambda: exports.figure_files(source, setting), "figures.zip", archive)
        text = scenario_file.write(saved, model, source.folder, source.version)
        _file("Scenario (.yaml)", text.encode, "scenario.yaml", "text/yaml")
    if draws is None:
        st.caption("“Everything” has the probabilistic analysis as well once you have run one on the page Uncertainty.")
    else:
        st.caption(f"“Everything” has the probabilistic analysis of {draws[0]:,} draws with seed {draws[1]} as well.")
    _workbook(screen)


def _file(label: str, data: Callable[[], bytes], name: str, kind: str) -> None:
    """A button for a file that is made when it is asked for."""
    st.download_button(label, data, name, kind, key=f"file {name}", on_click="ignore", icon=":material/download:")


def _workbook(screen: Screen) -> None:
    """The model as an Excel workbook, made in the background because it takes a while."""
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
    seed = exports.seed_of(session.state("draws", None))
    key = (screen.source, screen.shown, rows, seed)
    if right.button("Make the workbook", icon=":material/table_view:", width="stretch"):
        more = ("--quick", "--psa-rows", str(rows), "--seed", str(seed), "--out", "model.xlsx")
        answer, made = screen.answer, exports.manifest(screen.source, screen.shown, "excel", *more)
        start("workbook", key, lambda told: exports.workbook(answer, made, rows, seed), keep=False)
    found = ask("workbook", key, lambda told: b"", "Workbook")
    if found is not None:
        parts.stale(found.fresh, "the contents of this workbook")
        data: bytes = found.result
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        _file(f"Workbook (.xlsx, {len(data) / 1e6:.1f} MB)", lambda: data, "model.xlsx", kind)


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

"""Scenarios: those of the model, and those that the user saves, loads, renames and compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import streamlit as st

from cea.analysis.scenarios import Scenario, run_scenarios, scenarios_frame
from cea.dashboard import computing, parts, scenario_file, session, workbook_import
from cea.dashboard.background import ask, start
from cea.dashboard.compare import (
    MOST,
    good,
    headline_tables,
    input_table,
    results_frame,
    side,
    strategy_table,
)
from cea.dashboard.jobs import Progress
from cea.dashboard.scenario_file import Saved
from cea.dashboard.session import Screen
from cea.dashboard.setting import Setting
from cea.dashboard.text import plain
from cea.dashboard.views.summary import setting_line
from cea.dashboard.workbook_import import Imported
from cea.errors import CeaError, InputError
from cea.model.layers import Layer
from cea.reports.quantities import quantity
from cea.reports.run_tables import price_cell
from cea.reports.terminal import Table
from cea.reports.wording import NONE, effect, money, pair_cell

_KEPT = 30
"""Scenarios that a session keeps."""


def scenarios(screen: Screen) -> None:
    """The page."""
    st.title("Scenarios")
    st.caption(plain(setting_line(screen.answer)))
    st.markdown(
        "A scenario is the model with some inputs or assumptions changed. Keep what is on the screen under a name, set "
        "up to four scenarios side by side, or run all those that come with the model."
    )
    _save(screen)
    _from_workbook(screen)
    _own(screen)
    _compare(screen)
    _named(screen)


def kept() -> list[Saved]:
    """The scenarios of the session."""
    found: list[Saved] = session.state("saved", [])
    return found


def _save(screen: Screen) -> None:
    st.markdown("##### Keep what is on the screen, or load a scenario")
    left, right = st.columns(2)
    with left, st.form("save", clear_on_submit=True):
        name = st.text_input("Name", max_chars=scenario_file.MAX_NAME, placeholder="What makes it different")
        if st.form_submit_button("Save as a scenario", icon=":material/bookmark_add:", width="stretch"):
            _keep(Saved(scenario_file.clean_name(name), screen.asked))
            st.rerun()
    with right, st.form("load", clear_on_submit=True):
        file = st.file_uploader("A scenario file (.yaml)", type="yaml", max_upload_size=1)
        if st.form_submit_button("Load it", icon=":material/upload_file:", width="stretch") and file is not None:
            _load(screen, file.getvalue())
            st.rerun()


def _from_workbook(screen: Screen) -> None:
    """Takes up the edits in a workbook, after showing what they are."""
    with st.expander("Load the edits of an Excel workbook that was made here", icon=":material/table_view:"):
        with st.form("workbook", clear_on_submit=True):
            file = st.file_uploader("A workbook (.xlsx)", type="xlsx", max_upload_size=workbook_import.MAX_MEGABYTES)
            if st.form_submit_button("Look at what it changes") and file is not None:
                _read_workbook(screen, file.getvalue())
        pending: Imported | None = session.state("pending", None)
        if pending is None:
            return
        made = Table("What the workbook changes", [("Input", False), ("Here", True), ("In the workbook", True)])
        for edit in pending.edits:
            made.add([edit.label, quantity(edit.before, edit.unit), quantity(edit.after, edit.unit)])
        if not pending.edits:
            made.add(["No input", NONE, NONE])
        parts.printed(made)
        for note in pending.notes:
            st.caption(plain(note))
        with st.container(horizontal=True):
            st.button("Use it", type="primary", on_click=_use, args=(pending.setting,), icon=":material/check:")
            st.button("Leave it", on_click=session.put, args=("pending", None), icon=":material/close:")


def _read_workbook(screen: Screen, data: bytes) -> None:
    """Reads an uploaded workbook; where it is none, says why and changes nothing."""
    try:
        session.put("pending", workbook_import.read(screen.source, data))
    except CeaError as error:
        session.put("pending", None)
        for text in session.said(error):
            st.error(plain(text), icon=":material/error:")


def _use(setting: Setting) -> None:
    session.put("pending", None)
    session.change(setting)


def _keep(saved: Saved) -> None:
    """Puts a scenario into the list, in place of one of the same name."""
    others = [item for item in kept() if item.name != saved.name]
    if len(others) >= _KEPT:
        session.tell(f"{_KEPT} scenarios are kept at most: delete one first")
        return
    session.put("saved", [*others, saved])
    session.tell(f"“{saved.name}” is saved for this session; download it to keep it")


def _load(screen: Screen, data: bytes) -> None:
    """Takes up an uploaded scenario; where it is none, says why and changes nothing."""
    try:
        saved, said = scenario_file.read(data, screen.shelf.known, screen.source.version)
    except InputError as error:
        session.tell("The file was not loaded", *session.said(error))
        return
    session.change(saved.setting)
    _keep(saved)
    session.tell(*said)


def _own(screen: Screen) -> None:
    """The list of saved scenarios, each with what can be done with it."""
    if not kept():
        return
    st.markdown("##### Your scenarios")
    for at, saved in enumerate(kept()):
        with st.container(border=True):
            name = st.text_input("Name", saved.name, key=f"name {at} {saved.name}", max_chars=scenario_file.MAX_NAME)
            if name != saved.name:
                _rename(at, name)
            setting = saved.setting
            st.caption(plain(_contents(screen, setting)))
            with st.container(horizontal=True):
                st.button(
                    "Show", key=f"show {at}", on_click=session.change, args=(setting,), icon=":material/visibility:"
                )
                _file(screen, saved, at)
                st.button("Delete", key=f"delete {at}", on_click=_delete, args=(at,), icon=":material/delete:")


def _contents(screen: Screen, setting: Setting) -> str:
    """What a scenario changes, in words."""
    count = len(setting.edits)
    said = [screen.shelf.layers[name].label for name in setting.layers]
    said += [f"perspective {setting.perspective}"] if setting.perspective is not None else []
    said += [f"threshold {setting.threshold:,g}"] if setting.threshold is not None else []
    said += [f"{count} changed input{'s' if count != 1 else ''}"] if count else []
    return ", ".join(said) or "The base case"


def _rename(at: int, name: str) -> None:
    taken = {item.name for position, item in enumerate(kept()) if position != at}
    chosen = scenario_file.clean_name(name)
    if chosen in taken:
        session.tell(f"there is another scenario with the name “{chosen}”")
    else:
        session.put("saved", [replace(item, name=chosen) if spot == at else item for spot, item in enumerate(kept())])
    st.rerun()


def _delete(at: int) -> None:
    session.put("saved", [item for spot, item in enumerate(kept()) if spot != at])


def _file(screen: Screen, saved: Saved, at: int) -> None:
    """A button for the file of a scenario, made when it is asked for."""

    def text() -> str:
        model = computing.layered(screen.source, saved.setting.layers)
        return scenario_file.write(saved, model, screen.source.folder, screen.source.version)

    st.download_button(
        "Download", text, "scenario.yaml", "text/yaml", key=f"file {at}", on_click="ignore", icon=":material/download:"
    )


def _compare(screen: Screen) -> None:
    """Up to four settings side by side: base case, what is on the screen, saved ones, presets of the model."""
    options = {"base": Saved("Base case", Setting()), "now": Saved("On the screen now", screen.shown)}
    options |= {f"saved {at}": saved for at, saved in enumerate(kept())}
    options |= {name: Saved(layer.label, Setting((name,))) for name, layer in screen.shelf.layers.items()}
    st.markdown(f"##### Side by side (up to {MOST})")
    st.caption("The first is what the others are compared with: numbers in brackets are changes to it.")
    default = ["base"] if screen.shown.is_base else ["base", "now"]
    picked = st.multiselect(
        "Compare",
        list(options),
        default=default,
        max_selections=MOST,
        key=f"compare {len(default)}",  # the screen stands beside the base case from when it differs
        format_func=lambda key: options[key].name if key in options else key,
        placeholder="Base case, the screen, your scenarios, or presets of the model",
    )
    sides = [side(screen.source, options[key]) for key in picked if key in options]
    for one in sides:
        if one.problem:
            st.error(plain(f"{one.saved.name}: {one.problem}"), icon=":material/error:")
    shown = good(sides)
    if len(shown) < 2:
        st.info("Choose at least two, or change an input and come back.", icon=":material/info:")
        return
    parts.printed(input_table(screen.source, shown))
    for made in headline_tables(shown):
        parts.printed(made)
    parts.printed(strategy_table(shown))
    parts.download(results_frame(shown), "side_by_side")


def _named(screen: Screen) -> None:
    """Every named scenario of the model against what is on the screen."""
    kind = screen.shelf.kinds[-1]
    applied = {layer.name for layer in screen.answer.model.layers}
    layers = [layer for layer in screen.shelf.of_kind(kind) if layer.name not in applied]
    if not layers:
        return
    st.markdown(f"##### The model's {len(layers)} named {kind}, each on top of what is on the screen")
    answer = screen.answer

    def work(told: Progress) -> list[Scenario]:
        return run_scenarios(answer.model, _counted(layers, told), screen.shown.perspective)

    key = (screen.source, screen.shown)
    if st.button("Run all of them", type="primary", icon=":material/play_arrow:", key="run scenarios"):
        start("scenarios", key, work)
    found = ask("scenarios", key, work, "Named scenarios")
    if found is None:
        return
    parts.stale(found.fresh, "these scenarios")
    _results(found.result, is_base=screen.shown.is_base)
    with st.expander("What each of them is", icon=":material/info:"):
        for layer in layers:
            st.markdown(f"**{plain(layer.label)}**: {plain(layer.description)}")


def _counted(layers: list[Layer], told: Progress) -> Iterator[Layer]:
    """The layers, telling how many have been taken."""
    for at, layer in enumerate(layers):
        told(at, len(layers))
        yield layer


def _results(found: list[Scenario], *, is_base: bool) -> None:
    base = found[0]
    assert base.results is not None, "the base case has been run"
    model = base.results.model
    currency, unit, threshold = model.currency, model.settings.effect_unit, model.threshold
    for first in base.headlines:
        made = Table(
            f"{first.headline.label}: {first.labels[0]} against {first.labels[1]} "
            f"({base.results.outcomes.money} per person)",
            [
                ("Scenario", False),
                ("Extra cost", True),
                (f"{unit}s gained", True),
                (f"Cost per {unit}", True),
                (f"Net benefit at {money(threshold, currency)}", True),
                ("Change", True),
                ("Highest price", True),
            ],
        )
        for scenario in found:
            for item in scenario.headlines:
                if item.headline.name != first.headline.name:
                    continue
                change, limit = scenario.change(item, threshold), item.price_limit(threshold)
                cells = [money(item.pair.cost, currency), effect(item.pair.effect), pair_cell(item.pair, currency)]
                cells += [
                    money(item.net_benefit(threshold), currency),
                    NONE if change is None or scenario is base else money(change, currency),
                ]
                label = "On the screen now" if scenario is base and not is_base else scenario.label
                made.add([label, *cells, price_cell(limit.price, currency) if limit else NONE])
        parts.printed(made)
    for scenario in found:
        if scenario.results is None:
            st.caption(plain(f"Not run: {scenario.label} ({scenario.reason})."))
    parts.download(scenarios_frame(found, threshold), "scenarios")

"""What stands beside every page: the setting, and the inputs that matter most."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cea.dashboard import computing, edits, session
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.model.layers import Layer
from cea.reports.wording import money

NONE = ""


def draw(screen: Screen) -> None:
    """The presets, the threshold, and fields for the main inputs."""
    with st.sidebar:
        st.markdown("#### Setting")
        _layers(screen)
        _perspective(screen)
        _threshold(screen)
        st.markdown("#### Inputs that matter most")
        model = screen.answer.model
        for name in computing.main_inputs(screen.source):
            if name in model.used:
                edits.field(screen, model.parameters[name], "side")
        count = len(screen.asked.edits)
        st.button(
            f"Reset {count} changed input{'s' if count != 1 else ''}",
            on_click=edits.reset_all,
            disabled=screen.asked.is_base,
            width="stretch",
            icon=":material/restart_alt:",
            help="Takes back every edit; the presets stay.",
        )


def _layers(screen: Screen) -> None:
    """A choice for each folder of layers: one of the first ones, any number of the last."""
    shelf = screen.shelf
    for kind in shelf.kinds:
        layers = shelf.of_kind(kind)
        if not layers:
            continue
        key, title = f"layers {kind}", kind.replace("_", " ").capitalize()
        if kind == shelf.kinds[-1]:
            _many(screen, layers, key, title, kind)
        else:
            _one(screen, layers, key, title, kind)


def _one(screen: Screen, layers: list[Layer], key: str, title: str, kind: str) -> None:
    labels = {NONE: "Base case", **{layer.name: layer.label for layer in layers}}
    chosen = [name for name in screen.asked.layers if name in labels]
    st.session_state[key] = chosen[0] if chosen else NONE
    texts = "  \n".join(f"{layer.label}: {layer.description}" for layer in layers if layer.description)
    st.selectbox(
        _singular(title),
        list(labels),
        key=key,
        format_func=lambda name: labels[name],
        on_change=_chosen,
        args=(key, kind),
        help=plain(texts) or None,
    )


def _many(screen: Screen, layers: list[Layer], key: str, title: str, kind: str) -> None:
    currency = screen.answer.model.currency
    picked = [name for name in screen.asked.layers if name.startswith(f"{kind}/")]
    fitting = [layer for layer in layers if layer.requires_currency in (None, currency) or layer.name in picked]
    labels = {layer.name: layer.label for layer in fitting}
    st.session_state[key] = picked
    st.multiselect(
        title,
        list(labels),
        key=key,
        format_func=lambda name: labels[name],
        on_change=_chosen,
        args=(key, kind),
        placeholder="None: the base case",
        help="Named changes of the model; each is explained on the page Scenarios.",
    )


def _singular(title: str) -> str:
    return title[:-1] if title.endswith("s") else title


def _chosen(key: str, kind: str) -> None:
    """Takes up the layers chosen of one kind, keeping those of the others."""
    value, setting = st.session_state[key], session.setting()
    picked = value if isinstance(value, list) else [value] if value else []
    known = computing.shelf(session.start()).known.layers
    kept = [name for name in setting.layers if not name.startswith(f"{kind}/")]
    session.change(replace(setting, layers=tuple(name for name in known if name in (*kept, *picked))))


def _perspective(screen: Screen) -> None:
    model = screen.answer.model
    allowed = {name: item.label for name, item in model.perspectives.items() if item.refused is None}
    asked = screen.asked.perspective or model.settings.perspective
    shown = (
        allowed
        if asked in allowed or asked not in model.perspectives
        else {**allowed, asked: model.perspectives[asked].label}
    )
    st.session_state["perspective"] = asked if asked in shown else model.settings.perspective
    refused = [
        f"{item.label} is not possible here: {item.refused}" for item in model.perspectives.values() if item.refused
    ]
    st.selectbox(
        "Perspective",
        list(shown),
        key="perspective",
        format_func=lambda name: shown[name],
        on_change=_viewed,
        help=plain(". ".join(["Whose costs count", *refused])),
    )


def _viewed() -> None:
    chosen = st.session_state["perspective"]
    own = computing.layered(session.start(), edits.sound_layers()).settings.perspective
    session.change(replace(session.setting(), perspective=None if chosen == own else chosen))


def _threshold(screen: Screen) -> None:
    model = screen.answer.model
    st.session_state["threshold"] = float(
        screen.asked.threshold if screen.asked.threshold is not None else model.threshold
    )
    usual = ", ".join(
        money(value, model.currency) for value in computing.layered(screen.source, screen.shown.layers).thresholds
    )
    st.number_input(
        plain(f"Threshold, {model.currency} per {model.settings.effect_unit}"),
        key="threshold",
        step=edits.step(model.threshold) * 2,
        format="%g",
        on_change=_limited,
        min_value=None,
        help=plain(f"What one {model.settings.effect_unit} may cost. Usual here: {usual}."),
    )


def _limited() -> None:
    value = st.session_state["threshold"]
    own = computing.layered(session.start(), edits.sound_layers()).threshold
    session.change(replace(session.setting(), threshold=None if value in (None, own) else float(value)))

"""Inputs as fields: what is typed becomes an edit of the setting, and the fields show the setting."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import streamlit as st

from cea.analysis.deterministic import evidence_span
from cea.dashboard import computing, session
from cea.dashboard.session import Screen
from cea.dashboard.text import plain, sentence
from cea.model.definition import Model, Parameter
from cea.reports.quantities import per
from cea.reports.values import constant


def labelled(model: Model, text: str) -> str:
    """A message about an input, with the label that the pages give it in place of its name and of the command line."""
    name, gap, rest = text.partition(" ")
    parameter = model.parameters.get(name)
    return sentence((f"{parameter.label}{gap}{rest}" if parameter is not None else text).removesuffix(" (--set)"))


def base_value(screen: Screen, name: str) -> float | None:
    """The value of a parameter under the layers, before any edit; None where it varies over time or strategies."""
    return computing.values(screen.source, screen.shown.layers).get(name)


def current(screen: Screen, name: str) -> float | None:
    """The value that a field shows: what was asked for, else what the model computes with."""
    if name in screen.asked.values:
        return screen.asked.values[name]
    return constant(screen.answer.results.cohort.scope, name)


def field(screen: Screen, parameter: Parameter, where: str, label: str | None = None) -> None:
    """A field for a parameter; `where` tells the fields of different places apart."""
    key = f"{where} {parameter.name}"
    value = current(screen, parameter.name)
    st.session_state[key] = value
    unit = per(parameter.unit)
    text = label or parameter.label + (f", {unit}" if unit else "")
    st.number_input(
        plain(text),
        key=key,
        step=step(value),
        format="%g",
        on_change=_typed,
        args=(key, parameter.name),
        placeholder="varies over time or strategies",
        help=_help(screen, parameter),
        value=None,
    )


def _help(screen: Screen, parameter: Parameter) -> str:
    """What to know of a parameter beside its field."""
    said = [f"Base value {base:g}." if (base := base_value(screen, parameter.name)) is not None else ""]
    if parameter.range is not None:
        said.append(f"Range in the evidence {parameter.range[0]:g} to {parameter.range[1]:g}.")
    return plain(" ".join([*said, f"Evidence: {parameter.source.grade}. Name: {parameter.name}."]))


def step(value: float | None) -> float:
    """A round step of about a twentieth of a value."""
    if not value or not math.isfinite(value):
        return 0.1
    rough = abs(value) / 20
    unit = 10.0 ** math.floor(math.log10(rough))
    return next(size * unit for size in (1, 2, 5, 10) if size * unit >= rough)


def _typed(key: str, name: str) -> None:
    """Takes up what was typed; the base value again, or nothing, ends the edit."""
    value, setting = st.session_state[key], session.setting()
    source = session.start()
    base = computing.values(source, sound_layers()).get(name)
    same = base is not None and value is not None and math.isclose(value, base, rel_tol=1e-12)
    session.change(setting.without([name]) if value is None or same else setting.with_value(name, value))


def sound_layers() -> tuple[str, ...]:
    """The layers of the results that are shown."""
    good: computing.Answer | None = session.state("good", None)
    return good.setting.layers if good is not None else ()


def reset(names: Iterable[str]) -> None:
    """Takes back the edits of some parameters."""
    session.change(session.setting().without(names))


def reset_all() -> None:
    """Back to the layers without edits, at the model's own threshold and perspective."""
    session.change(replace(session.setting().on_layers(), threshold=None, perspective=None))


def uncertain_inputs(screen: Screen) -> dict[str, str]:
    """Labels of the inputs that have a range in the evidence, those that matter most first."""
    model = screen.answer.model
    first = [name for name in computing.main_inputs(screen.source) if name in model.used]
    names = dict.fromkeys([*first, *(name for name in model.parameters if name in model.used)])
    spans = {name: evidence_span(model, model.parameters[name]) for name in names}
    return {
        name: model.parameters[name].label for name, span in spans.items() if span is not None and span.low < span.high
    }

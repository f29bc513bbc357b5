"""`cea docs`: the pages of the documentation that are made from a model, and the JSON Schema of the format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from cea.cli.json_schema import json_schema
from cea.cli.layer_list import available_layers
from cea.engine.scope import Scope
from cea.model.definition import Model, Strategy
from cea.model.layers import Layer
from cea.reports import catalogue
from cea.reports.changes import changes
from cea.reports.equations import equations, paid
from cea.reports.markdown import code, escape, link, math, table
from cea.reports.quantities import per, quantity, span
from cea.reports.values import evaluated

Row = Mapping[str, Any]

_MADE = "<!-- Made by `cea docs` from the inputs: change those, not this page. -->"


def generate(model: Model, folder: Path) -> dict[Path, str]:
    """The generated pages of a model, by the file in `folder` that each belongs in. Raises InputError."""
    scope = evaluated(model)
    available = available_layers(model)
    pages = {
        "parameters.md": _parameters(model, scope, available),
        "equations.md": _equations(model, scope),
        "scenarios.md": _scenarios(model, available),
        "model.schema.json": json.dumps(json_schema(), indent=2) + "\n",
    }
    return {folder / name: text for name, text in pages.items()}


def stale(pages: Mapping[Path, str]) -> list[Path]:
    """The files of generated pages that are missing or say something else than they would if made now."""
    return [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def _page(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


# Parameters


def _parameters(model: Model, scope: Scope, available: Sequence[Layer]) -> str:
    frame = catalogue.parameters(model, scope)
    jurisdictions = [layer for layer in available if _kind(layer) == model.layer_folders[0]]
    rows = catalogue.records(frame)
    setting = _setting(model)
    parts = [
        "# Parameters",
        _MADE,
        f"{escape(model.title)}: {len(rows)} parameters of the base model ({escape(setting)}). The interval is the "
        "central 95 % of the distribution. A value outside the range is warned of, one outside the bounds is refused. "
        "A formula or a solved parameter stands with the value that it has in the base model.",
        "## How far the values can be trusted",
        _grades({setting: frame, **_graded(model, jurisdictions)}),
    ]
    for group in dict.fromkeys(row["group"] for row in rows):
        members = [row for row in rows if row["group"] == group]
        parts += [f"## {escape(group)}", table(_HEADINGS, map(_parameter, members))]
    for layer in jurisdictions:
        parts.append(f"## What {escape(layer.label)} changes")
        parts += _layer(model, layer)
    parts += ["## Sources", table(["Key", "Source", "Note", "Values in the base model"], _sources(model))]
    return _page(*parts)


_HEADINGS = ["Parameter", "Value", "Uncertainty", "Range and bounds", "Grade", "Source"]


def _setting(model: Model) -> str:
    settings = model.settings
    return ", ".join(part for part in (settings.country, f"{settings.price_year} {settings.currency}".strip()) if part)


def _graded(model: Model, jurisdictions: Iterable[Layer]) -> dict[str, pd.DataFrame]:
    """The parameters of each jurisdiction that changes any."""
    changed = [model.with_layer(layer) for layer in jurisdictions if layer.parameter_values()]
    return {_setting(other): catalogue.parameters(other, evaluated(other)) for other in changed}


def _grades(frames: Mapping[str, pd.DataFrame]) -> str:
    counts = [catalogue.records(catalogue.grades(frame)) for frame in frames.values()]
    rows = [
        [cells[0]["grade"], cells[0]["meaning"], *(str(cell["count"]) for cell in cells)]
        for cells in zip(*counts, strict=True)
    ]
    return table(["Grade", "Meaning", *map(escape, frames)], rows)


def _parameter(row: Row) -> list[str]:
    value = quantity(row["value"], row["unit"]) if row["value"] is not None else f"varies {per(row['unit'])}"
    given = {"formula": "formula: ", "same_as": "same as ", "solved": "solved: "}.get(row["given_as"])
    roles = ", ".join(word for word in ("decision", "cohort") if row[word])
    shared = [f"shares one draw: {row['share_draw']}"] if row["share_draw"] else []
    return [
        f"{escape(row['label'])}<br>{code(row['name'])}" + (f" ({roles})" if roles else ""),
        escape(value) + (f"<br>{given}{code(row['definition'])}" if given else ""),
        _lines(row["uncertainty"], _interval(row), *shared),
        _lines(span(row["range_low"], row["range_high"]), _bounds(row)),
        row["grade"],
        _source(row),
    ]


def _interval(row: Row) -> str:
    interval = span(row["interval_low"], row["interval_high"], 4)
    return f"95 %: {interval}" if interval else ""


def _bounds(row: Row) -> str:
    bounds = span(row["bound_low"], row["bound_high"])
    return f"bounds: {bounds}" if bounds else ""


def _lines(*texts: str | None) -> str:
    return "<br>".join(escape(text) for text in texts if text)


def _source(row: Row) -> str:
    cited = link(code(row["source"]), row["url"]) if row["source"] else ""
    spot = ", ".join(filter(None, [cited, escape(row["where"] or "")]))
    return ". ".join(filter(None, [spot, escape(row["note"] or "")]))


def _sources(model: Model) -> Iterator[list[str]]:
    for row in catalogue.records(catalogue.sources(model)):
        used = str(len(row["used_by"]))
        yield [code(row["name"]), link(escape(row["citation"]), row["url"]), escape(row["note"] or ""), used]


# Equations


def _equations(model: Model, scope: Scope) -> str:
    rows = catalogue.records(equations(model, scope))
    parts = [
        "# Equations",
        _MADE,
        f"{escape(model.title)}. Each equation stands as text, as the inputs have it, and as mathematics; both are "
        "made from the one tree that the program computes with. A condition gives 1 where it holds and 0 where it does "
        "not. "
        f"Switches of the strategies: {_switches(model)}.",
    ]
    for kind, title, introduction in _SECTIONS:
        members = [row for row in rows if row["kind"] == kind]
        if members:
            parts += [f"## {title}", introduction]
            for _, group in groupby(members, key=lambda row: row["name"]):
                parts += _equation(model, list(group))
    return _page(*parts)


_SECTIONS = (
    ("formula", "Formulas", "Evaluated for every strategy at every cycle, where they vary."),
    ("parameter", "Parameters given by a formula", ""),
    ("start", "Start", "Shares of the cohort at time zero."),
    (
        "transition",
        "Transitions",
        "Rates (r) are per year and become probabilities by competing risks, "
        "`p_ij = r_ij / R_i * (1 - exp(-R_i * dt))` with `R_i` the sum of the exits of i; probabilities (p) are per "
        "cycle. They are evaluated at the start of the cycle.",
    ),
    ("outcome", "Outcomes", "What is paid or gained; discounted at its own time."),
)


def _switches(model: Model) -> str:
    def settings(item: Strategy) -> str:
        return ", ".join(f"{code(name)} = {value:g}" for name, value in item.switches.items()) or "none"

    return "; ".join(f"{escape(item.label)} ({settings(item)})" for item in model.strategies.values())


def _equation(model: Model, rows: Sequence[Row]) -> list[str]:
    first = rows[0]
    about = [escape(first["label"]) if first["label"] else "", escape(_paid(model, first))]
    if per(first["unit"]):
        about.append(f"unit {code(first['unit'])}")
    if first["value"] is not None and first["kind"] != "start":
        about.append(f"value {escape(quantity(first['value'], first['unit']))}")
    text = "\n".join(f"{_left(row)} = {row['text']}" for row in rows)
    sentence = "; ".join(filter(None, about))
    return [
        f"### {code(first['name'])}",
        f"{sentence}." if sentence else "",
        f"```text\n{text}\n```",
        math([row["latex"] for row in rows]),
    ]


def _paid(model: Model, row: Row) -> str:
    if row["kind"] == "transition":
        return f"counted as {row['event']}" if row["event"] else ""
    if row["kind"] != "outcome":
        return ""
    outcome = model.outcomes[row["name"]]
    indirect = ", indirect" if outcome.indirect else ""
    return f"{outcome.kind} ({outcome.category}{indirect}), {paid(model, outcome)}"


def _left(row: Row) -> str:
    if row["kind"] == "start":
        return f"start of {row['name']}"
    states = ", ".join(row["states"]) if row["kind"] == "outcome" else ""
    return f"{row['name']}, {states}" if states else str(row["name"])


# Layers


def _scenarios(model: Model, available: Sequence[Layer]) -> str:
    parts = [
        "# Jurisdictions, populations and scenarios",
        _MADE,
        "A layer changes the model without touching it; `--layer NAME` puts it on top. Layers that say structural "
        "solve the solved parameters again. [How to add one](how-to.md#add-a-scenario).",
        table(["Layer", "What it is"], ([code(layer.name), escape(layer.label)] for layer in available)),
    ]
    bases = _bases(model, available)
    for kind in model.layer_folders:
        members = [layer for layer in available if _kind(layer) == kind]
        if members:
            parts.append(f"## {escape(kind.capitalize())}")
        for layer in members:
            parts += [f"### {escape(layer.label)}", code(layer.name) + (" (structural)" if layer.structural else "")]
            parts += _layer(bases.get(layer.requires_currency or model.currency, model), layer)
    return _page(*parts)


def _kind(layer: Layer) -> str:
    return layer.name.partition("/")[0]


def _bases(model: Model, available: Iterable[Layer]) -> dict[str, Model]:
    """The model that layers for each currency go on top of: the base model, or the first jurisdiction with it."""
    found = {model.currency: model}
    for layer in available:
        if _kind(layer) == model.layer_folders[0] and layer.requires_currency is None:
            other = model.with_layer(layer)
            found.setdefault(other.currency, other)
    return found


def _layer(model: Model, layer: Layer) -> list[str]:
    frame = changes(model, layer)
    needed = f" For models in {layer.requires_currency}." if layer.requires_currency else ""
    parts = [escape(layer.description) + needed]
    if frame.empty:
        return [*parts, "It changes nothing."]
    rows = [
        [
            _lines(row["label"]) + ("<br>" if row["label"] else "") + code(row["name"]),
            escape(row["before"]),
            escape(row["after"]),
            _lines(row["uncertainty"], row["range"] and f"range {row['range']}"),
            row["grade"] or "",
            _source(row),
        ]
        for row in catalogue.records(frame)
    ]
    return [*parts, table(["Changes", "From", "To", "Uncertainty", "Grade", "Source"], rows)]

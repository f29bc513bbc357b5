"""What layers change: the layers of a model and the content of one, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from cea.formula import to_text
from cea.model.conformity import check_shape
from cea.model.definition import Model, Parameter, Source
from cea.model.document import Node
from cea.model.layers import Layer
from cea.model.schema import SourceShape
from cea.reports.catalogue import definition, solve_text, source_cells
from cea.reports.quantities import per, quantity, span

Row = dict[str, Any]

_FIRST = {"parameters": 0, "formulas": 1}
_ABOUT = ("label", "description", "structural", "requires", "source", "add")


def layers(model: Model, available: Sequence[Layer]) -> pd.DataFrame:
    """One row a layer: name, label, description, currency it needs, whether it is structural and in the model."""
    applied = {layer.name for layer in model.layers}
    return pd.DataFrame(
        [
            {
                "name": layer.name,
                "label": layer.label,
                "description": layer.description,
                "structural": layer.structural,
                "currency": layer.requires_currency,
                "applied": layer.name in applied,
            }
            for layer in available
        ]
    )


def changes(model: Model, layer: Layer) -> pd.DataFrame:
    """What a layer does to a model: one row a parameter or formula, then everything else that it sets.

    Columns: name (with its section where it is neither a parameter nor a formula, as in `settings.currency`), label,
    before, after, uncertainty, range, and the grade and source that the new value has.
    """
    entries = layer.node.entries
    added = entries["add"].entries if "add" in entries else {}
    sections = [*((name, node) for name, node in entries.items() if name not in _ABOUT), *added.items()]
    source = _source(entries.get("source"))
    rows: list[Row] = []
    for section, node in sorted(sections, key=lambda item: _FIRST.get(item[0], len(_FIRST))):
        if section == "parameters":
            given = source or Source("assumption", note="set by the layer without a source")
            rows.extend(_parameter(model, name, child, given) for name, child in node.entries.items())
        elif section == "formulas":
            rows.extend(_formula(model, name, child, source) for name, child in node.entries.items())
        else:
            rows.extend(_fields(model, section, node, source))
    return pd.DataFrame(rows)


def _parameter(model: Model, name: str, node: Node, default: Source) -> Row:
    before = model.parameters.get(name)
    given = node.plain()
    fields: Mapping[str, Any] = given if isinstance(given, dict) else {"value": given}
    unit = str(fields.get("unit") or (before.unit if before else "1"))
    source = _source(node.entries.get("source"))
    if source is None:
        source = before.source if before is not None and not _sets_value(fields) else default
    limits = fields.get("range")
    return {
        "name": name,
        "label": str(fields.get("label") or (before.label if before else "")),
        "before": _present(before) if before else "new",
        "after": _given(fields, unit),
        "uncertainty": _uncertainty(fields, before),
        "range": span(*limits) if isinstance(limits, list) and len(limits) == 2 else "",
        **source_cells(model, source),
    }


def _sets_value(fields: Mapping[str, Any]) -> bool:
    return any(kind in fields for kind in ("value", "formula", "same_as", "solve"))


def _present(item: Parameter) -> str:
    return quantity(item.value, item.unit) if item.value is not None else f"{definition(item)}"


def _given(fields: Mapping[str, Any], unit: str) -> str:
    value = fields.get("value")
    if isinstance(value, int | float):
        return quantity(float(value), unit)
    solve = fields.get("solve")
    if isinstance(solve, dict):
        strategies = [_text(name) for name in solve.get("strategies") or ()]
        target = _text(solve.get("target"))
        measure, years, event = solve.get("measure"), solve.get("years"), solve.get("event")
        return f"solved: {solve_text(str(measure), strategies, target, years, event)}"
    if fields.get("same_as") is not None:
        return f"same as {fields['same_as']}"
    if fields.get("formula") is not None:
        return f"{fields['formula']} {f'({per(unit)})' if per(unit) else ''}".strip()
    return "as before"


def _uncertainty(fields: Mapping[str, Any], before: Parameter | None) -> str:
    spec = fields.get("distribution")
    if isinstance(spec, dict):
        given = ", ".join(f"{key} {_text(part)}" for key, part in spec.items() if key != "family")
        return f"{spec.get('family')}({given})" if given else str(spec.get("family"))
    moved = before is not None and before.uncertain and "value" in fields and "distribution" not in fields
    return "as before, moved with the value" if moved else ""


def _formula(model: Model, name: str, node: Node, source: Source | None) -> Row:
    before, given = model.formulas.get(name), node.entries
    label = str(given["label"].value) if "label" in given else before.label if before else ""
    after = given["formula"].value if "formula" in given else node.value
    return {
        "name": name,
        "label": label,
        "before": to_text(before.term.expression) if before else "new",
        "after": "removed" if after is None else _text(after),
        "uncertainty": "",
        "range": "",
        **_cells(model, source),
    }


def _fields(model: Model, path: str, node: Node, source: Source | None) -> Iterator[Row]:
    """A row for each field of each thing in a section; a thing's own `source` holds for its fields."""
    if node.entries and path.count(".") < _DEPTH:
        inner = _source(node.entries.get("source")) or source
        for key, child in node.entries.items():
            if key != "source":
                yield from _fields(model, f"{path}.{key}", child, inner)
        return
    yield {
        "name": path,
        "label": "",
        "before": "",
        "after": "removed" if node.value is None else _text(node.plain()),
        "uncertainty": "",
        "range": "",
        **_cells(model, source),
    }


_DEPTH = 2


def _cells(model: Model, source: Source | None) -> Row:
    """The cells of a source, empty where a structural change has none."""
    cells = source_cells(model, source or Source("assumption"))
    return cells if source is not None else dict.fromkeys(cells)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"({_text(item)})" if isinstance(item, dict) else _text(item) for item in value)
    if isinstance(value, dict):
        parts = ((key, f"({_text(item)})" if isinstance(item, dict) else _text(item)) for key, item in value.items())
        return ", ".join(f"{key} {text}" for key, text in parts)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _source(node: Node | None) -> Source | None:
    shape = check_shape(SourceShape, node)[0] if node is not None else None
    return None if shape is None else Source(shape.grade, shape.ref, shape.where, shape.note)

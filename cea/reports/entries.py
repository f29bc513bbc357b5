"""Everything known about a name of a model: one entry for each kind of thing that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from cea.engine.results import run
from cea.model.definition import Model
from cea.model.layers import Layer
from cea.reports import catalogue
from cea.reports.catalogue import records
from cea.reports.changes import changes, layers
from cea.reports.equations import equations
from cea.reports.uses import uses
from cea.reports.values import course, evaluated

Row = dict[str, Any]

LISTS = ("parameters", "equations", "sources", "states", "outcomes", "tables", "layers")


def listed(model: Model, kind: str, available: Sequence[Layer]) -> list[Row]:
    """All things of one of the LISTS, as plain values. `available` are the layers that the model could have."""
    frames: Mapping[str, Callable[[], pd.DataFrame]] = {
        "parameters": lambda: catalogue.parameters(model, evaluated(model)),
        "equations": lambda: equations(model, evaluated(model)),
        "sources": lambda: catalogue.sources(model),
        "states": lambda: catalogue.states(model),
        "outcomes": lambda: catalogue.outcomes(model),
        "tables": lambda: catalogue.tables(model),
        "layers": lambda: layers(model, available),
    }
    return records(frames[kind]())


def entries(model: Model, name: str, available: Sequence[Layer]) -> list[Row]:
    """What is called `name`: parameter, formula, state, strategy, outcome, table, source or layer, with its kind."""
    finders = (_parameter, _formula, _state, _strategy, _outcome, _table, _source)
    found = [entry for find in finders if (entry := find(model, name)) is not None]
    layer = next((item for item in available if name in (item.name, item.name.partition("/")[2])), None)
    return found if layer is None else [*found, _layer(model, layer)]


def known(model: Model, available: Iterable[Layer]) -> list[str]:
    """Every name that has an entry, and the names of the lists."""
    inputs = [*model.parameters, *model.tables, *model.sources]
    structure = [*model.formulas, *model.states, *model.strategies, *model.outcomes]
    return [*LISTS, *inputs, *structure, *(layer.name for layer in available)]


def _parameter(model: Model, name: str) -> Row | None:
    if name not in model.parameters:
        return None
    scope = evaluated(model)
    entry: Row = {"kind": "parameter", **_one(catalogue.parameters(model, scope), name)}
    if entry["value"] is None:
        entry["by_strategy"] = records(course(scope, name))
    term = model.parameters[name].term
    if term is not None:
        entry["equations"] = _named(records(equations(model, scope)), "parameter", name)
    return entry


def _formula(model: Model, name: str) -> Row | None:
    if name not in model.formulas:
        return None
    scope = evaluated(model)
    [equation] = _named(records(equations(model, scope)), "formula", name)
    about = {key: equation[key] for key in ("label", "text", "latex", "unit", "value", "needs", "layer", "file")}
    entry = {"kind": "formula", "name": name, **about, "used_by": tuple(uses(model).get(name, ()))}
    return entry if entry["value"] is not None else {**entry, "by_strategy": records(course(scope, name))}


def _state(model: Model, name: str) -> Row | None:
    if name not in model.states:
        return None
    rows = [row for row in records(equations(model, evaluated(model))) if name in row["states"]]
    return {"kind": "state", **_one(catalogue.states(model), name), "equations": rows}


def _strategy(model: Model, name: str) -> Row | None:
    if name not in model.strategies:
        return None
    strategy = model.strategies[name]
    headlines = [item for item in model.headlines.values() if name in (item.strategy, item.comparator)]
    return {
        "kind": "strategy",
        "name": name,
        "label": strategy.label,
        "switches": dict(strategy.switches),
        "headlines": {item.name: f"{item.label}: {item.strategy} against {item.comparator}" for item in headlines},
    }


def _outcome(model: Model, name: str) -> Row | None:
    if name not in model.outcomes:
        return None
    totals = run(model).lines_frame()
    totals = totals[totals["outcome"] == name][["strategy", "discounted", "undiscounted"]]
    rows = _named(records(equations(model, evaluated(model))), "outcome", name)
    return {"kind": "outcome", **_one(catalogue.outcomes(model), name), "totals": records(totals), "equations": rows}


def _table(model: Model, name: str) -> Row | None:
    if name not in model.tables:
        return None
    numeric = model.tables[name].numeric
    values = pd.DataFrame({"key": numeric.keys, **numeric.columns})
    return {"kind": "table", **_one(catalogue.tables(model), name), "values": records(values)}


def _source(model: Model, name: str) -> Row | None:
    return {"kind": "source", **_one(catalogue.sources(model), name)} if name in model.sources else None


def _layer(model: Model, layer: Layer) -> Row:
    return {"kind": "layer", **records(layers(model, [layer]))[0], "changes": records(changes(model, layer))}


def _one(frame: pd.DataFrame, name: str) -> Row:
    [row] = records(frame[frame["name"] == name])
    return row


def _named(rows: Iterable[Row], kind: str, name: str) -> list[Row]:
    return [row for row in rows if row["kind"] == kind and row["name"] == name]

"""`cea show`: one thing of a model with everything known about it, or a list of all things of a kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cea.cli.layer_list import available_layers
from cea.engine.results import run
from cea.engine.scope import Scope
from cea.errors import UsageError
from cea.model.definition import Model
from cea.model.document import did_you_mean
from cea.reports import catalogue, terminal
from cea.reports.changes import changes, layers
from cea.reports.equations import equations, states_text
from cea.reports.quantities import figure, per, quantity, span
from cea.reports.uses import uses
from cea.reports.values import course, evaluated

Row = dict[str, Any]
Columns = Sequence[tuple[str, Callable[[Mapping[str, Any]], str]]]

LISTS = ("parameters", "equations", "sources", "states", "outcomes", "tables", "layers")


def show(model: Model, name: str, console: Console, as_json: bool, latex: bool) -> None:
    """Prints what `name` is: a list of LISTS, or everything of that name. Raises UsageError where there is nothing."""
    if name in LISTS:
        rows = _listed(model, name)
        if as_json:
            _print_json(console, {name: rows})
        elif latex:
            _print_latex(console, name, rows)
        else:
            _print_list(console, name, rows)
        return
    entries = list(_entries(model, name))
    if not entries:
        raise UsageError(f"the model has nothing called '{name}': {did_you_mean(name, _known(model))}")
    if as_json:
        _print_json(console, {"name": name, "entries": entries})
    elif latex:
        _print_latex(console, name, [row for entry in entries for row in entry.get("equations", [entry])])
    else:
        for entry in entries:
            _print_entry(console, model, entry)


def _print_json(console: Console, content: Row) -> None:
    console.out(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False), highlight=False)


def _print_latex(console: Console, name: str, rows: Sequence[Row]) -> None:
    found = [row["latex"] for row in rows if row.get("latex")]
    if not found:
        raise UsageError(f"{name} has no formula, so it has no LaTeX; try `cea show equations --latex`")
    for latex in found:
        console.print(Text(latex), soft_wrap=True)


# Lists


def _listed(model: Model, name: str) -> list[Row]:
    if name == "parameters":
        return catalogue.records(catalogue.parameters(model, evaluated(model)))
    if name == "equations":
        return catalogue.records(equations(model, evaluated(model)))
    if name == "layers":
        return catalogue.records(layers(model, available_layers(model)))
    return catalogue.records(getattr(catalogue, name)(model))


def _print_list(console: Console, name: str, rows: Sequence[Row]) -> None:
    if not rows:
        console.print(Text(f"The model has no {name}."))
    grouped = groupby(rows, key=lambda row: str(row[_GROUPS[name]])) if name in _GROUPS else [(name, iter(rows))]
    for title, members in grouped:
        made = terminal.table(title[:1].upper() + title[1:], [(heading, False) for heading, _ in _COLUMNS[name]])
        for row in members:
            terminal.add(made, [text(row) for _, text in _COLUMNS[name]])
        console.print(made)
    if name == "parameters":
        counts = catalogue.grades(_frame(rows))
        words = ", ".join(f"{row.count_} {row.grade} ({row.meaning})" for row in counts.rename(columns={"count": "count_"}).itertuples())
        console.print(Text(f"{len(rows)} parameters: {words}."))


def _value(row: Mapping[str, Any]) -> str:
    value = "varies" if row["value"] is None else quantity(row["value"], row["unit"])
    given = {"formula": "formula", "same_as": f"same as {row['definition']}", "solved": "solved"}.get(row["given_as"])
    return f"{value} ({given})" if given else value


def _interval(row: Mapping[str, Any]) -> str:
    return span(row["interval_low"], row["interval_high"], 4)


def _cited(row: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, [row["source"], row["where"]])) or "none"


_GROUPS = {"parameters": "group", "equations": "kind"}
_COLUMNS: Mapping[str, Columns] = {
    "parameters": (
        ("Parameter", lambda row: f"{row['name']}\n{row['label']}"),
        ("Value", _value),
        ("95 % interval", _interval),
        ("Grade", lambda row: row["grade"]),
        ("Source", _cited),
    ),
}

"""`cea show`: one thing of a model with everything known about it, or a list of all things of a kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cea.cli.layer_list import available_layers
from cea.errors import UsageError
from cea.model.definition import Model
from cea.model.document import did_you_mean
from cea.reports.catalogue import GRADES
from cea.reports.entries import LISTS, entries, known, listed
from cea.reports.quantities import figure, per, quantity, span

Row = Mapping[str, Any]
Column = tuple[str, Callable[[Row], str]]


def show(model: Model, name: str, console: Console, as_json: bool, latex: bool) -> None:
    """Prints what `name` is: one of the LISTS, or everything that has this name. Raises UsageError if nothing has."""
    available = available_layers(model)
    is_list = name in LISTS
    found = listed(model, name, available) if is_list else entries(model, name, available)
    if not found and not is_list:
        raise UsageError(f"the model has nothing called '{name}': {did_you_mean(name, known(model, available))}")
    if as_json:
        content = {name: found} if is_list else {"name": name, "entries": found}
        console.out(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False), highlight=False)
    elif latex:
        _print_latex(console, name, found)
    elif is_list:
        _print_list(console, name, found)
    else:
        for entry in found:
            _print_entry(console, entry)


def _print_latex(console: Console, name: str, found: Sequence[Row]) -> None:
    rows = [row for entry in found for row in entry.get("equations", [entry]) if row.get("latex")]
    if not rows:
        raise UsageError(f"{name} has no formula, so it has no LaTeX; `cea show equations --latex` prints all")
    for row in rows:
        console.print(Text(row["latex"]), soft_wrap=True)


# Lists


def _print_list(console: Console, name: str, rows: Sequence[Row]) -> None:
    key = {"parameters": "group", "equations": "kind"}.get(name)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[key]) if key else name, []).append(row)
    for title, members in groups.items():
        console.print(_table(title[:1].upper() + title[1:], _COLUMNS[name], members))
    if name == "parameters":
        counts = [f"{sum(row['grade'] == grade for row in rows)} {grade} ({words})" for grade, words in GRADES.items()]
        console.print(Text(f"{len(rows)} parameters: {', '.join(counts)}."))
    elif not rows:
        console.print(Text(f"The model has no {name}."))


def _table(title: str, columns: Sequence[Column], rows: Iterable[Row]) -> Group:
    """A table of plain text, with lines within cells: nothing in it is read as markup."""
    cells = [[text(row) for _, text in columns] for row in rows]
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for position, (heading, _) in enumerate(columns):
        # Names stand first and stay whole.
        longest = max((len(word) for row in cells for word in row[0].split()), default=0) if position == 0 else 0
        made.add_column(Text(heading), overflow="fold", min_width=min(longest, _LONGEST))
    for row in cells:
        made.add_row(*map(_plain, row))
    return Group(Text(title, style="bold"), made, Text())


_LONGEST = 48


def _plain(words: str) -> Text:
    """Text from the inputs as it is: no markup, and signs that steer a terminal replaced."""
    return Text("".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in words))


def _value(row: Row) -> str:
    value = f"varies {per(row['unit'])}".strip() if row["value"] is None else quantity(row["value"], row["unit"])
    given = {"formula": "formula", "same_as": f"same as {row['definition']}", "solved": "solved"}.get(row["given_as"])
    return f"{value} ({given})" if given else value


def _interval(row: Row) -> str:
    return span(row["interval_low"], row["interval_high"], 4)


def _cited(row: Row) -> str:
    return ", ".join(filter(None, [row["source"], row["where"]]))


def _names(places: Sequence[str]) -> str:
    """Places such as `formula waning`, those of a kind together."""
    kinds: dict[str, list[str]] = {}
    for place in places:
        kind, _, name = place.partition(" ")
        kinds.setdefault(kind, []).append(name)
    plural = {kind: f"{kind}s" if len(names) > 1 else kind for kind, names in kinds.items()}
    return "; ".join(f"{plural[kind]} {', '.join(names)}".strip() for kind, names in kinds.items())


def _of(key: str) -> Callable[[Row], str]:
    return lambda row: "" if row[key] is None else str(row[key])


def _number(key: str) -> Callable[[Row], str]:
    return lambda row: "" if row[key] is None else figure(row[key])


def _texts(*keys: str) -> list[Column]:
    return [(key.capitalize(), _of(key)) for key in keys]


def _numbers(*keys: str) -> list[Column]:
    return [(key.capitalize(), _number(key)) for key in keys]


def _both(first: str, second: str) -> Callable[[Row], str]:
    return lambda row: "\n".join(str(row[key]) for key in (first, second) if row[key])


def _yes(key: str) -> Callable[[Row], str]:
    return lambda row: "yes" if row[key] else ""


def _lasts(row: Row) -> str:
    return f"{quantity(row['lasts_years'], 'year')}, then {row['then']}" if row["then"] else ""


def _equation(row: Row) -> str:
    states = ", ".join(row["states"]) if row["kind"] == "outcome" else ""
    return f"{states}: {row['text']}" if states else str(row["text"])


_EQUATION: Sequence[Column] = (("Name", _both("name", "label")), ("Formula", _equation), ("Unit", _of("unit")))
_COLUMNS: Mapping[str, Sequence[Column]] = {
    "parameters": (
        ("Parameter", _both("name", "label")), ("Value", _value), ("95 % interval", _interval), ("Grade", _of("grade")),
        ("Source", _cited),
    ),
    "equations": _EQUATION,
    "sources": (
        ("Key", _of("name")), ("Source", _both("citation", "url")), ("Uses", lambda row: str(len(row["used_by"]))),
    ),
    "states": (
        ("State", _both("name", "label")), ("Start", _of("start")), ("Lasts", _lasts), ("Dead", _yes("dead")),
    ),
    "outcomes": (
        ("Outcome", _both("name", "label")), *_texts("type", "category", "paid", "unit"),
        ("Indirect", _yes("indirect")),
    ),
    "tables": (
        ("Table", _both("name", "file")), ("Columns", lambda row: "\n".join(row["columns"])), ("Rows", _of("rows")),
        ("Grade", _of("grade")), ("Source", _cited),
    ),
    "layers": (
        ("Layer", _of("name")), ("What it is", _both("label", "description")), ("In use", _yes("applied")),
        ("Structural", _yes("structural")), ("For", _of("currency")),
    ),
}  # fmt: skip


# One thing


def _print_entry(console: Console, entry: Row) -> None:
    console.print(Text.assemble((str(entry["name"]), "bold"), f" ({entry['kind']})"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for key, heading, text in _FACTS:
        if entry.get(key) not in (None, "", ()) and (words := text(entry)):
            grid.add_row(Text(heading), _plain(words))
    console.print(Padding(grid, (0, 0, 1, 2)))
    for key, heading, columns in _PARTS:
        if entry.get(key):
            console.print(_table(heading, columns, entry[key]))
    if entry.get("values"):
        _print_values(console, entry["values"])


def _print_values(console: Console, values: Sequence[Row]) -> None:
    """A lookup table, without its middle where it is long."""
    columns = _numbers(*values[0])
    if len(values) <= _SHOWN:
        console.print(_table("Values", columns, values))
    else:
        half = _SHOWN // 2
        title = f"Values: the first {half} and the last {half} of {len(values)} rows"
        console.print(_table(title, columns, [*values[:half], *values[-half:]]))


_SHOWN = 12


def _constant(row: Row) -> str:
    return "" if row["value"] is None else quantity(row["value"], row["unit"])


def _limits(name: str) -> Callable[[Row], str]:
    return lambda row: span(row[f"{name}_low"], row[f"{name}_high"])


def _after(row: Row) -> str:
    limits = f"range {row['range']}" if row["range"] else ""
    return "\n".join(filter(None, [row["after"], row["uncertainty"], limits]))


def _listing(key: str) -> Callable[[Row], str]:
    return lambda row: ", ".join(row[key])


_FACTS: Sequence[tuple[str, str, Callable[[Row], str]]] = (
    ("label", "Label", _of("label")),
    ("description", "Description", _of("description")),
    ("text", "Formula", _of("text")),
    ("latex", "LaTeX", _of("latex")),
    ("given_as", "Value", _value),
    ("needs", "Value", _constant),
    ("definition", "Given as", _of("definition")),
    ("uncertainty", "Uncertainty", _of("uncertainty")),
    ("interval_low", "95 % interval", _interval),
    ("given_as", "Range", _limits("range")),
    ("given_as", "Bounds", _limits("bound")),
    ("share_draw", "Shares a draw", _of("share_draw")),
    ("decision", "Role", lambda row: "decision variable" if row["decision"] else ""),
    ("cohort", "Role", lambda row: "describes the cohort" if row["cohort"] else ""),
    ("type", "Type", _of("type")),
    ("category", "Category", _of("category")),
    ("paid", "Paid", _of("paid")),
    ("indirect", "Indirect", lambda row: "yes: only some perspectives count it" if row["indirect"] else ""),
    ("adds_to", "Adds to", _of("adds_to")),
    ("start", "Start", _of("start")),
    ("then", "Lasts", _lasts),
    ("dead", "Dead", _yes("dead")),
    ("switches", "Switches", lambda row: ", ".join(f"{key} = {value:g}" for key, value in row["switches"].items())),
    ("headlines", "Headlines", lambda row: "\n".join(row["headlines"].values())),
    ("columns", "Columns", lambda row: "\n".join(row["columns"])),
    ("rows", "Rows", _of("rows")),
    ("until", "Keys", lambda row: f"{figure(row['first_key'])} to below {quantity(row['until'], row['key_unit'])}"),
    ("grade", "Grade", lambda row: f"{row['grade']}: {GRADES[row['grade']]}"),
    ("citation", "Source", _of("citation")),
    ("source", "Key", _of("source")),
    ("url", "Address", _of("url")),
    ("where", "Where", _of("where")),
    ("note", "Note", _of("note")),
    ("structural", "Structural", lambda row: "yes: solved parameters are solved again" if row["structural"] else ""),
    ("currency", "For", lambda row: f"models in {row['currency']}"),
    ("applied", "In use", _yes("applied")),
    ("layer", "Set by", lambda row: f"layer {row['layer']}"),
    ("file", "File", _of("file")),
    ("needs", "Reads", _listing("needs")),
    ("used_by", "Used by", lambda row: _names(row["used_by"])),
)
_PARTS: Sequence[tuple[str, str, Sequence[Column]]] = (
    (
        "by_strategy", "Over time",
        [*_texts("strategy"), *_numbers("first", "last", "lowest", "highest")],
    ),
    (
        "totals", "Per person, from this outcome alone",
        [*_texts("strategy"), *_numbers("discounted", "undiscounted")],
    ),
    ("equations", "Equations", _EQUATION),
    (
        "changes", "Changes",
        [
            ("Changes", _both("name", "label")), ("From", _of("before")), ("To", _after),
            ("Grade and source", lambda row: "\n".join(filter(None, [row["grade"], _cited(row)]))),
        ],
    ),
)  # fmt: skip

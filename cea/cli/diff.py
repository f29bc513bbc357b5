"""`cea diff A B`: what differs between two settings or two run folders, in inputs and in results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.headline import headlines
from cea.cli.options import Request
from cea.engine.results import run
from cea.errors import UsageError
from cea.model.definition import Model, Parameter
from cea.reports import terminal
from cea.reports.wording import effect, money, pair_cell


def execute(request: Request, first: str, second: str, out: Console) -> None:
    """Compares two run folders where both names are folders with a manifest, else two sets of layers."""
    paths = [Path(first), Path(second)]
    are_runs = [(path / "manifest.json").is_file() for path in paths]
    if any(are_runs):
        if not all(are_runs):
            raise UsageError(f"{first} and {second}: name two run folders, or two settings such as base and england")
        _diff_runs(paths[0], paths[1], request.as_json, out)
        return
    models = [replace(request, layers=(*request.layers, *_layers(text))).model() for text in (first, second)]
    inputs = inputs_frame(models[0], models[1])
    results = [run(model, request.perspective) for model in models]
    if request.as_json:
        totals = {
            name: item.totals_frame().to_dict("records") for name, item in zip((first, second), results, strict=True)
        }
        out.out(
            json.dumps(
                {"inputs": json.loads(inputs.to_json(orient="records")), "totals": totals}, indent=2, ensure_ascii=False
            )
        )
        return
    made = terminal.table(
        f"Inputs that differ: {first} and {second}", [("Input", False), (first, False), (second, False)]
    )
    for row in inputs.itertuples():
        terminal.add(made, [row.name, row.first, row.second])
    out.print(made if len(inputs) else Text("No input differs."))
    made = terminal.table("Results", [("", False), (first, True), (second, True)])
    for name in dict.fromkeys([*results[0].strategies, *results[1].strategies]):
        for label, column in (
            ("cost", "cost"),
            (results[0].model.settings.effect_unit + "s", "effect"),
            ("life-years", "life_years"),
        ):
            cells = []
            for item in results:
                row = item.totals_frame().set_index("strategy")
                value = float(row[column].get(name, float("nan")))
                cells.append(money(value, item.model.currency) if column == "cost" else effect(value))
            terminal.add(made, [f"{name}, {label}", *cells])
    pairs = [
        {found.headline.name: pair_cell(found.pair, item.model.currency) for found in headlines(item)}
        for item in results
    ]
    for name in dict.fromkeys([*pairs[0], *pairs[1]]):
        terminal.add(made, [f"{name}, cost per unit", pairs[0].get(name, "-"), pairs[1].get(name, "-")])
    out.print(made)


def _layers(text: str) -> tuple[str, ...]:
    return () if text == "base" else tuple(part for part in text.split("+") if part)


def inputs_frame(first: Model, second: Model) -> pd.DataFrame:
    """Parameters, formulas, settings, tables and strategies that differ: name, first, second (as text)."""
    rows: list[dict[str, str]] = []

    def compare(prefix: str, left: dict[str, str], right: dict[str, str]) -> None:
        for name in dict.fromkeys([*left, *right]):
            if left.get(name) != right.get(name):
                rows.append({"name": f"{prefix}{name}", "first": left.get(name, "-"), "second": right.get(name, "-")})

    for prefix, section in (
        ("", _parameters),
        ("formula ", _formulas),
        ("setting ", _settings),
        ("table ", _tables),
        ("outcome ", _outcomes),
    ):
        compare(prefix, section(first), section(second))
    strategies = [", ".join(model.strategies) for model in (first, second)]
    if strategies[0] != strategies[1]:
        rows.append({"name": "strategies", "first": strategies[0], "second": strategies[1]})
    return pd.DataFrame(rows, columns=["name", "first", "second"])


def _parameters(model: Model) -> dict[str, str]:
    return {name: _parameter(item) for name, item in model.parameters.items()}


def _parameter(item: Parameter) -> str:
    if item.value is not None:
        unit = "" if item.unit == "1" else f" {item.unit}"
        spread = f", {item.distribution.describe()}" if item.uncertain and item.distribution else ""
        return f"{item.value:g}{unit}{spread}"
    if item.term is not None:
        return item.term.text
    if item.same_as is not None:
        return f"same as {item.same_as}"
    return f"solved for {item.solve.target.text}" if item.solve else ""


def _formulas(model: Model) -> dict[str, str]:
    return {name: item.term.text for name, item in model.formulas.items()}


def _settings(model: Model) -> dict[str, str]:
    settings = model.settings
    found = {
        name: getattr(settings, name)
        for name in ("country", "currency", "price_year", "perspective", "effect", "correction", "transition_method")
    }
    found["thresholds"] = ", ".join(f"{value:g}" for value in model.thresholds)
    for name in ("start_age", "until_age", "years", "discount_costs", "discount_effects"):
        term = getattr(settings, name)
        found[name] = term.text if term is not None else ""
    return found


def _tables(model: Model) -> dict[str, str]:
    return {name: f"{item.file}: {', '.join(item.headers.values())}" for name, item in model.tables.items()}


def _outcomes(model: Model) -> dict[str, str]:
    return {
        name: "; ".join([item.timing, *(f"{state}: {term.text}" for state, term in item.by_state.items()),
                         *([item.value.text] if item.value else []), *([f"when {item.when.text}"] if item.when else [])])
        for name, item in model.outcomes.items()
    }  # fmt: skip


def _diff_runs(first: Path, second: Path, as_json: bool, out: Console) -> None:
    manifests = [json.loads((path / "manifest.json").read_text(encoding="utf-8")) for path in (first, second)]
    rows: list[tuple[str, str, str]] = []
    for key in ("verb", "model", "inputs", "layers", "set", "perspective", "seed", "n", "commit"):
        if manifests[0].get(key) != manifests[1].get(key):
            rows.append((key, str(manifests[0].get(key)), str(manifests[1].get(key))))
    for section in ("versions", "input_files", "output_files"):
        rows.extend(_changed(section, manifests[0].get(section, {}), manifests[1].get(section, {})))
    if as_json:
        out.out(json.dumps([{"name": name, "first": left, "second": right} for name, left, right in rows], indent=2))
        return
    made = terminal.table("Run folders", [("", False), (first.name, False), (second.name, False)])
    for row in rows:
        terminal.add(made, row)
    out.print(made if rows else Text("The runs have the same inputs, versions and outputs."))
    numbers = [path / "incremental.csv" for path in (first, second)]
    if all(path.is_file() for path in numbers):
        tables: list[Any] = [pd.read_csv(path).set_index("strategy") for path in numbers]
        made = terminal.table(
            "Results",
            [
                ("Strategy", False),
                *((f"{name} {path.name}", True) for name in ("cost", "effect") for path in (first, second)),
            ],
        )
        for strategy in dict.fromkeys([*tables[0].index, *tables[1].index]):
            values = [table[name].get(strategy, float("nan")) for name in ("cost", "effect") for table in tables]
            terminal.add(made, [strategy, *(f"{value:,.3f}" for value in values)])
        out.print(made)


def _changed(section: str, left: dict[str, str], right: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (f"{section}: {name}", str(left.get(name, "-"))[:16], str(right.get(name, "-"))[:16])
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]

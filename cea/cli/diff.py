"""`cea diff A B`: what differs between two settings or two run folders, in inputs and in results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.headline import headlines
from cea.cli.options import Request
from cea.engine.results import Results, run
from cea.errors import UsageError
from cea.model.definition import Model, Outcome, Parameter
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, effect, money, pair_cell


def execute(request: Request, first: str, second: str, out: Console) -> None:
    """Compares two run folders where both names are folders with a manifest, else two sets of layers."""
    paths = (Path(first), Path(second))
    are_runs = [(path / "manifest.json").is_file() for path in paths]
    if all(are_runs):
        _diff_runs(paths, request.as_json, out)
    elif any(are_runs):
        raise UsageError(f"{first} and {second}: name two run folders, or two settings such as base and england")
    else:
        _diff_settings(request, (first, second), out)


def _diff_settings(request: Request, names: tuple[str, str], out: Console) -> None:
    models = [replace(request, layers=(*request.layers, *_layers(name))).model() for name in names]
    inputs = inputs_frame(models[0], models[1])
    results = [run(model, request.perspective) for model in models]
    if request.as_json:
        totals = {name: found.totals_frame().to_dict("records") for name, found in zip(names, results, strict=True)}
        report = {"inputs": inputs.to_dict("records"), "totals": totals}
        out.out(json.dumps(report, indent=2, ensure_ascii=False))
        return
    made = Table(f"Inputs that differ: {names[0]} and {names[1]}", [(text, False) for text in ("Input", *names)])
    for row in inputs.to_dict("records"):
        name = f"{row['label']} ({row['name']})" if row["label"] else row["name"]
        made.add([name, row["first"], row["second"]])
    if made.rows:
        print_table(out, made)
    else:
        out.print(Text("No input differs."))
    print_table(out, _results_table(names, results))


def _results_table(names: tuple[str, str], results: Sequence[Results]) -> Table:
    """Costs, effects and life-years of every strategy, and the headline comparisons, side by side."""
    made = Table("Results", [("", False), *((name, True) for name in names)])
    columns = {"cost": "cost", f"{results[0].model.settings.effect_unit}s": "effect", "life-years": "life_years"}
    totals = [found.totals_frame().set_index("strategy") for found in results]
    known = {name: item.label for found in results for name, item in found.model.strategies.items()}
    for strategy, shown in known.items():
        for label, column in columns.items():
            values = [float(frame[column].get(strategy, float("nan"))) for frame in totals]
            cells = [effect(value) for value in values]
            if column == "cost":
                cells = [money(value, found.model.currency) for value, found in zip(values, results, strict=True)]
            made.add([f"{shown}, {label}", *cells])
    pairs = [{item.headline.name: item for item in headlines(found)} for found in results]
    for name, first in {name: item for items in reversed(pairs) for name, item in items.items()}.items():
        cells = [
            pair_cell(items[name].pair, found.model.currency) if name in items else NONE
            for items, found in zip(pairs, results, strict=True)
        ]
        made.add([f"{first.headline.label}, cost per {results[0].model.settings.effect_unit}", *cells])
    return made


def _layers(text: str) -> tuple[str, ...]:
    return () if text == "base" else tuple(part for part in text.split("+") if part)


def inputs_frame(first: Model, second: Model) -> pd.DataFrame:
    """Everything that defines a model and differs: name, label (empty where it has none), first, second (as text)."""
    rows: list[tuple[str, str, str, str]] = []
    for kind, section in _SECTIONS.items():
        left, right = section(first), section(second)
        for name in dict.fromkeys([*left, *right]):
            if left.get(name) != right.get(name):
                label = _label(first, kind, name) or _label(second, kind, name)
                rows.append((f"{kind} {name}".strip(), label, left.get(name, NONE), right.get(name, NONE)))
    chosen, other = (", ".join(model.strategies) for model in (first, second))
    if chosen != other:
        rows.append(("strategies", "", chosen, other))
    return pd.DataFrame(rows, columns=["name", "label", "first", "second"])


def _label(model: Model, kind: str, name: str) -> str:
    """What a reader calls a thing of the model; empty where it has no label."""
    named: Mapping[str, Mapping[str, Any]] = {
        "": model.parameters, "formula": model.formulas, "state": model.states, "start in": model.states,
        "strategy": model.declared_strategies, "outcome": model.outcomes,
    }  # fmt: skip
    found = named.get(kind, {}).get(name)
    return str(found.label) if found is not None else ""


def _parameters(model: Model) -> dict[str, str]:
    return {name: _parameter(item) for name, item in model.parameters.items()}


def _parameter(item: Parameter) -> str:
    if item.value is not None:
        unit = "" if item.unit == "1" else f" {item.unit}"
        spread = f", {item.distribution.describe()}" if item.uncertain and item.distribution else ""
        return f"{item.value:.12g}{unit}{spread}"
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
    found["cycles_per_year"] = str(settings.cycles_per_year)
    found["equal_value"] = model.equal_value or ""
    found["shortfall"] = ""
    if (rule := model.shortfall) is not None:
        parts = [f"{band.weight:g} from {band.proportional:g} or {band.absolute:g}" for band in rule.bands]
        parts.append(f"discounted at {rule.discount.text} until age {rule.until_age.text}")
        found["shortfall"] = "; ".join(parts)
    for name in ("start_age", "until_age", "years", "discount_costs", "discount_effects"):
        term = getattr(settings, name)
        found[name] = term.text if term is not None else ""
    return found


def _tables(model: Model) -> dict[str, str]:
    return {name: f"{item.file}: {', '.join(item.headers.values())}" for name, item in model.tables.items()}


def _states(model: Model) -> dict[str, str]:
    return {
        name: f"{item.label}{f', {item.steps} cycles, then {item.then}' if item.then else ''}"
        for name, item in model.states.items()
    }


def _start(model: Model) -> dict[str, str]:
    return {name: term.text if term is not None else "rest" for name, term in model.start.items()}


def _windows(model: Model) -> dict[str, str]:
    return {name: f"every {item.every.text}, {item.courses.text} courses" for name, item in model.windows.items()}


def _strategies(model: Model) -> dict[str, str]:
    return {
        name: ", ".join(f"{switch} = {value:g}" for switch, value in item.switches.items())
        for name, item in model.declared_strategies.items()
    }


def _arrows(model: Model) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for move in model.transitions:
        when = f" when {move.when.text}" if move.when else ""
        event = f", {move.event}" if move.event else ""
        found.setdefault(f"{move.source} -> {move.target}", []).append(f"{move.kind} {move.term.text}{when}{event}")
    return {name: "; ".join(parts) for name, parts in found.items()}


def _outcomes(model: Model) -> dict[str, str]:
    return {name: _outcome(item) for name, item in model.outcomes.items()}


def _outcome(item: Outcome) -> str:
    parts = [item.timing, *(f"{state}: {term.text}" for state, term in item.by_state.items())]
    if item.value:
        parts.append(item.value.text)
    if item.when:
        parts.append(f"when {item.when.text}")
    return "; ".join(parts)


_SECTIONS: Mapping[str, Callable[[Model], dict[str, str]]] = {
    "": _parameters, "formula": _formulas, "setting": _settings, "table": _tables, "state": _states, "start in": _start,
    "window": _windows, "strategy": _strategies, "arrow": _arrows, "outcome": _outcomes,
}  # fmt: skip


def _diff_runs(paths: tuple[Path, Path], as_json: bool, out: Console) -> None:
    manifests = [json.loads((path / "manifest.json").read_text(encoding="utf-8")) for path in paths]
    rows: list[tuple[str, str, str]] = []
    for key in ("verb", "model", "inputs", "layers", "set", "perspective", "seed", "n", "commit"):
        if manifests[0].get(key) != manifests[1].get(key):
            rows.append((key, str(manifests[0].get(key)), str(manifests[1].get(key))))
    for section in ("versions", "input_files", "output_files"):
        rows.extend(_changed(section, manifests[0].get(section, {}), manifests[1].get(section, {})))
    if as_json:
        out.out(json.dumps([{"name": name, "first": left, "second": right} for name, left, right in rows], indent=2))
        return
    made = Table("Run folders", [(text, False) for text in ("", *(path.name for path in paths))])
    for row in rows:
        made.add(row)
    if made.rows:
        print_table(out, made)
    else:
        out.print(Text("The runs have the same inputs, versions and outputs."))
    if all((path / "incremental.csv").is_file() for path in paths):
        print_table(out, _totals_table(paths))


def _totals_table(paths: tuple[Path, Path]) -> Table:
    """Costs and effects of two run folders side by side."""
    frames: list[Any] = [pd.read_csv(path / "incremental.csv").set_index("strategy") for path in paths]
    headings = [f"{column} {path.name}" for column in ("cost", "effect") for path in paths]
    made = Table("Results", [("Strategy", False), *((heading, True) for heading in headings)])
    labels = {name: label for frame in frames for name, label in frame["label"].items()}
    for strategy, label in labels.items():
        values = [frame[column].get(strategy, float("nan")) for column in ("cost", "effect") for frame in frames]
        made.add([label, *(f"{value:,.3f}" for value in values)])
    return made


def _changed(section: str, left: dict[str, str], right: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (f"{section}: {name}", str(left.get(name, "-"))[:16], str(right.get(name, "-"))[:16])
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]

"""`cea run`: the base case."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.headline import HeadlineResult, headlines
from cea.analysis.incremental import Incremental, incremental
from cea.cli.options import OUTPUTS, Request
from cea.engine.results import Results, run
from cea.errors import CeaError
from cea.loading.folder import Folder
from cea.reports import terminal
from cea.reports.run_folder import Manifest, check_target, check_writable, write_run

Setting = tuple[str, Sequence[HeadlineResult]]


def execute(request: Request, command: Sequence[str], out: Console, err: Console, *, with_figures: bool) -> None:
    """Runs the model, prints the tables (or JSON) and writes the run folder."""
    started = time.perf_counter()
    writes = request.out is not None or not request.as_json
    if request.out is not None:
        check_target(request.out, force=request.force)
    if writes:
        check_writable((request.out or OUTPUTS / "x").parent)
    model = request.model()
    results = run(model, request.perspective)
    found = incremental(results.outcomes, request.comparator)
    settings = _settings(request, results)
    manifest = request.manifest(model, results.perspective, command)
    if not request.as_json:
        _print(out, results, found, settings)
    folder = None
    if writes:
        manifest.seconds = round(time.perf_counter() - started, 3)
        tables = _tables(results, found, settings)
        draw = (lambda target: _figures(results, found, target)) if with_figures else None
        folder = write_run(manifest, OUTPUTS, tables, draw, request.out, force=request.force)
    if request.as_json:
        out.out(json.dumps(report(results, found, settings, manifest), indent=2, ensure_ascii=False, allow_nan=False))
    if not request.quiet:
        for warning in model.warnings:
            err.print(Text(f"warning: {warning}", style="yellow"))
        if folder is not None:
            err.print(Text(f"Tables{' and figures' if with_figures else ''}: {folder.as_posix()}"))


def _settings(request: Request, results: Results) -> list[Setting]:
    """Headlines of the run, and under each layer that the model wants to see beside it."""
    model = results.model
    settings: list[Setting] = [("as run" if model.layers else "base case", headlines(results))]
    if not settings[0][1]:
        return settings
    folder = Folder(request.inputs)
    present = {layer.name for layer in model.layers}
    for name in model.beside:
        if name in present:
            continue
        layer = folder.layer(name)
        try:
            beside = run(model.with_layer(layer), results.perspective)
        except CeaError:
            continue  # a layer that does not fit this selection says so in `cea scenarios`
        settings.append((layer.label, headlines(beside)))
    return settings


def _print(out: Console, results: Results, found: Incremental, settings: Sequence[Setting]) -> None:
    model = results.model
    labels = {name: strategy.label for name, strategy in model.strategies.items()}
    terminal.print_heading(out, results)
    items = settings[0][1]
    for made in terminal.headline_tables(settings, results) if items else []:
        out.print(made)
    if note := terminal.price_note(items, results):
        out.print(Text(f"{note}\n"))
    out.print(terminal.incremental_table(found, labels))
    out.print(terminal.benefit_table(found, labels))
    out.print(terminal.pairwise_table(found, labels))
    if items:
        out.print(terminal.also_asked_table(items, results))
    severity = terminal.severity_table(items, results)
    if severity is not None:
        out.print(severity)
    money = results.outcomes.money
    out.print(terminal.wide_table(f"Costs by category ({money} per person, discounted)", results.categories_frame(), "category",
                                  "cost", labels, "money", model.currency))  # fmt: skip
    events = results.events_frame()
    if len(events):
        events = events.drop(columns="event").rename(columns={"label": "event"})
        out.print(
            terminal.wide_table("Events per person (undiscounted)", events, "event", "count", labels, "number", "")
        )
    out.print(terminal.totals_table(results, labels))
    solved = [
        f"{name} = {value:.4f}, so that the {solve.measure.replace('_', ' ')} of {solve.strategies[0]} and {solve.strategies[1]}"
        f"{f' at {solve.years.text} years' if solve.years else ''} is {solve.target.text}"
        for name, value in results.solved.items()
        if (solve := model.parameters[name].solve) is not None
    ]
    if solved:
        out.print(Text("Solved: " + "; ".join(solved)))
    out.print(Text(terminal.grade_note(results)))


def _tables(results: Results, found: Incremental, settings: Sequence[Setting]) -> dict[str, pd.DataFrame]:
    return {
        "incremental": found.frame(),
        "pairwise": found.pairwise_frame(),
        "headlines": headlines_frame(settings),
        "totals": results.totals_frame(),
        "outcomes": results.lines_frame(),
        "costs_by_category": results.categories_frame(),
        "by_state": results.states_frame(),
        "events": results.events_frame(),
        "trace": results.trace_frame(),
        "survival": results.survival_frame(),
    }


def headlines_frame(settings: Sequence[Setting]) -> pd.DataFrame:
    """One row per setting, headline and threshold."""
    rows = [
        {
            "setting": label,
            "headline": item.headline.name,
            "strategy": item.headline.strategy,
            "comparator": item.headline.comparator,
            "incremental_cost": item.pair.cost,
            "incremental_effect": item.pair.effect,
            "icer": item.pair.icer,
            "quadrant": item.pair.quadrant,
            "price": item.price,
            "threshold": limit.threshold if limit else None,
            "highest_price": limit.price if limit else None,
            "equal_value_life_years": item.added_life.equal_value_life_years,
            "incremental_cost_without_added_care": item.added_life.cost_without_added_care,
            "severity_weight": item.weight,
            "highest_price_weighted": limit.weighted if limit else None,
        }
        for label, items in settings
        for item in items
        for limit in (item.limits or (None,))
    ]
    return pd.DataFrame(rows)


def _figures(results: Results, found: Incremental, folder: Path) -> list[Path]:
    from cea.reports import figures, style  # noqa: PLC0415 - matplotlib is slow to import

    model = results.model
    labels = {name: strategy.label for name, strategy in model.strategies.items()}
    states = {state.name: state.label for state in model.states.values()}
    costs = figures.cost_by_category(results.categories_frame(), labels, model.currency, model.settings.price_year)
    drawn = {
        "trace": figures.markov_trace(results.trace_frame(), labels, states),
        "survival": figures.survival(results.survival_frame(), labels),
        "costs_by_category": costs,
        "frontier": figures.frontier(found),
    }
    return [path for name, figure in drawn.items() for path in style.save(figure, folder / name)]


def report(results: Results, found: Incremental, settings: Sequence[Setting], manifest: Manifest) -> dict[str, Any]:
    """The JSON object of `cea run`; its keys are documented in docs/results.md and stable."""
    model = results.model
    return {
        "results": found.records(),
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "thresholds": list(model.thresholds),
        "threshold": model.threshold,
        "perspective": results.perspective,
        "best": found.best(model.threshold),
        "comparator": found.comparator,
        "pairwise": [
            {
                "strategy": pair.strategy, "incremental_cost": pair.cost, "incremental_effect": pair.effect,
                "icer": pair.icer, "quadrant": pair.quadrant,
                "nmb": [{"threshold": at, "value": value} for at, value in zip(found.thresholds, pair.nmb, strict=True)],
            }
            for pair in found.pairs
        ],
        "headlines": [_headline(label, item) for label, items in settings for item in items],
        "undiscounted": results.totals_frame()[
            ["strategy", "cost_undiscounted", "effect_undiscounted", "life_years_undiscounted"]
        ].to_dict("records"),
        "events": results.events_frame().to_dict("records"),
        "costs_by_category": results.categories_frame().to_dict("records"),
        "solved": dict(results.solved),
        "warnings": list(model.warnings),
        "manifest": manifest.as_dict(),
    }  # fmt: skip


def _headline(label: str, item: HeadlineResult) -> dict[str, Any]:
    severity = item.severity
    return {
        "setting": label,
        "headline": item.headline.name,
        "strategy": item.headline.strategy,
        "comparator": item.headline.comparator,
        "incremental_cost": item.pair.cost,
        "incremental_effect": item.pair.effect,
        "icer": item.pair.icer,
        "quadrant": item.pair.quadrant,
        "price": item.price,
        "highest_price": [
            {"threshold": limit.threshold, "value": _finite(limit.price), "any": limit.price == float("inf"),
             "weighted": _finite(limit.weighted)}
            for limit in item.limits
        ],
        "equal_value_life_years": item.added_life.equal_value_life_years,
        "incremental_cost_without_added_care": item.added_life.cost_without_added_care,
        "severity": None if severity is None else {
            "expected": severity.expected, "absolute": severity.absolute, "proportional": severity.proportional,
            "weight": severity.weight,
        },
    }  # fmt: skip


def _finite(value: float | None) -> float | None:
    return None if value is None or value == float("inf") else value

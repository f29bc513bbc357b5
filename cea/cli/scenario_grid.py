"""`cea scenarios --grid A,B --with C,D`: every scenario of one list together with every one of another."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from cea.analysis.headline import HeadlineResult
from cea.analysis.scenario_grid import Choice, Grid, scenario_grid
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import progress
from cea.errors import UsageError
from cea.loading.folder import Folder
from cea.model.definition import Model
from cea.reports.run_tables import price_cell
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, headlines_line, money


def asked(grid: str | None, beside: str | None) -> tuple[str, str] | None:
    """The options `--grid` and `--with`, which belong together; None without them. Raises UsageError."""
    if (grid is None) != (beside is None):
        raise UsageError("--grid and --with belong together: rows and columns, as in --grid A,B --with C,D")
    return None if grid is None or beside is None else (grid, beside)


def execute(
    request: Request,
    output: Output,
    out: Console,
    model: Model,
    perspective: str,
    combined: tuple[str, str],
    *,
    with_figures: bool,
) -> None:
    """Runs every combination, prints the tables (or JSON) and writes the run folder."""
    folder = Folder(request.inputs)
    rows, columns = (
        _choices(folder, model, text, option) for text, option in zip(combined, ("--grid", "--with"), strict=True)
    )
    with progress(request, output.console, "Combinations") as told:
        grid = scenario_grid(model, rows, columns, request.perspective, told)

    def draw(target: Path) -> list[Path]:
        from cea.reports import scenario_figures, style  # noqa: PLC0415 - matplotlib is slow to import

        prices = dict.fromkeys(item.price_label for item in grid.base.headlines if item.price_label)
        return style.save(
            scenario_figures.grid_map(grid, model.threshold, "; ".join(prices)), target / "scenario_grid"
        )

    frame = grid.frame(model.threshold)
    drawn = draw if with_figures and grid.base.headlines else None
    line = headlines_line(grid.base.headlines, model.currency, model.settings.effect_unit)
    manifest = output.write(model, perspective, {"scenario_grid": frame}, drawn, headline=line)
    if request.as_json:
        report = {
            "scenarios": [],
            "grid": records(frame),
            **setting(model, perspective),
            "manifest": manifest.as_dict(),
        }
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        for made in _tables(model, grid):
            print_table(out, made)


def setting(model: Model, perspective: str) -> dict[str, Any]:
    """The keys of the JSON object that say in which money and at which threshold amounts are."""
    return {
        "threshold": model.threshold,
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "perspective": perspective,
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table for JSON; `any_price` says that no price is too high, for which JSON has no number."""
    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    prices = frame["highest_price"] if "highest_price" in frame else [None] * len(frame)
    return [row | {"any_price": price == math.inf} for row, price in zip(found, prices, strict=True)]


def _choices(folder: Folder, model: Model, text: str, option: str) -> list[Choice]:
    """`A,B+C` as choices of layers: A, and B with C. Raises UsageError and InputError."""
    applied = {layer.name for layer in model.layers}
    found: dict[str, Choice] = {}
    for part in text.split(","):
        names = [folder.resolve(model.document, name.strip()) for name in part.split("+") if name.strip()]
        if not names:
            raise UsageError(f"{option} {text}: name layers, separated by commas; A+B is A together with B")
        for name in names:
            if folder.is_jurisdiction(model.document, name):
                raise UsageError(f"{option}: {name} may have another currency; choose it with --layer for all cells")
            if name in applied:
                raise UsageError(f"{option}: {name} is on the model already, by --layer")
        layers = tuple(folder.layer(name) for name in dict.fromkeys(names))
        key = "+".join(layer.name for layer in layers)
        found[key] = Choice(key, " + ".join(layer.label for layer in layers), layers)
    return list(found.values())


def _tables(model: Model, grid: Grid) -> Iterator[Table]:
    """For each headline the net benefit of every combination, and the highest price where it has one."""
    currency, at = model.currency, money(model.threshold, model.currency)
    money_unit = f"{model.settings.price_year} {currency}".strip()

    def benefit(item: HeadlineResult) -> str:
        return money(item.net_benefit(model.threshold), currency)

    def price(item: HeadlineResult) -> str:
        limit = item.price_limit(model.threshold)
        return NONE if limit is None else price_cell(limit.price, currency)

    for first in grid.base.headlines:
        what = f"{first.headline.label}: {first.labels[0]} against {first.labels[1]}"
        unit = f"{at} per {model.settings.effect_unit} ({money_unit} per person)"
        made = _table(f"{what}, extra net benefit at {unit}", grid, first.headline.name, benefit)
        made.notes.append("Above zero: worth its cost.")
        made.notes += [f"No result: {label} ({reason})" for label, reason in grid.reasons(first.headline.name)]
        yield made
        if first.limits:
            made = _table(f"{what}, highest price at {at}", grid, first.headline.name, price)
            made.notes.append(f"{first.price_label}; none: not even at a price of zero.")
            yield made


def _table(title: str, grid: Grid, headline: str, cell: Callable[[HeadlineResult], str]) -> Table:
    made = Table(title, [("", False), *((column.label, True) for column in grid.columns)])
    for row, line in zip(grid.rows, grid.cells, strict=True):
        items = (scenario.headline(headline) for scenario in line)
        made.add([row.label, *(NONE if item is None else cell(item) for item in items)])
    return made

"""`cea dsa`: what each input alone does to the headlines, and two inputs at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.one_way import MEASURES, Bar, Measure, OneWay, one_way
from cea.analysis.two_way import TwoWay, two_way
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import explain_names, parse_pair, parse_spanned, progress
from cea.engine.results import choose_perspective
from cea.errors import UsageError
from cea.model.definition import Model
from cea.model.document import did_you_mean
from cea.reports.quantities import figure as number
from cea.reports.quantities import per
from cea.reports.terminal import Table, print_table
from cea.reports.wording import effect, listing, money, setting


@dataclass(frozen=True)
class Choices:
    """What the options of `cea dsa` say beyond those that all commands share."""

    pair: tuple[str, str] | None
    measure: Measure
    grid: tuple[str, str] | None
    steps: int
    top: int
    together: bool


def choices(pair: str | None, outcome: str, grid: tuple[str, str] | None, steps: int, top: int, alone: bool) -> Choices:
    """The options, checked. Raises UsageError."""
    measure = next((name for name in MEASURES if name == outcome), None)
    if measure is None:
        raise UsageError(f"unknown outcome '{outcome}': {did_you_mean(outcome, MEASURES)}")
    if top < 1:
        raise UsageError(f"--top {top}: show one input at least")
    return Choices(parse_pair(pair), measure, grid, steps, top, not alone)


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, asked: Choices, *, with_figures: bool
) -> None:
    """Runs the analyses, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    grids = _grids(request, model, err, asked)
    with progress(request, err, "One-way") as told:
        found = one_way(model, asked.pair, perspective=perspective, together=asked.together, progress=told)

    def draw(folder: Path) -> list[Path]:
        return _draw(folder, found, grids, asked, setting(model, perspective))

    tables = _tables(found, grids, asked.measure)
    manifest = output.write(model, perspective, tables, draw if with_figures else None, headline=_line(found, asked))
    if request.as_json:
        report = _report(model, perspective, found, grids, asked) | {"manifest": manifest.as_dict()}
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, found, grids, asked)


def _grids(request: Request, model: Model, err: Console, asked: Choices) -> tuple[TwoWay, ...]:
    """The two-way analyses, where they are asked for."""
    if asked.grid is None:
        return ()
    (first, low), (second, high) = (parse_spanned(text, "--two-way") for text in asked.grid)
    explain_names(model, (first, second))
    spans = {name: span for name, span in ((first, low), (second, high)) if span is not None}
    steps = (asked.steps, asked.steps)
    with progress(request, err, "Two-way") as told:
        return two_way(
            model, first, second, steps, asked.pair, perspective=request.perspective, spans=spans, progress=told
        )


def _tables(found: Iterable[OneWay], grids: Iterable[TwoWay], measure: Measure) -> dict[str, pd.DataFrame]:
    found = tuple(found)
    tables = {f"one_way_{item.comparison.name}": item.frame(measure) for item in found}
    tables["not_moved"] = found[0].skipped_frame()
    for grid in grids:
        tables[f"two_way_{grid.comparison.name}"] = grid.frame()
        tables[f"two_way_zero_{grid.comparison.name}"] = grid.boundary_frame()
    return tables


def _line(found: Iterable[OneWay], asked: Choices) -> str:
    """What moves each comparison most."""
    return "; ".join(
        f"{item.labels[0]} against {item.labels[1]}: moved most by {bar.input.label}"
        for item in found
        for bar in item.sorted(asked.measure)[:1]
    )


def _draw(
    folder: Path, found: Iterable[OneWay], grids: Iterable[TwoWay], asked: Choices, where: str
) -> list[Path]:
    from cea.reports import sensitivity_figures, style  # noqa: PLC0415 - matplotlib is slow to import

    drawn = {
        f"tornado_{item.comparison.name}": sensitivity_figures.tornado(item, asked.measure, asked.top) for item in found
    }
    drawn |= {f"two_way_{grid.comparison.name}": sensitivity_figures.heat_map(grid) for grid in grids}
    return [path for name, figure in drawn.items() for path in style.save(figure, folder / name, where)]


def _print(out: Console, found: Sequence[OneWay], grids: Sequence[TwoWay], asked: Choices) -> None:
    for item in found:
        print_table(out, _table(item, asked))
    for line in _notes(found[0], asked):
        out.print(Text(line))
    for grid in grids:
        out.print(Text(f"\n{_grid_text(grid)}"))


def _table(found: OneWay, asked: Choices) -> Table:
    measure, currency = asked.measure, found.currency
    name = {"nmb": "NMB", "cost": "cost", "effect": f"{found.effect_unit}s"}[measure]
    at = f" at {money(found.threshold, currency)} per {found.effect_unit}" if measure == "nmb" else ""
    title = f"{found.comparison.label}: extra {name}{at}, {found.labels[0]} against {found.labels[1]}"
    head = name[:1].upper() + name[1:]
    headings = ["Low value", "High value", f"{head} at low", f"{head} at high", "Swing"]
    made = Table(title, [("Input", False), *((heading, True) for heading in headings), ("Turns", False)])
    base = _amount(getattr(found.base, measure), found, measure)
    made.add(["Base case", "", "", base, base, "", ""], strong=True)
    bars = [bar for bar in found.sorted(measure) if found.swing(bar, measure) > 0]
    for bar in bars[: asked.top]:
        ends = [_amount(end, found, measure) for end in bar.ends(measure)]
        swing = _amount(found.swing(bar, measure), found, measure)
        made.add([_label(bar), _values(bar, bar.input.low), _values(bar, bar.input.high), *ends, swing, _turns(bar)])
    if len(bars) > asked.top:
        most = _amount(found.swing(bars[asked.top], measure), found, measure)
        made.notes.append(
            f"{len(bars) - asked.top} more inputs, with swings up to {most} (--top {len(bars)} shows all)."
        )
    if unmoved := len(found.bars) - len(bars):
        made.notes.append(f"{unmoved} more inputs do not matter to this comparison.")
    return made


def _label(bar: Bar) -> str:
    unit = per(bar.input.unit)
    return bar.input.label + (f" ({unit})" if unit else "")


def _values(bar: Bar, case: Any) -> str:
    return "; ".join(number(case[name], 6 if abs(case[name]) >= 1000 else 3) for name in bar.input.members)


def _turns(bar: Bar) -> str:
    return " and ".join(
        word for word, turns in (("decision", bar.flips), ("best of all", bar.flips_best)) if turns
    )  # fmt: skip


def _amount(value: float, found: OneWay, measure: Measure) -> str:
    return effect(value) if measure == "effect" else money(value, found.currency)


def _notes(found: OneWay, asked: Choices) -> Iterable[str]:
    """How to read the tables, and what they leave out."""
    labels = {bar.input.name: bar.input.label for bar in found.bars}
    yield (
        f"Turns at {money(found.threshold, found.currency)}: `decision`, the strategy becomes or stops being worth its "
        "cost; `best of all`, another of all strategies becomes the best."
    )
    if any("conditional median" in bar.input.note for bar in found.bars):
        yield (
            "Inputs of a correlated group move together: the others go to their conditional median given the input's "
            "value (--alone moves each by itself)."
        )
    again = [f"{labels[bar.input.name]}: {bar.input.note}" for bar in found.bars if "solved again" in bar.input.note]
    yield from again
    reasons = dict.fromkeys(item.reason for item in found.skipped)
    for reason in reasons:
        yield f"Not moved, {reason}: {', '.join(item.name for item in found.skipped if item.reason == reason)}."
    if not asked.together:
        yield "Each input moves by itself, also those that are drawn together."


def _grid_text(grid: TwoWay) -> str:
    """One sentence about a grid."""
    worth = float((grid.benefit >= 0).mean())
    turn = grid.boundary_frame()
    where = f"worth its cost in {worth:.0%} of the grid"
    if len(turn):
        spots = (turn.iloc[0], turn.iloc[-1])
        where += "; the decision turns from " + " to ".join(
            f"{number(float(spot.iloc[0]), 4)} and {number(float(spot.iloc[1]), 4)}" for spot in spots
        )
    best = listing(sorted({grid.strategy_labels[at] for at in grid.best.ravel().tolist()}))
    axes = f"{grid.first.name} and {grid.second.name}"
    return f"{grid.comparison.label}, over {axes}: {grid.labels[0]} is {where}. Best of all somewhere: {best}."


def _report(
    model: Model, perspective: str, found: Iterable[OneWay], grids: Iterable[TwoWay], asked: Choices
) -> dict[str, Any]:
    """The JSON object of `cea dsa`; its keys are stable."""
    found = tuple(found)
    return {
        "one_way": [
            {
                "headline": item.comparison.name,
                "strategy": item.comparison.strategy,
                "comparator": item.comparison.comparator,
                "base": item.base._asdict(),
                "best": item.best,
                "inputs": [
                    row | {"low": dict(bar.input.low), "high": dict(bar.input.high)}
                    for row, bar in zip(
                        item.frame(asked.measure).to_dict("records"), item.sorted(asked.measure), strict=True
                    )
                ],
            }
            for item in found
        ],
        "outcome": asked.measure,
        "together": asked.together,
        "not_moved": [
            {"input": item.name, "value": item.value, "unit": item.unit, "reason": item.reason}
            for item in found[0].skipped
        ],
        "two_way": [
            {
                "headline": grid.comparison.name,
                "strategy": grid.comparison.strategy,
                "comparator": grid.comparison.comparator,
                "first": {"input": grid.first.name, "values": grid.first.values.tolist()},
                "second": {"input": grid.second.name, "values": grid.second.values.tolist()},
                "nmb": grid.benefit.tolist(),
                "best": [[grid.strategies[at] for at in row] for row in grid.best.tolist()],
            }
            for grid in grids
        ],
        "threshold": model.threshold,
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "perspective": perspective,
    }

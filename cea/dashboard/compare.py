"""Settings side by side: what they assume differently, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from cea.analysis.headline import HeadlineResult
from cea.dashboard import computing, session
from cea.dashboard.computing import Answer, Source
from cea.dashboard.scenario_file import Saved
from cea.errors import CeaError
from cea.reports.quantities import quantity
from cea.reports.run_tables import price_cell
from cea.reports.terminal import Table
from cea.reports.wording import NONE, effect, money, pair_cell

MOST = 4
"""Settings that stand side by side."""

Write = Callable[[float], str]


@dataclass(frozen=True, eq=False)
class Side:
    """One setting with its results, or why there are none."""

    saved: Saved
    answer: Answer | None
    problem: str = ""


def side(source: Source, saved: Saved) -> Side:
    """A setting and its results."""
    try:
        return Side(saved, computing.answer(source, saved.setting))
    except CeaError as error:
        return Side(saved, None, "; ".join(session.said(error)))


def good(sides: Sequence[Side]) -> list[tuple[str, Answer]]:
    """Names and results of the settings that have any."""
    return [(one.saved.name, one.answer) for one in sides if one.answer is not None]


def input_table(source: Source, sides: Sequence[tuple[str, Answer]]) -> Table:
    """A row for everything that is not the same in all settings: presets, perspective, threshold, inputs."""
    answers = [item for _, item in sides]
    rows = [
        [
            "Presets",
            *(", ".join(layer.label for layer in item.model.layers if not layer.edit) or NONE for item in answers),
        ],
        ["Perspective", *(item.model.perspectives[item.results.perspective].label for item in answers)],
        ["Threshold", *(money(item.model.threshold, item.model.currency) for item in answers)],
    ]
    frames = [computing.inputs(source, item.setting) for item in answers]
    for name in dict.fromkeys(name for frame in frames for name in frame.index):
        label = next(frame.loc[name, "label"] for frame in frames if name in frame.index)
        rows.append([str(label), *(_value(frame, name) for frame in frames)])
    different = [row for row in rows if len(set(row[1:])) > 1]
    return _table("What they assume differently", sides, different or [["No differences", *[NONE] * len(sides)]])


def _value(frame: pd.DataFrame, name: str) -> str:
    if name not in frame.index:
        return NONE
    value = float(frame["value"].astype(float)[name])
    return "varies" if math.isnan(value) else quantity(value, str(frame.loc[name, "unit"]))


def headline_tables(sides: Sequence[tuple[str, Answer]]) -> Iterator[Table]:
    """A table for each headline: what it comes to in each setting, with the change to the first one."""
    answers = [item for _, item in sides]
    for name in dict.fromkeys(item.headline.name for one in answers for item in one.headlines):
        found = [next((item for item in one.headlines if item.headline.name == name), None) for one in answers]
        first = next(item for item in found if item is not None)
        title = f"{first.headline.label}: {first.labels[0]} against {first.labels[1]} ({_money(answers)})"
        yield _table(title, sides, list(_headline_rows(answers, found)))


def strategy_table(sides: Sequence[tuple[str, Answer]]) -> Table:
    """The best buy, and the cost and effect of every strategy, with the change to the first setting."""
    answers = [item for _, item in sides]
    rows = [["Best buy at the threshold", *(item.label(item.found.best(item.found.threshold)) for item in answers)]]
    for name in dict.fromkeys(name for item in answers for name in item.model.strategies):
        label = next(item.label(name) for item in answers if name in item.model.strategies)
        found = [item.found.row(name) if name in item.model.strategies else None for item in answers]
        rows.append([f"{label}: cost", *_amounts(answers, [None if row is None else row.cost for row in found])])
        effects = [None if row is None else row.effect for row in found]
        rows.append([f"{label}: {answers[0].found.effect_unit}s", *_cells(effects, [effect] * len(found), change=True)])
    return _table(f"All strategies ({_money(answers)}, discounted)", sides, rows)


def _headline_rows(answers: Sequence[Answer], found: Sequence[HeadlineResult | None]) -> Iterator[list[str]]:
    """Extra cost, effect gained, their ratio, net benefit and highest price."""
    pairs = [None if item is None else item.pair for item in found]
    unit = answers[0].found.effect_unit
    yield ["Extra cost", *_amounts(answers, [None if pair is None else pair.cost for pair in pairs])]
    gained = [None if pair is None else pair.effect for pair in pairs]
    yield [f"{unit}s gained", *_cells(gained, [effect] * len(gained), change=True)]
    ratios = zip(answers, pairs, strict=True)
    yield [f"Cost per {unit}", *(NONE if pair is None else pair_cell(pair, one.model.currency) for one, pair in ratios)]
    both = list(zip(answers, found, strict=True))
    benefits = [None if item is None else item.net_benefit(one.model.threshold) for one, item in both]
    yield ["Net benefit at the threshold", *_amounts(answers, benefits)]
    limits = [None if item is None else item.price_limit(one.model.threshold) for one, item in both]
    prices = [
        NONE if limit is None else price_cell(limit.price, one.model.currency)
        for one, limit in zip(answers, limits, strict=True)
    ]
    yield ["Highest price", *prices]


def _amounts(answers: Sequence[Answer], values: Sequence[float | None]) -> list[str]:
    """Amounts, each in the currency of its setting; changes only where that is one and the same."""
    writers = [lambda value, item=item: money(value, item.model.currency) for item in answers]
    return _cells(values, writers, change=len({item.money_unit for item in answers}) == 1)


def _cells(values: Sequence[float | None], writers: Sequence[Write], *, change: bool) -> list[str]:
    """Numbers in words, with the change to the first one behind those that differ from it."""
    cells = []
    for value, write in zip(values, writers, strict=True):
        text = NONE if value is None else write(value)
        if change and value is not None and values[0] is not None and (by := value - values[0]):
            text += f" ({'+' if by > 0 else ''}{write(by)})"
        cells.append(text)
    return cells


def _money(answers: Sequence[Answer]) -> str:
    return f"{' or '.join(dict.fromkeys(item.money_unit for item in answers))} per person"


def _table(title: str, sides: Sequence[tuple[str, Answer]], rows: Sequence[Sequence[str]]) -> Table:
    made = Table(title, [("", False), *((name, True) for name, _ in sides)])
    for row in rows:
        made.add(row)
    return made


def results_frame(sides: Sequence[tuple[str, Answer]]) -> pd.DataFrame:
    """The incremental tables of all settings, one below the other."""
    return pd.concat([item.found.frame().assign(scenario=name) for name, item in sides], ignore_index=True)

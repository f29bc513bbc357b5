"""Settings side by side: what they assume differently, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from cea.analysis.headline import HeadlineResult
from cea.dashboard import computing, session
from cea.dashboard.computing import Answer, Source
from cea.dashboard.scenario_file import Saved
from cea.errors import CeaError
from cea.reports.quantities import quantity
from cea.reports.run_tables import price_cell
from cea.reports.wording import NONE, effect, money, pair_cell

MOST = 4
"""Settings that stand side by side."""


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


def input_differences(source: Source, sides: Sequence[Side]) -> list[list[str]]:
    """A row for everything that is not the same in all settings: layers, perspective, threshold, inputs."""
    answers = [one.answer for one in sides if one.answer is not None]
    rows = [
        [
            "Layers",
            *(", ".join(layer.label for layer in item.model.layers if not layer.edit) or NONE for item in answers),
        ]
    ]
    rows.append(["Perspective", *(item.model.perspectives[item.results.perspective].label for item in answers)])
    rows.append(["Threshold", *(money(item.model.threshold, item.model.currency) for item in answers)])
    frames = [computing.inputs(source, item.setting) for item in answers]
    for name in dict.fromkeys(name for frame in frames for name in frame.index):
        label = next(frame.loc[name, "label"] for frame in frames if name in frame.index)
        rows.append([str(label), *(_value(frame, name) for frame in frames)])
    return [row for row in rows if len(set(row[1:])) > 1]


def _value(frame: pd.DataFrame, name: str) -> str:
    if name not in frame.index:
        return NONE
    value = float(frame["value"].astype(float)[name])
    return "varies" if math.isnan(value) else quantity(value, str(frame.loc[name, "unit"]))


def result_differences(sides: Sequence[Side]) -> Iterator[tuple[str, list[list[str]]]]:
    """A table for all strategies together and for each headline: title, and rows with a cell for each setting."""
    answers = [one.answer for one in sides if one.answer is not None]
    best = [item.label(item.found.best(item.found.threshold)) for item in answers]
    rows = [["Best buy", *best]]
    for name in dict.fromkeys(name for item in answers for name in item.model.strategies):
        label = next(item.label(name) for item in answers if name in item.model.strategies)
        rows.append([f"{label}: cost", *(_total(item, name, "cost") for item in answers)])
        rows.append([f"{label}: effect", *(_total(item, name, "effect") for item in answers)])
    yield "All strategies (per person, discounted)", rows
    for name in dict.fromkeys(item.headline.name for one in answers for item in one.headlines):
        found = [next((item for item in one.headlines if item.headline.name == name), None) for one in answers]
        first = next(item for item in found if item is not None)
        title = f"{first.headline.label}: {first.labels[0]} against {first.labels[1]} (per person)"
        cells = [_headline(one, item) for one, item in zip(answers, found, strict=True)]
        names = [
            "Extra cost",
            "Effect gained",
            "Cost per unit of effect",
            "Net benefit at the threshold",
            "Highest price",
        ]
        yield title, [[text, *(column[at] for column in cells)] for at, text in enumerate(names)]


def _total(item: Answer, strategy: str, which: str) -> str:
    if strategy not in item.model.strategies:
        return NONE
    row = item.found.row(strategy)
    return (
        money(row.cost, item.model.currency) if which == "cost" else f"{effect(row.effect)} {item.found.effect_unit}s"
    )


def _headline(one: Answer, item: HeadlineResult | None) -> list[str]:
    if item is None:
        return [NONE] * 5
    currency, threshold = one.model.currency, one.model.threshold
    limit = item.price_limit(threshold)
    return [
        money(item.pair.cost, currency),
        f"{effect(item.pair.effect)} {one.found.effect_unit}s",
        pair_cell(item.pair, currency),
        money(item.net_benefit(threshold), currency),
        price_cell(limit.price, currency) if limit is not None else NONE,
    ]


def results_frame(sides: Sequence[Side]) -> pd.DataFrame:
    """The incremental tables of all settings, one below the other."""
    return pd.concat(
        [one.answer.found.frame().assign(scenario=one.saved.name) for one in sides if one.answer is not None],
        ignore_index=True,
    )

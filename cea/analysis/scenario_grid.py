"""Scenarios combined: the headlines under every pair of two sets of scenarios, and which pairs exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import pandas as pd

from cea.analysis.deterministic import Progress
from cea.analysis.headline import HeadlineResult
from cea.analysis.scenarios import Scenario, base_scenario, scenario_of
from cea.engine.results import run
from cea.errors import CeaError, InputError, UsageError
from cea.model.definition import Model
from cea.model.document import Node
from cea.model.layers import Layer

_ABOUT = ("label", "description", "structural", "requires", "source")
"""What a layer says of itself, and of the values it sets, rather than of the model."""
_KINDS = ("value", "formula", "same_as", "solve")
"""The ways to give a parameter, one of which takes the place of another."""
_WHOLE = ("start", "thresholds", "shortfall")
"""Sections that a layer replaces as a whole; in others entries merge."""
_WHOLE_ENTRIES = ("transitions", "events")
"""Sections whose entries are replaced as a whole."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """A row or a column of a grid: some layers together, none for the base case."""

    name: str
    label: str
    layers: tuple[Layer, ...] = ()


BASE = Choice("base", "Base case")


@dataclass(frozen=True)
class Grid:
    """Every row with every column; the base case is the first of both, so that each choice also stands alone.

    `cells` has a row of scenarios for each row; a pair that cannot be combined has its reason.
    """

    rows: tuple[Choice, ...]
    columns: tuple[Choice, ...]
    cells: tuple[tuple[Scenario, ...], ...]

    @property
    def base(self) -> Scenario:
        """The base case."""
        return self.cells[0][0]

    def reasons(self, headline: str) -> list[tuple[str, str]]:
        """The choices and pairs without a result for a headline, with the reason; a choice once, not its pairs."""
        first = self.base.headline(headline)
        left_out = f"leaves out {' or '.join(first.labels)}" if first is not None else ""
        found: dict[tuple[int, int], tuple[str, str]] = {}
        for i, j in product(range(len(self.rows)), range(len(self.columns))):
            cell = self.cells[i][j]
            if cell.headline(headline) is not None:
                continue
            reason = cell.reason or left_out
            if reason not in (found.get(alone, ("", ""))[1] for alone in ((i, 0), (0, j)) if alone != (i, j)):
                found[i, j] = (cell.label, reason)
        return list(found.values())

    def interaction(self, row: int, column: int, headline: str, threshold: float) -> float | None:
        """What a pair changes in net monetary benefit beyond the sum of what each changes alone; None for no pair."""
        if not (row and column):
            return None
        found = [
            cell.headline(headline)
            for cell in (self.cells[row][column], self.cells[0][0], self.cells[row][0], self.cells[0][column])
        ]
        if any(item is None for item in found):
            return None
        both, base, one, other = (item.net_benefit(threshold) for item in found if item is not None)
        return both + base - one - other

    def frame(self, threshold: float) -> pd.DataFrame:
        """Tidy table: one row a pair and headline; a pair that cannot be combined has one row with its reason.

        Columns: row, column, row_label, column_label, perspective, headline, strategy, comparator, incremental_cost,
        incremental_effect, icer, quadrant, nmb, nmb_change, interaction, worth_it, highest_price, reason. Prices and
        net benefits are at `threshold`; a highest price that is missing means not even at a price of zero.
        """
        return pd.DataFrame(list(self._records(threshold)))

    def _records(self, threshold: float) -> Iterator[dict[str, Any]]:
        for (i, row), (j, column) in product(enumerate(self.rows), enumerate(self.columns)):
            cell = self.cells[i][j]
            known = {"row": row.name, "column": column.name, "row_label": row.label, "column_label": column.label}
            if cell.results is None:
                yield {**known, "reason": cell.reason}
            for item in cell.headlines:
                limit, benefit = item.price_limit(threshold), item.net_benefit(threshold)
                yield {
                    **known,
                    "perspective": cell.perspective,
                    **item.as_dict(),
                    "nmb": benefit,
                    "nmb_change": cell.change(item, threshold),
                    "interaction": self.interaction(i, j, item.headline.name, threshold),
                    "worth_it": benefit >= 0,
                    "highest_price": limit.price if limit else None,
                    "reason": "",
                }


def scenario_grid(
    model: Model,
    rows: Sequence[Choice],
    columns: Sequence[Choice],
    perspective: str | None = None,
    progress: Progress | None = None,
) -> Grid:
    """The headlines under each row together with each column, each alone, and in the base case.

    A pair that sets the same thing to different values, that cannot be solved or run, or that is made for another
    currency or perspective, is kept with its reason. Raises UsageError for a choice whose own layers clash, InputError
    and CeaError for one that cannot be run alone.
    """
    for choice in (*rows, *columns):
        for one, other in combinations(choice.layers, 2):
            if reason := clash(model, [one], [other]):
                raise UsageError(f"{choice.name}: {reason}")
    first = base_scenario(run(model, perspective))
    references: dict[str, tuple[HeadlineResult, ...]] = {first.perspective: first.headlines}
    rows, columns = (BASE, *rows), (BASE, *columns)
    done, cells = 1, []
    for row in rows:
        line = []
        for column in columns:
            if row is BASE and column is BASE:
                line.append(first)
                continue
            line.append(_cell(model, row, column, references, perspective))
            done += 1
            if progress is not None:
                progress(done, len(rows) * len(columns))
        cells.append(tuple(line))
    return Grid(tuple(rows), tuple(columns), tuple(cells))


def _cell(
    model: Model,
    row: Choice,
    column: Choice,
    references: dict[str, tuple[HeadlineResult, ...]],
    perspective: str | None,
) -> Scenario:
    alone = row is BASE or column is BASE
    name, label = (
        " + ".join(dict.fromkeys(text for text, choice in zip(texts, (row, column), strict=True) if choice is not BASE))
        for texts in ((row.name, column.name), (row.label, column.label))
    )
    layers = {layer.name: layer for layer in (*row.layers, *column.layers)}
    impossible = Scenario(name, label, None, ())
    if not alone and len(layers) < len(row.layers) + len(column.layers):
        return replace(impossible, reason="the same layer twice")
    foreign = any(layer.requires_currency not in (None, model.currency) for layer in layers.values())
    if not foreign and (reason := clash(model, row.layers, column.layers)):
        return replace(impossible, reason=reason)
    try:
        return scenario_of(model, name, label, list(layers.values()), references, perspective)
    except CeaError as error:
        if alone:
            raise
        said = error.problems[0].what if isinstance(error, InputError) else str(error)
        return replace(impossible, reason=said)


def clash(model: Model, first: Sequence[Layer], second: Sequence[Layer]) -> str:
    """Why two sets of layers cannot hold at once, in words; empty where they can."""
    paths = conflicts(first, second)
    return f"both set {_named(model, paths)}, to different values" if paths else ""


def conflicts(first: Sequence[Layer], second: Sequence[Layer]) -> list[Path]:
    """Where two sets of layers put different things in the same place of a model, such as two values of a parameter."""
    left, right = ({path: text for layer in layers for path, text in _leaves(layer)} for layers in (first, second))
    found = []
    for path, text in left.items():
        other = right.get(path)
        within = any(_inside(path, beside) or _inside(beside, path) for beside in right)
        if within or (other is not None and other != text):
            found.append(path)
    return found


def _inside(path: Path, outer: Path) -> bool:
    return len(path) > len(outer) and path[: len(outer)] == outer


def _leaves(layer: Layer) -> Iterator[tuple[Path, object]]:
    """The places that a layer changes, each with what it puts there."""
    for key, node in layer.node.entries.items():
        if key in _ABOUT:
            continue
        # What is added stands where it would be changed, so that two layers that add the same clash.
        for section, content in node.entries.items() if key == "add" else ((key, node),):
            yield from _within((section,), content)


def _within(path: Path, node: Node) -> Iterator[tuple[Path, object]]:
    whole = path[0] in _WHOLE or (path[0] in _WHOLE_ENTRIES and len(path) > 1)
    if isinstance(node.value, dict) and not whole:
        for key, child in node.entries.items():
            if key not in _ABOUT or len(path) < 2:
                yield from _within((*path, key), child)
        return
    content: object = node.plain()
    if path[0] in ("parameters", "formulas"):
        # A bare number or text is short for an entry; one kind of value takes the place of another.
        if len(path) == 2:
            path = (*path, "value" if path[0] == "parameters" else "formula")
        if path[0] == "parameters" and path[2] in _KINDS:
            path, content = (*path[:2], "value"), (path[2], content)
    yield path, content


def _named(model: Model, paths: Sequence[Path]) -> str:
    """The first of some places in a model, in words."""
    names = list(dict.fromkeys(path[:2] for path in paths))
    section, name = (*names[0], "")[:2]
    things: dict[str, Any] = {"parameters": model.parameters, "formulas": model.formulas, "outcomes": model.outcomes}
    thing = things.get(section, {}).get(name)
    label = thing.label if thing is not None and thing.label else " ".join(names[0])
    return f"'{label}'" + (f" and {len(names) - 1} more" if len(names) > 1 else "")

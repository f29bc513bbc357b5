"""Columns of time and of every named formula that varies over it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cea.engine.markov import Floats
from cea.engine.scope import Scope, Value
from cea.model.definition import Model
from cea.reports.quantities import per
from cea.reports.workbook.addresses import definition
from cea.reports.workbook.cell_text import Writer
from cea.reports.workbook.columns import Column

TIME, DRIVERS = "Time", "Formulas that vary over time"


def over_time(scope: Scope, value: Value, strategy: int) -> Floats:
    """A value of one strategy at each cycle boundary, shape (boundary,)."""
    array = np.atleast_3d(np.asarray(value, dtype=np.float64))[0]
    row = array[min(strategy, len(array) - 1)]
    return np.broadcast_to(row, (scope.cycles + 1,))


def clock_columns(writer: Writer, scope: Scope) -> Iterator[Column]:
    """Cycle, year and age."""
    settings, name = scope.model.settings, writer.layout.name
    cycle = np.arange(scope.cycles + 1, dtype=np.float64)
    yield Column("cycle", TIME, "Cycle", "", cycle, None, "whole")
    yield Column(
        "year", TIME, "Years since the start", "years", scope.years, f"[cycle]/{name('cycles_per_year')}", "years"
    )
    if settings.start_age is not None:
        age = over_time(scope, scope.names["age"], 0)
        yield Column("age", TIME, "Age", "years", age, f"{writer.factor(settings.start_age)}+[year]", "years")


def driver_columns(writer: Writer, scope: Scope, strategy: int) -> Iterator[Column]:
    """Named formulas that vary over time, in an order in which each comes after what it needs."""
    model = scope.model
    for name in model.order:
        if writer.layout.places.get(name) != "series":
            continue
        term = definition(model, name)
        formula = writer.value(term) if term is not None else f"[{model.parameters[name].same_as}]"
        label, unit = describe(model, name)
        yield Column(name, DRIVERS, label, unit, over_time(scope, scope.names[name], strategy), formula, "small")


def describe(model: Model, name: str) -> tuple[str, str]:
    """Label and unit of a formula or parameter, the name in words where it has no label."""
    item = model.formulas[name] if name in model.formulas else model.parameters[name]
    return item.label or name.replace("_", " ").capitalize(), per(item.unit or "")

"""Survival that a life table implies by itself, to hold a model against whose every other hazard is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cea.engine.scope import TOLERANCE, Scope
from cea.engine.solve import solved_values
from cea.errors import InputError, Problem
from cea.model.definition import Model

REST = "rest"
"""Stands for the share that the other columns leave."""


@dataclass(frozen=True)
class LifeTable:
    """A table of annual probabilities of death by age, and the parameter that gives each column's share (or `rest`)."""

    table: str
    columns: Mapping[str, str]


def survival(life: LifeTable, model: Model, years: float) -> float:
    """Share alive after `years` from the model's start age when the table's deaths are the only ones.

    Probabilities are read at the last age in the table that is not above the age now, mixed by the shares, and spread
    evenly over the year's cycles; nothing of the engine is used for it but the values of parameters. Raises InputError
    where the model has no start age or the table ends too soon.
    """
    table = model.tables[life.table]
    if model.settings.start_age is None:
        raise InputError([Problem("a life table needs the age at the start", table.place, "give `start_age`")])
    scope = Scope(model, solved_values(model), tuple(model.strategies), cycles=1)
    shares = {column: scope.names[name] for column, name in life.columns.items() if name != REST}
    shares |= {column: 1 - sum(shares.values()) for column, name in life.columns.items() if name == REST}
    per_year = model.settings.cycles_per_year
    ages = scope.number(model.settings.start_age, "start_age") + np.arange(round(years * per_year)) / per_year
    rows = np.searchsorted(table.numeric.keys, ages + TOLERANCE, side="right") - 1
    if rows.min(initial=0) < 0 or ages.max(initial=-np.inf) + TOLERANCE >= table.numeric.until:
        what = f"the table {life.table} does not hold all ages from {ages[0]:g} to {ages[-1]:g}"
        raise InputError([Problem(what, table.place, "choose an earlier year, or a longer table")])
    deaths = sum(share * table.numeric.columns[column][rows] for column, share in shares.items())
    return float(np.prod((1 - np.asarray(deaths)) ** (1 / per_year)))

"""The values that a model computes with: of every name, at its point values."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cea.engine.scope import Scope
from cea.engine.solve import solved_values
from cea.model.definition import Model


def evaluated(model: Model) -> Scope:
    """The values of all names of a model at its point values, solved parameters included. Raises InputError."""
    return Scope(model, solved_values(model), tuple(model.strategies))


def constant(scope: Scope, name: str) -> float | None:
    """The value of a name that is the same for every strategy and time, else None."""
    value = np.unique(np.asarray(scope.names[name], dtype=np.float64))
    return float(value[0]) if len(value) == 1 else None


def course(scope: Scope, name: str) -> pd.DataFrame:
    """A name over time: strategy, first, last, lowest, highest; one row for all strategies where they do not differ."""
    value = np.atleast_3d(np.asarray(scope.names[name], dtype=np.float64))[0]
    rows = ["all"] if len(value) == 1 else list(scope.strategies)
    ends = {"first": value[:, 0], "last": value[:, -1]}
    return pd.DataFrame({"strategy": rows, **ends, "lowest": value.min(axis=1), "highest": value.max(axis=1)})

"""Draws in which the solved parameters are solved again, each for the target that its draw gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cea.engine.batch import evaluate
from cea.engine.draws import Draws
from cea.engine.program import Program
from cea.engine.sampling import Sampler
from cea.engine.scope import Scope, Value
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Model, Solve, Term

Floats = npt.NDArray[np.float64]

_LEAST = math.log(1e-300)
"""The log of a share alive is not taken below this, so that a hazard ratio stays finite."""


@dataclass(frozen=True, eq=False)
class Root:
    """A parameter that is solved in each draw: a program of the two strategies until the target's time.

    `fallback` is its value at point values, which stands where no value meets a draw's target.
    """

    name: str
    solve: Solve
    target: Term
    program: Program
    fallback: float

    @classmethod
    def of(cls, model: Model, name: str, drawn: tuple[str, ...], solved: Mapping[str, float]) -> Root:
        """The root of a parameter on the model that it is solved on: without layers that a held one does not see."""
        solve = model.parameters[name].solve
        if solve is None or solve.in_draws is None or solve.years is None:
            raise AssertionError(f"{name} is not solved in draws")
        seen = model.with_only(model.held_layers(solve.target.names)) if solve.held else model
        until = Scope(seen, solved, tuple(seen.strategies), cycles=1).number(solve.years, f"years of {name}")
        short = replace(
            seen,
            settings=replace(seen.settings, years=solve.years, until_age=None),
            strategies={item: seen.declared_strategies[item] for item in solve.strategies},
        )
        known = tuple(item for item in (*drawn, name) if item in seen.parameters)
        values = {item: value for item, value in solved.items() if item in seen.parameters}
        program = Program.of(short, seen.settings.perspective, known, values, (until,))
        return cls(name, solve, solve.in_draws, program, solved[name])

    def values(self, drawn: Mapping[str, Floats]) -> Floats:
        """The value in each draw, shape (sample,); exactly the fallback where no value meets the target.

        drawn: values of the drawn parameters, each of shape (sample,). The search is in the log of the value, between
        the limits of `between`, by Chandrupatla's method (Adv Eng Softw 1997;28:145-149).
        """
        targets = np.log(self._targets(drawn))
        samples = len(targets)
        given = [drawn[item] for item in self.program.drawn[:-1]]

        def miss(log_value: Floats, row: Floats) -> Floats:
            rows = row.astype(np.intp)
            ratio = self._log_ratio(np.column_stack([*(column[rows] for column in given), np.exp(log_value)]))
            return ratio - targets[rows]

        low, high = (np.full(samples, math.log(limit)) for limit in self.solve.between)
        from scipy.optimize import elementwise  # noqa: PLC0415 - slow to import, and only solving in draws needs it

        found = elementwise.find_root(miss, (low, high), args=(np.arange(samples, dtype=np.float64),))
        return np.where(found.success, np.exp(found.x), self.fallback)

    def _targets(self, drawn: Mapping[str, Floats]) -> Floats:
        model = self.program.model
        values: dict[str, Value] = {**self.program.values, self.name: self.fallback}
        values |= {item: column for item, column in drawn.items() if item in model.parameters}
        scope = Scope(model, values, self.solve.strategies, cycles=1)
        first = next(iter(drawn.values()))
        value = np.asarray(scope.value(self.target, f"target of {self.name} in draws"), dtype=np.float64)
        return np.broadcast_to(value.reshape(-1), first.shape)

    def _log_ratio(self, values: Floats) -> Floats:
        """Log of the ratio of the cumulative hazards of death, shape (sample,)."""
        alive = evaluate(self.program, values).alive[:, :, 0]
        hazard = -np.maximum(np.log(np.maximum(alive, 0.0), where=alive > 0, out=np.full(alive.shape, _LEAST)), _LEAST)
        with np.errstate(divide="ignore"):
            return np.asarray(np.diff(np.log(hazard)[:, ::-1], axis=1)[:, 0], dtype=np.float64)


def resolvable(model: Model) -> tuple[str, ...]:
    """The solved parameters of a model that have a target in draws."""
    return tuple(name for name, item in model.parameters.items() if item.solve is not None and item.solve.in_draws)


class Resolved:
    """A sampler's draws with the solved parameters of the model solved again in each of them.

    `names` are the sampler's and those of the parameters that have a target in draws (`in_draws`); other solved
    parameters keep their value, and so do draws in which no value meets the target.
    Raises UsageError where the model has no parameter with a target in draws.
    """

    def __init__(self, model: Model, sampler: Sampler) -> None:
        self._plain = sampler
        solved = solved_values(model)
        found = resolvable(model)
        if not found:
            raise UsageError("the model has no parameter that can be solved again in draws (`in_draws` under `solve`)")
        self.roots = tuple(Root.of(model, name, sampler.names, solved) for name in found)
        self.names = (*sampler.names, *found)

    @property
    def n(self) -> int:
        """Number of draws."""
        return self._plain.n

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return self._plain.blocks

    @property
    def sampler(self) -> str:
        """How points are made: random, lhs or sobol."""
        return self._plain.sampler

    @property
    def seed(self) -> int:
        """Seed of the draws."""
        return self._plain.seed

    @property
    def currency(self) -> str:
        """The currency of the model."""
        return self._plain.currency

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the draws."""
        return self._plain.warnings

    def block(self, k: int) -> Draws:
        """The draws of block `k`. Raises IndexError when there is no such block."""
        drawn = self._plain.block(k)
        columns = drawn.mapping()
        for root in self.roots:
            columns[root.name] = root.values(columns)
        return replace(drawn, names=self.names, values=np.column_stack(list(columns.values())))

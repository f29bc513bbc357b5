"""Values of all names of a model: parameters, switches, time and formulas, in evaluation order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cea.errors import InputError, Problem
from cea.formula import NumericTable, evaluate, first_failure
from cea.model.check import switch_names
from cea.model.definition import Model, Term

Floats = npt.NDArray[np.float64]
Value = float | Floats
TOLERANCE = 1e-9
MAX_CYCLES = 100_000
ALL = slice(None)


class Scope:
    """Names and their values over (sample, strategy, cycle boundary); an absent axis has length 1 or is not there.

    `values` overrides parameters: scalars, or arrays of shape (sample,). Parameters that are solved must be in it.
    `given` keeps them.
    """

    def __init__(
        self, model: Model, values: Mapping[str, Value], strategies: Sequence[str], cycles: int | None = None
    ) -> None:
        self.model = model
        self.strategies = tuple(strategies)
        self.tables: dict[str, NumericTable] = {name: table.numeric for name, table in model.tables.items()}
        self.names: dict[str, Value] = {}
        self.samples = 1
        for name, parameter in model.parameters.items():
            given = values.get(name, parameter.value)
            if given is not None:
                self.names[name] = self._by_sample(name, given)
        for switch in switch_names(model):
            row = [model.declared_strategies[name].switches.get(switch, 0.0) for name in self.strategies]
            self.names[switch] = np.array(row).reshape(1, -1, 1) if len(set(row)) > 1 else row[0]
        self.given = dict(values)
        self._constants()
        self.cycles = cycles if cycles is not None else self._horizon()
        self.years = np.arange(self.cycles + 1) / model.settings.cycles_per_year
        self.names["cycle"] = np.arange(self.cycles + 1, dtype=np.float64).reshape(1, 1, -1)
        self.names["year"] = self.years.reshape(1, 1, -1)
        if model.settings.start_age is not None:
            self.names["age"] = self.value(model.settings.start_age, "start_age") + self.names["year"]
        self._define(model.order)

    def _by_sample(self, name: str, given: Value) -> Value:
        if np.ndim(given) == 0:
            return float(given)
        array = np.asarray(given, dtype=np.float64)
        if array.ndim != 1 or self.samples not in (1, len(array)):
            raise ValueError(f"values of {name} must have shape ({self.samples},), not {array.shape}")
        self.samples = max(self.samples, len(array))
        return array.reshape(-1, 1, 1)

    def _constants(self) -> None:
        """Names that need no time, so that the horizon can be computed."""
        self._define([name for name in self.model.order if self._is_constant(name)])

    def _is_constant(self, name: str) -> bool:
        term = self._definition(name)
        needed = term.names if term is not None else {self.model.parameters[name].same_as or ""}
        return all(item in self.names or (item in self.model.order and self._is_constant(item)) for item in needed)

    def _definition(self, name: str) -> Term | None:
        if name in self.model.formulas:
            return self.model.formulas[name].term
        return self.model.parameters[name].term

    def _define(self, order: Sequence[str]) -> None:
        for name in order:
            if name in self.given or name in self.names:
                continue
            term = self._definition(name)
            if term is None:
                self.names[name] = self.names[self.model.parameters[name].same_as or name]
            else:
                self.names[name] = evaluate(term.expression, self.names, self.tables)

    def _horizon(self) -> int:
        settings = self.model.settings
        if settings.years is not None:
            years, place = self.number(settings.years, "years"), settings.years.place
        else:
            if settings.until_age is None or settings.start_age is None:
                raise AssertionError("a checked model has `years` or `until_age`")
            years = self.number(settings.until_age, "until_age") - self.number(settings.start_age, "start_age")
            place = settings.until_age.place
        cycles = math.ceil(years * settings.cycles_per_year - TOLERANCE)
        if not 1 <= cycles <= MAX_CYCLES:
            what = f"the horizon of {years:g} years is {cycles} cycles"
            raise InputError([Problem(what, place, f"choose one from 1 to {MAX_CYCLES:,} cycles")])
        return cycles

    def number(self, term: Term, context: str) -> float:
        """A formula that is the same for all samples, as a number."""
        value = np.unique(self.value(term, context))
        if len(value) != 1:
            raise InputError(
                [Problem(f"{context} differs between draws", term.place, "fix the parameters in it in draws")]
            )
        return float(value[0])

    def value(self, term: Term, context: str, when: Term | None = None, points: slice = ALL) -> Value:
        """A formula's value, zero where `when` does not hold. Raises InputError where it is not finite at `points`.

        `points` are the cycle boundaries that count: arrows have none at the end of the last cycle.
        """
        value: Value = evaluate(term.expression, self.names, self.tables)
        if when is not None:
            value = np.where(np.abs(self.value(when, f"{context}, when", None, points)) > TOLERANCE, value, 0.0)
        if not np.isfinite(value).all() and not np.isfinite(self.grid(value, points)).all():
            self._fail(term, self.grid(value, points), context, points.start or 0)
        return value

    def _fail(self, term: Term, value: Floats, context: str, first: int) -> None:
        """Finds the definition in which the first bad value arises, and says where and why."""
        bad = np.argwhere(~np.isfinite(value))[0] + [0, 0, first]
        wanted = set(term.names)
        for name in reversed(self.model.order):
            if name in wanted:
                definition = self._definition(name)
                wanted |= definition.names if definition else set()
        for name in self.model.order:
            definition = self._definition(name)
            if name in wanted and definition is not None and not self._finite_at(name, bad):
                self._report(definition, name, bad, context)
        self._report(term, context, bad, context)

    def _finite_at(self, name: str, index: npt.NDArray[np.int64]) -> bool:
        value = np.atleast_3d(self.names[name])
        spot = tuple(min(int(position), size - 1) for position, size in zip(index, value.shape, strict=True))
        return bool(np.isfinite(value[spot]))

    def _report(self, term: Term, name: str, index: npt.NDArray[np.int64], context: str) -> None:
        failure = first_failure(term.expression, self.names, self.tables)
        reason = failure.reason if failure else "it is not finite"
        place = term.at(failure.span[0]) if failure else term.place
        strategy = self.strategies[min(int(index[1]), len(self.strategies) - 1)]
        where = f"strategy {strategy}, cycle {int(index[2])}" + (f", draw {int(index[0])}" if self.samples > 1 else "")
        within = "" if name == context else f" (needed for {context})"
        raise InputError(
            [
                Problem(
                    f"{name} has no value: {reason}{within}; first in {where}",
                    place,
                    "correct the formula or its inputs",
                )
            ]
        )

    def grid(self, value: Value, points: slice) -> Floats:
        """A value as an array over (sample, strategy, cycle boundary), cut to `points` where it varies by cycle."""
        array = np.atleast_1d(np.asarray(value, dtype=np.float64))
        while array.ndim < 3:
            array = array[np.newaxis]
        return array[:, :, points] if array.shape[2] > 1 else array

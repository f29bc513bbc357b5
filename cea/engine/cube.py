"""The one path from the unit cube to parameters; random, Latin hypercube, Sobol and SALib points all take it.

A Gaussian copula ties correlated parameters (Nelsen, An Introduction to Copulas, 2nd ed., 2006, chapter 2); Dirichlet
shares are gamma draws divided by their sum (Devroye, Non-Uniform Random Variate Generation, 1986, chapter XI.4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy  # loads scipy.special at first use

from cea.engine.draws import Draws, drawn, varies
from cea.errors import InputError, Problem, UsageError
from cea.model.definition import Joint, Model, Parameter
from cea.model.distributions import Dirichlet, Distribution, Empirical
from cea.model.document import did_you_mean

Floats = npt.NDArray[np.float64]

BLOCK = 1024
"""Samples that are evaluated together, and share one random stream."""
JOINTS = ("correlation", "draws")
JOINT, DIRICHLET = "joint group", "Dirichlet group"
_EDGE = 2.0**-53


@dataclass(frozen=True)
class Dimension:
    """A column of the unit cube and the parameters that it draws.

    `group` is the joint group, the shared draw or the Dirichlet group that it belongs to. Columns of a correlated or of
    a Dirichlet group act on the other parameters of the group as well.
    """

    name: str
    parameters: tuple[str, ...]
    group: str | None = None


class Cube:
    """The unit cube of a model: its columns `dimensions`, the parameters `names` that they draw, and `warnings`.

    `currency` is that of the model.

    Every parameter that is uncertain and used has a column of its own, in the model's order, except that a shared draw
    has one column for all its parameters and a joint group drawn by rows of its table has one for the row. A group with
    a correlation is drawn by it, unless `joint` is "draws" and it has draws as well. The cube keeps no model.

    Raises UsageError for an unknown `joint`, InputError where a parameter is drawn in two ways or joint draws belong to
    another value of a parameter.
    """

    def __init__(self, model: Model, joint: str = "correlation") -> None:
        if joint not in JOINTS:
            raise UsageError(f"unknown way to draw joint groups '{joint}': {did_you_mean(str(joint), JOINTS)}")
        self.names = drawn(model)
        self.currency = model.currency
        groups = _groups(model, self.names, joint)
        self.dimensions = _dimensions(model, groups)
        columns = {name: column for column, item in enumerate(self.dimensions) for name in item.parameters}
        self._rules = tuple(group.rule(columns) for group in groups)
        position = {name: index for index, name in enumerate(self.names)}
        self._targets = tuple(tuple(position.get(item.name) for item in group.members) for group in groups)
        self.warnings = tuple(warning for group in groups for warning in group.strangers())
        bounds = [model.parameters[name].bounds for name in self.names]
        self._low = np.array([-math.inf if low is None else low for low, _ in bounds])
        self._high = np.array([math.inf if high is None else high for _, high in bounds])

    @property
    def count(self) -> int:
        """Number of columns."""
        return len(self.dimensions)

    def parameters(self, points: npt.ArrayLike) -> Draws:
        """Parameters at points of the cube: an array of shape (sample, dimension) with values from 0 to 1.

        Values outside hard bounds are set to the bound and counted. A row's values depend on its point alone, to the
        last bit. Raises ValueError for points of another shape or outside the cube.
        """
        array = np.asarray(points, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != self.count:
            raise ValueError(f"points must have shape (sample, {self.count}), not {array.shape}")
        if not ((array >= 0) & (array <= 1)).all():
            raise ValueError("points must lie between 0 and 1")
        values = np.empty((len(self.names), len(array)))
        for start in range(0, len(array), BLOCK):
            rows = slice(start, min(start + BLOCK, len(array)))
            values[:, rows] = self._block(array[rows])
        below, above = values < self._low[:, np.newaxis], values > self._high[:, np.newaxis]
        counts = np.count_nonzero(below | above, axis=1)
        clipped = {name: int(count) for name, count in zip(self.names, counts, strict=True) if count}
        if clipped:
            np.clip(values, self._low[:, np.newaxis], self._high[:, np.newaxis], out=values)
        return Draws(self.names, values.T, sampler="points", clipped=clipped, currency=self.currency)

    def _block(self, points: Floats) -> Floats:
        """Values of shape (parameter, sample) for up to BLOCK points, before bounds.

        A short block is filled up: vectorised functions may treat the last elements of an array in another way, and
        their results can then differ in the last bit.
        """
        u = np.full((self.count, BLOCK), 0.5)
        u[:, : len(points)] = _inside(points.T)
        values = np.empty((len(self.names), BLOCK))
        for rule, targets in zip(self._rules, self._targets, strict=True):
            for target, drawn_values in zip(targets, rule.draw(u), strict=True):
                if target is not None:
                    values[target] = drawn_values
        return values[:, : len(points)]


def cholesky(correlation: Floats) -> Floats:
    """The lower triangle L with L L' = `correlation`, by explicit sums; semi-definite matrices have zero pivots.

    Golub and Van Loan, Matrix Computations, 4th ed. (2013), section 4.2.
    """
    size = len(correlation)
    factor = np.zeros((size, size))
    for j in range(size):
        pivot = correlation[j, j] - sum(factor[j, k] ** 2 for k in range(j))
        # No more than rounding is left: this score is a combination of the earlier ones.
        if pivot <= 1e-12:
            continue
        factor[j, j] = math.sqrt(pivot)
        for i in range(j + 1, size):
            rest = correlation[i, j] - sum(factor[i, k] * factor[j, k] for k in range(j))
            factor[i, j] = rest / factor[j, j]
    return factor


def _inside(u: Floats) -> Floats:
    """Probabilities moved off 0 and 1, so that quantiles are finite."""
    return np.clip(u, _EDGE, 1 - _EDGE)


class _Rule(Protocol):
    """How some columns become some parameters; `u` has shape (dimension of the cube, sample)."""

    def draw(self, u: Floats) -> Sequence[Floats]:
        """The values of each parameter."""
        ...


@dataclass(frozen=True)
class _Quantiles:
    """One column; each parameter takes its own quantile, so that all rise together."""

    column: int
    distributions: tuple[Distribution, ...]

    def draw(self, u: Floats) -> Sequence[Floats]:
        return [distribution.ppf(u[self.column]) for distribution in self.distributions]


@dataclass(frozen=True)
class _Copula:
    """A column each; normal scores take the correlation, then each parameter its own quantile."""

    columns: tuple[int, ...]
    factor: Floats
    distributions: tuple[Distribution, ...]

    def draw(self, u: Floats) -> Sequence[Floats]:
        scores = [scipy.special.ndtri(u[column]) for column in self.columns]
        values = []
        for weights, distribution in zip(self.factor, self.distributions, strict=True):
            score = np.zeros(u.shape[1])
            for weight, other in zip(weights, scores, strict=True):
                score += weight * other
            values.append(distribution.ppf(_inside(scipy.special.ndtr(score))))
        return values


@dataclass(frozen=True)
class _Shares:
    """A column each; gamma(alpha, 1) quantiles divided by their sum.

    In logarithms, because quantiles of a small alpha underflow: there P(x) = x^alpha / gamma(alpha + 1).
    """

    columns: tuple[int, ...]
    alphas: tuple[float, ...]

    def draw(self, u: Floats) -> Sequence[Floats]:
        logs = []
        for column, alpha in zip(self.columns, self.alphas, strict=True):
            quantile = scipy.special.gammaincinv(alpha, u[column])
            tail = (np.log(u[column]) + math.lgamma(alpha + 1)) / alpha
            logs.append(np.where(quantile > 1e-290, np.log(np.maximum(quantile, 1e-290)), tail))
        highest = np.max(logs, axis=0)
        parts = [np.exp(log - highest) for log in logs]
        total = np.zeros(u.shape[1])
        for part in parts:
            total += part
        return [part / total for part in parts]


@dataclass(frozen=True)
class _Rows:
    """One column that picks a row of joint draws, all rows alike; `table` has shape (draw, parameter)."""

    column: int
    table: Floats

    def draw(self, u: Floats) -> Sequence[Floats]:
        rows = np.minimum((u[self.column] * len(self.table)).astype(np.int64), len(self.table) - 1)
        return list(self.table[rows].T)


@dataclass(frozen=True)
class _Group:
    """Parameters that are drawn together, in the model's order; of kind "own" a parameter by itself.

    `joint` is the joint group that it is; `by_row`, whether that is drawn by rows of its table.
    """

    kind: str
    name: str
    members: tuple[Parameter, ...]
    joint: Joint | None = None
    by_row: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def shares_column(self) -> bool:
        return self.by_row or self.kind == "shared draw"

    def rule(self, columns: Mapping[str, int]) -> _Rule:
        """How the columns of the members become their values."""
        own = tuple(columns[item.name] for item in self.members)
        distributions = tuple(item.distribution for item in self.members if item.distribution is not None)
        if self.kind == DIRICHLET:
            return _Shares(own, tuple(item.alpha for item in distributions if isinstance(item, Dirichlet)))
        if self.joint is None:
            return _Quantiles(own[0], distributions)
        chosen = [self.joint.parameters.index(item.name) for item in self.members]
        if self.by_row and self.joint.draws is not None:
            return _Rows(own[0], self.joint.draws[:, chosen])
        assert self.joint.correlation is not None, "a joint group has a correlation or draws"
        return _Copula(own, cholesky(self.joint.correlation[np.ix_(chosen, chosen)]), distributions)

    def problems(self) -> Iterator[Problem]:
        """What keeps the group from being drawn."""
        for item in self.members:
            if self.kind == DIRICHLET and not varies(item):
                what = f"{item.name} is fixed in draws, but other shares of {self} are not"
                yield Problem(what, item.place, "draw all shares of the group, or none")
            if self.by_row and item.recentred:
                what = f"{item.name} was set to {item.value:g}; the joint draws of {self.name} belong to another value"
                remedy = "draw the group by its correlation, or leave the parameter at its value"
                yield Problem(what, item.place, remedy)

    def strangers(self) -> Iterator[str]:
        """Warnings for values that have no distribution but joint draws, and are not in their middle."""
        for item in self.members:
            if self.joint is None or self.joint.draws is None or item.distribution is not None or item.value is None:
                continue
            drawn_by = Empirical(self.joint.draws[:, self.joint.parameters.index(item.name)])
            if not drawn_by.matches(item.value):
                yield (
                    f"{item.name} = {item.value:g} is neither the mean ({drawn_by.mean:.4g}) nor the median "
                    f"({drawn_by.median:.4g}) of its joint draws, which are used as they are ({item.place})"
                )


def _groups(model: Model, names: Sequence[str], joint: str) -> list[_Group]:
    """The groups of the parameters `names`, in the model's order. Raises InputError where one cannot be drawn."""
    wanted = set(names)
    # A share that no formula uses takes part in the sum of its group.
    totals = {key for name in names for key in _keys(model, model.parameters[name]) if key[0] == DIRICHLET}
    members: dict[tuple[str, str], list[Parameter]] = {}
    problems = []
    for parameter in model.parameters.values():
        keys = _keys(model, parameter)
        if parameter.name not in wanted and not totals.intersection(keys):
            continue
        if len(keys) > 1:
            (first, second, *_) = (" ".join(key) for key in keys)
            what = f"{parameter.name} is drawn in two ways: by {first} and by {second}"
            problems.append(Problem(what, parameter.place, "keep one of them"))
        members.setdefault(keys[0], []).append(parameter)
    groups = []
    for (kind, name), parameters in members.items():
        item = model.joint[name] if kind == JOINT else None
        by_row = item is not None and item.draws is not None and (joint == "draws" or item.correlation is None)
        groups.append(_Group(kind, name, tuple(parameters), item, by_row))
    problems += [problem for group in groups for problem in group.problems()]
    if problems:
        raise InputError(problems)
    return groups


def _keys(model: Model, parameter: Parameter) -> list[tuple[str, str]]:
    """Kind and name of every group that says how the parameter is drawn; the parameter itself where there is none."""
    keys = [(JOINT, item.name) for item in model.joint.values() if parameter.name in item.parameters]
    if parameter.share_draw is not None:
        keys.append(("shared draw", parameter.share_draw))
    if isinstance(parameter.distribution, Dirichlet):
        keys.append((DIRICHLET, parameter.distribution.group))
    return keys or [("own", parameter.name)]


def _dimensions(model: Model, groups: Sequence[_Group]) -> tuple[Dimension, ...]:
    """The columns, each where the model has the first of its parameters. Raises InputError for a name given twice."""
    columns: list[Dimension] = []
    for group in groups:
        names = tuple(item.name for item in group.members)
        label = None if group.kind == "own" else group.name
        if group.shares_column:
            columns.append(Dimension(group.name if len(names) > 1 else names[0], names, label))
        else:
            columns += [Dimension(name, (name,), label) for name in names]
    order = {name: position for position, name in enumerate(model.parameters)}
    columns.sort(key=lambda column: order[column.parameters[0]])
    by_name: dict[str, Dimension] = {}
    for column in columns:
        if by_name.setdefault(column.name, column) is not column:
            place = model.parameters[column.parameters[0]].place
            what = f"two things that are drawn have the name {column.name}"
            raise InputError([Problem(what, place, "give the group another name")])
    return tuple(columns)

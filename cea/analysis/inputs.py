"""The inputs of a one-way analysis: which parameters move, how far, and what moves with them.

Parameters that are drawn together move together. Shared draws are one input, each of them at its own low or high value.
In a correlated group each member is an input, and the others go to their conditional median given its value: in normal
scores by rho times its move (the conditional mean of a Gaussian copula; Nelsen, An Introduction to Copulas, 2nd ed.,
2006, chapter 2). Shares of a Dirichlet group keep the proportions among themselves, which is their conditional mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # loads scipy.special at first use

from cea.analysis.deterministic import Case, Span, evidence_span, marginal, within_bounds
from cea.engine.outcomes import Floats
from cea.model.definition import Joint, Model, Parameter
from cea.model.distributions import Dirichlet, Distribution

_EDGE = 1e-12
"""Scores are taken this far off probabilities of 0 and 1, where they are infinite."""


@dataclass(frozen=True)
class Input:
    """One thing that is moved. `low` and `high` are cases: the values of every parameter that moves with it.

    `members` are the parameters it is about: one, or those of a shared draw. `origin` is where the ends are from.
    """

    name: str
    label: str
    unit: str
    members: tuple[str, ...]
    base: Case
    low: Case
    high: Case
    origin: str
    decision: bool
    note: str


@dataclass(frozen=True)
class Skipped:
    """A parameter in use that is not moved, and why."""

    name: str
    label: str
    value: float | None
    unit: str
    reason: str


def inputs_of(
    model: Model, base: Mapping[str, float], together: bool = True
) -> tuple[tuple[Input, ...], tuple[Skipped, ...]]:
    """Every parameter in use that has a range or a distribution as an input, in the model's order, and the others.

    base: the value of every parameter with one. together: what is drawn together moves together, else each by itself.
    """
    spans: dict[str, Span] = {}
    skipped = []
    for parameter in model.parameters.values():
        if parameter.name not in model.used:
            continue
        span = evidence_span(model, parameter)
        reason = _reason(parameter, span, base)
        if span is not None and not reason:
            spans[parameter.name] = span
        elif reason:
            skipped.append(Skipped(parameter.name, parameter.label, base.get(parameter.name), parameter.unit, reason))
    builder = _Builder(model, base, spans, together)
    return tuple(builder.all()), tuple(skipped)


def _reason(parameter: Parameter, span: Span | None, base: Mapping[str, float]) -> str:
    """Why a parameter is not moved; empty for one that is, and for one that only repeats or combines others."""
    if span is None:
        if parameter.solve is not None:
            return "held at its solved value"
        return "" if parameter.value is None else "no range in the evidence"
    if not span.low < span.high:
        return f"its {span.origin} is one value"
    return "" if parameter.name in base else "a formula that varies over time or strategies"


class _Builder:
    """Makes the inputs of a model from the spans of its parameters."""

    def __init__(self, model: Model, base: Mapping[str, float], spans: Mapping[str, Span], together: bool) -> None:
        self.model, self.base, self.spans, self.together = model, base, spans, together
        self.followers: dict[str, list[str]] = {}
        for parameter in model.parameters.values():
            if parameter.same_as is not None and parameter.name in model.used and parameter.name not in spans:
                self.followers.setdefault(parameter.same_as, []).append(parameter.name)
        self.targets: dict[str, list[str]] = {}
        for parameter in model.parameters.values():
            for name in parameter.solve.target.names if parameter.solve else ():
                self.targets.setdefault(name, []).append(parameter.name)

    def all(self) -> Iterator[Input]:
        """One input a parameter, or a shared draw where its first member stands."""
        done: set[str] = set()
        for name in self.spans:
            members = self._shared(name)
            if name not in done:
                yield self._input(members)
            done.update(members)

    def _shared(self, name: str) -> tuple[str, ...]:
        group = self.model.parameters[name].share_draw
        if group is None or not self.together:
            return (name,)
        return tuple(other for other in self.spans if self.model.parameters[other].share_draw == group)

    def _input(self, members: tuple[str, ...]) -> Input:
        parameters = [self.model.parameters[name] for name in members]
        first = parameters[0]
        spans = [self.spans[name] for name in members]
        low = {name: span.low for name, span in zip(members, spans, strict=True)}
        high = {name: span.high for name, span in zip(members, spans, strict=True)}
        with_it, moved = "", self._movers(first) if self.together and len(members) == 1 else None
        if moved is not None:
            with_it, others = moved
            low |= others(low[first.name])
            high |= others(high[first.name])
        return Input(
            name=first.name if len(members) == 1 else str(first.share_draw),
            label="; ".join(item.label for item in parameters),
            unit=first.unit,
            members=members,
            base={name: self.base[name] for name in low},
            low=low,
            high=high,
            origin=", ".join(dict.fromkeys(span.origin for span in spans)),
            decision=first.decision,
            note="; ".join([*self._notes(members), *([with_it] if with_it else [])]),
        )

    def _notes(self, members: Sequence[str]) -> Iterator[str]:
        if len(members) > 1:
            yield "one shared draw"
        for name in members:
            if self.model.parameters[name].decision:
                yield "a decision, not an uncertainty"
            if not self.spans[name].low <= self.base[name] <= self.spans[name].high:
                yield f"the base value {self.base[name]:g} lies outside the {self.spans[name].origin}"
            for follower in self.followers.get(name, ()):
                yield f"{follower} is the same"
            for solved in self.targets.get(name, ()):
                yield f"{solved} is solved again"

    def _movers(self, parameter: Parameter) -> tuple[str, _Correlated | _Proportional] | None:
        """What moves with a parameter: the note, and a function from its value to the values of the others."""
        for group in self.model.joint.values():
            if parameter.name in group.parameters and marginal(self.model, parameter) is not None:
                mover = _Correlated(self.model, group, parameter, self.base)
                if mover.others:
                    return f"the others of {group.name} at their conditional median", mover
        if isinstance(parameter.distribution, Dirichlet):
            shares = _Proportional(self.model, parameter, parameter.distribution.group, self.base)
            return f"the other shares of {shares.group} keep their proportions", shares
        return None


class _Correlated:
    """From the value of one member of a joint group to the conditional medians of the others."""

    def __init__(self, model: Model, group: Joint, parameter: Parameter, base: Mapping[str, float]) -> None:
        correlation = group_correlation(group)
        row = correlation[group.parameters.index(parameter.name)]
        self.parameter = parameter
        self.others: list[tuple[Parameter, Distribution, float]] = []
        for name, rho in zip(group.parameters, row, strict=True):
            other = model.parameters[name]
            distribution = marginal(model, other)
            if name != parameter.name and distribution is not None and rho != 0 and name in base:
                self.others.append((other, distribution, float(rho)))
        own = marginal(model, parameter)
        assert own is not None, "only parameters with a distribution have correlated others"
        self.own, self.base = own, base

    def __call__(self, value: float) -> dict[str, float]:
        move = _score(self.own, value) - _score(self.own, self.base[self.parameter.name])
        values = {}
        for other, distribution, rho in self.others:
            score = _score(distribution, self.base[other.name]) + rho * move
            values[other.name] = within_bounds(other, _quantile(distribution, score))
        return values


class _Proportional:
    """From one share of a Dirichlet group to the others, which fill up the rest in their proportions."""

    def __init__(self, model: Model, parameter: Parameter, group: str, base: Mapping[str, float]) -> None:
        self.group = group
        self.shares = {
            name: base[name]
            for name, item in model.parameters.items()
            if name != parameter.name and isinstance(item.distribution, Dirichlet) and item.distribution.group == group
        }

    def __call__(self, value: float) -> dict[str, float]:
        scale = (1 - value) / sum(self.shares.values())
        return {name: share * scale for name, share in self.shares.items()}


def group_correlation(group: Joint) -> Floats:
    """Correlation of the normal scores of a joint group; from the ranks of its draws where that is all it has."""
    if group.correlation is not None:
        return group.correlation
    assert group.draws is not None, "a joint group has a correlation or draws"
    ranks = scipy.stats.rankdata(group.draws, axis=0)
    return np.atleast_2d(np.corrcoef(scipy.special.ndtri((ranks - 0.5) / len(group.draws)), rowvar=False))


def _score(distribution: Distribution, value: float) -> float:
    return float(scipy.special.ndtri(np.clip(distribution.cdf(value), _EDGE, 1 - _EDGE)))


def _quantile(distribution: Distribution, score: float) -> float:
    return float(distribution.ppf(np.clip(scipy.special.ndtr(score), _EDGE, 1 - _EDGE)))

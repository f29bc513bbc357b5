"""A model as it is defined: frozen objects with names resolved to nothing yet, each knowing its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from cea.errors import Place
from cea.formula import Dimension, Expression, NumericTable, names
from cea.model.distributions import Distribution
from cea.model.document import Node
from cea.model.layers import Layer
from cea.model.tables import Files

Grade = Literal["published", "derived", "assumption", "unverified"]


@dataclass(frozen=True)
class Source:
    """Where a value comes from: a key of the sources list, the spot in it, how far it can be trusted."""

    grade: Grade
    ref: str | None = None
    where: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Citation:
    """An entry of the list of sources."""

    key: str
    citation: str
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Term:
    """A formula in its place: the text, its tree, and where it stands."""

    text: str
    expression: Expression
    node: Node

    @property
    def place(self) -> Place:
        """Where the formula begins."""
        return self.node.spot(0)

    def at(self, offset: int) -> Place:
        """Where a character of the formula's text stands."""
        return self.node.spot(offset)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in the formula, tables left out."""
        return names(self.expression)


@dataclass(frozen=True)
class Solve:
    """The target of a solved parameter; `in_draws` is that of a draw, where it is solved again in each."""

    measure: Literal["hazard_ratio", "event_ratio"]
    strategies: tuple[str, str]
    target: Term
    in_draws: Term | None
    between: tuple[float, float]
    years: Term | None
    event: str | None
    held: bool
    place: Place


@dataclass(frozen=True)
class Parameter:
    """A parameter; exactly one of `value`, `term` (a formula), `same_as` and `solve` is set."""

    name: str
    label: str
    unit: str
    dimension: Dimension
    source: Source
    place: Place
    value: float | None = None
    term: Term | None = None
    same_as: str | None = None
    solve: Solve | None = None
    group: str = ""
    distribution: Distribution | None = None
    recentred: bool = False
    range: tuple[float, float] | None = None
    bounds: tuple[float | None, float | None] = (None, None)
    share_draw: str | None = None
    decision: bool = False
    cohort: bool = False
    layer: str = ""

    @property
    def uncertain(self) -> bool:
        """The parameter has a distribution that is not a single point."""
        return self.distribution is not None and self.distribution.family != "fixed"


@dataclass(frozen=True)
class Formula:
    """A named formula."""

    name: str
    term: Term
    label: str = ""
    unit: str | None = None
    dimension: Dimension | None = None
    layer: str = ""


@dataclass(frozen=True)
class State:
    """A state; a tunnel state lasts `tunnel_years` and then goes to `then`."""

    name: str
    label: str
    place: Place
    dead: bool = False
    steps: int = 1
    then: str | None = None


@dataclass(frozen=True)
class Strategy:
    """A strategy and its switches."""

    name: str
    label: str
    switches: Mapping[str, float]


@dataclass(frozen=True)
class Window:
    """Repeated courses; gives the time name since_<name>."""

    name: str
    every: Term
    courses: Term


@dataclass(frozen=True)
class Transition:
    """One way from a state to another."""

    source: str
    target: str
    kind: Literal["rate", "probability"]
    term: Term
    when: Term | None
    event: str | None
    label: str
    place: Place


@dataclass(frozen=True)
class Outcome:
    """A payoff. `by_state` holds the formula of each state that it is paid in; for events `value` holds it."""

    name: str
    kind: Literal["cost", "effect", "count"]
    timing: Literal["per_year", "at_years", "on"]
    label: str
    category: str
    total: str
    indirect: bool
    by_state: Mapping[str, Term]
    value: Term | None
    when: Term | None
    at_years: tuple[float, ...]
    per: str | None
    events: tuple[str, ...]
    unit: str | None
    place: Place | None


@dataclass(frozen=True)
class Table:
    """A lookup table with the dimensions of its keys and columns."""

    name: str
    numeric: NumericTable
    key_unit: str
    key_dimension: Dimension
    units: Mapping[str, str]
    dimensions: Mapping[str, Dimension]
    headers: Mapping[str, str]
    file: str
    source: Source
    place: Place


@dataclass(frozen=True)
class Joint:
    """Parameters drawn together: the correlation of their normal scores, or joint draws (draw, parameter)."""

    name: str
    parameters: tuple[str, ...]
    correlation: npt.NDArray[np.float64] | None
    draws: npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class Headline:
    """A comparison at the top of the results."""

    name: str
    label: str
    strategy: str
    comparator: str
    price: str | None


@dataclass(frozen=True)
class Band:
    """A severity band."""

    proportional: float
    absolute: float
    weight: float


@dataclass(frozen=True)
class ShortfallRule:
    """How QALY shortfall and the severity weight are computed: over life until an age, at its own discount rate."""

    hazard: str
    utility: str
    discount: Term
    until_age: Term
    bands: tuple[Band, ...]
    source: Source


@dataclass(frozen=True)
class Perspective:
    """Which costs count, or why the perspective is refused."""

    name: str
    label: str
    indirect: bool
    refused: str | None = None


@dataclass(frozen=True)
class Settings:
    """Choices that hold for the whole model."""

    country: str
    currency: str
    price_year: str
    perspective: str
    effect: str
    effect_unit: str
    correction: str
    transition_method: str
    discount_costs: Term
    discount_effects: Term
    cycles_per_year: int
    start_age: Term | None
    until_age: Term | None
    years: Term | None


@dataclass(frozen=True)
class Model:
    """A validated model. `with_layer` and `with_values` give changed copies; nothing changes in place.

    `strategies` are those that a layer selected; `declared_strategies` all of them, which solved parameters may need.
    """

    title: str
    question: str
    settings: Settings
    perspectives: Mapping[str, Perspective]
    thresholds: tuple[float, ...]
    threshold: float
    thresholds_source: Source
    states: Mapping[str, State]
    strategies: Mapping[str, Strategy]
    declared_strategies: Mapping[str, Strategy]
    start: Mapping[str, Term | None]
    windows: Mapping[str, Window]
    formulas: Mapping[str, Formula]
    transitions: tuple[Transition, ...]
    events: Mapping[str, str]
    outcomes: Mapping[str, Outcome]
    tables: Mapping[str, Table]
    joint: Mapping[str, Joint]
    headlines: Mapping[str, Headline]
    beside: tuple[str, ...]
    shortfall: ShortfallRule | None
    equal_value: str | None
    parameters: Mapping[str, Parameter]
    sources: Mapping[str, Citation]
    layer_folders: tuple[str, ...]
    order: tuple[str, ...]
    dimensions: Mapping[str, Dimension]
    used: frozenset[str]
    warnings: tuple[str, ...]
    document: Node = field(repr=False, compare=False)
    files: Files = field(repr=False, compare=False)
    layers: tuple[Layer, ...] = ()

    def with_layer(self, *layers: Layer) -> Model:
        """The model with further layers; edits stay on top, whatever comes after them. Raises InputError."""
        from cea.model.build import build  # noqa: PLC0415 - build makes models, so it imports this module

        ordered = sorted((*self.layers, *layers), key=lambda layer: layer.edit)
        return build(self.document, self.files, tuple(ordered))

    def with_values(self, values: Mapping[str, float], where: str = "--set") -> Model:
        """The model with some parameters set to numbers. Raises InputError."""
        return self.with_layer(Layer.from_values(dict(values), where=where)) if values else self

    def held_layers(self, names: Iterable[str]) -> tuple[Layer, ...]:
        """The layers that held solved parameters see: structural ones, and edits of the parameters `names`."""
        wanted = frozenset(names)
        seen = (
            layer if layer.structural else layer.only_parameters(wanted) if layer.edit else None
            for layer in self.layers
        )  # fmt: skip
        return tuple(layer for layer in seen if layer is not None)

    def with_only(self, layers: tuple[Layer, ...]) -> Model:
        """The base model with these layers and no others. Raises InputError."""
        if [id(layer) for layer in layers] == [id(layer) for layer in self.layers]:
            return self
        from cea.model.build import build  # noqa: PLC0415 - see with_layer

        return build(self.document, self.files, layers)

    @property
    def currency(self) -> str:
        """The currency code."""
        return self.settings.currency

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Uncertain parameters by theme."""
        groups: dict[str, list[str]] = {}
        for parameter in self.parameters.values():
            if parameter.uncertain and parameter.name in self.used:
                groups.setdefault(parameter.group or "Other", []).append(parameter.name)
        return {name: tuple(members) for name, members in groups.items()}

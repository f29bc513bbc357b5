"""validation.yaml: the figures that a model is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cea.analysis.targets import Published, Target
from cea.errors import InputError, Problem
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Source
from cea.model.document import Node, unknown
from cea.model.schema import Number, Shape, SourceShape

FILE = "validation.yaml"


class TargetShape(Shape):
    """One target."""

    name: str
    label: str
    role: Literal["must_reproduce", "held_out", "context"]
    measure: Literal["survival", "occupancy", "event", "hazard_ratio", "parameter"]
    expected: Number | None = None
    source: SourceShape
    strategy: str | None = None
    comparator: str | None = None
    parameter: str | None = None
    year: Annotated[Number, Field(ge=0)] | None = None
    states: list[str] = Field(default_factory=list)
    event: str | None = None
    tolerance: Annotated[Number, Field(gt=0)] | None = None
    layers: list[str] = Field(default_factory=list)
    start: dict[str, Number] | None = None
    values: Annotated[dict[str, Number] | None, Field(alias="set")] = None


class PublishedShape(Shape):
    """A published evaluation: what it found, and the comparison of the model that is closest to it."""

    label: str
    found: str
    strategy: str
    comparator: str
    layers: list[str] = Field(default_factory=list)
    distance: str
    source: SourceShape


class TargetsShape(Shape):
    """The whole file."""

    targets: Annotated[list[TargetShape], Field(min_length=1)]
    published: list[PublishedShape] = Field(default_factory=list)


def read_targets(folder: Path, model: Model) -> tuple[list[Target], list[Published]]:
    """The targets and published evaluations of a model folder; empty where it has no validation.yaml.

    Raises InputError with every problem.
    """
    path = folder / FILE
    if not path.is_file():
        return [], []
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(TargetsShape, node)
    if shape is None:
        raise InputError(problems)
    for position, target in enumerate(shape.targets):
        problems.extend(_problems(target, node.find(["targets", position]), model))
    for position, item in enumerate(shape.published):
        entry = node.find(["published", position])
        problems += [
            unknown("strategy", name, entry.find([key]).place, model.strategies)
            for key, name in (("strategy", item.strategy), ("comparator", item.comparator))
            if name not in model.strategies
        ]
        problems += _unknown_source(item.source.ref, entry, model)
    if problems:
        raise InputError(problems)
    published = [
        Published(item.label, item.found, item.strategy, item.comparator, tuple(item.layers), item.distance)
        for item in shape.published
    ]
    return [_target(target) for target in shape.targets], published


def _unknown_source(ref: str | None, node: Node, model: Model) -> list[Problem]:
    if ref is None or ref in model.sources:
        return []
    return [unknown("source", ref, node.find(["source", "ref"]).place, model.sources)]


def _problems(target: TargetShape, node: Node, model: Model) -> list[Problem]:
    found: list[Problem] = []
    known = {
        "strategy": (target.strategy, model.strategies),
        "comparator": (target.comparator, model.strategies),
        "event": (target.event, model.events),
        "parameter": (target.parameter, model.parameters),
    }
    for key, (name, names) in known.items():
        if name is not None and name not in names:
            found.append(unknown(key, name, node.find([key]).place, names))
    needed = {
        "survival": ("strategy", "year"),
        "occupancy": ("strategy", "year", "states"),
        "event": ("strategy", "year", "event"),
        "hazard_ratio": ("strategy", "comparator", "year"),
        "parameter": ("parameter",),
    }[target.measure]
    found += [
        Problem(f"target {target.name}: a {target.measure} needs `{key}`", node.place, "add it")
        for key in needed
        if key not in node.entries
    ]
    found += _unknown_source(target.source.ref, node, model)
    if target.role == "must_reproduce" and (target.expected is None or target.tolerance is None):
        found.append(
            Problem(f"target {target.name} must be reproduced but has no `expected` with a `tolerance`", node.place)
        )
    if target.start is not None and abs(sum(target.start.values()) - 1) > 1e-9:
        found.append(Problem(f"target {target.name}: the start does not sum to 1", node.find(["start"]).place))
    return found


def _target(shape: TargetShape) -> Target:
    source = Source(shape.source.grade, shape.source.ref, shape.source.where, shape.source.note)
    return Target(
        name=shape.name,
        label=shape.label,
        role=shape.role,
        measure=shape.measure,
        expected=shape.expected,
        source=source,
        strategy=shape.strategy,
        comparator=shape.comparator,
        parameter=shape.parameter,
        year=shape.year,
        states=tuple(shape.states),
        event=shape.event,
        tolerance=shape.tolerance,
        layers=tuple(shape.layers),
        start=shape.start,
        values=shape.values,
    )

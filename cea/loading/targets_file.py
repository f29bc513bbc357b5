"""validation.yaml: the figures that a model is held against, and the published evaluations beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cea.analysis.life_table import REST, LifeTable
from cea.analysis.published import Published, Step
from cea.analysis.targets import SHARES, Excluded, Interval, SectionOfTargets, Target
from cea.errors import InputError, Problem
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Source, Term
from cea.model.document import Node, unknown
from cea.model.schema import FormulaText, Number, Shape, SourceShape
from cea.model.terms import Terms

FILE = "validation.yaml"

_NEEDED = {
    "survival": ("strategy", "year"),
    "occupancy": ("strategy", "year", "states"),
    "event": ("strategy", "year", "event"),
    "hazard_ratio": ("strategy", "comparator", "year"),
    "parameter": ("parameter",),
}
"""Keys that each measure must have."""


class IntervalShape(Shape):
    """The interval of an observation; a Wilson interval is computed from `n` and `expected`."""

    kind: Literal["published", "quoted", "computed", "judgement", "wilson"]
    low: Number | None = None
    high: Number | None = None
    method: str = ""
    of: Literal["value", "year"] = "value"


class LifeTableShape(Shape):
    """A table of annual probabilities of death, and the parameter (or `rest`) that is each column's share."""

    table: str
    columns: Annotated[dict[str, str], Field(min_length=1)]


class TargetShape(Shape):
    """One target."""

    name: str
    label: str
    role: Literal["must_reproduce", "held_out", "context"]
    measure: Literal["survival", "occupancy", "event", "hazard_ratio", "parameter"]
    expected: Number | None = None
    life_table: LifeTableShape | None = None
    interval: IntervalShape | None = None
    n: Annotated[int, Field(ge=1)] | None = None
    source: SourceShape
    cohort: str = ""
    section: str = ""
    part: str = ""
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


class SectionShape(Shape):
    """Targets that are shown together: as survival over time, or as shares beside each other."""

    label: str
    chart: Literal["survival", "shares"] | None = None
    note: str = ""


class ExcludedShape(Shape):
    """An observation that the model is not compared with, and why not."""

    label: str
    found: str
    reason: str
    source: SourceShape


class StepShape(Shape):
    """A change on the way to a published evaluation; changes add up."""

    label: str
    layers: list[str] = Field(default_factory=list)
    values: Annotated[dict[str, Number], Field(alias="set", default_factory=dict)]
    years: FormulaText | None = None
    start: Annotated[dict[str, Number], Field(min_length=1)] | None = None


class PublishedShape(Shape):
    """A published evaluation: what it found, and the comparison of the model that is closest to it, if any."""

    label: str
    found: str
    strategy: str | None = None
    comparator: str | None = None
    layers: list[str] = Field(default_factory=list)
    steps: list[StepShape] = Field(default_factory=list)
    distance: str
    source: SourceShape


class TargetsShape(Shape):
    """The whole file."""

    targets: Annotated[list[TargetShape], Field(min_length=1)]
    sections: dict[str, SectionShape] = Field(default_factory=dict)
    excluded: list[ExcludedShape] = Field(default_factory=list)
    published: list[PublishedShape] = Field(default_factory=list)


@dataclass(frozen=True)
class Validation:
    """What a model is held against; everything is empty where it has no validation.yaml."""

    targets: tuple[Target, ...] = ()
    sections: tuple[SectionOfTargets, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    published: tuple[Published, ...] = ()


def read_targets(folder: Path, model: Model) -> Validation:
    """The validation file of a model folder. Raises InputError with every problem."""
    path = folder / FILE
    if not path.is_file():
        return Validation()
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(TargetsShape, node)
    if shape is None:
        raise InputError(problems)
    for position, target in enumerate(shape.targets):
        problems += _problems(target, node.find(["targets", position]), model, shape.sections)
    problems += _repeated([target.name for target in shape.targets], node)
    for position, other in enumerate(shape.excluded):
        problems += _unknown_source(other.source.ref, node.find(["excluded", position]), model)
    terms = Terms(problems)
    published = [
        _published(item, node.find(["published", position]), model, terms)
        for position, item in enumerate(shape.published)
    ]
    if problems:
        raise InputError(problems)
    return Validation(
        tuple(_target(target) for target in shape.targets),
        tuple(SectionOfTargets(name, item.label, item.chart, item.note) for name, item in shape.sections.items()),
        tuple(Excluded(item.label, item.found, item.reason, _source(item.source)) for item in shape.excluded),
        tuple(published),
    )


def _repeated(names: list[str], node: Node) -> list[Problem]:
    return [
        Problem(f"there are two targets named {name}", node.find(["targets", at, "name"]).place, "rename one")
        for at, name in enumerate(names)
        if name in names[:at]
    ]


def _unknown_source(ref: str | None, node: Node, model: Model) -> list[Problem]:
    if ref is None or ref in model.sources:
        return []
    return [unknown("source", ref, node.find(["source", "ref"]).place, model.sources)]


def _unknowns(kind: str, names: Iterable[str], node: Node, known: Iterable[str]) -> list[Problem]:
    """Names that are not known; `node` is the list or mapping that holds them."""
    known = list(known)
    places = {str(item.value): item.place for item in node.items} | {
        name: item.head for name, item in node.entries.items()
    }
    return [unknown(kind, name, places.get(name, node.place), known) for name in names if name not in known]


def _problems(target: TargetShape, node: Node, model: Model, sections: Mapping[str, SectionShape]) -> list[Problem]:
    found: list[Problem] = []
    known = {
        "strategy": (target.strategy, model.strategies),
        "comparator": (target.comparator, model.strategies),
        "event": (target.event, model.events),
        "parameter": (target.parameter, model.parameters),
        "section": (target.section or None, sections),
    }
    for key, (name, names) in known.items():
        if name is not None and name not in names:
            found.append(unknown(key, name, node.find([key]).place, names))
    found += _unknowns("state", target.states, node.find(["states"]), model.states)
    found += _unknowns("state", target.start or (), node.find(["start"]), model.states)
    found += _unknowns("parameter", target.values or (), node.find(["set"]), model.parameters)
    found += [
        Problem(f"target {target.name}: a {target.measure} needs `{key}`", node.place, "add it")
        for key in _NEEDED[target.measure]
        if key not in node.entries
    ]
    found += _unknown_source(target.source.ref, node, model)
    no_value = target.expected is None and target.life_table is None
    if target.role == "must_reproduce" and (no_value or target.tolerance is None):
        found.append(
            Problem(f"target {target.name} must be reproduced but has no `expected` with a `tolerance`", node.place)
        )
    if target.start is not None and abs(sum(target.start.values()) - 1) > 1e-9:
        found.append(Problem(f"target {target.name}: the start does not sum to 1", node.find(["start"]).place))
    return found + _interval_problems(target, node) + _life_table_problems(target, node, model)


def _interval_problems(target: TargetShape, node: Node) -> list[Problem]:
    interval, place = target.interval, node.find(["interval"]).place
    if interval is None:
        return []
    about = f"target {target.name}: the interval"
    if target.measure not in SHARES:
        return [Problem(f"{about} is not used by a {target.measure}", place, "delete it")]
    if interval.kind == "wilson":
        if interval.low is not None or interval.high is not None or interval.of == "year":
            return [Problem(f"{about} is computed", place, "delete `low`, `high` and `of`")]
        if target.n is None or target.expected is None or not 0 <= target.expected <= 1:
            return [Problem(f"{about} needs `n`, and a share as `expected`", place, "add them")]
        return []
    if interval.low is None or interval.high is None or interval.low > interval.high:
        return [Problem(f"{about} needs `low`, and `high` above it", place, "write both")]
    if interval.kind == "computed" and not interval.method:
        return [Problem(f"{about} does not say how it was computed", place, "add `method`")]
    if interval.of == "year":
        if target.measure != "survival" or target.expected is None:
            return [Problem(f"{about} of a year needs a survival that is `expected`", place, "write it as a share")]
    elif target.expected is not None and not interval.low <= target.expected <= interval.high:
        return [Problem(f"{about} does not hold what is expected, {target.expected:g}", place, "correct one of them")]
    return []


def _life_table_problems(target: TargetShape, node: Node, model: Model) -> list[Problem]:
    life, entry = target.life_table, node.find(["life_table"])
    if life is None:
        return []
    if target.expected is not None or target.measure != "survival":
        what = f"target {target.name}: `life_table` gives the survival that is expected"
        return [Problem(what, entry.place, "delete `expected`, and measure a survival")]
    if life.table not in model.tables:
        return [unknown("table", life.table, entry.find(["table"]).place, model.tables)]
    columns = entry.find(["columns"])
    found = _unknowns("column", life.columns, columns, model.tables[life.table].numeric.columns)
    shares = [(column, name) for column, name in life.columns.items() if name != REST]
    found += [
        unknown("parameter", name, columns.find([column]).place, model.parameters)
        for column, name in shares
        if name not in model.parameters
    ]
    if len(life.columns) - len(shares) > 1:
        found.append(Problem(f"target {target.name}: two columns are the rest", columns.place, "name a parameter"))
    return found


def _source(shape: SourceShape) -> Source:
    return Source(shape.grade, shape.ref, shape.where, shape.note)


def _target(shape: TargetShape) -> Target:
    life = shape.life_table
    return Target(
        name=shape.name,
        label=shape.label,
        role=shape.role,
        measure=shape.measure,
        expected=shape.expected,
        source=_source(shape.source),
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
        life_table=None if life is None else LifeTable(life.table, life.columns),
        interval=_interval(shape),
        n=shape.n,
        cohort=shape.cohort,
        section=shape.section,
        part=shape.part,
    )


def _interval(target: TargetShape) -> Interval | None:
    shape = target.interval
    if shape is None:
        return None
    if shape.kind == "wilson":
        return Interval.wilson(target.expected or 0.0, target.n or 1)
    return Interval(shape.low or 0.0, shape.high or 0.0, shape.kind, shape.method, shape.of == "year")


def _published(shape: PublishedShape, node: Node, model: Model, terms: Terms) -> Published:
    """A published evaluation; what is wrong in it goes to the problems of `terms`."""
    for key, name in (("strategy", shape.strategy), ("comparator", shape.comparator)):
        if name is not None and name not in model.strategies:
            terms.problems.append(unknown("strategy", name, node.find([key]).place, model.strategies))
    terms.problems += _unknown_source(shape.source.ref, node, model)
    if shape.strategy is None and (shape.comparator is not None or shape.steps or shape.layers):
        what = f"{shape.label}: there is no `strategy`, so nothing is run"
        terms.problems.append(Problem(what, node.place, "name one, or delete `comparator`, `layers` and `steps`"))
    steps = [
        _step(step, node.find(["steps", position]), model, terms) for position, step in enumerate(shape.steps)
    ] or [Step("This model")]
    return Published(
        shape.label, shape.found, shape.strategy, shape.comparator, tuple(shape.layers), shape.distance,
        _source(shape.source), tuple(steps),
    )  # fmt: skip


def _step(shape: StepShape, node: Node, model: Model, terms: Terms) -> Step:
    terms.problems += _unknowns("parameter", shape.values, node.find(["set"]), model.parameters)
    terms.problems += _unknowns("state", shape.start or (), node.find(["start"]), model.states)
    years: Term | None = None
    if shape.years is not None:
        years = terms.parse(node.find(["years"]), "years")
    start = None
    if shape.start is not None:
        if abs(sum(shape.start.values()) - 1) > 1e-9:
            terms.problems.append(Problem("the start does not sum to 1", node.find(["start"]).place))
        start = {name: terms.parse(item, f"start of {name}") for name, item in node.find(["start"]).entries.items()}
    return Step(shape.label, tuple(shape.layers), shape.values, years, start)

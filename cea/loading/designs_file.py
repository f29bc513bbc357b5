"""voi.yaml: studies that could be done, and other priors of a parameter for the value of information."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cea.analysis.sample_information import Design, Prior, Statistic
from cea.errors import InputError, Problem
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Source
from cea.model.distributions import Dirichlet, Distribution, DistributionError, from_spec
from cea.model.document import Node, unknown
from cea.model.schema import FormulaText, Number, Shape, SourceShape
from cea.model.terms import Terms

FILE = "voi.yaml"
_NEEDED = {
    "normal": ("informs", "sd"),
    "binomial": ("informs",),
    "log_hazard_ratio": ("strategy", "comparator", "follow_up"),
}


class StatisticShape(Shape):
    """An estimate that a study gives."""

    label: str
    kind: Literal["normal", "binomial", "log_hazard_ratio"]
    informs: FormulaText | None = None
    strategy: str | None = None
    comparator: str | None = None
    share: Annotated[Number, Field(gt=0, le=1)] = 1.0
    sd: Annotated[Number, Field(gt=0)] | None = None
    follow_up: Annotated[Number, Field(ge=0)] | None = None
    source: SourceShape


class DesignShape(Shape):
    """A study."""

    label: str
    n: Annotated[int, Field(ge=2)]
    statistics: Annotated[list[str], Field(min_length=1)]
    source: SourceShape


class ComponentShape(Shape):
    """A part of a mixture: a single point or a distribution."""

    weight: Annotated[Number, Field(gt=0, le=1)]
    value: Number | None = None
    distribution: dict[str, FormulaText] | None = None


class PriorShape(Shape):
    """Another distribution of a parameter."""

    label: str
    parameter: str
    mixture: Annotated[list[ComponentShape], Field(min_length=1)]
    source: SourceShape


class StudiesShape(Shape):
    """The whole file."""

    statistics: dict[str, StatisticShape] = Field(default_factory=dict)
    designs: dict[str, DesignShape] = Field(default_factory=dict)
    priors: dict[str, PriorShape] = Field(default_factory=dict)


def read_designs(folder: Path, model: Model) -> tuple[tuple[Design, ...], tuple[Prior, ...]]:
    """The designs and other priors of a model folder; empty where it has no voi.yaml.

    Raises InputError with every problem.
    """
    path = folder / FILE
    if not path.is_file():
        return (), ()
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(StudiesShape, node)
    if shape is None:
        raise InputError(problems)
    for kind, entries in (("statistics", shape.statistics), ("designs", shape.designs), ("priors", shape.priors)):
        for name, entry in entries.items():
            if entry.source.ref is not None and entry.source.ref not in model.sources:
                at = node.find([kind, name, "source", "ref"]).place
                problems.append(unknown("source", entry.source.ref, at, model.sources))
    statistics = {
        name: _statistic(name, entry, node.find(["statistics", name]), model, problems)
        for name, entry in shape.statistics.items()
    }
    designs = []
    for name, item in shape.designs.items():
        place = node.find(["designs", name, "statistics"])
        problems += [
            unknown("statistic", one, place.find([position]).place, statistics)
            for position, one in enumerate(item.statistics)
            if one not in statistics
        ]
        chosen = tuple(statistics[one] for one in dict.fromkeys(item.statistics) if one in statistics)
        designs.append(Design(name, item.label, item.n, chosen, _source(item.source)))
    priors = tuple(
        _prior(name, entry, node.find(["priors", name]), model, problems) for name, entry in shape.priors.items()
    )
    if problems:
        raise InputError(problems)
    return tuple(designs), priors


def _statistic(name: str, shape: StatisticShape, node: Node, model: Model, problems: list[Problem]) -> Statistic:
    problems += [
        Problem(f"statistic {name}: a {shape.kind} needs `{key}`", node.place, "add it")
        for key in _NEEDED[shape.kind]
        if getattr(shape, key) is None
    ]
    for key in ("strategy", "comparator"):
        given = getattr(shape, key)
        if given is not None and given not in model.declared_strategies:
            problems.append(unknown("strategy", given, node.find([key]).place, model.declared_strategies))
    term = None
    if shape.informs is not None:
        entry = node.find(["informs"])
        term = Terms(problems).parse(entry, f"statistic {name}")
        known = {*model.parameters, *model.formulas}
        problems += [
            unknown("parameter or formula", one, entry.place, known) for one in sorted(term.names) if one not in known
        ]
    return Statistic(
        name=name,
        label=shape.label,
        kind=shape.kind,
        informs=term,
        strategy=shape.strategy,
        comparator=shape.comparator,
        share=shape.share,
        sd=shape.sd or 0.0,
        follow_up=shape.follow_up or 0.0,
    )


def _prior(name: str, shape: PriorShape, node: Node, model: Model, problems: list[Problem]) -> Prior:
    if shape.parameter not in model.parameters:
        problems.append(unknown("parameter", shape.parameter, node.find(["parameter"]).place, model.parameters))
    total = sum(item.weight for item in shape.mixture)
    if abs(total - 1) > 1e-9:
        what = f"prior {name}: the weights sum to {total:g}, not to 1"
        problems.append(Problem(what, node.find(["mixture"]).place, "change a weight"))
    mixture: list[tuple[float, Distribution | float]] = []
    for position, item in enumerate(shape.mixture):
        entry = node.find(["mixture", position])
        if (item.value is None) == (item.distribution is None):
            problems.append(Problem(f"prior {name}: give `value` or `distribution`", entry.place, "one of the two"))
            continue
        if item.value is not None:
            mixture.append((item.weight, item.value))
            continue
        try:
            made = from_spec(item.distribution or {})
        except DistributionError as error:
            spot = entry.find(["distribution", error.key])
            problems.append(Problem(f"prior {name}: {error.what}", spot.place, error.remedy))
            continue
        if isinstance(made, Dirichlet):
            problems.append(Problem(f"prior {name}: a Dirichlet share is not drawn by itself", entry.place, "use beta"))
        mixture.append((item.weight, made))
    return Prior(name, shape.label, shape.parameter, tuple(mixture), _source(shape.source))


def _source(shape: SourceShape) -> Source:
    return Source(shape.grade, shape.ref, shape.where, shape.note)

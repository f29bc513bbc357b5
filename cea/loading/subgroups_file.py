"""subgroups.yaml: parts of the population, and a test for those who respond."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from cea.analysis.responders import Marker
from cea.analysis.subgroups import EVERYBODY, Subgroup
from cea.errors import InputError, Problem
from cea.loading.folder import Folder
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Source
from cea.model.document import Node, unknown
from cea.model.layers import Layer
from cea.model.schema import Number, Shape, SourceShape
from cea.model.structure import whole_cycles

FILE = "subgroups.yaml"

Share = Annotated[Number, Field(ge=0, le=1)]
Prevalence = Annotated[Number, Field(gt=0, le=1)]


class SubgroupShape(Shape):
    """A subgroup: layers and parameters, or the reason why there is no result."""

    label: str
    by: str
    layers: list[str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    differs: str = ""
    missing: str = ""
    source: SourceShape | None = None


class PreserveShape(Shape):
    """The hazard ratio of death that stays as it is on average."""

    strategies: Annotated[list[str], Field(min_length=2, max_length=2)]
    years: Annotated[Number, Field(gt=0)]


class MarkerShape(Shape):
    """A test for response."""

    label: str
    sensitivity: Share
    specificity: Share
    costs: Annotated[dict[str, Annotated[Number, Field(ge=0)]], Field(min_length=1)]
    prevalence: Prevalence
    prevalences: list[Prevalence] = Field(default_factory=list)
    parameter: str
    without_effect: Number
    preserve: PreserveShape
    source: SourceShape


class SubgroupsShape(Shape):
    """The whole file."""

    subgroups: dict[str, SubgroupShape] = Field(default_factory=dict)
    test: MarkerShape | None = None


def read_subgroups(folder: Path, model: Model) -> tuple[tuple[Subgroup, ...], Marker | None] | None:
    """The subgroups of a model folder and its test, if it has one; None where it has no subgroups.yaml.

    Raises InputError with every problem of the file; what layers hold is checked when they are put on the model.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(SubgroupsShape, node)
    if shape is None:
        raise InputError(problems)
    files = Folder(folder)
    subgroups = [
        _subgroup(name, item, node.find(["subgroups", name]), model, files, problems)
        for name, item in shape.subgroups.items()
    ]
    marker = None if shape.test is None else _marker(shape.test, node.find(["test"]), model, problems)
    if problems:
        raise InputError(problems)
    return tuple(subgroups), marker


def _subgroup(
    name: str, shape: SubgroupShape, node: Node, model: Model, files: Folder, problems: list[Problem]
) -> Subgroup:
    if name == EVERYBODY:
        problems.append(Problem(f"the subgroup {name} is always there", node.head, "choose another name"))
    changes = bool(shape.layers or shape.parameters)
    if changes == bool(shape.missing):
        what = f"subgroup {name}: give `layers` or `parameters`, or say under `missing` why there is no result"
        problems.append(Problem(what, node.head, "one of the two"))
    _check_source(shape.source, node, model, problems)
    layers = [
        layer
        for position, each in enumerate(shape.layers)
        if (layer := files.named(model.document, each, node.find(["layers", position]).place, problems)) is not None
    ]
    for parameter in shape.parameters:
        if parameter not in model.parameters:
            problems.append(
                unknown("parameter", parameter, node.find(["parameters", parameter]).head, model.parameters)
            )
    if shape.parameters:
        kept = {key: entry for key, entry in node.entries.items() if key in ("label", "parameters", "source")}
        try:
            layers.append(Layer.from_node(f"{FILE}/{name}", node.with_entries(kept)))
        except InputError as error:
            problems += error.problems
    return Subgroup(name, shape.label, shape.by, tuple(layers), shape.differs, shape.missing)


def _marker(shape: MarkerShape, node: Node, model: Model, problems: list[Problem]) -> Marker:
    if shape.parameter not in model.parameters:
        problems.append(unknown("parameter", shape.parameter, node.find(["parameter"]).place, model.parameters))
    preserve = node.find(["preserve"])
    first, second = shape.preserve.strategies
    for position, name in enumerate((first, second)):
        if name not in model.declared_strategies:
            spot = preserve.find(["strategies", position]).place
            problems.append(unknown("strategy", name, spot, model.declared_strategies))
    if first == second:
        what, remedy = f"{first} is compared with itself", "name the strategy with the treatment and the one without"
        problems.append(Problem(what, preserve.find(["strategies"]).place, remedy))
    per_year = model.settings.cycles_per_year
    if not whole_cycles(shape.preserve.years, per_year):
        what = f"{shape.preserve.years:g} years is {shape.preserve.years * per_year:g} cycles"
        problems.append(Problem(what, preserve.find(["years"]).place, f"choose a multiple of 1/{per_year} year"))
    _check_source(shape.source, node, model, problems)
    return Marker(
        label=shape.label,
        sensitivity=shape.sensitivity,
        specificity=shape.specificity,
        costs=shape.costs,
        prevalence=shape.prevalence,
        prevalences=tuple(shape.prevalences),
        parameter=shape.parameter,
        without_effect=shape.without_effect,
        strategies=(first, second),
        years=shape.preserve.years,
        source=Source(shape.source.grade, shape.source.ref, shape.source.where, shape.source.note),
    )


def _check_source(source: SourceShape | None, node: Node, model: Model, problems: list[Problem]) -> None:
    if source is not None and source.ref is not None and source.ref not in model.sources:
        problems.append(unknown("source", source.ref, node.find(["source", "ref"]).place, model.sources))

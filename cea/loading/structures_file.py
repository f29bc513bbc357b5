"""structures.yaml: the structural questions of a model, the ways to answer each, and how much each way weighs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from cea.analysis.scenario_grid import BASE, Choice
from cea.analysis.structures import Dimension, Structures
from cea.errors import InputError, Problem
from cea.loading.folder import Folder
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Source
from cea.model.document import Node, unknown
from cea.model.schema import Number, Shape, SourceShape

FILE = "structures.yaml"

Weight = Annotated[Number, Field(ge=0, le=1)]


class BaseChoiceShape(Shape):
    """The choice of the base case."""

    label: str
    weight: Weight | None = None


class ChoiceShape(Shape):
    """Another choice: layers, by default the one of its name, whose label it has unless it has its own."""

    layers: Annotated[list[str], Field(min_length=1)] | None = None
    label: str | None = None
    weight: Weight | None = None


class DimensionShape(Shape):
    """A structural question."""

    label: str
    base: BaseChoiceShape
    choices: Annotated[dict[str, ChoiceShape], Field(min_length=1)]
    source: SourceShape | None = None


class StructuresShape(Shape):
    """The whole file."""

    structures: Annotated[dict[str, DimensionShape], Field(min_length=1)]
    solved_over: list[str] = Field(default_factory=list)


def read_structures(folder: str | Path, model: Model) -> Structures | None:
    """The structural questions of a model folder; None where it has no structures.yaml.

    Raises InputError with every problem; what the layers hold is checked when they are put on the model.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return None
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(StructuresShape, node)
    if shape is None:
        raise InputError(problems)
    files = Folder(folder)
    dimensions = tuple(
        _dimension(name, item, node.find(["structures", name]), model, files, problems)
        for name, item in shape.structures.items()
    )
    for position, name in enumerate(shape.solved_over):
        if name not in shape.structures:
            place = node.find(["solved_over", position]).place
            problems.append(unknown("structural question", name, place, shape.structures))
    if problems:
        raise InputError(problems)
    return Structures(dimensions, tuple(dict.fromkeys(shape.solved_over)))


def _dimension(
    name: str, shape: DimensionShape, node: Node, model: Model, files: Folder, problems: list[Problem]
) -> Dimension:
    choices = [Choice(BASE.name, shape.base.label)]
    if BASE.name in shape.choices:
        what = f"the choice {BASE.name} of {name} is the base case, which stands under `base`"
        problems.append(Problem(what, node.find(["choices", BASE.name]).head, "choose another name"))
    for key, item in shape.choices.items():
        entry = node.find(["choices", key])
        spots = [(key, entry.head)] if item.layers is None else [
            (each, entry.find(["layers", position]).place) for position, each in enumerate(item.layers)
        ]  # fmt: skip
        layers = [files.named(model.document, each, place, problems) for each, place in spots]
        there = tuple(layer for layer in layers if layer is not None)
        label = item.label or " + ".join(layer.label for layer in there)
        choices.append(Choice(key, label, there))
    given = [shape.base.weight, *(item.weight for item in shape.choices.values())]
    weights = _weights(name, given, shape, node, problems)
    source = shape.source
    if source is not None and source.ref is not None and source.ref not in model.sources:
        problems.append(unknown("source", source.ref, node.find(["source", "ref"]).place, model.sources))
    made = None if source is None else Source(source.grade, source.ref, source.where, source.note)
    return Dimension(name, shape.label, tuple(choices), weights, made)


def _weights(
    name: str, given: list[float | None], shape: DimensionShape, node: Node, problems: list[Problem]
) -> tuple[float, ...]:
    """Weights in the order of the choices; all on the base case where none is given."""
    if all(weight is None for weight in given):
        return (1.0, *([0.0] * (len(given) - 1)))
    weights = tuple(weight or 0.0 for weight in given)
    if abs(sum(weights) - 1) > 1e-9:
        what = f"the weights of {name} sum to {sum(weights):g}"
        problems.append(Problem(what, node.head, "let them sum to 1; a choice without a weight has none"))
    if shape.source is None:
        what = f"the weights of {name} have no source"
        problems.append(Problem(what, node.head, "add `source`, or leave the weights out"))
    return weights

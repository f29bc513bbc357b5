"""report.yaml: statements about a study for its report, such as its funding; docs/report.md explains the format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from cea.errors import InputError, Problem
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.document import Node, unknown
from cea.model.schema import Shape
from cea.model.statements import TOPICS, Statements

FILE = "report.yaml"


class StatementsShape(Shape):
    """The whole file."""

    statements: dict[str, str]
    not_applicable: dict[str, str] = Field(default_factory=dict)
    limitations: list[str] = Field(default_factory=list)


def read_statements(folder: Path) -> Statements:
    """The statements of a model folder; empty where it has no report.yaml. Raises InputError with every problem."""
    path = folder / FILE
    if not path.is_file():
        return Statements()
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(StatementsShape, node)
    if shape is None:
        raise InputError(problems)
    problems.extend(_problems(shape, node))
    if problems:
        raise InputError(problems)
    return Statements(shape.statements, shape.not_applicable, tuple(shape.limitations))


def _problems(shape: StatementsShape, node: Node) -> Iterator[Problem]:
    for key, texts in (("statements", shape.statements), ("not_applicable", shape.not_applicable)):
        for topic, text in texts.items():
            entry = node.find([key, topic])
            if topic not in TOPICS:
                yield unknown("topic", topic, entry.head, TOPICS)
            elif not text.strip():
                yield Problem(f"`{topic}` says nothing", entry.place, "write a sentence, or leave the topic out")
    for topic in shape.statements.keys() & shape.not_applicable.keys():
        place = node.find(["not_applicable", topic]).head
        yield Problem(f"`{topic}` is stated and said not to apply", place, "keep one of the two")
    for at, text in enumerate(shape.limitations):
        if not text.strip():
            place = node.find(["limitations", at]).place
            yield Problem("a limitation says nothing", place, "write it, or leave it out")

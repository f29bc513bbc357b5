"""synthesis.yaml: studies of one effect, the bias of their designs, how they are pooled, what the result informs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cea.analysis.synthesis import (
    ADJUSTED,
    UNADJUSTED,
    Analysis,
    Design,
    Evidence,
    Informed,
    Informs,
    Study,
)
from cea.errors import InputError, Place, Problem
from cea.loading.study_rows import FORMS, NUMBERS, Column, StudyRow, read_rows
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Source
from cea.model.document import Node, unknown
from cea.model.schema import Number, Shape, SourceShape

FILE = "synthesis.yaml"


class StudyShape(Shape):
    """A study that stands in the file itself; its effect in one of the forms of a table."""

    label: str
    design: str | None = None
    log_effect: Number | None = None
    se: Number | None = None
    estimate: Number | None = None
    low: Number | None = None
    high: Number | None = None
    events_treated: Number | None = None
    events_control: Number | None = None
    n_treated: Number | None = None
    n_control: Number | None = None
    basis: str = ""
    source: SourceShape


class StudyTableShape(Shape):
    """The CSV file with the studies, and which of its columns is what."""

    file: str
    columns: dict[Column, str]


class BiasShape(Shape):
    """Found over true: the product of the ratios; the sd of its log."""

    ratios: Annotated[list[Annotated[Number, Field(ge=0.1, le=10)]], Field(min_length=1, max_length=5)]
    sd: Annotated[Number, Field(ge=0, le=5)]


class DesignBiasShape(Shape):
    """A kind of study."""

    label: str
    bias: BiasShape
    source: SourceShape


class AnalysisShape(Shape):
    """Another analysis; the main studies where it names none."""

    label: str
    studies: Annotated[list[str], Field(min_length=1)] | None = None
    bias_times: Annotated[Number, Field(ge=0, le=3)] = 0.0


class InformedShape(Shape):
    """A parameter of the model."""

    kind: Annotated[Literal["ratio", "multiplier"], Field(alias="as")]
    reference: str | None = None


class InformsShape(Shape):
    """What the pooled effect informs."""

    analysis: str | None = None
    estimator: Literal["reml", "dl"] = "reml"
    interval: Literal["normal", "hartung_knapp", "prediction", "prediction_normal"] = "hartung_knapp"
    parameters: Annotated[dict[str, InformedShape], Field(min_length=1)]


class SidesShape(Shape):
    """What a ratio below 1 means, and one above, for the ends of a figure's scale."""

    below: str
    above: str


class SynthesisShape(Shape):
    """The whole file."""

    label: str
    measure: Literal["hazard_ratio", "risk_ratio", "odds_ratio"]
    source: SourceShape
    table: StudyTableShape | None = None
    studies: dict[str, StudyShape] = Field(default_factory=dict)
    designs: dict[str, DesignBiasShape] = Field(default_factory=dict)
    pool: Annotated[list[str], Field(min_length=1)]
    sides: SidesShape | None = None
    sensitivity: dict[str, AnalysisShape] = Field(default_factory=dict)
    informs: InformsShape | None = None


def read_synthesis(folder: Path, model: Model) -> Evidence | None:
    """The body of evidence of a model folder; None where it has no synthesis.yaml. Raises InputError, every problem."""
    path = folder / FILE
    if not path.is_file():
        return None
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(SynthesisShape, node)
    if shape is None:
        raise InputError(problems)
    evidence = _Reader(shape, node, model, problems).evidence()
    if problems:
        raise InputError(problems)
    return evidence


class _Reader:
    """The file's shape as a body of evidence; problems are collected."""

    def __init__(self, shape: SynthesisShape, node: Node, model: Model, problems: list[Problem]) -> None:
        self.shape = shape
        self.node = node
        self.model = model
        self.problems = problems
        self.unread = False
        self.rows = self._rows()
        self.studies: dict[str, Study] = {}
        self.left_out: dict[str, str] = {}

    def evidence(self) -> Evidence:
        shape, sources = self.shape, self.model.sources
        for row in self.rows.values():
            self._take(row)
        for name, design in shape.designs.items():
            self._known("source", design.source.ref, self._place("designs", name, "source", "ref"), sources)
        self._known("source", shape.source.ref, self._place("source", "ref"), sources)
        return Evidence(
            label=shape.label,
            measure=shape.measure,
            studies=self.studies,
            designs={name: _design(name, item) for name, item in shape.designs.items()},
            analyses=self._analyses(),
            source=_source(shape.source),
            left_out=tuple((self.rows[name].label, why) for name, why in self.left_out.items()),
            informs=self._informs(),
            **({"sides": (shape.sides.below, shape.sides.above)} if shape.sides else {}),
        )

    def _place(self, *path: object) -> Place:
        return self.node.find(path).place

    def _known(self, kind: str, name: str | None, place: Place, known: Iterable[str]) -> bool:
        if name is None or name in known:
            return True
        self.problems.append(unknown(kind, name, place, known))
        return False

    def _rows(self) -> dict[str, StudyRow]:
        """All studies by name: those of the table, then those of the file itself."""
        rows = {}
        if self.shape.table is not None:
            table = self.shape.table
            rows = read_rows(table.file, table.columns, self.node.find(["table"]), self.model, self.problems)
            self.unread = not rows
        for name, item in self.shape.studies.items():
            head = self.node.find(["studies", name]).head
            if name in rows:
                what = f"the study '{name}' stands in the table as well"
                self.problems.append(Problem(what, head, "delete one of them, or give it another name"))
            given = {key: value for key in NUMBERS if (value := getattr(item, key)) is not None}
            rows[name] = StudyRow(name, item.label, item.design, given, item.basis, _source(item.source), head)
        return rows

    def _take(self, row: StudyRow) -> None:
        """A row as a study, or as one that is left out."""
        self._known("source", row.source.ref, row.place, self.model.sources)
        if self.shape.designs:
            self._known("design", row.design, row.place, self.shape.designs)
        try:
            found = row.effect(self.shape.measure)
        except ValueError as error:
            forms = "; or ".join(", ".join(form) for form in FORMS)
            self.problems.append(Problem(f"study {row.name}: {error}", row.place, f"give {forms}"))
            return
        if isinstance(found, str):
            self.left_out[row.name] = found
        else:
            self.studies[row.name] = Study(row.name, row.label, *found, row.source, row.design, row.basis)

    def _analyses(self) -> tuple[Analysis, ...]:
        shape = self.shape
        main = self._chosen(shape.pool, "pool")
        found = [Analysis(UNADJUSTED, "As published", main)]
        if shape.designs:
            found.append(Analysis(ADJUSTED, "Adjusted for bias by design", main, 1.0))
            self._check_adjustable(main, self._place("pool"))
        for name, item in shape.sensitivity.items():
            path = ("sensitivity", name)
            if name in (UNADJUSTED, ADJUSTED):
                what = f"the name '{name}' is taken by a main analysis"
                self.problems.append(Problem(what, self.node.find(path).head, "choose another name"))
            chosen = main if item.studies is None else self._chosen(item.studies, *path, "studies")
            if item.bias_times:
                self._check_adjustable(chosen, self._place(*path))
            found.append(Analysis(name, item.label, chosen, item.bias_times))
        return tuple(found)

    def _chosen(self, names: list[str], *path: str) -> tuple[str, ...]:
        """The studies that are named and have an effect."""
        for position, name in enumerate(names):
            place = self._place(*path, position)
            if name in names[:position]:
                self.problems.append(Problem(f"the study '{name}' is pooled twice", place, "name it once"))
            elif name in self.left_out:
                what = f"the study '{name}' cannot be pooled: {self.left_out[name]}"
                self.problems.append(Problem(what, place, "take it out of the list"))
            elif not self.unread:
                self._known("study", name, place, self.rows)
        return tuple(name for name in names if name in self.studies)

    def _check_adjustable(self, chosen: Iterable[str], place: Place) -> None:
        without = [name for name in chosen if self.studies[name].design is None]
        if without:
            what = f"without a design there is no bias to adjust for: {', '.join(without)}"
            self.problems.append(Problem(what, place, "give each of these studies a design"))

    def _informs(self) -> Informs | None:
        shape = self.shape.informs
        if shape is None:
            return None
        names = [UNADJUSTED, *([ADJUSTED] if self.shape.designs else []), *self.shape.sensitivity]
        analysis = shape.analysis or (ADJUSTED if self.shape.designs else UNADJUSTED)
        self._known("analysis", analysis, self._place("informs", "analysis"), names)
        informed = tuple(self._informed(name, item) for name, item in shape.parameters.items())
        return Informs(analysis, shape.estimator, shape.interval, informed)

    def _informed(self, name: str, shape: InformedShape) -> Informed:
        path = ("informs", "parameters", name)
        parameters, entry = self.model.parameters, self.node.find(path)
        self._known("parameter", name, entry.head, parameters)
        if (shape.kind == "multiplier") == (shape.reference is None):
            missing = "needs `reference`, the parameter whose log it multiplies"
            needs, remedy = (missing, "add it") if shape.reference is None else ("has no `reference`", "delete it")
            self.problems.append(Problem(f"{name}: a {shape.kind} {needs}", entry.head, remedy))
            return Informed(name, shape.kind)
        if shape.reference is None:
            return Informed(name, "ratio")
        place = self._place(*path, "reference")
        if not self._known("parameter", shape.reference, place, parameters):
            return Informed(name, "multiplier")
        value = parameters[shape.reference].value
        if value is None or value <= 0 or value == 1:
            shown = "is not a plain number" if value is None else f"is {value:g}"
            remedy = "name a parameter with a value above zero that is not 1, so that its log can be multiplied"
            self.problems.append(Problem(f"{name}: the reference {shape.reference} {shown}", place, remedy))
            return Informed(name, "multiplier")
        return Informed(name, "multiplier", value, shape.reference)


def _design(name: str, shape: DesignBiasShape) -> Design:
    log_bias = math.fsum(math.log(ratio) for ratio in shape.bias.ratios)
    return Design(name, shape.label, log_bias, shape.bias.sd, _source(shape.source))


def _source(shape: SourceShape) -> Source:
    return Source(shape.grade, shape.ref, shape.where, shape.note)

"""calibration.yaml: which parameters are fitted to which targets, from which priors, and how the model is run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field

from cea.analysis.calibration import Calibration, Fixed, Method, Prior, Reference
from cea.analysis.calibration_tables import FITTED
from cea.analysis.forecast import CalibrationTarget
from cea.errors import CeaError, InputError, Place, Problem
from cea.loading.folder import Folder
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Parameter, Source
from cea.model.distributions import Dirichlet, Distribution, DistributionError, from_spec
from cea.model.document import Node, shortened, unknown
from cea.model.layers import Layer
from cea.model.schema import Number, Shape, SourceShape

FILE = "calibration.yaml"
FEWEST_DRAWS = 20
_NEEDED = {"survival": (), "occupancy": ("states",), "event": ("event",), "hazard_ratio": ("comparator",)}
_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

Chosen = TypeVar("Chosen")
Positive = Annotated[Number, Field(gt=0)]


class TargetShape(Shape):
    """An observed figure with its standard error."""

    label: str
    measure: Literal["survival", "occupancy", "event", "hazard_ratio"]
    value: Number
    se: Positive
    strategy: str
    year: Positive
    comparator: str | None = None
    states: Annotated[list[str], Field(min_length=1)] | None = None
    event: str | None = None
    start: dict[str, Number] | None = None
    values: Annotated[dict[str, Number] | None, Field(alias="set")] = None
    layers: list[str] = Field(default_factory=list)
    source: SourceShape


class MethodShape(Shape):
    """A way to run the model: changes as in a layer."""

    label: str
    changes: dict[str, Any] = Field(default_factory=dict)


class CalibrationPriorShape(Shape):
    """What was known of a parameter before the targets."""

    distribution: dict[str, Any]
    source: SourceShape


class FixedShape(Shape):
    """A parameter that is held."""

    value: Number
    source: SourceShape


class ReferenceShape(Shape):
    """Joint draws to compare the result with, and the method that they were made by."""

    label: str
    draws: str
    method: str


class CalibrationShape(Shape):
    """A calibration."""

    label: str
    description: str = ""
    targets: Annotated[list[str], Field(min_length=1)] | None = None
    methods: Annotated[list[str], Field(min_length=1)]
    priors: Annotated[dict[str, CalibrationPriorShape], Field(min_length=1)]
    fixed: dict[str, FixedShape] = Field(default_factory=dict)
    writes: str | None = None
    compare_with: ReferenceShape | None = None
    source: SourceShape


class CalibrationsShape(Shape):
    """The whole file."""

    changes: dict[str, Any] = Field(default_factory=dict)
    targets: Annotated[dict[str, TargetShape], Field(min_length=1)]
    methods: Annotated[dict[str, MethodShape], Field(min_length=1)]
    calibrations: Annotated[dict[str, CalibrationShape], Field(min_length=1)]


def read_calibrations(folder: str | Path, model: Model) -> tuple[Calibration, ...]:
    """The calibrations of a model folder, in the order of the file; none where it has no calibration.yaml.

    Raises InputError with every problem.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return ()
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(CalibrationsShape, node)
    if shape is None:
        raise InputError(problems)
    found = _Reader(shape, node, model, Folder(folder), problems).calibrations()
    if problems:
        raise InputError(problems)
    return found


class _Reader:
    """The file's shape as calibrations; problems are collected."""

    def __init__(
        self, shape: CalibrationsShape, node: Node, model: Model, folder: Folder, problems: list[Problem]
    ) -> None:
        self.shape = shape
        self.node = node
        self.model = model
        self.folder = folder
        self.problems = problems

    def calibrations(self) -> tuple[Calibration, ...]:
        methods = {name: self._method(name, item) for name, item in self.shape.methods.items()}
        targets = {name: self._target(name, item) for name, item in self.shape.targets.items()}
        return tuple(self._calibration(name, methods, targets) for name in self.shape.calibrations)

    def _place(self, *path: object) -> Place:
        return self.node.find(path).place

    def _known(self, kind: str, name: str | None, place: Place, known: Iterable[str]) -> bool:
        if name is None or name in known:
            return True
        self.problems.append(unknown(kind, name, place, known))
        return False

    def _source(self, shape: SourceShape, *path: object) -> Source:
        self._known("source", shape.ref, self._place(*path, "source", "ref"), self.model.sources)
        return Source(shape.grade, shape.ref, shape.where, shape.note)

    def _method(self, name: str, shape: MethodShape) -> Method:
        """The changes that all methods share, and those of this one, as layers."""
        layers = []
        try:
            for path in (("changes",), ("methods", name, "changes")):
                changes = self._entry(*path)
                if changes is not None and changes.entries:
                    labelled = {**changes.entries, "label": Node(shape.label, changes.place, changes.place)}
                    layers.append(Layer.from_node(f"{FILE}/{'/'.join(path)}", changes.with_entries(labelled)))
            self.model.with_layer(*layers)
        except InputError as error:
            self._add(error)
        return Method(name, shape.label, tuple(layers))

    def _entry(self, *path: str) -> Node | None:
        node: Node | None = self.node
        for step in path:
            node = None if node is None else node.child(step)
        return node

    def _add(self, error: InputError) -> None:
        """Problems of a layer, each told once although several methods have it."""
        self.problems.extend(problem for problem in error.problems if problem not in self.problems)

    def _target(self, name: str, shape: TargetShape) -> CalibrationTarget:
        here = ("targets", name)
        self._known("strategy", shape.strategy, self._place(*here, "strategy"), self.model.declared_strategies)
        self._known("strategy", shape.comparator, self._place(*here, "comparator"), self.model.declared_strategies)
        self._known("event", shape.event, self._place(*here, "event"), self.model.events)
        for key in ("states", "comparator", "event"):
            given = getattr(shape, key) is not None
            if given != (key in _NEEDED[shape.measure]):
                what = f"target {name}: the measure {shape.measure} {'has no' if given else 'needs'} `{key}`"
                place = self._place(*here, key) if given else self.node.find(here).head
                self.problems.append(Problem(what, place, "delete it" if given else "add it"))
        for position, state in enumerate(shape.states or ()):
            self._known("state", state, self._place(*here, "states", position), self.model.states)
        self._check_start(name, shape)
        for parameter in shape.values or ():
            self._settable(parameter, self.node.find((*here, "set", parameter)).head)
        return CalibrationTarget(
            name=name,
            label=shape.label,
            measure=shape.measure,
            value=shape.value,
            se=shape.se,
            strategy=shape.strategy,
            year=shape.year,
            source=self._source(shape.source, *here),
            comparator=shape.comparator,
            states=tuple(shape.states or ()),
            event=shape.event,
            start=shape.start,
            fixed=shape.values,
            layers=self._layers(name, shape),
        )

    def _check_start(self, name: str, shape: TargetShape) -> None:
        if shape.start is None:
            return
        here = ("targets", name, "start")
        for state, share in shape.start.items():
            self._known("state", state, self.node.find((*here, state)).head, self.model.states)
            if not 0 <= share <= 1:
                what = f"target {name}: the start share of {shortened(state)} is {share:g}"
                self.problems.append(Problem(what, self._place(*here, state), "choose one from 0 to 1"))
        total = sum(shape.start.values())
        if abs(total - 1) > 1e-9:
            what = f"target {name}: the start sums to {total:g}, not to 1"
            self.problems.append(Problem(what, self._place(*here), "change a share"))

    def _layers(self, name: str, shape: TargetShape) -> tuple[Layer, ...]:
        found = []
        for position, layer in enumerate(shape.layers):
            place = self._place("targets", name, "layers", position)
            try:
                found.append(self.folder.layer(self.folder.resolve(self.model.document, layer)))
            except InputError as error:
                self._add(error)
            except CeaError as error:
                self.problems.append(Problem(f"target {name}: {error}", place, "name a layer of the model"))
        try:
            if found:
                self.model.with_layer(*found)
        except InputError as error:
            self._add(error)
        return tuple(found)

    def _calibration(
        self, name: str, methods: dict[str, Method], targets: dict[str, CalibrationTarget]
    ) -> Calibration:
        shape, here = self.shape.calibrations[name], ("calibrations", name)
        chosen = self._chosen("target", shape.targets, (*here, "targets"), targets)
        ways = self._chosen("method", shape.methods, (*here, "methods"), methods)
        writes = f"calibrated_{name}" if shape.writes is None else shape.writes
        if not _FILE_NAME.match(writes):
            place = self._place(*here, "writes") if shape.writes is not None else self.node.find(here).head
            remedy = "use small letters, digits and _, as in natural_history_2; it names files"
            self.problems.append(Problem(f"'{shortened(writes)}' cannot be the name of a layer", place, remedy))
        for parameter in shape.fixed:
            if parameter in shape.priors:
                place = self.node.find((*here, "fixed", parameter)).head
                what = f"calibration {name}: {shortened(parameter)} has a prior and is fixed as well"
                self.problems.append(Problem(what, place, "delete one of them"))
        return Calibration(
            name=name,
            label=shape.label,
            description=shape.description,
            priors=tuple(self._priors(name, shape)),
            targets=tuple(chosen),
            methods=tuple(ways),
            source=self._source(shape.source, *here),
            writes=writes,
            fixed=tuple(self._fixed(name, shape)),
            reference=self._reference(name, shape),
        )

    def _chosen(
        self, kind: str, names: list[str] | None, path: tuple[str, ...], known: dict[str, Chosen]
    ) -> list[Chosen]:
        """The named entries, or all of them where none are named; each once."""
        if names is None:
            return list(known.values())
        found: dict[str, Chosen] = {}
        for position, item in enumerate(names):
            place = self._place(*path, position)
            if item in found:
                self.problems.append(Problem(f"the {kind} '{shortened(item)}' is named twice", place, "delete one"))
            elif self._known(kind, item, place, known):
                found[item] = known[item]
        return list(found.values())

    def _settable(self, name: str, place: Place) -> Parameter | None:
        """A parameter that has a value of its own; a problem where there is none of that kind."""
        if not self._known("parameter", name, place, self.model.parameters):
            return None
        parameter = self.model.parameters[name]
        if parameter.value is None:
            what = f"{name} is worked out from others, so that it cannot be given a value"
            self.problems.append(Problem(what, place, "name the parameters that it is worked out from"))
        return parameter

    def _fixed(self, name: str, shape: CalibrationShape) -> list[Fixed]:
        found = []
        for parameter, item in shape.fixed.items():
            here = ("calibrations", name, "fixed", parameter)
            known = self._settable(parameter, self.node.find(here).head)
            if known is not None:
                low, high = _limits(known)
                if not low <= item.value <= high:
                    what = f"calibration {name}: {item.value:g} lies outside the bounds of {parameter}"
                    self.problems.append(Problem(what, self._place(*here, "value"), f"choose from {low:g} to {high:g}"))
            found.append(Fixed(parameter, item.value, self._source(item.source, *here)))
        return found

    def _priors(self, name: str, shape: CalibrationShape) -> list[Prior]:
        found = []
        for parameter, item in shape.priors.items():
            here = ("calibrations", name, "priors", parameter)
            known = self._settable(parameter, self.node.find(here).head)
            source = self._source(item.source, *here)
            distribution = self._distribution(parameter, item, (*here, "distribution"))
            if known is None or distribution is None:
                continue
            (low, high), (least, most) = _limits(known), distribution.support
            if least < low or most > high:
                what = f"the prior of {parameter} goes beyond its bounds of {low:g} to {high:g}"
                remedy = "choose a family that stays within, such as lognormal or beta"
                self.problems.append(Problem(what, self._place(*here, "distribution"), remedy))
            found.append(Prior(parameter, distribution, source))
        return found

    def _distribution(
        self, parameter: str, item: CalibrationPriorShape, path: tuple[str, ...]
    ) -> Distribution | None:
        try:
            made = from_spec(item.distribution)
        except DistributionError as error:
            place = self._place(*path, error.key)
            self.problems.append(Problem(f"prior of {shortened(parameter)}: {error.what}", place, error.remedy))
            return None
        if isinstance(made, Dirichlet) or made.family not in FITTED:
            what = f"prior of {shortened(parameter)}: the result could not be written down as {made.family}"
            self.problems.append(Problem(what, self._place(*path, "family"), f"choose {', '.join(FITTED)}"))
            return None
        return made

    def _reference(self, name: str, shape: CalibrationShape) -> Reference | None:
        given, here = shape.compare_with, ("calibrations", name, "compare_with")
        if given is None:
            return None
        self._known("method of this calibration", given.method, self._place(*here, "method"), shape.methods)
        place = self._place(*here, "draws")
        try:
            cells = self.model.files[given.draws]
        except KeyError:
            what = f"there is no file {shortened(given.draws)} in the model folder"
            self.problems.append(Problem(what, place, "name a CSV file such as tables/draws.csv"))
            return None
        except InputError as error:
            self._add(error)
            return None
        before = len(self.problems)
        names = tuple(parameter for parameter in shape.priors if parameter in cells.header)
        if not names or len(cells.rows) < FEWEST_DRAWS:
            what = f"{cells.file} has no draws of the calibrated parameters, or fewer than {FEWEST_DRAWS}"
            self.problems.append(Problem(what, place, f"columns are parameters: {', '.join(shape.priors)}"))
            return None
        columns = [cells.column(parameter, self.problems) for parameter in names]
        for parameter, column in zip(names, columns, strict=True):
            if len(self.problems) == before and self._is_lognormal(shape, parameter) and not (column > 0).all():
                row = int(np.argmin(column))
                what = f"column '{parameter}': {column[row]:g} is not above zero, as its prior has it"
                place = cells.place(row, cells.header.index(parameter))
                self.problems.append(Problem(what, place, "correct the draw or the prior"))
        return Reference(given.label, names, np.column_stack(columns), given.method)

    @staticmethod
    def _is_lognormal(shape: CalibrationShape, parameter: str) -> bool:
        return shape.priors[parameter].distribution.get("family") == "lognormal"


def _limits(parameter: Parameter) -> tuple[float, float]:
    low, high = parameter.bounds
    return -np.inf if low is None else low, np.inf if high is None else high

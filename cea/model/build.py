"""From a document and its layers to a validated model: every problem is collected before any is reported."""

from __future__ import annotations

from collections.abc import Iterable

from cea.errors import Problem
from cea.model.check import check_model
from cea.model.definition import Citation, Model, Perspective
from cea.model.document import Node
from cea.model.draft import Draft
from cea.model.layers import Layer, Merge
from cea.model.lookups import joints, tables
from cea.model.outcomes import equal_value, headlines, outcomes, shortfall
from cea.model.parameters import parameters
from cea.model.structure import (
    check_names,
    event_labels,
    formulas,
    settings,
    start,
    states,
    strategies,
    transitions,
    windows,
)  # fmt: skip
from cea.model.tables import Files


def build(
    document: Node, files: Files, layers: tuple[Layer, ...] = (), problems: Iterable[Problem] = (),
    unread: frozenset[str] = frozenset(),
) -> Model:  # fmt: skip
    """The model that a document and its layers define. Raises InputError with every problem found.

    `problems` are those found on reading, and `unread` the sections that lack what could not be read.
    """
    merge = Merge(document)
    for layer in layers:
        merge.apply(layer)
    draft = Draft(merge, files, problems, unread)
    return check_model(_model(draft, document, layers), draft)


def _model(draft: Draft, document: Node, layers: tuple[Layer, ...]) -> Model:
    shape = draft.shape
    check_names(draft)
    declared = strategies(draft)
    chosen = (
        declared if draft.selected is None else {name: declared[name] for name in draft.selected if name in declared}
    )
    known_states = states(draft)
    opened = windows(draft)
    return Model(
        title=shape.title,
        question=shape.question,
        settings=settings(draft),
        perspectives={
            name: Perspective(name, item.label or name, item.indirect, item.refused)
            for name, item in shape.perspectives.items()
        },
        thresholds=tuple(shape.thresholds.values),
        threshold=shape.thresholds.default,
        thresholds_source=draft.source(shape.thresholds.source, draft.find("thresholds", "source")),
        states=known_states,
        strategies=chosen,
        declared_strategies=declared,
        start=start(draft),
        windows=opened,
        formulas=formulas(draft, opened),
        transitions=transitions(draft, known_states),
        events=event_labels(draft),
        outcomes=outcomes(draft, known_states),
        tables=tables(draft),
        joint=joints(draft),
        headlines=headlines(draft),
        beside=tuple(shape.beside),
        shortfall=shortfall(draft),
        equal_value=equal_value(draft),
        parameters=parameters(draft),
        sources={
            key: Citation(key, item.citation, item.url, item.note or item.seen) for key, item in shape.sources.items()
        },
        layer_folders=tuple(shape.layers),
        order=(),
        dimensions={},
        used=frozenset(),
        warnings=(),
        document=document,
        files=draft.files,
        layers=layers,
    )

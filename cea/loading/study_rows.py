"""Rows of a CSV file as studies: their numbers, as they stand, and where they stand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from cea.analysis.synthesis import Measure, from_counts, from_interval
from cea.errors import Place, Problem
from cea.model.definition import Model, Source
from cea.model.document import Node, unknown
from cea.model.schema import Grade

Number = Literal[
    "log_effect", "se", "estimate", "low", "high", "events_treated", "events_control", "n_treated", "n_control"
]
Column = Literal[Number, "name", "label", "design", "basis", "source", "grade"]
"""What a column of the table can be."""

FORMS: tuple[tuple[Number, ...], ...] = (
    ("log_effect", "se"),
    ("estimate", "se"),
    ("estimate", "low", "high"),
    ("events_treated", "events_control", "n_treated", "n_control"),
)
"""The forms that an effect can be given in; `se` is that of the log. Of several that are complete the first counts."""

NUMBERS: tuple[Number, ...] = get_args(Number)


@dataclass(frozen=True)
class StudyRow:
    """A study as it is given: `numbers` by what they are, without those that are not there."""

    name: str
    label: str
    design: str | None
    numbers: Mapping[Number, float]
    basis: str
    source: Source
    place: Place

    @property
    def form(self) -> tuple[str, ...]:
        """The first form of FORMS that is complete; empty where none is."""
        return next((form for form in FORMS if all(key in self.numbers for key in form)), ())

    def effect(self, measure: Measure) -> tuple[float, float] | str:
        """The log effect and its standard error, or why the study has none.

        Raises ValueError where the numbers are not enough, or cannot be.
        """
        given = self.numbers
        if not given:
            return "no effect is given"
        match self.form:
            case ("log_effect", "se"):
                return _plausible(given["log_effect"], given["se"])
            case ("estimate", "se"):
                if given["estimate"] <= 0:
                    raise ValueError(f"the ratio is {given['estimate']:g}, not above zero")
                return _plausible(math.log(given["estimate"]), given["se"])
            case ("estimate", "low", "high"):
                return _plausible(*from_interval(given["estimate"], given["low"], given["high"]))
            case ():
                raise ValueError(f"{', '.join(sorted(given))} alone do not give an effect")
        events, patients = (given["events_treated"], given["events_control"]), (given["n_treated"], given["n_control"])
        found = from_counts(events, patients, measure)
        return "in both groups none has the event, or all have it" if found is None else _plausible(*found)


def _plausible(effect: float, se: float) -> tuple[float, float]:
    if not (abs(effect) <= 12 and 1e-4 <= se <= 5):
        raise ValueError(f"a log effect of {effect:g} with a standard error of {se:g} cannot be")
    return effect, se


def read_rows(
    file: str, columns: Mapping[Column, str], node: Node, model: Model, problems: list[Problem]
) -> dict[str, StudyRow]:
    """The rows of a table of the model folder as studies by name.

    columns: headings, by what is in the column; `name`, `label` and `grade` are needed. Problems are appended.
    """
    missing = [key for key in ("name", "label", "grade") if key not in columns]
    if missing:
        what = f"no column is named for {' and '.join(missing)}"
        problems.append(Problem(what, node.find(["columns"]).head, "add it, as in `name: study`"))
        return {}
    if file not in model.files:
        problems.append(unknown("table file", file, node.find(["file"]).place, model.files))
        return {}
    cells = model.files[file]
    named = [cells.check_column(column, node.find(["columns", key]).place, problems) for key, column in columns.items()]
    if not all(named):
        return {}
    numbers = {key: cells.column(columns[key], problems, blanks=True) for key in NUMBERS if key in columns}
    rows: dict[str, StudyRow] = {}
    for position in range(len(cells.rows)):
        row = cells.rows[position][1]
        text = {str(key): row[cells.header.index(column)].strip() for key, column in columns.items()}
        place = cells.place(position, cells.header.index(columns["name"]))
        given = {key: float(values[position]) for key, values in numbers.items() if not np.isnan(values[position])}
        name = text["name"]
        if not name or name in rows:
            what = f"the study '{name}' is given twice" if name else "the study has no name"
            problems.append(Problem(what, place, "give each study a name of its own"))
        source = _source(text, f"{file}, {name}", needed=bool(given), place=place, problems=problems)
        design, basis = text.get("design") or None, text.get("basis", "")
        rows[name] = StudyRow(name, text["label"] or name, design, given, basis, source, place)
    return rows


def _source(text: Mapping[str, str], where: str, *, needed: bool, place: Place, problems: list[Problem]) -> Source:
    """The source of a row; one that gives no effect needs no grade."""
    grades: dict[str, Grade] = {grade: grade for grade in get_args(Grade)}
    grade = text["grade"]
    if grade not in grades and (needed or grade):
        problems.append(unknown("grade", grade, place, grades))
    return Source(grades.get(grade, "unverified"), text.get("source") or None, where)

"""What a model consists of, as tables: parameters, sources, states, outcomes and lookup tables.

Every function gives a plain frame, one row a thing; a cell is text, a number, a truth value, or a tuple of texts. The
command `show` prints these frames and the generated pages of the documentation are made of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from cea.engine.scope import Scope
from cea.formula import to_text
from cea.model.definition import Model, Parameter, Source, Term
from cea.model.distributions import Dirichlet
from cea.reports.equations import outcome_unit, paid
from cea.reports.uses import uses
from cea.reports.values import constant

Row = dict[str, Any]

GRADES: Mapping[str, str] = {
    "published": "read in the source",
    "derived": "arithmetic on published numbers",
    "assumption": "somebody assumed it",
    "unverified": "recalled, not read",
}
"""What the grades of a value mean."""


def records(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame as mappings of plain values, None where there is nothing."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


# Parameters


def parameters(model: Model, scope: Scope) -> pd.DataFrame:
    """One row a parameter: value, uncertainty, limits, grade, source, the layer that set it and where it is used.

    `value` is what the model computes with, also where the parameter is a formula or solved; it is missing where that
    varies by strategy or over time. `definition` is how it is given when not as a number.
    """
    used, totals = uses(model), _dirichlet_totals(model)
    return pd.DataFrame([_parameter(model, scope, item, used, totals) for item in model.parameters.values()])


def _parameter(
    model: Model, scope: Scope, item: Parameter, used: Mapping[str, Sequence[str]], totals: Mapping[str, float]
) -> Row:
    low, high = _interval(item, totals)
    return {
        "name": item.name,
        "label": item.label,
        "group": item.group or "Other",
        "value": constant(scope, item.name),
        "unit": item.unit,
        "given_as": _given_as(item),
        "definition": definition(item),
        "uncertainty": item.distribution.describe() if item.distribution and item.uncertain else None,
        "interval_low": low,
        "interval_high": high,
        "range_low": item.range[0] if item.range else None,
        "range_high": item.range[1] if item.range else None,
        "bound_low": item.bounds[0],
        "bound_high": item.bounds[1],
        "share_draw": item.share_draw,
        "decision": item.decision,
        "cohort": item.cohort,
        **source_cells(model, item.source),
        "layer": item.layer or None,
        "file": str(item.place),
        "used_by": tuple(used.get(item.name, ())),
    }


def _given_as(item: Parameter) -> str:
    if item.solve is not None:
        return "solved"
    if item.term is not None:
        return "formula"
    return "number" if item.same_as is None else "same_as"


def definition(item: Parameter) -> str | None:
    """How a parameter is given when not as a number: its formula, the other parameter, or what it is solved for."""
    solve = item.solve
    if solve is not None:
        years = solve.years.text if solve.years else None
        text = solve_text(solve.measure, solve.strategies, solve.target.text, years, solve.event)
        text += ", held under layers that are not structural" if solve.held else ""
        return text + (f"; in draws, with --resolve: {solve.in_draws.text}" if solve.in_draws else "")
    return to_text(item.term.expression) if item.term is not None else item.same_as


def solve_text(measure: str, strategies: Sequence[str], target: str, years: object = None, event: object = None) -> str:
    """What a parameter is solved for, as an equation in words."""
    what = measure.replace("_", " ") + (f" of {event}" if event else "")
    return f"{what}, {' to '.join(strategies)}{f' at {years} years' if years else ''} = {target}"


def _dirichlet_totals(model: Model) -> dict[str, float]:
    totals: dict[str, float] = {}
    for item in model.parameters.values():
        if isinstance(item.distribution, Dirichlet):
            totals[item.distribution.group] = totals.get(item.distribution.group, 0.0) + item.distribution.alpha
    return totals


def _interval(item: Parameter, totals: Mapping[str, float]) -> tuple[float | None, float | None]:
    """The central 95 % interval of an uncertain parameter; a Dirichlet share gets the total of its group."""
    distribution = item.distribution
    if distribution is None or not item.uncertain:
        return None, None
    if isinstance(distribution, Dirichlet):
        distribution = distribution.with_total(totals[distribution.group])
    return distribution.interval()


def source_cells(model: Model, source: Source) -> Row:
    """Grade, key, citation, address, spot and note of a source."""
    citation = model.sources.get(source.ref or "")
    return {
        "grade": source.grade,
        "source": source.ref,
        "citation": citation.citation if citation else None,
        "url": citation.url if citation else None,
        "where": source.where,
        "note": source.note,
    }


def grades(frame: pd.DataFrame) -> pd.DataFrame:
    """How many rows of a frame of parameters have each grade: grade, meaning, count."""
    given = list(frame["grade"]) if "grade" in frame else []
    return pd.DataFrame(
        [{"grade": grade, "meaning": meaning, "count": given.count(grade)} for grade, meaning in GRADES.items()]
    )


# States, outcomes, tables and sources


def states(model: Model) -> pd.DataFrame:
    """One row a state: label, dead, tunnel (years and next state) and the share that starts there."""
    per_year = model.settings.cycles_per_year
    return pd.DataFrame(
        [
            {
                "name": item.name,
                "label": item.label,
                "dead": item.dead,
                "lasts_years": item.steps / per_year if item.then else None,
                "then": item.then,
                "start": "0" if item.name not in model.start else _start_text(model.start[item.name]),
            }
            for item in model.states.values()
        ]
    )


def _start_text(term: Term | None) -> str:
    return "rest" if term is None else to_text(term.expression)


def outcomes(model: Model) -> pd.DataFrame:
    """One row an outcome: type (cost, effect or count), category, when it is paid, unit, and whether it is indirect."""
    return pd.DataFrame(
        [
            {
                "name": item.name,
                "label": item.label,
                "type": item.kind,
                "category": item.category,
                "paid": paid(model, item),
                "unit": outcome_unit(model, item),
                "indirect": item.indirect,
                "adds_to": item.total if item.total != item.name else None,
                "file": str(item.place),
            }
            for item in model.outcomes.values()
        ]
    )


def tables(model: Model) -> pd.DataFrame:
    """One row a lookup table: its file, keys and columns with units, source and where it is used."""
    used = uses(model)
    return pd.DataFrame(
        [
            {
                "name": item.name,
                "file": item.file,
                "key_unit": item.key_unit,
                "columns": tuple(f"{name}: {item.headers[name]}, unit {unit}" for name, unit in item.units.items()),
                "first_key": float(item.numeric.keys[0]),
                "until": item.numeric.until,
                "rows": len(item.numeric.keys),
                **source_cells(model, item.source),
                "used_by": tuple(used.get(item.name, ())),
            }
            for item in model.tables.values()
        ]
    )


def sources(model: Model) -> pd.DataFrame:
    """One row a source: citation, address, note and what rests on it."""
    rests: dict[str, list[str]] = {}
    for place, source in _sourced(model):
        rests.setdefault(source.ref or "", []).append(place)
    return pd.DataFrame(
        [
            {
                "name": item.key,
                "citation": item.citation,
                "url": item.url,
                "note": item.note,
                "used_by": tuple(rests.get(item.key, ())),
            }
            for item in model.sources.values()
        ]
    )


def _sourced(model: Model) -> Iterator[tuple[str, Source]]:
    yield from ((f"parameter {item.name}", item.source) for item in model.parameters.values())
    yield from ((f"table {item.name}", item.source) for item in model.tables.values())
    yield "thresholds", model.thresholds_source
    if model.shortfall is not None:
        yield "shortfall", model.shortfall.source

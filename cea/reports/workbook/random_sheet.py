"""One random draw of all uncertain parameters, by the rules of `engine.cube` as formulas.

Every uniform is RAND() in run mode 3 and 0.5 otherwise, so that nothing is volatile in the other modes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from cea.engine.cube import Cube, cholesky
from cea.engine.markov import Floats
from cea.errors import InputError
from cea.model.definition import Joint, Model
from cea.model.distributions import Dirichlet, Distribution
from cea.reports.workbook.addresses import JOINT, RANDOM, RANDOM_DRAW
from cea.reports.workbook.book import Book, Sheet, cell, letter
from cea.reports.workbook.context import Context
from cea.reports.workbook.styles import number_for

TOP = 5
NAME, LABEL, RULE, UNIFORM, SCORE, TIED, PROBABILITY, FAMILY, FIRST, LOW, HIGH, VALUE = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13,
)  # fmt: skip
_HEADERS = (
    "Parameter", "Label", "How it is drawn", "Uniform", "Normal score or gamma draw", "Correlated score", "Probability",
    "Distribution", "1st", "2nd", "3rd", "Lower bound", "Upper bound", "Random draw",
)  # fmt: skip
_EXPLANATION = (
    "In run mode 3 every uniform is a new random number at each recalculation (key F9); in the other modes it is 0.5, "
    "and nothing on this sheet is used. Values outside hard bounds are set to the bound."
)
_QUANTILES: Mapping[str, str] = {
    "normal": "{a}+{b}*NORMSINV({p})",
    "lognormal": "EXP({a}+{b}*NORMSINV({p}))",
    "gamma": "GAMMAINV({p},{a},{b})",
    "beta": "BETAINV({p},{a},{b})",
    "uniform": "{a}+({b}-{a})*{p}",
    "triangular": "IF({p}*({c}-{a})<{b}-{a},{a}+SQRT({p}*({c}-{a})*({b}-{a})),{c}-SQRT((1-{p})*({c}-{a})*({c}-{b})))",
    "pert": "{a}+({c}-{a})*BETAINV({p},1+4*({b}-{a})/({c}-{a}),1+4*({c}-{b})/({c}-{a}))",
}
"""Quantile of the probability p by family; a, b and c are the distribution's parameters in their order."""


@dataclass(frozen=True)
class _Row:
    """A parameter on the sheet: how it is drawn, and with which others (itself among them)."""

    name: str
    row: int
    kind: str
    rule: str
    leader: int
    group: tuple[str, ...]


def add(book: Book, context: Context) -> dict[str, tuple[str, float]]:
    """Writes the sheet, if anything is uncertain; gives the cell and value of the draw by parameter."""
    model = context.model
    try:
        cube = Cube(model)
    except InputError:  # a model that cannot be drawn still has a base case
        return {}
    if not cube.count:
        return {}
    context.layout.random_draws = True
    sheet = book.sheet(RANDOM, "One random draw of all uncertain parameters (run mode 3), with copula and shared draws")
    sheet.text(0, 0, "Random draws", "title")
    sheet.text(1, 0, _EXPLANATION, "note")
    sheet.row(TOP - 1, 0, _HEADERS)
    rows = _rows(model, cube)
    middles = _middles(model, cube, rows)
    weights = _factors(sheet, model, rows)
    joints = _joint_draws(book, model, rows)
    found = {}
    for item in rows.values():
        _write(sheet, context, item, rows, weights, joints, middles)
        if item.name in cube.names:
            found[item.name] = sheet.at(item.row, VALUE), middles[item.name]
    sheet.widths(30, 40, 30, 11, 14, 14, 12, 13, 12, 12, 12, 12, 12, 14)
    sheet.worksheet.freeze_panes(TOP, 1)
    sheet.worksheet.set_row(TOP - 1, 32)
    sheet.print_setup(TOP + len(rows) - 1, VALUE, repeat_rows=(TOP - 1, TOP - 1))
    return found


def _rows(model: Model, cube: Cube) -> dict[str, _Row]:
    """The rows in the order of the cube's columns."""
    groups: dict[str | None, list[str]] = {}
    for column in cube.dimensions:
        groups.setdefault(column.group, []).extend(column.parameters)
    rows: dict[str, _Row] = {}
    for column in cube.dimensions:
        leader = TOP + len(rows)
        group = tuple(groups[column.group]) if column.group is not None else column.parameters
        for name in column.parameters:
            kind, rule = _rule(model, name, column.group, column.parameters)
            rows[name] = _Row(name, TOP + len(rows), kind, rule, leader, group)
    return rows


def _rule(model: Model, name: str, group: str | None, sharing: tuple[str, ...]) -> tuple[str, str]:
    """How a parameter is drawn, as a kind and in words."""
    if group is None:
        return "own", "by itself"
    if isinstance(model.parameters[name].distribution, Dirichlet):
        return "dirichlet", f"share of {group}"
    if len(sharing) > 1 and group not in model.joint:
        return "own", f"with one uniform: {group}"
    joint = model.joint.get(group)
    if joint is None:
        return "own", f"with one uniform: {group}"
    if joint.correlation is None:
        return "rows", f"row of the joint draws {group}"
    return "copula", f"correlated: {group}"


def _middles(model: Model, cube: Cube, rows: Mapping[str, _Row]) -> dict[str, float]:
    """The draw of every parameter where all uniforms are 0.5."""
    draws = cube.parameters(np.full((1, cube.count), 0.5))
    found = {name: float(draws.values[0, k]) for k, name in enumerate(draws.names)}
    for item in rows.values():
        distribution = model.parameters[item.name].distribution
        if item.kind == "dirichlet" and isinstance(distribution, Dirichlet):
            found.setdefault(item.name, _gamma(distribution) / sum(_gamma(part) for part in _shares(model, item)))
    return found


def _gamma(share: Dirichlet) -> float:
    return float(scipy.special.gammaincinv(share.alpha, 0.5))


def _shares(model: Model, item: _Row) -> list[Dirichlet]:
    found = [model.parameters[name].distribution for name in item.group]
    return [share for share in found if isinstance(share, Dirichlet)]


def _factors(sheet: Sheet, model: Model, rows: Mapping[str, _Row]) -> dict[str, tuple[int, Floats]]:
    """Writes the Cholesky factor of each correlated group below the rows; gives its first row and its values."""
    found: dict[str, tuple[int, Floats]] = {}
    top = TOP + len(rows) + 2
    for item in rows.values():
        if item.kind != "copula" or item.group[0] in found:
            continue
        joint = _joint_of(model, item.name)
        assert joint.correlation is not None, "a correlated group has a correlation"
        chosen = [joint.parameters.index(name) for name in item.group]
        factor = cholesky(joint.correlation[np.ix_(chosen, chosen)])
        sheet.text(top, 0, f"Cholesky factor of the correlations of {joint.name} (of normal scores)", "section")
        sheet.row(top + 1, 1, item.group, "header_right")
        for i, name in enumerate(item.group):
            sheet.text(top + 2 + i, 0, name, "label")
            for j in range(len(item.group)):
                sheet.number(top + 2 + i, 1 + j, float(factor[i, j]), "static", "small")
        found[item.group[0]] = top + 2, factor
        top += len(item.group) + 4
    return found


def _joint_of(model: Model, name: str) -> Joint:
    return next(joint for joint in model.joint.values() if name in joint.parameters)


def _joint_draws(book: Book, model: Model, rows: Mapping[str, _Row]) -> dict[str, tuple[str, int]]:
    """Writes the joint draws that rows are taken from to a sheet of their own; the column and length by parameter."""
    names = [item.name for item in rows.values() if item.kind == "rows"]
    if not names:
        return {}
    sheet = book.sheet(JOINT, "Joint draws that come with the model; run mode 3 takes a row of them")
    sheet.text(0, 0, "Joint draws", "title")
    found = {}
    for column, name in enumerate(names):
        joint = _joint_of(model, name)
        assert joint.draws is not None, "a group drawn by rows has draws"
        values = joint.draws[:, joint.parameters.index(name)]
        sheet.text(2, column, name, "header_right")
        for row, value in enumerate(values.tolist(), 3):
            sheet.number(row, column, value, "static")
        found[name] = sheet.across(3, column, 2 + len(values)), len(values)
    sheet.worksheet.freeze_panes(3, 0)
    sheet.worksheet.set_column(0, len(names), 16)
    return found


def _write(
    sheet: Sheet, context: Context, item: _Row, rows: Mapping[str, _Row], weights: Mapping[str, tuple[int, Floats]],
    joints: Mapping[str, tuple[str, int]], middles: Mapping[str, float],
) -> None:  # fmt: skip
    parameter, row = context.model.parameters[item.name], item.row
    distribution = parameter.distribution
    sheet.text(row, NAME, item.name)
    sheet.text(row, LABEL, parameter.label)
    sheet.text(row, RULE, item.rule)
    mode = context.layout.name("run_mode")
    uniform = f"IF({mode}={RANDOM_DRAW},MAX(RAND(),1E-15),0.5)" if row == item.leader else cell(item.leader, UNIFORM)
    sheet.formula(row, UNIFORM, uniform, 0.5, "calculation", "small")
    probability = cell(row, UNIFORM)
    if item.kind == "copula":
        probability = _tied(sheet, item, rows, weights[item.group[0]])
    sheet.formula(row, PROBABILITY, probability, 0.5, "calculation", "small")
    draw = cell(row, PROBABILITY)
    if item.kind == "rows":
        column, count = joints[item.name]
        text = f"INDEX({column},MIN(INT({draw}*{count})+1,{count}))"
    elif isinstance(distribution, Dirichlet):
        text = _share(sheet, item, distribution, rows)
    else:
        assert distribution is not None, "what is drawn by itself has a distribution"
        text = _quantile(sheet, row, distribution, draw)
    sheet.formula(
        row,
        VALUE,
        _bounded(sheet, row, parameter.bounds, text),
        middles[item.name],
        "result",
        number_for(middles[item.name]),
    )


def _tied(sheet: Sheet, item: _Row, rows: Mapping[str, _Row], factor: tuple[int, Floats]) -> str:
    """Writes the scores of a correlated parameter; the formula of its probability."""
    top, values = factor
    position = item.group.index(item.name)
    sheet.formula(item.row, SCORE, f"NORMSINV({cell(item.row, UNIFORM)})", 0.0, "calculation", "small")
    terms = [
        f"{cell(top + position, 1 + k, fixed=True)}*{cell(rows[other].row, SCORE, fixed=True)}"
        for k, other in enumerate(item.group)
        if values[position, k] != 0
    ]
    sheet.formula(item.row, TIED, "+".join(terms) or "0", 0.0, "calculation", "small")
    return f"NORMSDIST({cell(item.row, TIED)})"


def _share(sheet: Sheet, item: _Row, share: Dirichlet, rows: Mapping[str, _Row]) -> str:
    """Writes the gamma draw of a share; the formula of the share."""
    sheet.text(item.row, FAMILY, "dirichlet", "indented")
    sheet.number(item.row, FIRST, share.alpha, "static")
    gamma = f"GAMMAINV({cell(item.row, PROBABILITY)},{cell(item.row, FIRST)},1)"
    sheet.formula(item.row, SCORE, gamma, _gamma(share), "calculation", "small")
    total = "+".join(f"${letter(SCORE)}${rows[other].row + 1}" for other in item.group)
    return f"{cell(item.row, SCORE)}/({total})"


def _quantile(sheet: Sheet, row: int, distribution: Distribution, draw: str) -> str:
    """Writes the parameters of a distribution; the formula of its quantile."""
    sheet.text(row, FAMILY, distribution.family, "indented")
    numbers = list(distribution.parameters().values())
    for position, value in enumerate(numbers):
        sheet.number(row, FIRST + position, value, "static")
    places = dict(zip("abc", (cell(row, FIRST + position) for position in range(3)), strict=True))
    return _QUANTILES[distribution.family].format(p=draw, **places)


def _bounded(sheet: Sheet, row: int, bounds: tuple[float | None, float | None], text: str) -> str:
    for column, bound, function in ((LOW, bounds[0], "MAX"), (HIGH, bounds[1], "MIN")):
        if bound is not None:
            sheet.number(row, column, bound, "static")
            text = f"{function}({text},{cell(row, column)})"
    return text

"""The same formula in NumPy and in a spreadsheet: every function and operator over its domain, and outside it.

The cells are written without results, so what is read back is what LibreOffice has computed. It stores 15 digits.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xlsxwriter

from cea.formula import FUNCTIONS, NumericTable, evaluate, names, parse, to_excel, to_text
from cea.formula.functions import ARITHMETIC, COMPARISONS

RELATIVE, ABSOLUTE = 1e-12, 1e-300

KEYS = [0.0, 1.0, 2.5, 40.0, 41.0]
COLUMNS = {"male": [0.001, 0.002, 0.5, 1e-5, 7.0], "female": [1e300, -3.0, 0.0, 2.0, 1e-300]}
UNTIL = 42.0
TABLES = {"life": NumericTable(np.array(KEYS), {name: np.array(values) for name, values in COLUMNS.items()}, UNTIL)}


@dataclass(frozen=True)
class Case:
    """A formula at values of its names. `absolute`: error allowed beside the relative one; see `functions`."""

    formula: str
    scope: tuple[tuple[str, float], ...] = ()
    absolute: float = ABSOLUTE

    @property
    def value(self) -> float:
        return float(evaluate(parse(self.formula), dict(self.scope), TABLES))

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value:g}" for name, value in self.scope)
        return f"{self.formula} [{values}]" if values else self.formula


def over(formula: str, *points: float | tuple[float, ...], absolute: float = ABSOLUTE) -> Iterator[Case]:
    """Cases of one formula at values of a, b, c."""
    for point in points:
        values = point if isinstance(point, tuple) else (point,)
        yield Case(formula, tuple(zip("abc", values, strict=False)), absolute)


def is_too_small(base: float, exponent: float) -> bool:
    """Whether a power is below what can be held: 0 to Excel and NumPy, an error to LibreOffice."""
    return base != 0 and exponent * math.log(abs(base)) < -708


TINY, HUGE = 2.3e-308, 9.9e307
SPREAD = [0.0, 1.0, -1.0, 0.1, -2.5, 1e-9, -1e-15, 1e15, -1e15, 1e-300, HUGE, -HUGE]
PAIRS = [(a, b) for a in SPREAD for b in (0.0, 1.0, -3.0, 1e-300, 1e10, -HUGE)]
BASES = [0.0, 0.5, 1.0, 2.0, -1.0, -2.0, -8.0, 1e-100, 1e100, 1.000001]
EXPONENTS = [0.0, 1.0, -1.0, 2.0, 3.0, -2.0, 0.5, -0.5, 0.2, 1 / 3, 200.0, -200.0, 5000.0, -5000.0]
WRITTEN_POWERS = ["2", "3", "-1", "-2", "0.5", "-0.5", "0.2", "0"]
NEAR = [(1.0, 1.0 + gap) for gap in (0.0, 2e-9, -2e-9, 1.1e-9, 0.9e-9, -1.1e-9, -0.9e-9, 1.0, -1.0)]
APART = [(0.0, 0.0), (0.0, 1e-9), (1e9, 1e9 + 1), (-1e300, 1e300), (65.0, 64.99999), (1e-12, -1e-12)]
TRUTHS = [(a, b) for a in (0.0, 1.0, -0.5, 5e-10, 2e-9) for b in (0.0, 1.0, 1e-10)]
RATES = [0.0, 1e-10, 1e-5, 0.1, 1.0, 50.0, 800.0, 1e300, -1e-9, -1.0]
YEARS = [0.0, 1 / 12, 1.0, 100.0, 1e300, -1.0]
PROBABILITIES = [0.0, 1e-17, 1e-9, 0.1, 0.5, 0.999, 1 - 1e-9, 1 - 1e-13, 1.0, 1.1, -1e-9, -1.0]
FLOORS = [
    0.0, 0.5, -0.5, 1.0, 2.9999999, 3.0 - 9e-10, 3.0 - 2e-9, -1e-10, -3.0 - 9e-10, 999999.5, 999999.99999, -999999.5,
    57.916666666666664, 1e6, -1e6, 1e15,
]  # fmt: skip

FUNCTION_CASES: dict[str, list[Case]] = {
    "if": [
        *over("if(a, b, c)", (1.0, 2.0, 3.0), (0.0, 2.0, 3.0), (5e-10, 2.0, 3.0), (-2e-9, 2.0, 3.0)),
        *over("if(a > 0, ln(a), 1 / a)", 2.0, -2.0, 0.0),
        *over("if(a > 1, if(a > 2, 3, 1 / 0), if(a < 0, sqrt(a), a))", 3.0, 1.5, 0.5, -1.0),
        *over("if(ln(a), 1, 2)", 1.0, 2.0, 0.0),
    ],
    "min": [*over("min(a, b)", *PAIRS), *over("min(a, 1 / b, c)", (1.0, 2.0, 3.0), (1.0, 0.0, 3.0))],
    "max": [*over("max(a, b)", *PAIRS), *over("max(a, 1 / b, c)", (1.0, 2.0, 3.0), (1.0, 0.0, 3.0))],
    "exp": list(over("exp(a)", 0.0, 1.0, -1.0, 1e-300, 709.78, -700.0, -745.0, -1e300, 709.79, 1e300)),
    "ln": list(over("ln(a)", 1.0, 2.0, 1e-300, TINY, HUGE, 0.5, 0.0, -1.0, -HUGE)),
    "sqrt": list(over("sqrt(a)", 0.0, 1.0, 2.0, TINY, HUGE, 1e-300, -1e-300, -1.0)),
    "abs": list(over("abs(a)", *SPREAD)),
    "floor": list(over("floor(a)", *FLOORS)),
    "rate_to_prob": list(
        over("rate_to_prob(a, b)", *[(rate, years) for rate in RATES for years in YEARS], absolute=4e-15)
    ),
    "prob_to_rate": list(over("prob_to_rate(a, b)", *[(p, years) for p in PROBABILITIES for years in YEARS])),
    "lookup": [
        *over("lookup(life, male, a)", -1.0, -2e-9, -5e-10, 0.0, 0.5, 1.0, 1.0 - 5e-10, 1.0 - 2e-9, 2.4, 2.5, 39.99),
        *over("lookup(life, female, a)", 0.0, 1.0, 40.0, 40.5, 41.0, 41.99, 42.0 - 5e-10, 42.0 - 2e-9, 42.0, 1e300),
        *over("lookup(life, male, a + b) * 2", (40.0, 1 / 12), (40.0, 12 / 12), (0.0, 50.0)),
        *over("lookup(life, male, 1 / a)", 1.0, 0.0),
    ],
}

OPERATOR_CASES: dict[str, list[Case]] = {
    **{op: list(over(f"a {op} b", *PAIRS)) for op in "+-*/"},
    "^": [
        *over("a ^ b", *[(a, b) for a in BASES for b in EXPONENTS if not is_too_small(a, b)]),
        *over("a ^ b", *[(a, b) for a in (1e-300, 1e300, -1e300) for b in (1.0, -1.0, 0.5, -0.5, 0.0)]),
        *[case for base in ("2", "0.5", "1", "1e-300", "0") for case in over(f"{base} ^ a", *EXPONENTS)],
        *[case for power in WRITTEN_POWERS for case in over(f"a ^ {power}", *BASES)],
        *over("(1 + a) ^ -b", (0.03, 1 / 12), (0.03, 43.0), (0.0, 10.0), (-1.0, 1.0), (-3.0, 0.5)),
    ],
    **{op: list(over(f"a {op} b", *NEAR, *APART)) for op in COMPARISONS},
    "negation": [*over("-a", *SPREAD), *over("-a ^ 2", 2.0, -2.0), *over("a - -b * -c", (1.0, 2.0, 3.0))],
    "and": [*over("a and b", *TRUTHS), *over("a and 1 / b", (0.0, 0.0), (1.0, 1.0))],
    "or": [*over("a or b", *TRUTHS), *over("a or 1 / b", (1.0, 0.0), (0.0, 1.0))],
    "not": [*over("not a", 0.0, 1.0, -1.0, 5e-10, 2e-9), *over("not 1 / a", 0.0, 2.0)],
}

EDGES = [
    "0.1 + 0.2 > 0.3", "0.1 + 0.2 == 0.3", "0.1 + 0.2 != 0.3", "0.1 + 0.2 <= 0.3", "floor(0.3 / 0.1)",
    "floor((0.1 + 0.7) * 10)", "-2 ^ 2", "(-2) ^ 2", "2 ^ -2", "(2 ^ 3) ^ 2", "2 ^ (3 ^ 2)", "10 - 2 - 3",
    "10 - (2 - 3)", "16 / 4 / 2", "16 / (4 / 2)", "2 * 3 ^ 2", "1 / (1 / 0)", "exp(-(1e300 * 1e300))",
    "min(1, 1e300 * 1e300)", "0 * (1 / 0)", "1 < 1 / 0", "(1 < 2) + (2 < 3) * 4", "(1 < 2) == (3 < 4)", "not not 5",
    "not 1 > 2 and 3 or 0", "if(1 and not 0, if(0 or 2 > 1, 5, 1 / 0), ln(0))", "if(0, 1 / 0, if(1, 7, sqrt(-1)))",
    "1e-9 + 1.5e300 / 1e299", "0.30000000000000004 * 1", "123456789.123456 * 1e-5", "2.3e-308 * 1",
    "9.99999999999999e307 / 10", "(0 - 8) ^ (1 / 3)", "0 ^ 0", "0 ^ (1 - 2)", "if(0.5 ^ 2 == 0.25, 1, 2)",
    "max(1, 2, 3, 4, 5) - min(5, 4, 3, 2, 1)", "abs(-3) ^ 2", "-abs(-3)", "1 - 0.5 * 0.5 - 0.25", "sqrt(2) * sqrt(2)",
]  # fmt: skip


def random_formula(source: random.Random, depth: int) -> str:
    if depth == 0 or source.random() < 0.15:
        return source.choice(["a", "b", "c", "a", "b", "1", "2", "0.5", "0.1", "3"])
    parts = [f"({random_formula(source, depth - 1)})" for _ in range(3)]
    first, second, third = parts
    return source.choice(
        [
            *[f"{first} {op} {second}" for op in [*ARITHMETIC, *COMPARISONS, "and", "or"]],
            f"-{first}", f"not {first}", f"if({first}, {second}, {third})",
            f"if({first} < {second}, {third}, {second})", f"min({first}, {second})", f"max({first}, {second}, {third})",
            f"exp({first})", f"ln({first})", f"sqrt({first})", f"abs({first})", f"floor({first})",
            f"rate_to_prob({first}, {second})", f"prob_to_rate({first}, {second})", f"lookup(life, male, {first})",
            f"{first} - {second} - {third}", f"{first} / {second} / {third}",
        ]
    )  # fmt: skip


def is_stable(case: Case) -> bool:
    """Whether the value survives errors in the last digit of the inputs, which a spreadsheet does not keep."""
    expression, scope = parse(case.formula), dict(case.scope)
    values = [
        float(evaluate(expression, {name: value * (1 + slip) for name, value in scope.items()}, TABLES))
        for slip in (0.0, 3e-15, -3e-15)
    ]
    return np.allclose(values, values[0], rtol=1e-13, atol=0, equal_nan=True) and not 0 < abs(values[0]) < 1e-290


def random_cases(wanted: int) -> list[Case]:
    source, found = random.Random(20), []
    while len(found) < wanted:
        formula = to_text(parse(random_formula(source, 4)))
        scope = tuple((name, round(source.uniform(-1, 4), 3)) for name in "abc")
        case = Case(formula, scope)
        # half of what is made at random has no value; one such case in five is enough
        if len(formula) > 15 and is_stable(case) and (math.isfinite(case.value) or source.random() < 0.2):
            found.append(case)
    return found


RANDOM = random_cases(150)
TABLED = chain.from_iterable([*FUNCTION_CASES.values(), *OPERATOR_CASES.values()])
CASES = list(dict.fromkeys([*TABLED, *map(Case, EDGES), *RANDOM]))


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, recalculated: Callable[[Path], Path]) -> dict[Case, object]:
    """What the spreadsheet makes of every case: a number, or the text of an error."""
    path = tmp_path_factory.mktemp("agreement") / "cases.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet, table = workbook.add_worksheet("cases"), workbook.add_worksheet("life")
        for column, values in enumerate([KEYS, *COLUMNS.values()]):
            table.write_column(0, column, values)
        table.write_number(0, 4, UNTIL)
        letters = dict(zip([None, *COLUMNS], "ABC", strict=True))
        for row, case in enumerate(CASES):
            for column, (_, value) in enumerate(case.scope, start=1):
                sheet.write_number(row, column, value)
            place = {name: f"{'BCD'[i]}{row + 1}" for i, (name, _) in enumerate(case.scope)}
            text = to_excel(
                parse(case.formula),
                place.__getitem__,
                lambda _, column: f"life!${letters[column]}$1:${letters[column]}${len(KEYS)}",
                lambda _: "life!$E$1",
            )
            sheet.write_formula(row, 0, f"={text}", value="")
    cells = openpyxl.load_workbook(recalculated(path), data_only=True)["cases"]
    return {case: cells.cell(row, 1).value for row, case in enumerate(CASES, start=1)}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_numpy_and_the_spreadsheet_agree(case: Case, results: dict[Case, object]) -> None:
    expected, found = case.value, results[case]
    if math.isfinite(expected):
        assert isinstance(found, int | float) and not isinstance(found, bool), found
        assert found == pytest.approx(expected, rel=RELATIVE, abs=case.absolute)
    else:
        assert isinstance(found, str) and found.startswith("#"), found


def test_a_power_too_small_to_be_held_is_zero_where_its_base_is_written_out(results: dict[Case, object]) -> None:
    case = next(case for case in CASES if case.formula == "0.5 ^ a" and dict(case.scope)["a"] == 5000)
    assert case.value == 0
    assert results[case] == pytest.approx(0, abs=ABSOLUTE)


def test_every_function_is_tried_inside_and_outside_its_domain() -> None:
    assert set(FUNCTION_CASES) == {*FUNCTIONS, "lookup"}
    for cases in FUNCTION_CASES.values():
        assert any(math.isfinite(case.value) for case in cases)
    for name in ("exp", "ln", "sqrt", "floor", "rate_to_prob", "prob_to_rate", "lookup"):
        assert any(not math.isfinite(case.value) for case in FUNCTION_CASES[name])


def test_every_operator_is_tried() -> None:
    assert set(OPERATOR_CASES) == {*ARITHMETIC, *COMPARISONS, "negation", "and", "or", "not"}


def test_random_formulas_are_many_and_different() -> None:
    assert len({case.formula for case in RANDOM}) > 140
    assert sum(math.isfinite(case.value) for case in RANDOM) > 100
    assert all(names(parse(case.formula)) <= {"a", "b", "c"} for case in RANDOM)


def test_only_functions_of_excel_2007_are_written() -> None:
    written = {
        word
        for case in CASES
        for word in re.findall(
            r"([A-Z.]+)\(", to_excel(parse(case.formula), str, lambda table, column: "range", lambda table: "until")
        )
    }
    assert written == {
        "IF", "AND", "OR", "NOT", "ABS", "MIN", "MAX", "EXP", "LN", "SQRT", "INT", "INDEX", "MATCH", "NA"
    }  # fmt: skip

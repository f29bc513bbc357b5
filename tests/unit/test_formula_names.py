"""Which names can be used."""

from __future__ import annotations

import pytest

from cea.formula import FUNCTIONS, name_problem, reserved_time_names


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "rate_b_to_c",
        "cost_year_1",
        "p2_share",
        "msc",
        "abcd1",
        "rc_share",
        "ratio",
        "since",
        "x" * 64,
        "e",
        "max_age",
    ],
)
def test_good_names(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize("name", ["u1", "rr1", "abc1", "e5", "log10", "xfd1048576", "zzz9", "a0", "rc3", "r1"])
def test_cells(name: str) -> None:
    assert name_problem(name) == "a spreadsheet reads it as a cell"


@pytest.mark.parametrize("name", ["r", "c", "rc", "r1c1", "r10c", "r1048576c16384"])
def test_rows_and_columns(name: str) -> None:
    assert name_problem(name) == "a spreadsheet reads it as a row or column"


@pytest.mark.parametrize(
    "name", ["", "Rate", "rate_", "_rate", "a__b", "1a", "a-b", "a b", "a.b", "r\u00e4te", "a\n", "\u0661", "__class__"]
)
def test_shapes(name: str) -> None:
    assert "small letters" in str(name_problem(name))


@pytest.mark.parametrize("name", [*FUNCTIONS, "lookup"])
def test_functions(name: str) -> None:
    assert name_problem(name) == "it is a function of the formula language"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("and", "word of the formula language"),
        ("not", "word of the formula language"),
        ("true", "truth value"),
        ("nan", "number"),
        ("print_area", "meaning of its own"),
        ("since_course", "windows"),
        ("x" * 65, "65 characters"),
        *((name, "time name") for name in sorted(reserved_time_names)),
    ],
)
def test_reserved_words(name: str, word: str) -> None:
    assert word in str(name_problem(name))

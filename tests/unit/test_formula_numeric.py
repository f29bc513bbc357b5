"""Values of formulas: tolerance, domains, lookups, branches, shapes, and where a value is missing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cea.formula import NumericTable, evaluate, first_failure, parse

TABLES = {
    "life": NumericTable(
        keys=np.array([40.0, 41.0, 42.5]),
        columns={"male": np.array([0.1, 0.2, 0.3]), "female": np.array([0.01, np.nan, 0.03])},
        until=44.0,
    )
}


def value(text: str, **scope: float) -> float:
    return float(evaluate(parse(text), scope, TABLES))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1 + 0.2 > 0.3", 0),
        ("0.1 + 0.2 == 0.3", 1),
        ("0.1 + 0.2 != 0.3", 0),
        ("0.1 + 0.2 <= 0.3", 1),
        ("0.1 + 0.2 < 0.3", 0),
        ("0.3 >= 0.1 + 0.2", 1),
        ("1 < 1 + 1.1e-9", 1),
        ("1 < 1 + 0.9e-9", 0),
        ("1 + 1.1e-9 <= 1", 0),
        ("1 + 0.9e-9 <= 1", 1),
        ("0 <= 1e-9", 1),
        ("0 < 1e-9", 0),
        ("1e-9 > 0", 0),
        ("1e-9 == 0", 1),
        ("floor(0.3 / 0.1)", 3),
        ("floor(2.9999999)", 2),
        ("floor(-0.5)", -1),
        ("floor(-1e-10)", 0),
        ("-2 ^ 2", -4),
        ("(-2) ^ 2", 4),
        ("(-2) ^ 3", -8),
        ("(-2) ^ -1", -0.5),
        ("0.5 ^ 5000", 0),
        ("0 ^ 2", 0),
        ("5 ^ 0", 1),
        ("(-5) ^ 0", 1),
        ("2 ^ -1", 0.5),
        ("if(1e-9, 1, 2)", 2),
        ("if(2e-9, 1, 2)", 1),
        ("if(-1, 1, 2)", 1),
        ("if(0, 1 / 0, 2)", 2),
        ("if(1, 2, ln(-1))", 2),
        ("1 and 2", 1),
        ("1 and 0", 0),
        ("0 or 0.5", 1),
        ("0 or 0", 0),
        ("not 3", 0),
        ("not 0", 1),
        ("not 1 < 2", 0),
        ("min(3, 1, 2)", 1),
        ("max(3, 1, 2)", 3),
        ("abs(-3)", 3),
        ("sqrt(9)", 3),
        ("exp(0)", 1),
        ("ln(1)", 0),
        ("rate_to_prob(0, 5)", 0),
        ("rate_to_prob(2, 0)", 0),
        ("prob_to_rate(0, 1)", 0),
    ],
)
def test_values(text: str, expected: float) -> None:
    assert value(text) == expected


def test_rates_and_probabilities_are_inverse() -> None:
    assert value("rate_to_prob(0.3, 2)") == pytest.approx(1 - math.exp(-0.6), rel=1e-15)
    assert value("prob_to_rate(0.25, 2)") == pytest.approx(math.log(4 / 3) / 2, rel=1e-15)
    assert value("prob_to_rate(rate_to_prob(0.3, 2), 2)") == pytest.approx(0.3, rel=1e-14)


NO_VALUE = [
    ("1 / 0", "1 / 0", "division by zero"),
    ("0 / 0", "0 / 0", "division by zero"),
    ("0 ^ 0", "0 ^ 0", "0 needs an exponent above 0"),
    ("0 ^ -1", "0 ^ -1", "0 ^ (-1) has no value"),
    ("(-8) ^ (1 / 3)", "(-8) ^ (1 / 3)", "a base below 0 needs a whole exponent"),
    ("10 ^ 400", "10 ^ 400", "10 ^ 400 is too large"),
    ("1 + 1e300 * 1e300", "1e300 * 1e300", "too large"),
    ("9e307 + 9e307", "9e307 + 9e307", "too large"),
    ("0 - 9e307 - 9e307 - 1", "0 - 9e307 - 9e307", "too large"),
    ("9e307 > -9e307", "9e307 > -9e307", "too large"),
    ("ln(0)", "ln(0)", "ln(0) has no value; it needs x above 0"),
    ("ln(-1)", "ln(-1)", "x above 0"),
    ("sqrt(-0.01)", "sqrt(-0.01)", "sqrt(-0.01) has no value; it needs x at or above 0"),
    ("exp(710)", "exp(710)", "x below 709.78"),
    ("floor(1e6)", "floor(1e6)", "between -1,000,000 and 1,000,000"),
    ("rate_to_prob(-1, 1)", "rate_to_prob(-1, 1)", "rate and years at or above 0"),
    ("rate_to_prob(1, -1)", "rate_to_prob(1, -1)", "rate and years at or above 0"),
    ("prob_to_rate(1, 1)", "prob_to_rate(1, 1)", "probability from 0 to below 1"),
    ("prob_to_rate(-0.1, 1)", "prob_to_rate(-0.1, 1)", "probability from 0 to below 1"),
    ("prob_to_rate(0.1, 0)", "prob_to_rate(0.1, 0)", "years above 0"),
    (
        "lookup(life, male, 39)",
        "lookup(life, male, 39)",
        "key 39 is outside table `life`, whose keys go from 40 to below 44",
    ),
    ("lookup(life, male, 44)", "lookup(life, male, 44)", "key 44 is outside"),
    ("lookup(life, female, 41)", "lookup(life, female, 41)", "column `female` of table `life` has no value at key 41"),
    # what comes of it has no value either, and the place is that of the cause
    ("1 / (1 / 0)", "(1 / 0)", "division by zero"),
    ("exp(-(1e300 * 1e300))", "(1e300 * 1e300)", "too large"),
    ("0.5 ^ (1e300 * 1e300)", "(1e300 * 1e300)", "too large"),
    ("1 ^ (0 / 0)", "(0 / 0)", "division by zero"),
    ("(0 / 0) ^ 0", "(0 / 0)", "division by zero"),
    ("rate_to_prob(1e300, 1e300)", "rate_to_prob(1e300, 1e300)", "has no value"),
    ("min(1, 1 / 0)", "1 / 0", "division by zero"),
    ("max(1, ln(0))", "ln(0)", "ln(0)"),
    ("1 < 1 / 0", "1 / 0", "division by zero"),
    ("0 and 1 / 0", "1 / 0", "division by zero"),
    ("1 or sqrt(-1)", "sqrt(-1)", "sqrt(-1)"),
    ("not (0 / 0)", "(0 / 0)", "division by zero"),
    ("0 * (1 / 0)", "(1 / 0)", "division by zero"),
    ("floor(1 / 0)", "1 / 0", "division by zero"),
    ("prob_to_rate(0.5, 1 / 0)", "1 / 0", "division by zero"),
    ("lookup(life, male, 1 / 0)", "1 / 0", "division by zero"),
    ("if(1 / 0, 1, 2)", "1 / 0", "division by zero"),
    ("if(1, ln(0), 1 / 0)", "ln(0)", "ln(0)"),
    ("if(0, ln(0), 1 / 0)", "1 / 0", "division by zero"),
    ("2 * if(1 < 2, if(0, 1, ln(0)), 1 / 0)", "ln(0)", "ln(0)"),
]


@pytest.mark.parametrize(("text", "part", "reason"), NO_VALUE, ids=[row[0] for row in NO_VALUE])
def test_outside_a_domain_there_is_no_value_and_the_place_is_known(text: str, part: str, reason: str) -> None:
    assert not math.isfinite(value(text))
    failure = first_failure(parse(text), {}, TABLES)
    assert failure is not None
    assert text[slice(*failure.span)] == part
    assert reason in failure.reason
    assert failure.index == ()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (40, 0.1),
        (40 - 5e-10, 0.1),
        (40 - 2e-9, None),
        (40.999, 0.1),
        (41 - 5e-10, 0.2),
        (41 - 2e-9, 0.1),
        (42.4999, 0.2),
        (42.5, 0.3),
        (43.99, 0.3),
        (44 - 2e-9, 0.3),
        (44 - 5e-10, None),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_lookup_takes_the_last_row_at_or_below_the_key(key: float, expected: float | None) -> None:
    found = value("lookup(life, male, key)", key=key)
    assert math.isnan(found) if expected is None else found == expected


def test_lookup_of_a_key_so_large_that_the_tolerance_is_lost() -> None:
    large = {"price": NumericTable(np.array([0.0, 1e9]), {"band": np.array([1.0, 2.0])}, 2e9)}
    assert evaluate(parse("lookup(price, band, key)"), {"key": 1e9}, large) == 2


def test_shapes_broadcast_and_absent_axes_stay_absent() -> None:
    sample, cycle = np.linspace(1.0, 2.0, 3).reshape(3, 1), np.linspace(0.0, 1.0, 4).reshape(1, 4)
    scope = {"rate": sample, "year": cycle, "scale": 2.0}
    assert evaluate(parse("rate * scale"), scope).shape == (3, 1)
    assert evaluate(parse("year + 1"), scope).shape == (1, 4)
    assert evaluate(parse("scale + 1"), scope).shape == ()
    both = evaluate(parse("if(year > 0.5, rate, scale) ^ rate"), scope)
    assert both.shape == (3, 4)
    assert both == pytest.approx(np.where(cycle > 0.5, sample, 2.0) ** sample)


def test_values_are_float64_whatever_comes_in() -> None:
    for given in (2, 2.0, True, np.float32(2), np.int64(2), np.array([1, 2]), np.array([True, False])):
        result = evaluate(parse("a ^ -1 + a"), {"a": given})  # type: ignore[dict-item]
        assert result.dtype == np.float64


def test_values_without_meaning_stay_where_they_are() -> None:
    rate = np.array([0.1, -0.1, 0.2])
    result = evaluate(parse("rate_to_prob(rate, 1) + if(rate < 0, 1, sqrt(rate))"), {"rate": rate})
    assert np.isnan(result).tolist() == [False, True, False]


def test_the_first_element_without_a_value_is_named() -> None:
    scope = {"a": np.array([[1.0], [0.0]]), "b": np.array([[1.0, 2.0, 0.0]])}
    text = "if(b > 1, b, 1 / b) + ln(a)"
    failure = first_failure(parse(text), scope)
    assert failure is not None
    assert failure.index == (0, 2)
    assert text[slice(*failure.span)] == "1 / b"
    assert failure.reason == "1 / 0 is a division by zero"
    assert first_failure(parse("if(b > 1, b, b + 1)"), scope) is None


def test_a_name_without_a_value_is_named() -> None:
    failure = first_failure(parse("2 * (a + rate)"), {"a": 1.0, "rate": np.array([1.0, math.nan])})
    assert failure is not None
    assert (failure.reason, failure.index) == ("`rate` has no value", (1,))


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        evaluate(parse("a + b"), {"a": 1.0})

"""Units and the dimensions of formulas."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest

from cea.formula import ANY, PLAIN, YEAR, Dimension, FormulaError, dimension, parse, parse_unit

RATE = YEAR**-1
USD, GBP, QALY = (Dimension.of({base: 1}) for base in ("USD", "GBP", "QALY"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", PLAIN),
        ("year", YEAR),
        ("1/year", RATE),
        ("USD/year", USD / YEAR),
        ("USD / year", USD / YEAR),
        ("QALY/year^2", QALY / YEAR**2),
        ("year^-1", RATE),
        ("years", YEAR),
        ("1/yr", RATE),
        ("USD/(QALY*year)", USD / QALY / YEAR),
        ("year**-1", RATE),
        ("USD per QALY", USD / QALY),
        ("year/year", PLAIN),
        ("kg", Dimension.of({"kilogram": 1})),
    ],
)
def test_units(text: str, expected: Dimension) -> None:
    assert parse_unit(text) == expected


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("month", "in years"),
        ("1/month", "in years"),
        ("day", "in years"),
        ("USD/month", "in years"),
        ("percent", "plain number"),
        ("radian", "plain number"),
        ("kUSD", "in USD"),
        ("MGBP/year", "in GBP"),
        ("meter", "Write a unit such as"),
        ("1000*USD", "Write a unit such as"),
        ("usd", "Write a unit such as"),
        ("$", "Write a unit such as"),
        ("", "Write a unit such as"),
        ("/year", "Write a unit such as"),
        ("USD/", "Write a unit such as"),
        ("9**9**9**9", "Write a unit such as"),
        ("year^999", "Write a unit such as"),
        ("year^2^2", "Write a unit such as"),
        ("(year)^(year)", "Write a unit such as"),
        ("__import__('os')", "Write a unit such as"),
        ("y" * 61, "61 characters"),
    ],
)
def test_units_that_cannot_be_used(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match="unit") as caught:
        parse_unit(text)
    assert remedy in str(caught.value)


def test_plain_units_do_not_import_pint() -> None:
    program = "import sys; from cea.formula import parse_unit; parse_unit('USD/year'); sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (PLAIN, "a plain number (1)"),
        (RATE, "a rate (1/year)"),
        (YEAR, "a duration (year)"),
        (USD, "money (USD)"),
        (GBP / YEAR, "money per year (GBP/year)"),
        (QALY / YEAR, "QALYs per year (QALY/year)"),
        (USD / QALY / YEAR**2, "a quantity in USD/QALY/year^2"),
        (USD ** Fraction(1, 2), "a quantity in USD^(1/2)"),
    ],
)
def test_units_in_words(unit: Dimension, words: str) -> None:
    assert unit.described() == words


DIMENSIONS = {
    "rate": RATE, "share": PLAIN, "cost": USD, "cost_year": USD / YEAR, "pound": GBP, "years": YEAR, "age": YEAR,
    "cycle": PLAIN, "qaly": QALY,
}  # fmt: skip
COLUMNS = {("life", "male"): RATE}
KEYS = {"life": YEAR}


def of(text: str) -> Dimension:
    return dimension(parse(text), DIMENSIONS, COLUMNS, KEYS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate + rate", RATE),
        ("0 - cost", USD),
        ("cost - 0", USD),
        ("cost / years", USD / YEAR),
        ("cost_year * years + cost", USD),
        ("2 * rate", RATE),
        ("0 * cost", USD),
        ("-cost", USD),
        ("rate ^ 2", RATE**2),
        ("rate ^ -2", YEAR**2),
        ("years ^ 0.5", YEAR ** Fraction(1, 2)),
        ("share ^ share", PLAIN),
        ("cost ^ 0", PLAIN),
        ("age < years", PLAIN),
        ("age > 0", PLAIN),
        ("share and not age > years", PLAIN),
        ("if(share, cost, 0)", USD),
        ("if(age > years, 0, rate)", RATE),
        ("min(0, cost, cost)", USD),
        ("max(years, 0)", YEAR),
        ("exp(-rate * years)", PLAIN),
        ("ln(cost / cost)", PLAIN),
        ("sqrt(cost * cost)", USD),
        ("abs(cost)", USD),
        ("floor(cycle / 12)", PLAIN),
        ("rate_to_prob(rate, years)", PLAIN),
        ("prob_to_rate(share, years)", RATE),
        ("lookup(life, male, age)", RATE),
        ("lookup(life, male, 0)", RATE),
        ("0", ANY),
        ("-0 + 0", ANY),
        ("if(share, 0, 0)", ANY),
    ],
)
def test_dimensions(text: str, expected: Dimension) -> None:
    assert of(text) == expected


MISFITS = [
    ("rate + share", "A plain number (1) is added to a rate (1/year)", "prob_to_rate", "rate + share"),
    ("share + rate", "A rate (1/year) is added to a plain number (1)", "prob_to_rate", "share + rate"),
    ("cost - years", "A duration (year) is subtracted from money (USD)", "Check the units", "cost - years"),
    ("cost + pound", "Money (GBP) is added to money (USD)", "Nothing converts currencies", "cost + pound"),
    ("2 * (age + 1)", "A plain number (1) is added to a duration (year)", "parameter with unit year", "(age + 1)"),
    ("age < 65", "A duration (year) is compared with a plain number (1)", "parameter with unit year", "age < 65"),
    ("cost + 1", "added to money (USD)", "parameter with unit USD", "cost + 1"),
    ("min(cost, cost_year)", "(USD/year) do not go together in min(...)", "Check the units", "min(cost, cost_year)"),
    ("if(share, cost, pound)", "in if(...)", "Nothing converts currencies", "if(share, cost, pound)"),
    ("if(cost, 1, 2)", "Money (USD) stands where a condition is needed", "x > 0", "cost"),
    ("share and rate", "A rate (1/year) stands where a condition is needed", "x > 0", "rate"),
    ("not years", "A duration (year) stands where a condition", "x > 0", "years"),
    ("exp(rate)", "A rate (1/year) stands where a plain number is needed in exp(...)", "1/year", "exp(rate)"),
    ("ln(cost)", "needed in ln(...)", "Divide by a parameter with unit USD", "ln(cost)"),
    ("floor(age)", "needed in floor(...)", "unit year", "floor(age)"),
    ("share ^ cost", "The exponent is money (USD)", "Divide the exponent", "cost"),
    ("cost ^ share", "Money (USD) is raised to a power", "Divide the base", "cost ^ share"),
    ("rate_to_prob(cost, age)", "not a plain number in rate_to_prob(...)", "rate in 1/year", "rate_to_prob(cost, age)"),
    ("prob_to_rate(rate, years)", "A rate (1/year) stands where a plain number", "1/year", "prob_to_rate(rate, years)"),
    ("prob_to_rate(share, 1)", "A plain number (1) stands where a duration", "unit year", "prob_to_rate(share, 1)"),
    ("lookup(life, male, rate)", "The key is a rate (1/year); table `life` is read by a duration", "Check", "rate"),
    ("lookup(life, female, age)", "no column `female`", "spelling", "lookup(life, female, age)"),
    ("lookup(death, male, age)", "no table `death`", "spelling", "lookup(death, male, age)"),
    ("rate + nothing", "There is no `nothing`", "spelling", "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "remedy", "part"), MISFITS, ids=[row[0] for row in MISFITS])
def test_misfits(text: str, what: str, remedy: str, part: str) -> None:
    with pytest.raises(FormulaError) as caught:
        of(text)
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert text[slice(*caught.value.span)] == part


def test_the_literal_zero_fits_everything_and_one_does_not() -> None:
    assert ANY.fits(USD) and USD.fits(ANY) and ANY.fits(ANY)
    assert not PLAIN.fits(USD)
    assert not ANY.described().startswith("money")

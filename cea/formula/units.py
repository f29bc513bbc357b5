"""Units of measurement: a small vector of exponents, read from text that pint understands.

Durations are in years everywhere, so scaled units (`month`, `percent`, `kUSD`) are refused rather than converted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
CURRENCIES = frozenset(_CODES.split())
"""Codes of ISO 4217 for money in circulation."""
BASES = CURRENCIES | {"QALY", "year", "kilogram"}
"""The units that can be used."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Base units and their exponents, sorted by name, none of them 0. `flexible` is the literal 0, which fits all."""

    exponents: tuple[tuple[str, Fraction], ...] = ()
    flexible: bool = False

    @classmethod
    def of(cls, exponents: Mapping[str, int | Fraction]) -> Dimension:
        """A dimension from base units and exponents in any order; those of 0 are left out."""
        return cls(tuple(sorted((base, Fraction(power)) for base, power in exponents.items() if power)))

    def __mul__(self, other: Dimension) -> Dimension:
        total = dict(self.exponents)
        for base, power in other.exponents:
            total[base] = total.get(base, Fraction(0)) + power
        return Dimension.of(total)

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, power: int | Fraction) -> Dimension:
        return Dimension.of({base: exponent * power for base, exponent in self.exponents})

    def fits(self, other: Dimension) -> bool:
        """Whether the two can be added and compared."""
        return self.flexible or other.flexible or self.exponents == other.exponents

    @property
    def is_plain(self) -> bool:
        """Whether it is a plain number."""
        return not self.exponents

    def __str__(self) -> str:
        above = "*".join(_factor(base, power) for base, power in self.exponents if power > 0)
        below = "".join("/" + _factor(base, -power) for base, power in self.exponents if power < 0)
        return (above or "1") + below

    def described(self) -> str:
        """In words, such as `a rate (1/year)`."""
        words = _WORDS.get(str(self))
        if words is None and len(self.exponents) == 1 and self.exponents[0][0] in CURRENCIES:
            words = "money" if self.exponents[0][1] == 1 else None
        if words is None and (self * YEAR).exponents in {((code, Fraction(1)),) for code in CURRENCIES}:
            words = "money per year"
        return f"{words} ({self})" if words else f"a quantity in {self}"


def _factor(base: str, power: Fraction) -> str:
    if power == 1:
        return base
    return f"{base}^{power}" if power.denominator == 1 else f"{base}^({power})"


PLAIN = Dimension()
YEAR = Dimension.of({"year": 1})
ANY = Dimension(flexible=True)
"""The dimension of the literal 0."""

_WORDS = {
    "1": "a plain number",
    "1/year": "a rate",
    "year": "a duration",
    "QALY": "QALYs",
    "QALY/year": "QALYs per year",
}


class Misfit(Exception):
    """Dimensions that do not go together: what is wrong and what would be right."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy


def remedy_for(left: Dimension, right: Dimension) -> str:
    """What would most likely be right where two dimensions differ."""
    both = {left, right}
    money = {base for dimension in both for base, _ in dimension.exponents if base in CURRENCIES}
    if len(money) > 1:
        return "Nothing converts currencies: give every value in the currency of the model."
    if both == {PLAIN, YEAR**-1}:
        return "A probability becomes a rate with prob_to_rate(probability, years)."
    if PLAIN in both:
        other = next(iter(both - {PLAIN}))
        return f"A number in a formula has no unit: make it a parameter with unit {other}."
    return "Check the units of the parameters; multiply or divide by a parameter that has the unit between them."


def equal(first: Dimension, *rest: Dimension) -> Dimension:
    """All alike; the result is the same. The literal 0 is like any."""
    result = first
    for dimension in rest:
        if not result.fits(dimension):
            raise Misfit(
                f"{_capital(result.described())} and {dimension.described()} do not go together",
                remedy_for(result, dimension),
            )
        result = dimension if result.flexible else result
    return result


def plain(*dimensions: Dimension) -> Dimension:
    """Plain numbers; so is the result."""
    for dimension in dimensions:
        if not dimension.is_plain:
            raise Misfit(
                f"{_capital(dimension.described())} stands where a plain number is needed",
                f"Divide by a parameter with unit {dimension}.",
            )
    return PLAIN


def choice(condition: Dimension, yes: Dimension, no: Dimension) -> Dimension:
    """Two branches alike; that the condition is plain is checked for every condition."""
    return equal(yes, no)


def kept(dimension: Dimension) -> Dimension:
    """Any; the result has the same."""
    return dimension


def root(dimension: Dimension) -> Dimension:
    """Any; the result has half its exponents."""
    return dimension if dimension.flexible else dimension ** Fraction(1, 2)


def rate_to_prob(rate: Dimension, years: Dimension) -> Dimension:
    """A rate and a time; the result is a plain number."""
    if not (rate * years).is_plain and not (rate.flexible or years.flexible):
        raise Misfit(
            f"{_capital(rate.described())} times {years.described()} is not a plain number",
            "Write rate_to_prob(rate, years) with a rate in 1/year and a duration in year.",
        )
    return PLAIN


def prob_to_rate(probability: Dimension, years: Dimension) -> Dimension:
    """A plain number and a time; the result is per that time."""
    plain(probability)
    if not years.fits(YEAR):
        raise Misfit(
            f"{_capital(years.described())} stands where a duration (year) is needed",
            "Make the duration a parameter with unit year.",
        )
    return YEAR**-1


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


LONGEST_UNIT = 60
_FACTOR = re.compile(r"([A-Za-z]+)(?:\^(-?[1-9][0-9]?))?")
_REMEDY = "Write a unit such as 1, year, 1/year, USD, USD/year, QALY, QALY/year."


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Dimension:
    """The dimension of a unit such as `1`, `1/year` or `USD/year`.

    Raises ValueError, with a remedy in its text, when it is not a unit or a scaled one.
    """
    if len(text) > LONGEST_UNIT:
        raise ValueError(f"the unit has {len(text)} characters. {_REMEDY}")
    return _plainly_written(text) or _by_pint(text)


def _plainly_written(text: str) -> Dimension | None:
    """A product or quotient of base units, without pint, which takes half a second to import.

    A property test compares this with `_by_pint`. None when the text needs pint.
    """
    result, divide = PLAIN, False
    for part in re.split(r"([*/])", text.replace(" ", "")):
        if part in ("*", "/"):
            divide = part == "/"
            continue
        match = _FACTOR.fullmatch(part)
        if match and match[1] in BASES:
            factor = Dimension.of({match[1]: int(match[2] or 1)})
        elif part == "1":
            factor = PLAIN
        else:
            return None
        result = result / factor if divide else result * factor
    return result


def _by_pint(text: str) -> Dimension:
    # numbers other than 1 and small exponents would let text make pint compute at length
    if not re.fullmatch(r"[A-Za-z0-9_ */^().-]+", text) or _costly(text):
        raise ValueError(f"`{text}` is not a unit. {_REMEDY}")
    registry = _registry()
    try:
        # pint raises many kinds of errors for text that is not a unit
        parts = registry.Quantity(1, registry.parse_units(text)).unit_items()
    except Exception:
        raise ValueError(f"`{text}` is not a unit. {_REMEDY}") from None
    exponents = {}
    for name, power in parts:
        if name not in BASES:
            raise ValueError(f"the unit `{text}` cannot be used. {_scaled_remedy(registry, name)}")
        exponents[name] = Fraction(str(power)).limit_denominator(100)
    return Dimension.of(exponents)


def _costly(text: str) -> bool:
    powers = text.replace("**", "^").replace(" ", "")
    digits_wrong = any(
        match[0] != "1" and not re.search(r"\^\(?-?$", powers[: match.start()])
        for match in re.finditer(r"[0-9]+", powers)
    )
    return digits_wrong or bool(re.search(r"[0-9]{3}|\^[^*/]*\^|\)\^", powers))


def _scaled_remedy(registry: pint.UnitRegistry[float], name: str) -> str:
    money = next((code for code in sorted(CURRENCIES) if name != code and name.endswith(code)), None)
    if money:
        return f"Give the value in {money}."
    dimensionality = registry.get_dimensionality(name)
    if dimensionality == {"[time]": 1}:
        return "Give the value in years: durations are in years everywhere (a month is 1/12)."
    if not dimensionality:
        return "Give the value as a plain number with unit 1 (5 percent is 0.05)."
    return _REMEDY


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    import pint  # noqa: PLC0415 - slow to import, and plainly written units do not need it

    registry: pint.UnitRegistry[float] = pint.UnitRegistry()
    registry.define("QALY = [quality_adjusted_life_year]")
    for code in sorted(CURRENCIES):
        registry.define(f"{code} = [money_{code}]")
    return registry

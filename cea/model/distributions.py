"""How a distribution is written down: from the mapping in a model to one of the families.

The methods of moments and of two quantiles follow Briggs, Claxton and Sculpher, Decision Modelling for Health Economic
Evaluation (2006), chapter 4. Two quantiles determine a gamma, because their ratio falls with the shape alone, and a
beta (argument at stats.stackexchange.com/questions/235711).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Real
from reprlib import repr as short

import scipy  # loads its submodules at first use

from cea.model.families import Beta, Fixed, Gamma, Lognormal, Normal, Pert, Triangular, Uniform
from cea.model.grouped import Dirichlet, Empirical
from cea.model.univariate import Distribution, DistributionError, require, require_positive

__all__ = [
    "FAMILIES", "Beta", "Dirichlet", "Distribution", "DistributionError", "Empirical", "Fixed", "Gamma", "Lognormal",
    "Normal", "Pert", "Triangular", "Uniform", "from_spec",
]  # fmt: skip

DEFAULT_LEVEL = 0.95


def from_spec(spec: Mapping[str, object], value: float | None = None) -> Distribution:
    """The distribution that a mapping describes, as in `{family: gamma, mean: 1, se: 0.5}`.

    `value` is the point value of the parameter; `fixed` needs it and no other family uses it. A Dirichlet share comes
    without the total of its group. Raises DistributionError; its key is the entry that is wrong or lacking.
    """
    family = _family(spec)
    names = [str(key) for key in spec if key != "family"]
    if family == "fixed":
        require(not names, "fixed has no parameters", "".join(names[:1]), "leave them out: it is the parameter's value")
        require(value is not None, "fixed needs a point value", "family", "give the parameter a `value`")
        return Fixed(_number(value, "value"))
    what = "an empirical distribution is not written as a mapping"
    require(family != "empirical", what, "family", "name the parameter under `joint`, with a file of `draws`")
    form = _form(family, names)
    try:
        return _FORMS[family][form](*_arguments(spec, form))
    except DistributionError as error:
        if error.key in spec:
            raise
        # The fault came up in a parameter that was worked out from those given.
        raise DistributionError(error.what, form[-1], error.remedy) from error


def _family(spec: Mapping[str, object]) -> str:
    known = ", ".join(FAMILIES)
    require(isinstance(spec, Mapping), f"{short(spec)} is not a mapping", "", "write {family: ..., and its parameters}")
    require("family" in spec, "the family is missing", "family", f"write `family:` with one of {known}")
    family = spec["family"]
    if isinstance(family, str) and family in FAMILIES:
        return family
    close = get_close_matches(str(family).lower(), FAMILIES, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"use one of {known}"
    raise DistributionError(f"there is no family {short(family)}", "family", remedy)


def _form(family: str, names: list[str]) -> tuple[str, ...]:
    """The one set of parameters, among those that make up the family, which is given."""
    forms = _FORMS[family]
    known = list(dict.fromkeys(name for form in forms for name in form))
    ways = f"give {family} by {'; or by '.join(map(_listed, forms))}"
    for name in names:
        if name not in known and not (name == "level" and "interval" in known):
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise DistributionError(f"{family} has no parameter {short(name)}", name, hint + ways)
    given = [name for name in names if name != "level"]
    require(bool(given), f"{family} lacks its parameters", "family", ways)
    complete = [form for form in forms if set(form) <= set(given)]
    if not complete:
        nearest = min(forms, key=lambda form: len(set(form) ^ set(given)))
        lacking = [name for name in nearest if name not in given]
        raise DistributionError(f"{family} with {_listed(given)} lacks {_listed(lacking)}", lacking[0], ways)
    surplus = [name for name in given if name not in complete[0]]
    if surplus:
        raise DistributionError(f"{_listed(given)} together describe more than one {family}", surplus[0], ways)
    stray = "level" in names and "interval" not in given
    require(not stray, "level belongs to an interval, and there is none", "level", "leave it out")
    return complete[0]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _arguments(spec: Mapping[str, object], form: tuple[str, ...]) -> list[float | str]:
    """The values of a form in its order; an interval gives three: low, high and level."""
    arguments: list[float | str] = []
    for name in form:
        if name == "interval":
            arguments += _interval(spec[name], spec.get("level", DEFAULT_LEVEL))
        elif name == "group":
            arguments.append(_name(spec[name], name))
        else:
            arguments.append(_number(spec[name], name))
    return arguments


def _name(given: object, key: str) -> str:
    if isinstance(given, str) and given:
        return given
    raise DistributionError(f"{key} is {short(given)}, not a name", key, "write the name of the group of shares")


def _number(given: object, key: str) -> float:
    if isinstance(given, bool) or not isinstance(given, Real):
        raise DistributionError(f"{key} is {short(given)}, not a number", key, "write a number, without quotes or unit")
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    require(math.isfinite(number), f"{key} is {number:g}", key, "write a finite number")
    return number


def _interval(given: object, level: object) -> tuple[float, float, float]:
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise DistributionError(f"interval is {short(given)}, not two numbers", "interval", "write [low, high]")
    low, high = (_number(end, "interval") for end in given)
    require(low < high, f"interval {low:g} to {high:g} does not ascend", "interval", "write the lower number first")
    share = _number(level, "level")
    require(0 < share < 1, f"level {share:g} is not between 0 and 1", "level", "write 0.95 for a 95 % interval")
    return low, high, share


def _deviate(level: float) -> float:
    """The standard normal deviate at the upper end of a central interval."""
    return -float(scipy.special.ndtri((1 - level) / 2))


def _check_positive_interval(family: str, low: float) -> None:
    what = f"the interval of a {family} cannot begin at {low:g}: a {family} lies above zero"
    require(low > 0, what, "interval", "write a low end above zero, or use another family")


def _normal_of_interval(low: float, high: float, level: float) -> Normal:
    return Normal(low + (high - low) / 2, (high - low) / 2 / _deviate(level))


def _lognormal_of_median(median: float, sdlog: float) -> Lognormal:
    require_positive("median", median)
    return Lognormal(math.log(median), sdlog)


def _lognormal_of_mean(mean: float, se: float) -> Lognormal:
    require_positive("mean", mean)
    require_positive("se", se)
    variance = math.log1p(se / mean * (se / mean))
    return Lognormal(math.log(mean) - variance / 2, math.sqrt(variance))


def _lognormal_of_interval(low: float, high: float, level: float) -> Lognormal:
    _check_positive_interval("lognormal", low)
    half = math.log1p((high - low) / low) / 2
    return Lognormal(math.log(low) + half, half / _deviate(level))


def _normal_of_mean(mean: float, se: float) -> Normal:
    require_positive("se", se)
    return Normal(mean, se)


def _gamma_of_rate(shape: float, rate: float) -> Gamma:
    require_positive("rate", rate)
    return Gamma(shape, 1 / rate)


def _gamma_of_mean(mean: float, se: float) -> Gamma:
    require_positive("mean", mean)
    require_positive("se", se)
    return Gamma(mean / se * (mean / se), se * (se / mean))


def _gamma_of_interval(low: float, high: float, level: float) -> Gamma:
    """The gamma with these two quantiles: the shape from their ratio, then the scale."""
    _check_positive_interval("gamma", low)
    tail = (1 - level) / 2
    log_ratio = math.log(high) - math.log(low)

    def excess(log_shape: float) -> float:
        shape = math.exp(log_shape)
        lower = max(float(scipy.special.gammaincinv(shape, tail)), 1e-300)
        return math.log(float(scipy.special.gammainccinv(shape, tail))) - math.log(lower) - log_ratio

    shape = math.exp(_root(excess, (1e-2, 1e8), f"gamma with the interval {low:g} to {high:g}"))
    return Gamma(shape, high / float(scipy.special.gammainccinv(shape, tail)))


def _beta_of_mean(mean: float, se: float) -> Beta:
    require(0 < mean < 1, f"the mean of a beta cannot be {mean:g}", "mean", "write a mean between 0 and 1")
    require_positive("se", se)
    largest = math.sqrt(mean * (1 - mean))
    what = f"se {se:g} is too large for a beta with mean {mean:g}"
    require(se < largest, what, "se", f"write an se below sqrt(mean * (1 - mean)) = {largest:.4g}")
    total = largest / se * (largest / se) - 1
    return Beta(mean * total, (1 - mean) * total)


def _beta_of_interval(low: float, high: float, level: float) -> Beta:
    """The beta with these two quantiles: alpha from the lower one given beta, then beta from the upper one."""
    what = f"the interval {low:g} to {high:g} is not inside 0 to 1, where a beta lies"
    require(low > 0 and high < 1, what, "interval", "write 0 < low < high < 1, or use another family")
    tail = (1 - level) / 2

    def alpha(beta: float) -> float:
        return float(scipy.special.btdtria(tail, beta, low))

    def excess(log_beta: float) -> float:
        beta = math.exp(log_beta)
        return float(scipy.special.betaincc(alpha(beta), beta, high)) - tail

    beta = math.exp(_root(excess, (1e-4, 1e8), f"beta with the interval {low:g} to {high:g}"))
    return Beta(alpha(beta), beta)


def _root(excess: Callable[[float], float], between: tuple[float, float], sought: str) -> float:
    """Logarithm of the parameter, within `between`, at which an excess that falls with it is zero."""
    small, large = (math.log(end) for end in between)
    remedy = "check both ends and the level, or use another family"
    require(excess(small) > 0, f"no {sought}: it is too wide", "interval", remedy)
    require(excess(large) < 0, f"no {sought}: it is too narrow", "interval", remedy)
    return float(scipy.optimize.brentq(excess, small, large, xtol=1e-14))


# The ways to write each family: the names of a form, and what makes a distribution of their values.
_FORMS: dict[str, dict[tuple[str, ...], Callable[..., Distribution]]] = {
    "normal": {("mean", "sd"): Normal, ("mean", "se"): _normal_of_mean, ("interval",): _normal_of_interval},
    "lognormal": {
        ("meanlog", "sdlog"): Lognormal,
        ("median", "sdlog"): _lognormal_of_median,
        ("mean", "se"): _lognormal_of_mean,
        ("interval",): _lognormal_of_interval,
    },
    "beta": {("alpha", "beta"): Beta, ("mean", "se"): _beta_of_mean, ("interval",): _beta_of_interval},
    "gamma": {
        ("shape", "scale"): Gamma,
        ("shape", "rate"): _gamma_of_rate,
        ("mean", "se"): _gamma_of_mean,
        ("interval",): _gamma_of_interval,
    },
    "uniform": {("min", "max"): Uniform},
    "triangular": {("min", "mode", "max"): Triangular},
    "pert": {("min", "mode", "max"): Pert},
    "dirichlet": {("group", "alpha"): Dirichlet},
}
FAMILIES = ("fixed", *_FORMS, "empirical")

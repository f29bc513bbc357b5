"""A body of evidence on one ratio: its studies, the bias that their designs bring, what they say together.

The bias of a design is a ratio of ratios: what its studies find, over what is true. Its log has a mean and a standard
deviation, both inputs. A study's log effect is moved by the mean, and its variance grows by the square of the standard
deviation (additive bias of Turner et al., J R Stat Soc A 2009;172:21); every study of a design is moved alike, whatever
it found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from cea.analysis.pooling import Estimator, Floats, IntervalKind, Pooled, Z, pool
from cea.errors import UsageError
from cea.model.definition import Source

Measure = Literal["hazard_ratio", "risk_ratio", "odds_ratio"]
MEASURES: Mapping[Measure, str] = {
    "hazard_ratio": "hazard ratio",
    "risk_ratio": "risk ratio",
    "odds_ratio": "odds ratio",
}
ESTIMATORS: tuple[Estimator, ...] = ("reml", "dl")
INTERVALS: tuple[IntervalKind, ...] = ("normal", "hartung_knapp", "prediction", "prediction_normal")

UNADJUSTED, ADJUSTED = "unadjusted", "adjusted"


@dataclass(frozen=True)
class Study:
    """A study with the log of the ratio that it found, and its standard error. `basis`: where the number comes from."""

    name: str
    label: str
    effect: float
    se: float
    source: Source
    design: str | None = None
    basis: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the log effect."""
        return self.effect - Z * self.se, self.effect + Z * self.se


@dataclass(frozen=True)
class Design:
    """What kind of study it is, and the bias that comes with it: mean and standard deviation of the log ratio."""

    name: str
    label: str
    log_bias: float
    sd: float
    source: Source


@dataclass(frozen=True)
class Analysis:
    """Which studies are pooled; the log of each design's bias is taken `bias_times` (0: as published)."""

    name: str
    label: str
    studies: tuple[str, ...]
    bias_times: float = 0.0


@dataclass(frozen=True)
class Informed:
    """A parameter of the model that the pooled effect informs.

    kind ratio: the parameter is the ratio. multiplier: it multiplies the log of `reference`, so it is the pooled log
    effect over that log. `reference_name` is the parameter that `reference` is the value of.
    """

    parameter: str
    kind: Literal["ratio", "multiplier"]
    reference: float = math.e
    reference_name: str = ""


@dataclass(frozen=True)
class Informs:
    """Which analysis goes into the model, and which of its intervals is the spread of the parameters."""

    analysis: str
    estimator: Estimator
    interval: IntervalKind
    parameters: tuple[Informed, ...]


@dataclass(frozen=True)
class Evidence:
    """The studies, the bias of designs, and how they are pooled; `left_out` are rows without an effect, with why.

    `sides` says what a ratio below 1 means, and one above.
    """

    label: str
    measure: Measure
    studies: Mapping[str, Study]
    designs: Mapping[str, Design]
    analyses: tuple[Analysis, ...]
    source: Source
    left_out: tuple[tuple[str, str], ...] = ()
    informs: Informs | None = None
    sides: tuple[str, str] = ("rarer with treatment", "rarer without treatment")

    @property
    def main(self) -> tuple[Analysis, ...]:
        """The main studies as published and, where designs have a bias, adjusted for it."""
        return tuple(item for item in self.analyses if item.name in (UNADJUSTED, ADJUSTED))

    def estimates(self, analysis: Analysis) -> tuple[Floats, Floats]:
        """The log effects and standard errors, shape (study,), that an analysis pools."""
        chosen = [self.adjusted(self.studies[name], analysis.bias_times) for name in analysis.studies]
        return np.array([item.effect for item in chosen]), np.array([item.se for item in chosen])

    def adjusted(self, study: Study, times: float = 1.0) -> Study:
        """The study moved by `times` the log bias of its design, whose sd counts in full; 0 times: as it is."""
        if not times:
            return study
        design = self.designs[study.design or ""]
        return replace(study, effect=study.effect - times * design.log_bias, se=math.hypot(study.se, design.sd))

    def pooled(self, analysis: Analysis, estimator: Estimator = "reml") -> Pooled:
        """An analysis, pooled."""
        effects, errors = self.estimates(analysis)
        return pool(effects, errors**2, estimator)

    def leave_one_out(self, analysis: Analysis, estimator: Estimator = "reml") -> dict[str, Pooled]:
        """The analysis without each of its studies in turn, by that study; empty where there is only one."""
        if len(analysis.studies) < 2:
            return {}
        without = {name: tuple(other for other in analysis.studies if other != name) for name in analysis.studies}
        return {name: self.pooled(replace(analysis, studies=kept), estimator) for name, kept in without.items()}


@dataclass(frozen=True)
class SynthesisedInput:
    """What the pooled effect makes of a parameter: value, distribution as in a model file, 95 % range, and how."""

    parameter: str
    value: float
    distribution: Mapping[str, Any]
    range: tuple[float, float]
    derivation: str


def synthesised(found: Pooled, informed: Informed, interval: IntervalKind) -> SynthesisedInput:
    """A parameter from the pooled log effect mu and s, half of its 95 % interval over 1.96.

    ratio: lognormal with median exp(mu) and sdlog s. multiplier: normal with mean mu / ln(reference) and standard
    deviation s / |ln(reference)|. Raises UsageError where there are too few studies for the interval.
    """
    half = found.half_width(interval)
    if math.isnan(half):
        raise UsageError(f"{found.k} studies give no {interval.replace('_', ' ')} interval; choose the interval normal")
    mu, s = found.effect, half / Z
    ends = (mu - half, mu + half)
    if informed.kind == "ratio":
        low, high = map(math.exp, ends)
        spec = {"family": "lognormal", "median": math.exp(mu), "sdlog": s}
        how = f"exp(mu), mu = {mu:.4f}, sdlog {s:.4f}"
        return SynthesisedInput(informed.parameter, math.exp(mu), spec, (low, high), how)
    scale = math.log(informed.reference)
    low, high = sorted(end / scale for end in ends)
    named = f"ln({informed.reference_name} = {informed.reference:g}) = {scale:.4f}"
    how = f"mu / {named}, mu = {mu:.4f}; sd = {s:.4f} / {abs(scale):.4f}"
    spec = {"family": "normal", "mean": mu / scale, "sd": s / abs(scale)}
    return SynthesisedInput(informed.parameter, mu / scale, spec, (low, high), how)


def from_interval(estimate: float, low: float, high: float) -> tuple[float, float]:
    """The log of a ratio and its standard error from its 95 % interval, which is taken to be symmetric in logs.

    Raises ValueError unless 0 < low <= estimate <= high and low < high.
    """
    if not (0 < low <= estimate <= high and low < high):
        raise ValueError("a ratio lies within its interval, above zero")
    return math.log(estimate), math.log(high / low) / (2 * Z)


def from_counts(
    events: tuple[float, float], patients: tuple[float, float], measure: Measure
) -> tuple[float, float] | None:
    """The log risk or odds ratio and its standard error from events and patients, each (treated, control).

    Where one of the four cells is empty, 0.5 is added to all four (Haldane 1956, Anscombe 1956). None where no patient,
    or every patient, of both groups has the event, which says nothing about a ratio. A hazard ratio is approximated by
    the risk ratio. Raises ValueError for counts that cannot be.
    """
    (a, c), (n, m) = events, patients
    if not (0 <= a <= n and 0 <= c <= m and n > 0 and m > 0):
        raise ValueError("events are between 0 and the number of patients")
    if a + c in (0, n + m):
        return None
    if 0 in (a, c, n - a, m - c):
        a, c, n, m = a + 0.5, c + 0.5, n + 1, m + 1
    if measure == "odds_ratio":
        b, d = n - a, m - c
        return math.log(a * d / (b * c)), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return math.log((a / n) / (c / m)), math.sqrt(1 / a - 1 / n + 1 / c - 1 / m)


def studies_frame(evidence: Evidence) -> pd.DataFrame:
    """One row a study: ratio with its interval, bias, adjusted ratio, weights in the main analyses, source."""
    weights = {item.name: dict(zip(item.studies, evidence.pooled(item).shares, strict=True)) for item in evidence.main}
    return pd.DataFrame([_study_record(evidence, study, weights) for study in evidence.studies.values()])


def _study_record(evidence: Evidence, study: Study, weights: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    design = evidence.designs.get(study.design or "")
    record: dict[str, Any] = {"study": study.name, "label": study.label, "design": study.design or ""}
    record |= {"log_effect": study.effect, "se": study.se} | _ratios(study)
    if evidence.designs:
        bias = math.exp(design.log_bias) if design else math.nan
        record |= {"bias_ratio": bias, "bias_sd": design.sd if design else math.nan}
        moved = evidence.adjusted(study) if design else None
        record |= {f"adjusted_{key}": value for key, value in _ratios(moved).items()}
    for name, shares in weights.items():
        record[f"weight_{name}"] = float(shares.get(study.name, 0.0))
    return record | {"basis": study.basis, "grade": study.source.grade, "source": study.source.ref or ""}


def _ratios(study: Study | None) -> dict[str, float]:
    ends = (math.nan,) * 3 if study is None else tuple(map(math.exp, (study.effect, *study.interval)))
    return dict(zip(("ratio", "low", "high"), ends, strict=True))


def pooled_frame(evidence: Evidence, analyses: Sequence[Analysis] | None = None) -> pd.DataFrame:
    """Each analysis by each estimator: the ratio, its 95 % intervals, tau, Q and I^2."""
    return pd.DataFrame(
        [
            {"analysis": item.name, "label": item.label} | _pooled_record(evidence.pooled(item, estimator))
            for item in (evidence.analyses if analyses is None else analyses)
            for estimator in ESTIMATORS
        ]
    )


def leave_one_out_frame(evidence: Evidence) -> pd.DataFrame:
    """The main analyses without each study in turn, by each estimator."""
    return pd.DataFrame(
        [
            {"analysis": item.name, "left_out": name} | _pooled_record(found)
            for item in evidence.main
            for estimator in ESTIMATORS
            for name, found in evidence.leave_one_out(item, estimator).items()
        ]
    )


def _pooled_record(found: Pooled) -> dict[str, Any]:
    record: dict[str, Any] = {"estimator": found.estimator, "k": found.k, "ratio": math.exp(found.effect)}
    for kind in INTERVALS:
        low, high = map(math.exp, found.interval(kind))
        record |= {f"{kind}_low": low, f"{kind}_high": high}
    record |= {"log_effect": found.effect, "se": found.se, "hk_se": found.hk_se, "hk_factor": found.hk_factor}
    return record | {"tau": found.tau, "tau2": found.tau2, "q": found.q, "q_p": found.q_p, "i2": found.i2}

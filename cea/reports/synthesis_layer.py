"""A pooled effect as the text of a layer, with where it comes from."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from cea.analysis.pooling import IntervalKind, Pooled
from cea.analysis.synthesis import MEASURES, Analysis, Evidence, SynthesisedInput
from cea.reports.wording import listing

ESTIMATOR_NAMES: Mapping[str, str] = {"reml": "REML", "dl": "DerSimonian-Laird"}
INTERVAL_NAMES: Mapping[IntervalKind, str] = {
    "normal": "normal",
    "hartung_knapp": "Hartung-Knapp",
    "prediction": "prediction",
    "prediction_normal": "normal prediction",
}


def describe_pooled(evidence: Evidence, analysis: Analysis, found: Pooled, interval: IntervalKind) -> str:
    """A pooled ratio in a line: which analysis, how large, from how many studies, how."""
    low, high = map(math.exp, found.interval(interval))
    ratio = f"{MEASURES[evidence.measure]} {math.exp(found.effect):.2f} ({low:.2f} to {high:.2f})"
    how = f"random effects ({ESTIMATOR_NAMES[found.estimator]}), {INTERVAL_NAMES[interval]} interval"
    return f"{analysis.label}: {ratio}, {found.k} studies, {how}"


def layer_text(
    evidence: Evidence,
    analysis: Analysis,
    found: Pooled,
    interval: IntervalKind,
    inputs: Sequence[SynthesisedInput],
    file: str,
) -> str:
    """The YAML of a layer that sets the inputs, graded derived; its source is that of the evidence, in `file`."""
    line = describe_pooled(evidence, analysis, found, interval)
    names = listing(evidence.studies[name].label for name in analysis.studies)
    source = {
        "ref": evidence.source.ref,
        "where": f"{file}, analysis {analysis.name}",
        "grade": "derived",
        "note": f"{line}. Studies: {names}. {_grades(evidence, analysis)}",
    }
    rows = [
        f"# Written by `cea synthesis` from {file}.",
        f"label: {_text(f'Synthesised effect: {analysis.label}')}",
        f"description: {_text(f'{evidence.label}. {line}.')}",
        "source:",
        *(f"  {key}: {_text(value)}" for key, value in source.items() if value is not None),
        "parameters:",
    ]
    for item in inputs:
        low, high = item.range
        spec = ", ".join(
            f"{key}: {value if isinstance(value, str) else _number(value)}" for key, value in item.distribution.items()
        )
        rows += [
            f"  {item.parameter}:",
            f"    # {item.derivation}",
            f"    value: {_number(item.value)}",
            f"    distribution: {{{spec}}}",
            f"    range: [{_number(low)}, {_number(high)}]",
        ]
    return "\n".join(rows) + "\n"


def _grades(evidence: Evidence, analysis: Analysis) -> str:
    """How good the studies and, where bias is taken off, its priors are, which a derived value must not hide."""
    counts = Counter(evidence.studies[name].source.grade for name in analysis.studies)
    said = f"Grades of the studies: {', '.join(f'{count} {grade}' for grade, count in counts.items())}"
    if not analysis.bias_times:
        return said
    designs = (evidence.designs[evidence.studies[name].design or ""] for name in analysis.studies)
    return f"{said}; of the priors of bias: {', '.join(dict.fromkeys(item.source.grade for item in designs))}"


def _text(text: str) -> str:
    """Text in double quotes, which mean the same in JSON and YAML; on one line."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def _number(value: float) -> str:
    return f"{value:.6g}"

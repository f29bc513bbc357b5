"""What `cea synthesis` prints and the report shows: studies, bias of designs, pooled ratios, without each study."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cea.analysis.pooling import IntervalKind, Pooled
from cea.analysis.synthesis import MEASURES, Evidence
from cea.reports.terminal import Table
from cea.reports.wording import NONE, share


def tables(evidence: Evidence) -> Iterator[Table]:
    """All tables, in the order in which they are read."""
    yield studies_table(evidence)
    if evidence.designs:
        yield designs_table(evidence)
    yield pooled_table(evidence)
    yield check_table(evidence)
    if len(evidence.analyses[0].studies) > 1:
        yield without_table(evidence)


def studies_table(evidence: Evidence) -> Table:
    """Every study as published and adjusted, with its weights and grade; below, what is not pooled and why."""
    columns = [("Study", False), ("Design", False)]
    columns += [column for item in evidence.main for column in ((item.label, False), ("Weight", True))]
    made = Table(f"Studies: {MEASURES[evidence.measure]} (95 %)", [*columns, ("Grade", False)])
    weights = [dict(zip(item.studies, evidence.pooled(item).shares, strict=True)) for item in evidence.main]
    for study in evidence.studies.values():
        design = evidence.designs.get(study.design or "")
        cells = [study.label, design.label if design else study.design or NONE]
        for item, weight in zip(evidence.main, weights, strict=True):
            known = design is not None or not item.bias_times
            shown = evidence.adjusted(study, item.bias_times) if known else None
            cells.append(_ratio(shown.effect, shown.interval) if shown else NONE)
            cells.append(share(float(weight[study.name])) if study.name in weight else NONE)
        made.add([*cells, study.source.grade])
    reasons: dict[str, list[str]] = {}
    for label, why in evidence.left_out:
        reasons.setdefault(why, []).append(label)
    for why, labels in reasons.items():
        made.notes.append(f"Not pooled, {why} ({len(labels)}): {', '.join(labels)}.")
    return made


def designs_table(evidence: Evidence) -> Table:
    """The priors of bias by design: the ratio found over the true one, and the spread of its log."""
    columns = [("Found over true", True), ("sd of its log", True), ("Grade", False)]
    made = Table("Bias that designs bring", [("Design", False), *columns])
    for design in evidence.designs.values():
        made.add([design.label, f"{math.exp(design.log_bias):.3f}", f"{design.sd:.2f}", design.source.grade])
    return made


def pooled_table(evidence: Evidence) -> Table:
    """Every analysis: pooled ratio, prediction interval and how far studies disagree."""
    columns = [("Studies", True), ("Ratio (95 %, Hartung-Knapp)", True), ("95 % prediction interval", True)]
    columns += [("tau", True), ("I²", True), ("Q (p)", True)]
    made = Table("Pooled: random effects, restricted maximum likelihood", [("Analysis", False), *columns])
    for item in evidence.analyses:
        found = evidence.pooled(item)
        cells = [str(found.k), _pooled_ratio(found, "hartung_knapp"), _interval(found.interval("prediction"))]
        spread = [f"{found.tau:.2f}", share(found.i2), f"{found.q:.2f} ({found.q_p:.2f})" if found.k > 1 else NONE]
        made.add([item.label, *cells, *spread], strong=item in evidence.main)
    made.notes.append("Hartung-Knapp intervals use t with k - 1 degrees of freedom; their factor is at least 1.")
    return made


def check_table(evidence: Evidence) -> Table:
    """The same by DerSimonian and Laird with normal quantiles."""
    columns = [("Ratio (95 %, normal)", True), ("Prediction (95 %, normal)", True), ("tau", True)]
    made = Table("Cross-check: DerSimonian-Laird, normal quantiles", [("Analysis", False), *columns])
    for item in evidence.analyses:
        found = evidence.pooled(item, "dl")
        cells = [_pooled_ratio(found, "normal"), _interval(found.interval("prediction_normal")), f"{found.tau:.2f}"]
        made.add([item.label, *cells], strong=item in evidence.main)
    return made


def without_table(evidence: Evidence) -> Table:
    """The main analyses without each study in turn."""
    columns = [(text, True) for item in evidence.main for text in (item.label, "tau")]
    made = Table("Without each study in turn (REML, Hartung-Knapp)", [("Left out", False), *columns])
    without = {item.name: evidence.leave_one_out(item) for item in evidence.main}
    for name in evidence.analyses[0].studies:
        found = [left[name] for left in without.values()]
        cells = [text for item in found for text in (_pooled_ratio(item, "hartung_knapp"), f"{item.tau:.2f}")]
        made.add([evidence.studies[name].label, *cells])
    return made


def _pooled_ratio(found: Pooled, kind: IntervalKind) -> str:
    return _ratio(found.effect, found.interval(kind))


def _ratio(effect: float, interval: tuple[float, float]) -> str:
    """A ratio with its interval, given as logs."""
    ratio, ends = f"{math.exp(effect):.2f}", _interval(interval)
    return ratio if ends == NONE else f"{ratio} ({ends})"


def _interval(interval: tuple[float, float]) -> str:
    low, high = map(math.exp, interval)
    return NONE if math.isnan(low) else f"{low:.2f} to {high:.2f}"

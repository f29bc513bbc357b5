"""`cea synthesis`: studies pooled with random effects, as published and adjusted for bias, and what they inform."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.pooling import IntervalKind, Pooled
from cea.analysis.synthesis import (
    MEASURES,
    Analysis,
    Evidence,
    SynthesisedInput,
    leave_one_out_frame,
    pooled_frame,
    studies_frame,
    synthesised,
)
from cea.cli.options import Request
from cea.cli.output import Output
from cea.engine.results import choose_perspective
from cea.errors import CeaError, UsageError
from cea.loading.synthesis_file import FILE, read_synthesis
from cea.loading.yaml_reader import parse_yaml
from cea.model.definition import Model
from cea.model.document import unknown
from cea.model.layers import Layer
from cea.reports.quantities import figure as number
from cea.reports.synthesis_layer import describe_pooled, layer_text
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, share


@dataclass(frozen=True)
class Informing:
    """The analysis that informs the model, pooled, and the inputs that follow from it."""

    analysis: Analysis
    pooled: Pooled
    interval: IntervalKind
    inputs: tuple[SynthesisedInput, ...]


def execute(
    request: Request,
    command: Sequence[str],
    out: Console,
    err: Console,
    analysis: str | None,
    write: Path | None,
    *,
    with_figures: bool,
) -> None:
    """Pools the studies, prints the tables (or JSON), writes the run folder and, where asked for, the layer."""
    output = Output(request, command, err)
    if write is not None:
        _check_file(write)
    model = request.model()
    evidence = read_synthesis(request.inputs, model)
    if evidence is None:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}, so there are no studies to pool")
    informing = _informing(evidence, analysis)
    if write is not None:
        _write_layer(write, evidence, informing, model, force=request.force)
        output.note(f"Layer: {write.as_posix()}")
    tables = {
        "studies": studies_frame(evidence),
        "pooled": pooled_frame(evidence),
        "leave_one_out": leave_one_out_frame(evidence),
    }
    main = evidence.main[-1]
    kind: IntervalKind = "hartung_knapp" if len(main.studies) > 1 else "normal"
    line = describe_pooled(evidence, main, evidence.pooled(main), kind)
    draw = (lambda folder: _figures(evidence, folder)) if with_figures else None
    manifest = output.write(model, choose_perspective(model, None), tables, draw, headline=line)
    if request.as_json:
        report = _report(evidence, tables, informing) | {"manifest": manifest.as_dict()}
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, evidence, informing)


def _check_file(path: Path) -> None:
    """Raises UsageError where the layer cannot be written to the path."""
    if path.suffix != ".yaml":
        raise UsageError(f"--write {path.as_posix()}: a layer's file ends in .yaml")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"--write {path.as_posix()}: name a file in a folder that exists")


def _informing(evidence: Evidence, name: str | None) -> Informing | None:
    """What informs the model: as the file says, or another of its analyses. Raises UsageError."""
    analyses = {item.name: item for item in evidence.analyses}
    if name is not None and name not in analyses:
        raise UsageError(str(unknown("analysis", name, None, analyses)))
    informs = evidence.informs
    if informs is None:
        return None
    chosen = analyses[name or informs.analysis]
    found = evidence.pooled(chosen, informs.estimator)
    inputs = tuple(synthesised(found, item, informs.interval) for item in informs.parameters)
    return Informing(chosen, found, informs.interval, inputs)


def _write_layer(
    path: Path, evidence: Evidence, informing: Informing | None, model: Model, *, force: bool
) -> None:
    """Writes the layer, once it is known to fit the model; a file that says the same is left as it is.

    Raises UsageError, InputError and CeaError.
    """
    if informing is None:
        raise UsageError(f"{FILE} does not say what the pooled effect informs, so there is no layer to write")
    text = layer_text(evidence, informing.analysis, informing.pooled, informing.interval, informing.inputs, FILE)
    shown = path.as_posix()
    model.with_layer(Layer.from_node(shown, parse_yaml(text, shown, shown)))
    data = text.encode("utf-8")
    try:
        if path.exists() and path.read_bytes() != data and not force:
            raise UsageError(f"{shown} exists already; add --force to replace it")
        path.write_bytes(data)
    except OSError as error:
        raise CeaError(f"could not write {shown}: {error.strerror}") from None


def _figures(evidence: Evidence, folder: Path) -> list[Path]:
    from cea.reports import forest_figure, style  # noqa: PLC0415 - matplotlib is slow to import

    drawn = {"forest": forest_figure.forest(evidence), "robustness": forest_figure.robustness(evidence)}
    return [path for name, figure in drawn.items() for path in style.save(figure, folder / name)]


def _print(out: Console, evidence: Evidence, informing: Informing | None) -> None:
    out.print(Text(f"{evidence.label}\n", style="bold"))
    print_table(out, _studies_table(evidence))
    if evidence.designs:
        print_table(out, _designs_table(evidence))
    print_table(out, _pooled_table(evidence))
    print_table(out, _check_table(evidence))
    if len(evidence.analyses[0].studies) > 1:
        print_table(out, _without_table(evidence))
    if informing is not None:
        line = describe_pooled(evidence, informing.analysis, informing.pooled, informing.interval)
        out.print(Text(f"Informs the model: {line}", style="bold"))
        for item in informing.inputs:
            low, high = item.range
            ends = f"{number(low, 3)} to {number(high, 3)}"
            out.print(Text(f"    {item.parameter} {number(item.value, 4)} ({ends}): {item.derivation}"))


def _studies_table(evidence: Evidence) -> Table:
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


def _designs_table(evidence: Evidence) -> Table:
    columns = [("Found over true", True), ("sd of its log", True), ("Grade", False)]
    made = Table("Bias that designs bring", [("Design", False), *columns])
    for design in evidence.designs.values():
        made.add([design.label, f"{math.exp(design.log_bias):.3f}", f"{design.sd:.2f}", design.source.grade])
    return made


def _pooled_table(evidence: Evidence) -> Table:
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


def _check_table(evidence: Evidence) -> Table:
    columns = [("Ratio (95 %, normal)", True), ("Prediction (95 %, normal)", True), ("tau", True)]
    made = Table("Cross-check: DerSimonian-Laird, normal quantiles", [("Analysis", False), *columns])
    for item in evidence.analyses:
        found = evidence.pooled(item, "dl")
        cells = [_pooled_ratio(found, "normal"), _interval(found.interval("prediction_normal")), f"{found.tau:.2f}"]
        made.add([item.label, *cells], strong=item in evidence.main)
    return made


def _without_table(evidence: Evidence) -> Table:
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


def _report(evidence: Evidence, tables: Mapping[str, pd.DataFrame], informing: Informing | None) -> dict[str, Any]:
    """The JSON object of `cea synthesis`; its keys are stable."""
    records = {name: [_finite(row) for row in frame.to_dict("records")] for name, frame in tables.items()}
    informs: dict[str, Any] | None = None
    if informing is not None:
        informs = {
            "analysis": informing.analysis.name,
            "estimator": informing.pooled.estimator,
            "interval": informing.interval,
            "parameters": [
                {
                    "parameter": item.parameter,
                    "value": item.value,
                    "distribution": dict(item.distribution),
                    "range": list(item.range),
                    "derivation": item.derivation,
                }
                for item in informing.inputs
            ],
        }
    left_out = [{"study": label, "reason": why} for label, why in evidence.left_out]
    analyses = [{"name": i.name, "studies": list(i.studies), "bias_times": i.bias_times} for i in evidence.analyses]
    head = {"label": evidence.label, "measure": evidence.measure, "analyses": analyses}
    return head | records | {"left_out": left_out, "informs": informs}


def _finite(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}

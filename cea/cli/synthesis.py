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
from cea.reports.synthesis_tables import tables
from cea.reports.terminal import print_table


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
    informing = informing_of(evidence, analysis)
    if write is not None:
        _write_layer(write, evidence, informing, model, force=request.force)
        output.note(f"Layer: {write.as_posix()}")
    frames = {
        "studies": studies_frame(evidence),
        "pooled": pooled_frame(evidence),
        "leave_one_out": leave_one_out_frame(evidence),
    }
    main = evidence.main[-1]
    kind: IntervalKind = "hartung_knapp" if len(main.studies) > 1 else "normal"
    line = describe_pooled(evidence, main, evidence.pooled(main), kind)
    draw = (lambda folder: _figures(evidence, folder)) if with_figures else None
    manifest = output.write(model, choose_perspective(model, None), frames, draw, headline=line)
    if request.as_json:
        report = _report(evidence, frames, informing) | {"manifest": manifest.as_dict()}
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, evidence, informing)


def _check_file(path: Path) -> None:
    """Raises UsageError where the layer cannot be written to the path."""
    if path.suffix != ".yaml":
        raise UsageError(f"--write {path.as_posix()}: a layer's file ends in .yaml")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"--write {path.as_posix()}: name a file in a folder that exists")


def informing_of(evidence: Evidence, name: str | None = None) -> Informing | None:
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


def _write_layer(path: Path, evidence: Evidence, informing: Informing | None, model: Model, *, force: bool) -> None:
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
    for made in tables(evidence):
        print_table(out, made)
    if informing is not None:
        line = describe_pooled(evidence, informing.analysis, informing.pooled, informing.interval)
        out.print(Text(f"Informs the model: {line}", style="bold"))
        for item in informing.inputs:
            low, high = item.range
            ends = f"{number(low, 3)} to {number(high, 3)}"
            out.print(Text(f"    {item.parameter} {number(item.value, 4)} ({ends}): {item.derivation}"))


def _report(evidence: Evidence, frames: Mapping[str, pd.DataFrame], informing: Informing | None) -> dict[str, Any]:
    """The JSON object of `cea synthesis`; its keys are stable."""
    records = {name: [_finite(row) for row in frame.to_dict("records")] for name, frame in frames.items()}
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

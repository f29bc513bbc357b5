"""The result of a calibration as inputs of the model: a layer with distributions, joint draws and correlations."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cea.analysis.calibration import Calibration, Posterior
from cea.analysis.calibration_tables import (
    POOR,
    correlation,
    diagnostics_row,
    fit_frame,
    fitted_distribution,
    point_value,
)
from cea.errors import CeaError, UsageError
from cea.model.definition import Model, Source

WRITTEN = 2_000
"""Most draws that are written, evenly spaced over the chains."""

_WIDTH = 110


def file_names(model: Model, calibration: Calibration) -> tuple[str, str, str]:
    """Where the layer, its draws and its correlations stand in a model folder."""
    name = calibration.writes
    return (
        f"{model.layer_folders[-1]}/{name}.yaml", f"tables/{name}_draws.csv", f"tables/{name}_correlation.csv",
    )  # fmt: skip


def refuse_existing(folder: Path, model: Model, calibrations: Iterable[Calibration], *, force: bool) -> None:
    """Raises UsageError where two calibrations write the same file, or one is there already, unless `force` is set."""
    names = [name for item in calibrations for name in file_names(model, item)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two calibrations write {twice[0]}: change `writes` of one, or run one of them")
    there = [name for name in names if (folder / name).exists()]
    if there and not force:
        raise UsageError(f"{', '.join(there)} exist already in {folder.as_posix()}; add --force to replace them")


def write_layer(found: Posterior, folder: Path) -> tuple[Path, ...]:
    """Writes the layer, its draws and its correlations into a model folder, and returns their paths.

    Raises CeaError where the folder cannot be written to.
    """
    texts = {folder / name: text for name, text in layer_files(found).items()}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CeaError(f"could not write into {folder.as_posix()}: {error.strerror}") from None
    return tuple(texts)


def layer_files(found: Posterior) -> dict[str, str]:
    """The texts of the files by their names in a model folder."""
    layer, draws, correlations = file_names(found.model, found.calibration)
    group, members = _group(found)
    texts = {layer: "\n".join(_layer_lines(found, group, members, draws, correlations)) + "\n"}
    if len(members) > 1:
        order = [found.calibration.parameters.index(name) for name in members]
        texts[draws] = _csv(members, found.thinned(WRITTEN)[:, order])
        matrix = correlation(found.draws[:, order])
        texts[correlations] = _csv(["parameter", *members], matrix.round(4), members)
    return texts


def _group(found: Posterior) -> tuple[str | None, tuple[str, ...]]:
    """The joint group of the model that has just the calibrated parameters, if any, and these in its order."""
    names = found.calibration.parameters
    for group in found.model.joint.values():
        if set(group.parameters) == set(names):
            return group.name, group.parameters
    return None, names


def _layer_lines(
    found: Posterior, group: str | None, members: Sequence[str], draws: str, correlations: str
) -> list[str]:
    calibration = found.calibration
    lines = [
        f"label: {_text(calibration.label)}",
        *_folded("description", calibration.description, 0),
        "structural: true",
        *_source_lines(replace(calibration.source, note=_note(found))),
        "parameters:",
    ]
    for item in calibration.fixed:
        lines.append(f"  {item.parameter}:")
        lines.append(f"    value: {item.value:.6g}")
        lines.append("    distribution: {family: fixed}")
        lines.append("    range: null")
        lines.extend(f"    {line}" for line in _source_lines(item.source))
    for at, prior in enumerate(calibration.priors):
        own = found.draws[:, at]
        spec = fitted_distribution(prior, own)
        numbers = ", ".join(f"{key}: {value:.4g}" for key, value in spec.items() if isinstance(value, float))
        low, high = np.quantile(own, [0.025, 0.975])
        lines.append(f"  {prior.parameter}:")
        lines.append(f"    value: {point_value(spec):.4g}")
        lines.append(f"    distribution: {{family: {spec['family']}, {numbers}}}")
        lines.append(f"    range: [{low:.4g}, {high:.4g}]")
    return lines + _joint_lines(found, group, members, draws, correlations)


def _joint_lines(
    found: Posterior, group: str | None, members: Sequence[str], draws: str, correlations: str
) -> list[str]:
    """Another table for the joint group of the same parameters; else groups that share any go, and one is added."""
    set_here = {*members, *(item.parameter for item in found.calibration.fixed)}
    if group is not None:
        return ["joint:", f"  {group}:", f"    correlation: {correlations}", f"    draws: {draws}"]
    lines = []
    gone = [item.name for item in found.model.joint.values() if set_here & set(item.parameters)]
    if gone:
        lines += ["joint:", *(f"  {name}: null" for name in gone)]
    if len(members) > 1:
        listed = ", ".join(members)
        lines += ["add:", "  joint:", f"    {found.calibration.writes}:", f"      parameters: [{listed}]"]
        lines += [f"      correlation: {correlations}", f"      draws: {draws}"]
    return lines


def _note(found: Posterior) -> str:
    """How the values came about."""
    row = diagnostics_row(found)
    own = {layer.identity for layer in found.method.layers}
    under = [layer.name for layer in found.model.layers if layer.identity not in own]
    made = (
        f"posterior of `cea calibrate {found.calibration.name}`, method {found.method.name}"
        f"{', under ' + ' and '.join(under) if under else ''}: {row['draws']:,} draws of "
        f"{row['chains']} chains, seed {found.seed}, R-hat {row['r_hat']:.3f}, at least "
        f"{min(float(str(row['ess_bulk'])), float(str(row['ess_tail']))):,.0f} effective draws; values are medians or "
        "means, ranges 95 % intervals"
    )
    fit = fit_frame(found)
    poor = fit[fit["distance"].abs() > POOR]
    missed = (
        f"{name} ({modelled:.3g} instead of {observed:.3g})"
        for name, modelled, observed in zip(poor["target"], poor["modelled"], poor["observed"], strict=True)
    )
    made += f"; fits badly: {', '.join(missed)}" if len(poor) else ""
    before = found.calibration.source.note
    return f"{before}; {made}" if before else made


def _source_lines(source: Source) -> list[str]:
    lines = ["source:"]
    lines += [f"  {key}: {_text(value)}" for key, value in (("ref", source.ref), ("where", source.where)) if value]
    return [*lines, f"  grade: {source.grade}", *_folded("note", source.note or "", 2)]


def _folded(key: str, text: str, indent: int) -> list[str]:
    """A key with a text over several lines; nothing where the text is empty."""
    words = " ".join(text.split())
    if not words:
        return []
    blank = " " * indent
    if len(words) + len(key) < _WIDTH - indent:
        return [f"{blank}{key}: {_text(words)}"]
    wrapped = textwrap.wrap(words, _WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return [f"{blank}{key}: >-", *(f"{blank}  {line}" for line in wrapped)]


def _text(text: str) -> str:
    """A text as YAML reads it back: in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _csv(header: Sequence[str], rows: npt.NDArray[np.float64], names: Sequence[str] = ()) -> str:
    """Rows of numbers as CSV, each after its name where there are names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for at, row in enumerate(rows):
        writer.writerow([*names[at : at + 1], *(f"{value:.6g}" for value in row)])
    return out.getvalue()

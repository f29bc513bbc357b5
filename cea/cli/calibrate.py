"""`cea calibrate`: parameters fitted to targets, by draws from the posterior or at its most probable points."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from cea.analysis.calibration import (
    Calibration,
    PointFit,
    Posterior,
    calibrate,
    calibrate_point,
    check_size,
    evaluations,
    names_of,
)
from cea.analysis.calibration_tables import (
    agreement_frame,
    correlation_frame,
    diagnostics_row,
    fit_frame,
    optima_frame,
    parameters_frame,
    point_fit_frame,
    warnings,
)
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.progress import draws_bar
from cea.engine.results import choose_perspective
from cea.errors import CheckError, UsageError
from cea.loading.calibrated_layer import refuse_existing, write_layer
from cea.loading.calibration_file import FILE, read_calibrations
from cea.model.definition import Model
from cea.reports.calibration_report import diagnostics_table, point_tables, posterior_tables
from cea.reports.terminal import print_table


@dataclass(frozen=True)
class Choices:
    """What the options of `cea calibrate` say beyond those that all commands share."""

    names: tuple[str, ...]
    methods: tuple[str, ...]
    n: int
    chains: int
    seed: int
    starts: int
    write: Path | None
    point: bool


def choices(
    names: Sequence[str] | None, methods: Sequence[str] | None, n: int, chains: int, seed: int, starts: int,
    write: Path | None, *, point: bool,
) -> Choices:  # fmt: skip
    """The options, checked. Raises UsageError."""
    check_size(n, chains, seed, starts)
    if point and write is not None:
        raise UsageError("--point gives no draws to write: leave out --point, or --write")
    return Choices(tuple(names or ()), tuple(methods or ()), n, chains, seed, starts, write, point)


@dataclass(frozen=True)
class Found:
    """What was worked out: posteriors, or with --point only the optima."""

    posteriors: tuple[Posterior, ...]
    points: tuple[PointFit, ...]

    @property
    def by_calibration(self) -> Iterator[list[Posterior]]:
        """The posteriors of each calibration, the method that counts first."""
        for name in dict.fromkeys(item.calibration.name for item in self.posteriors):
            yield [item for item in self.posteriors if item.calibration.name == name]

    def warnings(self) -> Iterator[str]:
        """What keeps draws from being used as they stand."""
        for item in self.posteriors:
            yield from (f"{item.calibration.name}, {item.method.name}: {text}" for text in warnings(item))

    @property
    def line(self) -> str:
        """What was found, in a line."""
        parts = []
        for first, *_ in self.by_calibration:
            row = diagnostics_row(first)
            least = min(float(str(row[key])) for key in ("ess_bulk", "ess_tail"))
            parts.append(f"{first.calibration.name}: R-hat {row['r_hat']:.3f}, at least {least:,.0f} effective draws")
        return "; ".join(parts)


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, asked: Choices, *, with_figures: bool
) -> None:
    """Runs the calibrations, prints the tables (or JSON) and writes the run folder, and layers where asked to.

    Raises CheckError, and writes no layers, where draws that are to be written cannot be trusted.
    """
    output = Output(request, command, err)
    model = request.model()
    wanted = _wanted(request, model, asked)
    if asked.write is not None:
        refuse_existing(asked.write, model, (item for item, _ in wanted), force=request.force)
    found = _calibrated(model, wanted, asked, request, err)
    perspective = choose_perspective(model, None)

    def draw(folder: Path) -> list[Path]:
        return _draw(folder, found)

    manifest = output.write(
        model, perspective, _tables(found), draw if with_figures and found.posteriors else None,
        n=None if asked.point else asked.n, seed=asked.seed, headline=found.line,
    )  # fmt: skip
    if request.as_json:
        report = _report(found) | {"manifest": manifest.as_dict()}
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, found)
    problems = list(found.warnings())
    for text in problems:
        output.note(text, style="yellow")
    if asked.write is not None:
        if problems:
            raise CheckError(f"nothing was written to {asked.write.as_posix()}: the draws cannot be trusted yet")
        for first, *_ in found.by_calibration:
            for path in write_layer(first, asked.write):
                output.note(f"Written: {path.as_posix()}")


def _wanted(request: Request, model: Model, asked: Choices) -> list[tuple[Calibration, list[str]]]:
    """The calibrations that are asked for, and their methods. Raises UsageError."""
    known = read_calibrations(request.inputs, model)
    if not known:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}, so there is nothing to calibrate")
    chosen = names_of(known, asked.names)
    if not asked.methods:
        return [(item, [method.name for method in item.methods]) for item in chosen]
    for name in asked.methods:
        if not any(name in (method.name for method in item.methods) for item in chosen):
            chosen[0].method(name)
    by_name = [(item, [method.name for method in item.methods if method.name in asked.methods]) for item in chosen]
    return [(item, methods) for item, methods in by_name if methods]


def _calibrated(
    model: Model, wanted: Sequence[tuple[Calibration, list[str]]], asked: Choices, request: Request, err: Console
) -> Found:
    pairs = [(item, method) for item, methods in wanted for method in methods]
    if asked.point:
        points = (calibrate_point(model, *pair, starts=asked.starts, seed=asked.seed) for pair in pairs)
        return Found((), tuple(points))
    total = len(pairs) * evaluations(asked.n, asked.chains)
    with draws_bar(err, 0, total, quiet=request.quiet) as told:
        posteriors = tuple(
            calibrate(
                model, *pair, n=asked.n, chains=asked.chains, seed=asked.seed, starts=asked.starts, told=told
            )
            for pair in pairs
        )
    return Found(posteriors, tuple(item.point for item in posteriors))


def _tables(found: Found) -> dict[str, pd.DataFrame]:
    points = [(item, optima_frame(item)) for item in found.points]
    tables = {"optima": _together(points)}
    if not found.posteriors:
        return tables | {"targets": _together((item, point_fit_frame(item)) for item in found.points)}
    posteriors = found.posteriors
    tables["diagnostics"] = pd.DataFrame([diagnostics_row(item) for item in posteriors])
    tables["parameters"] = _together((item, parameters_frame(item)) for item in posteriors)
    tables["targets"] = _together((item, fit_frame(item)) for item in posteriors)
    compared = [
        (item, agreement_frame(item, item.calibration.reference)) for item in posteriors if item.calibration.reference
    ]
    if compared:
        tables["agreement"] = _together(compared)
    for item in posteriors:
        name = f"{item.calibration.name}_{item.method.name}"
        tables[f"correlation_{name}"] = correlation_frame(item)
        tables[f"draws_{name}"] = _draws_frame(item)
    return tables


def _together(frames: Iterable[tuple[Posterior | PointFit, pd.DataFrame]]) -> pd.DataFrame:
    """Frames one below the other, with the calibration and the method that each is of."""
    parts = []
    for item, frame in frames:
        frame.insert(0, "calibration", item.calibration.name)
        frame.insert(1, "method", item.method.name)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _draws_frame(found: Posterior) -> pd.DataFrame:
    """All draws with the chain and the position in it."""
    chains, draws, _ = found.values.shape
    frame = pd.DataFrame(found.draws, columns=list(found.calibration.parameters))
    frame.insert(0, "chain", np.repeat(np.arange(1, chains + 1), draws))
    frame.insert(1, "draw", np.tile(np.arange(1, draws + 1), chains))
    return frame


def _draw(folder: Path, found: Found) -> list[Path]:
    from cea.reports import calibration_figures, style  # noqa: PLC0415 - matplotlib is slow to import

    drawn = {}
    for group in found.by_calibration:
        name, label = group[0].calibration.name, group[0].calibration.label
        drawn[f"trace_{name}"] = calibration_figures.trace(
            group[0], f"{label}: chains, {group[0].method.label[:1].lower()}{group[0].method.label[1:]}"
        )
        drawn[f"posterior_{name}"] = calibration_figures.posterior_panels(group, f"{label}: prior and posterior")
        drawn[f"fit_{name}"] = calibration_figures.fit(group, f"{label}: fit to the targets")
    return [path for name, figure in drawn.items() for path in style.save(figure, folder / name)]


def _print(out: Console, found: Found) -> None:
    for group in found.by_calibration:
        for item in group:
            for made in posterior_tables(item, fit=item is group[0]):
                print_table(out, made)
    if found.posteriors:
        print_table(out, diagnostics_table(found.posteriors))
        return
    for point in found.points:
        for made in point_tables(point):
            print_table(out, made)


def _report(found: Found) -> dict[str, Any]:
    """The JSON object of `cea calibrate`; its keys are stable."""
    return {
        "calibrations": [_posterior_record(item) for item in found.posteriors],
        "optima": [record for item in found.points for record in _records(_together([(item, optima_frame(item))]))],
        "warnings": list(found.warnings()),
    }


def _posterior_record(found: Posterior) -> dict[str, Any]:
    reference = found.calibration.reference
    diagnostics = _records(pd.DataFrame([diagnostics_row(found)]))[0]
    return {
        "calibration": found.calibration.name,
        "label": found.calibration.label,
        "method": found.method.name,
        "diagnostics": {key: value for key, value in diagnostics.items() if key not in ("calibration", "method")},
        "parameters": _records(parameters_frame(found)),
        "targets": _records(fit_frame(found)),
        "correlation": _records(correlation_frame(found)),
        "agreement": [] if reference is None else _records(agreement_frame(found, reference)),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON has them, with null for what is not a number."""
    records: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return records

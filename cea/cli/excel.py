"""`cea excel`: the model as a workbook that recalculates by itself, with its analyses on further sheets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cea.analysis.acceptability import Thresholds
from cea.analysis.incremental import incremental
from cea.analysis.information import PerfectInformation, evpi
from cea.analysis.one_way import OneWay, one_way
from cea.analysis.partial_information import LEAST_DRAWS, PartialInformation, evppi
from cea.analysis.scenarios import run_scenarios
from cea.cli.options import Request
from cea.cli.scenarios import scenario_layers
from cea.engine.draws import Draws, drawn
from cea.engine.outcomes import Outcomes
from cea.engine.psa import DrawResults, run_draws
from cea.engine.results import Results, run
from cea.engine.sampling import sample
from cea.errors import UsageError
from cea.model.definition import Model
from cea.model.layers import Layer
from cea.reports.run_folder import check_writable
from cea.reports.workbook import write_workbook

AddSheets = Callable[[Any, Any], None]

MOST_ROWS = 5_000
"""Most draws in a workbook: every draw is a row with formulas of its own, and more make it slow to open."""


def execute(
    request: Request, file: Path, command: Sequence[str], out: Console, err: Console,
    *, rows: int, seed: int, quick: bool,
) -> None:  # fmt: skip
    """Runs the analyses and writes the workbook. Raises UsageError before any work where it could not be written."""
    started = time.perf_counter()
    _check(file, rows, force=request.force)
    model = request.model()
    base = run(model, request.perspective)
    comparator = incremental(base.outcomes, request.comparator).comparator
    manifest = request.manifest(model, base.perspective, command)
    steps = _Steps(err, quiet=request.quiet)
    draws, psa = None, None
    if rows and drawn(model):
        with steps(f"{rows:,} draws"):
            draws = sample(model, rows, seed)
            psa = run_draws(model, draws, base.perspective)
        manifest.seed, manifest.n, manifest.results_hash = seed, rows, psa.sha256
    sheets = list(_sheets(request, base, comparator, draws, psa, steps, quick=quick))
    with steps("writing the workbook"):
        write_workbook(
            model, file, psa, perspective=base.perspective, comparator=comparator, sheets=sheets, provenance=manifest
        )
    manifest.seconds = round(time.perf_counter() - started, 3)
    if request.as_json:
        found = {"file": file.as_posix(), "bytes": file.stat().st_size, "psa_rows": psa.source.n if psa else 0}
        out.out(json.dumps(found | {"manifest": manifest.as_dict()}, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        out.print(Text(f"{file.as_posix()} ({file.stat().st_size / 1e6:.1f} MB)"), soft_wrap=True)
    if not request.quiet:
        for warning in model.warnings:
            err.print(Text(f"warning: {warning}", style="yellow"))
        if rows and psa is None:
            err.print(Text("warning: the model has no uncertain parameters, so there are no draws", style="yellow"))


def _check(file: Path, rows: int, *, force: bool) -> None:
    """Raises UsageError for a file that cannot or must not be written, or a number of draws that is not possible."""
    if file.suffix.lower() != ".xlsx":
        raise UsageError(f"--out {file.as_posix()}: a workbook is a file that ends in .xlsx")
    if file.is_dir():
        raise UsageError(f"{file.as_posix()} is a folder: name a file that ends in .xlsx")
    if file.exists() and not force:
        raise UsageError(f"{file.as_posix()} exists already; add --force to replace it")
    if rows == 1 or rows < 0 or rows > MOST_ROWS:
        raise UsageError(f"--psa-rows {rows}: choose 0 for none, or 2 to {MOST_ROWS:,}; `cea psa` runs more")
    check_writable(file.parent)


class _Steps:
    """Says on a terminal what is being done."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self.console = console
        self.shown = console.is_terminal and not quiet

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        with self.console.status(Text(f"Excel: {what}")) if self.shown else nullcontext():
            yield


def _sheets(
    request: Request, base: Results, comparator: str, draws: Draws | None, psa: DrawResults | None, steps: _Steps,
    *, quick: bool,
) -> Iterator[AddSheets]:  # fmt: skip
    """What adds each sheet of analyses, in the order of the sheets; comparisons need two strategies."""
    from cea.reports.workbook import (  # noqa: PLC0415 - slow to import, and checks come first
        acceptability_sheet,
        information_sheet,
        one_way_sheet,
        plane_sheet,
        scenarios_sheet,
    )

    model = base.model
    if len(base.strategies) < 2:
        return
    if psa is not None:
        yield acceptability_sheet.add
        yield plane_sheet.add
    with steps("one-way analysis"):
        yield partial(one_way_sheet.add, analyses=_one_way(base, comparator))
    if quick:
        return
    if _pairs(model) and (layers := _layers(request, model)):
        with steps(f"{len(layers)} scenarios"):
            scenarios = run_scenarios(model, layers, request.perspective)
        yield partial(scenarios_sheet.add, scenarios=scenarios)
    if psa is not None and draws is not None and draws.n >= LEAST_DRAWS:
        with steps("value of information"):
            perfect, learned = _information(psa, draws, acceptability_sheet.grid(psa.outcomes))
        yield partial(information_sheet.add, perfect=perfect, partial=learned)


def _layers(request: Request, model: Model) -> list[Layer]:
    """The named scenarios; none where the folder has none."""
    try:
        return scenario_layers(request, model)
    except UsageError:
        return []


def _one_way(base: Results, comparator: str) -> tuple[OneWay, ...]:
    """The analysis of each headline or, in a model without, of each strategy against the comparator."""
    model = base.model
    if _pairs(model):
        return one_way(model, perspective=base.perspective)
    pairs = [(name, comparator) for name in base.strategies if name != comparator]
    return tuple(found for pair in pairs for found in one_way(model, pair, perspective=base.perspective))


def _pairs(model: Model) -> dict[str, tuple[str, str]]:
    """The strategies of each headline whose strategies the model has, by its label."""
    return {
        item.label: (item.strategy, item.comparator)
        for item in model.headlines.values()
        if item.strategy in model.strategies and item.comparator in model.strategies
    }


def _information(
    psa: DrawResults, draws: Draws, thresholds: Thresholds
) -> tuple[dict[str, PerfectInformation], tuple[PartialInformation, ...]]:
    """The value of perfect information by choice, and that of every group of inputs, among all and in each headline."""
    outcomes = psa.outcomes
    pairs = _pairs(psa.model) if len(outcomes.strategies) > 2 else {}
    perfect = {"All strategies": evpi(outcomes, thresholds)}
    perfect |= {label: evpi(_only(outcomes, pair), thresholds) for label, pair in pairs.items()}
    groups = {name: members for name, members in psa.model.groups.items() if set(members) & set(draws.names)}
    found = evppi(outcomes, draws, list(groups), groups, decisions=[outcomes.strategies, *pairs.values()])
    return perfect, found


def _only(outcomes: Outcomes, names: Sequence[str]) -> Outcomes:
    """The outcomes of some strategies."""
    columns = [outcomes.strategies.index(name) for name in names]
    return replace(
        outcomes, strategies=tuple(names), labels=tuple(outcomes.labels[i] for i in columns),
        cost=outcomes.cost[:, columns], effect=outcomes.effect[:, columns], life_years=None,
    )  # fmt: skip

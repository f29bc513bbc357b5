"""`cea subgroups`: results by subgroup, and what a test for response would be worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from cea.analysis.deterministic import Progress, point_value
from cea.analysis.responders import Marker
from cea.analysis.stratification import Stratification, stratify
from cea.analysis.subgroups import Subgroup, SubgroupAnalysis, run_subgroups
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import parse_pair, progress
from cea.cli.subgroups_report import as_json, show
from cea.engine.results import choose_perspective, run
from cea.engine.sampling import sample
from cea.errors import UsageError
from cea.loading.subgroups_file import FILE, read_subgroups
from cea.model.definition import Model
from cea.reports.wording import money, setting

ACCURACIES = np.linspace(0.5, 1.0, 21)
"""Sensitivities and specificities that are looked at."""


@dataclass(frozen=True)
class Choices:
    """What the options of `cea subgroups` say beyond those that all commands share."""

    pair: tuple[str, str] | None
    draws: int
    seed: int


def choices(pair: str | None, draws: int, seed: int) -> Choices:
    """The options, checked. Raises UsageError."""
    return Choices(parse_pair(pair), draws, seed)


@dataclass(frozen=True, eq=False)
class Found:
    """Everything that the command found out. `tests` is empty, with a `note`, where a test has no meaning here."""

    model: Model
    perspective: str
    subgroups: SubgroupAnalysis
    tests: tuple[Stratification, ...]
    note: str
    now: dict[str, float]

    @property
    def thresholds(self) -> list[float]:
        """The thresholds of the model."""
        return sorted({*self.model.thresholds, self.model.threshold})

    @property
    def headlines(self) -> list[str]:
        """Names of the comparisons."""
        return list(dict.fromkeys(item.comparison.name for item in self.subgroups.results))

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the run folder by name."""
        tables = {"subgroups": self.subgroups.frame(self.thresholds)}
        if self.tests:
            at = self.model.threshold
            tables["test_and_treat"] = _joined(item.frame(self.thresholds) for item in self.tests)
            tables["test_accuracy"] = _joined(item.accuracy_frame(at, ACCURACIES, ACCURACIES) for item in self.tests)
            tables["test_prevalence"] = _joined(item.prevalence_frame(at) for item in self.tests)
        return tables

    def draw(self, folder: Path) -> list[Path]:
        """Draws the figures into a folder and returns their files."""
        from cea.reports import style, subgroup_figures  # noqa: PLC0415 - matplotlib is slow to import

        drawn = {}
        for name in self.headlines:
            items = self.subgroups.of(name)
            price = items[0].comparison.price
            label = self.model.parameters[price].label if price is not None else ""
            drawn[f"subgroups_{name}"] = subgroup_figures.subgroups(
                items, self.model.threshold, self.now.get(name), label
            )
        for test in self.tests:
            drawn[f"test_value_{test.comparison.name}"] = subgroup_figures.test_value(
                test, self.model.threshold, ACCURACIES, ACCURACIES
            )
        where = setting(self.model, self.perspective)
        return [path for name, figure in drawn.items() for path in style.save(figure, folder / name, where)]

    @property
    def line(self) -> str:
        """The subgroup with the highest net benefit, by comparison, in a line."""
        parts = []
        for name in self.headlines:
            items = self.subgroups.of(name)
            at = self.model.threshold
            best = max(items, key=lambda item: float(item.benefit(item.point, at)[0]))
            amount = money(float(best.benefit(best.point, at)[0]), self.model.currency)
            parts.append(f"{best.comparison.label}: highest extra NMB {amount} ({best.subgroup.label})")
        return "; ".join(parts)


def _joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(list(frames), ignore_index=True)


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, asked: Choices, *, with_figures: bool
) -> None:
    """Runs the subgroups and the test, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    told = read_subgroups(request.inputs, model)
    if told is None:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}: write one, as docs/subgroups.md says")
    with progress(request, err, "Subgroups") as tell:
        found = analyse(model, perspective, told[0], told[1], asked, tell)
    seed = asked.seed if asked.draws else None
    manifest = output.write(
        model, perspective, found.tables(), found.draw if with_figures else None, n=asked.draws or None, seed=seed,
        headline=found.line,
    )  # fmt: skip
    if request.as_json:
        out.out(as_json(found, asked.draws, manifest))
    else:
        show(out, found)


def analyse(
    model: Model, perspective: str, subgroups: Sequence[Subgroup], marker: Marker | None, asked: Choices,
    tell: Progress,
) -> Found:  # fmt: skip
    """Everything that `cea subgroups` works out."""
    results = run_subgroups(
        model, subgroups, asked.draws, asked.seed, pair=asked.pair, perspective=perspective, progress=tell
    )
    tests: tuple[Stratification, ...] = ()
    note = ""
    if marker is not None:
        draws = sample(model, asked.draws, asked.seed) if asked.draws else None
        try:
            tests = stratify(model, marker, draws, pair=asked.pair, perspective=perspective)
        except UsageError as error:
            note = f"No test and treat: {error}."
    base = run(model, perspective)
    now = {
        item.comparison.name: point_value(base, item.comparison.price)
        for item in results.results
        if item.comparison.price is not None
    }
    return Found(model, perspective, results, tests, note, now)

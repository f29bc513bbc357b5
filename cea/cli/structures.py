"""`cea structures`: the decision under each way to build the model, and averaged over them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.averaging import Averaged, average
from cea.analysis.solving import Solving, compare_solving
from cea.analysis.structures import (
    Alternative,
    Combination,
    Structures,
    alternatives_frame,
    run_structures,
    solutions_frame,
    solve_over,
)
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.scenario_grid import records, setting
from cea.cli.spanned import progress
from cea.engine.resolving import resolvable
from cea.engine.results import choose_perspective
from cea.errors import UsageError
from cea.loading.structures_file import FILE, read_structures
from cea.model.definition import Model
from cea.reports import psa_tables, structure_tables
from cea.reports.terminal import Table, print_table
from cea.reports.wording import headlines_line

Weights = tuple[tuple[str, str, float], ...]


def parse_weights(texts: Sequence[str]) -> Weights:
    """`question.choice=weight` texts. Raises UsageError naming each one that is not."""
    found, wrong = [], []
    for text in texts:
        name, _, number = text.partition("=")
        question, dot, choice = name.strip().partition(".")
        try:
            found.append((question, choice, float(number)))
            bad = not (dot and question and choice)
        except ValueError:
            bad = True
        if bad:
            wrong.append(f"--weight {text}: write question.choice=weight, as in --weight effect.base=0.7")
    if wrong:
        raise UsageError("\n".join(wrong))
    return tuple(found)


def structures_of(request: Request, model: Model, weights: Weights = ()) -> Structures:
    """The structural questions of a request's model, with other weights. Raises UsageError and InputError."""
    found = read_structures(request.inputs, model)
    if found is None:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}: write one, as docs/structures.md says")
    return found.weighted({(question, choice): weight for question, choice, weight in weights})


@dataclass(frozen=True, eq=False)
class Found:
    """Everything that the command shows; what needs draws is missing without them."""

    model: Model
    structures: Structures
    alternatives: tuple[Alternative, ...]
    solutions: tuple[Combination, ...]
    solving: Solving | None
    averaged: Averaged | None

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables of the run folder by name."""
        found = {
            "structures": alternatives_frame(self.alternatives, self.model.threshold),
            "solved": solutions_frame(self.solutions, self.structures),
        }
        if self.solving is not None:
            found["solving"] = self.solving.frame()
            found["solving_hazard_ratios"] = self.solving.hazards_frame()
        if self.averaged is not None:
            found["by_structure"] = self.averaged.frame()
        return {name: frame for name, frame in found.items() if len(frame)}

    def tables(self) -> Iterator[Table]:
        """What is printed."""
        yield from structure_tables.solution_tables(self.model, self.structures, self.solutions)
        yield from structure_tables.decision_tables(self.model, self.alternatives)
        if self.solving is not None:
            yield structure_tables.solving_table(self.model, self.solving)
        if self.averaged is not None:
            for item in self.averaged.comparisons:
                yield psa_tables.structures_table(self.averaged.outcomes, item)


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console,
    *, n: int, seed: int, weights: Weights, with_figures: bool,
) -> None:  # fmt: skip
    """Runs every structure, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    structures = structures_of(request, model, weights)
    with progress(request, err, "Draws"):
        averaged = average(model, structures, n, seed, perspective) if n else None
        solving = compare_solving(model, n, seed, perspective) if n and resolvable(model) else None
    with progress(request, err, "Solved parameters") as told:
        solutions = solve_over(model, structures, told)
    with progress(request, err, "Structures") as told:
        alternatives = run_structures(model, structures, perspective, told)
    found = Found(model, structures, alternatives, solutions, solving, averaged)

    def draw(folder: Path) -> list[Path]:
        from cea.reports import scenario_figures, style  # noqa: PLC0415 - matplotlib is slow to import

        return style.save(scenario_figures.structures_chart(alternatives, model.threshold), folder / "structures")

    base = alternatives[0].scenario
    line = headlines_line(base.headlines, model.currency, model.settings.effect_unit)
    frames = found.frames()
    drawn = draw if with_figures and base.headlines else None
    manifest = output.write(
        model, perspective, frames, drawn, n=n or None, seed=seed if n else None, headline=line
    )  # fmt: skip
    if request.as_json:
        report: dict[str, Any] = {
            name: json.loads(frame.to_json(orient="records", double_precision=15)) for name, frame in frames.items()
        }
        report["structures"] = records(frames["structures"])
        report |= {**setting(model, perspective), "manifest": manifest.as_dict()}
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
        return
    for made in found.tables():
        print_table(out, made)
    if not base.headlines:
        out.print(Text("The model has no headlines whose strategies are selected, so there is nothing to compare."))

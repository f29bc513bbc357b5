"""Options that all commands share, and the request they add up to."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cea.analysis.headline import with_threshold
from cea.errors import UsageError
from cea.loading.folder import is_file, load
from cea.model.definition import Model
from cea.reports.run_folder import Manifest, commit_of, hash_file, hash_inputs

DEFAULT_INPUTS = Path("inputs/cirrhosis")
OUTPUTS = Path("outputs")
PIPED_WIDTH = 120

Inputs = Annotated[Path, typer.Option("--inputs", help="Model folder.", show_default=True)]
Layers = Annotated[
    list[str] | None,
    typer.Option("--layer", help="A layer on top: a jurisdiction, population, scenario or .yaml file; repeatable."),
]
Sets = Annotated[list[str] | None, typer.Option("--set", help="Set a parameter, name=value; repeatable.")]
PerspectiveOption = Annotated[str | None, typer.Option("--perspective", help="Which costs count.")]
Threshold = Annotated[
    float | None, typer.Option("--wtp", help="Cost-effectiveness threshold, currency per unit of effect.")
]
Comparator = Annotated[str | None, typer.Option("--comparator", help="Strategy that pairwise results are against.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for the results instead of outputs/<utc>-<verb>-<hash>.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace the folder named by --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object on stdout; writes no folder unless --out is given.")
]

Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures (PNG and SVG).")]
Pair = Annotated[str | None, typer.Option("--pair", help="strategy:comparator, instead of the model's headlines.")]


@dataclass(frozen=True)
class Request:
    """What a command was asked for."""

    verb: str
    inputs: Path
    layers: tuple[str, ...]
    values: dict[str, float]
    perspective: str | None
    threshold: float | None
    comparator: str | None
    out: Path | None
    force: bool
    quiet: bool
    as_json: bool

    def model(self) -> Model:
        """The model with all layers and edits. Raises InputError and UsageError."""
        return with_threshold(load(self.inputs, self.layers, self.values), self.threshold)

    def manifest(self, model: Model, perspective: str, command: Sequence[str]) -> Manifest:
        """The manifest of a run of the model."""
        layers = [layer.name for layer in model.layers if not layer.edit]
        files = {name: hash_file(Path(name)) for name in layers if is_file(name)}
        return Manifest(
            command=list(command),
            verb=self.verb,
            inputs=self.inputs.as_posix(),
            layers=layers,
            values=self.values,
            perspective=perspective,
            model_title=model.title,
            input_hashes=hash_inputs(self.inputs) | files,
            commit=commit_of(self.inputs),
        )


def request(
    verb: str,
    inputs: Path,
    layers: list[str] | None,
    sets: list[str] | None,
    *,
    perspective: str | None = None,
    threshold: float | None = None,
    comparator: str | None = None,
    out: Path | None = None,
    force: bool = False,
    quiet: bool = False,
    as_json: bool = False,
) -> Request:
    """Options as a request.

    Raises UsageError for a `--set` that is not name=number or a threshold that is not positive.
    """
    if threshold is not None and not (threshold > 0 and math.isfinite(threshold)):
        raise UsageError(f"--wtp {threshold:g}: give an amount above zero")
    return Request(
        verb,
        inputs,
        tuple(layers or ()),
        parse_sets(sets or ()),
        perspective,
        threshold,
        comparator,
        out,
        force,
        quiet,
        as_json,
    )


def parse_sets(sets: Sequence[str]) -> dict[str, float]:
    """`name=value` texts as numbers. Raises UsageError naming each one that is not, or is given twice."""
    values: dict[str, float] = {}
    seen: set[str] = set()
    wrong = []
    for text in sets:
        before, separator, number = text.partition("=")
        name = before.strip()
        try:
            values[name] = float(number)
            bad = not separator or not math.isfinite(values[name])
        except ValueError:
            bad = True
        if name in seen:
            wrong.append(f"--set {text}: {name} is given twice, keep one")
        seen.add(name)
        if bad:
            remedy = "write name=number, without commas, currency or % (3 % is 0.03), as in --set rate_b_to_c=0.2"
            wrong.append(f"--set {text}: {remedy}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return values


class _Console(Console):
    """A console that leaves a closed pipe to the command line, which ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def stdout() -> Console:
    """Console for data; wide enough for the tables where the output is not a terminal."""
    console = _Console(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPED_WIDTH
    return console


def stderr() -> Console:
    """Console for progress, notes and errors."""
    return _Console(stderr=True, highlight=False, markup=False)

"""The verbs of how far a model can be believed: synthesis of its evidence, and its structures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cea.cli.application import application, given_command
from cea.cli.options import (
    DEFAULT_INPUTS,
    AsJson,
    Figures,
    Force,
    Inputs,
    Layers,
    Out,
    PerspectiveOption,
    Quiet,
    Sets,
    Threshold,
    request,
    stderr,
    stdout,
)


@application.command()
def synthesis(
    analysis: Annotated[
        str | None, typer.Option("--analysis", help="The analysis that informs the model, instead of the file's own.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write what it informs as a layer, a .yaml file for --layer.")
    ] = None,
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
    figures: Figures = True,
) -> None:
    """What the studies say together: random effects, bias of designs, leave-one-out, and the input that follows."""
    from cea.cli.synthesis import execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("synthesis", inputs, layer, set_, out=out, force=force, quiet=quiet, as_json=json)
    execute(asked, given_command(), stdout(), stderr(), analysis, write, with_figures=figures)


@application.command()
def structures(
    n: Annotated[int, typer.Option("-n", min=0, help="Draws for averages and for solving in draws; 0: none.")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    weight: Annotated[
        list[str] | None, typer.Option("--weight", help="Another weight, question.choice=0.5; repeatable.")
    ] = None,
    inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None, perspective: PerspectiveOption = None,
    wtp: Threshold = None, out: Out = None, force: Force = False, quiet: Quiet = False, json: AsJson = False,
    figures: Figures = True,
) -> None:  # fmt: skip
    """The decision under each way to build the model, what solved parameters become, and an average over structures."""
    from cea.cli.structures import execute, parse_weights  # noqa: PLC0415 - loads more than other commands need

    asked = request("structures", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force,
                    quiet=quiet, as_json=json)  # fmt: skip
    execute(asked, given_command(), stdout(), stderr(), n=n, seed=seed, weights=parse_weights(weight or ()),
            with_figures=figures)  # fmt: skip

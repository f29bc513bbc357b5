"""The verbs of the evidence behind a model: synthesis."""

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
    Quiet,
    Sets,
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

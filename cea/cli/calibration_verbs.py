"""The verb of calibration: calibrate."""

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
def calibrate(
    names: Annotated[list[str] | None, typer.Argument(help="Calibrations of calibration.yaml; all of them.")] = None,
    method: Annotated[
        list[str] | None, typer.Option("--method", help="Only this way to run the model; repeatable.")
    ] = None,
    point: Annotated[bool, typer.Option("--point", help="Only the most probable values, in a few seconds.")] = False,
    n: Annotated[int, typer.Option("-n", help="Draws of each posterior, all chains together.")] = 10_000,
    chains: Annotated[int, typer.Option("--chains", help="Chains of draws.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    starts: Annotated[int, typer.Option("--starts", help="Starts of the search for the most probable values.")] = 16,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the results as layers and tables into this model folder.")
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
    """Parameters fitted to targets, given priors: posterior draws, whether to trust them, and how well they fit."""
    from cea.cli.calibrate import choices, execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("calibrate", inputs, layer, set_, out=out, force=force, quiet=quiet, as_json=json)
    chosen = choices(names, method, n, chains, seed, starts, write, point=point)
    execute(asked, given_command(), stdout(), stderr(), chosen, with_figures=figures)

"""The verbs of decisions beyond yes or no: how to pay (contracts), and whom to treat (subgroups)."""

from __future__ import annotations

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
    Pair,
    PerspectiveOption,
    Quiet,
    Sets,
    Threshold,
    request,
    stderr,
    stdout,
)


@application.command()
def contracts(
    n: Annotated[int, typer.Option("-n", min=0, help="Draws for the risk of the payer; 0: none.")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    pair: Pair = None, inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None,
    perspective: PerspectiveOption = None, wtp: Threshold = None, out: Out = None, force: Force = False,
    quiet: Quiet = False, json: AsJson = False, figures: Figures = True,
) -> None:  # fmt: skip
    """Managed entry: discounts, rebates, instalments and caps, by what the payer gains and how often it loses."""
    from cea.cli.contracts import choices, execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("contracts", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force,
                    quiet=quiet, as_json=json)  # fmt: skip
    execute(asked, given_command(), stdout(), stderr(), choices(pair, n, seed), with_figures=figures)


@application.command()
def subgroups(
    n: Annotated[int, typer.Option("-n", min=0, help="Draws for intervals and probabilities; 0: none.")] = 1_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    pair: Pair = None, inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None,
    perspective: PerspectiveOption = None, wtp: Threshold = None, out: Out = None, force: Force = False,
    quiet: Quiet = False, json: AsJson = False, figures: Figures = True,
) -> None:  # fmt: skip
    """Whom to treat: results by subgroup, and what a test would be worth that picks those who respond."""
    from cea.cli.subgroups import choices, execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("subgroups", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force,
                    quiet=quiet, as_json=json)  # fmt: skip
    execute(asked, given_command(), stdout(), stderr(), choices(pair, n, seed), with_figures=figures)

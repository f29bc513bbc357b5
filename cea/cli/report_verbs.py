"""The verbs of reporting: the report of a study, and the verification of model and program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cea.cli.application import application, given_command
from cea.cli.options import (
    DEFAULT_INPUTS,
    AsJson,
    Comparator,
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
def report(
    n: Annotated[int, typer.Option("-n", min=0, help="Draws of the probabilistic analysis; 0: none.")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    full: Annotated[bool, typer.Option("--full", help="With all named scenarios.")] = False,
    inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None, comparator: Comparator = None,
    perspective: PerspectiveOption = None, wtp: Threshold = None, out: Out = None, force: Force = False,
    quiet: Quiet = False, figures: Figures = True,
) -> None:  # fmt: skip
    """The study as a report in HTML and Word, in the order of CHEERS 2022, with its checklist."""
    from cea.cli.report import execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("report", inputs, layer, set_, perspective=perspective, threshold=wtp, comparator=comparator,
                    out=out, force=force, quiet=quiet)  # fmt: skip
    execute(asked, given_command(), stdout(), stderr(), n=n, seed=seed, full=full, with_figures=figures)


@application.command()
def verify(
    n: Annotated[int, typer.Option("-n", min=2, max=1_000, help="Draws that both engines run.")] = 50,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    published: Annotated[Path, typer.Option("--published", help="Folder of published models.")] = Path(
        "tests/validation"
    ),
    workbook: Annotated[bool, typer.Option("--workbook/--no-workbook", help="Recalculate the workbook.")] = True,
    inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None,
    perspective: PerspectiveOption = None, out: Out = None, force: Force = False, quiet: Quiet = False,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Is the model computed right: checks, published models, both engines, the workbook; exit code 4 if one fails."""
    from cea.cli.verify import execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("verify", inputs, layer, set_, perspective=perspective, out=out, force=force, quiet=quiet,
                    as_json=json)  # fmt: skip
    execute(asked, given_command(), stdout(), stderr(), n=n, seed=seed, published=published, workbook=workbook)

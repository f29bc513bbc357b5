"""The verbs that exchange a model with other programs: excel, import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cea.cli.application import application, given_command
from cea.cli.options import (
    DEFAULT_INPUTS,
    Comparator,
    Inputs,
    Layers,
    PerspectiveOption,
    Quiet,
    Sets,
    Threshold,
    request,
    stderr,
    stdout,
)


@application.command()
def excel(
    out: Annotated[Path, typer.Option("--out", help="The workbook to write, a file that ends in .xlsx.")],
    psa_rows: Annotated[int, typer.Option("--psa-rows", help="Draws to write, one a row; 0: none.")] = 1_000,
    no_psa: Annotated[bool, typer.Option("--no-psa", help="Without draws, as --psa-rows 0.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="Leave out scenarios and the value of information.")] = False,
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    perspective: PerspectiveOption = None,
    wtp: Threshold = None,
    comparator: Comparator = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file named by --out.")] = False,
    quiet: Quiet = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """The model as an Excel workbook that recalculates by itself, with its analyses."""
    from cea.cli.excel import execute  # noqa: PLC0415 - loads more than other commands need

    asked = request(
        "excel", inputs, layer, set_, perspective=perspective, threshold=wtp, comparator=comparator, out=out,
        force=force, quiet=quiet, as_json=json,
    )  # fmt: skip
    rows = 0 if no_psa else psa_rows
    execute(asked, out, given_command(), stdout(), stderr(), rows=rows, seed=seed, quick=quick)


@application.command("import")
def import_(
    workbook: Annotated[Path, typer.Argument(help="A workbook that `cea excel` wrote, with edits.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The layer to write, instead of scenarios/<name of the workbook>.yaml.")
    ] = None,
    inputs: Inputs = DEFAULT_INPUTS,
    force: Annotated[bool, typer.Option("--force", help="Replace the file named by --to.")] = False,
    quiet: Quiet = False,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout; writes no layer unless --to is given.")
    ] = False,
) -> None:
    """The edits in a workbook as a layer: shows what differs, and writes a file for --layer."""
    from cea.cli.import_ import execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("import", inputs, None, None, force=force, quiet=quiet, as_json=json)
    execute(asked, workbook, to, stdout(), stderr())

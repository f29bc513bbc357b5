"""The verbs about runs that were made: runs, reproduce."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cea.cli.application import application
from cea.cli.options import OUTPUTS, Quiet, stderr, stdout


@application.command()
def runs(
    folder: Annotated[Path, typer.Argument(help="The folder that holds run folders.")] = OUTPUTS,
    verb: Annotated[str | None, typer.Option("--verb", help="Only runs of this command.")] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="How many, the newest ones.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="All of them, as one JSON object on stdout.")] = False,
) -> None:
    """The runs that were made: when, of which model, under which layers, and what they found."""
    from cea.cli.runs import execute  # noqa: PLC0415 - loads more than other commands need

    execute(folder, verb, last, stdout(), as_json=json)


@application.command()
def reproduce(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    inputs: Annotated[Path | None, typer.Option("--inputs", help="The model folder, where it moved.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Keep the new run in this folder.")] = None,
    quiet: Quiet = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Runs a run again and compares tables and figures byte by byte. Exit code 4 when they differ."""
    from cea.cli.reproduce import execute  # noqa: PLC0415 - loads more than other commands need

    execute(run, inputs, out, stdout(), stderr(), quiet=quiet, as_json=json)

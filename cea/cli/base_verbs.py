"""The verbs around the base case: run, check, show, scenarios, diff, validate, new, docs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cea.cli import diff as diff_command
from cea.cli import run as run_command
from cea.cli import scenarios as scenarios_command
from cea.cli import validate as validate_command
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
from cea.cli.scenario_grid import asked as asked_grid


@application.command()
def run(
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    perspective: PerspectiveOption = None,
    wtp: Threshold = None,
    comparator: Comparator = None,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
    figures: Figures = True,
) -> None:
    """The base case: costs, life-years, QALYs, incremental analysis and highest cost-effective prices."""
    asked = request(
        "run", inputs, layer, set_, perspective=perspective, threshold=wtp, comparator=comparator, out=out,
        force=force, quiet=quiet, as_json=json,
    )  # fmt: skip
    run_command.execute(asked, given_command(), stdout(), stderr(), with_figures=figures)


@application.command()
def check(inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None, json: AsJson = False) -> None:
    """Is the model sound? Every problem of the model and of each layer, with file, line and column."""
    from cea.cli.check import execute  # noqa: PLC0415 - loads more than other commands need

    execute(request("check", inputs, layer, set_, as_json=json), stdout())


@application.command()
def show(
    name: Annotated[
        str, typer.Argument(help="A name, or: parameters, equations, sources, states, outcomes, tables, layers.")
    ],
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    json: AsJson = False,
    latex: Annotated[bool, typer.Option("--latex", help="Formulas as LaTeX only.")] = False,
) -> None:
    """A parameter with its source and where it is used, a formula, or a list of everything."""
    from cea.cli.show import show as show_name  # noqa: PLC0415 - loads more than other commands need

    show_name(request("show", inputs, layer, set_).model(), name, stdout(), json, latex)


@application.command()
def scenarios(
    grid: Annotated[
        str | None, typer.Option("--grid", help="Rows of a grid: layers, separated by commas; A+B is A with B.")
    ] = None,
    with_: Annotated[str | None, typer.Option("--with", help="Columns of the grid, in the same way.")] = None,
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    perspective: PerspectiveOption = None,
    wtp: Threshold = None,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
    figures: Figures = True,
) -> None:
    """All named scenarios in one table and figure, with the difference to the base case; or pairs of them in a grid."""
    combined = asked_grid(grid, with_)
    asked = request(
        "scenarios", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force, quiet=quiet,
        as_json=json,
    )  # fmt: skip
    scenarios_command.execute(asked, given_command(), stdout(), stderr(), combined, with_figures=figures)


@application.command()
def diff(
    first: Annotated[str, typer.Argument(help="`base`, layers joined by +, or a run folder.")],
    second: Annotated[str, typer.Argument(help="The other one.")],
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    perspective: PerspectiveOption = None,
    json: AsJson = False,
) -> None:
    """What differs between two settings or two run folders: inputs and results."""
    diff_command.execute(
        request("diff", inputs, layer, None, perspective=perspective, as_json=json), first, second, stdout()
    )


@application.command()
def validate(
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    n: Annotated[int, typer.Option("-n", min=0, help="Draws for the model's intervals; 0: none.")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
    figures: Figures = True,
) -> None:
    """The model beside what it must reproduce and what was observed elsewhere. Exit code 4 when a figure is missed."""
    asked = request("validate", inputs, layer, set_, out=out, force=force, quiet=quiet, as_json=json)
    validate_command.execute(asked, given_command(), stdout(), stderr(), draws=n, seed=seed, with_figures=figures)


@application.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to write the model to.")],
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
) -> None:
    """A small commented model to start from."""
    from cea.cli.new import create  # noqa: PLC0415

    for path in create(folder, force):
        stdout().print(Text(path.as_posix()))


@application.command()
def docs(
    inputs: Inputs = DEFAULT_INPUTS,
    folder: Annotated[Path, typer.Option("--to", help="The folder for the pages.")] = Path("docs"),
    decision: Annotated[
        bool, typer.Option("--decision", help="Instead, the page on what drives the decision; takes minutes.")
    ] = False,
) -> None:
    """Writes the generated pages: parameters, equations, scenarios and the JSON Schema of the format."""
    if decision:
        from cea.cli.decision import write  # noqa: PLC0415 - loads more than other commands need

        for path in write(inputs, folder, stderr()):
            stdout().print(Text(path.as_posix()))
        return
    from cea.cli.docs import generate  # noqa: PLC0415

    model = request("docs", inputs, None, None).model()
    for path, text in generate(model, folder).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        stdout().print(Text(path.as_posix()))

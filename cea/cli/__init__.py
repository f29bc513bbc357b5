"""The command line: `cea VERB`. Data goes to stdout, progress and errors to stderr.

Exit codes: 0 ok, 1 failure, 2 usage, 3 invalid inputs, 4 a check failed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
import typer.exceptions
from rich.text import Text

from cea.cli import check as check_command
from cea.cli import diff as diff_command
from cea.cli import run as run_command
from cea.cli import scenarios as scenarios_command
from cea.cli import validate as validate_command
from cea.cli.options import (
    DEFAULT_INPUTS,
    AsJson,
    Comparator,
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
from cea.errors import CeaError, InputError

app = typer.Typer(
    name="cea",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Cost-effectiveness models as data. Run `cea run` for the base case of the shipped model.",
)

Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures (PNG and SVG).")]
Pair = Annotated[str | None, typer.Option("--pair", help="strategy:comparator, instead of the model's headlines.")]
SHOWN_PROBLEMS = 50


@app.command()
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
    run_command.execute(asked, _command(), stdout(), stderr(), with_figures=figures)


@app.command()
def check(inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None, json: AsJson = False) -> None:
    """Is the model sound? Every problem of the model and of each layer, with file, line and column."""
    check_command.execute(request("check", inputs, layer, set_, as_json=json), stdout())


@app.command()
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


@app.command()
def scenarios(
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    perspective: PerspectiveOption = None,
    wtp: Threshold = None,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """All named scenarios in one table, with the difference to the base case."""
    asked = request(
        "scenarios", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force, quiet=quiet,
        as_json=json,
    )  # fmt: skip
    scenarios_command.execute(asked, _command(), stdout(), stderr())


@app.command()
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


@app.command()
def validate(
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
    figures: Figures = True,
) -> None:
    """The model beside the figures that it must reproduce. Exit code 4 when one is missed."""
    asked = request("validate", inputs, layer, set_, out=out, force=force, quiet=quiet, as_json=json)
    validate_command.execute(asked, _command(), stdout(), stderr(), with_figures=figures)


@app.command()
def psa(
    context: typer.Context,
    n: Annotated[int, typer.Option("-n", help="Number of draws.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    sampler: Annotated[str, typer.Option("--sampler", help="random, lhs or sobol.")] = "random",
    joint: Annotated[str, typer.Option("--joint", help="Joint groups by their correlation, or draws.")] = "correlation",
    draws: Annotated[Path | None, typer.Option("--draws", help="Run these draws (CSV or Parquet) instead.")] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads (or local workers).")] = 2,
    chunk: Annotated[int | None, typer.Option("--chunk", min=1, help="Draws that are evaluated together.")] = None,
    scheduler: Annotated[str | None, typer.Option("--scheduler", help="Dask: tcp://host:port, or local.")] = None,
    resume: Annotated[Path | None, typer.Option("--resume", help="Take up an unfinished run.")] = None,
    incidence: Annotated[float | None, typer.Option("--incidence", help="People a year, for population EVPI.")] = None,
    years: Annotated[int, typer.Option("--years", help="Years of --incidence.")] = 10,
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
    """The probabilistic analysis: means with intervals, acceptability, expected loss, value of perfect information."""
    from cea.cli.psa import Machine, execute, take_up  # noqa: PLC0415 - loads more than other commands need
    from cea.cli.psa_request import Sampling, refuse_mixed  # noqa: PLC0415

    refuse_mixed(context, resume=resume is not None, draws=draws is not None)
    asked = request(
        "psa", inputs, layer, set_, perspective=perspective, threshold=wtp, comparator=comparator, out=out, force=force,
        quiet=quiet, as_json=json,
    )  # fmt: skip
    machine = Machine(threads, chunk, scheduler)
    if resume is not None:
        take_up(resume, asked, machine, _command(), stdout(), stderr(), with_figures=figures)
    else:
        sampling = Sampling(n, seed, sampler, joint, draws, incidence, years)
        execute(asked, sampling, machine, _command(), stdout(), stderr(), with_figures=figures)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to write the model to.")],
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
) -> None:
    """A small commented model to start from."""
    from cea.cli.new import create  # noqa: PLC0415

    for path in create(folder, force):
        stdout().print(Text(path.as_posix()))


@app.command()
def docs(
    inputs: Inputs = DEFAULT_INPUTS,
    folder: Annotated[Path, typer.Option("--to", help="The folder for the pages.")] = Path("docs"),
) -> None:
    """Writes the generated pages: parameters, equations, scenarios and the JSON Schema of the format."""
    from cea.cli.docs import generate  # noqa: PLC0415

    model = request("docs", inputs, None, None).model()
    for path, text in generate(model, folder).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        stdout().print(Text(path.as_posix()))


@app.command()
def dsa(
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    perspective: PerspectiveOption = None,
    wtp: Threshold = None,
    pair: Pair = None,
    outcome: Annotated[str, typer.Option("--outcome", help="What is moved: nmb, cost or effect.")] = "nmb",
    two_way: Annotated[
        tuple[str, str] | None,
        typer.Option("--two-way", help="Two parameters over a grid; each as name or name=low:high."),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="Values of each of the two parameters.")] = 25,
    top: Annotated[int, typer.Option("--top", help="How many inputs to show.")] = 20,
    alone: Annotated[bool, typer.Option("--alone", help="Move every parameter by itself, joint groups too.")] = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
    figures: Figures = True,
) -> None:
    """What drives the decision: one-way analysis of every input (tornado), and two inputs over a grid."""
    from cea.cli.dsa import choices, execute  # noqa: PLC0415 - loads more than other commands need

    asked = request(
        "dsa", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force, quiet=quiet,
        as_json=json,
    )  # fmt: skip
    chosen = choices(pair, outcome, two_way, steps, top, alone)
    execute(asked, _command(), stdout(), stderr(), chosen, with_figures=figures)


@app.command()
def price(
    inputs: Inputs = DEFAULT_INPUTS,
    layer: Layers = None,
    set_: Sets = None,
    perspective: PerspectiveOption = None,
    wtp: Threshold = None,
    pair: Pair = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="Threshold value of a parameter: name or name=low:high.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", help="Least value that each price needs, say of a half-life: name or name=low:high."),
    ] = None,
    at: Annotated[list[float] | None, typer.Option("--at", help="A price for --against; repeatable.")] = None,
    n: Annotated[int, typer.Option("-n", min=0, help="Draws for the distribution of the price; 0: none.")] = 5_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    json: AsJson = False,
    figures: Figures = True,
) -> None:
    """The highest price at which the strategy is worth it, and threshold values of other parameters."""
    from cea.cli.price import choices, execute  # noqa: PLC0415 - loads more than other commands need

    asked = request(
        "price", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force, quiet=quiet,
        as_json=json,
    )  # fmt: skip
    chosen = choices(for_, against, at, pair, n, seed)
    execute(asked, _command(), stdout(), stderr(), chosen, with_figures=figures)


@app.command()
def sobol(
    n: Annotated[int, typer.Option("-N", help="Points, a power of two; 0 with --morris: screening only.")] = 1024,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the points.")] = 1,
    second_order: Annotated[bool, typer.Option("--second-order", help="Also pairs of the inputs that matter.")] = False,
    morris: Annotated[bool, typer.Option("--morris", help="Also Morris screening, a cheap first look.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help="Only this input; repeatable.")] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads.")] = 2,
    pair: Pair = None, inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None,
    perspective: PerspectiveOption = None, wtp: Threshold = None, out: Out = None, force: Force = False,
    quiet: Quiet = False, json: AsJson = False, figures: Figures = True,
) -> None:  # fmt: skip
    """Where the uncertainty comes from: Sobol indices of every input, pairs of inputs, Morris screening."""
    from cea.cli.sobol import choices, execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("sobol", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force,
                    quiet=quiet, as_json=json)  # fmt: skip
    chosen = choices(n, seed, second_order, morris, only, pair, threads)
    execute(asked, _command(), stdout(), stderr(), chosen, with_figures=figures)


@app.command()
def voi(
    n: Annotated[int, typer.Option("-n", help="Number of draws.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 1,
    for_: Annotated[list[str] | None, typer.Option("--for", help="An input or a group to learn; repeatable.")] = None,
    design: Annotated[list[str] | None, typer.Option("--design", help="A study of voi.yaml; repeatable.")] = None,
    incidence: Annotated[float | None, typer.Option("--incidence", help="People a year who face the choice.")] = None,
    years: Annotated[int | None, typer.Option("--years", help="Years for which the choice stands.")] = None,
    discount: Annotated[float | None, typer.Option("--discount", help="Annual rate; else that of costs.")] = None,
    trial_fixed_cost: Annotated[float | None, typer.Option("--trial-fixed-cost", help="Cost of any trial.")] = None,
    trial_cost_per_patient: Annotated[float | None, typer.Option("--trial-cost-per-patient", help="For each.")] = None,
    pair: Pair = None, inputs: Inputs = DEFAULT_INPUTS, layer: Layers = None, set_: Sets = None,
    perspective: PerspectiveOption = None, wtp: Threshold = None, out: Out = None, force: Force = False,
    quiet: Quiet = False, json: AsJson = False, figures: Figures = True,
) -> None:  # fmt: skip
    """Is more research worth it: the value of perfect, partial and sample information, and the best size of a trial."""
    from cea.cli.voi import choices, execute  # noqa: PLC0415 - loads more than other commands need

    asked = request("voi", inputs, layer, set_, perspective=perspective, threshold=wtp, out=out, force=force,
                    quiet=quiet, as_json=json)  # fmt: skip
    chosen = choices(
        n, seed, for_, design, pair, incidence=incidence, years=years, discount_rate=discount,
        fixed_cost=trial_fixed_cost, cost_per_patient=trial_cost_per_patient,
    )  # fmt: skip
    execute(asked, _command(), stdout(), stderr(), chosen, with_figures=figures)


def _command() -> list[str]:
    """The command as it was given, for manifests."""
    return list(_given)


_given: list[str] = []


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; a user never sees a traceback (set CEA_DEBUG=1 to see one)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _given[:] = ["cea", *given]
    try:
        answer = _guarded(lambda: app(given, standalone_mode=False))
    finally:
        _given.clear()
    return answer


def _guarded(action: Callable[[], object]) -> int:
    try:
        code = action()
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except InputError as error:
        _say_problems(error)
        return error.exit_code
    except CeaError as error:
        _say(str(error))
        return error.exit_code
    except typer.exceptions.TyperException as error:
        _say(error.format_message())
        return 2
    except (typer.Abort, KeyboardInterrupt):
        _say("stopped")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("CEA_DEBUG"):
            raise
        _say(f"internal error ({type(error).__name__}): {error}; set CEA_DEBUG=1 to see where, and please report it")
        return 1


def _say(message: str) -> None:
    stderr().print(Text(f"error: {message}"), soft_wrap=True)


def _say_problems(error: InputError) -> None:
    console = stderr()
    for problem in error.problems[:SHOWN_PROBLEMS]:
        console.print(Text(f"error: {problem}"), soft_wrap=True)
    more = len(error.problems) - SHOWN_PROBLEMS
    if len(error.problems) > 1:
        console.print(Text(f"{len(error.problems)} problems" + (f", {more} of them not shown" if more > 0 else "")))

"""The verbs of sensitivity, uncertainty and the value of research: psa, dsa, price, sobol, voi."""

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
    average: Annotated[bool, typer.Option("--average", help="Average over structures, by their weights.")] = False,
    weight: Annotated[
        list[str] | None, typer.Option("--weight", help="Average by this weight: question.choice=0.5; repeatable.")
    ] = None,
    resolve: Annotated[bool, typer.Option("--resolve", help="Solve solved parameters again in each draw.")] = False,
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
    from cea.cli.structures import parse_weights  # noqa: PLC0415

    refuse_mixed(context, resume=resume is not None, draws=draws is not None)
    asked = request(
        "psa", inputs, layer, set_, perspective=perspective, threshold=wtp, comparator=comparator, out=out, force=force,
        quiet=quiet, as_json=json,
    )  # fmt: skip
    machine = Machine(threads, chunk, scheduler)
    if resume is not None:
        take_up(resume, asked, machine, given_command(), stdout(), stderr(), with_figures=figures)
    else:
        sampling = Sampling(
            n, seed, sampler, joint, draws, incidence, years,
            average=average or bool(weight), weights=parse_weights(weight or ()), resolve=resolve,
        )  # fmt: skip
        execute(asked, sampling, machine, given_command(), stdout(), stderr(), with_figures=figures)


@application.command()
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
    execute(asked, given_command(), stdout(), stderr(), chosen, with_figures=figures)


@application.command()
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
    execute(asked, given_command(), stdout(), stderr(), chosen, with_figures=figures)


@application.command()
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
    execute(asked, given_command(), stdout(), stderr(), chosen, with_figures=figures)


@application.command()
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
    execute(asked, given_command(), stdout(), stderr(), chosen, with_figures=figures)

"""What sensitivity analyses are asked for on the command line: pairs, parameters with how far they go, and progress."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars

from cea.analysis.deterministic import Progress
from cea.cli.options import Request
from cea.errors import UsageError
from cea.model.definition import Model, Parameter
from cea.model.document import shortened

Spanned = tuple[str, tuple[float, float] | None]
"""A parameter, and from where to where it goes; None: as far as the evidence says."""


def parse_pair(text: str | None) -> tuple[str, str] | None:
    """`strategy:comparator` as a pair. Raises UsageError."""
    if text is None:
        return None
    strategy, separator, comparator = (part.strip() for part in text.partition(":"))
    if not (strategy and separator and comparator):
        raise UsageError(f"--pair {shortened(text)}: write strategy:comparator, two names of strategies")
    return strategy, comparator


def parse_spanned(text: str, option: str) -> Spanned:
    """`name` or `name=low:high`. Raises UsageError."""
    name, given, limits = (part.strip() for part in text.partition("="))
    if not given:
        return name, None
    low, _, high = limits.partition(":")
    try:
        return name, (float(low), float(high))
    except ValueError:
        what = f"{option} {shortened(text)}: write name, or name=low:high, as in {shortened(name)}=0.1:0.5"
        raise UsageError(what) from None


def explain_names(model: Model, names: Iterable[str], drawn: Collection[str] | None = None) -> None:
    """Raises UsageError for names that the model has, but not as an input: groups, formulas, parameters without draws.

    drawn: names of the inputs that vary, where only these will do; a name that the model does not have is left to the
    analysis, which knows what it may have meant.
    """
    for name in names:
        parameter, group, formula = model.parameters.get(name), model.groups.get(name), model.formulas.get(name)
        if drawn is not None and name in drawn:
            continue
        if group is not None:
            raise UsageError(f"{shortened(name)} is a group of inputs: name one of {', '.join(group)}")
        if formula is not None and parameter is None:
            inside = sorted(formula.term.names & set(model.parameters))
            remedy = f": name one of {', '.join(inside)}" if inside else ""
            raise UsageError(f"{name} is a formula, not an input{remedy}")
        if drawn is not None and parameter is not None:
            raise UsageError(f"{name} does not vary in draws: {_why_fixed(parameter)}")


def _why_fixed(parameter: Parameter) -> str:
    if parameter.decision:
        return "it is a decision, such as a price; `cea price` and `cea dsa` are about it"
    if parameter.cohort:
        return "it describes the cohort; `cea dsa` moves it"
    if parameter.value is None:
        return "it follows from others"
    return "it has no distribution; `cea dsa` moves it over its range, where it has one"


@contextmanager
def progress(request: Request, console: Console, text: str) -> Iterator[Progress]:
    """A bar on a terminal, unless asked to be quiet; it goes when the work is done."""
    with Bars(console=console, transient=True, disable=request.quiet or not console.is_terminal) as bars:
        task = bars.add_task(text, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)

"""What sensitivity analyses are asked for on the command line: pairs, parameters with how far they go, and progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars

from cea.analysis.deterministic import Progress
from cea.cli.options import Request
from cea.errors import UsageError
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


@contextmanager
def progress(request: Request, console: Console, text: str) -> Iterator[Progress]:
    """A bar on a terminal, unless asked to be quiet; it goes when the work is done."""
    with Bars(console=console, transient=True, disable=request.quiet or not console.is_terminal) as bars:
        task = bars.add_task(text, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)

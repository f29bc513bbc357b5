"""The command line: `cea VERB`. Data goes to stdout, progress and errors to stderr.

Exit codes: 0 ok, 1 failure, 2 usage, 3 invalid inputs, 4 a check failed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import typer
import typer.exceptions
from rich.text import Text

from cea.cli import (
    analysis_verbs,
    base_verbs,
    calibration_verbs,
    dashboard_verbs,
    decision_verbs,
    evidence_verbs,
    exchange_verbs,
    record_verbs,
    report_verbs,
)
from cea.cli.application import application, given
from cea.cli.options import stderr
from cea.errors import CeaError, InputError

VERBS = (
    base_verbs, analysis_verbs, decision_verbs, evidence_verbs, calibration_verbs, exchange_verbs, record_verbs,
    report_verbs, dashboard_verbs,
)  # fmt: skip
"""Modules that register their verbs when they are imported."""
SHOWN_PROBLEMS = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; a user never sees a traceback (set CEA_DEBUG=1 to see one)."""
    given[:] = ["cea", *(sys.argv[1:] if arguments is None else arguments)]
    try:
        answer = _guarded(lambda: application(list(given[1:]), standalone_mode=False))
    finally:
        given.clear()
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

"""A command run again inside this process, with some of its options replaced."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import typer.main

from cea.cli.application import application, given
from cea.errors import UsageError


def run_again(command: Sequence[str], replaced: Mapping[str, Any]) -> str:
    """Runs a command line, `cea VERB ...`, that writes a run folder; returns what it printed on standard output.

    replaced: values of parameters by their Python names, whatever the line says; those that the verb does not have are
    left out. The line is read by the command line's own parser and never reaches a shell. Raises UsageError for a line
    that is no such command, else as the command does.
    """
    verbs = typer.main.get_group(application).commands
    name = command[1] if len(command) > 1 and command[0] == "cea" else ""
    verb = verbs.get(name)
    if verb is None or not any(parameter.name == "out" for parameter in verb.params):
        raise UsageError(f"'{' '.join(command)}' is no command of cea that writes a run folder")
    before = list(given)
    given[:] = command
    try:
        with verb.make_context(name, list(command[2:])) as context, redirect_stdout(io.StringIO()) as printed:
            context.params.update({key: value for key, value in replaced.items() if key in context.params})
            verb.invoke(context)
        return printed.getvalue()
    finally:
        given[:] = before

"""The application that verbs are registered with, and the command line as it was given."""

from __future__ import annotations

import typer

application = typer.Typer(
    name="cea",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Cost-effectiveness models as data. Run `cea run` for the base case of the shipped model.",
)

given: list[str] = []
"""The command line while a verb runs."""


def given_command() -> list[str]:
    """The command as it was given, for manifests."""
    return list(given)

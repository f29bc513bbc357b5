"""The verb that starts the dashboard: app."""

from __future__ import annotations

from typing import Annotated

import typer

from cea.cli.application import application
from cea.cli.options import DEFAULT_INPUTS, Inputs


@application.command()
def app(
    inputs: Inputs = DEFAULT_INPUTS,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the web server.")] = 8501,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "localhost",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> int:
    """The dashboard in a browser: change an input and see what it does to the decision. Ctrl-C stops it."""
    from cea.cli.app import serve  # noqa: PLC0415 - only this verb needs it

    return serve(inputs, port, host, browser=browser)

"""`cea app`: the dashboard in a web server of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from cea.errors import UsageError
from cea.loading.folder import Folder

SETTINGS = {
    "server.enableXsrfProtection": "true",
    "server.enableStaticServing": "false",
    "server.maxUploadSize": "20",
    "server.fileWatcherType": "none",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.postScriptGC": "false",
    "browser.gatherUsageStats": "false",
    "theme.base": "light",
    "theme.primaryColor": "#0072B2",
    "theme.textColor": "#222222",
}
"""The settings of the web server, as in the project's .streamlit/config.toml."""


def serve(inputs: Path, port: int, host: str, *, browser: bool) -> int:
    """Runs the dashboard of a model folder until it is stopped; returns the exit code of the server.

    Raises UsageError where there is no such folder, or Streamlit is not installed.
    """
    Folder(inputs)
    if find_spec("streamlit") is None or find_spec("altair") is None:
        raise UsageError("the dashboard needs Streamlit and Altair: install them with pip install 'cea-model[app]'")
    return subprocess.run(
        command(port, host, browser=browser), env={**os.environ, "CEA_INPUTS": inputs.as_posix()}, check=False
    ).returncode


def command(port: int, host: str, *, browser: bool) -> list[str]:
    """The command that starts the web server."""
    script = Path(__file__).parents[1] / "dashboard" / "script.py"
    chosen = {
        **SETTINGS,
        "server.port": str(port),
        "server.address": host,
        "server.headless": "false" if browser else "true",
    }
    options = [part for name, value in chosen.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(script), *options]

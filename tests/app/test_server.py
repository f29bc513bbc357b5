"""The web server as `cea app` starts it: what it gives out, and what it refuses."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from cea.cli.app import SETTINGS, command
from tests.models import ROOT

PATIENCE = 60
"""Seconds that the server may take to start."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "CEA_INPUTS": "inputs/cirrhosis"}
    with (tmp_path_factory.mktemp("server") / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command(port, "127.0.0.1", browser=False), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=variables,
        )  # fmt: skip
        try:
            limit = time.monotonic() + PATIENCE
            while asked(f"{address}/_stcore/health")[0] != 200:
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < limit, "the server did not start"
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def asked(url: str, method: str = "GET", data: bytes | None = None) -> tuple[int, str]:
    """Status and text of an answer; status 0 where there is none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=10) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")
    except OSError:
        return 0, ""


def test_the_page_loads_nothing_from_other_servers(server):
    status, text = asked(server)
    assert status == 200
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", text)
    assert loaded
    assert not [address for address in loaded if re.match(r"(https?:)?//", address)]


def test_an_upload_without_the_token_of_its_page_is_refused(server):
    status, text = asked(f"{server}/_stcore/upload_file/somebody/file", "PUT", b"label: x")
    assert (status, "XSRF" in text) == (403, True)


@pytest.mark.parametrize(
    "path",
    ["app/static/config.toml", "media/..%2f..%2fpyproject.toml", "static/..%2f..%2f..%2fpyproject.toml",
     "component/../../pyproject.toml", "inputs/cirrhosis/model.yaml"],
)  # fmt: skip
def test_no_file_of_the_server_is_given_out(server, path):
    status, text = asked(f"{server}/{path}")
    assert "cea-model" not in text
    assert "strategies:" not in text
    assert status in (400, 403, 404) or text == asked(server)[1], "not found, or the page itself"


def test_the_settings_are_the_same_however_it_is_started():
    with (ROOT / ".streamlit" / "config.toml").open("rb") as file:
        sections = tomllib.load(file)
    written = {
        f"{section}.{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for section, entries in sections.items()
        for name, value in entries.items()
    }
    assert written == SETTINGS
    assert SETTINGS["server.enableXsrfProtection"] == "true"
    assert SETTINGS["client.showErrorDetails"] == "none"
    assert SETTINGS["browser.gatherUsageStats"] == "false"


def test_nobody_drives_the_dashboard_without_a_browser(server):
    status, text = asked(f"{server}/_stcore/agent/interact", "POST", b"{}")
    assert status in (403, 404), text

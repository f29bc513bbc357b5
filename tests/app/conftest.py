"""The dashboard in a test: a session without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

pytest.importorskip("streamlit")

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from cea.cli import main
from tests.models import ROOT

Open = Callable[..., AppTest]


@pytest.fixture
def dashboard(monkeypatch: pytest.MonkeyPatch) -> Open:
    """`dashboard(page, query)` opens a page in a new session and checks that nothing went wrong."""
    monkeypatch.chdir(ROOT)

    def opened(page: str = "", query: Mapping[str, str] | None = None) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        for name, value in (query or {}).items():
            app.query_params[name] = value
        app.run()
        if page:
            app = shown(app, page)
        return settled(app)

    return opened


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """A small model in a folder of its own, as `cea new` writes it."""
    folder = tmp_path / "small"
    assert main(["new", str(folder)]) == 0
    return folder


def shown(app: AppTest, page: str) -> AppTest:
    """The session on another page."""
    app._page_hash = calc_hash(page)  # pages that are functions cannot be named in another way
    return app.run()


def settled(app: AppTest) -> AppTest:
    """The session after a run, once no analysis is under way."""
    limit = time.monotonic() + 100
    while True:
        app.run()
        assert not app.exception, app.exception[0].stack_trace
        jobs = app.session_state["cea.jobs"] if "cea.jobs" in app.session_state else {}  # noqa: SIM401 - it has no `get`
        active = [job for job in jobs.values() if job.active]
        if not active:
            return app
        for job in active:
            assert job.wait(max(limit - time.monotonic(), 0.1)), f"{job.kind} takes too long"

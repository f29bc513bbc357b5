"""A real browser on a real server: the system's Chromium, and `cea app` on a free port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.browser.server import running
from tests.conftest import require_program

pytest.importorskip("streamlit")
playwright = pytest.importorskip("playwright.sync_api")

# Streamlit looks for its health beside the page first, and then where it is.
EXPECTED = ("/_stcore/health", "/_stcore/host-config")
PATIENCE = 20_000
"""Milliseconds that a step may take: machines of tests are slow."""
FIRST = 90_000
"""Milliseconds until a page is there: the first visit of all reads the model."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the dashboard."""
    with running(tmp_path_factory.mktemp("server") / "log.txt") as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The browser."""
    path = require_program("chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page of the dashboard in a browser, with what its console said that should not be there."""

    page: object
    address: str
    errors: list[str] = field(default_factory=list)

    def go(self, path: str = "") -> object:
        """Opens a page and waits until it is drawn."""
        self.page.goto(f"{self.address}/{path}")
        self.page.locator("h1").wait_for(timeout=FIRST)
        self.rest()
        return self.page

    def rest(self) -> None:
        """Waits until nothing runs any more."""
        self.page.wait_for_timeout(300)
        self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=PATIENCE)


@pytest.fixture
def visit(server: str, chromium: object, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A visit in a new session; a parameter gives the width. Any error in the console fails the test."""
    width = getattr(request, "param", 1280)
    context = chromium.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    made = Visit(context.new_page(), server)

    def heard(message: object) -> None:
        if message.type == "error" and not message.location.get("url", "").endswith(EXPECTED):
            made.errors.append(f"{message.text} ({message.location.get('url')})")

    made.page.on("console", heard)
    made.page.on("pageerror", lambda error: made.errors.append(str(error)))
    yield made
    context.close()
    assert made.errors == []

"""The dashboard in a real browser: a server of its own on a free port, and visits that time what they see."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT
from cea.cli.app import command

PATIENCE = 300.0
"""Seconds that anything may take: twenty browsers on two cores are slow, and slower where other work is under way."""
EXPECTED = ("/_stcore/health", "/_stcore/host-config")
"""Addresses that Streamlit looks for beside a page first, and then finds where they are."""

# Looks in the frame after each change of the page, so that a page at rest costs nothing: what is wanted and not yet
# seen, and since when all has been quiet.
_WATCH = """
window.watch = {wanted: {}, seen: {}, began: 0, quiet: null};
const texts = selector => [...document.querySelectorAll(selector)].map(node => node.textContent);
const look = () => {
  const {wanted, seen, began} = window.watch, now = performance.now() - began;
  for (const [name, {selector, all}] of Object.entries(wanted)) {
    if (name in seen) continue;
    const found = texts(selector);
    if (all.every(text => found.some(other => other.includes(text)))) seen[name] = now;
  }
  const app = document.querySelector('[data-testid=stApp]');
  const rests = app && app.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stProgress]')
    && !texts('[data-testid=stAlertContentWarning]').some(text => text.includes('Out of date'));
  window.watch.quiet = rests ? window.watch.quiet ?? now : null;
};
let asked = false;
const changed = () => {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; look(); });
};
document.addEventListener('keydown', event => {
  if (event.key !== 'Enter') return;
  Object.assign(window.watch, {seen: {}, began: performance.now(), quiet: null});
  changed();
}, true);
new MutationObserver(changed).observe(
  document, {subtree: true, childList: true, characterData: true, attributeFilter: ['data-test-script-state']});
"""
_RESTS = """milliseconds => {
  const {quiet, began} = window.watch;
  return quiet !== null && performance.now() - began - quiet >= milliseconds;
}"""
_SEEN = "names => names.every(name => name in window.watch.seen)"
_POLL = 100
"""Milliseconds between two looks at what the page itself has noted."""


def missing() -> str | None:
    """What is missing to drive a browser, in a sentence; None where nothing is."""
    if shutil.which("chromium") is None:
        return "Skipped: the program chromium is not installed (on Debian and Ubuntu: apt-get install chromium)."
    if find_spec("playwright") is None or find_spec("streamlit") is None:
        return "Skipped: Playwright and Streamlit are not installed (pip install -c constraints.txt -e '.[test]')."
    return None


@dataclass(frozen=True)
class Server:
    """A dashboard that runs."""

    address: str
    process: subprocess.Popen[bytes]


def memory(process: int) -> tuple[float, float]:
    """Memory of a process now and at most until now, in MB. Raises OSError on systems other than Linux."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    sizes = {line.partition(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith("Vm")}
    return int(sizes["VmRSS"]) * 1024 / 1e6, int(sizes["VmHWM"]) * 1024 / 1e6


@contextmanager
def serving(folder: str, log: Path) -> Iterator[Server]:
    """A dashboard of a model folder on a free port of this machine, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {**os.environ, "CEA_INPUTS": folder, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(port, "127.0.0.1", browser=False), cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=out,
            stderr=out,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", process, log)
        yield Server(address, process)
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the dashboard did not start: {log.read_text(errors='replace')[-2000:]}")


@asynccontextmanager
async def browsing() -> AsyncIterator[Any]:
    """The system's Chromium, without a window."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - `missing` says first whether it is there

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@dataclass
class Visit:
    """A page of the dashboard in a browser of its own, with what went wrong there."""

    page: Any
    errors: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, browser: Any, address: str) -> Visit:
        """A new session at an address, once everything there is drawn."""
        context = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE * 1000)
        await context.add_init_script(_WATCH)
        visit = cls(await context.new_page())
        visit.page.on("console", visit._heard)
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.page.on("crash", lambda _: visit.errors.append("the page crashed"))
        await visit.page.goto(address)
        await visit.page.locator("h1").wait_for()
        await visit.rest()
        return visit

    def _heard(self, message: Any) -> None:
        if message.type == "error" and not message.location.get("url", "").endswith(EXPECTED):
            self.errors.append(message.text)

    async def rest(self, milliseconds: int = 500) -> float:
        """Waits until nothing has run or been out of date for a time; seconds from the last Enter to its beginning."""
        await self.page.wait_for_function(_RESTS, arg=milliseconds, polling=_POLL)
        return float(await self.page.evaluate("window.watch.quiet")) / 1000

    async def enter(self, label: str, value: float, wanted: Mapping[str, tuple[str, list[str]]]) -> dict[str, float]:
        """Types a number and Enter; seconds until each of `wanted` is seen: texts in what a selector finds, by name.

        Raises Playwright's TimeoutError where one is not seen.
        """
        described = {name: {"selector": selector, "all": texts} for name, (selector, texts) in wanted.items()}
        await self.page.evaluate("wanted => { window.watch.wanted = wanted }", described)
        box = self.page.get_by_role("spinbutton", name=label).first
        await box.fill(f"{value:g}")
        await box.press("Enter")
        await self.page.wait_for_function(_SEEN, arg=list(wanted), polling=_POLL)
        seen = await self.page.evaluate("window.watch.seen")
        return {name: milliseconds / 1000 for name, milliseconds in seen.items()}

    async def close(self) -> None:
        """Ends the session."""
        await self.page.context.close()


async def together(*jobs: Any) -> list[Any]:
    """The results of all jobs, done at the same time."""
    return list(await asyncio.gather(*jobs))

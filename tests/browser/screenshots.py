"""Takes the pictures of the dashboard in docs/screenshots: `python -m tests.browser.screenshots [PAGE ...]`."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.server import running
from tests.models import ROOT

FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {1280: 2_600, 390: 2_600}
"""Widths of the browser, with the height at which a picture ends."""
_COLOURS = 256
_LIMIT = 300_000
"""Milliseconds that an analysis may take."""


def edited(page: Any) -> None:
    """Changes an input, so that there is something to compare."""
    page.get_by_role("spinbutton", name="MSC acquisition, per infusion, USD").first.fill("3000")
    page.keyboard.press("Enter")
    page.wait_for_url("**msc_acquisition_per_infusion=3000**")


def worked_out(page: Any) -> None:
    """Starts the value of information, and says whom a study would help and what it would cost."""
    page.get_by_role("button", name="Work it out").click()
    page.get_by_role("heading", name="Studies that could be done").wait_for(timeout=_LIMIT)


def clicked(page: Any) -> None:
    """Looks at one draw."""
    page.get_by_role("spinbutton", name="Look at one draw").fill("12")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Draw 12").wait_for()


def nothing(page: Any) -> None:
    """The page as it is."""


PAGES: dict[str, Callable[[Any], None]] = {
    "summary": nothing,
    "inputs": nothing,
    "base-case": nothing,
    "uncertainty": clicked,
    "sensitivity": nothing,
    "scenarios": edited,
    "research": worked_out,
    "verification": nothing,
    "export": nothing,
    "about": nothing,
}


def main(wanted: list[str]) -> None:
    """Takes the pages that are asked for, all of them by default, at every width."""
    folder = tempfile.TemporaryDirectory()
    with folder, running(Path(folder.name) / "log.txt") as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for name in wanted or PAGES:
            for width, most in WIDTHS.items():
                context = browser.new_context(viewport={"width": width, "height": 900})
                context.set_default_timeout(_LIMIT)
                page = context.new_page()
                page.goto(f"{address}/{'' if name == 'summary' else name}")
                page.locator("h1").wait_for()
                _settled(page)
                if (
                    width == max(WIDTHS) or PAGES[name] is not edited
                ):  # fields of the side are hidden on a narrow screen
                    PAGES[name](page)
                picture = _whole(page, width, most)
                _save(picture, FOLDER / f"{name}-{width}.png")
                context.close()


def _settled(page: Any) -> None:
    """Waits until nothing runs, and no progress is shown."""
    quiet = 0
    while quiet < 5:
        page.wait_for_timeout(300)
        running_ = page.locator('[data-test-script-state="running"], [data-testid="stProgress"]').count()
        quiet = 0 if running_ else quiet + 1


def _whole(page: Any, width: int, most: int) -> bytes:
    """The page down to its end, or to where a picture ends."""
    _settled(page)
    for _ in range(2):  # charts are drawn anew for the new height
        height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        page.set_viewport_size({"width": width, "height": min(int(height) + 20, most)})
        _settled(page)
    return bytes(page.screenshot())


def _save(picture: bytes, path: Path) -> None:
    """Writes a picture in few colours, which makes it small."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT).as_posix()}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])

"""LibreOffice, the independent program that recalculates our workbooks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """A function from a workbook without stored results to a copy with LibreOffice's results.

    Without LibreOffice the test is skipped; with CEA_REQUIRE_PROGRAMS=1 it fails instead.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        notice = "LibreOffice (soffice) is not installed: workbooks are not recalculated"
        if os.environ.get("CEA_REQUIRE_PROGRAMS") == "1":
            pytest.fail(notice)
        pytest.skip(notice)
    profile = tmp_path_factory.mktemp("libreoffice-profile")

    def recalculate(workbook: Path) -> Path:
        target = workbook.parent / "recalculated"
        command = [
            program,
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(target),
            str(workbook),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        return target / workbook.name

    return recalculate

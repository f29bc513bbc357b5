"""LibreOffice, the independent program that recalculates our workbooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.recalculation import program, recalculate


@pytest.fixture(scope="session")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """A function from a workbook without stored results to a copy with LibreOffice's results.

    Without LibreOffice the test is skipped; with CEA_REQUIRE_PROGRAMS=1 it fails instead.
    """
    program()
    folder = tmp_path_factory.mktemp("libreoffice")
    return lambda workbook: recalculate([workbook], folder)[workbook]

"""What all tests share: reproducible property tests, and programs that may be missing on a user's machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import settings

# Output as in a pipe, whatever the terminal that the tests run in; parallel workers set COLUMNS as well.
for _name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CEA_DEBUG"):
    os.environ.pop(_name, None)

# The same examples on every machine, and no verdict that depends on how busy the machine is.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")


def require_program(name: str) -> str:
    """Path of the program `name`.

    A missing program skips the test with a notice; where `CEA_REQUIRE_PROGRAMS=1` asks for all of them, it fails.
    """
    path = shutil.which(name)
    if path:
        return path
    if os.environ.get("CEA_REQUIRE_PROGRAMS") == "1":
        pytest.fail(f"the program {name} is missing, and CEA_REQUIRE_PROGRAMS=1 asks for it", pytrace=False)
    pytest.skip(f"the program {name} is not installed")


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """`program("soffice")` gives the path of a program, or skips or fails the test as `require_program` says."""
    return require_program

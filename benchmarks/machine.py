"""What the figures were measured on, so that a loaded or another machine shows in the record."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "pandas", "numba", "SALib", "scikit-learn", "heormodel")


def machine() -> dict[str, object]:
    """Processor, cores that may be used, load and versions."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": load(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in LIBRARIES}},
    }


def load() -> list[float]:
    """Load averages over 1, 5 and 15 minutes: below one before the benchmark where nothing else runs."""
    return [round(average, 2) for average in os.getloadavg()]


def sentence(found: dict[str, object]) -> str:
    """The machine in one line."""
    versions = found["versions"]
    assert isinstance(versions, dict), "as `machine` makes it"
    libraries = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    return f"{found['cpu']}, {found['cores']} cores, {found['system']}, load {found['load']}; {libraries}"


def _processor() -> str:
    """The processor's name: Linux keeps it in a file."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

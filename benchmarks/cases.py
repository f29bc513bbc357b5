"""What is measured side by side, in groups that take turns."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.records import Case

SHIPPED = "inputs/cirrhosis"
SCALE = "tests/validation/scale"
SICK_SICKER = "tests/validation/sick_sicker"
CEA = "cea, 2 threads"
FUSED = "hand-fused kernel, 2 threads"
HEORMODEL = "heormodel"
DRAWS, PEER_DRAWS = 10_000, 1_000
MANY, MILLION = 100_000, 1_000_000
DESIGN = 1_024
"""Size of the design of Sobol indices."""

Group = tuple[list[Case], int]
"""Cases, and how many turns they take."""


def groups(*, million: bool) -> Iterator[Group]:
    """Everything that is measured inside a process. million: long runs too."""
    yield [
        Case("evaluation", "cea", SHIPPED, 1),
        Case("evaluation", "cea", SCALE, 1),
        Case("evaluation", "numpy reference", SCALE, 1),
    ], 5
    yield [Case("draws", engine, SHIPPED, DRAWS) for engine in (CEA, FUSED)], 7
    for model in (SCALE, SICK_SICKER):
        yield [Case("draws", name, model, PEER_DRAWS) for name in (CEA, "batched numpy", "numpy loop", HEORMODEL)], 3
    yield [Case("drawing", "cea", SHIPPED, DRAWS), Case("psa", CEA, SHIPPED, DRAWS)], 5
    # The first call in a process each, as after a command: with the libraries that it has to load.
    for name, n in (("one-way", 1), ("Sobol", DESIGN), ("Sobol, second order", DESIGN), ("EVPPI", DRAWS)):
        yield [Case(name, "cea", SHIPPED, n)], 1
    if million:
        yield [Case("psa", CEA, SHIPPED, n) for n in (MANY, MILLION)], 3


def absent(case: Case) -> bool:
    """Whether the engine of a case is not installed."""
    return case.engine == HEORMODEL and find_spec(HEORMODEL) is None

"""The other side of `processes.Worker`: `python -m benchmarks.worker NAME ENGINE MODEL N`.

Gets ready and says so, then measures once for each line that it is sent, and ends with its input.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from benchmarks import analyses, draws
from benchmarks.records import Case

TURN_SECONDS = 0.5
"""A quick call is repeated for so long, and the median taken."""

Call = Callable[[], object]
PREPARED: dict[str, Callable[[Case], Call]] = {
    "evaluation": draws.evaluation,
    "draws": draws.on_draws,
    "drawing": draws.drawing,
    "psa": draws.psa,
    "one-way": analyses.one_way_of_all,
    "Sobol": analyses.first_and_total_order,
    "Sobol, second order": analyses.second_order,
    "EVPPI": analyses.every_parameter,
}
"""By the name of a case, what makes the call that is timed."""


def median_time(call: Call) -> float:
    """Seconds of a call."""
    timings: list[float] = []
    while sum(timings) < TURN_SECONDS:
        began = time.perf_counter()
        call()
        timings.append(time.perf_counter() - began)
    return statistics.median(timings)


def main(name: str, engine: str, model: str, n: str) -> None:
    """Serves until the input ends."""
    call = PREPARED[name](Case(name, engine, model, int(n)))
    print("ready", flush=True)
    for _ in sys.stdin:
        print(median_time(call), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

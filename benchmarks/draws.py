"""Models on draws: one engine on one model, in a process of its own so that its peak memory is its own.

`python -m benchmarks.draws MODEL ENGINE N REPEATS` prints {"seconds": [...], "peak_mb": ...}. Before any time is taken,
the engine's costs and effects are compared with the reference on a few draws: they must agree to 10 digits.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import cea
from benchmarks.peers import ENGINES, PEERS, Totals, Values

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = "inputs/cirrhosis"
THREADS = 2
COMPARED = 4
"""Draws that are compared with the reference."""
DIGITS = 1e-10

Engine = Callable[[Values], Totals]


def model_of(key: str) -> cea.Model:
    """A model by its key: `shipped`, or one of `peers`."""
    if key == "shipped":
        return cea.load(ROOT / SHIPPED)
    return cea.load(ROOT / PEERS[key].folder, layers=PEERS[key].layers)


def draws(model: cea.Model, samples: int) -> Values:
    """Independent draws of the uncertain parameters that the model uses: how they are drawn is not measured here."""
    random = np.random.default_rng(1)
    return {
        name: np.asarray(parameter.distribution.ppf(random.random(samples)))
        for name, parameter in model.parameters.items()
        if parameter.uncertain and parameter.distribution is not None
    }


def compiled(model: cea.Model, threads: int) -> Engine:
    """The package's engine, its program ready."""
    from cea.engine.batch import evaluate  # noqa: PLC0415 - the other engines do without
    from cea.engine.program import Program  # noqa: PLC0415
    from cea.engine.solve import solved_values  # noqa: PLC0415

    program = Program.of(model, model.settings.perspective, tuple(draws(model, 1)), solved_values(model))

    def run(values: Values) -> Totals:
        totals = evaluate(program, values, threads=threads)
        return totals.cost, totals.effect

    return run


def fused(model: cea.Model, threads: int) -> Engine:
    """The hand-fused kernel of the shipped model."""
    from benchmarks.fused import evaluate, fixed_inputs  # noqa: PLC0415 - compiles a kernel

    inputs = fixed_inputs(model)
    return lambda values: evaluate(inputs, values, threads)


def engine_of(key: str, model: cea.Model, engine: str) -> Engine:
    """An engine by its name, such as `cea, 2 threads`."""
    name, _, threads = engine.partition(", ")
    if name in ("cea", "hand-fused kernel"):
        return (compiled if name == "cea" else fused)(model, int(threads.split()[0]))
    return lambda values: ENGINES[name](PEERS[key], values)


def check(model: cea.Model, run: Engine, engine: str) -> None:
    """Compares an engine with the reference. Raises SystemExit where they do not agree."""
    values = draws(model, COMPARED)
    expected = cea.run(model, values=values).outcomes
    for found, right in zip(run(values), (expected.cost, expected.effect), strict=True):
        if not np.abs(found / right - 1).max() < DIGITS:
            raise SystemExit(f"{engine} does not give the reference's costs and effects: nothing to time")


def main(key: str, engine: str, samples: int, repeats: int) -> None:
    """Measures, and prints what was found as JSON."""
    model = model_of(key)
    run = engine_of(key, model, engine)
    check(model, run, engine)
    values = draws(model, samples)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        run(values)
        seconds.append(time.perf_counter() - began)
    bytes_each = 1 if sys.platform == "darwin" else 1024
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": seconds, "peak_mb": peak * bytes_each / 1e6}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

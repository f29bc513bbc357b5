"""Models at point values and on draws, in the package and in other engines.

An engine is timed only after its costs and effects agreed with the package's plain reference.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import cea
from benchmarks.peers import ENGINES, PEERS, Totals, Values
from benchmarks.records import Case
from cea.engine.batch import evaluate
from cea.engine.program import Program
from cea.engine.sampling import Sampler
from cea.engine.solve import solved_values
from tests.validation import reference

ROOT = Path(__file__).resolve().parent.parent
COMPARED = 130
"""Draws that are compared with the reference: more than one tile of any engine, the last one not full."""
TOGETHER = 4
"""Draws that the reference is given at a time: so few go through NumPy, not through a compiled kernel."""
TOLERANCE = 1e-10

Engine = Callable[[Values], Totals]


def load(case: Case) -> cea.Model:
    """The model of a case; one that other engines have too, in the form that they have it."""
    return cea.load(ROOT / case.model, layers=PEERS[case.model].layers if case.model in PEERS else ())


def evaluation(case: Case) -> Callable[[], object]:
    """One evaluation at point values."""
    if case.engine == "numpy reference":
        return lambda: [reference.scale(treatment) for treatment in range(3)]
    model = cea.load(ROOT / case.model)
    return lambda: cea.run(model).outcomes


def on_draws(case: Case) -> Callable[[], object]:
    """Costs and effects of draws that are there already."""
    model = load(case)
    run = engine_of(case, model)
    compared = drawn(model, COMPARED)
    check(case.engine, run(compared), model, compared)
    values = drawn(model, case.n)
    return lambda: run(values)


def drawing(case: Case) -> Callable[[], object]:
    """Drawing all uncertain parameters."""
    model = load(case)
    return lambda: cea.sample(model, case.n)


def psa(case: Case) -> Callable[[], object]:
    """Everything from the model to costs and effects: compiled, drawn and evaluated, block by block."""
    model = load(case)
    threads = _threads(case.engine)
    found = cea.run(model, cea.sample(model, COMPARED), threads=threads).outcomes
    check(case.engine, (found.cost, found.effect), model, drawn(model, COMPARED))
    return lambda: cea.run(model, Sampler(model, case.n), threads=threads)


def drawn(model: cea.Model, samples: int) -> Values:
    """Draws by parameter, each array in one piece."""
    draws = cea.sample(model, samples)
    return {name: np.ascontiguousarray(draws.column(name)) for name in draws.names}


def engine_of(case: Case, model: cea.Model) -> Engine:
    """The engine of a case by its name, such as `cea, 2 threads`, ready to run."""
    name = case.engine.partition(", ")[0]
    if name == "cea":
        return _package(model, _threads(case.engine))
    if name == "hand-fused kernel":
        return _fused(model, _threads(case.engine))
    return lambda values: ENGINES[name](PEERS[case.model], values)


def check(engine: str, found: Totals, model: cea.Model, values: Values) -> None:
    """Compares costs and effects with the reference. Raises SystemExit where they do not agree."""
    samples = len(next(iter(values.values())))
    parts = [slice(first, first + TOGETHER) for first in range(0, samples, TOGETHER)]
    runs = [cea.run(model, values={name: array[part] for name, array in values.items()}).outcomes for part in parts]
    for what, own, right in zip(
        ("costs", "effects"), found, (np.concatenate([run.cost for run in runs]),
                                      np.concatenate([run.effect for run in runs])), strict=True
    ):  # fmt: skip
        error = float(np.abs(own / right - 1).max())
        if not error < TOLERANCE:
            raise SystemExit(f"{engine}: {what} are off the reference by {error:.1g}, so that its time means nothing")


def _package(model: cea.Model, threads: int) -> Engine:
    names = Sampler(model, 1).names
    program = Program.of(model, model.settings.perspective, names, solved_values(model))

    def run(values: Values) -> Totals:
        totals = evaluate(program, values, threads=threads)
        return totals.cost, totals.effect

    return run


def _fused(model: cea.Model, threads: int) -> Engine:
    from benchmarks import fused  # noqa: PLC0415 - compiles a kernel that other engines do without

    inputs = fused.fixed_inputs(model)
    return lambda values: fused.evaluate(inputs, values, threads)


def _threads(engine: str) -> int:
    return int(engine.partition(", ")[2].removesuffix(" threads"))

"""Sensitivity analyses and the value of information, as the commands of these names call them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cea
from benchmarks.records import Case
from cea.analysis.deterministic import comparisons
from cea.analysis.morris import morris
from cea.analysis.one_way import one_way
from cea.analysis.partial_information import evppi
from cea.analysis.sobol import sobol
from cea.analysis.unit_cube import OTHERS, model_on_cube

ROOT = Path(__file__).resolve().parent.parent


def one_way_of_all(case: Case) -> Callable[[], object]:
    """Every input at its low and its high value, for each headline."""
    model = cea.load(ROOT / case.model)
    return lambda: one_way(model)


def first_and_total_order(case: Case) -> Callable[[], object]:
    """Indices of all uncertain inputs with the design of size `n`."""
    model = cea.load(ROOT / case.model)
    return lambda: sobol(model_on_cube(model), case.n)


def second_order(case: Case) -> Callable[[], object]:
    """Screening, and indices of the pairs of the inputs that it picks."""
    model = cea.load(ROOT / case.model)

    def run() -> object:
        subject = model_on_cube(model)
        picked = [name for name in morris(subject).top() if name != OTHERS]
        return sobol(subject.only(picked), case.n, second_order=True)

    return run


def every_parameter(case: Case) -> Callable[[], object]:
    """Partial perfect information on each drawn parameter, from `n` draws that were run before."""
    model = cea.load(ROOT / case.model)
    drawn = cea.sample(model, case.n)
    results = cea.run(model, drawn)
    decisions = [(item.strategy, item.comparator) for item in comparisons(model)]
    return lambda: evppi(results, drawn, drawn.names, decisions=decisions)

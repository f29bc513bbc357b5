"""The efficiency frontier by comparisons of pairs, as cells find it, against the scan of the analysis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cea.analysis.incremental import incremental
from cea.engine.outcomes import Outcomes
from cea.reports.workbook.frontier import standings
from tests.models import QUICK

# Few different numbers, so that ties, twins and points on one line are common.
POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 3)), min_size=1, max_size=6)


def outcomes(points: list[tuple[int, int]], names: tuple[str, ...]) -> Outcomes:
    cost, effect = (np.array([values], dtype=np.float64) for values in zip(*points, strict=True))
    return Outcomes(names, names, cost * 1000, effect / 7, "USD", "QALY", (50000.0,), 50000.0)


@QUICK
@given(POINTS, st.permutations("fdbeac"))
def test_pairs_find_what_the_scan_finds(points: list[tuple[int, int]], letters: list[str]) -> None:
    names = tuple(letters[: len(points)])
    run = outcomes(points, names)
    found = incremental(run)
    ours = standings(run.cost[0].tolist(), run.effect[0].tolist(), names)
    place = {name: k for k, name in enumerate(found.frontier, 1)}
    order = sorted(found.rows, key=lambda row: (row.cost, -row.effect, row.strategy))
    for row, standing in zip(found.rows, ours, strict=True):
        assert standing.position == place.get(row.strategy, 0)
        assert standing.order == 1 + order.index(row)
        assert standing.stays == (row.status != "dominated")
        before = next((item for item in found.rows if place.get(item.strategy) == standing.before), None)
        assert (row.incremental_cost is None) == (before is None)
        if before is not None:
            assert row.incremental_cost == pytest.approx(row.cost - before.cost)
        if row.icer is not None:
            assert standing.lowest == pytest.approx(row.icer)

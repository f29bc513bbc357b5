"""Incremental analysis against a brute force in exact arithmetic, and what must not change its answer."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cea.analysis.incremental import Incremental, incremental
from cea.engine.outcomes import Outcomes

NAMES = ("delta", "alpha", "echo", "bravo", "golf", "charlie", "foxtrot", "hotel")
CLOSE_GRID = st.tuples(st.integers(0, 6), st.integers(0, 6))
WIDE = st.tuples(st.integers(-100_000, 100_000), st.integers(-3_000, 3_000))
POINTS = st.one_of(st.lists(CLOSE_GRID, min_size=1, max_size=8), st.lists(WIDE, min_size=1, max_size=8))
QUICK = settings(max_examples=150, deadline=None)


def analysed(points: list[tuple[float, float]], names: tuple[str, ...] = NAMES) -> Incremental:
    """Incremental analysis of (cost, effect) points named in turn."""
    strategies = names[: len(points)]
    cost, effect = (np.array([[point[axis] for point in points]], dtype=float) for axis in (0, 1))
    return incremental(Outcomes(strategies, strategies, cost, effect, "USD", "QALY", (10.0,), 10.0))


def candidate_thresholds(points: list[tuple[int, int]]) -> list[Fraction]:
    """Thresholds above zero at which the ranking can change, those between them, and one beyond each end."""
    ratios = {
        Fraction(a[0] - b[0], a[1] - b[1])
        for a in points
        for b in points
        if a[1] != b[1] and (a[0] - b[0]) * (a[1] - b[1]) > 0
    }
    kinks = sorted(ratios) or [Fraction(1)]
    return [kinks[0] / 2, *kinks, *((low + high) / 2 for low, high in pairwise(kinks)), kinks[-1] + 1]


def efficient(points: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Points with the highest net monetary benefit at some threshold above zero."""
    found = set()
    for threshold in candidate_thresholds(points):
        benefit = {point: threshold * point[1] - point[0] for point in points}
        found |= {point for point in points if benefit[point] == max(benefit.values())}
    return found


@QUICK
@given(POINTS)
def test_frontier_is_what_maximises_net_benefit_at_some_threshold(points):
    result = analysed(points)
    by_name = dict(zip(NAMES, points, strict=False))
    assert {by_name[name] for name in result.frontier} == efficient(points)
    assert len({by_name[name] for name in result.frontier}) == len(result.frontier)


@QUICK
@given(POINTS)
def test_status_by_definition(points):
    result = analysed(points)
    by_name = dict(zip(NAMES, points, strict=False))
    for row in result.rows:
        cost, effect = by_name[row.strategy]
        stronger = {name for name, (c, e) in by_name.items() if c <= cost and e >= effect and (c, e) != (cost, effect)}
        if stronger:
            assert row.status == "dominated" and set(row.dominated_by) == stronger
        elif row.status == "dominated":
            twin = row.same_as
            assert twin in result.frontier and by_name[twin] == (cost, effect) and twin < row.strategy
        elif row.status == "extendedly_dominated":
            (c1, e1), (c2, e2) = (by_name[name] for name in row.dominated_by)
            assert c1 + Fraction((c2 - c1) * (effect - e1), e2 - e1) < cost
        else:
            assert row.strategy in result.frontier and row.dominated_by == ()


@QUICK
@given(POINTS)
def test_icers_rise_along_the_frontier_and_the_reference_is_the_cheapest(points):
    result = analysed(points)
    icers = [result.row(name).icer for name in result.frontier]
    assert icers[0] is None
    assert all(low <= high * (1 + 1e-9) for low, high in pairwise(icers[1:]))
    assert all(icer > 0 for icer in icers[1:])
    assert result.row(result.frontier[0]).cost == min(point[0] for point in points)


@QUICK
@given(POINTS, st.integers(1, 400))
def test_best_has_the_highest_net_benefit(points, threshold):
    result = analysed(points)
    best = result.row(result.best(threshold))
    highest = max(threshold * effect - cost for cost, effect in points)
    assert threshold * best.effect - best.cost == pytest.approx(highest, rel=1e-9, abs=1e-6)


@QUICK
@given(POINTS, st.randoms(use_true_random=False))
def test_the_order_of_strategies_does_not_matter(points, random):
    named = list(zip(NAMES, points, strict=False))
    random.shuffle(named)
    names, moved = zip(*named, strict=True)
    first, second = analysed(points), analysed(list(moved), names)
    assert first.frontier == second.frontier and first.comparator == second.comparator
    for row in first.rows:
        other = second.row(row.strategy)
        assert (row.status, row.dominated_by, row.same_as) == (other.status, other.dominated_by, other.same_as)
        assert (row.incremental_cost, row.incremental_effect, row.icer) == (
            other.incremental_cost,
            other.incremental_effect,
            other.icer,
        )
    assert {pair.strategy: pair for pair in first.pairs} == {pair.strategy: pair for pair in second.pairs}


@QUICK
@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
def test_the_order_of_strategies_does_not_change_a_bit_of_the_means(seed, order):
    draws = np.random.default_rng(seed)
    cost, effect = draws.gamma(2.0, 1e4, (37, 4)), draws.normal(5.0, 1.0, (37, 4))
    names = np.array(NAMES[:4])
    results = []
    for columns, stored in ((list(range(4)), np.ascontiguousarray), (list(order), np.asfortranarray)):
        labels = tuple(names[columns])
        results.append(
            incremental(
                Outcomes(
                    labels, labels, stored(cost[:, columns]), stored(effect[:, columns]), "USD", "QALY", (1.0,), 1.0
                )
            )
        )
    first, second = ({record["strategy"]: record for record in result.records()} for result in results)
    assert first == second


@QUICK
@given(POINTS, st.integers(-1000, 1000), st.integers(-50, 50), st.sampled_from([0.001, 0.5, 3.0, 1e6]))
def test_shift_and_scale_move_the_numbers_and_keep_the_frontier(points, shift_cost, shift_effect, scale):
    moved = [(scale * (cost + shift_cost), effect + shift_effect) for cost, effect in points]
    first, second = analysed(points), analysed(moved)
    assert first.frontier == second.frontier
    for before, after in zip(first.rows, second.rows, strict=True):
        assert (before.status, before.dominated_by) == (after.status, after.dominated_by)
        assert (before.icer is None) == (after.icer is None)
        if before.icer is not None:
            assert after.icer == pytest.approx(scale * before.icer, rel=1e-9)

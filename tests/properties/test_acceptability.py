"""What holds for the decision uncertainty of any outcomes, and what must not change it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cea.analysis.acceptability import acceptability
from cea.analysis.uncertainty import summary
from cea.engine.outcomes import Outcomes

NAMES = ("alpha", "bravo", "charlie", "delta")
QUICK = settings(max_examples=60, deadline=None)


@st.composite
def psas(draw, least_strategies: int = 1) -> Outcomes:
    """Outcomes with whole costs and effects from small grids, so that ties in draws and in means are common."""
    shape = draw(st.integers(1, 12)), draw(st.integers(least_strategies, len(NAMES)))
    cost = draw(arrays(np.float64, shape, elements=st.integers(-40, 40).map(float)))
    effect = draw(arrays(np.float64, shape, elements=st.integers(-4, 4).map(float)))
    return rearranged(NAMES[: shape[1]], cost, effect)


def rearranged(names: tuple[str, ...], cost: np.ndarray, effect: np.ndarray) -> Outcomes:
    return Outcomes(names, names, cost, effect, "USD", "QALY", (10.0, 20.0), 10.0)


@QUICK
@given(psas())
def test_probabilities_sum_to_one_and_the_frontier_lies_on_them(psa):
    curve = acceptability(psa)
    np.testing.assert_allclose(curve.probability.sum(axis=1), 1, atol=4e-16)
    highest = curve.expected_nmb.max(axis=1)
    for row, best in enumerate(curve.best):
        assert curve.frontier[row] == curve.probability[row, best]
        assert curve.expected_nmb[row, best] == pytest.approx(highest[row], abs=1e-9)


@QUICK
@given(psas())
def test_value_of_information_is_the_least_expected_loss_and_not_negative(psa):
    curve = acceptability(psa)
    for row, threshold in enumerate(curve.thresholds):
        benefit = psa.net_monetary_benefit(threshold)
        gain = benefit.max(axis=1).mean() - benefit.mean(axis=0).max()
        assert curve.evpi[row] == pytest.approx(gain, abs=1e-9)
        assert curve.evpi[row] >= 0
        assert curve.evpi[row] == pytest.approx(curve.expected_loss[row, curve.best[row]], abs=1e-9)


@QUICK
@given(psas(), st.data())
def test_order_of_strategies_and_of_draws_changes_nothing(psa, data):
    across = data.draw(st.permutations(range(len(psa.strategies))))
    down = data.draw(st.permutations(range(len(psa.cost))))
    names = tuple(psa.strategies[i] for i in across)
    other = acceptability(rearranged(names, psa.cost[down][:, across], psa.effect[down][:, across]))
    curve = acceptability(psa)
    np.testing.assert_allclose(other.probability, curve.probability[:, across], atol=1e-14)
    np.testing.assert_allclose(other.expected_loss, curve.expected_loss[:, across], atol=1e-9)
    assert other.frontier_frame()["strategy"].tolist() == curve.frontier_frame()["strategy"].tolist()


@QUICK
@given(psas(least_strategies=2).filter(lambda psa: len(psa.cost) > 1))
def test_quadrants_sum_to_one_and_turn_with_the_comparator(psa):
    first, second = psa.strategies[:2]
    there = {row.strategy: row.quadrants for row in summary(psa, first).contrasts}[second]
    back = {row.strategy: row.quadrants for row in summary(psa, second).contrasts}[first]
    assert there.ne + there.se + there.sw + there.nw == pytest.approx(1, abs=1e-12)
    assert (there.ne, there.se, there.sw, there.nw) == pytest.approx((back.sw, back.nw, back.ne, back.se), abs=1e-12)


@QUICK
@given(psas(least_strategies=2).filter(lambda psa: len(psa.cost) > 1))
def test_a_ratio_has_an_interval_only_where_every_draw_gives_it_one_meaning(psa):
    for row in summary(psa, psa.strategies[0]).contrasts:
        i = psa.strategies.index(row.strategy)
        effect, cost = psa.effect[:, i] - psa.effect[:, 0], psa.cost[:, i] - psa.cost[:, 0]
        one_meaning = ((effect > 0) & (cost > 0)).all() or ((effect < 0) & (cost < 0)).all()
        assert (row.icer_interval is not None) == one_meaning
        if row.icer_interval is not None:
            low, high = row.icer_interval
            assert (cost / effect).min() <= low <= high <= (cost / effect).max()

"""Two-way analysis: the grid, the line of zero and the best of all against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import cea
from cea.analysis.two_way import TwoWay, two_way
from cea.errors import UsageError
from tests.linear_model import THRESHOLD, linear_model
from tests.models import model_of, shipped
from tests.two_states import MODEL as TWO_STATES


def grid(first: str = "price", second: str = "lasting", **options: object) -> TwoWay:
    """The grid of the one headline."""
    return two_way(linear_model(), first, second, (5, 7), **options)[0]  # type: ignore[arg-type]


def test_the_grid_is_the_closed_form():
    found = grid()
    price, lasting = np.meshgrid(found.first.values, found.second.values, indexing="ij")
    assert found.benefit.shape == found.best.shape == (5, 7)
    np.testing.assert_allclose(found.benefit, THRESHOLD * 0.3 * lasting - price, atol=1e-9)
    assert (found.first.base, found.second.base) == (240.0, 1.0)


def test_the_best_of_all_is_that_of_the_closed_form():
    found = grid("price", "surgery", spans={"surgery": (210.0, 400.0)})
    for row, price in enumerate(found.first.values):
        for column, surgery in enumerate(found.second.values):
            benefits = {"usual": 0.0, "drug_only": 300 - price, "surgery_only": 300 - surgery}
            benefits["both"] = benefits["drug_only"] + benefits["surgery_only"]
            assert benefits[found.strategies[found.best[row, column]]] == pytest.approx(max(benefits.values()))


def test_the_line_of_zero_is_where_the_net_benefit_is_zero():
    line = grid().boundary_frame()
    assert len(line) > 1
    np.testing.assert_allclose(line["lasting"], line["price"] / (THRESHOLD * 0.3), atol=1e-9)


def test_without_a_turn_there_is_no_line():
    assert grid(spans={"price": (700.0, 900.0)}).boundary_frame().empty


def test_the_frame_holds_every_point():
    frame = grid().frame()
    assert len(frame) == 35
    row = frame[(frame["price"] == 250) & np.isclose(frame["lasting"], 1.25)].iloc[0]
    assert row["nmb"] == pytest.approx(1.25 * 300 - 250) and row["best"] == "drug_only"


def test_swapped_parameters_turn_the_grid():
    one, other = grid(), two_way(linear_model(), "lasting", "price", (7, 5))[0]
    np.testing.assert_allclose(one.benefit, other.benefit.T, atol=1e-9)


def test_corners_on_the_shipped_model_are_runs_with_the_target_solved_again():
    model = shipped()
    found = two_way(model, "start_age", "msc_target_hr", (2, 2))[1]
    values = {"start_age": 61.0, "msc_target_hr": 0.57}
    held = cea.run(model.with_values({"msc_target_hr": 0.57})).solved
    outcomes = cea.run(model, values={**values, **held}).outcomes
    benefit = outcomes.net_monetary_benefit(100_000)[0]
    difference = benefit[outcomes.strategies.index("msc_bridge")] - benefit[outcomes.strategies.index("transplant")]
    assert found.benefit[1, 0] == pytest.approx(difference, rel=1e-9)


def test_a_pair_may_be_named_where_there_is_no_headline():
    found = two_way(model_of(TWO_STATES), "hazard", "price", (2, 3), ("drug", "usual"), spans={
        "hazard": (0.1, 0.3), "price": (0.0, 10.0)})[0]  # fmt: skip
    assert found.benefit.shape == (2, 3) and (np.diff(found.benefit, axis=1) < 0).all()


@pytest.mark.parametrize(
    ("first", "second", "steps", "words"),
    [
        ("price", "price", (5, 5), "not price twice"),
        ("price", "lastin", (5, 5), "did you mean 'lasting'"),
        ("price", "extra", (5, 5), "no range in the evidence"),
        ("price", "lasting", (1, 5), "choose from 2 to 200"),
        ("price", "lasting", (5, 201), "choose from 2 to 200"),
    ],
)
def test_what_is_not_possible_is_refused(first: str, second: str, steps: tuple[int, int], words: str):
    with pytest.raises(UsageError, match=words):
        two_way(linear_model(), first, second, steps)


def test_an_empty_range_is_refused():
    with pytest.raises(UsageError, match="price, 5 to 1, is empty"):
        grid(spans={"price": (5.0, 1.0)})

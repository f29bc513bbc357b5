"""Label places: no overlaps, inside the limits, near what they label."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cea.reports.placement import Box, place, spread


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share an area."""
    return one.left < other.right and other.left < one.right and one.bottom < other.top and other.bottom < one.top


def test_labels_with_room_stay_where_they_are_wanted():
    assert spread([0.1, 0.5, 0.9], [0.1, 0.1, 0.1], 0.0, 1.0) == pytest.approx([0.1, 0.5, 0.9])


def test_labels_wanted_at_one_place_spread_evenly_around_it():
    assert spread([0.5, 0.5, 0.5], [0.1, 0.2, 0.1], 0.0, 1.0) == pytest.approx([0.35, 0.5, 0.65])


def test_labels_at_the_floor_are_pushed_up():
    assert spread([0.0, 0.0], [0.1, 0.1], 0.0, 1.0) == pytest.approx([0.05, 0.15])


def test_too_many_labels_keep_their_sizes():
    assert spread([0.5, 0.5], [0.8, 0.8], 0.0, 1.0) == pytest.approx([0.4, 1.2])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.1)), min_size=1, max_size=8))
def test_spread_never_overlaps_and_keeps_the_order(labels):
    labels.sort()
    wanted, sizes = zip(*labels, strict=True)
    centres = spread(wanted, sizes, 0.0, 1.0)
    for (low, lower), (high, upper) in pairwise(zip(centres, sizes, strict=True)):
        assert high - low >= (lower + upper) / 2 - 1e-12
    assert centres[0] - sizes[0] / 2 >= -1e-12 and centres[-1] + sizes[-1] / 2 <= 1 + 1e-12


def test_labels_of_points_in_a_cluster_cover_neither_points_nor_each_other():
    points = [(100.0 + 15 * i, 100.0 + 9 * (i % 3)) for i in range(6)]
    obstacles = [Box(x - 5, y - 5, x + 5, y + 5, weight=10.0) for x, y in points]
    boxes = place(points, [(80.0, 20.0)] * 6, obstacles, Box(0, 0, 400, 300), clearance=8)
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    assert not any(overlap(box, obstacle) for box in boxes for obstacle in obstacles)


@pytest.mark.parametrize("corner", [(1.0, 1.0), (399.0, 1.0), (1.0, 299.0), (399.0, 299.0)])
def test_a_label_in_a_corner_stays_inside(corner):
    box = place([corner], [(80.0, 20.0)], [], Box(0, 0, 400, 300), clearance=8)[0]
    assert box.left >= 0 and box.bottom >= 0 and box.right <= 400 and box.top <= 300


def test_a_label_keeps_off_a_line():
    line = [Box(x - 2.0, 98.0, x + 2.0, 102.0, weight=0.4) for x in range(0, 400, 4)]
    box = place([(200.0, 100.0)], [(80.0, 20.0)], line, Box(0, 0, 400, 300), clearance=8)[0]
    assert box.bottom >= 102 or box.top <= 98

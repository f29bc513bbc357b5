"""Sobol indices against functions whose indices are known in closed form, and against what must hold for any function.

Ishigami function: Ishigami and Homma (1990), a = 7, b = 0.1. g-function: Saltelli and Sobol (1995).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cea.analysis.sobol import Sobol, check_size, sobol
from cea.analysis.unit_cube import OTHERS, CubeInput, CubeOutcome, OnCube, cube_inputs, model_on_cube
from cea.engine.cube import Cube
from cea.errors import UsageError
from tests.models import QUICK, shipped

N = 4096
A, B = 7.0, 0.1


def on_cube(function: Callable[[np.ndarray], np.ndarray], *columns: tuple[int, ...]) -> OnCube:
    """A function of the columns of the cube with one outcome; inputs are x0, x1, ... with the columns given."""
    inputs = tuple(CubeInput(f"x{at}", f"X{at}", own) for at, own in enumerate(columns))
    return OnCube(lambda points: function(points)[:, np.newaxis], inputs, (CubeOutcome("y", "Y"),))


def ishigami(points: np.ndarray) -> np.ndarray:
    x = math.pi * (2 * points - 1)
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_parts() -> dict[str, float]:
    """Variance of the first, the second, and the first with the third input; all else is zero."""
    return {
        "x0": 0.5 * (1 + B * math.pi**4 / 5) ** 2,
        "x1": A**2 / 8,
        "x0 x2": B**2 * math.pi**8 * (1 / 18 - 1 / 50),
    }


WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0])


def g_function(points: np.ndarray) -> np.ndarray:
    return np.prod((np.abs(4 * points - 2) + WEIGHTS) / (1 + WEIGHTS), axis=1)


def g_share(*columns: int) -> float:
    """Closed share of some columns: of the variance that is left when all others are averaged over."""
    parts = 1 / (3 * (1 + WEIGHTS) ** 2)
    return float((np.prod(1 + parts[list(columns)]) - 1) / (np.prod(1 + parts) - 1))


def close(found: np.ndarray, expected: list[float], half: np.ndarray) -> None:
    """Within the reported interval and a little: the bootstrap takes the points for random, which they beat."""
    np.testing.assert_array_less(np.abs(found - expected), np.maximum(half, 0.005))


def test_ishigami_first_total_and_second_order():
    parts = ishigami_parts()
    total = sum(parts.values())
    found = sobol(on_cube(ishigami, (0,), (1,), (2,)), N, second_order=True)
    close(found.S1[0], [parts["x0"] / total, parts["x1"] / total, 0], found.S1_conf[0])
    both = parts["x0 x2"] / total
    close(found.ST[0], [parts["x0"] / total + both, parts["x1"] / total, both], found.ST_conf[0])
    pairs = found.second_order_frame().set_index(["first", "second"])
    close(pairs.loc[[("x0", "x2"), ("x0", "x1"), ("x1", "x2")], "S2"], [both, 0, 0], pairs["S2_conf"].max())
    assert found.evaluations == N * (2 * 3 + 2)
    assert found.mean[0] == pytest.approx(A / 2, abs=0.02)
    assert found.sd[0] ** 2 == pytest.approx(total, rel=0.02)


def test_g_function_first_and_total_order():
    found = sobol(on_cube(g_function, (0,), (1,), (2,), (3,)), N)
    close(found.S1[0], [g_share(at) for at in range(4)], found.S1_conf[0])
    rest = [[other for other in range(4) if other != at] for at in range(4)]
    close(found.ST[0], [1 - g_share(*others) for others in rest], found.ST_conf[0])
    assert found.evaluations == N * (4 + 2)
    assert list(found.frame()["input"]) == ["x0", "x1", "x2", "x3"]


def test_a_group_of_columns_is_one_input():
    # The columns of a group need not stand together, and an input keeps its place when it is the second to begin.
    found = sobol(on_cube(g_function, (0, 2), (1,), (3,)), N, second_order=True)
    close(found.S1[0], [g_share(0, 2), g_share(1), g_share(3)], found.S1_conf[0])
    close(found.ST[0], [1 - g_share(1, 3), 1 - g_share(0, 2, 3), 1 - g_share(0, 1, 2)], found.ST_conf[0])
    pair = g_share(0, 1, 2) - g_share(0, 2) - g_share(1)
    assert abs(found.S2[0, 0, 1] - pair) < found.S2_conf[0, 0, 1]
    assert found.evaluations == N * (2 * 3 + 2)


def test_the_others_of_chosen_inputs_are_one_more_input():
    whole = on_cube(g_function, (0,), (1,), (2,), (3,))
    found = sobol(whole.only(["x1"]), N)
    assert [item.name for item in found.inputs] == [OTHERS, "x1"]
    close(found.S1[0], [g_share(0, 2, 3), g_share(1)], found.S1_conf[0])
    assert [item.name for item in whole.only(["x3", "x0", "x1"]).inputs] == ["x0", "x1", "x2", "x3"]


def test_an_additive_function_has_first_orders_that_add_up_to_one_and_no_interactions():
    slopes = np.array([3.0, 2.0, 1.0])
    found = sobol(on_cube(lambda points: points @ slopes, (0,), (1,), (2,)), N, second_order=True)
    close(found.S1[0], list(slopes**2 / (slopes**2).sum()), np.zeros(3))
    assert found.S1[0].sum() == pytest.approx(1, abs=0.005)
    assert found.ST[0].sum() == pytest.approx(1, abs=0.005)
    above = found.S2[0][np.triu_indices(3, 1)]
    assert np.abs(above).max() < 0.02


@QUICK
@given(
    st.lists(st.floats(0.1, 2.0), min_size=3, max_size=3),
    st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3),
    st.integers(0, 1000),
)
def test_total_order_is_not_below_first_order_beyond_error(slopes, products, seed):
    def function(points: np.ndarray) -> np.ndarray:
        pairs = combinations(range(3), 2)
        mixed = sum(
            weight * points[:, one] * points[:, two] for weight, (one, two) in zip(products, pairs, strict=True)
        )
        return points @ np.array(slopes) + mixed

    found = sobol(on_cube(function, (0,), (1,), (2,)), 256, seed=seed)
    assert (found.ST >= 0).all()
    assert (found.ST + found.ST_conf + found.S1_conf + 0.02 >= found.S1).all()


def test_the_seed_decides_and_threads_do_not():
    subject = on_cube(g_function, (0,), (1,), (2,), (3,))
    for seed in (0, 5):
        one, same = (sobol(subject, 1024, seed=seed, threads=threads) for threads in (1, 3))
        for key in ("S1", "S1_conf", "ST", "ST_conf", "ST_by_n"):
            np.testing.assert_array_equal(getattr(one, key), getattr(same, key))
    assert (sobol(subject, 1024, seed=6).S1 != one.S1).all()


def test_the_check_over_n_takes_the_first_points():
    subject = on_cube(ishigami, (0,), (1,), (2,))
    found = sobol(subject, 256)
    assert found.sizes == (64, 128, 256)
    for n, first, total in zip(found.sizes, found.S1_by_n, found.ST_by_n, strict=True):
        again = sobol(subject, n)
        np.testing.assert_array_equal(first, again.S1)
        np.testing.assert_array_equal(total, again.ST)
    assert len(found.convergence_frame()) == 3 * 3


def example(total: list[float], half: list[float]) -> Sobol:
    """Indices with the given total orders, settled over n."""
    found = sobol(on_cube(ishigami, *((at,) for at in range(len(total)))), 16)
    st_, conf = np.array([total]), np.array([half])
    return replace(found, ST=st_, ST_conf=conf, S1=st_, S1_conf=conf, ST_by_n=np.array([st_, st_, st_]))


def test_intervals_that_overlap_are_said_to_be_too_wide_to_rank():
    found = example([0.5, 0.3, 0.2, 0.01], [0.05, 0.06, 0.05, 0.01])
    assert found.unranked(0) == [["x1", "x2"]]
    assert found.ranks(0) == [(1, 1), (2, 3), (2, 3), (4, 4)]
    ((outcome, text),) = found.warnings()
    assert outcome.name == "y" and "too wide to rank" in text and "x1, x2" in text
    assert list(example([0.5, 0.3, 0.1], [0.05, 0.06, 0.05]).warnings()) == []


def test_negative_indices_are_kept_and_said():
    found = replace(example([0.6, 0.4, 0.0], [0.01, 0.01, 0.0]), S1=np.array([[0.6, -0.01, -0.3]]))
    found = replace(found, S1_conf=np.array([[0.1, 0.05, 0.1]]))
    rows = found.frame().set_index("input")
    assert rows.loc["x2", "S1"] == -0.3
    assert list(rows["note"]) == ["", "S1 below zero within its error", "S1 below zero beyond its error"]
    ((_, text),) = found.warnings()
    assert "x2 (-0.300)" in text and "x1" not in text


def test_indices_that_still_move_with_n_are_said_to():
    found = example([0.6, 0.3, 0.1], [0.01, 0.01, 0.01])
    by_n = found.ST_by_n.copy()
    by_n[1, 0, 1] = 0.36
    ((_, text),) = replace(found, ST_by_n=by_n).warnings()
    assert "ST of x1 moved by 0.060 from n = 8 to 16" in text


def test_an_outcome_that_does_not_vary_has_no_indices():
    found = sobol(on_cube(lambda points: np.ones(len(points)), (0,), (1,)), 16, second_order=True)
    assert np.isnan(found.S1).all() and np.isnan(found.ST).all() and np.isnan(found.S2).all()
    ((_, text),) = found.warnings()
    assert "it is 1 at every point" in text


@pytest.mark.parametrize(
    ("n", "text"), [(1000, "take 512 or 1024"), (8, "16 at least"), (0, "16 at least"), (-4, "16")]
)
def test_n_must_be_a_power_of_two(n, text):
    with pytest.raises(UsageError, match=text):
        sobol(on_cube(ishigami, (0,), (1,), (2,)), n)


def test_other_bad_requests():
    with pytest.raises(UsageError, match="seed -1"):
        check_size(16, -1)
    with pytest.raises(UsageError, match="more than memory should hold"):
        sobol(on_cube(ishigami, (0,), (1,), (2,)), 2**26)
    with pytest.raises(UsageError, match="two uncertain inputs"):
        on_cube(ishigami, (0, 1, 2))
    with pytest.raises(ValueError, match="share out all columns"):
        on_cube(ishigami, (1,), (0,), (2,))
    with pytest.raises(ValueError, match="finite"):
        sobol(on_cube(lambda points: np.full(len(points), np.nan), (0,), (1,)), 16)


def test_the_inputs_of_a_model_are_its_columns_with_groups_as_one():
    model = shipped()
    cube = Cube(model)
    inputs = {item.name: item for item in cube_inputs(model, cube)}
    (group,) = model.joint.values()
    assert inputs[group.name].parameters == group.parameters
    assert sum(len(item.columns) for item in inputs.values()) == cube.count
    assert len(inputs) == cube.count - len(group.parameters) + 1
    with pytest.raises(UsageError, match=f"ask for {group.name}"):
        model_on_cube(model).only([group.parameters[0]])
    with pytest.raises(UsageError, match="did you mean 'efficacy'"):
        model_on_cube(model).only(["eficacy"])


def test_the_outcomes_of_a_model_are_those_of_its_draws():
    model = shipped()
    subject = model_on_cube(model)
    assert [item.name for item in subject.outcomes][:4] == [
        f"{measure}_ineligible" for measure in ("nmb", "cost", "effect", "decision")
    ]
    points = np.random.default_rng(3).random((32, subject.columns))
    values = subject.values(points)
    nmb, cost, effect, decision = values[:, :4].T
    np.testing.assert_allclose(nmb, model.threshold * effect - cost, rtol=1e-12)
    np.testing.assert_array_equal(decision, nmb >= 0)
    pair = (subject.outcomes[0].headline.comparator, subject.outcomes[0].headline.strategy)
    np.testing.assert_array_equal(model_on_cube(model, pair).values(points)[:, 1], -cost)

"""What holds for every way to cut points into chunks, every correlation and every table of numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cea.engine.cube import BLOCK, Cube, cholesky
from cea.engine.draws import Draws
from cea.engine.sampling import SAMPLERS, Sampler
from tests.models import shipped

ROWS = BLOCK + 500
POINTS = np.random.default_rng(11).random((ROWS, Cube(shipped()).count))


@pytest.fixture(scope="module")
def whole() -> Draws:
    return Cube(shipped()).parameters(POINTS)


@settings(max_examples=6)
@given(cuts=st.sets(st.integers(1, ROWS - 1), max_size=4))
def test_chunks_give_the_same_bits(whole: Draws, cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), ROWS]
    cube = Cube(shipped())
    for start, stop in pairwise(edges):
        assert np.array_equal(cube.parameters(POINTS[start:stop]).values, whole.values[start:stop])


@settings(max_examples=10)
@given(rows=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=40))
def test_a_row_depends_on_its_point_alone(whole: Draws, rows: list[int]) -> None:
    assert np.array_equal(Cube(shipped()).parameters(POINTS[rows]).values, whole.values[rows])


@settings(max_examples=20)
@given(
    n=st.integers(1, 5 * BLOCK),
    more=st.integers(0, 3 * BLOCK),
    seed=st.integers(0, 2**70),
    sampler=st.sampled_from(SAMPLERS),
)
def test_full_blocks_do_not_depend_on_n(n: int, more: int, seed: int, sampler: str) -> None:
    short, long = (Sampler(shipped(), size, seed, sampler) for size in (n, n + more))
    full = n // BLOCK
    for k in range(full):
        assert np.array_equal(short.points(k), long.points(k))
    last = short.points(short.blocks - 1)
    assert len(last) == n - (short.blocks - 1) * BLOCK
    assert ((last >= 0) & (last <= 1)).all()


@settings(max_examples=60)
@given(size=st.integers(1, 7), rank=st.integers(1, 7), seed=st.integers(0, 10**6))
def test_the_factor_of_a_correlation_gives_it_back(size: int, rank: int, seed: int) -> None:
    """Of any rank: rows of unit vectors in `rank` dimensions make the correlations."""
    vectors = np.random.default_rng(seed).normal(size=(size, rank))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    correlation = vectors @ vectors.T
    np.fill_diagonal(correlation, 1.0)
    factor = cholesky(correlation)
    assert np.array_equal(factor, np.tril(factor))
    np.testing.assert_allclose(factor @ factor.T, correlation, atol=1e-6)
    if rank >= size and np.linalg.eigvalsh(correlation)[0] > 1e-3:
        np.testing.assert_allclose(factor, np.linalg.cholesky(correlation), atol=1e-9)


@settings(max_examples=6)
@given(rho=st.floats(-0.95, 0.95), seed=st.integers(0, 1000))
def test_the_copula_keeps_marginals_and_correlation(rho: float, seed: int) -> None:
    model = shipped()
    joint = model.joint["natural_history"]
    correlation = np.eye(7)
    correlation[0, 6] = correlation[6, 0] = rho
    changed = replace(model, joint={joint.name: replace(joint, correlation=correlation)})
    source = Sampler(changed, 3 * BLOCK, seed)
    draws = [source.block(k) for k in range(3)]
    logs = []
    for name in (joint.parameters[0], joint.parameters[6]):
        distribution = model.parameters[name].distribution
        assert distribution is not None
        values = np.concatenate([block.column(name) for block in draws])
        assert abs(np.mean(values < distribution.median) - 0.5) < 5 * 0.5 / math.sqrt(3 * BLOCK)
        logs.append(np.log(values))
    z = (np.arctanh(np.corrcoef(logs)[0, 1]) - math.atanh(rho)) * math.sqrt(3 * BLOCK - 3)
    assert abs(z) < 5


@settings(max_examples=30)
@given(
    values=st.lists(
        st.floats(0, 1e300, allow_subnormal=True).map(lambda value: value + 0.0), min_size=1, max_size=20
    )
)
def test_files_keep_every_bit(values: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("draws")
    draws = Draws(("cost_a",), np.array(values)[:, np.newaxis])
    for suffix in ("csv", "parquet"):
        draws.write(folder / f"draws.{suffix}")
        again = Draws.read(folder / f"draws.{suffix}", shipped(), allow_missing=True)
        assert again.values.tobytes() == draws.values.tobytes()

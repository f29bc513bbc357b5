"""Random, Latin hypercube and Sobol points in blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import qmc

from cea.engine.cube import BLOCK, Cube
from cea.engine.sampling import SAMPLERS, Sampler, sample
from cea.errors import UsageError
from tests.models import shipped


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_block_by_itself_is_that_part_of_all_draws(sampler: str) -> None:
    n = 2 * BLOCK + 300
    whole = sample(shipped(), n, seed=9, sampler=sampler)
    source = Sampler(shipped(), n, seed=9, sampler=sampler)
    assert source.blocks == 3
    for k in (2, 0, 1):
        block = source.block(k)
        assert (block.seed, block.sampler, block.names) == (9, sampler, whole.names)
        assert np.array_equal(block.values, whole.values[k * BLOCK : (k + 1) * BLOCK])
    for k in (-1, 3):
        with pytest.raises(IndexError):
            source.block(k)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_more_draws_only_add_rows(sampler: str) -> None:
    few = BLOCK if sampler == "lhs" else 700
    short, long = (sample(shipped(), n, seed=3, sampler=sampler).values for n in (few, 2_000))
    assert np.array_equal(short, long[:few])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_seeds_and_blocks_differ(sampler: str) -> None:
    one, other = (Sampler(shipped(), 2 * BLOCK, seed, sampler) for seed in (1, 2))
    rows = {tuple(row) for points in (one.points(0), one.points(1), other.points(0)) for row in points}
    assert len(rows) == 3 * BLOCK


@pytest.mark.parametrize("n", [BLOCK, BLOCK + 37])
def test_every_block_of_a_latin_hypercube_is_stratified(n: int) -> None:
    source = Sampler(shipped(), n, seed=1, sampler="lhs")
    for k in range(source.blocks):
        points = source.points(k)
        strata = np.sort(np.floor(points * len(points)).astype(int), axis=0)
        assert (strata == np.arange(len(points))[:, np.newaxis]).all()
        assert np.abs(np.corrcoef(points[:, :5].T)[np.triu_indices(5, 1)]).max() < 4.5 / math.sqrt(len(points))


def test_sobol_points_are_the_scrambled_net_of_scipy() -> None:
    """Blocks are put together from starts; the net itself comes point after point."""
    source = Sampler(shipped(), 20 * BLOCK, seed=5, sampler="sobol")
    stream = np.random.Generator(np.random.Philox(np.random.SeedSequence(5)))
    net = qmc.Sobol(source.cube.count, scramble=True, bits=32, rng=stream).random(32 * BLOCK)
    for k in range(20):
        assert np.array_equal(source.points(k), net[k * BLOCK : (k + 1) * BLOCK] + 2.0**-33)


def test_sobol_points_integrate_better_than_random_ones() -> None:
    """The integral of the product of 1 + (u - 1/2) / j^2 over the cube is 1."""
    weights = 1 / np.arange(1, Cube(shipped()).count + 1) ** 2

    def error(sampler: str, seed: int) -> float:
        source = Sampler(shipped(), 4 * BLOCK, seed, sampler)
        points = np.vstack([source.points(k) for k in range(4)])
        return abs(float(np.prod(1 + (points - 0.5) * weights, axis=1).mean()) - 1)

    errors = {sampler: np.mean([error(sampler, seed) for seed in range(8)]) for sampler in SAMPLERS}
    assert errors["sobol"] < errors["random"] / 20
    assert errors["lhs"] < errors["random"] / 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be a whole number from 1, not 0"),
        ({"n": -5}, "from 1, not -5"),
        ({"n": 10**12}, "n = 1000000000000 is more than 1,000,000,000 draws"),
        ({"n": 10.0}, "whole number from 1, not 10.0"),
        ({"n": "10"}, "whole number from 1, not 10"),
        ({"n": True}, "whole number from 1, not True"),
        ({"seed": -1}, "the seed must be a whole number from 0, not -1"),
        ({"seed": 1.5}, "the seed must be a whole number from 0, not 1.5"),
        ({"seed": None}, "not None"),
        ({"sampler": "sobl"}, "unknown sampler 'sobl': did you mean 'sobol'"),
        ({"sampler": 3}, "unknown sampler '3'"),
        ({"joint": "rows"}, "unknown way to draw joint groups 'rows'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Sampler(shipped(), **{"n": 10, **arguments})  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_numpy_integers_will_do() -> None:
    draws = sample(shipped(), np.int64(3), seed=np.uint32(7))
    assert (draws.n, draws.seed) == (3, 7)

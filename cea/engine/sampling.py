"""Points of the unit cube for a probabilistic analysis, in blocks that do not depend on each other."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import scipy  # loads scipy.stats at first use, and only Sobol points need it

from cea.engine.cube import BLOCK, Cube
from cea.engine.draws import Draws
from cea.errors import UsageError
from cea.model.definition import Model
from cea.model.document import did_you_mean, shortened

Floats = npt.NDArray[np.float64]

SAMPLERS = ("random", "lhs", "sobol")
MAX_SAMPLES = 10**9
_BITS = 32
"""Digits of a Sobol point, in base 2."""


def sample(
    model: Model, n: int, seed: int = 1, sampler: str = "random", joint: str = "correlation", *, threads: int = 2
) -> Draws:
    """`n` draws of a model's uncertain parameters at once; `Sampler` explains the arguments and the errors raised.

    The draws are the same for any number of threads.
    """
    source = Sampler(model, n, seed, sampler, joint)
    try:
        values = np.empty((len(source.names), source.n))
    except MemoryError as error:
        size = 8 * source.n * len(source.names) / 1e9
        raise UsageError(f"{source.n:,} draws at once need {size:,.0f} GB of memory: choose a smaller n") from error

    def fill(k: int) -> Mapping[str, int]:
        block = source.block(k)
        values[:, k * BLOCK : k * BLOCK + block.n] = block.values.T
        return block.clipped

    clipped: Counter[str] = Counter()
    with ThreadPoolExecutor(threads) as pool:
        for counts in pool.map(fill, range(source.blocks)):
            clipped.update(counts)
    return Draws(source.names, values.T, source.seed, source.sampler, dict(clipped), source.currency)


class Sampler:
    """Draws in blocks of BLOCK samples, the last one shorter; every block can be had by itself and in any order.

    `sampler` is "random", "lhs" (a Latin hypercube within each block, the last one over its own size) or "sobol"
    (scrambled; such points are balanced only where n is a power of two, so choose 1,024, 2,048, 4,096, ...). `seed` is
    a whole number from 0 and `joint` how joint groups are drawn, as in Cube. Larger n only adds samples (for "lhs":
    after the last full block).

    Raises UsageError for arguments that do not fit, and InputError as Cube does.
    """

    def __init__(
        self, model: Model, n: int, seed: int = 1, sampler: str = "random", joint: str = "correlation"
    ) -> None:
        self.n = _whole(n, "n", 1)
        if self.n > MAX_SAMPLES:
            raise UsageError(f"n = {self.n} is more than {MAX_SAMPLES:,} draws, the most that can be run")
        self.seed = _whole(seed, "the seed", 0)
        if sampler not in SAMPLERS:
            raise UsageError(f"unknown sampler '{shortened(sampler)}': {did_you_mean(str(sampler), SAMPLERS)}")
        self.sampler = sampler
        self.cube = Cube(model, joint)
        self.blocks = -(-self.n // BLOCK)
        self._net = _Net(self.cube.count, self.seed, self.blocks) if sampler == "sobol" and self.cube.count else None

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are drawn."""
        return self.cube.names

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the draws."""
        return self.cube.warnings

    @property
    def currency(self) -> str:
        """The currency of the model."""
        return self.cube.currency

    def points(self, k: int) -> Floats:
        """The points of block `k`, shape (sample, dimension). Raises IndexError when there is no such block."""
        if not 0 <= k < self.blocks:
            raise IndexError(f"there is no block {k} among {self.blocks}")
        rows = min(BLOCK, self.n - k * BLOCK)
        if self._net is not None:
            return self._net.block(k, rows)
        stream = np.random.Generator(np.random.Philox(np.random.SeedSequence(self.seed, spawn_key=(k,))))
        points = stream.random((rows, self.cube.count))
        if self.sampler == "lhs":
            strata = np.tile(np.arange(rows)[:, np.newaxis], self.cube.count)
            points = (stream.permuted(strata, axis=0) + points) / rows
        return points

    def block(self, k: int) -> Draws:
        """The draws of block `k`. Raises IndexError when there is no such block."""
        drawn = self.cube.parameters(self.points(k))
        return Draws(drawn.names, drawn.values, self.seed, self.sampler, drawn.clipped, self.currency)


class _Net:
    """Scrambled Sobol points (Joe and Kuo, SIAM J Sci Comput 2008;30:2635-2654; scrambling after Matousek) by block.

    Point i is the first point xor the direction numbers at the digits of the Gray code of i. That code is linear: where
    `start` is a multiple of BLOCK, point start + r is point r xor point start xor the first point; and in the same way
    a start is put together from those starts that are powers of two.
    """

    def __init__(self, dimensions: int, seed: int, blocks: int) -> None:
        most = scipy.stats.qmc.Sobol.MAXDIM
        if dimensions > most:
            raise UsageError(f"Sobol points have at most {most:,} dimensions, not {dimensions:,}: use random or lhs")
        stream = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
        engine = scipy.stats.qmc.Sobol(dimensions, scramble=True, bits=_BITS, rng=stream)
        self._first = _digits(engine.random(BLOCK))
        self._starts = []
        for power in range((blocks - 1).bit_length()):
            engine.fast_forward((BLOCK << power) - engine.num_generated)
            self._starts.append(_digits(engine.random(1))[0] ^ self._first[0])

    def block(self, k: int, rows: int) -> Floats:
        """The first `rows` points of block `k`."""
        digits = self._first[:rows].copy()
        for power, start in enumerate(self._starts):
            if k >> power & 1:
                digits ^= start
        # The middle of its cell stands for a point, or some would be 0.
        return (digits.astype(np.float64) + 0.5) * 2.0**-_BITS


def _digits(points: Floats) -> npt.NDArray[np.uint32]:
    return (points * 2.0**_BITS).astype(np.uint32)


def _whole(given: object, name: str, least: int) -> int:
    """A whole number of at least `least`. Raises UsageError."""
    try:
        number = None if isinstance(given, bool) else operator.index(given)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < least:
        raise UsageError(f"{name} must be a whole number from {least}, not {shortened(given)}")
    return number

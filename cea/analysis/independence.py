"""Draws from a density by independence Metropolis chains, whose proposals do not depend on where a chain is.

All proposals can therefore be evaluated together, and the chains are independent of each other. Where the proposals
have heavier tails than the density, every chain forgets its start at a geometric rate, wherever that was (Mengersen and
Tweedie, Annals of Statistics 1996;24:101-121). Proposals come from a mixture of multivariate t distributions: one
around each mode, improved by importance sampling (Cappé and others, Statistics and Computing 2008;18:447-459), and a
wide one over the whole prior, which finds what the modes do not cover.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules at first use

Floats = npt.NDArray[np.float64]
Density = Callable[[Floats], tuple[Floats, Floats]]
"""Points (point, dimension) to log densities (point,), minus infinity where not possible, and what goes with them."""

FREEDOM = 8.0
"""Degrees of freedom of the t distributions: tails heavier than those of any normal."""

WIDE = 0.05
"""Share of the proposals from the wide component."""

_FLOOR = 0.02
"""Least share of a mode among the others: its weight is only an estimate."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of t distributions. `factors` are lower Cholesky factors of the scale matrices, (component, d, d)."""

    weights: Floats
    centres: Floats
    factors: Floats

    @classmethod
    def around(cls, modes: Sequence[tuple[float, Floats, Floats]]) -> Mixture:
        """A component for each mode (log mass, centre, covariance), and a wide one over the standard normal."""
        masses = np.array([mass for mass, _, _ in modes])
        shares = np.maximum(np.exp(masses - masses.max()), _FLOOR)
        dimension = len(modes[0][1])
        return cls(
            np.append((1 - WIDE) * shares / shares.sum(), WIDE),
            np.array([*(centre for _, centre, _ in modes), np.zeros(dimension)]),
            np.array([*(np.linalg.cholesky(covariance) for _, _, covariance in modes), np.eye(dimension)]),
        )

    def draw(self, generator: np.random.Generator, n: int) -> Floats:
        """`n` points, shape (point, dimension)."""
        which = np.searchsorted(np.cumsum(self.weights)[:-1], generator.random(n), side="right")
        normal = generator.standard_normal((n, self.centres.shape[1]))
        stretch = np.sqrt(FREEDOM / generator.chisquare(FREEDOM, n))
        return np.asarray(self.centres[which] + np.einsum("nij,nj->ni", self.factors[which], normal) * stretch[:, None])

    def log_components(self, points: Floats) -> Floats:
        """Log of weight times density of each component, shape (point, component)."""
        dimension = points.shape[1]
        gamma = scipy.special.gammaln
        constant = gamma((FREEDOM + dimension) / 2) - gamma(FREEDOM / 2) - dimension / 2 * np.log(FREEDOM * np.pi)
        columns = []
        for weight, centre, factor in zip(self.weights, self.centres, self.factors, strict=True):
            scaled = scipy.linalg.solve_triangular(factor, (points - centre).T, lower=True)
            tail = (FREEDOM + dimension) / 2 * np.log1p(np.square(scaled).sum(axis=0) / FREEDOM)
            columns.append(np.log(weight) + constant - np.log(np.diag(factor)).sum() - tail)
        return np.stack(columns, axis=1)

    def log_density(self, points: Floats) -> Floats:
        """Log density, shape (point,)."""
        return np.asarray(np.logaddexp.reduce(self.log_components(points), axis=1), dtype=np.float64)

    def refitted(self, points: Floats, weights: Floats) -> Mixture:
        """The mixture with each component but the wide one moved to the weighted points that are its own.

        A component with too few of them stays as it is.
        """
        parts = self.log_components(points)
        shares = np.exp(parts - np.logaddexp.reduce(parts, axis=1)[:, None]) * weights[:, None]
        dimension = points.shape[1]
        mass, centres, factors = np.full(len(self.weights) - 1, _FLOOR), self.centres.copy(), self.factors.copy()
        for at in range(len(mass)):
            own = shares[:, at]
            mass[at] = max(own.sum(), _FLOOR)
            if effective(own) < 20 * dimension:
                continue
            share = own / own.sum()
            centres[at] = share @ points
            away = points - centres[at]
            factors[at] = np.linalg.cholesky((away * share[:, None]).T @ away)
        return Mixture(np.append((1 - WIDE) * mass / mass.sum(), WIDE), centres, factors)


@dataclass(frozen=True, eq=False)
class Chains:
    """Draws of independent chains.

    points (chain, draw, dimension), log_density (chain, draw), extras (chain, draw, ...): what the density gave beside
    it. accepted: share of proposals that each chain moved to, shape (chain,). efficiency: effective share of the
    proposals by their importance weights. heaviest: largest share of all weight that one proposal has.
    """

    points: Floats
    log_density: Floats
    extras: Floats
    accepted: Floats
    efficiency: float
    heaviest: float
    evaluations: int


def effective(weights: Floats) -> float:
    """Effective number of weighted points (Kish)."""
    total = float(weights.sum())
    return total**2 / float(np.square(weights).sum()) if total > 0 else 0.0


def independence_chains(
    density: Density, start: Mixture, *, chains: int, draws: int, warm_up: int, rounds: int, round_size: int, seed: int
) -> Chains:
    """Chains of `draws` draws after `warm_up` more; the mixture is refitted `rounds` times on `round_size` points.

    The same seed gives the same draws. Raises ValueError where no proposal is possible.
    """
    first, *own = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(chains + 1))
    mixture = start
    for _ in range(rounds):
        points = mixture.draw(first, round_size)
        weights = _weights(density(points)[0], mixture.log_density(points))
        mixture = mixture.refitted(points, weights)
    length = warm_up + draws
    points = np.concatenate([mixture.draw(generator, length) for generator in own])
    log_density, extras = density(points)
    log_ratio = log_density - mixture.log_density(points)
    weights = _weights(log_density, mixture.log_density(points))
    kept, accepted = [], []
    for at, generator in enumerate(own):
        visited = _walk(log_ratio[at * length : (at + 1) * length], generator.random(length))
        kept.append(at * length + visited[warm_up:])
        accepted.append(float((np.diff(visited) != 0).mean()))
    rows = np.array(kept)
    return Chains(
        points[rows], log_density[rows], extras[rows], np.array(accepted), effective(weights) / len(weights),
        float(weights.max()), len(points) + rounds * round_size,
    )  # fmt: skip


def _weights(log_density: Floats, log_proposal: Floats) -> Floats:
    """Importance weights that sum to one."""
    ratio = log_density - log_proposal
    top = ratio.max()
    if not np.isfinite(top):
        raise ValueError("no proposal is possible")
    weights = np.exp(ratio - top)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _walk(log_ratio: Floats, uniform: Floats) -> npt.NDArray[np.int64]:
    """Which proposal a chain is at after each step; it begins at the first one that is possible."""
    visited = np.empty(len(log_ratio), dtype=np.int64)
    current = int(np.argmax(np.isfinite(log_ratio)))
    with np.errstate(divide="ignore"):
        limits = np.log(uniform)
    for step, (ratio, limit) in enumerate(zip(log_ratio.tolist(), limits.tolist(), strict=True)):
        if step > current and limit < ratio - log_ratio[current]:
            current = step
        visited[step] = current
    return visited

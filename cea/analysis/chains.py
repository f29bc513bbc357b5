"""How far chains of draws can be trusted: rank-normalised split R-hat, effective sample sizes, Monte Carlo errors.

Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner PC. Rank-normalization, folding, and localization: an improved
R-hat for assessing convergence of MCMC. Bayesian Analysis 16 (2021) 667-718. Every function takes the draws of one
quantity, shape (chain, draw), and splits each chain in two, so that one chain is enough. Where the draws are all the
same, or fewer than eight a chain, there is no answer: NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules at first use

Floats = npt.NDArray[np.float64]

TAIL = 0.05
"""The tail effective sample size is about the quantiles at this probability and at one minus it."""

FEWEST = 8
"""Shorter chains say nothing about themselves."""


def r_hat(chains: Floats) -> float:
    """Rank-normalised split R-hat: the larger of that of the draws and that of their distance from the median.

    Below 1.01 where chains that started apart have come to agree in place and in spread.
    """
    if not _informative(chains):
        return float("nan")
    halves = _split(chains)
    folded = np.abs(halves - np.median(halves))
    return max(_r_hat(normal_scores(halves)), _r_hat(normal_scores(folded)))


def bulk_size(chains: Floats) -> float:
    """Bulk effective sample size: how many independent draws would place the middle of the distribution as well."""
    return _size(normal_scores(_split(chains))) if _informative(chains) else float("nan")


def tail_size(chains: Floats) -> float:
    """Tail effective sample size: the smaller one of those for the 5 % and the 95 % quantile."""
    return min(quantile_size(chains, TAIL), quantile_size(chains, 1 - TAIL))


def mean_size(chains: Floats) -> float:
    """Effective sample size for the mean of the draws as they are."""
    return _size(_split(chains)) if _informative(chains) else float("nan")


def quantile_size(chains: Floats, probability: float) -> float:
    """Effective sample size for a quantile."""
    if not _informative(chains):
        return float("nan")
    below = chains <= np.quantile(chains, probability)
    return _size(_split(below.astype(np.float64)))


def quantile_error(chains: Floats, probability: float) -> float:
    """Monte Carlo standard error of a quantile, from the draws where it lies in 68 % of repetitions."""
    size = quantile_size(chains, probability)
    if not np.isfinite(size):
        return float("nan")
    one_sd = scipy.special.ndtr([-1.0, 1.0])
    low, high = scipy.special.betaincinv(size * probability + 1, size * (1 - probability) + 1, one_sd)
    ordered = np.sort(chains, axis=None)
    last = len(ordered) - 1
    first, second = (min(max(round(float(share * last)), 0), last) for share in (low, high))
    return float(ordered[second] - ordered[first]) / 2


def sd_error(chains: Floats) -> float:
    """Monte Carlo standard error of the standard deviation, by the variance of the squared deviations."""
    squares = np.square(chains - chains.mean())
    size = mean_size(squares)
    return float(np.sqrt(squares.var() / size / squares.mean()) / 2) if np.isfinite(size) else float("nan")


def normal_scores(draws: Floats) -> Floats:
    """Draws of any shape by their rank among all of them, as quantiles of the standard normal (Blom 1958)."""
    ranks = scipy.stats.rankdata(draws, axis=None).reshape(draws.shape)
    return np.asarray(scipy.special.ndtri((ranks - 3 / 8) / (draws.size + 1 / 4)), dtype=np.float64)


def _informative(chains: Floats) -> bool:
    if chains.ndim != 2:
        raise ValueError(f"chains must have shape (chain, draw), not {chains.shape}")
    return bool(chains.shape[1] >= FEWEST and np.isfinite(chains).all() and np.ptp(chains) > 0)


def _split(chains: Floats) -> Floats:
    """Each chain as two; the draw in the middle of an odd number is left out."""
    half = chains.shape[1] // 2
    return np.concatenate([chains[:, :half], chains[:, -half:]])


def _r_hat(chains: Floats) -> float:
    draws = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean()
    between = draws * chains.mean(axis=1).var(ddof=1)
    if within == 0.0:
        return float("nan" if between == 0.0 else "inf")
    return float(np.sqrt((draws - 1) / draws + between / within / draws))


def _size(chains: Floats) -> float:
    """Draws divided by the autocorrelation time, summed over Geyer's initial monotone sequence (Geyer 1992)."""
    count, draws = chains.shape
    covariance = _autocovariance(chains)
    within = covariance[:, 0].mean() * draws / (draws - 1)
    spread = within * (draws - 1) / draws + chains.mean(axis=1).var(ddof=1)
    if spread == 0.0:
        return float("nan")
    correlation = 1 - (within - covariance.mean(axis=0) * draws / (draws - 1)) / spread
    correlation[0] = 1.0
    pairs = correlation[: draws // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs < 0)
    kept = np.minimum.accumulate(pairs[: ends[0] if len(ends) else len(pairs)])
    time = -1 + 2 * kept.sum()
    # Antithetic chains can do better than independent draws, but not without limit.
    return float(count * draws / max(time, 1 / np.log10(count * draws)))


def _autocovariance(chains: Floats) -> Floats:
    """Autocovariance at every lag by the fast Fourier transform, shape (chain, draw)."""
    draws = chains.shape[1]
    length = scipy.fft.next_fast_len(2 * draws)
    centred = chains - chains.mean(axis=1, keepdims=True)
    power = np.abs(scipy.fft.rfft(centred, length, axis=1)) ** 2
    return np.asarray(scipy.fft.irfft(power, length, axis=1)[:, :draws] / draws, dtype=np.float64)

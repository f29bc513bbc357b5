"""Bayesian calibration: parameters of any model fitted to targets, given priors, with diagnostics of the draws.

A target's likelihood is normal with its standard error, around what the model says. The posterior is drawn by
independence Metropolis chains whose proposals are made from the optima that least squares finds from many starts
(docs/decisions/0007 says why).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules at first use

from cea.analysis.forecast import BATCH, CalibrationTarget, Forecast
from cea.analysis.independence import Chains, Mixture, independence_chains
from cea.analysis.optima import Optimum, find_optima
from cea.errors import CeaError, UsageError
from cea.model.definition import Model, Source
from cea.model.distributions import Distribution
from cea.model.document import unknown
from cea.model.layers import Layer

Floats = npt.NDArray[np.float64]
Told = Callable[[int], None]
"""Takes how many more evaluations are done."""

WARM_UP = 0.1
"""Share of draws that each chain makes before those that are kept."""
ROUNDS = 2
ROUND_SIZE = 2_000
"""Proposals are improved in so many rounds, each of so many points, or of as many as there are draws."""
FEWEST_DRAWS = 100
"""Fewest draws of a chain."""
_SCORE_LIMIT = 8.0
"""Beyond it a normal score has no probability that differs from 0 or 1."""


@dataclass(frozen=True)
class Prior:
    """What was known of a parameter before the targets."""

    parameter: str
    distribution: Distribution
    source: Source


@dataclass(frozen=True)
class Fixed:
    """A parameter that a calibration holds at a value."""

    parameter: str
    value: float
    source: Source


@dataclass(frozen=True)
class Method:
    """A way to run the model, as changes to it: another cycle length, say."""

    name: str
    label: str
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, eq=False)
class Reference:
    """Joint draws from elsewhere to compare with: values (draw, parameter) in the order in which they were drawn."""

    label: str
    names: tuple[str, ...]
    values: Floats
    method: str


@dataclass(frozen=True, eq=False)
class Calibration:
    """Which parameters of a model are fitted to which targets; the first of the methods is the one that counts.

    `writes` names the layer that the result is written as.
    """

    name: str
    label: str
    description: str
    priors: tuple[Prior, ...]
    targets: tuple[CalibrationTarget, ...]
    methods: tuple[Method, ...]
    source: Source
    writes: str
    fixed: tuple[Fixed, ...] = ()
    reference: Reference | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The calibrated parameters."""
        return tuple(prior.parameter for prior in self.priors)

    def method(self, name: str) -> Method:
        """A method by name. Raises UsageError."""
        found = next((item for item in self.methods if item.name == name), None)
        if found is None:
            problem = unknown("method", name, None, (item.name for item in self.methods))
            raise UsageError(f"{problem.what} of the calibration {self.name}: {problem.remedy}")
        return found


@dataclass(frozen=True, eq=False)
class PointFit:
    """The optima of a posterior. values: (optimum, parameter); figures: what the model says, (optimum, target)."""

    model: Model
    calibration: Calibration
    method: Method
    optima: tuple[Optimum, ...]
    values: Floats
    figures: Floats
    starts: int


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the calibrated parameters given the targets, in chains.

    values: (chain, draw, parameter); figures: what the model says of the targets, (chain, draw, target). accepted:
    share of proposals that each chain moved to. efficiency: effective share of the proposals by their importance
    weights. heaviest: largest share of all weight on one proposal. evaluations: of the model, without the optima.
    """

    model: Model
    calibration: Calibration
    method: Method
    point: PointFit
    values: Floats
    figures: Floats
    accepted: Floats
    efficiency: float
    heaviest: float
    evaluations: int
    seed: int

    @property
    def draws(self) -> Floats:
        """All draws, chain after chain, shape (draw, parameter)."""
        return np.asarray(self.values.reshape(-1, self.values.shape[-1]), dtype=np.float64)

    def thinned(self, n: int) -> Floats:
        """At most `n` draws, evenly spaced over all chains, shape (draw, parameter)."""
        every = -(-len(self.draws) // n)
        return self.draws[::every]


def calibrate(
    model: Model,
    calibration: Calibration,
    method: str | None = None,
    *,
    n: int = 10_000,
    chains: int = 4,
    seed: int = 1,
    starts: int = 16,
    told: Told = lambda done: None,
) -> Posterior:
    """The posterior of a calibration by one of its methods, by default the first, with `n` draws in all.

    The same seed gives the same draws. Raises UsageError for numbers that will not do, InputError where the model
    refuses the medians of the priors, CeaError where the targets leave nothing possible.
    """
    check_size(n, chains, seed, starts)
    problem = _Fit(model, calibration, method)
    each = -(-n // chains)
    with _one_thread():
        point = problem.point(starts, seed)
        modes = [(optimum.log_mass, optimum.scores, optimum.covariance) for optimum in point.optima]
        drawn: Chains = independence_chains(
            problem.density(told), Mixture.around(modes), chains=chains, draws=each, warm_up=round(WARM_UP * each),
            rounds=ROUNDS, round_size=min(ROUND_SIZE, n), seed=seed,
        )  # fmt: skip
    return Posterior(
        model=problem.model,
        calibration=calibration,
        method=problem.method,
        point=point,
        values=problem.values(drawn.points),
        figures=drawn.extras,
        accepted=drawn.accepted,
        efficiency=drawn.efficiency,
        heaviest=drawn.heaviest,
        evaluations=drawn.evaluations,
        seed=seed,
    )


def calibrate_point(
    model: Model, calibration: Calibration, method: str | None = None, *, starts: int = 16, seed: int = 1
) -> PointFit:
    """The most probable values, by least squares from `starts` starts; raises what `calibrate` raises."""
    check_size(chains=1, n=FEWEST_DRAWS, seed=seed, starts=starts)
    with _one_thread():
        return _Fit(model, calibration, method).point(starts, seed)


def evaluations(n: int, chains: int) -> int:
    """How many evaluations of the model `calibrate` tells of."""
    each = -(-n // chains)
    return chains * (each + round(WARM_UP * each)) + ROUNDS * min(ROUND_SIZE, n)


def check_size(n: int, chains: int, seed: int, starts: int) -> None:
    """Raises UsageError for numbers of draws, chains and starts, or a seed, that will not do."""
    if not 1 <= chains <= 100:
        raise UsageError(f"{chains} chains: choose from 1 to 100, at least 2 to tell whether they agree")
    if not FEWEST_DRAWS * chains <= n <= 10_000_000:
        raise UsageError(f"n = {n:,}: choose from {FEWEST_DRAWS} draws a chain to 10,000,000 in all")
    if not 1 <= starts <= 10_000:
        raise UsageError(f"{starts} starts: choose from 1 to 10,000")
    if seed < 0:
        raise UsageError(f"the seed is {seed}: choose a whole number from 0")


def _one_thread() -> AbstractContextManager[object]:
    """Linear algebra on one thread: the matrices are small, and sums must not depend on the number of cores."""
    import scipy.linalg  # noqa: F401, PLC0415 - its library must be there to be told
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # noqa: PLC0415 - comes with scikit-learn

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


class _Fit:
    """A calibration by one method: from normal scores to values of parameters, figures and densities."""

    def __init__(self, model: Model, calibration: Calibration, method: str | None) -> None:
        self.calibration = calibration
        self.method = calibration.methods[0] if method is None else calibration.method(method)
        self.model = model.with_layer(*self.method.layers) if self.method.layers else model
        fixed: Mapping[str, float] = {item.parameter: item.value for item in calibration.fixed}
        self.forecast = Forecast(self.model, calibration.targets, calibration.parameters, fixed)
        self.observed = np.array([target.value for target in calibration.targets])
        self.se = np.array([target.se for target in calibration.targets])

    def values(self, scores: Floats) -> Floats:
        """Values of the parameters for scores of shape (..., parameter)."""
        shares = scipy.special.ndtr(np.clip(scores, -_SCORE_LIMIT, _SCORE_LIMIT))
        columns = [prior.distribution.ppf(shares[..., at]) for at, prior in enumerate(self.calibration.priors)]
        return np.stack(columns, axis=-1)

    def point(self, starts: int, seed: int) -> PointFit:
        """The optima. Raises InputError where the model refuses the medians of the priors."""
        parameters = len(self.calibration.priors)
        self.forecast.refuse_impossible(self.values(np.zeros(parameters)))
        try:
            optima = find_optima(self._residuals, parameters, starts, seed)
        except ValueError as error:
            raise CeaError(f"the calibration {self.calibration.name} failed: {error}") from error
        values = self.values(np.array([optimum.scores for optimum in optima]))
        return PointFit(
            self.model, self.calibration, self.method, tuple(optima), values, self.forecast(values), starts
        )

    def density(self, told: Told) -> Callable[[Floats], tuple[Floats, Floats]]:
        """Log density of scores (point, parameter), up to a constant, and the figures with it."""

        def evaluate(scores: Floats) -> tuple[Floats, Floats]:
            parts = []
            for first in range(0, len(scores), BATCH):
                part = self.forecast(self.values(scores[first : first + BATCH]))
                told(len(part))
                parts.append(part)
            figures = np.concatenate(parts)
            squares = np.square(scores).sum(axis=1) + np.square(self._standardised(figures)).sum(axis=1)
            return np.where(np.isfinite(squares), -squares / 2, -np.inf), figures

        return evaluate

    def _residuals(self, scores: Floats) -> Floats:
        return self._standardised(self.forecast(self.values(scores)))

    def _standardised(self, figures: Floats) -> Floats:
        return np.asarray((figures - self.observed) / self.se, dtype=np.float64)


def names_of(calibrations: Sequence[Calibration], wanted: Sequence[str]) -> list[Calibration]:
    """The calibrations with these names, or all where none is wanted. Raises UsageError."""
    by_name = {item.name: item for item in calibrations}
    for name in wanted:
        if name not in by_name:
            problem = unknown("calibration", name, None, by_name)
            raise UsageError(f"{problem.what}: {problem.remedy}")
    return [by_name[name] for name in dict.fromkeys(wanted)] or list(calibrations)

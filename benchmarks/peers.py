"""Two models in other engines: a plain NumPy loop, batched NumPy, and heormodel where it is installed.

The scale benchmark (12 states, 3 strategies, 480 months) and Sick-Sicker with mortality by age (4 states, 4 strategies,
75 years), as in `tests/validation`, with half-cycle correction. Each is given by its transition probabilities in every
year of age and the payoffs of its states, for arrays of draws; what differs is how an engine runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.cases import HEORMODEL, SCALE, SICK_SICKER

Floats = npt.NDArray[np.float64]
Values = Mapping[str, Floats]
Totals = tuple[Floats, Floats]
"""Costs and effects, each of shape (sample, strategy)."""

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "validation"
MORTALITY = np.loadtxt(FOLDER / "scale/tables/us_mortality_2015.csv", delimiter=",", skiprows=1)[:, 1]
"""US rates of death per year, at ages 25 to 99."""


@dataclass(frozen=True)
class Peer:
    """A model as arrays; layers: those of the package's model that make it the same.

    mortality: rates of death in the general population, shape (year,). matrices: draws, strategy and such rates to
    transition probabilities per cycle, shape (sample, year, state, state). payoffs: draws and strategy to cost and
    effect per year in each state, shape (sample, state) each.
    """

    layers: tuple[str, ...]
    strategies: tuple[str, ...]
    states: int
    mortality: Floats
    cycles_per_year: int
    matrices: Callable[[Values, int, Floats], Floats]
    payoffs: Callable[[Values, int], Totals]

    @property
    def weights(self) -> Floats:
        """Discounted half-cycle weights at all cycle boundaries, in years."""
        weights = np.ones(len(self.mortality) * self.cycles_per_year + 1)
        weights[[0, -1]] = 0.5
        return weights * 1.03 ** -(np.arange(len(weights)) / self.cycles_per_year) / self.cycles_per_year


def _completed(matrices: Floats) -> Floats:
    """Matrices whose diagonal, zero so far, is what is left of each row."""
    states = np.arange(matrices.shape[-1])
    matrices[..., states, states] = 1 - matrices.sum(axis=-1)
    return matrices


def _stack(values: Values, names: Sequence[str]) -> Floats:
    return np.stack([values[name] for name in names], axis=-1)


def _scale_matrices(values: Values, strategy: int, mortality: Floats) -> Floats:
    stage = np.arange(11)
    ratios = np.pad(_stack(values, [f"hr_death_{k}" for k in range(2, 12)]), ((0, 0), (1, 0)), constant_values=1.0)
    dead = 1 - np.exp(-mortality[:, np.newaxis] / 12 * ratios[:, np.newaxis])
    treated = values[f"rr_progress_treatment_{strategy}"][:, np.newaxis] if strategy else 1.0
    progress = 1 - np.exp(-_stack(values, [f"rate_progress_{k}" for k in range(1, 11)]) * treated / 12)
    regress = 1 - np.exp(-_stack(values, [f"rate_regress_{k}" for k in range(2, 11)]) / 12)
    moves = np.zeros((*dead.shape[:2], 12, 12))
    moves[..., stage, 11] = dead
    moves[..., stage[:10], stage[1:]] = (1 - dead[..., :10]) * progress[:, np.newaxis]
    moves[..., stage[1:10], stage[:9]] = (1 - dead[..., 1:10]) * regress[:, np.newaxis]
    return _completed(moves)


def _scale_payoffs(values: Values, strategy: int) -> Totals:
    cost = _stack(values, [f"cost_{k}" for k in range(1, 12)])
    if strategy:
        cost = cost + values[f"cost_treatment_{strategy}"][:, np.newaxis]
    effect = _stack(values, [f"utility_{k}" for k in range(1, 12)])
    return np.pad(cost, ((0, 0), (0, 1))), np.pad(effect, ((0, 0), (0, 1)))


def _sicker_matrices(values: Values, strategy: int, mortality: Floats) -> Floats:
    ratios = np.pad(_stack(values, ["hr_death_sick", "hr_death_sicker"]), ((0, 0), (1, 0)), constant_values=1.0)
    dead = 1 - np.exp(-mortality[:, np.newaxis] * ratios[:, np.newaxis])
    slower = values["hr_sick_sicker_treatment_b"] if strategy in (2, 3) else 1.0
    rates = (values["rate_healthy_sick"], values["rate_sick_healthy"], values["rate_sick_sicker"] * slower)
    to_sick, to_healthy, to_sicker = (1 - np.exp(-rate[:, np.newaxis]) for rate in rates)
    moves = np.zeros((*dead.shape[:2], 4, 4))
    moves[..., :3, 3] = dead
    moves[..., 0, 1] = (1 - dead[..., 0]) * to_sick
    moves[..., 1, 0] = (1 - dead[..., 1]) * to_healthy
    moves[..., 1, 2] = (1 - dead[..., 1]) * to_sicker
    return _completed(moves)


def _sicker_payoffs(values: Values, strategy: int) -> Totals:
    treatment = np.zeros_like(values["cost_sick"])
    for name, treated in (("cost_treatment_a", (1, 3)), ("cost_treatment_b", (2, 3))):
        if strategy in treated:
            treatment = treatment + values[name]
    sick = values["utility_treatment_a"] if strategy in (1, 3) else values["utility_sick"]
    nothing = np.zeros_like(sick)
    cost = [values["cost_healthy"], values["cost_sick"] + treatment, values["cost_sicker"] + treatment, nothing]
    effect = [values["utility_healthy"], sick, values["utility_sicker"], nothing]
    return np.stack(cost, axis=-1), np.stack(effect, axis=-1)


PEERS = {
    SCALE: Peer(
        layers=(),
        strategies=("no_treatment", "first_treatment", "second_treatment"),
        states=12,
        mortality=MORTALITY[25:65],
        cycles_per_year=12,
        matrices=_scale_matrices,
        payoffs=_scale_payoffs,
    ),
    SICK_SICKER: Peer(
        layers=("scenarios/age_dependent", "scenarios/half_cycle"),
        strategies=("standard_of_care", "strategy_a", "strategy_b", "strategy_ab"),
        states=4,
        mortality=MORTALITY,
        cycles_per_year=1,
        matrices=_sicker_matrices,
        payoffs=_sicker_payoffs,
    ),
}
"""By the folder of the package's model."""


def _empty(peer: Peer, values: Values) -> Totals:
    shape = (len(next(iter(values.values()))), len(peer.strategies))
    return np.empty(shape), np.empty(shape)


def numpy_loop(peer: Peer, values: Values) -> Totals:
    """One draw at a time."""
    cost, effect = _empty(peer, values)
    weights = peer.weights
    for sample in range(len(cost)):
        drawn = {name: column[sample : sample + 1] for name, column in values.items()}
        for strategy in range(len(peer.strategies)):
            occupancy = [np.eye(peer.states)[0]]
            for matrix in peer.matrices(drawn, strategy, peer.mortality)[0]:
                for _ in range(peer.cycles_per_year):
                    occupancy.append(occupancy[-1] @ matrix)
            weighted = weights @ np.array(occupancy)
            per_state = peer.payoffs(drawn, strategy)
            cost[sample, strategy], effect[sample, strategy] = (float(weighted @ payoff[0]) for payoff in per_state)
    return cost, effect


def batched_numpy(peer: Peer, values: Values) -> Totals:
    """All draws at once, one cycle at a time."""
    cost, effect = _empty(peer, values)
    weights = peer.weights
    for strategy in range(len(peer.strategies)):
        occupancy = np.zeros((len(cost), 1, peer.states))
        occupancy[:, 0, 0] = 1.0
        weighted = weights[0] * occupancy
        cycle = 0
        for year in range(len(peer.mortality)):
            matrices = peer.matrices(values, strategy, peer.mortality[year : year + 1])[:, 0]
            for _ in range(peer.cycles_per_year):
                occupancy = occupancy @ matrices
                cycle += 1
                weighted += weights[cycle] * occupancy
        per_state = peer.payoffs(values, strategy)
        cost[:, strategy], effect[:, strategy] = ((weighted[:, 0] * payoff).sum(axis=1) for payoff in per_state)
    return cost, effect


def heormodel(peer: Peer, values: Values) -> Totals:
    """The package of that name, on all cores as it runs by itself. Raises ImportError where it is not installed."""
    import pandas as pd  # noqa: PLC0415 - not needed by the engines above
    from heormodel.models import CohortSpec, MarkovModel  # noqa: PLC0415 - installed by who wants to compare
    from heormodel.run import run_psa  # noqa: PLC0415

    def spec(drawn: pd.Series, intervention: str) -> CohortSpec:
        one = {name: np.array([value]) for name, value in drawn.items()}
        strategy = peer.strategies.index(intervention)
        yearly = peer.matrices(one, strategy, peer.mortality)[0]
        cost, effect = (payoff[0] / peer.cycles_per_year for payoff in peer.payoffs(one, strategy))
        return CohortSpec(np.repeat(yearly, peer.cycles_per_year, axis=0), cost, effect)

    engine = MarkovModel(
        states=[f"state_{k}" for k in range(peer.states)],
        interventions=peer.strategies,
        transitions_and_rewards=spec,
        n_cycles=len(peer.mortality) * peer.cycles_per_year,
        cycle_length=1 / peer.cycles_per_year,
        cycle_correction="half_cycle",
    )
    samples = len(next(iter(values.values())))
    draws = pd.DataFrame(dict(values), index=pd.RangeIndex(samples, name="iteration"))
    found = run_psa(engine, draws, progress=False).outcomes.data
    cost, effect = (found[column].to_numpy().reshape(len(peer.strategies), samples).T for column in ("cost", "qaly"))
    return cost, effect


ENGINES: dict[str, Callable[[Peer, Values], Totals]] = {
    "numpy loop": numpy_loop,
    "batched numpy": batched_numpy,
    HEORMODEL: heormodel,
}

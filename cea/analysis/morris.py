"""Morris screening: a cheap first look at which inputs matter, and which interact or bend.

Morris, Technometrics 33 (1991) 161-174; mu* after Campolongo, Cariboni and Saltelli, Environmental Modelling & Software
22 (2007) 1509-1518. SALib makes the trajectories and works out the measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cea.analysis.deterministic import Progress
from cea.analysis.unit_cube import MAX_BYTES, CubeInput, CubeOutcome, OnCube
from cea.engine.outcomes import Floats
from cea.errors import UsageError

TRAJECTORIES = 64
LEVELS = 8
SCREENED = 12
"""Most inputs that screening picks for the second order."""


@dataclass(frozen=True, eq=False)
class Screening:
    """Elementary effects of each input on each outcome, arrays of shape (outcome, input), in units of the outcome.

    `mu_star` is the mean size of the change when the input goes across the whole unit cube at the slope of a step,
    `mu_star_conf` half its 95 % bootstrap interval, `sigma` the spread of the changes: zero where the input adds the
    same wherever the others are. `sigma` is NaN for an input of several columns, which move in different directions.
    """

    inputs: tuple[CubeInput, ...]
    outcomes: tuple[CubeOutcome, ...]
    trajectories: int
    seed: int
    evaluations: int
    mu_star: Floats
    mu_star_conf: Floats
    sigma: Floats

    def importance(self) -> Floats:
        """Share of the largest mu* of an outcome, the highest over the outcomes that decide, shape (input,).

        Net benefit decides: cost and effect are its parts, and the decision is its sign, which a few trajectories see
        badly. Functions that are no model go by all their outcomes.
        """
        rows = [at for at, item in enumerate(self.outcomes) if item.measure in ("nmb", "")]
        found = self.mu_star[rows]
        largest = found.max(axis=1, keepdims=True)
        share = np.divide(found, largest, out=np.zeros_like(found), where=largest > 0)
        return np.asarray(share.max(axis=0))

    def top(self, count: int = SCREENED) -> tuple[str, ...]:
        """Names of the most important inputs, the first ones first; those without any effect are left out."""
        importance = self.importance()
        order = np.argsort(-importance, kind="stable")[:count]
        return tuple(self.inputs[at].name for at in order if importance[at] > 0)

    def frame(self) -> pd.DataFrame:
        """Tidy table: outcome, headline, measure, input, label, mu_star, mu_star_conf, sigma; by falling mu*."""
        rows = []
        for at, outcome in enumerate(self.outcomes):
            for which in np.argsort(-self.mu_star[at], kind="stable"):
                item = self.inputs[which]
                found = (float(values[at, which]) for values in (self.mu_star, self.mu_star_conf, self.sigma))
                headline = outcome.headline.name if outcome.headline else ""
                rows.append((outcome.name, headline, outcome.measure, item.name, item.label, *found))
        columns = ["outcome", "headline", "measure", "input", "label", "mu_star", "mu_star_conf", "sigma"]
        return pd.DataFrame(rows, columns=columns)


def morris(
    subject: OnCube,
    trajectories: int = TRAJECTORIES,
    *,
    seed: int = 1,
    threads: int = 2,
    progress: Progress | None = None,
) -> Screening:
    """Morris screening with `trajectories` paths, each of which moves every input once, by half of the cube.

    The levels are the middles of 8 equal slices of each column, because the ends of the cube are the ends of the
    distributions. Costs trajectories × (inputs + 1) evaluations. Raises UsageError for fewer than two trajectories, a
    seed below zero, or more points than memory should hold.
    """
    from SALib.sample import morris as sampler  # noqa: PLC0415 - slow to import

    inputs = subject.inputs
    rows = trajectories * (len(inputs) + 1)
    if trajectories < 2:
        raise UsageError(f"{trajectories} trajectories: take two at least, or there is no spread")
    if seed < 0:
        raise UsageError(f"seed {seed}: give a whole number that is not below zero")
    if 8 * rows * subject.columns > MAX_BYTES:
        raise UsageError(f"{trajectories} trajectories need {rows:,} points, more than memory should hold; take fewer")
    # The step between levels stays half of the cube: delta is levels / (2 (levels - 1)) of the way between the bounds.
    edge = 0.5 / LEVELS
    problem = _problem([str(at) for at in range(subject.columns)], edge)
    problem["groups"] = _groups(inputs)
    points = sampler.sample(problem, trajectories, num_levels=LEVELS, seed=seed)
    values = subject.values(points, threads, progress)
    return _analysed(subject, points, values, trajectories, seed)


def _analysed(subject: OnCube, points: Floats, values: Floats, trajectories: int, seed: int) -> Screening:
    """The measures of every outcome.

    SALib has no spread where any input is a group, so it is told of one column an input, the first one, which says when
    the input moved. Its effects are by the way between the bounds, which is a little less than the cube.
    """
    from SALib.analyze import morris as analyser  # noqa: PLC0415 - as in `morris`

    inputs = subject.inputs
    moves = np.ascontiguousarray(points[:, [min(item.columns) for item in inputs]])
    scale = LEVELS / (LEVELS - 1)
    shape = (len(subject.outcomes), len(inputs))
    mu_star, conf, sigma = np.empty(shape), np.empty(shape), np.empty(shape)
    for at in range(len(subject.outcomes)):
        problem = _problem([item.name for item in inputs], 0.5 / LEVELS)
        found = analyser.analyze(problem, moves, values[:, at].copy(), num_levels=LEVELS, seed=seed)
        mu_star[at], conf[at], sigma[at] = (
            scale * np.asarray(found[key], dtype=np.float64) for key in ("mu_star", "mu_star_conf", "sigma")
        )
    sigma[:, [len(item.columns) > 1 for item in inputs]] = np.nan
    return Screening(inputs, subject.outcomes, trajectories, seed, len(points), mu_star, conf, sigma)


def _problem(names: Sequence[str], edge: float) -> dict[str, Any]:
    """Columns as SALib describes them."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[edge, 1 - edge]] * len(names)}


def _groups(inputs: Sequence[CubeInput]) -> list[str]:
    """The input of each column; SALib keeps groups in the order of their first columns, as the inputs are."""
    names = {column: item.name for item in inputs for column in item.columns}
    return [names[column] for column in range(len(names))]

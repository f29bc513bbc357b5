"""Sobol indices: which share of an outcome's variance each uncertain input accounts for.

First order S1: the share that goes when the input alone is known (on average). Total order ST: the share that is left
when all others are known, interactions included. Second order S2: what two inputs share beyond their own shares.
SALib samples (scrambled Sobol points, in the design of Saltelli, Computer Physics Communications 145 (2002) 280-297)
and estimates, after Saltelli and others, Computer Physics Communications 181 (2010) 259-270, with bootstrap intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from cea.analysis.deterministic import Progress
from cea.analysis.unit_cube import MAX_BYTES, CubeInput, CubeOutcome, OnCube
from cea.engine.outcomes import Floats
from cea.errors import UsageError

LEAST = 16
"""Smallest n: its quarter, for the check over n, is still a balanced set of points."""
RESAMPLES = 100
MATTERS = 0.05
"""Total share from which on it is worth saying that an input has no certain rank."""
VISIBLE = 0.01
"""Errors of a share below this are not worth a warning."""


@dataclass(frozen=True, eq=False)
class Sobol:
    """Sobol indices; arrays have shape (outcome, input), S2 and S2_conf (outcome, input, input), above the diagonal.

    `*_conf` is half a 95 % bootstrap interval. Nothing is clamped: an index may be a little below zero or above one by
    error. Indices of an outcome that does not vary are NaN. `mean` and `sd` of the outcomes have shape (outcome,).
    `sizes` are the n of the check over n, the last one `n` itself; S1_by_n and ST_by_n: shape (size, outcome, input).
    """

    inputs: tuple[CubeInput, ...]
    outcomes: tuple[CubeOutcome, ...]
    n: int
    seed: int
    evaluations: int
    mean: Floats
    sd: Floats
    S1: Floats
    S1_conf: Floats
    ST: Floats
    ST_conf: Floats
    sizes: tuple[int, ...]
    S1_by_n: Floats
    ST_by_n: Floats
    S2: Floats | None = None
    S2_conf: Floats | None = None

    def order(self, outcome: int) -> list[int]:
        """Positions of the inputs by falling total order of an outcome."""
        return [int(at) for at in np.argsort(-np.nan_to_num(self.ST[outcome]), kind="stable")]

    def ranks(self, outcome: int) -> list[tuple[int, int]]:
        """The best and the worst rank by total order that the interval of each input allows."""
        low, high = self.ST[outcome] - self.ST_conf[outcome], self.ST[outcome] + self.ST_conf[outcome]
        above = (low[np.newaxis, :] > high[:, np.newaxis]).sum(axis=1)
        below = (high[np.newaxis, :] < low[:, np.newaxis]).sum(axis=1)
        count = len(self.inputs)
        return [(1 + int(up), count - int(down)) for up, down in zip(above, below, strict=True)]

    def unranked(self, outcome: int) -> list[list[str]]:
        """Inputs that matter whose order is not certain: runs of neighbours by total order whose intervals overlap."""
        runs: list[list[int]] = []
        for at in self.order(outcome):
            if not self.ST[outcome, at] >= MATTERS:
                break
            last = runs[-1][-1] if runs else None
            if last is not None and self._overlap(outcome, last, at):
                runs[-1].append(at)
            else:
                runs.append([at])
        return [[self.inputs[at].name for at in run] for run in runs if len(run) > 1]

    def _overlap(self, outcome: int, one: int, next_: int) -> bool:
        middle, half = self.ST[outcome], self.ST_conf[outcome]
        return bool(middle[one] - half[one] <= middle[next_] + half[next_])

    def shift(self, outcome: int) -> tuple[str, float, float]:
        """The check over n: the input whose ST moved most when n doubled last, by how much, and half its interval."""
        moved = np.abs(self.ST_by_n[-1, outcome] - self.ST_by_n[-2, outcome])
        at = int(np.argmax(np.where(np.isnan(moved), np.inf, moved)))
        return self.inputs[at].name, float(moved[at]), float(self.ST_conf[outcome, at])

    def warnings(self) -> Iterator[tuple[CubeOutcome, str]]:
        """What keeps the indices from being read as they stand, by outcome."""
        for at, outcome in enumerate(self.outcomes):
            if not self.sd[at] > 0:
                yield outcome, f"it is {self.mean[at]:.6g} at every point, so that there is no variance to share out"
                continue
            if runs := self.unranked(at):
                names = "; ".join(", ".join(run) for run in runs)
                yield outcome, f"intervals too wide to rank, neighbours overlap: {names}; a larger n narrows them"
            beyond = [
                f"{item.name} ({self.S1[at, which]:.3f})"
                for which, item in enumerate(self.inputs)
                if self.S1[at, which] + self.S1_conf[at, which] < -VISIBLE
            ]
            if beyond:
                yield outcome, f"first order below zero by more than its interval: {', '.join(beyond)}; n is too small"
            name, moved, half = self.shift(at)
            if not moved <= max(half, VISIBLE):
                steps = f"from n = {self.sizes[-2]:,} to {self.sizes[-1]:,}"
                what = f"not settled: ST of {name} moved by {moved:.3f} {steps}, more than its interval of ±{half:.3f}"
                yield outcome, f"{what}; take a larger n"

    def frame(self) -> pd.DataFrame:
        """Tidy table: outcome, headline, measure, input, label, S1, S1_conf, ST, ST_conf, rank_low, rank_high, note.

        By outcome, then falling ST. The note says where an index is below zero.
        """
        rows = []
        for at, outcome in enumerate(self.outcomes):
            ranks = self.ranks(at)
            for which in self.order(at):
                item = self.inputs[which]
                values = (array[at, which] for array in (self.S1, self.S1_conf, self.ST, self.ST_conf))
                note = self._note(at, which)
                rows.append((*_names(outcome), item.name, item.label, *map(float, values), *ranks[which], note))
        columns = ["input", "label", "S1", "S1_conf", "ST", "ST_conf", "rank_low", "rank_high", "note"]
        return pd.DataFrame(rows, columns=[*_OUTCOME, *columns])

    def _note(self, outcome: int, which: int) -> str:
        first, half = self.S1[outcome, which], self.S1_conf[outcome, which]
        if not first < 0:
            return ""
        return f"S1 below zero {'within' if first + half >= 0 else 'beyond'} its error"

    def second_order_frame(self) -> pd.DataFrame:
        """Tidy table: outcome, headline, measure, first, second, S2, S2_conf, at_most; by outcome, then falling S2.

        at_most is the smaller total order of the two, of which the true S2 is a part; estimates above it or below zero
        are error.
        """
        rows = []
        for at, outcome in enumerate(self.outcomes):
            found: list[tuple[str, str, float, float, float]] = []
            for one, two in combinations(range(len(self.inputs)), 2):
                if self.S2 is not None and self.S2_conf is not None:
                    pair = (self.inputs[one].name, self.inputs[two].name)
                    shared, half = float(self.S2[at, one, two]), float(self.S2_conf[at, one, two])
                    found.append((*pair, shared, half, float(self.ST[at, [one, two]].min())))
            found.sort(key=lambda row: -row[2])
            rows += [(*_names(outcome), *row) for row in found]
        return pd.DataFrame(rows, columns=[*_OUTCOME, "first", "second", "S2", "S2_conf", "at_most"])

    def convergence_frame(self) -> pd.DataFrame:
        """The check over n, tidy: outcome, headline, measure, input, n, S1, ST."""
        rows = [
            (*_names(outcome), item.name, n, float(self.S1_by_n[size, at, which]), float(self.ST_by_n[size, at, which]))
            for at, outcome in enumerate(self.outcomes)
            for which, item in enumerate(self.inputs)
            for size, n in enumerate(self.sizes)
        ]
        return pd.DataFrame(rows, columns=[*_OUTCOME, "input", "n", "S1", "ST"])


_OUTCOME = ("outcome", "headline", "measure")


def _names(outcome: CubeOutcome) -> tuple[str, str, str]:
    return outcome.name, outcome.headline.name if outcome.headline else "", outcome.measure


def sobol(
    subject: OnCube,
    n: int = 1024,
    *,
    seed: int = 1,
    second_order: bool = False,
    threads: int = 2,
    progress: Progress | None = None,
) -> Sobol:
    """Sobol indices of every input and outcome; `second_order` adds those of pairs.

    Costs n × (inputs + 2) evaluations, with second order n × (2 inputs + 2). The same seed gives the same indices, for
    any number of threads. Raises UsageError where n is not a power of two from 16 on, the seed is below zero, or there
    would be more points than memory should hold.
    """
    from SALib.sample import sobol as sampler  # noqa: PLC0415 - slow to import

    check_size(n, seed)
    width = (2 if second_order else 1) * len(subject.inputs) + 2
    if 8 * n * width * subject.columns > MAX_BYTES:
        what = f"n = {n:,} needs {n * width:,} points of {subject.columns} columns, more than memory should hold"
        raise UsageError(f"{what}: take a smaller n, or fewer inputs")
    problem = _problem(subject)
    points = sampler.sample(problem, n, calc_second_order=second_order, seed=seed)
    values = subject.values(points, threads, progress)
    del points
    return _analysed(subject, problem, values, n, seed, second_order)


def check_size(n: int, seed: int = 1) -> None:
    """Raises UsageError for an n that is not a power of two from 16 on, or a seed below zero."""
    if seed < 0:
        raise UsageError(f"seed {seed}: give a whole number that is not below zero")
    if n < LEAST:
        raise UsageError(f"n = {n}: take {LEAST} at least, and a power of two, such as 1024")
    if n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        raise UsageError(
            f"n = {n} is not a power of two: only sets of 2, 4, 8, ... Sobol points fill the cube evenly, with others "
            f"the indices are less exact; take {below} or {2 * below}"
        )


def _problem(subject: OnCube) -> dict[str, Any]:
    """Columns and their inputs as SALib describes them; it keeps groups in the order of their first columns."""
    group = {column: item.name for item in subject.inputs for column in item.columns}
    names = [f"column {column}" for column in range(subject.columns)]
    return {
        "num_vars": subject.columns,
        "names": names,
        "bounds": [[0.0, 1.0]] * subject.columns,
        "groups": [group[column] for column in range(subject.columns)],
    }


def _analysed(subject: OnCube, problem: dict[str, Any], values: Floats, n: int, seed: int, second: bool) -> Sobol:
    width = len(values) // n
    sizes = (n // 4, n // 2, n)
    shape = (len(subject.outcomes), len(subject.inputs))
    found = {key: np.full(shape, np.nan) for key in ("S1", "S1_conf", "ST", "ST_conf")}
    pairs = {key: np.full((*shape, shape[1]), np.nan) for key in ("S2", "S2_conf")} if second else {}
    by_n = {key: np.full((len(sizes), *shape), np.nan) for key in ("S1", "ST")}
    mean, sd = np.empty(shape[0]), np.empty(shape[0])
    for at in range(shape[0]):
        column = np.ascontiguousarray(values[:, at])
        # The first and the last point of each row of the design are the independent ones.
        own = np.concatenate([column[::width], column[width - 1 :: width]])
        mean[at], sd[at] = own.mean(), own.std() if np.ptp(own) > 0 else 0.0
        for size, count in enumerate(sizes):
            part = column[: count * width]
            indices = _indices(problem, part, width, seed, second, RESAMPLES if count == n else 2)
            if indices is None:
                continue
            for key, history in by_n.items():
                history[size, at] = indices[key]
            if count == n:
                for key, array in [*found.items(), *pairs.items()]:
                    array[at] = indices[key]
    return Sobol(
        subject.inputs, subject.outcomes, n, seed, len(values), mean, sd, **found, sizes=sizes,
        S1_by_n=by_n["S1"], ST_by_n=by_n["ST"], **pairs,
    )  # fmt: skip


def _indices(
    problem: dict[str, Any], values: Floats, width: int, seed: int, second: bool, resamples: int
) -> dict[str, Any] | None:
    """SALib's indices of one outcome; None where the independent points are all the same."""
    from SALib.analyze import sobol as analyser  # noqa: PLC0415 - as in `sobol`

    if np.ptp(np.concatenate([values[::width], values[width - 1 :: width]])) == 0:
        return None
    # SALib takes a seed of zero for none.
    answer: dict[str, Any] = analyser.analyze(
        problem, values, calc_second_order=second, num_resamples=resamples, seed=seed + 1
    )
    return answer

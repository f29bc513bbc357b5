"""Solved parameters in draws: solved once and held, beside solved again for the target of each draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cea.analysis.uncertainty import Contrast, contrast_of
from cea.engine.markov import Floats
from cea.engine.psa import DrawResults, HazardTarget, Job, collect, hazard_targets
from cea.engine.resolving import Resolved
from cea.engine.results import choose_perspective
from cea.engine.sampling import Sampler
from cea.engine.solve import solved_values
from cea.model.definition import Headline, Model


@dataclass(frozen=True, eq=False)
class Way:
    """The draws with the parameters `held` or `solved again`: headlines and the ratios that the draws imply.

    `values` of the solved parameters have shape (sample,), or are one number where held.
    """

    name: str
    headlines: tuple[tuple[Headline, Contrast], ...]
    hazards: tuple[tuple[HazardTarget, Floats], ...]
    values: dict[str, Floats]
    results: DrawResults


@dataclass(frozen=True, eq=False)
class Solving:
    """Both ways on the same draws, and how many draws kept the held value because no other meets their target."""

    held: Way
    again: Way
    kept: dict[str, int]

    def frame(self) -> pd.DataFrame:
        """Tidy table: a row for each way and headline.

        Columns: way, headline, strategy, comparator, incremental_cost, incremental_effect, icer, threshold, nmb,
        nmb_error, probability_cost_effective.
        """
        rows = []
        for way in (self.held, self.again):
            outcomes = way.results.outcomes
            for headline, contrast in way.headlines:
                worth = zip(outcomes.thresholds, contrast.nmb, contrast.probability_cost_effective, strict=True)
                for threshold, nmb, probability in worth:
                    rows.append(
                        {
                            "way": way.name, "headline": headline.name, "strategy": headline.strategy,
                            "comparator": headline.comparator, "incremental_cost": contrast.cost.mean,
                            "incremental_effect": contrast.effect.mean, "icer": contrast.icer, "threshold": threshold,
                            "nmb": nmb.mean, "nmb_error": nmb.error, "probability_cost_effective": probability,
                        }
                    )
        return pd.DataFrame(rows)

    def hazards_frame(self) -> pd.DataFrame:
        """Tidy table: a row for each way and hazard target: way, parameter, years, and quantiles low, median, high.

        Those of the hazard ratio that the draws imply, and `value_low` and so on, of the parameter.
        """
        rows = []
        for way in (self.held, self.again):
            for target, ratio in way.hazards:
                low, median, high = np.quantile(ratio, [0.025, 0.5, 0.975])
                value = np.quantile(way.values[target.parameter], [0.025, 0.5, 0.975])
                rows.append(
                    {
                        "way": way.name, "parameter": target.parameter, "years": target.years, "low": low,
                        "median": median, "high": high, "value_low": value[0], "value_median": value[1],
                        "value_high": value[2],
                    }
                )
        return pd.DataFrame(rows)


def compare_solving(
    model: Model, n: int, seed: int = 1, perspective: str | None = None, *, threads: int = 2
) -> Solving:
    """Runs the same draws both ways. Raises UsageError where nothing can be solved in draws, and what a run raises."""
    sampler = Sampler(model, n, seed)
    again = Resolved(model, sampler)
    solved = solved_values(model)
    chosen = choose_perspective(model, perspective)
    ways: list[Way] = []
    kept: dict[str, int] = {}
    for name, source in (("held", sampler), ("solved again", again)):
        job = Job.of(model, source, chosen)
        results = collect(model, job, chosen, (job.run(index, threads=threads) for index in range(job.segments)))
        values = {item: np.array([value]) for item, value in solved.items()}
        if source is again:
            blocks = [job.draws(index, threads) for index in range(job.segments)]
            values |= {root.name: np.concatenate([block[root.name] for block in blocks]) for root in again.roots}
            kept = {root.name: int((values[root.name] == root.fallback).sum()) for root in again.roots}
        ways.append(_way(name, results, model, values, hazard_targets(model, solved)))
    return Solving(ways[0], ways[1], kept)


def _way(
    name: str, results: DrawResults, model: Model, values: dict[str, Floats], targets: Iterable[HazardTarget]
) -> Way:
    there = results.outcomes.strategies
    headlines = [item for item in model.headlines.values() if item.strategy in there and item.comparator in there]
    return Way(
        name,
        tuple((item, contrast_of(results, item)) for item in headlines),
        tuple((item, results.hazard_ratio(item.strategy, item.comparator, item.years)) for item in targets),
        values,
        results,
    )

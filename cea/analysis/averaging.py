"""Averaging over structures: draws of several models in proportion to stated weights, and what knowing the right one
would be worth.

Model averaging with weights that are judgements, not fits to data: Jackson, Thompson and Sharples, J R Stat Soc A
2009;172:383-404, and Bojke and others, Value Health 2009;12:739-749 (structural uncertainty).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cea.analysis.structures import Combination, Structures, combine, with_choices
from cea.analysis.uncertainty import Contrast, contrast_of
from cea.engine.mixture import Member, Mixture, member_seed, shares
from cea.engine.outcomes import Outcomes
from cea.engine.psa import DrawResults, Job, alive_years, collect
from cea.engine.resolving import Resolved, resolvable
from cea.engine.results import choose_perspective
from cea.engine.sampling import Sampler
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.model.definition import Headline, Model


def weighted(model: Model, structures: Structures) -> tuple[Combination, ...]:
    """The combinations with a weight, the questions that only one choice answers left out of their labels.

    Raises UsageError where two of the choices exclude each other.
    """
    found = combine(model, structures.dimensions, weighted=True)
    for item in found:
        if item.reason:
            raise UsageError(f"{item.label} cannot be averaged: {item.reason}")
    return found


def mixture(
    model: Model, structures: Structures, n: int, seed: int = 1, sampler: str = "random", joint: str = "correlation",
    perspective: str | None = None, *, resolve: bool = False,
) -> Mixture:  # fmt: skip
    """The probabilistic analysis averaged over structures: `n` draws, shared out in proportion to the weights.

    The arguments are those of Sampler and Job; with `resolve`, structures that solve a parameter do so again in each
    draw. Raises UsageError for structures that cannot be averaged or an `n` that
    leaves one without a draw, and what Sampler and Job raise.
    """
    found = weighted(model, structures)
    open_questions = [position for position, item in enumerate(structures.dimensions) if max(item.weights) < 1]
    years = alive_years(model, solved_values(model))
    members = []
    for position, (item, own) in enumerate(zip(found, shares([each.weight for each in found], n), strict=True)):
        under = with_choices(model, item.choices)
        source = Sampler(under, own, member_seed(seed, position), sampler, joint)
        again = resolve and bool(resolvable(under))
        job = Job.of(under, Resolved(under, source) if again else source, perspective, years)
        shown = [item.choices[at] for at in open_questions]
        members.append(
            Member(
                " + ".join(choice.name for choice in shown) or "base",
                "; ".join(choice.label for choice in shown) or "Base case",
                item.weight,
                job,
            )
        )
    return Mixture(tuple(members))


@dataclass(frozen=True)
class Part:
    """A comparison in the draws of one structure, `share` of all."""

    name: str
    label: str
    share: float
    contrast: Contrast


@dataclass(frozen=True, eq=False)
class ByStructure:
    """A comparison in the draws of an averaged analysis: under each structure, and `average` over all."""

    headline: Headline
    thresholds: tuple[float, ...]
    parts: tuple[Part, ...]
    average: Contrast

    def value_of_structure(self, threshold: float) -> float:
        """Expected gain in net benefit per person from knowing which structure holds before choosing.

        What stays unknown within each structure is averaged out, as in the value of partial perfect information.
        Raises ValueError for a threshold that was not analysed.
        """
        at = self.thresholds.index(threshold)
        informed = sum(part.share * max(part.contrast.nmb[at].mean, 0.0) for part in self.parts)
        return informed - max(sum(part.share * part.contrast.nmb[at].mean for part in self.parts), 0.0)

    def records(self) -> Iterator[dict[str, object]]:
        """A row for each structure, and one for the average, at each threshold."""
        rows = [*((part.name, part.label, part.share, part.contrast) for part in self.parts)]
        for name, label, share, contrast in (*rows, ("average", "Average", 1.0, self.average)):
            for threshold, nmb, probability in zip(
                self.thresholds, contrast.nmb, contrast.probability_cost_effective, strict=True
            ):
                yield {
                    "headline": self.headline.name,
                    "strategy": self.headline.strategy,
                    "comparator": self.headline.comparator,
                    "structure": name,
                    "label": label,
                    "share": share,
                    "incremental_cost": contrast.cost.mean,
                    "incremental_effect": contrast.effect.mean,
                    "icer": contrast.icer,
                    "threshold": threshold,
                    "nmb": nmb.mean,
                    "probability_cost_effective": probability,
                    "value_of_structure": self.value_of_structure(threshold) if name == "average" else None,
                }


def by_structure(outcomes: Outcomes, mixed: Mixture, headlines: Iterable[Headline]) -> tuple[ByStructure, ...]:
    """Every headline whose strategies are there, by structure. Raises UsageError for structures with a single draw."""
    found = []
    for headline in headlines:
        if headline.strategy in outcomes.strategies and headline.comparator in outcomes.strategies:
            parts = tuple(
                Part(member.name, member.label, member.job.n / mixed.n, contrast_of(outcomes.rows(rows), headline))
                for member, rows in zip(mixed.members, mixed.parts, strict=True)
            )
            found.append(ByStructure(headline, outcomes.thresholds, parts, contrast_of(outcomes, headline)))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Averaged:
    """An analysis averaged over structures: all draws together, and every headline by structure."""

    results: DrawResults
    comparisons: tuple[ByStructure, ...]

    @property
    def outcomes(self) -> Outcomes:
        """Costs and effects of all draws, those of each structure one after the other."""
        return self.results.outcomes

    def frame(self) -> pd.DataFrame:
        """Every headline by structure, as `by_structure_frame` gives it."""
        return by_structure_frame(self.comparisons)


def average(
    model: Model, structures: Structures, n: int, seed: int = 1, perspective: str | None = None, *,
    resolve: bool = False, threads: int = 2,
) -> Averaged:  # fmt: skip
    """Runs a model averaged over its structures, in memory: `n` draws in proportion to the weights.

    With `resolve` solved parameters are solved again in each draw. Raises as `mixture` and running a job do.
    """
    chosen = choose_perspective(model, perspective)
    mixed = mixture(model, structures, n, seed, perspective=chosen, resolve=resolve)
    results = collect(model, mixed, chosen, (mixed.run(index, threads=threads) for index in range(mixed.segments)))
    return Averaged(results, by_structure(results.outcomes, mixed, model.headlines.values()))


def by_structure_frame(items: Iterable[ByStructure]) -> pd.DataFrame:
    """Tidy table: a row for each headline, structure (the last one `average`) and threshold.

    Columns: headline, strategy, comparator, structure, label, share, incremental_cost, incremental_effect, icer,
    threshold, nmb, probability_cost_effective, value_of_structure.
    """
    return pd.DataFrame([record for item in items for record in item.records()])


def shuffled(outcomes: Outcomes, seed: int) -> Outcomes:
    """The draws of all structures mixed up, so that the first of them are a sample of the whole."""
    stream = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
    return outcomes.rows(stream.permutation(len(outcomes.cost)))

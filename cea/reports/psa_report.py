"""A probabilistic analysis with everything that is said of it: the analyses of its draws, their tables and figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cea.analysis.acceptability import Acceptability, acceptability
from cea.analysis.averaging import ByStructure, by_structure_frame
from cea.analysis.convergence import Convergence, convergence
from cea.analysis.headline import severity_of
from cea.analysis.information import PerfectInformation, evpi, population_evpi
from cea.analysis.moments import moments
from cea.analysis.uncertainty import (
    Contrast,
    IncrementalBenefit,
    Summary,
    contrast_of,
    incremental_benefit,
    summary,
)
from cea.engine.markov import Floats
from cea.engine.outcomes import Outcomes
from cea.engine.psa import DrawResults, HazardTarget, Segmented, hazard_targets
from cea.engine.results import Results
from cea.model.definition import Headline
from cea.reports.wording import NONE, listing, money, setting, share

SAVED_DRAWS = 100_000
"""Parameter draws are written to the run folder up to this many; beyond, seed and n make them again."""


@dataclass(frozen=True)
class Population:
    """Who the decision concerns, as the user assumes: people a year, for some years, discounted at a rate a year."""

    incidence: float
    years: int
    discount_rate: float

    def people(self) -> float:
        """All of them, those of later years discounted. Raises UsageError as `population_evpi` does."""
        return population_evpi(1.0, self.incidence, self.years, self.discount_rate)

    def evpi(self, per_person: Floats) -> Floats:
        """EVPI of all of them, in the currency and shape of `per_person`."""
        return per_person * self.people()


@dataclass(frozen=True)
class Comparison:
    """A headline of the model in the draws.

    `weight` is the severity weight at the point values, fixed over the draws, and `weighted` the contrast with effects
    times it; both None where the model has no severity.
    """

    headline: Headline
    contrast: Contrast
    weight: float | None = None
    weighted: Contrast | None = None


@dataclass(frozen=True, eq=False)
class PsaReport:
    """Everything that is shown of a probabilistic analysis, beside the deterministic results `base`.

    `hazards` holds the hazard ratios that the model was solved for, each with its value in every draw (sample,);
    `structures` the headlines by structure, where the draws are averaged over several.
    """

    results: DrawResults
    base: Results
    summary: Summary
    comparisons: tuple[Comparison, ...]
    curve: Acceptability
    information: PerfectInformation
    benefit: IncrementalBenefit
    convergence: Convergence
    hazards: tuple[tuple[HazardTarget, Floats], ...]
    population: Population | None
    structures: tuple[ByStructure, ...] = ()

    @classmethod
    def of(
        cls,
        results: DrawResults,
        base: Results,
        comparator: str | None = None,
        *,
        independent: bool = True,
        population: Population | None = None,
        in_order: Outcomes | None = None,
        structures: tuple[ByStructure, ...] = (),
    ) -> PsaReport:
        """All analyses of the draws, which are not `independent` where they are spread evenly.

        in_order: the same draws in the order in which more and more of them are looked at, for convergence.
        structures: the headlines by structure, where the draws are those of several.
        Raises UsageError for an unknown comparator, or fewer than two draws.
        """
        outcomes = results.outcomes
        curve = acceptability(outcomes)
        targets = hazard_targets(results.model, base.solved)
        return cls(
            results=results,
            base=base,
            summary=summary(outcomes, comparator),
            comparisons=tuple(_comparisons(results, base)),
            curve=curve,
            information=evpi(outcomes),
            benefit=incremental_benefit(outcomes, comparator=comparator),
            convergence=convergence(in_order or outcomes, comparator=comparator, independent=independent),
            hazards=tuple((item, results.hazard_ratio(item.strategy, item.comparator, item.years)) for item in targets),
            population=population,
            structures=structures,
        )

    def tables(self, job: Segmented) -> dict[str, pd.DataFrame]:
        """The tables of the run folder, but for those with the outcomes of every draw."""
        evpi_frame = self.information.frame()
        if self.population is not None:
            evpi_frame["population_evpi"] = self.population.evpi(self.information.per_person)
        found = {
            "summary": self.summary.frame(),
            "increments": self.summary.contrast_frame(),
            "acceptability": self.curve.frame(),
            "acceptability_frontier": self.curve.frontier_frame(),
            "evpi": evpi_frame,
            "incremental_benefit": self.benefit.frame(),
            "convergence": self.convergence.frame(),
        }
        if self.hazards:
            found["hazard_ratios"] = pd.DataFrame(
                {f"{item.strategy} against {item.comparator}": ratio for item, ratio in self.hazards}
            )
        if self.structures:
            found["by_structure"] = by_structure_frame(self.structures)
        if job.n <= SAVED_DRAWS:
            parts = [pd.DataFrame(dict(job.draws(index))) for index in range(job.segments)]
            found["draws"] = pd.concat(parts, ignore_index=True)
            found["draws"].attrs["currency"] = self.results.model.currency
            if not self.structures:
                found["draw_moments"] = moments(found["draws"], self.results.model)
        return found

    def draw(self, folder: Path) -> list[Path]:
        """Draws the figures into a folder; those of increments need two strategies."""
        from cea.reports import psa_figures, style  # noqa: PLC0415 - matplotlib is slow to import

        outcomes = self.results.outcomes
        drawn = {
            "acceptability": psa_figures.acceptability(self.curve),
            "expected_loss": psa_figures.expected_loss(self.curve),
            "evpi": psa_figures.information(self.information),
        }
        if len(outcomes.strategies) > 1:
            drawn["plane"] = psa_figures.plane(outcomes, self.summary.comparator)
            drawn["incremental_benefit"] = psa_figures.incremental_benefit(self.benefit)
            drawn["convergence"] = psa_figures.convergence(self.convergence)
        others = dict.fromkeys(item.headline.comparator for item in self.comparisons)
        for comparator in others:
            if comparator != self.summary.comparator:
                drawn[f"plane_against_{comparator}"] = psa_figures.plane(outcomes, comparator)
        where = f"{setting(self.results.model, self.base.perspective)}{self.averaged}"
        return [path for name, figure in drawn.items() for path in style.save(figure, folder / name, where)]

    @property
    def averaged(self) -> str:
        """That the draws are those of several structures, in words that follow; empty where they are of one."""
        return f", averaged over {len(self.structures[0].parts)} structures" if self.structures else ""

    @property
    def line(self) -> str:
        """What the headline comparisons come to, in a line."""
        outcomes = self.results.outcomes
        labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
        parts = []
        for item in self.comparisons:
            icer, name = item.contrast.icer, f"{item.contrast.label} against {labels[item.headline.comparator]}"
            ratio = NONE if icer is None else f"{money(icer, outcomes.currency)} per {outcomes.effect_unit}"
            worth = zip(outcomes.thresholds, item.contrast.probability_cost_effective, strict=True)
            shares = listing(f"{share(value)} at {money(threshold, outcomes.currency)}" for threshold, value in worth)
            parts.append(f"{name}: {ratio}, worth it in {shares}")
        return "; ".join(parts)


def spread(ratio: Floats) -> tuple[float, float, float]:
    """2.5th percentile, median and 97.5th percentile of a ratio; not finite where that many draws have no value."""
    with np.errstate(invalid="ignore"):
        low, median, high = np.quantile(ratio, [0.025, 0.5, 0.975])
    return float(low), float(median), float(high)


def _comparisons(results: DrawResults, base: Results) -> Iterable[Comparison]:
    """The headlines whose strategies are both there."""
    outcomes = results.outcomes
    for headline in results.model.headlines.values():
        if headline.strategy not in outcomes.strategies or headline.comparator not in outcomes.strategies:
            continue
        contrast = contrast_of(outcomes, headline)
        severity = severity_of(base, headline.comparator)
        if severity is None:
            yield Comparison(headline, contrast)
        elif severity.weight == 1:
            yield Comparison(headline, contrast, 1.0, contrast)
        else:
            weighted = replace(outcomes, effect=outcomes.effect * severity.weight)
            yield Comparison(headline, contrast, severity.weight, contrast_of(weighted, headline))

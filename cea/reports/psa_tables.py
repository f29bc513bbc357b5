"""A probabilistic analysis as tables, figures and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.acceptability import Acceptability, acceptability
from cea.analysis.convergence import Convergence, convergence
from cea.analysis.information import PerfectInformation, evpi
from cea.analysis.moments import moments
from cea.analysis.uncertainty import Contrast, Estimate, IncrementalBenefit, Summary, incremental_benefit, summary
from cea.engine.psa import DrawResults, HazardTarget, Job, hazard_targets
from cea.engine.results import Results
from cea.reports.run_folder import Manifest
from cea.reports.run_tables import heading, short
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, effect, money

SAVED_DRAWS = 100_000
"""Parameter draws are written to the run folder up to this many; beyond, seed and n make them again."""


@dataclass(frozen=True)
class PsaReport:
    """Everything that is shown of a probabilistic analysis, beside the deterministic results."""

    results: DrawResults
    base: Results
    summary: Summary
    headlines: tuple[tuple[str, Contrast, str], ...]
    curve: Acceptability
    information: PerfectInformation
    benefit: IncrementalBenefit
    convergence: Convergence
    hazards: tuple[tuple[HazardTarget, np.ndarray[Any, Any]], ...]

    @classmethod
    def of(cls, results: DrawResults, base: Results, comparator: str | None, *, independent: bool) -> PsaReport:
        """All analyses of the draws. Raises UsageError for an unknown comparator or fewer than two draws."""
        outcomes, model = results.outcomes, results.model
        pairs = []
        for headline in model.headlines.values():
            if headline.strategy in outcomes.strategies and headline.comparator in outcomes.strategies:
                found = summary(outcomes, headline.comparator)
                contrast = next(item for item in found.contrasts if item.strategy == headline.strategy)
                pairs.append((headline.label, contrast, headline.comparator))
        targets = hazard_targets(model, base.solved)
        return cls(
            results=results,
            base=base,
            summary=summary(outcomes, comparator),
            headlines=tuple(pairs),
            curve=acceptability(outcomes),
            information=evpi(outcomes),
            benefit=incremental_benefit(outcomes, comparator=comparator),
            convergence=convergence(outcomes, comparator=comparator, independent=independent),
            hazards=tuple((item, results.hazard_ratio(item.strategy, item.comparator, item.years)) for item in targets),
        )


def tables(report: PsaReport, job: Job) -> dict[str, pd.DataFrame]:
    """The tables of the run folder."""
    results = report.results
    outcomes = results.outcomes.frame()
    for position, category in enumerate(results.categories):
        outcomes[f"cost: {category}"] = results.cost_by_category[..., position].ravel()
    found = {
        "summary": report.summary.frame(),
        "increments": report.summary.contrast_frame(),
        "acceptability": report.curve.frame(),
        "acceptability_frontier": report.curve.frontier_frame(),
        "evpi": report.information.frame(),
        "incremental_benefit": report.benefit.frame(),
        "convergence": report.convergence.frame(),
        "outcomes": outcomes,
    }
    if report.hazards:
        found["hazard_ratios"] = pd.DataFrame(
            {f"{item.strategy} against {item.comparator}": ratio for item, ratio in report.hazards}
        )
    if job.n <= SAVED_DRAWS:
        parts = [pd.DataFrame(dict(job.draws(index))) for index in range(job.segments)]
        found["draws"] = pd.concat(parts, ignore_index=True)
        found["draw_moments"] = moments(found["draws"], results.model)
    return found


def figures(report: PsaReport, folder: Path) -> list[Path]:
    """Draws the figures into a folder."""
    from cea.reports import psa_figures, style  # noqa: PLC0415 - matplotlib is slow to import

    drawn = {
        "plane": psa_figures.plane(report.results.outcomes, report.summary.comparator),
        "acceptability": psa_figures.acceptability(report.curve),
        "expected_loss": psa_figures.expected_loss(report.curve),
        "incremental_benefit": psa_figures.incremental_benefit(report.benefit),
        "evpi": psa_figures.information(report.information),
        "convergence": psa_figures.convergence(report.convergence),
    }
    return [path for name, figure in drawn.items() for path in style.save(figure, folder / name)]


def as_json(report: PsaReport, digest: str, manifest: Manifest) -> dict[str, Any]:
    """The JSON object of `cea psa`; its keys are documented in docs/results.md and stable."""
    outcomes = report.results.outcomes
    curve = report.curve
    return {
        "n": len(outcomes.cost),
        "seed": manifest.seed,
        "sha256": digest,
        "means": report.summary.records(),
        "increments": _records(report.summary.contrast_frame()),
        "headlines": [
            {"label": label, "strategy": contrast.strategy, "comparator": comparator, **_contrast(contrast)}
            for label, contrast, comparator in report.headlines
        ],
        "deterministic": _records(report.base.totals_frame()),
        "ceac": [
            {
                "threshold": float(threshold),
                "probability": dict(zip(outcomes.strategies, (float(value) for value in row), strict=True)),
            }
            for threshold, row in zip(curve.thresholds, curve.probability, strict=True)
        ],
        "ceaf": _records(curve.frontier_frame()),
        "evpi": [
            {"threshold": float(threshold), "value": float(value)}
            for threshold, value in zip(report.information.thresholds, report.information.per_person, strict=True)
        ],
        "hazard_ratios": [
            {
                "strategy": item.strategy, "comparator": item.comparator, "years": item.years, "target": item.target,
                "mean": float(ratio.mean()), "median": float(np.median(ratio)),
                "interval": [float(value) for value in np.quantile(ratio, [0.025, 0.975])],
            }
            for item, ratio in report.hazards
        ],
        "convergence": report.convergence.sentences(),
        "currency": outcomes.currency,
        "price_year": outcomes.price_year,
        "effect_unit": outcomes.effect_unit,
        "thresholds": list(outcomes.thresholds),
        "perspective": outcomes.perspective,
        "manifest": manifest.as_dict(),
    }  # fmt: skip


def _contrast(contrast: Contrast) -> dict[str, Any]:
    return {
        "incremental_cost": contrast.cost.mean,
        "incremental_cost_interval": [contrast.cost.low, contrast.cost.high],
        "incremental_effect": contrast.effect.mean,
        "incremental_effect_interval": [contrast.effect.low, contrast.effect.high],
        "icer": contrast.icer,
        "quadrants": {"NE": contrast.quadrants.ne, "SE": contrast.quadrants.se, "SW": contrast.quadrants.sw,
                      "NW": contrast.quadrants.nw},
        "probability_cost_effective": list(contrast.probability_cost_effective),
    }  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, with None for what has no value."""
    return [
        {str(key): None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]


def show(report: PsaReport, digest: str, console: Console) -> None:
    """The tables in a terminal."""
    outcomes = report.results.outcomes
    for text in heading(report.base):
        console.print(text)
    console.print(Text(f"Probabilistic analysis, {len(outcomes.cost):,} draws"))
    console.print()
    for made in (_means(report), *(_pair(report, *item) for item in report.headlines), _curve(report)):
        print_table(console, made)
    for item, ratio in report.hazards:
        low, median, high = np.quantile(ratio, [0.025, 0.5, 0.975])
        parameter = report.results.model.parameters.get(item.target_text)
        span = f" (evidence: {parameter.range[0]:g} to {parameter.range[1]:g})" if parameter and parameter.range else ""
        console.print(
            Text(
                f"Hazard ratio of death at {item.years:g} years, {item.strategy} against {item.comparator}, that the draws "
                f"imply: median {median:.2f}, 95 % interval {low:.2f} to {high:.2f}; target {item.target:g}{span}."
            )
        )
    for sentence in report.convergence.sentences():
        console.print(Text(sentence))
    console.print(Text(f"sha256 of the results: {digest}"))


def _interval(value: Estimate, show_as: Any) -> str:
    return f"{show_as(value.mean)} ({show_as(value.low)} to {show_as(value.high)})"


def _means(report: PsaReport) -> Table:
    outcomes = report.results.outcomes
    base = report.base.outcomes
    unit = outcomes.effect_unit
    columns = [("Strategy", False), ("Cost (95 % interval)", True), ("deterministic", True),
               (f"{unit}s (95 % interval)", True), ("deterministic", True)]  # fmt: skip
    made = Table(f"Means of the draws ({outcomes.money} per person, discounted)", columns)
    for position, row in enumerate(report.summary.spreads):
        cells = [
            row.label, _interval(row.cost, lambda value: money(value, outcomes.currency)),
            money(float(base.cost[0, position]), outcomes.currency), _interval(row.effect, lambda value: effect(value, 2)),
            effect(float(base.effect[0, position]), 2),
        ]  # fmt: skip
        made.add(cells)
    return made


def _pair(report: PsaReport, label: str, contrast: Contrast, comparator: str) -> Table:
    outcomes = report.results.outcomes
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    unit, currency = outcomes.effect_unit, outcomes.currency
    made = Table(f"{label}: {contrast.label} against {labels[comparator]}", [("", False), ("", True)])
    quadrants = contrast.quadrants
    icer = NONE if contrast.icer is None else money(contrast.icer, currency)
    interval = contrast.icer_interval
    note = (
        f"{money(interval[0], currency)} to {money(interval[1], currency)}"
        if interval
        else "no interval: draws cross quadrants"
    )
    rows: Sequence[tuple[str, str]] = [
        ("Extra cost (95 % interval)", _interval(contrast.cost, lambda value: money(value, currency))),
        (f"{unit}s gained (95 % interval)", _interval(contrast.effect, effect)),
        (f"Cost per {unit} (ratio of means; {note})", icer),
        ("Draws that cost more and gain / save and gain", f"{quadrants.ne:.0%} / {quadrants.se:.0%}"),
        ("Draws that save and lose / cost more and lose", f"{quadrants.sw:.0%} / {quadrants.nw:.0%}"),
        *(
            (f"Probability cost-effective at {money(threshold, currency)} per {unit}", f"{share:.0%}")
            for threshold, share in zip(outcomes.thresholds, contrast.probability_cost_effective, strict=True)
        ),
    ]
    for row in rows:
        made.add(row)
    return made


def _curve(report: PsaReport) -> Table:
    outcomes = report.results.outcomes
    currency = outcomes.currency
    columns = [("Probability most cost-effective", False)]
    columns += [(f"at {short(threshold, currency)}", True) for threshold in outcomes.thresholds]
    made = Table("All strategies together", columns)
    for row in report.summary.spreads:
        made.add([row.label, *(f"{share:.0%}" for share in row.probability_best)])
    at = dict(zip(report.information.thresholds.tolist(), report.information.per_person.tolist(), strict=True))
    values = [money(at[threshold], currency) for threshold in outcomes.thresholds]
    made.add(["Value of perfect information per person (EVPI)", *values], strong=True)
    return made

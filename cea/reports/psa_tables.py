"""A probabilistic analysis in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from rich.console import Console
from rich.text import Text

from cea.analysis.averaging import ByStructure
from cea.analysis.incremental import incremental
from cea.analysis.uncertainty import Contrast, Estimate
from cea.engine.markov import Floats
from cea.engine.outcomes import Outcomes
from cea.engine.psa import HazardTarget
from cea.reports.psa_report import Comparison, PsaReport, spread
from cea.reports.run_tables import heading, short
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, effect, listing, money, percent, share

Written = Callable[[float], str]


def show(report: PsaReport, console: Console) -> None:
    """Prints the tables, and the sentences that go with them."""
    for text in heading(report.base):
        console.print(text)
    console.print(Text(f"Probabilistic analysis, {len(report.results.outcomes.cost):,} draws{report.averaged}"))
    console.print()
    for made in tables(report):
        print_table(console, made)
    for sentence in sentences(report):
        console.print(Text(sentence))
    console.print(Text(f"sha256 of the results: {report.results.sha256}"), soft_wrap=True)


def tables(report: PsaReport) -> Iterator[Table]:
    """Means and intervals, every headline comparison, and how often each strategy is the best."""
    yield from _means(report)
    yield from (_comparison(report, item) for item in report.comparisons)
    yield _choice(report)
    yield from (structures_table(report.results.outcomes, item) for item in report.structures)


def _means(report: PsaReport) -> Iterator[Table]:
    """Costs and effects of every strategy."""
    outcomes, base, spreads = report.results.outcomes, report.base.outcomes, report.summary.spreads
    costs = [row.cost for row in spreads], base.cost[0], _money(report)
    effects = [row.effect for row in spreads], base.effect[0], effect
    titles = (f"Cost, {outcomes.money} per person, discounted", f"{outcomes.effect_unit}s per person, discounted")
    for title, (estimates, points, written) in zip(titles, (costs, effects), strict=True):
        made = Table(title, [("Strategy", False), *_COLUMNS])
        for row, estimate, point in zip(spreads, estimates, points, strict=True):
            made.add([row.label, *_cells(estimate, float(point), written)])
        yield made


_COLUMNS = (("Mean of draws", True), ("95 % interval", True), ("At point values", True))


def _comparison(report: PsaReport, item: Comparison) -> Table:
    """A headline of the model: increments, quadrants and the probability that it is worth its cost."""
    contrast, outcomes, written = item.contrast, report.results.outcomes, _money(report)
    comparator = item.headline.comparator
    point = next(
        pair for pair in incremental(report.base.outcomes, comparator).pairs if pair.strategy == item.headline.strategy
    )
    title = f"{item.headline.label}: {contrast.label} against {_labels(report)[comparator]}"
    made = Table(title, [("Per person", False), *_COLUMNS])
    made.add(["Extra cost", *_cells(contrast.cost, point.cost, written)])
    made.add([f"{outcomes.effect_unit}s gained", *_cells(contrast.effect, point.effect, effect)])
    span = "no interval" if contrast.icer_interval is None else " to ".join(map(written, contrast.icer_interval))
    ratios = [NONE if icer is None else written(icer) for icer in (contrast.icer, point.icer)]
    made.add([f"Cost per {outcomes.effect_unit}", ratios[0], span, ratios[1]])
    if contrast.icer is not None and contrast.icer_interval is None:
        made.notes.append("The ratio is that of the means; it has no interval, because draws cross quadrants.")
    quadrants = contrast.quadrants
    made.notes += [
        f"Of the draws, {share(quadrants.ne)} cost more and gain, {share(quadrants.nw)} cost more and lose, "
        f"{share(quadrants.se)} save and gain, {share(quadrants.sw)} save and lose.",
        f"Probability of being worth its cost: {_worth(report, contrast)} per {outcomes.effect_unit}.",
        *_severity(report, item),
    ]
    return made


def _worth(report: PsaReport, contrast: Contrast) -> str:
    """The probability of being worth its cost at each threshold."""
    levels, written = report.results.outcomes.thresholds, _money(report)
    shares = zip(levels, contrast.probability_cost_effective, strict=True)
    return listing(f"{share(value)} at {written(threshold)}" for threshold, value in shares)


def _severity(report: PsaReport, item: Comparison) -> Iterator[str]:
    """What the severity weight changes, where the model has one."""
    if item.weighted is None or item.weight is None:
        return
    if item.weight == 1:
        yield "Severity weight (at point values): 1, so weighted results are the same."
        return
    icer, unit = item.weighted.icer, report.results.outcomes.effect_unit
    ratio = NONE if icer is None else _money(report)(icer)
    yield (
        f"With the severity weight of {item.weight:g} (at point values, fixed over the draws): cost per weighted "
        f"{unit} {ratio}; probability of being worth its cost: {_worth(report, item.weighted)} per weighted {unit}."
    )


def _choice(report: PsaReport) -> Table:
    """All strategies together: which is best how often, and what certainty would be worth."""
    outcomes, curve, written = report.results.outcomes, report.curve, _money(report)
    made = Table(
        "Probability of being the most cost-effective of all",
        [("Strategy", False), *((f"at {short(level, outcomes.currency)}", True) for level in outcomes.thresholds)],
    )
    for row in report.summary.spreads:
        made.add([row.label, *map(share, row.probability_best)])
    evpi = curve.evpi[np.searchsorted(curve.thresholds, outcomes.thresholds)]
    made.add(["Value of perfect information (EVPI), per person", *map(written, evpi)], strong=True)
    assumed = report.population
    if assumed is not None:
        millions = (money(amount / 1e6, outcomes.currency, 1) for amount in assumed.evpi(evpi))
        made.add(["EVPI of the population, million", *millions], strong=True)
        made.notes.append(
            f"Population: your assumption of {assumed.incidence:,.10g} people a year for {assumed.years} years, "
            f"discounted at {percent(assumed.discount_rate)} a year."
        )
    return made


def structures_table(outcomes: Outcomes, item: ByStructure) -> Table:
    """A comparison under each structure that was averaged over, and on average."""
    names = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    headline, at = item.headline, item.thresholds.index(outcomes.threshold)
    threshold = money(outcomes.threshold, outcomes.currency)
    made = Table(
        f"By structure: {names[headline.strategy]} against {names[headline.comparator]} "
        f"({outcomes.money} per person, means of draws)",
        [
            ("Structure", False),
            *(
                (heading, True)
                for heading in (
                    "Share of draws", "Extra cost", f"{outcomes.effect_unit}s gained",
                    f"Cost per {outcomes.effect_unit}", f"Extra NMB at {threshold}", "Worth it",
                )
            ),
        ],
    )  # fmt: skip
    rows = [*((part.label, part.share, part.contrast) for part in item.parts), ("Average", 1.0, item.average)]
    for label, weight, contrast in rows:
        icer = NONE if contrast.icer is None else money(contrast.icer, outcomes.currency)
        made.add(
            [
                label, share(weight), money(contrast.cost.mean, outcomes.currency), effect(contrast.effect.mean), icer,
                money(contrast.nmb[at].mean, outcomes.currency), share(contrast.probability_cost_effective[at]),
            ],
            strong=contrast is item.average,
        )  # fmt: skip
    value = money(item.value_of_structure(outcomes.threshold), outcomes.currency)
    made.notes.append(
        f"To know which of these structures holds, and nothing else, would be worth {value} per person at {threshold} "
        f"per {outcomes.effect_unit}. The weights are judgements."
    )
    return made


def sentences(report: PsaReport) -> Iterator[str]:
    """The hazard ratios that the draws imply, and whether there were enough draws."""
    for target, ratio in report.hazards:
        yield _hazard(report, target, ratio)
    yield from report.convergence.sentences(_money(report))


def _hazard(report: PsaReport, target: HazardTarget, ratio: Floats) -> str:
    labels = _labels(report)
    low, median, high = spread(ratio)
    aim = report.results.model.parameters.get(target.target_text)
    span = f" (evidence: {aim.range[0]:g} to {aim.range[1]:g})" if aim is not None and aim.range else ""
    return (
        f"Hazard ratio of death at {target.years:g} years that the draws imply, {labels[target.strategy]} against "
        f"{labels[target.comparator]}: median {median:.2f}, 95 % interval {low:.2f} to {high:.2f}; the model is solved "
        f"for {target.target:g}{span}."
    )


def _cells(estimate: Estimate, point: float, written: Written) -> tuple[str, str, str]:
    return written(estimate.mean), f"{written(estimate.low)} to {written(estimate.high)}", written(point)


def _labels(report: PsaReport) -> dict[str, str]:
    outcomes = report.results.outcomes
    return dict(zip(outcomes.strategies, outcomes.labels, strict=True))


def _money(report: PsaReport) -> Written:
    currency = report.results.outcomes.currency
    return lambda amount: money(amount, currency)

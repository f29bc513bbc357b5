"""Tables and sentences of a validation: the model beside what was observed, and where it fits well and badly.

Every sentence is made of the numbers of the run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from cea.analysis.published import Beside
from cea.analysis.targets import Comparison, Excluded, SectionOfTargets
from cea.analysis.verdicts import (
    CLOSE,
    FAR,
    LEVELS,
    TIMES,
    Summary,
    Verdict,
    by_cohort,
    by_start_and_time,
    direction,
    summaries,
    verdict,
)
from cea.reports.terminal import Table
from cea.reports.wording import NONE, describe_pair, listing, money

TITLES = {
    "must_reproduce": "Must reproduce",
    "held_out": "Held out: observed in cohorts that the model was not fitted to",
    "context": "Context: shown, not a target",
}
"""Titles of the figures of each role that are in no section."""

Block = tuple[list[Table], list[str]]
"""Tables, and the sentences below them."""

_SAME = 0.01
"""Difference of a share up to which it is called the same."""
_EXACT = 1e-6


def blocks(items: Sequence[Comparison], sections: Sequence[SectionOfTargets], draws: int) -> Iterator[Block]:
    """Everything that is compared: by role, then by section, each with its sentences."""
    for role, title in TITLES.items():
        chosen = [item for item in items if item.target.role == role and not item.target.section]
        if role == "held_out" and chosen:
            yield [target_table(title, chosen)], []
            yield [cohort_table(chosen), time_table(chosen)], statement(chosen, draws)
        elif chosen and role == "must_reproduce":
            yield [target_table(title, chosen)], []
    for section in sections:
        chosen = [item for item in items if item.target.section == section.name]
        if chosen:
            yield [target_table(section.label, chosen)], section_statement(section, chosen)
    rest = [item for item in items if item.target.role == "context" and not item.target.section]
    if rest:
        yield [target_table(TITLES["context"], rest)], []


def target_table(title: str, items: Sequence[Comparison]) -> Table:
    """Figures beside the model's: with tolerances where they must be reproduced, else with intervals and verdict."""
    if any(item.target.tolerance is not None for item in items):
        return _required(title, items)
    made = Table(
        title,
        [("Figure", False), ("Observed", False), ("Model", False), ("Difference", True), ("Verdict", False),
         ("Grade", False)],
    )  # fmt: skip
    for item in items:
        words = " ".join(filter(None, (verdict(item), f"({direction(item)})" if direction(item) else ""))) or NONE
        gap = number(item.difference, sign=True)
        made.add([item.target.label, observed_cell(item), model_cell(item), gap, words, item.target.source.grade])
    made.notes += _notes(items)
    return made


def _required(title: str, items: Sequence[Comparison]) -> Table:
    exact = any(item.exponential is not None for item in items)
    columns = [("Figure", False), ("Expected", True), ("Model", True), ("Difference", True)]
    columns += [("Matrix exponential", True)] if exact else []
    made = Table(title, [*columns, ("Within", True), ("Met", False), ("Grade", False)])
    for item in items:
        met = {True: "yes", False: "NO", None: NONE}[item.met]
        within = NONE if item.target.tolerance is None else f"{item.target.tolerance:g}"
        cells = [item.target.label, number(item.expected, 4), number(item.value, 4), _gap(item.difference)]
        cells += [number(item.exponential, 4)] if exact else []
        made.add([*cells, within, met, item.target.source.grade])
    made.notes += _notes(items)
    return made


def _gap(difference: float | None) -> str:
    """A difference with four decimals; one that is rounding error says so."""
    return "0" if difference is not None and abs(difference) < _EXACT else number(difference, 4, sign=True)


def observed_cell(item: Comparison) -> str:
    """What was observed, with its interval, and the interval's kind unless it was published."""
    interval, text = item.target.interval, number(item.expected)
    if interval is None:
        return text if item.target.measure in ("hazard_ratio", "parameter") else f"{text} (no interval)"
    kind = "" if interval.kind == "published" else f", {interval.kind}"
    if interval.of_year:
        return f"{text} (between {interval.low:.1f} and {interval.high:.1f} years{kind})"
    between = f"{interval.low:.3f} to {interval.high:.3f}{kind}"
    return between if item.expected is None else f"{text} ({between})"


def model_cell(item: Comparison) -> str:
    """The model's figure with its interval; the years at which it comes down to what was observed, where they count."""
    text = number(item.value)
    if item.model.low is not None and item.model.high is not None:
        text += f" ({item.model.low:.3f} to {item.model.high:.3f})"
    reached = item.reached
    if reached is None:
        return text
    years = _year(reached.value)
    if reached.low is not None and reached.high is not None:
        years += f" ({_year(reached.low)} to {_year(reached.high)})"
    return f"{text}; {number(item.expected)} at {years} years"


def _year(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "later"


def _notes(items: Sequence[Comparison]) -> list[str]:
    """Every note after the figures (or the cohorts) that it is about."""
    labels: dict[str, dict[str, None]] = {}
    for item in items:
        if item.target.source.note:
            named = item.target.cohort or item.target.label
            labels.setdefault(item.target.source.note, {})[named] = None
    return [f"{' / '.join(named)}: {note}" for note, named in labels.items()]


def cohort_table(items: Sequence[Comparison]) -> Table:
    """Each cohort under each start: how many figures fit, and how far the model is off."""
    made = Table("By cohort", [("Cohort", False), ("Start of the model", False), *_SUMMARY])
    for summary in summaries(items, by_cohort):
        made.add([*summary.group, *_summary_cells(summary)], strong=summary.level == "poor")
    return made


def time_table(items: Sequence[Comparison]) -> Table:
    """Each start and stretch of time."""
    made = Table("By start and time", [("Start of the model", False), ("Time", False), *_SUMMARY])
    for summary in _in_time(items):
        made.add([*summary.group, *_summary_cells(summary)], strong=summary.level == "poor")
    return made


_SUMMARY = [
    ("Figures", True), ("Mean difference", True), ("Mean absolute", True), ("Most", True), ("Good, fair, poor", True),
    ("Mostly", False),
]  # fmt: skip


def _summary_cells(summary: Summary) -> list[str]:
    most = None if summary.worst is None else summary.worst.difference
    return [
        str(summary.figures), number(summary.mean, sign=True), number(summary.mean_absolute), number(most, sign=True),
        f"{summary.good}, {summary.fair}, {summary.poor}", summary.level,
    ]  # fmt: skip


def summary_frame(items: Iterable[Summary], names: Sequence[str]) -> pd.DataFrame:
    """Summaries as a table: the columns `names` of the group, figures, mean_difference, mean_absolute_difference,
    worst_difference, worst, good, fair, poor, level."""
    rows = [
        {
            **dict(zip(names, item.group, strict=True)),
            "figures": item.figures,
            "mean_difference": item.mean,
            "mean_absolute_difference": item.mean_absolute,
            "worst_difference": item.worst.difference if item.worst else None,
            "worst": item.worst.target.name if item.worst else None,
            "good": item.good,
            "fair": item.fair,
            "poor": item.poor,
            "level": item.level,
        }
        for item in items
    ]
    return pd.DataFrame(rows)


def statement(items: Sequence[Comparison], draws: int) -> list[str]:
    """In plain language, how well a model fits held-out cohorts: how many figures, and where well and badly."""
    judged = [item for item in items if verdict(item) is not None]
    if not judged:
        return []
    said = [_counts(judged), distance(judged), *_places(judged)]
    if draws:
        said.append(
            f"The model's intervals come from {draws:,} draws of its uncertain parameters. They hold the uncertainty "
            "of parameters only: not that of the structure, and not the difference between a cohort and the start that "
            "stands for it."
        )
    return [sentence for sentence in said if sentence]


def _counts(items: Sequence[Comparison]) -> str:
    counts: dict[Verdict, int] = dict.fromkeys(LEVELS, 0)
    for item in items:
        if (found := verdict(item)) is not None:
            counts[found] += 1
    starts = Counter(cohort for cohort, _ in {by_cohort(item) for item in items})
    several = sum(count > 1 for count in starts.values())
    under = f" ({several} of them under several starts)" if several else ""
    good = sum(count for name, count in counts.items() if LEVELS[name] == "good")
    poor = sum(count for name, count in counts.items() if LEVELS[name] == "poor")
    return (
        f"Of {len(items)} figures of {len(starts)} cohorts{under}, {good} fit: {counts['inside']} lie "
        f"in the observed interval, {counts['compatible']} reach it with the model's own interval, and "
        f"{counts['close']} without an interval are at most {CLOSE:.2f} away. {counts['moderate']} without one are up "
        f"to {FAR:.2f} away. {poor} do not fit: {counts['apart']} miss the observed interval, and {counts['far']} "
        f"without one are more than {FAR:.2f} away."
    )


def distance(items: Sequence[Comparison]) -> str:
    """How far the model is from figures, in a sentence; empty where none has an expected value."""
    apart = [(abs(item.difference), item.target.label) for item in items if item.difference is not None]
    if not apart:
        return ""
    mean = sum(difference for difference, _ in apart) / len(apart)
    most, label = max(apart)
    return (
        f"The model misses the held-out figures by {number(mean)} on average (mean absolute difference), "
        f"at most {number(most)} ({label})."
    )


def _places(items: Sequence[Comparison]) -> Iterator[str]:
    """For each start, where in time the model fits well, fairly and badly."""
    found: dict[str, list[str]] = {}
    for each in _in_time(items):
        if each.mean_absolute is not None:
            found.setdefault(each.group[0], []).append(_place(each))
    for start, places in found.items():
        yield f"From {start}: {'; '.join(places)}."


def _place(summary: Summary) -> str:
    mean, absolute = summary.mean or 0.0, summary.mean_absolute or 0.0
    how = "well" if absolute <= CLOSE else "fairly" if absolute <= FAR else "badly"
    if abs(mean) < absolute / 2:
        gap = f"{number(absolute)} off, above and below"
    else:
        gap = f"too {'optimistic' if mean > 0 else 'pessimistic'} by {number(abs(mean))}"
    count = f"on average of {summary.figures} figures" if summary.figures > 1 else "1 figure"
    return f"{summary.group[1]} it fits {how} ({gap}, {count})"


def _in_time(items: Sequence[Comparison]) -> list[Summary]:
    """Summaries by start, in the order of appearance, and time."""
    found = summaries(items, by_start_and_time)
    starts = list(dict.fromkeys(each.group[0] for each in found))
    times = [name for _, name in TIMES]
    return sorted(found, key=lambda each: (starts.index(each.group[0]), times.index(each.group[1])))


def section_statement(section: SectionOfTargets, items: Sequence[Comparison]) -> list[str]:
    """What the figures of a section say, and the section's own note."""
    said = []
    if section.chart == "shares":
        for cohort in dict.fromkeys(item.target.cohort for item in items):
            said.append(f"{cohort}: {_shares([item for item in items if item.target.cohort == cohort])}.")
    elif section.chart == "survival":
        known = [each for each in summaries(items, by_cohort) if each.mean is not None]
        said += [f"{each.group[0]}: {_survival(each)}." for each in known]
    return said + ([section.note] if section.note else [])


def _shares(items: Sequence[Comparison]) -> str:
    groups: dict[str, list[str]] = {"more": [], "fewer": [], "much the same": []}
    for item in items:
        if item.difference is not None:
            word = "much the same" if abs(item.difference) <= _SAME else "more" if item.difference > 0 else "fewer"
            name = item.target.part or item.target.label
            groups[word].append(f"{name.lower()} ({number(item.value)} against {number(item.expected)})")
    return "the model has " + "; ".join(f"{word} {listing(names)}" for word, names in groups.items() if names)


def _survival(summary: Summary) -> str:
    mean = summary.mean or 0.0
    if abs(mean) <= _SAME:
        return f"the model is within {number(abs(mean))} on average"
    return f"the model is too {'optimistic' if mean > 0 else 'pessimistic'} by {number(abs(mean))} on average"


def excluded_table(items: Sequence[Excluded]) -> Table:
    """Observations that are not compared, and why."""
    made = Table("Not compared", [("Observation", False), ("What was seen", False), ("Why not", False)])
    for item in items:
        made.add([item.label, item.found, item.reason])
    return made


def published_table(item: Beside) -> Table:
    """A published evaluation, and the steps of the model towards it; without steps, why there is nothing beside it."""
    told, unit = item.published, item.effect_unit
    paired = any(step.pair is not None for step in item.steps)
    columns = [("Step (each adds to those before)", False), ("Cost", True), (f"{unit}s", True)]
    if paired:
        columns += [("Cost, comparator", True), (f"{unit}s, comparator", True), (f"Cost per {unit} gained", True)]
    else:
        columns += [(f"Average cost per {unit}", True)]
    made = Table(told.label, columns)
    for step in item.steps:
        cells = [step.label, money(step.strategy.cost, item.currency), f"{step.strategy.effect:.3f}"]
        if step.comparator is not None:
            cells += [money(step.comparator.cost, item.currency), f"{step.comparator.effect:.3f}"]
        ratio = NONE if step.ratio is None else money(step.ratio, item.currency)
        if step.pair is not None and step.ratio is None:
            ratio = describe_pair(step.pair, item.currency, unit)
        made.add([*cells, ratio])
    made.notes += [f"Published: {told.found}.", told.distance]
    return made


def number(value: float | None, decimals: int = 3, *, sign: bool = False) -> str:
    """A share or a ratio; a dash where there is none."""
    if value is None:
        return NONE
    return f"{value:{'+' if sign else ''}.{decimals}f}"

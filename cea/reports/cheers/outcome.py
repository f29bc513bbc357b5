"""The results of a report: base case, uncertainty, single inputs, groups of people, validation and limits."""

from __future__ import annotations

from collections.abc import Iterator

from cea.analysis.one_way import Bar, OneWay
from cea.reports import psa_tables, run_tables
from cea.reports.cheers.findings import Findings, blocks
from cea.reports.cheers.methods import stated
from cea.reports.cheers.summary import limits
from cea.reports.document.tree import Bullets, Paragraph, Part, Section, Table
from cea.reports.quantities import figure
from cea.reports.wording import money

MOST_INPUTS = 15
"""Rows of a table of single inputs."""


def results(found: Findings) -> Section:
    """The section."""
    parts = [
        Section("base", "Base case", tuple(_base(found))),
        Section("uncertainty", "All inputs at once", tuple(_uncertainty(found))),
        Section("one-way", "One input at a time", tuple(_one_way(found))),
    ]
    if found.scenarios[0]:
        parts.append(Section("scenarios", "Scenarios", tuple(blocks(found.scenarios))))
    if found.structures[0]:
        parts.append(Section("structures", "Other structures of the model", tuple(_structures(found)), broad=True))
    if found.subgroups[0]:
        parts.append(Section("subgroups", "Subgroups", tuple(blocks(found.subgroups))))
    return Section("results", "Results", tuple(parts))


def _base(found: Findings) -> Iterator[Part]:
    report, base = found.report, found.results
    yield from map(Table.of, run_tables.headline_tables(report.settings, base))
    if note := run_tables.price_note(found.headlines, base):
        yield Paragraph(note)
    yield Table.of(run_tables.incremental_table(report.incremental, report.labels))
    yield Table.of(run_tables.benefit_table(report.incremental, report.labels))
    alternative = "Cost and effect of every strategy, with the frontier of those that are not dominated."
    yield from found.figure("frontier", "Cost-effectiveness plane", alternative)
    yield Table.of(run_tables.costs_table(base, report.labels))
    yield from found.figure("costs_by_category", "Costs by category", "Bars of cost by category, a bar a strategy.")
    yield Table.of(run_tables.totals_table(base, report.labels))
    events = Table.of(run_tables.events_table(base, report.labels))
    if events.rows:
        yield events
    yield from found.figure("survival", "Survival", "Share alive over time, a line a strategy.")
    if found.headlines:
        yield Table.of(run_tables.also_asked_table(found.headlines, base))
    if any(item.severity for item in found.headlines):
        yield Table.of(run_tables.severity_table(found.headlines, base))


def _uncertainty(found: Findings) -> Iterator[Part]:
    if found.psa is None:
        yield Paragraph("Not applicable: the model has no input with a distribution, or no draws were asked for.")
        return
    yield from map(Table.of, psa_tables.tables(found.psa))
    yield from map(Paragraph, psa_tables.sentences(found.psa))
    planes = [name for name in found.pictures if name == "plane" or name.startswith("plane_against_")]
    for name in planes:
        comparator = name.removeprefix("plane_against_") if name != "plane" else found.psa.summary.comparator
        against = found.model.strategies[comparator].label
        alternative = "Cloud of extra effect and extra cost of the draws, with the threshold as a line."
        yield from found.figure(name, f"Cost-effectiveness plane, against {against}", alternative)
    alternative = "Probability of each strategy of being the most cost-effective, by threshold."
    yield from found.figure("acceptability", "Cost-effectiveness acceptability curves", alternative)


def _one_way(found: Findings) -> Iterator[Part]:
    for item in found.one_way:
        yield _table(item)
        against = f"{item.labels[0]} against {item.labels[1]}"
        alternative = "Bars of net benefit at the two ends of each input, the widest first."
        yield from found.figure(f"tornado_{item.comparison.name}", f"Tornado: {against}", alternative)


def _structures(found: Findings) -> Iterator[Part]:
    yield from blocks(found.structures)
    alternative = "Net benefit under every structure, below the question that it answers."
    yield from found.figure("structures", "Net benefit under other structures", alternative)


def _table(item: OneWay) -> Table:
    bars = [bar for bar in item.sorted() if item.swing(bar) > 0]
    at = f"{money(item.threshold, item.currency)} per {item.effect_unit}"
    rows = [("Base case", "", "", *[money(item.base.nmb, item.currency)] * 2, "")]
    rows += [_row(item, bar) for bar in bars[:MOST_INPUTS]]
    heads = ("Low value", "High value", "Net benefit at low", "Net benefit at high")
    columns = (("Input", False), *((head, True) for head in heads), ("Turns the decision", False))
    left = len(bars) - MOST_INPUTS
    notes = (f"{left} inputs with smaller swings are not shown.",) if left > 0 else ()
    title = f"Extra net monetary benefit at {at}, {item.labels[0]} against {item.labels[1]}"
    return Table(title, columns, tuple(rows), notes)


def _row(item: OneWay, bar: Bar) -> tuple[str, ...]:
    first = bar.input.members[0]
    ends = (figure(side[first], 4) for side in (bar.input.low, bar.input.high))
    amounts = (money(value, item.currency) for value in bar.ends("nmb"))
    return bar.input.label, *ends, *amounts, "yes" if bar.flips else "no"


def validation(found: Findings) -> Section:
    """The model beside figures that it must reproduce, and that it was not fitted to."""
    parts: list[Part] = []
    for tables, sentences in found.validation:
        parts += [*map(Paragraph, sentences), *map(Table.of, tables)]
    nothing = Paragraph("Not applicable: the model names no figures to be held to.")
    return Section("validation", "Validation", tuple(parts) or (nothing,), broad=True)


def discussion(found: Findings) -> Section:
    """Limits, and what the findings add."""
    return Section("limits", "Limits", (Bullets(tuple(limits(found))), *stated(found, "knowledge")))


def declarations(found: Findings) -> Section:
    """What only those who made the study can say; a topic without a statement says so."""
    topics = ("distributional_effects", "engagement", "engagement_effect", "funding", "conflicts")
    said = tuple(stated(found, *topics)) or (Paragraph("No statement was given with the model."),)
    return Section("declarations", "Statements of the authors", said)

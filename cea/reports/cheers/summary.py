"""The summary of a report: question, methods, results; in plain words what they mean for 100 people, and how sure."""

from __future__ import annotations

from collections.abc import Iterator

from cea.analysis.headline import HeadlineResult
from cea.reports.catalogue import GRADES
from cea.reports.cheers.findings import Findings
from cea.reports.cheers.methods import in_brief
from cea.reports.document.tree import Bullets, Paragraph, Section, Table
from cea.reports.wording import (
    describe_pair,
    describe_price,
    effect,
    listing,
    money,
    pair_cell,
    rounded_money,
    share,
)

PEOPLE = 100
"""Results in natural units are for so many people."""

MOST_NAMED = 5
"""Inputs that the summary names."""


def summary(found: Findings) -> Section:
    """The section."""
    parts = [
        Section("summary-question", "The question", tuple(_question(found))),
        Section("summary-methods", "Methods in brief", (Paragraph(in_brief(found)),)),
        Section("summary-results", "Results", tuple(_headlines(found))),
        Section("summary-people", f"In plain language: what happens to {PEOPLE} people", tuple(_people(found))),
        Section("summary-sure", "How sure this is", tuple(_sure(found))),
        Section("summary-change", "What would change the answer", tuple(_change(found))),
        Section("summary-limits", "Limits", (Bullets(tuple(limits(found))),)),
    ]
    return Section("summary", "Summary", tuple(parts))


def _headlines(found: Findings) -> Iterator[Table]:
    """Every headline comparison, in the run and under the layers that the model shows beside it."""
    model, unit = found.model, found.model.settings.effect_unit
    rows = []
    for item in found.headlines:
        against = f"{item.labels[0]} against {item.labels[1]}"
        beside = ((label, each) for label, items in found.report.settings for each in items)
        for label, each in beside:
            if each.headline.name == item.headline.name:
                cells = (money(each.pair.cost, model.currency), effect(each.pair.effect))
                rows.append((against, label, *cells, pair_cell(each.pair, model.currency)))
    if rows:
        heads = (("Extra cost", True), (f"{unit}s gained", True), (f"Cost per {unit}", True))
        title = f"Headline comparisons per person, discounted ({found.results.outcomes.money})"
        yield Table(title, (("Comparison", False), ("Setting", False), *heads), tuple(rows))


def _question(found: Findings) -> Iterator[Paragraph]:
    yield Paragraph(found.model.question)
    options = listing(item.label for item in found.model.strategies.values())
    yield Paragraph(f"The options that are compared: {options}.")


def _people(found: Findings) -> Iterator[Paragraph | Table]:
    for item in found.headlines:
        yield Paragraph(in_words(found, item))
    yield _table(found)


def in_words(found: Findings, item: HeadlineResult) -> str:
    """A comparison per 100 people, and whether it is worth its cost."""
    model, pair = found.model, item.pair
    unit, currency = model.settings.effect_unit, model.currency
    totals = found.results.totals_frame().set_index("strategy")["life_years_undiscounted"]
    years = PEOPLE * float(totals[item.headline.strategy] - totals[item.headline.comparator])
    amount = rounded_money(abs(PEOPLE * pair.cost), currency)
    paid = f"cost {amount} more" if pair.cost >= 0 else f"save {amount}"
    parts = [f"{effect(abs(years), 1)} years of life {'more' if years >= 0 else 'fewer'}"]
    if model.settings.effect_unit != "year":
        gained = PEOPLE * pair.effect
        parts.append(f"{effect(abs(gained), 1)} {unit}s {'more' if gained >= 0 else 'fewer'}")
    worth = item.net_benefit(model.threshold) >= 0
    return (
        f"{item.labels[0]} instead of {item.labels[1]}, for {PEOPLE} people: {listing(parts)}, and it would {paid}. "
        f"It {'' if pair.icer is not None else 'is '}{describe_pair(pair, currency, unit)}. At a "
        f"threshold of {money(model.threshold, currency)} per {unit} it is {'' if worth else 'not '}worth its cost."
    )


def _table(found: Findings) -> Table:
    """Years, effects, costs and events per 100 people and strategy."""
    model, results = found.model, found.results
    totals = results.totals_frame().set_index("strategy").to_dict()
    unit, names = model.settings.effect_unit, list(results.strategies)

    def row(label: str, column: str) -> tuple[str, ...]:
        return (label, *(effect(PEOPLE * float(totals[column][name]), 1) for name in names))

    rows = [row("Years of life", "life_years_undiscounted"), row(f"{unit}s, discounted", "effect")]
    amounts = (rounded_money(PEOPLE * float(totals["cost"][name]), model.currency) for name in names)
    rows.append(("Cost, discounted", *amounts))
    events = results.events_frame()
    for label in events["label"].drop_duplicates() if len(events) else ():
        counts = events[events["label"] == label].set_index("strategy")["count"]
        rows.append((str(label), *(effect(PEOPLE * float(counts[name]), 1) for name in names)))
    columns = (("", False), *((model.strategies[name].label, True) for name in names))
    notes = ["Years of life and numbers of events are not discounted; discounted means that later years count less."]
    if unit == "QALY":
        notes.append("A QALY (quality-adjusted life-year) is a year of life weighted by its quality: 1 is full health.")
    title = f"Expected for {PEOPLE} people over {results.cohort.scope.years[-1]:g} years ({results.outcomes.money})"
    return Table(title, columns, tuple(rows), tuple(notes))


def _sure(found: Findings) -> Iterator[Paragraph]:
    if found.psa is None:
        yield Paragraph("No probabilistic analysis was made, so there is no probability to give.")
        return
    outcomes = found.psa.results.outcomes
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    yield Paragraph(
        f"All uncertain inputs were varied together {len(outcomes.cost):,} times. The shares below are those of these "
        "draws; they do not tell about what the model leaves out."
    )
    for item in found.psa.comparisons:
        levels = zip(outcomes.thresholds, item.contrast.probability_cost_effective, strict=True)
        shares = listing(
            f"{share(value)} at {money(level, outcomes.currency)} per {outcomes.effect_unit}" for level, value in levels
        )
        cost, gained = item.contrast.cost, item.contrast.effect
        yield Paragraph(
            f"{item.contrast.label} instead of {labels[item.headline.comparator]} is worth its cost with a probability "
            f"of {shares}. In 95 % of the draws the extra cost a person lies between "
            f"{rounded_money(cost.low, outcomes.currency)} and {rounded_money(cost.high, outcomes.currency)}, and the "
            f"gain between {effect(gained.low, 2)} and {effect(gained.high, 2)} {outcomes.effect_unit}s."
        )


def _change(found: Findings) -> Iterator[Paragraph]:
    model = found.model
    for item in found.one_way:
        turning = [bar.input.label for bar in item.sorted() if bar.flips]
        first = [bar.input.label for bar in item.sorted() if item.swing(bar) > 0][:MOST_NAMED]
        said = f"{item.labels[0]} instead of {item.labels[1]}: "
        if turning:
            more = f" and {len(turning) - MOST_NAMED} more" if len(turning) > MOST_NAMED else ""
            said += (
                f"inputs that would turn the answer alone, within their range: {'; '.join(turning[:MOST_NAMED])}{more}."
            )
        elif first:
            said += f"no input would turn the answer alone. Those that move it most: {'; '.join(first)}."
        else:
            said += "no input changes it."
        yield Paragraph(said)
    for headline in found.headlines:
        limit = headline.price_limit(model.threshold)
        if limit is not None and headline.price is not None:
            yield Paragraph(
                f"{headline.labels[0]} instead of {headline.labels[1]}, {headline.price_label}: "
                f"{describe_price(limit.price, model.currency)} (now {money(headline.price, model.currency)}), at "
                f"{money(model.threshold, model.currency)} per {model.settings.effect_unit}."
            )


def limits(found: Findings) -> Iterator[str]:
    """What a reader must keep in mind: quality of the evidence, limits stated with the model, its warnings."""
    model = found.model
    used = [item for item in model.parameters.values() if item.name in model.used]
    counts = {grade: sum(item.source.grade == grade for item in used) for grade in GRADES}
    told = "; ".join(f"{counts[grade]} {grade} ({meaning})" for grade, meaning in GRADES.items())
    yield f"The {len(used)} inputs in use rest on evidence of unequal quality: {told}."
    yield "The result is that of a model: it holds as far as its structure and its inputs do."
    yield from found.statements.limitations
    yield from model.warnings

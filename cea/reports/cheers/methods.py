"""The methods of a report: what was compared, for whom, how, and with which inputs, all read from the model."""

from __future__ import annotations

from collections.abc import Iterator

from cea.model.statements import TOPICS
from cea.reports import catalogue
from cea.reports.cheers.findings import Findings
from cea.reports.document.tree import Cell, Equation, Paragraph, Part, Section, Table
from cea.reports.equations import equations, states_text
from cea.reports.quantities import figure, quantity, span
from cea.reports.values import evaluated
from cea.reports.wording import NONE, listing, money, percent, setting, share

_CORRECTIONS = {"start": "at the start of each cycle", "end": "at the end of each cycle"}


def context(found: Findings) -> Section:
    """Why the study was made, and on what plan."""
    parts: list[Part] = [Paragraph(found.model.question), *stated(found, "background", "analysis_plan")]
    return Section("introduction", "Introduction", tuple(parts))


def stated(found: Findings, *topics: str) -> Iterator[Paragraph]:
    """The statements on topics, where they are given."""
    for topic in topics:
        if topic in found.statements.given:
            yield Paragraph(f"{TOPICS[topic]}. {found.statements.given[topic]}")


def methods(found: Findings) -> Section:
    """The section."""
    parts = (
        Section("population", "Population", tuple(_population(found))),
        Section("setting", "Setting", (Paragraph(f"{_where(found)}."), *stated(found, "setting"))),
        Section("comparators", "Comparators", tuple(_comparators(found))),
        Section("perspective", "Perspective", (Paragraph(_perspective(found)), *stated(found, "perspective"))),
        Section("time", "Time horizon and discounting", tuple(_time(found))),
        Section("outcomes", "Outcomes", (_payoffs(found, "effect"), *_counts(found), *stated(found, "outcomes"))),
        Section("costs", "Resources and costs", (_payoffs(found, "cost"), Paragraph(_money(found)))),
        Section("model", "Model", tuple(_model(found))),
        Section("analytics", "Analyses", tuple(_analytics(found))),
    )
    return Section("methods", "Methods", parts)


def _where(found: Findings) -> str:
    return setting(found.model, found.results.perspective)


def _population(found: Findings) -> Iterator[Part]:
    model, scope = found.model, found.results.cohort.scope
    if (age := model.settings.start_age) is not None:
        yield Paragraph(f"The cohort begins at the age of {scope.number(age, 'start_age'):g} years.")
    yield from stated(found, "population")
    shares = found.results.cohort.trace.occupancy[0, 0, 0]
    names = (state.label for state in model.states.values())
    rows = tuple((label, share(float(part))) for label, part in zip(names, shares, strict=False) if part > 0)
    yield Table("Where the cohort starts", (("State", False), ("Share", True)), rows)


def _comparators(found: Findings) -> Iterator[Part]:
    strategies = found.model.strategies
    yield Paragraph(f"Strategies: {listing(item.label for item in strategies.values())}.")
    rows = tuple((item.headline.label, *item.labels) for item in found.headlines)
    if rows:
        yield Table("Headline comparisons", (("Comparison", False), ("Strategy", False), ("Against", False)), rows)
    yield from stated(found, "comparators")


def _perspective(found: Findings) -> str:
    perspective = found.model.perspectives[found.results.perspective]
    counted = "counted" if perspective.indirect else "not counted"
    return f"{perspective.label}. Costs that the model marks as indirect are {counted}."


def _time(found: Findings) -> Iterator[Part]:
    settings, scope = found.model.settings, found.results.cohort.scope
    costs = scope.number(settings.discount_costs, "discount_costs")
    effects = scope.number(settings.discount_effects, "discount_effects")
    end = ""
    if settings.until_age is not None:
        end = f", until the age of {scope.number(settings.until_age, 'until_age'):g} years"
    yield Paragraph(f"The horizon is {scope.years[-1]:g} years{end}, in cycles of {_cycle(found)}.")
    yield Paragraph(f"Discount rates a year: {percent(costs)} for costs, {percent(effects)} for effects.")
    yield from stated(found, "horizon", "discounting")


def _payoffs(found: Findings, kind: str) -> Table:
    rows = [row for row in catalogue.records(catalogue.outcomes(found.model)) if row["type"] == kind]
    cells = tuple(
        (row["label"], row["category"] or NONE, row["paid"], row["unit"], "yes" if row["indirect"] else "no")
        for row in rows
    )
    columns = tuple((head, False) for head in ("What counts", "Category", "When", "Unit", "Indirect"))
    word = "effects" if kind == "effect" else "costs"
    return Table(f"How {word} are counted; the equations in the appendix give their values", columns, cells)


def _counts(found: Findings) -> Iterator[Part]:
    unit = found.model.settings.effect_unit
    yield Paragraph(f"The main outcome is the {unit}. Life-years and expected numbers of events are shown beside it.")


def _money(found: Findings) -> str:
    settings = found.model.settings
    return (
        f"All amounts are in {settings.currency} at prices of {settings.price_year}. How an input was brought to that "
        "currency and year stands with its source in the table of inputs."
    )


def _model(found: Findings) -> Iterator[Part]:
    model, settings = found.model, found.model.settings
    yield Paragraph(
        f"A cohort model of {len(model.states)} states (Markov), with {len(model.transitions)} transitions. Rates that "
        f"compete within a cycle become probabilities by the method of {settings.transition_method.replace('_', ' ')}."
    )
    yield from stated(found, "model_rationale")
    columns = (("State", False), ("Kind", False), ("Lasts", False))
    rows = tuple(
        (
            row["label"], "death" if row["dead"] else "alive",
            quantity(row["lasts_years"], "year") if row["lasts_years"] is not None else NONE,
        )
        for row in catalogue.records(catalogue.states(model))
    )  # fmt: skip
    yield Table("States", columns, rows)
    alternative = "Stacked shares of the cohort in each state over time, a panel a strategy."
    yield from found.figure("trace", "Share of the cohort in each state", alternative)


def _analytics(found: Findings) -> Iterator[Part]:
    settings = found.model.settings
    when = _CORRECTIONS.get(settings.correction, f"by the {settings.correction.replace('_', '-')} correction")
    yield Paragraph(f"What is paid by time in a state is counted {when}.")
    for name, value in found.results.solved.items():
        yield Paragraph(_solved(found, name, value))
    yield Paragraph(
        "Strategies are compared in a full incremental analysis, and in the pairs above. Every input with a range was "
        "moved alone to both ends of it, those that belong together in step with it."
    )
    if found.psa is not None:
        yield Paragraph(
            f"In the probabilistic analysis all inputs with a distribution were drawn together, "
            f"{len(found.psa.results.outcomes.cost):,} times; correlated inputs keep their correlation. Ratios are "
            "those of means."
        )


def _solved(found: Findings, name: str, value: float) -> str:
    """What a solved input is and what it was solved for, by labels."""
    model = found.model
    item = model.parameters[name]
    said = f"{item.label}: {quantity(round(value, 4), item.unit)}."
    if (solve := item.solve) is None:
        return said
    strategy, comparator = (model.declared_strategies[each].label for each in solve.strategies)
    measure = f"{solve.measure.replace('_', ' ')}{f' of {model.events[solve.event]}' if solve.event else ''}"
    when = f" at {solve.years.text} years" if solve.years else ""
    target = solve.target.text
    known = model.parameters.get(target)
    goal = target if known is None or known.value is None else f'"{known.label}", {figure(known.value, 4)}'
    held = " It is held under layers that do not change the structure." if solve.held else ""
    return f"{said} It is solved so that the {measure}, {strategy} against {comparator}{when}, is {goal}.{held}"


def in_brief(found: Findings) -> str:
    """The methods in a few sentences, for a summary."""
    model, settings, scope = found.model, found.model.settings, found.results.cohort.scope
    age = "" if settings.start_age is None else f" from the age of {scope.number(settings.start_age, 'start_age'):g}"
    costs, effects = (
        percent(scope.number(term, name))
        for term, name in ((settings.discount_costs, "discount_costs"), (settings.discount_effects, "discount_effects"))
    )
    used = [item for item in model.parameters.values() if item.name in model.used]
    drawn = ""
    if found.psa is not None:
        drawn = f", drawn together {len(found.psa.results.outcomes.cost):,} times"
    return (
        f"A cohort model (Markov) of {len(model.states)} states follows people{age} for {scope.years[-1]:g} years in "
        f"cycles of {_cycle(found)}. {_where(found)}: amounts are in {settings.currency} at prices of "
        f"{settings.price_year}. Later costs are discounted at {costs} a year, later effects at {effects}. Of the "
        f"{len(used)} inputs in use {sum(item.uncertain for item in used)} have a distribution{drawn}. The threshold "
        f"is {money(model.threshold, model.currency)} per {settings.effect_unit} unless another is named."
    )


def _cycle(found: Findings) -> str:
    return quantity(round(12 / found.model.settings.cycles_per_year, 4), "month")


def inputs(found: Findings) -> Section:
    """Every input in use with value, uncertainty, grade and source, by group; then the sources."""
    model = found.model
    known = catalogue.records(catalogue.parameters(model, evaluated(model)))
    rows = [row for row in known if row["name"] in model.used]
    headings = (("Input", False), ("Value", False), ("Distribution", False), ("95 % interval", False))
    columns = (*headings, ("Grade", False), ("Source", False))
    parts: list[Part] = [
        Paragraph(f"Grades: {'; '.join(f'{grade}: {meaning}' for grade, meaning in catalogue.GRADES.items())}.")
    ]
    if idle := len(known) - len(rows):
        parts.append(Paragraph(f"Inputs that nothing in this run reads are not listed ({idle})."))
    for group in dict.fromkeys(row["group"] for row in rows):
        cells = tuple(_input(row) for row in rows if row["group"] == group)
        parts.append(Table(group, columns, cells))
    sources = catalogue.records(catalogue.sources(model))
    cited = tuple((row["name"], row["citation"], row["url"] or NONE) for row in sources if row["used_by"])
    parts.append(Table("Sources", (("Key", False), ("Source", False), ("Address", False)), cited))
    return Section("inputs", "Inputs and their sources", tuple(parts), broad=True)


def _input(row: catalogue.Row) -> tuple[str, ...]:
    value = "varies" if row["value"] is None else quantity(float(f"{row['value']:.5g}"), row["unit"])
    source = ", ".join(text for text in (row["source"], row["where"], row["url"]) if text)
    told = "; ".join(text for text in (source, row["note"]) if text)
    interval = span(row["interval_low"], row["interval_high"], 4)
    return row["label"], value, row["uncertainty"] or NONE, interval or NONE, row["grade"], told or NONE


def formulas(found: Findings) -> Section:
    """The equations of the model, each with the name that the input files give it."""
    rows = catalogue.records(equations(found.model, evaluated(found.model)))
    told = (
        "The equations as the model computes them; names are those of the input files. A condition in square brackets "
        "is 1 where it holds, else 0. Rates are per year; r with two states is the rate from the first to the second."
    )
    parts: list[Part] = [Paragraph(told)]
    titles = {
        "formula": "Formulas", "parameter": "Inputs that are computed", "start": "Start", "transition": "Transitions",
        "outcome": "Costs, effects and counts",
    }  # fmt: skip
    columns = (("Meaning", False), ("Equation", False), ("Unit", False))
    for kind in dict.fromkeys(row["kind"] for row in rows):
        cells = tuple(_equation(found, row) for row in rows if row["kind"] == kind)
        parts.append(Table(titles[kind], columns, cells))
    return Section("equations", "Appendix: equations", tuple(parts), broad=True)


def _equation(found: Findings, row: catalogue.Row) -> tuple[Cell, ...]:
    """What an equation means, in which states it is paid, the equation itself, and its unit."""
    meaning = row["label"] or row["name"]
    states = row["states"] if row["kind"] == "outcome" else ()
    if states:
        meaning = f"{meaning}: {states_text(found.model, states)}"
    latex = row["latex"].partition(r" \quad i")[0] if states else row["latex"]
    return meaning, Equation(latex, f"{row['name']} = {row['text']}"), row["unit"]

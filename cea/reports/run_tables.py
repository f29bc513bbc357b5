"""The tables that `cea run` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from cea.analysis.headline import HeadlineResult
from cea.analysis.incremental import Incremental
from cea.analysis.shortfall import Shortfall
from cea.engine.results import Results
from cea.model.definition import Model
from cea.reports.catalogue import GRADES
from cea.reports.run_report import Report, Setting
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, describe_status, effect, icer_cell, money, pair_cell, percent


def print_report(console: Console, report: Report) -> None:
    """Everything that a run found, the headlines first."""
    results, found, labels = report.results, report.incremental, report.labels
    items = report.settings[0][1]
    for text in heading(results):
        console.print(text)
    console.print()
    for made in headline_tables(report.settings, results):
        print_table(console, made)
    if note := price_note(items, results):
        console.print(Text(f"{note}\n"))
    print_table(console, incremental_table(found, labels))
    print_table(console, benefit_table(found, labels))
    print_table(console, pairwise_table(found, labels))
    if items:
        print_table(console, also_asked_table(items, results))
    if any(item.severity for item in items):
        print_table(console, severity_table(items, results))
    print_table(console, costs_table(results, labels))
    events = events_table(results, labels)
    if events.rows:
        print_table(console, events)
    print_table(console, totals_table(results, labels))
    for line in notes(results):
        console.print(Text(line))


def heading(results: Results) -> Iterator[Text]:
    """What was run, for whom, in which money."""
    model, settings = results.model, results.model.settings
    scope = results.cohort.scope
    costs = scope.number(settings.discount_costs, "discount_costs")
    effects = scope.number(settings.discount_effects, "discount_effects")
    perspective = model.perspectives[results.perspective].label
    where = f"{settings.country}, " if settings.country else ""
    yield Text(model.title, style="bold")
    yield Text(
        f"{where}{settings.price_year} {settings.currency}, {perspective} perspective; {scope.years[-1]:g} years, "
        f"{_cycle(settings.cycles_per_year)} cycles, {settings.correction.replace('_', '-')} correction, "
        f"discounted at {percent(costs)} (costs) and {percent(effects)} (effects) a year"
    )
    layers = [layer.name for layer in model.layers if not layer.edit]
    edits = {
        name: node.value for layer in model.layers if layer.edit for name, node in layer.parameter_values().items()
    }
    if layers:
        yield Text(f"Layers: {', '.join(layers)}")
    if edits:
        yield Text("Set: " + ", ".join(f"{name} = {value:g}" for name, value in edits.items()))


def _cycle(per_year: int) -> str:
    return {1: "annual", 12: "monthly", 52: "weekly"}.get(per_year, f"{12 / per_year:g}-month")


def short(amount: float, currency: str) -> str:
    """A round amount for a heading: $100k."""
    return f"{money(amount / 1000, currency)}k" if amount >= 1000 and amount % 1000 == 0 else money(amount, currency)


def price_cell(price: float | None, currency: str) -> str:
    """The highest price at which a strategy is cost-effective, for a table."""
    if price is None:
        return "none"
    return "any" if price == float("inf") else money(price, currency)


def headline_tables(settings: Sequence[Setting], results: Results) -> Iterator[Table]:
    """A table for each headline comparison: the run, and the layers shown beside it."""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    for first in settings[0][1]:
        columns = [("Setting", False), ("Extra cost", True), (f"{unit}s gained", True), (f"Cost per {unit}", True)]
        columns += [(f"Highest price at {short(limit.threshold, currency)}", True) for limit in first.limits]
        against = f"{first.labels[0]} against {first.labels[1]}"
        made = Table(f"{first.headline.label}: {against} ({results.outcomes.money} per person)", columns)
        for label, items in settings:
            for item in items:
                if item.headline.name == first.headline.name:
                    cells = [money(item.pair.cost, currency), effect(item.pair.effect), pair_cell(item.pair, currency)]
                    cells += [price_cell(limit.price, currency) for limit in item.limits]
                    made.add([label, *cells], strong=label == settings[0][0])
        yield made
        name = first.headline.name
        rows = [(label, item) for label, items in settings for item in items if item.headline.name == name]
        yield from weighted_tables(rows, [limit.threshold for limit in first.limits], results.model)


def weighted_tables(
    rows: Sequence[tuple[str, HeadlineResult]], thresholds: Sequence[float], model: Model
) -> Iterator[Table]:
    """One comparison with its effects weighted for severity, in the settings whose weight is not 1; none if all are."""
    currency, unit = model.currency, model.settings.effect_unit
    weighted = [(label, item) for label, item in rows if item.weight != 1]
    if not weighted:
        return
    columns = [("Setting", False), ("Severity weight", True), (f"Cost per weighted {unit}", True)]
    columns += [(f"Highest price at {short(threshold, currency)}", True) for threshold in thresholds]
    made = Table(f"{weighted[0][1].headline.label}, effects weighted for severity", columns)
    for label, item in weighted:
        limits = [item.price_limit(threshold) for threshold in thresholds]
        cells = [f"{item.weight:g}", weighted_cell(item, currency)]
        made.add([label, *cells, *(price_cell(limit.weighted, currency) if limit else NONE for limit in limits)])
    if len(weighted) < len(rows):
        made.notes.append("Where a setting is not here, its weight is 1.")
    yield made


def weighted_cell(item: HeadlineResult, currency: str) -> str:
    """Cost per weighted unit of effect, where the strategy costs more and gains."""
    found = item.icer_weighted
    return money(found, currency) if found is not None and item.pair.quadrant == "NE" else NONE


def price_note(items: Sequence[HeadlineResult], results: Results) -> str:
    """What the price columns mean."""
    priced = [item for item in items if item.limits and item.price is not None]
    if not priced:
        return ""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    now = ", ".join(sorted({f"{item.price_label}: now {money(item.price or 0.0, currency)}" for item in priced}))
    return (
        f"Highest price: up to which it is cost-effective at that threshold per {unit} ({now}); "
        "none: not even at a price of zero."
    )


def incremental_table(found: Incremental, labels: Mapping[str, str]) -> Table:
    """The full incremental analysis of all strategies, least costly first."""
    currency, unit = found.currency, found.effect_unit
    headings = ["Cost", "Life-years", f"{unit}s", "Extra cost", f"{unit}s gained", f"Cost per {unit}"]
    made = Table(
        f"All strategies ({_money(found)} per person, discounted)",
        [("Strategy", False), *((heading, True) for heading in headings)],
    )
    best = found.best(found.threshold)
    remarks = ["Each against the next less costly strategy on the frontier."]
    for row in sorted(found.rows, key=lambda row: row.cost):
        increments = [NONE, NONE]
        if row.incremental_cost is not None and row.incremental_effect is not None:
            increments = [money(row.incremental_cost, currency), effect(row.incremental_effect)]
        totals = [money(row.cost, currency), effect(row.life_years), effect(row.effect)]
        made.add([row.label, *totals, *increments, icer_cell(row, currency)], strong=row.strategy == best)
        if row.status in ("dominated", "extendedly_dominated"):
            remarks.append(f"{row.label}: {describe_status(row, labels)}.")
    made.notes.append(" ".join(remarks))
    return made


def _money(found: Incremental) -> str:
    """Price year and currency."""
    return f"{found.price_year} {found.currency}".strip()


def benefit_table(found: Incremental, labels: Mapping[str, str]) -> Table:
    """Net monetary and net health benefit at each threshold."""
    currency, unit = found.currency, found.effect_unit
    thresholds = [short(threshold, currency) for threshold in found.thresholds]
    columns = [(f"{benefit} at {threshold}", True) for benefit in ("NMB", "NHB") for threshold in thresholds]
    made = Table(f"Net benefit ({_money(found)} per person)", [("Strategy", False), *columns])
    for row in found.rows:
        made.add([row.label, *(money(value, currency) for value in row.nmb), *(effect(value) for value in row.nhb)])
    highest = "; ".join(
        f"{labels[found.best(threshold)]} at {money(threshold, currency)}" for threshold in found.thresholds
    )
    made.notes.append(f"NMB: net monetary benefit ({currency}); NHB: net health benefit ({unit}s). Highest: {highest}.")
    return made


def pairwise_table(found: Incremental, labels: Mapping[str, str]) -> Table:
    """Every strategy against one comparator."""
    currency, unit = found.currency, found.effect_unit
    columns = [("Strategy", False), ("Extra cost", True), (f"{unit}s gained", True), (f"Cost per {unit}", True)]
    columns += [(f"Extra NMB at {short(threshold, currency)}", True) for threshold in found.thresholds]
    made = Table(f"Each strategy against {labels[found.comparator]} ({_money(found)} per person)", columns)
    for pair in found.pairs:
        if pair.strategy != found.comparator:
            cells = [pair.label, money(pair.cost, currency), effect(pair.effect), pair_cell(pair, currency)]
            made.add(cells + [money(value, currency) for value in pair.nmb])
    return made


def also_asked_table(items: Sequence[HeadlineResult], results: Results) -> Table:
    """What committees ask next: equal-value life-years, and no disease costs in added life."""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    columns = [("Comparison", False), (f"Cost per {unit}", True)]
    columns += [("per equal-value life-year", True), (f"per {unit}, no care costs in added life", True)]
    made = Table(f"Also asked: cost per unit gained ({results.outcomes.money})", columns)
    for item in items:
        extra = item.added_life
        gained = extra.equal_value_life_years
        cells = [f"{item.labels[0]} against {item.labels[1]}", pair_cell(item.pair, currency)]
        cells.append(money(item.pair.cost / gained, currency) if gained and gained > 0 and item.pair.cost > 0 else NONE)
        positive = extra.incremental_effect > 0 and extra.cost_without_added_care > 0
        cells.append(money(extra.cost_without_added_care / extra.incremental_effect, currency) if positive else NONE)
        made.add(cells)
    return made


def severity_table(items: Sequence[HeadlineResult], results: Results) -> Table:
    """QALY shortfall of each headline's comparator; below, how far it is from the next weight."""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    headings = [f"Expected {unit}s", "Absolute shortfall", "Proportional shortfall", "Severity weight"]
    headings.append(f"Cost per weighted {unit}")
    made = Table(
        f"{unit} shortfall against the general population (over life, at its own discount rate)",
        [("Established care", False), *((heading, True) for heading in headings)],
    )
    for item in items:
        severity = item.severity
        if severity is None:
            continue
        cells = [effect(severity.expected), effect(severity.absolute), f"{severity.proportional:.3f}"]
        made.add([item.labels[1], *cells, f"{severity.weight:g}", weighted_cell(item, currency)])
        made.notes.append(f"{item.labels[1]}: {_distance(severity, unit)}.")
    return made


def _distance(severity: Shortfall, unit: str) -> str:
    missing = next((cut for cut in severity.cut_offs if not cut.reached), None)
    if missing is None:
        return "highest weight reached"
    return (
        f"the next weight, ×{missing.weight:g}, needs {missing.absolute:g} {unit}s ({-missing.absolute_distance:.2f} "
        f"more) or {missing.proportional:.2f} ({-missing.proportional_distance:.3f} more)"
    )


def costs_table(results: Results, labels: Mapping[str, str]) -> Table:
    """Counted costs: a row a category, a column a strategy."""
    rows: dict[str, list[str]] = {}
    for record in results.categories_frame().to_dict("records"):
        rows.setdefault(record["category"], []).append(money(record["cost"], results.model.currency))
    title = f"Costs by category ({results.outcomes.money} per person, discounted)"
    made = Table(title, [("Category", False), *((labels[name], True) for name in results.strategies)])
    for category, cells in rows.items():
        made.add([category, *cells])
    return made


def events_table(results: Results, labels: Mapping[str, str]) -> Table:
    """Expected numbers: a row an event or count, a column a strategy."""
    rows: dict[str, list[str]] = {}
    for record in results.events_frame().to_dict("records"):
        rows.setdefault(record["event"], [record["label"]]).append(effect(record["count"]))
    columns = [("Event", False), *((labels[name], True) for name in results.strategies)]
    made = Table("Events per person (undiscounted)", columns)
    for cells in rows.values():
        made.add(cells)
    return made


def totals_table(results: Results, labels: Mapping[str, str]) -> Table:
    """Discounted beside undiscounted."""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    headings = [text for name in ("Cost", "Life-years", f"{unit}s") for text in (name, "not discounted")]
    title = f"Discounted and not ({results.outcomes.money} per person)"
    made = Table(title, [("Strategy", False), *((text, True) for text in headings)])
    for row in results.totals_frame().to_dict("records"):
        cells = [labels[row["strategy"]], money(row["cost"], currency), money(row["cost_undiscounted"], currency)]
        columns = ("life_years", "life_years_undiscounted", "effect", "effect_undiscounted")
        made.add(cells + [effect(row[column]) for column in columns])
    return made


def notes(results: Results) -> Iterator[str]:
    """Solved parameters, and how much of the model rests on what kind of evidence."""
    model = results.model
    solved = []
    for name, value in results.solved.items():
        if (solve := model.parameters[name].solve) is not None:
            at = f" at {solve.years.text} years" if solve.years else ""
            measure = f"the {solve.measure.replace('_', ' ')} of {solve.strategies[0]} and {solve.strategies[1]}{at}"
            solved.append(f"{name} = {value:.4f}, so that {measure} is {solve.target.text}")
    if solved:
        yield "Solved: " + "; ".join(solved)
    used = [item for item in model.parameters.values() if item.name in model.used]
    counts = {grade: sum(item.source.grade == grade for item in used) for grade in GRADES}
    yield (
        f"{len(used)} parameters in use: {counts['published']} published, {counts['derived']} derived from published "
        f"numbers, {counts['assumption']} assumptions, {counts['unverified']} unverified (`cea show parameters` lists "
        "them)."
    )

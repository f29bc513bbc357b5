"""Results as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cea.analysis.headline import HeadlineResult
from cea.analysis.incremental import Incremental
from cea.engine.results import Results
from cea.reports.wording import NONE, describe_status, effect, icer_cell, money, pair_cell


def table(title: str, columns: Sequence[tuple[str, bool]], caption: str | None = None) -> Table:
    """An empty table; columns are (heading, is a number)."""
    made = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1),
                 caption=Text(caption) if caption else None, caption_justify="left")  # fmt: skip
    for heading, number in columns:
        longest = max(len(word) for word in heading.split() or [""])
        made.add_column(Text(heading), justify="right" if number else "left", overflow="fold", no_wrap=False,
                        min_width=max(longest, 9) if number else 12)  # fmt: skip
    return made


def add(made: Table, cells: Iterable[str], *, strong: bool = False) -> None:
    """A row of plain text; nothing in it is read as markup."""
    made.add_row(*[Text(str(cell)) for cell in cells], style="bold" if strong else None)


def print_heading(console: Console, results: Results) -> None:
    """What was run, for whom, in which money."""
    model, settings = results.model, results.model.settings
    perspective = model.perspectives[results.perspective].label
    console.print(Text(model.title, style="bold"))
    years = results.cohort.scope.years[-1]
    rates = [
        results.cohort.scope.number(term, name)
        for name, term in (("discount_costs", settings.discount_costs), ("discount_effects", settings.discount_effects))
    ]
    where = f"{settings.country}, " if settings.country else ""
    console.print(
        Text(
            f"{where}{settings.price_year} {settings.currency}, {perspective} perspective; {years:g} years, "
            f"{_cycle(settings.cycles_per_year)} cycles, {settings.correction.replace('_', '-')} correction, discounted at "
            f"{rates[0]:.3g} (costs) and {rates[1]:.3g} (effects) a year"
        )
    )
    layers = [layer.name for layer in model.layers if not layer.edit]
    edits = {
        name: node.value for layer in model.layers if layer.edit for name, node in layer.parameter_values().items()
    }
    if layers:
        console.print(Text(f"Layers: {', '.join(layers)}"))
    if edits:
        console.print(Text("Set: " + ", ".join(f"{name} = {value:g}" for name, value in edits.items())))
    console.print()


def _cycle(per_year: int) -> str:
    return {1: "annual", 12: "monthly", 52: "weekly"}.get(per_year, f"{12 / per_year:g}-month")


def short(amount: float, currency: str) -> str:
    """A round amount for a heading: $100k."""
    return f"{money(amount / 1000, currency)}k" if amount >= 1000 and amount % 1000 == 0 else money(amount, currency)


def _price(price: float | None, currency: str) -> str:
    if price is None:
        return "none"
    return "any" if price == float("inf") else money(price, currency)


def headline_tables(settings: Sequence[tuple[str, Sequence[HeadlineResult]]], results: Results) -> list[Table]:
    """A table for each headline comparison: the run, and the layers shown beside it."""
    model, currency, unit = results.model, results.model.currency, results.model.settings.effect_unit
    tables = []
    for first in settings[0][1]:
        columns = [("Setting", False), ("Extra cost", True), (f"{unit}s gained", True), (f"Cost per {unit}", True)]
        columns += [(f"Highest price at {short(limit.threshold, currency)}", True) for limit in first.limits]
        made = table(
            f"{first.headline.label}: {first.labels[0]} against {first.labels[1]} ({results.outcomes.money} per person)",
            columns,
        )
        for label, items in settings:
            for item in items:
                if item.headline.name == first.headline.name:
                    cells = [
                        label,
                        money(item.pair.cost, currency),
                        effect(item.pair.effect),
                        pair_cell(item.pair, currency),
                    ]
                    cells += [_price(limit.price, currency) for limit in item.limits]
                    add(made, cells, strong=label == settings[0][0])
        tables.append(made)
    return tables


def price_note(items: Sequence[HeadlineResult], results: Results) -> str:
    """What the price columns mean."""
    priced = [item for item in items if item.limits and item.price is not None]
    if not priced:
        return ""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    now = ", ".join(sorted({f"{item.price_label}: now {money(item.price or 0.0, currency)}" for item in priced}))
    return f"Highest price: up to which it is cost-effective at that threshold per {unit} ({now}); none: not even at a price of zero."


def incremental_table(found: Incremental, labels: Mapping[str, str]) -> Table:
    """The full incremental analysis of all strategies, least costly first."""
    currency, unit = found.currency, found.effect_unit
    columns = [
        ("Strategy", False), ("Cost", True), ("Life-years", True), (f"{unit}s", True), ("Extra cost", True),
        (f"{unit}s gained", True), (f"Cost per {unit}", True),
    ]  # fmt: skip
    best = found.best(found.threshold)
    notes = ["Each against the next less costly strategy on the frontier."]
    made = table(f"All strategies ({f'{found.price_year} {found.currency}'.strip()} per person, discounted)", columns)
    for row in sorted(found.rows, key=lambda row: row.cost):
        increments = [NONE, NONE]
        if row.incremental_cost is not None and row.incremental_effect is not None:
            increments = [money(row.incremental_cost, currency), effect(row.incremental_effect)]
        cells = [
            row.label,
            money(row.cost, currency),
            effect(row.life_years),
            effect(row.effect),
            *increments,
            icer_cell(row, currency),
        ]
        add(made, cells, strong=row.strategy == best)
        if row.status in ("dominated", "extendedly_dominated"):
            notes.append(f"{row.label}: {describe_status(row, labels)}.")
    made.caption = Text(" ".join(notes))
    return made


def benefit_table(found: Incremental, labels: Mapping[str, str]) -> Table:
    """Net monetary and net health benefit at each threshold."""
    currency, unit = found.currency, found.effect_unit
    columns = [("Strategy", False)]
    columns += [(f"NMB at {short(threshold, currency)}", True) for threshold in found.thresholds]
    columns += [(f"NHB at {short(threshold, currency)}", True) for threshold in found.thresholds]
    best = [found.best(threshold) for threshold in found.thresholds]
    highest = "; ".join(
        f"{labels[name]} at {money(threshold, currency)}"
        for name, threshold in zip(best, found.thresholds, strict=True)
    )
    caption = f"NMB: net monetary benefit ({currency}); NHB: net health benefit ({unit}s). Highest: {highest}."
    made = table("Net benefit", columns, caption)
    for row in found.rows:
        add(made, [row.label, *(money(value, currency) for value in row.nmb), *(effect(value) for value in row.nhb)])
    return made


def pairwise_table(found: Incremental, labels: Mapping[str, str]) -> Table:
    """Every strategy against one comparator."""
    currency, unit = found.currency, found.effect_unit
    columns = [("Strategy", False), ("Extra cost", True), (f"{unit}s gained", True), (f"Cost per {unit}", True)]
    columns += [(f"Extra NMB at {short(threshold, currency)}", True) for threshold in found.thresholds]
    made = table(f"Each strategy against {labels[found.comparator]}", columns)
    for pair in found.pairs:
        if pair.strategy != found.comparator:
            cells = [pair.label, money(pair.cost, currency), effect(pair.effect), pair_cell(pair, currency)]
            add(made, cells + [money(value, currency) for value in pair.nmb])
    return made


def wide_table(
    title: str, frame: pd.DataFrame, index: str, value: str, labels: Mapping[str, str], text: str, currency: str
) -> Table:
    """A tidy frame as a table with a column per strategy; `text` is money or number."""
    strategies = list(dict.fromkeys(frame["strategy"]))
    made = table(title, [(index.capitalize(), False), *((labels[name], True) for name in strategies)])
    show = (lambda amount: money(amount, currency)) if text == "money" else (lambda amount: effect(amount))
    for name in dict.fromkeys(frame[index]):
        rows = frame[frame[index] == name].set_index("strategy")[value]
        add(made, [str(name), *(show(float(rows.get(strategy, float("nan")))) for strategy in strategies)])
    return made


def totals_table(results: Results, labels: Mapping[str, str]) -> Table:
    """Discounted beside undiscounted."""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    columns = [("Strategy", False)]
    for name in ("Cost", "Life-years", f"{unit}s"):
        columns += [(name, True), ("not discounted", True)]
    made = table("Discounted and not, per person", columns)
    for row in results.totals_frame().itertuples():
        add(made, [labels[row.strategy], money(row.cost, currency), money(row.cost_undiscounted, currency), effect(row.life_years),
                   effect(row.life_years_undiscounted), effect(row.effect), effect(row.effect_undiscounted)])  # fmt: skip
    return made


def also_asked_table(items: Sequence[HeadlineResult], results: Results) -> Table:
    """What committees ask next: equal-value life-years, and no disease costs in added life."""
    currency, unit = results.model.currency, results.model.settings.effect_unit
    columns = [("Comparison", False), (f"Cost per {unit}", True)]
    columns += [("per equal-value life-year", True), (f"per {unit}, no care costs in added life", True)]
    made = table("Also asked: cost per unit gained", columns)
    for item in items:
        extra = item.added_life
        gained = extra.equal_value_life_years
        cells = [f"{item.labels[0]} against {item.labels[1]}", pair_cell(item.pair, currency)]
        cells.append(money(item.pair.cost / gained, currency) if gained and gained > 0 and item.pair.cost > 0 else NONE)
        positive = extra.incremental_effect > 0 and extra.cost_without_added_care > 0
        cells.append(money(extra.cost_without_added_care / extra.incremental_effect, currency) if positive else NONE)
        add(made, cells)
    return made


def severity_table(items: Sequence[HeadlineResult], results: Results) -> Table | None:
    """QALY shortfall of each headline's comparator and how far it is from the cut-offs."""
    chosen = [item for item in items if item.severity is not None]
    if not chosen:
        return None
    currency, unit = results.model.currency, results.model.settings.effect_unit
    columns = [("Established care", False), (f"Expected {unit}s", True), ("Absolute shortfall", True), ("Proportional shortfall", True),
               ("Severity weight", True), (f"Cost per weighted {unit}", True), ("Distance to the next weight", False)]  # fmt: skip
    made = table(f"{unit} shortfall against the general population (discounted)", columns)
    for item in chosen:
        severity = item.severity
        if severity is None:
            continue
        missing = next((cut for cut in severity.cut_offs if not cut.reached), None)
        distance = "highest weight reached"
        if missing is not None:
            distance = (
                f"x{missing.weight:g} needs {missing.absolute:g} {unit}s ({-missing.absolute_distance:.2f} more) "
                f"or {missing.proportional:.2f} ({-missing.proportional_distance:.3f} more)"
            )
        weighted = (
            item.pair.cost / (item.pair.effect * severity.weight)
            if item.pair.effect > 0 and item.pair.cost > 0
            else None
        )
        add(made, [item.labels[1], effect(severity.expected), effect(severity.absolute), f"{severity.proportional:.3f}",
                   f"{severity.weight:g}", money(weighted, currency) if weighted is not None else NONE, distance])  # fmt: skip
    return made


def grade_note(results: Results) -> str:
    """How much of the model rests on what kind of evidence."""
    used = [item for item in results.model.parameters.values() if item.name in results.model.used]
    counts = {
        grade: sum(item.source.grade == grade for item in used)
        for grade in ("published", "derived", "assumption", "unverified")
    }
    return (
        f"{len(used)} parameters in use: {counts['published']} published, {counts['derived']} derived from published numbers, "
        f"{counts['assumption']} assumptions, {counts['unverified']} unverified (`cea show parameters` lists them)."
    )

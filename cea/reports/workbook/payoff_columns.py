"""Columns of what is paid and gained: one an outcome, with its discounted and undiscounted totals above."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cea.engine.payoffs import payoff
from cea.engine.results import Results
from cea.model.definition import Outcome
from cea.reports.quantities import per
from cea.reports.workbook.book import literal
from cea.reports.workbook.cell_text import Writer
from cea.reports.workbook.columns import Column
from cea.reports.workbook.weight_columns import POINT, STATE

GROUPS = {"cost": "Costs, before discounting", "effect": "Effects, before discounting", "count": "Counts"}
LIFE_YEARS = "life_years"


def payoff_columns(writer: Writer, results: Results, strategy: int) -> Iterator[Column]:
    """All outcomes of a strategy by kind, and its life-years."""
    for kind, group in GROUPS.items():
        for name, line in results.lines.items():
            if line.outcome.kind == kind:
                yield _column(writer, results, name, strategy, group)
        if kind == "effect":
            yield _life_years(results, strategy, group)


def _column(writer: Writer, results: Results, name: str, strategy: int, group: str) -> Column:
    line = results.lines[name]
    outcome = line.outcome
    paid, _ = payoff(results.cohort, outcome)
    values = paid[0, strategy].copy()
    first = 0
    if outcome.timing == "on":
        first, values[0] = 1, np.nan
    per_year = outcome.timing == "per_year"
    key = f"pay:{name}"
    weight = STATE[outcome.kind] if per_year else POINT.get(outcome.kind)
    total = f"SUMPRODUCT([={key}],[={weight}])" if weight else f"SUM([={key}])"
    plain = f"SUMPRODUCT([={key}],[={STATE['count']}])" if per_year else f"SUM([={key}])"
    unit = _unit(results, outcome)
    return Column(
        key, group, outcome.label, f"{unit} per year".strip() if per_year else unit, values, _formula(writer, outcome),
        "money_2" if outcome.kind == "cost" else "small", first, -1,
        (total, float(line.discounted[0, strategy])), (plain, float(line.undiscounted[0, strategy])),
    )  # fmt: skip


def _unit(results: Results, outcome: Outcome) -> str:
    if outcome.kind == "cost":
        return results.model.currency
    return per(outcome.unit or "")


def _formula(writer: Writer, outcome: Outcome) -> str:
    """What is paid at a boundary: shares of states, or flows of events, times the value."""
    if outcome.timing == "on":
        assert outcome.value is not None, "a checked outcome on an event has a value"
        flows = "+".join(f"[flow:{event}]" for event in outcome.events)
        amount = f"{flows if len(outcome.events) == 1 else f'({flows})'}*{writer.factor(outcome.value)}"
        return writer.where(outcome.when, amount)
    shares: dict[str, list[str]] = {}
    for state, term in outcome.by_state.items():
        shares.setdefault(writer.factor(term), []).append(f"[in:{state}]")
    parts = [f"{_sum(states)}*{value}" for value, states in shares.items()]
    amount = _sum(parts, brackets=outcome.timing == "at_years")
    if outcome.timing == "at_years":
        amount = f"{amount}*{_due(outcome)}"
    return writer.where(outcome.when, amount or "0*[cycle]")


def _sum(parts: list[str], *, brackets: bool = True) -> str:
    text = "+".join(parts)
    return f"({text})" if brackets and len(parts) > 1 else text


def _due(outcome: Outcome) -> str:
    """How often a payoff at given times falls on the boundary; without `per` the years count from the start."""
    clock = f"[since_{outcome.per}]" if outcome.per else "[year]"
    gaps = [f"(ABS({clock}-{literal(years)})<=1E-9)" for years in outcome.at_years]
    return f"({'+'.join(gaps)}+0)"


def _life_years(results: Results, strategy: int, group: str) -> Column:
    line, key = results.life_years, f"pay:{LIFE_YEARS}"
    alive = results.cohort.alive[0, strategy]
    total = f"SUMPRODUCT([={key}],[={STATE['effect']}])", float(line.discounted[0, strategy])
    plain = f"SUMPRODUCT([={key}],[={STATE['count']}])", float(line.undiscounted[0, strategy])
    return Column(key, group, "Life-years", "years per year", alive, "[alive]", "share", 0, -1, total, plain)

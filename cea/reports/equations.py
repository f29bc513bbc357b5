"""The equations of a model as text and LaTeX: formulas, start, transitions and outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from cea.engine.scope import Scope
from cea.errors import Place
from cea.formula import Binary, Call, Expression, Number, to_latex, to_text
from cea.formula.latex import italic
from cea.model.definition import Formula, Model, Outcome, Parameter, Term, Transition
from cea.reports.quantities import figure
from cea.reports.uses import needs
from cea.reports.values import constant

Row = dict[str, Any]


def equations(model: Model, scope: Scope) -> pd.DataFrame:
    """All equations: kind, name, label, text, latex, unit, the names they need, and the value where it does not vary.

    A transition is the sum of the entries of its arrow, zero where their conditions do not hold; states with the same
    equation share a row. `states` are those that an outcome is paid in, or the ends of an arrow.
    """
    return pd.DataFrame([*_formulas(model, scope), *_starts(model), *_transitions(model), *_payoffs(model)])


def outcome_unit(model: Model, outcome: Outcome) -> str:
    """The unit of what an outcome pays."""
    amount = {"cost": model.currency, "count": "1"}.get(outcome.kind) or outcome.unit or model.settings.effect_unit
    return f"{amount}/year" if outcome.timing == "per_year" else amount


def paid(model: Model, outcome: Outcome) -> str:
    """When an outcome counts, in words."""
    if outcome.timing == "per_year":
        return "per year in a state"
    if outcome.timing == "on":
        return f"on each of: {', '.join(model.events[event] for event in outcome.events)}"
    times = ", ".join(figure(round(years, 4)) for years in outcome.at_years)
    return f"at {times} years" + (f" of each {outcome.per}" if outcome.per else "")


def _row(kind: str, name: str, label: str, symbol: str, expression: Expression, unit: str, **more: object) -> Row:
    return {
        "kind": kind,
        "name": name,
        "label": label,
        "text": to_text(expression),
        "latex": f"{symbol} = {to_latex(expression)}",
        "unit": unit,
        "value": None,
        "needs": needs(expression),
        "states": (),
        **more,
    }


def _formulas(model: Model, scope: Scope) -> Iterator[Row]:
    defined: list[Formula | Parameter] = [*model.formulas.values(), *model.parameters.values()]
    for item in defined:
        if item.term is not None:
            yield _row(
                "formula" if item.name in model.formulas else "parameter", item.name, item.label, italic(item.name),
                item.term.expression, str(model.dimensions[item.name]), value=constant(scope, item.name),
                layer=item.layer or None, file=str(item.term.place),
            )  # fmt: skip


def _starts(model: Model) -> Iterator[Row]:
    for state, term in model.start.items():
        symbol, label = rf"\mathit{{start}}_{{{italic(state)}}}", f"Share that starts in {model.states[state].label}"
        if term is not None:
            yield _row("start", state, label, symbol, term.expression, "1", file=str(term.place))
        else:
            rest = {"text": "rest", "latex": rf"{symbol} = 1 - \text{{the other shares}}"}
            yield _row("start", state, label, symbol, Number(1.0), "1") | rest


def _transitions(model: Model) -> Iterator[Row]:
    arrows: dict[tuple[str, str], list[Transition]] = {}
    for move in model.transitions:
        arrows.setdefault((move.source, move.target), []).append(move)
    alike: dict[tuple[str, tuple[Place, ...]], list[str]] = {}
    for (source, target), moves in arrows.items():
        # `alive -> dead` is one entry with one place, however many arrows it stands for.
        alike.setdefault((target, tuple(move.place for move in moves)), []).append(source)
    for (target, _), sources in alike.items():
        yield _arrow(model, sources, target, arrows[sources[0], target])


def _arrow(model: Model, sources: Sequence[str], target: str, moves: Sequence[Transition]) -> Row:
    total: Expression = _when(moves[0].term, moves[0].when)
    for move in moves[1:]:
        total = Binary("+", total, _when(move.term, move.when))
    rate = moves[0].kind == "rate"
    symbol, among = _indexed(model, "r" if rate else "p", sources, rf" \to {italic(target)}")
    labels = dict.fromkeys(move.label for move in moves if move.label)
    events = dict.fromkeys(model.events[move.event] for move in moves if move.event)
    row = _row(
        "transition", f"{_together(model, sources) or ', '.join(sources)} -> {target}",
        "; ".join(labels) or f"{states_text(model, sources)} to {model.states[target].label}",
        symbol, total, "1/year" if rate else "1", states=(*sources, target), event=", ".join(events) or None,
        file=str(moves[0].place),
    )  # fmt: skip
    return row | {"latex": row["latex"] + among}


def _payoffs(model: Model) -> Iterator[Row]:
    for outcome in model.outcomes.values():
        groups: dict[Expression, list[str]] = {}
        for state, term in outcome.by_state.items():
            groups.setdefault(_when(term, outcome.when), []).append(state)
        if outcome.value is not None and not groups:
            groups[_when(outcome.value, outcome.when)] = []
        for expression, states in groups.items():
            symbol, among = _indexed(model, italic(outcome.name), states)
            row = _row(
                "outcome", outcome.name, outcome.label, symbol, expression, outcome_unit(model, outcome),
                states=tuple(states), file=str(outcome.place) if outcome.place else None,
            )  # fmt: skip
            yield row | {"latex": row["latex"] + among}


def _when(term: Term, when: Term | None) -> Expression:
    """The formula, zero where the condition does not hold."""
    return term.expression if when is None else Call("if", (when.expression, term.expression, Number(0.0)))


def _together(model: Model, states: Sequence[str]) -> str | None:
    """The word for several states that are all those alive or all those dead."""
    for word, dead in (("alive", False), ("dead", True)):
        members = {state.name for state in model.states.values() if state.dead == dead}
        if len(members) > 1 and set(states) == members:
            return word
    return None


def states_text(model: Model, states: Sequence[str]) -> str:
    """Labels of states, or `All states alive`."""
    word = _together(model, states)
    return f"All states {word}" if word else ", ".join(model.states[state].label for state in states)


def _indexed(model: Model, symbol: str, states: Sequence[str], tail: str = "") -> tuple[str, str]:
    """A symbol with its state as index, and what names the states when there are several."""
    if not states:
        return symbol, ""
    if len(states) == 1:
        return f"{symbol}_{{{italic(states[0])}{tail}}}", ""
    word = _together(model, states)
    members = rf"\text{{{word}}}" if word else rf"\left\{{{', '.join(map(italic, states))}\right\}}"
    return f"{symbol}_{{i{tail}}}", rf" \quad i \in {members}"

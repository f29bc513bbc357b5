"""Where the names of a model are used: parameters, formulas, switches and tables."""

from __future__ import annotations

from collections.abc import Iterator

from cea.formula import Expression, Lookup, Name, lookups, walk
from cea.model.definition import Model, Term


def uses(model: Model) -> dict[str, list[str]]:
    """Where each parameter, formula, switch and table is used, as in `formula waning` or `outcome qaly`."""
    found: dict[str, dict[str, None]] = {}
    for place, term in _terms(model):
        for name in (*term.names, *(table for table, _ in lookups(term.expression))):
            found.setdefault(name, {})[place] = None
    for place, name in _references(model):
        found.setdefault(name, {})[place] = None
    return {name: list(places) for name, places in found.items()}


def needs(expression: Expression) -> tuple[str, ...]:
    """The names and tables that a formula reads, in the order in which they stand in it."""
    nodes = [node for node in walk(expression) if isinstance(node, Name | Lookup)]
    return tuple(dict.fromkeys(node.name if isinstance(node, Name) else node.table for node in nodes))


def _terms(model: Model) -> Iterator[tuple[str, Term]]:
    """Every formula with the place it stands in."""

    def given(place: str, *terms: Term | None) -> Iterator[tuple[str, Term]]:
        yield from ((place, term) for term in terms if term is not None)

    for formula in model.formulas.values():
        yield from given(f"formula {formula.name}", formula.term)
    for item in model.parameters.values():
        yield from given(f"parameter {item.name}", item.term)
        if item.solve is not None:
            yield from given(f"parameter {item.name}", item.solve.target, item.solve.in_draws, item.solve.years)
    for state, term in model.start.items():
        yield from given(f"start of {state}", term)
    for move in model.transitions:
        yield from given(f"transition {move.source} -> {move.target}", move.term, move.when)
    for outcome in model.outcomes.values():
        yield from given(f"outcome {outcome.name}", *outcome.by_state.values(), outcome.value, outcome.when)
    for key in ("discount_costs", "discount_effects", "start_age", "until_age", "years"):
        yield from given(f"setting {key}", getattr(model.settings, key))
    if model.shortfall is not None:
        yield from given("shortfall", model.shortfall.discount, model.shortfall.until_age)


def _references(model: Model) -> Iterator[tuple[str, str]]:
    """Every name that is used by name and not in a formula."""
    for item in model.parameters.values():
        if item.same_as is not None:
            yield f"parameter {item.name}", item.same_as
    for joint in model.joint.values():
        yield from ((f"joint draws {joint.name}", name) for name in joint.parameters)
    for headline in model.headlines.values():
        if headline.price is not None:
            yield f"headline {headline.name} (price)", headline.price
    if model.shortfall is not None:
        yield from (("shortfall", name) for name in (model.shortfall.hazard, model.shortfall.utility))
    if model.equal_value is not None:
        yield "equal value of life-years", model.equal_value

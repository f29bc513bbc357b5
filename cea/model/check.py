"""What must hold between the parts of a model: names resolve, nothing is circular, states are reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cea.errors import InputError, Place
from cea.formula import Lookup, Name, walk
from cea.model.definition import Model, Term
from cea.model.dimension_check import DimensionCheck
from cea.model.document import unknown
from cea.model.draft import Draft, in_order


def check_model(model: Model, draft: Draft) -> Model:
    """The model with evaluation order, dimensions and used names filled in. Raises InputError with all problems."""
    checker = _Checker(model, draft)
    checker.references()
    checker.reached()
    order = checker.order()
    used = checker.used()
    checker.constants()
    dimensions = DimensionCheck(model, draft, used).all(order)
    if draft.problems:
        raise InputError(in_order(draft.problems))
    unused = [name for name in model.parameters if name not in used]
    if unused and not model.layers:
        draft.warnings.append("no formula uses the parameters " + ", ".join(unused))
    return replace(model, order=tuple(order), dimensions=dimensions, used=used, warnings=tuple(draft.warnings))


def definitions(model: Model) -> dict[str, Term]:
    """Computed names: formulas and parameters given by a formula."""
    terms = {name: formula.term for name, formula in model.formulas.items()}
    return terms | {name: item.term for name, item in model.parameters.items() if item.term is not None}


def switch_names(model: Model) -> tuple[str, ...]:
    """Names of the switches of all strategies, also of those that a layer did not select, sorted."""
    return tuple(sorted({name for strategy in model.declared_strategies.values() for name in strategy.switches}))


def _constants(model: Model) -> Iterator[tuple[str, Term]]:
    """Formulas that have one value for a whole run, with what they are."""
    settings = model.settings
    for name, term in (
        ("start_age", settings.start_age), ("until_age", settings.until_age), ("years", settings.years),
        ("discount_costs", settings.discount_costs), ("discount_effects", settings.discount_effects),
    ):  # fmt: skip
        if term is not None:
            yield name, term
    if model.shortfall is not None:
        yield "shortfall, discount", model.shortfall.discount
        yield "shortfall, until_age", model.shortfall.until_age
    yield from ((f"start of {state}", term) for state, term in model.start.items() if term is not None)
    for name, parameter in model.parameters.items():
        if parameter.solve is not None:
            yield f"target of {name}", parameter.solve.target
            if parameter.solve.in_draws is not None:
                yield f"target of {name} in draws", parameter.solve.in_draws
            if parameter.solve.years is not None:
                yield f"years of {name}", parameter.solve.years


def _roots(model: Model) -> Iterator[tuple[str, Term]]:
    """Every formula that a run evaluates for its own sake, with what it is."""
    yield from _constants(model)
    for window in model.windows.values():
        yield f"window {window.name}", window.every
        yield f"window {window.name}", window.courses
    for move in model.transitions:
        yield f"{move.source} -> {move.target}", move.term
        if move.when is not None:
            yield f"{move.source} -> {move.target}, when", move.when
    for outcome in model.outcomes.values():
        yield from ((f"{outcome.name}, {state}", term) for state, term in outcome.by_state.items())
        if outcome.value is not None:
            yield outcome.name, outcome.value
        if outcome.when is not None:
            yield f"{outcome.name}, when", outcome.when


class _Checker:
    """Collects problems over a model that is being read; each method is one kind of check."""

    def __init__(self, model: Model, draft: Draft) -> None:
        self.model = model
        self.draft = draft
        self.definitions = definitions(model)
        self.time = {"cycle", "year", *(["age"] if "start_age" in draft.document.find(["time"]).entries else [])}
        self.switches = {
            name for strategy in draft.names("strategies").values() for name in strategy.find(["set"]).entries
            if "set" in strategy.entries
        }  # fmt: skip
        clocks = {f"since_{window}" for window in draft.names("windows")}
        self.known = {*draft.names("parameters"), *draft.names("formulas"), *self.switches, *self.time, *clocks}

    def references(self) -> None:
        """Every name, table and column in a formula exists; a formula that is used in many places is read once."""
        clocks = {f"since_{window}" for window in self.model.windows}
        seen: set[int] = set()
        for context, term in [*self.definitions.items(), *_roots(self.model)]:
            if id(term) not in seen and context not in clocks:
                seen.add(id(term))
                self._term_names(context, term)

    def _term_names(self, context: str, term: Term) -> None:
        for part in walk(term.expression):
            if isinstance(part, Name) and part.name not in self.known:
                self._unknown_name(context, part.name, term.at(part.span[0]))
            elif isinstance(part, Lookup):
                self._lookup(part, term.at(part.span[0]))

    def _unknown_name(self, context: str, name: str, place: Place) -> None:
        if name == "age":
            self.draft.refuse(f"{context}: 'age' needs `time.start_age`", place, "add `start_age` to `time`")
        elif not self.draft.knows("parameters", name) and not self.draft.knows("formulas", name):
            found = unknown("name", name, place, self.known)
            self.draft.refuse(f"{context}: {found.what}", place, found.remedy)

    def _lookup(self, part: Lookup, place: Place) -> None:
        if not self.draft.check_name("tables", part.table, place):
            return
        table = self.model.tables.get(part.table)
        if table is not None and part.column not in table.numeric.columns:
            kind = f"column of table {part.table}"
            self.draft.problems.append(unknown(kind, part.column, place, table.numeric.columns))

    def reached(self) -> None:
        """Every state is entered by an arrow, a tunnel or the start; no state mixes rates and probabilities."""
        model, draft = self.model, self.draft
        entered = {move.target for move in model.transitions} | set(draft.names("start"))
        entered |= {state.then for state in model.states.values() if state.then is not None}
        entered |= {arrow.rpartition("->")[2].strip() for arrow in draft.names("transitions")}
        for state in model.states.values():
            if state.name not in entered:
                what = f"no arrow leads to the state {state.name} and nobody starts in it"
                draft.refuse(what, state.place, "add an arrow to it, or delete it")
        kinds: dict[str, dict[str, Place]] = {}
        for move in model.transitions:
            kinds.setdefault(move.source, {}).setdefault(move.kind, move.place)
        for source, found in kinds.items():
            if len(found) > 1:
                what = f"the arrows from {source} mix rates and probabilities"
                draft.refuse(what, found["probability"], "give all of them as rates, or all as probabilities")
            elif "probability" in found and model.settings.transition_method == "matrix_exponential":
                what = f"{source} is left by given probabilities, which a matrix exponential cannot use"
                draft.refuse(what, found["probability"], "give rates, or use competing_risks")

    def _needs(self) -> dict[str, set[str]]:
        """What each computed or solved name is computed from."""
        needs = {name: set(term.names) for name, term in self.definitions.items()}
        for name, parameter in self.model.parameters.items():
            if parameter.same_as is not None:
                needs[name] = {parameter.same_as}
            elif parameter.solve is not None:
                needs[name] = set(parameter.solve.target.names)
                needs[name] |= parameter.solve.years.names if parameter.solve.years else frozenset()
        return needs

    def order(self) -> list[str]:
        """Computed names in an order in which each comes after what it needs; a circle is a problem."""
        needs = self._needs()
        done: dict[str, None] = {}
        on_path: dict[str, None] = {}
        for first in needs:
            stack = [(first, iter(sorted(needs[first])))] if first not in done else []
            on_path = dict.fromkeys(name for name, _ in stack)
            while stack:
                name, rest = stack[-1]
                child = next((item for item in rest if item in needs and item not in done), None)
                if child is None:
                    done[name] = None
                    on_path.pop(name)
                    stack.pop()
                elif child in on_path:
                    self._circle([*on_path], child)
                else:
                    on_path[child] = None
                    stack.append((child, iter(sorted(needs[child]))))
        solved = {name for name, item in self.model.parameters.items() if item.solve is not None}
        return [name for name in done if name not in solved]

    def _circle(self, path: list[str], name: str) -> None:
        circle = path[path.index(name) :]
        places = {item: self._place(item) for item in circle}
        first = min(circle, key=lambda item: (places[item].file, places[item].line))
        turned = [*circle[circle.index(first) :], *circle[: circle.index(first)], first]
        what = f"circular definition: {' -> '.join(turned)}"
        self.draft.refuse(what, places[first], "define one of them without the others")

    def _place(self, name: str) -> Place:
        formula = self.model.formulas.get(name)
        return formula.term.place if formula else self.model.parameters[name].place

    def used(self) -> frozenset[str]:
        """Names that the results depend on."""
        model, needs = self.model, self._needs()
        pending = {name for _, term in _roots(model) for name in term.names}
        pending |= {model.shortfall.hazard, model.shortfall.utility} if model.shortfall else set()
        pending |= {model.equal_value} if model.equal_value else set()
        used: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in used:
                used.add(name)
                pending |= needs.get(name, set())
        return frozenset(used)

    def constants(self) -> None:
        """Formulas that must not vary over time or strategies."""
        varying = self._varying()
        for context, term in _constants(self.model):
            found = sorted(term.names & varying)
            if found:
                what = f"{context} must not depend on time or strategy, but uses {', '.join(found)}"
                self.draft.refuse(what, term.place, "use parameters, which are constant")

    def _varying(self) -> set[str]:
        varying = self.time | self.switches
        changed = True
        while changed:
            more = {name for name, term in self.definitions.items() if name not in varying and term.names & varying}
            varying |= more
            changed = bool(more)
        return varying

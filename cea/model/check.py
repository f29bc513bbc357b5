"""What must hold between the parts of a model: names resolve, nothing is circular, dimensions agree, states are reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cea.errors import InputError, Place, Problem
from cea.formula import PLAIN, YEAR, Dimension, FormulaError, Name, Number, dimension, names, parse_unit, walk
from cea.formula import Lookup as LookupNode
from cea.formula.units import CURRENCIES
from cea.model.definition import Model, Term
from cea.model.document import Node, unknown
from cea.model.terms import formula_problem

def check_model(draft: Model, node: Node, problems: list[Problem], warnings: list[str], events: Mapping[str, str]) -> Model:
    """The draft with evaluation order, dimensions and used names filled in. Raises InputError with all problems."""
    checker = _Checker(draft, node, problems, warnings)
    checker.references(events)
    checker.reached()
    order = checker.order()
    if problems:
        raise InputError(_ordered(problems))
    checker.dimensions(order)
    checker.constants()
    if problems:
        raise InputError(_ordered(problems))
    return replace(
        draft,
        order=tuple(order),
        dimensions=checker.known_dimensions,
        used=frozenset(checker.used),
        events={name: events.get(name, name.replace("_", " ").capitalize()) for name in checker.event_names()},
        warnings=tuple(warnings),
    )


def _ordered(problems: Iterable[Problem]) -> list[Problem]:
    unique = list(dict.fromkeys(problems))
    return sorted(unique, key=lambda item: (item.place.file, item.place.line, item.place.column) if item.place else ("", 0, 0))


class _Checker:
    """Collects problems over a draft; each method is one kind of check."""

    def __init__(self, draft: Model, node: Node, problems: list[Problem], warnings: list[str]) -> None:
        self.model = draft
        self.node = node
        self.problems = problems
        self.warnings = warnings
        self.switches = _switches(draft)
        self.time = {"cycle", "year", *(["age"] if draft.settings.start_age else [])}
        self.known = {*draft.parameters, *draft.formulas, *self.switches, *self.time}
        self.known_dimensions: dict[str, Dimension] = {}
        self.used: set[str] = set()

    def definitions(self) -> dict[str, Term]:
        """Computed names: formulas and parameters given by a formula or as the same as another."""
        model = self.model
        terms = {name: formula.term for name, formula in model.formulas.items()}
        terms.update((name, item.term) for name, item in model.parameters.items() if item.term is not None)
        return terms

    def roots(self) -> Iterator[tuple[str, Term]]:
        """Every formula that the model evaluates for its own sake, with what it is."""
        model, settings = self.model, self.model.settings
        for name, term in (
            ("start_age", settings.start_age), ("until_age", settings.until_age), ("years", settings.years),
            ("discount_costs", settings.discount_costs), ("discount_effects", settings.discount_effects),
        ):  # fmt: skip
            if term is not None:
                yield name, term
        yield from ((f"start of {state}", term) for state, term in model.start.items() if term is not None)
        for move in model.transitions:
            yield f"{move.source} -> {move.target}", move.term
            if move.when is not None:
                yield f"{move.source} -> {move.target}, when", move.when
        for outcome in model.outcomes.values():
            yield from ((f"{outcome.name}, {state}", term) for state, term in outcome.by_state.items())
            for term in (outcome.value, outcome.when):
                if term is not None:
                    yield outcome.name, term

    def references(self, events: Mapping[str, str]) -> None:
        """Every name that is used exists."""
        model = self.model
        for context, term in [*self.definitions().items(), *self.roots(), *self._solve_terms()]:
            self._term_names(context, term)
        event_names = self.event_names()
        for outcome in model.outcomes.values():
            for event in outcome.events:
                if event not in event_names:
                    self.problems.append(unknown("event", event, outcome.place, event_names))
        for event in events:
            if event not in event_names:
                place = self.node.find(["events", event]).key_place
                self.problems.append(unknown("event", event, place, event_names))
        self._named("shortfall", [model.shortfall.hazard, model.shortfall.utility] if model.shortfall else [])
        self._named("equal_value", [model.equal_value] if model.equal_value else [])
        all_strategies = model.declared_strategies
        for headline in model.headlines.values():
            place = self.node.find(["headlines", headline.name]).key_place
            for strategy in (headline.strategy, headline.comparator):
                if strategy not in all_strategies:
                    self.problems.append(unknown("strategy", strategy, place, all_strategies))
            if headline.price is not None and headline.price not in model.parameters:
                self.problems.append(unknown("parameter", headline.price, place, model.parameters))

    def _solve_terms(self) -> Iterator[tuple[str, Term]]:
        for parameter in self.model.parameters.values():
            if parameter.solve is not None:
                yield f"target of {parameter.name}", parameter.solve.target
                if parameter.solve.years is not None:
                    yield f"years of {parameter.name}", parameter.solve.years
                if parameter.solve.event is not None and parameter.solve.event not in self.event_names():
                    self.problems.append(unknown("event", parameter.solve.event, parameter.solve.place, self.event_names()))

    def _named(self, section: str, wanted: list[str]) -> None:
        for name in wanted:
            if name not in self.known:
                self.problems.append(unknown("formula or parameter", name, self.node.find([section]).place, self.known))

    def event_names(self) -> list[str]:
        """Events in the order in which transitions name them."""
        return list(dict.fromkeys(move.event for move in self.model.transitions if move.event))

    def _term_names(self, context: str, term: Term) -> None:
        for part in walk(term.expression):
            place = term.place.shifted(part.span[0])
            if isinstance(part, Name) and part.name not in self.known:
                found = unknown("name", part.name, place, self.known)
                if part.name == "age":
                    found = Problem("the name 'age' needs `time.start_age`", place, "add start_age to `time`")
                self.problems.append(Problem(f"{context}: {found.what}", place, found.remedy))
            elif isinstance(part, LookupNode):
                table = self.model.tables.get(part.table)
                if table is None:
                    self.problems.append(unknown("table", part.table, place, self.model.tables))
                elif part.column not in table.numeric.columns:
                    self.problems.append(unknown(f"column of table {part.table}", part.column, place, table.numeric.columns))

    def reached(self) -> None:
        """Every state is entered by an arrow, a tunnel or the start; no state mixes rates and probabilities."""
        model = self.model
        entered = {move.target for move in model.transitions} | set(model.start)
        entered |= {state.then for state in model.states.values() if state.then is not None}
        for state in model.states.values():
            if state.name not in entered:
                what = f"no arrow leads to the state {state.name} and nobody starts in it"
                self.problems.append(Problem(what, state.place, "add an arrow to it, or delete it"))
        kinds: dict[str, dict[str, Place]] = {}
        for move in model.transitions:
            kinds.setdefault(move.source, {}).setdefault(move.kind, move.place)
        for source, found in kinds.items():
            if len(found) > 1:
                what = f"the arrows from {source} mix rates and probabilities"
                self.problems.append(Problem(what, found["probability"], "give all of them as rates, or all as probabilities"))
            if "probability" in found and model.settings.transition_method == "matrix_exponential":
                what = f"{source} is left by given probabilities, which a matrix exponential cannot use"
                self.problems.append(Problem(what, found["probability"], "give rates, or use competing_risks"))

    def order(self) -> list[str]:
        """Computed names in an order in which each comes after what it needs; a circle is a problem."""
        needs = {name: set(names(term.expression)) for name, term in self.definitions().items()}
        needs |= {item.name: {item.same_as} for item in self.model.parameters.values() if item.same_as}
        done: dict[str, None] = {}
        state: dict[str, int] = {}
        for first in needs:
            stack: list[tuple[str, Iterator[str]]] = [(first, iter(sorted(needs[first])))] if first not in state else []
            if stack:
                state[first] = 1
            while stack:
                name, rest = stack[-1]
                child = next((item for item in rest if item in needs and state.get(item) != 2), None)
                if child is None:
                    state[name] = 2
                    done[name] = None
                    stack.pop()
                elif state.get(child) == 1:
                    path = [item for item, _ in stack]
                    circle = " -> ".join([*path[path.index(child) :], child])
                    self.problems.append(Problem(f"circular definition: {circle}", self._place(child), "break the circle"))
                    state[name] = 2
                    stack.pop()
                else:
                    state[child] = 1
                    stack.append((child, iter(sorted(needs[child]))))
        self._mark_used(needs)
        return list(done)

    def _place(self, name: str) -> Place | None:
        if name in self.model.formulas:
            return self.model.formulas[name].term.place
        return self.model.parameters[name].place

    def _mark_used(self, needs: Mapping[str, set[str]]) -> None:
        model = self.model
        pending = {name for _, term in [*self.roots(), *self._solve_terms()] for name in names(term.expression)}
        pending |= {model.shortfall.hazard, model.shortfall.utility} if model.shortfall else set()
        pending |= {model.equal_value} if model.equal_value else set()
        while pending:
            name = pending.pop()
            if name not in self.used:
                self.used.add(name)
                pending |= needs.get(name, set())
        unused = [name for name in model.parameters if name not in self.used]
        if unused and not model.layers:
            self.warnings.append("no formula uses the parameters " + ", ".join(unused))

    def dimensions(self, order: list[str]) -> None:
        """Dimensions of all names, then of every formula that the model evaluates."""
        model = self.model
        found = self.known_dimensions
        found.update({name: PLAIN for name in self.switches} | {"cycle": PLAIN, "year": YEAR})
        if model.settings.start_age is not None:
            found["age"] = YEAR
        for parameter in model.parameters.values():
            found[parameter.name] = self._currency(parameter.name)
        definitions = self.definitions()
        for name in order:
            if name in model.parameters and model.parameters[name].same_as:
                self._same_dimension(name)
                continue
            given = self._dimension(name, definitions[name])
            formula = model.formulas.get(name)
            declared = formula.dimension if formula else found[name]
            if given is not None and declared is not None and not given.fits(declared):
                what = f"{name} is declared as {declared} but its formula gives {given}"
                self.problems.append(Problem(what, definitions[name].place, "correct the unit or the formula"))
            found[name] = declared if declared is not None else given if given is not None else PLAIN
        self._required_dimensions()

    def _same_dimension(self, name: str) -> None:
        parameter = self.model.parameters[name]
        other = self.model.parameters[parameter.same_as or name]
        if other.dimension != parameter.dimension:
            what = f"{name} ({parameter.unit}) is the same as {other.name}, which is in {other.unit}"
            self.problems.append(Problem(what, parameter.place, "give both the same unit"))

    def _currency(self, name: str) -> Dimension:
        """A parameter's dimension; an amount in another currency is a problem where it is used, unless it is zero."""
        parameter, currency = self.model.parameters[name], self.model.settings.currency
        exponents = dict(parameter.dimension.exponents)
        foreign = [base for base in exponents if base in CURRENCIES and base != currency]
        if not foreign:
            return parameter.dimension
        if name in self.used and parameter.value != 0:
            what = f"{name} is in {foreign[0]} but the model's currency is {currency}"
            remedy = "no amount is converted: the jurisdiction's layer must give its own value"
            self.problems.append(Problem(what, parameter.place, remedy))
        exponents[currency] = exponents.pop(foreign[0])
        return Dimension.of(exponents)

    def _dimension(self, context: str, term: Term) -> Dimension | None:
        columns = {
            (table.name, column): unit for table in self.model.tables.values() for column, unit in table.dimensions.items()
        }
        keys = {table.name: table.key_dimension for table in self.model.tables.values()}
        try:
            return dimension(term.expression, self.known_dimensions, columns, keys)
        except FormulaError as error:
            self.problems.append(formula_problem(error, term.place, term.text, context))
            return None

    def _require(self, context: str, term: Term, wanted: Dimension, *, number_is_fine: bool = False) -> None:
        given = self._dimension(context, term)
        plain = number_is_fine and isinstance(term.expression, Number)
        if given is not None and not given.fits(wanted) and not plain:
            what = f"{context} must be in {wanted}, but this formula gives {given}"
            remedy = "a number in a formula has no unit: use a parameter" if isinstance(term.expression, Number) else ""
            self.problems.append(Problem(what, term.place, remedy or "check the units of the parameters in it"))

    def _required_dimensions(self) -> None:
        model, settings = self.model, self.model.settings
        per_year = PLAIN / YEAR
        for name in ("start_age", "until_age", "years"):
            term = getattr(settings, name)
            if term is not None:
                self._require(name, term, YEAR, number_is_fine=True)
        for name in ("discount_costs", "discount_effects"):
            self._require(name, getattr(settings, name), per_year)
        for state, term in model.start.items():
            if term is not None:
                self._require(f"start of {state}", term, PLAIN)
        for move in model.transitions:
            context = f"{move.source} -> {move.target}"
            self._require(context, move.term, per_year if move.kind == "rate" else PLAIN)
            if move.when is not None:
                self._require(f"{context}, when", move.when, PLAIN)
        for outcome in model.outcomes.values():
            self._outcome_dimensions(outcome.name)
        for parameter in model.parameters.values():
            if parameter.solve is not None:
                self._require(f"target of {parameter.name}", parameter.solve.target, PLAIN)
                if parameter.solve.years is not None:
                    self._require(f"years of {parameter.name}", parameter.solve.years, YEAR, number_is_fine=True)

    def _outcome_dimensions(self, name: str) -> None:
        outcome = self.model.outcomes[name]
        units = {"cost": self.model.settings.currency, "effect": outcome.unit or self.model.settings.effect_unit, "count": "1"}
        try:
            unit = parse_unit(units[outcome.kind])
        except ValueError as error:
            self.problems.append(Problem(f"outcome {name}: {error}", outcome.place, "write a unit such as QALY or year"))
            return
        wanted = unit / YEAR if outcome.timing == "per_year" else unit
        seen: set[int] = set()
        for state, term in outcome.by_state.items():
            if id(term) not in seen:
                seen.add(id(term))
                self._require(f"{name}, {state}", term, wanted)
        if outcome.value is not None:
            self._require(name, outcome.value, wanted)
        if outcome.when is not None:
            self._require(f"{name}, when", outcome.when, PLAIN)

    def constants(self) -> None:
        """Formulas that must not vary over time or strategies."""
        varying = self.time | self.switches
        for name in self._varying_order():
            varying.add(name)
        settings = self.model.settings
        checked: list[tuple[str, Term | None]] = [
            (name, getattr(settings, name)) for name in ("start_age", "until_age", "years", "discount_costs", "discount_effects")
        ]
        checked += [(f"start of {state}", term) for state, term in self.model.start.items()]
        checked += list(self._solve_terms())
        for context, term in checked:
            found = sorted(names(term.expression) & varying) if term is not None else []
            if term is not None and found:
                what = f"{context} must not depend on time or strategy, but uses {', '.join(found)}"
                self.problems.append(Problem(what, term.place, "use parameters that are constant"))

    def _varying_order(self) -> list[str]:
        varying = self.time | self.switches
        definitions = self.definitions()
        found: list[str] = []
        changed = True
        while changed:
            changed = False
            for name, term in definitions.items():
                if name not in varying and names(term.expression) & varying:
                    varying.add(name)
                    found.append(name)
                    changed = True
        return found


def _switches(model: Model) -> set[str]:
    """Switch names of all strategies, also of those that a layer did not select."""
    return {name for strategy in model.declared_strategies.values() for name in strategy.switches}


def switch_names(model: Model) -> tuple[str, ...]:
    """Switch names of a model, sorted."""
    return tuple(sorted(_switches(model)))

"""Dimensions of a model: every formula gives what its place needs, in the model's currency."""

from __future__ import annotations

from collections.abc import Mapping

from cea.formula import ANY, PLAIN, YEAR, Dimension, FormulaError, Number, dimension, lookups, parse_unit
from cea.formula.units import CURRENCIES
from cea.model.definition import Model, Outcome, Term
from cea.model.draft import Draft
from cea.model.terms import formula_problem

PER_YEAR = PLAIN / YEAR


class DimensionCheck:
    """Works out dimensions in evaluation order. A formula with a name that has a problem already is left out."""

    def __init__(self, model: Model, draft: Draft, used: frozenset[str]) -> None:
        self.model = model
        self.draft = draft
        self.used = used
        self.known: dict[str, Dimension] = {}
        self.columns: dict[tuple[str, str], Dimension] = {}
        self.keys: dict[str, Dimension] = {}
        self.seen: dict[int, Dimension | None] = {}

    def all(self, order: list[str]) -> Mapping[str, Dimension]:
        """Checks every formula that a run evaluates; gives the dimensions of all names."""
        model = self.model
        self.known.update(
            {name: PLAIN for strategy in model.declared_strategies.values() for name in strategy.switches}
        )
        self.known.update({"cycle": PLAIN, "year": YEAR, **({"age": YEAR} if model.settings.start_age else {})})
        for table in model.tables.values():
            self.columns.update({(table.name, column): unit for column, unit in table.dimensions.items()})
            self.keys[table.name] = table.key_dimension
        for name, parameter in model.parameters.items():
            unit = self._in_currency(name) if self.draft.currency else parameter.dimension
            if not unit.flexible and name not in model.formulas:
                self.known[name] = unit
        for name in order:
            self._define(name)
        self._settings()
        for window in model.windows.values():
            self._require(f"window {window.name}, every", window.every, YEAR)
            self._require(f"window {window.name}, courses", window.courses, PLAIN)
        for move in model.transitions:
            arrow = f"{move.source} -> {move.target}"
            self._require(arrow, move.term, PER_YEAR if move.kind == "rate" else PLAIN)
            self._require(f"{arrow}, when", move.when, PLAIN)
        for outcome in model.outcomes.values():
            self._outcome(outcome)
        self._named()
        return dict(self.known)

    def _in_currency(self, name: str) -> Dimension:
        """A parameter's dimension; an amount in another currency is a problem where it is used, unless it is zero."""
        parameter, currency = self.model.parameters[name], self.model.settings.currency
        exponents = dict(parameter.dimension.exponents)
        foreign = [base for base in exponents if base in CURRENCIES and base != currency]
        if not foreign:
            return parameter.dimension
        if name in self.used and parameter.value != 0:
            what = f"{name} is in {foreign[0]} but the model's currency is {currency}"
            self.draft.refuse(
                what, parameter.place, "no amount is converted: the jurisdiction's layer must give its own value"
            )
        exponents[currency] = exponents.pop(foreign[0])
        return Dimension.of(exponents)

    def _define(self, name: str) -> None:
        """The dimension of a computed name: as declared, or as its formula gives."""
        parameter, formula = self.model.parameters.get(name), self.model.formulas.get(name)
        if parameter is not None and formula is not None:
            return
        if parameter is not None and parameter.same_as is not None:
            other = self.model.parameters.get(parameter.same_as)
            if other is not None and not other.dimension.fits(parameter.dimension):
                what = f"{name} ({parameter.unit}) is the same as {other.name}, which is in {other.unit}"
                self.draft.refuse(what, parameter.place, "give both the same unit")
            return
        if name.removeprefix("since_") in self.model.windows:
            self.known[name] = YEAR
            return
        term = formula.term if formula else parameter.term if parameter else None
        given = self._dimension(name, term) if term is not None else None
        declared = formula.dimension if formula else self.known.get(name)
        if term is not None and given is not None and declared is not None and not given.fits(declared):
            what = f"{name} is declared as {declared} but its formula gives {given}"
            self.draft.refuse(what, term.place, "correct the unit or the formula")
        if (result := declared or given) is not None:
            self.known[name] = result

    def _dimension(self, context: str, term: Term) -> Dimension | None:
        """What a formula gives; None when its parts do not go together, which is a problem, or are not known."""
        if id(term) not in self.seen:
            read = lookups(term.expression)
            unknown = not term.text or term.names - self.known.keys() or read - self.columns.keys()
            if unknown or {table for table, _ in read} - self.keys.keys():
                self.seen[id(term)] = None
                return None
            try:
                self.seen[id(term)] = dimension(term.expression, self.known, self.columns, self.keys)
            except FormulaError as error:
                self.draft.problems.append(formula_problem(error, term.node, context))
                self.seen[id(term)] = None
        return self.seen[id(term)]

    def _require(self, context: str, term: Term | None, wanted: Dimension, *, number_is_fine: bool = False) -> None:
        given = self._dimension(context, term) if term is not None else None
        if term is None or given is None or given.fits(wanted):
            return
        is_number = isinstance(term.expression, Number)
        if not (is_number and number_is_fine):
            remedy = (
                "a number in a formula has no unit: use a parameter"
                if is_number
                else "check the units of the names in it"
            )
            self.draft.refuse(f"{context} must be in {wanted}, but this formula gives {given}", term.place, remedy)
            self.seen[id(term)] = None

    def _settings(self) -> None:
        settings = self.model.settings
        self._require("start_age", settings.start_age, YEAR, number_is_fine=True)
        self._require("until_age", settings.until_age, YEAR, number_is_fine=True)
        self._require("years", settings.years, YEAR, number_is_fine=True)
        self._require("discount_costs", settings.discount_costs, PER_YEAR)
        self._require("discount_effects", settings.discount_effects, PER_YEAR)
        if (rule := self.model.shortfall) is not None:
            self._require("shortfall, discount", rule.discount, PER_YEAR, number_is_fine=True)
            self._require("shortfall, until_age", rule.until_age, YEAR, number_is_fine=True)
        for state, term in self.model.start.items():
            self._require(f"start of {state}", term, PLAIN)
        for name, parameter in self.model.parameters.items():
            if parameter.solve is not None:
                self._require(f"target of {name}", parameter.solve.target, PLAIN)
                self._require(f"target of {name} in draws", parameter.solve.in_draws, PLAIN)
                self._require(f"years of {name}", parameter.solve.years, YEAR, number_is_fine=True)

    def _outcome(self, outcome: Outcome) -> None:
        if outcome.kind == "cost" and self.draft.currency is None:
            return
        unit = self._payoff_unit(outcome)
        wanted = _per_year(unit) if outcome.timing == "per_year" else unit
        for state, term in outcome.by_state.items():
            self._require(f"{outcome.name}, {state}", term, wanted)
        self._require(outcome.name, outcome.value, wanted)
        self._require(f"{outcome.name}, when", outcome.when, PLAIN)

    def _payoff_unit(self, outcome: Outcome) -> Dimension:
        settings = self.model.settings
        unit = {"cost": settings.currency, "effect": outcome.unit or outcome.total.upper(), "count": "1"}[outcome.kind]
        try:
            return parse_unit(unit)
        except ValueError:
            if outcome.kind == "effect" and outcome.unit is None and outcome.total == outcome.name:
                what = f"the effect {outcome.name} needs a `unit`, because its name is none"
                self.draft.refuse(what, outcome.place, "add `unit: QALY`, `unit: year` or another unit")
            return ANY

    def _named(self) -> None:
        """The formulas that are named for shortfall and for equal value are a hazard and utilities."""
        model, effect = self.model, self.model.outcomes.get(self.model.settings.effect)
        utility = _per_year(self._payoff_unit(effect)) if effect is not None else ANY
        wanted: dict[tuple[str, ...], tuple[str | None, Dimension]] = {("equal_value",): (model.equal_value, utility)}
        if model.shortfall is not None:
            wanted["shortfall", "hazard"] = (model.shortfall.hazard, PER_YEAR)
            wanted["shortfall", "utility"] = (model.shortfall.utility, utility)
        for path, (name, unit) in wanted.items():
            if name in self.known and not self.known[name].fits(unit):
                what = f"{'.'.join(path)} must be in {unit}, but {name} is in {self.known[name]}"
                self.draft.refuse(what, self.draft.find(*path).place, "name another formula")


def _per_year(unit: Dimension) -> Dimension:
    return unit if unit.flexible else unit / YEAR

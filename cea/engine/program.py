"""A program: what a model makes of draws, worked out once so that each draw costs as little as it can.

Formulas become nodes with their axes (`axes`), known parts are folded (`folding`), the cohort of each strategy moves
(`movement`) and is paid for (`accounts`) in steps, and the steps become arrays (`registers`) for the vector machine
(`vector`). Strategies go through a cycle side by side and share every node that is the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cea.engine.accounts import Accounts, Discounting, discounting
from cea.engine.axes import Graph, Node
from cea.engine.folding import Algebra, condition, fold
from cea.engine.movement import Checks, Movement
from cea.engine.registers import Assembly, Code, Register
from cea.engine.scope import TOLERANCE, Scope
from cea.engine.vector import Operation
from cea.errors import InputError, Problem, UsageError
from cea.formula import names as names_in
from cea.model.check import switch_names
from cea.model.definition import Model, Outcome, Term
from cea.model.document import did_you_mean


@dataclass(frozen=True, eq=False)
class Program:
    """A model ready to be evaluated for draws of the parameters `drawn`; all others are numbers by now.

    values: parameters that were given as numbers. categories: of the costs that the perspective counts. alive_at: years
    after the start. quantities: what is computed by strategy, in the order of the machine's results, which begin with
    the lowest of what must not be below zero. code: None when only the reference can evaluate the model.
    Immutable, and can be sent to other processes.
    """

    model: Model
    perspective: str
    drawn: tuple[str, ...]
    values: Mapping[str, float]
    alive_at: tuple[float, ...]
    alive_boundaries: tuple[int, ...]
    categories: tuple[str, ...]
    code: Code | None

    @classmethod
    def of(
        cls,
        model: Model,
        perspective: str,
        drawn: Sequence[str],
        solved: Mapping[str, float],
        alive_at: Sequence[float] = (),
    ) -> Program:
        """Compiles a model.

        drawn: parameters that will differ between draws. solved: numbers for other parameters, among them all that the
        model solves for. alive_at: years at which the share alive is wanted. Raises UsageError for a parameter or year
        that the model does not have, InputError when the horizon would differ between draws.
        """
        values = {name: float(value) for name, value in solved.items() if name not in drawn}
        for name in (*drawn, *values):
            if name not in model.parameters:
                raise UsageError(f"unknown parameter '{name}': {did_you_mean(name, model.parameters)}")
        scope = Scope(model, {**{name: 1.0 for name in drawn if model.parameters[name].value is None}, **values},
                      tuple(model.strategies))  # fmt: skip
        _refuse_drawn_horizon(model, drawn)
        counted = {
            name: outcome for name, outcome in model.outcomes.items()
            if not outcome.indirect or model.perspectives[perspective].indirect
        }  # fmt: skip
        categories = dict.fromkeys(outcome.category for outcome in counted.values() if outcome.kind == "cost")
        program = cls(
            model, perspective, tuple(drawn), values, tuple(alive_at),
            tuple(_boundary(year, scope, model) for year in alive_at), tuple(categories), None,
        )  # fmt: skip
        if model.settings.transition_method == "matrix_exponential":
            return program
        return replace(program, code=_Compiler(program, scope, counted).code())

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies, in the order of the strategy axis."""
        return tuple(self.model.strategies)


class _Compiler:
    def __init__(self, program: Program, scope: Scope, counted: Mapping[str, Outcome]) -> None:
        self.program = program
        self.model = program.model
        self.scope = scope
        self.counted = counted
        self.graph = Graph(scope.cycles + 1)
        self.algebra = Algebra(self.graph, scope.tables)
        self.assembly = Assembly(self.graph, program.drawn, scope.tables)

    def code(self) -> Code:
        checks = Checks(self.algebra, self.assembly)
        results = [[checks.lowest]]
        for strategy in self.model.strategies:
            results.append(self.strategy(strategy, checks))
        return self.assembly.code([register for quantity in results for register in quantity])

    def strategy(self, strategy: str, checks: Checks) -> list[Register]:
        """Adds the steps of a strategy; gives the registers of effect, life-years, costs by category, shares alive."""
        names = self.names(strategy)
        settings, algebra = self.model.settings, self.algebra
        step_years = 1.0 / settings.cycles_per_year
        by_kind = {
            kind: discounting(algebra, fold(term.expression, names, algebra), settings.correction, step_years)
            for kind, term in (("cost", settings.discount_costs), ("effect", settings.discount_effects))
        }
        self.check_windows(names, checks)
        movement = Movement(self.model, names, algebra, self.assembly, checks)
        accounts = Accounts(algebra, self.assembly)
        effect, life_years = accounts.total(), accounts.total()
        costs = {category: accounts.total() for category in self.program.categories}
        for outcome in self.counted.values():
            if outcome.kind == "cost":
                self.enter(outcome, names, movement, accounts, costs[outcome.category], by_kind["cost"])
            elif outcome.kind == "effect" and outcome.total == settings.effect:
                self.enter(outcome, names, movement, accounts, effect, by_kind["effect"])
        living = [movement.occupancy(state.name) for state in self.model.states.values() if not state.dead]
        for share in living:
            accounts.enter(life_years, share, by_kind["effect"].state, algebra.one)
        movement.open()
        accounts.book()
        alive = [self.alive(living, boundary) for boundary in self.program.alive_boundaries]
        movement.move()
        return [effect, life_years, *costs.values(), *alive]

    def enter(
        self, outcome: Outcome, names: Mapping[str, Node], movement: Movement, accounts: Accounts, total: Register,
        weights: Discounting,
    ) -> None:  # fmt: skip
        """Enters an outcome in the accounts, as `payoffs.payoff` has it."""
        if outcome.timing == "on":
            if outcome.value is None:
                raise AssertionError("a checked outcome on an event has a value")
            value = self.value(outcome.value, outcome.when, names)
            for event in outcome.events:
                accounts.enter(total, movement.flow(event), weights.point, value, flow=True)
            return
        open_at = self.open_at(outcome, names) if outcome.timing == "at_years" else self.algebra.one
        weight = weights.state if outcome.timing == "per_year" else weights.point
        for state, term in outcome.by_state.items():
            value = self.algebra.multiply(self.value(term, outcome.when, names), open_at)
            accounts.enter(total, movement.occupancy(state) if value is not self.algebra.zero else None, weight, value)

    def value(self, term: Term, when: Term | None, names: Mapping[str, Node]) -> Node:
        """The node of a formula, zero where `when` does not hold."""
        value = fold(term.expression, names, self.algebra)
        if when is None:
            return value
        return self.algebra.choose(condition(when.expression, names, self.algebra), value, self.algebra.zero)

    def open_at(self, outcome: Outcome, names: Mapping[str, Node]) -> Node:
        """How often a payoff at given times falls on each boundary."""
        clock = names[f"since_{outcome.per}" if outcome.per else "year"]
        total = self.algebra.zero
        for years in outcome.at_years:
            total = self.algebra.add(total, self.algebra.compare("==", clock, self.graph.constant(years)))
        return total

    def check_windows(self, names: Mapping[str, Node], checks: Checks) -> None:
        """Checks what `payoffs.check_windows` does."""
        algebra, number = self.algebra, self.graph.constant
        for window in self.model.windows.values():
            times = [max(outcome.at_years) for outcome in self.model.outcomes.values() if outcome.per == window.name]
            if not times:
                continue
            every, courses = (fold(term.expression, names, algebra) for term in (window.every, window.courses))
            cycles = algebra.multiply(every, number(self.model.settings.cycles_per_year))
            repeated = algebra.compare(">", courses, algebra.one)
            late = algebra.subtract(every, number(max(times) + TOLERANCE))
            checks.require(algebra.subtract(courses, number(1.0 - TOLERANCE)))
            checks.require(self.whole(courses))
            checks.require(algebra.choose(repeated, algebra.call("min", self.whole(cycles), late), algebra.one))

    def whole(self, node: Node) -> Node:
        """A node that is below zero where a value is not a whole number, within the tolerance."""
        nearest = self.algebra.call("floor", self.algebra.add(node, self.graph.constant(0.5)))
        gap = self.algebra.call("abs", self.algebra.subtract(node, nearest))
        return self.algebra.subtract(self.graph.constant(TOLERANCE), gap)

    def alive(self, living: Sequence[Register | None], boundary: int) -> Register:
        """A register with the share alive at a boundary."""
        shares = [share for share in living if share is not None]
        runs = np.arange(self.graph.boundaries) == boundary
        total = self.assembly.register()
        self.assembly.step(Operation.ZERO, total, runs=runs)
        for share in shares:
            self.assembly.step(Operation.BOOK_PRODUCT, total, share, self.algebra.one, runs=runs)
        return total

    def names(self, strategy: str) -> dict[str, Node]:
        """The node of every name under a strategy, in the order in which `Scope` defines them."""
        model, graph = self.model, self.graph
        nodes: dict[str, Node] = {}
        for name, parameter in model.parameters.items():
            value = self.program.values.get(name, parameter.value)
            if name in self.program.drawn:
                nodes[name] = graph.drawn(name)
            elif value is not None:
                nodes[name] = graph.constant(value)
        switches = model.declared_strategies[strategy].switches
        nodes.update((name, graph.constant(switches.get(name, 0.0))) for name in switch_names(model))
        nodes["cycle"] = graph.series(np.arange(graph.boundaries))
        nodes["year"] = graph.series(self.scope.years)
        self.define(nodes)
        if model.settings.start_age is not None:
            start_age = fold(model.settings.start_age.expression, nodes, self.algebra)
            nodes["age"] = self.algebra.add(start_age, nodes["year"])
            self.define(nodes)
        return nodes

    def define(self, nodes: dict[str, Node]) -> None:
        """Adds the computed names all of whose names are there."""
        for name in self.model.order:
            if name in nodes:
                continue
            parameter = self.model.parameters.get(name)
            term = self.model.formulas[name].term if parameter is None else parameter.term
            if parameter is not None and parameter.same_as is not None:
                if parameter.same_as in nodes:
                    nodes[name] = nodes[parameter.same_as]
            elif term is not None and term.names <= nodes.keys():
                nodes[name] = fold(term.expression, nodes, self.algebra)


def _boundary(year: float, scope: Scope, model: Model) -> int:
    boundary = round(year * model.settings.cycles_per_year)
    if not 0 <= boundary <= scope.cycles or abs(boundary / model.settings.cycles_per_year - year) > TOLERANCE:
        raise UsageError(f"{year:g} years after the start is no cycle boundary within the horizon")
    return boundary


def _refuse_drawn_horizon(model: Model, drawn: Sequence[str]) -> None:
    """Raises InputError when the number of cycles depends on a drawn parameter."""
    settings = model.settings
    ends = {"years": settings.years} if settings.years is not None else {
        "until_age": settings.until_age, "start_age": settings.start_age
    }  # fmt: skip
    for context, term in ends.items():
        wanted = set(names_in(term.expression)) if term is not None else set()
        for name in reversed(model.order):
            if name in wanted and name not in drawn:
                wanted |= _needs(model, name)
        if term is not None and wanted & set(drawn):
            raise InputError(
                [Problem(f"{context} differs between draws", term.place, "fix the parameters in it in draws")]
            )


def _needs(model: Model, name: str) -> set[str]:
    if name in model.formulas:
        return set(model.formulas[name].term.names)
    parameter = model.parameters[name]
    return set(parameter.term.names) if parameter.term is not None else {parameter.same_as or name}

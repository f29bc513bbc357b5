"""Formulas at their places: parsing them, and splitting lists of states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cea.errors import Place, Problem
from cea.formula import FormulaError, evaluate, parse
from cea.model.definition import State, Term
from cea.model.document import Node, unknown


def formula_problem(error: FormulaError, node_place: Place, text: str, context: str = "") -> Problem:
    """A formula's error as a problem with the place of the spot inside the formula."""
    place = node_place.shifted(error.span[0]) if "\n" not in text else node_place
    what = f"{context}: {error.what}" if context else error.what
    return Problem(what, place, "\n    ".join([*filter(None, [error.remedy]), *error.caret().splitlines()]))


class Terms:
    """Parses formulas of a document and collects the problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def parse(self, node: Node, context: str = "") -> Term:
        """The formula at `node`; a formula that cannot be parsed becomes 0 and a problem."""
        value = node.value
        text = repr(float(value)) if isinstance(value, float) else str(value)
        place = node.place.shifted(node.text_offset)
        if isinstance(value, bool) or value is None or isinstance(value, dict | list):
            self.problems.append(Problem(f"{context}: expected a formula", node.place, "write a number or a formula"))
            return Term("0", parse("0"), place)
        try:
            return Term(text, parse(text), place)
        except FormulaError as error:
            self.problems.append(formula_problem(error, place, text, context))
            return Term("0", parse("0"), place)

    def constant(self, node: Node, context: str) -> float:
        """The value of a formula without names, such as 1/12."""
        term = self.parse(node, context)
        try:
            return float(evaluate(term.expression, {}, {}))
        except KeyError as error:
            problem = Problem(f"{context}: {error.args[0]!r} is not a number", node.place, "write a number such as 0.25 or 1/12")
            self.problems.append(problem)
            return 0.0

    def states(self, text: object, node: Node, states: Mapping[str, State], extra: Iterable[str] = ()) -> list[str]:
        """The states that a comma-separated text names; `alive` and `dead` stand for all such states."""
        names: list[str] = []
        for part in str(text).split(","):
            name = part.strip()
            if name in ("alive", "dead"):
                names.extend(key for key, state in states.items() if state.dead == (name == "dead"))
            elif name in states:
                names.append(name)
            else:
                place = node.key_place or node.place
                self.problems.append(unknown("state", name, place, [*states, "alive", "dead", *extra]))
        return names

"""Formulas at their places: parsing them, and reading lists of states."""

from __future__ import annotations

from collections.abc import Mapping

from cea.errors import Problem
from cea.formula import FormulaError, evaluate, parse
from cea.model.definition import State, Term
from cea.model.document import Node, shortened, unknown


def formula_problem(error: FormulaError, node: Node, context: str = "") -> Problem:
    """A formula's error as a problem with the place of the spot inside the formula."""
    what = error.what[:1].lower() + error.what[1:].rstrip(".")
    lines = [*filter(None, [error.remedy]), *(shortened(line, 120).rstrip() for line in error.caret().splitlines())]
    return Problem(f"{context}: {what}" if context else what, node.spot(error.span[0]), "\n    ".join(lines))


class Terms:
    """Parses formulas of a document and collects the problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def parse(self, node: Node, context: str) -> Term:
        """The formula at `node`; one that cannot be parsed becomes 0, without a text, and a problem."""
        value = node.value
        if isinstance(value, bool | dict | list) or value is None:
            self.problems.append(Problem(f"{context}: expected a formula", node.head, "write a number or a formula"))
            return Term("", parse("0"), node)
        text = repr(float(value)) if isinstance(value, float) else str(value)
        try:
            return Term(text, parse(text), node)
        except FormulaError as error:
            self.problems.append(formula_problem(error, node, context))
            return Term("", parse("0"), node)

    def constant(self, node: Node, context: str) -> float | None:
        """The value of a formula without names, such as 1/12; None, with a problem, when it has none."""
        term = self.parse(node, context)
        if not term.text:
            return None
        if term.names:
            what, value = f"{context}: '{shortened(term.text)}' is not a number", float("nan")
        else:
            value = float(evaluate(term.expression, {}, {}))
            what = f"{context}: '{shortened(term.text)}' has no value"
        if value - value != 0:
            self.problems.append(Problem(what, node.spot(0), "write a number such as 0.25 or 1/12"))
            return None
        return value

    def states(self, node: Node, text: str, states: Mapping[str, State], known: Mapping[str, Node]) -> list[str]:
        """The states that a comma-separated text names; `alive` and `dead` stand for all such states.

        `known` are all states that the document declares. The text is the node's value, or its key where it has one.
        """
        found: list[str] = []
        offset = 0
        for part in text.split(","):
            name = part.strip()
            if name in ("alive", "dead"):
                found.extend(key for key, state in states.items() if state.dead == (name == "dead"))
            elif name in states:
                found.append(name)
            elif name not in known:
                start = offset + len(part) - len(part.lstrip())
                place = node.spot(start) if node.value == text else node.head
                self.problems.append(unknown("state", name, place, [*known, "alive", "dead"]))
            offset += len(part) + 1
        return found

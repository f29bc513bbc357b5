"""Formulas of the model as text of cells, with places for what varies over time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cea.formula import Call, Name, Number
from cea.model.definition import Term
from cea.reports.workbook.addresses import Layout

_ATOM = re.compile(r"\[[^\[\]]+\]|[A-Za-z_][A-Za-z0-9_]*|[0-9.]+")
_BODY = " body"  # no name of a model has a space


@dataclass(frozen=True)
class Writer:
    """Writes formulas for the rows of a strategy's sheet."""

    layout: Layout

    def reference(self, name: str) -> str:
        """A name: a place where it varies over time, else its defined name."""
        return f"[{name}]" if self.layout.places[name] == "series" else name

    def value(self, term: Term) -> str:
        """A formula."""
        return self.layout.cell_text(term, self.reference)

    def factor(self, term: Term) -> str:
        """A formula as a factor: in brackets unless it is one name or number."""
        text = self.value(term)
        return text if _ATOM.fullmatch(text) else f"({text})"

    def where(self, when: Term | None, body: str) -> str:
        """Cell text that is `body` where `when` holds, else 0."""
        if when is None:
            return body
        choice = Call("if", (when.expression, Name(_BODY), Number(0.0)))
        return self.layout.cell_text(choice, lambda name: body if name == _BODY else self.reference(name))

"""Input text as a tree that remembers where every value stands and which layer it came from."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cea.errors import Place, Problem

Scalar = None | bool | int | float | str
Plain = Scalar | dict[str, "Plain"] | list["Plain"]

SINGULAR = {
    "parameters": "parameter", "formulas": "formula", "transitions": "arrow", "states": "state", "windows": "window",
    "events": "event", "outcomes": "outcome", "tables": "table", "joint": "joint group", "headlines": "headline",
    "perspectives": "perspective", "sources": "source", "strategies": "strategy",
}  # fmt: skip
"""The sections of a document that hold entries by name, and what one entry is called."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of an input file: a scalar, a mapping of names to nodes, or a list of nodes.

    `text_offset` is the number of characters between `place` and the first character of a scalar's text (1 after a
    quote). `source` is what the file says from `place` on, for a scalar that goes over several lines; else empty.
    """

    value: Scalar | dict[str, Node] | list[Node]
    place: Place
    key_place: Place | None = None
    layer: str = ""
    text_offset: int = 0
    source: str = ""

    @property
    def entries(self) -> dict[str, Node]:
        """The mapping's entries; empty for anything that is not a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The list's items; empty for anything that is not a list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def head(self) -> Place:
        """Where the entry begins: at its key if it has one."""
        return self.key_place or self.place

    def plain(self) -> Plain:
        """The value without places."""
        value = self.value
        if isinstance(value, dict):
            return {key: child.plain() for key, child in value.items()}
        if isinstance(value, list):
            return [child.plain() for child in value]
        return value

    def find(self, path: Iterable[object]) -> Node:
        """The node at `path`, or the deepest one that exists on the way there."""
        node = self
        for step in path:
            child = node.child(step)
            if child is None:
                break
            node = child
        return node

    def child(self, step: object) -> Node | None:
        """The entry of that name, or the item at that position; None when there is none."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None

    def spot(self, offset: int) -> Place:
        """Where the character `offset` of a scalar's text stands in the file."""
        if not self.source:
            return self.place.shifted(self.text_offset + offset)
        # Folding changes nothing but white space, so the other characters are counted.
        before = sum(not character.isspace() for character in str(self.value)[:offset])
        line, column = self.place.line, self.place.column
        for character in self.source:
            if not character.isspace():
                if before == 0:
                    break
                before -= 1
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
        return Place(self.place.file, line, column)

    def with_entries(self, entries: dict[str, Node]) -> Node:
        """The same mapping node with other entries."""
        return replace(self, value=entries)

    def with_entry(self, path: tuple[object, ...], entry: Node | None) -> Node:
        """The same tree with the entry at `path` replaced, or without it; unchanged where no way leads there."""
        step, *rest = path
        if not rest:
            entries = {key: child for key, child in self.entries.items() if key != step}
            return self.with_entries(entries if entry is None else {**entries, str(step): entry})
        child = self.child(step)
        if child is None:
            return self
        changed = child.with_entry(tuple(rest), entry)
        if isinstance(self.value, list):
            return replace(self, value=[changed if item is child else item for item in self.value])
        return self.with_entries({**self.entries, str(step): changed})

    def without(self, *keys: str) -> Node:
        """The same mapping node without some keys."""
        return self.with_entries({key: child for key, child in self.entries.items() if key not in keys})


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy that names the closest known names, or a short list of what there is."""
    known = sorted(known)
    close = difflib.get_close_matches(name[:80], known, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"'{item}'" for item in close) + "?"
    if not known:
        return "there are none here; declare it first"
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"known here: {shown}"


def shortened(text: object, width: int = 60) -> str:
    """A user's text on one line, cut to a readable length and free of control characters."""
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line if len(line) <= width else line[: width - 3] + "..."


def unknown(kind: str, name: str, place: Place | None, known: Iterable[str]) -> Problem:
    """The problem of a name that does not exist."""
    return Problem(f"unknown {kind} '{shortened(name)}'", place, did_you_mean(name, known))

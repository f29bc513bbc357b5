"""Input text as a tree that remembers where every value stands and which layer it came from."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cea.errors import Place, Problem

Plain = None | bool | int | float | str | dict[str, "Plain"] | list["Plain"]


@dataclass(frozen=True, slots=True)
class Node:
    """A value of an input file: a scalar, a mapping of names to nodes, or a list of nodes.

    `text_offset` is the number of characters between `place` and the first character of a scalar's text (1 after a quote).
    """

    value: None | bool | int | float | str | dict[str, Node] | list[Node]
    place: Place
    key_place: Place | None = None
    layer: str = ""
    text_offset: int = 0

    @property
    def entries(self) -> dict[str, Node]:
        """The mapping's entries; empty for anything that is not a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The list's items; empty for anything that is not a list."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Plain:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def find(self, path: Iterable[object]) -> Node:
        """The node at `path`, or the deepest one that exists on the way there."""
        node = self
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                node = node.value[str(step)]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                break
        return node

    def with_entries(self, entries: dict[str, Node]) -> Node:
        """The same mapping node with other entries."""
        return replace(self, value=entries)

    def without(self, *keys: str) -> Node:
        """The same mapping node without some keys."""
        return self.with_entries({key: child for key, child in self.entries.items() if key not in keys})


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, depth first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(current.entries.values()) or current.items))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy that names the closest known names, or a short list of what there is."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"'{item}'" for item in close) + "?"
    if not known:
        return "there are none here"
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"known here: {shown}"


def unknown(kind: str, name: str, place: Place | None, known: Iterable[str]) -> Problem:
    """The problem of a name that does not exist."""
    return Problem(f"unknown {kind} '{name}'", place, did_you_mean(name, known))

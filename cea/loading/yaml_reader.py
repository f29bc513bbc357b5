"""YAML 1.2 to a tree with places, strictly: every oddity that bites in practice is refused with a remedy."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cea.errors import InputError, Place, Problem
from cea.model.document import Node

MAX_BYTES = 2_000_000
MAX_DEPTH = 20

# The YAML 1.2 core schema. The reader resolves scalars itself, so that `NO` is a word and `1e-3` is a number.
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = {"", "~", "null", "Null", "NULL"}


def read_text(path: Path, shown: str, limit: int = MAX_BYTES) -> str:
    """The text of an input file. Raises InputError when it is too large, empty, unreadable or not UTF-8."""
    try:
        if path.stat().st_size > limit:
            raise InputError([Problem(f"the file is larger than {limit:,} bytes", Place(shown), "split it or shorten it")])
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(f"cannot read the file: {error.strerror}", Place(shown))]) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        problem = Problem("the file is not UTF-8 text", Place(shown, line, column), "save it with the encoding UTF-8")
        raise InputError([problem]) from None
    if not text.strip():
        raise InputError([Problem("the file is empty", Place(shown), "see docs/format.md for what belongs in it")])
    return text


def read_yaml(path: Path, shown: str, layer: str = "") -> Node:
    """Reads one file to a tree; `shown` is the name used in messages. Raises InputError with the first syntax error."""
    return parse_yaml(read_text(path, shown), shown, layer)


def parse_yaml(text: str, shown: str, layer: str = "") -> Node:
    """Parses YAML text to a tree. Raises InputError."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("%"):
            problem = Problem("directives such as %YAML are not used", Place(shown, number), "delete this line")
            raise InputError([problem])
    try:
        return _Composer(shown, layer).compose(_events(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        reason = " ".join(part for part in (error.context, error.problem) if part)
        problem = Problem(f"this is not valid YAML: {reason}", place, _syntax_remedy(text, place))
        raise InputError([problem]) from None
    except YAMLError as error:
        raise InputError([Problem(f"this is not valid YAML: {str(error).splitlines()[0]}", Place(shown))]) from None


def _events(text: str) -> Any:
    """The parser's events: libyaml's where it is installed (it is twenty times faster), else the pure Python ones."""
    try:
        from _ruamel_yaml import CParser  # noqa: PLC0415 - optional speed-up
    except ImportError:
        yield from YAML(typ="safe", pure=True).parse(text)
        return
    parser = CParser(text)
    while parser.check_event():
        yield parser.get_event()


def _syntax_remedy(text: str, place: Place) -> str:
    lines = text.splitlines()
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    if "\t" in line:
        return "use spaces, not tabs, for indentation"
    if "{" in line or "[" in line:
        return 'inside { } and [ ], put a formula or a text with a comma, colon or quote in "double quotes"'
    return 'check the indentation, and put texts with a colon in "double quotes"'


class _Composer:
    """Builds nodes from events without recursion, so that no nesting can exhaust the stack."""

    def __init__(self, shown: str, layer: str) -> None:
        self.shown = shown
        self.layer = layer
        self.problems: list[Problem] = []

    def compose(self, events: Any) -> Node:
        """The root node. Raises InputError with every problem found."""
        roots: list[Node] = []
        stack: list[_Open] = []
        for event in events:
            kind = type(event).__name__
            if kind == "AliasEvent" or getattr(event, "anchor", None):
                self._refuse(event, "anchors and aliases (& and *) are not used", "write the value out, or use `same_as`")
            if kind == "ScalarEvent":
                self._place(self._scalar(event), stack, roots)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                if getattr(event, "tag", None):
                    self._refuse(event, f"tags such as {event.tag} are not used", "delete the tag")
                if len(stack) >= MAX_DEPTH:
                    raise InputError([Problem(f"nested deeper than {MAX_DEPTH} levels", self._at(event), "flatten it")])
                stack.append(_Open(kind == "MappingStartEvent", self._at(event), event.flow_style))
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                done = stack.pop()
                self._place(Node(done.entries if done.mapping else done.items, done.place, layer=self.layer), stack, roots)
        if len(roots) > 1:
            self.problems.append(Problem("more than one YAML document in one file", roots[1].place, "remove the `---`"))
        if self.problems:
            raise InputError(self.problems)
        if not roots:
            raise InputError([Problem("the file is empty", Place(self.shown))])
        return roots[0]

    def _at(self, event: Any) -> Place:
        return Place(self.shown, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, event: Any, what: str, remedy: str) -> None:
        self.problems.append(Problem(what, self._at(event), remedy))

    def _scalar(self, event: Any) -> Node:
        place = self._at(event)
        plain = not event.style
        if getattr(event, "tag", None):
            self._refuse(event, f"tags such as {event.tag} are not used", "delete the tag")
        value: None | bool | int | float | str = event.value
        if plain:
            if event.value in _NULLS:
                value = None
            elif event.value in _BOOLEANS:
                value = _BOOLEANS[event.value]
            elif _INTEGER.match(event.value) and len(event.value) < 19:
                value = int(event.value)
            elif _FLOAT.match(event.value):
                value = float(event.value)
                if not math.isfinite(value):
                    self._refuse(event, f"the number {event.value} is too large", "write a finite number")
            elif _NOT_FINITE.match(event.value):
                self._refuse(event, f"{event.value} is not a number that a model can use", "write a finite number")
        return Node(value, place, layer=self.layer, text_offset=0 if plain else 1)

    def _place(self, node: Node, stack: list[_Open], roots: list[Node]) -> None:
        if not stack:
            roots.append(node)
            return
        parent = stack[-1]
        if not parent.mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            self._enter(parent, parent.key, node)
            parent.key = None

    def _enter(self, parent: _Open, key: Node, node: Node) -> None:
        if isinstance(key.value, dict | list):
            self.problems.append(Problem("a key must be a word", key.place))
            return
        name = "" if key.value is None else str(key.value)
        if parent.flow and node.value is None and node.place.line == key.place.line and not _is_name(name):
            remedy = 'put the formula in "double quotes": inside { } a comma ends the value'
            self.problems.append(Problem(f"'{name}' stands alone: an unquoted formula was split at its commas", key.place, remedy))
        if name in parent.entries:
            first = parent.entries[name].key_place
            self.problems.append(Problem(f"the key '{name}' is given twice", key.place, f"the first one is at {first}"))
            return
        parent.entries[name] = Node(node.value, node.place, key.place, node.layer, node.text_offset)


class _Open:
    """A mapping or list that is still being read."""

    def __init__(self, mapping: bool, place: Place, flow: bool) -> None:
        self.mapping = mapping
        self.place = place
        self.flow = bool(flow)
        self.key: Node | None = None
        self.entries: dict[str, Node] = {}
        self.items: list[Node] = []


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9_]*", text) is not None

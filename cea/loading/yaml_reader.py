"""YAML 1.2 to a tree with places, strictly: every oddity that bites in practice is refused with a remedy."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)  # fmt: skip

from cea.errors import InputError, Place, Problem
from cea.model.document import Node, shortened

MAX_BYTES = 2_000_000
MAX_DEPTH = 20

# The YAML 1.2 core schema. The reader resolves scalars itself, so that `NO` is a word and `1e-3` is a number.
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOT_TEXT = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_WORDS = frozenset("0123456789+-.~nNtTfF")  # what a scalar begins with that is not text
_NULLS = {"", "~", "null", "Null", "NULL"}


def _refusal(what: str, place: Place, remedy: str) -> InputError:
    return InputError([Problem(what, place, remedy)])


def read_text(path: Path, shown: str, limit: int = MAX_BYTES) -> str:
    """The text of an input file. Raises InputError when it is too large, empty, unreadable or not UTF-8."""
    try:
        if path.stat().st_size > limit:
            raise _refusal(f"the file is larger than {limit:,} bytes", Place(shown), "split it or shorten it")
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot read the file: {error.strerror}"
        raise _refusal(what, Place(shown), "check that it is there and can be read") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        place = Place(shown, line, column)
        raise _refusal("the file is not UTF-8 text", place, "save it with the encoding UTF-8") from None
    stray = _NOT_TEXT.search(text)
    if stray:
        start = stray.start()
        place = Place(shown, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
        raise _refusal(f"the character U+{ord(stray[0]):04X} is not text", place, "delete it; save it as plain text")
    if not text.strip():
        raise _refusal("the file is empty", Place(shown), "see docs/format.md for what belongs in it")
    return text


def read_yaml(path: Path, shown: str, layer: str = "") -> Node:
    """Reads one file to a tree; `shown` is the name used in messages. Raises InputError with the first syntax error."""
    return parse_yaml(read_text(path, shown), shown, layer)


def parse_yaml(text: str, shown: str, layer: str = "") -> Node:
    """Parses YAML text to a tree. Raises InputError."""
    if text.startswith("%") or "\n%" in text:
        line = 1 if text.startswith("%") else text.count("\n", 0, text.index("\n%")) + 2
        raise _refusal("directives such as %YAML are not used", Place(shown, line), "delete this line")
    try:
        return _Composer(text, shown, layer).compose(_events(text))
    except MarkedYAMLError as error:
        mark, begun = error.problem_mark or error.context_mark, error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        since = f" (begun in line {begun.line + 1})" if begun and begun.line + 1 != place.line else ""
        reason = ", ".join(part for part in ((error.context or "") + since, error.problem) if part)
        remedy = _syntax_remedy(text, {place.line, begun.line + 1 if begun else place.line})
        raise _refusal(f"this is not valid YAML: {reason}", place, remedy) from None
    except YAMLError as error:
        reason = str(error).splitlines()[0]
        raise _refusal(f"this is not valid YAML: {reason}", Place(shown), "check it in an editor for YAML") from None


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


def _syntax_remedy(text: str, numbers: set[int]) -> str:
    lines = text.split("\n")
    affected = "".join(lines[number - 1] for number in numbers if number <= len(lines))
    if "\t" in affected:
        return "use spaces, not tabs, for indentation"
    if "{" in affected or "[" in affected:
        return (
            'close every { and [; inside them, put a formula or a text with a comma, colon or quote in "double quotes"'
        )
    return 'check the indentation, and put texts with a colon in "double quotes"'


class _Composer:
    """Builds nodes from events without recursion, so that no nesting can exhaust the stack."""

    def __init__(self, text: str, shown: str, layer: str) -> None:
        self.text = text
        self.shown = shown
        self.layer = layer
        self.problems: list[Problem] = []
        self.roots: list[Node] = []
        self.stack: list[_Open] = []

    def compose(self, events: Any) -> Node:
        """The root node. Raises InputError with every problem found."""
        for event in events:
            if isinstance(event, NodeEvent):
                self._check(event)
            if isinstance(event, ScalarEvent):
                self._place(self._scalar(event), event.value, event.style or "")
            elif isinstance(event, AliasEvent):
                self._place(Node(None, self._at(event), layer=self.layer), "*", "")
            elif isinstance(event, CollectionStartEvent):
                if len(self.stack) >= MAX_DEPTH:
                    self._refuse(event, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
                    break
                self.stack.append(_Open(isinstance(event, MappingStartEvent), self._at(event), event.flow_style))
            elif isinstance(event, CollectionEndEvent):
                done = self.stack.pop()
                self._place(Node(done.entries if done.mapping else done.items, done.place, layer=self.layer), "-", "")
        if len(self.roots) > 1:
            self.problems.append(
                Problem("more than one YAML document in one file", self.roots[1].place, "remove the `---`")
            )
        if self.problems:
            raise InputError(self.problems)
        if not self.roots:
            raise InputError(
                [Problem("the file is empty", Place(self.shown), "see docs/format.md for what belongs in it")]
            )
        return self.roots[0]

    def _check(self, event: Any) -> None:
        """Refuses what a model does not need and people trip over."""
        if event.anchor is not None:
            self._refuse(event, "anchors and aliases (& and *) are not used", "write the value out, or use `same_as`")
        if not isinstance(event, AliasEvent) and event.tag is not None:
            self._refuse(event, f"tags such as {shortened(event.tag)} are not used", "delete the tag")

    def _at(self, event: Any) -> Place:
        return Place(self.shown, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, event: Any, what: str, remedy: str) -> None:
        self.problems.append(Problem(what, self._at(event), remedy))

    def _scalar(self, event: Any) -> Node:
        text: str = event.value
        first, last = event.start_mark, event.end_mark
        if event.style:
            source = _unfolded(self.text[first.index : last.index]) if last.line > first.line else ""
            return Node(text, self._at(event), layer=self.layer, text_offset=1, source=source)
        value: bool | int | float | str | None = text
        if text and text[0] not in _NOT_WORDS:
            pass
        elif text in _NULLS:
            value = None
        elif text in _BOOLEANS:
            value = _BOOLEANS[text]
        elif _INTEGER.match(text) and len(text) < 19:
            value = int(text)
        elif _FLOAT.match(text):
            value = float(text)
            if not math.isfinite(value):
                self._refuse(event, f"the number {shortened(text)} is too large", "write a finite number")
        elif _NOT_FINITE.match(text):
            self._refuse(event, f"{text} is not a number that a model can use", "write a finite number")
        source = self.text[first.index : last.index].rstrip() if last.line > first.line else ""
        return Node(value, self._at(event), layer=self.layer, source=source)

    def _place(self, node: Node, text: str, style: str) -> None:
        """Puts a finished node where it belongs; `text` is what a scalar says in the file."""
        if not self.stack:
            self.roots.append(node)
            return
        parent = self.stack[-1]
        if not parent.mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key, parent.key_text = node, text
        else:
            if parent.flow and not text and not style and not _is_name(parent.key_text):
                self._split(parent)
            self._enter(parent, parent.key, parent.key_text, node)
            parent.key = None

    def _split(self, parent: _Open) -> None:
        """A key without a value that is no name: the rest of a formula whose comma ended the value before it."""
        before = [entry for entry in parent.entries.values() if isinstance(entry.value, str)]
        if before and not parent.split:
            what = f"the formula '{shortened(before[-1].value)}, ...' was split at its comma"
            remedy = 'put it in "double quotes": inside { } a comma ends the value'
            self.problems.append(Problem(what, before[-1].place, remedy))
            parent.split = True

    def _enter(self, parent: _Open, key: Node, name: str, node: Node) -> None:
        if isinstance(key.value, dict | list):
            self.problems.append(Problem("a key must be a word", key.place, "write it as  name: value"))
        elif name in parent.entries:
            remedy = f"delete one of them; the first one is at {parent.entries[name].key_place}"
            self.problems.append(Problem(f"the key '{shortened(name)}' is given twice", key.place, remedy))
        else:
            parent.entries[name] = Node(node.value, node.place, key.place, node.layer, node.text_offset, node.source)


def _unfolded(source: str) -> str:
    """The source of a quoted or block scalar with what is not its text blanked: the quotes, or the header line."""
    body = source.rstrip()
    if body[0] in "|>":
        end = body.find("\n")
        return " " * end + body[end:]
    return " " + body[1:-1]


class _Open:
    """A mapping or list that is still being read."""

    def __init__(self, mapping: bool, place: Place, flow: bool) -> None:
        self.mapping = mapping
        self.place = place
        self.flow = bool(flow)
        self.split = False
        self.key: Node | None = None
        self.key_text = ""
        self.entries: dict[str, Node] = {}
        self.items: list[Node] = []


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9_]*", text) is not None

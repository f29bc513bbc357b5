"""A model that is being read: its document and shape, and the problems found so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cea.errors import InputError, Place, Problem
from cea.formula import ANY, Dimension, parse_unit
from cea.formula.units import CURRENCIES
from cea.model.conformity import check_document
from cea.model.definition import Source, Term
from cea.model.document import SINGULAR, Node, unknown
from cea.model.layers import Merge
from cea.model.schema import ModelShape, SourceShape
from cea.model.tables import Cells, Files
from cea.model.terms import Terms


class Draft:
    """What the readers of all sections share. Every problem is collected; nothing is raised before the end.

    `node` is the document without the entries that do not fit their shape; names are looked up in the whole document,
    so that one mistake does not make others. `unread` names sections of which some file could not be read: there any
    name may exist.
    """

    def __init__(
        self, merge: Merge, files: Files, problems: Iterable[Problem] = (), unread: frozenset[str] = frozenset()
    ) -> None:
        shape, node, found = check_document(merge.document)
        self.problems: list[Problem] = [*problems, *merge.problems, *found]
        if shape is None:
            raise InputError(in_order(self.problems))
        self.document = merge.document
        self.centres = merge.centres
        self.selected = merge.selected
        self.shape: ModelShape = shape
        self.node = node
        self.files = files
        self.unread = unread
        self.warnings: list[str] = []
        self.terms = Terms(self.problems)

    def refuse(self, what: str, place: Place | None, remedy: str) -> None:
        """Notes a problem."""
        self.problems.append(Problem(what, place, remedy))

    def find(self, *path: object) -> Node:
        """The node at `path`, or the deepest one that exists on the way there."""
        return self.node.find(path)

    def sound(self, *path: object) -> bool:
        """Whether the value at `path` stands in the document as it was given."""
        return self.node.find(path) is self.document.find(path)

    def names(self, section: str) -> Mapping[str, Node]:
        """The names of a section, those of wrong entries included."""
        node = self.document.child(section)
        return node.entries if node is not None else {}

    def knows(self, section: str, name: str) -> bool:
        """Whether the section has that name, or may have it."""
        node = self.document.child(section)
        return section in self.unread or (node is not None and (not isinstance(node.value, dict) or name in node.value))

    def check_name(self, section: str, name: str, place: Place | None, kind: str = "") -> bool:
        """Whether a section has a name; a problem if it has not."""
        if not self.knows(section, name):
            self.problems.append(unknown(kind or SINGULAR[section], name, place, self.names(section)))
            return False
        return True

    @property
    def currency(self) -> str | None:
        """The model's currency; None when what is given is none."""
        code = self.shape.settings.currency
        return code if code in CURRENCIES and self.sound("settings", "currency") else None

    @property
    def events(self) -> dict[str, None]:
        """Events in the order in which transitions name them."""
        found: dict[str, None] = {}
        for arrow in self.names("transitions").values():
            for entry in arrow.items or [arrow]:
                event = entry.entries.get("event")
                if event is not None and isinstance(event.value, str):
                    found[event.value] = None
        return found

    def check_event(self, name: str, place: Place | None) -> None:
        """A problem if no arrow names the event."""
        if name not in self.events:
            self.problems.append(unknown("event", name, place, self.events))

    def term(self, node: Node, key: str, context: str) -> Term | None:
        """The formula under `key`, if there is one."""
        return self.terms.parse(node.entries[key], context) if key in node.entries else None

    def unit(self, text: str, node: Node) -> Dimension:
        """The dimension of a unit; a problem and a dimension that fits everything when it is not a unit."""
        try:
            return parse_unit(text)
        except ValueError as error:
            what, _, remedy = str(error).partition(". ")
            self.refuse(what, node.place, remedy or "write it as in 1/year, USD/year, QALY, year or 1")
            return ANY

    def source(self, shape: SourceShape, node: Node) -> Source:
        """Where a value comes from; everything but an assumption with a note needs a reference."""
        if shape.ref is not None:
            self.check_name("sources", shape.ref, node.find(["ref"]).place)
        elif shape.grade != "assumption":
            what = f"a value graded {shape.grade} needs a `ref` to sources.yaml"
            self.refuse(what, node.place, "add `ref`, or grade it `assumption` with a `note`")
        elif not shape.note:
            self.refuse("an assumption without a `ref` needs a `note`", node.place, "say in `note` why it is plausible")
        return Source(shape.grade, shape.ref, shape.where, shape.note)

    def cells(self, node: Node) -> Cells | None:
        """The CSV file that a node names; None, with a problem, when it cannot be read."""
        name = str(node.value)
        try:
            if name in self.files:
                return self.files[name]
        except InputError as error:
            self.problems.extend(error.problems)
            return None
        if name.startswith(("/", "\\")) or ".." in name or ":" in name or not name.lower().endswith(".csv"):
            remedy = "name a .csv file inside the folder, such as tables/life_table.csv"
            self.refuse(f"'{name[:60]}' is not a CSV file of the model folder", node.place, remedy)
        else:
            self.problems.append(unknown("table file", name, node.place, self.files))
        return None


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, by file, line and column."""
    once = list(dict.fromkeys(problems))
    return sorted(
        once, key=lambda item: (item.place.file, item.place.line, item.place.column) if item.place else ("", 0, 0)
    )

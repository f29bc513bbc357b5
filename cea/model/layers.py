"""Layers: changes to a model, kept apart from it and merged in order."""

from __future__ import annotations

from dataclasses import dataclass

from cea.errors import InputError, Place, Problem
from cea.model.conformity import check_shape
from cea.model.document import SINGULAR, Node, did_you_mean, unknown
from cea.model.schema import LayerShape

_REPLACED = ("start", "thresholds", "shortfall", "equal_value")
_VALUE_KINDS = ("value", "formula", "same_as", "solve")


@dataclass(frozen=True)
class Layer:
    """A named set of changes: a jurisdiction, a population, a scenario or an edit."""

    name: str
    label: str
    node: Node
    description: str = ""
    structural: bool = False
    requires_currency: str | None = None
    edit: bool = False

    @classmethod
    def from_node(cls, name: str, node: Node, *, edit: bool = False) -> Layer:
        """A layer from its document. Raises InputError."""
        shape, problems = check_shape(LayerShape, node)
        if shape is None:
            raise InputError(problems)
        return cls(name, shape.label, node, shape.description, shape.structural, shape.requires.get("currency"), edit)

    @classmethod
    def from_values(cls, values: dict[str, float], name: str = "edit", where: str = "--set") -> Layer:
        """A layer that sets parameters to numbers, as an analyst's edits do."""
        place = Place(where, 0, 0)

        def leaf(value: float | str) -> Node:
            return Node(value, place, place, name)

        def branch(entries: dict[str, Node]) -> Node:
            return Node(entries, place, place, name)

        source = branch({"grade": leaf("assumption"), "note": leaf(f"set by the user ({where})")})
        document = branch(
            {
                "label": leaf("Edits"),
                "source": source,
                "parameters": branch({key: leaf(float(value)) for key, value in values.items()}),
            }
        )
        return cls.from_node(name, document, edit=True)

    @classmethod
    def from_threshold(cls, threshold: float, others: tuple[float, ...], where: str = "--wtp") -> Layer:
        """An edit that makes a threshold the default, beside the others."""
        place = Place(where, 0, 0)

        def node(value: float | str | list[Node] | dict[str, Node]) -> Node:
            return Node(value, place, place, "edit")

        source = node({"grade": node("assumption"), "note": node(f"set by the user ({where})")})
        values = node([node(float(value)) for value in sorted({*others, threshold})])
        section = node({"values": values, "default": node(float(threshold)), "source": source})
        return cls.from_node("edit", node({"label": node("Threshold"), "thresholds": section}), edit=True)

    def parameter_values(self) -> dict[str, Node]:
        """The parameters that the layer sets, by name."""
        section = self.node.entries.get("parameters")
        return section.entries if section else {}

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for layers that make the same changes to the same document; edits are equal when their values are."""
        if self.edit:
            return (self.name, *sorted((name, node.value) for name, node in self.parameter_values().items()))
        return (self.name, id(self.node))

    def only_parameters(self, names: frozenset[str]) -> Layer | None:
        """The same layer reduced to some parameters, or None when it sets none of them."""
        chosen = {key: node for key, node in self.parameter_values().items() if key in names}
        if not chosen:
            return None
        if len(chosen) == len(self.parameter_values()):
            return self
        section = self.node.entries["parameters"].with_entries(chosen)
        kept = {key: node for key, node in self.node.entries.items() if key in ("label", "source")}
        return Layer(self.name, self.label, self.node.with_entries({**kept, "parameters": section}), edit=self.edit)


class Merge:
    """A document and what layers made of it.

    `centres` are the values that parameters had where their distribution was given, for those whose value alone was
    changed; `selected` are the strategies that a layer chose, in its order. Problems are collected: names that the
    document does not have.
    """

    def __init__(self, document: Node) -> None:
        self.document = document
        self.centres: dict[str, Node] = {}
        self.selected: tuple[str, ...] | None = None
        self.problems: list[Problem] = []
        self._removed: set[tuple[str, str]] = set()

    def apply(self, layer: Layer) -> None:
        """Puts a layer on top."""
        if not self._suits(layer):
            return
        sections = dict(self.document.entries)
        for key, change in layer.node.entries.items():
            if key in _REPLACED and change.value is None:
                sections.pop(key, None)
            elif key in _REPLACED:
                sections[key] = change
            elif key == "time":
                sections[key] = _with_horizon(_update(sections.get(key, change), change), change)
            elif key == "settings":
                sections[key] = _update(sections.get(key, change), change)
            elif key == "strategies" and isinstance(change.value, list):
                self._select(sections.get(key, change), change)
            elif key in SINGULAR:
                sections[key] = self._changed(key, sections.get(key), change, layer)
        additions = layer.node.entries.get("add")
        for key, change in additions.entries.items() if additions else ():
            if key in SINGULAR:
                sections[key] = self._added(key, sections.get(key), change, layer)
            else:
                self.problems.append(unknown("section", key, change.key_place, SINGULAR))
        self.document = self.document.with_entries(sections)

    def _suits(self, layer: Layer) -> bool:
        currency = self.document.find(["settings", "currency"]).value
        if layer.requires_currency in (None, currency):
            return True
        what = f"the layer {layer.name} is meant for models in {layer.requires_currency}, this one is in {currency}"
        place = layer.node.find(["requires", "currency"]).place
        self.problems.append(Problem(what, place, "choose the layer made for this jurisdiction"))
        return False

    def _select(self, declared: Node, change: Node) -> None:
        """The others stay declared, because solved parameters may need them."""
        chosen = {str(item.value): item for item in change.items}
        for name, item in chosen.items():
            if name not in declared.entries:
                self.problems.append(unknown("strategy", name, item.place, declared.entries))
        if not chosen:
            self.problems.append(Problem("the layer selects no strategies", change.place, "name at least one"))
        self.selected = tuple(name for name in chosen if name in declared.entries)

    def _changed(self, section: str, base: Node | None, change: Node, layer: Layer) -> Node:
        """A section with a layer's changes; a change to what an earlier layer removed is dropped."""
        base = base or change.with_entries({})
        entries = dict(base.entries)
        for name, node in change.entries.items():
            if (section, name) in self._removed:
                continue
            if name not in entries:
                self._not_there(section, name, node, layer, entries)
            elif node.value is None:
                del entries[name]
                self._removed.add((section, name))
            elif section == "parameters":
                entries[name] = self._parameter(name, entries[name], node, layer)
            elif section == "formulas":
                entries[name] = _formula(entries[name], node)
            elif section in ("transitions", "events"):
                entries[name] = node
            else:
                entries[name] = _update(entries[name], node)
        return base.with_entries(entries)

    def _not_there(self, section: str, name: str, node: Node, layer: Layer, entries: dict[str, Node]) -> None:
        kind = SINGULAR[section]
        if layer.edit:
            self.problems.append(unknown(kind, name, node.key_place, entries))
            return
        what = f"the layer changes the {kind} '{name}', which the model does not have"
        remedy = f"{did_you_mean(name, entries)} A new one stands under `add: {{{section}: ...}}`"
        self.problems.append(Problem(what, node.key_place, remedy))

    def _added(self, section: str, base: Node | None, change: Node, layer: Layer) -> Node:
        base = base or change.with_entries({})
        entries = dict(base.entries)
        for name, node in change.entries.items():
            if name in entries:
                what = f"the model has a {SINGULAR[section]} '{name}' already, so the layer cannot add it"
                remedy = f"move it from `add: {{{section}: ...}}` to `{section}:`"
                self.problems.append(Problem(what, node.key_place, remedy))
            elif section == "parameters" and isinstance(node.value, dict) and "source" not in node.entries:
                entries[name] = node.with_entries({**node.entries, "source": _source_of(layer, node)})
            else:
                entries[name] = node
        return base.with_entries(entries)

    def _parameter(self, name: str, base: Node, change: Node, layer: Layer) -> Node:
        """A parameter with a layer's changes; see docs/format.md, Layers, and docs/decisions/0003."""
        fields = change.entries if isinstance(change.value, dict) else {"value": change}
        valued = any(kind in fields for kind in _VALUE_KINDS)
        entries = base.without(*_VALUE_KINDS).entries if valued else dict(base.entries)
        for key, node in fields.items():
            if node.value is None:
                entries.pop(key, None)
            else:
                entries[key] = node
        if "distribution" in fields:
            self.centres.pop(name, None)
        elif "value" in fields and "value" in base.entries:
            self.centres.setdefault(name, base.entries["value"])
        elif valued:
            entries.pop("distribution", None)
        if valued and "source" not in fields:
            entries["source"] = _source_of(layer, change)
        return base.with_entries(entries)


def _update(base: Node, change: Node) -> Node:
    """Mappings merge deeply, everything else replaces; null removes."""
    if not isinstance(base.value, dict) or not isinstance(change.value, dict):
        return change
    entries = dict(base.entries)
    for key, node in change.entries.items():
        if node.value is None:
            entries.pop(key, None)
        else:
            entries[key] = _update(entries[key], node) if key in entries else node
    return base.with_entries(entries)


def _with_horizon(merged: Node, change: Node) -> Node:
    """A layer that gives one kind of horizon replaces the other kind."""
    if "years" in change.entries and "until_age" not in change.entries:
        return merged.without("until_age")
    if "until_age" in change.entries and "years" not in change.entries:
        return merged.without("years")
    return merged


def _formula(base: Node, change: Node) -> Node:
    if isinstance(change.value, dict):
        return _update(base, change)
    return base.with_entries({**base.entries, "formula": change}) if isinstance(base.value, dict) else change


def _source_of(layer: Layer, node: Node) -> Node:
    """The source of a value that a layer sets without one of its own."""
    given = layer.node.entries.get("source")
    if given is not None and given.value is not None:
        return given
    note = {"grade": "assumption", "note": f"set by the layer {layer.name} without a source"}
    entries = {key: Node(text, node.place, node.place, layer.name) for key, text in note.items()}
    return Node(entries, node.place, node.place, layer.name)

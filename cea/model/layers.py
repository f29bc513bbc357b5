"""Layers: changes to a model, kept apart from it and merged in order."""

from __future__ import annotations

from dataclasses import dataclass

from cea.errors import InputError, Place, Problem
from cea.model.document import Node, unknown
from cea.model.schema import LayerShape, check_shape

# Sections whose entries a layer may change by name; new names go under `add`.
_NAMED = (
    "parameters", "formulas", "transitions", "states", "windows", "events", "outcomes", "tables", "joint",
    "perspectives", "headlines", "sources", "strategies",
)  # fmt: skip
_MERGED = ("settings",)
_REPLACED = ("start", "thresholds", "shortfall", "equal_value")
_VALUE_KINDS = ("value", "formula", "same_as", "solve")
CENTRE = "(distribution centre)"
SELECTED = "(selected strategies)"
REMOVED = "(removed by layers)"


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
        if not isinstance(node.value, dict):
            raise InputError([Problem("a layer is a mapping of names to values", node.place, "see docs/format.md, Layers")])
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


def merge(base: Node, layer: Layer) -> Node:
    """The document with a layer's changes in it. Raises InputError for names that the document does not have."""
    problems: list[Problem] = []
    sections = dict(base.entries)
    for key, change in layer.node.entries.items():
        if key in _REPLACED:
            sections[key] = change
        elif key == "time":
            sections[key] = _merge_time(sections[key], change)
        elif key in _MERGED:
            sections[key] = _update(sections[key], change)
        elif key == "strategies" and isinstance(change.value, list):
            sections[SELECTED] = _select(sections[key], change, problems)
        elif key in _NAMED:
            sections[key] = _merge_named(key, sections, change, layer, problems)
    additions = layer.node.entries.get("add")
    for key, change in (additions.entries if additions else {}).items():
        sections[key] = _add(key, sections.get(key), change, layer, problems)
    if problems:
        raise InputError(problems)
    return base.with_entries(sections)


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


def _merge_time(base: Node, change: Node) -> Node:
    merged = _update(base, change)
    given = set(change.entries)
    if "years" in given and "until_age" not in given:
        return merged.without("until_age")
    if "until_age" in given and "years" not in given:
        return merged.without("years")
    return merged


def _select(base: Node, change: Node, problems: list[Problem]) -> Node:
    """The selection of strategies; the others stay declared, because solved parameters may need them."""
    for item in change.items:
        if item.value not in base.entries:
            problems.append(unknown("strategy", str(item.value), item.place, base.entries))
    return change


def _merge_named(section: str, sections: dict[str, Node], change: Node, layer: Layer, problems: list[Problem]) -> Node:
    """A section with a layer's changes; a change to what an earlier layer removed has nothing to act on and is dropped."""
    base = sections.get(section) or change.with_entries({})
    removed = dict(sections[REMOVED].entries) if REMOVED in sections else {}
    entries = dict(base.entries)
    for name, node in change.entries.items():
        if f"{section} {name}" in removed:
            continue
        if name not in entries:
            found = unknown(section.rstrip("s"), name, node.key_place, entries)
            hint = f"{found.remedy}; a new one is declared under `add: {{{section}: ...}}`"
            problems.append(Problem(f"the layer changes the {section.rstrip('s')} '{name}', which the model does not have",
                                    found.place, hint))  # fmt: skip
        elif node.value is None:
            del entries[name]
            removed[f"{section} {name}"] = Node(True, node.place)
        elif section == "parameters":
            entries[name] = _merge_parameter(entries[name], node, layer)
        elif section == "formulas":
            entries[name] = _merge_formula(entries[name], node)
        elif section in ("transitions", "events"):
            entries[name] = node
        else:
            entries[name] = _update(entries[name], node)
    if removed:
        sections[REMOVED] = change.with_entries(removed)
    return base.with_entries(entries)


def _add(section: str, base: Node | None, change: Node, layer: Layer, problems: list[Problem]) -> Node:
    if section not in _NAMED:
        problems.append(unknown("section", section, change.key_place, _NAMED))
        return change
    base = base or change.with_entries({})
    entries = dict(base.entries)
    for name, node in change.entries.items():
        if name in entries:
            remedy = f"move it from `add: {{{section}: ...}}` to `{section}:`"
            problems.append(Problem(f"'{name}' exists already, so it cannot be added", node.key_place, remedy))
        elif section == "parameters" and isinstance(node.value, dict) and "source" not in node.entries:
            entries[name] = node.with_entries({**node.entries, "source": _layer_source(layer, node)})
        else:
            entries[name] = node
    return base.with_entries(entries)


def _merge_formula(base: Node, change: Node) -> Node:
    if not isinstance(change.value, dict) and isinstance(base.value, dict):
        return base.with_entries({**base.entries, "formula": change})
    if isinstance(change.value, dict) and isinstance(base.value, dict):
        return _update(base, change)
    return change


def _merge_parameter(base: Node, change: Node, layer: Layer) -> Node:
    """A parameter with a layer's changes; see docs/format.md, Layers, and docs/decisions/0003."""
    fields = change.entries if isinstance(change.value, dict) else {"value": change}
    entries = dict(base.entries)
    centre = entries.get(CENTRE, entries.get("value"))
    if any(kind in fields for kind in _VALUE_KINDS):
        for kind in _VALUE_KINDS:
            entries.pop(kind, None)
    for key, node in fields.items():
        if node.value is None:
            entries.pop(key, None)
        else:
            entries[key] = node
    if "value" in fields and "distribution" not in fields and "distribution" in entries and centre is not None:
        entries[CENTRE] = centre
    elif "distribution" in fields:
        entries.pop(CENTRE, None)
    if any(kind in fields for kind in _VALUE_KINDS) and "source" not in fields:
        entries["source"] = _layer_source(layer, change)
    return base.with_entries(entries)


def _layer_source(layer: Layer, node: Node) -> Node:
    given = layer.node.entries.get("source")
    if given is not None and given.value is not None:
        return given
    leaf = {"grade": "assumption", "note": f"set by the layer {layer.name} without a source"}
    return Node({key: Node(text, node.place, node.place, layer.name) for key, text in leaf.items()}, node.place,
                node.place, layer.name)  # fmt: skip

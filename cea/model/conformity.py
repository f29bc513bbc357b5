"""Documents held against their shapes: every key and value that does not fit, in plain words and with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from cea.errors import Place, Problem
from cea.model.document import SINGULAR, Node, did_you_mean, shortened
from cea.model.schema import ModelShape, S, Shape

SEE = "see docs/format.md"
Path = tuple[object, ...]

# Stand-ins for required values that are wrong, so that the other sections can still be checked.
_STAND_INS: dict[Path, object] = {
    ("format",): 1,
    ("title",): "",
    ("time", "cycles_per_year"): 1,
    ("settings", "currency"): "USD",
    ("settings", "perspective"): "",
    ("settings", "effect"): "",
    ("settings", "discount_costs"): 0,
    ("settings", "discount_effects"): 0,
    ("perspectives",): {"-": {}},
    ("thresholds",): {"values": [1], "default": 1, "source": {"grade": "assumption", "note": "-"}},
}


@dataclass(frozen=True)
class _Fault:
    """A problem of shape, and the path to what is wrong or missing."""

    problem: Problem
    path: Path


def check_shape(shape: type[S], node: Node) -> tuple[S | None, list[Problem]]:
    """The node as `shape`, or None with every problem of shape in it."""
    checked, faults = _validate(shape, node)
    return checked, [fault.problem for fault in faults]


def check_document(document: Node) -> tuple[ModelShape | None, Node, list[Problem]]:
    """A model document as a shape, the document without what is wrong in it, and every problem of shape.

    The shape lacks the entries that are wrong, so that the rest can be checked as well; it is None where too little is
    left.
    """
    shape, faults = _validate(ModelShape, document)
    faults += [_without_value(document, path) for path in _empty(document)]
    sound = document
    for fault in faults:
        sound = _without(sound, fault.path)
    if faults:
        shape, _ = _validate(ModelShape, sound)
    return shape, sound, [fault.problem for fault in faults]


def _empty(node: Node) -> Iterator[Path]:
    """Paths to keys without a value; a layer removes entries by them, but none are left once layers are merged."""
    for step, child in node.entries.items() or enumerate(node.items):
        if isinstance(child.value, dict | list):
            yield from ((step, *path) for path in _empty(child))
        elif child.value is None and isinstance(step, str):
            yield (step,)


def _without_value(document: Node, path: Path) -> _Fault:
    remedy = "write a value, or delete the key"
    return _Fault(Problem(f"'{_dotted(path)}' has no value", document.find(path).head, remedy), path)


def _without(document: Node, path: Path) -> Node:
    """The document without the entry that a fault is in, or with a stand-in for a value that it cannot be without."""
    for length in (1, 2):
        if path[:length] in _STAND_INS:
            return document.with_entry(path[:length], _stand_in(_STAND_INS[path[:length]], document.find(path).place))
    if path in (("settings",), ("time",)):
        keys = {key[1]: value for key, value in _STAND_INS.items() if key[0] == path[0]}
        return document.with_entry(path, _stand_in(keys, document.find(path).place))
    by_name = path[0] in SINGULAR or path[0] in ("settings", "time", "start")
    return document.with_entry(path[: 2 if by_name else 1], None)


def _stand_in(value: object, place: Place) -> Node:
    if isinstance(value, dict):
        return Node({str(key): _stand_in(item, place) for key, item in value.items()}, place)
    if isinstance(value, list):
        return Node([_stand_in(item, place) for item in value], place)
    assert isinstance(value, str | int)
    return Node(value, place)


def _validate(shape: type[S], node: Node) -> tuple[S | None, list[_Fault]]:
    try:
        return shape.model_validate(node.plain()), []
    except ValidationError as error:
        return None, list(_faults(shape, node, error))


def _faults(shape: type[Shape], root: Node, error: ValidationError) -> Iterator[_Fault]:
    by_path: dict[Path, list[Any]] = {}
    for detail in error.errors(include_url=False, include_context=True):
        steps = list(detail["loc"])
        missing = str(steps.pop()) if detail["type"] == "missing" else ""
        path = _existing(root, steps)
        if missing:
            yield _missing(root, path, missing)
        elif detail["type"] == "extra_forbidden" or "[key]" in steps:
            yield _surplus(shape, root, path)
        else:
            by_path.setdefault(path, []).append(detail)
    for path, details in by_path.items():
        node = root.find(path)
        if node.value is not None or shape is not ModelShape:
            what, remedy = _words(details)
            yield _Fault(Problem(f"{_dotted(path)}: {what}" if path else what, node.place, remedy), path)


def _existing(root: Node, steps: Sequence[object]) -> Path:
    """The steps that lead through the document; pydantic also names the member of a union, which is no key."""
    node, path = root, []
    for step in steps:
        child = node.child(step)
        if child is not None:
            node = child
            path.append(step)
    return tuple(path)


def _missing(root: Node, path: Path, key: str) -> _Fault:
    node = root.find(path)
    owner = f"'{_dotted(path)}'" if path else "the model"
    remedy = f"add `{key}: ...`; {SEE}"
    return _Fault(Problem(f"{owner} has no '{key}'", node.head, remedy), (*path, key))


def _surplus(shape: type[Shape], root: Node, path: Path) -> _Fault:
    key = str(path[-1])
    remedy = did_you_mean(key, _known_keys(shape, path[:-1]))
    where = f" in '{_dotted(path[:-1])}'" if len(path) > 1 else ""
    return _Fault(Problem(f"unknown key '{shortened(key)}'{where}", root.find(path).head, remedy), path)


def _dotted(path: Path) -> str:
    return shortened(".".join(str(step) for step in path))


_EXPECTED = {
    "string_type": ("text", 'write text, in "double quotes" where it looks like a number'),
    "float_type": ("a number", "write a number, without quotes or unit"),
    "int_type": ("a whole number", "write a whole number, without quotes"),
    "int_from_float": ("a whole number", "write a whole number, without quotes"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "list_type": ("a list", "write it as [first, second]"),
    "dict_type": ("a mapping of names to values", "write it as {name: value}, or as indented lines `name: value`"),
    "model_type": ("a mapping of names to values", "write it as {name: value}, or as indented lines `name: value`"),
    "finite_number": ("a finite number", "write a finite number"),
}


def _words(details: Sequence[Any]) -> tuple[str, str]:
    """What is wrong with a value, and what would be right."""
    detail = details[0]
    context = detail.get("ctx", {})
    kinds = {item["type"] for item in details}
    given = detail.get("input")
    found = f"found {'nothing' if given is None else _shown(given)}"
    if {"string_type", "float_type"} <= kinds:
        return f"expected a formula or a number, {found}", "write a number, a name or a formula"
    if detail["type"] in _EXPECTED:
        expected, remedy = _EXPECTED[detail["type"]]
        return f"expected {expected}, {found}", remedy
    if detail["type"] == "literal_error":
        expected = str(context["expected"])
        remedy = did_you_mean(str(given), expected.replace(" or ", ", ").replace("'", "").split(", "))
        return f"expected {expected}, {found}", remedy
    if detail["type"] == "string_pattern_mismatch":
        return f"expected a currency code, {found}", "write three capital letters such as USD"
    if detail["type"] in ("too_short", "too_long"):
        least, most = context.get("min_length"), context.get("max_length")
        limit = f"at least {least}" if most is None else f"at most {most}"
        return f"has {context['actual_length']} entries, needs {limit}", "add or remove entries"
    for bound, words in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below")):
        if bound in context:
            return f"{_shown(given)} must be {words} {context[bound]:g}", f"choose a number {words} {context[bound]:g}"
    return f"{_shown(given)} does not belong here", SEE


def _shown(given: object) -> str:
    if isinstance(given, dict):
        return "a mapping"
    if isinstance(given, list):
        return "a list"
    return (
        f"'{shortened(given)}'"
        if isinstance(given, str)
        else str(given).lower()
        if isinstance(given, bool)
        else str(given)
    )


def _known_keys(shape: type[Shape], path: Path) -> list[str]:
    """The keys allowed at `path`, found by walking the shapes."""
    current: Any = shape
    for step in path:
        if isinstance(step, int) or get_origin(current) is dict:
            current = _member(current, list if isinstance(step, int) else dict)
        elif (owner := _shape_in(current)) is not None:
            fields = owner.model_fields.items()
            current = next((field.annotation for name, field in fields if step == (field.alias or name)), None)
    if get_origin(current) is dict:
        return [str(key) for key in get_args(get_args(current)[0])]
    final = _shape_in(current)
    return [field.alias or name for name, field in final.model_fields.items()] if final else []


def _member(annotation: Any, container: type) -> Any:
    """What the dicts or lists inside an annotation hold."""
    if get_origin(annotation) is container:
        return get_args(annotation)[-1]
    return next((found for item in get_args(annotation) if (found := _member(item, container)) is not None), None)


def _shape_in(annotation: Any) -> type[Shape] | None:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return annotation
    return next((found for item in get_args(annotation) if (found := _shape_in(item)) is not None), None)

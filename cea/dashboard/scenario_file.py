"""A scenario as a file: a layer in the model's own format, which the command line takes as well.

The layers that it stands on are named in a comment, because a layer file cannot name others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from cea.dashboard.setting import LINK_FORMAT, Known, Setting, from_parts
from cea.errors import InputError, Place, Problem
from cea.loading.yaml_reader import parse_yaml
from cea.model.definition import Model
from cea.model.document import Node
from cea.model.layers import Layer

MAX_BYTES = 50_000
"""Largest scenario file that is read: one with every input of the shipped model changed has a tenth of it."""
MAX_NAME = 60


@dataclass(frozen=True)
class Saved:
    """A scenario under a name that the user gave it."""

    name: str
    setting: Setting


def clean_name(text: str) -> str:
    """A name in one line of at most MAX_NAME characters; one without any is called a scenario."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MAX_NAME] or "Scenario"


def write(saved: Saved, model: Model, folder: str, version: str) -> str:
    """The text of a scenario file. `model` is that of its setting, `version` that of the model's files."""
    setting = saved.setting
    lines = [
        "# A scenario of the model, saved from the dashboard. Load it there again; or, for the same results:",
        f"#   {setting.command('run', folder)}",
        f"# layers: {', '.join(setting.layers)}",
        f"# version: {LINK_FORMAT}-{version}",
        f"label: {json.dumps(saved.name, ensure_ascii=False)}",
        f"requires: {{currency: {model.currency}}}",
        "source: {grade: assumption, note: set in the dashboard}",
    ]
    if setting.perspective is not None:
        lines.append(f"settings: {{perspective: {setting.perspective}}}")
    if setting.threshold is not None:
        lines += ["thresholds:", f"  values: [{', '.join(f'{value!r}' for value in model.thresholds)}]"]
        lines += [f"  default: {setting.threshold!r}", "  source: {grade: assumption, note: set in the dashboard}"]
    if setting.edits:
        lines += ["parameters:", *(f"  {name}: {value!r}" for name, value in setting.edits)]
    return "\n".join(lines) + "\n"


def read(data: bytes, known: Known, version: str) -> tuple[Saved, list[str]]:
    """The scenario in a file that somebody uploaded, and what to say about parts that cannot be used here.

    Raises InputError for a file that is no layer or too large.
    """
    place = Place("the scenario file", 0, 0)
    if len(data) > MAX_BYTES:
        raise InputError([Problem(f"the file has more than {MAX_BYTES:,} bytes", place, "choose a scenario file")])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError([Problem("the file is not text", place, "choose a scenario file, which is YAML")]) from None
    node = parse_yaml(text, "the scenario file")
    if not isinstance(node.value, dict):
        raise InputError([Problem("the file is no scenario", place, "choose a file that was saved here")])
    layer = Layer.from_node("scenario", node)
    said = _not_taken(node)
    if _noted("version", text) not in ("", f"{LINK_FORMAT}-{version}"):
        said.append("the file was made with another version of the model: its values are used, results may differ")
    layers = [name.strip() for name in _noted("layers", text).split(",") if name.strip()]
    values, more = _values(layer)
    setting, unknown = from_parts(known, layers, _perspective(node), _threshold(node), values)
    return Saved(clean_name(layer.label), setting), said + more + unknown


def _noted(what: str, text: str) -> str:
    """What the comment `# what: ...` of a file says; nothing where there is none."""
    begins = f"# {what}:"
    lines = (line for line in text.splitlines() if line.startswith(begins))
    return next(lines, begins).removeprefix(begins).strip()


def _not_taken(node: Node) -> list[str]:
    """What the file changes beside numbers of parameters."""
    taken = {"label", "description", "requires", "source", "settings", "thresholds", "parameters", "structural"}
    return [
        f"the section '{key}' changes the structure of the model and was left out"
        for key in node.entries
        if key not in taken
    ]


def _values(layer: Layer) -> tuple[dict[str, str | float], list[str]]:
    """The numbers that a layer sets, given as such or as the `value` of a mapping."""
    values: dict[str, str | float] = {}
    said = []
    for name, node in layer.parameter_values().items():
        inner = node.entries.get("value") if isinstance(node.value, dict) else node
        given = inner.value if inner is not None else None
        if isinstance(given, bool) or not isinstance(given, int | float):
            said.append(f"{name} is not given as a number and was left out")
        else:
            values[name] = float(given)
    return values, said


def _perspective(node: Node) -> str | None:
    settings = node.entries.get("settings")
    given = settings.entries.get("perspective") if settings is not None else None
    return given.value if given is not None and isinstance(given.value, str) else None


def _threshold(node: Node) -> float | None:
    section = node.entries.get("thresholds")
    given = section.entries.get("default") if section is not None else None
    value = given.value if given is not None else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

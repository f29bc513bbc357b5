"""The model format as a JSON Schema, so that editors complete and check a model's files while they are written."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from cea.loading.designs_file import StudiesShape
from cea.loading.targets_file import TargetsShape
from cea.model.schema import CitationShape, LayerShape, ModelShape, ParameterShape, Shape

_SHAPES: tuple[type[Shape], ...] = (ModelShape, LayerShape, ParameterShape, CitationShape, TargetsShape, StudiesShape)


def json_schema() -> dict[str, Any]:
    """One schema for every YAML file of a model folder.

    A file with `format` is model.yaml, one whose `label` is text is a layer, one whose `targets` is a list is
    validation.yaml, one whose `statistics` are a mapping is voi.yaml; any other holds parameters or sources by name,
    and an entry with `citation` is a source.
    """
    _, shared = models_json_schema([(shape, "validation") for shape in _SHAPES], by_alias=True)
    entry = {"if": {"required": ["citation"]}, "then": _to(CitationShape), "else": _to(ParameterShape)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cost-effectiveness model",
        "description": "A YAML file of a model folder; see docs/format.md.",
        "if": {"required": ["format"]},
        "then": _to(ModelShape),
        "else": {
            "if": _has("label", "string"),
            "then": _to(LayerShape),
            "else": {
                "if": _has("targets", "array"),
                "then": _to(TargetsShape),
                "else": {
                    "if": _has("statistics", "object"),
                    "then": _to(StudiesShape),
                    "else": {"type": "object", "additionalProperties": entry},
                },
            },
        },
        "$defs": _without_internal(shared["$defs"]),
    }


def _has(key: str, kind: str) -> dict[str, Any]:
    return {"required": [key], "properties": {key: {"type": kind}}}


def _to(shape: type[Shape]) -> dict[str, str]:
    return {"$ref": f"#/$defs/{shape.__name__}"}


def _without_internal(shapes: dict[str, Any]) -> dict[str, Any]:
    """The shapes without entries that only the program itself sets; their names are in brackets."""
    for shape in shapes.values():
        for name in [name for name in shape.get("properties", {}) if name.startswith("(")]:
            del shape["properties"][name]
    return shapes

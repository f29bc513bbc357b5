"""The model format as a JSON Schema, so that editors complete and check a model's files while they are written."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from cea.loading.calibration_file import CalibrationsShape
from cea.loading.contracts_file import ContractsShape
from cea.loading.designs_file import StudiesShape
from cea.loading.report_file import StatementsShape
from cea.loading.structures_file import StructuresShape
from cea.loading.subgroups_file import SubgroupsShape
from cea.loading.synthesis_file import SynthesisShape
from cea.loading.targets_file import TargetsShape
from cea.model.schema import CitationShape, LayerShape, ModelShape, ParameterShape, Shape

_TOLD_BY: tuple[tuple[str, str | None, type[Shape]], ...] = (
    ("format", None, ModelShape),
    ("pool", "array", SynthesisShape),
    ("label", "string", LayerShape),
    ("targets", "array", TargetsShape),
    ("statistics", "object", StudiesShape),
    ("contracts", "object", ContractsShape),
    ("subgroups", "object", SubgroupsShape),
    ("calibrations", "object", CalibrationsShape),
    ("statements", "object", StatementsShape),
    ("structures", "object", StructuresShape),
)
"""The key, and the type of its value, by which each kind of file is told; the first that holds."""
_SHAPES: tuple[type[Shape], ...] = (*(shape for _, _, shape in _TOLD_BY), ParameterShape, CitationShape)


def json_schema() -> dict[str, Any]:
    """One schema for every YAML file of a model folder.

    The kind of a file is told by a key: model.yaml by `format`, a layer by `label`, and so on; any other file holds
    parameters or sources by name, and an entry with `citation` is a source.
    """
    _, shared = models_json_schema([(shape, "validation") for shape in _SHAPES], by_alias=True)
    entry = {"if": {"required": ["citation"]}, "then": _to(CitationShape), "else": _to(ParameterShape)}
    chain: dict[str, Any] = {"type": "object", "additionalProperties": entry}
    for key, kind, shape in reversed(_TOLD_BY):
        chain = {"if": _has(key, kind), "then": _to(shape), "else": chain}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cost-effectiveness model",
        "description": "A YAML file of a model folder; see docs/format.md.",
        **chain,
        "$defs": _without_internal(shared["$defs"]),
    }


def _has(key: str, kind: str | None) -> dict[str, Any]:
    return {"required": [key]} | ({"properties": {key: {"type": kind}}} if kind else {})


def _to(shape: type[Shape]) -> dict[str, str]:
    return {"$ref": f"#/$defs/{shape.__name__}"}


def _without_internal(shapes: dict[str, Any]) -> dict[str, Any]:
    """The shapes without entries that only the program itself sets; their names are in brackets."""
    for shape in shapes.values():
        for name in [name for name in shape.get("properties", {}) if name.startswith("(")]:
            del shape["properties"][name]
    return shapes

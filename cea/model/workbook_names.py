"""The defined names of an exported workbook that an import reads; a dot keeps them apart from a model's own names."""

from __future__ import annotations

FORMAT = 1
"""Layout of the workbook; another number is another layout, which an import refuses."""

FORMAT_NAME = "workbook.format"
MODEL_NAME = "workbook.model"
VERSION_NAME = "workbook.version"
HASH_NAME = "workbook.inputs"
LAYERS_NAME = "workbook.layers"
EDITS_NAME = "workbook.edits"
PERSPECTIVE_NAME = "workbook.perspective"
RUN_MODE_NAME = "control.run_mode"
THRESHOLD_NAME = "control.threshold"
PERSPECTIVE_CHOICE_NAME = "control.perspective"

BASE_PREFIX = "base."
ORIGINAL_PREFIX = "original."


def base_name(parameter: str) -> str:
    """The name of the cell with a parameter's base value, which a user may edit."""
    return f"{BASE_PREFIX}{parameter}"


def original_name(parameter: str) -> str:
    """The name of the cell with a parameter's value at the export."""
    return f"{ORIGINAL_PREFIX}{parameter}"


def result_name(kind: str, strategy: str) -> str:
    """The name of the cell with a strategy's discounted total; `kind` is cost or effect."""
    return f"result.{kind}.{strategy}"

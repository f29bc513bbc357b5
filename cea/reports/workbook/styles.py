"""How cells look: one table of roles and one of number formats. Borders, bold and shading say what colours say."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

INK, MUTED, LINE = "#222222", "#595959", "#BFBFBF"
BAND, SHADE = "#1F3864", "#E7EAF0"

_BASE = {"font_name": "Calibri", "font_size": 10, "font_color": INK, "valign": "top"}
_WRAPPED = {"text_wrap": True}

ROLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "title": {"bold": True, "font_size": 16, "font_color": BAND},
        "subtitle": {"font_color": MUTED, "font_size": 10},
        "subtitle_wrapped": {"font_color": MUTED, "text_wrap": True, "valign": "top", "align": "left"},
        "left": {"align": "left", "valign": "top"},
        "number_of_line": {"font_color": MUTED, "valign": "top", "align": "right"},
        "label_top": {"bold": True, "valign": "top", "text_wrap": True},
        "band": {"bold": True, "font_color": "#FFFFFF", "bg_color": BAND},
        "section": {"bold": True, "font_size": 12, "font_color": BAND, "bottom": 2, "bottom_color": BAND},
        "header": {"bold": True, "bg_color": SHADE, "bottom": 1, "text_wrap": True, "valign": "bottom"},
        "header_right": {
            "bold": True, "bg_color": SHADE, "bottom": 1, "text_wrap": True, "valign": "bottom", "align": "right",
        },
        "unit": {"italic": True, "font_color": MUTED, "bg_color": SHADE, "align": "right"},
        "name": {
            "font_name": "Consolas", "font_size": 8, "font_color": MUTED, "bg_color": SHADE, "align": "right",
            "shrink": True,
        },
        "text": {},
        "wrapped": _WRAPPED,
        "wrapped_indented": {**_WRAPPED, "indent": 1, "align": "left"},
        "wrapped_right": {**_WRAPPED, "align": "right"},
        "label": {"bold": True},
        "note_beside": {"italic": True, "font_color": MUTED, "indent": 1, "align": "left"},
        "note_indented": {"italic": True, "font_color": MUTED, "indent": 1, "align": "left", **_WRAPPED},
        "note": {"italic": True, "font_color": MUTED},
        "note_wrapped": {"italic": True, "font_color": MUTED, **_WRAPPED},
        "code": {"font_name": "Consolas", "font_size": 9},
        "code_beside": {"font_name": "Consolas", "font_size": 9, "indent": 1, "align": "left"},
        "grade_published": {},
        "grade_derived": {"italic": True},
        "grade_assumption": {"font_color": "#9C5700", "bg_color": "#FFF2CC"},
        "grade_unverified": {"font_color": "#9C0006", "bg_color": "#FCE4E4", "bold": True},
        "formula_text": {"font_name": "Consolas", "font_size": 9, "font_color": MUTED, **_WRAPPED},
        "input": {"font_color": "#0000FF", "bg_color": "#FFFBE6", "border": 1, "border_color": "#8C8C8C"},
        "input_text": {
            "font_color": "#0000FF", "bg_color": "#FFFBE6", "border": 1, "border_color": "#8C8C8C", "align": "left",
        },
        "calculation": {},
        "link": {"font_color": "#006100"},
        "result": {"bold": True},
        "right": {"align": "right"},
        "result_right": {"bold": True, "align": "right"},
        "total": {"bold": True, "bg_color": SHADE, "top": 1, "bottom": 1},
        "total_wrapped": {"bold": True, "bg_color": SHADE, "top": 1, "bottom": 1, "align": "right", "text_wrap": True},
        "static": {"font_color": MUTED},
        "static_right": {"font_color": MUTED, "align": "right"},
        "indented": {"indent": 1, "align": "left"},
        "header_indented": {
            "bold": True, "bg_color": SHADE, "bottom": 1, "text_wrap": True, "valign": "bottom", "indent": 1,
            "align": "left",
        },
        "check": {"bold": True, "align": "center", "border": 1, "border_color": LINE},
        "light": {"bold": True, "font_size": 12, "align": "center", "valign": "vcenter", "border": 2},
        "warning": {"bold": True, "font_color": "#9C0006"},
        "url": {"font_color": "#1F4E9E", "underline": 1},
    }
)  # fmt: skip
"""What a cell is. `input` is editable, `calculation` a formula, `link` a formula that only points at another sheet,
`static` a number that no formula changes."""

NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "": "General",
        "money": "#,##0;-#,##0;0",
        "money_2": "#,##0.00;-#,##0.00;0",
        "effect": "0.000",
        "effect_4": "0.0000;-0.0000;0",
        "share": "0.0000;-0.0000;0",
        "small": "0.000000;-0.000000;0",
        "percent": "0.0%",
        "whole": "0",
        "years": "0.00",
        "plain": "0.####",
    }
)
"""Number formats by what the number is."""


def number_for(size: float) -> str:
    """The number format that shows numbers of this size to some five digits."""
    limits = ((1000.0, "money"), (10.0, "money_2"), (1.0, "effect"), (0.01, "effect_4"))
    return next((number for limit, number in limits if abs(size) >= limit), "small" if size else "whole")


def number_as_given(value: float) -> str:
    """The number format that shows an input as it was given, large ones with commas."""
    if abs(value) < 1000:
        return ""
    return "money" if value == round(value) else "money_2"


def properties(role: str, number: str) -> dict[str, Any]:
    """The format of a cell, as XlsxWriter takes it. Raises KeyError for an unknown role or number format."""
    return {**_BASE, **ROLES[role], "num_format": NUMBERS[number]}

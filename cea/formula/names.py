"""Names that parameters, formulas and switches may have.

Every name becomes a defined name of a workbook. A spreadsheet reads some names as cells or keywords, and does so
without a warning, so they are refused.
"""

from __future__ import annotations

import re

from cea.formula.functions import FUNCTIONS

LONGEST_NAME = 64

reserved_time_names = frozenset({"cycle", "year", "age"})
"""Names that always exist; windows add `since_...`."""

_RESERVED = {
    **dict.fromkeys((*FUNCTIONS, "lookup"), "it is a function of the formula language"),
    **dict.fromkeys(("and", "or", "not"), "it is a word of the formula language"),
    **dict.fromkeys(reserved_time_names, "it is a time name that always exists"),
    **dict.fromkeys(("true", "false"), "a spreadsheet reads it as a truth value"),
    **dict.fromkeys(("nan", "inf", "infinity"), "it could be taken for a number"),
    **dict.fromkeys(
        (
            "print_area", "print_titles", "criteria", "database", "extract", "consolidate_area", "sheet_title",
            "auto_open", "auto_close", "auto_activate", "auto_deactivate", "recorder", "data_form",
        ),
        "a spreadsheet gives it a meaning of its own",
    ),
}  # fmt: skip

_SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PATTERNS = (
    (re.compile(r"[a-z]{1,3}[0-9]+"), "a spreadsheet reads it as a cell"),
    (re.compile(r"r[0-9]*(c[0-9]*)?|c[0-9]*"), "a spreadsheet reads it as a row or column"),
    (re.compile(r"since_.*"), "names that begin with `since_` are made by windows"),
)


def name_problem(name: str) -> str | None:
    """Why the name cannot be used, as half a sentence; None when it can."""
    if len(name) > LONGEST_NAME:
        return f"it has {len(name)} characters, more than {LONGEST_NAME}"
    if not _SHAPE.fullmatch(name):
        return "a name has small letters, digits and single underscores and starts with a letter"
    if name in _RESERVED:
        return _RESERVED[name]
    return next((reason for pattern, reason in _PATTERNS if pattern.fullmatch(name)), None)

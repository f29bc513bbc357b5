"""The headline results of the shipped model are those on file, so that no number changes unnoticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.golden.update import FILE, current

HOW_TO = (
    "\nIf the change is meant: run `python -m tests.golden.update`, and add a line to CHANGELOG.md that ends with "
    "'Results: changed' and gives the old and the new figure of both headlines."
)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and word of nested mappings, with the way to it."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from leaves(child, f"{path}.{key}".lstrip("."))
    else:
        yield path, value


def test_results_are_those_on_file():
    expected = dict(leaves(json.loads(FILE.read_text(encoding="utf-8"))))
    found = dict(leaves(current()))
    assert len(expected) > 60
    changed = [
        f"{path}: {expected.get(path)!r} on file, now {found.get(path)!r}"
        for path in {**expected, **found}
        if not same(expected.get(path), found.get(path))
    ]
    if changed:
        pytest.fail("Results have changed:\n" + "\n".join(changed) + HOW_TO, pytrace=False)


def same(one: object, other: object) -> bool:
    """Equal, numbers to 1e-9."""
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9, abs=1e-9)
    return one == other

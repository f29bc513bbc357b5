"""The parts of docs/validation.md that come from a run. `python -m tests.validation_page` writes them into the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from cea.analysis.fit import DRAWS, Fit, fit
from cea.analysis.published import compare_published
from cea.loading.targets_file import Validation, read_targets
from cea.reports.markdown import escape, table
from cea.reports.terminal import Table
from cea.reports.validation_report import (
    cohort_table,
    excluded_table,
    published_table,
    section_statement,
    statement,
    target_table,
    time_table,
)
from tests.models import CIRRHOSIS, ROOT, shipped

PAGE = ROOT / "docs" / "validation.md"
_PART = re.compile(r"<!-- made: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)


@cache
def ran() -> tuple[Validation, Fit]:
    """The shipped file and its fit, as `cea validate` makes it."""
    asked = read_targets(CIRRHOSIS, shipped())
    return asked, fit(asked.targets, lambda names: shipped(*names), DRAWS, 1)


def parts() -> dict[str, str]:
    """Each part of the page by its name, as Markdown."""
    asked, found = ran()
    held = [item for item in found.comparisons if item.target.role == "held_out"]
    made = {
        "statement": _list(statement(held, DRAWS)),
        "times": _table(time_table(held)),
        "cohorts": _table(cohort_table(held)),
        "figures": _table(target_table("", held)),
        "excluded": _table(excluded_table(asked.excluded)),
    }
    for section in asked.sections:
        items = [item for item in found.comparisons if item.target.section == section.name]
        said = section_statement(section, items)
        made[section.name] = _list(said) if section.chart else _table(target_table("", items))
    beside = compare_published(asked.published, lambda names: shipped(*names))
    shown = [item for item in beside if item.steps]
    made["published"] = "\n\n".join(
        f"**{escape(item.published.label)}**\n\n{_noted(published_table(item))}" for item in shown
    )
    made["not_run"] = _list(
        f"{item.published.label}: {item.published.found}. {item.published.distance}"
        for item in beside
        if not item.steps
    )
    return {name: text for name, text in made.items() if name != "other_sets"}


def written(page: str) -> dict[str, str]:
    """The parts as the page has them."""
    return {match[1]: match[2].removesuffix("\n") for match in _PART.finditer(page)}


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)


def _table(made: Table) -> str:
    return table(
        [escape(heading) for heading, _ in made.columns], [[escape(cell) for cell in row] for row in made.rows]
    )


def _noted(made: Table) -> str:
    return "\n\n".join([_table(made), *map(escape, made.notes)])


def main() -> None:
    """Writes the parts into the page."""
    made = parts()
    text = PAGE.read_text(encoding="utf-8")
    whole = _PART.sub(lambda match: f"<!-- made: {match[1]} -->\n{made[match[1]]}\n<!-- end -->", text)
    PAGE.write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    main()

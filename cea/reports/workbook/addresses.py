"""Where everything stands in the workbook: which names live where, and what cells are called.

A name of the model keeps its name, so that a formula reads as it does in the model; the names that the workbook adds
have a dot, which no name of a model has. Those that an import reads are in `model.workbook_names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cea.formula import Expression, to_excel
from cea.model import workbook_names
from cea.model.check import switch_names
from cea.model.definition import Model, Parameter, Term

Place = Literal["parameter", "constant", "series"]
"""Where a name is computed: on the sheet of parameters, once a strategy, or once a strategy and cycle boundary."""

SHEETS = (
    "README", "Control", "Parameters", "Random draws", "Joint draws", "Tables", "Formulas", "Results", "Disaggregated",
    "Incremental", "Charts", "PSA inputs", "PSA results", "Checks", "Glossary",
)  # fmt: skip
(
    README, CONTROL, PARAMETERS, RANDOM, JOINT, TABLES, FORMULAS, RESULTS, PARTS, INCREMENTAL, CHARTS, PSA_INPUTS,
    PSA_RESULTS, CHECKS, GLOSSARY,
) = SHEETS  # fmt: skip
"""Names of sheets that a strategy's sheet cannot have."""
PSA_HEADER_ROW = 10
"""Row (from 0) with the names of drawn parameters; draw k, from 1, stands k rows below it."""
DETERMINISTIC, REPLAY, RANDOM_DRAW = 1, 2, 3
"""The run modes."""


def places(model: Model) -> dict[str, Place]:
    """The place of every parameter, switch and formula that results depend on, and of every other parameter."""
    found: dict[str, Place] = {name: "parameter" for name, item in model.parameters.items() if not _computed(item)}
    found |= dict.fromkeys(switch_names(model), "constant")
    found |= dict.fromkeys(("cycle", "year"), "series")
    if model.settings.start_age is not None:
        found["age"] = "series"
    for name in model.order:
        clock = name.removeprefix("since_") in model.windows
        if name in model.formulas and name not in model.used and not clock:
            continue
        needed = {found.get(item, "parameter") for item in _needs(model, name)}
        if "series" in needed:
            found[name] = "series"
        elif name in model.formulas or "constant" in needed:
            found[name] = "constant"
        else:
            found[name] = "parameter"
    return found


def _computed(item: Parameter) -> bool:
    return item.term is not None or item.same_as is not None


def _needs(model: Model, name: str) -> Iterable[str]:
    term = definition(model, name)
    return term.names if term is not None else (model.parameters[name].same_as or "",)


def definition(model: Model, name: str) -> Term | None:
    """The formula of a name; None for switches and for parameters without one."""
    if name in model.formulas:
        return model.formulas[name].term
    return model.parameters[name].term if name in model.parameters else None


@dataclass
class Layout:
    """Names and addresses for the formulas of all sheets; sheets enter their cells as they are written.

    results: cells of Results by strategy and quantity. totals, headings, ranges: totals and labels above columns of a
    strategy's sheet, and the columns themselves, by strategy and key. changes, stale_values: parts of formulas that
    count what was changed since the workbook was written, and solved values that are out of date. random_draws: whether
    run mode 3 exists.
    """

    model: Model
    strategy_sheets: dict[str, str] = field(default_factory=dict)
    results: dict[tuple[str, str], str] = field(default_factory=dict)
    totals: dict[tuple[str, str], str] = field(default_factory=dict)
    ranges: dict[tuple[str, str], str] = field(default_factory=dict)
    headings: dict[tuple[str, str], str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    stale_values: list[str] = field(default_factory=list)
    random_draws: bool = False

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """The place of every name."""
        return places(self.model)

    def name(self, wanted: str) -> str:
        """The name of a cell of Control or Checks, such as run_mode, threshold or inputs_changed."""
        return f"control.{wanted}"

    def live(self, parameter: str) -> str:
        """The name of the value of a parameter that results are computed from."""
        return parameter

    def base(self, parameter: str) -> str | None:
        """The name of the editable cell of a parameter; None for one that is computed from others."""
        return None if _computed(self.model.parameters[parameter]) else workbook_names.base_name(parameter)

    def start(self, state: str) -> str:
        """The name of the share that starts in a state."""
        return f"start.{state}"

    def table(self, table: str, column: str | None) -> str:
        """The name of a column of a lookup table, None for its keys."""
        return f"keys.{table}" if column is None else f"lookup.{table}.{column}"

    def until(self, table: str) -> str:
        """The name of the number that the keys of a lookup table end below."""
        return f"until.{table}"

    def strategy_sheet(self, strategy: str) -> str:
        """The sheet on which a strategy is computed."""
        return self.strategy_sheets[strategy]

    def result(self, strategy: str, quantity: str) -> str:
        """The cell of a total on the sheet of results, as other sheets write it.

        Quantities: cost, effect, life_years, and each with `_undiscounted`. Raises KeyError for another.
        """
        return self.results[strategy, quantity]

    def cell_text(self, term: Term | Expression, reference: Callable[[str], str]) -> str:
        """A formula of the model as the text of a cell; `reference` says how its names are written there."""
        expression = term if isinstance(term, Expression) else term.expression
        return to_excel(expression, reference, self.table, self.until)

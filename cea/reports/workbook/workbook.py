"""The workbook of a model: all sheets in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cea.analysis.incremental import incremental
from cea.engine.draws import Draws
from cea.engine.psa import DrawResults
from cea.engine.results import Results, run
from cea.errors import UsageError
from cea.model.definition import Model
from cea.reports.run_folder import Manifest
from cea.reports.workbook import (
    addresses,
    charts_sheet,
    checks_sheet,
    draws_sheet,
    fixed_checks,
    formulas_sheet,
    glossary_sheet,
    parameters_sheet,
    random_sheet,
    readme_sheet,
    strategy_sheet,
    tables_sheet,
)
from cea.reports.workbook.addresses import Layout
from cea.reports.workbook.book import Book, Sheet, sheet_name
from cea.reports.workbook.context import Context
from cea.reports.workbook.control_sheet import ControlSheet
from cea.reports.workbook.disaggregated_sheet import Parts
from cea.reports.workbook.incremental_sheet import Workings
from cea.reports.workbook.results_sheet import ResultsSheet

AddSheets = Callable[[Book, Context], None]
MOST_DRAWS = 1_000_000
"""A sheet has some more rows than that."""
_INPUT, _CALCULATION, _RESULT, _CONTROL = "#FFE699", "#9DC3E6", "#A9D18E", "#BFBFBF"


def write_workbook(
    model: Model,
    path: str | Path,
    psa: DrawResults | None = None,
    *,
    perspective: str | None = None,
    comparator: str | None = None,
    sheets: Sequence[AddSheets] = (),
    provenance: Manifest | None = None,
) -> None:
    """Writes a model as an Excel workbook that computes by itself, and shows our engine's numbers until it does.

    psa: a probabilistic analysis of the same model, whose draws the workbook can replay. perspective, comparator: what
    is chosen on Control when it is opened, by default the model's perspective and the cheapest strategy. sheets:
    further sheets, each added by a function of the book and the context. provenance: which files the model was read
    from, with their hash, for the first sheet and for the import of the workbook. The file appears whole or not at all,
    and equal arguments give equal bytes.

    Raises InputError where the model has no value, UsageError for a perspective or comparator that it does not have,
    draws of another model or perspective, what is too large for a spreadsheet, or a file that cannot be written.
    """
    results = run(model, perspective)
    chosen = incremental(results, comparator).comparator
    if psa is not None:
        _check_draws(psa, results)
    with Book(path, model.title) as book:
        _write(book, Context(results, psa, _draws(psa), Layout(model), chosen, provenance), sheets)


def _write(book: Book, context: Context, sheets: Sequence[AddSheets]) -> None:
    """All sheets in their order. Some are filled once those that they refer to have entered their cells."""
    readme, control, parameters = (book.sheet(name, purpose, colour) for name, purpose, colour in _FIRST)
    random = random_sheet.add(book, context)
    tables_sheet.add(book, context)
    formulas = book.sheet(
        addresses.FORMULAS, "Switches, the start and formulas that do not vary over time", _CALCULATION
    )
    own = {strategy: _strategy(book, context, strategy) for strategy in context.results.strategies}
    parameters_sheet.add(book, context, parameters, random)
    formulas_sheet.add(book, context, formulas)
    for strategy, sheet in own.items():
        strategy_sheet.add(book, context, sheet, strategy)
    _results(book, context)
    if context.psa is not None:
        draws_sheet.add(book, context)
    for add in sheets:
        add(book, context)
    checks = book.sheet(addresses.CHECKS, "Everything that must hold, as formulas", _CONTROL)
    fixed_checks.add(book, context, control)
    ControlSheet(book, context, control).write()
    checks_sheet.add(book, context, checks)
    glossary_sheet.add(context, book.sheet(addresses.GLOSSARY, "Words, states, sources", _CONTROL))
    readme_sheet.add(book, context, readme)
    readme.worksheet.activate()


_FIRST = (
    (addresses.README, "This page", _CONTROL),
    (addresses.CONTROL, "Run mode, threshold, comparator, perspective; the overall check", _CONTROL),
    (addresses.PARAMETERS, "All parameters with their sources; the base case is edited here", _INPUT),
)


def _strategy(book: Book, context: Context, strategy: str) -> Sheet:
    """The sheet of a strategy, called by its label as far as a sheet can be."""
    label = context.labels[strategy]
    name = sheet_name(label, [*addresses.SHEETS, *book.sheets])
    purpose = f"{label}: rates, probabilities, trace, costs and effects by cycle"
    context.layout.strategy_sheets[strategy] = name
    return book.sheet(name, purpose, _CALCULATION)


def _results(book: Book, context: Context) -> None:
    sheet = book.sheet(addresses.RESULTS, "Totals, incremental analysis, net benefit, highest prices", _RESULT)
    parts = Parts(context, book.sheet(addresses.PARTS, "Every outcome, costs by category, states, events", _RESULT))
    workings = Workings(
        context, book.sheet(addresses.INCREMENTAL, "Workings of the incremental analysis", _CALCULATION)
    )
    charts = book.sheet(addresses.CHARTS, "Trace of each strategy, costs by category", _RESULT)
    parts.write()
    results = ResultsSheet(context, sheet, parts, workings)
    results.enter_totals()
    workings.write()
    results.write()
    charts_sheet.add(book, context, charts, parts)


def _draws(psa: DrawResults | None) -> Draws | None:
    """The draws of an analysis, made again where it kept only how to make them."""
    if psa is None:
        return None
    if isinstance(psa.source, Draws):
        return psa.source
    sampler = psa.source
    values = np.concatenate([sampler.block(k).values for k in range(sampler.blocks)])
    return Draws(sampler.names, values, sampler.seed, sampler.sampler, currency=sampler.currency)


def _check_draws(psa: DrawResults, results: Results) -> None:
    """Raises UsageError for more draws than rows, and for draws of another model or in another perspective."""
    if psa.source.n > MOST_DRAWS:
        raise UsageError(f"{psa.source.n:,} draws are more than a sheet has rows for: choose at most {MOST_DRAWS:,}")
    ours, theirs = results.outcomes, psa.outcomes
    if psa.source.n != len(theirs.cost):
        raise UsageError("draws that are averaged over structures are of several models, a workbook holds one")
    for what, one, other in (
        ("list of strategies", ", ".join(ours.strategies), ", ".join(theirs.strategies)),
        ("currency", ours.currency, theirs.currency),
        ("perspective", ours.perspective, theirs.perspective),
    ):
        if one != other:
            raise UsageError(f"the draws are of another {what} ({other}) than the workbook ({one}): draw again")

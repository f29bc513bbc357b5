"""`cea contracts`: managed entry, how a payer could pay for a treatment and who bears the risk."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.managed_entry import ContractComparison, ContractResult, compare_contracts
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import parse_pair, progress
from cea.engine.results import choose_perspective
from cea.engine.sampling import sample
from cea.errors import UsageError
from cea.loading.contracts_file import FILE, read_contracts
from cea.model.definition import Model
from cea.reports.run_tables import price_cell
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, money, setting, share


@dataclass(frozen=True)
class Choices:
    """What the options of `cea contracts` say beyond those that all commands share."""

    pair: tuple[str, str] | None
    draws: int
    seed: int


def choices(pair: str | None, draws: int, seed: int) -> Choices:
    """The options, checked. Raises UsageError."""
    return Choices(parse_pair(pair), draws, seed)


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, asked: Choices, *, with_figures: bool
) -> None:
    """Compares the contracts, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    terms = read_contracts(request.inputs, model)
    if terms is None:
        raise UsageError(f"{request.inputs.as_posix()} has no {FILE}: write one, as docs/managed-entry.md says")
    with progress(request, err, "Contracts"):
        draws = sample(model, asked.draws, asked.seed) if asked.draws else None
        found = compare_contracts(model, terms, draws, pair=asked.pair, perspective=perspective)

    def draw(folder: Path) -> list[Path]:
        return _draw(folder, found, model, perspective)

    seed = asked.seed if asked.draws else None
    manifest = output.write(
        model, perspective, _tables(found, model), draw if with_figures else None, n=asked.draws or None, seed=seed,
        headline=_line(found, model),
    )  # fmt: skip
    if request.as_json:
        report = _report(found, model, perspective, asked) | {"manifest": manifest.as_dict()}
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, found, model)


def _levels(model: Model) -> list[float]:
    return sorted({*model.thresholds, model.threshold})


def _tables(found: Sequence[ContractComparison], model: Model) -> dict[str, pd.DataFrame]:
    tables = {"contracts": pd.concat([item.frame(_levels(model)) for item in found], ignore_index=True)}
    response = pd.concat([item.response_frame() for item in found], ignore_index=True)
    return tables | ({"response": response} if len(response) else {})


def _draw(folder: Path, found: Sequence[ContractComparison], model: Model, perspective: str) -> list[Path]:
    from cea.reports import contract_figures, style  # noqa: PLC0415 - matplotlib is slow to import

    drawn = {}
    for item in found:
        name = item.comparison.name
        drawn[f"contracts_{name}"] = contract_figures.contracts(item, model.threshold)
        if item.drawn_at_zero is not None:
            drawn[f"loss_by_price_{name}"] = contract_figures.loss_by_price(item, model.threshold)
        if len(item.response_frame()):
            drawn[f"response_{name}"] = contract_figures.responses(item)
    where = setting(model, perspective)
    return [path for name, figure in drawn.items() for path in style.save(figure, folder / name, where)]


def _line(found: Sequence[ContractComparison], model: Model) -> str:
    """The best contract for the payer at the list price, by comparison, in a line."""
    parts = []
    for item in found:
        best = max(item.results, key=lambda result: item.benefit(result, model.threshold))
        amount = money(item.benefit(best, model.threshold), model.currency)
        parts.append(f"{item.comparison.label}: extra NMB {amount} with {best.contract.label}")
    return "; ".join(parts)


def _print(out: Console, found: Sequence[ContractComparison], model: Model) -> None:
    for item in found:
        print_table(out, _money_table(item, model))
        print_table(out, _price_table(item, model))
        if item.outlook.shape[1]:
            print_table(out, _response_table(item))
    for line in _notes(found):
        out.print(Text(line))


def _money_table(found: ContractComparison, model: Model) -> Table:
    """What the payer pays and gains at the list price now."""
    currency, frame = model.currency, found.frame([model.threshold])
    at = f"{money(model.threshold, currency)} per {model.settings.effect_unit}"
    title = f"{found.comparison.label}: contracts at a list price of {money(found.price, currency)}"
    headings = ["Paid per person", "Mean net price", "Extra NMB"]
    drawn = found.drawn_at_zero is not None
    headings += ["2.5 %", "97.5 %", "Payer loses", "Mean loss"] if drawn else []
    made = Table(
        f"{title} ({model.settings.price_year} {currency})",
        [("Contract", False), *((heading, True) for heading in headings)],
    )
    for row in frame.to_dict("records"):
        cells = [money(row[key], currency) for key in ("payment", "net_price", "nmb")]
        if drawn:
            cells += [money(row[key], currency) for key in ("nmb_low", "nmb_high")]
            cells += [share(row["probability_loss"]), money(row["mean_loss"], currency)]
        made.add([row["label"], *cells], strong=row["contract"] == "full_price")
    made.notes.append(f"{found.labels[0]} against {found.labels[1]}; extra NMB at {at}; price: {found.unit}.")
    if found.drawn_at_zero is not None:
        made.notes.append(
            f"Payer loses: share of {len(found.drawn_at_zero.cost):,} draws with a net benefit below zero. Mean loss: "
            "over all draws, a gain counts as zero."
        )
    return made


def _price_table(found: ContractComparison, model: Model) -> Table:
    """Highest list prices, and the contracts at prices at which they cost the same."""
    currency, levels = model.currency, _levels(model)
    columns = [(f"Highest list price at {money(level, currency)}", True) for level in levels]
    weighted = found.weight not in (None, 1.0)
    columns += [(f"at {money(level, currency)}, weighted", True) for level in levels if weighted]
    drawn = found.drawn_at_zero is not None
    columns += [("List price of the same spending", True), ("Payer loses then", True), ("Mean loss then", True)] * drawn
    made = Table(f"{found.comparison.label}: prices under each contract", [("Contract", False), *columns])
    for item in found.results:
        cells = [price_cell(found.highest_price(item, level), currency) for level in levels]
        if weighted:
            cells += [price_cell(found.highest_price(item, level, found.weight or 1.0), currency) for level in levels]
        if drawn:
            equal = found.equal_price(item)
            loses = None if equal is None else found.loss(item, model.threshold, equal)
            cells.append(NONE if equal is None else money(equal, currency))
            cells += [NONE, NONE] if loses is None else [share(loses[0]), money(loses[1], currency)]
        made.add([item.contract.label, *cells], strong=item.contract.name == "full_price")
    if drawn:
        made.notes.append(
            "Same spending: the list price at which the payer spends, on average over the draws, what full payment "
            "costs now. What then differs is who bears the risk."
        )
    return made


def _response_table(found: ContractComparison) -> Table:
    """Response by state at the start, with what happens without the treatment."""
    frame = found.response_frame()
    better, months = (f"{12 * years:.3g} months" for years in (found.assessed, found.follow_up))
    drawn = "better_low" in frame
    headings = [f"Better after {better}", *["95 % of the draws"] * drawn]
    headings += [f"Better, and alive at {months}", f"Dead within {months}"]
    made = Table(
        f"{found.comparison.label}: response by state at the start",
        [("Start", False), ("Strategy", False), *((heading, True) for heading in headings)],
    )
    for row in frame.to_dict("records"):
        treated = row["strategy"] == found.comparison.strategy
        interval = [f"{share(row['better_low'])} to {share(row['better_high'])}"] if drawn else []
        cells = [share(row["better"]), *interval, share(row["kept"]), share(row["dead"])]
        made.add([row["label"], found.labels[0 if treated else 1], *cells], strong=treated)
    for (_, label), point in zip(found.groups, found.outlook[0], strict=True):
        if point[0, 0] > 0:
            anyway = share(min(point[1, 0] / point[0, 0], 1.0))
            made.notes.append(f"{label}: {anyway} of those who count as responders would be better untreated as well.")
    return made


def _notes(found: Sequence[ContractComparison]) -> Iterator[str]:
    """What a reader needs beside the numbers."""
    first = found[0]
    if any(item.contract.needs_response for item in first.results):
        yield (
            "A contract that pays for a response pays for natural improvement too, and asks nothing back for it: the "
            "table of responses shows how much that is."
        )
    grades = sorted({item.contract.source.grade for item in first.results})
    yield f"Terms of the contracts: {', '.join(grades)}. Edit {FILE} for other ones."
    for contract, reason in first.skipped:
        yield f"Not shown: {contract.label} ({reason})."


def _report(
    found: Sequence[ContractComparison], model: Model, perspective: str, asked: Choices
) -> dict[str, Any]:
    """The JSON object of `cea contracts`; its keys are stable."""
    return {
        "contracts": [_record(comparison, item, model) for comparison in found for item in comparison.results],
        "response": [_finite(row) for item in found for row in item.response_frame().to_dict("records")],
        "price_now": {item.comparison.name: item.price for item in found},
        "units": {item.comparison.name: float(item.upfront[0]) for item in found},
        "assessed": {item.comparison.name: item.assessed for item in found},
        "follow_up": {item.comparison.name: item.follow_up for item in found},
        "skipped": [
            {"headline": item.comparison.name, "contract": contract.name, "reason": reason}
            for item in found
            for contract, reason in item.skipped
        ],
        "draws": asked.draws,
        "threshold": model.threshold,
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "perspective": perspective,
    }


def _record(found: ContractComparison, item: ContractResult, model: Model) -> dict[str, Any]:
    """A contract with its results at every threshold."""
    rows = [row for row in found.frame(_levels(model)).to_dict("records") if row["contract"] == item.contract.name]
    shared = ("payment", "net_price", "equal_price")
    left_out = ("headline", "contract", "label", *shared)
    return {
        "headline": found.comparison.name,
        "strategy": found.comparison.strategy,
        "comparator": found.comparison.comparator,
        "contract": item.contract.name,
        "label": item.contract.label,
        "grade": item.contract.source.grade,
        "note": item.contract.source.note,
        **_finite({key: rows[0][key] for key in shared if key in rows[0]}),
        "by_threshold": [
            _finite({key: value for key, value in row.items() if key not in left_out})
            | {"any": row["highest_price"] == math.inf}
            for row in rows
        ],
    }


def _finite(row: dict[Any, Any]) -> dict[str, Any]:
    """A row with nothing that JSON lacks: what is not a number, or without limit, is None."""
    return {
        str(key): None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()
    }

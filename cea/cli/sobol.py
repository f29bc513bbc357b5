"""`cea sobol`: which uncertain inputs the variance of the headlines comes from."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.deterministic import Progress
from cea.analysis.morris import SCREENED, Screening, morris
from cea.analysis.sobol import VISIBLE, Sobol, check_size, sobol
from cea.analysis.unit_cube import OTHERS, CubeOutcome, OnCube, model_on_cube
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.spanned import explain_names, parse_pair, progress
from cea.engine.results import choose_perspective
from cea.model.definition import Model
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, money, setting

TOP = 15
_PAIRS = 8
_TRACE = 0.001
_MAPPED = ("nmb", "decision")


@dataclass(frozen=True)
class Choices:
    """What the options of `cea sobol` say beyond those that all commands share; n = 0: screening only."""

    n: int
    seed: int
    second_order: bool
    screening: bool
    only: tuple[str, ...]
    pair: tuple[str, str] | None
    threads: int


def choices(
    n: int, seed: int, second_order: bool, screening: bool, only: Sequence[str] | None, pair: str | None, threads: int
) -> Choices:
    """The options, checked. Raises UsageError."""
    if n or not screening or second_order:
        check_size(n, seed)
    return Choices(n, seed, second_order, screening, tuple(only or ()), parse_pair(pair), threads)


@dataclass(frozen=True)
class Found:
    """What was worked out: the screening, the indices, and the design with second order; those not asked for are None.

    `pairs` may be the indices themselves, where there are few enough inputs.
    """

    screening: Screening | None
    indices: Sobol | None
    pairs: Sobol | None
    notes: tuple[str, ...]

    def warnings(self) -> Iterator[str]:
        """Everything that keeps results from being read as they stand."""
        yield from self.notes
        for outcome, text in self.indices.warnings() if self.indices else ():
            yield f"{_title(outcome)}: {text}"


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, asked: Choices, *, with_figures: bool
) -> None:
    """Runs the analyses, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    subject = model_on_cube(model, asked.pair, perspective=perspective)
    if asked.only:
        explain_names(model, asked.only, {name for item in subject.inputs for name in (item.name, *item.parameters)})
        subject = subject.only(asked.only)
    found = _analyse(request, subject, err, asked)

    def draw(folder: Path) -> list[Path]:
        return _draw(folder, model, found, setting(model, perspective))

    manifest = output.write(
        model, perspective, _tables(found), draw if with_figures else None, n=asked.n, seed=asked.seed,
        headline=_line(model, found),
    )  # fmt: skip
    if request.as_json:
        report = _report(model, perspective, found, asked) | {"manifest": manifest.as_dict()}
        out.out(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, model, found)


def _analyse(request: Request, subject: OnCube, err: Console, asked: Choices) -> Found:
    notes = list(subject.notes)
    many = len(subject.inputs) > SCREENED
    screening = indices = pairs = None
    if asked.screening or (asked.second_order and many):
        with progress(request, err, "Morris") as told:
            screening = morris(subject, seed=asked.seed, threads=asked.threads, progress=told)
    if asked.n:
        with progress(request, err, "Sobol") as told:
            indices = _sobol(subject, asked, told, second_order=asked.second_order and not many)
            pairs = indices if indices.S2 is not None else None
    if asked.second_order and many and screening is not None:
        top = [name for name in screening.top() if name != OTHERS]
        if len(top) < 2:
            notes.append("no second order: fewer than two inputs matter in the screening")
        else:
            with progress(request, err, "Second order") as told:
                pairs = _sobol(subject.only(top), asked, told, second_order=True)
    return Found(screening, indices, pairs, tuple(notes))


def _sobol(subject: OnCube, asked: Choices, told: Progress, *, second_order: bool) -> Sobol:
    return sobol(subject, asked.n, seed=asked.seed, second_order=second_order, threads=asked.threads, progress=told)


def _title(outcome: CubeOutcome) -> str:
    return f"{outcome.headline.label}, {outcome.label.lower()}" if outcome.headline else outcome.label


def _headlines(outcomes: Sequence[CubeOutcome]) -> Iterator[dict[str, int]]:
    """For each headline, where its outcomes stand, by measure."""
    for _, group in groupby(enumerate(outcomes), key=lambda entry: entry[1].headline):
        yield {outcome.measure: at for at, outcome in group}


def _tables(found: Found) -> dict[str, pd.DataFrame]:
    tables: dict[str, pd.DataFrame] = {}
    if found.indices is not None:
        tables |= {"indices": found.indices.frame(), "convergence": found.indices.convergence_frame()}
    if found.pairs is not None:
        tables["second_order"] = found.pairs.second_order_frame()
    if found.screening is not None:
        tables["morris"] = found.screening.frame()
    return tables


def _line(model: Model, found: Found) -> str:
    """Which input most of the uncertainty of each net benefit comes from."""
    indices = found.indices
    if indices is None:
        return ""
    parts = []
    for at in _headlines(indices.outcomes):
        top, nmb = indices.order(at["nmb"])[0], at["nmb"]
        against = _against(model, indices.outcomes[nmb])[1]
        parts.append(f"{against}: most from {indices.inputs[top].label} (total order {_number(indices.ST[nmb, top])})")
    return "; ".join(parts)


def _draw(folder: Path, model: Model, found: Found, where: str) -> list[Path]:
    from cea.reports import sobol_figures, style  # noqa: PLC0415 - matplotlib is slow to import

    drawn = {}
    if found.indices is not None:
        for at in _headlines(found.indices.outcomes):
            name, against = _against(model, found.indices.outcomes[at["nmb"]])
            title = f"Where the uncertainty comes from: {against} ({where})"
            drawn[f"indices_{name}"] = sobol_figures.index_bars(found.indices, list(at.values()), title)
    if found.pairs is not None:
        for position, outcome in enumerate(found.pairs.outcomes):
            if outcome.measure in _MAPPED and found.pairs.sd[position] > 0:
                title = f"Interactions of pairs, {outcome.label.lower()}: {_against(model, outcome)[1]} ({where})"
                drawn[f"second_order_{outcome.name}"] = sobol_figures.second_order_map(found.pairs, position, title)
    if found.screening is not None:
        for at in _headlines(found.screening.outcomes):
            name, against = _against(model, found.screening.outcomes[at["nmb"]])
            title = f"Morris screening, incremental net monetary benefit: {against} ({where})"
            drawn[f"morris_{name}"] = sobol_figures.screening_scatter(found.screening, at["nmb"], title, model.currency)
    return [path for name, figure in drawn.items() for path in style.save(figure, folder / name)]


def _against(model: Model, outcome: CubeOutcome) -> tuple[str, str]:
    """The name of an outcome's headline, and what it compares."""
    assert outcome.headline is not None, "outcomes of a model belong to a headline"
    first, second = (model.strategies[name].label for name in (outcome.headline.strategy, outcome.headline.comparator))
    return outcome.headline.name, f"{first} against {second}"


def _print(out: Console, model: Model, found: Found) -> None:
    for table in _shown(model, found):
        print_table(out, table)
    for text in found.warnings():
        out.print(Text(f"Note: {text}."))


def _shown(model: Model, found: Found) -> Iterator[Table]:
    if found.screening is not None:
        for at in _headlines(found.screening.outcomes):
            yield _screening_table(model, found.screening, at["nmb"])
    if found.indices is not None:
        for at in _headlines(found.indices.outcomes):
            yield _index_table(model, found.indices, at)
    if found.pairs is not None:
        for position, outcome in enumerate(found.pairs.outcomes):
            if outcome.measure in _MAPPED and found.pairs.sd[position] > 0:
                yield _pair_table(model, found.pairs, position)


def _screening_table(model: Model, found: Screening, outcome: int) -> Table:
    against = _against(model, found.outcomes[outcome])[1]
    title = f"Morris screening of the incremental NMB, {against} ({found.trajectories} trajectories)"
    made = Table(title, [("Input", False), ("μ*", True), ("± (95 %)", True), ("σ", True)])
    rows = found.frame()
    rows = rows[rows["outcome"] == found.outcomes[outcome].name]
    for _, row in rows[rows["mu_star"] > 0].head(TOP).iterrows():
        amounts = [money(float(row[key]), model.currency) for key in ("mu_star", "mu_star_conf", "sigma")]
        made.add([str(row["label"]), *amounts])
    made.notes.append(
        "μ* is how much the outcome moves from end to end of the input; σ, how far that depends on others."
    )
    return made


def _index_table(model: Model, found: Sobol, at: dict[str, int]) -> Table:
    """The indices of one headline, by falling total order on net benefit."""
    first = found.outcomes[at["nmb"]]
    assert first.headline is not None, "outcomes of a model belong to a headline"
    unit = model.settings.effect_unit
    title = f"{first.headline.label}: shares of the variance, {_against(model, first)[1]} (n = {found.n:,})"
    headings = ["NMB first order", "NMB total order", "Rank", "Cost total", f"{unit} total", "Decision first order"]
    made = Table(title, [("Input", False), *((heading, True) for heading in (*headings, "Decision total order"))])
    nmb, decision, ranks = at["nmb"], at["decision"], found.ranks(at["nmb"])
    order = [which for which in found.order(nmb) if (found.ST[list(at.values()), which] > 0).any()]
    for which in order[:TOP]:
        low, high = ranks[which]
        cells = [_share(found.S1, found.S1_conf, nmb, which), _share(found.ST, found.ST_conf, nmb, which)]
        cells.append(str(low) if low == high else f"{low} to {high}")
        cells += [_number(found.ST[at[measure], which]) for measure in ("cost", "effect")]
        cells += [_share(found.S1, found.S1_conf, decision, which), _share(found.ST, found.ST_conf, decision, which)]
        made.add([found.inputs[which].label, *cells])
    made.notes += _index_notes(model, found, at, len(order))
    return made


def _index_notes(model: Model, found: Sobol, at: dict[str, int], shown: int) -> Iterator[str]:
    nmb, decision = at["nmb"], at["decision"]
    threshold, currency = money(model.threshold, model.currency), model.currency
    mean, spread = (money(float(values[nmb]), currency) for values in (found.mean, found.sd))
    yield (
        f"NMB at {threshold} per {model.settings.effect_unit}: mean {mean}, standard deviation {spread}; "
        f"worth its cost in {found.mean[decision]:.0%} of the points."
    )
    parts = [
        f"{name} {found.S1[row].sum():.0%}" for name, row in (("NMB", nmb), ("decision", decision)) if found.sd[row] > 0
    ]
    if parts:
        yield f"First orders add up to: {', '.join(parts)}; the rest is interactions."
    negative = int((found.S1[nmb] < 0).sum())
    if negative:
        yield f"NMB first orders below zero, by estimation error: {negative}; read them as zero."
    if shown > TOP:
        yield f"{shown - TOP} more inputs matter less: see the run folder or the JSON. The others have no effect here."


def _share(index: Any, half: Any, outcome: int, which: int) -> str:
    middle = _number(index[outcome, which])
    # Without blanks, so that no table breaks it.
    return middle if middle == NONE else f"{middle}±{_number(half[outcome, which])}"


def _number(value: float) -> str:
    if math.isnan(value):
        return NONE
    text = f"{value:.3f}"
    return text if text.strip("-0.") else text.lstrip("-")


def _pair_table(model: Model, found: Sobol, outcome: int) -> Table:
    shown = found.outcomes[outcome]
    title = f"Interactions of pairs, {shown.label.lower()}: {_against(model, shown)[1]} (n = {found.n:,})"
    made = Table(title, [("Input", False), ("with", False), ("Second order", True), ("At most", True)])
    labels = {item.name: item.label for item in found.inputs}
    rows = found.second_order_frame()
    rows = rows[(rows["outcome"] == shown.name) & (rows["at_most"] >= _TRACE)]
    for _, row in rows[rows["S2"] > 0].head(_PAIRS).iterrows():
        value = f"{_number(row['S2'])}±{_number(row['S2_conf'])}"
        made.add([labels[row["first"]], labels[row["second"]], value, _number(row["at_most"])])
    made.notes.append(
        "Where the interval holds zero, the pair cannot be told from one without interaction. `At most` is the smaller "
        "of the two total orders, which the interaction is part of: what is above it is estimation error."
    )
    lowest = float(rows["S2"].min()) if len(rows) else 0.0
    if lowest < -VISIBLE:
        made.notes.append(
            f"No interaction is below zero, but the lowest estimate is {lowest:.3f}: so large are errors."
        )
    if any(item.name == OTHERS for item in found.inputs):
        made.notes.append(
            f"Pairs of the {len(found.inputs) - 1} inputs that matter most in the screening; all others vary as one "
            "more input, so that shares are of the whole variance."
        )
    return made


def _report(model: Model, perspective: str, found: Found, asked: Choices) -> dict[str, Any]:
    """The JSON object of `cea sobol`; its keys are stable."""
    tables = {name: _records(frame) for name, frame in _tables(found).items()}
    indices = found.indices
    subject = indices or found.screening
    return {
        "indices": tables.get("indices", []),
        "second_order": tables.get("second_order", []),
        "morris": tables.get("morris", []),
        "convergence": tables.get("convergence", []),
        "outcomes": [_outcome(indices, at) for at in range(len(indices.outcomes))] if indices else [],
        "inputs": [
            {"input": item.name, "label": item.label, "parameters": list(item.parameters)}
            for item in (subject.inputs if subject else ())
        ],
        "warnings": list(found.warnings()),
        "n": asked.n,
        "seed": asked.seed,
        "evaluations": {
            name: item.evaluations
            for name, item in (("indices", indices), ("second_order", found.pairs), ("morris", found.screening))
            if item is not None
        },
        "threshold": model.threshold,
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "perspective": perspective,
    }


def _outcome(found: Sobol, at: int) -> dict[str, Any]:
    outcome = found.outcomes[at]
    assert outcome.headline is not None, "outcomes of a model belong to a headline"
    total = float(found.S1[at].sum())
    return {
        "outcome": outcome.name,
        "label": outcome.label,
        "measure": outcome.measure,
        "headline": outcome.headline.name,
        "strategy": outcome.headline.strategy,
        "comparator": outcome.headline.comparator,
        "mean": float(found.mean[at]),
        "sd": float(found.sd[at]),
        "sum_S1": None if math.isnan(total) else total,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table; what has no number is null."""
    return [
        {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]

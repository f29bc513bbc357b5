"""What `cea subgroups` prints: tables for a terminal, and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from cea.analysis.stratification import Stratification
from cea.analysis.subgroups import EVERYBODY, Subgroup, SubgroupResult
from cea.model.definition import Model
from cea.reports.quantities import figure as number
from cea.reports.run_folder import Manifest
from cea.reports.run_tables import price_cell
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, effect, listing, money, share

if TYPE_CHECKING:
    from cea.cli.subgroups import Found

_NAMES: Mapping[str, str] = {"none": "Treat none", "all": "Treat all", "test": "Treat by the test"}


def show(out: Console, found: Found) -> None:
    """Prints the subgroups of each comparison, then the test."""
    for name in found.headlines:
        print_table(out, subgroup_table(found, found.subgroups.of(name)))
    for test in found.tests:
        print_table(out, _choice_table(test, found.model))
        print_table(out, _prevalence_table(test, found.model))
    for line in notes(found):
        out.print(Text(line))


def subgroup_table(found: Found, items: Sequence[SubgroupResult]) -> Table:
    """A row a subgroup, under what divides the population."""
    model, currency, first = found.model, found.model.currency, items[0]
    unit, at = model.settings.effect_unit, money(model.threshold, model.currency)
    drawn, priced = first.drawn is not None, first.prices is not None
    weighted = priced and any(item.weight not in (None, 1.0) for item in items)
    headings = ["Extra cost", f"{unit}s gained", "Extra NMB", *["2.5 %", "97.5 %", "Worth it"] * drawn]
    headings += ["Highest price", *["its 97.5 %"] * drawn] * priced + ["Severity", "Price, weighted"] * weighted
    title = f"{first.comparison.label}: subgroups at {at} per {unit}"
    columns = [("Subgroup", False), *((heading, True) for heading in headings)]
    made = Table(f"{title} ({model.settings.price_year} {currency})", columns)
    divisions = dict.fromkeys([*(item.subgroup.by for item in items), *(each.by for each in found.subgroups.missing)])
    for by in divisions:
        if by:
            made.add([f"{by}:", *[""] * len(headings)])
        for item in (each for each in items if each.subgroup.by == by):
            cells = _cells(item, model, weighted=weighted)
            made.add(cells, strong=item.subgroup.name == EVERYBODY)
        for subgroup in (each for each in found.subgroups.missing if each.by == by):
            made.add([f"{subgroup.label}: {_reason(subgroup)}", *[""] * len(headings)])
    if priced:
        label = model.parameters[first.comparison.price or ""].label
        made.notes.append(f"Highest price: {label}, now {money(found.now[first.comparison.name], currency)}.")
    return made


def _cells(item: SubgroupResult, model: Model, *, weighted: bool) -> list[str]:
    threshold, currency = model.threshold, model.currency
    row = item.record(threshold)
    cells = [item.subgroup.label, money(row["incremental_cost"], currency), effect(row["incremental_effect"])]
    cells.append(money(row["nmb"], currency))
    if item.drawn is not None:
        cells += [money(row[key], currency) for key in ("nmb_low", "nmb_high")]
        cells.append(share(row["probability_cost_effective"]))
    if item.prices is not None:
        cells.append(price_cell(item.highest_price(threshold), currency))
        distribution = item.price_distribution(threshold)
        if distribution is not None:
            cells.append(price_cell(distribution.quantile(0.975), currency))
    if weighted:
        weight = item.weight or 1.0
        cells += [f"{weight:g}", price_cell(item.highest_price(threshold, weight), currency)]
    return cells


def _choice_table(test: Stratification, model: Model) -> Table:
    """Treat none, all, or by the test."""
    currency, unit, marker = model.currency, model.settings.effect_unit, test.marker
    frame = test.frame([model.threshold])
    drawn = "nmb_low" in frame
    headings = ["Cost", f"{unit}s", "Extra NMB", *["2.5 %", "97.5 %", "Best in"] * drawn, "Highest price"]
    accuracy = f"sensitivity {share(marker.sensitivity)}, specificity {share(marker.specificity)}"
    made = Table(
        f"{test.comparison.label}: a test ({accuracy}, {money(test.test_cost, currency)}) where "
        f"{share(marker.prevalence)} respond",
        [("Choice", False), *((heading, True) for heading in headings)],
    )
    prices = test.treatment_price(model.threshold) or {}
    for row in frame.to_dict("records"):
        cells = [money(row["cost"], currency), effect(row["effect"]), money(row["nmb"], currency)]
        if drawn:
            cells += [money(row[key], currency) for key in ("nmb_low", "nmb_high")]
            cells.append(share(row["probability_best"]))
        name = row["choice"]
        cells.append(price_cell(prices[name], currency) if name in prices else NONE)
        made.add([_NAMES[name], *cells], strong=row["best"])
    made.notes += list(_test_notes(test, model))
    return made


def _test_notes(test: Stratification, model: Model) -> Iterator[str]:
    """What the test is worth, and the effect that it rests on."""
    currency, at = model.currency, model.threshold
    prevalence, one = test.marker.prevalence, test.responders
    yield (
        f"Extra NMB against treating none at {money(at, currency)}, per person; the test is paid for everybody."
        + (" Highest price: of the treatment, against treating none." if test.priced else "")
    )
    value = test.test_value(at, test.arms, prevalence)
    perfect = test.test_value(at, test.arms, prevalence, (1.0, 1.0))
    for name, amount in (("This test", value), ("A perfect one", perfect)):
        if amount >= 0:
            yield f"{name} is the best choice up to {money(amount, currency)} a person tested."
        else:
            yield f"{name} is not the best choice even if it is free: {money(-amount, currency)} short."
    if one.own is not None and one.multiplier is not None:
        yield (
            f"Responders: effect times {number(one.multiplier, 4)}, hazard ratio of death {one.own:.2f}; others: none; "
            f"together {one.average:.3g} over {test.marker.years:g} years, as in the model."
        )
    own = test.own.benefit(at)[0, 0] - test.arms.benefit(at)[0, 0]
    yield f"In the model as it is, with the average effect in everybody, treating all is {money(float(own), currency)}."


def _prevalence_table(test: Stratification, model: Model) -> Table:
    """What the test is worth by the share who respond."""
    currency = model.currency
    headings = ["Effect, times", "Hazard ratio", "Treat all", "By the test", "Test may cost", "Perfect test"]
    made = Table(
        f"{test.comparison.label}: by the share who respond, at {money(model.threshold, currency)}",
        [("Share", True), *((heading, True) for heading in headings)],
    )
    for row in test.prevalence_frame(model.threshold).to_dict("records"):
        if math.isnan(row["multiplier"]):
            made.add([share(row["prevalence"]), "none is enough", *[""] * 5])
            continue
        cells = [number(row["multiplier"], 3), f"{row['hazard_ratio']:.2f}"]
        cells += [money(row[key], currency) for key in ("nmb_all", "nmb_test")]
        cells += [_most(row[key], currency) for key in ("test_value", "perfect_test_value")]
        made.add([share(row["prevalence"]), *cells], strong=row["prevalence"] == test.marker.prevalence)
    made.notes.append(
        "Hazard ratio: of death in responders. Extra NMB against treating none. Test may cost: none, not even if free."
    )
    return made


def _most(amount: float, currency: str) -> str:
    return "none" if amount < 0 else money(amount, currency)


def notes(found: Found) -> Iterator[str]:
    """What a reader needs beside the numbers."""
    yield "A subgroup differs from everybody in what is said here, and in nothing else:"
    said: dict[str, list[str]] = {}
    for item in found.subgroups.of(found.headlines[0]) if found.headlines else ():
        if item.subgroup.differs:
            said.setdefault(item.subgroup.differs, []).append(item.subgroup.label)
    for differs, labels in said.items():
        yield f"  {listing(labels)}: {differs}."
    for subgroup in found.subgroups.missing:
        yield f"{subgroup.label}, {_reason(subgroup)}: {subgroup.missing}."
    if found.note:
        yield found.note
    for test in found.tests[:1]:
        source = test.marker.source
        yield f"The test, who responds and how: {source.grade}. {source.note or ''}".strip()


def _reason(subgroup: Subgroup) -> str:
    """Why there is no result, in two words; one without layers lacks evidence."""
    return "not run" if subgroup.layers else "no evidence"


def as_json(found: Found, draws: int, manifest: Manifest) -> str:
    """The JSON object of `cea subgroups`; its keys are stable."""
    model = found.model
    report = {
        "subgroups": [_subgroup_record(item, found.thresholds) for item in found.subgroups.results],
        "missing": [
            {"subgroup": item.name, "label": item.label, "by": item.by, "reason": item.missing}
            for item in found.subgroups.missing
        ],
        "test": [_test_record(item, found.thresholds, model.threshold) for item in found.tests],
        "test_note": found.note,
        "price_now": found.now,
        "draws": draws,
        "threshold": model.threshold,
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "perspective": found.perspective,
        "manifest": manifest.as_dict(),
    }
    return json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)


def _subgroup_record(item: SubgroupResult, thresholds: Sequence[float]) -> dict[str, Any]:
    rows = [item.record(threshold) for threshold in thresholds]
    shared = ("incremental_cost", "incremental_effect")
    left_out = ("subgroup", "label", "by", "headline", "severity_weight", *shared)
    return {
        **{key: rows[0][key] for key in ("subgroup", "label", "by", "headline")},
        "strategy": item.comparison.strategy,
        "comparator": item.comparison.comparator,
        "differs": item.subgroup.differs,
        **{key: rows[0][key] for key in shared},
        "severity_weight": item.weight,
        "by_threshold": [
            _finite({key: value for key, value in row.items() if key not in left_out})
            | {"any": row.get("highest_price") == math.inf}
            for row in rows
        ],
    }


def _test_record(test: Stratification, thresholds: Sequence[float], threshold: float) -> dict[str, Any]:
    marker, one = test.marker, test.responders
    prices = test.treatment_price(threshold)
    frame = test.frame(thresholds)
    return {
        "headline": test.comparison.name,
        "strategy": test.comparison.strategy,
        "comparator": test.comparison.comparator,
        "label": marker.label,
        "sensitivity": marker.sensitivity,
        "specificity": marker.specificity,
        "test_cost": test.test_cost,
        "prevalence": marker.prevalence,
        "multiplier": one.multiplier,
        "hazard_ratio_responders": one.own,
        "hazard_ratio_average": one.average,
        "grade": marker.source.grade,
        "note": marker.source.note,
        "choices": [
            {key: value for key, value in row.items() if key != "headline"} for row in frame.to_dict("records")
        ],
        "test_value": [
            {
                "threshold": level,
                "value": test.test_value(level, test.arms, marker.prevalence),
                "perfect": test.test_value(level, test.arms, marker.prevalence, (1.0, 1.0)),
                "mean_of_draws": None if test.drawn is None else test.test_value(level, test.drawn, marker.prevalence),
            }
            for level in thresholds
        ],
        "treatment_price": None if prices is None else _finite(prices),
        "by_prevalence": [
            _finite({key: value for key, value in row.items() if key != "headline"})
            for row in test.prevalence_frame(threshold).to_dict("records")
        ],
        "nmb_of_average_effect": float(test.own.benefit(threshold)[0, 0] - test.arms.benefit(threshold)[0, 0]),
    }


def _finite(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row with nothing that JSON lacks: what is not a number, or without limit, is None."""
    return {
        str(key): None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()
    }

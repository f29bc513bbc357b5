"""What `cea voi` prints: tables for a terminal, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from cea.analysis.sample_information import SampleInformation, optimal
from cea.model.definition import Headline
from cea.reports.run_folder import Manifest
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE, listing, money, percent

if TYPE_CHECKING:
    from cea.cli.voi import Found, Study

TOP = 15
_BENT = 4.0


def show(out: Console, found: Found) -> None:
    """Prints everything, a headline at a time, then what is missing."""
    for headline in found.headlines:
        print_table(out, _perfect_table(found, headline))
        print_table(out, _partial_table(found, headline))
        if found.studies:
            print_table(out, _study_table(found, headline))
    for line in notes(found):
        out.print(Text(line))


def notes(found: Found) -> Iterator[str]:
    """What a reader needs beside the numbers."""
    yield from found.notes
    if found.studies and found.missing:
        yield f"Values are per person. The net benefit of a study also needs {listing(found.missing)}."
    if found.population is not None:
        people = found.population
        yield (
            f"Population: {people.incidence:,.10g} people a year for {people.years} years, discounted at "
            f"{percent(people.discount_rate)} a year; a study helps those who come after its last estimate."
        )
    for study, headline in _curves(found):
        best = _optimum(found, study, headline)
        if best is None:
            continue
        n, amount = best
        text = f"of the sizes looked at, {n:,} patients are best, with {money(amount, found.model.currency)}"
        if amount <= 0:
            text = "no size that was looked at is worth its cost"
        yield f"{headline.label}, what {study.design.name} estimates, {study.label}: {text}."


def _curves(found: Found) -> Iterator[tuple[Study, Headline]]:
    """Studies that differ in more than their size, with each headline."""
    seen = set()
    for study in found.studies:
        for headline in found.headlines:
            key = (study.design.statistics, study.prior, headline.name)
            if key not in seen:
                seen.add(key)
                yield study, headline


def _optimum(found: Found, study: Study, headline: Headline) -> tuple[int, float] | None:
    """The best size, with its net benefit; None where this cannot be said."""
    people = found.people(study)
    if people is None or found.cost is None:
        return None
    item, amount = optimal(found.curve(study, headline), people, found.cost)
    return item.n, amount


def _perfect_table(found: Found, headline: Headline) -> Table:
    model = found.model
    made = Table(
        f"{headline.label}: value of knowing everything (EVPI), per person",
        [("Prior", False), *((f"at {money(threshold, model.currency)}", True) for threshold in model.thresholds)],
    )
    labels = {study.prior: study.label for study in found.studies}
    for prior, by_headline in found.perfect.items():
        item = by_headline[headline.name]
        cells = [
            _with_error(value, error, model.currency) for value, error in zip(item.per_person, item.error, strict=True)
        ]
        made.add([labels.get(prior, "The model's own prior"), *cells])
    return made


def _partial_table(found: Found, headline: Headline) -> Table:
    model = found.model
    pair = (headline.strategy, headline.comparator)
    items = [item for item in found.partial if item.decision == pair]
    at = f"at {money(model.threshold, model.currency)} per {model.settings.effect_unit}"
    made = Table(
        f"{headline.label}: value of knowing an input (EVPPI), per person {at}",
        [("Input", False), ("EVPPI", True), ("Share of EVPI", True), ("R²", True)],
    )
    above = [item for item in items if item.learned.value > 1.96 * item.learned.error]
    for item in above[:TOP]:
        one = item.learned
        label = model.parameters[item.input].label if item.input in model.parameters else f"{item.input} (together)"
        share = f"{one.value / one.evpi:.0%}" if one.evpi > 0 else NONE
        made.add([label, _with_error(one.value, one.error, model.currency), share, f"{one.r2:.2f}"])
    rest = len(items) - len(above[:TOP])
    if rest:
        made.notes.append(
            f"Not shown: {rest}, of which {len(items) - len(above)} with a value not different from zero."
        )
    bent = [item.input for item in items if item.learned.pattern > _BENT]
    if bent:
        made.notes.append(f"The fit misses some shape for {listing(bent)}: see `pattern` in the table.")
    return made


def _study_table(found: Found, headline: Headline) -> Table:
    model = found.model
    numbers = ("Patients", "EVSI", "±", "At most", "Net benefit")
    made = Table(
        f"{headline.label}: value of a study (EVSI), per person",
        [("Study", False), ("Prior", False), *((heading, True) for heading in numbers)],
    )
    for study in found.studies:
        item = _own(found, study, headline)
        net = found.net_benefit(study, item)
        made.add(
            [
                study.design.label, study.label, f"{item.n:,}",
                money(item.value, model.currency), f"{item.learned.error:,.0f}",
                money(item.ceiling.value, model.currency),
                NONE if net is None else money(net, model.currency),
            ]
        )  # fmt: skip
    made.notes.append("±: Monte Carlo standard error. At most: the value of knowing exactly what the study estimates.")
    return made


def _own(found: Found, study: Study, headline: Headline) -> SampleInformation:
    """The study at its own size."""
    return next(item for item in found.curve(study, headline) if item.n == study.design.n)


def _with_error(value: float, error: float, currency: str) -> str:
    return f"{money(float(value), currency)} ± {error:,.0f}"


def as_json(found: Found, perspective: str, manifest: Manifest) -> str:
    """The JSON object of `cea voi`; its keys are stable."""
    model = found.model
    report: dict[str, Any] = {
        "evpi": [
            {"headline": name, "prior": prior, "threshold": float(at), "value": float(value), "se": float(error)}
            for prior, by_headline in found.perfect.items()
            for name, item in by_headline.items()
            for at, value, error in zip(item.thresholds, item.per_person, item.error, strict=True)
        ],
        "evppi": [
            {
                "headline": found.headline(item.decision).name, "input": item.input,
                "parameters": list(item.parameters), "value": item.learned.value, "se": item.learned.error,
                "raw": item.learned.raw, "plug_in": item.learned.plug_in, "r2": item.learned.r2,
                "pattern": item.learned.pattern,
            }
            for item in found.partial
        ],
        "evsi": [
            _study_record(found, study, headline) for study in found.studies for headline in found.headlines
        ],
        "curve": [
            _record(found, study, headline, item)
            for study, headline in _curves(found) for item in found.curve(study, headline)
        ],
        "optimal": [
            {"headline": headline.name, "prior": study.prior, "design": study.design.name, "n": best[0],
             "net_benefit": best[1], "worth_it": best[1] > 0}
            for study, headline in _curves(found) if (best := _optimum(found, study, headline)) is not None
        ],
        "missing": list(found.missing),
        "notes": list(found.notes),
        "threshold": model.threshold,
        "currency": model.currency,
        "price_year": model.settings.price_year,
        "effect_unit": model.settings.effect_unit,
        "perspective": perspective,
        "manifest": manifest.as_dict(),
    }  # fmt: skip
    return json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)


def _study_record(found: Found, study: Study, headline: Headline) -> dict[str, Any]:
    return _record(found, study, headline, _own(found, study, headline))


def _record(found: Found, study: Study, headline: Headline, item: SampleInformation) -> dict[str, Any]:
    return {
        "headline": headline.name, "prior": study.prior, "design": study.design.name, "n": item.n,
        "value": item.value, "se": item.learned.error, "raw": item.learned.raw, "ceiling": item.ceiling.value,
        "net_benefit": found.net_benefit(study, item), "note": item.note,
    }  # fmt: skip

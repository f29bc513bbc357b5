"""`cea price`: the highest cost-effective price, the threshold value of any parameter, and price against durability."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.analysis.deterministic import point_value
from cea.analysis.price import (
    FRONTIER,
    HighestPrice,
    PriceDistribution,
    distributions_frame,
    highest_prices,
    price_distributions,
    priced_headlines,
    prices_frame,
)
from cea.analysis.threshold import DurabilityFrontier, ThresholdValue, durability_frontier, threshold_value
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.price_report import report, value_record
from cea.cli.spanned import Spanned, explain_names, parse_pair, parse_spanned, progress
from cea.engine.results import run
from cea.engine.sampling import Sampler
from cea.errors import UsageError
from cea.model.definition import Model
from cea.reports.quantities import figure as number
from cea.reports.quantities import quantity
from cea.reports.run_tables import price_cell
from cea.reports.terminal import Table, print_table
from cea.reports.wording import listing, money, setting

_CURVE_POINTS = 201


@dataclass(frozen=True)
class Choices:
    """What the options of `cea price` say beyond those that all commands share."""

    parameter: Spanned | None
    against: Spanned | None
    prices: tuple[float, ...] | None
    pair: tuple[str, str] | None
    draws: int
    seed: int


def choices(
    parameter: str | None,
    against: str | None,
    prices: Sequence[float] | None,
    pair: str | None,
    draws: int,
    seed: int,
) -> Choices:
    """The options, checked. Raises UsageError."""
    if prices and against is None:
        raise UsageError("--at names prices for --against: add --against NAME")
    if draws == 1:
        raise UsageError("-n 1: a single draw has no spread; take thousands, or 0 for no distribution")
    return Choices(
        parse_spanned(parameter, "--for") if parameter is not None else None,
        parse_spanned(against, "--against") if against is not None else None,
        tuple(prices) if prices else None,
        parse_pair(pair),
        draws,
        seed,
    )


@dataclass(frozen=True)
class Found:
    """Everything that the command found out. `now` is the price now by headline; `curve` is by threshold."""

    model: Model
    perspective: str
    prices: tuple[HighestPrice, ...]
    curve: pd.DataFrame
    now: dict[str, float]
    distributions: tuple[PriceDistribution, ...]
    values: tuple[ThresholdValue, ...]
    durability: tuple[DurabilityFrontier, ...]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the run folder by name."""
        tables = {}
        if self.prices:
            tables = {"highest_prices": prices_frame(self.prices), "prices_by_threshold": self.curve}
        if self.distributions:
            tables["price_distributions"] = distributions_frame(self.distributions, self.now)
        if self.values:
            tables["threshold_values"] = pd.DataFrame([value_record(item) for item in self.values])
            curves = [item.frame().assign(headline=item.comparison.name) for item in self.values]
            tables["threshold_curve"] = pd.concat(curves, ignore_index=True)
        for name in ("curve", "minimum") if self.durability else ():
            frames = [getattr(item, name).assign(headline=item.comparison.name) for item in self.durability]
            tables[f"durability_{name}"] = pd.concat(frames, ignore_index=True)
        return tables

    def draw(self, folder: Path) -> list[Path]:
        """Draws the figures into a folder and returns their files."""
        from cea.reports import sensitivity_figures, style  # noqa: PLC0415 - matplotlib is slow to import

        model, settings = self.model, self.model.settings
        drawn = {}
        labels = {name: strategy.label for name, strategy in model.strategies.items()}
        titles = {
            item.name: f"{labels[item.strategy]} against {labels[item.comparator]}"
            for item in model.headlines.values()
            if item.name in self.now
        }
        sold = {
            item.name: model.parameters[item.price].label
            for item in model.headlines.values()
            if item.name in self.now and item.price is not None
        }
        if self.prices:
            unit = f"{settings.price_year} {model.currency}".strip()
            drawn["price_by_threshold"] = sensitivity_figures.price_curve(
                self.curve, titles, self.now, model.thresholds, unit, settings.effect_unit, sold
            )
        if self.distributions:
            drawn["price_probability"] = sensitivity_figures.price_probability(
                self.distributions,
                titles,
                self.now,
                model.currency,
                settings.effect_unit,
                sold,
                settings.price_year,
            )
        if self.durability:
            drawn["durability"] = sensitivity_figures.durability(self.durability)
        where = setting(model, self.perspective)
        return [path for name, figure in drawn.items() for path in style.save(figure, folder / name, where)]

    @property
    def line(self) -> str:
        """The highest price of each headline at the model's threshold, in a line."""
        model = self.model
        labels = {name: strategy.label for name, strategy in model.strategies.items()}
        at = f"at {money(model.threshold, model.currency)} per {model.settings.effect_unit}"
        return "; ".join(
            f"{labels[item.strategy]} against {labels[item.comparator]}: highest price "
            f"{price_cell(item.price, model.currency)} {at}"
            for item in self.prices
            if item.threshold == model.threshold and item.comparator == model.headlines[item.headline].comparator
        )


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console, asked: Choices, *, with_figures: bool
) -> None:
    """Runs the analyses, prints the tables (or JSON) and writes the run folder."""
    output = Output(request, command, err)
    model = request.model()
    explain_names(model, (spanned[0] for spanned in (asked.parameter, asked.against) if spanned is not None))
    results = run(model, request.perspective)
    with progress(request, err, "Threshold values") as told:
        values: tuple[ThresholdValue, ...] = ()
        if asked.parameter is not None:
            name, span = asked.parameter
            low, high = span or (None, None)
            values = threshold_value(
                model, name, asked.pair, low=low, high=high, perspective=results.perspective, progress=told
            )
        durability: tuple[DurabilityFrontier, ...] = ()
        if asked.against is not None:
            name, span = asked.against
            low, high = span or (None, None)
            durability = durability_frontier(
                model, name, asked.prices, low=low, high=high, perspective=results.perspective, progress=told
            )
    prices, curve, now = _prices(model, results.perspective, output, needed=asked.parameter is None)
    distributions: tuple[PriceDistribution, ...] = ()
    if prices and asked.draws:
        sampler = Sampler(model, asked.draws, asked.seed)
        distributions = price_distributions(model, sampler, perspective=results.perspective)
    found = Found(model, results.perspective, prices, curve, now, distributions, values, durability)
    drawn = (asked.draws, asked.seed) if distributions else (None, None)
    manifest = output.write(
        model, results.perspective, found.tables(), found.draw if with_figures else None, n=drawn[0], seed=drawn[1],
        headline=found.line,
    )  # fmt: skip
    if request.as_json:
        whole = report(found) | {"manifest": manifest.as_dict()}
        out.out(json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(out, found)


def _prices(
    model: Model, perspective: str, output: Output, *, needed: bool
) -> tuple[tuple[HighestPrice, ...], pd.DataFrame, dict[str, float]]:
    """Highest prices, their curve by threshold, and the prices now; empty, with a note, where they are not needed."""
    try:
        prices = highest_prices(model, perspective=perspective)
        grid = np.linspace(0, 2 * max(model.thresholds), _CURVE_POINTS)
        curve = prices_frame(highest_prices(model, perspective=perspective, thresholds=grid.tolist()))
    except UsageError as error:
        if needed:
            raise
        output.note(f"no highest price: {error}")
        return (), pd.DataFrame(), {}
    results = run(model, perspective)
    now = {item.name: point_value(results, item.price or "") for item in priced_headlines(model)}
    return prices, curve, now


def _print(out: Console, found: Found) -> None:
    model = found.model
    for name in dict.fromkeys(item.headline for item in found.prices):
        print_table(out, _price_table(found, [item for item in found.prices if item.headline == name]))
        drawn = [item for item in found.distributions if item.headline == name]
        if drawn:
            print_table(out, _distribution_table(found, drawn))
    for item in found.values:
        out.print(Text(_describe(item, model)))
    for frontier in found.durability:
        print_table(out, _durability_table(frontier))


def _price_table(found: Found, prices: Sequence[HighestPrice]) -> Table:
    model, currency = found.model, found.model.currency
    first = prices[0]
    labels = {name: strategy.label for name, strategy in model.strategies.items()}
    label = model.parameters[first.parameter].label
    thresholds = sorted({item.threshold for item in prices})
    weighted = any(item.weighted is not None for item in prices)
    columns = [(f"at {money(threshold, currency)}", True) for threshold in thresholds]
    columns += [(f"at {money(threshold, currency)}, weighted", True) for threshold in thresholds if weighted]
    headline = model.headlines[first.headline].label
    year = f"{model.settings.price_year} {currency}".strip()
    made = Table(f"{headline}: highest price of {labels[first.strategy]} ({year})", [("Against", False), *columns])
    for comparator in dict.fromkeys(item.comparator for item in prices):
        rows = {item.threshold: item for item in prices if item.comparator == comparator}
        cells = [price_cell(rows[threshold].price, currency) for threshold in thresholds]
        cells += [price_cell(rows[threshold].weighted, currency) for threshold in thresholds if weighted]
        name = "All others" if comparator == FRONTIER else labels[comparator]
        made.add([name, *cells], strong=comparator == first.comparator)
    made.notes.append(f"{label}; now {money(found.now[first.headline], currency)}. none: not even at a price of zero.")
    all_others = f"All others: it is the best of {listing(labels.values())}"
    made.notes.append(f"{all_others}; a population layer can leave some out.")
    if any(item.lowest > 0 for item in prices):
        made.notes.append("Some prices hold from another price on only: see `lowest_price` in the table or JSON.")
    return made


def _distribution_table(found: Found, drawn: Sequence[PriceDistribution]) -> Table:
    """The highest price over draws, at each threshold."""
    model, currency = found.model, found.model.currency
    headings = ["Threshold", "2.5 %", "Median", "97.5 %", "No price low enough", "Worth it at the price now"]
    headline = model.headlines[drawn[0].headline].label
    title = f"{headline}: highest price over {len(drawn[0].highest):,} draws"
    made = Table(title, [("Against", False), *((heading, True) for heading in headings)])
    for item in drawn:
        name = "All others" if item.comparator == FRONTIER else model.strategies[item.comparator].label
        cells = [price_cell(item.quantile(level), currency) for level in (0.025, 0.5, 0.975)]
        shares = [f"{share:.1%}" for share in (item.none, item.probability(found.now[item.headline]))]
        made.add([name, money(item.threshold, currency), *cells, *shares])
    return made


def _describe(found: ThresholdValue, model: Model) -> str:
    """What a threshold analysis says, in a sentence or two."""
    name = f"{found.comparison.label}, {found.labels[0]} against {found.labels[1]}"
    span = f"from {number(found.span.low)} to {quantity(found.span.high, found.unit)} ({found.span.origin})"
    at = f"at {money(found.threshold, model.currency)} per {model.settings.effect_unit}"
    head = f"{found.label} ({found.parameter}), {name}: "
    if not found.matters:
        benefit = money(float(found.benefit[0]), model.currency)
        return f"{head}does not matter; the net benefit {at} is {benefit} at every value {span}."
    if not found.roots:
        if found.worth[0]:
            return f"{head}no threshold value; worth its cost {at} at every value {span}."
        best = int(np.argmax(found.benefit))
        short = money(-float(found.benefit[best]), model.currency)
        nearest = f"it comes nearest at {number(float(found.values[best]))}, {short} short"
        return f"{head}no threshold value; not worth its cost {at} at any value {span}; {nearest}."
    roots = listing(quantity(root, found.unit) for root in found.roots)
    worth = (
        listing(f"{number(low)} to {number(high)}" for low, high in found.regions) if found.regions else "there only"
    )
    base = f"; now {number(found.base)}" if math.isfinite(found.base) else ""
    return f"{head}threshold value {at}: {roots}. Worth its cost: {worth} (looked at {span}{base})."


def _durability_table(found: DurabilityFrontier) -> Table:
    thresholds = sorted(set(found.minimum["threshold"]))
    columns = [(f"at {money(threshold, found.currency)} per {found.effect_unit}", True) for threshold in thresholds]
    title = f"{found.comparison.label}, {found.label}: the least value that a price needs"
    made = Table(title, [("Price", False), *columns])
    for price in sorted(set(found.minimum["price"])):
        rows = found.minimum[found.minimum["price"] == price].set_index("threshold")["minimum"]
        cells = [_least(float(rows[threshold]), found) for threshold in thresholds]
        made.add([money(price, found.currency), *cells], strong=price == found.price_now)
    made.notes.append(
        f"{found.price_label}; looked at {found.parameter} from {number(found.span.low)} to "
        f"{quantity(found.span.high, found.unit)} ({found.span.origin}). none: not even the highest value is enough."
    )
    return made


def _least(value: float, found: DurabilityFrontier) -> str:
    if math.isnan(value):
        return "none"
    return f"{number(value, 4)} or less" if value == found.span.low else number(value, 4)

"""Tables of structural uncertainty: solved parameters, the decision under each structure, and both ways of solving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cea.analysis.solving import Solving
from cea.analysis.structures import Alternative, Combination, Solution, Structures, turned
from cea.engine.markov import Floats
from cea.model.definition import Model
from cea.reports.psa_report import spread
from cea.reports.run_tables import price_cell
from cea.reports.terminal import Table
from cea.reports.wording import NONE, effect, listing, money, pair_cell, share


def decision_tables(model: Model, alternatives: Sequence[Alternative]) -> Iterator[Table]:
    """For each headline the result under every choice of every question, the base case's first."""
    base = alternatives[0].scenario
    currency, threshold, unit = model.currency, model.threshold, model.settings.effect_unit
    for first in base.headlines:
        headline = first.headline
        made = Table(
            f"{headline.label}: {first.labels[0]} against {first.labels[1]} "
            f"({model.settings.price_year} {currency} per person)",
            [
                ("Structure", False),
                *(
                    (heading, True)
                    for heading in (
                        "Extra cost", f"{unit}s gained", f"Cost per {unit}",
                        f"Extra NMB at {money(threshold, currency)}", "Worth it", "Highest price",
                        *(["Hazard ratio"] if _ratio(alternatives[0]) else []),
                    )
                ),
            ],
        )  # fmt: skip
        before = None
        for item in alternatives:
            found = item.scenario.headline(headline.name)
            if item.dimension is not before:
                made.add([item.dimension.label, *([""] * (len(made.columns) - 1))], strong=True)
                before = item.dimension
            if found is None:
                continue
            benefit, limit = found.net_benefit(threshold), found.price_limit(threshold)
            cells = [
                f"  {item.choice.label}{'' if item.choice.layers else ' (base)'}",
                money(found.pair.cost, currency), effect(found.pair.effect), pair_cell(found.pair, currency),
                money(benefit, currency), "yes" if benefit >= 0 else "no",
                price_cell(limit.price, currency) if limit else NONE,
            ]  # fmt: skip
            made.add([*cells, *([_ratio(item)] if _ratio(alternatives[0]) else [])])
        made.notes.append(turning(model, alternatives, headline.name))
        made.notes += _notes(model, alternatives)
        yield made


def turning(model: Model, alternatives: Sequence[Alternative], headline: str) -> str:
    """Under which structures the decision of a headline is not that of the base case, in a sentence."""
    found = [item.choice.label for item, own in turned(alternatives, model.threshold) if own.headline.name == headline]
    tried = sum(bool(item.choice.layers) and item.scenario.headline(headline) is not None for item in alternatives)
    base = alternatives[0].scenario.headline(headline)
    is_worth = base is not None and base.net_benefit(model.threshold) >= 0
    verdict = "worth its cost" if is_worth else "not worth its cost"
    at = money(model.threshold, model.currency)
    if not found:
        return f"At {at} it is {verdict} in the base case and under all {tried} other structures."
    other = "not worth it" if is_worth else "worth it"
    return f"At {at} it is {verdict} in the base case, and {other} under {len(found)} of {tried}: {listing(found)}."


def _ratio(item: Alternative) -> str:
    """The hazard ratios that the solved parameters give, in a cell; empty without any."""
    return ", ".join(f"{one.reached:.3f}" for one in item.solutions if one.solve.measure == "hazard_ratio")


def _notes(model: Model, alternatives: Sequence[Alternative]) -> Iterator[str]:
    for one in alternatives[0].solutions:
        if one.solve.measure == "hazard_ratio" and one.solve.years is not None:
            first, second = (model.declared_strategies[name].label for name in one.solve.strategies)
            years = one.solve.years.text
            yield f"Hazard ratio: of death at {years} years, {first} against {second}, under the structure."
    for item in alternatives:
        foreign = any(layer.requires_currency not in (None, model.currency) for layer in item.choice.layers)
        if item.scenario.results is None and not foreign:
            yield f"Not run: {item.choice.label} ({item.scenario.reason})"


def solution_tables(model: Model, structures: Structures, found: Sequence[Combination]) -> Iterator[Table]:
    """For each solved parameter its value, and what it gives, under every combination: the last question across."""
    names = list(dict.fromkeys(one.parameter for item in found for one in item.solutions))
    across = structures.dimension(structures.solved_over[-1]) if structures.solved_over else None
    for name in names:
        if across is None:
            return
        label = model.parameters[name].label
        columns = [("", False), *((item.label, True) for item in across.choices)]
        made = Table(f"{label}: value, and what it gives", columns)
        rows: dict[str, list[str]] = {}
        for item in found:
            one = next((each for each in item.solutions if each.parameter == name), None)
            rows.setdefault("; ".join(choice.label for choice in item.choices[:-1]), []).append(_cell(one))
        for row, cells in rows.items():
            made.add([row, *cells])
        made.notes += _meaning(found, name)
        yield made


def _cell(one: Solution | None) -> str:
    if one is None:
        return NONE
    mark = "" if one.target is not None else "*"
    return f"{one.value:.4f}{mark}→{one.reached:.3f}"


def _meaning(found: Iterable[Combination], name: str) -> Iterator[str]:
    one = next(each for item in found for each in item.solutions if each.parameter == name)
    years = f" at {one.solve.years.text} years" if one.solve.years is not None else ""
    yield (
        f"Each cell: the parameter→the {one.solve.measure.replace('_', ' ')}{years} with it; it is solved for the "
        "target of the structure. *: the structure sets it instead of solving."
    )
    for item in found:
        if item.reason:
            yield f"No result: {item.label} ({item.reason})"


def solving_table(model: Model, found: Solving) -> Table:
    """Solved once and held, beside solved again in each draw."""
    n, currency = len(found.held.results.outcomes.cost), model.currency
    made = Table(
        f"Solved parameters in {n:,} draws: solved once and held, or solved again for each draw's target",
        [("", False), ("Held", True), ("Solved again", True)],
    )
    both = (found.held, found.again)
    for position, (target, _) in enumerate(found.held.hazards):
        label = model.parameters[target.parameter].label
        made.add([label, *(_interval(way.values[target.parameter]) for way in both)])
        made.add([f"Hazard ratio at {target.years:g} years", *(_interval(way.hazards[position][1]) for way in both)])
    at = model.thresholds.index(model.threshold) if model.threshold in model.thresholds else 0
    threshold = found.held.results.outcomes.thresholds[at]
    for position, (headline, _) in enumerate(found.held.headlines):
        contrasts = [way.headlines[position][1] for way in both]
        made.add([headline.label, "", ""], strong=True)
        rows = {
            "Extra cost": [money(item.cost.mean, currency) for item in contrasts],
            f"{model.settings.effect_unit}s gained": [effect(item.effect.mean) for item in contrasts],
            f"Cost per {model.settings.effect_unit}": [
                NONE if item.icer is None else money(item.icer, currency) for item in contrasts
            ],
            f"Extra NMB at {money(threshold, currency)}": [money(item.nmb[at].mean, currency) for item in contrasts],
            "Probability of being worth it": [share(item.probability_cost_effective[at]) for item in contrasts],
        }
        for text, cells in rows.items():
            made.add([f"  {text}", *cells])
    for name, count in found.kept.items():
        made.notes.append(
            f"In {count:,} draws no value of {name} meets the target, mostly because the draw has next to no effect "
            "that it could scale; they keep the held value."
        )
    made.notes.append("Intervals are 95 % of the draws, around the median.")
    return made


def _interval(values: Floats) -> str:
    if values.size == 1:
        return f"{float(values[0]):.4f}"
    low, median, high = spread(values)
    return f"{median:.3f} ({low:.3f} to {high:.3f})"

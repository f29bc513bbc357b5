"""Checks of a model on its own results, whatever it is about: black-box tests after TECH-VER.

TECH-VER (Buyukkaramikli et al., PharmacoEconomics 2019, PMC6860463) lists tests whose outcome is known beforehand.
Those that need no knowledge of the disease are made here on any model at its current inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cea.analysis import extremes
from cea.analysis.closeness import EXACT, Finding, both, close, within
from cea.analysis.deterministic import Progress
from cea.analysis.headline import headlines
from cea.analysis.incremental import incremental
from cea.engine.batch import evaluate
from cea.engine.cohort import simulate
from cea.engine.payoffs import lines
from cea.engine.program import Program
from cea.engine.results import Results, run
from cea.engine.solve import solved_values
from cea.errors import CeaError
from cea.model.definition import Model


@dataclass(frozen=True)
class Check:
    """One check: what must hold, whether it does (None: not possible here), and what was found.

    `gap` is the difference that was found, where there is one, and `allowed` how large it may be.
    """

    name: str
    expectation: str
    passed: bool | None
    found: str
    gap: float | None = None
    allowed: float = EXACT


Look = Callable[[Results], Finding]


def verify(
    model: Model,
    perspective: str | None = None,
    progress: Progress | None = None,
    none: Mapping[str, float] | None = None,
) -> tuple[Check, ...]:
    """All checks of a model at its current inputs. Raises InputError and UsageError where it cannot be run at all.

    none: parameters at the values that stand for no effect of what is studied, where somebody knows them.
    """
    results = run(model, perspective)
    off = ("No effect", "With the effect that the studies inform taken away, nobody gains life.",
           lambda results: extremes.no_effect(results, none or {}))  # fmt: skip
    checks: tuple[tuple[str, str, Look], ...] = (*_CHECKS, off)
    found = []
    for done, (name, expectation, look) in enumerate(checks):
        try:
            seen = look(results)
        except CeaError as error:
            seen = Finding(None, f"not possible with these inputs: {error}")
        found.append(Check(name, expectation, *seen))
        if progress is not None:
            progress(done + 1, len(checks))
    return tuple(found)


def _trace_sums(results: Results) -> Finding:
    occupancy = results.cohort.trace.occupancy
    inside = bool(occupancy.min() >= -EXACT and occupancy.max() <= 1 + EXACT)
    sums = close(occupancy.sum(axis=-1), np.ones(occupancy.shape[:-1]))
    return sums if inside else sums._replace(passed=False, found=f"a share is not between 0 and 1; {sums.found}")


def _living(results: Results) -> Finding:
    rise = float(np.diff(results.cohort.alive, axis=-1).max(initial=0.0))
    return within(rise, "largest rise")


def _dead_stay(results: Results) -> Finding:
    states = list(results.model.states.values())
    dead = [at for at, state in enumerate(states) if state.dead]
    if not dead:
        return Finding(None, "no state is death")
    fall = float(np.diff(results.cohort.trace.occupancy[..., dead], axis=-2).min(initial=0.0))
    return within(-fall, "largest fall")


def _life_years(results: Results) -> Finding:
    line = results.life_years
    return close(np.sum(list(line.by_state.values()), axis=0), line.discounted)


def _costs_add_up(results: Results) -> Finding:
    frame = results.categories_frame()
    parts = frame.groupby("strategy", sort=False)["cost"].sum() if len(frame) else 0.0 * results.total("cost")[0]
    return close(parts, results.total("cost")[0])


def _net_benefit(results: Results) -> Finding:
    found, outcomes = incremental(results.outcomes), results.outcomes
    lost = []
    for level in found.thresholds:
        benefit = outcomes.net_monetary_benefit(level)[0]
        chosen = benefit[outcomes.strategies.index(found.best(level))]
        lost.append(float((benefit.max() - chosen) / max(np.abs(benefit).max(), 1.0)))
    return within(max(lost), "largest relative loss of what the ratios choose")


def _highest_price(results: Results) -> Finding:
    model = results.model
    gaps = []
    for item in headlines(results):
        limit = item.price_limit(model.threshold)
        if limit is None or limit.price is None or not np.isfinite(limit.price) or item.headline.price is None:
            continue
        at_limit = run(model, results.perspective, {item.headline.price: limit.price})
        again = next(one for one in headlines(at_limit) if one.headline.name == item.headline.name)
        gaps.append(abs(again.net_benefit(model.threshold)) / max(abs(again.pair.cost), 1.0))
    if not gaps:
        return Finding(None, "no comparison has a highest price here")
    return within(max(gaps), "largest net benefit at the highest price, as a share of the extra cost,")


def _no_discounting(results: Results) -> Finding:
    settings = results.model.settings
    zero = _parameter_names(results.model, (settings.discount_costs.text, settings.discount_effects.text))
    if zero is None:
        return Finding(None, "the discount rates are no parameters")
    flat = run(results.model, results.perspective, dict.fromkeys(zero, 0.0))
    return close(flat.total("cost"), flat.total("cost", discounted=False))


def _discounting_lowers(results: Results) -> Finding:
    excess = results.life_years.discounted - results.life_years.undiscounted
    return within(max(float(excess.max()), 0.0), "largest excess in years")


def _no_costs(results: Results) -> Finding:
    model = results.model
    unit = model.currency
    free = {name: 0.0 for name, item in model.parameters.items() if unit in item.unit and item.value is not None}
    none = run(model, results.perspective, free)
    effects = close(none.outcomes.effect, results.outcomes.effect)
    cost = float(np.abs(none.outcomes.cost).max() / np.abs(results.outcomes.cost).max(initial=1.0))
    return both(costs=within(cost, "largest share that is left"), effects=effects)


def _double_costs(results: Results) -> Finding:
    model = results.model
    unit = model.currency
    amounts = {
        name: 2 * item.value for name, item in model.parameters.items() if unit in item.unit and item.value is not None
    }
    computed = [name for name, item in model.parameters.items() if unit in item.unit and item.value is None]
    if computed:
        return Finding(None, f"computed amounts do not double by themselves: {', '.join(computed)}")
    return close(run(model, results.perspective, amounts).outcomes.cost, 2 * results.outcomes.cost)


def _same_switches(results: Results) -> Finding:
    model = results.model
    first = next(iter(model.strategies.values()))
    known = dict.fromkeys((name for item in model.declared_strategies.values() for name in item.switches), 0.0)
    same = {name: replace(item, switches={**known, **first.switches}) for name, item in model.strategies.items()}
    cohort = simulate(replace(model, strategies=same, declared_strategies=same), results.solved, tuple(same))
    twins = Results(cohort, *lines(cohort), results.solved, results.perspective).outcomes
    alike = [np.broadcast_to(array[:, :1], array.shape) for array in (twins.cost, twins.effect)]
    return both(costs=close(twins.cost, alike[0]), effects=close(twins.effect, alike[1]))


def _order(results: Results) -> Finding:
    model = results.model
    turned = replace(model, strategies=dict(reversed(list(model.strategies.items()))))
    found, other = incremental(results.outcomes), incremental(run(turned, results.perspective).outcomes)
    same = all(found.row(name).icer == other.row(name).icer for name in model.strategies)
    same = same and found.frontier == other.frontier
    return Finding(same, "the frontier and all ratios are the same" if same else "they differ")


def _correction(results: Results) -> Finding:
    model = results.model
    ends = [
        run(replace(model, settings=replace(model.settings, correction=name)), results.perspective).outcomes.effect
        for name in ("start", "end")
    ]
    own = results.outcomes.effect
    gap = float(np.abs(ends[0] - ends[1]).max())
    inside = bool(((own <= np.maximum(*ends) + EXACT) & (own >= np.minimum(*ends) - EXACT)).all())
    return Finding(inside, f"start and end of the cycle differ by at most {gap:.4f} in effect")


def _engines(results: Results) -> Finding:
    model = results.model
    names = tuple(name for name, item in model.parameters.items() if item.uncertain and item.value is not None)
    if not names:
        return Finding(None, "no input is uncertain")
    program = Program.of(model, results.perspective, names, solved_values(model), [])
    points = {name: np.array([model.parameters[name].value]) for name in names}
    totals = evaluate(program, points)
    outcomes = results.outcomes
    return both(costs=close(totals.cost, outcomes.cost), effects=close(totals.effect, outcomes.effect))


def _again(results: Results) -> Finding:
    model = results.model
    name = next((name for name, item in model.parameters.items() if item.value and name in model.used), None)
    if name is None:
        return Finding(None, "no input has a number")
    value = model.parameters[name].value or 0.0
    there = model.with_values({name: 2 * value})
    again = run(there.with_values({name: value}), results.perspective).outcomes
    same = bool((again.cost == results.outcomes.cost).all() and (again.effect == results.outcomes.effect).all())
    return Finding(same, f"{name} doubled and set to its own value again")


def _parameter_names(model: Model, texts: tuple[str, ...]) -> tuple[str, ...] | None:
    """The texts, where all of them are names of parameters."""
    return texts if all(text in model.parameters for text in texts) else None


_CHECKS: tuple[tuple[str, str, Look], ...] = (
    ("Trace", "In every cycle the shares of all states lie between 0 and 1 and sum to 1.", _trace_sums),
    ("The living", "The share alive never rises.", _living),
    ("The dead", "Nobody comes back from a state of death.", _dead_stay),
    ("Life-years", "The life-years of all states sum to the total.", _life_years),
    ("Costs", "The costs of all categories sum to the total.", _costs_add_up),
    ("Net benefit", "Ratios and net benefits name the same best strategy at every threshold.", _net_benefit),
    ("Highest price", "At the highest cost-effective price the net benefit is zero.", _highest_price),
    ("No discounting", "With discount rates of zero, discounted and undiscounted costs are the same.", _no_discounting),
    ("Discounting", "Discounted life-years are never more than undiscounted ones.", _discounting_lowers),
    ("Free", "With all unit costs at zero nothing costs anything, and effects stay as they are.", _no_costs),
    ("Double", "With all unit costs doubled all costs double.", _double_costs),
    ("Neutral", "Strategies with the same switches have the same costs and effects.", _same_switches),
    ("Order", "The order of the strategies changes nothing.", _order),
    ("Cycle", "Effects lie between those counted at the start and at the end of each cycle.", _correction),
    ("Two engines", "The fast engine of the draws gives the base case at the point values.", _engines),
    ("No deaths", "Without ways to a state of death everybody lives to the horizon.", extremes.no_deaths),
    ("Certain death", "With certain death nobody is alive after the first cycle.", extremes.certain_death),
    ("More deaths", "With a tenth more deaths every strategy has fewer life-years.", extremes.more_deaths),
    ("Full health", "With the weight 1 in every living state effects are life-years.", extremes.full_health),
    ("Far discounting", "At a discount rate of a million at most one cycle of life counts.", extremes.far_discounting),
    ("Price", "Costs grow in proportion to a price, and effects do not depend on it.", extremes.linear_price),
    ("Draws", "The means of draws are those of their distributions, but for Monte Carlo error.", extremes.draw_means),
    ("Back again", "An input changed and changed back leaves every result exactly as it was.", _again),
)

"""Checks of a model whose structure is taken to an extreme: what must then come out is known beforehand.

They are those of TECH-VER (Buyukkaramikli et al., PharmacoEconomics 2019, PMC6860463) on mortality, utilities, discount
rates, prices and effects. Nothing in them is about a disease: deaths are what leads to a state of death, utilities are
what the main effect pays in a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cea.analysis.closeness import EXACT, Finding, both, close, within
from cea.analysis.headline import headlines
from cea.analysis.moments import moments
from cea.engine.cohort import Cohort, simulate
from cea.engine.draws import drawn
from cea.engine.payoffs import lines
from cea.engine.results import Results, run
from cea.engine.sampling import sample
from cea.formula import Binary, Expression, Number, to_text
from cea.model.definition import Model, Term, Transition

_CERTAIN_RATE = 1e5
_FAR_RATE = 1e6
_MORE = 1.1
_DRAWS = 2_000
_ERRORS = 4.5
"""Standard errors that the mean of draws may be off: for a hundred inputs more happens once in a thousand runs."""


def no_deaths(results: Results) -> Finding:
    """Without ways to a state of death everybody lives to the horizon."""
    model = results.model
    moves = tuple(move for move in model.transitions if not model.states[move.target].dead)
    if len(moves) == len(model.transitions):
        return Finding(None, "nothing leads to a state of death")
    alive = _alive(_again(results, replace(model, transitions=moves)))
    return within(float(np.abs(1.0 - alive).max()), "largest share that is lost")


def certain_death(results: Results) -> Finding:
    """With certain death from every state nobody is alive after the first cycle."""
    model = results.model
    first: dict[str, Transition] = {}
    for move in model.transitions:
        if model.states[move.target].dead:
            first.setdefault(move.source, move)
    if {name for name, state in model.states.items() if not state.dead} - set(first):
        return Finding(None, "some states have no way to a state of death")
    moves = tuple(_with(move, Number(_CERTAIN_RATE if move.kind == "rate" else 1.0)) for move in first.values())
    alive = _alive(_again(results, replace(model, transitions=moves)))
    return within(float(alive[..., 1:].max()), "largest share alive after the first cycle")


def more_deaths(results: Results) -> Finding:
    """A tenth more deaths leave fewer life-years with every strategy."""
    model = results.model
    moves = tuple(
        _with(move, Binary("*", Number(_MORE), move.term.expression), keep=True)
        if model.states[move.target].dead else move
        for move in model.transitions
    )  # fmt: skip
    if moves == model.transitions:
        return Finding(None, "nothing leads to a state of death")
    fewer = lines(_again(results, replace(model, transitions=moves)))[1].undiscounted
    lost = float((results.life_years.undiscounted - fewer).min())
    return Finding(lost > 0, f"smallest loss {lost:.3g} years")


def full_health(results: Results) -> Finding:
    """Where every living state has the weight 1 and nothing else counts, effects are life-years."""
    model = results.model
    main = [item for item in model.outcomes.values() if item.kind == "effect" and item.total == model.settings.effect]
    paid = next((item for item in main if item.timing == "per_year" and item.by_state), None)
    if paid is None:
        return Finding(None, "the main effect is not paid by time in states")
    one = replace(next(iter(paid.by_state.values())), text="1", expression=Number(1.0))
    weighted = replace(paid, by_state={name: one for name, item in model.states.items() if not item.dead}, when=None)
    others = {name: item for name, item in model.outcomes.items() if item not in main}
    found, years = lines(_again(results, replace(model, outcomes={**others, paid.name: weighted})))
    return close(found[paid.name].discounted, years.discounted)


def far_discounting(results: Results) -> Finding:
    """At a rate of a million hardly more than what is there at the start counts, at most one cycle of life."""
    settings = results.model.settings
    far = replace(settings.discount_effects, text=f"{_FAR_RATE:g}", expression=Number(_FAR_RATE))
    changed = replace(settings, discount_costs=far, discount_effects=far)
    years = lines(_again(results, replace(results.model, settings=changed)))[1].discounted
    cycle = 1.0 / settings.cycles_per_year
    return Finding(bool((years <= cycle).all()), f"life-years at most {float(years.max()):.3g}, a cycle is {cycle:.3g}")


def linear_price(results: Results) -> Finding:
    """Half the price saves half of what no price saves, and effects do not depend on it."""
    model, found = results.model, {}
    for item in headlines(results):
        name = item.headline.price
        value = model.parameters[name].value if name else None
        if name is None or not value:
            continue
        half, free = (run(model, results.perspective, {name: share * value}).outcomes for share in (0.5, 0.0))
        costs = close(results.outcomes.cost - half.cost, half.cost - free.cost)
        effects = close(results.outcomes.effect, free.effect)
        if not (results.outcomes.cost > free.cost).any():
            costs = Finding(False, "the price costs nothing", 1.0)
        found[name] = both(costs=costs, effects=effects)
    return both(**found) if found else Finding(None, "no comparison has a price")


def no_effect(results: Results, none: Mapping[str, float]) -> Finding:
    """With the studied effect taken away no headline strategy gains life.

    `none` are parameters at the values that stand for no effect. Under layers another input may act as well, so there
    a gain is told and not judged.
    """
    model = results.model
    known = {name: value for name, value in none.items() if name in model.parameters}
    pairs = [(item.headline.strategy, item.headline.comparator) for item in headlines(results)]
    if not known or not pairs:
        return Finding(None, "no studies inform an effect, or nothing is compared")
    off = run(model, results.perspective, known)
    years = dict(zip(off.strategies, off.life_years.undiscounted[0].tolist(), strict=True))
    gap = max(abs(years[one] - years[other]) / years[other] for one, other in pairs)
    if gap > EXACT and model.layers:
        return Finding(None, f"under these layers something else acts too: relative gain {gap:.1g}")
    return within(gap, "largest relative gain of life-years")


def draw_means(results: Results) -> Finding:
    """The means of draws are those of their distributions, within Monte Carlo error."""
    model = results.model
    if not drawn(model):
        return Finding(None, "no input is uncertain")
    draws = sample(model, _DRAWS)
    free = [name for name in draws.names if name not in draws.clipped]
    frame = moments(draws.frame()[free], model)
    if "z" not in frame or not frame["z"].notna().any():
        return Finding(None, "no input is drawn from a distribution of its own")
    return within(float(frame["z"].abs().max()), "largest distance of a mean in standard errors", _ERRORS)


def _again(results: Results, model: Model) -> Cohort:
    """The cohort of a changed model, with the solved values of the run: an extreme could not be solved for."""
    return simulate(model, results.solved, results.strategies)


def _alive(cohort: Cohort) -> np.ndarray:
    """Share alive, shape (sample, strategy, cycle)."""
    living = [at for at, state in enumerate(cohort.model.states.values()) if not state.dead]
    return np.asarray(cohort.trace.occupancy[..., living].sum(axis=-1))


def _with(move: Transition, expression: Expression, *, keep: bool = False) -> Transition:
    """A way with another formula, and with its condition where that is kept."""
    term: Term = replace(move.term, text=to_text(expression), expression=expression)
    return replace(move, term=term, when=move.when if keep else None)

"""Columns of what weighs payoffs: the correction within the cycle, discount factors, and both with the cycle length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cea.engine.cohort import Cohort
from cea.engine.correction import discounted_weights
from cea.engine.markov import Floats
from cea.engine.payoffs import weights
from cea.reports.workbook.cell_text import Writer
from cea.reports.workbook.columns import Column
from cea.reports.workbook.corrections import state_weight_formula, weight_formula

WEIGHTS = "Correction within the cycle, and discounting"
POINT = {"cost": "cost_discount", "effect": "effect_discount"}
STATE = {"cost": "cost_weight", "effect": "effect_weight", "count": "plain_weight"}
"""By kind of payoff the column that discounts what is paid at once, and the one that weighs what is paid per year."""


def weight_values(cohort: Cohort) -> Mapping[str, Floats]:
    """The values of the columns by key, each of shape (boundary,)."""
    scope, settings = cohort.scope, cohort.model.settings
    found: dict[str, Floats] = {}
    for kind, term in (("cost", settings.discount_costs), ("effect", settings.discount_effects)):
        both = weights(cohort, scope.number(term, f"discount of {kind}s"))
        found[POINT[kind]], found[STATE[kind]] = both.point[0, 0], both.state[0, 0]
    plain = weights(cohort, 0.0)
    found["plain_weight"] = plain.state[0, 0]
    found["weight"] = discounted_weights(settings.correction, plain.point[0, 0])
    return found


def weight_columns(writer: Writer, cohort: Cohort, values: Mapping[str, Floats]) -> Iterator[Column]:
    """The columns in an order in which each comes after what it needs."""
    settings, name = cohort.model.settings, writer.layout.name
    method, last, years = settings.correction, name("last_cycle"), name("cycle_years")
    rates = {"cost_discount": settings.discount_costs, "effect_discount": settings.discount_effects}
    formulas = {key: f"(1+{writer.factor(term)})^(-[year])" for key, term in rates.items()}
    formulas["weight"] = weight_formula(method, cohort.scope.cycles, last)
    formulas["plain_weight"] = f"[weight]*{years}"
    for kind in ("cost", "effect"):
        formulas[STATE[kind]] = state_weight_formula(method, POINT[kind], years, last)
    for key, (label, unit) in _LABELS.items():
        yield Column(key, WEIGHTS, label, unit, values[key], formulas[key], "small")


_LABELS = {
    "weight": ("Correction weight", "cycles"),
    "cost_discount": ("Discount factor, costs", ""),
    "effect_discount": ("Discount factor, effects", ""),
    "plain_weight": ("Weight, undiscounted", "years"),
    "cost_weight": ("Weight of costs per year", "years"),
    "effect_weight": ("Weight of effects per year", "years"),
}

"""A model small enough for hands: people live or die, one strategy gives a drug, one of its numbers is solved."""

from __future__ import annotations

from functools import cache

import pytest

import cea
from tests.models import model_of

MODEL = """
format: 1
title: Two states
time: {cycles_per_year: 4, years: horizon}
settings:
  country: Nowhere
  currency: USD
  perspective: payer
  effect: qaly
  discount_costs: discount
  discount_effects: 0
  correction: start
perspectives:
  payer: {label: Payer}
  society: {label: Society, indirect: true}
  employer: {refused: nobody has asked employers}
thresholds: {values: [50000], default: 50000, source: {grade: assumption, note: round}}
states:
  well: {label: Well}
  healing: {label: Healing, tunnel_years: 1/2, then: well}
  gone: {label: Dead, dead: true}
strategies:
  usual: {label: Usual care}
  drug: {label: Drug, set: {treated: 1}}
start: {well: share_well, healing: rest}
windows: {course: {every: repeat_years, courses: course_count}}
formulas:
  fading: if(since_course < one_year, 1, 0.5)
  hazard_now: {formula: hazard * residual ^ treated, unit: 1/year}
transitions:
  well, healing -> gone: {rate: hazard_now, event: death}
outcomes:
  care: {kind: cost, per_year: {well: cost_well, healing: cost_healing}}
  lost_work: {kind: cost, indirect: true, per_year: {gone: cost_well}}
  doses: {kind: cost, at_years: [0, 1/2], per: course, in: alive, value: price, when: treated}
  visit: {kind: cost, at_years: [0, 1/2], in: well, value: price}
  funeral: {kind: cost, on: death, value: price}
  qaly: {kind: effect, unit: QALY, per_year: 1 * full_health, in: alive}
  fade: {kind: effect, unit: year/year, per_year: fading / one_year, in: alive}
  dose_count: {kind: count, at_years: [0, 1/2], per: course, in: alive, value: 1, when: treated}
parameters:
  horizon: {label: Horizon, value: 5, unit: year, source: &}
  discount: {label: Discount rate, value: 0, unit: 1/year, source: &}
  share_well: {label: Share that starts well, value: 1, unit: "1", source: &}
  hazard: {label: Hazard, value: 0.2, unit: 1/year, source: &}
  twin: {label: The same hazard, same_as: hazard, unit: 1/year, source: &}
  double: {label: Twice the hazard, formula: 2 * twin, unit: 1/year, source: &}
  target_ratio: {label: Target, value: 0.7, unit: "1", source: &}
  residual:
    label: Residual
    unit: "1"
    source: &
    solve:
      {measure: hazard_ratio, strategies: [drug, usual], years: 2, target: target_ratio, between: [0.01, 10],
       held: true}
  cost_well: {label: Cost, value: 100, unit: USD/year, source: &}
  cost_healing: {label: Cost, value: 100, unit: USD/year, source: &}
  price: {label: Price, value: 8, unit: USD, source: &}
  repeat_years: {label: Between courses, value: 2, unit: year, source: &}
  course_count: {label: Courses, value: 1, unit: "1", source: &}
  one_year: {label: A year, value: 1, unit: year, source: &}
  full_health: {label: Full health, value: 1, unit: QALY/year, source: &}
sources: {}
""".replace("&", "{grade: assumption, note: a test}")


@cache
def small(*edits: tuple[str, float]) -> cea.Model:
    """The model with some parameters set to numbers."""
    return model_of(MODEL).with_values(dict(edits))


def problem(error: pytest.ExceptionInfo[cea.InputError]) -> str:
    """What the one problem of an error says; it must have a place and a remedy."""
    assert len(error.value.problems) == 1
    found = error.value.problems[0]
    assert found.place is not None and found.remedy
    return found.what

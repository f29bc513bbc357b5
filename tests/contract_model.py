"""A model with closed forms of who responds, who dies and what is bought: ill people get well, relapse or die."""

from __future__ import annotations

import cea
from tests.models import model_of

STRUCTURE = """
format: 1
title: Ill and well
time: {cycles_per_year: 4, years: 3}
settings:
  currency: USD
  perspective: payer
  effect: qaly
  discount_costs: discount
  discount_effects: 0
  correction: start
perspectives: {payer: {label: Payer}}
thresholds: {values: [1000, 5000], default: 5000, source: {grade: assumption, note: round}}
states:
  ill: {label: Ill}
  well: {label: Well}
  gone: {label: Dead, dead: true}
strategies:
  usual: {label: Usual care}
  drug: {label: Drug, set: {treated: 1}}
start: {ill: rest, well: share_well}
transitions:
  ill -> well: {rate: recover * boost ^ treated}
  well -> ill: {rate: relapse}
  ill -> gone: {rate: death_ill * shield ^ treated}
  well -> gone: {rate: death_well}
outcomes:
  doses: {kind: cost, at_years: [0, 0.25], in: [ill, well], value: price, when: treated}
  visits: {kind: cost, at_years: [0], in: ill, value: visit}
  qaly: {kind: effect, unit: QALY, per_year: {ill: utility_ill, well: utility_well}}
headlines:
  main: {label: Everybody, strategy: drug, comparator: usual, price: price}
parameters:
  discount: {label: Discount rate, value: 0.04, unit: 1/year, source: &}
  share_well: {label: Share that starts well, value: 0, unit: "1", source: &}
  recover: {label: Recovery, value: 0.8, unit: 1/year, distribution: {family: gamma, mean: 0.8, se: 0.2}, source: &}
  boost: {label: Effect, value: 2, unit: "1", distribution: {family: lognormal, median: 2, sdlog: 0.4}, source: &}
  relapse: {label: Relapse, value: 0.3, unit: 1/year, source: &}
  death_ill: {label: Death when ill, value: 0.4, unit: 1/year, source: &}
  death_well: {label: Death when well, value: 0.1, unit: 1/year, source: &}
  shield: {label: Hazard ratio of death, value: 0.7, unit: "1", source: &}
  price: {label: "Drug, per dose", value: 900, unit: USD, decision: true, source: &}
  visit: {label: Visit, value: 100, unit: USD, source: &}
  utility_ill: {label: Utility when ill, value: 0.5, unit: QALY/year, source: &}
  utility_well: {label: Utility when well, value: 0.9, unit: QALY/year, source: &}
sources: {}
""".replace("&", "{grade: assumption, note: a test}")

CONTRACTS = """
response: {at_years: 0.5, better: {ill: [well], well: [well]}}
contracts:
  off: {label: A third off, kind: discount, share: 0.3, source: &}
  back: {label: Half back, kind: rebate, share: 0.5, no_response: true, death_within: 1, source: &}
  parts: {label: Three parts, kind: instalments, count: 3, every_years: 0.5, while: not_worse, source: &}
  one: {label: One dose, kind: cap, units: 1, source: &}
  most: {label: An amount, kind: cap, amounts: {USD: 1200}, source: &}
""".replace("&", "{grade: assumption, note: a test}")


def contract_model(**values: float) -> cea.Model:
    """The model with some parameters set to numbers."""
    return model_of(STRUCTURE).with_values(values)

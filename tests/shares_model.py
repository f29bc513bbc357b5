"""A model whose figures are its parameters: nobody moves, so shares at a year are the shares at the start."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

import cea
from cea.analysis.calibration import Calibration, Method, Prior
from cea.analysis.forecast import CalibrationTarget
from cea.model.definition import Source
from cea.model.distributions import from_spec
from tests.models import model_of

MODEL = """
format: 1
title: Shares
time: {cycles_per_year: 1, years: 3}
settings: {currency: USD, perspective: payer, effect: qaly, discount_costs: 0, discount_effects: 0}
perspectives: {payer: {label: Payer}}
thresholds: {values: [1], default: 1, source: {grade: assumption, note: round}}
states: {one: {label: One}, two: {label: Two}, rest: {label: Rest}, gone: {label: Dead, dead: true}}
strategies: {usual: {label: Usual}, faster: {label: Faster, set: {fast: 1}}}
start: {one: share_one, two: share_two, rest: rest}
transitions: {alive -> gone: {rate: hazard * (1 + fast), event: death}}
outcomes: {qaly: {kind: effect, unit: QALY, per_year: {one: health}}}
parameters:
  share_one: {label: Share one, value: 0.5, unit: "1", source: &}
  share_two: {label: Share two, value: 0.2, unit: "1", bounds: [0, 1], source: &}
  hazard: {label: Hazard, value: 0, unit: 1/year, bounds: [0, null], source: &}
  double: {label: Twice the hazard, formula: 2 * hazard, unit: 1/year, source: &}
  health: {label: Health, value: 1, unit: QALY/year, source: &}
sources: {a_study: {citation: A study}}
""".replace("&", "{grade: assumption, note: a test}")

CALIBRATIONS = """\
changes: {parameters: {health: 0.5}}
methods:
  yearly: {label: Yearly cycles}
  quarterly: {label: Quarterly cycles, changes: {time: {cycles_per_year: 4}}}
targets:
  half: {label: Share one, measure: occupancy, states: [one], strategy: usual, year: 1, value: 0.6, se: 0.05,
         source: {ref: a_study, grade: published}}
  alive: {label: Alive, measure: survival, strategy: usual, year: 2, value: 0.8, se: 0.02,
          source: {grade: assumption, note: a test}}
calibrations:
  both:
    label: Share and hazard
    methods: [yearly, quarterly]
    source: {ref: a_study, grade: derived, note: a test}
    priors:
      share_one: {distribution: {family: beta, mean: 0.5, se: 0.1}, source: {grade: assumption, note: a test}}
      hazard: {distribution: {family: lognormal, median: 0.1, sdlog: 0.5}, source: {grade: assumption, note: a test}}
    compare_with: {label: other draws, draws: tables/other.csv, method: yearly}
  hazard_only:
    label: Hazard alone
    methods: [yearly]
    targets: [alive]
    source: {ref: a_study, grade: derived}
    fixed: {share_one: {value: 0.6, source: {grade: assumption, note: a test}}}
    priors:
      hazard: {distribution: {family: lognormal, median: 0.1, sdlog: 0.5}, source: {grade: assumption, note: a test}}
"""

SOURCE = Source("assumption", None, None, "a test")


@cache
def shares() -> cea.Model:
    """The model."""
    return model_of(MODEL)


def target(name: str, **fields: object) -> CalibrationTarget:
    """A target: of the share in `one` at 1 year, 0.6 with a standard error of 0.05, unless the fields say otherwise."""
    given = {"measure": "occupancy", "states": ("one",), "value": 0.6, "se": 0.05, "strategy": "usual", "year": 1.0}
    return CalibrationTarget(name=name, label=name, source=SOURCE, **{**given, **fields})  # type: ignore[arg-type]


def calibration(priors: dict[str, dict[str, object]], *targets: CalibrationTarget) -> Calibration:
    """A calibration by one method that changes nothing."""
    made = tuple(Prior(name, from_spec(spec), SOURCE) for name, spec in priors.items())
    return Calibration("test", "Test", "", made, targets, (Method("plain", "Plain"),), SOURCE, "calibrated_test")


def write_shares(folder: Path, calibrations: str = CALIBRATIONS) -> Path:
    """The model as a folder, with calibrations and other draws of its two parameters."""
    (folder / "tables").mkdir(parents=True)
    (folder / "model.yaml").write_text(MODEL)
    (folder / "calibration.yaml").write_text(calibrations)
    generator = np.random.default_rng(5)
    rows = zip(0.58 + 0.04 * generator.standard_normal(400), 0.11 * generator.lognormal(0, 0.1, 400), strict=True)
    text = "\n".join(f"{one:.4f},{two:.5f}" for one, two in rows)
    (folder / "tables" / "other.csv").write_text(f"share_one,hazard\n{text}\n")
    return folder

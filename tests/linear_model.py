"""A model whose results have a closed form: one payment and one year of utility at the start.

Against `usual`, the drug gains `(gain_x + gain_y) * lasting + wave * (dose - 1) * (3 - dose)` QALYs and costs `price`.
Surgery gains `extra` and costs `surgery`. Both together gain and cost the sums.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import cea
from tests.models import model_of

THRESHOLD = 1000.0

STRUCTURE = """\
format: 1
title: A linear model
question: Is the drug worth its price?
layers: []
time: {cycles_per_year: 1, years: 1}
settings:
  currency: EUR
  price_year: "2025"
  perspective: payer
  effect: qaly
  correction: start
  discount_costs: none
  discount_effects: none
perspectives: {payer: {label: Payer}}
thresholds: {values: [500, 1000, 2000], default: 1000, source: {grade: assumption, note: round}}
states: {well: {label: Well}, gone: {label: Dead, dead: true}}
strategies:
  usual: {label: Usual care, set: {drug: 0, cut: 0}}
  drug_only: {label: Drug, set: {drug: 1, cut: 0}}
  surgery_only: {label: Surgery, set: {drug: 0, cut: 1}}
  both: {label: Drug and surgery, set: {drug: 1, cut: 1}}
start: {well: rest}
transitions: {well -> gone: {rate: hazard}}
outcomes:
  drug_cost: {kind: cost, at_years: [0], in: well, value: price, when: drug}
  surgery_cost: {kind: cost, at_years: [0], in: well, value: surgery, when: cut}
  care: {kind: cost, per_year: {well: share_a * care_a + share_b * care_b + share_c * care_c}}
  qaly:
    kind: effect
    unit: QALY
    per_year: {well: utility_a + utility_b + cut * extra + drug * gain}
formulas:
  gain: {formula: (gain_x + gain_y) * lasting + wave * (dose - 1) * (3 - dose), unit: QALY/year}
joint:
  gains: {parameters: [gain_x, gain_y], correlation: correlation.csv}
headlines:
  main: {label: Everybody, strategy: drug_only, comparator: usual, price: price}
sources: {trial: {citation: A trial}}
"""

_ASSUMED = "source: {grade: assumption, note: made up}"

PARAMETERS = f"""\
price: {{label: Price, value: 240, unit: EUR, range: [0, 1000], decision: true, {_ASSUMED}}}
surgery: {{label: Surgery, value: 500, unit: EUR, range: [400, 700], {_ASSUMED}}}
extra: {{label: Gain by surgery, value: 0.3, unit: QALY/year, {_ASSUMED}}}
gain_x:
  label: First gain
  value: 0.1
  unit: QALY/year
  distribution: {{family: normal, mean: 0.1, sd: 0.02}}
  {_ASSUMED}
gain_y:
  label: Second gain
  value: 0.2
  unit: QALY/year
  distribution: {{family: normal, mean: 0.2, sd: 0.05}}
  {_ASSUMED}
lasting: {{label: How long it lasts, value: 1, unit: "1", range: [0.5, 2], bounds: [0, 10], {_ASSUMED}}}
wave: {{label: Wave, value: 0, unit: QALY/year, {_ASSUMED}}}
dose: {{label: Dose, value: 1, unit: "1", bounds: [0, 4], {_ASSUMED}}}
hazard: {{label: Hazard, value: 0.1, unit: 1/year, range: [0, 0.2], {_ASSUMED}}}
none: {{label: Discount rate, value: 0, unit: 1/year, {_ASSUMED}}}
utility_a:
  label: Utility, one half
  value: 0.3
  unit: QALY/year
  distribution: {{family: uniform, min: 0.2, max: 0.4}}
  share_draw: utility
  {_ASSUMED}
utility_b: {{label: Utility, value: 0.2, unit: QALY/year, range: [0.1, 0.3], share_draw: utility, {_ASSUMED}}}
care_a: {{label: Care A, value: 10, unit: EUR/year, {_ASSUMED}}}
care_b: {{label: Care B, value: 20, unit: EUR/year, {_ASSUMED}}}
care_c: {{label: Care C, same_as: care_b, unit: EUR/year, {_ASSUMED}}}
share_a: {{label: A, value: 0.5, unit: "1", distribution: {{family: dirichlet, group: mix, alpha: 5}}, {_ASSUMED}}}
share_b: {{label: B, value: 0.3, unit: "1", distribution: {{family: dirichlet, group: mix, alpha: 3}}, {_ASSUMED}}}
share_c: {{label: C, value: 0.2, unit: "1", distribution: {{family: dirichlet, group: mix, alpha: 2}}, {_ASSUMED}}}
"""

CORRELATION = "parameter,gain_x,gain_y\ngain_x,1,0.5\ngain_y,0.5,1\n"


def linear_model(parameters: str = PARAMETERS, structure: str = STRUCTURE, draws: str = "") -> cea.Model:
    """The model, perhaps with other text; `draws` is what draws.csv holds."""
    text = f"{structure}parameters:\n{indent(parameters, '  ')}"
    return model_of(text, {"correlation.csv": CORRELATION, "draws.csv": draws})


def edited(old: str, new: str) -> cea.Model:
    """The model with one piece of its parameters replaced."""
    assert PARAMETERS.count(old) == 1, f"{old!r} is not once in the parameters"
    return linear_model(PARAMETERS.replace(old, new))


def write_linear_model(folder: Path) -> Path:
    """The model as a folder, for the command line."""
    structure = STRUCTURE.partition("sources: ")[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.yaml").write_text(structure, encoding="utf-8")
    (folder / "parameters.yaml").write_text(PARAMETERS, encoding="utf-8")
    (folder / "sources.yaml").write_text("trial: {citation: A trial}\n", encoding="utf-8")
    (folder / "correlation.csv").write_text(CORRELATION, encoding="utf-8")
    return folder

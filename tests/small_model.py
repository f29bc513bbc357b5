"""A small sound model, and broken copies of it whose mistakes are marked where they are made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

MARK = "¦"
"""Stands in an edit just before the character that a problem must point at."""

MODEL = """\
format: 1
title: A small model
question: Is the new drug worth its cost?
layers: [jurisdictions, scenarios]
time: {cycles_per_year: 4, start_age: first_age, years: 10}
settings:
  currency: USD
  perspective: payer
  effect: qaly
  correction: half_cycle
  discount_costs: discount
  discount_effects: discount
perspectives:
  payer: {label: Payer}
thresholds:
  values: [50000]
  default: 50000
  source: {grade: assumption, note: a round number}
states:
  well: {label: Well}
  ill: {label: Ill}
  treated: {label: Just treated, tunnel_years: 1/2, then: well}
  gone: {label: Dead, dead: true}
strategies:
  usual: {label: Usual care, set: {drug: 0}}
  new_drug: {label: New drug, set: {drug: 1}}
start: {well: share_well, ill: rest}
windows:
  course: {every: repeat_years, courses: course_count}
formulas:
  waning: if(since_course < full_years, 1, 0.5)
  fall_rate: {formula: fall_ill * hazard_ratio ^ (drug * waning), unit: 1/year}
  background:
    label: Hazard of death at the age now
    formula: >-
      prob_to_rate(lookup(life_table, qx, age),
      one_year)
transitions:
  well -> ill: {rate: fall_rate, event: illness}
  ill -> treated: {rate: treat_rate, when: drug}
  ill -> gone: {rate: death_ill * residual ^ drug, event: death}
  alive -> gone: {rate: background}
events: {illness: Cases of illness}
outcomes:
  care: {kind: cost, per_year: {well: cost_well, ill: cost_ill}}
  drug_cost: {kind: cost, at_years: [0, 1/4], per: course, in: [well, ill], value: cost_drug, when: drug}
  funeral: {kind: cost, on: death, value: cost_funeral}
  qaly: {kind: effect, unit: QALY, per_year: {well: utility_well, ill: utility_ill}}
tables:
  life_table:
    file: tables/life_table.csv
    key: age
    key_unit: year
    columns: {qx: {column: qx_total, unit: "1"}}
    source: {ref: office, grade: published}
joint:
  rates: {parameters: [fall_ill, death_ill], correlation: tables/correlation.csv}
headlines:
  main: {label: The question, strategy: new_drug, comparator: usual, price: cost_drug}
"""

RATES = """\
fall_ill:
  label: Rate of falling ill
  value: 0.2
  unit: 1/year
  distribution: {family: gamma, mean: 0.2, se: 0.04}
  range: [0.1, 0.3]
  bounds: [0, null]
  source: {ref: trial, where: table 2, grade: published}
death_ill:
  label: Rate of death when ill
  value: 0.3
  unit: 1/year
  distribution: {family: lognormal, median: 0.3, sdlog: 0.2}
  source: {ref: trial, grade: published}
treat_rate: {label: Rate of treatment, value: 0.5, unit: 1/year, source: {ref: trial, grade: derived}}
hazard_ratio:
  label: Hazard ratio of falling ill
  value: 0.7
  unit: "1"
  distribution: {family: lognormal, interval: [0.5, 0.98]}
  source: {ref: trial, grade: published}
residual:
  label: Hazard ratio of death that is left
  unit: "1"
  solve: {measure: hazard_ratio, strategies: [new_drug, usual], years: 5, target: target_ratio, between: [0.05, 5]}
  source: {ref: trial, grade: derived}
target_ratio: {label: Hazard ratio over five years, value: 0.6, unit: "1", source: {ref: trial, grade: published}}
first_age: {label: Age at the start, value: 60, unit: year, source: {ref: trial, grade: published}}
share_well: {label: Share that starts well, value: 0.8, unit: "1", source: {ref: trial, grade: published}}
repeat_years: {label: Years between courses, value: 2, unit: year, source: {ref: trial, grade: published}}
course_count: {label: Courses, value: 3, unit: "1", source: {ref: trial, grade: published}}
full_years: {label: Years of full effect, value: 1, unit: year, source: {grade: assumption, note: no data}}
one_year: {label: One year, value: 1, unit: year, source: {grade: assumption, note: a definition}}
"""

COSTS = """\
discount: {label: Discount rate, value: 0.03, unit: 1/year, source: {grade: assumption, note: custom}}
cost_well: {label: Cost when well, value: 100, unit: USD/year, source: {ref: office, grade: published}}
cost_ill:
  label: Cost when ill
  value: 5000
  unit: USD/year
  distribution: {family: gamma, mean: 5000, se: 1000}
  source: {ref: office, grade: published}
cost_drug: {label: Price of a dose, value: 900, unit: USD, source: {grade: unverified, ref: office}}
cost_funeral: {label: Cost of a funeral, value: 2000, unit: USD, source: {ref: office, grade: published}}
utility_well: {label: Utility when well, value: 0.9, unit: QALY/year, source: {ref: trial, grade: published}}
utility_ill:
  label: Utility when ill
  value: 0.6
  unit: QALY/year
  distribution: {family: beta, mean: 0.6, se: 0.05}
  source: {ref: trial, grade: published}
"""

SOURCES = """\
trial: {citation: A trial}
office: {citation: An office of statistics, url: "https://example.org"}
"""

EURO = """\
label: Elsewhere
settings: {currency: EUR}
source: {ref: office, grade: published}
parameters:
  cost_well: {value: 80, unit: EUR/year}
  cost_ill: {value: 4000, unit: EUR/year, distribution: {family: gamma, mean: 4000, se: 500}}
  cost_drug: {value: 700, unit: EUR}
  cost_funeral: {value: 1500, unit: EUR}
"""

CHEAP = """\
label: Half the price
source: {grade: assumption, note: what if}
requires: {currency: USD}
parameters:
  cost_drug: 450
"""

LIFE_TABLE = "age,qx_total\n" + "".join(f"{age},{0.01 + (age - 58) * 0.001:.3f}\n" for age in range(58, 76))
CORRELATION = ",fall_ill,death_ill\nfall_ill,1,0.4\ndeath_ill,0.4,1\n"

FILES = {
    "model.yaml": MODEL,
    "parameters/rates.yaml": RATES,
    "parameters/costs.yaml": COSTS,
    "sources.yaml": SOURCES,
    "jurisdictions/euro.yaml": EURO,
    "scenarios/cheap.yaml": CHEAP,
    "tables/life_table.csv": LIFE_TABLE,
    "tables/correlation.csv": CORRELATION,
}
"""The model by relative path."""

Edit = tuple[str, str | None, str | bytes | None]
"""File, the text in it to replace (None: all of it), and what stands there instead (None: the file is deleted)."""


def edited(edits: Iterable[Edit]) -> tuple[dict[str, bytes], list[str]]:
    """The model's files with edits, and the marked places as file:line:column.

    A text to replace must occur once. An edit without a mark says that no problem points there.
    """
    files: dict[str, str | bytes] = dict(FILES)
    for file, old, new in edits:
        text = files.get(file, "")
        if new is None:
            del files[file]
        elif old is None or isinstance(new, bytes):
            files[file] = new
        else:
            assert isinstance(text, str) and text.replace(MARK, "").count(old) == 1, f"{old!r} is not once in {file}"
            files[file] = text.replace(old, new)
    places = [place for file, text in files.items() if isinstance(text, str) for place in _marked(file, text)]
    clean = {file: text.replace(MARK, "").encode() if isinstance(text, str) else text for file, text in files.items()}
    return clean, sorted(places)


def _marked(file: str, text: str) -> list[str]:
    places = []
    for number, line in enumerate(text.split("\n"), start=1):
        parts = line.split(MARK)
        columns = [len("".join(parts[:count])) + 1 for count in range(1, len(parts))]
        places += [f"{file}:{number}:{column}" for column in columns]
    return places


def write_model(folder: Path, edits: Iterable[Edit] = ()) -> list[str]:
    """Writes the model with edits to a folder; gives the marked places."""
    files, places = edited(edits)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return places

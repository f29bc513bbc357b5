"""The small model with a body of evidence on its hazard ratio: two studies in a table, two in the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cea.errors import InputError
from cea.loading.folder import load
from cea.loading.synthesis_file import read_synthesis
from tests.small_model import Edit, write_model

SYNTHESIS = """\
label: Falling ill with the drug against without
measure: risk_ratio
source: {ref: trial, where: all of it, grade: derived}
table:
  file: tables/trials.csv
  columns: {name: id, label: title, design: kind, estimate: rr, low: low, high: high, source: from, grade: grade}
studies:
  counted:
    label: Counted 2020
    design: trial
    events_treated: 12
    n_treated: 60
    events_control: 20
    n_control: 61
    basis: table 2
    source: {ref: office, grade: published}
  logged: {label: Logged, design: cohort, log_effect: -0.9, se: 0.35, source: {grade: assumption, note: a guess}}
designs:
  trial: {label: Trial, bias: {ratios: [0.95], sd: 0.1}, source: {grade: assumption, note: guess}}
  cohort: {label: Cohort, bias: {ratios: [0.9, 0.8], sd: 0.2}, source: {grade: published, ref: office}}
pool: [alpha, beta, counted]
sensitivity:
  everything: {label: With the guess, studies: [alpha, beta, counted, logged], bias_times: 1}
  twice: {label: Bias twice, bias_times: 2}
informs:
  interval: normal
  parameters:
    hazard_ratio: {as: ratio}
    target_ratio: {as: multiplier, reference: hazard_ratio}
"""

TRIALS = """\
id,kind,title,rr,low,high,from,grade,remark
alpha,trial,Alpha 2018,0.7,0.5,0.98,trial,published,
beta,cohort,Beta 2019,0.5,0.3,0.8,office,derived,"long, with a comma"
gamma,,Gamma 2021,,,,,,no effect seen
"""


def write_evidence(folder: Path, edits: Sequence[Edit] = ()) -> list[str]:
    """Writes the model and its evidence with edits; gives the marked places."""
    texts = {"synthesis.yaml": SYNTHESIS, "tables/trials.csv": TRIALS}
    for file, old, new in edits:
        assert old is not None and isinstance(new, str) and texts[file].count(old) == 1, old
        texts[file] = texts[file].replace(old, new)
    return write_model(folder, [(name, None, text) for name, text in texts.items()])


def problems(folder: Path, edits: Sequence[Edit]) -> tuple[list[str], list[str], str]:
    """Marked places, places of the problems that are found, and all that is said."""
    expected = write_evidence(folder, edits)
    try:
        read_synthesis(folder, load(folder))
    except InputError as error:
        found = sorted(str(problem.place).removeprefix(f"{folder.as_posix()}/") for problem in error.problems)
        return expected, found, str(error)
    return expected, [], ""

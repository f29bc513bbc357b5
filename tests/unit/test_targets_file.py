"""validation.yaml: what is read, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

import cea
from cea.analysis.targets import Interval
from cea.loading.targets_file import Validation, read_targets
from tests.models import CIRRHOSIS, shipped

SOURCE = "source: {grade: assumption, note: a test}"
GOOD = f"""targets:
  - {{name: one, label: One, role: held_out, strategy: palliative, measure: survival, year: 1, expected: 0.5, n: 50,
     interval: {{kind: wilson}}, cohort: A cohort, {SOURCE}}}
"""


def read(folder: Path, text: str) -> Validation:
    (folder / "validation.yaml").write_text(text, encoding="utf-8")
    return read_targets(folder, shipped())


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong, each with line and column."""
    with pytest.raises(cea.InputError) as caught:
        read(folder, text)
    assert all(problem.place is not None and problem.place.line for problem in caught.value.problems)
    return [f"{problem.place.line}: {problem.what}" for problem in caught.value.problems]


def test_a_folder_without_the_file_has_nothing(tmp_path):
    assert read_targets(tmp_path, shipped()) == Validation()


def test_what_is_read(tmp_path):
    found = read(tmp_path, GOOD)
    (target,) = found.targets
    assert target.interval == Interval.wilson(0.5, 50) and target.n == 50 and target.cohort == "A cohort"
    assert (found.sections, found.excluded, found.published) == ((), (), ())


def one(**fields: str) -> str:
    """A target with some keys put in the place of its own."""
    own = {
        "name": "one", "label": "One", "role": "held_out", "strategy": "palliative", "measure": "survival", "year": "1",
        "expected": "0.5",
    }  # fmt: skip
    return "".join(f"\n    {key}: {text}" for key, text in {**own, **fields}.items() if text)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"interval": "{kind: wilson}"}, "the interval needs `n`, and a share as `expected`"),
        (
            {"interval": "{kind: wilson}", "n": "9", "expected": "2"},
            "the interval needs `n`, and a share as `expected`",
        ),
        ({"interval": "{kind: wilson, low: 0.1}", "n": "9"}, "the interval is computed"),
        ({"interval": "{kind: published, low: 0.1}"}, "the interval needs `low`, and `high` above it"),
        ({"interval": "{kind: published, low: 0.6, high: 0.4}"}, "the interval needs `low`, and `high` above it"),
        ({"interval": "{kind: published, low: 0.6, high: 0.7}"}, "the interval does not hold what is expected, 0.5"),
        ({"interval": "{kind: computed, low: 0.4, high: 0.7}"}, "the interval does not say how it was computed"),
        ({"interval": "{kind: published, low: 4, high: 7, of: year}", "expected": ""}, "the interval of a year needs"),
        (
            {"interval": "{kind: published, low: 0, high: 1}", "measure": "parameter", "parameter": "cost_b"},
            "the interval is not used by a parameter",
        ),
        ({"section": "nowhere"}, "unknown section 'nowhere'"),
        ({"start": "{child_pugh_d: 1}"}, "unknown state 'child_pugh_d'"),
        ({"start": "{child_pugh_b: 0.5}"}, "the start does not sum to 1"),
        ({"set": "{cost_zz: 1}"}, "unknown parameter 'cost_zz'"),
        ({"measure": "occupancy", "states": "[child_pugh_d]"}, "unknown state 'child_pugh_d'"),
        (
            {"life_table": "{table: life_table, columns: {male: rest}}"},
            "`life_table` gives the survival that is expected",
        ),
        ({"life_table": "{table: death, columns: {male: rest}}", "expected": ""}, "unknown table 'death'"),
        ({"life_table": "{table: life_table, columns: {man: rest}}", "expected": ""}, "unknown column 'man'"),
        ({"life_table": "{table: life_table, columns: {male: men}}", "expected": ""}, "unknown parameter 'men'"),
        (
            {"life_table": "{table: life_table, columns: {male: rest, female: rest}}", "expected": ""},
            "two columns are the rest",
        ),
        ({"role": "must_reproduce"}, "must be reproduced but has no `expected` with a `tolerance`"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(tmp_path, fields, said):
    found = problems(tmp_path, f"targets:\n  -{one(**fields)}\n    {SOURCE}\n".replace("-\n    name", "- name"))
    assert len(found) == 1 and said in found[0]


def test_two_targets_of_one_name_are_refused(tmp_path):
    assert problems(tmp_path, GOOD + GOOD.partition("\n")[2]) == ["4: there are two targets named one"]


def test_mistakes_beside_the_targets_are_told_together(tmp_path):
    more = f"""excluded:
  - {{label: A, found: B, reason: C, source: {{ref: nobody, grade: published}}}}
published:
  - label: Somebody
    found: something
    strategy: palliatif
    distance: unknown
    steps:
      - {{label: First, years: 2 +, set: {{cost_zz: 1}}, start: {{child_pugh_b: 0.4}}}}
    {SOURCE}
  - {{label: Nothing to run, found: x, distance: y, layers: [england], {SOURCE}}}
"""
    found = problems(tmp_path, GOOD + more)
    said = [
        "unknown source 'nobody'", "unknown strategy 'palliatif'", "unknown parameter 'cost_zz'", "years: ",
        "the start does not sum to 1", "there is no `strategy`, so nothing is run",
    ]  # fmt: skip
    assert len(found) == len(said)
    for words in said:
        assert any(words in problem for problem in found), words


def test_every_cohort_of_the_shipped_file_says_where_it_is_from():
    found = read_targets(CIRRHOSIS, shipped())
    held = [target for target in found.targets if target.role == "held_out"]
    assert all(target.cohort and target.source.ref and target.source.where for target in held)
    rows = {row for target in held for row in (target.source.where or "").replace("row ", "").split()}
    told = rows | {(item.source.where or "").removeprefix("row ") for item in found.excluded}
    assert {f"V{number:02d}" for number in range(2, 13)} <= told
    assert any(target.source.where == "row V01" for target in found.targets)


def test_judged_and_computed_intervals_are_those_that_they_name():
    beta = pytest.importorskip("scipy.stats").beta
    by_name = {target.name: target for target in read_targets(CIRRHOSIS, shipped()).targets}
    answer, predict = by_name["answer_b"].interval, by_name["target_predict"].interval
    assert answer is not None and predict is not None
    assert (answer.low, answer.high) == pytest.approx(beta(115.45, 59.48).ppf([0.025, 0.975]), abs=5e-4)
    assert (predict.low, predict.high) == pytest.approx(beta(782, 289).ppf([0.025, 0.975]), abs=1e-3)
    median = by_name["alvarez_b"].interval
    assert median is not None and median.of_year
    assert (12 * median.low, 12 * median.high) == pytest.approx((48, 74), abs=0.01)

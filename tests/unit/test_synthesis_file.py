"""synthesis.yaml: what is read from it, and every mistake with its place."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from cea.analysis.synthesis import Informed, pooled_frame
from cea.errors import InputError
from cea.loading.folder import load
from cea.loading.synthesis_file import read_synthesis
from cea.model.definition import Source
from tests.evidence_model import SYNTHESIS, problems, write_evidence
from tests.small_model import write_model

FILE, TABLE = "synthesis.yaml", "tables/trials.csv"
COUNTED = "  counted:\n    label: Counted 2020\n    design: "
RATIO, TIMES = "    hazard_ratio: {as: ratio}", "    target_ratio: {as: multiplier, reference: hazard_ratio}"
BETA = "\nbeta,cohort,Beta 2019,0.5,0.3,0.8,office,derived"


def test_a_folder_without_the_file_has_no_evidence(tmp_path: Path):
    write_model(tmp_path)
    assert read_synthesis(tmp_path, load(tmp_path)) is None


def test_studies_come_from_the_table_and_from_the_file(tmp_path: Path):
    write_evidence(tmp_path)
    found = read_synthesis(tmp_path, load(tmp_path))
    assert found is not None
    alpha, beta, counted, logged = found.studies.values()
    assert (alpha.effect, alpha.se) == pytest.approx((math.log(0.7), math.log(0.98 / 0.5) / 2 / 1.959964))
    assert (alpha.label, alpha.design) == ("Alpha 2018", "trial")
    assert beta.source == Source("derived", "office", "tables/trials.csv, beta")
    assert counted.effect == pytest.approx(math.log((12 / 60) / (20 / 61)))
    assert (counted.basis, counted.source.ref) == ("table 2", "office")
    assert (logged.effect, logged.se, logged.source.grade) == (-0.9, 0.35, "assumption")
    assert found.left_out == (("Gamma 2021", "no effect is given"),)
    assert math.exp(found.designs["cohort"].log_bias) == pytest.approx(0.72)
    assert [item.name for item in found.analyses] == ["unadjusted", "adjusted", "everything", "twice"]
    assert [item.bias_times for item in found.analyses] == [0, 1, 1, 2]
    assert found.analyses[3].studies == ("alpha", "beta", "counted")
    assert found.informs is not None and found.informs.analysis == "adjusted"
    assert found.informs.parameters == (
        Informed("hazard_ratio", "ratio"), Informed("target_ratio", "multiplier", 0.7, "hazard_ratio")
    )  # fmt: skip


def test_without_designs_there_is_no_adjustment(tmp_path: Path):
    designs = SYNTHESIS[SYNTHESIS.index("designs:") : SYNTHESIS.index("pool:")]
    twice = "  twice: {label: Bias twice, bias_times: 2}\n"
    edits = [(FILE, designs, ""), (FILE, ", bias_times: 1}", "}"), (FILE, twice, "")]
    write_evidence(tmp_path, edits)
    found = read_synthesis(tmp_path, load(tmp_path))
    assert found is not None
    assert [item.name for item in found.analyses] == ["unadjusted", "everything"]
    assert found.informs is not None and found.informs.analysis == "unadjusted"


def test_layers_change_the_reference(tmp_path: Path):
    write_evidence(tmp_path)
    found = read_synthesis(tmp_path, load(tmp_path, values={"hazard_ratio": 0.5}))
    assert found is not None and found.informs is not None
    assert found.informs.parameters[1].reference == 0.5


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ((FILE, "measure: risk_ratio", "measure: ¦risk_rtio"), "did you mean 'risk_ratio'"),
        ((FILE, "{ref: trial, where: all of it", "{ref: ¦trail, where: all of it"), "did you mean 'trial'"),
        ((FILE, "file: tables/trials.csv", "file: ¦tables/trial.csv"), "did you mean 'tables/trials.csv'"),
        ((FILE, "estimate: rr", "estimate: ¦ratio"), "has no column 'ratio'"),
        ((FILE, "  columns: {name: id, ", "  ¦columns: {"), "no column is named for name"),
        ((FILE, "label: title", "¦titel: title"), "unknown key 'titel'"),
        ((FILE, "  counted:\n", "  ¦alpha:\n"), "stands in the table as well"),
        ((FILE, f"{COUNTED}trial", f"  ¦{COUNTED[2:]}tril"), "did you mean 'trial'"),
        ((FILE, "    n_control: 61\n", ""), "alone do not give an effect"),
        ((FILE, "log_effect: -0.9, se: 0.35", "log_effect: -0.9, se: 0"), "standard error of 0"),
        ((FILE, "log_effect: -0.9, se: 0.35", "estimate: -0.9, se: 0.3"), "the ratio is -0.9"),
        ((FILE, "events_treated: 12", "events_treated: 70"), "between 0 and the number of patients"),
        ((FILE, "ratios: [0.95]", "ratios: [¦0]"), "must be at least 0.1"),
        ((FILE, "log_effect: -0.9, se: 0.35", "log_effect: -15, se: 0.35"), "a log effect of -15"),
        ((FILE, "{grade: published, ref: office}}", "{grade: published, ref: ¦ofice}}"), "did you mean 'office'"),
        ((FILE, "pool: [alpha, beta,", "pool: [¦alfa, beta,"), "did you mean 'alpha'"),
        ((FILE, "pool: [alpha, beta,", "pool: [alpha, ¦alpha,"), "pooled twice"),
        ((FILE, "pool: [alpha, beta,", "pool: [alpha, ¦gamma,"), "cannot be pooled: no effect is given"),
        ((FILE, "  twice: {label", "  ¦adjusted: {label"), "taken by a main analysis"),
        ((FILE, "bias_times: 2", "bias_times: ¦-2"), "must be at least 0"),
        ((FILE, "Logged, design: cohort,", "Logged,"), "no bias to adjust for: logged"),
        ((FILE, "  interval: normal\n", "  interval: normal\n  analysis: ¦adjustd\n"), "did you mean 'adjusted'"),
        ((FILE, RATIO, "    ¦hazard_rate: {as: ratio}"), "did you mean 'hazard_ratio'"),
        ((FILE, RATIO, "    ¦hazard_ratio: {as: ratio, reference: residual}"), "has no `reference`"),
        ((FILE, TIMES, "    ¦target_ratio: {as: multiplier}"), "needs `reference`"),
        ((FILE, "reference: hazard_ratio}", "reference: ¦residual}"), "is not a plain number"),
        ((FILE, "reference: hazard_ratio}", "reference: ¦one_year}"), "one_year is 1"),
        ((TABLE, "alpha,trial,Alpha 2018,0.7,0.5", "alpha,trial,Alpha 2018,0.7,¦low"), "'low' is not a number"),
        ((TABLE, "\nbeta,cohort", "\n¦alpha,cohort"), "'alpha' is given twice"),
        ((TABLE, "\nbeta,cohort", "\n¦,cohort"), "the study has no name"),
        ((TABLE, BETA, "\n¦" + BETA[1:].replace("derived", "fine")), "unknown grade 'fine'"),
        ((TABLE, "\nbeta,cohort,Beta 2019,0.5,0.3", "\n¦beta,cohort,Beta 2019,0.5,0.6"), "lies within its interval"),
        ((TABLE, BETA, "\n¦" + BETA[1:].replace("office", "offic")), "did you mean 'office'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, edit, words):
    expected, found, text = problems(tmp_path, [edit])
    assert words in text
    assert set(expected) <= set(found)


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    edits = [
        (FILE, "{ref: trial, where: all of it", "{ref: ¦trail, where: all of it"),
        (FILE, "pool: [alpha, beta,", "pool: [alpha, ¦gamma,"),
        (FILE, "reference: hazard_ratio}", "reference: ¦residual}"),
        (TABLE, "\nbeta,cohort,Beta 2019,0.5,0.3", "\n¦beta,cohort,Beta 2019,0.5,0.6"),
    ]
    expected, found, _ = problems(tmp_path, edits)
    assert len(expected) == 4
    assert found == expected


def test_a_table_that_cannot_be_read_does_not_make_every_study_unknown(tmp_path: Path):
    expected, found, text = problems(tmp_path, [(FILE, "file: tables/trials.csv", "file: ¦tables/trial.csv")])
    assert (expected, "unknown study" in text) == (found, False)


def test_a_study_without_events_in_either_group_is_left_out(tmp_path: Path):
    counts = "events_treated: 12\n    n_treated: 60\n    events_control: 20"
    none = "events_treated: 0\n    n_treated: 60\n    events_control: 0"
    edits = [
        (FILE, counts, none), (FILE, "pool: [alpha, beta, counted]", "pool: [alpha, beta]"),
        (FILE, "studies: [alpha, beta, counted, logged]", "studies: [alpha, beta, logged]"),
    ]  # fmt: skip
    write_evidence(tmp_path, edits)
    found = read_synthesis(tmp_path, load(tmp_path))
    assert found is not None
    assert ("Counted 2020", "in both groups none has the event, or all have it") in found.left_out


def test_the_widest_that_is_let_in_has_ratios_that_a_computer_can_hold(tmp_path: Path):
    ends = "{label: Logged, design: cohort, log_effect: 12, se: 5"
    edits = [
        (FILE, "{label: Logged, design: cohort, log_effect: -0.9, se: 0.35", ends),
        (FILE, "ratios: [0.9, 0.8], sd: 0.2", "ratios: [0.1, 0.1, 0.1, 0.1, 0.1], sd: 5"),
        (FILE, "ratios: [0.95], sd: 0.1", "ratios: [10, 10, 10, 10, 10], sd: 0"),
        (FILE, "studies: [alpha, beta, counted, logged], bias_times: 1", "studies: [alpha, logged], bias_times: 3"),
    ]
    write_evidence(tmp_path, edits)
    found = read_synthesis(tmp_path, load(tmp_path))
    assert found is not None
    frame = pooled_frame(found)
    assert np.isfinite(frame[["ratio", "hartung_knapp_low", "hartung_knapp_high"]].to_numpy()).all()


def test_the_file_itself_can_be_broken(tmp_path: Path):
    write_evidence(tmp_path)
    (tmp_path / FILE).write_text("label: [", encoding="utf-8")
    with pytest.raises(InputError, match="not valid YAML"):
        read_synthesis(tmp_path, load(tmp_path))


def test_sides_are_read_and_both_are_needed(tmp_path: Path):
    write_evidence(tmp_path, [(FILE, "pool:", "sides: {below: for it, above: against it}\npool:")])
    found = read_synthesis(tmp_path, load(tmp_path))
    assert found is not None and found.sides == ("for it", "against it")
    write_evidence(tmp_path, [(FILE, "pool:", "sides: {below: for it}\npool:")])
    with pytest.raises(InputError, match="above"):
        read_synthesis(tmp_path, load(tmp_path))

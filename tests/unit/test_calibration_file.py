"""calibration.yaml: what it becomes, every mistake with its place, and layers that are written and read back."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import cea
from cea.analysis.calibration import calibrate
from cea.analysis.calibration_tables import parameters_frame
from cea.analysis.forecast import Forecast
from cea.errors import UsageError
from cea.loading.calibrated_layer import WRITTEN, file_names, refuse_existing, write_layer
from cea.loading.calibration_file import read_calibrations
from tests.models import CIRRHOSIS, shipped
from tests.shares_model import CALIBRATIONS, write_shares


def test_the_file_says_everything(tmp_path):
    folder = write_shares(tmp_path / "model")
    both, alone = read_calibrations(folder, cea.load(folder))
    assert (both.name, both.label, both.writes) == ("both", "Share and hazard", "calibrated_both")
    assert both.parameters == ("share_one", "hazard")
    assert [prior.distribution.family for prior in both.priors] == ["beta", "lognormal"]
    assert [item.name for item in both.targets] == ["half", "alive"]
    half, alive = both.targets
    assert (half.measure, half.states, half.value, half.se, half.year) == ("occupancy", ("one",), 0.6, 0.05, 1)
    assert (alive.source.grade, half.source.ref) == ("assumption", "a_study")
    assert [(item.name, len(item.layers)) for item in both.methods] == [("yearly", 1), ("quarterly", 2)]
    assert both.reference is not None and both.reference.values.shape == (400, 2)
    assert [item.name for item in alone.targets] == ["alive"] and alone.fixed[0].value == 0.6
    # Changes that all methods share, then those of the method.
    changed = cea.load(folder).with_layer(*both.methods[1].layers)
    assert (changed.parameters["health"].value, changed.settings.cycles_per_year) == (0.5, 4)


def test_a_folder_without_the_file_has_no_calibrations(tmp_path):
    folder = write_shares(tmp_path / "model")
    (folder / "calibration.yaml").unlink()
    assert read_calibrations(folder, cea.load(folder)) == ()


MISTAKES = [
    ("strategy: usual, year: 1", "strategy: ¦usuall, year: 1", "unknown strategy 'usuall'", "'usual'"),
    ("states: [one]", "states: [¦four]", "unknown state 'four'", "known here"),
    ("measure: occupancy, states: [one]", "measure: survival, states: ¦[one]", "survival has no `states`", "delete it"),
    ("half: {label: Share one, measure: occupancy, states: [one]", "¦half: {label: Share one, measure: occupancy",
     "the measure occupancy needs `states`", "add it"),
    ("value: 0.6, se: 0.05", "value: 0.6, se: ¦0", "must be above 0", "choose"),
    ("year: 1, value", "year: 1, start: ¦{one: 0.4}, value", "the start sums to 0.4", "change a share"),
    ("year: 1, value", "year: 1, start: {one: ¦1.4, two: -0.4}, value", "the start share of one is 1.4", "from 0 to 1"),
    ("ref: a_study, grade: published", "ref: ¦a_studi, grade: published", "unknown source 'a_studi'", "a_study"),
    ("methods: [yearly, quarterly]", "methods: [¦anually, quarterly]", "unknown method 'anually'", "known here"),
    ("targets: [alive]", "targets: [alive, ¦alive]", "the target 'alive' is named twice", "delete"),
    ("family: beta, mean: 0.5, se: 0.1", "family: ¦uniform, min: 0, max: 1", "could not be", "choose lognormal"),
    ("{family: beta, mean", "{family: ¦betta, mean", "there is no family 'betta'", "beta"),
    ("hazard: {distribution: {family: lognormal, median: 0.1, sdlog: 0.5}",
     "hazard: {distribution: ¦{family: normal, mean: 0.1, sd: 0.5}", "beyond its bounds of 0 to inf", "stays within"),
    ("      share_one: {distribution", "      ¦shareone: {distribution", "unknown parameter 'shareone'", "share_one"),
    ("      share_one: {distribution", "      ¦double: {distribution", "double is worked out from others", "name the"),
    ("{share_one: {value: 0.6", "{¦hazard: {value: 0.6", "hazard has a prior and is fixed as well", "delete one"),
    ("{share_one: {value: 0.6", "{share_two: {value: ¦1.6", "1.6 lies outside the bounds of share_two", "from 0 to 1"),
    ("draws: tables/other.csv", "draws: ¦tables/others.csv", "there is no file tables/others.csv", "name a CSV"),
    ("method: yearly}", "method: ¦yearli}", "unknown method of this calibration 'yearli'", "'yearly'"),
    ("label: Hazard alone", "label: Hazard alone\n    writes: ¦../x", "cannot be the name of a layer", "small letters"),
    ("changes: {parameters: {health", "changes: {parameters: {¦wealth", "the parameter 'wealth'", "health"),
    ("cycles_per_year: 4", "cycles_per_year: ¦0", "must be at least 1", "choose"),
    ("year: 1, value", "year: 1, layers: [¦nowhere], value", "unknown layer 'nowhere'", "name a layer"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "what", "remedy"), MISTAKES)
def test_every_mistake_has_its_place(tmp_path, old, new, what, remedy):
    assert CALIBRATIONS.count(old) >= 1
    text = CALIBRATIONS.replace(old, new, 1)
    before = text[: text.index("¦")]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    folder = write_shares(tmp_path / "model", text.replace("¦", ""))
    with pytest.raises(cea.InputError) as error:
        read_calibrations(folder, cea.load(folder))
    found = [(str(item.place), item.what, item.remedy) for item in error.value.problems]
    place = f"{(folder / 'calibration.yaml').as_posix()}:{line}:{column}"
    assert any(at == place and what in said and remedy in right for at, said, right in found), found


def test_all_mistakes_are_told_at_once(tmp_path):
    text = CALIBRATIONS.replace("strategy: usual, year: 1", "strategy: usuall, year: 1").replace("a_study", "study_b")
    folder = write_shares(tmp_path / "model", text.replace("methods: [yearly]", "methods: [daily]"))
    with pytest.raises(cea.InputError) as error:
        read_calibrations(folder, cea.load(folder))
    # One strategy, one method, and the source of a target and of two calibrations.
    assert len(error.value.problems) == 5


@pytest.mark.parametrize(
    ("rows", "what"),
    [("share_one,hazard\n0.5,x\n" + "0.5,0.1\n" * 30, "'x' is not a number"),
     ("share_one,hazard\n" + "0.5,0.1\n" * 5, "fewer than 20"),
     ("share_one,hazard\n0.5,-0.1\n" + "0.5,0.1\n" * 30, "-0.1 is not above zero"),
     ("a,b\n" + "0.5,0.1\n" * 30, "no draws of the calibrated parameters")],
)  # fmt: skip
def test_draws_to_compare_with_are_checked(tmp_path, rows, what):
    folder = write_shares(tmp_path / "model")
    (folder / "tables" / "other.csv").write_text(rows)
    with pytest.raises(cea.InputError, match=what):
        read_calibrations(folder, cea.load(folder))


def test_what_is_written_is_read_back(tmp_path):
    folder = write_shares(tmp_path / "model")
    model = cea.load(folder)
    both, alone = read_calibrations(folder, model)
    found = calibrate(model, both, n=2_400, chains=2)
    paths = write_layer(found, folder)
    assert [path.relative_to(folder).as_posix() for path in paths] == list(file_names(model, both))
    read = cea.load(folder, ["calibrated_both"])
    table = parameters_frame(found).set_index("parameter")
    hazard, share = read.parameters["hazard"], read.parameters["share_one"]
    assert hazard.value == pytest.approx(table.loc["hazard", "median"], rel=1e-3)
    assert hazard.distribution is not None and share.distribution is not None
    assert hazard.distribution.parameters()["sdlog"] == pytest.approx(table.loc["hazard", "sdlog"], rel=1e-3)
    assert share.distribution.family == "beta"
    assert share.distribution.sd == pytest.approx(table.loc["share_one", "sd"], rel=1e-2)
    assert share.range == pytest.approx((table.loc["share_one", "low"], table.loc["share_one", "high"]), rel=1e-3)
    assert "cea calibrate both" in (share.source.note or "") and share.source.grade == "derived"
    (group,) = read.joint.values()
    assert group.parameters == ("share_one", "hazard") and group.draws is not None
    assert len(group.draws) <= WRITTEN
    assert np.median(group.draws[:, 1]) == pytest.approx(table.loc["hazard", "median"], rel=0.05)
    # One parameter needs no group, and what was fixed stays fixed.
    (layer_file,) = write_layer(calibrate(model, alone, n=400), folder)
    assert "joint" not in layer_file.read_text()
    fixed = cea.load(folder, ["calibrated_hazard_only"]).parameters["share_one"]
    assert fixed.value == 0.6 and not fixed.uncertain
    with pytest.raises(UsageError, match="--force"):
        refuse_existing(folder, model, [both], force=False)
    refuse_existing(folder, model, [both], force=True)
    with pytest.raises(UsageError, match="two calibrations write"):
        refuse_existing(folder, model, [both, both], force=True)


# The shipped calibrations.


def test_the_shipped_medians_give_the_survival_that_was_printed_with_them():
    model = shipped()
    r2 = next(item for item in read_calibrations(CIRRHOSIS, model) if item.name == "r2")
    annual = model.with_layer(*r2.method("annual_exponential").layers)
    medians = np.array([[0.329, 0.172, 0.172, 0.767, 0.014, 0.111, 0.930]])
    figures = Forecast(annual, r2.targets, r2.parameters, {})(medians)[0]
    found = {item.name: figure for item, figure in zip(r2.targets, figures, strict=True)}
    printed = {
        "survival_a_1": 0.956, "survival_a_2": 0.879, "survival_b_1": 0.854, "survival_b_2": 0.714,
        "survival_b_5": 0.428, "survival_c_1": 0.518, "survival_c_2": 0.375, "survival_c_5": 0.210,
        "survival_mix_1": 0.736,
    }  # fmt: skip
    assert found == pytest.approx(printed, abs=0.0011)


def test_the_shipped_layer_s3_is_what_the_calibration_gives():
    model = shipped()
    s3 = next(item for item in read_calibrations(CIRRHOSIS, model) if item.name == "s3")
    found = calibrate(model, s3, n=2_000)
    layer = cea.load(CIRRHOSIS, ["natural_history_s3"])
    for row in parameters_frame(found).to_dict("records"):
        written = layer.parameters[row["parameter"]]
        assert written.value == pytest.approx(row["median"], rel=math.exp(4 * row["mcse_median"] / row["median"]) - 1)
    assert {item.parameter: item.value for item in s3.fixed} == {
        name: layer.parameters[name].value for name in ("rate_a_to_b", "rate_b_to_a", "rate_b_to_c", "rate_c_to_b")
    }


def test_every_number_of_the_shipped_file_has_a_grade():
    for item in read_calibrations(CIRRHOSIS, shipped()):
        sources = [entry.source for entry in (*item.targets, *item.priors, *item.fixed)]
        assert all(source.ref in shipped().sources and source.where for source in sources)
        recalled = {entry.name for entry in item.targets if entry.source.grade == "unverified"}
        assert {"survival_a_1", "survival_a_2", "survival_b_1", "survival_b_2", "survival_c_1"} <= recalled


def test_paths_are_inside_the_model_folder():
    for item in read_calibrations(CIRRHOSIS, shipped()):
        assert all(not Path(name).is_absolute() and ".." not in name for name in file_names(shipped(), item))

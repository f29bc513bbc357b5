"""Figures that a model must reproduce, measured on a model whose answers are known in closed form."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import cea
from cea.analysis.fit import compare, comparisons_frame, curves_frame, fit
from cea.analysis.life_table import REST, LifeTable, survival
from cea.analysis.targets import Interval, Target
from cea.engine.cohort import simulate
from cea.engine.sampling import sample
from cea.engine.solve import solved_values
from cea.model.definition import Source
from tests.models import layer, shipped, value
from tests.two_states import small

SOURCE = Source("assumption", None, None, "a test")


def target(**fields: object) -> Target:
    given = {"measure": "survival", "expected": None, "strategy": "usual", "year": 2.0, **fields}
    return Target(**{"name": "one", "label": "One", "role": "must_reproduce", "source": SOURCE, **given})


def model_for(names: tuple[str, ...]) -> cea.Model:
    layers = {"deadlier": layer("parameters: {hazard: {value: 0.4}}"), "coarse": layer("time: {cycles_per_year: 2}")}
    return small().with_layer(*(layers[name] for name in names))


def measured(**fields: object) -> float:
    return compare([target(**fields)], model_for)[0].value


def test_measures_by_hand():
    assert measured() == pytest.approx(math.exp(-0.4), rel=1e-12)
    assert measured(strategy="drug") == pytest.approx(math.exp(-0.7 * 0.4), rel=1e-10)
    assert measured(measure="occupancy", states=("gone", "healing")) == pytest.approx(1 - math.exp(-0.4), rel=1e-12)
    assert measured(measure="event", event="death", year=1.0) == pytest.approx(1 - math.exp(-0.2), rel=1e-12)
    assert measured(measure="hazard_ratio", strategy="drug", comparator="usual") == pytest.approx(0.7, rel=1e-10)
    assert measured(measure="parameter", parameter="residual") == pytest.approx(0.7, rel=1e-10)
    assert measured(measure="parameter", parameter="price") == 8


def test_layers_start_and_values_are_those_of_the_target():
    assert measured(layers=("deadlier",)) == pytest.approx(math.exp(-0.8), rel=1e-12)
    assert measured(values={"hazard": 0.1}) == pytest.approx(math.exp(-0.2), rel=1e-12)
    assert measured(start={"gone": 0.5, "well": 0.5}) == pytest.approx(0.5 * math.exp(-0.4), rel=1e-12)
    changes = [{}, {"layers": ("deadlier",)}, {"start": {"gone": 1.0}}, {"values": {"hazard": 0.0}}]
    several = [target(name=str(at), **change) for at, change in enumerate(changes)]
    found = compare(several, model_for)
    assert [item.target.name for item in found] == ["0", "1", "2", "3"]
    assert [item.value for item in found] == pytest.approx([math.exp(-0.4), math.exp(-0.8), 0, 1])
    assert [item.start for item in found] == ["Well", "Well", "Dead", "Well"]


def test_the_year_is_read_at_the_nearest_cycle():
    assert measured(year=1.1) == measured(year=1.0)
    assert measured(year=1.2) == measured(year=1.25)
    assert measured(year=1.2, layers=("coarse",)) == pytest.approx(math.exp(-0.2), rel=1e-12)


@pytest.mark.parametrize(
    ("expected", "tolerance", "met"),
    [
        (0.67, 0.01, True),
        (0.66, 0.01, False),
        (0.69, 0.01, False),
        (math.exp(-0.4) + 0.01, 0.01, True),
        (None, None, None),
        (0.67, None, None),
    ],
)
def test_a_figure_is_met_within_its_tolerance(expected, tolerance, met):
    found = compare([target(expected=expected, tolerance=tolerance)], model_for)[0]
    assert found.met is met
    assert found.difference == (None if expected is None else pytest.approx(math.exp(-0.4) - expected, abs=1e-12))


def test_the_matrix_exponential_stands_beside_what_must_be_reproduced():
    several = [target(), target(name="two", role="context"), target(name="three", measure="event", event="death")]
    found = compare(several, model_for)
    assert found[0].exponential == pytest.approx(math.exp(-0.4), rel=1e-12)
    assert found[1].exponential is None and found[2].exponential is None


def test_the_table_has_a_row_for_each_figure():
    frame = comparisons_frame(compare([target(expected=0.7, tolerance=0.1), replace(target(), name="two")], model_for))
    assert frame["name"].tolist() == ["one", "two"]
    first = frame.iloc[0]
    assert (first["expected"], first["tolerance"], bool(first["met"])) == (0.7, 0.1, True)
    assert first["difference"] == pytest.approx(first["model"] - 0.7, abs=1e-15)
    assert (first["grade"], first["note"]) == ("assumption", "a test")


def test_targets_that_ask_for_the_same_run_share_it():
    asked = []

    def counted(names: tuple[str, ...]) -> cea.Model:
        asked.append(names)
        return model_for(names)

    several = [target(name=f"at {year}", year=year) for year in (0.5, 1.0, 4.0)]
    found = fit([*several, target(name="deadlier", layers=("deadlier",))], counted)
    assert asked == [(), ("deadlier",)]
    assert [item.value for item in found.comparisons[:3]] == pytest.approx([math.exp(-0.2 * t) for t in (0.5, 1, 4)])
    first = found.curves[0]
    assert first.names == ("at 0.5", "at 1.0", "at 4.0") and first.low is None
    assert first.alive == pytest.approx(np.exp(-0.2 * first.years)) and first.years[-1] == 4
    rows = curves_frame(found.curves)
    assert len(rows) == 17 + 9 and rows["low"].isna().all()


@pytest.mark.parametrize(("alive", "n"), [(0.42, 50), (0.0, 30), (1.0, 30), (0.5, 2028)])
def test_a_wilson_interval_ends_where_the_share_is_two_sided_2_5_percent_away(alive, n):
    interval = Interval.wilson(alive, n)
    ends = (interval.low, interval.high)
    assert interval.kind == "computed" and f"{n:,}" in interval.method
    for end in ends:
        # at each end the observed share is 1.96 standard errors of a share of that end away, or the end is the share
        gap = abs(alive - end)
        assert gap == pytest.approx(1.959963984540054 * math.sqrt(end * (1 - end) / n), abs=1e-9)
    assert interval.low <= alive <= interval.high


def test_the_interval_over_draws_is_that_of_the_same_draws_run_by_hand():
    model = shipped()
    c = target(strategy="palliative", start={"child_pugh_c": 1.0}, year=1.0, role="held_out")
    fixed = replace(c, name="fixed", values=dict.fromkeys(sample(model, 2).names, 0.01))
    found = fit([c, fixed], lambda _: model, draws=300, seed=7)
    draws = sample(model, 300, 7)
    alone = simulate(model, {**solved_values(model), **draws.mapping()}, ["palliative"], 12, {"child_pugh_c": 1.0})
    low, high = np.quantile(alone.alive[:, 0, 12], [0.025, 0.975])
    first, second = found.comparisons
    assert (first.model.low, first.model.high) == pytest.approx((low, high), abs=1e-12)
    assert low < first.value < high
    # what a target sets is not drawn
    assert second.model.low == pytest.approx(second.value) and second.model.high == pytest.approx(second.value)
    curve = found.curves[0]
    assert curve.low is not None and curve.high is not None
    assert (curve.low[12], curve.high[12]) == pytest.approx((low, high), abs=1e-12)


def test_without_draws_or_for_a_solved_parameter_there_is_no_interval():
    solved = target(measure="parameter", parameter="residual", strategy=None, year=None)
    assert compare([target()], model_for)[0].model.low is None
    assert compare([solved], model_for, draws=4)[0].model.low is None


def test_the_time_at_which_a_share_is_reached():
    half = Interval(3, 4, "published", of_year=True)
    asked = target(role="held_out", expected=0.5, year=3.5, interval=half)
    reached = compare([asked], model_for)[0].reached
    assert reached is not None
    # the share falls evenly within a cycle of a quarter year, which the exponential does nearly
    assert reached.value == pytest.approx(math.log(2) / 0.2, abs=2e-3)
    assert compare([replace(asked, values={"hazard": 0.01})], model_for)[0].reached.value == math.inf
    assert compare([replace(asked, expected=1.0)], model_for)[0].reached.value == 0
    row = comparisons_frame(compare([replace(asked, values={"hazard": 0.01})], model_for)).iloc[0]
    assert (row["observed_year_low"], row["observed_year_high"], row["model_year"]) == (3, 4, None)


LIFE = LifeTable("life_table", {"male": "male_share", "female": REST})


@pytest.mark.parametrize("jurisdiction", ["us", "england"])
def test_a_life_table_by_hand(jurisdiction):
    model = shipped(jurisdiction)
    table = model.tables["life_table"].numeric
    share, first = value(jurisdiction, "male_share"), value(jurisdiction, "start_age")
    assert first == 57
    alive = 1.0
    for age in (57, 58, 59):
        row = list(table.keys).index(age)
        alive *= 1 - share * table.columns["male"][row] - (1 - share) * table.columns["female"][row]
    assert survival(LIFE, model, 3) == pytest.approx(alive, rel=1e-14)
    row = list(table.keys).index(60)
    fourth = share * table.columns["male"][row] + (1 - share) * table.columns["female"][row]
    assert survival(LIFE, model, 3.5) == pytest.approx(alive * (1 - fourth) ** 0.5, rel=1e-12)
    assert survival(LIFE, model, 0) == 1


def test_a_life_table_gives_what_is_expected():
    asked = target(strategy="palliative", start={"transplant_year_1": 1.0}, year=1.0, life_table=LIFE, tolerance=1e-9)
    found = compare([asked], lambda _: shipped(), draws=3)[0]
    assert found.expected == survival(LIFE, shipped(), 1)
    assert found.met is False and found.model.low is None
    off = {"transplant_excess_death_year_1": 0.0, "transplant_excess_death_later": 0.0}
    assert compare([replace(asked, values=off)], lambda _: shipped())[0].met is True


def test_a_life_table_that_is_too_short_is_refused():
    with pytest.raises(cea.InputError, match="does not hold all ages from 57 to"):
        survival(LIFE, shipped(), 70)


def test_who_starts_is_told_by_the_states():
    everybody = target(strategy="palliative", year=1.0)
    names = [((), "Child-Pugh B/C 57/43 %"), (("all_comers",), "Child-Pugh A/B/C 11/51/38 %")]
    for layers, told in names:
        assert compare([replace(everybody, layers=layers)], lambda chosen: shipped(*chosen))[0].start == told
    mixed = target(start={"well": 0.6, "healing": 0.4})
    assert compare([mixed], model_for)[0].start == "Well 60 %, Healing 40 %"

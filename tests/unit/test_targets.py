"""Figures that a model must reproduce, measured on a model whose answers are known in closed form."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import cea
from cea.analysis.targets import Published, Target, compare, compare_published, comparisons_frame
from cea.model.definition import Source
from tests.models import base, layer, shipped
from tests.two_states import small

SOURCE = Source("assumption", None, None, "a test")


def target(**fields: object) -> Target:
    given = {"measure": "survival", "expected": None, "strategy": "usual", "year": 2.0, **fields}
    return Target(name="one", label="One", role="must_reproduce", source=SOURCE, **given)


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
    several = [target(), target(layers=("deadlier",)), target(start={"gone": 1.0}), target(values={"hazard": 0.0})]
    assert [item.value for item in compare(several, model_for)] == pytest.approx([math.exp(-0.4), math.exp(-0.8), 0, 1])


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
    found = compare([target(), replace(target(), role="context"), target(measure="event", event="death")], model_for)
    assert found[0].exponential == pytest.approx(math.exp(-0.4), rel=1e-12)
    assert found[1].exponential is None and found[2].exponential is None


def test_the_table_has_a_row_for_each_figure():
    frame = comparisons_frame(compare([target(expected=0.7, tolerance=0.1), replace(target(), name="two")], model_for))
    assert frame["name"].tolist() == ["one", "two"]
    first = frame.iloc[0]
    assert (first["expected"], first["tolerance"], bool(first["met"])) == (0.7, 0.1, True)
    assert first["difference"] == pytest.approx(first["model"] - 0.7, abs=1e-15)
    assert (first["grade"], first["note"]) == ("assumption", "a test")


def test_a_published_evaluation_stands_beside_the_models_own_result():
    item = Published("A study", "36,000 per QALY", "msc", "palliative", ("england",), "another price year")
    found = compare_published([item], lambda names: shipped(*names))[0]
    expected = cea.incremental(base("england"), "palliative").pairs[1]
    assert (found.pair, found.currency, found.effect_unit) == (expected, "GBP", "QALY")

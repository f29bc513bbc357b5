"""Scenarios side by side: what runs, what does not and why, and the difference to the base case."""

from __future__ import annotations

import math

import pytest

import cea
from cea.analysis.headline import headlines
from cea.analysis.scenarios import run_scenarios, scenarios_frame
from cea.loading.folder import Folder
from tests.models import CIRRHOSIS, base, layer, shipped
from tests.two_states import small


def layers(*names: str) -> list:
    folder = Folder(CIRRHOSIS)
    return [folder.layer(f"scenarios/{name}") for name in names]


def test_the_base_case_comes_first_and_each_layer_stands_alone_on_it():
    found = run_scenarios(shipped(), layers("discount_0", "price_china"))
    assert [item.name for item in found] == ["base", "scenarios/discount_0", "scenarios/price_china"]
    assert found[0].headlines == tuple(headlines(base()))
    assert found[2].headlines == tuple(headlines(base("price_china")))
    assert found[2].results.model.parameters["discount_costs"].value == 0.03


def test_a_layer_for_another_currency_is_kept_with_its_reason():
    found = run_scenarios(shipped("england"), layers("price_china", "price_low_england"))
    assert found[1].results is None and found[1].headlines == ()
    assert found[1].reason == "made for models in USD"
    assert found[2].results is not None


def test_the_problems_of_all_layers_that_are_wrong_are_said():
    broken = layer("formulas: {waning: one_year / (since_course - since_course)}", "broken")
    stranger = layer("parameters: {no_such_thing: 1}", "stranger")
    with pytest.raises(cea.InputError) as caught:
        run_scenarios(shipped(), [broken, *layers("discount_0"), stranger])
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 2
    assert "waning has no value" in said[0] and "no_such_thing" in said[1]


def test_what_is_only_impossible_here_is_kept_with_its_reason():
    refused = layer("perspectives: {societal: {refused: nobody counted}}\nsettings: {perspective: societal}", "refused")
    alone = layer("strategies: [msc]", "alone")
    found = run_scenarios(shipped(), [refused, alone])
    assert [item.results for item in found[1:]] == [None, None]
    assert "nobody counted" in found[1].reason
    assert found[2].reason == "it selects the strategies of no headline"


def test_a_scenario_in_a_perspective_of_its_own_is_compared_with_the_base_in_it():
    found = run_scenarios(shipped(), layers("friction_cost"))
    frame = scenarios_frame(found, 100_000).set_index(["scenario", "headline"])
    societal = {
        item.headline.name: item.net_benefit(100_000) for item in headlines(cea.run(shipped(), perspective="societal"))
    }
    assert found[1].headlines
    for item in found[1].headlines:
        name = item.headline.name
        expected = item.net_benefit(100_000) - societal[name]
        assert frame.loc[("scenarios/friction_cost", name), "nmb_change"] == pytest.approx(expected, rel=1e-9)
    # Work counts only in the societal perspective.
    own = run_scenarios(shipped(), layers("friction_cost"), "health_sector")
    assert {own[1].change(item, 100_000) for item in own[1].headlines} == {0.0}


def test_a_perspective_that_the_base_refuses_has_no_change():
    base_model = shipped("england")
    opened = layer("perspectives: {societal: {refused: null}}\nsettings: {perspective: societal}", "opened")
    found = run_scenarios(base_model, [opened])
    assert found[1].results is not None and found[1].reference == ()
    assert found[1].change(found[1].headlines[0], 30_000) is None


def test_a_perspective_that_is_asked_for_holds_for_all_and_else_each_has_its_own():
    wider = layer("settings: {perspective: societal}", "wider")
    own = run_scenarios(shipped(), [wider])
    assert [item.results.perspective for item in own] == ["health_sector", "societal"]
    assert own[1].headlines[0].pair.cost != own[0].headlines[0].pair.cost
    asked = run_scenarios(shipped(), [wider], "health_sector")
    assert asked[1].headlines[0].pair == asked[0].headlines[0].pair
    with pytest.raises(cea.UsageError):
        run_scenarios(shipped("england"), [], "societal")


def test_the_table_has_the_difference_of_net_benefit_to_the_base():
    found = run_scenarios(
        shipped(), [*layers("price_china", "discount_0", "price_low_england"), layer("start: {dead_other: 1}")]
    )
    frame = scenarios_frame(found, 100_000)
    rows = frame.dropna(subset=["headline"]).set_index(["scenario", "headline"])
    assert len(rows) == 2 * 4
    for (scenario, name), row in rows.iterrows():
        assert row["nmb"] == pytest.approx(100_000 * row["incremental_effect"] - row["incremental_cost"], rel=1e-12)
        assert row["nmb_change"] == pytest.approx(row["nmb"] - rows.loc[("base", name), "nmb"], abs=1e-9)
        if scenario == "base":
            assert row["nmb_change"] == 0
    cheaper = rows.loc[("scenarios/price_china", "ineligible")]
    infusions = base().lines["msc_acquisition"].discounted[0, 1] / 7200
    assert cheaper["nmb_change"] == pytest.approx((7200 - 2750) * infusions, rel=1e-9)
    assert cheaper["highest_price"] == pytest.approx(rows.loc[("base", "ineligible"), "highest_price"], rel=1e-9)
    unborn = rows.loc[("test", "ineligible")]
    assert (unborn["incremental_cost"], unborn["quadrant"]) == (0, "origin")
    assert math.isnan(unborn["icer"])
    left_out = frame[frame["headline"].isna()]
    assert left_out["reason"].tolist() == ["made for models in GBP"]


def test_a_severity_weight_is_beside_what_it_changes():
    found = run_scenarios(shipped("england", "c_only"), layers("discount_1_5"))
    frame = scenarios_frame(found, 30_000)
    assert frame["severity_weight"].tolist()[::2] == [1.2, 1.2]
    for row, item in zip(frame.itertuples(), (item for one in found for item in one.headlines), strict=True):
        assert row.icer_weighted == pytest.approx(row.icer / row.severity_weight, rel=1e-12)
        assert row.highest_price_weighted == item.price_limit(30_000).weighted


def test_a_model_without_headlines_has_no_rows():
    frame = scenarios_frame(run_scenarios(small(), []), 1.0)
    assert len(frame) == 0

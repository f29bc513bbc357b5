"""Subgroups against the layered model itself, and what is said of those without a result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cea
from cea.analysis.headline import headlines
from cea.analysis.subgroups import EVERYBODY, Subgroup, run_subgroups
from cea.errors import InputError, UsageError
from cea.loading.subgroups_file import read_subgroups
from tests.contract_model import contract_model
from tests.models import CIRRHOSIS, layer, shipped


def group(text: str, name: str = "group", by: str = "Part") -> Subgroup:
    return Subgroup(name, name.capitalize(), by, (layer(text, name),))


def test_a_subgroup_is_the_model_with_its_layers():
    model = shipped()
    subgroups, _ = read_subgroups(CIRRHOSIS, model)
    chosen = [item for item in subgroups if item.name in ("child_pugh_c", "age_45")]
    found = run_subgroups(model, chosen)
    for name, other in (
        (EVERYBODY, model),
        ("child_pugh_c", shipped("c_only")),
        ("age_45", model.with_values({"start_age": 45.0})),
    ):
        items = {item.comparison.name: item for item in found.results if item.subgroup.name == name}
        for expected in headlines(cea.run(other)):
            item = items[expected.headline.name]
            row = item.record(100_000.0)
            assert row["nmb"] == pytest.approx(expected.net_benefit(100_000.0), rel=1e-9)
            limit = expected.price_limit(100_000.0).price
            assert item.highest_price(100_000.0) == pytest.approx(limit, rel=1e-9)


def test_draws_are_those_of_the_subgroups_own_model_and_shared_by_all():
    model = contract_model()
    found = run_subgroups(model, [group("parameters: {share_well: 0.5}")], 300, 4)
    everybody, part = found.results
    for item, other in ((everybody, model), (part, contract_model(share_well=0.5))):
        outcomes = cea.run(other, cea.sample(other, 300, 4)).outcomes
        benefit = outcomes.net_monetary_benefit(5000.0) @ np.array([-1, 1])
        row = item.record(5000.0)
        assert row["nmb_mean"] == pytest.approx(benefit.mean())
        assert row["probability_cost_effective"] == (benefit >= 0).mean()
        assert (row["nmb_low"], row["nmb_high"]) == pytest.approx(tuple(np.quantile(benefit, (0.025, 0.975))))
        prices = item.price_distribution(5000.0)
        assert prices.probability(900.0) == (benefit >= 0).mean()
        assert row["price_median"] == prices.quantile(0.5)


def test_a_price_of_zero_now_is_the_run_at_zero():
    model = contract_model(price=0.0)
    (item,) = run_subgroups(model, [], 50).results
    outcomes = cea.run(model, cea.sample(model, 50, 1)).outcomes
    assert item.drawn.cost == pytest.approx(outcomes.cost)
    assert item.highest_price(5000.0) > 0


def test_a_pair_without_a_price_has_no_highest_price():
    (item,) = run_subgroups(contract_model(), [], 20, pair=("usual", "drug")).results
    assert item.price_distribution(5000.0) is None and "highest_price" not in item.record(5000.0)
    with pytest.raises(ValueError, match="no price"):
        item.highest_price(5000.0)


def test_severity_is_that_of_the_subgroup():
    model = shipped("england")
    subgroups, _ = read_subgroups(CIRRHOSIS, model)
    found = run_subgroups(model, [item for item in subgroups if item.name == "child_pugh_c"])
    weights = {(item.subgroup.name, item.comparison.name): item.weight for item in found.results}
    assert weights["child_pugh_c", "ineligible"] == 1.2 and weights[EVERYBODY, "ineligible"] == 1.0
    row = next(item for item in found.results if item.weight == 1.2).record(30_000.0)
    assert row["highest_price_weighted"] > row["highest_price"]


def test_subgroups_without_a_result_keep_their_reason():
    model = contract_model(share_well=0.2)
    dollars = Subgroup("pounds", "Pounds", "Money", (layer("requires: {currency: GBP}", "pounds"),))
    unknown = Subgroup("unknown", "Unknown", "Cause", missing="nobody knows")
    found = run_subgroups(model, [group("parameters: {share_well: 0.9}"), dollars, unknown])
    assert [item.subgroup.name for item in found.results] == [EVERYBODY]
    assert {item.name: item.missing for item in found.missing} == {
        "group": "share_well: set for everybody", "pounds": "made for models in GBP", "unknown": "nobody knows",
    }  # fmt: skip
    frame = found.frame([1000.0, 5000.0])
    assert list(frame["subgroup"]) == [EVERYBODY, EVERYBODY, "group", "pounds", "unknown"]
    assert list(frame["reason"])[2:] == ["share_well: set for everybody", "made for models in GBP", "nobody knows"]


def test_the_problems_of_all_subgroups_are_said():
    groups = [group("parameters: {no_such: 1}", "one"), group("parameters: {share_well: 2}", "two")]
    with pytest.raises(InputError) as error:
        run_subgroups(contract_model(), groups)
    assert {item.place.file for item in error.value.problems if item.place} >= {"one.yaml"}
    assert "no_such" in str(error.value) and "start share" in str(error.value)
    with pytest.raises(UsageError, match="did you mean 'usual'"):
        run_subgroups(contract_model(), [], pair=("drug", "usul"))


def test_progress_counts_every_subgroup():
    told = []
    run_subgroups(contract_model(), [group("parameters: {share_well: 0.5}")], progress=lambda *each: told.append(each))
    assert told == [(1, 2), (2, 2)]


BAD = """
subgroups:
  everybody: {label: All, by: None, missing: x}
  both: {label: B, by: C, layers: [scenarios/nowhere], missing: y}
  none: {label: N, by: C}
  wrong: {label: W, by: C, parameters: {share_wel: 1}, source: {ref: nobody, grade: published}}
test:
  label: T
  sensitivity: 0.8
  specificity: 0.8
  costs: {USD: 5}
  prevalence: 0.5
  parameter: bost
  without_effect: 0
  preserve: {strategies: [drug, usul], years: 0.3}
  source: {ref: somebody, grade: assumption}
"""


def test_every_mistake_in_the_file_is_found_at_its_place(tmp_path: Path):
    model = contract_model()
    (tmp_path / "model.yaml").write_text("x: 1", encoding="utf-8")
    assert read_subgroups(tmp_path, model) is None
    (tmp_path / "subgroups.yaml").write_text(BAD, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_subgroups(tmp_path, model)
    found = {(item.what, item.place.line, item.place.column) for item in error.value.problems if item.place}
    either = "give `layers` or `parameters`, or say under `missing` why there is no result"
    assert found == {
        ("the subgroup everybody is always there", 3, 3),
        (f"subgroup both: {either}", 4, 3),
        ("unknown layer 'scenarios/nowhere'", 4, 36),
        (f"subgroup none: {either}", 5, 3),
        ("unknown parameter 'share_wel'", 6, 41),
        ("unknown source 'nobody'", 6, 70),
        ("unknown parameter 'bost'", 13, 14),
        ("unknown strategy 'usul'", 15, 33),
        ("0.3 years is 1.2 cycles", 15, 47),
        ("unknown source 'somebody'", 16, 17),
    }
    assert len(found) == len(error.value.problems)


def test_the_shipped_subgroups_say_where_evidence_is_missing():
    subgroups, marker = read_subgroups(CIRRHOSIS, shipped())
    assert [item.name for item in subgroups if item.missing] == ["viral_on_treatment", "masld"]
    assert {item.by for item in subgroups} == {"Class at the start", "Age at the start", "Cause of the disease"}
    assert all(item.differs for item in subgroups if not item.missing)
    assert marker.source.grade == "assumption" and set(marker.costs) == {"USD", "GBP"}

"""The checks that any model can be put to: they pass on sound models and fail on the mistake that each is about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cea
from cea.analysis import extremes, verification
from cea.analysis.closeness import Finding, both, close, within
from cea.analysis.verification import verify
from cea.engine.results import Results
from cea.loading.folder import Folder
from tests.models import CIRRHOSIS, JURISDICTIONS, ROOT, base, shipped


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_all_checks_pass_on_the_shipped_model(jurisdiction):
    seen = []
    told = lambda done, total: seen.append((done, total))  # noqa: E731 - shorter than a function
    found = verify(shipped(jurisdiction), progress=told, none={"efficacy": 0.0})
    assert [check.name for check in found if check.passed is not True] == []
    assert seen[-1] == (len(found), len(found))
    assert len({check.name for check in found}) == len(found)


def spoiled(**changes: object) -> Results:
    """The base case with some of its parts replaced."""
    return replace(base(), **changes)


def looked_at(name: str, results: Results) -> bool | None:
    look = next(look for known, _, look in verification._CHECKS if known == name)
    return look(results)[0]


def test_a_trace_that_loses_people_fails():
    cohort = base().cohort
    trace = replace(cohort.trace, occupancy=cohort.trace.occupancy * 0.999)
    results = spoiled(cohort=replace(cohort, trace=trace))
    assert looked_at("Trace", results) is False
    assert looked_at("Trace", base()) is True


def test_the_dead_who_come_back_fail():
    cohort = base().cohort
    occupancy = cohort.trace.occupancy[..., ::-1, :]
    results = spoiled(cohort=replace(cohort, trace=replace(cohort.trace, occupancy=np.ascontiguousarray(occupancy))))
    assert looked_at("The dead", results) is False
    assert looked_at("The living", results) is False


def test_life_years_of_states_that_do_not_sum_to_the_total_fail():
    line = base().life_years
    results = spoiled(life_years=replace(line, discounted=line.discounted * 1.01))
    assert looked_at("Life-years", results) is False


def test_a_cost_that_no_amount_explains_fails():
    lines = dict(base().lines)
    name = next(key for key, line in lines.items() if line.outcome.kind == "cost")
    lines[name] = replace(lines[name], discounted=lines[name].discounted + 100.0)
    assert looked_at("Double", spoiled(lines=lines)) is False
    assert looked_at("Two engines", spoiled(lines=lines)) is False


def test_what_a_model_cannot_be_asked_is_not_passed():
    model = shipped("us")
    headless = replace(model, headlines={})
    found = {check.name: check for check in verify(headless)}
    assert found["Highest price"].passed is None
    assert "no comparison" in found["Highest price"].found


def test_a_perspective_that_is_not_possible_is_an_error():
    with pytest.raises(cea.UsageError):
        verify(shipped("england"), "societal")


def shifted(look: str, monkeypatch: pytest.MonkeyPatch, name: str, change) -> Finding:
    """A check after what it takes from the engine was changed."""
    own = getattr(extremes, name)
    monkeypatch.setattr(extremes, name, lambda *args, **named: change(own(*args, **named)))
    return getattr(extremes, look)(base())


def test_people_lost_without_deaths_fail(monkeypatch: pytest.MonkeyPatch):
    assert shifted("no_deaths", monkeypatch, "_alive", lambda alive: alive * 0.9999).passed is False


def test_survivors_of_certain_death_fail(monkeypatch: pytest.MonkeyPatch):
    assert shifted("certain_death", monkeypatch, "_alive", lambda alive: alive + 1e-6).passed is False


def test_weights_of_one_that_do_not_give_life_years_fail(monkeypatch: pytest.MonkeyPatch):
    def longer(found):
        return found[0], replace(found[1], discounted=1.000001 * found[1].discounted)

    assert shifted("full_health", monkeypatch, "lines", longer).passed is False


def test_discounting_that_leaves_more_than_a_cycle_fails(monkeypatch: pytest.MonkeyPatch):
    def longer(found):
        return found[0], replace(found[1], discounted=found[1].discounted + 0.01)

    assert shifted("far_discounting", monkeypatch, "lines", longer).passed is False


def test_more_deaths_that_cost_no_life_fail():
    years = base().life_years
    results = spoiled(life_years=replace(years, undiscounted=0.9 * years.undiscounted))
    assert extremes.more_deaths(results).passed is False


def test_a_price_that_is_not_paid_in_proportion_fails():
    lines = dict(base().lines)
    name = next(key for key, line in lines.items() if line.outcome.kind == "cost")
    lines[name] = replace(lines[name], discounted=lines[name].discounted + np.array([[0.0, 1.0, 0.0, 0.0]]))
    assert extremes.linear_price(spoiled(lines=lines)).passed is False


def test_an_effect_that_is_still_there_fails_and_under_layers_is_told():
    off = {"efficacy": 0.0}
    assert extremes.no_effect(base(), off).passed is True
    assert extremes.no_effect(base(), {"efficacy": 0.01}).passed is False
    assert extremes.no_effect(base(), {}).passed is None
    changed = shipped().with_layer(Folder(CIRRHOSIS).layer("scenarios/fixed_organs"))
    told = extremes.no_effect(cea.run(changed), off)
    assert told.passed is None and "under these layers" in told.found


def test_draws_beside_their_distributions_fail(monkeypatch: pytest.MonkeyPatch):
    def moved(draws):
        return replace(draws, values=draws.values * 1.05)

    assert shifted("draw_means", monkeypatch, "sample", moved).passed is False


def test_strategies_with_switches_of_their_own_can_be_checked():
    found = {check.name: check.passed for check in verify(cea.load(ROOT / "tests" / "validation" / "sick_sicker"))}
    assert found.pop("No effect") is None  # nothing there says what an effect is
    assert set(found.values()) == {True}


def test_of_several_findings_the_worst_counts():
    found = both(one=within(1e-12, "gap"), other=Finding(False, "gap 2", 2.0, 4.0))
    assert found == (False, "one: gap 1e-12; other: gap 2", 2.0, 4.0)
    assert close([1.0, 2.0], [1.0, 2.0 + 1e-6]).passed is False

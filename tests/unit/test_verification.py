"""The checks that any model can be put to: they pass on sound models and fail on the mistake that each is about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cea
from cea.analysis import verification
from cea.analysis.verification import verify
from cea.engine.results import Results
from tests.models import JURISDICTIONS, base, shipped


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_all_checks_pass_on_the_shipped_model(jurisdiction):
    seen = []
    found = verify(shipped(jurisdiction), progress=lambda done, total: seen.append((done, total)))
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

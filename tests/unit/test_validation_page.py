"""docs/validation.md says what a run says."""

from __future__ import annotations

import pytest

from cea.analysis.verdicts import CLOSE, FAR
from tests.validation_page import PAGE, parts, ran, written

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return parts()


def test_the_page_has_every_part_as_the_run_makes_it(made):
    found = written(TEXT)
    assert set(found) == set(made)
    for name, text in made.items():
        assert found[name] == text, f"{name}: run python -m tests.validation_page"


def test_the_rule_on_the_page_is_the_rule():
    assert f"up to {CLOSE:.2f}" in TEXT and f"up to {FAR:.2f}" in TEXT


def test_every_figure_that_must_be_reproduced_is_met():
    _, found = ran()
    required = [item for item in found.comparisons if item.target.role == "must_reproduce"]
    assert len(required) > 30 and all(item.met for item in required)


def test_without_disease_survival_is_that_of_the_life_table_to_rounding():
    _, found = ran()
    exact = [item for item in found.comparisons if item.target.life_table is not None and item.target.tolerance == 1e-9]
    countries = {(item.target.layers[0], item.target.year) for item in exact}
    for jurisdiction in ("us", "england"):
        assert {(f"jurisdictions/{jurisdiction}", float(year)) for year in (1, 5, 10, 20, 40)} <= countries
    assert max(abs(item.difference or 0.0) for item in exact) < 1e-14


def test_the_model_has_more_deaths_and_fewer_waiting_than_the_registries():
    _, found = ran()
    gaps = {item.target.name: item.difference or 0.0 for item in found.comparisons}
    for country in ("us", "england"):
        assert gaps[f"waiting_list_{country}_died"] > 0.04 and gaps[f"waiting_list_{country}_waiting"] < -0.02
        assert abs(gaps[f"waiting_list_{country}_transplanted"]) < 0.001


@pytest.mark.parametrize(("start", "optimistic"), [("Child-Pugh C", True), ("Child-Pugh B", True)])
def test_the_model_is_too_optimistic_in_the_first_year_and_too_pessimistic_later(start, optimistic):
    _, found = ran()
    held = [item for item in found.comparisons if item.target.role == "held_out" and item.start == start]
    known = [(item.target.year or 0.0, item.difference) for item in held if item.difference is not None]
    early = [gap for year, gap in known if year <= 1]
    late = [gap for year, gap in known if year > 3]
    assert (sum(early) / len(early) > 0) is optimistic and sum(late) / len(late) < 0

"""Published evaluations beside the model's own results, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cea
from cea.analysis.published import Beside, Published, Step, compare_published, published_frame
from cea.formula import parse
from cea.loading.targets_file import read_targets
from cea.model.definition import Source
from cea.reports.validation_report import published_table
from tests.models import CIRRHOSIS, base, of, shipped

SOURCE = Source("published", None, "Table 1", None)


def beside(*steps: Step, **fields: object) -> Beside:
    given = {
        "label": "A study", "found": "36,000 per QALY", "strategy": "msc", "comparator": "palliative",
        "layers": ("england",), "distance": "another price year", "source": SOURCE,
    }  # fmt: skip
    item = Published(**{**given, **fields}, **({"steps": steps} if steps else {}))
    return compare_published([item], lambda names: shipped(*names))[0]


def test_the_models_own_result():
    found = beside()
    expected = cea.incremental(base("england"), "palliative").pairs[1]
    assert (found.steps[0].pair, found.currency, found.effect_unit) == (expected, "GBP", "QALY")
    assert found.steps[0].strategy.cost == of(base("england"), "msc")[0]
    assert found.steps[0].ratio == expected.icer


def test_steps_add_up():
    steps = (
        Step("as it is"), Step("undiscounted", layers=("discount_0",)), Step("dear", values={"cost_a": 9000.0}),
        Step("nothing changes"),
    )  # fmt: skip
    plain, undiscounted, dear, same = beside(*steps).steps
    results = base("england", "discount_0")
    assert (undiscounted.strategy.cost, undiscounted.strategy.effect) == of(results, "msc")[:2]
    assert undiscounted.strategy.effect > plain.strategy.effect
    both = cea.run(shipped("england", "discount_0").with_values({"cost_a": 9000.0}))
    assert dear.strategy.cost == of(both, "msc")[0] and dear.strategy.effect == undiscounted.strategy.effect
    assert (same.strategy, same.comparator) == (dear.strategy, dear.comparator)


def shipped_published() -> list[Beside]:
    """The shipped evaluations, those against a comparator first by label."""
    asked = read_targets(CIRRHOSIS, shipped()).published
    return compare_published(asked, lambda names: shipped(*names))


@pytest.fixture(scope="module")
def evaluations() -> dict[str, Beside]:
    return {item.published.label: item for item in shipped_published()}


def of_label(evaluations: dict[str, Beside], word: str) -> Beside:
    return next(item for label, item in evaluations.items() if word in label)


def test_a_horizon_and_a_start_replace_the_models(evaluations):
    lifetime, ten_years, *_ = of_label(evaluations, "medical management, US").steps
    assert ten_years.strategy.effect == pytest.approx(of(base("us", "horizon_10_years"), "transplant")[1], rel=1e-12)
    assert lifetime.strategy.effect == pytest.approx(of(base("us"), "transplant")[1], rel=1e-12)
    months = of_label(evaluations, "Longworth").steps[1]
    model = shipped("england")
    settings = replace(
        model.settings, years=replace(model.settings.until_age, expression=parse("2.25")), until_age=None
    )
    by_hand = cea.run(replace(model, settings=settings))
    assert by_hand.cohort.scope.cycles == 27
    assert months.strategy.cost == of(by_hand, "transplant")[0]
    first_year = of_label(evaluations, "Finland").steps[0].strategy
    # nobody starts on the list: no evaluation but that of all, no operation, and a year at the utility after it
    assert 0.9 * 0.6 < first_year.effect < 0.68


def test_what_the_shipped_explanations_say_is_so(evaluations):
    northup = [step.ratio for step in of_label(evaluations, "medical management, US").steps]
    assert northup[1] > northup[0]  # the horizon raises the ratio
    assert northup[1] > northup[2] > northup[3] > northup[4] > 35_976  # the other steps lower it, not to theirs
    longworth = [step.ratio for step in of_label(evaluations, "Longworth").steps]
    assert longworth[1] > 10 * longworth[0] and longworth[1] > 83_000
    assert sorted(longworth[1:], reverse=True) == longworth[1:]
    assert longworth[-1] == pytest.approx(48_000, rel=0.05)  # comes to alcoholic disease
    finland = of_label(evaluations, "Finland").steps
    assert finland[0].strategy.effect < 0.895 and finland[1].strategy.effect < 3.960
    rifaximin = of_label(evaluations, "Rifaximin").steps[-1]
    assert rifaximin.strategy.effect == pytest.approx(1.83, rel=0.02)
    paracentesis = of_label(evaluations, "large-volume").steps[0].strategy
    assert paracentesis.effect == pytest.approx(1.72, rel=0.15) and paracentesis.cost > 3 * 41_391


def test_an_evaluation_without_a_counterpart_is_told_and_not_run(evaluations):
    told = of_label(evaluations, "Living donor")
    assert told.steps == ()
    row = published_frame([told]).iloc[0]
    assert row["evaluation"] == told.published.label and row[["step", "cost", "ratio"]].isna().all()


def test_one_strategy_has_an_average(evaluations):
    found = of_label(evaluations, "OrganOx").steps[0]
    assert found.pair is None and found.comparator is None
    assert found.ratio == found.strategy.cost / found.strategy.effect
    table = published_table(of_label(evaluations, "OrganOx"))
    assert [heading for heading, _ in table.columns][-1] == "Average cost per QALY"
    assert table.notes[0].startswith("Published: 10.27 against 9.09 QALYs")


def test_the_table_of_steps(evaluations):
    northup = of_label(evaluations, "medical management, US")
    frame = published_frame(evaluations.values())
    rows = frame[frame["evaluation"] == northup.published.label]
    assert len(rows) == len(northup.steps) == 5
    assert (rows["cost"] - rows["comparator_cost"]).tolist() == pytest.approx(rows["incremental_cost"].tolist())
    assert (rows["incremental_cost"] / rows["incremental_effect"]).tolist() == pytest.approx(rows["ratio"].tolist())
    printed = published_table(northup)
    assert [row[0] for row in printed.rows] == [step.label for step in northup.steps]
    assert printed.rows[0][-1] == f"${northup.steps[0].ratio:,.0f}"


def test_a_ratio_without_a_meaning_is_told_in_words():
    cheaper = beside(Step("free"), comparator="transplant")
    assert cheaper.steps[0].pair is not None and cheaper.steps[0].pair.quadrant == "SW"
    assert cheaper.steps[0].ratio is None
    assert published_table(cheaper).rows[0][-1].startswith("saves £")

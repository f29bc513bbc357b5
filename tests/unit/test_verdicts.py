"""The rule that says how well a figure fits, its averages, and the sentences that are made of them."""

from __future__ import annotations

import pytest

from cea.analysis.targets import Comparison, Excluded, Interval, SectionOfTargets, Span, Target
from cea.analysis.verdicts import by_cohort, by_start_and_time, direction, summaries, verdict
from cea.model.definition import Source
from cea.reports import validation_report
from cea.reports.validation_report import blocks, section_statement, statement, summary_frame

SOURCE = Source("published", None, None, None)


def item(
    model: float, expected: float | None = 0.5, low: float | None = None, high: float | None = None, **fields: object
) -> Comparison:
    """A figure of a cohort: the model's with its interval, beside what was observed."""
    start, reached = str(fields.pop("start", "Stage 2")), fields.pop("reached", None)
    given = {"name": "one", "label": "One", "role": "held_out", "measure": "survival", "year": 1.0, "cohort": "Cohort"}
    target = Target(**{**given, "expected": expected, "source": SOURCE, **fields})
    return Comparison(target, expected, Span(model, low, high), start, reached=reached)


SEEN = Interval(0.4, 0.6, "published")


@pytest.mark.parametrize(
    ("found", "said", "side"),
    [
        (item(0.45, interval=SEEN), "inside", "pessimistic"),
        (item(0.6, interval=SEEN), "inside", "optimistic"),
        (item(0.65, low=0.6, high=0.7, interval=SEEN), "compatible", "optimistic"),
        (item(0.35, low=0.3, high=0.41, interval=SEEN), "compatible", "pessimistic"),
        (item(0.65, low=0.61, high=0.7, interval=SEEN), "apart", "optimistic"),
        (item(0.65, interval=SEEN), "apart", "optimistic"),
        (item(0.55), "close", "optimistic"),
        (item(0.44), "moderate", "pessimistic"),
        (item(0.60), "moderate", "optimistic"),
        (item(0.61), "far", "optimistic"),
        (item(0.5), "close", ""),
        (item(0.61, measure="event"), "far", "above"),
        (item(0.2, None, interval=SEEN), "apart", "pessimistic"),
        (item(0.5, None, interval=SEEN), "inside", ""),
        (item(0.9, None), None, ""),
        (item(0.9, role="must_reproduce"), None, ""),
        (item(0.9, measure="parameter"), None, ""),
    ],
)
def test_the_rule(found, said, side):
    assert (verdict(found), direction(found)) == (said, side)


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        (Span(4.5), "inside"),
        (Span(3.5), "apart"),
        (Span(3.5, 3.0, 4.2), "compatible"),
        (Span(float("inf"), 6.2, float("inf")), "apart"),
        (Span(float("inf"), 5.9, float("inf")), "compatible"),
    ],
)
def test_an_interval_of_the_time_is_held_against_the_time(reached, said):
    assert verdict(item(0.3, interval=Interval(4, 6, "published", of_year=True), reached=reached)) == said


COHORTS = [
    item(0.54, label="First at 1", cohort="First"),
    item(0.42, label="First at 5", cohort="First", year=5.0),
    item(0.75, label="Second", cohort="Second", interval=SEEN),
    item(0.30, label="Third", cohort="Third", start="Stage 3", year=2.0),
    item(0.55, None, label="Fourth", cohort="Fourth", start="Stage 3", interval=SEEN),
    item(0.99, role="must_reproduce", tolerance=1.0, cohort="Nobody"),
]


def test_summaries_by_cohort():
    first, second, third, fourth = summaries(COHORTS, by_cohort)
    assert first.group == ("First", "Stage 2")
    assert (first.good, first.fair, first.poor, first.figures, first.level) == (1, 1, 0, 2, "fair")
    assert (first.mean, first.mean_absolute) == pytest.approx((-0.02, 0.06))
    assert first.worst is not None and first.worst.target.label == "First at 5"
    assert (second.level, third.level) == ("poor", "poor")
    assert (fourth.mean, fourth.worst, fourth.level) == (None, None, "good")
    frame = summary_frame([first, fourth], ("cohort", "start"))
    assert frame["mean_difference"].tolist()[0] == pytest.approx(-0.02)
    assert frame["figures"].tolist() == [2, 1] and frame["mean_difference"].isna().tolist() == [False, True]


def test_times_are_told_apart_at_one_and_three_years():
    found = {summary.group: summary.figures for summary in summaries(COHORTS, by_start_and_time)}
    assert found == {
        ("Stage 2", "up to 1 year"): 2,
        ("Stage 2", "after 3 years"): 1,
        ("Stage 3", "over 1 to 3 years"): 1,
        ("Stage 3", "up to 1 year"): 1,
    }


def test_the_statement_counts_and_says_where_the_fit_is_good_and_bad():
    counts, distance, second, third, draws = statement(COHORTS, 2000)
    assert counts.startswith("Of 5 figures of 4 cohorts, 2 fit: 1 lie in the observed interval")
    again = item(0.5, label="First at 1", cohort="First", start="Stage 3")
    assert statement([*COHORTS, again], 0)[0].startswith(
        "Of 6 figures of 4 cohorts (1 of them under several starts), 3"
    )
    assert "0 reach it" in counts and "1 without an interval are at most 0.05 away. 1 without one" in counts
    assert "2 do not fit: 1 miss the observed interval, and 1 without one are more than 0.10 away" in counts
    assert "by 0.143 on average" in distance and "at most 0.250 (Second)" in distance
    assert second == (
        "From Stage 2: up to 1 year it fits badly (too optimistic by 0.145, on average of 2 figures); "
        "after 3 years it fits fairly (too pessimistic by 0.080, 1 figure)."
    )
    assert third == "From Stage 3: over 1 to 3 years it fits badly (too pessimistic by 0.200, 1 figure)."
    assert "2,000 draws" in draws and "parameters only" in draws
    assert len(statement(COHORTS, 0)) == 4
    assert statement([], 2000) == []


def test_differences_that_cancel_are_not_called_optimistic():
    both = [item(0.7), item(0.32)]
    assert "it fits badly (0.190 off, above and below, on average of 2 figures)" in statement(both, 0)[2]


def test_a_section_of_shares_says_what_there_is_more_of():
    waiting = [
        item(0.187, 0.074, measure="event", cohort="US", part="Died waiting"),
        item(0.217, 0.322, measure="occupancy", cohort="US", part="Still waiting"),
        item(0.545, 0.545, measure="event", cohort="US", part="Treated"),
        item(0.5, 0.4, measure="event", cohort="UK", part="Treated"),
    ]
    said = section_statement(SectionOfTargets("list", "The list", "shares", "Waiting is no state."), waiting)
    assert said == [
        "US: the model has more died waiting (0.187 against 0.074); fewer still waiting (0.217 against 0.322); "
        "much the same treated (0.545 against 0.545).",
        "UK: the model has more treated (0.500 against 0.400).",
        "Waiting is no state.",
    ]
    survival = section_statement(SectionOfTargets("after", "After", "survival", ""), COHORTS[:3])
    assert survival == [
        "First: the model is too pessimistic by 0.020 on average.",
        "Second: the model is too optimistic by 0.250 on average.",
    ]


def test_tables_stand_by_role_then_by_section_then_the_rest():
    section = SectionOfTargets("after", "After", None, "A note.")
    everything = [
        *COHORTS, item(0.5, role="context", label="Beside"), item(0.5, role="context", section="after", label="In it"),
    ]  # fmt: skip
    found = list(blocks(everything, [section], 0))
    titles = [[table.title for table in tables] for tables, _ in found]
    held = validation_report.TITLES["held_out"]
    assert titles == [
        ["Must reproduce"],
        [held],
        ["By cohort", "By start and time"],
        ["After"],
        ["Context: shown, not a target"],
    ]
    assert found[3][1] == ["A note."]
    observed = found[1][0][0]
    assert [row[1:5] for row in observed.rows] == [
        ("0.500 (no interval)", "0.540", "+0.040", "close (optimistic)"),
        ("0.500 (no interval)", "0.420", "-0.080", "moderate (pessimistic)"),
        ("0.500 (0.400 to 0.600)", "0.750", "+0.250", "apart (optimistic)"),
        ("0.500 (no interval)", "0.300", "-0.200", "far (pessimistic)"),
        ("0.400 to 0.600", "0.550", "-", "inside"),
    ]


def test_a_time_that_is_reached_stands_beside_the_share():
    median = Interval(4, 6.25, "published", of_year=True)
    found = item(0.43, low=0.4, high=0.46, interval=median, reached=Span(3.96, 3.5, float("inf")))
    assert validation_report.observed_cell(found) == "0.500 (between 4.0 and 6.2 years)"
    assert validation_report.model_cell(found) == "0.430 (0.400 to 0.460); 0.500 at 4.0 (3.5 to later) years"


def test_what_is_not_compared_is_told_with_the_reason():
    table = validation_report.excluded_table([Excluded("A cohort", "9 %", "No class is given.", SOURCE)])
    assert table.rows == [("A cohort", "9 %", "No class is given.")]

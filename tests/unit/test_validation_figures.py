"""Figures of a validation show the numbers that they are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cea.analysis.fit import Curve, comparisons_frame
from cea.analysis.targets import Comparison, Interval, Span, Target
from cea.model.definition import Source
from cea.reports import style, validation_figures
from cea.reports.canvas import wrapped

SOURCE = Source("published", None, None, None)


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    """Comparisons as a table, from what is said of their targets and of the model."""
    made = []
    for at, row in enumerate(rows):
        given = {"name": f"t{at}", "label": f"Figure {at}", "role": "held_out", "measure": "survival", "year": 1.0}
        own = {key: cell for key, cell in row.items() if key not in ("model", "low", "high")}
        target = Target(**{**given, "expected": None, "source": SOURCE, "cohort": "A cohort", **own})
        model = Span(float(str(row["model"])), *(row.get(end) for end in ("low", "high")))
        made.append(Comparison(target, target.expected, model, "Stage 2"))
    return comparisons_frame(made)


SEEN = Interval(0.4, 0.6, "published")
MEDIAN = Interval(4, 6, "published", of_year=True)


def test_agreement_puts_the_model_over_the_observation_with_intervals_both_ways():
    table = frame(
        {"model": 0.55, "low": 0.5, "high": 0.6, "expected": 0.5, "interval": SEEN},
        {"model": 0.9, "low": 0.8, "high": 0.95, "expected": 0.5, "label": "A poor fit"},
        {"model": 0.3, "expected": 0.3, "role": "must_reproduce"},
        {"model": 0.4, "interval": SEEN},
        {"model": 30.0, "expected": 0.3, "measure": "parameter"},
    )
    figure = validation_figures.agreement(table)
    axes = figure.axes[0]
    containers = {item.get_label(): item for item in axes.containers}
    assert set(containers) == {"Held out: fits (1)", "Held out: does not fit (1)"}
    across, up = (bars.get_segments()[0] for bars in containers["Held out: fits (1)"].lines[2])
    assert np.asarray(across).ravel() == pytest.approx([0.4, 0.55, 0.6, 0.55])
    assert np.asarray(up).ravel() == pytest.approx([0.5, 0.5, 0.5, 0.6])
    assert [text.get_text() for text in axes.texts] == ["A poor fit", "Figure 0"]
    others = next(line for line in axes.lines if str(line.get_label()).startswith("Must"))
    assert others.get_label().endswith("(1)") and list(others.get_xydata()[0]) == [0.3, 0.3]


def test_agreement_without_observations_is_empty():
    axes = validation_figures.agreement(frame({"model": 0.4})).axes[0]
    assert len(axes.texts) == 0 and not axes.containers


YEARS = np.linspace(0, 6, 25)
CURVE = Curve(
    "Stage 2", "Nowhere", YEARS, np.exp(-YEARS), np.exp(-1.2 * YEARS), np.exp(-0.8 * YEARS), ("t0", "t1", "t2")
)


def test_curves_show_band_points_and_times_at_which_a_share_is_reached():
    table = frame(
        {"model": 0.37, "expected": 0.5, "interval": SEEN, "cohort": "First"},
        {"model": 0.3, "interval": SEEN, "year": 2.0, "cohort": "Second"},
        {"model": 0.01, "expected": 0.5, "interval": MEDIAN, "year": 5.0, "cohort": "Third"},
        {"model": 0.5, "expected": 0.5, "year": 9.0, "cohort": "On another curve"},
    )
    figure = validation_figures.curves([CURVE], table, "Survival")
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "From Stage 2"
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["Model, 95 % interval (parameters)", "Model", "First", "Second (range)", "Third"]
    line = next(line for line in axes.lines if line.get_label() == "Model")
    assert line.get_ydata() == pytest.approx(np.exp(-YEARS))
    third = axes.containers[2]
    across = np.asarray(third.lines[2][0].get_segments()[0])
    assert across.ravel() == pytest.approx([4, 0.5, 6, 0.5])
    assert axes.get_xlim()[1] > 6


def test_points_at_one_time_stand_apart():
    table = frame(
        {"model": 0.37, "expected": 0.5, "cohort": "First"},
        {"model": 0.37, "expected": 0.4, "cohort": "Second"},
        {"model": 0.1, "expected": 0.4, "year": 3.0, "cohort": "Second"},
    )
    axes = validation_figures.curves([CURVE], table, "Survival").axes[0]
    first, second = (item.lines[0].get_xdata() for item in axes.containers)
    assert first[0] < 1 < second[0] and first[0] + second[0] == pytest.approx(2)
    assert second[1] == 3


def test_panels_name_the_country_where_there_are_several():
    other = Curve("Stage 2", "Elsewhere", YEARS, np.exp(-YEARS), None, None, ("t1",))
    here = Curve("Stage 2", "Nowhere", YEARS, np.exp(-YEARS), None, None, ("t0",))
    table = frame({"model": 0.3, "expected": 0.3}, {"model": 0.3, "expected": 0.3})
    figure = validation_figures.curves([other, here], table, "Survival")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Nowhere: Stage 2", "Elsewhere: Stage 2"]


def test_shares_stand_beside_each_other():
    table = frame(
        {"model": 0.2, "low": 0.15, "high": 0.25, "expected": 0.1, "cohort": "US", "part": "Died", "measure": "event"},
        {"model": 0.3, "expected": 0.32, "cohort": "US", "part": "Waiting", "measure": "occupancy"},
        {"model": 0.4, "expected": 0.41, "cohort": "UK", "part": "Died", "measure": "event"},
    )
    us, uk = validation_figures.shares(table, "The list").axes
    assert [text.get_text() for text in us.get_yticklabels()] == ["Died", "Waiting"]
    assert [text.get_text() for text in us.texts] == ["10.0 %", "32.0 %", "20.0 %", "30.0 %"]
    observed, model = us.containers
    assert list(observed.lines[0].get_xdata()) == [0.1, 0.32]
    assert np.asarray(model.lines[2][0].get_segments()[0])[:, 0] == pytest.approx([0.15, 0.25])
    assert len(uk.texts) == 2 and uk.get_xlim() == us.get_xlim() == pytest.approx((0, 1.18 * 0.41))


def test_a_word_is_not_broken_to_make_lines_even():
    assert wrapped("Transplanted by 1 year", 20) == "Transplanted\nby 1 year"
    assert style.wrapped("Transplanted by 1 year", 20) == "Transplanted\nby 1 year"
    assert wrapped("Unbreakable", 4) == "Unbr\neaka\nble"

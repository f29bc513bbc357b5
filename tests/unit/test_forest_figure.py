"""What the forest plot shows: every study, weights, both pooled ratios, prediction intervals; and that it repeats."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from cea.analysis.synthesis import Evidence
from cea.loading.synthesis_file import read_synthesis
from cea.reports import style
from cea.reports.forest_figure import forest, robustness
from tests.models import CIRRHOSIS, shipped


@cache
def evidence() -> Evidence:
    found = read_synthesis(CIRRHOSIS, shipped())
    assert found is not None
    return found


def texts(figure: Figure) -> list[str]:
    """All texts of a figure, on one line each."""
    return [text.get_text().replace("\n", " ") for text in figure.findobj(Text) if text.get_text()]


def markers(figure: Figure, kind: str) -> list[Line2D]:
    """The markers of studies, from the top."""
    lines = [line for line in figure.axes[0].lines if line.get_marker() == kind]
    return sorted(lines, key=lambda line: float(np.asarray(line.get_ydata())[0]))


def test_studies_stand_where_their_ratios_are_and_larger_with_weight():
    drawn, found = forest(evidence()), evidence()
    for kind, item in zip("sD", found.main, strict=True):
        effects, _ = found.estimates(item)
        spots = [float(np.asarray(line.get_xdata())[0]) for line in markers(drawn, kind)]
        assert spots == pytest.approx(np.exp(effects))
        sizes = [line.get_markersize() for line in markers(drawn, kind)]
        weights = found.pooled(item).shares
        assert np.argsort(sizes).tolist() == np.argsort(weights).tolist()


def test_published_and_adjusted_differ_without_colour():
    one, two = markers(forest(evidence()), "s")[0], markers(forest(evidence()), "D")[0]
    assert to_hex(one.get_markerfacecolor()) != to_hex(two.get_markerfacecolor()) == "#ffffff"
    diamonds = [item for item in forest(evidence()).axes[0].patches if isinstance(item, Polygon)]
    assert [bool(item.get_hatch()) for item in diamonds] == [False, True]


def test_diamonds_are_as_wide_as_hartung_knapp():
    diamonds = [item for item in forest(evidence()).axes[0].patches if isinstance(item, Polygon)]
    for diamond, item in zip(diamonds, evidence().main, strict=True):
        found = evidence().pooled(item)
        across = diamond.get_xy()[:, 0]
        assert (across.min(), across.max()) == pytest.approx(tuple(map(math.exp, found.interval("hartung_knapp"))))
        assert math.exp(found.effect) in [pytest.approx(value) for value in across]


def test_the_numbers_are_written():
    written = texts(forest(evidence()))
    for words in (
        "Li 2023 Propensity-matched", "0.47 (0.29 to 0.76)", "27 %", "0.68 (0.43 to 1.08)", "0.86 (0.55 to 1.36)",
        "prediction 0.41 to 1.84", "Pooled, as published tau 0.30, I² 49 %",
    ):  # fmt: skip
        assert words in written, words
    assert not [text for text in written if "Lin 2017" in text]  # not in the main pool


def test_robustness_shows_every_study_left_out_and_the_other_analyses():
    drawn = robustness(evidence())
    written = texts(drawn)
    for name in evidence().analyses[0].studies:
        assert f"Without {evidence().studies[name].label}" in written
    for words in ("All studies", "Bias doubled", "0.60 (0.43 to 0.84)", "0.49 (0.04 to 6.00)"):
        assert words in written, words
    assert len(markers(drawn, "s")) == 7 + 2 and len(markers(drawn, "D")) == 7 + 2
    assert len(markers(drawn, "<")) == 1  # the interval of two studies is cut


def test_one_study_without_bias_can_be_drawn():
    main = replace(evidence().analyses[0], studies=("li_2023",))
    alone = replace(evidence(), analyses=(main,))
    assert "0.47 (0.29 to 0.76)" in texts(forest(alone))
    assert "All studies" in texts(robustness(alone))


def test_the_same_evidence_gives_the_same_bytes(tmp_path: Path):
    one = [path.read_bytes() for path in style.save(forest(evidence()), tmp_path / "one")]
    two = [path.read_bytes() for path in style.save(forest(evidence()), tmp_path / "two")]
    assert one == two


def test_sides_of_one_grades_and_prediction_are_named():
    found = evidence()
    written = texts(forest(found))
    assert found.sides == ("favours cell therapy", "favours control")
    assert "\N{LEFTWARDS ARROW} favours cell therapy" in written and "favours control \N{RIGHTWARDS ARROW}" in written
    rows = [label.get_text() for label in forest(found).axes[0].get_yticklabels()]
    assert rows.count("95 % prediction interval") == len(found.main)
    pooled = [found.studies[name].source.grade for name in found.analyses[0].studies]
    assert sum(text in ("published", "derived", "assumption", "unverified") for text in written) == len(pooled)
    plain = texts(forest(replace(found, sides=Evidence.sides)))
    assert "\N{LEFTWARDS ARROW} rarer with treatment" in plain

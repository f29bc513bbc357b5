"""What the figures hold, that they repeat byte for byte, and that they leave global settings alone."""

from __future__ import annotations

from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from cea.analysis.incremental import Incremental, incremental
from cea.engine.outcomes import Outcomes
from cea.reports import figures, style

STRATEGIES = {"soc": "Standard of care", "new": "New drug", "old": "Old drug"}
STATES = {"dead": "Dead", "well": "Well", "ill": "Ill"}
YEARS = np.arange(6.0)


def trace() -> pd.DataFrame:
    """Three states over five years; the death state comes first in the model."""
    tables = []
    for speed, name in enumerate(STRATEGIES, start=1):
        well, ill = np.exp(-0.1 * speed * YEARS), 0.3 * (1 - np.exp(-0.1 * YEARS))
        ill = np.minimum(ill, 1 - well)
        for state, share in (("dead", 1 - well - ill), ("well", well), ("ill", ill)):
            tables.append(
                pd.DataFrame({"strategy": name, "year": YEARS, "state": state, "share": share, "dead": state == "dead"})
            )
    return pd.concat(tables, ignore_index=True)


def alive(**rates: float) -> pd.DataFrame:
    """Survival at constant rates."""
    return pd.concat(
        [
            pd.DataFrame({"strategy": name, "year": YEARS, "alive": np.exp(-rate * YEARS)})
            for name, rate in rates.items()
        ]
    )


def costs(saving: float = 0.0) -> pd.DataFrame:
    """Two categories and one that is zero everywhere, and a saving."""
    rows = [(name, "Drug", 1000.0 * i) for i, name in enumerate(STRATEGIES)]
    rows += [(name, "Hospital", 5000.0) for name in STRATEGIES]
    rows += [(name, "Nothing", 0.0) for name in STRATEGIES]
    rows += [(name, "Work", -saving) for name in STRATEGIES]
    return pd.DataFrame(rows, columns=["strategy", "category", "cost"])


def analysis(
    points: dict[str, tuple[float, float]], comparator: str | None = None, currency: str = "GBP"
) -> Incremental:
    """Incremental analysis of cost and effect by strategy."""
    cost, effect = (np.array([[point[axis] for point in points.values()]]) for axis in (0, 1))
    labels = tuple(STRATEGIES[name] for name in points)
    given = Outcomes(tuple(points), labels, cost, effect, currency, "QALY", (20_000.0,), 20_000.0, "2024/25")
    return incremental(given, comparator)


POINTS = {"soc": (10_000.0, 5.0), "new": (30_000.0, 6.5), "old": (32_000.0, 5.5)}


def texts(figure: Figure) -> list[str]:
    """All texts of a figure, on one line each."""
    return [text.get_text().replace("\n", " ") for text in figure.findobj(Text) if text.get_text()]


def patches(axes: Axes) -> list[PolyCollection]:
    """Filled areas of a panel."""
    return [artist for artist in axes.collections if isinstance(artist, PolyCollection)]


def test_trace_has_a_panel_a_strategy_and_an_area_a_state():
    figure = figures.markov_trace(trace(), STRATEGIES, STATES)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [panel.get_title(loc="left") for panel in panels] == list(STRATEGIES.values())
    assert [len(patches(panel)) for panel in panels] == [3, 3, 3]


def test_trace_stacks_to_one_with_death_in_grey_on_top_and_the_legend_in_the_same_order():
    figure = figures.markov_trace(trace(), STRATEGIES, STATES)
    areas = patches(figure.axes[0])
    top = areas[-1]
    red, green, blue, _ = top.get_facecolor()[0]
    assert red == green == blue
    assert top.get_paths()[0].vertices[:, 1].max() == pytest.approx(1.0)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Dead", "Ill", "Well"]


def test_neighbouring_areas_differ_by_hatch_and_not_by_colour_alone():
    areas = patches(figures.markov_trace(trace(), STRATEGIES, STATES).axes[0])
    assert areas[0].get_hatch() != areas[1].get_hatch()


def test_survival_has_a_line_and_a_label_a_strategy():
    figure = figures.survival(alive(soc=0.3, new=0.1, old=0.2), STRATEGIES)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == len(YEARS)]
    assert len(lines) == 3
    assert (
        len({line.get_linestyle() if line.get_linestyle() != "--" else str(line._dash_pattern) for line in lines}) == 3
    )
    assert set(STRATEGIES.values()) <= set(texts(figure))


def test_survival_labels_do_not_overlap_when_all_lines_end_at_zero():
    figure = figures.survival(alive(soc=9.0, new=8.0, old=7.0), STRATEGIES)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 3
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    order = sorted(figure.axes[0].texts, key=lambda text: text.get_position()[1])
    assert [text.get_text() for text in order] == ["Standard of care", "New drug", "Old drug"]


def test_strategies_with_one_survival_curve_share_a_label_and_both_stay_visible():
    figure = figures.survival(alive(soc=0.3, new=0.3, old=0.2), STRATEGIES)
    assert "Standard of care and New drug: same curve" in texts(figure)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == len(YEARS)]
    assert lines[0].get_linewidth() > lines[1].get_linewidth()


def test_costs_show_totals_categories_and_currency():
    figure = figures.cost_by_category(costs(), STRATEGIES, "GBP", "2024/25")
    found = texts(figure)
    assert {"£5,000", "£6,000", "£7,000", "Drug", "Hospital"} <= set(found)
    assert "Nothing" not in found and "Work" not in found
    assert figure.axes[0].get_xlabel() == "Cost per person, 2024/25 GBP"
    assert len(figure.axes[0].patches) == 2 * len(STRATEGIES)


def test_savings_stand_left_of_zero_and_the_total_is_marked():
    figure = figures.cost_by_category(costs(saving=500.0), STRATEGIES, "GBP")
    assert {"£4,500", "£5,500", "£6,500", "Total"} <= set(texts(figure))
    assert min(patch.get_x() + patch.get_width() for patch in figure.axes[0].patches) == -500.0


def test_costs_follow_the_order_of_the_strategies():
    order = {name: STRATEGIES[name] for name in ("old", "soc", "new")}
    axes = figures.cost_by_category(costs(), order, "GBP").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(order.values())
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert [text.get_text() for text in axes.texts] == ["£7,000", "£5,000", "£6,000"]


def test_frontier_names_every_strategy_the_comparator_and_the_units():
    figure = figures.frontier(analysis(POINTS, "old"))
    axes = figure.axes[0]
    assert [text.get_text().split("\n")[0] for text in axes.texts] == list(STRATEGIES.values())
    assert "£13,300 per QALY" in axes.texts[1].get_text()
    assert any("against Old drug" in text for text in texts(figure))
    assert axes.get_ylabel() == "Incremental cost per person, 2024/25 GBP"
    assert "QALY" in axes.get_xlabel()
    assert {"Threshold £20,000 per QALY", "Dominated"} <= set(texts(figure))
    assert "Extendedly dominated" not in texts(figure)


def test_frontier_draws_points_relative_to_the_comparator_and_hollow_when_dominated():
    axes = figures.frontier(analysis(POINTS, "old")).axes[0]
    points = {tuple(np.ravel(line.get_xydata())): line for line in axes.lines if len(line.get_xdata()) == 1}
    assert set(points) == {(-0.5, -22_000.0), (1.0, -2_000.0), (0.0, 0.0)}
    assert points[0.0, 0.0].get_markerfacecolor() == "white"
    assert points[-0.5, -22_000.0].get_markerfacecolor() != "white"


def test_the_threshold_runs_through_the_reference_with_its_slope():
    axes = figures.frontier(analysis(POINTS, "old")).axes[0]
    (line,) = [line for line in axes.lines if type(line).__name__ == "AxLine"]
    assert line.get_xy1() == (-0.5, -22_000.0)
    assert line.get_slope() == 20_000.0


def test_labels_of_the_frontier_cover_neither_each_other_nor_points():
    points = {"soc": (10_000.0, 5.0), "new": (10_500.0, 5.02), "old": (10_600.0, 5.01)}
    figure = figures.frontier(analysis(points))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    spots = [axes.transData.transform(line.get_xydata()[0]) for line in axes.lines if len(line.get_xdata()) == 1]
    assert len(spots) == 3
    assert not any(box.contains(*spot) for box in boxes for spot in spots)


def test_coincident_strategies_share_a_label():
    figure = figures.frontier(analysis({"soc": (1.0, 1.0), "new": (1.0, 1.0), "old": (2.0, 2.0)}, "soc"))
    assert [text.get_text().replace("\n", " ") for text in figure.axes[0].texts] == [
        "Standard of care and New drug: same point",
        "Old drug £1 per QALY",
    ]


@pytest.mark.parametrize("points", [{"soc": (5.0, 1.0)}, {"soc": (0.0, 0.0), "new": (0.0, 0.0)}])
def test_frontier_without_any_spread_still_draws(points):
    axes = figures.frontier(analysis(points)).axes[0]
    assert axes.get_ylim()[1] - axes.get_ylim()[0] == pytest.approx(20_000 * (axes.get_xlim()[1] - axes.get_xlim()[0]))


def test_labels_are_never_read_as_mathematics():
    figure = figures.survival(alive(soc=0.1), {"soc": r"$\frac{1}{0}$ a $100 b"})
    figure.draw_without_rendering()
    assert any(r"$\frac{1}{0}$" in text for text in texts(figure))
    assert not any(text.get_parse_math() for text in figure.axes[0].texts)


def test_saving_the_same_figure_gives_the_same_bytes(tmp_path):
    drawings = [lambda: figures.markov_trace(trace(), STRATEGIES, STATES), lambda: figures.frontier(analysis(POINTS))]
    for draw in drawings:
        first, second = style.save(draw(), tmp_path / "one.v1"), style.save(draw(), tmp_path / "two")
        assert [path.name for path in first] == ["one.v1.png", "one.v1.svg"]
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
        assert b"<dc:date>" not in first[1].read_bytes()


def test_svg_has_a_title_for_screen_readers(tmp_path):
    _, svg = style.save(figures.survival(alive(soc=0.1), {"soc": "A"}, title="Alive & <well>"), tmp_path / "figure")
    assert "<title>Alive &amp; &lt;well&gt;</title>" in svg.read_text(encoding="utf-8")


def test_global_settings_are_neither_used_nor_changed(tmp_path):
    plain = style.save(figures.survival(alive(soc=0.1), {"soc": "A"}), tmp_path / "plain")
    with matplotlib.rc_context({"font.size": 30.0, "axes.facecolor": "black"}):
        before = dict(matplotlib.rcParams)
        changed = style.save(figures.survival(alive(soc=0.1), {"soc": "A"}), tmp_path / "changed")
        assert dict(matplotlib.rcParams) == before
    assert plain[1].read_bytes() == changed[1].read_bytes()


def test_looks_repeat_only_after_every_combination():
    looks = [style.look(i) for i in range(35)]
    assert len({(look.colour, look.dashes) for look in looks}) == 35
    assert len({(look.colour, look.hatch) for look in looks}) == 35

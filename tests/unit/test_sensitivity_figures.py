"""What the figures of sensitivity analyses show, and that they repeat byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from cea.analysis.one_way import OneWay, one_way
from cea.analysis.price import PriceDistribution, highest_prices, prices_frame
from cea.analysis.threshold import durability_frontier
from cea.analysis.two_way import two_way
from cea.reports import sensitivity_figures, style
from tests.linear_model import edited, linear_model


def texts(figure: Figure) -> list[str]:
    """All texts of a figure, on one line each."""
    return [text.get_text().replace("\n", " ") for text in figure.findobj(Text) if text.get_text()]


def bars(figure: Figure) -> list[Rectangle]:
    """The drawn bars of a tornado, two an input."""
    found = [item for item in figure.axes[0].patches if isinstance(item, Rectangle)]
    assert len(found) % 2 == 0
    return found


def analysis() -> OneWay:
    """The linear model's analysis."""
    return one_way(linear_model())[0]


def test_bars_run_from_the_base_to_each_end_in_the_colour_of_the_inputs_direction():
    found = analysis()
    figure = sensitivity_figures.tornado(found, "effect")
    drawn = bars(figure)
    moved = [bar for bar in found.sorted("effect") if found.swing(bar, "effect") > 0]
    assert len(drawn) == 2 * len(moved) == 6
    for bar, low, high in zip(moved, drawn[::2], drawn[1::2], strict=True):
        for drawn_bar, end in ((low, bar.low.effect), (high, bar.high.effect)):
            edges = sorted((drawn_bar.get_x(), drawn_bar.get_x() + drawn_bar.get_width()))
            assert edges == pytest.approx(sorted((found.base.effect, end)))
        looks = {(to_hex(item.get_facecolor()), item.get_hatch()) for item in (low, high)}
        assert len({colour for colour, _ in looks}) == len({hatch for _, hatch in looks}) == 2


def test_values_units_comparator_and_threshold_are_written():
    figure = sensitivity_figures.tornado(analysis())
    written = texts(figure)
    assert {"0", "0.5", "2"} <= set(written)
    assert any("Price (EUR; a decision)" in text for text in written)
    title = figure.get_suptitle().replace("\n", " ")
    assert "€1,000 per QALY" in title and "Drug against Usual care" in title
    assert any("Base: €60" in text for text in written)
    assert any("inputs without an effect" in text for text in written)


def test_top_limits_the_bars_and_says_what_is_left_out():
    figure = sensitivity_figures.tornado(analysis(), "nmb", 2)
    assert len(bars(figure)) == 4
    assert any("Not drawn: 2 more inputs with swings up to €235" in text for text in texts(figure))


def test_decisions_that_turn_are_marked_beside_the_bar():
    marks = [
        line for line in sensitivity_figures.tornado(analysis()).axes[0].lines
        if isinstance(line, Line2D) and line.get_marker() == "D"
    ]  # fmt: skip
    filled = [line for line in marks if to_hex(line.get_markerfacecolor()) != "#ffffff"]
    assert len(filled) == sum(bar.flips for bar in analysis().bars) > 0
    assert len(marks) - len(filled) == sum(bar.flips_best for bar in analysis().bars)


def test_a_bar_that_dwarfs_the_others_is_cut_and_says_how_far_it_reaches():
    found = one_way(edited("range: [0, 1000]", "range: [0, 100000]"))[0]
    figure = sensitivity_figures.tornado(found)
    axes = figure.axes[0]
    assert axes.get_xlim()[0] > -2000
    assert any("« 100,000: -€99,700" in text for text in texts(figure))


def test_both_ends_on_one_side_lie_above_each_other():
    ranged = edited("dose: {label: Dose, value: 1,", "dose: {label: Dose, value: 1, range: [0.5, 3.5],")
    ranged = ranged.with_values({"dose": 2.0, "wave": 1.0})
    figure = sensitivity_figures.tornado(one_way(ranged)[0], "effect", 1)
    low, high = bars(figure)
    assert low.get_y() + low.get_height() <= high.get_y() + 0.03
    assert {"0.5", "3.5"} <= set(texts(figure))


def test_nothing_to_draw_still_gives_a_figure():
    assert bars(sensitivity_figures.tornado(replace(analysis(), bars=()))) == []


def test_the_heat_map_has_the_line_of_zero_the_base_and_every_best_strategy():
    found = two_way(linear_model(), "price", "surgery", (9, 9), spans={"surgery": (100.0, 500.0)})[0]
    figure = sensitivity_figures.heat_map(found)
    written = texts(figure)
    for at in np.unique(found.best):
        assert found.strategy_labels[at] in written
    assert any("Decision turns" in text for text in written) and "Base case" in written
    assert sum(text.startswith("Price (EUR)") for text in written) == 2
    panels = [axes for axes in figure.axes if axes.get_xlabel()]
    for panel in panels[:2]:
        cross = next(line for line in panel.lines if line.get_marker() == "P")
        assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (240, 500)  # type: ignore[index]


def test_a_heat_map_without_a_turn_does_not_speak_of_one():
    found = two_way(linear_model(), "price", "lasting", (5, 5), spans={"price": (700.0, 900.0)})[0]
    assert not any("Decision turns" in text for text in texts(sensitivity_figures.heat_map(found)))


def test_colours_of_the_heat_map_diverge_from_zero():
    found = two_way(linear_model(), "price", "lasting", (5, 5))[0]
    mesh = next(item for item in sensitivity_figures.heat_map(found).findobj(QuadMesh))
    assert mesh.norm(0.0) == pytest.approx(0.5)


def curve_axes(figure: Figure) -> Axes:
    """The first panel."""
    return figure.axes[0]


def test_the_price_curve_is_the_closed_form():
    grid = np.linspace(0, 2000, 11)
    frame = prices_frame(highest_prices(linear_model(), thresholds=grid.tolist()))
    figure = sensitivity_figures.price_curve(
        frame, {"main": "Drug against Usual care"}, {"main": 240.0}, [1000.0], "2025 EUR", "QALY"
    )
    line = next(item for item in curve_axes(figure).lines if item.get_label() == "Against its comparator")
    np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), 0.3 * grid, atol=1e-9)
    assert "Threshold, 2025 EUR per QALY" in texts(figure) and "Price now" in texts(figure)


def test_the_probability_by_price_falls_from_the_share_with_a_price():
    found = PriceDistribution("drug", "usual", 1000.0, np.zeros(4), np.array([100.0, 200.0, np.nan, 400.0]), "main")
    figure = sensitivity_figures.price_probability([found], {"main": "Drug"}, {"main": 240.0}, "EUR", "QALY")
    line = next(item for item in curve_axes(figure).lines if "1,000" in str(item.get_label()))
    heights = np.asarray(line.get_ydata(), dtype=float)
    assert heights[0] == 0.75 and (np.diff(heights) <= 0).all()


def test_the_frontier_says_where_no_price_is_low_enough():
    model = linear_model()
    figure = sensitivity_figures.durability(durability_frontier(model, "lasting", thresholds=[1000.0, 2000.0]))
    lines = {str(item.get_label()): item for item in curve_axes(figure).lines}
    prices = np.asarray(lines["€1,000 per QALY"].get_xdata(), dtype=float)
    values = np.asarray(lines["€1,000 per QALY"].get_ydata(), dtype=float)
    np.testing.assert_allclose(prices, 300 * values)
    without = model.with_values({"gain_x": -1.0, "gain_y": -1.0})
    figure = sensitivity_figures.durability(durability_frontier(without, "lasting", thresholds=[1000.0]))
    assert any("At €1,000 no price is low enough" in text for text in texts(figure))


def test_figures_repeat_byte_for_byte(tmp_path: Path):
    def draw(name: str) -> list[bytes]:
        figures = [
            sensitivity_figures.tornado(analysis(), top=2),
            sensitivity_figures.heat_map(two_way(linear_model(), "price", "lasting", (4, 4))[0]),
        ]
        return [
            path.read_bytes()
            for position, figure in enumerate(figures)
            for path in style.save(figure, tmp_path / f"{name}{position}")
        ]

    assert draw("first") == draw("second")

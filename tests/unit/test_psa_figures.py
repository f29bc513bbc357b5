"""What the figures of a probabilistic analysis hold, that nothing overlaps, and that they repeat byte for byte."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from cea.analysis.acceptability import acceptability
from cea.analysis.convergence import convergence
from cea.analysis.information import evpi
from cea.analysis.uncertainty import ellipse, incremental_benefit, increments, summary
from cea.engine.outcomes import Outcomes
from cea.errors import UsageError
from cea.reports import psa_figures, style
from cea.reports.wording import share

LABELS = ("Palliative care", "New therapy", "Transplant", "Both")


def psa(samples: int = 400, strategies: int = 4) -> Outcomes:
    """Draws with the size and order of costs and effects of a lifetime model."""
    rng = np.random.default_rng(1)
    shared = rng.standard_normal((samples, 1))
    effect = np.array([2.8, 3.2, 7.4, 7.7]) * np.exp(0.1 * shared + 0.05 * rng.standard_normal((samples, 4)))
    cost = np.array([2.6e5, 3.1e5, 6.4e5, 6.9e5]) * np.exp(0.1 * shared + 0.08 * rng.standard_normal((samples, 4)))
    keep = slice(0, strategies)
    names = ("palliative", "new", "transplant", "both")[keep]
    thresholds = (50_000.0, 100_000.0, 150_000.0)
    return Outcomes(names, LABELS[keep], cost[:, keep], effect[:, keep], "USD", "QALY", thresholds, 100_000.0, "2025")


def every_figure(given: Outcomes) -> dict[str, Figure]:
    curve = acceptability(given)
    return {
        "plane": psa_figures.plane(given),
        "acceptability": psa_figures.acceptability(curve),
        "expected_loss": psa_figures.expected_loss(curve),
        "incremental_benefit": psa_figures.incremental_benefit(incremental_benefit(given)),
        "information": psa_figures.information(evpi(given)),
        "convergence": psa_figures.convergence(convergence(given)),
    }


def texts(figure: Figure) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in figure.findobj(Text) if text.get_text()]


def line(axes: Axes, across: np.ndarray, values: np.ndarray) -> bool:
    """Whether the axes hold a line with these data."""
    return any(
        len(found.get_xdata()) == len(across)
        and np.allclose(np.asarray(found.get_xdata(), dtype=float), across)
        and np.allclose(np.asarray(found.get_ydata(), dtype=float), values)
        for found in axes.lines
    )


@pytest.mark.parametrize("name", ["plane", "acceptability", "expected_loss", "incremental_benefit", "information"])
def test_every_amount_has_its_currency_price_year_and_unit(name):
    figure = every_figure(psa(50))[name]
    axes = figure.axes[0]
    said = " ".join([axes.get_xlabel(), axes.get_ylabel(), figure.get_supylabel()])
    assert "2025 USD" in said
    assert "QALY" in said
    assert figure.get_label() in texts(figure)


@pytest.mark.parametrize("name", ["acceptability", "expected_loss", "incremental_benefit", "convergence"])
def test_labels_of_curves_do_not_overlap(name):
    figure = every_figure(psa(200))[name]
    figure.draw_without_rendering()
    labels = [text for text in figure.axes[0].texts if text.get_text().replace("\n", " ") in LABELS]
    assert len(labels) >= 3
    boxes = [text.get_window_extent() for text in labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(box.x0 > figure.axes[0].bbox.x1 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_curves_differ_without_colour():
    axes = every_figure(psa(50))["acceptability"].axes[0]
    patterns = [str(found._dash_pattern) for found in axes.lines if found.get_linewidth() == 1.9]
    assert len(set(patterns)) == 4


def test_plane_shows_means_ellipses_and_shares_of_all_draws():
    given = psa(2_000)
    figure = psa_figures.plane(given, "palliative")
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == list(LABELS[1:])
    for panel, contrast in zip(panels, summary(given, "palliative").contrasts, strict=True):
        assert line(panel, np.array([contrast.effect.mean]), np.array([contrast.cost.mean]))
        assert line(panel, *ellipse(given, contrast.strategy, "palliative").T)
        said = {text.get_text() for text in panel.texts}
        assert {f"{corner} {share(getattr(contrast.quadrants, corner.lower()))}" for corner in
                ("NE", "SE", "SW", "NW")} <= said  # fmt: skip
        assert panel.get_xlim()[0] < 0 < panel.get_xlim()[1]
        assert panel.get_ylim()[0] < 0 < panel.get_ylim()[1]
    assert "Palliative care" in figure.get_suptitle()


def test_plane_thins_to_the_first_draws_and_says_so():
    given = psa(6_000)
    figure = psa_figures.plane(given, "palliative")
    clouds = [artist for axes in figure.axes for artist in axes.collections if isinstance(artist, PathCollection)]
    assert sum(len(cloud.get_offsets()) for cloud in clouds) <= 5_000
    effect, cost = increments(given, "new", "palliative")
    np.testing.assert_array_equal(clouds[0].get_offsets(), np.column_stack([effect, cost])[:1_666])
    assert "Draws (first 1,666 of 6,000)" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert "Draws (50)" in [text.get_text() for text in psa_figures.plane(psa(50)).legends[0].get_texts()]


def test_plane_draws_the_threshold_through_the_origin():
    panel = psa_figures.plane(psa(50), threshold=70_000.0).axes[0]
    (slanted,) = [found for found in panel.lines if getattr(found, "get_slope", lambda: None)() == 70_000.0]
    assert slanted.get_xy1() == (0, 0)


def test_acceptability_shows_every_curve_and_the_bold_frontier():
    curve = acceptability(psa(500))
    axes = psa_figures.acceptability(curve).axes[0]
    assert axes.get_ylabel() == "Probability most cost-effective"
    for i in range(4):
        assert line(axes, curve.thresholds, curve.probability[:, i])
    bold = [found for found in axes.lines if found.get_linewidth() >= 5]
    assert len(bold) == 1 + np.count_nonzero(np.diff(curve.best))
    drawn = {(x, y) for found in bold for x, y in zip(found.get_xdata(), found.get_ydata(), strict=True)}
    assert drawn == set(zip(curve.thresholds, curve.frontier, strict=True))


def test_expected_loss_has_the_value_of_information_as_its_lower_envelope():
    curve = acceptability(psa(500))
    axes = psa_figures.expected_loss(curve).axes[0]
    assert line(axes, curve.thresholds, curve.expected_loss.min(axis=1))
    assert axes.get_yscale() == "log"
    assert "log scale" in axes.get_ylabel()


def test_incremental_benefit_has_a_band_for_each_strategy_but_the_comparator():
    curve = incremental_benefit(psa(300), "palliative")
    axes = psa_figures.incremental_benefit(curve).axes[0]
    assert sum(isinstance(artist, PolyCollection) for artist in axes.collections) == 3
    for i in (1, 2, 3):
        assert line(axes, curve.thresholds, curve.mean[:, i])
        assert line(axes, curve.thresholds, curve.high[:, i])


@pytest.mark.parametrize("thresholds", [(50_000.0, 100_000.0, 150_000.0), (90_000.0, 95_000.0, 100_000.0)])
def test_information_prints_its_amounts_at_the_models_thresholds_apart_from_each_other(thresholds):
    given = replace(psa(500), thresholds=thresholds)
    value = evpi(given)
    figure = psa_figures.information(value)
    figure.draw_without_rendering()
    own = np.isin(value.thresholds, thresholds)
    printed = [text for text in figure.axes[0].texts if "$" in text.get_text()]
    expected = [f"${round(amount, -2) if amount >= 1000 else amount:,.0f}" for amount in value.per_person[own]]
    assert [text.get_text().strip() for text in printed] == expected
    boxes = [text.get_window_extent() for text in printed]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(box.y1 <= figure.axes[0].bbox.y1 for box in boxes)


def test_convergence_says_whether_the_draws_were_enough():
    result = convergence(psa(300), independent=False)
    figure = psa_figures.convergence(result, 150_000.0)
    caption = figure.get_supxlabel().replace("\n", " ")
    assert result.sentences(lambda amount: f"${amount:,.0f}")[2] in caption
    assert "Sobol" in caption
    assert line(figure.axes[0], result.draws, result.incremental_nmb[:, 2, 1])
    with pytest.raises(UsageError, match="70,000"):
        psa_figures.convergence(result, 70_000.0)


def test_same_strategies_share_a_label():
    given = psa(50, strategies=2)
    twins = Outcomes(
        ("a", "b"), ("First", "Second"), given.cost[:, [0, 0]], given.effect[:, [0, 0]], "USD", "QALY", (1.0,), 1.0
    )
    assert "First and Second: same curve" in texts(psa_figures.acceptability(acceptability(twins)))


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0 %"), (0.004, "<1 %"), (0.126, "13 %"), (0.9951, ">99 %"), (1.0, "100 %")]
)
def test_shares_never_round_to_certainty(value, text):
    assert share(value) == text


def test_figures_of_increments_need_two_strategies():
    alone = psa(20, strategies=1)
    for draw in (
        lambda: psa_figures.plane(alone),
        lambda: psa_figures.incremental_benefit(incremental_benefit(alone)),
        lambda: psa_figures.convergence(convergence(alone)),
    ):
        with pytest.raises(UsageError, match="two strategies"):
            draw()


def test_a_deterministic_run_and_a_single_threshold_can_be_drawn():
    curve = acceptability(psa(1), 100_000)
    for figure in (psa_figures.acceptability(curve), psa_figures.expected_loss(curve)):
        figure.draw_without_rendering()


def test_figures_repeat_byte_for_byte_and_leave_settings_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    for name in ("one", "two"):
        figures = every_figure(psa(60))
        for kind in ("plane", "acceptability"):
            style.save(figures[kind], tmp_path / f"{kind}_{name}")
    for kind in ("plane", "acceptability"):
        for suffix in (".png", ".svg"):
            one, two = ((tmp_path / f"{kind}_{name}{suffix}").read_bytes() for name in ("one", "two"))
            assert one == two
    assert dict(matplotlib.rcParams) == before

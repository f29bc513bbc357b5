"""What the figures of contracts, subgroups and tests show, and that they repeat byte for byte."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import cea
from cea.analysis.contracts import Cap, Discount, Rebate, Response
from cea.analysis.managed_entry import ContractComparison, Terms, compare_contracts
from cea.analysis.responders import Marker
from cea.analysis.stratification import Stratification, stratify
from cea.analysis.subgroups import Subgroup, run_subgroups
from cea.model.definition import Source
from cea.reports import contract_figures, style, subgroup_figures
from tests.contract_model import contract_model
from tests.models import layer, shipped

SOURCE = Source("assumption", note="a test")


def texts(figure: Figure) -> list[str]:
    """All texts of a figure, on one line each."""
    return [text.get_text().replace("\n", " ") for text in figure.findobj(Text) if text.get_text()]


@cache
def comparison(n: int = 60, boost: float = 2.0) -> ContractComparison:
    """Contracts of a drug, which is no good where `boost` is below 1."""
    model = contract_model(price=200.0, boost=boost)
    contracts = (
        Discount("gift", "A gift", SOURCE, 1.0),
        Rebate("back", "Half back", SOURCE, 0.5, True, 1.0),
        Cap("one", "One dose", SOURCE, 1.0),
    )
    terms = Terms(contracts, Response(0.5, {"ill": ("well",)}))
    return compare_contracts(model, terms, cea.sample(model, n) if n else None)[0]


@cache
def stratified() -> Stratification:
    """A test for response, on the shipped model."""
    marker = Marker("T", 0.8, 0.8, {"USD": 500.0}, 0.5, (0.05, 0.3, 1.0), "msc_efficacy_multiplier", 0.0,
                    ("msc", "palliative"), 5.0, SOURCE)  # fmt: skip
    return stratify(shipped(), marker)[0]


def test_contracts_stand_beside_their_prices():
    found = comparison()
    figure = contract_figures.contracts(found, 5000.0)
    benefit, price = figure.axes
    points = benefit.lines[0].get_xdata()
    assert points == pytest.approx([found.benefit(item, 5000.0) for item in found.results])
    said = texts(figure)
    assert {"Full price upfront", "A gift", "any price"} <= set(said)
    assert f"${found.highest_price(found.results[0], 5000.0):,.0f}" in said
    assert price.get_xlim()[0] == 0
    harmful = contract_figures.contracts(comparison(0, 0.1), 5000.0)
    assert texts(harmful).count("none is low enough") == len(found.results)


def test_without_draws_there_are_no_intervals():
    figure = contract_figures.contracts(comparison(0), 5000.0)
    assert not any("draws" in text for text in texts(figure))
    assert not any("draws" in text for text in texts(contract_figures.responses(comparison(0))))


def test_the_risk_of_loss_rises_with_the_price():
    found = comparison()
    figure = contract_figures.loss_by_price(found, 5000.0)
    curves = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    assert {item.contract.label for item in found.results} <= set(curves)
    for item in found.results:
        assert (np.diff(curves[item.contract.label]) >= 0).all()
    assert set(curves["A gift"]) == {found.loss(found.results[1], 5000.0, 0.0)[0]}


def test_responses_are_bars_of_both_strategies():
    found = comparison()
    figure = contract_figures.responses(found)
    heights = [bar.get_height() for axes in figure.axes for bar in axes.patches]
    assert heights == pytest.approx([*found.outlook[0, 0, :, 0], *found.outlook[0, 0, :, 1]])
    assert any("after 6 months" in text for text in texts(figure))


def test_subgroups_stand_under_what_divides_them():
    part = Subgroup("well", "Well", "State at the start", (layer("parameters: {share_well: 1}", "well"),))
    found = run_subgroups(contract_model(), [part], 40)
    figure = subgroup_figures.subgroups(found.of("main"), 5000.0, 900.0, "Drug, per dose")
    assert {"Everybody", "State at the start", "Well", "Net benefit", "Highest price"} <= set(texts(figure))
    points = figure.axes[0].lines[0]
    assert points.get_xdata() == pytest.approx([item.record(5000.0)["nmb"] for item in found.results])
    assert len(subgroup_figures.subgroups(found.of("main"), 5000.0, None, "").axes) == 1


def test_a_test_has_its_accuracy_and_its_prevalence():
    found = stratified()
    grid = np.linspace(0.5, 1, 5)
    figure = subgroup_figures.test_value(found, 100_000.0, grid, grid)
    said = texts(figure)
    assert {"Assumed test", "Treat all", "Treat none", "zero"} <= set(said)
    assert any("At 5% or less no effect keeps the average" in text for text in said)
    frame = found.prevalence_frame(100_000.0)
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[1].lines}
    assert lines["Treat all"][1:] == pytest.approx(frame["nmb_all"].to_numpy()[1:])


def test_figures_repeat_byte_for_byte(tmp_path: Path):
    for name, make in (
        ("contracts", lambda: contract_figures.contracts(comparison(), 5000.0)),
        ("test", lambda: subgroup_figures.test_value(stratified(), 100_000.0, np.array([0.5, 1]), np.array([0.5, 1]))),
    ):
        files = [style.save(make(), tmp_path / f"{name}{turn}") for turn in (1, 2)]
        for first, second in zip(*files, strict=True):
            assert first.read_bytes() == second.read_bytes()

"""`cea sobol`: its JSON, its tables, its run folder, its figures and its errors."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from cea.analysis.morris import morris
from cea.analysis.sobol import sobol
from cea.analysis.unit_cube import model_on_cube
from cea.cli import main
from cea.reports import sobol_figures
from tests.models import CIRRHOSIS, shipped

INPUTS = ["--inputs", str(CIRRHOSIS)]
FEW = ["--only", "efficacy", "--only", "natural_history"]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["sobol", *INPUTS, "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["sobol", *INPUTS, *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    return caught.err


def test_json_has_an_entry_for_each_outcome_and_input(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = answer(capsys, "-N", "64", "--seed", "3")
    expected = sobol(model_on_cube(shipped()), 64, seed=3)
    names = [outcome.name for outcome in expected.outcomes]
    assert [item["outcome"] for item in found["outcomes"]] == names
    assert len(found["indices"]) == len(names) * len(expected.inputs)
    entries = {(item["outcome"], item["input"]): item for item in found["indices"]}
    for at, outcome in enumerate(names):
        for which, item in enumerate(expected.inputs):
            for key in ("S1", "S1_conf", "ST", "ST_conf"):
                assert entries[outcome, item.name][key] == getattr(expected, key)[at, which]
    assert found["second_order"] == [] and found["morris"] == []
    assert (found["manifest"]["n"], found["manifest"]["seed"]) == (64, 3)
    assert (found["n"], found["seed"], found["evaluations"]) == (64, 3, {"indices": expected.evaluations})
    assert {item["n"] for item in found["convergence"]} == {16, 32, 64}
    assert not list(tmp_path.iterdir())


def test_second_order_is_among_the_screened_and_the_others_as_one(capsys):
    found = answer(capsys, "-N", "16", "--second-order", "--morris")
    screened = morris(model_on_cube(shipped())).top()
    in_pairs = {name for item in found["second_order"] for name in (item["first"], item["second"])}
    assert in_pairs == {*screened, "(all others)"}
    assert len(found["second_order"]) == len(found["outcomes"]) * 13 * 12 / 2
    assert found["evaluations"]["second_order"] == 16 * (2 * 13 + 2)
    assert len(found["morris"]) == len(found["outcomes"]) * len(found["inputs"])
    sigma = {item["input"]: item["sigma"] for item in found["morris"]}
    assert sigma["natural_history"] is None and sigma["efficacy"] > 0


def test_with_few_inputs_one_design_serves_all_orders(capsys):
    found = answer(capsys, "-N", "32", "--second-order", *FEW, "--pair", "msc:palliative")
    assert {item["input"] for item in found["indices"]} == {"efficacy", "natural_history", "(all others)"}
    assert found["evaluations"] == {"indices": 32 * 8, "second_order": 32 * 8}
    assert {item["headline"] for item in found["indices"]} == {"ineligible"}
    group = next(item for item in found["inputs"] if item["input"] == "natural_history")
    assert group["parameters"] == list(shipped().joint["natural_history"].parameters)


def test_tables_figures_and_the_run_folder(capsys, tmp_path):
    folder = tmp_path / "run"
    options = ["-N", "32", "--second-order", "--morris", *FEW, "--out", str(folder)]
    assert main(["sobol", *INPUTS, *options]) == 0
    caught = capsys.readouterr()
    text = " ".join(caught.out.split())
    for words in ("Morris screening", "μ*", "First orders add up to", "Interactions of pairs", "At most"):
        assert words in text
    assert "Results:" in caught.err
    stems = {item.name for item in folder.iterdir()}
    figures = ["indices_ineligible", "morris_eligible", "second_order_nmb_ineligible", "second_order_decision_eligible"]
    for name in figures:
        assert {f"{name}.png", f"{name}.svg"} <= stems
    indices = pd.read_csv(folder / "indices.csv")
    assert len(indices) == 8 * 3
    assert {"second_order.csv", "convergence.csv", "morris.csv", "manifest.json"} <= stems


def test_screening_alone(capsys):
    found = answer(capsys, "-N", "0", "--morris")
    assert found["indices"] == [] and found["outcomes"] == []
    assert len(found["morris"]) == 8 * len(found["inputs"])
    assert list(found["evaluations"]) == ["morris"]


def test_a_decision_that_never_changes_has_null_indices_and_says_so(capsys):
    found = answer(capsys, "-N", "16", "--set", "msc_acquisition_per_infusion=1e7", *FEW)
    entries = [item for item in found["indices"] if item["outcome"] == "decision_ineligible"]
    assert [item["S1"] for item in entries] == [None] * 3
    assert any("no variance to share out" in text for text in found["warnings"])


def test_bad_requests_are_explained(capsys):
    assert "take 512 or 1024" in refusal(capsys, "-N", "1000")
    assert "16 at least" in refusal(capsys, "-N", "0")
    assert "16 at least" in refusal(capsys, "-N", "0", "--morris", "--second-order")
    assert "seed -1" in refusal(capsys, "--seed", "-1")
    member = shipped().joint["natural_history"].parameters[2]
    message = refusal(capsys, "--only", member)
    assert "drawn together with" in message and "ask for natural_history" in message
    assert "did you mean 'efficacy'" in refusal(capsys, "--only", "eficacy")
    assert "group of inputs: name one of efficacy, " in refusal(capsys, "--only", "MSC effect")
    assert "it is a decision" in refusal(capsys, "--only", "msc_acquisition_per_infusion")
    assert "it follows from others" in refusal(capsys, "--only", "msc_residual_death_hr")
    assert "has no distribution" in refusal(capsys, "--only", "discount_costs")
    assert "name one of cost_b, cost_ratio_c_b" in refusal(capsys, "--only", "cost_c")
    assert "write strategy:comparator" in refusal(capsys, "--pair", "msc")


def test_bars_show_the_indices_with_intervals_of_the_top_inputs_and_count_the_rest():
    found = sobol(model_on_cube(shipped(), ("msc", "palliative")), 32)
    figure = sobol_figures.index_bars(found, range(4), "Title", top=5)
    panel = figure.axes[0]
    order = sorted(range(len(found.inputs)), key=lambda at: -found.ST[:, at].max())[:5]
    order.sort(key=lambda at: -found.ST[0, at])
    widths = [bar.get_width() for bar in panel.patches if isinstance(bar, Rectangle)]
    assert widths == pytest.approx([*found.S1[0, order], *found.ST[0, order]])
    assert len({bar.get_hatch() for bar in panel.patches}) == 2
    assert f"{len(found.inputs) - 5} more inputs" in figure.legends[0].get_title().get_text()


def test_the_map_has_a_cell_for_each_pair_and_the_first_orders_on_its_diagonal():
    found = sobol(
        model_on_cube(shipped(), ("msc", "palliative")).only(["efficacy", "msc_hcc_rr"]), 64, second_order=True
    )
    figure = sobol_figures.second_order_map(found, 0, "Title")
    texts = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    order = found.order(0)
    assert len(texts) == 3 + 3
    first, second = sorted(order[:2])
    assert float(texts[0, 1]) == pytest.approx(found.S2[0, first, second], abs=0.005)
    for row, at in enumerate(order):
        assert float(texts[row, row]) == pytest.approx(found.S1[0, at], abs=0.005)
    with pytest.raises(ValueError, match="no second order"):
        sobol_figures.second_order_map(sobol(model_on_cube(shipped()).only(["efficacy"]), 16), 0, "Title")


def test_the_scatter_has_a_point_an_input_with_groups_marked_apart():
    found = morris(model_on_cube(shipped(), ("msc", "palliative")), 4)
    figure = sobol_figures.screening_scatter(found, 0, "Title", "USD")
    singles, groups = figure.axes[0].lines[:2]
    assert len(singles.get_xdata()) == len(found.inputs) - 1
    assert list(groups.get_ydata()) == [0.0]
    assert singles.get_marker() != groups.get_marker()
    assert max(singles.get_xdata()) == found.mu_star[0].max()

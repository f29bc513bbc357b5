"""Scenarios combined, against closed forms; which exclude each other; the figures of scenarios; the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cea
from cea.analysis.headline import headlines
from cea.analysis.scenario_grid import BASE, Choice, Grid, conflicts, scenario_grid
from cea.analysis.scenarios import run_scenarios
from cea.cli import main
from cea.loading.folder import Folder
from cea.reports.scenario_figures import grid_map, scenarios_chart
from tests.linear_model import linear_model
from tests.models import CIRRHOSIS, QUICK, layer, shipped
from tests.small_model import write_model
from tests.two_states import small

THRESHOLD = 1000.0


def choice(text: str, name: str) -> Choice:
    return Choice(name, name.capitalize(), (layer(text, name),))


def shipped_choice(name: str) -> Choice:
    found = Folder(CIRRHOSIS).layer(name)
    return Choice(name, found.label, (found,))


def linear_grid(gain: float, lasting: float, price: float) -> Grid:
    rows = [choice(f"parameters: {{gain_x: {gain!r}}}", "gain")]
    columns = [
        choice(f"parameters: {{lasting: {lasting!r}}}", "lasting"),
        choice(f"parameters: {{price: {price!r}}}", "price"),
    ]
    return scenario_grid(linear_model(), rows, columns)


@QUICK
@given(gain=st.floats(0.05, 0.15), lasting=st.floats(0.6, 1.9), price=st.floats(1, 900))
def test_cells_have_what_both_together_give(gain: float, lasting: float, price: float):
    grid = linear_grid(gain, lasting, price)
    frame = grid.frame(THRESHOLD).set_index(["row", "column"])

    def benefit(x: float, years: float, cost: float) -> float:
        return THRESHOLD * (x + 0.2) * years - cost

    expected = {
        ("base", "base"): benefit(0.1, 1, 240),
        ("base", "lasting"): benefit(0.1, lasting, 240),
        ("base", "price"): benefit(0.1, 1, price),
        ("gain", "base"): benefit(gain, 1, 240),
        ("gain", "lasting"): benefit(gain, lasting, 240),
        ("gain", "price"): benefit(gain, 1, price),
    }
    assert dict(frame["nmb"]) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert list(frame["worth_it"]) == [value >= 0 for value in frame["nmb"]]
    changes = {key: value - expected["base", "base"] for key, value in expected.items()}
    assert dict(frame["nmb_change"]) == pytest.approx(changes, rel=1e-9, abs=1e-9)
    # Gain and duration multiply each other; the price only adds.
    product = THRESHOLD * (gain - 0.1) * (lasting - 1)
    assert frame.loc[("gain", "lasting"), "interaction"] == pytest.approx(product, abs=1e-9)
    assert frame.loc[("gain", "price"), "interaction"] == pytest.approx(0, abs=1e-9)
    assert frame.loc[("gain", "base"), "interaction"] != frame.loc[("gain", "base"), "interaction"]  # NaN: no pair
    worth = THRESHOLD * (gain + 0.2) * lasting
    assert frame.loc[("gain", "lasting"), "highest_price"] == pytest.approx(worth, rel=1e-9)


def test_the_base_case_is_the_first_row_and_column_and_each_choice_also_stands_alone():
    model = shipped()
    names = ["scenarios/discount_0", "populations/b_only"]
    grid = scenario_grid(model, [shipped_choice(names[0])], [shipped_choice(names[1])])
    assert (grid.rows[0], grid.columns[0]) == (BASE, BASE)
    assert grid.base.headlines == tuple(headlines(cea.run(model)))
    for cell, layers in (
        (grid.cells[1][0], names[:1]),
        (grid.cells[0][1], names[1:]),
        (grid.cells[1][1], names),
    ):
        assert cell.headlines == tuple(headlines(cea.run(cea.load(CIRRHOSIS, layers=layers))))


def test_layers_apply_in_the_order_of_their_folders_whatever_the_order_in_the_grid():
    model = cea.load(CIRRHOSIS, layers=["scenarios/horizon_10_years"])
    grid = scenario_grid(model, [shipped_choice("scenarios/waning_none")], [shipped_choice("populations/ineligible")])
    found = grid.cells[1][1].results
    assert found is not None
    assert [item.name for item in found.model.layers] == [
        "populations/ineligible", "scenarios/horizon_10_years", "scenarios/waning_none",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("parameters: {price: 1}", "parameters: {price: 2}", True),
        ("parameters: {price: 1}", "parameters: {price: {value: 1}}", False),
        ("parameters: {price: {value: 1}}", "parameters: {price: {value: 2, range: [0, 5]}}", True),
        ("parameters: {price: {value: 1}}", "parameters: {price: {formula: surgery}}", True),
        ("parameters: {price: {range: [0, 1]}}", "parameters: {price: {value: 2}}", False),
        ("parameters: {price: 1}", "parameters: {surgery: 1}", False),
        ('formulas: {gain: "gain_x"}', "formulas: {gain: {formula: gain_x}}", False),
        ('formulas: {gain: "gain_x"}', 'formulas: {gain: "gain_y"}', True),
        ("settings: {correction: start}", "settings: {correction: simpson}", True),
        ("settings: {correction: start}", "settings: {price_year: '2020'}", False),
        ("outcomes: {care: null}", "outcomes: {care: {when: drug}}", True),
        ("outcomes: {care: {when: cut}}", "outcomes: {care: {indirect: true}}", False),
        ("transitions: {well -> gone: {rate: 0 * hazard}}", "transitions: {well -> gone: {rate: hazard}}", True),
        ("strategies: [usual, both]", "strategies: [both, usual]", True),
        ("start: {gone: 1}", "start: {gone: 1}", False),
        ("start: {gone: 1}", "start: {well: 1}", True),
    ],
)
def test_layers_clash_where_they_put_different_things_in_one_place(first: str, second: str, clash: bool):
    one, other = layer(first, "one"), layer(second, "other")
    assert bool(conflicts([one], [other])) is bool(conflicts([other], [one])) is clash
    assert not conflicts([one], [one])


def test_what_cannot_be_combined_is_kept_with_its_reason():
    rows = [choice("parameters: {price: 100}", "cheap"), choice("strategies: [usual, drug_only]", "two")]
    columns = [
        choice("parameters: {price: 500}", "dear"),
        rows[0],
        choice("requires: {currency: USD}\nparameters: {surgery: 1}", "american"),
        choice("strategies: [usual, surgery_only]", "other"),
    ]
    grid = scenario_grid(linear_model(), rows, columns)
    reasons = {(row.name, column.name): cell.reason for row, line in zip(grid.rows, grid.cells, strict=True)
               for column, cell in zip(grid.columns, line, strict=True) if cell.results is None}  # fmt: skip
    assert reasons.pop(("cheap", "dear")) == "both set 'Price', to different values"
    assert reasons.pop(("cheap", "cheap")) == "the same layer twice"
    assert reasons.pop(("two", "other")) == "both set 'strategies', to different values"
    assert {reasons.pop((name, "american")) for name in ("base", "cheap", "two")} == {"made for models in USD"}
    assert set(reasons.values()) == {"it selects the strategies of no headline"}
    # A choice that fails alone is told once, not with every partner.
    told = grid.reasons("main")
    assert [label for label, reason in told if reason == "made for models in USD"] == ["American"]
    frame = grid.frame(THRESHOLD)
    assert frame.loc[frame["reason"] != "", "nmb"].isna().all()


def test_a_choice_that_is_wrong_alone_is_an_error():
    with pytest.raises(cea.InputError, match="no_such_thing"):
        scenario_grid(linear_model(), [choice("parameters: {no_such_thing: 1}", "bad")], [])
    both = Choice("a+b", "A", (layer("parameters: {price: 1}", "a"), layer("parameters: {price: 2}", "b")))
    with pytest.raises(cea.UsageError, match=r"a\+b: both set 'Price'"):
        scenario_grid(linear_model(), [both], [])


def test_a_pair_without_a_solution_has_the_reason_of_the_solver():
    rows = [choice("parameters: {msc_target_hr: 0.3}\nstructural: true", "strong")]
    solve = "measure: hazard_ratio, strategies: [msc, palliative], years: 5, target: msc_target_hr, between: [0.7, 0.9]"
    narrow = f"parameters: {{msc_residual_death_hr: {{solve: {{{solve}}}}}}}\nstructural: true"
    columns = [choice(narrow, "narrow")]
    cell = scenario_grid(shipped(), rows, columns).cells[1][1]
    assert cell.results is None and "msc_residual_death_hr" in cell.reason


# Figures


def texts(figure) -> list[str]:
    return [text.get_text() for panel in figure.axes for text in panel.texts] + [
        label.get_text() for panel in figure.axes for label in (*panel.get_yticklabels(), *panel.get_xticklabels())
    ]


def test_the_chart_has_a_point_for_every_scenario_and_headline():
    folder = Folder(CIRRHOSIS)
    names = ["optimistic", "price_ryoncil", "sceptical", "price_low_england", "horizon_10_years", "price_korea"]
    found = run_scenarios(shipped(), [folder.layer(f"scenarios/{name}") for name in names])
    figure = scenarios_chart(found, 100_000)
    title = figure.get_suptitle()
    assert "United States" in title and "2025 USD" in title and "Health sector" in title and "$100,000" in title
    ran = [item for item in found if item.results]
    order = sorted(ran, key=lambda item: -item.headlines[0].net_benefit(100_000))
    panels = figure.axes
    assert [label.get_text() for label in panels[0].get_yticklabels()] == [item.label for item in order]
    for panel, position in zip(panels, (0, 1), strict=True):
        values = [item.headlines[position].net_benefit(100_000) for item in order]
        points = [line for line in panel.lines if line.get_marker() not in ("None", "")]
        assert [float(line.get_ydata()[0]) for line in points] == list(range(len(order)))
        # All but the one far beyond the others stand at their values; that one stands at the edge with its amount.
        assert [float(line.get_xdata()[0]) for line in points[:-1]] == pytest.approx(values[:-1])
        assert float(points[-1].get_xdata()[0]) > values[-1]
        assert any(text.get_text() == f"« -${-values[-1]:,.0f}" for text in panel.texts)
        structural = [line.get_marker() == "D" for line in points]
        assert structural == [item.structural for item in order] and any(structural) and not all(structural)
        filled = [line.get_markerfacecolor() != "white" for line in points]
        assert filled == [value >= 0 for value in values]
    assert "Dominated" in texts(figure)
    assert "1 made for models in GBP" in figure.legends[0].get_title().get_text()


def test_the_grid_prints_amounts_and_prices_and_hatches_what_has_no_result():
    rows = [choice("parameters: {price: 100}", "cheap")]
    grid = scenario_grid(linear_model(), rows, [choice("parameters: {price: 500}", "dear")])
    figure = grid_map(grid, THRESHOLD, "Price")
    assert "€1,000 per QALY" in figure.get_suptitle().replace("\n", " ")
    assert {"€60\n≤ €300", "-€200\n≤ €300", "€200\n≤ €300"} <= set(texts(figure))
    panel = figure.axes[0]
    assert sum(bool(patch.get_hatch()) for patch in panel.patches) == 1
    framed = [patch for patch in panel.patches if not patch.get_fill()]
    assert len(framed) == 2  # the base case, and cheap
    notes = figure.legends[0].get_title().get_text()
    assert "Cheap + Dear: both set 'Price'" in notes.replace("\n", " ")


def test_without_headlines_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="headlines"):
        scenarios_chart(run_scenarios(small(), []), 1.0)
    with pytest.raises(ValueError, match="headlines"):
        grid_map(scenario_grid(small(), [], []), 1.0)


# Command line


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the small model, which has a jurisdiction and a scenario, and three more scenarios."""
    write_model(tmp_path / "model")
    for name, change in {
        "dear": "cost_drug: 2000", "sure": "hazard_ratio: 0.5", "unsure": "hazard_ratio: 0.95",
    }.items():  # fmt: skip
        text = f"label: {name.capitalize()}\nsource: {{grade: assumption, note: test}}\nparameters: {{{change}}}\n"
        (tmp_path / "model/scenarios" / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SMALL = ["scenarios", "--inputs", "model"]


def test_a_grid_on_the_command_line(here: Path, capsys: pytest.CaptureFixture[str]):
    grid = ["--grid", "cheap,dear", "--with", "sure,unsure,sure+cheap"]
    assert main([*SMALL, *grid, "--out", "kept"]) == 0
    printed, _ = capsys.readouterr()
    title = "The question: New drug against Usual care, extra net benefit at $50,000 per QALY"
    assert title in " ".join(printed.split())
    assert "No result: Dear + Sure + Half the price (both set 'Price of a dose', to different values)" in printed
    files = {item.name for item in Path("kept").iterdir()}
    assert files == {"manifest.json", "scenario_grid.csv", "scenario_grid.png", "scenario_grid.svg"}
    assert main([*SMALL, *grid, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenarios"] == [] and (found["currency"], found["threshold"]) == ("USD", 50_000)
    cells = {(row["row"], row["column"]): row for row in found["grid"]}
    assert len(cells) == 3 * 4
    assert cells["base", "base"]["row_label"] == "Base case"
    assert main(["run", "--inputs", "model", "--layer", "dear", "--layer", "unsure", "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)["headlines"][0]
    pair = cells["scenarios/dear", "scenarios/unsure"]
    assert pair["icer"] == expected["icer"] and pair["incremental_cost"] == expected["incremental_cost"]
    assert pair["highest_price"] == expected["highest_price"][0]["value"] and pair["any_price"] is False


def test_all_scenarios_have_a_figure(here: Path, capsys: pytest.CaptureFixture[str]):
    assert main([*SMALL, "--out", "kept"]) == 0
    assert {item.name for item in Path("kept").iterdir()} == {
        "manifest.json", "scenarios.csv", "scenarios.png", "scenarios.svg",
    }  # fmt: skip
    assert json.loads(Path("kept/manifest.json").read_text())["headline"].startswith("New drug against Usual care: ")
    capsys.readouterr()
    assert main([*SMALL, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["grid"] == [] and len(found["scenarios"]) == 5 and found["price_year"] == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--grid", "cheap"], "--grid and --with belong together"),
        (["--with", "cheap"], "--grid and --with belong together"),
        (["--grid", "chep", "--with", "dear"], "did you mean 'cheap'"),
        (["--grid", ",", "--with", "dear"], "name layers, separated by commas"),
        (["--grid", "euro", "--with", "dear"], "jurisdictions/euro may have another currency"),
        (["--grid", "cheap+dear", "--with", "sure"], "both set 'Price of a dose'"),
        (["--layer", "sure", "--grid", "cheap", "--with", "sure"], "scenarios/sure is on the model already"),
    ],
)
def test_a_grid_that_is_off_is_refused(here: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str):
    assert main([*SMALL, *options]) == 2
    printed = capsys.readouterr()
    assert words in " ".join(printed.err.split()) and printed.out == ""
    assert not Path("outputs").exists()

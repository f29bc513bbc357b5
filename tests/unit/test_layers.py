"""Layers: what a change replaces, what it merges into, what it removes, and where a value is said to come from."""

from __future__ import annotations

from pathlib import Path

import pytest

import cea
from cea.model.families import Fixed, Gamma
from tests.small_model import write_model

HEAD = "label: A test\nsource: {grade: assumption, note: a test}\n"


def with_layers(folder: Path, *texts: str, where: str = "scenarios", head: str = HEAD) -> cea.Model:
    """The small model under layers with these texts, in their order."""
    files = [(f"{where}/layer_{number}.yaml", None, head + text) for number, text in enumerate(texts)]
    write_model(folder, files)
    return cea.load(folder, [f"{where}/layer_{number}" for number in range(len(texts))])


def test_a_bare_number_sets_the_value_and_moves_the_distribution(tmp_path: Path) -> None:
    parameter = with_layers(tmp_path, "parameters: {cost_ill: 6000}").parameters["cost_ill"]
    assert (parameter.value, parameter.unit, parameter.label) == (6000, "USD/year", "Cost when ill")
    assert parameter.recentred
    assert isinstance(parameter.distribution, Gamma)
    assert parameter.distribution.mean == pytest.approx(6000)
    assert parameter.distribution.sd == pytest.approx(6000 / 5000 * 1000)
    assert (parameter.source.grade, parameter.source.note, parameter.layer) == (
        "assumption", "a test", "scenarios/layer_0",
    )  # fmt: skip


def test_a_distribution_is_moved_from_where_it_was_given_not_from_the_layer_between(tmp_path: Path) -> None:
    twice = with_layers(tmp_path / "a", "parameters: {cost_ill: 6000}", "parameters: {cost_ill: 4000}")
    once = with_layers(tmp_path / "b", "parameters: {cost_ill: 4000}")
    assert twice.parameters["cost_ill"].distribution == once.parameters["cost_ill"].distribution


def test_a_value_set_back_has_its_own_distribution_again(tmp_path: Path) -> None:
    model = with_layers(tmp_path, "parameters: {cost_ill: 6000}", "parameters: {cost_ill: 5000}")
    write_model(tmp_path / "base")
    base = cea.load(tmp_path / "base").parameters["cost_ill"]
    assert model.parameters["cost_ill"].distribution == base.distribution
    assert not model.parameters["cost_ill"].recentred


def test_a_distribution_given_with_the_value_is_taken_as_it_is(tmp_path: Path) -> None:
    text = "parameters: {cost_ill: {value: 6000, distribution: {family: fixed}}}"
    parameter = with_layers(tmp_path, text).parameters["cost_ill"]
    assert isinstance(parameter.distribution, Fixed)
    assert not parameter.uncertain
    assert not parameter.recentred


def test_a_distribution_that_cannot_be_moved_is_dropped_with_a_warning(tmp_path: Path) -> None:
    model = with_layers(tmp_path, "parameters: {utility_ill: 0}")
    assert model.parameters["utility_ill"].distribution is None
    (warning,) = model.warnings
    assert "utility_ill is fixed in draws" in warning


def test_only_what_is_named_changes_in_a_parameter(tmp_path: Path) -> None:
    write_model(tmp_path / "base")
    base = cea.load(tmp_path / "base").parameters["fall_ill"]
    changed = with_layers(tmp_path, "parameters: {fall_ill: {range: [0.15, 0.25]}}").parameters["fall_ill"]
    assert changed.range == (0.15, 0.25)
    assert (changed.value, changed.source, changed.distribution, changed.layer) == (
        base.value, base.source, base.distribution, "",
    )  # fmt: skip


def test_one_way_to_give_a_value_replaces_the_other(tmp_path: Path) -> None:
    text = "parameters: {cost_well: {formula: cost_ill / course_count}, cost_ill: {same_as: cost_well}}"
    with pytest.raises(cea.InputError, match="circular definition: cost_well -> cost_ill -> cost_well"):
        with_layers(tmp_path / "a", text)
    model = with_layers(tmp_path / "b", "parameters: {cost_ill: {formula: cost_well * course_count}}")
    parameter = model.parameters["cost_ill"]
    assert (parameter.value, parameter.distribution) == (None, None)
    assert parameter.term is not None and parameter.term.text == "cost_well * course_count"
    solved = with_layers(tmp_path / "c", "parameters: {residual: 1}").parameters["residual"]
    assert (solved.value, solved.solve) == (1, None)


def test_the_source_of_a_value_is_its_own_or_the_layers_or_an_assumption(tmp_path: Path) -> None:
    own = "parameters: {cost_drug: {value: 1, source: {ref: trial, grade: published}}, cost_well: 1}"
    model = with_layers(tmp_path / "a", own)
    assert model.parameters["cost_drug"].source.ref == "trial"
    assert model.parameters["cost_well"].source.note == "a test"
    bare = with_layers(tmp_path / "b", "parameters: {cost_well: 1}", head="label: A test\n").parameters["cost_well"]
    assert bare.source.grade == "assumption"
    assert bare.source.note == "set by the layer scenarios/layer_0 without a source"


def test_added_parameters_have_the_source_of_the_layer(tmp_path: Path) -> None:
    text = (
        "add:\n  parameters:\n    cost_visit: {label: A visit, value: 5, unit: USD/year}\n"
        "outcomes: {care: {per_year: {well: cost_visit}}}\n"
    )
    model = with_layers(tmp_path, text)
    assert model.parameters["cost_visit"].source.note == "a test"
    assert model.parameters["cost_visit"].layer == "scenarios/layer_0"
    assert model.outcomes["care"].by_state["well"].text == "cost_visit"
    assert model.outcomes["care"].by_state["ill"].text == "cost_ill"


def test_null_removes_an_entry_or_a_key(tmp_path: Path) -> None:
    text = "outcomes: {funeral: null, drug_cost: {when: null}}\nheadlines: {main: {price: null}}"
    model = with_layers(tmp_path, text)
    assert list(model.outcomes) == ["care", "drug_cost", "qaly"]
    assert model.outcomes["drug_cost"].when is None
    assert model.headlines["main"].price is None


def test_a_change_to_what_an_earlier_layer_removed_is_dropped(tmp_path: Path) -> None:
    model = with_layers(tmp_path, "outcomes: {funeral: null}", "outcomes: {funeral: {label: The funeral}}")
    assert "funeral" not in model.outcomes


def test_what_is_still_needed_cannot_be_removed(tmp_path: Path) -> None:
    with pytest.raises(cea.InputError, match=r"model\.yaml:47:43: funeral: unknown name 'cost_funeral'"):
        with_layers(tmp_path, "parameters: {cost_funeral: null}")


def test_formulas_are_replaced_and_keep_their_label_and_unit(tmp_path: Path) -> None:
    model = with_layers(tmp_path, "formulas: {waning: 1, background: 0 * discount, fall_rate: {label: Falling ill}}")
    assert model.formulas["waning"].term.text == "1"
    assert model.formulas["background"].label == "Hazard of death at the age now"
    assert model.formulas["fall_rate"].term.text == "fall_ill * hazard_ratio ^ (drug * waning)"
    assert (model.formulas["fall_rate"].label, model.formulas["fall_rate"].unit) == ("Falling ill", "1/year")
    assert [model.formulas[name].layer for name in ("waning", "background", "fall_rate")] == [
        "scenarios/layer_0", "scenarios/layer_0", "",
    ]  # fmt: skip


def test_arrows_the_start_and_thresholds_are_replaced_whole(tmp_path: Path) -> None:
    text = (
        "transitions: {ill -> gone: {rate: treat_rate, event: death}}\nstart: {ill: 1}\n"
        "thresholds: {values: [1, 2], default: 2, source: {grade: assumption, note: x}}\n"
    )
    model = with_layers(tmp_path, text)
    (move,) = [move for move in model.transitions if (move.source, move.event) == ("ill", "death")]
    assert move.term.text == "treat_rate"
    assert list(model.start) == ["ill"]
    assert (model.thresholds, model.threshold) == ((1, 2), 2)


def test_settings_merge(tmp_path: Path) -> None:
    settings = with_layers(tmp_path, "settings: {correction: simpson}").settings
    assert (settings.correction, settings.currency, settings.effect) == ("simpson", "USD", "qaly")


@pytest.mark.parametrize(
    ("texts", "horizon"),
    [
        (("time: {years: 3}",), ("3", None)),
        (("time: {until_age: 70}",), (None, "70")),
        (("time: {until_age: 70}", "time: {years: 4}"), ("4", None)),
        (("time: {cycles_per_year: 8}",), ("10", None)),
    ],
)
def test_the_last_horizon_counts(texts: tuple[str, ...], horizon: tuple[object, object], tmp_path: Path) -> None:
    settings = with_layers(tmp_path, *texts).settings
    assert tuple(term and term.text for term in (settings.years, settings.until_age)) == horizon


def test_strategies_are_selected_in_the_order_of_the_last_selection(tmp_path: Path) -> None:
    first = with_layers(tmp_path / "a", "strategies: [new_drug, usual]")
    assert list(first.strategies) == ["new_drug", "usual"]
    last = with_layers(tmp_path / "b", "strategies: [new_drug, usual]", "strategies: [usual]")
    assert list(last.strategies) == ["usual"]
    assert set(last.declared_strategies) == {"usual", "new_drug"}
    assert cea.run(last).outcomes.cost.shape == (1, 1)


def test_strategies_can_be_added_and_changed(tmp_path: Path) -> None:
    text = "strategies: {usual: {label: Nothing}}\nadd: {strategies: {half: {label: Half a dose, set: {drug: 0.5}}}}"
    model = with_layers(tmp_path, text)
    assert list(model.strategies) == ["usual", "new_drug", "half"]
    assert model.strategies["usual"].label == "Nothing"
    assert model.strategies["half"].switches == {"drug": 0.5}


def test_folders_apply_in_the_order_of_the_model_and_edits_last(tmp_path: Path) -> None:
    texts = {
        "jurisdictions/here.yaml": "parameters: {cost_drug: 1, cost_well: 1, cost_funeral: 1}",
        "scenarios/high.yaml": "parameters: {cost_drug: 2, cost_well: 2}",
        "scenarios/low.yaml": "parameters: {cost_drug: 3}",
    }
    write_model(tmp_path, [(name, None, HEAD + text) for name, text in texts.items()])
    model = cea.load(tmp_path, ["low", "high", "here"], {"cost_funeral": 9})
    values = {name: model.parameters[name].value for name in ("cost_drug", "cost_well", "cost_funeral")}
    assert values == {"cost_drug": 2, "cost_well": 2, "cost_funeral": 9}
    assert [layer.name for layer in model.layers] == ["jurisdictions/here", "scenarios/low", "scenarios/high", "edit"]
    assert cea.load(tmp_path, ["high", "low"]).parameters["cost_drug"].value == 3
    assert model.parameters["cost_funeral"].source.note == "set by the user (--set)"


def test_a_jurisdiction_changes_the_currency_with_the_values(tmp_path: Path) -> None:
    write_model(tmp_path)
    model = cea.load(tmp_path, ["euro"])
    assert model.currency == "EUR"
    assert model.parameters["cost_drug"].unit == "EUR"
    assert model.parameters["cost_drug"].source.ref == "office"
    assert model.parameters["cost_drug"].layer == "jurisdictions/euro"
    assert model.parameters["fall_ill"].layer == ""


def test_an_amount_of_zero_needs_no_currency(tmp_path: Path) -> None:
    free = "parameters: {cost_well: 0, cost_ill: {value: 0, distribution: null}, cost_drug: 0, cost_funeral: 0}"
    assert with_layers(tmp_path, "settings: {currency: EUR}\n" + free).currency == "EUR"


def test_a_layer_on_a_loaded_model_is_the_same_as_loading_it_with_the_layer(tmp_path: Path) -> None:
    write_model(tmp_path)
    base, direct = cea.load(tmp_path), cea.load(tmp_path, ["cheap"])
    layered = base.with_layer(direct.layers[0])
    assert layered.parameters == direct.parameters
    assert base.parameters["cost_drug"].value == 900
    assert base.with_values({"cost_drug": 450}).parameters["cost_drug"].value == 450
    assert base.with_values({}) is base


def test_a_problem_in_a_layer_points_into_the_layer(tmp_path: Path) -> None:
    with pytest.raises(cea.InputError) as caught:
        with_layers(tmp_path, "parameters: {cost_well: -5, cost_drug: {unit: weeks}}\nformulas: {waning: 1 / nothing}")
    places = [str(item.place).removeprefix(f"{tmp_path.as_posix()}/") for item in caught.value.problems]
    assert places == ["scenarios/layer_0.yaml:3:47", "scenarios/layer_0.yaml:4:24"]

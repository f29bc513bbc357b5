"""Tables of draws from elsewhere: both layouts, and every way in which they can be wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cea.engine.outcomes import Outcomes
from cea.errors import InputError, UsageError

COST = np.array([[100.0, 200.0], [110.0, 190.0], [90.0, 250.0]])
EFFECT = np.array([[1.0, 1.5], [1.1, 1.4], [0.9, 1.9]])
MONEY = {"currency": "GBP", "thresholds": (20_000, 30_000)}


def tidy() -> pd.DataFrame:
    return Outcomes(("soc", "new"), ("SoC", "New"), COST, EFFECT, "GBP", "QALY", (1.0,), 1.0).frame()


def wide(effect="effect") -> pd.DataFrame:
    columns = {f"cost_{name}": COST[:, i] for i, name in enumerate(("soc", "new"))}
    return pd.DataFrame(columns | {f"{effect}_{name}": EFFECT[:, i] for i, name in enumerate(("soc", "new"))})


def read(frame: pd.DataFrame, **more) -> Outcomes:
    return Outcomes.from_frame(frame, **{**MONEY, **more})


def problems(frame: pd.DataFrame, **more) -> str:
    with pytest.raises(InputError) as caught:
        read(frame, **more)
    return str(caught.value)


@pytest.mark.parametrize("frame", [tidy(), tidy().rename(columns={"effect": "qaly"}), wide(), wide("qaly")])
def test_both_layouts_give_the_same_outcomes(frame):
    found = read(frame)
    assert found.strategies == found.labels == ("soc", "new")
    assert found.cost.tolist() == COST.tolist()
    assert found.effect.tolist() == EFFECT.tolist()
    assert (found.thresholds, found.threshold, found.life_years) == ((20_000, 30_000), 20_000, None)


def test_a_table_of_outcomes_comes_back_as_it_was():
    given = Outcomes(("b", "a"), ("B", "A"), COST, EFFECT, "USD", "QALY", (5.0,), 5.0, life_years=2 * EFFECT)
    found = Outcomes.from_frame(given.frame(), currency="USD", thresholds=[5], labels={"b": "B", "a": "A"})
    assert found.frame().equals(given.frame())
    assert found.labels == given.labels


def test_the_order_of_rows_and_columns_does_not_matter():
    shuffled = tidy().sample(frac=1, random_state=3)[["effect", "strategy", "cost", "sample"]]
    found = read(shuffled, labels={"soc": "Standard of care", "new": "New"})
    assert found.cost.tolist() == COST.tolist()
    assert found.labels == ("Standard of care", "New")
    turned = wide()[["effect_new", "cost_new", "cost_soc", "effect_soc"]].assign(sample=[1, 2, 3]).iloc[[2, 0, 1]]
    found = read(turned)
    assert found.strategies == ("new", "soc")
    assert found.effect[:, 1].tolist() == EFFECT[:, 0].tolist()


def test_labels_choose_strategies_and_other_columns_are_left_alone():
    frame = wide().assign(cost_of_drug=5.0, rate=0.1)
    assert read(frame, labels={"new": "New"}).cost.tolist() == COST[:, [1]].tolist()
    assert read(tidy(), labels={"new": "New"}).effect.tolist() == EFFECT[:, [1]].tolist()
    assert "there is no column 'effect_of_drug'" in problems(frame)


def test_samples_may_be_texts_or_mixed():
    frame = tidy()
    frame["sample"] = frame["sample"].map({0: "x", 1: "y", 2: "z"})
    assert read(frame).cost.tolist() == COST.tolist()
    frame["sample"] = pd.Series([1, 1, "y", "y", 2.5, 2.5], dtype=object)
    assert sorted(read(frame).cost[:, 0]) == sorted(COST[:, 0])


def test_empty_and_strange_cells_are_named_by_column_and_row():
    frame = tidy().astype({"cost": object})
    frame.loc[2, "cost"] = "1,5"
    frame.loc[3, "effect"] = np.nan
    frame.loc[5, "cost"] = None
    said = problems(frame)
    assert "column 'cost', row 3: '1,5' is not a number" in said
    assert "column 'cost', row 6: there is no value (NaN)" in said
    assert "column 'effect', row 4: there is no value (NaN)" in said
    assert "column 'qaly_new', row 2: the value is infinite" in problems(wide("qaly").replace(1.4, np.inf))


@pytest.mark.parametrize("values", [[True, False, True], pd.to_datetime(["2020-01-01"] * 3)])
def test_columns_of_another_kind_are_refused(values):
    assert "column 'cost_new' holds" in problems(wide().assign(cost_new=values))


def test_a_draw_without_a_strategy_is_named_and_rows_are_counted():
    said = problems(tidy().drop(index=3))
    assert "sample 1, strategy 'new': there is no row" in said
    assert "'soc' has 3, 'new' has 2" in said


def test_a_draw_with_a_strategy_twice_is_named():
    frame = pd.concat([tidy(), tidy().iloc[[2]]], ignore_index=True)
    assert "row 7: sample 1, strategy 'soc' is there twice" in problems(frame)
    assert "row 3: sample 1 is there twice" in problems(wide().assign(sample=[1, 2, 1]))


def test_an_unlabelled_draw_is_named():
    frame = tidy()
    frame.loc[4, "strategy"] = None
    assert "column 'strategy', row 5: there is no value" in problems(frame)
    assert "column 'sample', row 1" in problems(tidy().astype({"sample": float}).replace({"sample": {0.0: np.nan}}))


def test_many_problems_are_cut_short():
    said = problems(wide().assign(cost_new="x").loc[[0] * 30].reset_index(drop=True))
    assert "row 10: 'x'" in said
    assert "row 11:" not in said
    assert "and 20 more like the last" in said


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (tidy().drop(columns="cost"), "there is no column 'cost'"),
        (tidy().drop(columns="sample"), "there is no column 'sample'"),
        (wide().drop(columns="effect_new"), "there is no column 'effect_new'"),
        (wide().assign(life_years_soc=1.0), "there is no column 'life_years_new'"),
        (wide().assign(qaly_new=1.0), "columns 'effect_new' and 'qaly_new' say the same"),
        (pd.DataFrame({"x": [1.0]}), "its columns are: x"),
        (tidy().iloc[:0], "no rows"),
        (pd.concat([wide(), wide()[["cost_new"]]], axis=1), "column 'cost_new' is there twice"),
        (wide().rename(columns=lambda name: name.replace("new", "{0}")).drop(columns="effect_{0}"), "'effect_{0}'"),
    ],
)
def test_other_layouts_are_refused(frame, text):
    assert text in problems(frame)


def test_an_unknown_strategy_is_refused():
    assert "no strategy 'nwe'" in problems(tidy(), labels={"nwe": "New"})
    assert "'new'" in problems(tidy(), labels={"nwe": "New"})


@pytest.mark.parametrize("more", [{"thresholds": ()}, {"thresholds": (-1.0,)}, {"threshold": float("nan")}])
def test_thresholds_must_be_amounts(more):
    with pytest.raises(UsageError, match="thresholds"):
        read(tidy(), **more)


def test_the_given_frame_is_not_changed():
    frame = tidy()
    before = frame.copy()
    read(frame)
    assert frame.equals(before)

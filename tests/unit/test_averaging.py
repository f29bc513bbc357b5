"""Averages over structures: shares of draws, one structure as the plain analysis, the worth of knowing which holds."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cea
from cea.analysis.averaging import average, by_structure, mixture, shuffled
from cea.analysis.scenario_grid import BASE, Choice
from cea.analysis.structures import Dimension, Structures
from cea.engine.mixture import shares
from cea.engine.psa import collect
from cea.engine.sampling import Sampler
from cea.errors import UsageError
from tests.contract_model import contract_model
from tests.models import QUICK, layer


def questions(*weights: float, texts: tuple[str, ...] = ("parameters: {shield: 1}",)) -> Structures:
    """One question about the contract model: does the drug save lives, and further layers."""
    choices = [Choice(f"other_{at}", f"Other {at}", (layer(text, f"other_{at}"),)) for at, text in enumerate(texts)]
    return Structures((Dimension("effect", "Effect", (BASE, *choices), weights),))


def test_one_structure_with_all_the_weight_is_the_plain_analysis():
    model = contract_model()
    plain = cea.run(model, Sampler(model, 500, 7))
    averaged = average(model, questions(1.0, 0.0), 500, 7)
    assert averaged.results.sha256 == plain.sha256


def test_means_are_those_of_the_structures_weighed():
    model = contract_model()
    averaged = average(model, questions(0.25, 0.75), 4000, 2)
    (item,) = averaged.comparisons
    assert [part.share for part in item.parts] == [0.25, 0.75]
    assert item.average.effect.mean == pytest.approx(sum(part.share * part.contrast.effect.mean for part in item.parts))
    # Without an effect on survival the draws are those of the other model, with a seed of its own.
    other = cea.run(contract_model(shield=1.0), cea.sample(model, 20_000, 9)).outcomes
    gained = other.effect[:, 1] - other.effect[:, 0]
    error = gained.std() / np.sqrt(3000)
    assert item.parts[1].contrast.effect.mean == pytest.approx(gained.mean(), abs=4 * error)


def test_knowing_the_structure_is_worth_the_losses_that_it_avoids():
    model = contract_model(price=600.0)
    (item,) = average(model, questions(0.5, 0.5, texts=("parameters: {boost: {value: 0.5}}",)), 2000, 1).comparisons
    at = item.thresholds.index(5000.0)
    good, bad = (part.contrast.nmb[at].mean for part in item.parts)
    assert good > 0 > bad
    assert item.value_of_structure(5000.0) == pytest.approx((max(good, 0) + max(bad, 0)) / 2 - max((good + bad) / 2, 0))


@QUICK
@given(st.floats(0.05, 0.95), st.integers(1, 50))
def test_the_value_of_the_structure_is_between_nothing_and_evpi(weight: float, seed: int):
    model = contract_model()
    averaged = average(model, questions(weight, 1 - weight, texts=("parameters: {boost: {value: 0.5}}",)), 200, seed)
    (item,) = averaged.comparisons
    for threshold in item.thresholds:
        benefit = averaged.outcomes.net_monetary_benefit(threshold)
        evpi = benefit.max(axis=1).mean() - benefit.mean(axis=0).max()
        assert -1e-9 <= item.value_of_structure(threshold) <= evpi + 1e-9


def test_structures_where_the_choice_is_the_same_are_not_worth_knowing():
    (item,) = average(contract_model(price=0.0), questions(0.5, 0.5), 200, 1).comparisons
    assert all(contrast.nmb[1].mean > 0 for contrast in (part.contrast for part in item.parts))
    assert item.value_of_structure(5000.0) == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(0, 500))
def test_shares_add_up_and_are_within_one_of_exact(parts: list[int], more: int):
    weights = [part / sum(parts) for part in parts]
    n = 30 * len(parts) * 8 + more
    found = shares(weights, n)
    assert sum(found) == n
    assert all(abs(count - weight * n) < 1 + 1e-6 for count, weight in zip(found, weights, strict=True))


def test_too_few_draws_are_refused():
    with pytest.raises(UsageError, match=r"too small: a structure that weighs 0\.01 would get no draw"):
        average(contract_model(), questions(0.99, 0.01), 20)


def test_structures_that_exclude_each_other_are_refused():
    first = Dimension("one", "One", (BASE, Choice("a", "A", (layer("parameters: {shield: 1}", "a"),))), (0.5, 0.5))
    second = Dimension("two", "Two", (BASE, Choice("b", "B", (layer("parameters: {shield: 0.9}", "b"),))), (0.5, 0.5))
    with pytest.raises(UsageError, match="A; B cannot be averaged: both set 'Hazard ratio of death'"):
        average(contract_model(), Structures((first, second)), 100)


def test_structures_with_other_strategies_are_refused():
    with pytest.raises(UsageError, match="differ in strategies"):
        average(contract_model(), questions(0.5, 0.5, texts=("strategies: [usual]",)), 100)


def test_segments_are_those_of_the_members_in_order():
    model = contract_model()
    mixed = mixture(model, questions(0.3, 0.7), 30_000, 4)
    assert mixed.n == 30_000 == sum(mixed.rows(index) for index in range(mixed.segments))
    assert [part.stop - part.start for part in mixed.parts] == [9_000, 21_000]
    whole = collect(model, mixed, "payer", (mixed.run(index, chunk=100) for index in range(mixed.segments)))
    again = collect(model, mixed, "payer", (mixed.run(index, threads=2) for index in range(mixed.segments)))
    assert whole.sha256 == again.sha256
    draws = np.concatenate([mixed.draws(index)["boost"] for index in range(mixed.segments)])
    for part, member in zip(mixed.parts, mixed.members, strict=True):
        own = np.concatenate([member.job.draws(index)["boost"] for index in range(member.job.segments)])
        assert (draws[part] == own).all()
    found = by_structure(whole.outcomes, mixed, model.headlines.values())
    assert found[0].parts[1].contrast.cost.mean == pytest.approx(
        np.diff(whole.outcomes.cost[9_000:], axis=1).mean(), rel=1e-12
    )


def test_a_mixture_can_be_sent_to_another_process():
    mixed = mixture(contract_model(), questions(0.5, 0.5), 60, 1)
    sent = pickle.loads(pickle.dumps(mixed))
    assert all((sent.run(at).cost == mixed.run(at).cost).all() for at in range(mixed.segments))


def test_shuffled_draws_are_the_same_draws_in_another_order():
    averaged = average(contract_model(), questions(0.5, 0.5), 300, 1)
    mixed = shuffled(averaged.outcomes, 1)
    assert (np.sort(mixed.cost[:, 1]) == np.sort(averaged.outcomes.cost[:, 1])).all()
    assert (mixed.cost != averaged.outcomes.cost).any()
    assert shuffled(averaged.outcomes, 1).cost.tolist() == mixed.cost.tolist()


def test_a_workbook_takes_draws_of_one_model_only(tmp_path: Path):
    model = contract_model()
    averaged = average(model, questions(0.5, 0.5), 60, 1)
    with pytest.raises(UsageError, match="averaged over structures"):
        cea.write_workbook(model, tmp_path / "model.xlsx", psa=averaged.results)

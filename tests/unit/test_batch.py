"""The fast engine against the reference, and draws that do not depend on how they are bundled."""

from __future__ import annotations

import numpy as np
import pytest

import cea
from cea.engine.batch import evaluate
from cea.engine.program import Program
from cea.engine.results import run
from cea.engine.sampling import sample
from cea.engine.solve import solved_values
from cea.engine.vector import TILE
from cea.model.definition import Model

US = "inputs/cirrhosis"
LAYERS = [
    ["england"], ["natural_history_r1"], ["structure_a"], ["symptoms_only"], ["waning_delayed_onset"],
    ["repeat_every_12_months"], ["friction_cost"], ["fixed_organs"], ["horizon_10_years"], ["discount_0"],
    ["correction_life_table"], ["correction_simpson"], ["ineligible"], ["hcc_none_from_c"],
    ["england", "all_comers", "waning_early_loss"], ["england", "life_table_uk_2020_22"],
]  # fmt: skip


def program(model: Model, names: tuple[str, ...], perspective: str | None = None) -> Program:
    return Program.of(model, perspective or model.settings.perspective, names, solved_values(model), (5.0,))


def agree(model: Model, perspective: str | None = None, n: int = 12) -> None:
    draws = sample(model, n, seed=4)
    fast = evaluate(program(model, draws.names, perspective), draws.values)
    slow = run(model, perspective or model.settings.perspective, draws.mapping())
    alive = slow.cohort.alive[:, :, 5 * model.settings.cycles_per_year]
    expected = (slow.outcomes.cost, slow.outcomes.effect, slow.life_years.discounted, alive)
    for found, wanted in zip((fast.cost, fast.effect, fast.life_years, fast.alive[..., 0]), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(fast.cost_by_category.sum(axis=-1), fast.cost, rtol=1e-12)
    assert np.ptp(fast.cost[:, 0]) > 0


@pytest.mark.parametrize("perspective", ["health_sector", "societal"])
def test_the_fast_engine_agrees_with_the_reference_on_the_shipped_model(perspective: str) -> None:
    agree(cea.load(US), perspective, n=60)


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_the_fast_engine_agrees_under_layers(layers: list[str]) -> None:
    agree(cea.load(US, layers))


@pytest.mark.parametrize("folder", ["sick_sicker", "hiv", "scale"])
def test_the_fast_engine_agrees_on_models_with_given_probabilities(folder: str) -> None:
    agree(cea.load(f"tests/validation/{folder}"), n=6)


def test_drawn_discount_rates_and_times_agree() -> None:
    model = cea.load(US)
    names = ("discount_costs", "discount_effects", "msc_effect_full_years", "listing_age_limit")
    stream = np.random.default_rng(3)
    values = np.column_stack([stream.uniform(0, 0.06, (20, 2)), stream.uniform(0, 3, 20), stream.uniform(58, 72, 20)])
    fast = evaluate(program(model, names), values)
    slow = run(model, None, {name: values[:, position].copy() for position, name in enumerate(names)})
    np.testing.assert_allclose(fast.cost, slow.outcomes.cost, rtol=1e-12)
    np.testing.assert_allclose(fast.effect, slow.outcomes.effect, rtol=1e-12)


def test_results_do_not_depend_on_chunks_threads_or_order() -> None:
    model = cea.load(US)
    draws = sample(model, 2 * TILE + 37, seed=8)
    compiled = program(model, draws.names)
    base = evaluate(compiled, draws.values)
    for chunk, threads in ((1_000, 1), (TILE, 2), (7, 2), (64, 1)):
        again = evaluate(compiled, draws.values, chunk=chunk, threads=threads)
        np.testing.assert_array_equal(again.cost, base.cost)
        np.testing.assert_array_equal(again.effect, base.effect)
        np.testing.assert_array_equal(again.alive, base.alive)
    order = np.random.default_rng(0).permutation(draws.n)
    shuffled = evaluate(compiled, draws.values[order])
    np.testing.assert_array_equal(shuffled.cost, base.cost[order])


def test_an_impossible_draw_is_named() -> None:
    model = cea.load("tests/validation/sick_sicker")
    name = next(iter(sample(model, 1).names))
    compiled = program(model, ("probability_h_to_s",) if "probability_h_to_s" in model.parameters else (name,))
    values = np.full((5, 1), float(model.parameters[compiled.drawn[0]].value or 0.1))
    values[3, 0] = -2.0
    with pytest.raises(cea.InputError, match="draw 3"):
        evaluate(compiled, values)

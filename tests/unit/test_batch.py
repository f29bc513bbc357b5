"""The compiled engine against the reference, against closed forms, and on draws that are not possible."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import cea
from cea.engine.axes import Floats, Graph
from cea.engine.batch import Totals, evaluate
from cea.engine.folding import Algebra
from cea.engine.program import Program
from cea.engine.registers import Assembly
from cea.engine.results import run
from cea.engine.solve import solved_values
from cea.engine.vector import Operation
from tests.models import CIRRHOSIS, ROOT, layer, model_of, shipped
from tests.two_states import MODEL, problem, small

SCENARIOS = sorted(
    path.stem
    for path in (CIRRHOSIS / "scenarios").glob("*.yaml")
    if "requires: {currency: GBP}" not in path.read_text()
)
FOR_ENGLAND = (
    "correction_life_table",
    "correction_simpson",
    "natural_history_r1",
    "price_low_england",
    "repeat_every_12_months",
    "route_hepatic_artery_england",
    "symptoms_only",
    "waning_early_loss",
)


def program(model: cea.Model, drawn: tuple[str, ...], perspective: str | None = None, alive_at=()) -> Program:
    return Program.of(model, perspective or model.settings.perspective, drawn, solved_values(model), alive_at)


def differences(found: Totals, expected: cea.Results) -> float:
    """The largest relative difference of costs, effects and life-years."""
    outcomes = expected.outcomes
    pairs = [(found.cost, outcomes.cost), (found.effect, outcomes.effect), (found.life_years, outcomes.life_years)]
    return max(float(np.abs(one - other).max() / np.abs(other).max()) for one, other in pairs)


def uncertain_draws(model: cea.Model, samples: int) -> dict[str, Floats]:
    random = np.random.default_rng(4)
    return {
        name: np.asarray(parameter.distribution.ppf(random.random(samples)))
        for name, parameter in model.parameters.items()
        if parameter.uncertain and parameter.distribution is not None
    }


# Against the reference


@pytest.mark.parametrize("layers", [
    (), *[(f"scenarios/{name}",) for name in SCENARIOS], ("jurisdictions/england",),
    *[("jurisdictions/england", f"scenarios/{name}") for name in FOR_ENGLAND],
], ids=" ".join)  # fmt: skip
def test_the_shipped_model_has_the_totals_of_the_reference(layers):
    model = shipped(*layers)
    values = uncertain_draws(model, 2)
    perspective = "health_sector" if "jurisdictions/england" in layers else "societal"
    found = evaluate(program(model, tuple(values), perspective, alive_at=(5.0,)), values)
    expected = run(model, perspective, values)
    assert differences(found, expected) < 1e-12
    five_years = expected.cohort.alive[:, :, 5 * model.settings.cycles_per_year]
    assert found.alive[:, :, 0] == pytest.approx(five_years, rel=1e-13)
    assert found.cost_by_category.sum(axis=2) == pytest.approx(found.cost, rel=1e-13)


@pytest.mark.parametrize("layers", [(), ("scenarios/correction_life_table", "scenarios/repeat_every_24_months"),
                                    ("jurisdictions/england",)])  # fmt: skip
def test_every_parameter_can_be_drawn(layers):
    model = shipped(*layers)
    random, solved, samples = np.random.default_rng(5), solved_values(model), 4
    values = {}
    for name, parameter in model.parameters.items():
        base = solved.get(name, parameter.value)
        if base is not None and name != "start_age":
            values[name] = np.clip(base * random.uniform(0.9, 1.1, samples), *parameter.bounds)
    values["start_share_a"] = random.uniform(0.0, 0.3, samples)
    values["msc_courses"] = np.array([1.0, 2.0, 3.0, 5.0])
    values["msc_repeat_years"] = np.array([1.0, 2.0, 1.5, 1.25])
    found = evaluate(program(model, tuple(values), "health_sector"), values)
    assert differences(found, run(model, "health_sector", values)) < 1e-12


@pytest.mark.parametrize("perspective", ["payer", "society"])
@pytest.mark.parametrize("correction", ["start", "half_cycle", "simpson", "life_table"])
def test_tunnels_courses_and_events_of_a_small_model(correction, perspective):
    model = small().with_layer(layer(f"settings: {{correction: {correction}}}"))
    values = {
        "hazard": np.array([0.0, 0.1, 3.0]),
        "residual": np.array([1.0, 0.5, 2.0]),
        "share_well": np.array([1.0, 0.0, 0.3]),
        "discount": np.array([0.0, 0.03, 0.1]),
        "repeat_years": np.array([2.0, 0.75, 1.0]),
        "course_count": np.array([1.0, 4.0, 2.0]),
        "price": np.array([8.0, 0.0, 1.0]),
    }
    found = evaluate(program(model, tuple(values), perspective), values)
    assert differences(found, run(model, perspective, values)) < 1e-13


def test_no_drawn_parameter_is_one_draw():
    model = shipped()
    found = evaluate(program(model, ()), {})
    assert found.cost.shape == (1, 4)
    assert differences(found, run(model)) < 1e-13


def test_a_matrix_and_a_mapping_are_the_same_draws():
    values = {"hazard": np.array([0.1, 0.2]), "price": np.array([1.0, 2.0])}
    compiled = program(small(), tuple(values))
    matrix = np.column_stack(list(values.values()))
    assert np.array_equal(evaluate(compiled, values).cost, evaluate(compiled, matrix).cost)


def test_a_given_number_replaces_a_value_and_a_solution():
    model = small()
    fixed = Program.of(model, "payer", ("price",), {"residual": 0.5, "hazard": 0.3})
    expected = run(model, "payer", {"residual": 0.5, "hazard": 0.3, "price": np.array([8.0])})
    assert differences(evaluate(fixed, {"price": [8.0]}), expected) < 1e-13


def test_a_matrix_exponential_is_left_to_the_reference():
    model = small().with_layer(layer("settings: {transition_method: matrix_exponential}"))
    values = {"hazard": np.array([0.1, 0.4])}
    compiled = program(model, tuple(values), "society", alive_at=(1.0, 2.0))
    assert compiled.code is None
    found, expected = evaluate(compiled, values), run(model, "society", values)
    assert differences(found, expected) < 1e-13
    assert found.alive == pytest.approx(expected.cohort.alive[:, :, [4, 8]])
    assert found.cost_by_category.sum(axis=2) == pytest.approx(found.cost)


def test_a_power_of_a_drawn_zero_is_left_to_the_reference():
    model = small().with_layer(layer("formulas: {hazard_now: {formula: hazard * residual ^ fading, unit: 1/year}}"))
    values = {"residual": np.array([0.5, 0.0])}
    found = evaluate(program(model, tuple(values)), values)
    assert differences(found, run(model, "payer", values)) < 1e-13
    assert found.life_years[1] == pytest.approx(5.0)


# Against closed forms


def test_a_constant_hazard_has_a_geometric_sum_of_life_years():
    hazards = np.linspace(0.0, 5.0, 300)
    found = evaluate(program(small(), ("hazard",), alive_at=(0.0, 2.5, 5.0)), {"hazard": hazards})
    living = np.exp(-hazards[:, np.newaxis] * np.arange(20) / 4)
    assert found.life_years[:, 0] == pytest.approx(living.sum(axis=1) / 4, rel=1e-13)
    assert found.alive[:, 0] == pytest.approx(np.exp(-np.outer(hazards, [0.0, 2.5, 5.0])), rel=1e-12)


def exponentials(x: Floats) -> Floats:
    graph = Graph(1)
    algebra = Algebra(graph, {})
    assembly = Assembly(graph, ("x",), {})
    result = assembly.register()
    value = algebra.call("exp", graph.drawn("x"))
    assembly.step(Operation.DOT_1, result, value, algebra.one, runs=np.ones(1, dtype=bool))
    return assembly.code([result]).run(x.reshape(1, -1), 1.0)[0]


def test_exponentials_are_right_to_one_unit_in_the_last_place():
    near = np.random.default_rng(6).normal(0.0, 1.0, 200_000)
    x = np.concatenate([np.linspace(-708.0, 709.78, 400_001), near, near * 1e-9, [0.0, -0.0, 709.782712893384]])
    found, expected = exponentials(x), np.exp(x)
    assert np.abs(found - expected).max() < np.inf
    assert (np.abs(found - expected) / np.spacing(expected)).max() <= 1.0
    exact = np.exp(x.astype(np.longdouble))
    if np.finfo(np.longdouble).nmant > 60:
        assert float((np.abs(found - exact) / np.spacing(expected)).max()) < 1.0


def test_exponentials_outside_the_normal_numbers():
    assert exponentials(np.array([-708.1, -745.0, -1e5, -1e300])).tolist() == [0.0] * 4
    assert not np.isfinite(exponentials(np.array([709.79, 1e5, 1e300, np.inf, -np.inf, np.nan]))).any()
    assert exponentials(np.zeros(3)).tolist() == [1.0] * 3


# What is not computed twice


def scheduled(compiled: Program, *operations: Operation) -> int:
    assert compiled.code is not None
    return int(np.isin(compiled.code.instructions[compiled.code.schedule, 0], operations).sum())


def test_what_changes_once_a_year_is_computed_once_a_year():
    model = shipped().with_layer(layer("strategies: [palliative]"))
    compiled = program(model, tuple(uncertain_draws(model, 1)))
    # Child-Pugh A, B and C and cancer in 43 years of age; nobody is transplanted, and nothing wanes
    assert scheduled(compiled, Operation.STAY, Operation.EXP) == 4 * 43


def test_equal_strategies_share_everything_but_their_cohorts():
    drug = "  drug: {label: Drug, set: {treated: 1}}\n"
    both = model_of(MODEL.replace(drug, drug + drug.replace("drug:", "twin:")))
    twins, one = (both.with_layer(layer(f"strategies: {chosen}")) for chosen in (["drug", "twin"], ["drug"]))
    nodes = [Operation.EXP, Operation.STAY, Operation.LEAVE, Operation.MULTIPLY, Operation.ADD]
    found, alone = (scheduled(program(model, ("hazard", "residual"), "society"), *nodes) for model in (twins, one))
    assert found == alone > 0


def test_a_second_process_does_not_compile():
    code = "from cea.engine.vector import execute; print(sum(execute.stats.cache_misses.values()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert done.stdout.strip() == "0"


def test_a_program_can_be_sent_to_another_process():
    values = {"hazard": np.array([0.1, 0.2])}
    compiled = program(small(), tuple(values))
    sent = pickle.loads(pickle.dumps(compiled))
    assert np.array_equal(evaluate(sent, values).cost, evaluate(compiled, values).cost)


# Draws that are not possible


def refused(model: cea.Model, values: dict[str, Floats], **options: int) -> str:
    with pytest.raises(cea.InputError) as error:
        evaluate(program(model, tuple(values)), values, **options)
    return problem(error)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_negative_rate_is_named_with_its_draw(threads):
    hazards = np.full(700, 0.2)
    hazards[[333, 650]] = -0.1
    with pytest.raises(cea.InputError) as error:
        evaluate(program(small(), ("hazard",)), {"hazard": hazards}, chunk=100, threads=threads, first=8192)
    said = [item.what for item in error.value.problems]
    assert said[0] == "the rate well -> gone is -0.1, below zero; first in strategy usual, cycle 0, draw 8525"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"share_well": [0.5, 1.5]}, "the start shares sum to 1.5, which leaves nothing for the rest, draw 1"),
        ({"share_well": [-0.1, 0.5]}, "the start share of well is -0.1, draw 0"),
        ({"course_count": [1.0, 1.5]}, "course: 1.5 is not a number of courses, draw 1"),
        ({"repeat_years": [2.0, 0.9], "course_count": [2.0, 2.0]},
         "course: every 0.9 years is every 3.6 cycles, between which nothing is paid, draw 1"),
        ({"repeat_years": [2.0, 0.5], "course_count": [2.0, 2.0]},
         "course: the next one begins after 0.5 years, with a payment at 0.5 to come, draw 1"),
        ({"discount": [0.03, -1.0]}, "discount_costs is -1 a year, at or below -1, draw 1"),
        ({"cost_well": [1.0, 1e300]}, "care pays 1e+300 at once, too much to be added up, draw 1"),
    ],
)  # fmt: skip
def test_what_the_reference_refuses_is_refused(values, said):
    assert refused(small(), {name: np.array(column) for name, column in values.items()}) == said


def test_a_value_that_is_missing_is_named_with_its_draw():
    said = refused(small(), {"hazard": np.array([0.1, np.nan])})
    assert said.startswith("hazard_now has no value: `hazard` has no value") and said.endswith("cycle 0, draw 1")


def test_probabilities_that_sum_to_more_than_one_are_refused():
    arrow = "  well, healing -> gone: {rate: hazard_now, event: death}\n"
    given = "  well -> gone: {probability: first}\n  well -> healing: {probability: second}\n"
    share = "  first: {label: A share, value: 0.1, unit: '1', source: {grade: assumption, note: a test}}\n"
    text = MODEL.replace(arrow, given).replace(", on: death,", ", at_years: [0], in: alive,")
    text = text.replace("sources: {}", share + share.replace("first", "second") + "sources: {}")
    model = model_of(text).with_values({"residual": 1.0})
    values = {"first": np.array([0.3, 0.7]), "second": np.array([0.7, 0.5])}
    assert "sum to 1.2, above one" in refused(model, values)
    values["second"][1] = 0.3
    assert differences(evaluate(program(model, tuple(values)), values), run(model, "payer", values)) < 1e-13


def test_the_horizon_is_the_same_in_all_draws():
    with pytest.raises(cea.InputError) as error:
        program(small(), ("horizon",))
    assert problem(error) == "years differs between draws"


@pytest.mark.parametrize(("drawn", "alive_at", "said"), [
    (("hazzard",), (), "unknown parameter 'hazzard': did you mean 'hazard'"),
    ((), (5.1,), "5.1 years after the start is no cycle boundary"),
    ((), (5.25,), "5.25 years after the start is no cycle boundary"),
])  # fmt: skip
def test_what_a_model_does_not_have_is_refused(drawn, alive_at, said):
    with pytest.raises(cea.UsageError, match=said):
        program(small(), drawn, alive_at=alive_at)


@pytest.mark.parametrize(("values", "said"), [
    ({"hazard": [0.1]}, "no values of price"),
    ({"hazard": [0.1], "price": [1.0, 2.0]}, "one length"),
    ({"hazard": 0.1, "price": 1.0}, "one length"),
    (np.ones((3, 1)), r"must have shape \(sample, 2\), not \(3, 1\)"),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(values, said):
    with pytest.raises(ValueError, match=said):
        evaluate(program(small(), ("hazard", "price")), values)


@pytest.mark.parametrize("options", [{"chunk": 0}, {"threads": 0}])
def test_chunk_and_threads_are_at_least_one(options):
    with pytest.raises(ValueError, match="at least 1"):
        evaluate(program(small(), ("hazard",)), {"hazard": [0.1]}, **options)

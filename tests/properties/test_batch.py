"""What holds for every formula and every draw: the compiled program says what the reference says."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cea.engine.axes import Floats, Graph, Node
from cea.engine.batch import Totals, evaluate
from cea.engine.folding import Algebra, fold
from cea.engine.program import Program
from cea.engine.registers import Assembly
from cea.engine.solve import solved_values
from cea.engine.vector import Operation
from cea.formula import Binary, Call, Compare, Expression, Logic, Lookup, Name, Negate, Not, Number, NumericTable, walk
from cea.formula import evaluate as reference
from cea.formula import names as names_in
from tests.models import shipped

BOUNDARIES, SAMPLES = 6, 5
TABLE = NumericTable(np.array([-60.0, 0.0, 1.0, 2.5]), {"of": np.array([3.0, 10.0, 20.0, 30.0])}, 60.0)
TABLES = {"table": TABLE}
_random = np.random.default_rng(7)
DRAWN = {"x": _random.uniform(0.2, 3.0, SAMPLES), "y": _random.uniform(-2.0, 2.0, SAMPLES)}
SERIES = {"s": np.linspace(0.5, 3.0, BOUNDARIES), "step": np.repeat([0.0, 1.0, 0.0], BOUNDARIES // 3)}
VALUES = {
    "two": 2.0,
    **{name: values.reshape(-1, 1) for name, values in DRAWN.items()},
    **{name: values.reshape(1, -1) for name, values in SERIES.items()},
}
ARITY = {"if": 3, "min": 2, "max": 3, "exp": 1, "ln": 1, "sqrt": 1, "abs": 1, "floor": 1, "rate_to_prob": 2,
         "prob_to_rate": 2}  # fmt: skip


def deeper(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Expressions one level above `parts`."""
    return st.one_of(
        st.builds(Binary, st.sampled_from("+-*/^"), parts, parts),
        st.builds(Negate, parts),
        st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), parts, parts),
        st.builds(Logic, st.sampled_from(["and", "or"]), st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, parts),
        st.builds(Lookup, st.just("table"), st.just("of"), parts),
        *[st.builds(Call, st.just(name), st.tuples(*[parts] * arguments)) for name, arguments in ARITY.items()],
    )


leaves = st.one_of(
    st.builds(Number, st.sampled_from([0.25, 0.5, 2.0, 3.0, 1.5])), st.builds(Name, st.sampled_from(sorted(VALUES)))
)
expressions = st.recursive(leaves, deeper, max_leaves=10)


def node_of(expression: Expression, algebra: Algebra) -> Node:
    """The node of a formula over the names of `VALUES`."""
    graph = algebra.graph
    names = {"two": graph.constant(2.0), **{name: graph.drawn(name) for name in DRAWN}}
    return fold(expression, names | {name: graph.series(values) for name, values in SERIES.items()}, algebra)


def computed(expression: Expression) -> Floats:
    """What the machine makes of a formula, shape (sample, boundary)."""
    graph = Graph(BOUNDARIES)
    algebra = Algebra(graph, TABLES)
    assembly = Assembly(graph, tuple(DRAWN), TABLES)
    node = node_of(expression, algebra)
    results = []
    for boundary in range(BOUNDARIES):
        results.append(assembly.register())
        runs = np.arange(BOUNDARIES) == boundary
        assembly.step(Operation.DOT_1, results[-1], node, algebra.one, runs=runs)
    return assembly.code(results).run(np.array(list(DRAWN.values())), 1.0).T


def shaken(expression: Expression, amount: float) -> Floats:
    """The reference with every occurrence of a name or number moved by a relative amount up to that."""
    numbers, scope, random = count(), {}, np.random.default_rng(11)

    def moved(node: Expression) -> Expression:
        match node:
            case Name() | Number():
                name = f"leaf_{next(numbers)}"
                value = VALUES[node.name] if isinstance(node, Name) else node.value
                scope[name] = value * (1.0 + amount * random.uniform(-1.0, 1.0, (SAMPLES, BOUNDARIES)))
                return Name(name)
            case Binary() | Compare():
                return replace(node, left=moved(node.left), right=moved(node.right))
            case Negate() | Not():
                return replace(node, operand=moved(node.operand))
            case Logic():
                return replace(node, operands=tuple(moved(part) for part in node.operands))
            case Call():
                return replace(node, arguments=tuple(moved(part) for part in node.arguments))
            case Lookup():
                return replace(node, key=moved(node.key))
        raise AssertionError(node)

    tree = moved(expression)
    return np.broadcast_to(reference(tree, scope, TABLES), (SAMPLES, BOUNDARIES))


def hides_a_fault(expression: Expression) -> bool:
    """Some part is the number 0 or 1 in all draws, whose factor, exponent or branch may be left out."""
    for part in walk(expression):
        if not names_in(part) & set(DRAWN):
            values = np.asarray(reference(part, VALUES, TABLES))
            if np.isin(values, (0.0, 1.0)).any() or np.isnan(values).any():
                return True
    return False


def needs_the_reference(expression: Expression) -> bool:
    """There is a power whose base is drawn; the program has no value for it at or below zero."""
    return any(isinstance(part, Binary) and part.op == "^" and names_in(part.left) & set(DRAWN)
               for part in walk(expression))  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(expressions)
def test_every_formula_has_the_value_that_the_reference_gives(expression: Expression) -> None:
    found = computed(expression)
    expected = np.broadcast_to(reference(expression, VALUES, TABLES), found.shape)
    near = shaken(expression, 1e-13)
    # where the last digits of the operands decide, there is nothing to compare
    steady = np.abs(near - expected) <= 1e-9 * np.abs(expected) + 1e-12
    if needs_the_reference(expression):
        steady &= np.isfinite(found)
    assert found[steady] == pytest.approx(expected[steady], rel=1e-8, abs=1e-11)
    if not hides_a_fault(expression):
        missing = np.isnan(expected) & np.isnan(near)
        assert not np.isfinite(found[missing]).any()


@settings(max_examples=100, deadline=None)
@given(expressions)
def test_a_node_is_within_its_bounds_and_changes_only_where_it_says(expression: Expression) -> None:
    node = node_of(expression, Algebra(Graph(BOUNDARIES), TABLES))
    values = computed(expression)
    known = values[np.isfinite(values)]
    margin = 1e-9 * (1.0 + np.abs(known).max(initial=0.0))
    assert (
        not np.isfinite([node.low, node.high]).all()
        or ((known >= node.low - margin) & (known <= node.high + margin)).all()
    )
    for boundary in np.flatnonzero(~node.changes):
        assert np.array_equal(values[:, boundary], values[:, boundary - 1], equal_nan=True)


@cache
def draws(samples: int = 300) -> tuple[Program, Floats]:
    """The shipped model's program, and draws of its uncertain parameters."""
    model = shipped()
    uncertain = [parameter for parameter in model.parameters.values() if parameter.uncertain]
    random = np.random.default_rng(2)
    values = [np.asarray(parameter.distribution.ppf(random.random(samples))) for parameter in uncertain]  # type: ignore[union-attr]
    names = tuple(parameter.name for parameter in uncertain)
    return Program.of(model, "societal", names, solved_values(model), (1.0, 5.0)), np.array(values).T


@cache
def expected() -> Totals:
    """Totals of the draws in one chunk."""
    program, values = draws()
    return evaluate(program, values, chunk=len(values))


def same(first: Totals, second: Totals) -> bool:
    return all(np.array_equal(array, getattr(second, name)) for name, array in vars(first).items())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("chunk", [1, 7, 64, 128, 129, 1000])
def test_totals_are_the_same_to_the_last_bit_for_any_chunk_and_number_of_threads(chunk: int, threads: int) -> None:
    program, values = draws()
    few = slice(0, 20 if chunk == 1 else None)
    assert same(evaluate(program, values[few], chunk=chunk, threads=threads), expected().rows(few))


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 300), st.integers(1, 300))
def test_a_draw_has_the_same_totals_in_any_company(random, samples: int, chunk: int) -> None:
    program, values = draws()
    order = random.sample(range(len(values)), samples)
    assert same(
        evaluate(program, values[order], chunk=chunk), Totals(**{k: v[order] for k, v in vars(expected()).items()})
    )

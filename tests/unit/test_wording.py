"""Words and formats of results."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cea.analysis.incremental import Incremental, incremental
from cea.engine.outcomes import Outcomes
from cea.reports import wording


def against(cost: float, effect: float) -> Incremental:
    """A new strategy with these increments over an old one."""
    return incremental(
        Outcomes(
            ("new", "old"),
            ("New", "Old"),
            np.array([[100_000.0 + cost, 100_000.0]]),
            np.array([[5.0 + effect, 5.0]]),
            "USD",
            "QALY",
            (50_000.0,),
            50_000.0,
        ),
        comparator="old",
    )


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (12345.6, "USD", "$12,346"),
        (-1200.0, "USD", "-$1,200"),
        (1234567.0, "GBP", "£1,234,567"),
        (0.4, "EUR", "€0"),
        (-0.4, "EUR", "€0"),
        (-0.6, "EUR", "-€1"),
        (12345.6, "NGN", "NGN 12,346"),
        (-5.0, "CAD", "-CAD 5"),
        (math.nan, "USD", "-"),
        (math.inf, "USD", "$∞"),
    ],
)
def test_money(amount, currency, text):
    assert wording.money(amount, currency) == text


def test_money_with_decimals():
    assert wording.money(-1234.567, "GBP", 2) == "-£1,234.57"
    assert wording.money(-0.001, "GBP", 2) == "£0.00"


@pytest.mark.parametrize(
    ("amount", "text"), [(72987.6, "$73,000"), (1049.0, "$1,000"), (949.0, "$949"), (-72987.6, "-$73,000"), (0.0, "$0")]
)
def test_amounts_in_running_text(amount, text):
    assert wording.rounded_money(amount, "USD") == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(1.23456, "1.235"), (-0.0001, "0.000"), (-1.5, "-1.500"), (1234.5, "1,234.500"), (math.nan, "-")],
)
def test_effect(amount, text):
    assert wording.effect(amount) == text


@pytest.mark.parametrize(
    ("cost", "effect", "sentence", "cell"),
    [
        (36494.0, 0.5, "costs $73,000 more per QALY gained", "$72,988"),
        (-10.0, 0.5, "dominant: cheaper and more effective", "Dominant"),
        (10.0, -0.5, "dominated: costs more and is less effective", "Dominated"),
        (-36494.0, -0.5, "saves $73,000 per QALY lost", "$72,988 saved per unit lost"),
        (10.0, 0.0, "dominated: costs more for the same effect", "Dominated"),
        (-10.0, 0.0, "dominant: cheaper for the same effect", "Dominant"),
        (0.0, 0.5, "dominant: more effective at the same cost", "Dominant"),
        (0.0, -0.5, "dominated: less effective at the same cost", "Dominated"),
        (0.0, 0.0, "the same cost and effect", "The same cost and effect"),
    ],
)
def test_every_quadrant_has_its_words_and_no_negative_ratio(cost, effect, sentence, cell):
    pair = against(cost, effect).pairs[0]
    assert wording.describe_pair(pair, "USD", "QALY") == sentence
    assert wording.pair_cell(pair, "USD") == cell
    assert "-" not in sentence + cell


def test_icer_cells_and_statuses():
    points = {"a": (0.0, 0.0), "b": (600.0, 1.0), "c": (1000.0, 2.0), "d": (1100.0, 1.5), "e": (0.0, 0.0)}
    names = tuple(points)
    labels = {name: f"Strategy {name}" for name in names}
    cost, effect = (np.array([[points[name][axis] for name in names]]) for axis in (0, 1))
    result = incremental(Outcomes(names, tuple(labels.values()), cost, effect, "GBP", "QALY", (1.0,), 1.0))
    assert [wording.icer_cell(row, "GBP") for row in result.rows] == [
        "-",
        "Extendedly dominated",
        "£500",
        "Dominated",
        "Dominated",
    ]
    assert [wording.describe_status(row, labels) for row in result.rows] == [
        "Reference",
        "Extendedly dominated by a mix of Strategy a and Strategy c",
        "On the frontier",
        "Dominated by Strategy c",
        "Dominated: the same cost and effect as Strategy a",
    ]


def test_highest_price_in_words():
    assert wording.describe_price(None, "USD") == "not cost-effective even at a price of zero"
    assert wording.describe_price(math.inf, "USD") == "cost-effective at any price"
    assert wording.describe_price(12345.6, "GBP") == "cost-effective up to £12,346"


@pytest.mark.parametrize(("words", "text"), [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")])
def test_listing(words, text):
    assert wording.listing(words) == text

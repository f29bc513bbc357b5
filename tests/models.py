"""The shipped model, loaded and run once for all tests, and small models and layers written as text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st

import cea
from cea.loading.yaml_reader import parse_yaml
from cea.model.build import build
from cea.model.layers import Layer
from cea.model.tables import Cells, read_cells

ROOT = Path(__file__).resolve().parent.parent
CIRRHOSIS = ROOT / "inputs" / "cirrhosis"
JURISDICTIONS = ("us", "england")

# A run of the model takes ten milliseconds: few examples, and no search for an explanation after a failure.
QUICK = settings(deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])

# MSC without an effect, and at no price and no harm.
NEUTRAL = {"efficacy": 0.0, "msc_hcc_rr": 1.0}
FREE = dict.fromkeys(
    [
        "msc_acquisition_per_infusion",
        "msc_administration_per_infusion",
        "msc_monitoring_year_1",
        "msc_fever_probability",
        "msc_sae_probability",
        "msc_infusion_disutility",
    ],
    0.0,
)


@cache
def shipped(*layers: str) -> cea.Model:
    """The shipped model under layers; nobody can change it, so all tests share it."""
    return cea.load(CIRRHOSIS, layers=layers)


@cache
def base(*layers: str) -> cea.Results:
    """The shipped model's run under layers."""
    return cea.run(shipped(*layers))


def value(jurisdiction: str, name: str) -> float:
    """The base value of a parameter of the shipped model."""
    number = shipped(jurisdiction).parameters[name].value
    assert number is not None
    return number


def layer(text: str, name: str = "test") -> Layer:
    """A layer from its YAML text, without `label` and `source`, which are added."""
    head = "label: Test\nsource: {grade: assumption, note: a test}\n"
    return Layer.from_node(name, parse_yaml(head + text, f"{name}.yaml", name))


def model_of(text: str, tables: Mapping[str, str] | None = None) -> cea.Model:
    """A model from the YAML text of its document and the text of its CSV files by path."""
    files: dict[str, Cells] = {name: read_cells(body, name, []) for name, body in (tables or {}).items()}
    return build(parse_yaml(text, "model.yaml"), files)


def of(results: cea.Results, strategy: str) -> tuple[float, float, float]:
    """Discounted cost, effect and life-years of one strategy of a deterministic run."""
    position = results.strategies.index(strategy)
    outcomes = results.outcomes
    return (
        float(outcomes.cost[0, position]),
        float(outcomes.effect[0, position]),
        float(results.life_years.discounted[0, position]),
    )


def drawn(*layers: str, without: tuple[str, ...] = ()) -> st.SearchStrategy[dict[str, float]]:
    """Values for some of the shipped model's parameters, each within its range."""
    spans = {name: item.range for name, item in shipped(*layers).parameters.items() if item.range}
    return st.fixed_dictionaries({}, optional={n: st.floats(*span) for n, span in spans.items() if n not in without})

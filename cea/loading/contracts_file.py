"""contracts.yaml: how a payer could pay for a treatment, and what counts as a response."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cea.analysis.contracts import Cap, Contract, Discount, Instalments, Rebate, Response
from cea.analysis.managed_entry import FULL_PRICE, Terms
from cea.errors import InputError, Problem
from cea.loading.yaml_reader import read_yaml
from cea.model.conformity import check_shape
from cea.model.definition import Model, Source
from cea.model.document import Node, unknown
from cea.model.schema import Number, Shape, SourceShape
from cea.model.structure import whole_cycles

FILE = "contracts.yaml"

Positive = Annotated[Number, Field(gt=0)]

# Keys that each kind must have, and those of which it must have one at least.
_NEEDS = {"discount": ("share",), "rebate": ("share",), "instalments": ("count", "every_years", "while"), "cap": ()}
_ONE_OF = {"rebate": ("no_response", "death_within"), "cap": ("units", "amounts")}
_SHARED = ("label", "kind", "source")


class ResponseShape(Shape):
    """What counts as a response."""

    at_years: Positive
    better: Annotated[dict[str, list[str]], Field(min_length=1)]


class ContractShape(Shape):
    """A contract; its kind decides which keys it has."""

    label: str
    kind: Literal["discount", "rebate", "instalments", "cap"]
    share: Annotated[Number, Field(gt=0, le=1)] | None = None
    no_response: bool = False
    death_within: Positive | None = None
    count: Annotated[int, Field(ge=2, le=100)] | None = None
    every_years: Positive | None = None
    condition: Annotated[Literal["alive", "not_worse", "better"] | None, Field(alias="while")] = None
    units: Positive | None = None
    amounts: Annotated[dict[str, Positive] | None, Field(min_length=1)] = None
    source: SourceShape


class ContractsShape(Shape):
    """The whole file."""

    response: ResponseShape | None = None
    contracts: Annotated[dict[str, ContractShape], Field(min_length=1)]


def read_contracts(folder: Path, model: Model) -> Terms | None:
    """The contracts of a model folder; None where it has no contracts.yaml. Raises InputError with every problem."""
    path = folder / FILE
    if not path.is_file():
        return None
    node = read_yaml(path, path.as_posix())
    shape, problems = check_shape(ContractsShape, node)
    if shape is None:
        raise InputError(problems)
    response = None
    if shape.response is not None:
        response = _response(shape.response, node.find(["response"]), model, problems)
    contracts = [
        _contract(name, item, node.find(["contracts", name]), model, response is not None, problems)
        for name, item in shape.contracts.items()
    ]
    if problems:
        raise InputError(problems)
    return Terms(tuple(contract for contract in contracts if contract is not None), response)


def _response(shape: ResponseShape, node: Node, model: Model, problems: list[Problem]) -> Response:
    _check_time(shape.at_years, node.find(["at_years"]), model, problems)
    for state, better in shape.better.items():
        entry = node.find(["better", state])
        for name, spot in ((state, entry.head), *((each, entry.find([at]).place) for at, each in enumerate(better))):
            if name not in model.states:
                problems.append(unknown("state", name, spot, model.states))
            elif model.states[name].dead:
                problems.append(Problem(f"{name} is a dead state", spot, "nobody responds there: name living states"))
    return Response(shape.at_years, {state: tuple(better) for state, better in shape.better.items()})


def _contract(
    name: str, shape: ContractShape, node: Node, model: Model, responds: bool, problems: list[Problem]
) -> Contract | None:
    """A contract; None, with problems, where it lacks something."""
    before = len(problems)
    _check_keys(name, shape.kind, node, problems)
    if name == FULL_PRICE.name:
        what = f"the contract {name} is always there, as what the others are read against"
        problems.append(Problem(what, node.head, "choose another name"))
    if shape.source.ref is not None and shape.source.ref not in model.sources:
        problems.append(unknown("source", shape.source.ref, node.find(["source", "ref"]).place, model.sources))
    for key, years in (("death_within", shape.death_within), ("every_years", shape.every_years)):
        if years is not None:
            _check_time(years, node.find([key]), model, problems)
    source = Source(shape.source.grade, shape.source.ref, shape.source.where, shape.source.note)
    if len(problems) > before:
        return None
    made = _made(name, shape, source)
    if made.needs_response and not responds:
        what = f"the contract {name} depends on a response, but the file does not say what that is"
        problems.append(Problem(what, node.head, "add `response` with `at_years` and `better`"))
    return made


def _made(name: str, shape: ContractShape, source: Source) -> Contract:
    """The contract of a shape whose keys are complete."""
    share, label = shape.share or 0.0, shape.label
    if shape.kind == "discount":
        return Discount(name, label, source, share)
    if shape.kind == "rebate":
        return Rebate(name, label, source, share, shape.no_response, shape.death_within)
    if shape.kind == "instalments":
        return Instalments(name, label, source, shape.count or 0, shape.every_years or 0.0, shape.condition or "alive")
    return Cap(name, label, source, shape.units, shape.amounts or {})


def _check_keys(name: str, kind: str, node: Node, problems: list[Problem]) -> None:
    """A contract has all keys of its kind, and no others."""
    needs, one_of = _NEEDS[kind], _ONE_OF.get(kind, ())
    present = {key for key, entry in node.entries.items() if entry.value is not None and entry.value is not False}
    problems += [
        Problem(f"contract {name}: {kind} needs `{key}`", node.head, "add it") for key in needs if key not in present
    ]
    given = [key for key in one_of if key in present]
    if one_of and not given:
        what = f"contract {name}: {kind} needs {' or '.join(f'`{key}`' for key in one_of)}"
        problems.append(Problem(what, node.head, "add one of them"))
    if kind == "cap" and len(given) > 1:
        problems.append(Problem(f"contract {name}: give `units` or `amounts`", node.head, "one of the two"))
    problems += [
        Problem(f"contract {name}: `{key}` means nothing in a contract of the kind {kind}", entry.head, "delete it")
        for key, entry in node.entries.items()
        if key not in (*_SHARED, *needs, *one_of)
    ]


def _check_time(years: float, node: Node, model: Model, problems: list[Problem]) -> None:
    per_year = model.settings.cycles_per_year
    if not whole_cycles(years, per_year):
        what = f"{years:g} years is {years * per_year:g} cycles"
        problems.append(Problem(what, node.place, f"choose a multiple of 1/{per_year} year"))

"""Tables and joint groups of a model, from its CSV files."""

from __future__ import annotations

import numpy as np

from cea.formula import NumericTable
from cea.model.definition import Joint, Table
from cea.model.draft import Draft
from cea.model.tables import lookup_keys, square_matrix


def tables(draft: Draft) -> dict[str, Table]:
    """All lookup tables by name."""
    return {name: _table(draft, name) for name in draft.shape.tables}


def _table(draft: Draft, name: str) -> Table:
    shape = draft.shape.tables[name]
    node = draft.find("tables", name)
    units = {key: draft.unit(item.unit, node.find(["columns", key, "unit"])) for key, item in shape.columns.items()}
    keys, columns = np.zeros(1), {key: np.zeros(1) for key in shape.columns}
    cells = draft.cells(node.find(["file"]))
    if cells is not None:
        wanted = {shape.key: node.find(["key"])}
        wanted |= {item.column: node.find(["columns", key, "column"]) for key, item in shape.columns.items()}
        if all([cells.check_column(header, place.place, draft.problems) for header, place in wanted.items()]):
            keys = lookup_keys(cells, shape.key, draft.problems)
            columns = {
                key: cells.column(item.column, draft.problems, blanks=True) for key, item in shape.columns.items()
            }
    *earlier, last = keys.tolist()
    until = shape.until if shape.until is not None else last + (last - earlier[-1] if earlier else 1.0)
    if shape.until is not None and until <= last:
        remedy = "choose a key above the last one, or delete `until`"
        draft.refuse(f"`until` is {until:g}, but the last key is {last:g}", node.find(["until"]).place, remedy)
    return Table(
        name=name,
        numeric=NumericTable(keys, columns, until),
        key_unit=shape.key_unit,
        key_dimension=draft.unit(shape.key_unit, node.find(["key_unit"])),
        units={key: item.unit for key, item in shape.columns.items()},
        dimensions=units,
        headers={key: item.column for key, item in shape.columns.items()},
        file=shape.file,
        source=draft.source(shape.source, node.find(["source"])),
        place=node.head,
    )


def joints(draft: Draft) -> dict[str, Joint]:
    """All groups of parameters that are drawn together; a parameter is in one of them at most."""
    taken: dict[str, str] = {}
    found = {}
    for name in draft.shape.joint:
        for item in draft.find("joint", name, "parameters").items:
            member = str(item.value)
            draft.check_name("parameters", member, item.place)
            if member in taken:
                draft.refuse(f"{member} is in the joint group {taken[member]} already", item.place, "name it once")
            taken[member] = name
        found[name] = _joint(draft, name)
    return found


def _joint(draft: Draft, name: str) -> Joint:
    shape = draft.shape.joint[name]
    node = draft.find("joint", name)
    members = tuple(shape.parameters)
    correlation = draws = None
    if shape.correlation is None and shape.draws is None:
        draft.refuse(f"joint group {name} needs `correlation` or `draws`", node.head, "add one of them")
    if shape.correlation is not None and (cells := draft.cells(node.find(["correlation"]))) is not None:
        correlation = square_matrix(cells, members, draft.problems)
    if shape.draws is not None and (cells := draft.cells(node.find(["draws"]))) is not None:
        place = node.find(["draws"]).place
        if all([cells.check_column(member, place, draft.problems) for member in members]):
            draws = np.column_stack([cells.column(member, draft.problems) for member in members])
    return Joint(name, members, correlation, draws)

"""The formula language: text is parsed once into a tree, and the tree has one meaning per back-end."""

from cea.formula.dimensions import dimension
from cea.formula.excel import to_excel
from cea.formula.functions import FUNCTIONS, TOLERANCE, Function
from cea.formula.latex import to_latex
from cea.formula.names import name_problem, reserved_time_names
from cea.formula.numeric import Failure, NumericTable, evaluate, first_failure
from cea.formula.syntax import FormulaError, parse
from cea.formula.tree import (
    Binary,
    Call,
    Compare,
    Expression,
    Logic,
    Lookup,
    Name,
    Negate,
    Not,
    Number,
    Span,
    lookups,
    names,
    to_text,
    walk,
)
from cea.formula.units import ANY, PLAIN, YEAR, Dimension, parse_unit

__all__ = [
    "ANY", "FUNCTIONS", "PLAIN", "TOLERANCE", "YEAR", "Binary", "Call", "Compare", "Dimension", "Expression", "Failure",
    "FormulaError", "Function", "Logic", "Lookup", "Name", "Negate", "Not", "Number", "NumericTable", "Span",
    "dimension", "evaluate", "first_failure", "lookups", "name_problem", "names", "parse", "parse_unit",
    "reserved_time_names", "to_excel", "to_latex", "to_text", "walk",
]  # fmt: skip

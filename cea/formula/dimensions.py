"""The dimension of a formula, carried through its tree.

The check finds a cost that is not money, a rate added to a probability, or a currency of elsewhere. It cannot find a
wrong number with the right unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from cea.formula.functions import FUNCTIONS
from cea.formula.syntax import FormulaError
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
    left_chain,
)
from cea.formula.units import ANY, PLAIN, Dimension, Misfit, remedy_for


def dimension(
    expression: Expression,
    dimensions: Mapping[str, Dimension],
    columns: Mapping[tuple[str, str], Dimension],
    key_units: Mapping[str, Dimension],
) -> Dimension:
    """The dimension of a formula.

    dimensions: of every name, the time names included; columns: of (table, column); key_units: of the keys of tables.
    A formula that is 0 and nothing else gives `ANY`, so compare results with `Dimension.fits`.
    Raises FormulaError where dimensions do not go together or a name, table or column is not known.
    """
    return _Check(dimensions, columns, key_units).of(expression)


class _Check:
    def __init__(
        self,
        dimensions: Mapping[str, Dimension],
        columns: Mapping[tuple[str, str], Dimension],
        key_units: Mapping[str, Dimension],
    ) -> None:
        self.dimensions = dimensions
        self.columns = columns
        self.key_units = key_units

    def of(self, node: Expression) -> Dimension:
        match node:
            case Number(value=value):
                return ANY if value == 0 else PLAIN
            case Name(name=name):
                if name not in self.dimensions:
                    raise FormulaError(f"There is no `{name}`.", node.span, "Check the spelling of the name.")
                return self.dimensions[name]
            case Negate(operand=operand):
                return self.of(operand)
            case Binary():
                return self._chain(node)
            case Compare(left=left, right=right):
                _alike(self.of(left), self.of(right), "is compared with", node.span)
                return PLAIN
            case Logic(operands=operands):
                return self._conditions(operands)
            case Not(operand=operand):
                return self._conditions((operand,))
            case Call(function=function, arguments=arguments):
                return self._call(function, arguments, node.span)
            case Lookup():
                return self._lookup(node)
        raise TypeError(f"not a formula: {type(node).__name__}")

    def _chain(self, node: Binary) -> Dimension:
        first, chain = left_chain(node)
        result = self.of(first)
        for step in chain:
            span = step.span
            if step.op == "^":
                result = self._power(result, step)
                continue
            right = self.of(step.right)
            if step.op == "*":
                result = result * right
            elif step.op == "/":
                result = result / right
            elif step.op == "+":
                result = _alike(right, result, "is added to", span)
            else:
                result = _alike(right, result, "is subtracted from", span)
        return result

    def _power(self, base: Dimension, node: Binary) -> Dimension:
        exponent = self.of(node.right)
        if not exponent.is_plain:
            raise FormulaError(
                f"The exponent is {exponent.described()}, not a plain number.",
                node.right.span,
                f"Divide the exponent by a parameter with unit {exponent}.",
            )
        if base.is_plain:
            return PLAIN
        number = _literal(node.right)
        if number is None:
            raise FormulaError(
                f"{_capital(base.described())} is raised to a power that is not a number written out.",
                node.span,
                f"Divide the base by a parameter with unit {base} first.",
            )
        return base ** Fraction(number).limit_denominator(1000)

    def _conditions(self, operands: tuple[Expression, ...]) -> Dimension:
        for operand in operands:
            found = self.of(operand)
            if not found.is_plain:
                raise FormulaError(
                    f"{_capital(found.described())} stands where a condition is needed.",
                    operand.span,
                    "Compare it with something, for instance x > 0.",
                )
        return PLAIN

    def _call(self, function: str, arguments: tuple[Expression, ...], span: Span) -> Dimension:
        conditions = FUNCTIONS[function].conditions
        self._conditions(arguments[:conditions])
        found = [self.of(argument) for argument in arguments]
        try:
            return FUNCTIONS[function].dimension(*found)
        except Misfit as misfit:
            raise FormulaError(f"{misfit.what} in {function}(...).", span, misfit.remedy) from None

    def _lookup(self, node: Lookup) -> Dimension:
        if node.table not in self.key_units:
            raise FormulaError(f"There is no table `{node.table}`.", node.span, "Check the spelling of the table.")
        if (node.table, node.column) not in self.columns:
            raise FormulaError(
                f"Table `{node.table}` has no column `{node.column}`.", node.span, "Check the spelling of the column."
            )
        key, needed = self.of(node.key), self.key_units[node.table]
        if not key.fits(needed):
            raise FormulaError(
                f"The key is {key.described()}; table `{node.table}` is read by {needed.described()}.",
                node.key.span,
                remedy_for(key, needed),
            )
        return self.columns[node.table, node.column]


def _alike(first: Dimension, second: Dimension, verb: str, span: Span) -> Dimension:
    if not first.fits(second):
        raise FormulaError(
            f"{_capital(first.described())} {verb} {second.described()}.", span, remedy_for(first, second)
        )
    return first if second.flexible else second


def _literal(node: Expression) -> float | None:
    """The number that the exponent is, when it is written out."""
    sign = 1.0
    while isinstance(node, Negate):
        node, sign = node.operand, -sign
    return sign * node.value if isinstance(node, Number) else None


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

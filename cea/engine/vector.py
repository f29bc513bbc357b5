"""The vector machine: runs a program over tiles of draws, compiled by numba once for all models.

A register holds one value for each draw of a tile, and every operation is a loop over the tile. Each draw goes through
the same IEEE operations whatever tile, chunk or thread it is in, so that its results do not depend on its company:
`exp` is written out here, because NumPy's takes another path at the end of an array than in its middle.

The machine is compiled, or read from numba's cache on disk, when this module is imported. The cache looks at this file
alone: numbers that other modules define are therefore arguments.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Any

import numba
import numpy as np


class Operation(IntEnum):
    """What an instruction does: `d` is the register it writes, `a, b, c, ...` those it reads, `t` the cycle boundary.

    Those from ADD to LOOKUP are the operations of the formula language, with its rules: no value (NaN) outside
    the domain, nor where an infinity would otherwise disappear.
    """

    CONSTANT = auto()  # d = constants[a]
    SERIES = auto()  # d = series[a, t]
    DRAWN = auto()  # d = draws[a]
    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    DIVIDE = auto()
    POWER = auto()
    MIN = auto()
    MAX = auto()
    EXP = auto()
    LN = auto()
    SQRT = auto()
    ABS = auto()
    SELECT = auto()  # d = b if a else c
    FLOOR = auto()
    BELOW = auto()  # d = 1 if a < -tolerance else 0
    TRUTH = auto()  # d = 1 if |a| > tolerance else 0
    RATE_TO_PROB = auto()
    PROB_TO_RATE = auto()
    LOOKUP = auto()  # d = the value of lookup b at key a
    STAY = auto()  # d = exp(-a * cycle length): who stays when the rates of leaving sum to a
    LEAVE = auto()  # d = (1 - b) / a, b the share that stays: who leaves, per unit of rate; 0 where a is 0
    DOT_1 = auto()  # d = a b
    DOT_2 = auto()  # d = a b + c e
    DOT_3 = auto()
    DOT_4 = auto()
    MOVE_0 = auto()  # d = d a
    MOVE_1 = auto()  # d = d a + b c
    MOVE_2 = auto()
    MOVE_3 = auto()
    BOOK = auto()  # d += series[a, t] b
    BOOK_VALUE = auto()  # d += series[a, t] b c
    BOOK_PRODUCT = auto()  # d += a b
    ZERO = auto()  # d = 0
    LOWEST = auto()  # d = min(d, a); a value that is missing is left out
    OPEN_TUNNEL = auto()  # the b registers from d on = 0, but the first = a
    EXPIRE = auto()  # d = who ends the last step of the tunnel of b registers at a; the share c stays
    PASS = auto()  # d = who is in the tunnel of b registers at a after the cycle; the share c stays, e enters


DOTS = (Operation.DOT_1, Operation.DOT_2, Operation.DOT_3, Operation.DOT_4)
MOVES = (Operation.MOVE_0, Operation.MOVE_1, Operation.MOVE_2, Operation.MOVE_3)
WORDS = 10
"""Numbers in an instruction: the operation, the register it writes, and up to eight operands."""
TILE = 128
"""Draws in a tile: registers of a kilobyte, so that those in use stay in the nearest caches."""

_part = numba.njit(error_model="numpy", nogil=True)
_O = Operation


@_part
def exponential(x: Any) -> Any:
    """exp(x) within one unit in the last place; 0 below -708, where normal numbers end; NaN for infinities.

    x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite, Software Manual for the Elementary Functions, 1980). The
    polynomial is a minimax fit of (exp(r) - 1 - r) / r^2 in extended precision, which leaves exp(r) 6e-18 from its
    value. No branch, so that it can be turned into vectors.
    """
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # its last bits are those of n
    n = shifted - 6755399441055744.0
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
    r2 = r * r
    even = (((2.7625249746838853e-07 * r2 + 2.4801508534854718e-05) * r2 + 0.0013888888926905203) * r2
            + 0.04166666666660371) * r2 + 0.5  # fmt: skip
    odd = (((2.4977843396199244e-08 * r2 + 2.755764286691393e-06) * r2 + 0.00019841269463745788) * r2
           + 0.008333333333501218) * r2 + 0.16666666666666433  # fmt: skip
    power = 1.0 + (r + r2 * (even + odd * r))
    half = np.int64((np.float64(shifted).view(np.int64) + 1022) << 52).view(np.float64)  # 2^(n - 1)
    result = (power + power) * half
    result = 0.0 if x < -708.0 else result
    result = np.inf if x > 709.782712893384 else result
    return result + 0.0 * x


@_part
def _arithmetic(operation: Any, r: Any, d: Any, a: Any, b: Any, c: Any) -> Any:
    """Operations with constants of the machine only; `r` holds the registers."""
    if operation == _O.ADD:
        for j in range(TILE):
            r[d, j] = r[a, j] + r[b, j]
    elif operation == _O.SUBTRACT:
        for j in range(TILE):
            r[d, j] = r[a, j] - r[b, j]
    elif operation == _O.MULTIPLY:
        for j in range(TILE):
            r[d, j] = r[a, j] * r[b, j]
    elif operation == _O.DIVIDE:
        for j in range(TILE):
            quotient = r[a, j] / r[b, j]
            r[d, j] = quotient + 0.0 * (quotient + r[b, j])
    elif operation == _O.MIN:
        for j in range(TILE):
            least = r[a, j] if r[a, j] < r[b, j] else r[b, j]
            r[d, j] = least + 0.0 * (r[a, j] + r[b, j])
    elif operation == _O.MAX:
        for j in range(TILE):
            most = r[a, j] if r[a, j] > r[b, j] else r[b, j]
            r[d, j] = most + 0.0 * (r[a, j] + r[b, j])
    elif operation == _O.EXP:
        for j in range(TILE):
            r[d, j] = exponential(r[a, j])
    elif operation == _O.SELECT:
        for j in range(TILE):
            yes, no = r[b, j], r[c, j]
            r[d, j] = (yes if r[a, j] != 0.0 else no) + 0.0 * r[a, j]
    elif operation == _O.SQRT:
        for j in range(TILE):
            r[d, j] = np.sqrt(r[a, j])
    elif operation == _O.ABS:
        for j in range(TILE):
            r[d, j] = abs(r[a, j])
    elif operation == _O.LN:
        for j in range(TILE):
            logarithm = np.log(r[a, j])
            r[d, j] = logarithm + 0.0 * logarithm
    elif operation == _O.POWER:
        for j in range(TILE):
            power = r[a, j] ** r[b, j] + 0.0 * r[a, j] * r[b, j]
            r[d, j] = np.nan if r[a, j] == 0.0 and r[b, j] == 0.0 else power + 0.0 * power


@_part
def _conventions(
    operation: Any, r: Any, d: Any, a: Any, b: Any, tolerance: Any, floor_limit: Any, highest_probability: Any
) -> Any:
    """Operations of the language that carry a tolerance or a limit."""
    if operation == _O.BELOW:
        for j in range(TILE):
            r[d, j] = (1.0 if r[a, j] < -tolerance else 0.0) + 0.0 * r[a, j]
    elif operation == _O.TRUTH:
        for j in range(TILE):
            r[d, j] = (1.0 if abs(r[a, j]) > tolerance else 0.0) + 0.0 * r[a, j]
    elif operation == _O.FLOOR:
        for j in range(TILE):
            r[d, j] = np.floor(r[a, j] + tolerance) if abs(r[a, j]) < floor_limit else np.nan
    elif operation == _O.RATE_TO_PROB:
        for j in range(TILE):
            leaving = 1.0 - exponential(-(r[a, j] * r[b, j]))
            r[d, j] = leaving if (r[a, j] >= 0.0) & (r[b, j] >= 0.0) else np.nan
    elif operation == _O.PROB_TO_RATE:
        for j in range(TILE):
            inside = (r[a, j] >= 0.0) & (r[a, j] <= highest_probability) & (r[b, j] > 0.0)
            rate = -np.log(1.0 - r[a, j]) / r[b, j] if inside else np.nan
            r[d, j] = rate + 0.0 * (rate + r[b, j])


@_part
def _look_up(r: Any, d: Any, a: Any, keys: Any, values: Any, until: Any, tolerance: Any) -> Any:
    """The value of the last row whose key is at or below; tables are short, and few models look up a drawn key."""
    for j in range(TILE):
        key = r[a, j] + tolerance
        row = np.searchsorted(keys, key, side="right") - 1
        r[d, j] = values[row] if row >= 0 and key < until else np.nan


@_part
def _exits(operation: Any, r: Any, d: Any, a: Any, b: Any, step_years: Any) -> Any:
    if operation == _O.STAY:
        for j in range(TILE):
            r[d, j] = exponential(-(r[a, j] * step_years))
    elif operation == _O.LEAVE:
        for j in range(TILE):
            leaving = (1.0 - r[b, j]) / r[a, j]
            r[d, j] = 0.0 if r[a, j] == 0.0 else leaving


@_part
def _movement(operation: Any, r: Any, d: Any, a: Any, b: Any, c: Any, e: Any, f: Any, g: Any, h: Any, k: Any) -> Any:
    """Shares that move: products that are summed, in the order of the operands."""
    if operation == _O.DOT_1:
        for j in range(TILE):
            r[d, j] = r[a, j] * r[b, j]
    elif operation == _O.DOT_2:
        for j in range(TILE):
            r[d, j] = r[a, j] * r[b, j] + r[c, j] * r[e, j]
    elif operation == _O.DOT_3:
        for j in range(TILE):
            r[d, j] = r[a, j] * r[b, j] + r[c, j] * r[e, j] + r[f, j] * r[g, j]
    elif operation == _O.DOT_4:
        for j in range(TILE):
            r[d, j] = r[a, j] * r[b, j] + r[c, j] * r[e, j] + r[f, j] * r[g, j] + r[h, j] * r[k, j]
    elif operation == _O.MOVE_0:
        for j in range(TILE):
            r[d, j] = r[d, j] * r[a, j]
    elif operation == _O.MOVE_1:
        for j in range(TILE):
            r[d, j] = r[d, j] * r[a, j] + r[b, j] * r[c, j]
    elif operation == _O.MOVE_2:
        for j in range(TILE):
            r[d, j] = r[d, j] * r[a, j] + r[b, j] * r[c, j] + r[e, j] * r[f, j]
    elif operation == _O.MOVE_3:
        for j in range(TILE):
            r[d, j] = r[d, j] * r[a, j] + r[b, j] * r[c, j] + r[e, j] * r[f, j] + r[g, j] * r[h, j]


@_part
def _booking(operation: Any, r: Any, weight: Any, d: Any, b: Any, c: Any) -> Any:
    """What is added up over cycles with a weight that is the same for all draws."""
    if operation == _O.BOOK:
        for j in range(TILE):
            r[d, j] += weight * r[b, j]
    elif operation == _O.BOOK_VALUE:
        for j in range(TILE):
            r[d, j] += weight * r[b, j] * r[c, j]


@_part
def _account(operation: Any, r: Any, d: Any, a: Any, b: Any) -> Any:
    if operation == _O.BOOK_PRODUCT:
        for j in range(TILE):
            r[d, j] += r[a, j] * r[b, j]
    elif operation == _O.ZERO:
        for j in range(TILE):
            r[d, j] = 0.0
    elif operation == _O.LOWEST:
        for j in range(TILE):
            r[d, j] = r[a, j] if r[a, j] < r[d, j] else r[d, j]


@_part
def _tunnel(operation: Any, r: Any, t: Any, d: Any, a: Any, b: Any, c: Any, e: Any) -> Any:
    """A tunnel is a ring of registers: those who entered at boundary t are in the one at t modulo its length."""
    if operation == _O.OPEN_TUNNEL:
        for step in range(b):
            for j in range(TILE):
                r[d + step, j] = 0.0
        for j in range(TILE):
            r[d, j] = r[a, j]
    elif operation == _O.EXPIRE:
        last = a + (t + 1) % b
        for j in range(TILE):
            r[d, j] = r[last, j] * r[c, j]
    else:
        last = a + (t + 1) % b
        for j in range(TILE):
            r[last, j] = r[e, j]
            r[d, j] = r[e, j]
        for step in range(a, a + b):
            if step != last:
                for j in range(TILE):
                    r[step, j] *= r[c, j]
                    r[d, j] += r[step, j]


@_part
def _tile(
    code: Any,
    starts: Any,
    schedule: Any,
    constants: Any,
    series: Any,
    draws: Any,
    first: Any,
    rows: Any,
    keys: Any,
    until: Any,
    columns: Any,
    limits: Any,
    r: Any,
) -> Any:
    """Runs a program over all draws. Few arrays go to a function: passing one takes as long as a vector."""
    for t in range(len(starts) - 1):
        for k in range(starts[t], starts[t + 1]):
            i = schedule[k]
            operation, d, a, b, c = code[i, 0], code[i, 1], code[i, 2], code[i, 3], code[i, 4]
            if operation <= _O.SERIES:
                value = constants[a] if operation == _O.CONSTANT else series[a, t]
                for j in range(TILE):
                    r[d, j] = value
            elif operation == _O.DRAWN:
                for j in range(TILE):
                    r[d, j] = draws[a, first + j]
            elif operation <= _O.SELECT:
                _arithmetic(operation, r, d, a, b, c)
            elif operation <= _O.PROB_TO_RATE:
                _conventions(operation, r, d, a, b, limits[0], limits[1], limits[2])
            elif operation == _O.LOOKUP:
                _look_up(r, d, a, keys[rows[b] : rows[b + 1]], columns[rows[b] : rows[b + 1]], until[b], limits[0])
            elif operation <= _O.LEAVE:
                _exits(operation, r, d, a, b, limits[3])
            elif operation <= _O.MOVE_3:
                _movement(operation, r, d, a, b, c, code[i, 5], code[i, 6], code[i, 7], code[i, 8], code[i, 9])
            elif operation <= _O.BOOK_VALUE:
                _booking(operation, r, series[a, t], d, b, c)
            elif operation <= _O.LOWEST:
                _account(operation, r, d, a, b)
            else:
                _tunnel(operation, r, t, d, a, b, c, code[i, 5])


@numba.njit(
    numba.void(
        numba.int64[:, ::1],
        numba.int64[::1],
        numba.int64[::1],
        numba.float64[::1],
        numba.float64[:, ::1],
        numba.float64[:, ::1],
        numba.int64[::1],
        numba.float64[::1],
        numba.float64[::1],
        numba.float64[::1],
        numba.float64[::1],
        numba.int64[::1],
        numba.float64[:, ::1],
        numba.float64[:, ::1],
    ),
    error_model="numpy",
    nogil=True,
    cache=True,
)
def execute(
    code: Any,
    starts: Any,
    schedule: Any,
    constants: Any,
    series: Any,
    draws: Any,
    rows: Any,
    keys: Any,
    until: Any,
    columns: Any,
    limits: Any,
    results: Any,
    registers: Any,
    outputs: Any,
) -> Any:
    """Runs a program over all tiles of a chunk.

    code: instructions, shape (instruction, WORDS). starts, schedule: schedule[starts[t]:starts[t + 1]] are the
    instructions that run at boundary t. series: shape (series, boundary). draws: shape (parameter, draw), the number of
    draws a multiple of TILE. rows, keys, until, columns: lookup k has the keys and values from rows[k] to rows[k + 1].
    limits: tolerance, limit of `floor`, highest probability, cycle length in years. results: the registers that are
    copied at the end to `outputs`, shape (result, draw). registers: scratch, shape (register, TILE).
    """
    for first in range(0, draws.shape[1], TILE):
        _tile(code, starts, schedule, constants, series, draws, first, rows, keys, until, columns, limits, registers)
        for k in range(len(results)):
            for j in range(TILE):
                outputs[k, first + j] = registers[results[k], j]

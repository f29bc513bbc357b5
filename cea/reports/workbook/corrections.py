"""The within-cycle corrections of `engine.correction` as formulas: weight, in cycles, of the payoff at a boundary."""

from __future__ import annotations

from cea.errors import UsageError


def weight_formula(method: str, cycles: int, last: str) -> str:
    """The weight at `[cycle]`, for a horizon of `cycles` cycles; `last` is the name of the cell with their number.

    Simpson's rules depend on whether the number of cycles is even, which the formula is written for. Raises UsageError
    for a method that has no formula.
    """
    first, end = "[cycle]=0", f"[cycle]={last}"
    formulas = {
        "start": f"IF({end},0,1)",
        "end": f"IF({first},0,1)",
        "all_points": "1+0*[cycle]",
        "half_cycle": f"IF(OR({first},{end}),0.5,1)",
        "life_table": f"0.5*(IF([cycle]>0,1,0)+IF([cycle]<{last},1,0))",
        "simpson": _simpson(cycles, first, end, last),
        "transposed_simpson": f"IF(OR({first},{end}),1/3,IF(MOD([cycle],2)=1,2/3,4/3))",
    }
    if method not in formulas:
        raise UsageError(f"the correction '{method}' has no formula in a workbook")
    return formulas[method]


def _simpson(cycles: int, first: str, end: str, last: str) -> str:
    if cycles == 1:
        return "0.5+0*[cycle]"
    if cycles % 2 == 0:
        return f"IF(OR({first},{end}),1/3,IF(MOD([cycle],2)=1,4/3,2/3))"
    eighths = f"IF({end},3/8,9/8)"
    if cycles == 3:
        return f"IF(OR({first},{end}),3/8,9/8)"
    thirds = f"IF({first},1/3,IF(MOD([cycle],2)=1,4/3,2/3))"
    return f"IF([cycle]>{last}-3,{eighths},IF([cycle]={last}-3,1/3+3/8,{thirds}))"


def state_weight_formula(method: str, discount: str, years: str, last: str) -> str:
    """The weight, in years, of a payoff per year: correction, length of a cycle and discount factor together.

    discount: key of the column of discount factors; years: name of the cell with the length of a cycle.
    """
    if method != "life_table":
        return f"[weight]*{years}*[{discount}]"
    now, soon = f"IF([cycle]>0,[{discount}],0)", f"IF([cycle]<{last},[>{discount}],0)"
    return f"0.5*{years}*({now}+{soon})"

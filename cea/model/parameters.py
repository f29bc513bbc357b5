"""Parameters: what gives their value, how uncertain it is, and whether the two agree."""

from __future__ import annotations

from dataclasses import replace

from cea.model.definition import Parameter, Solve
from cea.model.distributions import Dirichlet, Distribution, DistributionError, from_spec
from cea.model.document import Node
from cea.model.draft import Draft
from cea.model.schema import ParameterShape, SolveShape

_KINDS = ("value", "formula", "same_as", "solve")


def parameters(draft: Draft) -> dict[str, Parameter]:
    """All parameters by name, each checked by itself and against its distribution."""
    found = {name: _parameter(draft, name, item) for name, item in draft.shape.parameters.items()}
    found = _with_shares(draft, found)
    for parameter in found.values():
        if _limits_ascend(draft, parameter):
            _check_value(draft, parameter)
    return found


def _parameter(draft: Draft, name: str, shape: ParameterShape) -> Parameter:
    node = draft.find("parameters", name)
    kinds = [key for key in _KINDS if getattr(shape, key) is not None]
    if len(kinds) != 1:
        given = " and ".join(kinds) if kinds else "none of them"
        what = f"parameter {name} needs exactly one of value, formula, same_as and solve; it has {given}"
        draft.refuse(what, node.head, "give exactly one of them")
    if shape.same_as is not None:
        draft.check_name("parameters", shape.same_as, node.find(["same_as"]).place)
    distribution, recentred = _distribution(draft, name, shape, node)
    given_by = node.find(kinds[:1])
    return Parameter(
        name=name,
        label=shape.label,
        unit=shape.unit,
        dimension=draft.unit(shape.unit, node.find(["unit"])),
        source=draft.source(shape.source, node.find(["source"])),
        place=given_by.place,
        value=shape.value,
        term=draft.term(node, "formula", name),
        same_as=shape.same_as,
        solve=_solve(draft, shape.solve, node.find(["solve"])) if shape.solve else None,
        group=shape.group,
        distribution=distribution,
        recentred=recentred,
        range=(shape.range[0], shape.range[1]) if shape.range else None,
        bounds=(shape.bounds[0], shape.bounds[1]) if shape.bounds else (None, None),
        share_draw=shape.share_draw,
        decision=shape.decision,
        cohort=shape.cohort,
        layer=given_by.layer,
    )


def _limits_ascend(draft: Draft, parameter: Parameter) -> bool:
    """Whether both pairs of limits ascend and the range lies within the bounds; a problem where not."""
    node = draft.find("parameters", parameter.name)
    pairs = {"bounds": parameter.bounds, "range": parameter.range or (None, None)}
    upside_down = [key for key, (low, high) in pairs.items() if low is not None and high is not None and low > high]
    for key in upside_down:
        draft.refuse(f"the {key} of {parameter.name}: low is above high", node.find([key]).place, "write [low, high]")
    if upside_down or parameter.range is None:
        return not upside_down
    low, high = parameter.bounds
    if (low is not None and parameter.range[0] < low) or (high is not None and parameter.range[1] > high):
        what = f"the range of {parameter.name} goes beyond its bounds"
        draft.refuse(what, node.find(["range"]).place, "narrow the range or widen the bounds")
    return True


def _distribution(draft: Draft, name: str, shape: ParameterShape, node: Node) -> tuple[Distribution | None, bool]:
    """A parameter's distribution, moved to its value where a layer changed the value alone."""
    if shape.distribution is None:
        return None, False
    place = node.find(["distribution"])
    if shape.value is None:
        what = f"{name} has a distribution but no `value` of its own"
        draft.refuse(what, place.head, "delete the distribution: what the parameter is computed from has its own")
        return None, False
    try:
        distribution = from_spec(shape.distribution, shape.value)
    except DistributionError as error:
        spot = place.find([error.key])
        draft.refuse(f"distribution of {name}: {error.what}", spot.place, error.remedy)
        return None, False
    centre = draft.centres.get(name)
    if centre is None or not isinstance(centre.value, int | float) or centre.value == shape.value:
        return distribution, False
    try:
        return distribution.recentred(float(centre.value), shape.value), True
    except DistributionError as error:
        draft.warnings.append(
            f"{name} is fixed in draws: its distribution cannot be moved to {shape.value:g} ({error})"
        )
        return None, False


def _with_shares(draft: Draft, found: dict[str, Parameter]) -> dict[str, Parameter]:
    """Shares of a Dirichlet group get the total of their group."""
    groups: dict[str, list[Parameter]] = {}
    for parameter in found.values():
        if isinstance(parameter.distribution, Dirichlet):
            groups.setdefault(parameter.distribution.group, []).append(parameter)
    changed = dict(found)
    for group, members in groups.items():
        shares = {item.name: item.distribution for item in members if isinstance(item.distribution, Dirichlet)}
        first = draft.find("parameters", members[0].name, "distribution").place
        if len(members) == 1:
            draft.refuse(
                f"the dirichlet group {group} has one member only", first, "give the other shares the same `group`"
            )
            changed[members[0].name] = replace(members[0], distribution=None)
            continue
        total = sum(share.alpha for share in shares.values())
        for item in members:
            changed[item.name] = replace(item, distribution=shares[item.name].with_total(total))
        values = sum(item.value or 0.0 for item in members)
        if abs(values - 1) > 1e-6:
            draft.warnings.append(f"the values of the dirichlet group {group} sum to {values:g}, not to 1")
    return changed


def _check_value(draft: Draft, parameter: Parameter) -> None:
    """A point value lies within its bounds and where its distribution says."""
    name, value, place = parameter.name, parameter.value, parameter.place
    if value is None:
        return
    low, high = parameter.bounds
    span = parameter.range
    if (low is not None and value < low) or (high is not None and value > high):
        limits = f"{'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}"
        draft.refuse(f"{name} = {value:g} is outside its bounds ({limits})", place, "choose a value within")
    elif span is not None and not span[0] <= value <= span[1]:
        draft.warnings.append(f"{name} = {value:g} is outside its range {span[0]:g} to {span[1]:g} ({place})")
    if parameter.distribution is not None and parameter.distribution.family != "fixed":
        _check_distribution(draft, parameter, parameter.distribution, value)


def _check_distribution(draft: Draft, parameter: Parameter, distribution: Distribution, value: float) -> None:
    name, place = parameter.name, parameter.place
    low, high = distribution.support
    if not low <= value <= high:
        what = f"{name} = {value:g} is outside what its distribution {distribution.describe()} can give"
        draft.refuse(what, place, f"the distribution gives {low:g} to {high:g}: correct the value or the distribution")
    elif _in_another_unit(value, distribution):
        what = f"{name} = {value:g} is far outside its distribution {distribution.describe()}"
        interval = distribution.interval()
        remedy = f"its 95 % interval is {interval[0]:g} to {interval[1]:g}: is it in another unit?"
        draft.refuse(what, draft.find("parameters", name, "distribution").place, remedy)
    elif not parameter.recentred and not distribution.matches(value):
        draft.warnings.append(
            f"{name} = {value:g} is neither the mean ({distribution.mean:.4g}) nor the median "
            f"({distribution.median:.4g}) of its distribution ({place})"
        )


def _in_another_unit(value: float, distribution: Distribution) -> bool:
    """Whether a value is so far from its distribution that one of the two must be in another unit."""
    off = abs(value - distribution.mean) > 5 * distribution.sd
    return off and (distribution.mean == 0 or not 0.25 < value / distribution.mean < 4)


def _solve(draft: Draft, shape: SolveShape, node: Node) -> Solve:
    pair = node.find(["strategies"]).items
    for item in pair:
        draft.check_name("strategies", str(item.value), item.place)
    if shape.strategies[0] == shape.strategies[1]:
        draft.refuse("the two strategies of a ratio are the same", pair[1].place, "name another one")
    if shape.measure == "hazard_ratio" and shape.years is None:
        draft.refuse("a hazard_ratio is solved at `years`", node.head, "add `years`")
    if shape.measure == "event_ratio" and shape.event is None:
        draft.refuse("an event_ratio needs an `event`", node.head, "add `event`")
    if shape.event is not None:
        draft.check_event(shape.event, node.find(["event"]).place)
    if shape.measure == "event_ratio" and shape.in_draws is not None:
        draft.refuse("only a hazard_ratio is solved again in draws", node.find(["in_draws"]).place, "leave it out")
    low, high = shape.between
    if not 0 < low < high:
        draft.refuse(
            f"`between` is {low:g} to {high:g}", node.find(["between"]).place, "write two ascending numbers above zero"
        )
    return Solve(
        shape.measure, (shape.strategies[0], shape.strategies[1]), draft.terms.parse(node.entries["target"], "target"),
        draft.term(node, "in_draws", "in_draws"), (low, high), draft.term(node, "years", "years"), shape.event,
        shape.held, node.place,
    )  # fmt: skip

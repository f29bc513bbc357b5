"""What a model counts: outcomes with their payoffs, and the comparisons and rules that results are read by."""

from __future__ import annotations

from collections.abc import Mapping

from cea.model.definition import Band, Headline, Outcome, ShortfallRule, State, Term
from cea.model.document import Node, unknown
from cea.model.draft import Draft
from cea.model.schema import OutcomeShape
from cea.model.structure import MOST_CYCLES, whole_cycles

# Keys that each timing needs, and those that it can have beside them.
_NEEDS = {"per_year": (), "at_years": ("in", "value"), "on": ("value",)}
_TAKES = {"per_year": ("in",), "at_years": ("in", "value", "per"), "on": ("value",)}


def outcomes(draft: Draft, states: Mapping[str, State]) -> dict[str, Outcome]:
    """All outcomes by name, without those that have no clear timing."""
    found = {name: _outcome(draft, name, shape, states) for name, shape in draft.shape.outcomes.items()}
    return {name: outcome for name, outcome in found.items() if outcome is not None}


def _outcome(draft: Draft, name: str, shape: OutcomeShape, states: Mapping[str, State]) -> Outcome | None:
    node = draft.find("outcomes", name)
    timing = _timing(draft, name, node)
    if timing is None:
        return None
    _check_total(draft, shape, node)
    if shape.unit is not None:
        draft.unit(shape.unit, node.find(["unit"]))
    if shape.per is not None:
        draft.check_name("windows", shape.per, node.find(["per"]).place)
    by_state, value = _payoffs(draft, name, timing, node, states)
    events = node.find(["on"]).items or [node.find(["on"])] if timing == "on" else []
    for event in events:
        draft.check_event(str(event.value), event.place)
    label = shape.label or name.replace("_", " ").capitalize()
    parent = draft.shape.outcomes.get(shape.of or name, shape)
    return Outcome(
        name=name,
        kind=shape.kind,
        timing=timing,  # type: ignore[arg-type]
        label=label,
        category=shape.category or label,
        total=shape.of or name,
        indirect=shape.indirect,
        by_state=by_state,
        value=value,
        when=draft.term(node, "when", name),
        at_years=_times(draft, node) if timing == "at_years" else (),
        per=shape.per,
        events=tuple(str(event.value) for event in events),
        unit=shape.unit or parent.unit,
        place=node.head,
    )


def _timing(draft: Draft, name: str, node: Node) -> str | None:
    """Which of per_year, at_years and on the outcome has; None, with a problem, unless it has one and its keys."""
    timings = [key for key in _NEEDS if key in node.entries]
    if len(timings) != 1:
        given = " and ".join(timings) if timings else "none of them"
        what = f"outcome {name} needs exactly one of per_year, at_years and on; it has {given}"
        draft.refuse(what, node.head, "give exactly one of them")
        return None
    timing = timings[0]
    flat = timing == "per_year" and not isinstance(node.entries[timing].value, dict)
    needed = ("in",) if flat else _NEEDS[timing]
    missing = [key for key in needed if key not in node.entries]
    for key in missing:
        draft.refuse(f"outcome {name} needs `{key}` beside `{timing}`", node.head, f"add `{key}: ...`")
    for key in ("in", "value", "per"):
        if key in node.entries and (key not in _TAKES[timing] or (timing == "per_year" and not flat)):
            draft.refuse(f"`{key}` means nothing beside `{timing}`", node.entries[key].head, "delete it")
    return None if missing else timing


def _check_total(draft: Draft, shape: OutcomeShape, node: Node) -> None:
    """An outcome that adds to another is of its kind and in its unit."""
    if shape.of is None:
        return
    parent = draft.shape.outcomes.get(shape.of)
    if parent is None:
        draft.check_name("outcomes", shape.of, node.find(["of"]).place)
    elif parent.kind != shape.kind or parent.of:
        totals = [key for key, item in draft.shape.outcomes.items() if item.kind == shape.kind and not item.of]
        draft.problems.append(unknown(f"{shape.kind} outcome", shape.of, node.find(["of"]).place, totals))
    elif shape.unit is not None and parent.unit != shape.unit:
        draft.refuse(
            f"the unit is not that of {shape.of}",
            node.find(["unit"]).place,
            "delete it: a part has the unit of the total",
        )


def _payoffs(
    draft: Draft, name: str, timing: str, node: Node, states: Mapping[str, State]
) -> tuple[dict[str, Term], Term | None]:
    """The formula of each state that is paid in, or the one formula of an outcome on events."""
    known = draft.names("states")
    if timing == "on":
        return {}, draft.terms.parse(node.entries["value"], name)
    by_state: dict[str, Term] = {}
    per_year = node.find(["per_year"])
    if timing == "per_year" and per_year.entries:
        given = [(child, key, draft.terms.parse(child, f"{name}, {key}")) for key, child in per_year.entries.items()]
    else:
        value = draft.terms.parse(node.entries["per_year" if timing == "per_year" else "value"], name)
        within = node.entries["in"]
        given = [(item, str(item.value), value) for item in within.items or [within]]
    for child, text, term in given:
        for state in draft.terms.states(child, text, states, known):
            if state in by_state:
                draft.refuse(f"outcome {name} is given twice for {state}", child.head, "name each state once")
            by_state[state] = term
    return by_state, None


def _times(draft: Draft, node: Node) -> tuple[float, ...]:
    """The times of a payoff in years, each on a cycle."""
    times: list[float] = []
    per_year = draft.shape.time.cycles_per_year
    for item in node.find(["at_years"]).items:
        years = draft.terms.constant(item, "at_years")
        if years is None:
            continue
        if draft.sound("time", "cycles_per_year") and whole_cycles(years, per_year) is None:
            remedy = f"choose a multiple of 1/{per_year} year, not below zero and at most {MOST_CYCLES:,} cycles"
            draft.refuse(f"{years:g} years is {years * per_year:g} cycles", item.place, remedy)
        elif whole_cycles(years, per_year) in [whole_cycles(other, per_year) for other in times]:
            draft.refuse(f"the time {years:g} is given twice", item.place, "name each time once")
        times.append(years)
    return tuple(times)


def headlines(draft: Draft) -> dict[str, Headline]:
    """The comparisons at the top of the results."""
    found = {}
    for name, item in draft.shape.headlines.items():
        node = draft.find("headlines", name)
        for key in ("strategy", "comparator"):
            draft.check_name("strategies", getattr(item, key), node.find([key]).place)
        if item.strategy == item.comparator:
            draft.refuse(
                f"{item.strategy} is compared with itself", node.find(["comparator"]).place, "name another comparator"
            )
        if item.price is not None:
            draft.check_name("parameters", item.price, node.find(["price"]).place)
        found[name] = Headline(name, item.label, item.strategy, item.comparator, item.price)
    return found


def shortfall(draft: Draft) -> ShortfallRule | None:
    """The rule for QALY shortfall, if the model has one."""
    shape = draft.shape.shortfall
    if shape is None:
        return None
    node = draft.find("shortfall")
    for key in ("hazard", "utility"):
        _check_formula_name(draft, getattr(shape, key), node.find([key]))
    bands = tuple(Band(item.proportional, item.absolute, item.weight) for item in shape.bands)
    discount = draft.terms.parse(node.entries["discount"], "shortfall, discount")
    until_age = draft.terms.parse(node.entries["until_age"], "shortfall, until_age")
    if draft.sound("time") and draft.shape.time.start_age is None:
        draft.refuse("a shortfall needs `start_age`", node.head, "add `start_age` to `time`")
    source = draft.source(shape.source, node.find(["source"]))
    return ShortfallRule(shape.hazard, shape.utility, discount, until_age, bands, source)


def equal_value(draft: Draft) -> str | None:
    """The formula for the value of an added life-year, if the model has one."""
    name = draft.shape.equal_value
    if name is not None:
        _check_formula_name(draft, name, draft.find("equal_value"))
    return name


def _check_formula_name(draft: Draft, name: str, node: Node) -> None:
    if not draft.knows("formulas", name) and not draft.knows("parameters", name):
        known = [*draft.names("formulas"), *draft.names("parameters")]
        draft.problems.append(unknown("formula or parameter", name, node.place, known))

"""The structure of a model: time and settings, states, strategies, windows, formulas and arrows."""

from __future__ import annotations

from collections.abc import Mapping

from cea.errors import Problem
from cea.formula import YEAR, name_problem
from cea.formula.units import CURRENCIES
from cea.model.definition import Formula, Settings, State, Strategy, Term, Transition, Window
from cea.model.document import SINGULAR, Node, did_you_mean, unknown
from cea.model.draft import Draft
from cea.model.schema import StateShape, TransitionShape

_NAMED = (
    "parameters",
    "formulas",
    "states",
    "strategies",
    "windows",
    "outcomes",
    "tables",
    "joint",
    "headlines",
    "perspectives",
)
MOST_CYCLES = 100_000
"""How many cycles a time can be away, as in the engine."""


def whole_cycles(years: float, per_year: int) -> int | None:
    """A time as a number of cycles; None when it is not a whole one, from zero on."""
    cycles = years * per_year
    return round(cycles) if 0 <= cycles <= MOST_CYCLES and abs(cycles - round(cycles)) < 1e-9 else None


def check_names(draft: Draft) -> None:
    """Every name is a word that no spreadsheet reads as a cell, and stands for one thing."""
    taken: dict[str, str] = {}
    for section in _NAMED:
        kind = SINGULAR[section]
        for name, node in draft.names(section).items():
            _check_word(draft, name, node, f"the name of a {kind}")
            if section in ("parameters", "formulas"):
                if name in taken:
                    draft.refuse(
                        f"'{name}' is both a {taken[name]} and a {kind}", node.head, "give one of them another name"
                    )
                taken[name] = kind
    for name, strategy in draft.names("strategies").items():
        for switch, node in strategy.entries["set"].entries.items() if "set" in strategy.entries else ():
            if switch in taken:
                what = f"'{switch}' is both a {taken[switch]} and a switch of {name}"
                draft.refuse(what, node.head, "give one of them another name")
            _check_word(draft, switch, node, "a switch")


def _check_word(draft: Draft, name: str, node: Node, role: str) -> None:
    reason = name_problem(name)
    if reason:
        draft.refuse(f"'{name[:60]}' cannot be {role}: {reason}", node.head, "choose another name, such as cost_drug")


def states(draft: Draft) -> dict[str, State]:
    """The states of the cohort."""
    found = {}
    for name, item in draft.shape.states.items():
        node = draft.find("states", name)
        if item.then is not None:
            draft.check_name("states", item.then, node.find(["then"]).place)
        found[name] = State(name, item.label, node.head, item.dead, _steps(draft, item, node), item.then)
    if not any(state.dead for state in found.values()):
        draft.warnings.append("no state is marked `dead: true`, so life-years count every state")
    return found


def _steps(draft: Draft, item: StateShape, node: Node) -> int:
    """How many cycles a tunnel lasts; 1 for other states."""
    if (item.tunnel_years is None) != (item.then is None):
        missing = "then" if item.then is None else "tunnel_years"
        draft.refuse("a tunnel needs both `tunnel_years` and `then`", node.head, f"add `{missing}`")
    if item.tunnel_years is None or item.then is None:
        return 1
    years = draft.terms.constant(node.find(["tunnel_years"]), "tunnel_years")
    if years is None or not draft.sound("time", "cycles_per_year"):
        return 1
    per_year = draft.shape.time.cycles_per_year
    steps = whole_cycles(years, per_year)
    if not steps:
        what = f"a tunnel of {years:g} years is {years * per_year:g} cycles"
        draft.refuse(
            what, node.find(["tunnel_years"]).place, f"choose a whole number of cycles, from 1 to {MOST_CYCLES:,}"
        )
    return steps or 1


def strategies(draft: Draft) -> dict[str, Strategy]:
    """All declared strategies."""
    return {name: Strategy(name, item.label, dict(item.set)) for name, item in draft.shape.strategies.items()}


def start(draft: Draft) -> dict[str, Term | None]:
    """The shares at the start by state; None stands for the rest."""
    found: dict[str, Term | None] = {}
    for name, node in draft.find("start").entries.items():
        if draft.check_name("states", name, node.head) and name in draft.shape.states:
            found[name] = None if node.value == "rest" else draft.terms.parse(node, f"start of {name}")
    rests = [node for node in draft.find("start").entries.values() if node.value == "rest"]
    for node in rests[1:]:
        draft.refuse("only one state can start with the rest", node.place, "write a share instead")
    return found


def windows(draft: Draft) -> dict[str, Window]:
    """The windows of repeated courses."""
    return {
        name: Window(
            name,
            draft.terms.parse(draft.find("windows", name, "every"), f"window {name}"),
            draft.terms.parse(draft.find("windows", name, "courses"), f"window {name}"),
        )
        for name in draft.shape.windows
    }


def formulas(draft: Draft, opened: Mapping[str, Window]) -> dict[str, Formula]:
    """Named formulas, with the clock that each window gives first."""
    found = {f"since_{window.name}": _clock(draft, window) for window in opened.values()}
    for name, item in draft.shape.formulas.items():
        node = draft.find("formulas", name)
        if isinstance(item, str | int | float):
            found[name] = Formula(name, draft.terms.parse(node, name), layer=node.layer)
            continue
        inner = node.find(["formula"])
        dimension = draft.unit(item.unit, node.find(["unit"])) if item.unit is not None else None
        found[name] = Formula(name, draft.terms.parse(inner, name), item.label, item.unit, dimension, inner.layer)
    return found


def _clock(draft: Draft, window: Window) -> Formula:
    """Years since the last course began: courses begin every so often, and the last one goes on for ever."""
    every, courses = f"({window.every.text})", f"({window.courses.text})"
    text = f"year - {every} * max(0, min(floor(year / {every}), {courses} - 1))"
    term = draft.terms.parse(Node(text, window.every.place, source="."), f"window {window.name}")
    return Formula(f"since_{window.name}", term, f"Years since the last {window.name} began", "year", YEAR)


def settings(draft: Draft) -> Settings:
    """Choices for the whole model, and its time axis."""
    item, time = draft.shape.settings, draft.shape.time
    node, time_node = draft.find("settings"), draft.find("time")
    _check_settings(draft, node)
    _check_horizon(draft)
    effect = draft.shape.outcomes.get(item.effect)
    return Settings(
        country=item.country,
        currency=item.currency,
        price_year=item.price_year,
        perspective=item.perspective,
        effect=item.effect,
        effect_unit=(effect.unit if effect else None) or item.effect.upper(),
        correction=item.correction,
        transition_method=item.transition_method,
        discount_costs=draft.terms.parse(node.entries["discount_costs"], "discount_costs"),
        discount_effects=draft.terms.parse(node.entries["discount_effects"], "discount_effects"),
        cycles_per_year=time.cycles_per_year,
        start_age=draft.term(time_node, "start_age", "start_age"),
        until_age=draft.term(time_node, "until_age", "until_age"),
        years=draft.term(time_node, "years", "years"),
    )


def _check_settings(draft: Draft, node: Node) -> None:
    item = draft.shape.settings
    effect = draft.shape.outcomes.get(item.effect)
    wrong = effect is None and not draft.knows("outcomes", item.effect)
    if draft.sound("settings", "effect") and (wrong or (effect and (effect.kind != "effect" or effect.of))):
        effects = [
            name for name, outcome in draft.shape.outcomes.items() if outcome.kind == "effect" and not outcome.of
        ]
        draft.problems.append(unknown("effect outcome", item.effect, node.find(["effect"]).place, effects))
    if draft.sound("settings", "perspective"):
        draft.check_name("perspectives", item.perspective, node.find(["perspective"]).place)
    if item.currency not in CURRENCIES:
        place = node.find(["currency"]).place
        draft.refuse(
            f"'{item.currency}' is not a currency",
            place,
            f"write its ISO code; {did_you_mean(item.currency, CURRENCIES)}",
        )


def _check_horizon(draft: Draft) -> None:
    if not draft.sound("time"):
        return
    time = draft.find("time")
    if ("years" in time.entries) == ("until_age" in time.entries):
        draft.refuse("`time` needs either `years` or `until_age`", time.head, "give exactly one of them")
    if "until_age" in time.entries and "start_age" not in time.entries:
        draft.refuse("`until_age` needs `start_age`", time.find(["until_age"]).head, "add `start_age` to `time`")


def transitions(draft: Draft, known: Mapping[str, State]) -> tuple[Transition, ...]:
    """All arrows, one for each pair of states and entry."""
    found: list[Transition] = []
    for arrow, item in draft.shape.transitions.items():
        node = draft.find("transitions", arrow)
        left, separator, right = arrow.partition("->")
        if not separator:
            draft.refuse(f"'{arrow[:60]}' is not an arrow", node.head, "write it as  state -> state")
            continue
        sources = draft.terms.states(node, left, known, draft.names("states"))
        targets = draft.terms.states(node, right, known, draft.names("states"))
        if len(targets) > 1:
            draft.refuse("an arrow leads to one state", node.head, "write one arrow for each target")
        if len(targets) != 1:
            continue
        pairs = zip(item, node.items, strict=True) if isinstance(item, list) else [(item, node)]
        for shape, entry in pairs:
            found.extend(_arrows(draft, sources, targets[0], shape, entry))
    return tuple(found)


def _arrows(draft: Draft, sources: list[str], target: str, shape: TransitionShape, node: Node) -> list[Transition]:
    """One entry as an arrow from each of its sources."""
    arrow = f"{', '.join(sources)} -> {target}"
    if (shape.rate is None) == (shape.probability is None):
        what = f"{arrow} needs either a `rate` (per year) or a `probability` (per cycle)"
        draft.refuse(what, node.head, "give exactly one of them")
        return []
    term = draft.term(node, "rate", arrow) or draft.term(node, "probability", arrow)
    when = draft.term(node, "when", arrow)
    assert term is not None
    if shape.event is not None:
        event = node.entries["event"]
        reason = name_problem(shape.event)
        if reason:
            draft.refuse(f"'{shape.event[:60]}' cannot be an event: {reason}", event.place, "choose another name")
    found = []
    for source in sources:
        if source == target:
            draft.refuse(f"{source} -> {source} is not an arrow: who does not leave stays", node.head, "delete it")
        elif draft.shape.states[source].dead:
            draft.refuse(
                f"{source} is a dead state, nobody leaves it", node.head, "delete the arrow, or use `alive ->`"
            )
        else:
            kind = "rate" if shape.rate is not None else "probability"
            found.append(Transition(source, target, kind, term, when, shape.event, shape.label, node.head))  # type: ignore[arg-type]
    return found


def event_labels(draft: Draft) -> dict[str, str]:
    """The label of each event, in the order in which arrows name them."""
    for event, node in draft.find("events").entries.items() if "events" in draft.node.entries else ():
        if event not in draft.events:
            found = unknown("event", event, node.head, draft.events)
            draft.problems.append(Problem(f"{found.what}: no arrow names it", found.place, found.remedy))
    return {name: draft.shape.events.get(name, name.replace("_", " ").capitalize()) for name in draft.events}

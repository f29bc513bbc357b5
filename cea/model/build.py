"""From a document and its layers to a validated model: every problem is collected before any is reported."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cea.errors import InputError, Problem
from cea.formula import PLAIN, YEAR, Dimension, NumericTable, name_problem, parse_unit
from cea.model.check import check_model
from cea.model.definition import (
    Band, Citation, Formula, Headline, Joint, Model, Outcome, Parameter, Perspective, Settings, ShortfallRule, Solve,
    Source, State, Strategy, Table, Term, Transition, Window,
)  # fmt: skip
from cea.model.distributions import Dirichlet, Distribution, DistributionError, from_spec
from cea.model.document import Node, unknown
from cea.model.layers import Layer, merge
from cea.model.schema import (
    ModelShape, OutcomeShape, ParameterShape, SolveShape, SourceShape, StateShape, TransitionShape, check_shape,
)  # fmt: skip
from cea.model.tables import Files, lookup_keys, square_matrix
from cea.model.terms import Terms

def build(document: Node, files: Files, layers: tuple[Layer, ...] = ()) -> Model:
    """The model that a document and its layers define. Raises InputError with every problem found."""
    merged = document
    for layer in layers:
        _check_requirement(merged, layer)
        merged = merge(merged, layer)
    shape, problems = check_shape(ModelShape, merged)
    if shape is None:
        raise InputError(problems)
    return _Builder(merged, shape, files, problems).model(document, layers)


def _check_requirement(merged: Node, layer: Layer) -> None:
    currency = merged.find(["settings", "currency"]).value
    if layer.requires_currency is not None and currency != layer.requires_currency:
        what = f"the layer {layer.name} is meant for models in {layer.requires_currency}, this one is in {currency}"
        raise InputError([Problem(what, layer.node.find(["requires"]).place, "choose the layer made for this jurisdiction")])


class _Builder:
    """Turns the checked shapes into the objects of a definition, section by section."""

    def __init__(self, merged: Node, shape: ModelShape, files: Files, problems: list[Problem]) -> None:
        self.node = merged
        self.shape = shape
        self.files = files
        self.problems = problems
        self.warnings: list[str] = []
        self.terms = Terms(problems)

    def model(self, document: Node, layers: tuple[Layer, ...]) -> Model:
        shape = self.shape
        self._names()
        states = self._states()
        declared = {name: Strategy(name, item.label, dict(item.set)) for name, item in shape.strategies.items()}
        strategies = {name: declared[name] for name in shape.selected or declared}
        parameters = {name: self._parameter(name, item) for name, item in shape.parameters.items()}
        windows = self._windows()
        formulas = self._formulas(windows)
        settings = self._settings()
        draft = Model(
            title=shape.title,
            question=shape.question,
            settings=settings,
            perspectives={
                name: Perspective(name, item.label or name, item.indirect, item.refused)
                for name, item in shape.perspectives.items()
            },
            thresholds=tuple(shape.thresholds.values),
            threshold=shape.thresholds.default,
            thresholds_source=self._source(shape.thresholds.source, self.node.find(["thresholds", "source"])),
            states=states,
            strategies=strategies,
            declared_strategies=declared,
            start=self._start(states),
            windows=windows,
            formulas=formulas,
            transitions=self._transitions(states),
            events={},
            outcomes=self._outcomes(states, settings),
            tables={name: self._table(name) for name in shape.tables},
            joint={name: self._joint(name) for name in shape.joint},
            headlines={
                name: Headline(name, item.label, item.strategy, item.comparator, item.price)
                for name, item in shape.headlines.items()
            },
            beside=tuple(shape.beside),
            shortfall=self._shortfall(),
            equal_value=shape.equal_value,
            parameters=parameters,
            sources={
                key: Citation(key, item.citation, item.url, item.note or item.seen) for key, item in shape.sources.items()
            },
            layer_folders=tuple(shape.layers),
            order=(),
            dimensions={},
            used=frozenset(),
            warnings=(),
            document=document,
            files=self.files,
            layers=layers,
        )
        return check_model(draft, self.node, self.problems, self.warnings, shape.events)

    def _names(self) -> None:
        """Every name that formulas or analyses use must be a word that no spreadsheet reads as a cell."""
        sections = ("parameters", "formulas", "states", "strategies", "windows", "outcomes", "tables", "joint", "headlines")
        seen: dict[str, str] = {}
        for section in sections:
            for name, node in self.node.find([section]).entries.items() if section in self.node.entries else ():
                reason = name_problem(name)
                if reason:
                    self.problems.append(Problem(f"'{name}' cannot be a name: {reason}", node.key_place, "choose another name"))
                if section in ("parameters", "formulas"):
                    if name in seen:
                        what = f"'{name}' is both a {seen[name]} and a {section.rstrip('s')}"
                        self.problems.append(Problem(what, node.key_place, "give one of them another name"))
                    seen[name] = section.rstrip("s")
        for strategy, node in self.node.find(["strategies"]).entries.items():
            for switch, switch_node in node.find(["set"]).entries.items() if "set" in node.entries else ():
                reason = name_problem(switch)
                if reason or switch in seen:
                    why = reason or f"it is a {seen[switch]} as well"
                    what = f"'{switch}' cannot be a switch of {strategy}: {why}"
                    self.problems.append(Problem(what, switch_node.key_place, "choose another name"))

    def _unit(self, text: str, node: Node) -> Dimension:
        try:
            return parse_unit(text)
        except ValueError as error:
            self.problems.append(Problem(str(error), node.place, "write it as in 1/year, USD/year, QALY, year or 1"))
            return PLAIN

    def _source(self, shape: SourceShape, node: Node) -> Source:
        if shape.ref is not None and shape.ref not in self.shape.sources:
            self.problems.append(unknown("source", shape.ref, node.find(["ref"]).place, self.shape.sources))
        if shape.ref is None and (shape.grade != "assumption" or not shape.note):
            what = f"a {shape.grade} value needs a `ref` to sources.yaml"
            if shape.grade == "assumption":
                what = "an assumption without a `ref` needs a `note` that says why"
            self.problems.append(Problem(what, node.place, "add it, or label the value an assumption with a note"))
        return Source(shape.grade, shape.ref, shape.where, shape.note)

    def _states(self) -> dict[str, State]:
        states = {}
        for name, item in self.shape.states.items():
            node = self.node.find(["states", name])
            states[name] = State(name, item.label, node.key_place or node.place, item.dead, self._steps(item, node), item.then)
            if item.then is not None and item.then not in self.shape.states:
                self.problems.append(unknown("state", item.then, node.find(["then"]).place, self.shape.states))
        if not any(state.dead for state in states.values()):
            self.warnings.append("no state is marked `dead: true`, so life-years count every state")
        return states

    def _steps(self, item: StateShape, node: Node) -> int:
        if (item.tunnel_years is None) != (item.then is None):
            self.problems.append(Problem("a tunnel needs both `tunnel_years` and `then`", node.place, "add the other one"))
        if item.tunnel_years is None or item.then is None:
            return 1
        years = self.terms.constant(node.find(["tunnel_years"]), "tunnel_years")
        steps = years * self.shape.time.cycles_per_year
        if abs(steps - round(steps)) > 1e-9 or round(steps) < 1:
            what = f"a tunnel of {years:g} years is {steps:g} cycles"
            self.problems.append(Problem(what, node.find(["tunnel_years"]).place, "choose a whole number of cycles, at least one"))
        return max(1, round(steps))

    def _start(self, states: Mapping[str, State]) -> dict[str, Term | None]:
        start: dict[str, Term | None] = {}
        for name, node in self.node.find(["start"]).entries.items():
            if name not in states:
                self.problems.append(unknown("state", name, node.key_place, states))
            else:
                start[name] = None if node.value == "rest" else self.terms.parse(node, f"start of {name}")
        if sum(term is None for term in start.values()) > 1:
            self.problems.append(Problem("only one state can start with the rest", self.node.find(["start"]).place))
        return start

    def _windows(self) -> dict[str, Window]:
        windows = {}
        for name in self.shape.windows:
            node = self.node.find(["windows", name])
            every = self.terms.parse(node.find(["every"]), f"window {name}")
            courses = self.terms.parse(node.find(["courses"]), f"window {name}")
            windows[name] = Window(name, every, courses)
        return windows

    def _formulas(self, windows: Mapping[str, Window]) -> dict[str, Formula]:
        formulas = {}
        for window in windows.values():
            every, courses = f"({window.every.text})", f"({window.courses.text})"
            text = f"year - {every} * max(0, min(floor(year / {every}), {courses} - 1))"
            term = self.terms.parse(Node(text, window.every.place), f"window {window.name}")
            name = f"since_{window.name}"
            formulas[name] = Formula(name, term, f"Years since the last {window.name} began", "year", YEAR)
        for name, item in self.shape.formulas.items():
            node = self.node.find(["formulas", name])
            if isinstance(item, str | int | float):
                formulas[name] = Formula(name, self.terms.parse(node, name), layer=node.layer)
                continue
            inner = node.find(["formula"])
            dimension = self._unit(item.unit, node.find(["unit"])) if item.unit is not None else None
            formulas[name] = Formula(name, self.terms.parse(inner, name), item.label, item.unit, dimension, inner.layer)
        return formulas

    def _optional(self, node: Node, key: str, context: str) -> Term | None:
        return self.terms.parse(node.find([key]), context) if key in node.entries else None

    def _settings(self) -> Settings:
        item, time = self.shape.settings, self.shape.time
        node, time_node = self.node.find(["settings"]), self.node.find(["time"])
        effect = self.shape.outcomes.get(item.effect)
        if effect is None or effect.kind != "effect" or effect.of is not None:
            effects = [name for name, outcome in self.shape.outcomes.items() if outcome.kind == "effect" and not outcome.of]
            self.problems.append(unknown("effect outcome", item.effect, node.find(["effect"]).place, effects))
        if (time.years is None) == (time.until_age is None):
            self.problems.append(Problem("time needs either `years` or `until_age`", time_node.place, "give exactly one"))
        if time.until_age is not None and time.start_age is None:
            self.problems.append(Problem("`until_age` needs `start_age`", time_node.place, "add `start_age`"))
        if item.perspective not in self.shape.perspectives:
            place = node.find(["perspective"]).place
            self.problems.append(unknown("perspective", item.perspective, place, self.shape.perspectives))
        return Settings(
            country=item.country,
            currency=item.currency,
            price_year=item.price_year,
            perspective=item.perspective,
            effect=item.effect,
            effect_unit=(effect.unit if effect else None) or item.effect.upper(),
            correction=item.correction,
            transition_method=item.transition_method,
            discount_costs=self.terms.parse(node.find(["discount_costs"]), "discount_costs"),
            discount_effects=self.terms.parse(node.find(["discount_effects"]), "discount_effects"),
            cycles_per_year=time.cycles_per_year,
            start_age=self._optional(time_node, "start_age", "start_age"),
            until_age=self._optional(time_node, "until_age", "until_age"),
            years=self._optional(time_node, "years", "years"),
        )

    def _transitions(self, states: Mapping[str, State]) -> tuple[Transition, ...]:
        transitions: list[Transition] = []
        for arrow, item in self.shape.transitions.items():
            node = self.node.find(["transitions", arrow])
            left, separator, right = arrow.partition("->")
            if not separator:
                self.problems.append(Problem(f"'{arrow}' is not an arrow", node.key_place, "write it as  state -> state"))
                continue
            sources = self.terms.states(left, node, states)
            targets = self.terms.states(right, node, states)
            if len(targets) != 1:
                if targets:
                    self.problems.append(Problem("an arrow leads to one state", node.key_place, "write one arrow for each target"))
                continue
            shapes = item if isinstance(item, list) else [item]
            nodes = node.items if isinstance(item, list) else [node]
            for shape, entry in zip(shapes, nodes, strict=True):
                for source in sources:
                    self._transition(source, targets[0], shape, entry, states, transitions)
        return tuple(transitions)

    def _transition(
        self, source: str, target: str, shape: TransitionShape, node: Node, states: Mapping[str, State], out: list[Transition]
    ) -> None:
        place = node.key_place or node.place
        if (shape.rate is None) == (shape.probability is None):
            what = f"{source} -> {target} needs either a `rate` (per year) or a `probability` (per cycle)"
            self.problems.append(Problem(what, place, "give exactly one"))
            return
        if source == target:
            what = f"{source} -> {source} is not an arrow: who does not leave stays"
            self.problems.append(Problem(what, place, "delete it"))
            return
        if states[source].dead:
            self.problems.append(Problem(f"{source} is a dead state, nobody leaves it", place, "delete the arrow"))
            return
        kind = "rate" if shape.rate is not None else "probability"
        context = f"{source} -> {target}"
        term = self.terms.parse(node.find([kind]), context)
        when = self._optional(node, "when", context)
        out.append(Transition(source, target, "rate" if kind == "rate" else "probability", term, when, shape.event,
                              shape.label, place))  # fmt: skip

    def _outcomes(self, states: Mapping[str, State], settings: Settings) -> dict[str, Outcome]:
        return {
            name: outcome
            for name, shape in self.shape.outcomes.items()
            if (outcome := self._outcome(name, shape, states, settings)) is not None
        }

    def _outcome(
        self, name: str, shape: OutcomeShape, states: Mapping[str, State], settings: Settings
    ) -> Outcome | None:
        node = self.node.find(["outcomes", name])
        place = node.key_place or node.place
        timings = [key for key in ("per_year", "at_years", "on") if getattr(shape, key) is not None]
        if len(timings) != 1:
            given = " and ".join(timings) if timings else "none"
            what = f"outcome {name} needs exactly one of per_year, at_years and on; it has {given}"
            self.problems.append(Problem(what, place, "see docs/format.md, outcomes"))
            return None
        timing = timings[0]
        needed = {"at_years": ("in", "value"), "on": ("value",), "per_year": ()}[timing]
        missing = [key for key in needed if key not in node.entries]
        if missing:
            self.problems.append(Problem(f"outcome {name} needs `{missing[0]}` beside `{timing}`", place, "add it"))
            return None
        by_state, value = self._payoffs(name, shape, node, states)
        total = shape.of or name
        if shape.of is not None:
            parent = self.shape.outcomes.get(shape.of)
            if parent is None or parent.kind != shape.kind or parent.of:
                same = [key for key, item in self.shape.outcomes.items() if item.kind == shape.kind and not item.of]
                self.problems.append(unknown("outcome", shape.of, node.find(["of"]).place, same))
        at_years = self._times(node, settings) if timing == "at_years" else ()
        if shape.per is not None and shape.per not in self.shape.windows:
            self.problems.append(unknown("window", shape.per, node.find(["per"]).place, self.shape.windows))
        events = (shape.on,) if isinstance(shape.on, str) else tuple(shape.on or ())
        when = self._optional(node, "when", name)
        label = shape.label or name.replace("_", " ").capitalize()
        unit = shape.unit or ((self.shape.outcomes[shape.of].unit if shape.of in self.shape.outcomes else None))
        return Outcome(
            name, shape.kind, "per_year" if timing == "per_year" else "at_years" if timing == "at_years" else "on", label,
            shape.category or label, total, shape.indirect, by_state, value, when, at_years, shape.per, events, unit, place,
        )  # fmt: skip

    def _payoffs(
        self, name: str, shape: OutcomeShape, node: Node, states: Mapping[str, State]
    ) -> tuple[dict[str, Term], Term | None]:
        by_state: dict[str, Term] = {}
        if isinstance(shape.per_year, dict):
            for key, child in node.find(["per_year"]).entries.items():
                for state in self.terms.states(key, child, states):
                    if state in by_state:
                        what = f"outcome {name} is given twice for {state}"
                        self.problems.append(Problem(what, child.key_place, "name each state once"))
                    by_state[state] = self.terms.parse(child, f"{name}, {state}")
            return by_state, None
        key = "per_year" if shape.per_year is not None else "value"
        value = self.terms.parse(node.find([key]), name)
        if shape.on is not None:
            return {}, value
        within = node.find(["in"]) if "in" in node.entries else None
        if within is None:
            self.problems.append(Problem(f"outcome {name} needs `in`: the states that it is paid in", node.place, "add it"))
            return {}, value
        texts = within.items or [within]
        for item in texts:
            by_state.update((state, value) for state in self.terms.states(item.value, item, states))
        return by_state, None

    def _times(self, node: Node, settings: Settings) -> tuple[float, ...]:
        times = []
        for item in node.find(["at_years"]).items:
            years = self.terms.constant(item, "at_years")
            cycles = years * settings.cycles_per_year
            if abs(cycles - round(cycles)) > 1e-9 or cycles < 0:
                what = f"{years:g} years is {cycles:g} cycles"
                remedy = f"choose a multiple of 1/{settings.cycles_per_year} year, not below zero"
                self.problems.append(Problem(what, item.place, remedy))
            times.append(years)
        if len(set(times)) < len(times):
            self.problems.append(Problem("a time is given twice", node.find(["at_years"]).place, "name each time once"))
        return tuple(times)

    def _table(self, name: str) -> Table:
        shape = self.shape.tables[name]
        node = self.node.find(["tables", name])
        source = self._source(shape.source, node.find(["source"]))
        key_dimension = self._unit(shape.key_unit, node.find(["key_unit"]))
        dimensions = {key: self._unit(item.unit, node.find(["columns", key, "unit"])) for key, item in shape.columns.items()}
        keys, columns = np.zeros(1), {key: np.zeros(1) for key in shape.columns}
        if shape.file not in self.files:
            self._missing_file(shape.file, node.find(["file"]))
        else:
            cells = self.files[shape.file]
            keys = lookup_keys(cells, shape.key, self.problems)
            columns = {key: cells.column(item.column, self.problems, blanks=True) for key, item in shape.columns.items()}
        step = keys[-1] - keys[-2] if len(keys) > 1 else 1.0
        until = shape.until if shape.until is not None else float(keys[-1] + step) if len(keys) else 0.0
        return Table(
            name, NumericTable(keys, columns, until), shape.key_unit, key_dimension,
            {key: item.unit for key, item in shape.columns.items()}, dimensions,
            {key: item.column for key, item in shape.columns.items()}, shape.file, source, node.key_place or node.place,
        )  # fmt: skip

    def _missing_file(self, name: str, node: Node) -> None:
        self.problems.append(unknown("table file", name, node.place, self.files))

    def _joint(self, name: str) -> Joint:
        shape = self.shape.joint[name]
        node = self.node.find(["joint", name])
        for item in node.find(["parameters"]).items:
            if item.value not in self.shape.parameters:
                self.problems.append(unknown("parameter", str(item.value), item.place, self.shape.parameters))
        members = tuple(shape.parameters)
        correlation = draws = None
        if shape.correlation is None and shape.draws is None:
            self.problems.append(Problem(f"joint group {name} needs `correlation` or `draws`", node.place, "add one"))
        if shape.correlation is not None:
            if shape.correlation in self.files:
                correlation = square_matrix(self.files[shape.correlation], members, self.problems)
            else:
                self._missing_file(shape.correlation, node.find(["correlation"]))
        if shape.draws is not None:
            if shape.draws in self.files:
                cells = self.files[shape.draws]
                columns = [cells.column(member, self.problems) for member in members]
                draws = np.column_stack(columns) if all(len(column) for column in columns) else None
            else:
                self._missing_file(shape.draws, node.find(["draws"]))
        return Joint(name, members, correlation, draws)

    def _shortfall(self) -> ShortfallRule | None:
        shape = self.shape.shortfall
        if shape is None:
            return None
        bands = tuple(Band(item.proportional, item.absolute, item.weight) for item in shape.bands)
        source = self._source(shape.source, self.node.find(["shortfall", "source"]))
        return ShortfallRule(shape.hazard, shape.utility, bands, source)

    def _parameter(self, name: str, shape: ParameterShape) -> Parameter:
        node = self.node.find(["parameters", name])
        place = node.key_place or node.place
        kinds = [key for key in ("value", "formula", "same_as", "solve") if getattr(shape, key) is not None]
        if len(kinds) != 1:
            given = " and ".join(kinds) if kinds else "none of them"
            what = f"parameter {name} needs exactly one of value, formula, same_as and solve; it has {given}"
            self.problems.append(Problem(what, place, "give exactly one"))
        if shape.same_as is not None and shape.same_as not in self.shape.parameters:
            self.problems.append(unknown("parameter", shape.same_as, node.find(["same_as"]).place, self.shape.parameters))
        distribution, recentred = self._distribution(name, shape, node)
        bounds = (shape.bounds[0], shape.bounds[1]) if shape.bounds else (None, None)
        span = (shape.range[0], shape.range[1]) if shape.range else None
        if span is not None and span[0] > span[1]:
            self.problems.append(Problem(f"the range of {name} is upside down", node.find(["range"]).place, "low first, then high"))
        if shape.value is not None:
            self._value(name, shape.value, bounds, span, distribution, recentred, node)
        value_node = node.find([kinds[0]]) if kinds else node
        return Parameter(
            name=name,
            label=shape.label,
            unit=shape.unit,
            dimension=self._unit(shape.unit, node.find(["unit"])),
            source=self._source(shape.source, node.find(["source"])),
            place=value_node.place,
            value=shape.value,
            term=self._optional(node, "formula", name),
            same_as=shape.same_as,
            solve=self._solve(shape.solve, node.find(["solve"])) if shape.solve else None,
            group=shape.group,
            distribution=distribution,
            recentred=recentred,
            range=span,
            bounds=bounds,
            share_draw=shape.share_draw,
            decision=shape.decision,
            cohort=shape.cohort,
            layer=value_node.layer,
        )

    def _distribution(self, name: str, shape: ParameterShape, node: Node) -> tuple[Distribution | None, bool]:
        if shape.distribution is None or shape.value is None:
            return None, False
        try:
            distribution = from_spec(shape.distribution, shape.value)
            if isinstance(distribution, Dirichlet):
                distribution = distribution.with_total(self._dirichlet_total(distribution.group))
        except DistributionError as error:
            spot = node.find(["distribution", error.key] if error.key else ["distribution"])
            self.problems.append(Problem(f"distribution of {name}: {error.what}", spot.place, error.remedy))
            return None, False
        if distribution.family == "fixed" or shape.distribution_centre in (None, shape.value):
            return distribution, False
        try:
            return distribution.recentred(shape.distribution_centre or 0.0, shape.value), True
        except ValueError as error:
            self.warnings.append(f"{name} is fixed in draws: its distribution cannot be moved to {shape.value:g} ({error})")
            return None, False

    def _dirichlet_total(self, group: str) -> float:
        """Sum of the alphas of a Dirichlet group, over all parameters that name it."""
        specs = [item.distribution for item in self.shape.parameters.values() if item.distribution is not None]
        alphas = [item.get("alpha") for item in specs if item.get("family") == "dirichlet" and item.get("group") == group]
        return float(sum(alpha for alpha in alphas if isinstance(alpha, int | float)))

    def _value(
        self, name: str, value: float, bounds: tuple[float | None, float | None], span: tuple[float, float] | None,
        distribution: Distribution | None, recentred: bool, node: Node,
    ) -> None:  # fmt: skip
        place = node.find(["value"]).place
        low, high = bounds
        if (low is not None and value < low) or (high is not None and value > high):
            limits = f"{'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}"
            self.problems.append(Problem(f"{name} = {value:g} is outside its bounds ({limits})", place, "choose a value within"))
        elif span is not None and not span[0] <= value <= span[1]:
            self.warnings.append(f"{name} = {value:g} is outside its range {span[0]:g} to {span[1]:g} ({place})")
        if distribution is None or distribution.family == "fixed":
            return
        support = distribution.support
        if not support[0] <= value <= support[1]:
            what = f"{name} = {value:g} is outside what its distribution {distribution.describe()} can give"
            self.problems.append(Problem(what, place, f"the distribution gives {support[0]:g} to {support[1]:g}"))
        elif _in_another_unit(value, distribution):
            what = f"{name} = {value:g} is far outside its distribution {distribution.describe()}"
            interval = distribution.interval()
            remedy = f"its 95 % interval is {interval[0]:g} to {interval[1]:g}: is it in another unit?"
            self.problems.append(Problem(what, node.find(["distribution"]).place, remedy))
        elif not recentred and not distribution.matches(value):
            self.warnings.append(
                f"{name} = {value:g} is neither the mean ({distribution.mean:.4g}) nor the median "
                f"({distribution.median:.4g}) of its distribution ({place})"
            )

    def _solve(self, shape: SolveShape, node: Node) -> Solve:
        for item in node.find(["strategies"]).items:
            if item.value not in self.shape.strategies:
                self.problems.append(unknown("strategy", str(item.value), item.place, self.shape.strategies))
        if shape.measure == "hazard_ratio" and shape.years is None:
            self.problems.append(Problem("a hazard_ratio is solved at `years`", node.place, "add `years`"))
        if shape.measure == "event_ratio" and shape.event is None:
            self.problems.append(Problem("an event_ratio needs an `event`", node.place, "add `event`"))
        if not 0 < shape.between[0] < shape.between[1]:
            self.problems.append(Problem("`between` needs two ascending numbers above zero", node.find(["between"]).place))
        return Solve(
            shape.measure, (shape.strategies[0], shape.strategies[1]), self.terms.parse(node.find(["target"]), "target"),
            (shape.between[0], shape.between[1]), self._optional(node, "years", "years"), shape.event, shape.held, node.place,
        )  # fmt: skip


def _in_another_unit(value: float, distribution: Distribution) -> bool:
    """Whether a value is so far from its distribution that one of the two must be in another unit."""
    off = abs(value - distribution.mean) > 5 * distribution.sd
    return off and not 0.25 < value / distribution.mean < 4 if distribution.mean else off

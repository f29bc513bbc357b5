"""A model run for its targets, at point values and over draws, and set beside what was observed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cea.analysis import life_table
from cea.analysis.targets import SHARES, Comparison, Span, Target
from cea.analysis.verdicts import direction, verdict
from cea.engine.cohort import Cohort, simulate
from cea.engine.draws import Draws
from cea.engine.markov import Floats
from cea.engine.sampling import sample
from cea.engine.scope import Value
from cea.engine.solve import solved_values
from cea.model.definition import Model

DRAWS = 2000
"""Draws behind the model's intervals, where nobody says otherwise."""

_CHUNK = 250
"""Draws that are run at once, so that their rates stay in memory."""
_QUANTILES = (0.025, 0.975)

ModelFor = Callable[[tuple[str, ...]], Model]
Told = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Curve:
    """Modelled survival from one start: the share alive at each year, with its 95 % interval over draws if any.

    `label` says who starts, `country` where, and `names` are the targets that were measured on it.
    """

    label: str
    country: str
    years: Floats
    alive: Floats
    low: Floats | None
    high: Floats | None
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Fit:
    """Targets beside the model, in their order, and the survival curves that they were read from."""

    comparisons: tuple[Comparison, ...]
    curves: tuple[Curve, ...]


def compare(targets: Iterable[Target], model_for: ModelFor, draws: int = 0, seed: int = 1) -> list[Comparison]:
    """Every target beside the model's figure; see `fit`."""
    return list(fit(targets, model_for, draws, seed).comparisons)


def fit(targets: Iterable[Target], model_for: ModelFor, draws: int = 0, seed: int = 1, told: Told | None = None) -> Fit:
    """Runs the model for each target; `model_for` gives the model under a tuple of layer names.

    Targets that ask for the same run share it. `draws` draws of the uncertain parameters (none for 0) give shares their
    intervals; solved parameters keep their values, and so does whatever a target sets. `told` hears how many runs of
    how many are done. Raises InputError where the model cannot be run.
    """
    wanted = list(targets)
    runs = list(_runs(wanted, model_for))
    found: dict[str, Comparison] = {}
    curves: list[Curve] = []
    drawn: dict[tuple[str, ...], Draws] = {}
    for position, each in enumerate(runs):
        layers = each.targets[0].layers
        if draws and each.drawn and layers not in drawn:
            drawn[layers] = sample(each.model, draws, seed)
        made, curve = each.measured(drawn.get(layers) if each.drawn else None)
        found |= {item.target.name: item for item in made}
        curves += [curve] if curve is not None else []
        if told is not None:
            told(position + 1, len(runs))
    return Fit(tuple(found[target.name] for target in wanted), tuple(curves))


@dataclass(frozen=True, eq=False)
class _Run:
    """Targets that are read from one cohort."""

    model: Model
    strategies: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def drawn(self) -> bool:
        """Whether draws say something about any of the figures."""
        return any(_drawn(target) for target in self.targets)

    @property
    def cycles(self) -> int:
        """Cycles until the last figure is read."""
        ends = [target.year or 0.0 for target in self.targets]
        ends += [item.interval.high for item in self.targets if item.interval is not None and item.interval.of_year]
        return max(1, round(max(ends) * self.model.settings.cycles_per_year))

    def cohort(self, model: Model, solved: Mapping[str, Value]) -> Cohort:
        first = self.targets[0]
        values = {**solved, **(first.values or {})}
        return simulate(model, values, self.strategies, self.cycles, first.start or None)

    def measured(self, draws: Draws | None) -> tuple[list[Comparison], Curve | None]:
        """Each target beside the figure, and the curve of a run that survival is read from."""
        solved = solved_values(self.model)
        point = self.cohort(self.model, solved)
        exact = None
        if any(_compared_exactly(target) for target in self.targets):
            settings = replace(self.model.settings, transition_method="matrix_exponential")
            exact = self.cohort(replace(self.model, settings=settings), solved)
        spread = self._spread(draws, solved) if draws is not None else {}
        start = _start(point)
        made = []
        for target in self.targets:
            expected = target.expected
            if target.life_table is not None:
                expected = life_table.survival(target.life_table, self.model, target.year or 0.0)
            value = _span(_measure(target, point), spread.get(target.name))
            exponential = None if exact is None or not _compared_exactly(target) else _measure(target, exact)[0]
            reached = None
            if target.interval is not None and target.interval.of_year:
                reached = _span(_reached(target, point), spread.get(f"{target.name} reached"))
            made.append(Comparison(target, expected, value, start, exponential, reached))
        return made, self._curve(point, spread.get("alive"), start)

    def _spread(self, draws: Draws, solved: Mapping[str, Value]) -> dict[str, Floats]:
        """Figures of the targets over draws, shape (sample,), and "alive" of shape (sample, cycle boundary)."""
        parts: dict[str, list[Floats]] = {}
        for first in range(0, draws.n, _CHUNK):
            cohort = self.cohort(self.model, {**solved, **draws.mapping(slice(first, first + _CHUNK))})
            parts.setdefault("alive", []).append(cohort.alive[:, 0, :])
            for target in filter(_drawn, self.targets):
                parts.setdefault(target.name, []).append(_measure(target, cohort))
                if target.interval is not None and target.interval.of_year:
                    parts.setdefault(f"{target.name} reached", []).append(_reached(target, cohort))
        return {name: np.concatenate(pieces) for name, pieces in parts.items()}

    def _curve(self, point: Cohort, spread: Floats | None, start: str) -> Curve | None:
        names = tuple(target.name for target in self.targets if target.measure == "survival")
        if not names:
            return None
        low, high = (None, None) if spread is None else np.quantile(spread, _QUANTILES, axis=0)
        return Curve(start, self.model.settings.country, point.scope.years, point.alive[0, 0], low, high, names)


def _runs(targets: Sequence[Target], model_for: ModelFor) -> Iterator[_Run]:
    """Targets grouped by what has to be run for them, in order of first appearance."""
    groups: dict[object, list[Target]] = {}
    for target in targets:
        changes = tuple(None if each is None else tuple(sorted(each.items())) for each in (target.start, target.values))
        groups.setdefault((target.layers, _strategies(target), changes, _drawn(target)), []).append(target)
    for group in groups.values():
        model = model_for(group[0].layers)
        yield _Run(model, _strategies(group[0]) or tuple(model.strategies), tuple(group))


def _strategies(target: Target) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (target.strategy, target.comparator) if name is not None))


def _drawn(target: Target) -> bool:
    """Whether draws are of interest: what must be reproduced is so at point values."""
    return target.measure in SHARES and target.role != "must_reproduce"


def _compared_exactly(target: Target) -> bool:
    """Whether the matrix exponential is of interest; a life table is met without it."""
    wanted = target.role == "must_reproduce" and target.measure in ("survival", "hazard_ratio")
    return wanted and target.life_table is None


def _measure(target: Target, cohort: Cohort) -> Floats:
    """The target's figure, shape (sample,)."""
    if target.measure == "parameter":
        return np.ravel(cohort.scope.names[target.parameter or ""])
    at = round((target.year or 0.0) * cohort.model.settings.cycles_per_year)
    strategy = cohort.strategies.index(target.strategy or cohort.strategies[0])
    survival = cohort.alive[:, :, at]
    if target.measure == "survival":
        return np.asarray(survival[:, strategy])
    if target.measure == "occupancy":
        return np.asarray(sum(cohort.state(state)[:, strategy, at] for state in target.states))
    if target.measure == "event":
        return np.asarray(cohort.event_flow(target.event or "")[:, strategy, :at].sum(axis=-1))
    other = cohort.strategies.index(target.comparator or "")
    return np.asarray(np.log(survival[:, strategy]) / np.log(survival[:, other]))


def _reached(target: Target, cohort: Cohort) -> Floats:
    """The year at which survival comes down to the expected share, shape (sample,); infinite where it does not."""
    alive = cohort.alive[:, cohort.strategies.index(target.strategy or cohort.strategies[0]), :]
    level = target.expected or 0.0
    below = alive <= level
    after = np.argmax(below, axis=1)
    before = np.maximum(after - 1, 0)
    rows = np.arange(len(alive))
    drop = alive[rows, before] - alive[rows, after]
    part = np.where(drop > 0, (alive[rows, before] - level) / np.where(drop > 0, drop, 1.0), 1.0)
    at = (before + part * (after - before)) / cohort.model.settings.cycles_per_year
    return np.where(below.any(axis=1), at, np.inf)


def _span(point: Floats, draws: Floats | None) -> Span:
    if draws is None:
        return Span(float(point[0]))
    # Interpolation between an infinite value and another one is not a number: take a draw.
    low, high = np.quantile(draws, _QUANTILES, method="linear" if np.isfinite(draws).all() else "nearest")
    return Span(float(point[0]), float(low), float(high))


def _start(cohort: Cohort) -> str:
    """Who starts: the state, or states with their shares, as in `Stage 1/2 60/40 %` or `Well 60 %, Ill 40 %`."""
    states = cohort.model.states
    shares = {states[name].label: float(cohort.state(name)[0, 0, 0]) for name in states}
    shares = {label: share for label, share in shares.items() if share > 0}
    if len(shares) == 1:
        return next(iter(shares))
    heads = {label.rpartition(" ")[0] for label in shares}
    if len(heads) == 1 and "" not in heads:
        ends = "/".join(label.rpartition(" ")[2] for label in shares)
        return f"{heads.pop()} {ends} {'/'.join(f'{100 * share:.0f}' for share in shares.values())} %"
    return ", ".join(f"{label} {100 * share:.0f} %" for label, share in shares.items())


def curves_frame(curves: Iterable[Curve]) -> pd.DataFrame:
    """Tidy table of survival curves: country, start, targets (those read from it), year, alive, low, high."""
    frames = [
        pd.DataFrame(
            {
                "country": curve.country,
                "start": curve.label,
                "targets": " ".join(curve.names),
                "year": curve.years,
                "alive": curve.alive,
                "low": np.nan if curve.low is None else curve.low,
                "high": np.nan if curve.high is None else curve.high,
            }
        )
        for curve in curves
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def comparisons_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row a target; `observed_low` to `model_high` are 95 % intervals or as their kind says, in the figure's unit.

    Columns: name, label, role, section, cohort, part, start, year, measure, n, expected, observed_low, observed_high,
    interval, model, model_low, model_high, difference, verdict, direction, tolerance, met, matrix_exponential,
    observed_year_low, observed_year_high, model_year, model_year_low, model_year_high, grade, ref, where, note.
    """
    return pd.DataFrame([_row(item) for item in comparisons])


def _row(item: Comparison) -> dict[str, object]:
    target, interval, reached = item.target, item.target.interval, item.reached
    by_value = interval if interval is not None and not interval.of_year else None
    by_year = interval if interval is not None and interval.of_year else None
    return {
        "name": target.name,
        "label": target.label,
        "role": target.role,
        "section": target.section,
        "cohort": target.cohort,
        "part": target.part,
        "start": item.start,
        "year": target.year,
        "measure": target.measure,
        "n": target.n,
        "expected": item.expected,
        "observed_low": by_value and by_value.low,
        "observed_high": by_value and by_value.high,
        "interval": interval and ": ".join(filter(None, (interval.kind, interval.method))),
        "model": item.value,
        "model_low": item.model.low,
        "model_high": item.model.high,
        "difference": item.difference,
        "verdict": verdict(item),
        "direction": direction(item),
        "tolerance": target.tolerance,
        "met": item.met,
        "matrix_exponential": item.exponential,
        "observed_year_low": by_year and by_year.low,
        "observed_year_high": by_year and by_year.high,
        "model_year": reached and _finite(reached.value),
        "model_year_low": reached and _finite(reached.low),
        "model_year_high": reached and _finite(reached.high),
        "grade": target.source.grade,
        "ref": target.source.ref,
        "where": target.source.where,
        "note": target.source.note,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None

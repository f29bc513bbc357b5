"""The value of learning some of the inputs (EVPPI): what it is worth to choose knowing them, the rest still uncertain.

The benefit of each strategy over the one that is best on average is regressed on the inputs (Strong, Oakley and
Brennan, Med Decis Making 2014;34(3):311-326) by ridge regression on cubic splines of each input and products of pairs.
The fit serves as a rule of choice and is valued on draws that it was not made from (cross-fitting), so that chance fits
add no value and the standard error is that of a mean; docs/decisions/0005 has the comparison of methods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cea.engine.draws import Draws
from cea.engine.outcomes import Floats, HasOutcomes, Outcomes, outcomes_of
from cea.errors import UsageError
from cea.model.document import did_you_mean, shortened

Decision = Sequence[str]
"""The strategies that one choice is among."""
Progress = Callable[[int, int], None]
Rows = npt.NDArray[np.intp] | slice

LEAST_DRAWS = 100
MOST_IN_PRODUCTS = 12
"""Above so many inputs the regression is additive: products of pairs would be too many for the draws."""
FOLDS = 5
_KNOTS = 6
_PENALTIES = tuple(np.logspace(-2, 5, 8))
_BINS = 10


@dataclass(frozen=True)
class Learned:
    """The value per person of choosing by what is known, in currency.

    `value` is `raw`, the mean gain on draws that the rule was not made from, held between 0 and `evpi`; `error` is the
    standard error of that mean (0 where nothing that could be known changes the choice). `plug_in` is the mean of the
    best fitted benefit over all draws: on average `raw` is too low and `plug_in` too high, so their distance is that of
    the method. `r2` is the share of the variance of the benefit that the fit explains on new draws, and `pattern` the
    largest mean residual among tenths of the draws by fitted benefit, in standard errors: above 4 the fit misses shape.
    """

    value: float
    error: float
    raw: float
    plug_in: float
    evpi: float
    r2: float
    pattern: float


@dataclass(frozen=True)
class PartialInformation:
    """The value of learning one input: a parameter, or a group of them together."""

    input: str
    parameters: tuple[str, ...]
    decision: tuple[str, ...]
    threshold: float
    learned: Learned


def evppi(
    run: Outcomes | HasOutcomes,
    draws: Draws,
    inputs: Iterable[str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    *,
    threshold: float | None = None,
    decisions: Sequence[Decision] | None = None,
    progress: Progress | None = None,
) -> tuple[PartialInformation, ...]:
    """Expected value of partial perfect information per person, for each decision the highest first.

    run and draws: results and the draws that they were made from. inputs: names of parameters or groups, by default
    every drawn parameter and every group. groups: drawn parameters by name of the group, such as `model.groups`;
    members that are not drawn are left out. threshold: by default the model's. decisions: the strategies of each
    choice, by default one among all. Raises UsageError for unknown names, fewer than 100 draws, or draws that do not
    belong to the results.
    """
    outcomes = outcomes_of(run)
    if len(outcomes.cost) != draws.n:
        raise UsageError(
            f"the results have {len(outcomes.cost):,} draws and the inputs {draws.n:,}: give those of one run"
        )
    chosen = _chosen(draws, inputs, groups or {})
    at = outcomes.threshold if threshold is None else threshold
    choices = tuple(tuple(item) for item in (decisions if decisions is not None else [outcomes.strategies]))
    benefits = [benefit(outcomes, choice, at) for choice in choices]
    found = []
    for done, (name, members) in enumerate(chosen.items()):
        known = np.column_stack([draws.column(member) for member in members])
        for choice, learned in zip(choices, value_of_knowing(benefits, known), strict=True):
            found.append(PartialInformation(name, members, choice, at, learned))
        if progress is not None:
            progress(done + 1, len(chosen))
    return tuple(sorted(found, key=lambda item: (choices.index(item.decision), -item.learned.value)))


def evppi_frame(found: Iterable[PartialInformation]) -> pd.DataFrame:
    """One row an input and decision: input, parameters, decision, threshold and the fields of `Learned`."""
    return pd.DataFrame(
        [
            {
                "input": item.input,
                "parameters": ", ".join(item.parameters),
                "decision": ", ".join(item.decision),
                "threshold": item.threshold,
                **asdict(item.learned),
            }
            for item in found
        ]
    )


def benefit(outcomes: Outcomes, decision: Decision, threshold: float) -> Floats:
    """Net monetary benefit of the strategies of a choice, shape (sample, strategy). Raises UsageError."""
    for name in decision:
        if name not in outcomes.strategies:
            raise UsageError(f"unknown strategy '{shortened(name)}': {did_you_mean(name, outcomes.strategies)}")
    if len(set(decision)) < 2:
        raise UsageError("information has a value only where there is a choice: name two strategies at least")
    columns = [outcomes.strategies.index(name) for name in decision]
    return outcomes.net_monetary_benefit(threshold)[:, columns]


def _chosen(
    draws: Draws, inputs: Iterable[str] | None, groups: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """The drawn parameters of each input by its name."""
    known: dict[str, tuple[str, ...]] = {name: (name,) for name in draws.names}
    for name, members in groups.items():
        drawn = tuple(member for member in members if member in draws.names)
        if drawn and name not in known:
            known[name] = drawn
    if inputs is None:
        return known
    names = list(dict.fromkeys(inputs))
    for name in names:
        if name not in known:
            what = f"no drawn parameter and no group is named '{shortened(name)}'"
            raise UsageError(f"{what}: {did_you_mean(name, known)}")
    return {name: known[name] for name in names}


def value_of_knowing(benefits: Sequence[Floats], known: Floats) -> tuple[Learned, ...]:
    """What it is worth to know the columns of `known` before choosing, for each choice.

    benefits: net monetary benefit by strategy, each of shape (sample, strategy); known: shape (sample, quantity); what
    is known may be inputs, or estimates of them. Raises UsageError for fewer than 100 draws.
    """
    samples = len(known)
    if samples < LEAST_DRAWS:
        raise UsageError(f"{samples} draws are too few to learn from: take {LEAST_DRAWS} at least, better 10,000")
    gains = []
    for item in benefits:
        best = int(item.mean(axis=0).argmax())
        gains.append(np.delete(item, best, axis=1) - item[:, [best]])
    known = known[:, np.ptp(known, axis=0) > 0]
    target = np.column_stack(gains)
    fresh, same = _fits(_basis(known), target) if known.shape[1] else (_constant(target), _constant(target))
    found, start = [], 0
    for gain in gains:
        part = slice(start, start := start + gain.shape[1])
        found.append(_learned(gain, fresh[:, part], same[:, part]))
    return tuple(found)


def _constant(target: Floats) -> Floats:
    return np.broadcast_to(target.mean(axis=0), target.shape)


def _basis(known: Floats) -> Floats:
    """Cubic splines of each column, linear beyond the draws, and products of pairs; shape (sample, term)."""
    from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler  # noqa: PLC0415 - slow

    scaled = StandardScaler().fit_transform(known)
    terms = []
    for column in scaled.T:
        # Quantiles of the distinct values: a value that many draws share must not become several knots.
        knots = np.quantile(np.unique(column), np.linspace(0, 1, _KNOTS))
        spline = SplineTransformer(knots=knots[:, np.newaxis], extrapolation="linear", include_bias=False)
        terms.append(spline.fit_transform(column[:, np.newaxis]))
    if 1 < scaled.shape[1] <= MOST_IN_PRODUCTS:
        pairs = PolynomialFeatures(2, interaction_only=True, include_bias=False)
        terms.append(pairs.fit_transform(scaled)[:, scaled.shape[1] :])
    scaled_terms: Floats = StandardScaler().fit_transform(np.hstack(terms))
    return scaled_terms


def _fits(basis: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Fitted values on draws left out of the fit, and on the draws of the fit; the penalty by leave-one-out error."""
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - slow to import
    from sklearn.model_selection import KFold  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # noqa: PLC0415 - comes with scikit-learn

    def fitted(rows: Rows, at: Rows) -> Floats:
        model = RidgeCV(_PENALTIES, alpha_per_target=True).fit(basis[rows], target[rows])
        return np.asarray(model.predict(basis[at])).reshape(-1, target.shape[1])

    fresh = np.empty_like(target)
    every = slice(None)
    # One thread: the matrices are small, and sums do not depend on the number of cores.
    with threadpool_limits(1):
        for rows, left in KFold(FOLDS, shuffle=True, random_state=0).split(basis):
            fresh[left] = fitted(rows, left)
        return fresh, fitted(every, every)


def _learned(gain: Floats, fresh: Floats, same: Floats) -> Learned:
    """The value of a rule; `gain` over the strategy that is best on average, so that this one has gain zero."""
    samples = len(gain)
    choice = np.where(fresh.max(axis=1) > 0, fresh.argmax(axis=1), -1)
    realised = np.where(choice >= 0, gain[np.arange(samples), choice], 0.0)
    raw = float(realised.mean())
    evpi = float(np.maximum(gain.max(axis=1), 0).mean())
    residual = gain - fresh
    spread = float(gain.var(axis=0).sum())
    return Learned(
        value=min(max(raw, 0.0), evpi),
        error=float(realised.std(ddof=1) / np.sqrt(samples)),
        raw=raw,
        plug_in=float(np.maximum(same.max(axis=1), 0).mean()),
        evpi=evpi,
        r2=1 - float((residual**2).mean(axis=0).sum()) / spread if spread > 0 else 0.0,
        pattern=max(_pattern(one, other) for one, other in zip(residual.T, fresh.T, strict=True)),
    )


def _pattern(residual: Floats, fitted: Floats) -> float:
    """The largest mean residual among tenths of the draws in the order of their fitted values, in standard errors."""
    largest = 0.0
    for part in np.array_split(residual[np.argsort(fitted, kind="stable")], _BINS):
        error = float(part.std(ddof=1)) / np.sqrt(len(part))
        largest = max(largest, abs(float(part.mean())) / error if error > 0 else 0.0)
    return float(largest)

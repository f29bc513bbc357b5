"""What a calibration found, as tables: parameters with diagnostics, fit to the targets, agreement with other draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy  # loads its submodules at first use

from cea.analysis import chains
from cea.analysis.calibration import PointFit, Posterior, Prior, Reference
from cea.analysis.forecast import CalibrationTarget
from cea.model.distributions import Lognormal

Floats = npt.NDArray[np.float64]

R_HAT_LIMIT = 1.01
SIZE_PER_CHAIN = 100
"""Limits of Vehtari and others (2021): R-hat, and effective draws a chain."""
HEAVY = 0.02
"""A proposal with more of the weight than this stands for a region that the proposals hardly reach."""
FAR = 2.0
"""Differences beyond this many Monte Carlo standard errors are counted."""

POOR = 2.0
"""A target that the model misses by more of its standard errors is fitted badly."""

_LEVELS = (0.025, 0.5, 0.975)


def parameters_frame(found: Posterior) -> pd.DataFrame:
    """One row a parameter: prior and posterior (median, 95 % interval), spread, R-hat, effective sizes, MCSE.

    `sdlog` is the standard deviation of the log, for lognormal priors. `best` is the most probable point.
    """
    rows = []
    for at, prior in enumerate(found.calibration.priors):
        own = found.values[..., at]
        low, median, high = np.quantile(own, _LEVELS)
        prior_low, prior_high = prior.distribution.interval()
        parameter = found.model.parameters[prior.parameter]
        rows.append(
            {
                "parameter": prior.parameter,
                "label": parameter.label,
                "unit": parameter.unit,
                "prior_median": prior.distribution.median,
                "prior_low": prior_low,
                "prior_high": prior_high,
                "median": median,
                "low": low,
                "high": high,
                "mean": own.mean(),
                "sd": own.std(ddof=1),
                "sdlog": _sdlog(prior, own),
                "best": found.point.values[0, at],
                "r_hat": chains.r_hat(own),
                "ess_bulk": chains.bulk_size(own),
                "ess_tail": chains.tail_size(own),
                "mcse_median": chains.quantile_error(own, 0.5),
            }
        )
    return pd.DataFrame(rows)


def _sdlog(prior: Prior, values: Floats) -> float:
    return float(np.log(values).std(ddof=1)) if isinstance(prior.distribution, Lognormal) else float("nan")


def fit_frame(found: Posterior) -> pd.DataFrame:
    """One row a target: observed with its standard error, modelled (median, 95 % interval), and how they agree.

    `distance` is modelled minus observed in standard errors of the target. `probability` is that of a repeated
    observation, drawn around the model's figure with the same standard error, at or below the observed one: near 0 or 1
    where the model cannot follow (the posterior predictive p-value of Gelman, Meng and Stern, Statistica Sinica 1996).
    """
    rows = []
    for at, target in enumerate(found.calibration.targets):
        own = found.figures[..., at].ravel()
        low, median, high = np.quantile(own, _LEVELS)
        chance = scipy.special.ndtr((target.value - own) / target.se).mean()
        rows.append(_target_row(target, median) | {"low": low, "high": high, "probability": chance})
    return pd.DataFrame(rows)


def point_fit_frame(found: PointFit) -> pd.DataFrame:
    """The same for each optimum, without the spread, in a column `optimum`, the best one 1."""
    return pd.DataFrame(
        [
            {"optimum": at + 1} | _target_row(target, float(found.figures[at, column]))
            for at in range(len(found.optima))
            for column, target in enumerate(found.calibration.targets)
        ]
    )


def _target_row(target: CalibrationTarget, modelled: float) -> dict[str, object]:
    return {
        "target": target.name,
        "label": target.label,
        "observed": target.value,
        "se": target.se,
        "modelled": modelled,
        "distance": (modelled - target.value) / target.se,
        "grade": target.source.grade,
    }


def optima_frame(found: PointFit) -> pd.DataFrame:
    """One row an optimum and parameter: the value, its approximate 95 % interval, and how many starts led there.

    The interval is that of a normal score with the curvature at the optimum (Laplace). `log_density` is that of the
    posterior, up to a constant.
    """
    rows = []
    for at, optimum in enumerate(found.optima):
        spread = 1.96 * np.sqrt(np.diag(optimum.covariance))
        for column, prior in enumerate(found.calibration.priors):
            ends = scipy.special.ndtr(optimum.scores[column] + spread[column] * np.array([-1.0, 1.0]))
            low, high = prior.distribution.ppf(ends)
            rows.append(
                {
                    "optimum": at + 1,
                    "log_density": optimum.log_density,
                    "starts": optimum.starts,
                    "parameter": prior.parameter,
                    "label": found.model.parameters[prior.parameter].label,
                    "value": found.values[at, column],
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)


def diagnostics_row(found: Posterior) -> dict[str, Any]:
    """The diagnostics of a calibration in one row."""
    table = parameters_frame(found)
    chain_count, each, _ = found.values.shape
    return {
        "calibration": found.calibration.name,
        "method": found.method.name,
        "chains": chain_count,
        "draws": chain_count * each,
        "r_hat": table["r_hat"].max(),
        "ess_bulk": table["ess_bulk"].min(),
        "ess_tail": table["ess_tail"].min(),
        "acceptance": float(found.accepted.mean()),
        "efficiency": found.efficiency,
        "heaviest_weight": found.heaviest,
        "optima": len(found.point.optima),
        "evaluations": found.evaluations,
    }


def warnings(found: Posterior) -> Iterator[str]:
    """What keeps the draws from being used as they stand; nothing where they can be."""
    table = parameters_frame(found)
    count = len(found.values)
    apart = table[~(table["r_hat"] <= R_HAT_LIMIT)]
    for name, value in zip(apart["parameter"], apart["r_hat"], strict=True):
        yield f"{name}: R-hat {value:.3f} is above {R_HAT_LIMIT}, the chains do not agree: take more draws"
    short = table[~(table[["ess_bulk", "ess_tail"]].min(axis=1) >= SIZE_PER_CHAIN * count)]
    for name in short["parameter"]:
        yield f"{name}: fewer than {SIZE_PER_CHAIN} effective draws a chain: take more draws"
    if count == 1:
        yield "one chain alone cannot show that others would agree: take at least 2"
    if found.heaviest > HEAVY:
        share = f"{found.heaviest:.0%}"
        yield f"one proposal carries {share} of the weight: the proposals miss a region, take more draws and starts"


def correlation_frame(found: Posterior) -> pd.DataFrame:
    """The correlations of the normal scores, as a model reads them: first column and header are the parameters."""
    names = list(found.calibration.parameters)
    matrix = pd.DataFrame(correlation(found.draws), columns=names)
    matrix.insert(0, "parameter", names)
    return matrix


def correlation(draws: Floats) -> Floats:
    """Correlations of the normal scores of draws (draw, parameter)."""
    scores = np.stack([chains.normal_scores(column) for column in draws.T])
    return np.atleast_2d(np.corrcoef(scores))


def agreement_frame(found: Posterior, reference: Reference) -> pd.DataFrame:
    """One row a quantity: ours and that of other draws, with the Monte Carlo standard error of their difference.

    Quantities: `median`; `sdlog`, or `sd` where the prior is not lognormal; `correlation` of the normal scores of a
    pair. `ratio` is the difference in standard errors (of logs for medians, where the prior is lognormal): of many, 5 %
    lie beyond 2 by chance.
    """
    at = [found.calibration.parameters.index(name) for name in reference.names]
    logged = [isinstance(found.calibration.priors[column].distribution, Lognormal) for column in at]
    ours, theirs = (
        [np.log(column) if log else column for column, log in zip(side, logged, strict=True)]
        for side in ([found.values[..., column] for column in at], [row[np.newaxis] for row in reference.values.T])
    )
    rows = []
    for name, log, own, other in zip(reference.names, logged, ours, theirs, strict=True):
        centres = [float(np.median(side)) for side in (own, other)]
        error = np.hypot(chains.quantile_error(own, 0.5), chains.quantile_error(other, 0.5))
        shown = [float(np.exp(centre)) for centre in centres] if log else centres
        rows.append(_compared("median", name, "", shown, (centres[0] - centres[1]) / error))
        spreads = [float(side.std(ddof=1)) for side in (own, other)]
        error = np.hypot(chains.sd_error(own), chains.sd_error(other))
        rows.append(_compared("sdlog" if log else "sd", name, "", spreads, (spreads[0] - spreads[1]) / error))
    matrices = [correlation(found.draws[:, at]), correlation(reference.values)]
    sizes = [[chains.bulk_size(column) for column in side] for side in (ours, theirs)]
    for one, two in combinations(range(len(at)), 2):
        pair = [float(matrix[one, two]) for matrix in matrices]
        # The large-sample error of a correlation, with the smaller effective size of the two.
        errors = [(1 - value**2) / min(size[one], size[two]) ** 0.5 for value, size in zip(pair, sizes, strict=True)]
        error = np.hypot(errors[0], errors[1])
        names = (reference.names[one], reference.names[two])
        rows.append(_compared("correlation", *names, pair, (pair[0] - pair[1]) / error))
    return pd.DataFrame(rows)


def _compared(quantity: str, first: str, second: str, pair: Sequence[float], ratio: float) -> dict[str, object]:
    return {
        "quantity": quantity,
        "parameter": first,
        "with": second,
        "ours": pair[0],
        "reference": pair[1],
        "difference": pair[0] - pair[1],
        "ratio": ratio,
    }


def reference_sizes(reference: Reference) -> Floats:
    """Bulk effective sample size of each parameter's column of other draws, taken as one chain in its order."""
    return np.array([chains.bulk_size(column[np.newaxis]) for column in reference.values.T])


def far_apart(agreement: pd.DataFrame) -> int:
    """How many quantities differ by more than 2 Monte Carlo standard errors."""
    return int((agreement["ratio"].abs() > FAR).sum())


def fitted_distribution(prior: Prior, draws: Floats) -> dict[str, float | str]:
    """The posterior of a parameter in the family of its prior, as a model has it written down."""
    family = prior.distribution.family
    match family:
        case "lognormal":
            return {"family": family, "median": float(np.median(draws)), "sdlog": _sdlog(prior, draws)}
        case "normal":
            return {"family": family, "mean": float(draws.mean()), "sd": float(draws.std(ddof=1))}
    return {"family": family, "mean": float(draws.mean()), "se": float(draws.std(ddof=1))}


FITTED = ("lognormal", "normal", "beta", "gamma")
"""Families of priors in which a posterior can be written down."""


def point_value(spec: dict[str, float | str]) -> float:
    """The value that stands for a fitted distribution: its median or mean."""
    return float(spec["median"] if "median" in spec else spec["mean"])

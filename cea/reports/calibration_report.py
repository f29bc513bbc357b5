"""What `cea calibrate` prints: parameters with diagnostics, the fit to the targets, agreement with other draws."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cea.analysis.calibration import PointFit, Posterior, Reference
from cea.analysis.calibration_tables import (
    FAR,
    POOR,
    agreement_frame,
    diagnostics_row,
    far_apart,
    fit_frame,
    optima_frame,
    parameters_frame,
    point_fit_frame,
    reference_sizes,
)
from cea.reports.quantities import figure as number
from cea.reports.terminal import Table
from cea.reports.wording import NONE, listing

_CHANCE = 0.0455
"""Probability of a normal deviate beyond 2."""


def posterior_tables(found: Posterior, *, fit: bool = True) -> Iterator[Table]:
    """The tables of one calibration by one method; that of the fit to the targets can be left out."""
    title = f"{found.calibration.label}: {_in_sentence(found.method.label)}"
    yield _parameters_table(found, title)
    if fit:
        yield _fit_table(fit_frame(found), f"{found.calibration.label}: fit to the targets")
    if found.calibration.reference is not None:
        yield _agreement_table(found, found.calibration.reference)


def _in_sentence(text: str) -> str:
    return text[:1].lower() + text[1:]


def _parameters_table(found: Posterior, title: str) -> Table:
    headings = ["Prior median", "2.5 %", "97.5 %", "Posterior median", "2.5 %", "97.5 %", "sdlog", "R-hat"]
    headings += ["Bulk ESS", "Tail ESS"]
    made = Table(title, [("Parameter", False), *((heading, True) for heading in headings)])
    for row in _rows(parameters_frame(found)):
        cells = [number(row[key], 3) for key in ("prior_median", "prior_low", "prior_high", "median", "low", "high")]
        cells += [_or_none(row[key], ".3f") for key in ("sdlog", "r_hat")]
        made.add([row["label"], *cells, *(_or_none(row[key], ",.0f") for key in ("ess_bulk", "ess_tail"))])
    return made


def _fit_table(frame: pd.DataFrame, title: str) -> Table:
    spread = "low" in frame
    headings = ["Observed", "SE", "Modelled", *(["2.5 %", "97.5 %"] if spread else []), "Distance in SE"]
    headings += ["Repeat at or below"] if spread else []
    made = Table(title, [("Target", False), *((heading, True) for heading in headings), ("Grade", False)])
    for row in _rows(frame):
        cells = [number(row[key], 3) for key in ("observed", "se", "modelled", *(("low", "high") if spread else ()))]
        cells += [f"{row['distance']:+.1f}", *([f"{row['probability']:.2f}"] if spread else [])]
        made.add([row["label"], *cells, row["grade"]], strong=abs(row["distance"]) > POOR)
    poor = [row["label"] for row in _rows(frame) if abs(row["distance"]) > POOR]
    if poor:
        made.notes.append(f"Fitted badly, by more than {POOR:g} standard errors: {listing(poor)}.")
    if spread:
        made.notes.append(
            "Repeat at or below: probability that a repeated observation comes out at or below this one; near 0 or 1 "
            "where the model cannot follow."
        )
    return made


def _agreement_table(found: Posterior, reference: Reference) -> Table:
    """Medians and spreads beside those of other draws, in Monte Carlo standard errors; correlations in a note."""
    frame = agreement_frame(found, reference)
    headings = ["Median", "Theirs", "Apart, MCSE", "sdlog or sd", "Theirs", "Apart, MCSE", "Their ESS"]
    made = Table(
        f"{found.calibration.label}: agreement with {reference.label}",
        [("Parameter", False), *((heading, True) for heading in headings)],
    )
    sizes = reference_sizes(reference)
    medians, spreads = (
        _rows(frame[frame["quantity"].isin(kinds)]) for kinds in (["median"], ["sdlog", "sd"])
    )  # fmt: skip
    for name, centre, spread, size in zip(reference.names, medians, spreads, sizes, strict=True):
        cells = [number(centre["ours"], 3), number(centre["reference"], 3), f"{centre['ratio']:+.1f}"]
        cells += [f"{spread['ours']:.3f}", f"{spread['reference']:.3f}", f"{spread['ratio']:+.1f}"]
        far = max(abs(centre["ratio"]), abs(spread["ratio"])) > FAR
        made.add([found.model.parameters[name].label, *cells, _or_none(size, ",.0f")], strong=far)
    made.notes.extend(_agreement_notes(found, reference, frame))
    return made


def _agreement_notes(found: Posterior, reference: Reference, frame: pd.DataFrame) -> Iterator[str]:
    pairs = _rows(frame[frame["quantity"] == "correlation"])
    if pairs:
        widest = max(pairs, key=lambda row: abs(row["difference"]))
        label = listing(found.model.parameters[name].label for name in (widest["parameter"], widest["with"]))
        yield (
            f"Correlations of {len(pairs)} pairs: at most {abs(widest['difference']):.2f} apart ({label}: "
            f"{widest['ours']:.2f}, theirs {widest['reference']:.2f})."
        )
    yield (
        f"Of {len(frame)} medians, spreads and correlations {far_apart(frame)} are more than {FAR:g} Monte Carlo "
        f"standard errors (MCSE) apart; by chance alone about {_CHANCE * len(frame):.1f} would be."
    )
    if reference.method != found.method.name:
        other = _in_sentence(found.calibration.method(reference.method).label)
        yield f"Theirs were made by another method, {other}: differences hold its effect as well."


def point_tables(found: PointFit) -> Iterator[Table]:
    """The optima, and the fit of the best one."""
    frame = optima_frame(found)
    count = len(found.optima)
    title = f"{found.calibration.label}: {_in_sentence(found.method.label)}"
    columns = [("Parameter", False), *((_optimum_heading(found, at), True) for at in range(count))]
    made = Table(f"{title}; most probable values", columns)
    for name in found.calibration.parameters:
        rows = frame[frame["parameter"] == name]
        cells = [_with_interval(row["value"], row["low"], row["high"]) for row in _rows(rows)]
        made.add([found.model.parameters[name].label, *cells])
    reached = sum(optimum.starts for optimum in found.optima)
    made.notes.append(
        f"{reached} of {found.starts} starts ended in {count} optim{'um' if count == 1 else 'a'}; in brackets "
        "approximate 95 % intervals from the curvature."
    )
    yield made
    best = point_fit_frame(found)
    yield _fit_table(best[best["optimum"] == 1], f"{found.calibration.label}: fit of the best values")


def _optimum_heading(found: PointFit, at: int) -> str:
    optimum = found.optima[at]
    below = found.optima[0].log_density - optimum.log_density
    starts = f"{optimum.starts} start{'' if optimum.starts == 1 else 's'}"
    return f"Best ({starts})" if at == 0 else f"Optimum {at + 1} ({starts}; log density {below:.1f} lower)"


def diagnostics_table(found: Sequence[Posterior]) -> Table:
    """The diagnostics of all calibrations, a row each."""
    headings = ["Chains", "Draws", "R-hat", "Bulk ESS", "Tail ESS", "Accepted", "Efficiency", "Optima", "Runs"]
    columns = [("Calibration", False), ("Method", False), *((heading, True) for heading in headings)]
    made = Table("Diagnostics", columns)
    for item in found:
        row = diagnostics_row(item)
        cells = [f"{row['chains']}", f"{row['draws']:,}", f"{row['r_hat']:.3f}", f"{row['ess_bulk']:,.0f}"]
        cells += [f"{row['ess_tail']:,.0f}", f"{row['acceptance']:.0%}", f"{row['efficiency']:.0%}"]
        made.add([item.calibration.name, item.method.name, *cells, f"{row['optima']}", f"{row['evaluations']:,}"])
    made.notes.append(
        "R-hat: the largest of all parameters; ESS: the smallest. Accepted: share of proposals; efficiency: their "
        "effective share by importance weights. Runs of the model: those for the optima not counted."
    )
    return made


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _with_interval(middle: float, low: float, high: float) -> str:
    return f"{number(middle, 3)} ({number(low, 3)} to {number(high, 3)})"


def _or_none(value: float, form: str) -> str:
    return NONE if math.isnan(value) or not np.isfinite(value) else f"{value:{form}}"

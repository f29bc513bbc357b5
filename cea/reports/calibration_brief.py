"""Calibrations in brief, without fitting anything: how a run meets their targets, and what was known beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cea.analysis.calibration import Calibration, Prior
from cea.analysis.calibration_tables import POOR
from cea.analysis.forecast import Forecast
from cea.engine.results import Results
from cea.model.definition import Model
from cea.reports.quantities import figure, span
from cea.reports.terminal import Table
from cea.reports.values import constant, evaluated
from cea.reports.wording import NONE, listing


def fit_table(model: Model, calibrations: Sequence[Calibration]) -> Table:
    """Every target of the calibrations beside the model at its own values, run as the first of them runs it.

    Raises InputError where the model cannot be run so.
    """
    first = calibrations[0]
    targets = list({target.name: target for item in calibrations for target in item.targets}.values())
    changed = model.with_layer(*first.methods[0].layers) if first.methods[0].layers else model
    names = [name for name in first.parameters if model.parameters[name].value is not None]
    values = np.array([[model.parameters[name].value for name in names]], dtype=np.float64)
    modelled = Forecast(changed, targets, names, {})(values)[0]
    columns = [("Target", False), ("Observed", True), ("SE", True), ("Modelled", True), ("Distance in SE", True)]
    made = Table("Targets of the calibration beside this run", [*columns, ("Grade", False)])
    poor = []
    for target, value in zip(targets, modelled.tolist(), strict=True):
        distance = (value - target.value) / target.se
        cells = [figure(number, 3) for number in (target.value, target.se, value)]
        made.add([target.label, *cells, f"{distance:+.1f}", target.source.grade], strong=abs(distance) > POOR)
        poor += [target.label] if abs(distance) > POOR else []
    made.notes.append(f"Run as it was calibrated ({first.methods[0].label}), with the calibration's tables.")
    made.notes.append(
        f"Missed by more than {POOR:g} standard errors: {listing(poor)}." if poor
        else f"None is missed by more than {POOR:g} standard errors."
    )  # fmt: skip
    return made


def priors_table(results: Results, calibrations: Sequence[Calibration]) -> Table:
    """Every calibrated parameter: its value in this run, and the prior of each calibration."""
    model = results.model
    scope = evaluated(model)
    heads = [("Value in this run", True), *((f"Prior, {item.label}", False) for item in calibrations)]
    made = Table("Calibrated inputs: median and 95 % interval before the targets", [("Input", False), *heads])
    priors = [{prior.parameter: prior for prior in item.priors} for item in calibrations]
    for name in dict.fromkeys(name for item in calibrations for name in item.parameters):
        own = constant(scope, name)
        cells = [NONE if own is None else figure(own, 3), *(_prior(known.get(name)) for known in priors)]
        made.add([model.parameters[name].label, *cells])
    return made


def _prior(prior: Prior | None) -> str:
    if prior is None:
        return "held"
    return f"{figure(prior.distribution.median, 3)} ({span(*prior.distribution.interval(), 3)})"

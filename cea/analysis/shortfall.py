"""Absolute and proportional QALY shortfall, and the severity weight that follows from them.

Shortfall is what people with the disease, under current care, lose against the general population of their age and
sex, in discounted QALYs over the rest of life. Method: NICE Decision Support Unit, Technical Support Document 23, A
guide to calculating severity shortfall for NICE evaluations; NICE manual PMG36, 6.2.12 on (severity).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cea.engine.correction import discounted_weights
from cea.engine.outcomes import Floats
from cea.errors import InputError

ROUNDING = 1e-9
"""A shortfall this little below a cut-off is on it, so that 1 - 0.15 reaches 0.85."""


@dataclass(frozen=True)
class CutOff:
    """One severity band and how far the shortfalls are beyond its cut-offs; below zero: that much is missing.

    `proportional` is a share of the expected effect, `absolute` in effect units.
    """

    weight: float
    proportional: float
    absolute: float
    proportional_distance: float
    absolute_distance: float

    @property
    def reached(self) -> bool:
        """Whether either shortfall is on or beyond its cut-off: the worse of the two counts."""
        return max(self.proportional_distance, self.absolute_distance) >= -ROUNDING


@dataclass(frozen=True)
class Shortfall:
    """Shortfall of patients under established care; effects discounted, per person.

    `absolute` is expected minus remaining effect, `proportional` is that as a share of the expected effect, `weight`
    the severity weight of the highest band reached (1 when none is). `cut_offs` are by rising weight.
    """

    expected: float
    remaining: float
    absolute: float
    proportional: float
    weight: float
    cut_offs: tuple[CutOff, ...]

    def frame(self) -> pd.DataFrame:
        """One row a band: weight, cut-offs, how far the shortfalls are beyond them, and whether the band is reached."""
        return pd.DataFrame(
            [
                {
                    "weight": cut_off.weight,
                    "proportional_cut_off": cut_off.proportional,
                    "proportional_distance": cut_off.proportional_distance,
                    "absolute_cut_off": cut_off.absolute,
                    "absolute_distance": cut_off.absolute_distance,
                    "reached": cut_off.reached,
                }
                for cut_off in self.cut_offs
            ]
        )


def shortfall(
    expected_effect_without_disease: float,
    effect_with_disease: float,
    bands: Sequence[tuple[float, float, float]],
) -> Shortfall:
    """Shortfall and severity weight from two discounted effects, both per person over the rest of life.

    bands: (proportional cut-off, absolute cut-off, weight) in any order. On a cut-off the higher weight holds, and the
    worse of the two shortfalls counts. Raises InputError unless the expected effect is above zero.
    """
    if not expected_effect_without_disease > 0:
        raise InputError(
            f"expected effect of the general population is {expected_effect_without_disease:g}: it must be above zero; "
            "look at the hazard and the utility that the shortfall uses"
        )
    absolute = expected_effect_without_disease - effect_with_disease
    proportional = absolute / expected_effect_without_disease
    cut_offs = tuple(
        CutOff(weight, share, amount, proportional - share, absolute - amount)
        for share, amount, weight in sorted(bands, key=lambda band: band[2])
    )
    return Shortfall(
        expected=expected_effect_without_disease,
        remaining=effect_with_disease,
        absolute=absolute,
        proportional=proportional,
        weight=max((cut_off.weight for cut_off in cut_offs if cut_off.reached), default=1.0),
        cut_offs=cut_offs,
    )


def expected_effect(
    hazard: Floats,
    utility: Floats,
    step_years: float,
    discount_rate: float,
    correction: str = "half_cycle",
) -> float:
    """Discounted effect that a cohort of the general population can expect, per person.

    hazard: annual hazard of death at the start of each cycle, shape (cycles + 1,), the last one unused.
    utility: effect per year of life at each cycle boundary, shape (cycles + 1,).
    step_years: length of a cycle; discount_rate: per year; correction: a method of `cea.engine.correction`.

    Survival is S_0 = 1, S_{t+1} = S_t exp(-hazard_t * step_years); the effect is the sum of S_t utility_t W_t, with W
    the correction weights discounted by (1 + discount_rate)^-years. Raises ValueError for shapes that differ or an
    unknown correction.
    """
    if hazard.ndim != 1 or hazard.shape != utility.shape:
        raise ValueError(f"hazard {hazard.shape} and utility {utility.shape} must have one shape, (cycles + 1,)")
    survival = np.exp(-step_years * np.concatenate(([0.0], np.cumsum(hazard[:-1]))))
    discount = step_years * (1.0 + discount_rate) ** -(step_years * np.arange(hazard.size))
    return float(np.sum(survival * utility * discounted_weights(correction, discount)))

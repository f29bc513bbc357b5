"""Draws against the distributions they were drawn from: do the moments agree within Monte Carlo error?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cea.model.definition import Model


def moments(draws: pd.DataFrame, model: Model) -> pd.DataFrame:
    """One row a drawn parameter: declared and sample mean, sd and 95 % interval, and the mean's distance in errors.

    `z` is (sample mean - declared mean) / (declared sd / sqrt(n)); for independent draws about one in twenty exceeds 2.
    Parameters without a distribution of their own (joint draws only) have no declared moments.
    """
    rows = []
    for name in draws.columns:
        values = draws[name].to_numpy()
        distribution = model.parameters[name].distribution
        low, high = np.quantile(values, [0.025, 0.975])
        row: dict[str, object] = {
            "parameter": name,
            "distribution": distribution.describe() if distribution else "joint draws",
            "sample_mean": float(values.mean()),
            "sample_sd": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
            "sample_low": float(low),
            "sample_high": float(high),
        }
        if distribution is not None:
            declared = distribution.interval()
            error = distribution.sd / math.sqrt(len(values))
            row |= {
                "mean": distribution.mean,
                "sd": distribution.sd,
                "low": declared[0],
                "high": declared[1],
                "z": (float(values.mean()) - distribution.mean) / error if error else 0.0,
            }
        rows.append(row)
    return pd.DataFrame(rows)

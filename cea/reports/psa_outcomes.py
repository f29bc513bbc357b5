"""The outcomes of every draw as one file, written segment by segment so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cea.engine.batch import Totals
from cea.engine.psa import Segmented
from cea.reports.run_folder import write_table

CSV_ROWS = 5_000
"""Longer tables are written as Parquet."""


def write_outcomes(job: Segmented, segments: Iterable[Totals], folder: Path) -> Path:
    """Writes `outcomes.csv`, or `outcomes.parquet` when long: a row for each draw and strategy.

    Columns: sample (from 0), strategy, cost, effect, life_years and the cost of each category, discounted.
    """
    frames = _frames(job, segments)
    if job.n * len(job.program.strategies) <= CSV_ROWS:
        path = folder / "outcomes.csv"
        write_table(pd.concat(frames, ignore_index=True), path)
        return path
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and only Parquet files need it
    from pyarrow import parquet  # noqa: PLC0415

    path = folder / "outcomes.parquet"
    first = pa.Table.from_pandas(next(frames), preserve_index=False)
    with parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for frame in frames:
            writer.write_table(pa.Table.from_pandas(frame, schema=first.schema, preserve_index=False))
    return path


def _frames(job: Segmented, segments: Iterable[Totals]) -> Iterator[pd.DataFrame]:
    names = np.asarray(job.program.strategies, dtype=object)
    row = 0
    for totals in segments:
        samples = len(totals.cost)
        table = {
            "sample": np.repeat(np.arange(row, row + samples), len(names)),
            "strategy": np.tile(names, samples),
            "cost": totals.cost.ravel(),
            "effect": totals.effect.ravel(),
            "life_years": totals.life_years.ravel(),
        }
        for position, category in enumerate(job.program.categories):
            table[f"cost: {category}"] = totals.cost_by_category[..., position].ravel()
        row += samples
        yield pd.DataFrame(table)

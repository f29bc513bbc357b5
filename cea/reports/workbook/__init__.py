"""The Excel workbook of a model. The writer is loaded at first use: it needs a library that few commands need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cea.engine.psa import DrawResults
    from cea.model.definition import Model
    from cea.reports.run_folder import Manifest


def write_workbook(
    model: Model,
    path: str | Path,
    psa: DrawResults | None = None,
    *,
    perspective: str | None = None,
    comparator: str | None = None,
    sheets: Sequence[Callable[[Any, Any], None]] = (),
    provenance: Manifest | None = None,
) -> None:
    """Writes a model as an Excel workbook; see `cea.reports.workbook.workbook.write_workbook`."""
    from cea.reports.workbook.workbook import write_workbook as write  # noqa: PLC0415 - see above

    write(model, path, psa, perspective=perspective, comparator=comparator, sheets=sheets, provenance=provenance)

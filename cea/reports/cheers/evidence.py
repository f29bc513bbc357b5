"""What the main inputs rest on: the synthesis of studies, and the targets that inputs were calibrated to."""

from __future__ import annotations

from collections.abc import Iterator

from cea.reports.cheers.findings import Findings, blocks
from cea.reports.document.tree import Part, Section


def evidence(found: Findings) -> Section | None:
    """The section; None for a model that has neither."""
    parts: list[Part] = []
    if found.synthesis[0]:
        parts.append(Section("synthesis", "Synthesis of the studies", tuple(_synthesis(found))))
    if found.calibration[0]:
        parts.append(Section("calibration", "Calibration", tuple(blocks(found.calibration))))
    return Section("evidence", "Evidence behind the main inputs", tuple(parts)) if parts else None


def _synthesis(found: Findings) -> Iterator[Part]:
    alternative = "A row a study with its ratio and interval, as published and adjusted; below, the pooled ratios."
    yield from found.figure("forest", "Forest plot of the studies, with pooled ratios", alternative)
    yield from blocks(found.synthesis)
    alternative = "The pooled ratio without each study in turn, and under other analyses."
    yield from found.figure("robustness", "Pooled ratio without each study, and in other analyses", alternative)

"""What a sheet is written from: the model, its base case, the draws, and where other sheets have their cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cea.engine.draws import Draws
from cea.engine.psa import DrawResults
from cea.engine.results import Results
from cea.model.definition import Model
from cea.reports.run_folder import Manifest
from cea.reports.workbook.addresses import Layout


@dataclass(frozen=True, eq=False)
class Context:
    """The same for all sheets of a workbook. `comparator` is a strategy; `manifest` says which files were read."""

    results: Results
    psa: DrawResults | None
    draws: Draws | None
    layout: Layout
    comparator: str
    manifest: Manifest | None

    @property
    def model(self) -> Model:
        """The model."""
        return self.results.model

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What strategies are called, each in its own way."""
        return told_apart({name: self.model.strategies[name].label for name in self.results.strategies})

    @property
    def money(self) -> str:
        """Currency with its price year."""
        return self.results.outcomes.money

    @property
    def cycles(self) -> int:
        """Number of cycles, fixed when the workbook is written."""
        return self.results.cohort.scope.cycles


def told_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels by name; those that several have get the name as well, so that a choice by label is clear."""
    given = list(labels.values())
    return {name: label if given.count(label) == 1 else f"{label} ({name})" for name, label in labels.items()}

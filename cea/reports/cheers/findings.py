"""What a report is written from: one run of a model with its analyses, and the statements given with the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cea.analysis.headline import HeadlineResult
from cea.analysis.one_way import OneWay
from cea.engine.results import Results
from cea.model.definition import Model
from cea.model.statements import Statements
from cea.reports import terminal
from cea.reports.document.tree import Figure, Paragraph, Table
from cea.reports.psa_report import PsaReport
from cea.reports.run_report import Report

Group = tuple[Sequence[terminal.Table], Sequence[str]]
"""Tables as the command line prints them, and the sentences below them."""


@dataclass(frozen=True, eq=False)
class Findings:
    """A run with everything that its report tells; a group without tables was not made.

    `pictures` are PNG files by the name that the run folder gives them, `stamp` says what made the report.
    """

    report: Report
    psa: PsaReport | None
    one_way: Sequence[OneWay]
    validation: Sequence[Group]
    subgroups: Group
    scenarios: Group
    structures: Group
    synthesis: Group
    calibration: Group
    statements: Statements
    pictures: Mapping[str, bytes]
    stamp: str

    @property
    def results(self) -> Results:
        """The base case."""
        return self.report.results

    @property
    def model(self) -> Model:
        """The model that was run."""
        return self.report.results.model

    @property
    def headlines(self) -> Sequence[HeadlineResult]:
        """The headline comparisons of the base case."""
        return self.report.settings[0][1]

    def with_pictures(self, pictures: Mapping[str, bytes]) -> Findings:
        """The same with figures."""
        return replace(self, pictures=pictures)

    def figure(self, name: str, title: str, alternative: str) -> Iterator[Figure]:
        """The figure of that name, where the run has it."""
        if name in self.pictures:
            yield Figure(title, alternative, self.pictures[name])


def blocks(group: Group) -> Iterator[Table | Paragraph]:
    """The tables of a group, then its sentences."""
    made, sentences = group
    yield from map(Table.of, made)
    yield from map(Paragraph, sentences)

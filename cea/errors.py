"""What can go wrong, and how it is said: where, what, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in an input file; lines and columns count from 1. Line 0: not in a file, such as an option."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def shifted(self, columns: int) -> Place:
        """The place `columns` further right, for a spot inside a formula."""
        return Place(self.file, self.line, self.column + columns)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, what it is, what would be right."""

    what: str
    place: Place | None = None
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        remedy = f"\n    {self.remedy}" if self.remedy else ""
        return f"{where}{self.what}{remedy}"


class CeaError(Exception):
    """Base of all errors that are meant for the user. Exit code 1."""

    exit_code = 1


class UsageError(CeaError):
    """The request itself is off: an unknown strategy, perspective or file. Exit code 2."""

    exit_code = 2


class InputError(CeaError):
    """The inputs are invalid; carries every problem found. Exit code 3."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class CheckError(CeaError):
    """A check of the results failed. Exit code 4."""

    exit_code = 4

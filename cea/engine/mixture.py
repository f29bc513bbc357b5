"""A probabilistic analysis over several models, each with its share of the draws."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from cea.engine.batch import Totals
from cea.engine.markov import Floats
from cea.engine.program import Program
from cea.engine.psa import Job, Source
from cea.errors import UsageError


@dataclass(frozen=True, eq=False)
class Member:
    """One model of a mixture: how much it weighs, and the job of its draws."""

    name: str
    label: str
    weight: float
    job: Job


@dataclass(frozen=True, eq=False)
class Mixture:
    """Jobs one after the other as one, for `collect` and everything that runs jobs; segments never span two members.

    The draws are a sample of the mixture that is stratified by member, in proportion to the weights.
    """

    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        first = self.members[0]
        for member in self.members[1:]:
            for what in ("strategies", "categories", "alive_at"):
                if getattr(member.job.program, what) != getattr(first.job.program, what):
                    raise UsageError(f"{member.label} and {first.label} differ in {what}: they cannot be averaged")

    @property
    def program(self) -> Program:
        """That of the first member; strategies and categories are the same in all."""
        return self.members[0].job.program

    @property
    def source(self) -> Source:
        """Where the draws of the first member come from."""
        return self.members[0].job.source

    @property
    def n(self) -> int:
        """Number of draws."""
        return sum(member.job.n for member in self.members)

    @property
    def segments(self) -> int:
        """Number of segments."""
        return sum(member.job.segments for member in self.members)

    @property
    def parts(self) -> tuple[slice, ...]:
        """The rows of each member's draws."""
        ends = list(accumulate(member.job.n for member in self.members))
        return tuple(slice(end - member.job.n, end) for member, end in zip(self.members, ends, strict=True))

    def _segment(self, index: int) -> tuple[Job, int]:
        ends = list(accumulate(member.job.segments for member in self.members))
        at = bisect_right(ends, index)
        job = self.members[at].job
        return job, index - (ends[at] - job.segments)

    def rows(self, index: int) -> int:
        """Number of draws of a segment."""
        job, own = self._segment(index)
        return job.rows(own)

    def draws(self, index: int, threads: int = 1) -> Mapping[str, Floats]:
        """Parameter values of a segment, each of shape (sample,)."""
        job, own = self._segment(index)
        return job.draws(own, threads)

    def run(self, index: int, *, threads: int = 1, chunk: int | None = None) -> Totals:
        """Totals of a segment. Raises InputError where a draw is not possible; it is counted within its member."""
        job, own = self._segment(index)
        return job.run(own, threads=threads, chunk=chunk)


def shares(weights: Sequence[float], n: int) -> list[int]:
    """`n` draws in proportion to weights that sum to 1, by largest remainders. Raises UsageError if one gets none."""
    exact = np.asarray(weights) * n
    whole = np.floor(exact + 1e-9).astype(int)
    for position in np.argsort(whole - exact, kind="stable")[: n - int(whole.sum())]:
        whole[position] += 1
    if whole.min() < 1:
        raise UsageError(f"n = {n:,} is too small: a structure that weighs {min(weights):.3g} would get no draw")
    return [int(count) for count in whole]


def member_seed(seed: int, position: int) -> int:
    """The seed of a member's draws; the first one has that of the analysis, so that alone it is the plain one."""
    return seed if position == 0 else int(np.random.SeedSequence([seed, position]).generate_state(1)[0])

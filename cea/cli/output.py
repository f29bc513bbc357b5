"""Where the results of a command go: looked at before the work, written after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.cli.options import OUTPUTS, Request
from cea.model.definition import Model
from cea.reports.run_folder import Manifest, check_target, check_writable, now, write_run


@dataclass(frozen=True)
class Output:
    """The run folder of a command that starts now; with --json there is one only where --out names it.

    `command` is the command line, `console` takes notes. Raises UsageError where the folder could not be written.
    """

    request: Request
    command: Sequence[str]
    console: Console
    started: str = field(default_factory=now)
    clock: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        out = self.request.out
        if out is not None:
            check_target(out, force=self.request.force)
        if self.writes:
            check_writable(OUTPUTS if out is None else out.parent)

    @property
    def writes(self) -> bool:
        """Whether there is a folder to write."""
        return self.request.out is not None or not self.request.as_json

    @property
    def seconds(self) -> float:
        """Time since the command started."""
        return round(time.perf_counter() - self.clock, 3)

    def write(
        self,
        model: Model,
        perspective: str,
        tables: Mapping[str, pd.DataFrame],
        figures: Callable[[Path], Sequence[Path]] | None = None,
        *,
        n: int | None = None,
        seed: int | None = None,
        headline: str = "",
    ) -> Manifest:
        """Writes the folder, where there is one, and says where; returns the manifest of the run.

        `n` and `seed` are those of its draws or points, where it has any; `headline` says in a line what was found.
        """
        manifest = self.request.manifest(model, perspective, self.command)
        manifest.n, manifest.seed, manifest.headline = n, seed, headline
        manifest.started = self.started
        manifest.seconds = self.seconds
        if self.writes:
            folder = write_run(manifest, OUTPUTS, tables, figures, self.request.out, force=self.request.force)
            self.note(f"Results: {folder.as_posix()}")
        return manifest

    def note(self, text: str, style: str = "") -> None:
        """Says something beside the data, unless asked to be quiet."""
        if not self.request.quiet:
            self.console.print(Text(text, style=style))

"""`cea runs`: the run folders that there are, with what each was and what it found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cea.reports.run_record import RunRecord, records
from cea.reports.terminal import Table, print_table


def execute(parent: Path, verb: str | None, last: int, out: Console, *, as_json: bool) -> None:
    """Lists the runs in a folder, the newest last. Raises UsageError where there is no such folder."""
    found, problems, unfinished = records(parent)
    chosen = [item for item in found if verb in (None, item.verb)]
    if as_json:
        report = {"runs": [_record(item) for item in chosen], "unfinished": unfinished, "problems": problems}
        out.out(json.dumps(report, indent=2, ensure_ascii=False))
        return
    shown = chosen[-last:]
    if not chosen:
        out.print(Text(f"No run{f' of {verb}' if verb else ''} in {parent.as_posix()}."))
    for model in dict.fromkeys(item.model for item in shown):
        print_table(out, _table(model, [item for item in shown if item.model == model]))
    if len(chosen) > len(shown):
        out.print(Text(f"{len(chosen) - len(shown)} older ones are not shown: --last {len(chosen)} shows all."))
    for name in unfinished:
        path = (parent / name).as_posix()
        out.print(Text(f"Unfinished: {path} (cea psa --resume {path})"))
    for problem in problems:
        out.print(Text(problem))


def _table(model: str, items: Sequence[RunRecord]) -> Table:
    columns = ("Started (UTC)", "Command", "Layers and settings", "What it found")
    # The folder is to be copied: like a number it is never broken.
    made = Table(model, [*((heading, False) for heading in columns), ("Folder", True)])
    for item in items:
        started, settings = item.started[:16].replace("T", " "), ", ".join(item.settings)
        made.add([started, item.verb, settings, item.headline, item.folder.name])
    return made


def _record(item: RunRecord) -> dict[str, Any]:
    return {
        "folder": item.folder.as_posix(), "verb": item.verb, "started": item.started, "model": item.model,
        "inputs": item.inputs, "layers": list(item.layers), "set": dict(item.values), "perspective": item.perspective,
        "headline": item.headline, "commit": item.commit,
    }  # fmt: skip

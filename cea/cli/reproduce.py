"""`cea reproduce`: a run made again from its manifest, and compared file by file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.text import Text

from cea.cli.again import run_again
from cea.errors import CheckError
from cea.reports.run_folder import check_target, check_writable, hash_file, hash_inputs
from cea.reports.run_record import RunRecord
from cea.reports.terminal import Table, print_table
from cea.reports.wording import NONE

SAME = "same"


@dataclass(frozen=True)
class Comparison:
    """A run beside its repetition: what became of each file, and of the versions that changed."""

    run: RunRecord
    again: RunRecord
    files: dict[str, str]
    versions: dict[str, tuple[str, str]]

    @property
    def different(self) -> list[str]:
        """Names of the files that are not the same."""
        return [name for name, state in self.files.items() if state != SAME]

    @property
    def same(self) -> bool:
        """Whether every table and figure, and the results themselves where the manifest has their hash, is the same."""
        return not self.different and self.run.results_hash == self.again.results_hash


def execute(
    run: Path, inputs: Path | None, out_folder: Path | None, out: Console, err: Console, *, quiet: bool, as_json: bool
) -> None:
    """Runs the command of the manifest again and compares. Raises CheckError where anything differs.

    Also raises it, before the work, where inputs or files of the run were changed since.
    """
    record = RunRecord.read(run)
    folder = inputs or Path(record.inputs)
    if out_folder is not None:
        check_target(out_folder, force=False)
        check_writable(out_folder.parent)
    _refuse_changed(record, folder)
    with tempfile.TemporaryDirectory() as spare:
        target = out_folder or Path(spare) / "again"
        # Where the draws are run makes no difference to the results; the run's own notes would name a passing folder.
        replaced = {"inputs": folder, "out": target, "force": False, "json": False, "quiet": True, "scheduler": None}
        if not quiet:
            told = f"Running again: {' '.join(record.command)} (it took {record.seconds:,.0f} s)"
            err.print(Text(told), soft_wrap=True)
        with suppress(CheckError):  # a check that fails fails again; what it wrote is compared all the same
            run_again(record.command, replaced)
        found = compare(record, RunRecord.read(target))
    if as_json:
        out.out(json.dumps(_report(found, out_folder), indent=2, ensure_ascii=False))
    else:
        _print(found, out, err, quiet=quiet)
    if not found.same:
        what = f"{len(found.different)} of {len(found.files)} files" if found.different else "the results"
        raise CheckError(f"{what} of {run.as_posix()} came out differently")


def compare(run: RunRecord, again: RunRecord) -> Comparison:
    """Two runs of one command, file by file: same, or what is different about it."""
    names = dict.fromkeys([*run.output_files, *again.output_files])
    versions = {
        name: (run.versions.get(name, NONE), again.versions.get(name, NONE))
        for name in dict.fromkeys([*run.versions, *again.versions])
        if run.versions.get(name) != again.versions.get(name)
    }
    return Comparison(run, again, {name: _state(name, run, again) for name in names}, versions)


def _refuse_changed(record: RunRecord, folder: Path) -> None:
    """Raises CheckError where files of the run, or what it was made from, are not what they were."""
    if edited := record.changed_files():
        raise CheckError(f"{record.folder.as_posix()} was changed after the run: {', '.join(edited)}")
    now = hash_inputs(folder)
    now |= {name: hash_file(Path(name)) for name in record.input_files if name not in now and Path(name).is_file()}
    names = sorted({*now, *record.input_files})
    changed = [name for name in names if now.get(name) != record.input_files.get(name)]
    if changed:
        listed = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        commit = f", as they were at commit {record.commit}" if record.commit else ""
        raise CheckError(
            f"the inputs in {folder.as_posix()} are not those of the run: {listed}; give these{commit}, with --inputs"
        )


def _state(name: str, run: RunRecord, again: RunRecord) -> str:
    if name not in run.output_files:
        return "new"
    if name not in again.output_files:
        return "not written"
    if run.output_files[name] == again.output_files[name]:
        return SAME
    return _distance(run.folder / name, again.folder / name) if name.endswith(".csv") else "different"


def _distance(first: Path, second: Path) -> str:
    """How far the numbers of two tables are apart."""
    one, two = pd.read_csv(first), pd.read_csv(second)
    numbers = one.select_dtypes("number").columns
    if list(one.columns) != list(two.columns) or len(one) != len(two) or not one[numbers].dtypes.equals(
        two[numbers].dtypes
    ):
        return "different rows or columns"
    left, right = one[numbers].to_numpy(float), two[numbers].to_numpy(float)
    if not one.drop(columns=numbers).equals(two.drop(columns=numbers)) or (np.isnan(left) != np.isnan(right)).any():
        return "different texts or gaps"
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(left - right) / np.maximum(np.abs(left), np.abs(right))
    most = np.nanmax(relative, initial=0.0)
    return f"different: numbers by up to {most:.1g} of their size"


def _print(found: Comparison, out: Console, err: Console, *, quiet: bool) -> None:
    if not quiet:
        for name, (then, now) in found.versions.items():
            err.print(Text(f"note: {name} was {then}, is {now}"))
    if found.different:
        made = Table(f"{found.run.folder.as_posix()}, run again", [("File", False), ("It is", False)])
        for name, state in found.files.items():
            made.add([name, state], strong=state != SAME)
        print_table(out, made)
    elif found.same:
        out.print(Text(f"All {len(found.files)} files are the same, byte for byte: {_kinds(list(found.files))}."))


def _kinds(names: Sequence[str]) -> str:
    figures = sum(name.endswith((".png", ".svg")) for name in names)
    tables = len(names) - figures
    return f"{tables} table{'' if tables == 1 else 's'}, {figures} files of figures"


def _report(found: Comparison, kept: Path | None) -> dict[str, Any]:
    return {
        "run": found.run.folder.as_posix(),
        "command": list(found.run.command),
        "same": found.same,
        "files": [{"file": name, "same": state == SAME, "state": state} for name, state in found.files.items()],
        "results_sha256": {"then": found.run.results_hash, "now": found.again.results_hash},
        "versions": [{"name": name, "then": then, "now": now} for name, (then, now) in found.versions.items()],
        "kept": None if kept is None else kept.as_posix(),
    }

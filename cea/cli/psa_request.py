"""What a probabilistic analysis was asked for, kept with the unfinished run so that a later process can take it up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import typer

from cea.cli.options import Request
from cea.errors import InputError, UsageError
from cea.reports.psa_store import PsaStore
from cea.reports.run_folder import Manifest

_WITH_RESUME = {"resume", "threads", "chunk", "scheduler", "quiet", "json", "figures"}
_NOT_WITH_DRAWS = {"n", "seed", "sampler", "joint", "average", "weight", "resolve"}


@dataclass(frozen=True)
class Sampling:
    """How many draws and from where, and the population that the user assumes for the value of information.

    `average` over structures, by the file's weights or these (question, choice, weight); `resolve` the solved
    parameters in each draw.
    """

    n: int
    seed: int
    sampler: str
    joint: str
    draws: Path | None
    incidence: float | None
    years: int
    average: bool = False
    weights: tuple[tuple[str, str, float], ...] = ()
    resolve: bool = False

    @property
    def source(self) -> str:
        """Where the draws come from, for a reader: the sampler, or `file`."""
        return "file" if self.draws is not None else self.sampler

    @property
    def independent(self) -> bool:
        """Whether draws are independent of each other; Latin hypercube and Sobol points are not."""
        return self.draws is not None or self.sampler == "random"


@dataclass(frozen=True)
class Told:
    """What an unfinished run says of itself."""

    command: list[str]
    started: str
    input_hashes: dict[str, str]
    versions: dict[str, str]
    store: PsaStore

    def check(self, manifest: Manifest) -> None:
        """Raises UsageError when inputs, draws or versions are no longer those of the run's beginning."""
        changed = sorted(
            name
            for name in {*self.input_hashes, *manifest.input_hashes}
            if self.input_hashes.get(name) != manifest.input_hashes.get(name)
        )
        changed += [
            f"{name} {manifest.versions.get(name)} (was {version})"
            for name, version in self.versions.items()
            if manifest.versions.get(name) != version
        ]
        if changed:
            raise UsageError(
                f"{', '.join(changed)} changed since {self.store.folder} was started: the rest would not belong to "
                "what is done; start the run anew"
            )


def refuse_mixed(context: typer.Context, *, resume: bool, draws: bool) -> None:
    """Raises UsageError for given options that say what --resume or --draws has settled already."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    named = {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
    if resume and (extra := named - _WITH_RESUME):
        raise UsageError(f"--resume takes up a run as it was asked for: leave out {_options(extra)}")
    if draws and (extra := named & _NOT_WITH_DRAWS):
        raise UsageError(f"--draws runs the draws of a file as they are: leave out {_options(extra)}")


def _options(names: Iterable[str]) -> str:
    spelled = {"n": "-n", "set_": "--set"}
    return ", ".join(sorted(spelled.get(name, f"--{name}") for name in names))


def remembered(request: Request, sampling: Sampling, manifest: Manifest) -> dict[str, Any]:
    """What decides the results, for `PsaStore.create`."""
    return {
        "command": manifest.command,
        "started": manifest.started,
        "directory": Path.cwd().as_posix(),
        "request": {
            "inputs": request.inputs.as_posix(),
            "layers": list(request.layers),
            "values": request.values,
            "perspective": request.perspective,
            "threshold": request.threshold,
            "comparator": request.comparator,
            "force": request.force,
        },
        "sampling": asdict(sampling) | {"draws": sampling.draws.as_posix() if sampling.draws else None},
        "input_hashes": manifest.input_hashes,
        "versions": manifest.versions,
    }


def taken_up(store: PsaStore, request: Request) -> tuple[Request, Sampling, Told]:
    """What the unfinished run was asked for, with what `request` says of output. Raises InputError when unreadable."""
    told = store.request
    try:
        asked, sampling, directory = dict(told["request"]), dict(told["sampling"]), Path(told["directory"])
        asked |= {"inputs": _found(asked["inputs"], directory), "layers": tuple(asked["layers"])}
        sampling["draws"] = _found(sampling["draws"], directory) if sampling["draws"] else None
        again = replace(request, **asked, out=store.run)
        known = Told(told["command"], told["started"], told["input_hashes"], told["versions"], store)
        return again, Sampling(**sampling), known
    except (KeyError, TypeError):
        raise InputError(f"the request in {store.folder} cannot be read: start the run anew") from None


def _found(path: str, directory: Path) -> Path:
    """A path as it was given, seen from the folder where it was given if it does not exist from here."""
    return Path(path) if Path(path).exists() else directory / path

"""What a user has chosen: layers, perspective, threshold and edits. Every page is a function of it."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

LINK_FORMAT = 1
"""The version of share links and scenario files."""

_EDIT = "set."


@dataclass(frozen=True)
class Setting:
    """Differences to the model as it is written; the empty setting is the base case.

    `layers` are full names in the order in which they apply, `edits` parameters with their new values by name. None
    stands for the model's own perspective and threshold.
    """

    layers: tuple[str, ...] = ()
    perspective: str | None = None
    threshold: float | None = None
    edits: tuple[tuple[str, float], ...] = ()

    @property
    def values(self) -> dict[str, float]:
        """The edits as a mapping."""
        return dict(self.edits)

    @property
    def is_base(self) -> bool:
        """Whether nothing differs from the model as it is written."""
        return self == Setting()

    def with_value(self, name: str, value: float) -> Setting:
        """The setting with a parameter set to a number."""
        return self.with_values({**self.values, name: float(value)})

    def with_values(self, values: Mapping[str, float]) -> Setting:
        """The setting with these edits and no others."""
        return replace(self, edits=tuple(sorted(values.items())))

    def without(self, names: Iterable[str]) -> Setting:
        """The setting without the edits of some parameters."""
        gone = set(names)
        return self.with_values({name: value for name, value in self.edits if name not in gone})

    def on_layers(self) -> Setting:
        """The setting without its edits: what they are changes of."""
        return replace(self, edits=())

    # How others get to the same place

    def options(self) -> list[str]:
        """The options of the command line that give this setting."""
        given = [part for name in self.layers for part in ("--layer", name)]
        given += [part for name, value in self.edits for part in ("--set", f"{name}={value!r}")]
        given += ["--perspective", self.perspective] if self.perspective is not None else []
        return given + (["--wtp", repr(self.threshold)] if self.threshold is not None else [])

    def command(self, verb: str, folder: str, *more: str) -> str:
        """The command line that gives these results, for a shell."""
        return shlex.join(["cea", verb, "--inputs", folder, *self.options(), *more])

    def python(self, folder: str, n: int | None = None, seed: int = 1) -> str:
        """The lines of Python that give these results; with `n` those of the probabilistic analysis as well."""
        given = [json.dumps(folder)]
        given += [f"layers={_listed(self.layers)}"] if self.layers else []
        values = ", ".join(f"{json.dumps(name)}: {value!r}" for name, value in self.edits)
        given += [f"values={{{values}}}"] if self.edits else []
        chosen = f", perspective={json.dumps(self.perspective)}" if self.perspective is not None else ""
        lines = ["import cea", "", f"model = cea.load({', '.join(given)})"]
        if self.threshold is not None:
            lines[1:1] = ["from cea.analysis.headline import with_threshold"]
            lines.append(f"model = with_threshold(model, {self.threshold!r})")
        lines += [f"results = cea.run(model{chosen})", "print(cea.incremental(results).frame())"]
        if n is not None:
            lines += ["", f"draws = cea.sample(model, n={n}, seed={seed})", f"psa = cea.run(model, draws{chosen})"]
            lines.append("print(cea.summary(psa).frame())")
        return "\n".join(lines)

    def to_query(self, version: str) -> dict[str, str]:
        """The setting as the parameters of a link; `version` is that of the model. The base case has none."""
        if self.is_base:
            return {}
        found = {"v": f"{LINK_FORMAT}-{version}"}
        found |= {"layers": ",".join(self.layers)} if self.layers else {}
        found |= {"perspective": self.perspective} if self.perspective is not None else {}
        found |= {"wtp": repr(self.threshold)} if self.threshold is not None else {}
        return found | {f"{_EDIT}{name}": repr(value) for name, value in self.edits}


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(text) for text in texts)}]"


@dataclass(frozen=True)
class Known:
    """The names that a setting may use: layers in the order in which they apply, perspectives and parameters."""

    layers: tuple[str, ...]
    perspectives: frozenset[str]
    parameters: frozenset[str]


def from_parts(
    known: Known,
    layers: Iterable[str],
    perspective: str | None,
    threshold: str | float | None,
    values: Mapping[str, str | float],
) -> tuple[Setting, list[str]]:
    """A setting from what a link or a file says, and a message for each part that cannot be used here."""
    said: list[str] = []
    asked = list(dict.fromkeys(layers))
    said += [
        f"the layer {_quoted(name)} is not known here and was left out" for name in asked if name not in known.layers
    ]
    if perspective is not None and perspective not in known.perspectives:
        said.append(f"the perspective {_quoted(perspective)} is not known here; the model's own is used")
        perspective = None
    limit = None if threshold is None else _number(threshold)
    if threshold is not None and (limit is None or limit <= 0):
        said.append(f"the threshold {_quoted(threshold)} is no amount above zero; the model's own is used")
        limit = None
    edits: dict[str, float] = {}
    for name, given in values.items():
        value = _number(given)
        if name not in known.parameters:
            said.append(f"the input {_quoted(name)} is not known here and was left out")
        elif value is None:
            said.append(f"{_quoted(given)} is no number for {name}, which keeps its value")
        else:
            edits[name] = value
    chosen = tuple(name for name in known.layers if name in asked)
    return Setting(chosen, perspective, limit).with_values(edits), said


def from_query(query: Mapping[str, str], known: Known, version: str) -> tuple[Setting, list[str]]:
    """The setting that a link describes, and what to say about parts of it that cannot be used."""
    said: list[str] = []
    if not query:
        return Setting(), said
    form, _, made_with = query.get("v", "").partition("-")
    if form != str(LINK_FORMAT):
        said.append("the link does not say how it is to be read, so what is known of it is used")
    elif made_with != version:
        said.append("the link was made with another version of the model: its values are used, results may differ")
    values = {key.removeprefix(_EDIT): text for key, text in query.items() if key.startswith(_EDIT)}
    others = [key for key in query if not key.startswith(_EDIT) and key not in ("v", "layers", "perspective", "wtp")]
    said += [f"the part {_quoted(key)} of the link is not known and was left out" for key in others]
    layers = [name for name in query.get("layers", "").split(",") if name]
    setting, more = from_parts(known, layers, query.get("perspective"), query.get("wtp"), values)
    return setting, said + more


def _number(given: str | float) -> float | None:
    try:
        value = float(given)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _quoted(text: object) -> str:
    """Text from outside, cut to a length that a message can hold."""
    shown = str(text)
    return f"'{shown[:40]}{'…' if len(shown) > 40 else ''}'"

"""Models and base results, computed once and shared by all sessions; everything shared is frozen.

The keys of the caches are the model folder, the version of its files, and the setting. What users upload is never kept
here: an uploaded scenario becomes a setting of its session.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import streamlit as st

from cea.analysis.headline import HeadlineResult, headlines, with_threshold
from cea.analysis.incremental import Incremental, incremental
from cea.analysis.one_way import one_way
from cea.dashboard.setting import Known, Setting
from cea.engine.results import Results, run
from cea.errors import CeaError, UsageError
from cea.loading.folder import Folder, load
from cea.model.definition import Model
from cea.model.layers import Layer
from cea.reports import catalogue
from cea.reports.run_folder import hash_inputs
from cea.reports.run_report import Report
from cea.reports.run_report import Setting as NamedHeadlines
from cea.reports.values import constant, evaluated

DEFAULT_FOLDER = "inputs/cirrhosis"
MAIN_INPUTS = 8
"""Inputs that stand beside every page."""


@dataclass(frozen=True)
class Source:
    """A model folder and the version of its files."""

    folder: str
    version: str

    @classmethod
    def now(cls) -> Source:
        """The folder that the environment names (CEA_INPUTS), as it is on disk now."""
        folder = os.environ.get("CEA_INPUTS", DEFAULT_FOLDER)
        Folder(folder)  # says what is wrong where there is no model
        files = json.dumps(hash_inputs(Path(folder)), sort_keys=True)
        return cls(folder, hashlib.sha256(files.encode()).hexdigest()[:8])


@dataclass(frozen=True, eq=False)
class Shelf:
    """What a model folder holds: the model as it is written, and its layers by full name in the order they apply."""

    model: Model
    layers: Mapping[str, Layer]
    kinds: tuple[str, ...]

    @cached_property
    def known(self) -> Known:
        """The names that a setting may use."""
        names = set(self.model.parameters)
        for layer in self.layers.values():
            added = layer.node.entries.get("add")
            section = added.entries.get("parameters") if added is not None else None
            names.update(section.entries if section is not None else ())
        return Known(tuple(self.layers), frozenset(self.model.perspectives), frozenset(names))

    def of_kind(self, kind: str) -> list[Layer]:
        """The layers of one folder."""
        return [layer for name, layer in self.layers.items() if name.startswith(f"{kind}/")]

    @property
    def exclusive(self) -> str | None:
        """The folder of which a model takes one layer only; None where there is one folder of layers."""
        return self.kinds[0] if len(self.kinds) > 1 else None


@dataclass(frozen=True, eq=False)
class Answer:
    """The base results of a setting with the analyses that are shown of them."""

    setting: Setting
    results: Results
    found: Incremental
    headlines: tuple[HeadlineResult, ...]

    @property
    def model(self) -> Model:
        """The model with all layers and edits."""
        return self.results.model

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the strategies by name."""
        return {name: item.label for name, item in self.model.strategies.items()}

    def label(self, strategy: str) -> str:
        """The label of a strategy."""
        return self.model.strategies[strategy].label

    @property
    def money_unit(self) -> str:
        """Price year and currency, for titles."""
        return self.results.outcomes.money


@st.cache_resource(max_entries=4, show_spinner="Reading the model ...")
def shelf(source: Source) -> Shelf:
    """The model of a folder and its layers. Raises InputError and UsageError."""
    model = load(source.folder)
    folder = Folder(source.folder)
    layers = {name: folder.layer(name) for name in folder.layer_names(model.document)}
    gc.collect()
    gc.freeze()  # the libraries and the model stay: every search for garbage would stop all sessions to look at them
    return Shelf(model, layers, tuple(folder.layer_folders(model.document)))


@st.cache_resource(max_entries=64, show_spinner=False)
def layered(source: Source, layers: tuple[str, ...]) -> Model:
    """The model with layers, without edits. Raises InputError and UsageError."""
    return load(source.folder, layers)


def model_of(source: Source, setting: Setting) -> Model:
    """The model of a setting. Raises InputError and UsageError."""
    return with_threshold(layered(source, setting.layers).with_values(setting.values), setting.threshold)


@st.cache_resource(max_entries=128, show_spinner=False)
def answer(source: Source, setting: Setting) -> Answer:
    """The base results of a setting. Raises InputError and UsageError."""
    results = run(model_of(source, setting), setting.perspective)
    return Answer(setting, results, incremental(results.outcomes), tuple(headlines(results)))


@st.cache_resource(max_entries=32, show_spinner=False)
def report(source: Source, setting: Setting) -> Report:
    """The base results of a setting as `cea run` reports them. Raises InputError and UsageError."""
    return beside(answer(source, setting), shelf(source).layers)


def beside(own: Answer, layers: Mapping[str, Layer]) -> Report:
    """Base results with the headlines under each layer that the model wants to see beside them, as `cea run` has."""
    found: list[NamedHeadlines] = [("as run" if own.model.layers else "base case", own.headlines)]
    present = {layer.name for layer in own.model.layers}
    for name in own.model.beside if own.headlines else ():
        if name in present:
            continue
        try:
            other = run(own.model.with_layer(layers[name]), own.results.perspective)
        except CeaError:
            continue  # a layer that does not fit this selection says so on the page of scenarios
        found.append((layers[name].label, headlines(other)))
    return Report(own.results, own.found, found)


@st.cache_resource(max_entries=64, show_spinner=False)
def inputs(source: Source, setting: Setting) -> pd.DataFrame:
    """The parameters of a setting as `cea.reports.catalogue.parameters` lists them, by name; only those in use."""
    model = answer(source, setting).model
    frame = catalogue.parameters(model, evaluated(model)).set_index("name", drop=False)
    return frame[frame["name"].isin(model.used)]


@st.cache_resource(max_entries=32, show_spinner=False)
def values(source: Source, layers: tuple[str, ...]) -> Mapping[str, float | None]:
    """The values of all parameters before any edit; None where one varies over time or strategies."""
    model = layered(source, layers)
    scope = evaluated(model)
    return {name: constant(scope, name) for name in model.parameters}


@st.cache_resource(max_entries=4, show_spinner="Looking for the inputs that matter most ...")
def main_inputs(source: Source) -> tuple[str, ...]:
    """The inputs that matter most: the prices of the headlines, then those with the largest swings in each by turns."""
    model = shelf(source).model
    try:
        found = one_way(model)
    except UsageError:
        return tuple(name for name in model.parameters if name in model.used)[:MAIN_INPUTS]
    ranks: dict[str, int] = {}
    for item in found:
        for position, bar in enumerate(bar for bar in item.sorted() if len(bar.input.members) == 1):
            ranks[bar.input.name] = min(position, ranks.get(bar.input.name, position))
    prices = [item.comparison.price for item in found if item.comparison.price is not None]
    chosen = dict.fromkeys([*prices, *sorted(ranks, key=lambda name: ranks[name])])
    return tuple(chosen)[:MAIN_INPUTS]


def fresh(source: Source, setting: Setting, layers: tuple[str, ...]) -> Model:
    """The model of a setting under other layers; nothing is kept. Raises InputError and UsageError."""
    return with_threshold(load(source.folder, layers, setting.values), setting.threshold)

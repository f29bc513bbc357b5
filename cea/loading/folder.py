"""A model folder on disk: finding its files, reading them, and putting layers on top."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from os import PathLike
from pathlib import Path, PurePosixPath

from cea.errors import CeaError, InputError, Place, Problem, UsageError
from cea.loading.yaml_reader import read_text, read_yaml
from cea.model.build import build
from cea.model.definition import Model
from cea.model.document import SINGULAR, Node, did_you_mean, shortened, unknown
from cea.model.layers import Layer
from cea.model.tables import Cells, read_cells

MAX_CSV_BYTES = 50_000_000


class FolderFiles(Mapping[str, Cells]):
    """The CSV files of a model folder by relative path, read when first asked for; nothing outside the folder."""

    def __init__(self, root: Path, shown: str) -> None:
        self.root = root
        self.shown = shown
        self._read: dict[str, Cells] = {}

    def _path(self, name: str) -> Path | None:
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or pure.suffix.lower() != ".csv" or "\\" in name:
            return None
        return _inside(self.root, self.root / pure)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._path(name) is not None

    def __getitem__(self, name: str) -> Cells:
        if name not in self._read:
            path = self._path(name)
            if path is None:
                raise KeyError(name)
            shown = f"{self.shown}/{name}"
            problems: list[Problem] = []
            cells = read_cells(read_text(path, shown, MAX_CSV_BYTES), shown, problems)
            if problems:
                raise InputError(problems)
            self._read[name] = cells
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*.csv")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _inside(root: Path, path: Path) -> Path | None:
    """The path if it is a file in the folder, links followed; else None."""
    try:
        real = path.resolve()
        return path if real.is_file() and real.is_relative_to(root.resolve()) else None
    except (OSError, ValueError):
        return None  # a name that no file can have


class Folder:
    """A model folder. Raises UsageError when there is none at `path`."""

    def __init__(self, path: str | Path) -> None:
        if not isinstance(path, str | PathLike):
            raise UsageError(f"{shortened(repr(path))} is not the path of a model folder")
        self.path = Path(path)
        self.shown = self.path.as_posix()
        try:
            there = self.path.is_dir()
        except OSError:
            there = False  # a name that no folder can have
        if not there:
            raise UsageError(f"there is no folder {shortened(self.shown, 120)}; name a model folder with --inputs")
        if _inside(self.path, self.path / "model.yaml") is None:
            place = Place(f"{self.shown}/model.yaml")
            raise InputError([Problem("the folder has no model.yaml", place, "write one, or start with `cea new`")])

    def document(self) -> Node:
        """model.yaml with the parameters and sources merged in as sections. Raises InputError with all problems."""
        document, problems, _ = self.read()
        if problems:
            raise InputError(problems)
        return document

    def read(self) -> tuple[Node, list[Problem], frozenset[str]]:
        """The document, the problems of reading it, and the sections of which some file could not be read.

        Raises InputError when model.yaml itself cannot be read.
        """
        problems: list[Problem] = []
        unread: set[str] = set()
        model = self._read("model.yaml", problems)
        sections: dict[str, dict[str, Node]] = {"parameters": {}, "sources": {}}
        for section, entries in sections.items():
            for name in self._section_files(section, problems):
                part = self._read(name, problems)
                if part is None:
                    unread.add(section)
                else:
                    self._collect(section, part, entries, problems)
        if model is None:
            raise InputError(problems)
        merged = dict(model.entries)
        for section, entries in sections.items():
            inline = merged.get(section)
            if inline is not None and not isinstance(inline.value, dict):
                continue  # told when its shape is checked
            self._collect(section, inline or model.with_entries({}), entries, problems)
            merged[section] = Node(entries, Place(f"{self.shown}/{section}.yaml"))
        document = model.with_entries(merged)
        self._check_folders(document, problems)
        return document, problems, frozenset(unread)

    def _section_files(self, section: str, problems: list[Problem]) -> list[str]:
        single = [f"{section}.yaml"] if (self.path / f"{section}.yaml").is_file() else []
        for stray in sorted([*self.path.glob(f"{section}.yml"), *(self.path / section).glob("*.yml")]):
            place = Place(f"{self.shown}/{stray.relative_to(self.path).as_posix()}")
            problems.append(Problem("files that end in .yml are not read", place, "rename it to end in .yaml"))
        return single + self._yaml_files(section)

    def _yaml_files(self, folder: str) -> list[str]:
        found = (item for item in (self.path / folder).glob("*.yaml") if _inside(self.path, item) is not None)
        return sorted(item.relative_to(self.path).as_posix() for item in found)

    def _read(self, name: str, problems: list[Problem]) -> Node | None:
        try:
            node = read_yaml(self.path / name, f"{self.shown}/{name}")
        except InputError as error:
            problems.extend(error.problems)
            return None
        if not isinstance(node.value, dict):
            remedy = "write it as indented lines `name: value`"
            problems.append(Problem("expected a mapping of names to values", node.place, remedy))
            return None
        return node

    @staticmethod
    def _collect(section: str, part: Node, entries: dict[str, Node], problems: list[Problem]) -> None:
        for name, node in part.entries.items():
            if name in entries:
                what = f"the {SINGULAR[section]} '{shortened(name)}' is given twice"
                remedy = f"delete one of them; the first one is at {entries[name].key_place}"
                problems.append(Problem(what, node.key_place, remedy))
            else:
                entries[name] = node

    def _check_folders(self, document: Node, problems: list[Problem]) -> None:
        """The folders with layers lie in the model folder, and the layers named under `beside` exist."""
        for item in document.entries["layers"].items if "layers" in document.entries else ():
            if isinstance(item.value, str) and not _is_folder_name(item.value):
                what = f"'{shortened(item.value)}' is not the name of a folder with layers"
                problems.append(Problem(what, item.place, "write a plain name such as scenarios"))
        for item in document.entries["beside"].items if "beside" in document.entries else ():
            name = str(item.value)
            if (
                name.split("/", maxsplit=1)[0] not in self.layer_folders(document)
                or _inside(self.path, self.path / f"{name}.yaml") is None
            ):
                problems.append(unknown("layer", name, item.place, self.layer_names(document)))

    def layer_folders(self, document: Node) -> list[str]:
        """The folders with layers, in the order in which they apply."""
        listed = document.entries["layers"].items if "layers" in document.entries else []
        names = [str(item.value) for item in listed if _is_folder_name(str(item.value))]
        return names or ["jurisdictions", "populations", "scenarios"]

    def layer_names(self, document: Node) -> list[str]:
        """Names such as scenarios/no_effect of all layers in the folder."""
        return [name.removesuffix(".yaml") for kind in self.layer_folders(document) for name in self._yaml_files(kind)]

    def resolve(self, document: Node, name: str) -> str:
        """The full name of a layer given in full, by its file name alone or, ending in .yaml, by the path of its file.

        A file outside the folder is its own full name. Raises UsageError.
        """
        known = self.layer_names(document)
        wanted = name.removesuffix(".yaml")
        matches = [item for item in known if wanted in (item, item.split("/", 1)[1])]
        file = self._file_of_layer(name, known)
        if file is not None and set(matches) <= {file}:
            return file
        if file is not None:
            what = f"'{shortened(name)}' is a file here and a layer of the model, {matches[0]}"
            raise UsageError(f"{what}: write ./{shortened(name)} for the file, {matches[0]} for the layer")
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UsageError(f"the layer '{name}' is ambiguous: {', '.join(matches)}")
        choice = known if "/" in wanted else [item.split("/", 1)[1] for item in known]
        raise UsageError(f"unknown layer '{shortened(name)}': {did_you_mean(wanted, choice)}")

    def _file_of_layer(self, name: str, known: Iterable[str]) -> str | None:
        """The full name of the layer in a file, by its path; None where the text is no path of a YAML file."""
        path = Path(name)
        try:
            if path.suffix != ".yaml" or not path.is_file():
                return None
            inside = (item for item in known if (self.path / f"{item}.yaml").samefile(path))
            shown = path.as_posix()
            return next(inside, shown if shown.startswith(("/", "../")) else f"./{shown}")
        except OSError:
            return None  # a name that no file can have

    def in_order(self, document: Node, layers: Iterable[str]) -> list[str]:
        """Full names of layers, each once, in the order in which they apply; files outside the folder come last.

        Raises UsageError, also for two jurisdictions.
        """
        kinds = self.layer_folders(document)
        names = dict.fromkeys(self.resolve(document, name) for name in layers)
        jurisdictions = [name for name in names if self.is_jurisdiction(document, name)]
        if len(jurisdictions) > 1:
            raise UsageError(
                f"{' and '.join(jurisdictions)} exclude each other: a model takes one layer of {kinds[0]}/ at a time"
            )
        return sorted(names, key=lambda name: len(kinds) if is_file(name) else kinds.index(name.split("/", 1)[0]))

    def is_jurisdiction(self, document: Node, name: str) -> bool:
        """Whether a layer, by its full name, is of the first of several folders, of which a model takes only one."""
        kinds = self.layer_folders(document)
        return len(kinds) > 1 and not is_file(name) and name.split("/", 1)[0] == kinds[0]

    def on_top(self, document: Node, layers: Iterable[str], further: Iterable[str]) -> tuple[str, ...]:
        """Full names of `layers` with `further` ones; a jurisdiction among these takes the place of the one there.

        Raises UsageError.
        """
        added = [self.resolve(document, name) for name in further]
        kept = [self.resolve(document, name) for name in layers]
        if any(self.is_jurisdiction(document, name) for name in added):
            kept = [name for name in kept if not self.is_jurisdiction(document, name)]
        return (*kept, *added)

    def layer(self, name: str) -> Layer:
        """Reads one layer by its full name. Raises InputError."""
        if is_file(name):
            return Layer.from_node(name, read_yaml(Path(name), name, name))
        shown = f"{self.shown}/{name}.yaml"
        return Layer.from_node(name, read_yaml(self.path / f"{name}.yaml", shown, name))

    def named(self, document: Node, name: str, place: Place, problems: list[Problem]) -> Layer | None:
        """The layer that a file names at `place`; None, with its problems added, where it cannot be read."""
        try:
            return self.layer(self.resolve(document, name))
        except InputError as error:
            problems += error.problems
        except CeaError:
            problems.append(unknown("layer", name, place, self.layer_names(document)))
        return None


def is_file(layer: str) -> bool:
    """Whether a layer, by its full name, is a file outside the model folder; such a name is a path."""
    return layer.endswith(".yaml")


def load(
    path: str | Path = "inputs/cirrhosis", layers: str | Iterable[str] = (), values: Mapping[str, float] | None = None
) -> Model:
    """Loads the model in a folder with layers on top, jurisdictions first and edits last.

    `layers` are names such as "jurisdictions/england" or "england", at most one of them of the first folder with layers
    where there are several, or paths of layers outside the folder, which end in .yaml; a text is one name. `values`
    sets parameters to numbers. Raises InputError with every problem in the files, UsageError for a folder or a layer
    that does not exist and for arguments of another kind.
    """
    names, edits = _names(layers), _numbers(values)
    folder = Folder(path)
    document, problems, unread = folder.read()
    chosen: list[Layer] = []
    for name in folder.in_order(document, names):
        try:
            chosen.append(folder.layer(name))
        except InputError as error:
            problems.extend(error.problems)
            unread |= {"layers"}
    if "layers" in unread:
        chosen = []  # a layer on top of one that could not be read would seem wrong
    if edits:
        chosen.append(Layer.from_values(edits))
    return build(document, FolderFiles(folder.path, folder.shown), tuple(chosen), problems, unread)


def _names(layers: object) -> list[str]:
    """Names of layers, of which a text is one. Raises UsageError."""
    given = [layers] if isinstance(layers, str) else list(layers) if isinstance(layers, Iterable) else [layers]
    names = [name for name in given if isinstance(name, str)]
    if len(names) < len(given):
        raise UsageError(f"layers must be names such as 'england', not {shortened(repr(layers))}")
    return names


def _numbers(values: object) -> dict[str, float]:
    """Edits as numbers by parameter. Raises UsageError."""
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise UsageError(f"values must be numbers by parameter, not {shortened(repr(values))}")
    wrong = [
        f"{shortened(repr(name))}: {shortened(repr(value))}"
        for name, value in values.items()
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, Real)
    ]
    if wrong:
        raise UsageError(f"values must be finite numbers by parameter, not {', '.join(wrong)}")
    return {name: float(value) for name, value in values.items()}


def _is_folder_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", text) is not None

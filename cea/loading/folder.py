"""A model folder on disk: finding its files, reading them, and putting layers on top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from cea.errors import InputError, Place, Problem, UsageError
from cea.loading.yaml_reader import read_text, read_yaml
from cea.model.build import build
from cea.model.definition import Model
from cea.model.document import Node, did_you_mean
from cea.model.layers import Layer
from cea.model.tables import Cells, read_cells

MAX_CSV_BYTES = 50_000_000
EDIT_KIND = "edits"


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
        path = (self.root / pure).resolve()
        return path if path.is_file() and path.is_relative_to(self.root.resolve()) else None

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


class Folder:
    """A model folder. Raises UsageError when there is none at `path`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.shown = self.path.as_posix()
        if not self.path.is_dir():
            raise UsageError(f"there is no folder {self.shown}; name a model folder with --inputs")
        if not (self.path / "model.yaml").is_file():
            raise InputError([Problem("the folder has no model.yaml", Place(self.shown), "see docs/format.md or `cea new`")])

    def document(self) -> Node:
        """model.yaml with the parameters and sources merged in as sections. Raises InputError with all problems."""
        problems: list[Problem] = []
        model = self._read("model.yaml", problems)
        sections: dict[str, dict[str, Node]] = {"parameters": {}, "sources": {}}
        for section, entries in sections.items():
            for name in self._section_files(section):
                part = self._read(name, problems)
                if part is not None:
                    self._collect(section, part, entries, problems)
        if problems or model is None:
            raise InputError(problems)
        merged = dict(model.entries)
        for section, entries in sections.items():
            if section in merged:
                self._collect(section, merged[section], entries, problems)
            place = Place(f"{self.shown}/{section}.yaml")
            merged[section] = Node(dict(entries), place)
        if problems:
            raise InputError(problems)
        return model.with_entries(merged)

    def _section_files(self, section: str) -> list[str]:
        single = [f"{section}.yaml"] if (self.path / f"{section}.yaml").is_file() else []
        many = sorted(item.relative_to(self.path).as_posix() for item in (self.path / section).glob("*.yaml"))
        return single + many

    def _read(self, name: str, problems: list[Problem]) -> Node | None:
        try:
            node = read_yaml(self.path / name, f"{self.shown}/{name}")
        except InputError as error:
            problems.extend(error.problems)
            return None
        if not isinstance(node.value, dict):
            problems.append(Problem("expected a mapping of names to values", node.place, "see docs/format.md"))
            return None
        return node

    @staticmethod
    def _collect(section: str, part: Node, entries: dict[str, Node], problems: list[Problem]) -> None:
        for name, node in part.entries.items():
            if name in entries:
                first = entries[name].key_place
                problems.append(Problem(f"{section.rstrip('s')} '{name}' is given twice", node.key_place, f"first at {first}"))
            else:
                entries[name] = node

    def layer_folders(self, document: Node) -> list[str]:
        """The folders with layers, in the order in which they apply."""
        listed = [str(item.value) for item in document.find(["layers"]).items] if "layers" in document.entries else []
        return listed or ["jurisdictions", "populations", "scenarios"]

    def layer_names(self, document: Node) -> list[str]:
        """Names such as scenarios/no_effect of all layers in the folder."""
        return [
            f"{kind}/{item.stem}" for kind in self.layer_folders(document) for item in sorted((self.path / kind).glob("*.yaml"))
        ]

    def resolve(self, document: Node, name: str) -> str:
        """The full name of a layer given in full or by its file name alone. Raises UsageError."""
        known = self.layer_names(document)
        wanted = name.removesuffix(".yaml")
        matches = [item for item in known if wanted in (item, item.split("/", 1)[1])]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UsageError(f"the layer '{name}' is ambiguous: {', '.join(matches)}")
        raise UsageError(f"unknown layer '{name}': {did_you_mean(wanted, known)}")

    def layer(self, name: str) -> Layer:
        """Reads one layer by its full name. Raises InputError."""
        shown = f"{self.shown}/{name}.yaml"
        return Layer.from_node(name, read_yaml(self.path / f"{name}.yaml", shown, name))


def load(
    path: str | Path = "inputs/cirrhosis", layers: Iterable[str] = (), values: Mapping[str, float] | None = None
) -> Model:
    """Loads the model in a folder with layers on top, jurisdictions first and edits last.

    `layers` are names such as "jurisdictions/england" or "england"; `values` sets parameters to numbers. Raises InputError with
    every problem in the files, UsageError for a folder or a layer that does not exist.
    """
    folder = Folder(path)
    document = folder.document()
    order = folder.layer_folders(document)
    names = [folder.resolve(document, name) for name in layers]
    names.sort(key=lambda name: order.index(name.split("/", 1)[0]))
    chosen, problems = [], []
    for name in dict.fromkeys(names):
        try:
            chosen.append(folder.layer(name))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    if values:
        chosen.append(Layer.from_values(dict(values)))
    return build(document, FolderFiles(folder.path, folder.shown), tuple(chosen))

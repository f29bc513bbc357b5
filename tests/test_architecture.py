"""The package's rules that a reader cannot see at a glance: who may import whom, and what nobody may do."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest

from tests.models import ROOT

PACKAGE = ROOT / "cea"

# Which parts of the package each part may import: data goes one way.
MAY_IMPORT = {
    "errors": set(),
    "formula": {"errors"},
    "model": {"errors", "formula"},
    "engine": {"errors", "formula", "model"},
    "analysis": {"errors", "formula", "model", "engine"},
    "loading": {"errors", "formula", "model", "engine", "analysis"},
    "reports": {"errors", "formula", "model", "engine", "analysis"},
    "cli": {"errors", "formula", "model", "engine", "analysis", "loading", "reports"},
    "dashboard": {"errors", "formula", "model", "engine", "analysis", "loading", "reports"},
    "__init__": {"errors", "formula", "model", "engine", "analysis", "loading", "reports"},
    "__main__": {"errors", "formula", "model", "engine", "analysis", "loading", "reports", "cli"},
}

# Libraries that only one part of the package may import.
ONLY_IN = {
    "matplotlib": "reports",
    "xlsxwriter": "reports",
    "docx": "reports",
    "streamlit": "dashboard",
    "altair": "dashboard",
    "ruamel": "loading",
    "_ruamel_yaml": "loading",
    "typer": "cli",
}

# Arrays only: no tables of pandas where every microsecond counts.
KERNELS = (
    "engine/markov.py",
    "engine/exponential.py",
    "engine/correction.py",
    "engine/scope.py",
    "engine/cohort.py",
    "engine/payoffs.py",
    "formula/numeric.py",
    "formula/functions.py",
)

HEAVY = (
    "matplotlib", "streamlit", "sklearn", "SALib", "scipy.optimize", "scipy.stats", "xlsxwriter", "openpyxl", "docx",
)  # fmt: skip

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
# Longer on purpose, each with its reason.
LONGER_FILES: dict[str, str] = {}
LONGER_FUNCTIONS: dict[str, str] = {}

# The model that is taken where none is named.
DEFAULT_FOLDER = "inputs/cirrhosis"
LIVER = ("liver", "cirrho", "child_pugh", "child-pugh", "hepat", "transplant", "msc_", "palliative")


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its path in it."""
    files = sorted(item for item in PACKAGE.rglob("*.py") if "__pycache__" not in item.parts)
    return {item.relative_to(PACKAGE).as_posix(): ast.parse(item.read_text(encoding="utf-8")) for item in files}


def part(path: str) -> str:
    """The part of the package that a module belongs to."""
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Absolute names of the modules that a module imports anywhere in it, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports hide who imports whom"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def named(name: str, library: str) -> bool:
    return name == library or name.startswith(f"{library}.")


def everywhere() -> Iterator[tuple[str, str, int]]:
    """Path, imported name and line of every import in the package."""
    for path, tree in modules().items():
        yield from ((path, name, line) for name, line in imports(tree))


def test_every_part_imports_only_parts_below_it():
    wrong = []
    for path, name, line in everywhere():
        if not named(name, "cea"):
            continue
        target = [*name.split("."), "__init__"][1]
        if target != part(path) and target not in MAY_IMPORT[part(path)]:
            wrong.append(f"cea/{path}:{line} imports {name}: {part(path)} may not import {target}")
    assert not wrong, "\n".join(wrong)


def test_the_arrows_have_no_circle():
    for one, targets in MAY_IMPORT.items():
        for target in targets:
            assert one not in MAY_IMPORT[target]
            assert MAY_IMPORT[target] <= targets, f"{one} may import {target} but not all that {target} may"
    assert {part(path) for path in modules()} <= set(MAY_IMPORT)


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_by_one_part_only(library):
    wrong = [
        f"cea/{path}:{line}"
        for path, name, line in everywhere()
        if named(name, library) and part(path) != ONLY_IN[library]
    ]
    assert not wrong, f"{library} belongs in cea/{ONLY_IN[library]}: " + ", ".join(wrong)


@pytest.mark.parametrize("path", KERNELS)
def test_kernels_know_arrays_only(path):
    assert not [name for name, _ in imports(modules()[path]) if named(name, "pandas")]


def test_heavy_libraries_load_only_when_they_are_used():
    code = f"import json, sys, cea, cea.cli; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


# What nobody may do: run text as code, or hand it to a shell.


FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "pickle.load",
    "pickle.loads",
    "marshal.loads",
    "yaml.load",
    "pandas.eval",
    "pd.eval",
    "pd.read_pickle",
}
FORBIDDEN_MODULES = ("pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "code", "yaml")


def dotted(node: ast.expr) -> str:
    """The dotted name that an expression is, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


def forbidden(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and description of everything in a module that is not allowed anywhere."""
    for name, line in imports(tree):
        if any(named(name, module) for module in FORBIDDEN_MODULES):
            yield line, f"imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if dotted(node.func) in FORBIDDEN_CALLS:
                yield node.lineno, f"calls {dotted(node.func)}"
            for keyword in node.keywords:
                off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
                if keyword.arg in ("shell", "allow_pickle") and not off:
                    yield node.lineno, f"says {keyword.arg}"


def test_text_never_becomes_code_or_a_shell_word():
    wrong = [f"cea/{path}:{line} {what}" for path, tree in modules().items() for line, what in forbidden(tree)]
    assert not wrong, "\n".join(wrong)


def test_the_rule_catches_what_it_forbids():
    bad = "import pickle\nos.system('x')\neval('1')\nrun(x, shell=True)\nload(f, allow_pickle=flag)\nrun(shell=False)"
    assert [line for line, _ in forbidden(ast.parse(bad))] == [1, 2, 3, 4, 5]


# Size and documentation.


def test_files_are_short():
    long = {}
    for path in modules():
        lines = len((PACKAGE / path).read_text(encoding="utf-8").splitlines())
        if lines > MAX_FILE_LINES:
            long[path] = lines
    assert set(long) == set(LONGER_FILES), f"over {MAX_FILE_LINES} lines: {long}; allowed: {LONGER_FILES}"


def definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Functions and classes with their dotted names, those inside functions left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from definitions(node, f"{prefix}{node.name}.")


def test_functions_are_short():
    long = {}
    for path, tree in modules().items():
        for name, node in definitions(tree):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if isinstance(node, ast.FunctionDef) and length > MAX_FUNCTION_LINES:
                long[f"{path}:{name}"] = length
    assert set(long) == set(LONGER_FUNCTIONS), f"over {MAX_FUNCTION_LINES} lines: {long}; allowed: {LONGER_FUNCTIONS}"


def is_overload(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return any(dotted(item) in ("overload", "typing.overload") for item in node.decorator_list)


def documented_by_a_base(name: str, classes: dict[str, ast.ClassDef]) -> bool:
    """Whether a method has its docstring in a class above its own."""
    owner, _, method = name.rpartition(".")
    for above in classes[owner].bases if owner in classes else ():
        base = dotted(above.value if isinstance(above, ast.Subscript) else above).rpartition(".")[2]
        methods = dict(definitions(classes[base])) if base in classes else {}
        if method in methods and ast.get_docstring(methods[method]):
            return True
        if documented_by_a_base(f"{base}.{method}", classes):
            return True
    return False


def test_everything_public_says_what_it_is():
    classes = {
        name: node for tree in modules().values() for name, node in definitions(tree) if isinstance(node, ast.ClassDef)
    }
    silent = [f"cea/{path}" for path, tree in modules().items() if tree.body and not ast.get_docstring(tree)]
    for path, tree in modules().items():
        for name, node in definitions(tree):
            private = any(word.startswith("_") for word in name.split("."))
            if private or is_overload(node) or ast.get_docstring(node) or documented_by_a_base(name, classes):
                continue
            silent.append(f"cea/{path}:{node.lineno} {name}")
    assert not silent, "\n".join(silent)


def test_the_program_knows_nothing_of_livers():
    knows = []
    for item in sorted(PACKAGE.rglob("*")):
        if item.suffix in (".py", ".yaml", ".lark", ".css", ".md") and item.is_file():
            text = item.read_text(encoding="utf-8").lower().replace(DEFAULT_FOLDER, "")
            for number, line in enumerate(text.splitlines(), 1):
                knows += [f"{item.relative_to(ROOT)}:{number} {word}" for word in LIVER if word in line]
    assert not knows, "\n".join(knows)

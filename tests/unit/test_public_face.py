"""What `import cea` gives: the analyses by name, figures when they are used, and the steps that people copy."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import cea
from tests.models import CIRRHOSIS, ROOT


def test_the_steps_of_the_design_run_as_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs/cirrhosis").symlink_to(CIRRHOSIS, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    model = cea.load("inputs/cirrhosis", layers=["jurisdictions/england"])
    base = cea.run(model)
    print(cea.incremental(base).frame())
    draws = cea.sample(model, n=300, seed=1)  # 10,000 in the design
    psa = cea.run(model, draws)
    curve = cea.acceptability(psa, thresholds=range(0, 200_001, 2_000))
    value = cea.evppi(psa, draws, groups=model.groups, threshold=100_000)
    cea.figures.acceptability(curve).savefig("ceac.svg")
    printed = capsys.readouterr().out
    assert all(name in printed for name in base.strategies)
    named = {item.input: item for item in value}
    assert set(named) == set(draws.names) | set(model.groups)
    assert all(item.threshold == 100_000 for item in value)
    assert [item.learned.value for item in value] == sorted((item.learned.value for item in value), reverse=True)
    most = float(curve.evpi[curve.thresholds.tolist().index(100_000)])
    assert all(item.learned.evpi == pytest.approx(most) and item.learned.value <= item.learned.evpi for item in value)
    assert named["MSC effect"].learned.value > 0
    assert "<svg" in Path("ceac.svg").read_text(encoding="utf-8")


def test_every_public_name_is_there_and_documented():
    assert sorted(cea.__all__) == cea.__all__
    for name in cea.__all__:
        assert inspect.getdoc(getattr(cea, name)), name
    with pytest.raises(AttributeError, match="no attribute 'evpii'"):
        cea.evpii  # noqa: B018


def test_figures_load_matplotlib_only_when_they_are_used():
    code = (
        "import sys, cea; before = 'matplotlib' in sys.modules; cea.figures.tornado; "
        "print(before, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert done.stdout.split() == ["False", "True"]


def test_every_figure_of_the_reports_is_in_figures():
    drawn = {}
    for path in (ROOT / "cea/reports").glob("*figure*.py"):
        module = import_module(f"cea.reports.{path.stem}")
        drawn |= {
            item: f"{path.stem}.{name}"
            for name, item in vars(module).items()
            if inspect.isfunction(item) and not name.startswith("_") and item.__module__ == module.__name__
            and inspect.signature(item).return_annotation == "Figure"
        }  # fmt: skip
    there = {getattr(cea.figures, name) for name in cea.figures.__all__}
    assert [name for item, name in drawn.items() if item not in there] == []
    assert len(drawn) > 25
    assert sorted(cea.figures.__all__) == cea.figures.__all__

"""What README.md prints and promises: its numbers are the model's, its Python runs, its commands work."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest
import typer.main

import cea
from cea.cli import main
from cea.cli.application import application
from cea.reports.wording import effect, money
from tests.models import CIRRHOSIS, ROOT, base

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """The `cea ...` lines of the shell blocks."""
    return [line for block in blocks("sh") for line in block.splitlines() if line.startswith("cea ")]


def table() -> list[list[str]]:
    """The rows of the table of results, without heading and rule."""
    after = TEXT[TEXT.index("<!-- results:") :]
    lines = after[after.index("|") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def printed(jurisdiction: str, name: str) -> list[str]:
    """What the table should say of a headline comparison."""
    run = base(jurisdiction)
    currency, threshold = run.model.currency, run.model.threshold
    item = next(item for item in cea.headlines(run) if item.headline.name == name)
    limit = item.price_limit(threshold)
    assert limit is not None and limit.price is not None and item.pair.icer is not None
    price = f"{money(limit.price, currency)} at {money(threshold, currency)} per {run.outcomes.effect_unit}"
    return [money(item.pair.cost, currency), effect(item.pair.effect), money(item.pair.icer, currency), price]


def test_the_table_of_results_is_what_the_model_gives():
    rows = {row[0]: row[1:] for row in table()}
    expected = {
        "US, MSC against palliative care": printed("us", "ineligible"),
        "US, MSC bridge against transplant listing": printed("us", "eligible"),
        "England, MSC against palliative care": printed("england", "ineligible"),
        "England, MSC bridge against transplant listing": printed("england", "eligible"),
    }
    assert rows == expected


def test_the_python_block_runs_as_printed():
    found = blocks("python")
    assert len(found) == 1
    done = subprocess.run(
        [sys.executable, "-c", found[0]],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for strategy in base("england").strategies:
        assert strategy in done.stdout
    for item in cea.headlines(base("england")):
        assert f"{item.headline.label} {item.pair.icer}" in done.stdout


def test_there_are_commands():
    assert len(commands()) >= 6


@pytest.mark.parametrize("line", commands(), ids=lambda line: line.split("#")[0].strip())
def test_a_command_of_the_readme_works(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(line, comments=True)[1:]
    known = {
        option
        for parameter in typer.main.get_command(application).commands[arguments[0]].params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    arguments += ["--inputs", str(CIRRHOSIS)] if "--inputs" in known else []
    arguments += ["--no-figures"] if "--no-figures" in known else []
    arguments += ["-n", "256"] if "-n" in known else []  # the last one counts: few draws are enough here
    assert main(arguments) == 0, capsys.readouterr().err


def test_files_and_folders_that_are_named_exist():
    named = re.findall(r"\]\(([^)#:]+)\)", TEXT) + re.findall(
        r"`((?:inputs|docs|cea|tests|outputs|benchmarks)/[\w/.]*)`", TEXT
    )
    assert len(named) >= 8
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing

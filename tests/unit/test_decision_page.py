"""The page on what drives the decision: it is what runs gave, they give it again, and its words fit its numbers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import cea
from cea.cli import decision, main
from cea.cli.decision import FOLDER, PAGE, RECORD, checked, plan, write, written
from tests.linear_model import write_linear_model
from tests.models import CIRRHOSIS, ROOT

DOCS = ROOT / "docs"
RECORDED = json.loads((DOCS / FOLDER / RECORD).read_text(encoding="utf-8"))
STEPS = {step.name: step for step in plan(CIRRHOSIS)}


def alike(told: Any, now: Any, at: str = "") -> None:
    """Asserts that two findings are the same, numbers to a millionth."""
    if isinstance(told, dict):
        assert isinstance(now, dict) and set(told) == set(now), at
        for key in told:
            alike(told[key], now[key], f"{at}/{key}")
    elif isinstance(told, list):
        assert isinstance(now, list) and len(told) == len(now), at
        for position, (one, other) in enumerate(zip(told, now, strict=True)):
            alike(one, other, f"{at}/{position}")
    elif isinstance(told, float):
        assert now == pytest.approx(told, rel=1e-6, abs=1e-9), at
    else:
        assert told == now, at


# The committed page


def test_the_page_is_what_its_findings_give():
    assert (DOCS / PAGE).read_text(encoding="utf-8") == written(RECORDED), "run `cea docs --decision` and commit"


def test_the_page_has_every_analysis_and_its_figures():
    assert list(RECORDED["sections"]) == list(STEPS)
    shown = [file for section in RECORDED["sections"].values() for file in section["figures"]]
    assert sorted([*shown, RECORD]) == sorted(item.name for item in (DOCS / FOLDER).iterdir())
    linked = re.findall(rf"!\[[^\]]+\]\({FOLDER}/([^)]+)\)", (DOCS / PAGE).read_text(encoding="utf-8"))
    assert linked == shown and len(shown) >= 20


@pytest.mark.parametrize("name", STEPS)
def test_the_same_command_still_gives_what_was_found(name: str):
    told = RECORDED["sections"][name]
    words = told["command"].split()
    assert words[0] == "cea" and words[1:] == list(STEPS[name].arguments)
    alike(told["check"], json.loads(json.dumps(checked(CIRRHOSIS, STEPS[name]))), name)


def test_what_needs_no_draws_is_the_same_in_the_findings_and_in_their_check():
    for name in ("run", "scenarios", "combinations"):
        assert RECORDED["sections"][name]["facts"] == RECORDED["sections"][name]["check"]
    for facts, check in ((x["facts"], x["check"]) for x in [RECORDED["sections"]["one_way"]]):
        for headline in facts:
            alike({**facts[headline], "grid": None}, {**check[headline], "grid": None})


def test_the_page_says_what_the_model_says():
    page = (DOCS / PAGE).read_text(encoding="utf-8").replace("\\", "")
    model = cea.load(CIRRHOSIS)
    for item in cea.headlines(cea.run(model)):
        limit = item.price_limit(model.threshold)
        assert item.pair.icer is not None and limit is not None and limit.price is not None
        assert f"${item.pair.icer:,.0f} for each QALY gained" in page
        assert f"| ${limit.price:,.0f} (now $7,200) |" in page
    assert str(ROOT) not in page and str(Path.home()) not in page


# The generator, on a model with known answers


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the page of the linear model was written to, by runs on few draws."""
    folder = tmp_path_factory.mktemp("decision")
    model = write_linear_model(folder / "linear")
    file = model / "parameters.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("label: How long it lasts", 'label: "How <long> it | lasts $x$"'), encoding="utf-8")
    steps = plan(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decision, "plan", lambda _: [replace(x, arguments=(*x.arguments, *x.quick)) for x in steps])
        paths = write(model, folder / "docs", Console(quiet=True))
    assert paths[0] == folder / "docs" / PAGE and all(path.is_file() for path in paths)
    return folder / "docs"


def test_the_words_fit_known_numbers(linear: Path):
    page = (linear / PAGE).read_text(encoding="utf-8")
    assert "# What drives the decision: A linear model" in page
    assert "It costs €240 more and gains 0.30 QALYs. That is €800 for each QALY gained." in page
    assert "what is gained is worth at least what is paid: the net benefit is €60." in page
    assert "| Worth its cost at €1,000 per QALY? | yes: €800 per QALY, net benefit €60 |" in page
    assert "| Drug against Usual care | €240 | €150 | €300 | €600 |" in page
    # Net benefit is 300 × lasting − 240.
    assert "The decision turns where" in page and "is 0.8 (now 1)." in page
    price = next(line for line in page.splitlines() if line.startswith("| Price |"))
    assert price == "| Price | 240 EUR | €300 at 0 EUR | -€700 at 1,000 EUR |"


def test_every_section_has_its_command_and_its_question(linear: Path):
    page = (linear / PAGE).read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*)\n```$", page, re.MULTILINE)
    assert [line.split()[1] for line in commands] == ["run", "dsa", "price", "sobol", "voi"]
    assert all("--inputs" in line for line in commands)
    assert page.count("\n## ") == len(commands) + 2
    for file in re.findall(rf"\]\({FOLDER}/([^)]+)\)", page):
        assert (linear / FOLDER / file).is_file()


def test_hostile_labels_stay_text(linear: Path):
    page = (linear / PAGE).read_text(encoding="utf-8")
    assert r"How &lt;long&gt; it \| lasts \$x\$" in page and "<long>" not in page
    tables = [line for line in page.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) >= 3 for line in tables)


def test_the_closer_look_is_at_the_strongest_input_that_is_no_decision():
    assert decision._closer(cea.load(CIRRHOSIS)) == ("msc_acquisition_per_infusion", "efficacy", "msc_effect_half_life")


def test_the_command_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(decision, "plan", lambda inputs: [step for step in plan(inputs) if step.name == "run"])
    monkeypatch.chdir(tmp_path)
    write_linear_model(tmp_path / "linear")
    assert main(["docs", "--decision", "--inputs", "linear", "--to", "pages"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == f"pages/{PAGE}"
    assert "Running: cea run --inputs linear" in printed.err
    assert "It costs €240 more" in Path("pages", PAGE).read_text(encoding="utf-8")

"""`cea docs --decision`: runs every analysis of a model and writes the page that explains what they say.

The numbers are kept beside the page, with those that the same commands give on few draws: whoever gets these again
knows that the page is what the model gives, without the minutes of the full runs.
"""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cea.analysis.deterministic import comparisons
from cea.analysis.one_way import one_way
from cea.cli.again import run_again
from cea.cli.options import DEFAULT_INPUTS
from cea.engine.results import choose_perspective
from cea.loading import contracts_file, structures_file, subgroups_file
from cea.loading.designs_file import read_designs
from cea.loading.folder import Folder, load
from cea.model.definition import Model
from cea.reports import decision_facts as facts
from cea.reports.catalogue import GRADES
from cea.reports.decision_page import Section, page
from cea.reports.decision_words import About
from cea.reports.wording import setting

PAGE = "what-drives-the-decision.md"
FOLDER = "decision"
RECORD = "findings.json"


@dataclass(frozen=True)
class Step:
    """One analysis: its command, options that make it quick for a check, and how its JSON is read.

    `figures` begin the names of the figures that the page shows, in their order there.
    """

    name: str
    arguments: tuple[str, ...]
    quick: tuple[str, ...]
    read: Callable[[facts.Report], facts.Facts]
    figures: tuple[str, ...]


def plan(inputs: Path) -> list[Step]:
    """The analyses of a model folder; the inputs that matter most to its first headline are looked at more closely.

    Raises UsageError for a model without headlines, and InputError.
    """
    model = load(inputs)
    price, strongest, lasting = _closer(model)
    alone = strongest if strongest and _drawn_alone(model, strongest) else ""
    two_way = ("--two-way", price, strongest) if price and strongest else ()
    turning = ("price", *_given("--for", strongest), *_given("--against", lasting))
    prices = ("price_by_threshold", "price_probability", "durability")
    steps = [
        Step("run", ("run",), (), facts.run_facts, ("frontier",)),
        Step("one_way", ("dsa", *two_way), ("--steps", "2"), facts.one_way_facts, ("tornado", "two_way")),
    ]
    if price:
        steps.append(Step("price", turning, ("-n", "64"), facts.price_facts, prices))
    if (inputs / contracts_file.FILE).is_file():
        figures: tuple[str, ...] = ("contracts", "response")
        steps.append(Step("contracts", ("contracts",), ("-n", "16"), facts.contract_facts, figures))
    if (inputs / subgroups_file.FILE).is_file():
        figures = ("subgroups", "test_value")
        steps.append(Step("subgroups", ("subgroups",), ("-n", "0"), facts.subgroup_facts, figures))
    return [
        *steps,
        *_scenario_steps(inputs, model),
        *_structure_steps(inputs),
        Step("sobol", ("sobol",), ("-N", "16", *_given("--only", alone)), facts.sobol_facts, ("indices",)),
        Step("voi", ("voi",), ("-n", "128", *_given("--for", alone)), facts.voi_facts, ("evppi", "evsi")),
    ]


def _given(option: str, value: str) -> tuple[str, ...]:
    """An option with its value; nothing where there is none."""
    return (option, value) if value else ()


def _scenario_steps(inputs: Path, model: Model) -> list[Step]:
    """Named scenarios, where there are any, and pairs of those layers that the model wants to see beside it."""
    if not model.layer_folders:
        return []
    kind, found = f"{model.layer_folders[-1]}/", []
    if any(name.startswith(kind) for name in Folder(inputs).layer_names(model.document)):
        found.append(Step("scenarios", ("scenarios",), (), facts.scenario_facts, ("scenarios",)))
    rows = [name for name in model.beside if name.startswith(kind)]
    columns = [name for name in model.beside if name not in rows]
    if rows and columns:
        grid = ("scenarios", "--grid", ",".join(rows), "--with", ",".join(columns))
        found.append(Step("combinations", grid, (), facts.combination_facts, ("scenario_grid",)))
    return found


def _structure_steps(inputs: Path) -> list[Step]:
    """Other ways to build the model, where the folder names any."""
    if not (inputs / structures_file.FILE).is_file():
        return []
    return [Step("structures", ("structures",), ("-n", "40"), facts.structure_facts, ("structures",))]


def _closer(model: Model) -> tuple[str, str, str]:
    """The price of the first headline, the input that moves it most, and the first in years; empty: there is none."""
    first = one_way(model)[0]
    moving = [bar.input for bar in first.sorted() if first.swing(bar) > 0 and len(bar.input.members) == 1]
    inputs = [item for item in moving if not item.decision and not model.parameters[item.name].cohort]
    price = comparisons(model)[0].price or ""
    strongest = next((item.name for item in inputs), "")
    lasting = next((item.name for item in inputs if item.unit == "year"), "") if price else ""
    return price, strongest, lasting


def _drawn_alone(model: Model, name: str) -> bool:
    """Whether a parameter is uncertain by itself, so that it can be asked for in analyses of draws."""
    parameter = model.parameters[name]
    joint = any(name in group.parameters for group in model.joint.values())
    return parameter.uncertain and parameter.share_draw is None and not joint


def write(inputs: Path, to: Path, err: Console) -> list[Path]:
    """Runs everything and writes page, figures and findings to a folder; returns the files, the page first."""
    folder = to / FOLDER
    with tempfile.TemporaryDirectory() as spare:
        record = _findings(inputs, Path(spare), err)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, told in record["sections"].items():
            for file in told["figures"]:
                shutil.copyfile(Path(spare) / name / file, folder / file)
    (folder / RECORD).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (to / PAGE).write_text(written(record), encoding="utf-8")
    return [to / PAGE, *sorted(folder.iterdir())]


def written(record: Mapping[str, Any]) -> str:
    """The page that findings give."""
    sections = [
        Section(name, told["command"], told["facts"], told["figures"]) for name, told in record["sections"].items()
    ]
    about = dict(record["about"])
    about["headlines"] = {name: tuple(words) for name, words in about["headlines"].items()}
    return page(About(**about), sections, FOLDER)


def _findings(inputs: Path, spare: Path, err: Console) -> dict[str, Any]:
    sections, about = {}, _about(inputs)
    for step in plan(inputs):
        command = _command(step.arguments, inputs)
        err.print(Text(f"Running: {command}"), soft_wrap=True)
        found = step.read(_report(step.arguments, inputs, spare / step.name))
        sections[step.name] = {
            "command": command, "figures": _figures(step, spare / step.name, list(about.headlines)), "facts": found,
            "check": checked(inputs, step),
        }  # fmt: skip
    return {"about": asdict(about), "sections": sections}


def checked(inputs: Path, step: Step) -> facts.Facts:
    """The facts of a step on few draws, to be held against those that were kept."""
    return step.read(_report((*step.arguments, *step.quick), inputs, None))


def _command(arguments: Sequence[str], inputs: Path) -> str:
    extra = () if inputs == DEFAULT_INPUTS else ("--inputs", inputs.as_posix())
    return shlex.join(["cea", *arguments, *extra])


def _report(arguments: Sequence[str], inputs: Path, out: Path | None) -> Any:
    replaced = {"inputs": inputs, "out": out, "force": False, "json": True, "quiet": True, "figures": out is not None}
    return json.loads(run_again(["cea", *arguments], replaced))


def _figures(step: Step, folder: Path, headlines: Sequence[str]) -> list[str]:
    """The SVG files of a run that the page shows: those of a kind together, in the order of the headlines."""
    wanted = [name for first in step.figures for name in (first, *(f"{first}_{headline}" for headline in headlines))]
    return [f"{name}.svg" for name in wanted if (folder / f"{name}.svg").is_file()]


def _about(inputs: Path) -> About:
    model = load(inputs)
    headlines = comparisons(model)
    strategies = {name: item.label for name, item in model.strategies.items()}
    designs, priors = read_designs(inputs, model)
    labels = {item.name: item.label for item in model.parameters.values()}
    labels |= {item.name: item.label for item in designs} | {item.name: item.label for item in priors}
    price = next((item.price for item in headlines if item.price), None)
    used = [item for item in model.parameters.values() if item.name in model.used]
    return About(
        title=model.title,
        question=model.question,
        where=setting(model, choose_perspective(model, None)),
        threshold=model.threshold,
        currency=model.currency,
        effect_unit=model.settings.effect_unit,
        headlines={
            item.name: (item.label, strategies[item.strategy], strategies[item.comparator]) for item in headlines
        },
        labels={"model": "the model's own", **labels, **strategies},
        price_label=model.parameters[price].label if price else "",
        decisions=[item.name for item in used if item.decision],
        grades={grade: sum(item.source.grade == grade for item in used) for grade in GRADES},
    )

"""`cea report`: runs a model with its analyses and writes the report of the study, as HTML and for Word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cea.analysis.fit import DRAWS, compare
from cea.analysis.incremental import incremental
from cea.analysis.one_way import OneWay, one_way
from cea.analysis.scenarios import run_scenarios
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.run import settings
from cea.cli.scenarios import scenario_layers, scenario_table
from cea.cli.spanned import progress
from cea.cli.subgroups import Choices, analyse
from cea.cli.subgroups_report import notes as subgroup_notes
from cea.cli.subgroups_report import subgroup_table
from cea.cli.validate import models_under
from cea.engine.draws import drawn
from cea.engine.psa import Job, run_draws
from cea.engine.results import Results, run
from cea.engine.sampling import Sampler
from cea.errors import UsageError
from cea.loading.report_file import read_statements
from cea.loading.subgroups_file import read_subgroups
from cea.loading.targets_file import read_targets
from cea.reports.cheers.findings import Findings, Group
from cea.reports.cheers.report import build
from cea.reports.document import html, word
from cea.reports.psa_report import PsaReport
from cea.reports.run_folder import Manifest
from cea.reports.run_report import Report
from cea.reports.validation_report import blocks
from cea.reports.wording import headlines_line, setting

NAME = "report"
_NONE: Group = ((), ())


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console,
    *, n: int, seed: int, full: bool, with_figures: bool,
) -> None:  # fmt: skip
    """Runs everything and writes the run folder: the report, and the tables and figures that it is made of."""
    if n == 1:
        raise UsageError("-n 1: a single draw has no spread: choose 0 for none, better thousands")
    output = Output(request, command, err)
    found, job = _findings(request, err, command, n=n, seed=seed, full=full)
    tables = found.report.tables() | {f"one_way_{item.comparison.name}": item.frame() for item in found.one_way}
    if found.psa is not None and job is not None:
        tables |= {f"psa_{name}": frame for name, frame in found.psa.tables(job).items()}

    def write(folder: Path) -> list[Path]:
        files = _draw(found, folder) if with_figures else []
        pictures = {file.stem: file.read_bytes() for file in files if file.suffix == ".png"}
        document = build(found.with_pictures(pictures))
        page = folder / f"{NAME}.html"
        page.write_text(html.write(document), encoding="utf-8")
        return [*files, page, word.write(document, folder / f"{NAME}.docx")]

    model = found.model
    line = headlines_line(found.headlines, model.currency, model.settings.effect_unit)
    drawn_n = job.n if job else None
    output.write(
        model, found.results.perspective, tables, write, n=drawn_n, seed=seed if job else None, headline=line
    )  # fmt: skip
    for warning in model.warnings:
        output.note(f"warning: {warning}", "yellow")
    out.print(line, soft_wrap=True)


def _findings(
    request: Request, err: Console, command: Sequence[str], *, n: int, seed: int, full: bool
) -> tuple[Findings, Job | None]:
    """One run with all its analyses, and the job of its draws."""
    model = request.model()
    statements = read_statements(request.inputs)
    base = run(model, request.perspective)
    report = Report(base, incremental(base.outcomes, request.comparator), settings(request, base))
    psa, job = None, None
    if n and drawn(model):
        sampler = Sampler(model, n, seed)
        job = Job.of(model, sampler, base.perspective)
        psa = PsaReport.of(run_draws(model, sampler, base.perspective), base, request.comparator)
    found = Findings(
        report=report,
        psa=psa,
        one_way=_one_way(request, base, err),
        validation=_validation(request, base, n, seed),
        subgroups=_subgroups(request, base, err),
        scenarios=_scenarios(request, base) if full else _NONE,
        statements=statements,
        pictures={},
        stamp=stamp(request.manifest(model, base.perspective, command), n if psa else 0, seed),
    )
    return found, job


def stamp(manifest: Manifest, n: int, seed: int) -> str:
    """With what and from what a document was made; the time and the commit stand in the manifest beside it."""
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    draws = f" {n:,} draws, seed {seed}." if n else ""
    return f"Made by cea {manifest.verb} from {manifest.inputs}, input hash {manifest.input_hash}.{draws} {versions}."


def _one_way(request: Request, base: Results, err: Console) -> tuple[OneWay, ...]:
    """Of the model's headlines that this selection of strategies holds."""
    if not base.model.headlines:
        return ()
    with progress(request, err, "One-way") as told:
        return one_way(base.model, perspective=base.perspective, progress=told)


def _validation(request: Request, base: Results, n: int, seed: int) -> Group:
    """The tables that `cea validate` prints, and what it says of them; with no more draws than there are."""
    asked = read_targets(request.inputs, base.model)
    draws = min(n, DRAWS)
    found = compare(asked.targets, models_under(request, base.model), draws, seed)
    parts = list(blocks(found, asked.sections, draws))
    return [table for tables, _ in parts for table in tables], [text for _, said in parts for text in said]


def _subgroups(request: Request, base: Results, err: Console) -> Group:
    """The tables that `cea subgroups` prints, at point values."""
    told = read_subgroups(request.inputs, base.model)
    if told is None:
        return _NONE
    with progress(request, err, "Subgroups") as tell:
        found = analyse(base.model, base.perspective, told[0], None, Choices(None, 0, 1), tell)
    return [subgroup_table(found, found.subgroups.of(name)) for name in found.headlines], list(subgroup_notes(found))


def _scenarios(request: Request, base: Results) -> Group:
    """The tables that `cea scenarios` prints; none where the model has no scenarios."""
    try:
        layers = scenario_layers(request, base.model)
    except UsageError:
        return _NONE
    scenarios = run_scenarios(base.model, layers, request.perspective)
    names = dict.fromkeys(item.headline.name for scenario in scenarios for item in scenario.headlines)
    tables = []
    for name in names:
        found = [(each, item) for each in scenarios for item in each.headlines if item.headline.name == name]
        tables.append(scenario_table(base.model, scenarios[0], found))
    return tables, [f"Not run: {item.label} ({item.reason})" for item in scenarios if item.results is None]


def _draw(found: Findings, folder: Path) -> list[Path]:
    """The figures of the run, of its draws and of the one-way analyses."""
    from cea.reports import sensitivity_figures, style  # noqa: PLC0415 - matplotlib is slow to import

    where = setting(found.model, found.results.perspective)
    files = found.report.draw(folder) + (found.psa.draw(folder) if found.psa else [])
    for item in found.one_way:
        files += style.save(sensitivity_figures.tornado(item), folder / f"tornado_{item.comparison.name}", where)
    return files

"""`cea report`: runs a model with its analyses and writes the report of the study, as HTML and for Word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cea.analysis.fit import DRAWS, compare
from cea.analysis.incremental import incremental
from cea.analysis.one_way import OneWay, one_way
from cea.analysis.scenarios import run_scenarios
from cea.analysis.structures import Alternative, run_structures
from cea.analysis.synthesis import Evidence
from cea.cli.options import Request
from cea.cli.output import Output
from cea.cli.run import settings
from cea.cli.scenarios import scenario_layers, scenario_table
from cea.cli.spanned import progress
from cea.cli.subgroups import Choices, analyse
from cea.cli.subgroups_report import notes as subgroup_notes
from cea.cli.subgroups_report import subgroup_table
from cea.cli.synthesis import informing_of
from cea.cli.validate import models_under
from cea.engine.draws import drawn
from cea.engine.psa import Job, run_draws
from cea.engine.results import Results, run
from cea.engine.sampling import Sampler
from cea.errors import UsageError
from cea.loading.calibration_file import read_calibrations
from cea.loading.report_file import read_statements
from cea.loading.structures_file import read_structures
from cea.loading.subgroups_file import read_subgroups
from cea.loading.synthesis_file import read_synthesis
from cea.loading.targets_file import read_targets
from cea.reports import calibration_brief, structure_tables, synthesis_tables
from cea.reports.cheers.findings import Findings, Group
from cea.reports.cheers.report import build
from cea.reports.document import html, word
from cea.reports.psa_report import PsaReport
from cea.reports.quantities import figure, span
from cea.reports.run_folder import Manifest
from cea.reports.run_report import Report
from cea.reports.synthesis_layer import describe_pooled
from cea.reports.validation_report import blocks
from cea.reports.wording import headlines_line, setting

NAME = "report"
_NONE: Group = ((), ())
_CALIBRATED = "Draws of the fitted inputs keep their correlations; cea calibrate fits them again, with diagnostics."


def execute(
    request: Request, command: Sequence[str], out: Console, err: Console,
    *, n: int, seed: int, full: bool, with_figures: bool,
) -> None:  # fmt: skip
    """Runs everything and writes the run folder: the report, and the tables and figures that it is made of."""
    if n == 1:
        raise UsageError("-n 1: a single draw has no spread: choose 0 for none, better thousands")
    output = Output(request, command, err)
    found, job, studies, alternatives = _findings(request, err, command, n=n, seed=seed, full=full)
    tables = found.report.tables() | {f"one_way_{item.comparison.name}": item.frame() for item in found.one_way}
    if found.psa is not None and job is not None:
        tables |= {f"psa_{name}": frame for name, frame in found.psa.tables(job).items()}

    def write(folder: Path) -> list[Path]:
        files = _draw(found, studies, alternatives, folder) if with_figures else []
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
) -> tuple[Findings, Job | None, Evidence | None, Sequence[Alternative]]:
    """One run with all its analyses, the job of its draws, the studies behind it, and other structures."""
    model = request.model()
    statements, studies = read_statements(request.inputs), read_synthesis(request.inputs, model)
    base = run(model, request.perspective)
    report = Report(base, incremental(base.outcomes, request.comparator), settings(request, base))
    alternatives = _alternatives(request, base, err)
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
        structures=_structures(alternatives, base),
        synthesis=_synthesis(studies, base),
        calibration=_calibration(request, base),
        statements=statements,
        pictures={},
        stamp=stamp(request.manifest(model, base.perspective, command), n if psa else 0, seed),
    )
    return found, job, studies, alternatives


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


def _validation(request: Request, base: Results, n: int, seed: int) -> Sequence[Group]:
    """The tables that `cea validate` prints, and what it says of them, at no more draws than it takes itself."""
    asked = read_targets(request.inputs, base.model)
    draws = min(n, DRAWS)
    found = compare(asked.targets, models_under(request, base.model), draws, seed)
    return list(blocks(found, asked.sections, draws))


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


def _alternatives(request: Request, base: Results, err: Console) -> Sequence[Alternative]:
    """The model under every structure that the folder names."""
    structures = read_structures(request.inputs, base.model)
    if structures is None:
        return ()
    with progress(request, err, "Structures") as told:
        return run_structures(base.model, structures, base.perspective, told)


def _structures(alternatives: Sequence[Alternative], base: Results) -> Group:
    """The decision under each structure, as `cea structures` prints it."""
    if not alternatives or not alternatives[0].scenario.headlines:
        return _NONE
    return list(structure_tables.decision_tables(base.model, alternatives)), []


def _synthesis(studies: Evidence | None, base: Results) -> Group:
    """The tables that `cea synthesis` prints."""
    if studies is None:
        return _NONE
    said = []
    if (informing := informing_of(studies)) is not None:
        line = describe_pooled(studies, informing.analysis, informing.pooled, informing.interval)
        said = [f"What informs the model: {line}."]
        for item in informing.inputs:
            ends = span(*item.range, 3)
            label = base.model.parameters[item.parameter].label
            said.append(f"It gives, for \"{label}\", {figure(item.value, 4)} ({ends}): {item.derivation}.")
        said.append("cea synthesis --write makes a layer of it; the value of this run stands in the table of inputs.")
    return list(synthesis_tables.tables(studies)), said


def _calibration(request: Request, base: Results) -> Group:
    """Targets beside this run's values, and what was known of the calibrated inputs beforehand."""
    calibrations = read_calibrations(request.inputs, base.model)
    if not calibrations:
        return _NONE
    made = [calibration_brief.fit_table(base.model, calibrations), calibration_brief.priors_table(base, calibrations)]
    notes = dict.fromkeys(item.source.note for item in calibrations if item.source.note)
    return made, [*(f"{note[:1].upper()}{note[1:]}." for note in notes), _CALIBRATED]


def _draw(
    found: Findings, studies: Evidence | None, alternatives: Sequence[Alternative], folder: Path
) -> list[Path]:
    """The figures of the run, its draws, the one-way analyses, the studies behind it and other structures."""
    # Matplotlib is slow to import.
    from cea.reports import forest_figure, scenario_figures, sensitivity_figures, style  # noqa: PLC0415

    where = setting(found.model, found.results.perspective)
    files = found.report.draw(folder) + (found.psa.draw(folder) if found.psa else [])
    for item in found.one_way:
        files += style.save(sensitivity_figures.tornado(item), folder / f"tornado_{item.comparison.name}", where)
    if studies is not None:
        files += style.save(forest_figure.forest(studies), folder / "forest")
        files += style.save(forest_figure.robustness(studies), folder / "robustness")
    if alternatives and found.headlines:
        chart = scenario_figures.structures_chart(alternatives, found.model.threshold)
        files += style.save(chart, folder / "structures")
    return files

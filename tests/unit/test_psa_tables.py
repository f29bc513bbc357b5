"""What a reader sees of a probabilistic analysis: tables that fit, labels and amounts as they are written elsewhere."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import cea
from cea.engine.psa import Job
from cea.engine.sampling import Sampler
from cea.reports import style
from cea.reports.psa_json import as_json
from cea.reports.psa_report import Population, PsaReport
from cea.reports.psa_tables import show
from cea.reports.run_folder import Manifest
from tests.models import base, layer, shipped


@cache
def report(n: int = 80) -> PsaReport:
    return PsaReport.of(cea.run(shipped(), cea.sample(shipped(), n=n, seed=6)), base(), None)


def printed(found: PsaReport, width: int = 80) -> str:
    text = io.StringIO()
    show(found, Console(file=text, width=width, highlight=False, markup=False))
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_and_no_interval_is_broken(width):
    text = printed(report(), width)
    assert max(len(line) for line in text.splitlines() if not line.startswith("sha256")) <= width
    row = report().summary.spreads[0].cost
    assert f"${row.mean:,.0f}  ${row.low:,.0f} to ${row.high:,.0f}  " in text


def test_amounts_have_a_sign_and_strategies_their_labels():
    text = " ".join(printed(report()).split())
    assert "USD " not in text.replace("2025 USD per", "").replace("2025 USD,", "")
    assert "MSC therapy against Palliative care: median" in text
    assert "the model is solved for 0.85 (evidence: 0.57 to 1.26)" in text
    assert f"sha256 of the results: {report().results.sha256}" in text


def test_a_ratio_has_no_interval_where_draws_cross_quadrants():
    found = report()
    (first, _) = found.comparisons
    assert first.contrast.icer_interval is None
    text = printed(found, 120)
    row = next(line for line in text.splitlines() if line.startswith("Cost per QALY"))
    assert row.split()[3:6] == [f"${first.contrast.icer:,.0f}", "no", "interval"]
    assert "no interval, because draws cross quadrants" in text
    one_quadrant = replace(first, contrast=replace(first.contrast, icer_interval=(1_000.0, 2_000.0)))
    text = printed(replace(found, comparisons=(one_quadrant,)), 120)
    assert "$1,000 to $2,000" in text
    assert "no interval" not in text


def test_the_highest_probability_and_the_evpi_are_those_of_the_curve():
    found = report()
    lines = printed(found, 120).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Probability of being the most cost-effective"))
    at = np.searchsorted(found.curve.thresholds, found.results.outcomes.thresholds)
    evpi = next(line for line in lines[start:] if "EVPI" in line)
    assert evpi.split()[-3:] == [f"${amount:,.0f}" for amount in found.curve.expected_loss.min(axis=1)[at]]
    shares = [line.split("  ")[-1].strip() for line in lines[start + 3 : start + 7]]
    total = sum(found.curve.probability[at[-1]])
    assert total == pytest.approx(1)
    assert len(shares) == 4
    assert all(share.endswith(" %") for share in shares)


def test_a_population_is_shown_in_millions_as_an_assumption():
    found = replace(report(), population=Population(12_000, 10, 0.03))
    people = 12_000 * sum(1.03**-year for year in range(1, 11))
    at = np.searchsorted(found.curve.thresholds, found.results.outcomes.thresholds)
    text = printed(found, 120)
    row = next(line for line in text.splitlines() if line.startswith("EVPI of the population, million"))
    assert row.split()[-3:] == [f"${people * amount / 1e6:,.1f}" for amount in found.curve.evpi[at]]
    assert "your assumption of 12,000 people a year for 10 years" in text
    assert "assumption" not in printed(report(), 120)


def weighed(*layers: str) -> PsaReport:
    model = shipped("england", *layers)
    return PsaReport.of(cea.run(model, cea.sample(model, n=80, seed=6)), base("england", *layers), None)


def told(found: PsaReport) -> dict:
    manifest = Manifest([], "psa", "", [], {}, "health_sector", "A model", {}, n=80, seed=6)
    return as_json(found, "random", (), manifest)["headlines"][0]


def test_a_severity_weight_is_fixed_over_the_draws_and_shown_beside_the_unweighted():
    found = weighed("c_only")
    outcomes, first = found.results.outcomes, told(found)
    place = outcomes.strategies.index
    gain = outcomes.effect[:, place("msc")] - outcomes.effect[:, place("palliative")]
    cost = outcomes.cost[:, place("msc")] - outcomes.cost[:, place("palliative")]
    assert first["severity_weight"] == 1.2
    assert first["icer_weighted"] == pytest.approx(cost.mean() / (1.2 * gain.mean()), rel=1e-12)
    assert first["icer_weighted"] == pytest.approx(first["icer"] / 1.2, rel=1e-12)
    shares = [item["value"] for item in first["probability_cost_effective_weighted"]]
    assert shares == [pytest.approx((level * 1.2 * gain > cost).mean()) for level in outcomes.thresholds]
    text = " ".join(printed(found).split())
    assert "With the severity weight of 1.2 (at point values, fixed over the draws)" in text
    assert f"cost per weighted QALY £{first['icer_weighted']:,.0f}" in text


def test_a_severity_weight_of_one_is_said_in_a_line_and_none_is_not_mentioned():
    found = weighed()
    first = told(found)
    assert (first["severity_weight"], first["icer_weighted"]) == (1, first["icer"])
    assert first["probability_cost_effective_weighted"] == first["probability_cost_effective"]
    assert "Severity weight (at point values): 1, so weighted results are the same." in " ".join(printed(found).split())
    assert told(report())["severity_weight"] is told(report())["probability_cost_effective_weighted"] is None
    assert "everity" not in printed(report())


def names_drawn(found: PsaReport, monkeypatch, folder: Path) -> set[str]:
    """Names of the figures; drawing is not saving, which is slow and tested elsewhere."""
    monkeypatch.setattr(style, "save", lambda figure, path, where: [path])
    return {path.relative_to(folder).as_posix() for path in found.draw(folder)}


def test_a_plane_for_every_comparator_of_a_headline(tmp_path, monkeypatch):
    assert names_drawn(report(), monkeypatch, tmp_path) == {
        "plane", "plane_against_transplant", "acceptability", "expected_loss", "incremental_benefit", "evpi",
        "convergence",
    }  # fmt: skip


def test_a_model_of_one_strategy_has_no_increments(tmp_path, monkeypatch):
    alone = shipped().with_layer(layer("strategies: [transplant]"))
    found = PsaReport.of(cea.run(alone, cea.sample(alone, n=20)), cea.run(alone))
    assert names_drawn(found, monkeypatch, tmp_path) == {"acceptability", "expected_loss", "evpi"}
    assert "100 %" in printed(found)


def test_moments_of_the_draws_are_beside_what_is_declared():
    job = Job.of(shipped(), Sampler(shipped(), 80, seed=6))
    table = report().tables(job)["draw_moments"].set_index("parameter")
    assert list(table.index) == list(job.source.names)
    row = table.iloc[0]
    distribution = shipped().parameters[str(row.name)].distribution
    assert distribution is not None
    assert row["mean"] == distribution.mean
    assert row["z"] == pytest.approx((row["sample_mean"] - row["mean"]) / (row["sd"] / np.sqrt(80)))
    assert (table["z"].abs().dropna() < 4.5).all()


def test_json_has_no_number_that_json_has_not():
    found = report()
    (item, ratio) = found.hazards[0]
    broken = replace(found, hazards=((item, np.where(np.arange(80) < 40, np.inf, ratio)),))
    manifest = Manifest([], "psa", "", [], {}, "health_sector", "A model", {}, n=80, seed=6)
    (told,) = as_json(broken, "random", (), manifest)["hazard_ratios"]
    assert (told["mean"], told["interval"][1]) == (None, None)

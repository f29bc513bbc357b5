"""Bias by design, effects from intervals and counts, and the shipped evidence against the figures of its dossier."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from cea.analysis.fit import compare
from cea.analysis.pooling import pool
from cea.analysis.synthesis import (
    Analysis,
    Design,
    Evidence,
    Informed,
    Study,
    from_counts,
    from_interval,
    leave_one_out_frame,
    pooled_frame,
    studies_frame,
    synthesised,
)
from cea.analysis.targets import Target
from cea.errors import UsageError
from cea.loading.synthesis_file import read_synthesis
from cea.loading.yaml_reader import parse_yaml
from cea.model.definition import Model, Source
from cea.model.layers import Layer
from cea.reports.synthesis_layer import layer_text
from tests.models import CIRRHOSIS, ROOT, shipped

SOURCE = Source("assumption", note="a test")


@cache
def shipped_evidence() -> Evidence:
    found = read_synthesis(CIRRHOSIS, shipped())
    assert found is not None
    return found


def analysis(name: str) -> Analysis:
    return next(item for item in shipped_evidence().analyses if item.name == name)


def made(*studies: tuple[float, float, str]) -> Evidence:
    """Studies (log effect, standard error, design), with a small and a large bias."""
    items = {
        f"s{position}": Study(f"s{position}", f"Study {position}", effect, se, SOURCE, design)
        for position, (effect, se, design) in enumerate(studies)
    }
    designs = {
        "weak": Design("weak", "Weak", math.log(0.8), 0.3, SOURCE),
        "strong": Design("strong", "Strong", 0.0, 0.0, SOURCE),
    }
    names = tuple(items)
    analyses = (Analysis("unadjusted", "As published", names), Analysis("adjusted", "Adjusted", names, 1.0))
    return Evidence("Evidence", "hazard_ratio", items, designs, analyses, SOURCE)


# The figures of the dossier: DerSimonian-Laird with normal quantiles, ratio (95 %), tau.


@pytest.mark.parametrize(
    ("name", "ratio", "interval", "tau"),
    [
        ("unadjusted", "0.68", ("0.50", "0.93"), "0.26"),
        ("adjusted", "0.86", ("0.62", "1.19"), "0.19"),
        ("bias_doubled", "1.08", ("0.78", "1.51"), "0.20"),
        ("with_hypothetical_trial", "0.83", ("0.64", "1.08"), "0.11"),
        ("with_aclf", "0.66", ("0.50", "0.86"), "0.23"),  # the dossier prints 0.87: see the next test
        ("msc_only", "0.49", ("0.33", "0.72"), "0.00"),
    ],
)
def test_the_pooled_figures_of_the_dossier(name, ratio, interval, tau):
    found = shipped_evidence().pooled(analysis(name), "dl")
    assert f"{math.exp(found.effect):.2f}" == ratio
    assert tuple(f"{math.exp(end):.2f}" for end in found.interval("normal")) == interval
    assert f"{found.tau:.2f}" == tau


def test_the_dossiers_last_digit_with_the_aclf_trial_comes_from_logs_before_rounding():
    unrounded = [
        from_interval(0.47, 0.29, 0.76),
        (math.log(0.707), abs(math.log(0.707)) / norm.isf(0.01)),
        (math.log(math.log(0.712) / math.log(0.521)), 0.652 / norm.isf(0.0005)),
        (math.log(64 / 48), math.sqrt(1 / 17 + 1 / 38)),
        (0.0, math.sqrt(1 / 6 + 1 / 5)),
        from_counts((2, 4), (28, 30), "risk_ratio"),
        (math.log(math.log(0.732) / math.log(0.556)), math.sqrt(1 / 15 + 1 / 24)),
    ]
    # The logs of the table are these, to three digits.
    order = ["li_2023", "bone_marrow_cohort", "guo_2019", "wang_mf_2018", "sharma_2020", "spahr_2013", "lin_2017"]
    for name, (effect, se) in zip(order, unrounded, strict=True):
        study = shipped_evidence().studies[name]
        assert (study.effect, study.se) == pytest.approx((effect, se), abs=1.5e-3), name
    found = pool([effect for effect, _ in unrounded], [se**2 for _, se in unrounded], "dl")
    assert f"{math.exp(found.interval('normal')[1]):.2f}" == "0.87"


def test_prediction_intervals_and_i2_of_the_dossier():
    one, two = (shipped_evidence().pooled(analysis(name), "dl") for name in ("unadjusted", "adjusted"))
    assert [f"{math.exp(end):.2f}" for end in one.interval("prediction_normal")] == ["0.37", "1.24"]
    assert [f"{math.exp(end):.2f}" for end in two.interval("prediction_normal")] == ["0.52", "1.42"]
    assert (f"{one.i2:.0%}", f"{two.i2:.0%}") == ("49%", "23%")


@pytest.mark.parametrize(
    ("left_out", "printed"),
    [
        ("li_2023", "0.75 (0.53-1.06) 0.26"),
        ("bone_marrow_cohort", "0.69 (0.43-1.09) 0.38"),
        ("guo_2019", "0.74 (0.51-1.10) 0.29"),
        ("wang_mf_2018", "0.61 (0.49-0.74) 0.00"),
        ("sharma_2020", "0.66 (0.47-0.93) 0.28"),
        ("spahr_2013", "0.69 (0.49-0.97) 0.29"),
    ],
)
def test_leave_one_out_of_the_dossier(left_out, printed):
    found = shipped_evidence().leave_one_out(analysis("unadjusted"), "dl")[left_out]
    low, high = map(math.exp, found.interval("normal"))
    assert f"{math.exp(found.effect):.2f} ({low:.2f}-{high:.2f}) {found.tau:.2f}" == printed


def test_the_hypothetical_trial_gives_the_dossiers_range():
    for ratio, expected in ((0.55, "0.82"), (0.70, "0.85")):
        evidence = shipped_evidence()
        trial = replace(evidence.studies["shi_2021_hypothetical"], effect=math.log(ratio))
        other = replace(evidence, studies={**evidence.studies, trial.name: trial})
        found = other.pooled(analysis("with_hypothetical_trial"), "dl")
        assert f"{math.exp(found.effect):.2f}" == expected


def test_restricted_likelihood_gives_the_same_two_digits():
    ratios = [math.exp(shipped_evidence().pooled(analysis(name)).effect) for name in ("unadjusted", "adjusted")]
    assert [f"{ratio:.2f}" for ratio in ratios] == ["0.68", "0.86"]


# What the pooled effect makes of the model.


def five_year_ratio(model: Model) -> float:
    """The model's 5-year hazard ratio of death, MSC against palliative care."""
    target = Target("ratio", "Ratio", "context", "hazard_ratio", None, SOURCE, "msc", comparator="palliative", year=5.0)
    return compare([target], lambda layers: model)[0].value


def model_ratio(values: dict[str, float]) -> float:
    return five_year_ratio(shipped().with_values(values))


@pytest.mark.parametrize(("name", "tolerance"), [("adjusted", 0.001), ("unadjusted", 0.002), ("bias_doubled", 0.015)])
def test_the_model_with_the_written_layer_has_the_pooled_hazard_ratio(name, tolerance):
    evidence = shipped_evidence()
    informs = evidence.informs
    assert informs is not None
    found = evidence.pooled(analysis(name), informs.estimator)
    inputs = [synthesised(found, item, informs.interval) for item in informs.parameters]
    text = layer_text(evidence, analysis(name), found, informs.interval, inputs, "synthesis.yaml")
    model = shipped().with_layer(Layer.from_node("written", parse_yaml(text, "written", "written")))
    assert five_year_ratio(model) == pytest.approx(math.exp(found.effect), abs=tolerance)


def test_the_base_efficacy_follows_from_its_target_and_standard_deviation():
    # Row S19: ln HR ~ N(ln 0.85, 0.20), and k is ln HR over ln 0.85.
    parameters = shipped().parameters
    reference = parameters["msc_target_hr"].value
    assert reference == 0.85
    half = 0.20 * norm.isf(0.025)
    found = pool([math.log(reference)], [0.20**2])
    made_of_it = synthesised(found, Informed("efficacy", "multiplier", reference, "msc_target_hr"), "normal")
    assert made_of_it.value == pytest.approx(parameters["efficacy"].value)
    assert f"{made_of_it.distribution['sd']:.2f}" == "1.23"
    assert made_of_it.range == pytest.approx((1 - half / 0.1625, 1 + half / 0.1625), abs=1e-3)
    assert made_of_it.range == pytest.approx(parameters["efficacy"].range, abs=0.01)


def rows(heading: str) -> list[list[str]]:
    """The rows of a table of the page, without heading and rule."""
    text = (ROOT / "docs/synthesis.md").read_text(encoding="utf-8")
    lines = text[text.index(heading) :].split("\n\n")[0].splitlines()
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_page_prints_what_is_found():
    evidence = shipped_evidence()

    def ends(interval: tuple[float, float]) -> str:
        low, high = map(math.exp, interval)
        return "–" if math.isnan(low) else f"{low:.2f} to {high:.2f}"

    printed = []
    for item in evidence.analyses:
        reml, dl = evidence.pooled(item), evidence.pooled(item, "dl")
        cells = []
        for found, mean, new in ((reml, "hartung_knapp", "prediction"), (dl, "normal", "prediction_normal")):
            cells += [f"{math.exp(found.effect):.2f} ({ends(found.interval(mean))})", ends(found.interval(new))]
        printed.append([item.label[0].lower() + item.label[1:], *cells])
    shown = [[cell.replace("** (", " (") for cell in row] for row in rows("| | REML |")]
    assert shown == printed


def test_the_page_prints_what_is_written():
    evidence = shipped_evidence()
    for row, name in zip(rows("| what is written |")[1:], ("adjusted", "unadjusted", "bias_doubled"), strict=True):
        found = evidence.pooled(analysis(name))
        made_of_it = synthesised(found, evidence.informs.parameters[0], "hartung_knapp")
        low, high = made_of_it.range
        spread = found.half_width("hartung_knapp") / norm.isf(0.025)
        expected = f"{made_of_it.value:.3f}, sd {made_of_it.distribution['sd']:.3f} ({low:.2f} to {high:.2f})"
        assert row[1:5] == [f"{found.effect:.4f}", f"{spread:.4f}", expected, f"{math.exp(found.effect):.4f}"]
        assert float(row[5]) == pytest.approx(model_ratio({"efficacy": made_of_it.value}), abs=6e-5)
    assert float(rows("| what is written |")[0][5]) == pytest.approx(model_ratio({}), abs=6e-5)


# Bias, effects and inputs, in closed form.


def test_bias_moves_the_effect_and_adds_its_variance():
    evidence = made((-0.5, 0.4, "weak"), (0.1, 0.2, "strong"))
    moved = evidence.adjusted(evidence.studies["s0"])
    assert moved.effect == pytest.approx(-0.5 - math.log(0.8))
    assert moved.se == pytest.approx(0.5)
    twice = evidence.adjusted(evidence.studies["s0"], 2)
    assert (twice.effect, twice.se) == pytest.approx((-0.5 - 2 * math.log(0.8), 0.5))  # the sd counts once
    assert evidence.adjusted(evidence.studies["s1"]) == evidence.studies["s1"]
    assert evidence.adjusted(evidence.studies["s0"], 0) is evidence.studies["s0"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(0.1, 1)), min_size=1, max_size=6), st.floats(0.3, 3))
def test_one_design_for_all_without_uncertainty_only_shifts_the_result(studies, ratio):
    evidence = made(*[(effect, se, "weak") for effect, se in studies])
    sure = replace(evidence, designs={"weak": Design("weak", "Weak", math.log(ratio), 0.0, SOURCE)})
    for estimator in ("reml", "dl"):
        plain, moved = (sure.pooled(item, estimator) for item in sure.analyses)
        assert moved.effect == pytest.approx(plain.effect - math.log(ratio), abs=1e-6)
        assert moved.tau == pytest.approx(plain.tau, abs=1e-4)


def test_leaving_out_is_pooling_the_others():
    evidence = made((-0.5, 0.4, "weak"), (0.1, 0.2, "strong"), (0.6, 0.3, "weak"), (-0.2, 0.1, "strong"))
    for item in evidence.analyses:
        effects, errors = evidence.estimates(item)
        for position, found in enumerate(evidence.leave_one_out(item).values()):
            kept = [other for other in range(4) if other != position]
            expected = pool(effects[kept], errors[kept] ** 2)
            assert (found.effect, found.se, found.tau2) == (expected.effect, expected.se, expected.tau2)


def test_interval_gives_back_its_own_ends():
    effect, se = from_interval(0.8, 0.5, 1.28)
    assert math.exp(effect) == pytest.approx(0.8)
    assert (effect - 1.959964 * se, effect + 1.959964 * se) == pytest.approx((math.log(0.5), math.log(1.28)))
    for wrong in ((0.8, 0.9, 1.2), (0.8, -0.1, 1.2), (0.8, 0.8, 0.8), (0.0, 0.0, 1.0)):
        with pytest.raises(ValueError, match="within its interval"):
            from_interval(*wrong)


def test_counts_give_log_ratios():
    assert from_counts((2, 4), (28, 30), "risk_ratio") == pytest.approx((-0.624, 0.825), abs=5e-4)
    odds = from_counts((10, 20), (50, 60), "odds_ratio")
    assert odds == pytest.approx((math.log(10 * 40 / (40 * 20)), math.sqrt(1 / 10 + 1 / 40 + 1 / 20 + 1 / 40)))


def test_an_empty_cell_gets_a_half_in_every_cell():
    effect, se = from_counts((0, 3), (27, 24), "hazard_ratio")
    assert effect == pytest.approx(math.log((0.5 / 28) / (3.5 / 25)))
    assert se == pytest.approx(math.sqrt(1 / 0.5 - 1 / 28 + 1 / 3.5 - 1 / 25))
    assert from_counts((24, 3), (24, 24), "risk_ratio") == pytest.approx(
        (math.log((24.5 / 25) / (3.5 / 25)), math.sqrt(1 / 24.5 - 1 / 25 + 1 / 3.5 - 1 / 25))
    )
    assert from_counts((0, 0), (10, 12), "odds_ratio") is None
    assert from_counts((10, 12), (10, 12), "risk_ratio") is None
    for wrong in (((-1, 2), (10, 10)), ((11, 2), (10, 10)), ((0, 0), (0, 10))):
        with pytest.raises(ValueError, match="between 0"):
            from_counts(*wrong, "risk_ratio")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(30, 60), st.integers(30, 60))
def test_swapping_the_groups_turns_the_ratio_round(a, c, n, m):
    one, other = (from_counts(*counts, "odds_ratio") for counts in (((a, c), (n, m)), ((c, a), (m, n))))
    if one is None:
        assert other is None and a + c in (0, n + m)
    else:
        assert other == pytest.approx((-one[0], one[1]))


def test_inputs_from_a_pooled_effect():
    found = pool([-0.3, -0.1, 0.2], [0.01, 0.02, 0.03])
    ratio = synthesised(found, Informed("hr", "ratio"), "normal")
    assert ratio.value == ratio.distribution["median"] == pytest.approx(math.exp(found.effect))
    assert ratio.distribution["sdlog"] == pytest.approx(found.se)
    assert ratio.range == pytest.approx(tuple(map(math.exp, found.interval("normal"))))
    times = synthesised(found, Informed("k", "multiplier", 0.85, "hr"), "prediction")
    scale = math.log(0.85)
    assert times.value == times.distribution["mean"] == pytest.approx(found.effect / scale)
    low, high = found.interval("prediction")
    assert times.range == pytest.approx((high / scale, low / scale))  # a ratio below 1 turns the order round
    assert times.distribution["sd"] == pytest.approx((high - low) / 2 / 1.959964 / abs(scale))
    with pytest.raises(UsageError, match="1 studies give no hartung knapp interval"):
        synthesised(pool([0.1], [0.1]), Informed("hr", "ratio"), "hartung_knapp")


def test_frames_hold_every_study_and_analysis():
    evidence = shipped_evidence()
    studies, pooled, without = studies_frame(evidence), pooled_frame(evidence), leave_one_out_frame(evidence)
    assert list(studies["study"]) == list(evidence.studies)
    assert studies[["weight_unadjusted", "weight_adjusted"]].sum().to_list() == pytest.approx([1, 1])
    assert studies.set_index("study").loc["spahr_2013", "bias_ratio"] == pytest.approx(0.83 * 0.90)
    assert len(pooled) == 2 * len(evidence.analyses)
    assert (pooled["normal_low"] < pooled["ratio"]).all() and (pooled["ratio"] < pooled["normal_high"]).all()
    assert len(without) == 2 * 2 * 6 and set(without["k"]) == {5}


def test_the_table_has_all_rows_of_the_evidence_and_says_what_is_left_out():
    evidence = shipped_evidence()
    assert len(evidence.studies) + len(evidence.left_out) == 30 + 1  # the hypothetical trial is not in the table
    assert set(evidence.left_out) >= {("Shi 2021", "no effect is given")}
    assert evidence.studies["sharma_2020"].source.grade == "assumption"
    assert evidence.studies["li_2023"].source == Source("published", "li_2023", "tables/msc_trials.csv, li_2023")

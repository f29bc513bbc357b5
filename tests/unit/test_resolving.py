"""Solved parameters solved again in draws: each meets the target of its draw, as solving at that draw's values does."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cea
from cea.engine.psa import Job, run_draws
from cea.engine.resolving import Resolved
from cea.engine.sampling import Sampler
from cea.engine.solve import solved_values
from cea.errors import InputError, UsageError
from tests.models import layer, model_of, shipped
from tests.two_states import MODEL

AIM = """\
  aim:
    label: What a draw is solved for
    value: 0.7
    unit: "1"
    distribution: {family: uniform, min: 0.5, max: 0.9}
    source: {grade: assumption, note: a test}
  residual:
"""


LOOSE = layer(
    "parameters: {msc_residual_death_hr: {solve: {measure: hazard_ratio, strategies: [msc, palliative], years: 5, "
    "target: msc_target_hr, between: [0.01, 20]}}}"
)


def closed_form() -> cea.Model:
    """Two states with one hazard, so that the solved ratio is the target; each draw has a target of its own."""
    text = MODEL.replace("  residual:\n", AIM, 1)
    text = text.replace("target: target_ratio,", "target: target_ratio, in_draws: aim,", 1)
    return model_of(text)


def test_with_one_hazard_the_solved_ratio_is_the_target_of_the_draw():
    model = closed_form()
    block = Resolved(model, Sampler(model, 200, 3)).block(0)
    assert block.column("residual") == pytest.approx(block.column("aim"), rel=1e-9)
    assert np.ptp(block.column("aim")) > 0.3


def test_other_columns_are_those_of_the_sampler():
    model = closed_form()
    sampler = Sampler(model, 100, 3)
    block, plain = Resolved(model, sampler).block(0), sampler.block(0)
    assert block.names == (*plain.names, "residual")
    assert (block.values[:, :-1] == plain.values).all()


def test_each_draw_is_solved_as_at_point_values():
    model = shipped()
    source = Resolved(model, Sampler(model, 40, 1))
    block = source.block(0)
    fallback = source.roots[0].fallback
    for row in (0, 7, 23):
        values = dict(zip(block.names, (float(x) for x in block.values[row]), strict=True))
        own = values.pop("msc_residual_death_hr")
        assert own != fallback
        values["msc_target_hr"] = 0.85 ** values["efficacy"]
        # Held parameters see only edits of what their target names, so solve where nothing is held.
        loose = model.with_layer(LOOSE)
        assert own == pytest.approx(solved_values(loose.with_values(values))["msc_residual_death_hr"], rel=1e-9)


def test_the_hazard_ratio_of_every_draw_is_its_target():
    model = shipped()
    source = Resolved(model, Sampler(model, 300, 5))
    results = run_draws(model, source)
    block = source.block(0)
    solved = block.column("msc_residual_death_hr") != source.roots[0].fallback
    ratio = results.hazard_ratio("msc", "palliative", 5.0)
    assert solved.mean() > 0.98
    assert np.log(ratio[solved]) == pytest.approx(math.log(0.85) * block.column("efficacy")[solved], abs=1e-9)
    assert np.abs(block.column("efficacy")[~solved]).max(initial=0.0) < 0.3


def test_a_held_parameter_is_solved_on_the_base_whatever_the_jurisdiction():
    us, england = shipped(), shipped("england")
    drawn = Sampler(us, 60, 2).block(0).mapping()
    first, second = (Resolved(model, Sampler(model, 60, 2)).roots[0].values(drawn) for model in (us, england))
    assert first == pytest.approx(second, rel=1e-12)


def test_segments_and_threads_make_no_difference():
    model = shipped()
    whole = run_draws(model, Resolved(model, Sampler(model, 1500, 1)), threads=1)
    job = Job.of(model, Resolved(model, Sampler(model, 1500, 1)))
    assert (job.run(0, threads=2, chunk=100).cost == whole.outcomes.cost).all()


def test_a_model_with_nothing_to_solve_is_refused():
    model = shipped("symptoms_only")
    with pytest.raises(UsageError, match="no parameter that can be solved again"):
        Resolved(model, Sampler(model, 10))


def test_in_draws_belongs_to_hazard_ratios():
    text = "parameters: {msc_residual_death_hr: {solve: {measure: event_ratio, event: transplant, strategies: [msc, "
    text += "transplant], target: msc_target_hr, in_draws: efficacy, between: [0.1, 2]}}}"
    with pytest.raises(InputError, match="only a hazard_ratio is solved again in draws"):
        shipped().with_layer(layer(text))

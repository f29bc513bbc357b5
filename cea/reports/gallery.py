"""Every figure under one name, as `cea.figures`: each function takes results and gives a Matplotlib `Figure`."""

from __future__ import annotations

from cea.reports.calibration_figures import fit as calibration_fit
from cea.reports.calibration_figures import posterior_panels
from cea.reports.calibration_figures import trace as chain_trace
from cea.reports.contract_figures import contracts, loss_by_price, responses
from cea.reports.figures import cost_by_category, frontier, markov_trace, survival
from cea.reports.forest_figure import forest, robustness
from cea.reports.information_figures import by_size, net_benefits, ranking
from cea.reports.psa_figures import acceptability, convergence, expected_loss, incremental_benefit, information, plane
from cea.reports.scenario_figures import grid_map, scenarios_chart, structures_chart
from cea.reports.sensitivity_figures import durability, heat_map, price_curve, price_probability, tornado
from cea.reports.sobol_figures import index_bars, screening_scatter, second_order_map
from cea.reports.style import save
from cea.reports.subgroup_figures import subgroups, test_value
from cea.reports.validation_figures import agreement
from cea.reports.validation_figures import curves as observed_survival
from cea.reports.validation_figures import shares as observed_shares
from cea.reports.verification_figure import differences as verification

__all__ = [
    "acceptability", "agreement", "by_size", "calibration_fit", "chain_trace", "contracts", "convergence",
    "cost_by_category", "durability", "expected_loss", "forest", "frontier", "grid_map", "heat_map",
    "incremental_benefit", "index_bars", "information", "loss_by_price", "markov_trace", "net_benefits",
    "observed_shares", "observed_survival", "plane", "posterior_panels", "price_curve", "price_probability",
    "ranking", "responses", "robustness", "save", "scenarios_chart", "screening_scatter", "second_order_map",
    "structures_chart", "subgroups", "survival", "test_value", "tornado", "verification",
]  # fmt: skip

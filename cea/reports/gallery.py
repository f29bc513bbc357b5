"""Every figure under one name, as `cea.figures`: each function takes results and gives a Matplotlib `Figure`."""

from __future__ import annotations

from cea.reports.figures import cost_by_category, frontier, markov_trace, survival, targets
from cea.reports.information_figures import by_size, net_benefits, ranking
from cea.reports.psa_figures import acceptability, convergence, expected_loss, incremental_benefit, information, plane
from cea.reports.scenario_figures import grid_map, scenarios_chart
from cea.reports.sensitivity_figures import durability, heat_map, price_curve, price_probability, tornado
from cea.reports.sobol_figures import index_bars, screening_scatter, second_order_map
from cea.reports.style import save

__all__ = [
    "acceptability", "by_size", "convergence", "cost_by_category", "durability", "expected_loss", "frontier",
    "grid_map", "heat_map", "incremental_benefit", "index_bars", "information", "markov_trace", "net_benefits",
    "plane", "price_curve", "price_probability", "ranking", "save", "scenarios_chart", "screening_scatter",
    "second_order_map", "survival", "targets", "tornado",
]  # fmt: skip

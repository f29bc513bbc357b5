"""Cost-effectiveness models as data: Markov cohorts, their uncertainty and the value of further research."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cea.analysis.acceptability import acceptability
from cea.analysis.calibration import calibrate
from cea.analysis.convergence import convergence
from cea.analysis.headline import headlines
from cea.analysis.incremental import incremental
from cea.analysis.information import evpi, population_evpi
from cea.analysis.managed_entry import compare_contracts
from cea.analysis.morris import morris
from cea.analysis.one_way import one_way
from cea.analysis.partial_information import evppi
from cea.analysis.price import highest_prices, price_distributions
from cea.analysis.sample_information import evsi, measured, run_for
from cea.analysis.scenario_grid import scenario_grid
from cea.analysis.scenarios import run_scenarios
from cea.analysis.sobol import sobol
from cea.analysis.subgroups import run_subgroups
from cea.analysis.threshold import durability_frontier, threshold_value
from cea.analysis.two_way import two_way
from cea.analysis.uncertainty import summary
from cea.analysis.unit_cube import model_on_cube
from cea.engine.draws import Draws
from cea.engine.outcomes import Outcomes
from cea.engine.results import Results
from cea.engine.runs import run
from cea.engine.sampling import sample
from cea.errors import CeaError, CheckError, InputError, Place, Problem, UsageError
from cea.loading.calibration_file import read_calibrations
from cea.loading.contracts_file import read_contracts
from cea.loading.designs_file import read_designs
from cea.loading.folder import Folder, load
from cea.loading.subgroups_file import read_subgroups
from cea.model.definition import Model
from cea.reports.workbook import write_workbook

if TYPE_CHECKING:
    from cea.reports import gallery as figures

__all__ = [
    "CeaError", "CheckError", "Draws", "Folder", "InputError", "Model", "Outcomes", "Place", "Problem", "Results",
    "UsageError", "acceptability", "calibrate", "compare_contracts", "convergence", "durability_frontier", "evpi",
    "evppi", "evsi", "figures", "headlines", "highest_prices", "incremental", "load", "measured", "model_on_cube",
    "morris", "one_way", "population_evpi", "price_distributions", "read_calibrations", "read_contracts",
    "read_designs", "read_subgroups", "run", "run_for", "run_scenarios", "run_subgroups", "sample", "scenario_grid",
    "sobol", "summary", "threshold_value", "two_way", "write_workbook",
]  # fmt: skip

_SLOW = {"figures": "cea.reports.gallery"}
"""Modules that are loaded when they are first used."""


def __getattr__(name: str) -> Any:
    if name in _SLOW:
        return import_module(_SLOW[name])
    raise AttributeError(f"module 'cea' has no attribute {name!r}")

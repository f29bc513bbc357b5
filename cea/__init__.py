"""Cost-effectiveness models as data: Markov cohorts, their uncertainty and the value of further research.

What a base case does not need is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cea.analysis.acceptability import acceptability
from cea.analysis.convergence import convergence
from cea.analysis.headline import headlines
from cea.analysis.incremental import incremental
from cea.analysis.information import evpi, population_evpi
from cea.analysis.uncertainty import summary
from cea.engine.draws import Draws
from cea.engine.outcomes import Outcomes
from cea.engine.results import Results
from cea.engine.runs import run
from cea.engine.sampling import sample
from cea.errors import CeaError, CheckError, InputError, Place, Problem, UsageError
from cea.loading.folder import Folder, load
from cea.model.definition import Model

if TYPE_CHECKING:
    from cea.analysis.averaging import average
    from cea.analysis.calibration import calibrate
    from cea.analysis.managed_entry import compare_contracts
    from cea.analysis.morris import morris
    from cea.analysis.one_way import one_way
    from cea.analysis.partial_information import evppi
    from cea.analysis.price import highest_prices, price_distributions
    from cea.analysis.sample_information import evsi, measured, run_for
    from cea.analysis.scenario_grid import scenario_grid
    from cea.analysis.scenarios import run_scenarios
    from cea.analysis.sobol import sobol
    from cea.analysis.structures import run_structures
    from cea.analysis.subgroups import run_subgroups
    from cea.analysis.threshold import durability_frontier, threshold_value
    from cea.analysis.two_way import two_way
    from cea.analysis.unit_cube import model_on_cube
    from cea.loading.calibration_file import read_calibrations
    from cea.loading.contracts_file import read_contracts
    from cea.loading.designs_file import read_designs
    from cea.loading.structures_file import read_structures
    from cea.loading.subgroups_file import read_subgroups
    from cea.reports import gallery as figures
    from cea.reports.workbook import write_workbook

__all__ = [
    "CeaError", "CheckError", "Draws", "Folder", "InputError", "Model", "Outcomes", "Place", "Problem", "Results",
    "UsageError", "acceptability", "average", "calibrate", "compare_contracts", "convergence", "durability_frontier",
    "evpi", "evppi", "evsi", "figures", "headlines", "highest_prices", "incremental", "load", "measured",
    "model_on_cube", "morris", "one_way", "population_evpi", "price_distributions", "read_calibrations",
    "read_contracts", "read_designs", "read_structures", "read_subgroups", "run", "run_for", "run_scenarios",
    "run_structures", "run_subgroups", "sample", "scenario_grid", "sobol", "summary", "threshold_value", "two_way",
    "write_workbook",
]  # fmt: skip

_LATER = {
    "average": "cea.analysis.averaging",
    "calibrate": "cea.analysis.calibration",
    "compare_contracts": "cea.analysis.managed_entry",
    "durability_frontier": "cea.analysis.threshold",
    "threshold_value": "cea.analysis.threshold",
    "evppi": "cea.analysis.partial_information",
    "evsi": "cea.analysis.sample_information",
    "measured": "cea.analysis.sample_information",
    "run_for": "cea.analysis.sample_information",
    "highest_prices": "cea.analysis.price",
    "price_distributions": "cea.analysis.price",
    "model_on_cube": "cea.analysis.unit_cube",
    "morris": "cea.analysis.morris",
    "one_way": "cea.analysis.one_way",
    "read_calibrations": "cea.loading.calibration_file",
    "read_contracts": "cea.loading.contracts_file",
    "read_designs": "cea.loading.designs_file",
    "read_structures": "cea.loading.structures_file",
    "read_subgroups": "cea.loading.subgroups_file",
    "run_scenarios": "cea.analysis.scenarios",
    "run_structures": "cea.analysis.structures",
    "run_subgroups": "cea.analysis.subgroups",
    "scenario_grid": "cea.analysis.scenario_grid",
    "sobol": "cea.analysis.sobol",
    "two_way": "cea.analysis.two_way",
    "write_workbook": "cea.reports.workbook",
}
"""The modules of the names that are loaded when they are first used."""


def __getattr__(name: str) -> Any:
    if name == "figures":
        return import_module("cea.reports.gallery")
    if name not in _LATER:
        raise AttributeError(f"module 'cea' has no attribute {name!r}")
    found = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

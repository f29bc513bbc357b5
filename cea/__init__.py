"""Cost-effectiveness models as data: Markov cohorts, their uncertainty and the value of further research."""

from cea.analysis.headline import headlines
from cea.analysis.incremental import incremental
from cea.engine.outcomes import Outcomes
from cea.engine.results import Results, run
from cea.errors import CeaError, CheckError, InputError, Place, Problem, UsageError
from cea.loading.folder import load
from cea.model.definition import Model

__all__ = [
    "CeaError", "CheckError", "InputError", "Model", "Outcomes", "Place", "Problem", "Results", "UsageError", "headlines",
    "incremental", "load", "run",
]  # fmt: skip

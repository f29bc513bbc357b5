"""Cost-effectiveness models as data: Markov cohorts, their uncertainty and the value of further research."""

from cea.engine.outcomes import Outcomes
from cea.engine.results import Results, run
from cea.errors import CeaError, CheckError, InputError, Place, Problem, UsageError
from cea.loading.folder import load
from cea.model.definition import Model

__all__ = [
    "CeaError", "CheckError", "InputError", "Model", "Outcomes", "Place", "Problem", "Results", "UsageError", "load", "run",
]  # fmt: skip

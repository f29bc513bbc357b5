"""Cost-effectiveness models as data: Markov cohorts, their uncertainty and the value of further research."""

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
from cea.loading.folder import load
from cea.model.definition import Model

__all__ = [
    "CeaError", "CheckError", "Draws", "InputError", "Model", "Outcomes", "Place", "Problem", "Results", "UsageError",
    "acceptability", "convergence", "evpi", "headlines", "incremental", "load", "population_evpi", "run", "sample",
    "summary",
]  # fmt: skip

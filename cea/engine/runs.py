"""Running a model: at its point values, or on draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, overload

from cea.engine.results import Results
from cea.engine.results import run as run_at_points
from cea.engine.scope import Value
from cea.errors import UsageError
from cea.model.definition import Model

if TYPE_CHECKING:
    from cea.engine.draws import Draws
    from cea.engine.psa import DrawResults
    from cea.engine.sampling import Sampler


@overload
def run(
    model: Model, draws: None = None, *, perspective: str | None = None, values: Mapping[str, Value] | None = None
) -> Results: ...


@overload
def run(model: Model, draws: Draws | Sampler, *, perspective: str | None = None, threads: int = 2) -> DrawResults: ...


def run(
    model: Model,
    draws: Draws | Sampler | None = None,
    *,
    perspective: str | None = None,
    values: Mapping[str, Value] | None = None,
    threads: int = 2,
) -> Results | DrawResults:
    """Runs a model at its point values, or on draws made by `sample` or read from a file.

    `values` overrides parameters at point values. The results of draws are the same for any number of threads. Raises
    InputError where formulas have no value or probabilities are not possible, UsageError for a perspective that the
    model does not have or refuses and for draws that are none or in another currency.
    """
    if draws is None:
        return run_at_points(model, perspective, values)
    if isinstance(draws, str):
        raise UsageError(f"draws cannot be text: for a perspective write perspective={draws!r}")
    from cea.engine.draws import Draws  # noqa: PLC0415 - loads more than a base case needs
    from cea.engine.psa import run_draws  # noqa: PLC0415
    from cea.engine.sampling import Sampler  # noqa: PLC0415

    if not isinstance(draws, Draws | Sampler):
        raise UsageError(f"draws come from cea.sample or Draws.read, not as {type(draws).__name__}")
    return run_draws(model, draws, perspective, threads=threads)

"""Figures of a calibration: traces of the chains, prior and posterior, and the fit to the targets.

Each function takes results and gives a Matplotlib `Figure` that stands alone: no window, no global state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules at first use
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator, StrMethodFormatter

from cea.analysis.calibration import Posterior, Prior, Reference
from cea.analysis.calibration_tables import parameters_frame
from cea.model.distributions import Lognormal
from cea.reports import style
from cea.reports.canvas import empty_figure, wrapped

Floats = npt.NDArray[np.float64]

TRACED = 400
"""Draws of a chain that a trace shows, evenly spaced."""

_POINTS = 200
_COLUMNS = 3
_WIDER = 1.3
_NUMBERS = StrMethodFormatter("{x:.4g}")
_SHARES = ("survival", "occupancy")


def trace(found: Posterior, title: str) -> Figure:
    """The draws of each chain in their order, a panel a parameter: chains that agree lie over each other."""
    chains, draws, _ = found.values.shape
    step = max(1, draws // TRACED)
    table = parameters_frame(found)
    with style.settings():
        figure, panels = _panels(title, len(found.calibration.priors), 2.1)
        for at, (panel, prior) in enumerate(zip(panels, found.calibration.priors, strict=True)):
            for chain in range(chains):
                panel.plot(
                    np.arange(0, draws, step), found.values[chain, ::step, at], color=style.look(chain).colour,
                    linewidth=0.5, alpha=0.8,
                )  # fmt: skip
            _scale(panel.yaxis, panel, prior, found.values[..., at], vertical=True)
            row = table.iloc[at]
            panel.set_title(f"{wrapped(str(row['label']), 34)}\nR-hat {row['r_hat']:.3f}, ESS {row['ess_bulk']:,.0f}")
            panel.set_xlim(0, draws)
        handles = [Line2D([], [], color=style.look(chain).colour, linewidth=2) for chain in range(chains)]
        figure.legend(
            handles, [f"Chain {chain + 1}" for chain in range(chains)], loc="outside lower center",
            ncols=min(chains, 6), title="By the number of the draw" + (f" (one in {step} shown)" if step > 1 else ""),
        )  # fmt: skip
        return figure


def posterior_panels(found: Sequence[Posterior], title: str) -> Figure:
    """Density of each parameter before and after the targets, by method; and of the draws compared with, if any.

    `found` are the same calibration by one or more methods. Where a prior is lognormal the axis is that of the log.
    """
    first = found[0].calibration
    with style.settings():
        figure, panels = _panels(title, len(first.priors), 2.2)
        for at, (panel, prior) in enumerate(zip(panels, first.priors, strict=True)):
            _densities(panel, [item.values[..., at].ravel() for item in found], prior, first.reference)
            panel.set_title(wrapped(found[0].model.parameters[prior.parameter].label, 36))
            panel.set_ylim(bottom=0)
            panel.yaxis.set_major_locator(NullLocator())
            panel.spines["left"].set_visible(False)
        looks = [_PRIOR, *(_method_look(at) for at in range(len(found)))]
        texts = ["Prior", *(f"Posterior: {item.method.label}" for item in found)]
        if first.reference is not None:
            looks.append(_REFERENCE)
            texts.append(_capital(first.reference.label))
        figure.legend([Line2D([], [], **look) for look in looks], texts, loc="outside lower center", ncols=1)
        return figure


_PRIOR: dict[str, Any] = {"color": style.MUTED, "linestyle": (0, (1, 1.2)), "linewidth": 1.8}
_REFERENCE: dict[str, Any] = {"color": style.INK, "linestyle": (0, (5, 2)), "linewidth": 1.2}


def _method_look(at: int) -> dict[str, Any]:
    look = style.look(at)
    return {"color": look.colour, "linestyle": look.dashes, "linewidth": 2.0}


def _densities(panel: Axes, columns: Sequence[Floats], prior: Prior, reference: Reference | None) -> None:
    logged = isinstance(prior.distribution, Lognormal)
    ends = [*prior.distribution.interval(0.99), *(end for column in columns for end in (column.min(), column.max()))]
    low, high = (np.log(end) if logged else end for end in (min(ends), max(ends)))
    grid = np.linspace(float(low), float(high), _POINTS)
    across = np.exp(grid) if logged else grid
    panel.plot(across, np.gradient(prior.distribution.cdf(across), grid), **_PRIOR)
    for at, column in enumerate(columns):
        panel.plot(across, _smooth(np.log(column) if logged else column, grid), **_method_look(at))
    if reference is not None and prior.parameter in reference.names:
        theirs = reference.values[:, reference.names.index(prior.parameter)]
        panel.plot(across, _smooth(np.log(theirs) if logged else theirs, grid), **_REFERENCE)
    _scale(panel.xaxis, panel, prior, across, vertical=False)
    panel.set_xlim(across[0], across[-1])


def _smooth(draws: Floats, grid: Floats) -> Floats:
    """A kernel estimate of the density, a little wider than Scott's rule: draws of a chain repeat each other."""
    kernel = scipy.stats.gaussian_kde(draws)
    kernel.set_bandwidth(_WIDER * kernel.factor)
    return np.asarray(kernel(grid), dtype=np.float64)


def fit(found: Sequence[Posterior], title: str) -> Figure:
    """The targets with 95 % intervals, and beside each what the model says, with its 95 % interval, by method."""
    targets = found[0].calibration.targets
    rows = np.arange(len(targets), dtype=np.float64)
    observed = np.array([[target.value, target.se] for target in targets])
    offsets = np.linspace(-0.12, 0.28, len(found) + 1)
    with style.settings():
        figure = empty_figure(title, 10.0, 1.9 + 0.55 * len(targets))
        axes = figure.add_subplot()
        axes.errorbar(
            observed[:, 0], rows + offsets[0], xerr=1.96 * observed[:, 1], label="Observed, ± 1.96 standard errors",
            color=style.INK, marker="s", markersize=5, linestyle="none", elinewidth=1.2, capsize=3,
        )  # fmt: skip
        for at, item in enumerate(found):
            figures = item.figures.reshape(-1, len(targets))
            low, middle, high = np.quantile(figures, [0.025, 0.5, 0.975], axis=0)
            axes.errorbar(
                middle, rows + offsets[at + 1], xerr=[middle - low, high - middle],
                label=f"Posterior: {item.method.label}", color=style.look(at).colour, marker="oD^v"[at % 4],
                markersize=5, linestyle="none", elinewidth=2.2, capsize=0,
            )  # fmt: skip
        texts = [
            wrapped(f"{target.label}{'' if target.source.grade != 'unverified' else ' (unverified)'}", 52)
            for target in targets
        ]
        axes.set_yticks(rows, texts, fontsize=9)
        axes.set_ylim(len(targets) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        shares = all(target.measure in _SHARES for target in targets)
        axes.set_xlabel("Share of the cohort" if shares else "The target's own unit")
        if shares:
            axes.set_xlim(0, 1)
        figure.legend(loc="outside lower center", ncols=1)
        return figure


def _panels(title: str, count: int, height: float) -> tuple[Figure, list[Axes]]:
    columns = min(_COLUMNS, count)
    lines = math.ceil(count / columns)
    figure = empty_figure(title, max(3.6 * columns, 6.0), 1.6 + height * lines)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel in grid[count:]:
        panel.set_visible(False)
    return figure, list(grid[:count])


def _scale(axis: Any, panel: Axes, prior: Prior, values: Floats, *, vertical: bool) -> None:
    """A log axis where the prior is lognormal, with a few plain numbers along it."""
    if isinstance(prior.distribution, Lognormal):
        (panel.set_yscale if vertical else panel.set_xscale)("log")
        steps = LogLocator(subs=(1.0, 2.0, 3.0, 5.0)).tick_values(float(values.min()), float(values.max()))
        inside = [tick for tick in steps if values.min() <= tick <= values.max()]
        axis.set_major_locator(FixedLocator(inside[:: max(1, math.ceil(len(inside) / 5))]))
        axis.set_minor_formatter(NullFormatter())
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(_NUMBERS)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

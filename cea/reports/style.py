"""The look of every figure: colours with line styles, markers and hatches, so that colour is never the only carrier.

Colours are the colour-blind-safe set of Okabe and Ito (Color Universal Design, 2002), then the wine and the indigo of
Paul Tol's muted scheme, which are darker than all of these. Matplotlib's global settings stay as they are: figures are
drawn and saved inside `settings()`.
"""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import StrMethodFormatter
from matplotlib.typing import RcKeyType

INK = "#222222"
MUTED = "#767676"
GRID = "#DDDDDD"
DOTS_PER_INCH = 150
AMOUNTS = StrMethodFormatter("{x:,.10g}")

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#882255", "#332288")
_DASHES = ((0, ()), (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (10, 3)))
_HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "ooo", "|||")
_DEAD = (("#B8B8B8", ""), ("#8A8A8A", "///"), ("#D6D6D6", "..."), ("#6B6B6B", "\\\\\\"))

_SETTINGS: dict[RcKeyType, Any] = {
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
    "figure.dpi": DOTS_PER_INCH,
    "savefig.dpi": DOTS_PER_INCH,
    "savefig.facecolor": "white",
    # A label may hold dollar signs; it is never read as mathematics.
    "text.parse_math": False,
    # Ids in an SVG would otherwise be random.
    "svg.hashsalt": "cea",
}
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Look:
    """How one series is drawn, distinct with and without colour."""

    colour: str
    dashes: tuple[float, tuple[float, ...]]
    hatch: str


@contextmanager
def settings() -> Iterator[None]:
    """Matplotlib as this package draws, whatever the user's settings, which come back on exit; one thread at a time."""
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def look(position: int) -> Look:
    """The look of the strategy, state or category at this position of the model's order."""
    return Look(
        colour=_COLOURS[position % len(_COLOURS)],
        dashes=_DASHES[position % len(_DASHES)],
        hatch=_HATCHES[position % len(_HATCHES)],
    )


def dead_look(position: int) -> Look:
    """The look of a death state: grey."""
    colour, hatch = _DEAD[position % len(_DEAD)]
    return Look(colour=colour, dashes=_DASHES[0], hatch=hatch)


def figure(title: str, width: float, height: float) -> Figure:
    """An empty figure with a title that also names it for screen readers; sizes in inches."""
    drawn = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
    FigureCanvasAgg(drawn)
    drawn.set_label(title)
    drawn.suptitle(wrapped(title, 72), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return drawn


def wrapped(text: str, width: int) -> str:
    """Text in as few lines of at most `width` characters as will hold it, the lines of much the same length."""
    lines = textwrap.wrap(text, width)
    longest = max(map(len, text.split()), default=1)
    while width > longest and len(shorter := textwrap.wrap(text, width - 1)) == len(lines):
        width, lines = width - 1, shorter
    return "\n".join(lines)


def save(figure: Figure, path: Path, where: str = "") -> list[Path]:
    """Writes the figure as PNG and SVG to `path` with each suffix added, and returns both paths.

    where: a line to add below the title, such as the place and the perspective that the figure is for; only for figures
    whose layout is still open. The same figure gives the same bytes: no date, no random ids.
    """
    if where:
        figure.set_label(f"{figure.get_label()}: {where}")
        with settings():
            figure.suptitle(f"{figure.get_suptitle()}\n{where}", x=0.01, ha="left", fontsize=12, fontweight="bold")
    files = [path.with_name(path.name + suffix) for suffix in (".png", ".svg")]
    with settings():
        figure.savefig(files[0], dpi=DOTS_PER_INCH)
        figure.savefig(files[1], metadata={"Date": None, "Title": figure.get_label()})
    return files

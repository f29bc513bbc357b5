"""The dashboard's times as a user sees them, and many users at once: `python -m benchmarks.dashboard`.

A server of its own on a free port of this machine, and the system's Chromium. Times run from the press of Enter to the
frame in which the new numbers stand on the page. Every number is compared with that of the package for the same inputs.

Without options: edits one after the other on the page Summary. With `--sessions N`: N browsers at once, each with
edits and a probabilistic analysis of its own, while another one goes on editing.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

import cea
from benchmarks.analyses import ROOT
from benchmarks.browser import Server, Visit, browsing, memory, missing, serving, together
from benchmarks.machine import machine, sentence
from cea.engine.psa import DrawResults
from cea.reports.terminal import Table, print_table
from cea.reports.wording import effect, listing, money, share

FOLDER = "inputs/cirrhosis"
INPUT = "msc_acquisition_per_infusion"
WARM_UP = 3
"""Edits before those that count: the first ones compile the kernel and fill the browser's caches."""
LIVE_DRAWS = 2_000
DRAWS = 10_000
PAUSE = 0.5
"""Seconds between two edits of the session that is timed while others compute."""

CARD, TEXT, ROW = "[data-testid=stCaptionContainer]", "[data-testid=stMarkdownContainer]", "[data-testid=stTable] tr"


def main() -> None:
    """Measures and prints. Ends with exit code 1 where a session saw a wrong number or an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description="Times of the dashboard.")
    parser.add_argument("--edits", type=int, default=15, help="edits that are timed (15)")
    parser.add_argument("--sessions", type=int, default=0, help="browsers at once; 0 times single edits")
    parser.add_argument("--rounds", type=int, default=2, help="how often all sessions come anew (2)")
    asked = parser.parse_args()
    console = Console()
    absent = missing()
    if absent is not None:
        console.print(absent)
        return
    console.print(sentence(machine()), highlight=False)
    with TemporaryDirectory() as folder, serving(FOLDER, Path(folder) / "log.txt") as server:
        if asked.sessions:
            made, sound = asyncio.run(_load(server, asked.sessions, asked.rounds, Console(stderr=True)))
        else:
            made, sound = asyncio.run(_edits(server, asked.edits)), True
    print_table(console, made)
    raise SystemExit(0 if sound else 1)


@dataclass(frozen=True)
class Right:
    """What the package says for one price: texts as the pages have them.

    extra_cost: of the first comparison; best: how often each strategy is the best buy in the live draws; rows: cells of
    the table of means of a run of `DRAWS` draws.
    """

    price: float
    extra_cost: str
    best: str
    rows: list[list[str]]

    @classmethod
    def of(cls, model: cea.Model, price: float, draws: int = 0) -> Right:
        """The texts for a price; `rows` where `draws` are asked for."""
        priced = model.with_values({INPUT: price})
        cost = cea.headlines(cea.run(priced))[0].pair.cost
        small = cea.run(priced, cea.sample(priced, LIVE_DRAWS, seed=1))
        labels = [row.label for row in cea.summary(small).spreads]
        best = listing(f"{name} in {part}" for name, part in zip(labels, _best(small), strict=True))
        found = cea.run(priced, cea.sample(priced, draws, seed=1)) if draws else None
        rows = []
        if found is not None:
            for row, part in zip(cea.summary(found).spreads, _best(found), strict=True):
                rows.append([row.label, money(row.cost.mean, model.currency), effect(row.effect.mean), part])
        return cls(price, f"Extra cost {money(cost, model.currency)},", f"best buy is {best} of the draws", rows)

    def wanted(self) -> dict[str, tuple[str, list[str]]]:
        """What is to be seen on the page Summary."""
        return {"base": (CARD, [self.extra_cost]), "draws": (TEXT, [self.best])}


def _best(found: DrawResults) -> list[str]:
    """The probability that each strategy is the best buy, as the pages write it."""
    at = found.outcomes.thresholds.index(found.outcomes.threshold)
    return [share(row.probability_best[at]) for row in cea.summary(found).spreads]


# Edits one after the other


async def _edits(server: Server, count: int) -> Table:
    model = cea.load(ROOT / FOLDER)
    label = _label(model)
    base, draws, whole = [], [], []
    async with browsing() as browser:
        visit = await Visit.open(browser, server.address)
        for at in range(WARM_UP + count):
            # Up and down by far more than what the shares of the draws need to differ.
            right = Right.of(model, 1_000.0 + 50.0 * at + (6_000.0 if at % 2 else 0.0))
            seen = await visit.enter(label, right.price, right.wanted())
            rested = await visit.rest()
            if at >= WARM_UP:
                base.append(seen["base"])
                draws.append(seen["draws"])
                whole.append(rested)
        if visit.errors:
            raise SystemExit(f"the browser's console has errors: {visit.errors}")
    made = Table(
        f"From Enter to the new number, {count} edits on the page Summary, one browser",
        [("What", False), ("Median", True), ("Least", True), ("Most", True)],
    )
    made.add(["Base case: the comparisons' extra cost", *_spread(base)])
    made.add([f"{LIVE_DRAWS:,} draws: probability of being the best buy", *_spread(draws)])
    made.add(["Everything on the page, one-way analysis included", *_spread(whole)])
    return made


# Many sessions at once


@dataclass
class Round:
    """What all sessions of a round saw: seconds, numbers that are wrong, errors, and the server's memory in MB."""

    opened: list[float]
    edits: list[float]
    runs: list[float]
    meanwhile: list[float]
    wrong: list[str]
    errors: list[str]
    memory: tuple[float, float]


async def _load(server: Server, sessions: int, rounds: int, progress: Console) -> tuple[Table, bool]:
    model = cea.load(ROOT / FOLDER)
    found = []
    for at in range(rounds):
        progress.print(f"round {at + 1} of {rounds} ...")
        prices = [500.0 + 131.0 * (at * sessions + session) for session in range(sessions)]
        rights = [Right.of(model, price, DRAWS) for price in prices]
        async with browsing() as browser:
            found.append(await _round(browser, server, model, rights))
        progress.print(found[-1])
    made = Table(
        f"{sessions} browsers at once, each with an edit, its {LIVE_DRAWS:,} draws and a run of {DRAWS:,} draws",
        [("What", False), *((f"Round {at + 1}", True) for at in range(rounds))],
    )
    made.add(["Page opened until all is drawn", *(_two(one.opened) for one in found)])
    made.add(["Base case after an edit, all at once", *(_two(one.edits) for one in found)])
    made.add([f"{DRAWS:,} draws from Run to the table", *(_two(one.runs) for one in found)])
    made.add(["Base case in one more session meanwhile", *(_two(one.meanwhile) for one in found)])
    made.add(["Edits of that session", *(f"{len(one.meanwhile)}" for one in found)])
    made.add(["Numbers that are not those of the package", *(f"{len(one.wrong)}" for one in found)])
    made.add(["Errors in a browser's console", *(f"{len(one.errors)}" for one in found)])
    made.add(["Memory of the server after it, and at most", *("{:.0f}, {:.0f} MB".format(*o.memory) for o in found)])
    made.notes.append("Two figures: median and most. Browsers and server share the cores of this machine.")
    for one in found:
        made.notes += [*one.wrong[:3], *one.errors[:3]]
    return made, not any(one.wrong or one.errors for one in found)


async def _round(browser: object, server: Server, model: cea.Model, rights: Sequence[Right]) -> Round:
    """Every session from its opening to its closing, all at once, and one more that edits while they compute."""
    label = _label(model)
    found = Round([], [], [], [], [], [], (0.0, 0.0))
    over = asyncio.Event()
    probe = await Visit.open(browser, server.address)
    visits = await together(*(_opened(browser, server, found) for _ in rights))
    editing = asyncio.create_task(_meanwhile(probe, model, label, found, over, 20_000.0 + rights[0].price))
    await together(*(_session(visit, right, label, found) for visit, right in zip(visits, rights, strict=True)))
    over.set()
    await editing
    for visit in (probe, *visits):
        found.errors += visit.errors
        await visit.close()
    found.memory = memory(server.process.pid)
    return found


async def _opened(browser: object, server: Server, found: Round) -> Visit:
    began = asyncio.get_running_loop().time()
    visit = await Visit.open(browser, server.address)
    found.opened.append(asyncio.get_running_loop().time() - began)
    return visit


async def _session(visit: Visit, right: Right, label: str, found: Round) -> None:
    """An edit on the page Summary, then a run of draws on the page Uncertainty; every number is compared."""
    clock = asyncio.get_running_loop().time
    seen = await visit.enter(label, right.price, right.wanted())
    found.edits.append(seen["base"])
    await visit.page.get_by_role("link", name="Uncertainty", exact=True).click()
    await visit.page.get_by_role("heading", name="Uncertainty", exact=True).wait_for()
    await visit.page.get_by_role("button", name="Run", exact=True).click()
    began = clock()
    await visit.page.get_by_text(f"{DRAWS:,} draws, seed 1", exact=True).wait_for()
    found.runs.append(clock() - began)
    await visit.rest()
    cells = await visit.page.locator(ROW).evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    shown = [[row[0], row[1], row[4], row[-1]] for row in cells if len(row) == 8][1:]
    if shown != right.rows:
        found.wrong.append(f"at {right.price:g}: {shown} instead of {right.rows}")


async def _meanwhile(
    visit: Visit, model: cea.Model, label: str, found: Round, over: asyncio.Event, price: float
) -> None:
    """Edits from a price upwards until all others are done, each after the one before is seen."""
    while not over.is_set():
        price += 77.0
        cost = cea.headlines(cea.run(model.with_values({INPUT: price})))[0].pair.cost
        wanted = {"base": (CARD, [f"Extra cost {money(cost, model.currency)},"])}
        found.meanwhile.append((await visit.enter(label, price, wanted))["base"])
        await asyncio.sleep(PAUSE)


def _label(model: cea.Model) -> str:
    """The label of the field that is typed into."""
    return model.parameters[INPUT].label


def _spread(seconds: Sequence[float]) -> list[str]:
    return [f"{value:.2f} s" for value in (statistics.median(seconds), min(seconds), max(seconds))]


def _two(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f}, {max(seconds):.1f} s" if seconds else "none"


if __name__ == "__main__":
    main()

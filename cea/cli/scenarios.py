"""`cea scenarios`: every named scenario in one table, with the difference to the base case."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from cea.analysis.scenarios import run_scenarios, scenarios_frame
from cea.cli.options import OUTPUTS, Request
from cea.engine.results import choose_perspective
from cea.errors import UsageError
from cea.loading.folder import Folder
from cea.reports import terminal
from cea.reports.run_folder import check_target, check_writable, write_run
from cea.reports.wording import NONE, effect, money


def execute(request: Request, command: Sequence[str], out: Console, err: Console) -> None:
    """Runs the base case and each scenario on top of it; prints the table and writes the run folder."""
    started = time.perf_counter()
    writes = request.out is not None or not request.as_json
    if request.out is not None:
        check_target(request.out, force=request.force)
    if writes:
        check_writable((request.out or OUTPUTS / "x").parent)
    model = request.model()
    perspective = choose_perspective(model, request.perspective)
    folder = Folder(request.inputs)
    applied = {layer.name for layer in model.layers}
    kinds = folder.layer_folders(model.document)
    names = [
        name for name in folder.layer_names(model.document) if name.startswith(f"{kinds[-1]}/") and name not in applied
    ]
    if not names:
        raise UsageError(f"{request.inputs.as_posix()} has no layers in {kinds[-1]}/")
    layers = [folder.layer(name) for name in names]
    shown = track(layers, "Scenarios", console=err, transient=True, disable=request.quiet or not err.is_terminal)
    frame = scenarios_frame(run_scenarios(model, shown, request.perspective), model.threshold)
    manifest = request.manifest(model, perspective, command)
    manifest.seconds = round(time.perf_counter() - started, 3)
    if request.as_json:
        records = json.loads(frame.to_json(orient="records", double_precision=15))
        out.out(json.dumps({"scenarios": records, "threshold": model.threshold, "currency": model.currency,
                            "effect_unit": model.settings.effect_unit, "perspective": perspective,
                            "manifest": manifest.as_dict()}, indent=2, ensure_ascii=False))  # fmt: skip
    else:
        for headline in dict.fromkeys(frame["headline"].dropna()):
            out.print(_table(frame[frame["headline"] == headline], model.headlines[headline].label, model.currency, model.threshold,
                             model.settings.effect_unit, model.settings.price_year))  # fmt: skip
        if "headline" not in frame or frame["headline"].isna().all():
            out.print(Text("The model has no headlines whose strategies are selected, so there is nothing to compare."))
        left_out = frame[frame["reason"].fillna("") != ""]
        for row in left_out.itertuples():
            out.print(Text(f"Not run: {row.scenario} ({row.reason})"))
    if writes:
        target = write_run(manifest, OUTPUTS, {"scenarios": frame}, None, request.out, force=request.force)
        if not request.quiet:
            err.print(Text(f"Table: {target.as_posix()}"))


def _table(frame: pd.DataFrame, title: str, currency: str, threshold: float, unit: str, price_year: str) -> Table:
    first = frame.iloc[0]
    columns = [("Scenario", False), ("Extra cost", True), (f"{unit}s gained", True), (f"Cost per {unit}", True),
               (f"Extra NMB at {money(threshold, currency)}", True), ("Change to base", True), ("Highest price", True)]  # fmt: skip
    made = terminal.table(
        f"{title}: {first['strategy']} against {first['comparator']} ({price_year} {currency} per person)", columns
    )
    for position, row in enumerate(frame.itertuples()):
        price = NONE
        if first["highest_price"] is not None:
            price = (
                "none"
                if pd.isna(row.highest_price)
                else "any"
                if row.highest_price == float("inf")
                else money(row.highest_price, currency)
            )
        icer = (
            money(row.icer, currency)
            if not pd.isna(row.icer) and row.quadrant == "NE"
            else _quadrant(row.quadrant, row.icer, currency)
        )
        label = row.label if row.perspective == first["perspective"] else f"{row.label} [{row.perspective}]"
        cells = [label, money(row.incremental_cost, currency), effect(row.incremental_effect), icer, money(row.nmb, currency),
                 NONE if position == 0 else money(row.nmb_change, currency), price]  # fmt: skip
        terminal.add(made, cells, strong=position == 0)
    return made


def _quadrant(quadrant: str, icer: float, currency: str) -> str:
    if quadrant == "SW":
        return f"saves {money(icer, currency)} per unit lost"
    return {"SE": "Dominant", "S": "Dominant", "E": "Dominant", "origin": "No difference"}.get(quadrant, "Dominated")

"""Managed entry: ways to pay for a strategy, and who bears the risk that it does not work."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from cea.analysis.managed_entry import ContractComparison, compare_contracts
from cea.dashboard import parts
from cea.dashboard.background import ask
from cea.dashboard.live import SEED
from cea.dashboard.probabilistic import LIVE_DRAWS
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.engine.sampling import sample
from cea.loading.contracts_file import read_contracts
from cea.model.definition import Model
from cea.reports.run_tables import price_cell, short
from cea.reports.terminal import Table
from cea.reports.wording import money, share


def managed_entry(screen: Screen) -> None:
    """The contracts of the model side by side, for each headline with a price."""
    answer, folder = screen.answer, Path(screen.source.folder)
    st.markdown(
        "A payer need not pay the full price at once. A discount, a rebate where it did not work, instalments or a cap "
        "change what is paid on average, and who loses when the strategy turns out worse than hoped."
    )

    def work(told: object) -> tuple[ContractComparison, ...]:
        terms = read_contracts(folder, answer.model)
        if terms is None:
            return ()
        draws = sample(answer.model, LIVE_DRAWS, SEED)
        return compare_contracts(answer.model, terms, draws, perspective=answer.results.perspective)

    found = ask("contracts", (screen.source, screen.shown), work, "Contracts", auto=True)
    if found is None:
        return
    parts.stale(found.fresh, "these contracts")
    items: tuple[ContractComparison, ...] = found.result
    if not items:
        st.info("The model has no contracts.")
        return
    for item in items:
        parts.printed(_table(item, answer.model))
        for contract, reason in item.skipped:
            st.caption(plain(f"{contract.label}: {reason}."))
        parts.download(item.frame([answer.model.threshold]), f"contracts_{item.comparison.name}")
    response = pd.concat([item.response_frame() for item in items], ignore_index=True)
    if len(response):
        with st.expander("Who responds, by state at the start", icon=":material/groups:"):
            st.dataframe(response, hide_index=True, alt="Table: response by state at the start and strategy")
            parts.download(response, "response")


def _table(item: ContractComparison, model: Model) -> Table:
    """What the payer pays and gains under each contract at the list price now."""
    currency, at = model.currency, short(model.threshold, model.currency)
    against = f"{item.labels[0]} against {item.labels[1]}"
    headings = ["Paid per person", "Extra NMB", "95 % of draws", "Payer loses", f"Highest list price at {at}"]
    made = Table(
        f"{item.comparison.label}: {against}, list price {money(item.price, currency)} "
        f"({model.settings.price_year} {currency} per person)",
        [("Contract", False), *((text, True) for text in headings)],
    )
    for row, result in zip(item.frame([model.threshold]).to_dict("records"), item.results, strict=True):
        interval = f"{money(row['nmb_low'], currency)} to {money(row['nmb_high'], currency)}"
        cells = [money(row["payment"], currency), money(row["nmb"], currency), interval]
        cells += [share(row["probability_loss"]), price_cell(item.highest_price(result, model.threshold), currency)]
        made.add([str(row["label"]), *cells])
    made.notes.append(
        f"Extra NMB: net monetary benefit at {at}. Payer loses: share of {LIVE_DRAWS:,} draws in which it is negative."
    )
    return made

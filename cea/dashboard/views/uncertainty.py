"""The probabilistic analysis: how sure the answer is, given all uncertain inputs at once."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cea.analysis.uncertainty import Contrast, Estimate
from cea.dashboard import exports, parts, session
from cea.dashboard.background import Found, ask, start
from cea.dashboard.charts import lines, look, planes
from cea.dashboard.live import live
from cea.dashboard.probabilistic import MOST_DRAWS, analyse, inputs_of_draw
from cea.dashboard.session import Screen
from cea.dashboard.text import plain
from cea.dashboard.views.summary import setting_line
from cea.engine.outcomes import Outcomes
from cea.reports.psa_report import PsaReport
from cea.reports.quantities import figure as number
from cea.reports.quantities import per
from cea.reports.run_tables import short
from cea.reports.terminal import Table
from cea.reports.wording import NONE, effect, money, share
from cea.reports.workbook.addresses import REPLAY

_CURVE = ("threshold", "Threshold")


def uncertainty(screen: Screen) -> None:
    """The page."""
    st.title("Uncertainty")
    st.caption(plain(setting_line(screen.answer)))
    st.markdown(
        "Every uncertain input is drawn from its distribution, all of them together, and the model is run for each "
        "draw. How often a strategy comes out best tells how sure the answer is."
    )
    found = _chosen(screen)
    if found is None:
        return
    report: PsaReport = found.result
    parts.stale(found.fresh, "the results below")
    n = len(report.results.outcomes.cost)
    st.markdown(f"**{n:,} draws, seed {report.results.source.seed}**")
    _means(report)
    _plane(report)
    _curves(report)
    _enough(report)


def _chosen(screen: Screen) -> Found | None:
    """The run that was asked for where it is of what is on the screen, else the live one."""
    with st.form("draws", border=True):
        left, middle, right = st.columns(3, vertical_alignment="bottom")
        n = left.number_input("Draws", 100, MOST_DRAWS, 10_000, step=1_000, key="n", persist_state="session")
        seed = middle.number_input(
            "Seed", 0, 10**9, 1, key="seed", help="The same seed gives the same draws.", persist_state="session"
        )
        asked = right.form_submit_button("Run", type="primary", icon=":material/play_arrow:", width="stretch")
    answer = screen.answer
    if asked:
        session.put("draws", (int(n), int(seed)))
    draws: tuple[int, int] | None = session.state("draws", None)
    key = (screen.source, screen.shown, *(draws or ()))
    if asked and draws is not None:
        start("psa", key, lambda told: analyse(answer, *draws, told))
    own = ask("psa", key, lambda told: None, f"{draws[0]:,} draws") if draws is not None else None
    small = live(screen)
    if own is not None and not own.fresh:
        st.warning("Your run was of other inputs and is out of date; run it again.", icon=":material/history:")
    if own is not None and (own.fresh or small is None):
        return own
    return small


def _means(report: PsaReport) -> None:
    """Means with their intervals, beside the deterministic results."""
    outcomes, base = report.results.outcomes, report.base.outcomes
    unit, currency = outcomes.effect_unit, outcomes.currency
    at = outcomes.thresholds.index(outcomes.threshold)
    headings = ["Mean cost", "95 % interval", "base case", f"Mean {unit}s", "95 % interval", "base case"]
    made = Table(
        f"Means of all draws beside the base case ({outcomes.money} per person, discounted)",
        [
            ("Strategy", False),
            *((text, True) for text in headings),
            (f"Best at {short(outcomes.threshold, currency)}", True),
        ],
    )
    for position, row in enumerate(report.summary.spreads):
        cost = [money(value, currency) for value in (row.cost.mean, row.cost.low, row.cost.high)]
        gained = [effect(value) for value in (row.effect.mean, row.effect.low, row.effect.high)]
        cells = [cost[0], f"{cost[1]} to {cost[2]}", money(base.cost[0, position], currency)]
        cells += [gained[0], f"{gained[1]} to {gained[2]}", effect(base.effect[0, position])]
        made.add([row.label, *cells, share(row.probability_best[at])])
    parts.printed(made)
    parts.download(report.summary.frame(), "summary")
    _headlines(report)


def _headlines(report: PsaReport) -> None:
    outcomes = report.results.outcomes
    if not report.comparisons:
        return
    unit, currency = outcomes.effect_unit, outcomes.currency
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    made = Table(
        f"The comparisons in question ({outcomes.money} per person)",
        [
            ("Comparison", False),
            ("Extra cost (95 %)", True),
            (f"{unit}s gained (95 %)", True),
            (f"Cost per {unit}", True),
        ]
        + [(f"Worth it at {short(level, currency)}", True) for level in outcomes.thresholds],
    )
    for item in report.comparisons:
        one = item.contrast
        cells = [
            _interval(one.cost, lambda value: money(value, currency)),
            _interval(one.effect, effect),
            _ratio(one, currency),
        ]
        made.add(
            [
                f"{one.label} against {labels[item.headline.comparator]}",
                *cells,
                *map(share, one.probability_cost_effective),
            ]
        )
    made.notes.append("A cost per unit gained is the ratio of the means; it is given only where it has one meaning.")
    parts.printed(made)
    parts.download(report.summary.contrast_frame(), "increments")


def _interval(found: Estimate, written: object) -> str:
    return " ".join([written(found.mean), f"({written(found.low)} to {written(found.high)})"])  # type: ignore[operator]


def _ratio(one: Contrast, currency: str) -> str:
    if one.icer is None or one.quadrant not in ("NE", "SW"):
        return NONE
    return money(one.icer, currency) + (" saved per unit lost" if one.quadrant == "SW" else "")


def _plane(report: PsaReport) -> None:
    """The draws in the plane; a click on one shows what it was made of."""
    outcomes = report.results.outcomes
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    if len(labels) < 2:
        return
    left, right = st.columns([2, 3])
    against = left.selectbox(
        "Compared with",
        list(labels),
        index=list(labels).index(report.summary.comparator),
        key="plane against",
        format_func=lambda name: labels[name],
    )
    others = [name for name in labels if name != against]
    shown = right.pills(
        "Strategies",
        others,
        selection_mode="multi",
        default=others,
        key=f"plane of {against}",
        format_func=lambda name: labels[name],
    )
    draw: int | None = session.state("draw", None)
    draw = draw if draw is not None and draw < len(outcomes.cost) else None
    if not shown:
        st.info("Choose a strategy to see its draws.")
        return
    frame = outcomes.frame()
    event = parts.figure(
        f"Cost-effectiveness plane: {', '.join(labels[name] for name in shown)} against {labels[against]} "
        f"({outcomes.money} per person)",
        planes.cloud(outcomes, against, shown, outcomes.threshold, draw),
        frame,
        "plane",
        alt="One dot a draw, extra cost over extra effect; a large marker at the mean, an ellipse around "
        "95 % of the draws.",
        read="Each dot is one draw. To the right is more health, upwards more cost. Below the dashed line of the "
        "threshold a strategy is worth its cost. Click on a dot to see its inputs; it is then ringed.",
        select=planes.SELECTED,
    )
    picked = event["selection"].get(planes.SELECTED) if event else None
    if picked and picked != session.state("picked", None):  # a dot stays picked when a number is typed after it
        session.put("picked", picked)
        session.put("draw", int(picked[0]["draw"]) - 1)
        st.rerun()  # so that the plane shows which one it is
    _draw(report, draw)


def _draw(report: PsaReport, draw: int | None) -> None:
    """The inputs and results of one draw, by number or by a click in the plane."""
    n = len(report.results.outcomes.cost)
    st.session_state["draw number"] = None if draw is None else draw + 1
    st.number_input(
        f"Look at one draw (1 to {n:,}): click on a dot, or give its number",
        1,
        n,
        None,
        key="draw number",
        on_change=_numbered,
        placeholder="none",
    )
    if draw is None:
        return
    model, outcomes = report.results.model, report.results.outcomes
    values = inputs_of_draw(report, draw)
    frame = pd.DataFrame(
        [
            {
                "Input": model.parameters[name].label,
                "In this draw": number(value, 4),
                "Base case": _base(report, name),
                "Unit": per(model.parameters[name].unit),
                "Name": name,
            }
            for name, value in values.items()
        ]
    )
    results = "; ".join(
        f"{label} {money(outcomes.cost[draw, at], outcomes.currency)}, {effect(outcomes.effect[draw, at])} "
        f"{outcomes.effect_unit}s"
        for at, label in enumerate(outcomes.labels)
    )
    st.markdown(f"##### Draw {draw + 1:,}")
    st.markdown(plain(f"{results}. Its number is {draw + 1} with seed {report.results.source.seed}."))
    st.caption(plain(_replay(draw + 1)))
    st.dataframe(frame, hide_index=True, height=280, alt=f"Table: the inputs of draw {draw + 1}")
    parts.download(frame, f"draw_{draw + 1}")


def _replay(number: int) -> str:
    """How to see a draw calculated in the workbook."""
    rows = next((rows for rows in exports.WORKBOOK_ROWS if rows >= number), None)
    if rows is None:
        most = exports.WORKBOOK_ROWS[-1]
        return f"The workbook of the page Export holds the first {most:,} draws; this one is further on."
    return (
        f"To see it calculated in Excel, make the workbook with {rows:,} draws (page Export); on its sheet Control set "
        f"“Run mode” to {REPLAY} and “Draw to replay (k)” to {number}."
    )


def _base(report: PsaReport, name: str) -> str:
    value = report.results.model.parameters[name].value
    return NONE if value is None else number(value, 4)


def _numbered() -> None:
    value = st.session_state["draw number"]
    session.put("draw", None if value is None else int(value) - 1)


def _curves(report: PsaReport) -> None:
    """Everything by threshold."""
    outcomes = report.results.outcomes
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    unit = f"{_CURVE[1]} ({outcomes.money} per {outcomes.effect_unit})"
    frame = look.named(report.curve.frame(), "strategy", labels)
    _acceptability(report, frame, list(labels.values()), unit)
    _loss(report, frame, list(labels.values()), unit)
    _benefit(report, labels, unit)


def _acceptability(report: PsaReport, frame: pd.DataFrame, order: list[str], unit: str) -> None:
    chart = lines.curves(
        frame, (_CURVE[0], unit), ("probability", "Probability most cost-effective"), "strategy", order,
        share=True, rule=report.results.outcomes.threshold, bold=report.curve.frontier_frame(),
    )  # fmt: skip
    parts.figure(
        f"Probability of being the best buy of all {len(order)} strategies",
        chart,
        report.curve.frame(),
        "acceptability",
        alt="Acceptability curves, a line a strategy; the frontier is a thick grey line.",
        read="At each threshold the curves sum to 100 %. The thick grey line (frontier) is the probability of the "
        "strategy that is best on average; it need not be the highest curve.",
    )


def _loss(report: PsaReport, frame: pd.DataFrame, order: list[str], unit: str) -> None:
    outcomes = report.results.outcomes
    loss = frame[frame["expected_loss"] > frame["expected_loss"].max() / 20_000]
    envelope = report.curve.frontier_frame().rename(columns={"evpi": "expected_loss"})
    chart = lines.curves(
        loss, (_CURVE[0], unit), ("expected_loss", f"Expected loss ({outcomes.money})"), "strategy", order,
        rule=outcomes.threshold, log=True, bold=envelope[envelope["expected_loss"] > 0],
    )  # fmt: skip
    parts.figure(
        f"Expected loss of choosing each strategy ({outcomes.money} per person, log scale)",
        chart,
        report.curve.frame(),
        "expected_loss",
        alt="A line a strategy; the lowest of all is the value of perfect information.",
        read="What is lost on average by choosing a strategy, because in some draws another one is better. The lowest "
        "curve is the best choice; its height is what it would be worth to know everything (EVPI).",
    )


def _benefit(report: PsaReport, labels: dict[str, str], unit: str) -> None:
    outcomes = report.results.outcomes
    if len(labels) < 2:
        return
    own = report.benefit.frame()
    against = labels[report.benefit.comparator]
    parts.figure(
        f"Extra net monetary benefit against {against} ({outcomes.money} per person)",
        lines.curves(
            look.named(own, "strategy", labels),
            (_CURVE[0], unit),
            ("mean", f"Extra net benefit ({outcomes.money})"),
            "strategy",
            list(labels.values()),
            rule=outcomes.threshold,
            band=("low", "high"),
            level=0.0,
        ),
        own,
        "incremental_benefit",
        alt="A line a strategy with a band of 95 % of the draws.",
        read="Health gained, valued at the threshold, less the extra cost. Above the line at zero a strategy is worth "
        f"its cost against {against}. The bands hold 95 % of the draws.",
    )


def _enough(report: PsaReport) -> None:
    """Whether there were enough draws."""
    outcomes, found = report.results.outcomes, report.convergence
    st.markdown("##### Were there enough draws?")
    for text in found.sentences(lambda amount: money(amount, outcomes.currency)):
        st.markdown(plain(text))
    _convergence(report, outcomes)


def _convergence(report: PsaReport, outcomes: Outcomes) -> None:
    labels = dict(zip(outcomes.strategies, outcomes.labels, strict=True))
    own = report.convergence.frame()
    own = own[(own["threshold"] == outcomes.threshold) & (own["strategy"] != report.convergence.comparator)]
    if own.empty:
        return
    late = own[own["draws"] >= own["draws"].max() / 50]
    late = late.assign(
        low=late["incremental_nmb"] - 2 * late["incremental_nmb_error"],
        high=late["incremental_nmb"] + 2 * late["incremental_nmb_error"],
    )
    against = labels[report.convergence.comparator]
    parts.figure(
        f"Running mean of the extra net benefit against {against} at {money(outcomes.threshold, outcomes.currency)} "
        f"per {outcomes.effect_unit} ({outcomes.money} per person)",
        lines.curves(
            look.named(late, "strategy", labels),
            ("draws", "Draws"),
            ("incremental_nmb", f"Extra net benefit ({outcomes.money})"),
            "strategy",
            list(labels.values()),
            band=("low", "high"),
            height=300,
        ),
        own,
        "convergence",
        alt="The running mean by number of draws, a line a strategy, with bands of two errors.",
        read="With more draws the lines settle and the bands of two Monte Carlo errors narrow.",
    )

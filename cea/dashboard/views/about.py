"""How to read what is shown: charts, words, limits, sources."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cea.dashboard.session import Screen
from cea.dashboard.text import link, plain
from cea.loading.report_file import read_statements
from cea.reports.run_folder import versions

_WORDS = (
    ("QALY", "A quality-adjusted life-year: one year in full health, or two years at half of it."),
    ("Discounting", "Costs and effects of later years count less, by a fixed share a year."),
    ("Comparator", "What a strategy is set against. All differences here are the strategy minus its comparator."),
    (
        "ICER",
        "Incremental cost-effectiveness ratio: the extra cost of one more unit of effect. It is only given where it "
        "can be read, never as a negative number.",
    ),
    ("Threshold", "The most that one unit of effect may cost."),
    ("Net monetary benefit", "Effects valued at the threshold, less costs. The best buy has the highest one."),
    ("Dominated", "Another strategy costs no more and gives no less."),
    ("Extendedly dominated", "A mix of two other strategies costs no more and gives no less."),
    ("Frontier", "The strategies that are the best buy at some threshold."),
    ("Draw", "One run of the model with every uncertain input drawn from its distribution."),
    ("95 % interval", "The range that holds 95 of 100 draws."),
    ("CEAC", "Cost-effectiveness acceptability curve: how often a strategy is the best buy, by threshold."),
    ("CEAF", "The acceptability curve of the strategy that is best on average."),
    ("Expected loss", "What choosing a strategy loses on average, because it is not the best in every draw."),
    ("EVPI", "Expected value of perfect information: what it would be worth to know everything before choosing."),
    ("EVPPI", "The same for one input, or a group of them."),
    ("EVSI", "Expected value of sample information: what a study of a given size would be worth."),
    ("Tornado", "A chart of one-way analyses: each input moves alone, the longest bar on top."),
    ("Sobol index", "The share of the variance of a result that an input has a part in."),
)

_CHARTS = (
    (
        "Cost-effectiveness plane",
        "To the right is more health, upwards more cost. Top right: better and dearer; bottom right: better and "
        "cheaper; top left: worse and dearer. Below the line of the threshold a strategy is worth its cost. Dots are "
        "draws; an ellipse holds 95 % of them.",
    ),
    ("Costs and effects as bars", "The length of a bar is the total; its parts are categories of cost, or states."),
    ("Survival", "The height of a line is the share of people who are alive after so many years."),
    ("Trace", "The heights of the areas at a time are the shares of people in each state; deaths are grey, on top."),
    (
        "Acceptability curves",
        "Read upwards at your threshold: the heights are the probabilities of being the best buy, and sum to 100 %.",
    ),
    (
        "Expected loss",
        "Read upwards at your threshold: the lowest line is the best choice, and its height what it would be worth to "
        "know everything.",
    ),
    ("Extra net benefit", "Above zero a strategy is worth its cost against its comparator. Bands hold 95 % of draws."),
    ("Running mean", "Where the lines are flat and their bands narrow, there were enough draws."),
    (
        "Tornado",
        "Start at the solid line, the base case. A bar that crosses the dashed line at zero turns the decision.",
    ),
    ("Map of two inputs", "Each cell is a pair of values: + where the strategy is worth its cost there, – where not."),
    ("Highest price", "Below the line a price is worth it at that threshold."),
    ("Shares of the uncertainty", "The longest bar is the input that makes the result most uncertain."),
    ("Value of knowing", "The longest bar is the input that research should look at first."),
    ("Value of a study", "The line rises with the number of patients and flattens: more patients tell less and less."),
)


def about(screen: Screen) -> None:
    """The page."""
    model = screen.answer.model
    st.title("About")
    st.markdown(plain(model.question))
    st.markdown(
        "This dashboard answers it with a model: people are followed through the stages of a disease, and what their "
        "care costs and how well they live is added up for each strategy. Begin with Summary, change an input at the "
        "left, and see what it does."
    )
    st.caption(plain(f"Program cea {versions()['cea-model']}, version {screen.source.version} of the model's files"))
    st.markdown("##### How to read the charts")
    for word, text in _CHARTS:
        st.markdown(f"**{plain(word)}.** {plain(text)}")
    st.markdown("##### Words")
    for word, text in _WORDS:
        st.markdown(f"**{plain(word)}.** {plain(text)}")
    _limits(screen)
    _sources(screen)


def _limits(screen: Screen) -> None:
    """What the numbers cannot say."""
    model = screen.answer.model
    used = [item for item in model.parameters.values() if item.name in model.used]
    weak = [item.label for item in used if item.source.grade in ("assumption", "unverified")]
    st.markdown("##### Limits")
    st.markdown(
        "A model is a summary of evidence and assumptions, not an observation. It cannot be better than what it rests "
        "on: "
        f"{len(weak)} of {len(used)} inputs are assumptions or have not been verified in a source."
    )
    told = read_statements(Path(screen.source.folder)).limitations
    st.markdown("\n".join(f"- {plain(text)}" for text in told))
    with st.expander("Which inputs are assumptions", icon=":material/lightbulb:"):
        st.markdown("\n".join(f"- {plain(label)}" for label in weak))
    st.markdown(
        "Results are for the average of a cohort, not for one person. The dashboard is no medical advice. All "
        "computations are those of the command line; the page Export gives the lines that repeat them."
    )


def _sources(screen: Screen) -> None:
    model = screen.answer.model
    st.markdown("##### Sources")
    st.markdown("\n".join(f"- {link(item.citation, item.url)}" for item in model.sources.values()))

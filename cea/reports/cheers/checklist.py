"""The 28 items of CHEERS 2022 (Husereau et al., BMJ 2022;376:e067975), in our own words, and where each is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cea.model.statements import Statements
from cea.reports.document.tree import Section, Table

Status = Literal["Reported", "In part", "Not reported", "Not applicable"]


@dataclass(frozen=True)
class Item:
    """An item: its number and topic, what it asks, and the section or the statement that answers it.

    An item with both is answered in part where the statement, such as the reasons for a choice, is not given.
    `also` are further sections, named where the report has them; `missing` is why the item does not apply where
    the section is not there.
    """

    number: int
    topic: str
    asks: str
    section: str | None = None
    statement: str | None = None
    missing: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """How a report answers an item: where, or why not."""

    item: Item
    status: Status
    where: str


ITEMS: tuple[Item, ...] = (
    Item(1, "Title", "Does the title say that this is an economic evaluation, and what is compared?", "title"),
    Item(2, "Abstract", "Is there a structured summary of context, methods, results and other analyses?", "summary"),
    Item(
        3, "Background and objectives", "Why is the question asked, and what will it decide?", "introduction",
        "background",
    ),
    Item(4, "Analysis plan", "Was there a plan beforehand, and where is it?", statement="analysis_plan"),
    Item(5, "Study population", "Who is studied: age, condition, other traits?", "population", "population"),
    Item(6, "Setting and location", "Where would it be done, and what of that place matters?", "setting", "setting"),
    Item(7, "Comparators", "What is compared, and why these?", "comparators", "comparators"),
    Item(8, "Perspective", "Whose costs and effects count, and why?", "perspective", "perspective"),
    Item(9, "Time horizon", "Over how long, and is that long enough?", "time", "horizon"),
    Item(10, "Discount rate", "At which rates are later costs and effects discounted, and why?", "time", "discounting"),
    Item(11, "Selection of outcomes", "Which outcomes measure benefit and harm, and why?", "outcomes", "outcomes"),
    Item(
        12, "Measurement of outcomes", "How were these outcomes measured?", "inputs", "outcomes", also=("outcomes",),
    ),
    Item(
        13, "Valuation of outcomes", "Who valued them, and by which method?", "inputs", "outcomes", also=("outcomes",),
    ),
    Item(14, "Resources and costs", "How were resources counted and priced?", "costs", also=("inputs",)),
    Item(
        15, "Currency, price date, conversion", "In which money, of which year, converted how?", "costs",
        also=("inputs",),
    ),
    Item(
        16, "Description of model", "What is the model, why this one, and can it be had?", "model", "model_rationale",
        also=("equations",),
    ),
    Item(
        17, "Analytics and assumptions", "How were data turned into results; what was assumed?", "analytics",
        also=("evidence", "equations"),
    ),
    Item(
        18, "Heterogeneity", "How do results differ between groups of people?", "subgroups",
        missing="the model defines no subgroups",
    ),
    Item(
        19, "Distribution of effects", "How are effects spread over people; who comes first?",
        statement="distributional_effects",
    ),
    Item(20, "Characterising uncertainty", "By which methods is uncertainty shown?", "analytics"),
    Item(21, "Engagement", "How were patients and others who are affected involved?", statement="engagement"),
    Item(22, "Study parameters", "What are all inputs, with their uncertainty and sources?", "inputs"),
    Item(23, "Main results", "What are mean costs and effects, and how do they compare?", "base", also=("summary",)),
    Item(
        24, "Effect of uncertainty", "How do inputs, horizon and discounting change results?", "uncertainty",
        also=("one-way", "scenarios"),
    ),
    Item(25, "Effect of engagement", "What did the involvement of others change?", statement="engagement_effect"),
    Item(
        26, "Findings and limitations", "What was found, how far does it hold, what is open?", "limits", "knowledge",
        also=("validation",),
    ),
    Item(27, "Source of funding", "Who paid, and what part did they have?", statement="funding"),
    Item(28, "Conflicts of interest", "Which interests do the authors have?", statement="conflicts"),
)  # fmt: skip


def answers(headings: Mapping[str, str], statements: Statements) -> Iterator[Answer]:
    """Every item with its answer. `headings` are those of the report by key, as `numbered` gives them."""
    for item in ITEMS:
        sections = [headings[key] for key in (item.section, *item.also) if key is not None and key in headings]
        where = "Title page" if item.section == "title" else f"Section {'; '.join(sections)}"
        yield _answer(item, where, headings, statements)


def _answer(item: Item, where: str, headings: Mapping[str, str], statements: Statements) -> Answer:
    if item.section is not None:
        if item.section != "title" and item.section not in headings:
            return Answer(item, "Not applicable", item.missing)
        if item.statement is None or item.statement in statements.given:
            return Answer(item, "Reported", where)
        if item.statement in statements.not_applicable:
            return Answer(item, "Reported", f"{where}. {statements.not_applicable[item.statement]}")
        return Answer(item, "In part", f"{where}; {_unsaid(item.statement)}")
    topic = item.statement or ""
    if topic in statements.given:
        section = headings["introduction" if topic == "analysis_plan" else "declarations"]
        return Answer(item, "Reported", f"Section {section}")
    if topic in statements.not_applicable:
        return Answer(item, "Not applicable", statements.not_applicable[topic])
    return Answer(item, "Not reported", _unsaid(topic))


def _unsaid(topic: str) -> str:
    return f'report.yaml has no statement "{topic}"'


def checklist(headings: Mapping[str, str], statements: Statements) -> Section:
    """The filled-in checklist."""
    rows = tuple(
        (str(answer.item.number), answer.item.topic, answer.item.asks, answer.status, answer.where)
        for answer in answers(headings, statements)
    )
    words = ("Topic", "What it asks", "Status", "Where, or why not")
    columns = (("Item", True), *((word, False) for word in words))
    table = Table("The items of CHEERS 2022, in our words", columns, rows)
    return Section("checklist", "Appendix: CHEERS 2022 checklist", (table,))

"""A page for policy analysts: what each analysis asks and says about a decision, written from the facts of a run.

Nothing is worked out here: the numbers are those of `cea.reports.decision_facts`, and the names are the model's labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cea.reports import decision_words as say
from cea.reports.decision_facts import Facts
from cea.reports.decision_words import About
from cea.reports.markdown import escape, table
from cea.reports.wording import NONE, money, share

MADE = "<!-- Made by `cea docs --decision` from runs of the model: run that again, do not change this page. -->"


@dataclass(frozen=True)
class Section:
    """One analysis on the page: its name, the command that was run, the facts that it gave, and its figure files."""

    name: str
    command: str
    facts: Facts
    figures: Sequence[str]


@dataclass(frozen=True)
class _Kind:
    """What a kind of section is called, what it asks and leaves open, and who writes it."""

    title: str
    asks: str
    writer: Callable[[About, Facts], list[str]]


_KINDS: Mapping[str, _Kind] = {
    "run": _Kind(
        "The decision as it stands",
        "What does each choice cost and gain with every input at its best single value? This is the answer that all "
        "other analyses question.",
        say.run_words,
    ),
    "one_way": _Kind(
        "One input at a time",
        "Each input goes to the low and to the high end of its evidence while all others stay; long bars are inputs "
        "that the result is sensitive to, and a diamond marks one that turns the decision alone. Inputs that belong "
        "together move together. It does not say how likely the ends are.",
        say.one_way_words,
    ),
    "price": _Kind(
        "At which price",
        "Net benefit falls by the same amount with every unit of price, so the price at which it reaches zero is "
        "exact. Below it the strategy is worth its cost, above it not. The probability at a price is over all "
        "uncertain inputs.",
        say.price_words,
    ),
    "contracts": _Kind(
        "How to pay: managed entry",
        "A contract moves money between payer and maker when things go badly. It makes a price bearable only where "
        "what it pays back depends on the outcome; it cannot make a therapy work.",
        say.contract_words,
    ),
    "subgroups": _Kind(
        "Whom to treat",
        "The same comparison in parts of the population, where there is evidence for them, and what a test that finds "
        "those who respond would be worth. Where the evidence on the effect does not tell groups apart, they share it.",
        say.subgroup_words,
    ),
    "scenarios": _Kind(
        "Other assumptions: scenarios",
        "Each scenario is a model that somebody might prefer. Scenarios have no probability: read which ones turn the "
        "decision, and ask whether you believe those.",
        say.scenario_words,
    ),
    "structures": _Kind(
        "How the model could be built otherwise",
        "The same question asked of other models: another effect, natural history, waning, cycle or horizon, one "
        "change at a time, and an average over those that are as good as the base case. Its weights are judgements.",
        say.structure_words,
    ),
    "combinations": _Kind(
        "Scenarios together",
        "Two scenarios at once, because what neither does alone, both may do together. Some exclude each other.",
        say.combination_words,
    ),
    "sobol": _Kind(
        "Where the uncertainty comes from",
        "All uncertain inputs vary at once over their distributions; each gets its share of the variance. A large "
        "share is a reason to look there first, not yet a reason to pay for research: an input can cause most of the "
        "variance and never change the choice.",
        say.sobol_words,
    ),
    "voi": _Kind(
        "Is more research worth it",
        "A choice made now may be the wrong one. Research is worth, at most, what it saves by changing choices: first "
        "if everything became known, then single inputs, then what studies of a given size would tell.",
        say.voi_words,
    ),
}


def page(about: About, sections: Sequence[Section], folder: str) -> str:
    """The page as Markdown, a part a section; figures are linked in `folder`."""
    parts = [f"# What drives the decision: {escape(about.title)}", MADE, *_opening(about), "## In short"]
    parts.append(_summary(about, {section.name: section.facts for section in sections}))
    for section in sections:
        kind = _KINDS[section.name]
        parts += [f"## {escape(kind.title)}", f"```sh\n{section.command}\n```", f"*{escape(kind.asks)}*"]
        parts += kind.writer(about, section.facts)
        parts += [_picture(about, kind.title, folder, file) for file in section.figures]
    return "\n\n".join([*parts, *_CLOSING]) + "\n"


def _opening(about: About) -> list[str]:
    counts = ", ".join(f"{count} {grade}" for grade, count in about.grades.items() if count)
    return [
        f"*{escape(about.question)}*",
        escape(
            "Each part below is one analysis: the command that makes it, what it asks, what it says about this "
            f"decision and what it leaves open. All results are for {about.where}, per person and discounted. A "
            f"strategy is worth its cost when its net benefit {about.at()}, that is what is gained at that value less "
            "what is paid, is not below zero. No analysis is better than its evidence: the grades of the values in use "
            f"are {counts}."
        ),
        "[parameters.md](parameters.md) has the source of every value, [results.md](results.md) explains what the "
        "commands write, and `cea reproduce RUN` makes a run again and compares.",
    ]


_CLOSING = (
    "## What none of them can say",
    "All of these look at one model. They move what the model holds as far as the evidence allows; they cannot see a "
    "harm that no study reported, a comparator that is missing, or a result that was never published. The scenarios "
    "are where the structure itself is questioned, and the first place to look for whoever disagrees with the model.",
)


def _summary(about: About, facts: Mapping[str, Facts]) -> str:
    """A table of one answer a question and headline."""
    rows = [
        [question.format(at=about.at()), *(answer(about, facts[section], name) for name in about.headlines)]
        for section, question, answer in _ANSWERS
        if section in facts
    ]
    headings = ["", *(label for label, _, _ in about.headlines.values())]
    return table(say.cells([headings])[0], say.cells(rows))


def _verdict(about: About, facts: Facts, name: str) -> str:
    found = facts[name]
    ratio = f"{money(found['icer'], about.currency)} per {about.effect_unit}, " if found["quadrant"] == "NE" else ""
    return f"{'yes' if found['nmb'] >= 0 else 'no'}: {ratio}net benefit {about.amount(found['nmb'])}"


def _highest_price(about: About, facts: Facts, name: str) -> str:
    level = about.level(facts[name]["levels"])
    return f"{about.price(level['price'])} (now {money(facts[name]['now'], about.currency)})"


def _probability(about: About, facts: Facts, name: str) -> str:
    probability = about.level(facts[name]["levels"])["probability"]
    return NONE if probability is None else share(probability)


def _strongest(about: About, facts: Facts, name: str) -> str:
    return next((row["label"] for row in facts[name]["top"] if row["input"] not in about.decisions), NONE)


def _turning(about: About, facts: Facts, name: str) -> str:
    return f"{len(facts[name]['turning'])} of {facts[name]['count']}"


def _variance(about: About, facts: Facts, name: str) -> str:
    top = facts["by_headline"][name]["nmb"]["top"]
    return f"{top[0]['label']} ({share(min(max(top[0]['ST'], 0.0), 1.0))})" if top else NONE


def _knowing(about: About, facts: Facts, name: str) -> str:
    return money(about.level(facts["by_headline"][name]["evpi"])["value"], about.currency)


_ANSWERS: Sequence[tuple[str, str, Callable[[About, Facts, str], str]]] = (
    ("run", "Worth its cost {at}?", _verdict),
    ("price", "Highest price {at}", _highest_price),
    ("price", "Probability of being worth its cost at the price now", _probability),
    ("one_way", "Input that moves it most over its range, decisions such as prices aside", _strongest),
    ("scenarios", "Named scenarios that turn the decision", _turning),
    ("structures", "Other structures that turn the decision", _turning),
    ("sobol", "Input behind most of the variance, with its total share", _variance),
    ("voi", "Value of knowing everything, per person", _knowing),
)


def _picture(about: About, title: str, folder: str, file: str) -> str:
    """A link to a figure, with what it shows as alternative text."""
    stem = file.rpartition(".")[0]
    name = next((name for name in about.headlines if stem.endswith(f"_{name}")), "")
    shown = stem.removesuffix(f"_{name}").replace("_", " ") + (f", {about.against(name)}" if name else "")
    return f"![{escape(f'{title}: {shown}')}]({folder}/{file})"

"""What each analysis says about a decision, in plain words: paragraphs of Markdown from the facts of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cea.reports.decision_facts import NEGLIGIBLE, Facts
from cea.reports.markdown import code, escape, table
from cea.reports.quantities import quantity
from cea.reports.wording import NONE, effect, listing, money, rounded_money, share


@dataclass(frozen=True)
class About:
    """The decision that a page is about, with the words of its model.

    headlines: by name, the label of a comparison, the strategy's and the comparator's. labels: of inputs, designs,
    priors and strategies by name. decisions: inputs that somebody chooses, such as a price. grades: how many values in
    use have each grade of evidence.
    """

    title: str
    question: str
    where: str
    threshold: float
    currency: str
    effect_unit: str
    headlines: Mapping[str, tuple[str, str, str]]
    labels: Mapping[str, str]
    price_label: str
    decisions: Sequence[str]
    grades: Mapping[str, int]

    def amount(self, value: float) -> str:
        """An amount for running text."""
        return rounded_money(value, self.currency)

    def at(self, threshold: float | None = None) -> str:
        """`at $100,000 per QALY`."""
        return f"at {money(self.threshold if threshold is None else threshold, self.currency)} per {self.effect_unit}"

    def against(self, headline: str) -> str:
        """What a headline compares."""
        _, strategy, comparator = self.headlines[headline]
        return f"{strategy} against {comparator}"

    def name(self, key: str) -> str:
        """The label of an input, a design, a prior or a strategy."""
        return self.labels.get(key, key)

    def price(self, value: float | str | None) -> str:
        """A highest price in a table."""
        if value is None:
            return "none"
        return value if isinstance(value, str) else money(value, self.currency)

    def level(self, levels: Iterable[Facts]) -> Facts:
        """Of facts by threshold, those at the threshold of the page."""
        return next(level for level in levels if level["threshold"] == self.threshold)


Said = Callable[[Facts], Iterator[str]]


def by_headline(about: About, facts: Facts, words: Said) -> list[str]:
    """A paragraph a headline, which begins with what it compares."""
    return [
        f"**{escape(about.against(name))}.** {escape(' '.join(words(facts[name])))}"
        for name in about.headlines
        if name in facts
    ]


def rounded(value: float, unit: str = "1") -> str:
    """A value of an input with three digits and its unit."""
    return quantity(float(f"{value:.3g}"), unit)


def listed(words: list[str]) -> str:
    """`: A and B`, or nothing."""
    return f": {listing(words)}" if words else ""


def cells(rows: Iterable[Iterable[str]]) -> list[list[str]]:
    """Rows of a table from plain text."""
    return [[escape(text) for text in row] for row in rows]


def run_words(about: About, facts: Facts) -> list[str]:
    """The decision as it stands."""

    def words(found: Facts) -> Iterator[str]:
        cost = "costs {} more" if found["cost"] >= 0 else "saves {}"
        gain = "gains" if found["effect"] >= 0 else "loses"
        paid = cost.format(about.amount(abs(found["cost"])))
        yield f"It {paid} and {gain} {effect(abs(found['effect']), 2)} {about.effect_unit}s."
        if found["quadrant"] == "NE":
            yield f"That is {money(found['icer'], about.currency)} for each {about.effect_unit} gained."
        side = "at least" if found["nmb"] >= 0 else "less than"
        where = about.at()
        yield (
            f"{where[0].upper()}{where[1:]}, what is gained is worth {side} what is paid: the net benefit is "
            f"{about.amount(found['nmb'])}."
        )

    return by_headline(about, facts, words)


def one_way_words(about: About, facts: Facts) -> list[str]:
    """One input at a time, and two of them."""
    parts = []
    for name in about.headlines:
        if (found := facts.get(name)) is None:
            continue
        turning = found["turning"]
        said = (
            f"Of {found['moved']} inputs, {found['matter']} change the result at all, and {len(turning)} can turn the "
            f"decision alone{listed(turning)}. {found['held']} more values have no range in the evidence and stay."
        )
        rows = [
            [
                row["label"], rounded(row["base_value"], row["unit"]),
                *(
                    f"{about.amount(row[f'nmb_{end}'])} at {rounded(row[f'{end}_value'], row['unit'])}"
                    for end in ("low", "high")
                ),
            ]
            for row in found["top"]
        ]  # fmt: skip
        headings = ["Widest swings", "Now", "Net benefit at the low end", "At the high end"]
        parts += [f"**{escape(about.against(name))}.** {escape(said)}", table(headings, cells(rows))]
        if (grid := found["grid"]) is not None:
            parts.append(escape(_square(about, grid)))
    return parts


def _square(about: About, grid: Facts) -> str:
    """What two inputs at once say."""
    first, second = (
        f"{about.name(grid[axis])} from {rounded(grid[f'{axis}_low'])} to {rounded(grid[f'{axis}_high'])}"
        for axis in ("first", "second")
    )
    return (
        f"Two at once: over {first} and {second}, it is worth its cost in {share(grid['worth'])} of the map below. The "
        "line in it is where the decision turns; it does not say how likely its parts are."
    )


def price_words(about: About, facts: Facts) -> list[str]:
    """The highest price, how sure it is, and what else would have to be true."""
    levels = [level["threshold"] for level in next(iter(facts.values()))["levels"]]
    rows = []
    for name, found in facts.items():
        prices = (about.price(level["price"]) for level in found["levels"])
        rows.append([about.against(name), money(found["now"], about.currency), *prices])
    headings = cells([[f"Highest price ({about.price_label})", "Now", *map(about.at, levels)]])[0]

    def words(found: Facts) -> Iterator[str]:
        level = about.level(found["levels"])
        if level["none"] is not None:
            yield (
                f"Over {found['draws']:,} draws of all uncertain inputs, it is worth its cost at the price now in "
                f"{share(level['probability'])}, and in {share(level['none'])} no price is low enough, not even zero."
            )
        if (turn := found["turns_at"]) is not None:
            yield _turn(about, turn)
        if (lasting := found["lasting"]) is not None:
            yield _lasting(about, lasting)

    none = "none: not worth its cost even at a price of zero."
    return [table(headings, cells(rows)), escape(none), *by_headline(about, facts, words)]


def _turn(about: About, turn: Facts) -> str:
    name, unit = about.name(turn["parameter"]), turn["unit"]
    now = rounded(turn["base"], unit)
    if not turn["values"]:
        span = f"{rounded(turn['low'])} to {rounded(turn['high'], unit)}"
        return f"No value of {name} from {span} turns the decision (now {now})."
    values = listing(rounded(value, unit) for value in turn["values"])
    return f"The decision turns where {name} is {values} (now {now})."


def _lasting(about: About, lasting: Facts) -> str:
    """How large an input in years must be at the price now."""
    unit, parts = lasting["unit"], []
    for row in lasting["least"]:
        need = "more than any of these" if row["value"] is None else f"at least {rounded(row['value'], unit)}"
        parts.append(f"{'any of these' if row['value'] == lasting['low'] else need} {about.at(row['threshold'])}")
    span = f"{rounded(lasting['low'])} to {rounded(lasting['high'], unit)}"
    name = about.name(lasting["parameter"])
    return f"{name} was looked at from {span}. At the price now it would have to be {listing(parts)}."


def contract_words(about: About, facts: Facts) -> list[str]:
    """Ways to pay, and who bears the risk."""
    parts = []
    for name in about.headlines:
        if (found := facts["by_headline"].get(name)) is None:
            continue
        rows = [
            [
                row["label"], money(row["net_price"], about.currency), about.amount(row["nmb"]),
                NONE if row["probability_loss"] is None else share(row["probability_loss"]),
                NONE if row["mean_loss"] is None else about.amount(row["mean_loss"]), about.price(row["price"]),
            ]
            for row in found["contracts"]
        ]  # fmt: skip
        headings = ["Contract", "Paid per unit, net", "Net benefit", "Payer loses", "Mean loss", "Highest list price"]
        parts += [f"**{escape(about.against(name))}.**", table(headings, cells(rows))]
        better: dict[str, list[str]] = {}
        for row in found["response"]:
            better.setdefault(row["label"], []).append(f"{share(row['better'])} ({about.name(row['strategy'])})")
        if better:
            said = "; ".join(f"{label}: {', '.join(words)}" for label, words in better.items())
            parts.append(escape(f"Share who are better when it is looked at, by where they start: {said}."))
    return [*parts, escape(f"Risks are over {facts['draws']:,} draws; terms are assumptions unless a source is named.")]


def subgroup_words(about: About, facts: Facts) -> list[str]:
    """Whom to treat, and what a test would be worth."""

    def words(found: Facts) -> Iterator[str]:
        rows = found["rows"]
        worth = [row["label"] for row in rows if row["nmb"] >= 0]
        yield f"{len(worth)} of {len(rows)} groups (everybody included) are worth their cost{listed(worth)}."
        for word, row in (
            ("Highest", max(rows, key=lambda row: row["nmb"])), ("Lowest", min(rows, key=lambda row: row["nmb"])),
        ):  # fmt: skip
            yield f"{word} net benefit: {row['label']} ({about.amount(row['nmb'])})."
        if (test := found["test"]) is not None:
            yield _test(about, test)

    parts = by_headline(about, facts["by_headline"], words)
    missing = [f"{item['label']} ({item['by'].lower()})" for item in facts["missing"]]
    return parts + ([escape(f"No result for want of evidence: {listing(missing)}.")] if missing else [])


def _test(about: About, test: Facts) -> str:
    """What a test that picks responders may cost."""
    allowed, perfect = about.amount(test["value"]), about.amount(test["perfect"])
    return (
        f"{test['label']}: with sensitivity {share(test['sensitivity'])}, specificity {share(test['specificity'])} and "
        f"{share(test['prevalence'])} who respond, treating by the test is worth {allowed} a person more than the "
        f"better of treating all and none, and {perfect} if it never erred, before the test itself is paid "
        f"({about.amount(test['test_cost'])}). Below zero, even a free test would do harm."
    )


def scenario_words(about: About, facts: Facts) -> list[str]:
    """Named scenarios."""

    def words(found: Facts) -> Iterator[str]:
        turning = found["turning"]
        yield (
            f"{found['count']} scenarios were run; the decision turns under {len(turning)}{listed(turning)}. "
            f"{found['same']} of them change the net benefit by less than {money(1, about.currency)}."
        )
        for word, rows in (("Highest", found["best"]), ("Lowest", found["worst"])):
            told = listing(f"{row['label']} ({about.amount(row['nmb'])})" for row in rows)
            yield f"{word} net benefit: {told}."
        if found["structural"]:
            values = [row["nmb"] for row in found["structural"]]
            yield (
                f"Over the {len(values)} structural scenarios, which change how the disease or the effect is modelled, "
                f"it goes from {about.amount(min(values))} to {about.amount(max(values))}."
            )

    return by_headline(about, facts, words)


def structure_words(about: About, facts: Facts) -> list[str]:
    """Ways to build the model."""
    rows = [
        [item["label"], *(
            f"{about.amount(own['low'])} to {about.amount(own['high'])}"
            for own in (found["questions"][at] for found in facts.values())
        )]
        for at, item in enumerate(next(iter(facts.values()))["questions"])
    ]  # fmt: skip
    headings = cells([["Net benefit over the answers to", *map(about.against, facts)]])[0]

    def words(found: Facts) -> Iterator[str]:
        turning = found["turning"]
        yield f"Of {found['count']} other structures, the decision turns under {len(turning)}{listed(turning)}."
        if (average := found["average"]) is not None:
            yield (
                f"Averaged over structures, the net benefit is {about.amount(average['nmb'])} and the probability of "
                f"being worth its cost {share(average['probability_cost_effective'])}; to know which of them holds "
                f"would be worth {money(average['value_of_structure'], about.currency)} a person."
            )

    weights = [f"{item['label']} ({share(item['share'])})" for item in next(iter(facts.values()))["averaged"]]
    said = [escape(f"Averages are over these structures: {'; '.join(weights)}.")] if weights else []
    return [table(headings, cells(rows)), *by_headline(about, facts, words), *said]


def combination_words(about: About, facts: Facts) -> list[str]:
    """Scenarios in pairs."""

    def words(found: Facts) -> Iterator[str]:
        worth = found["worth"]
        yield f"{len(worth)} of {found['count']} combinations are worth their cost{listed(worth)}."

    parts = by_headline(about, facts["by_headline"], words)
    excluded = [f"{item['pair']} ({item['reason']})" for item in facts["excluded"]]
    return parts + ([escape(f"Not combined: {'; '.join(excluded)}.")] if excluded else [])


def sobol_words(about: About, facts: Facts) -> list[str]:
    """Where the uncertainty comes from."""
    parts = []
    for name in about.headlines:
        if (found := facts["by_headline"].get(name)) is None:
            continue
        nmb, decision = found["nmb"], found.get("decision")
        said = (
            f"The net benefit averages {about.amount(nmb['mean'])}, with a standard deviation of "
            f"{about.amount(nmb['sd'])}; {nmb['negligible']} of {nmb['inputs']} inputs have a total share below "
            f"{share(NEGLIGIBLE)} each."
        )
        if decision and decision["top"]:
            first = decision["top"][0]
            said += (
                f" It is worth its cost in {share(decision['mean'])} of the points; whether it is depends most on "
                f"{first['label']} (alone {_index(first, 'S1')}, with interactions {_index(first, 'ST')})."
            )
        rows = [[row["label"], _index(row, "S1"), _index(row, "ST")] for row in nmb["top"]]
        headings = ["Largest shares of the variance of net benefit", "Alone", "With its interactions"]
        parts += [f"**{escape(about.against(name))}.** {escape(said)}", table(headings, cells(rows))]
    how = f"{facts['n']:,} points, {facts['evaluations']:,} evaluations of the model; ± is half of a 95 % interval."
    return [*parts, escape(how)]


def _index(row: Facts, key: str) -> str:
    shown = f"{100 * row[key]:.0f}".replace("-0", "0")
    return f"{shown} % ± {100 * row[f'{key}_conf']:.0f}"


def voi_words(about: About, facts: Facts) -> list[str]:
    """Whether more research would be worth it."""

    def words(found: Facts) -> Iterator[str]:
        levels = listing(f"{_error(about, item)} {about.at(item['threshold'])}" for item in found["evpi"])
        yield f"Knowing everything before choosing is worth {levels} a person; no research can be worth more."
        everything = about.level(found["evpi"])["value"]
        for kind, rows in (("Groups of inputs", found["groups"]), ("Single inputs", found["single"])):
            told = [
                f"{about.name(row['input'])} {_error(about, row)}, {share(row['value'] / everything)} of everything"
                for row in rows
            ]
            if told:
                yield f"{kind} that are worth learning: {listing(told)}."
        yield f"For {found['unseen']} other inputs and groups the value is not different from zero."

    parts = by_headline(about, facts["by_headline"], words)
    if any(found["studies"] for found in facts["by_headline"].values()):
        parts.append(_studies(about, facts["by_headline"]))
        if facts["missing"]:
            parts.append(
                f"Whether a study is worth what it costs also needs {listing(map(code, facts['missing']))}: numbers "
                "that nobody can read from this model, so they are asked for and never assumed."
            )
    return [*parts, escape(f"{facts['n']:,} draws; ± is the Monte Carlo standard error.")]


def _studies(about: About, found: Mapping[str, Facts]) -> str:
    names = [name for name in about.headlines if name in found]
    rows = [
        [
            about.name(study["design"]), about.name(study["prior"]), f"{study['n']:,}",
            *(_error(about, found[name]["studies"][position]) for name in names),
        ]
        for position, study in enumerate(found[names[0]]["studies"])
    ]  # fmt: skip
    headings = ["Study", "Prior", "Patients", *(f"Value per person: {about.headlines[name][0]}" for name in names)]
    return table(cells([headings])[0], cells(rows))


def _error(about: About, item: Facts) -> str:
    return f"{money(item['value'], about.currency)} ± {item['se']:,.0f}"
